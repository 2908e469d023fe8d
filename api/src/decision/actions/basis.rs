//! Acts on the law an agreement rests on, up to its offer: R31, R35, R43; 906/2019 22–24 §.

use entity::{
    agreement_basis, agreement_party,
    vocabulary::{
        Adequacy, AdoptionStepCode, AgreementAction, AgreementSide, AgreementStatus, DecisionReasonCode, Instant,
        ScopeStatus, instant_text,
    },
};

use super::AllowedAction;
use crate::{
    decision::{Horizon, Reason, completeness, conditions, content, decide, standing},
    facts::{Dossier, Facts, ScopePart},
};

/// Acts of one side on what the agreement says, on its law and towards its offer: the discloser's.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if side == AgreementSide::Recipient || !standing::is_amendable(dossier, at) {
        return Vec::new();
    }
    let open = |code| AllowedAction { code, blocked_by: Vec::new() };
    let mut actions =
        vec![open(AgreementAction::Amend), open(AgreementAction::AddBasis), open(AgreementAction::AddParty)];
    if !dossier.bases.is_empty() {
        actions.push(open(AgreementAction::ReviewBasis));
    }
    match dossier.row.status {
        AgreementStatus::Draft => {
            let blocked_by = confirmable(facts, dossier, at);
            actions.push(AllowedAction { code: AgreementAction::ConfirmBasis, blocked_by });
        }
        AgreementStatus::BasisConfirmed => {
            let blocked_by = offerable(facts, dossier, at);
            actions.push(AllowedAction { code: AgreementAction::Offer, blocked_by });
        }
        AgreementStatus::RegisteredIncomplete
        | AgreementStatus::Negotiation
        | AgreementStatus::Signed
        | AgreementStatus::Active
        | AgreementStatus::Suspended
        | AgreementStatus::Terminated
        | AgreementStatus::Superseded
        | AgreementStatus::Rejected
        | AgreementStatus::Withdrawn => {}
    }
    actions
}

/// Whether a provision of the agreement waits for its first review.
pub(super) fn awaits_review(dossier: &Dossier, at: Instant) -> bool {
    dossier.bases.iter().any(|basis| basis.adequacy.at(at) == Some(Adequacy::Unreviewed))
}

/// What is missing before the legal basis may be confirmed: parties alive; a right to receive or disclose that is adequate,
/// in force and electronic; for a recipient that is no authority a right to process too (R31, R32; 906/2019 24 §); and no
/// item of a scope that rests on nothing (R40).
pub fn confirmable(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let mut horizon = Horizon::new(at);
    let mut reasons = Vec::new();
    let parties = [dossier.row.discloser_id, dossier.row.recipient_id];
    if parties.into_iter().any(|party| !conditions::party_active(facts, party, &mut horizon)) {
        reasons.push(conditions::reason(DecisionReasonCode::PartyNotActive));
    }
    standing::basis_reasons(facts, dossier, &mut horizon, &mut reasons);
    reasons.extend(shortfalls(facts, dossier, &mut horizon));
    reasons.extend(completeness::unfounded_items(dossier, at));
    cited(facts, reasons, at)
}

/// Why no right of the agreement suffices: each that was repealed, not found adequate, or not for electronic disclosure.
fn shortfalls(facts: &Facts, dossier: &Dossier, horizon: &mut Horizon) -> Vec<Reason> {
    let rights = conditions::rights(facts, dossier.bases.iter(), horizon);
    if !rights.laws.is_empty() {
        return Vec::new();
    }
    let named = rights.reasons.into_iter().filter(|(_, bases)| !bases.is_empty());
    named.map(|(code, bases)| Reason { bases, ..conditions::reason(code) }).collect()
}

/// What is missing before the agreement may be offered: besides its legal basis a scope with items (R40), justified means
/// (906/2019 22 § 1 mom), and a day for the opening (R43).
pub fn offerable(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let mut reasons = confirmable(facts, dossier, at);
    let scopes: Vec<&ScopePart> =
        dossier.scopes.iter().filter(|scope| scope.row.status != ScopeStatus::Closed).collect();
    if !scopes.iter().any(|scope| !scope.items.is_empty()) {
        reasons.push(conditions::reason(DecisionReasonCode::ScopeMissing));
    }
    if scopes.iter().any(|scope| !conditions::mode_justified(facts, dossier, scope, &mut Horizon::new(at))) {
        reasons.push(conditions::reason(DecisionReasonCode::ModeNotJustified));
    }
    let mut plans = facts.adoption_plan.of(dossier.row.id);
    let is_planned = plans.any(|plan| plan.step == AdoptionStepCode::ConnectionOpened && plan.planned_on.is_some());
    if !is_planned && !scopes.iter().any(|scope| scope.row.planned_on.is_some()) {
        reasons.push(conditions::reason(DecisionReasonCode::TimetableMissing));
    }
    cited(facts, reasons, at)
}

/// Tells of a provision and its role whether both parties have agreed on resting on it; until they sign nothing has been
/// agreed, and nothing needs to be.
pub fn agreed_bases<'a>(facts: &'a Facts, dossier: &Dossier) -> impl Fn(&agreement_basis::Model) -> bool + use<'a> {
    let (agreed, is_signed) = (content::agreed(facts, dossier), dossier.row.signed_on.is_some());
    move |basis| {
        let Some(law) = facts.legal_basis.get(basis.legal_basis_id) else { return false };
        let Some(agreed) = &agreed else { return !is_signed };
        let valid_from = instant_text(law.valid_from);
        let mut rested_on = agreed.bases.iter();
        rested_on.any(|one| (one.role, &one.citation, &one.valid_from) == (basis.role, &law.citation, &valid_from))
    }
}

/// Whether both parties have agreed on a further party in its role; null while they have agreed on nothing and signed
/// nothing.
pub fn is_agreed_party(facts: &Facts, dossier: &Dossier, party: &agreement_party::Model) -> Option<bool> {
    let Some(agreed) = content::agreed(facts, dossier) else { return dossier.row.signed_on.map(|_| false) };
    let row = facts.party(party.organisation_id);
    let name = row.map(|row| row.business_id.map_or_else(|| row.name_fi.clone(), |id| id.to_string()));
    Some(agreed.parties.iter().any(|one| one.role == party.role && Some(&one.organisation) == name.as_ref()))
}

/// Reasons in order, each once; where no provision of the agreement is at stake, with the one the condition comes from.
fn cited(facts: &Facts, mut reasons: Vec<Reason>, at: Instant) -> Vec<Reason> {
    for reason in reasons.iter_mut().filter(|reason| reason.bases.is_empty()) {
        reason.bases.extend(decide::cited(facts, reason.code, at).bases);
    }
    standing::tidy(reasons)
}
