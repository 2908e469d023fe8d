//! How a signed agreement comes into force, and what it takes the place of ends (R43, R64).

use entity::{
    agreement, scope,
    vocabulary::{AgreementId, AgreementStatus, Instant, ScopeStatus, StatusSubject, TerminationReason, helsinki_day},
};

use super::in_status;
use crate::{
    Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    decision,
    facts::{Dossier, Edit, Facts, global_id},
    journal::Changes,
    status, version,
};

/// Activation as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct ActivationInput {
    /// Global id of the agreement.
    pub id: String,
    /// Note, in words.
    pub note: Option<String>,
}

/// Activates a signed agreement once everything it needs is in place; `known` is what the id names, as far as the asker may
/// know it. One agreed without a first day starts today. What it takes the place of is superseded in the same change.
pub fn activate(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &ActivationInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let row = in_status(&mut checks, facts, (&input.id, known), AgreementStatus::Signed);
    let signed = row.as_ref().filter(|row| row.status == AgreementStatus::Signed);
    if let Some(dossier) = signed.and_then(|row| facts.dossier(row.id)) {
        checks.reasons("id", decision::activatable(facts, dossier, by.1));
    }
    checks.done(|| {
        let row = row?;
        let status = AgreementStatus::Active;
        let entry = status::entry(facts, (StatusSubject::Agreement, row.id.0), status, by, note.clone());
        let starts_on = row.starts_on.or_else(|| Some(helsinki_day(by.1)));
        let mut edits = vec![agreement::Model { status, starts_on, ..row.clone() }.into(), entry.into()];
        if let Some(earlier) = row.supersedes_id.and_then(|id| facts.dossier(id)) {
            edits.extend(superseded(facts, earlier, &row, by));
        }
        let edits = version::frozen(facts, row.id, edits);
        Some(Changes { action: "activateAgreement", subject: global_id(row.id), reason: note, edits })
    })
}

/// End of an agreement in force or suspended whose place another takes, and of its scopes; one that has ended stays as it
/// ended.
fn superseded(facts: &Facts, earlier: &Dossier, later: &agreement::Model, by: (&str, Instant)) -> Vec<Edit> {
    if !matches!(earlier.row.status, AgreementStatus::Active | AgreementStatus::Suspended) {
        return Vec::new();
    }
    let why = format!("superseded by {}", later.number);
    let status = AgreementStatus::Superseded;
    let entry = status::entry(facts, (StatusSubject::Agreement, earlier.row.id.0), status, by, Some(why.clone()));
    let termination_reason = Some(TerminationReason::Replaced);
    let row = agreement::Model { status, termination_reason, ..earlier.row.as_ref().clone() };
    let mut edits = vec![row.into(), entry.into()];
    edits.extend(closed(facts, earlier, &why, by));
    edits
}

/// Closing of every scope of an agreement that ends.
pub(super) fn closed(facts: &Facts, dossier: &Dossier, why: &str, by: (&str, Instant)) -> Vec<Edit> {
    let live = dossier.scopes.iter().map(|scope| scope.row.as_ref()).filter(|row| row.status != ScopeStatus::Closed);
    let close = |row: &scope::Model| {
        let status = ScopeStatus::Closed;
        let entry = status::entry(facts, (StatusSubject::Scope, row.id.0), status, by, Some(why.to_owned()));
        [Edit::from(scope::Model { status, ..row.clone() }), entry.into()]
    };
    live.flat_map(close).collect()
}
