//! How a defined scope comes to stand as implemented and as tested by another, each with its evidence (R41; 6.5 I13).

use entity::{
    document, scope, status_entry,
    vocabulary::{AgreementId, ClosedEnum, DocumentId, Instant, Publicity, ScopeStatus, StatusSubject},
};

use super::{in_status, moved};
use crate::{
    FaultCode, Violations,
    checks::{Checks, REFERENCE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    confirmation::is_same,
    document::{DocumentInput, Holder, rules::named},
    facts::{Dossier, Edit, Facts, ScopePart, global_id},
    journal::Changes,
    status,
};

/// Implementation as told, in the texts given.
#[derive(Debug, Clone)]
pub struct ImplementationInput {
    /// Global id of the scope.
    pub id: String,
    /// Version of the structure description it is implemented by; the register's when absent.
    pub structure_version: Option<String>,
    /// What bears it out.
    pub evidence: Option<DocumentInput>,
    /// In words.
    pub note: Option<String>,
}

/// Test as told, in the texts given.
#[derive(Debug, Clone)]
pub struct TestInput {
    /// Global id of the scope.
    pub id: String,
    /// Report of the test.
    pub evidence: DocumentInput,
    /// In words.
    pub note: Option<String>,
}

/// Marks a defined scope implemented by one version of the structure description, which the discloser keeps (906/2019
/// 22 § 3 mom); `known` is its agreement, as far as the asker may know its scopes.
pub fn mark_implemented(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &ImplementationInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let given = checks.text_if("structureVersion", input.structure_version.as_ref(), REFERENCE_CHARACTERS_MAX);
    let found = in_status(&mut checks, facts, (&input.id, known), &[ScopeStatus::Defined]);
    let register = found.and_then(|(dossier, _)| facts.register.get(dossier.row.register_id));
    let structure_version = given.or_else(|| register.and_then(|register| register.structure_version.clone()));
    if register.is_some() && structure_version.is_none() {
        checks.fault(FaultCode::Blank, "structureVersion", "the register has no structure description yet");
    }
    let mut documents = Vec::new();
    let evidence = input.evidence.as_ref().zip(found);
    let evidence =
        evidence.and_then(|(given, (dossier, _))| evidenced(&mut checks, facts, dossier, given, &mut documents));
    checks.done(|| {
        let row =
            scope::Model { structure_version: structure_version.map(Into::into), ..found?.1.row.as_ref().clone() };
        let moved = (row, ScopeStatus::Implemented, "markScopeImplemented");
        Some(progressed(facts, moved, (evidence, documents), by, note))
    })
}

/// Marks an implemented scope tested, with the report of the test, by another than who marked it implemented; `known` as
/// for [`mark_implemented`].
pub fn mark_tested(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &TestInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let found = in_status(&mut checks, facts, (&input.id, known), &[ScopeStatus::Implemented]);
    if found.is_some_and(|(_, scope)| implementer(facts, scope).is_some_and(|other| is_same(&other.actor, by.0))) {
        checks.fault(FaultCode::Conflict, "id", "is tested by another than who marked it implemented (R41)");
    }
    let mut documents = Vec::new();
    let evidence =
        found.and_then(|(dossier, _)| evidenced(&mut checks, facts, dossier, &input.evidence, &mut documents));
    checks.done(|| {
        let moved = (found?.1.row.as_ref().clone(), ScopeStatus::Tested, "markScopeTested");
        Some(progressed(facts, moved, (evidence, documents), by, note))
    })
}

/// Evidence is the discloser's, of the agreement.
fn evidenced(
    checks: &mut Checks,
    facts: &Facts,
    dossier: &Dossier,
    given: &DocumentInput,
    fresh: &mut Vec<document::Model>,
) -> Option<DocumentId> {
    let publicity = Publicity::PublicationRestricted;
    let holder = Holder { owner: dossier.row.discloser_id, agreement: Some(dossier.row.id), publicity };
    named(checks, facts, ("evidence", given), holder, fresh)
}

/// Entry by which a scope was last marked implemented.
fn implementer<'a>(facts: &'a Facts, scope: &ScopePart) -> Option<&'a status_entry::Model> {
    let entries = status::entries(facts, (StatusSubject::Scope, scope.row.id.0));
    entries.into_iter().rev().find(|entry| entry.status == ScopeStatus::Implemented.code())
}

fn progressed(
    facts: &Facts,
    (row, status, action): (scope::Model, ScopeStatus, &'static str),
    (evidence, documents): (Option<DocumentId>, Vec<document::Model>),
    by: (&str, Instant),
    reason: Option<String>,
) -> Changes {
    let subject = global_id(row.id);
    let (row, entry) = moved(facts, row, status, by, reason.clone());
    let entry = status_entry::Model { document_id: evidence, ..entry };
    let documents = documents.into_iter().map(Edit::from);
    Changes { action, subject, reason, edits: documents.chain([row.into(), entry.into()]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_of_nothing_is_refused_with_its_other_faults() {
        let input = ImplementationInput {
            id: "scope:x".to_owned(),
            structure_version: Some("x".repeat(REFERENCE_CHARACTERS_MAX + 1)),
            evidence: None,
            note: Some("131052-308T".to_owned()),
        };
        let by = ("officer", Instant::UNIX_EPOCH);
        let faults = mark_implemented(&Facts::default(), None, &input, by).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| (fault.code, fault.path.join("."))).collect();
        let expected = [
            (FaultCode::Malformed, "note".to_owned()),
            (FaultCode::TooLong, "structureVersion".to_owned()),
            (FaultCode::Malformed, "id".to_owned()),
        ];
        assert_eq!(places, expected);
    }
}
