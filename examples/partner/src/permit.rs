//! What a decision permits, for how long, and on which duties: pure.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::gateway::access_decision::{AccessDecisionAccessDecision as Decision, ObligationCode, Verdict};

/// Longest a permission is used again without asking: a suspension may come at any time, and then counts after this at the latest.
pub const KEPT_MAX: TimeDelta = TimeDelta::seconds(1);

/// Why nothing is fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The law or the agreement does not permit it, each reason with its code. A part that is permitted is not the whole.
    #[error("not permitted: {}", .0.join("; "))]
    NotPermitted(Vec<String>),
    /// A duty this program does not know how to keep.
    #[error("a duty that is not kept here: {0}")]
    UnknownDuty(String),
    /// A duty that must be done before, and has not been.
    #[error("must be done first: {0}")]
    NotDone(String),
}

/// What has been done before the question, by those who serve the client.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// The client relationship has been confirmed.
    pub relationship_confirmed: bool,
    /// The person has been told.
    pub subject_informed: bool,
}

/// Permission to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// Agreement it rests on.
    pub agreement: String,
    /// Until when it may be used again; at that instant no more.
    pub usable_until: DateTime<Utc>,
    /// Days after which what is fetched must be gone; null where nothing says so.
    pub delete_after_days: Option<i64>,
    /// Days the data may reach back; null where nothing says so.
    pub look_back_days: Option<i64>,
    /// Whether it stays here.
    pub no_onward: bool,
}

impl Permit {
    /// Permission of a decision asked for at an instant.
    ///
    /// # Errors
    /// When it is not permitted whole, or with a duty that is not kept.
    pub fn of(decision: &Decision, asked_at: DateTime<Utc>, done: Done) -> Result<Self, Denial> {
        let Some(agreement) = decision.agreement.as_ref().filter(|_| decision.verdict == Verdict::PERMITTED) else {
            let reasons = decision.reasons.iter().map(|reason| format!("{:?}: {}", reason.code, reason.message));
            return Err(Denial::NotPermitted(reasons.collect()));
        };
        let ends = [decision.valid_until, decision.next_change_at, Some(asked_at + KEPT_MAX)];
        let usable_until = ends.into_iter().flatten().min().unwrap_or(asked_at);
        let number = agreement.number.clone();
        let mut permit =
            Self { agreement: number, usable_until, delete_after_days: None, look_back_days: None, no_onward: false };
        for duty in &decision.obligations {
            let undone = || Denial::NotDone(duty.message.clone());
            match &duty.code {
                ObligationCode::NO_ONWARD_DISCLOSURE => permit.no_onward = true,
                ObligationCode::DELETE_BY => permit.delete_after_days = shorter(permit.delete_after_days, duty.days),
                ObligationCode::LIMIT_LOOK_BACK => permit.look_back_days = shorter(permit.look_back_days, duty.days),
                ObligationCode::CONFIRM_CLIENT_RELATIONSHIP if !done.relationship_confirmed => return Err(undone()),
                ObligationCode::INFORM_SUBJECT_BEFOREHAND if !done.subject_informed => return Err(undone()),
                // The discloser writes the log; each fetch states its purpose and is for one person, whatever it is told; and
                // what was to be done first has been.
                ObligationCode::LOG
                | ObligationCode::STATE_PURPOSE
                | ObligationCode::SINGLE_SEARCH
                | ObligationCode::CONFIRM_CLIENT_RELATIONSHIP
                | ObligationCode::INFORM_SUBJECT_BEFOREHAND => {}
                ObligationCode::Other(code) => return Err(Denial::UnknownDuty(code.clone())),
            }
        }
        Ok(permit)
    }

    /// Whether it may still be used.
    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        at < self.usable_until
    }
}

