//! The law an agreement rests on: added by the discloser, and looked at by it before anything rests on it (R31, R33, R35).

use std::sync::Arc;

use entity::{
    agreement_basis, legal_basis,
    vocabulary::{
        Adequacy, AgreementBasisId, AgreementId, AgreementStatus, BasisRole, DecisionReasonCode, Instant, LegalBasisId,
        ProposalStatus, StatusSubject, helsinki_day,
    },
};

use super::{BASES_MAX, amendable};
use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    decision::{self, About, Horizon, Reason},
    facts::{Dossier, Facts, global_id},
    journal::Changes,
    legal_basis::rules::{is_repealed, wording},
    status, version,
};

/// Provision to rest on, in the texts given; named by its citation or its id.
#[derive(Debug, Clone)]
pub struct BasisInput {
    /// Global id of the agreement.
    pub id: String,
    /// Citation.
    pub citation: Option<String>,
    /// Global id of the provision.
    pub legal_basis: Option<String>,
    /// What it does for the agreement.
    pub role: BasisRole,
}

/// Review of a provision, in the texts given.
#[derive(Debug, Clone)]
pub struct BasisReviewInput {
    /// Global id of the agreement's basis.
    pub id: String,
    /// What was found.
    pub adequacy: Adequacy,
    /// Why.
    pub note: Option<String>,
}

/// Rests an agreement on a provision in one role. It carries nothing until it is reviewed. The same provision in the same
/// role again changes nothing. `known` is what the id names, as far as the asker may know it.
pub fn add(
    facts: &Facts,
    fresh: AgreementBasisId,
    known: Option<AgreementId>,
    input: &BasisInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let dossier = amendable(&mut checks, facts, (&input.id, known), by.1);
    let law = provision(&mut checks, facts, input, by.1);
    let prior = dossier.zip(law).and_then(|(dossier, law)| of_role(facts, dossier.row.id, (law.id, input.role)));
    if prior.is_none() && dossier.is_some_and(|dossier| dossier.bases.len() >= BASES_MAX) {
        checks.fault(FaultCode::TooLong, "id", format!("an agreement rests on at most {BASES_MAX} provisions"));
    }
    let repeated = prior.is_some();
    checks.done(|| {
        let agreement_id = dossier?.row.id;
        let changes =
            |edits| Changes { action: "addAgreementBasis", subject: global_id(agreement_id), reason: None, edits };
        if repeated {
            return Some(changes(Vec::new()));
        }
        let row = agreement_basis::Model {
            id: fresh,
            agreement_id,
            legal_basis_id: law?.id,
            role: input.role,
            adequacy: Adequacy::Unreviewed,
            reviewed_by: None,
            reviewed_at: None,
            note: None,
        };
        let entry = status::entry(facts, (StatusSubject::AgreementBasis, fresh.0), row.adequacy, by, None);
        Some(changes(version::frozen(facts, agreement_id, vec![row.into(), entry.into()])))
    })
}

/// Basis of an agreement on a provision in a role.
pub fn of_role(
    facts: &Facts,
    agreement: AgreementId,
    (law, role): (LegalBasisId, BasisRole),
) -> Option<&agreement_basis::Model> {
    let mut rows = facts.agreement_basis.of(agreement).map(AsRef::as_ref);
    rows.find(|row| (row.agreement_id, row.legal_basis_id, row.role) == (agreement, law, role))
}

/// Provision an input names: confirmed, and in force now.
fn provision<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    input: &BasisInput,
    at: Instant,
) -> Option<&'a Arc<legal_basis::Model>> {
    let (path, row) = match (&input.citation, &input.legal_basis) {
        (Some(citation), None) => {
            let citation = checks.parsed("citation", citation)?;
            ("citation", wording(facts, &citation, at))
        }
        (None, Some(id)) => {
            let id: LegalBasisId = checks.parsed("legalBasis", id)?;
            ("legalBasis", facts.legal_basis.get(id))
        }
        (None, None) => {
            checks.fault(FaultCode::Blank, "citation", "name the provision by its citation or its id");
            return None;
        }
        (Some(_), Some(_)) => {
            checks.fault(FaultCode::Conflict, "legalBasis", "give the citation or the id, not both");
            return None;
        }
    };
    let row = checks.found(path, row, "provision")?;
    in_force(checks, facts, (path, row), at);
    Some(row)
}

