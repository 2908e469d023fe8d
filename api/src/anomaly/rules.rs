//! How much retrieval is usual, what an anomaly comes to, and what may follow from one (906/2019 23 § 2 mom).

use chrono::TimeDelta;
use entity::{
    anomaly, anomaly_decision,
    vocabulary::{
        AgreementStatus, AnomalyDecisionId, AnomalyId, AnomalyRule, AnomalyStatus, AnomalyVerdict, Instant,
        SuspensionReason,
    },
};

use crate::{
    Violations,
    agreement::{self, SuspensionInput},
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    facts::{Facts, global_id},
    journal::Changes,
};

/// Disclosures to one end user over one scope in an hour: one in twelve seconds, faster than a person reads the answers.
pub const USER_PER_HOUR_MAX: u64 = 300;

/// Disclosures under one agreement in an hour: busy interfaces make a few thousand; beyond it a register is being copied.
pub const AGREEMENT_PER_HOUR_MAX: u64 = 10_000;

/// Matters one end user views in an hour outside office hours: one a minute, when only those on call work.
pub const OFF_HOURS_PER_HOUR_MAX: u64 = 60;

/// Times one end user comes to one person in an hour: handling a matter opens it a few times, not every three minutes.
pub const SUBJECT_PER_HOUR_MAX: u64 = 20;

/// How long after a burst it may still suspend: one that is reported only later is for the officer to judge.
const SUSPENDS_WITHIN: TimeDelta = TimeDelta::hours(24);

/// Name under which the gateway itself acts on what it found.
pub const WATCH: &str = "anomaly-watch";

/// Most a rule takes for usual in an hour.
pub fn limit(rule: AnomalyRule) -> u64 {
    match rule {
        AnomalyRule::UserBurst => USER_PER_HOUR_MAX,
        AnomalyRule::AgreementBurst => AGREEMENT_PER_HOUR_MAX,
        AnomalyRule::OffHours => OFF_HOURS_PER_HOUR_MAX,
        AnomalyRule::SubjectRepeats => SUBJECT_PER_HOUR_MAX,
    }
}

/// Where an anomaly stands, and the latest decision on it. A decision stands for what had been seen: one that was raised
/// again since is open again.
pub fn standing<'a>(facts: &'a Facts, row: &anomaly::Model) -> (AnomalyStatus, Option<&'a anomaly_decision::Model>) {
    let latest = facts.anomaly_decision.of(row.id).max_by_key(|decision| (decision.decided_at, decision.id));
    let status = match latest.filter(|decision| decision.decided_at >= row.detected_at).map(|latest| latest.verdict) {
        None => AnomalyStatus::Open,
        Some(AnomalyVerdict::Confirmed) => AnomalyStatus::Confirmed,
        Some(AnomalyVerdict::FalsePositive) => AnomalyStatus::FalsePositive,
    };
    (status, latest.map(AsRef::as_ref))
}

/// Decision as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct DecisionInput {
    /// Global id of the anomaly.
    pub id: String,
    /// Verdict.
    pub verdict: AnomalyVerdict,
    /// Why.
    pub reason: String,
}

