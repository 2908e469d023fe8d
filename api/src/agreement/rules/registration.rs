//! How an old agreement that was registered as it was found becomes a draft like any other (R35).

use entity::{
    agreement,
    vocabulary::{AgreementId, AgreementStatus, Instant, StatusSubject},
};

use super::in_status;
use crate::{
    Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    facts::{Facts, global_id},
    journal::Changes,
    status,
};

/// Drafting of what was registered incomplete, as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct DraftingInput {
    /// Global id of the agreement.
    pub id: String,
    /// Why, in words.
    pub note: Option<String>,
}

/// Makes a draft of an agreement that was registered incomplete; `known` is what the id names, as far as the asker may know
/// it.
///
/// What the paper was signed for is not what will be offered: the day of its signing goes into the history, and its
/// signatures stay with the version they were given to.
pub fn draft(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &DraftingInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let row = in_status(&mut checks, facts, (&input.id, known), AgreementStatus::RegisteredIncomplete);
    checks.done(|| Some(drafted(facts, row?, note, by)))
}

fn drafted(facts: &Facts, row: agreement::Model, note: Option<String>, by: (&str, Instant)) -> Changes {
    let signed = row.signed_on.map(|day| format!("registered as signed on {day}"));
    let said: Vec<String> = note.into_iter().chain(signed).collect();
    let reason = (!said.is_empty()).then(|| said.join("; "));
    let last_signed = facts.signature.of(row.id).map(|signature| signature.version).max();
    let stored = facts.agreement_version.of(row.id).map(|stored| stored.version).max();
    let status = AgreementStatus::Draft;
    let entry = status::entry(facts, (StatusSubject::Agreement, row.id.0), status, by, reason.clone());
    let row = agreement::Model {
        status,
        signed_on: None,
        version: last_signed.max(stored).map_or(row.version, |last| row.version.max(last + 1)),
        content_hash: None,
        ..row
    };
    Changes { action: "draftAgreement", subject: global_id(row.id), reason, edits: vec![row.into(), entry.into()] }
}
