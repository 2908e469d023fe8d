//! Acts on an agreement as a whole, and what stands in the way of each.

use entity::vocabulary::{AgreementAction, AgreementSide, AgreementStatus, Instant};

use super::AllowedAction;
use crate::{
    decision::{Horizon, Reason, conditions, standing},
    facts::{Dossier, Facts},
};

/// Acts of one side in the agreement's present status.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if side == AgreementSide::Recipient {
        return Vec::new();
    }
    match dossier.status.at(at) {
        Some(AgreementStatus::RegisteredIncomplete) => {
            vec![AllowedAction { code: AgreementAction::Draft, blocked_by: Vec::new() }]
        }
        Some(AgreementStatus::Active) if !standing::is_over(dossier, at) => {
            vec![AllowedAction { code: AgreementAction::Suspend, blocked_by: Vec::new() }]
        }
        Some(AgreementStatus::Suspended) => {
            vec![AllowedAction { code: AgreementAction::Resume, blocked_by: resumable(facts, dossier, at) }]
        }
        _ => Vec::new(),
    }
}

/// What must be cleared before a suspended agreement may be resumed: parties alive, the law it rests on, and a statement and
/// justified means for at least one of its scopes.
pub fn resumable(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let mut horizon = Horizon::new(at);
    let mut reasons = Vec::new();
    conditions::lasting(facts, dossier, &mut horizon, &mut reasons);
    standing::basis_reasons(facts, dossier, &mut horizon, &mut reasons);
    let mut least: Option<Vec<Reason>> = None;
    for scope in
        dossier.scopes.iter().filter(|scope| scope.status.at(at) != Some(entity::vocabulary::ScopeStatus::Closed))
    {
        let mut of_scope = Vec::new();
        conditions::openable(facts, dossier, scope, &mut horizon, &mut of_scope);
        if least.as_ref().is_none_or(|least| of_scope.len() < least.len()) {
            least = Some(of_scope);
        }
    }
    reasons.extend(least.unwrap_or_default());
    standing::tidy(reasons)
}
