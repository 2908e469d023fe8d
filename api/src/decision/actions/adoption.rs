//! Acts on the steps from law to use, and on onward rules.

use entity::vocabulary::{AdoptionStepCode, AdoptionStepState, AgreementAction, AgreementSide, ClosedEnum, Instant};

use super::{AllowedAction, definable};
use crate::{
    decision::{AdoptionStep, adoption_steps, is_alive, is_declared, is_own},
    facts::{Dossier, Facts},
};

/// Acts of one side: each plans and declares its own steps, the discloser keeps the onward rules.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if !dossier.status.at(at).is_some_and(is_alive) {
        return Vec::new();
    }
    let free = |code| AllowedAction { code, blocked_by: Vec::new() };
    let mut actions = vec![free(AgreementAction::PlanAdoptionStep)];
    let declared =
        |step| facts.adoption_plan.of(dossier.row.id).any(|plan| plan.step == step && plan.declared_on.is_some());
    // Steps are computed only for who may still have one to declare.
    let may_declare = side != AgreementSide::Discloser
        && AdoptionStepCode::ALL.iter().any(|(step, _, _)| is_declared(*step) && !declared(*step));
    let is_ready =
        |step: AdoptionStep| is_declared(step.code) && is_own(&step, side) && step.state == AdoptionStepState::Ready;
    let is_turn = may_declare && adoption_steps(facts, dossier, at).into_iter().any(is_ready);
    if is_turn {
        actions.push(free(AgreementAction::DeclareAdoptionStep));
    }
    if side != AgreementSide::Recipient {
        actions.push(AllowedAction { code: AgreementAction::AddOnwardRule, blocked_by: definable(dossier, at) });
        if dossier.onward.iter().any(|rule| rule.row.valid_until.is_none_or(|until| at < until)) {
            actions.push(free(AgreementAction::EndOnwardRule));
        }
    }
    actions
}