/// Decides an anomaly; `row` is what the id names, as far as the asker may know it. The decision that stands, given again,
/// changes nothing.
pub fn decide(
    facts: &Facts,
    row: Option<&anomaly::Model>,
    input: &DecisionInput,
    fresh: AnomalyDecisionId,
    (actor, now): (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose("reason", &input.reason, TEXT_CHARACTERS_MAX, BLANK);
    let id = checks.parsed::<AnomalyId>("id", &input.id);
    let row = id.and_then(|_| checks.found("id", row, "anomaly"));
    checks.done(|| {
        let (row, reason) = (row?, reason?);
        let (status, latest) = standing(facts, row);
        let is_same = |latest: &anomaly_decision::Model| (latest.verdict, &latest.reason) == (input.verdict, &reason);
        let edits = if status != AnomalyStatus::Open && latest.is_some_and(is_same) {
            Vec::new()
        } else {
            let decided_at = latest.map_or(now, |latest| now.max(latest.decided_at + TimeDelta::microseconds(1)));
            let decision = anomaly_decision::Model {
                id: fresh,
                anomaly_id: row.id,
                verdict: input.verdict,
                decided_at: decided_at.max(row.detected_at),
                actor: actor.to_owned(),
                reason: reason.clone(),
            };
            vec![decision.into()]
        };
        Some(Changes { action: "decideAnomaly", subject: global_id(row.id), reason: Some(reason), edits })
    })
}

/// Suspension that follows from an anomaly, by the same rule as an officer's; none where the agreement is not in force,
/// where anybody has judged the anomaly or acted on the agreement since it was raised, and where it is long past.
pub fn suspension(facts: &Facts, row: &anomaly::Model, now: Instant) -> Option<Changes> {
    let dossier = facts.dossier(row.agreement_id)?;
    let is_recent = now.max(row.detected_at) - row.window_until <= SUSPENDS_WITHIN;
    let is_judged = standing(facts, row).0 != AnomalyStatus::Open;
    let has_moved = dossier.status.entries().last().is_some_and(|(from, _)| *from >= row.detected_at);
    if !is_recent || is_judged || has_moved || dossier.row.status != AgreementStatus::Active {
        return None;
    }
    let note = format!("{}: {} disclosures in an hour, {} at most expected", row.rule, row.observed, row.expected);
    let input =
        SuspensionInput { id: global_id(row.agreement_id), reason: SuspensionReason::Anomaly, note: Some(note) };
    agreement::rules::suspend(facts, Some(row.agreement_id), &input, (WATCH, now)).ok()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::{
        agreement, status_entry,
        vocabulary::{AgreementId, OrganisationId, RegisterId, ScopeId, StatusSubject},
    };
    use uuid::Uuid;

    use super::*;
    use crate::{FaultCode, facts::bare, status};

    const AGREEMENT: AgreementId = AgreementId(Uuid::from_u128(1));
    const ANOMALY: AnomalyId = AnomalyId(Uuid::from_u128(2));

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn row() -> anomaly::Model {
        anomaly::Model {
            id: ANOMALY,
            rule: AnomalyRule::UserBurst,
            agreement_id: AGREEMENT,
            scope_id: Some(ScopeId(Uuid::from_u128(3))),
            window_from: instant("2026-03-02T09:00:00Z"),
            window_until: instant("2026-03-02T10:00:00Z"),
            observed: 400,
            expected: 300,
            detected_at: instant("2026-03-02T09:40:00Z"),
            raised: 1,
        }
    }

    /// Agreement that has been active since a day.
    fn active_since(day: &str) -> Facts {
        let status = AgreementStatus::Active;
        let ids = (OrganisationId(Uuid::from_u128(4)), OrganisationId(Uuid::from_u128(5)));
        let bare = bare::agreement(AGREEMENT, ids.0, ids.1, RegisterId(Uuid::from_u128(6)));
        let row = agreement::Model { status, ..bare };
        let subject = (StatusSubject::Agreement, AGREEMENT.0);
        let entry: status_entry::Model =
            status::entry(&Facts::default(), subject, status, ("officer", instant(day)), None);
        Facts::default().after(1, &[row.into(), entry.into()])
    }

    fn input(verdict: AnomalyVerdict, reason: &str) -> DecisionInput {
        DecisionInput { id: global_id(ANOMALY), verdict, reason: reason.to_owned() }
    }

    fn decided(facts: &Facts, verdict: AnomalyVerdict, at: &str) -> Facts {
        let by = ("officer", instant(at));
        let changes = decide(facts, Some(&row()), &input(verdict, "explained"), crate::clock::fresh_id(), by).unwrap();
        facts.after(facts.seq + 1, &changes.edits)
    }

    #[test]
    fn the_later_decision_wins_and_one_given_again_changes_nothing() {
        let facts = Facts::default();
        assert_eq!(standing(&facts, &row()).0, AnomalyStatus::Open);
        let facts = decided(&facts, AnomalyVerdict::Confirmed, "2026-03-02T11:00:00Z");
        assert_eq!(standing(&facts, &row()).0, AnomalyStatus::Confirmed);
        // Also where clocks differ.
        let facts = decided(&facts, AnomalyVerdict::FalsePositive, "2026-03-02T10:59:59Z");
        assert_eq!(standing(&facts, &row()).0, AnomalyStatus::FalsePositive);
        let again = decided(&facts, AnomalyVerdict::FalsePositive, "2026-03-02T12:00:00Z");
        assert_eq!(again.anomaly_decision.len(), 2);
    }

    #[test]
    fn an_anomaly_raised_again_is_open_again() {
        let facts = decided(&Facts::default(), AnomalyVerdict::FalsePositive, "2026-03-02T11:00:00Z");
        let later = anomaly::Model { detected_at: instant("2026-03-02T11:00:01Z"), ..row() };
        let (status, latest) = standing(&facts, &later);
        assert_eq!((status, latest.map(|it| it.verdict)), (AnomalyStatus::Open, Some(AnomalyVerdict::FalsePositive)));
        let facts = decided(&facts, AnomalyVerdict::FalsePositive, "2026-03-02T11:00:02Z");
        assert_eq!(facts.anomaly_decision.len(), 1, "what stands for what had been seen is no repeat");
    }

    #[test]
    fn every_fault_of_a_decision_is_named() {
        let faults = |row: Option<&anomaly::Model>, id: &str, reason: &str| -> Vec<(FaultCode, String)> {
            let input = DecisionInput { id: id.to_owned(), ..input(AnomalyVerdict::Confirmed, reason) };
            let by = ("officer", Instant::UNIX_EPOCH);
            let outcome = decide(&Facts::default(), row, &input, crate::clock::fresh_id(), by);
            outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
        };
        let fault = |code, path: &str| (code, path.to_owned());
        let blank = fault(FaultCode::Blank, "reason");
        assert_eq!(faults(None, "x", " "), [blank, fault(FaultCode::Malformed, "id")]);
        let code = fault(FaultCode::Malformed, "reason");
        assert_eq!(faults(None, &global_id(ANOMALY), "131052-308T"), [code.clone(), fault(FaultCode::NotFound, "id")]);
        assert_eq!(faults(Some(&row()), &global_id(ANOMALY), "131052-308T"), [code]);
    }

    #[test]
    fn a_suspension_follows_only_while_nobody_has_acted_and_the_burst_is_recent() {
        let now = instant("2026-03-02T09:40:01Z");
        let facts = active_since("2026-01-01T00:00:00Z");
        let changes = suspension(&facts, &row(), now).unwrap();
        assert_eq!(changes.action, "suspendAgreement");
        assert!(changes.reason.is_some_and(|reason| reason.starts_with("ANOMALY: USER_BURST")));
        let suspended = facts.after(2, &changes.edits);
        assert_eq!(suspension(&suspended, &row(), now), None, "it is suspended already");
        assert_eq!(suspension(&active_since("2026-03-02T09:50:00Z"), &row(), now), None, "it has been resumed since");
        let judged = decided(&facts, AnomalyVerdict::FalsePositive, "2026-03-02T09:45:00Z");
        assert_eq!(suspension(&judged, &row(), now), None, "an officer has judged it");
        let late = anomaly::Model { detected_at: row().window_until + TimeDelta::hours(24), ..row() };
        assert!(suspension(&facts, &late, now).is_some());
        let later = anomaly::Model { detected_at: late.detected_at + TimeDelta::microseconds(1), ..late };
        assert_eq!(suspension(&facts, &later, now), None, "it was reported only long after");
    }
}
