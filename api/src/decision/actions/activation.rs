//! Activation: from signed to in force, and what stands in its way (R5, R8, R41, R43, R64).

use entity::vocabulary::{AgreementAction, AgreementSide, AgreementStatus, DecisionReasonCode, Instant, ScopeStatus};

use super::{AllowedAction, scope_beyond};
use crate::{
    decision::{Horizon, Reason, checklist, conditions, content::agreed, standing, steps},
    facts::{Dossier, Facts, ScopePart},
};

/// Activation, for the discloser of a signed agreement.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if side != AgreementSide::Discloser || dossier.row.status != AgreementStatus::Signed {
        return Vec::new();
    }
    vec![AllowedAction { code: AgreementAction::Activate, blocked_by: activatable(facts, dossier, at) }]
}

/// What must be cleared before a signed agreement is activated: its first day, its parties, the law it rests on, the
/// protection checklist, and one scope that is tested, agreed on and could be opened.
pub fn activatable(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let mut horizon = Horizon::new(at);
    let mut reasons = checklist::checklist(facts, dossier, at);
    if dossier.starts_at.is_some_and(|start| start > at) {
        reasons.push(conditions::reason(DecisionReasonCode::AgreementNotInForce));
    }
    standing::basis_reasons(facts, dossier, &mut horizon, &mut reasons);
    conditions::lasting(facts, dossier, &mut horizon, &mut reasons);
    match agreed(facts, dossier) {
        None => reasons.push(conditions::reason(DecisionReasonCode::AcceptanceMissing)),
        Some(agreed) => {
            let nearest = steps::live_scopes(dossier, at).map(|scope| {
                let mut lacking = unready(facts, dossier, scope, &mut horizon);
                if !scope_beyond(&agreed, facts, dossier, scope).is_empty() {
                    lacking.push(conditions::reason(DecisionReasonCode::ContentNotAgreed));
                }
                lacking
            });
            let nothing = || vec![conditions::reason(DecisionReasonCode::ScopeMissing)];
            reasons.extend(nearest.min_by_key(Vec::len).unwrap_or_else(nothing));
        }
    }
    standing::tidy(reasons)
}

/// Why a scope could not be opened even if the agreement were in force.
fn unready(facts: &Facts, dossier: &Dossier, scope: &ScopePart, horizon: &mut Horizon) -> Vec<Reason> {
    let mut lacking = Vec::new();
    if !matches!(scope.status.at(horizon.at()), Some(ScopeStatus::Tested | ScopeStatus::Open | ScopeStatus::Suspended))
    {
        lacking.push(conditions::reason(DecisionReasonCode::ScopeNotTested));
    }
    conditions::openable(facts, dossier, scope, horizon, &mut lacking);
    lacking
}
