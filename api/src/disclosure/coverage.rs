//! Whether the law covered a disclosure: judged by the one decision, at the instant the data was given, on the newest
//! facts.

use std::cmp::Reverse;

use entity::vocabulary::{
    AgreementId, Coverage, DecisionReasonCode, DisclosureGround, DisclosureOutcome, ItemCode, LegalBasisId,
    OrganisationId, ScopeId, Verdict,
};

use super::rules::{Checked, Subject, acts_for};
use crate::{
    decision::{About, Decision, EndUser, Question, Reason, decide},
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

/// Question a disclosure answers. Data that travels on is asked about under the agreement it came by, whose recipient
/// is now the discloser (R27–R30).
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
    }
}

/// Decision on a disclosure of this discloser; an agreement of another discloser carries nothing for it.
pub fn decision(facts: &Facts, checked: &Checked, end_user: Option<EndUser>) -> Decision {
    let question = Question { end_user, ..question(checked) };
    let decision = decide(facts, &question, checked.occurred_at);
    if checked.onward_to.is_some() || decision.agreement.is_none_or(|id| is_own(facts, checked.discloser, id)) {
        return decision;
    }
    let own = std::iter::once(question.recipient)
        .chain(facts.predecessors(question.recipient))
        .flat_map(|recipient| facts.received(recipient, question.register))
        .filter(|dossier| question.agreement.is_none_or(|pinned| pinned == dossier.row.id))
        .filter(|dossier| acts_for(facts, checked.discloser, dossier.row.discloser_id));
    own.map(|dossier| {
        let pinned = Question { agreement: Some(dossier.row.id), ..question.clone() };
        (decide(facts, &pinned, checked.occurred_at), dossier)
    })
    .min_by_key(|(decision, dossier)| {
        (Reverse(decision.permitted_items.len()), dossier.row.starts_on, dossier.row.number.clone())
    })
    .map_or_else(|| no_agreement(&decision), |(decision, _)| decision)
}

fn is_own(facts: &Facts, discloser: OrganisationId, agreement: AgreementId) -> bool {
    facts.agreement.get(agreement).is_some_and(|row| acts_for(facts, discloser, row.discloser_id))
}

fn no_agreement(others: &Decision) -> Decision {
    let reason = Reason { code: DecisionReasonCode::NoAgreement, item: None, bases: Vec::new(), about: About::Nothing };
    Decision {
        verdict: Verdict::Denied,
        permitted_items: Vec::new(),
        grounds: Vec::new(),
        reasons: vec![reason],
        obligations: Vec::new(),
        agreement: None,
        scope: None,
        valid_until: None,
        next_change_at: others.next_change_at,
        facts_seq: others.facts_seq,
    }
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