/// A provision that is no law now is a fault: only law in force gives a right.
fn in_force(checks: &mut Checks, facts: &Facts, (path, row): (&str, &legal_basis::Model), at: Instant) {
    let is_law = facts.law(row.id).is_some_and(|law| decision::law_in_force(law, &mut Horizon::new(at)));
    if is_law {
        return;
    }
    match row.status {
        ProposalStatus::Proposed => {
            checks.fault(
                FaultCode::Conflict,
                path,
                "the provision is only proposed; another administrator confirms it",
            );
        }
        ProposalStatus::Revoked => checks.fault(FaultCode::Conflict, path, "the provision was withdrawn"),
        ProposalStatus::Confirmed if is_repealed(row, at) => checks.reasons(path, [repealed(row)]),
        ProposalStatus::Confirmed => {
            let day = helsinki_day(row.valid_from);
            checks.fault(FaultCode::Conflict, path, format!("the provision enters into force on {day}"));
        }
    }
}

/// Why a provision that has ceased carries nothing, citing it and what took its place.
pub(super) fn repealed(row: &legal_basis::Model) -> Reason {
    let bases = std::iter::once(row.id).chain(row.superseded_by_id).collect();
    Reason { code: DecisionReasonCode::BasisRepealed, item: None, bases, about: About::Nothing }
}

/// Reviews whether a provision carries what it is cited for. What rests on a provision found wanting closes at once; one
/// found adequate opens, after both have signed, only what both agreed on (R43). `known` is the agreement of the basis.
pub fn review(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &BasisReviewInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let named = checks.parsed::<AgreementBasisId>("id", &input.id);
    let row = named.and_then(|id| {
        let row = facts.agreement_basis.get(id).filter(|row| known == Some(row.agreement_id));
        checks.found("id", row, "basis of an agreement")
    });
    let dossier = row.and_then(|row| facts.dossier(row.agreement_id));
    if let Some(dossier) = dossier {
        super::check_amendable(&mut checks, dossier, by.1);
    }
    let law = row.and_then(|row| facts.legal_basis.get(row.legal_basis_id));
    match input.adequacy {
        Adequacy::Unreviewed => checks.fault(FaultCode::Conflict, "adequacy", "a review says what it found"),
        Adequacy::Adequate => {
            if let (Some(dossier), Some(row), Some(law)) = (dossier, row, law) {
                in_force(&mut checks, facts, ("adequacy", law), by.1);
                agreed(&mut checks, facts, dossier, row);
            }
        }
        Adequacy::Repealed if law.is_some_and(|law| !is_repealed(law, by.1)) => {
            checks.fault(FaultCode::Conflict, "adequacy", "the provision has not ceased to be in force");
        }
        Adequacy::Repealed => {}
        Adequacy::DefinitionOnly | Adequacy::TooNarrow | Adequacy::Disputed => {
            if note.is_none() {
                checks.fault(FaultCode::Blank, "note", "say why the provision does not carry it");
            }
        }
    }
    checks.done(|| {
        let row = row?;
        let subject = global_id(row.agreement_id);
        let after = agreement_basis::Model {
            adequacy: input.adequacy,
            reviewed_by: Some(by.0.into()),
            reviewed_at: Some(by.1),
            note: note.clone(),
            ..row.as_ref().clone()
        };
        let edits = if is_same_review(row, &after) {
            Vec::new()
        } else {
            let of = (StatusSubject::AgreementBasis, row.id.0);
            let entry = status::entry(facts, of, input.adequacy, by, note.clone());
            vec![after.into(), entry.into()]
        };
        Some(Changes { action: "reviewAgreementBasis", subject, reason: note, edits })
    })
}

/// What both have signed is not widened by the reviewer's word on a provision the other has not agreed on.
fn agreed(checks: &mut Checks, facts: &Facts, dossier: &Dossier, row: &agreement_basis::Model) {
    use AgreementStatus::{
        Active, BasisConfirmed, Draft, Negotiation, RegisteredIncomplete, Rejected, Signed, Superseded, Suspended,
        Terminated, Withdrawn,
    };
    let binds = match dossier.row.status {
        Signed | Active | Suspended => true,
        RegisteredIncomplete | Draft | BasisConfirmed | Negotiation | Terminated | Superseded | Rejected
        | Withdrawn => false,
    };
    if binds && !decision::agreed_bases(facts, dossier)(row) {
        let code = DecisionReasonCode::ContentNotAgreed;
        let reason = Reason { code, item: None, bases: vec![row.legal_basis_id], about: About::Nothing };
        checks.reasons("id", [reason]);
    }
}

/// Basis as it stands before any review.
pub(super) fn unreviewed(row: &agreement_basis::Model) -> agreement_basis::Model {
    agreement_basis::Model {
        adequacy: Adequacy::Unreviewed,
        reviewed_by: None,
        reviewed_at: None,
        note: None,
        ..row.clone()
    }
}

/// Whether the same reviewer says the same on the same day.
fn is_same_review(row: &agreement_basis::Model, after: &agreement_basis::Model) -> bool {
    let said = |row: &agreement_basis::Model| {
        (row.adequacy, row.reviewed_by.clone(), row.note.clone(), row.reviewed_at.map(helsinki_day))
    };
    said(row) == said(after)
}
