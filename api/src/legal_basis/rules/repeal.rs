//! How a provision ceases, and which takes its place (domain finding 9).

use std::sync::Arc;

use entity::{
    legal_basis,
    vocabulary::{Instant, LegalBasisId, ProposalStatus},
};

use super::{changes, named};
use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    confirmation,
    facts::Facts,
    journal::Changes,
};

/// Repeal as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct RepealInput {
    /// Global id of the provision.
    pub id: String,
    /// Instant from which it is no longer in force; now when absent.
    pub on: Option<String>,
    /// Global id of the provision that takes its place.
    pub successor: Option<String>,
    /// Why, such as the repealing act.
    pub note: String,
}

/// Repeals a provision from an instant on, now or later. What rests on it alone closes then by itself; nothing else does.
/// An end that stands may be brought forward until it comes, never put off: that would be new law.
pub fn repeal(facts: &Facts, input: &RepealInput, now: Instant) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let row = named(&mut checks, facts, "id", &input.id);
    let end = end(&mut checks, input.on.as_ref(), now);
    let note = checks.prose("note", &input.note, TEXT_CHARACTERS_MAX, BLANK);
    let successor = successor(&mut checks, facts, input.successor.as_ref(), row, end);
    let mut repeated = false;
    if let Some(row) = row
        && confirmation::stands(&mut checks, row.status)
    {
        let same = row.superseded_by_id == successor;
        repeated = same && input.on.is_some() && end.is_some() && row.valid_until == end;
        let has_ended = row.valid_until.is_some_and(|until| until <= now);
        if !repeated {
            ending(&mut checks, (row.valid_from, row.valid_until), end, now);
        }
        if !same && !has_ended && row.superseded_by_id.is_some() {
            checks.fault(FaultCode::Conflict, "successor", "another provision has taken its place already");
        }
    }
    checks.done(|| {
        let row = row?;
        if repeated {
            return Some(changes("repealLegalBasis", row.id, None, Vec::new()));
        }
        let ended = legal_basis::Model { valid_until: end, superseded_by_id: successor, ..row.as_ref().clone() };
        Some(changes("repealLegalBasis", row.id, note, vec![ended.into()]))
    })
}

/// Instant from which something is to have ended; now when absent, and never before.
pub fn end(checks: &mut Checks, on: Option<&String>, now: Instant) -> Option<Instant> {
    let Some(text) = on else { return Some(now) };
    let end = checks.instant("on", text)?;
    if end < now {
        checks.fault(FaultCode::Malformed, "on", "must not be earlier than now: an act does not backdate");
    }
    Some(end)
}

/// Whether a period may end then: after its beginning, and before the end that stands.
pub fn ending(checks: &mut Checks, (from, until): (Instant, Option<Instant>), end: Option<Instant>, now: Instant) {
    match until {
        Some(until) if until <= now => checks.fault(FaultCode::WrongStatus, "id", "has ended already"),
        Some(until) if end.is_some_and(|end| end > until) => {
            checks.fault(FaultCode::Conflict, "on", "ends before that already, and an end is not put off");
        }
        _ if end.is_some_and(|end| end <= from) => {
            checks.fault(FaultCode::PeriodReversed, "on", "is not after the instant it is in force from");
        }
        _ => {}
    }
}

/// Confirmed provision that takes another's place, and has not ended by then.
fn successor(
    checks: &mut Checks,
    facts: &Facts,
    given: Option<&String>,
    row: Option<&Arc<legal_basis::Model>>,
    end: Option<Instant>,
) -> Option<LegalBasisId> {
    let next = named(checks, facts, "successor", given?)?;
    if next.status != ProposalStatus::Confirmed {
        checks.fault(FaultCode::Conflict, "successor", "has not been confirmed: a proposal is no law");
    } else if next.valid_until.zip(end).is_some_and(|(until, end)| until <= end) {
        checks.fault(FaultCode::Conflict, "successor", "is itself no longer in force then");
    }
    if row.is_some_and(|row| leads_to(facts, next.id, row.id)) {
        checks.fault(FaultCode::Conflict, "successor", "a provision cannot succeed itself");
    }
    Some(next.id)
}

/// Whether a provision is another, or was followed by it, directly or through others.
fn leads_to(facts: &Facts, from: LegalBasisId, to: LegalBasisId) -> bool {
    let next = |id: &LegalBasisId| facts.legal_basis.get(*id).and_then(|row| row.superseded_by_id);
    std::iter::successors(Some(from), next).take(facts.legal_basis.len() + 1).any(|id| id == to)
}
