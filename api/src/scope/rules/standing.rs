//! How a tested scope is opened, suspended, resumed and closed; what opening and resuming need, and that one version of a
//! channel is open at a time (R5, R8, R41–R43; 906/2019 22–24 §).

use entity::{
    scope,
    vocabulary::{AgreementId, Instant, ScopeStatus, SuspensionReason},
};

use super::{in_status, moved, replaced_by};
use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    decision,
    facts::{Edit, Facts, global_id},
    journal::Changes,
    status::suspension,
    version::frozen,
};

/// Act on a scope as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct StandingInput {
    /// Global id of the scope.
    pub id: String,
    /// In words.
    pub note: Option<String>,
}

/// Suspension of a scope as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct SuspensionInput {
    /// Global id of the scope.
    pub id: String,
    /// Why.
    pub reason: SuspensionReason,
    /// The same in words.
    pub note: Option<String>,
}

/// Opens a tested scope once everything the law and the parties ask for is in place; the version open before is closed by
/// it. `known` is its agreement, as far as the asker may know its scopes.
pub fn open(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &StandingInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let found = in_status(&mut checks, facts, (&input.id, known), &[ScopeStatus::Tested]);
    if let Some((dossier, scope)) = found {
        let newest = decision::newest_scope(dossier, scope.row.channel);
        if let Some(newer) = newest.filter(|newest| newest.row.id != scope.row.id) {
            let message = format!("version {} of this channel is newer", newer.row.version);
            checks.fault(FaultCode::Conflict, "id", message);
        }
        checks.reasons("id", decision::scope_openable(facts, dossier, scope, by.1));
    }
    checks.done(|| {
        let (dossier, scope) = found?;
        let mut edits = replaced_by(facts, dossier, &scope.row, |_| true, by);
        let (row, entry) = moved(facts, scope.row.as_ref().clone(), ScopeStatus::Open, by, note.clone());
        edits.extend([Edit::from(row), entry.into()]);
        let edits = frozen(facts, dossier.row.id, edits);
        Some(Changes { action: "openScope", subject: global_id(scope.row.id), reason: note, edits })
    })
}

/// Suspends an open scope, with its reason; `known` as for [`open`].
pub fn suspend(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &SuspensionInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = suspension(&mut checks, input.reason, input.note.as_ref());
    let found = in_status(&mut checks, facts, (&input.id, known), &[ScopeStatus::Open]);
    checks.done(|| Some(changed(facts, &found?.1.row, (ScopeStatus::Suspended, "suspendScope"), by, Some(reason))))
}

/// Resumes a suspended scope once what it needs is in place again; `known` as for [`open`].
pub fn resume(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &StandingInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let found = in_status(&mut checks, facts, (&input.id, known), &[ScopeStatus::Suspended]);
    if let Some((dossier, scope)) = found {
        if let Some(open) = decision::open_scope(dossier, scope.row.channel) {
            let message = format!("version {} of this channel is open", open.row.version);
            checks.fault(FaultCode::Conflict, "id", message);
        }
        checks.reasons("id", decision::scope_resumable(facts, dossier, scope, by.1));
    }
    checks.done(|| Some(changed(facts, &found?.1.row, (ScopeStatus::Open, "resumeScope"), by, note)))
}

/// Closes a scope for good, whatever it has come to; `known` as for [`open`].
pub fn close(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &StandingInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = input.note.clone().unwrap_or_default();
    let note = checks.prose("note", &note, TEXT_CHARACTERS_MAX, "say why it is closed for good");
    let living = [
        ScopeStatus::Defined,
        ScopeStatus::Implemented,
        ScopeStatus::Tested,
        ScopeStatus::Open,
        ScopeStatus::Suspended,
    ];
    let found = in_status(&mut checks, facts, (&input.id, known), &living);
    checks.done(|| {
        let (dossier, scope) = found?;
        let changes = changed(facts, &scope.row, (ScopeStatus::Closed, "closeScope"), by, note);
        Some(Changes { edits: frozen(facts, dossier.row.id, changes.edits), ..changes })
    })
}

fn changed(
    facts: &Facts,
    row: &scope::Model,
    (status, action): (ScopeStatus, &'static str),
    by: (&str, Instant),
    reason: Option<String>,
) -> Changes {
    let (row, entry) = moved(facts, row.clone(), status, by, reason.clone());
    Changes { action, subject: global_id(row.id), reason, edits: vec![row.into(), entry.into()] }
}
