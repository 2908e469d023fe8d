//! Whether the law covered a disclosure: judged by the one decision, at the instant the data was given, on the newest
//! facts.

use entity::vocabulary::{
    AgreementId, Coverage, DecisionReasonCode, DisclosureGround, DisclosureOutcome, ItemCode, LegalBasisId, ScopeId,
    Verdict,
};

use super::rules::{Checked, Subject};
use crate::{
    decision::{Decision, EndUser, Question, decide},
    facts::Facts,
};

/// By which door a disclosure comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Reported after the fact; what happened is recorded as it happened.
    Record,
    /// Decided and recorded in one step; no log, no data.
    Authorise(OnPartial),
}

/// What becomes of an authorisation of which only some items are permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPartial {
    /// It is denied.
    Deny,
    /// The permitted items are disclosed, the others are not.
    AcceptPart,
}

/// What the law says of a disclosure, and what is therefore recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether an agreement covers it.
    pub coverage: Coverage,
    /// Agreement it was judged on.
    pub agreement: Option<AgreementId>,
    /// Scope it was judged on.
    pub scope: Option<ScopeId>,
    /// Provisions it rests on; none unless covered.
    pub bases: Vec<LegalBasisId>,
    /// Why it is not covered, each code once.
    pub reasons: Vec<DecisionReasonCode>,
    /// Outcome to record.
    pub outcome: DisclosureOutcome,
    /// Items to record, in the order of their codes.
    pub items: Vec<ItemCode>,
    /// Journal position of the facts.
    pub decided_seq: i64,
}

/// Question a disclosure answers; an agreement of another discloser carries nothing for it. Data that travels on is asked
/// about under the agreement it came by, whose recipient is now the discloser (R27–R30).
pub fn question(checked: &Checked) -> Question {
    let recipient =
        if checked.onward_to.is_some() { checked.discloser } else { checked.recipient.unwrap_or(checked.discloser) };
    Question {
        recipient,
        register: checked.register,
        items: checked.items.clone(),
        purpose: checked.purpose,
        channel: checked.channel,
        operation: checked.operation,
        mandates: checked.mandates.clone(),
        end_user: None,
        case_reference: checked.case_reference.clone(),
        subject_count: u64::try_from(checked.subject.count()).unwrap_or(1),
        onward_to: checked.onward_to,
        agreement: checked.agreement,
        discloser: checked.onward_to.is_none().then_some(checked.discloser),
        served: checked.served.clone(),
    }
}

/// Decision on a disclosure, at the instant the data was given.
pub fn decision(facts: &Facts, checked: &Checked, end_user: Option<EndUser>) -> Decision {
    decide(facts, &Question { end_user, ..question(checked) }, checked.occurred_at)
}

/// What is recorded under a decision; null for consent and a person's own request, which need none.
pub fn judged(facts: &Facts, checked: &Checked, door: Door, decision: Option<&Decision>) -> Judged {
    let mut items = checked.items.clone();
    items.sort_unstable();
    let mut judged = Judged {
        coverage: Coverage::NotRequired,
        agreement: None,
        scope: None,
        bases: Vec::new(),
        reasons: Vec::new(),
        outcome: checked.outcome,
        items,
        decided_seq: facts.seq,
    };
    let Some(decision) = decision else { return judged };
    judged.agreement = decision.agreement;
    judged.scope = decision.scope;
    let is_part = decision.verdict == Verdict::Partial && door == Door::Authorise(OnPartial::AcceptPart);
    if is_part {
        judged.items.retain(|item| decision.permitted_items.contains(item));
    }
    let is_covered = decision.verdict == Verdict::Permitted || is_part;
    if is_covered {
        judged.coverage = Coverage::Covered;
        judged.bases = distinct(decision.grounds.iter().flat_map(|ground| ground.bases.iter().copied()));
    } else {
        judged.coverage = Coverage::Uncovered;
        judged.reasons = distinct(decision.reasons.iter().map(|reason| reason.code));
    }
    if let Door::Authorise(_) = door {
        judged.outcome = if is_covered { DisclosureOutcome::Delivered } else { DisclosureOutcome::Denied };
    }
    judged
}

/// Whether a ground is decided on by agreements.
pub fn is_decided(ground: DisclosureGround) -> bool {
    match ground {
        DisclosureGround::Statute => true,
        DisclosureGround::Consent | DisclosureGround::OwnRequest => false,
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

impl Subject {
    /// How many subjects: one person or organisation is one.
    pub fn count(&self) -> i64 {
        match self {
            Self::Count(count) => *count,
            Self::Person(_) | Self::OtherPerson(_) | Self::Business(_) => 1,
        }
    }
}
