//! Acts on the steps from law to use, and on onward rules.

use entity::vocabulary::{
    AdoptionStepCode, AdoptionStepState, AgreementAction, AgreementSide, BasisRole, ClosedEnum, DecisionReasonCode,
    Instant,
};

use super::AllowedAction;
use crate::{
    decision::{
        AdoptionStep, Reason, adoption_steps, conditions, has_step_to_plan, is_alive, is_declared, is_own, standing,
    },
    facts::{Dossier, Facts},
};

/// Acts of one side: each plans and declares its own steps, the discloser keeps the onward rules.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if !dossier.status.at(at).is_some_and(is_alive) {
        return Vec::new();
    }
    let free = |code| AllowedAction { code, blocked_by: Vec::new() };
    let may_plan = has_step_to_plan(facts, dossier, side, at);
    let mut actions: Vec<_> = may_plan.then(|| free(AgreementAction::PlanAdoptionStep)).into_iter().collect();
    let declared =
        |step| facts.adoption_plan.of(dossier.row.id).any(|plan| plan.step == step && plan.declared_on.is_some());
    // Steps are computed only for who may still have one to declare.
    let may_declare = side != AgreementSide::Discloser
        && AdoptionStepCode::ALL.iter().any(|(step, _, _)| is_declared(*step) && !declared(*step));
    let is_ready = |step: AdoptionStep| {
        is_declared(step.code) && is_own(step.code, side) && step.state == AdoptionStepState::Ready
    };
    let is_turn = may_declare && adoption_steps(facts, dossier, at).into_iter().any(is_ready);
    if is_turn {
        actions.push(free(AgreementAction::DeclareAdoptionStep));
    }
    if side != AgreementSide::Recipient {
        actions.push(AllowedAction { code: AgreementAction::AddOnwardRule, blocked_by: onward_addable(dossier, at) });
        if dossier.onward.iter().any(|rule| rule.row.valid_until.is_none_or(|until| at < until)) {
            actions.push(free(AgreementAction::EndOnwardRule));
        }
    }
    actions
}

/// What a new onward rule needs of its agreement: law by which data may travel on (R28), and a term that has not ended.
pub fn onward_addable(dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let is_carried = dossier.bases.iter().any(|basis| basis.row.role == BasisRole::Onward);
    let lacking = (!is_carried).then_some(DecisionReasonCode::NoLegalBasis);
    let ended = standing::has_ended(dossier, at).then_some(DecisionReasonCode::AgreementNotInForce);
    lacking.into_iter().chain(ended).map(conditions::reason).collect()
}
