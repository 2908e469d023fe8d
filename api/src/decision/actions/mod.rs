//! Which acts on an agreement and its parts a party's officer may do now. Only acts whose mutation exists are offered, and
//! the acts themselves are refused by the same guards.

mod access;
mod activation;
mod adoption;
mod agreement;
mod basis;
mod ending;
mod renewal;
mod scope;
mod signing;
mod waiting;

use entity::vocabulary::{AgreementAction, AgreementSide, Instant};

pub use activation::activatable;
pub use adoption::onward_addable;
pub use agreement::resumable;
pub use basis::{agreed_bases, confirmable, is_agreed_party, offerable};
pub use ending::{is_preparing, is_terminable};
pub use renewal::{heir, is_renewable, law_now, renewable, renewal_under_way, renewed_scopes};
pub use scope::{definable, newest_scope, open_scope, scope_actions, scope_beyond, scope_openable, scope_resumable};
pub use signing::{revocable, signable};
pub use waiting::waits_for;

use super::Reason;
use crate::facts::{Dossier, Facts};

/// Act offered to one side, with what stands in its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedAction {
    /// Which act.
    pub code: AgreementAction,
    /// Conditions that fail; nothing when it can be done now.
    pub blocked_by: Vec<Reason>,
}

/// Acts of one side at an instant.
pub fn allowed_actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    let mut actions = basis::actions(facts, dossier, side, at);
    actions.extend(agreement::actions(facts, dossier, side, at));
    actions.extend(scope::actions(facts, dossier, side, at));
    actions.extend(signing::actions(facts, dossier, side, at));
    actions.extend(activation::actions(facts, dossier, side, at));
    actions.extend(access::actions(facts, dossier, side, at));
    actions.extend(ending::actions(facts, dossier, side, at));
    actions.extend(renewal::actions(facts, dossier, side, at));
    actions.extend(adoption::actions(facts, dossier, side, at));
    actions
}
