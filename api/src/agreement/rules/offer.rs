//! From a draft to an offer: the legal basis is confirmed first, then content and timetable are put to the other side (R31,
//! R35, R40, R43).

use entity::vocabulary::{AgreementId, AgreementStatus, Instant};

use super::{in_status, moved};
use crate::{
    Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    decision::{self, Reason},
    facts::{Dossier, Facts},
    journal::Changes,
    version,
};

/// Step towards an offer as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct StepInput {
    /// Global id of the agreement.
    pub id: String,
    /// Note.
    pub note: Option<String>,
}

/// Confirms that the legal basis of a draft suffices; `known` is what the id names, as far as the asker may know it.
pub fn confirm(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &StepInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let way = (AgreementStatus::Draft, AgreementStatus::BasisConfirmed);
    step(facts, known, input, ("confirmAgreementBasis", way, decision::confirmable), by)
}

/// Offers an agreement to its recipient, which freezes its content; `known` as for [`confirm`].
pub fn offer(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &StepInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let way = (AgreementStatus::BasisConfirmed, AgreementStatus::Negotiation);
    step(facts, known, input, ("offerAgreement", way, decision::offerable), by)
}

/// Conditions that must hold before a step.
type Guard = fn(&Facts, &Dossier, Instant) -> Vec<Reason>;

fn step(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &StepInput,
    (action, (from, to), guard): (&'static str, (AgreementStatus, AgreementStatus), Guard),
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let row = in_status(&mut checks, facts, (&input.id, known), from);
    if let Some(dossier) = row.as_ref().filter(|row| row.status == from).and_then(|row| facts.dossier(row.id)) {
        checks.reasons("id", guard(facts, dossier, by.1));
    }
    checks.done(|| {
        let row = row?;
        let changes = moved(facts, &row, to, action, note, by);
        Some(Changes { edits: version::frozen(facts, row.id, changes.edits), ..changes })
    })
}