/// The shorter of two times, where there are any.
fn shorter(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// Permissions that may be used again, by what was asked.
#[derive(Debug, Default)]
pub struct Permits(HashMap<String, Permit>);

impl Permits {
    /// Permission for the same question, while it holds.
    pub fn get(&mut self, question: &str, at: DateTime<Utc>) -> Option<Permit> {
        self.0.retain(|_, permit| permit.holds(at));
        self.0.get(question).cloned()
    }

    /// Keeps one. A denial is never kept: it may end at any time too.
    pub fn keep(&mut self, question: String, permit: Permit) {
        self.0.insert(question, permit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::access_decision::{
        AccessDecisionAccessDecisionAgreement, AccessDecisionAccessDecisionObligations as Duty,
    };

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    fn permitted(duties: Vec<(ObligationCode, Option<i64>)>) -> Decision {
        let duty = |(code, days)| Duty { code, days, message: "a duty".to_owned() };
        Decision {
            verdict: Verdict::PERMITTED,
            permitted_items: vec!["KEL.DECISION".to_owned()],
            reasons: Vec::new(),
            obligations: duties.into_iter().map(duty).collect(),
            agreement: Some(AccessDecisionAccessDecisionAgreement { number: "KEL-2023-014".to_owned() }),
            valid_until: None,
            next_change_at: None,
        }
    }

    fn permit(decision: &Decision) -> Result<Permit, Denial> {
        Permit::of(decision, at(0), Done::default())
    }

    #[test]
    fn permission_ends_with_the_decision_and_is_never_used_for_longer_than_a_suspension_may_wait() {
        let plain = permitted(Vec::new());
        assert_eq!(permit(&plain).unwrap().usable_until, at(0) + KEPT_MAX);
        for (valid_until, next_change_at) in [(Some(at(0)), None), (None, Some(at(0))), (Some(at(9)), Some(at(0)))] {
            let ends = Decision { valid_until, next_change_at, ..plain.clone() };
            let permit = permit(&ends).unwrap();
            assert_eq!(permit.usable_until, at(0));
            assert!(!permit.holds(at(0)), "until is exclusive");
        }
        let mut permits = Permits::default();
        permits.keep("question".to_owned(), permit(&plain).unwrap());
        assert!(permits.get("question", at(0)).is_some() && permits.get("another", at(0)).is_none());
        assert!(permits.get("question", at(0) + KEPT_MAX).is_none());
    }

    #[test]
    fn nothing_but_a_whole_permission_is_one() {
        for verdict in [Verdict::DENIED, Verdict::PARTIAL, Verdict::Other("NEW".to_owned())] {
            let other = Decision { verdict, ..permitted(Vec::new()) };
            assert!(matches!(permit(&other), Err(Denial::NotPermitted(_))));
        }
        assert!(permit(&Decision { agreement: None, ..permitted(Vec::new()) }).is_err());
    }

    #[test]
    fn duties_are_kept_or_nothing_is_fetched() {
        let days = |code| (code, Some(30));
        let told = permitted(vec![
            days(ObligationCode::DELETE_BY),
            (ObligationCode::DELETE_BY, Some(10)),
            days(ObligationCode::LIMIT_LOOK_BACK),
            (ObligationCode::NO_ONWARD_DISCLOSURE, None),
        ]);
        let permit_of = permit(&told).unwrap();
        assert_eq!((permit_of.delete_after_days, permit_of.look_back_days), (Some(10), Some(30)));
        assert!(permit_of.no_onward);
        let first = permitted(vec![(ObligationCode::INFORM_SUBJECT_BEFOREHAND, None)]);
        assert_eq!(permit(&first), Err(Denial::NotDone("a duty".to_owned())));
        let informed = Done { subject_informed: true, ..Done::default() };
        assert!(Permit::of(&first, at(0), informed).is_ok());
        let unknown = permitted(vec![(ObligationCode::Other("BURN_AFTER_READING".to_owned()), None)]);
        assert_eq!(permit(&unknown), Err(Denial::UnknownDuty("BURN_AFTER_READING".to_owned())));
    }
}
