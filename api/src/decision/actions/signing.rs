//! Acts of both sides towards what they agree on, and what stands in the way of each (R35, R43, R44, R54).

use entity::vocabulary::{AgreementAction, AgreementSide, AgreementStatus, DecisionReasonCode, Instant, SignatureAct};

use super::AllowedAction;
use crate::{
    decision::{
        Horizon, Reason, conditions,
        content::{SIDES, agreed_version, awaited, present_number, side_act, stands_by, versions},
        standing, steps,
    },
    facts::{Dossier, Facts},
};

/// Acts of one side in the agreement's present status.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    let mut actions = Vec::new();
    let mut offer = |code, blocked_by| actions.push(AllowedAction { code, blocked_by });
    if standing::is_negotiable(dossier, at) && awaited(facts, dossier).contains(&side) {
        offer(AgreementAction::Accept, Vec::new());
    }
    if dossier.row.status == AgreementStatus::Negotiation
        && side_act(facts, dossier, side, present_number(facts, dossier)) != Some(SignatureAct::Signed)
    {
        offer(AgreementAction::Sign, signable(facts, dossier, at));
    }
    if !standing::is_over(dossier, at) && !revocable(facts, dossier, side).is_empty() {
        offer(AgreementAction::RevokeSignature, Vec::new());
    }
    actions
}

/// What must be cleared before either side signs: content both have accepted, the law it rests on, something to disclose,
/// a term that is not over, and parties alive.
pub fn signable(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let mut horizon = Horizon::new(at);
    let mut reasons = Vec::new();
    if !awaited(facts, dossier).is_empty() {
        reasons.push(conditions::reason(DecisionReasonCode::AcceptanceMissing));
    }
    if steps::live_scopes(dossier, at).next().is_none() {
        reasons.push(conditions::reason(DecisionReasonCode::ScopeMissing));
    }
    standing::basis_reasons(facts, dossier, &mut horizon, &mut reasons);
    conditions::lasting(facts, dossier, &mut horizon, &mut reasons);
    standing::tidy(reasons)
}

/// Content versions on which a side may take back what it did, newest first. Before activation that is every one it stands
/// by; afterwards only what goes beyond what is in force, until the other side has agreed to it.
pub fn revocable(facts: &Facts, dossier: &Dossier, side: AgreementSide) -> Vec<i32> {
    let mut numbers: Vec<i32> = facts.signature.of(dossier.row.id).map(|row| row.version).collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.dedup();
    numbers.retain(|version| stands_by(facts, dossier, side, *version));
    match dossier.row.status {
        AgreementStatus::Negotiation | AgreementStatus::Signed => numbers,
        AgreementStatus::Active | AgreementStatus::Suspended => {
            let others = || SIDES.into_iter().filter(|other| *other != side);
            let in_force = agreed_version(facts, dossier).map(|row| row.version);
            let is_stored = |number| versions(facts, dossier.row.id).iter().any(|row| row.version == number);
            numbers.retain(|version| {
                is_stored(*version)
                    && in_force.is_none_or(|in_force| *version > in_force)
                    && !others().any(|other| stands_by(facts, dossier, other, *version))
            });
            numbers
        }
        AgreementStatus::RegisteredIncomplete
        | AgreementStatus::Draft
        | AgreementStatus::BasisConfirmed
        | AgreementStatus::Terminated
        | AgreementStatus::Superseded
        | AgreementStatus::Rejected
        | AgreementStatus::Withdrawn => Vec::new(),
    }
}
