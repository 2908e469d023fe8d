//! Entitlements: at most this, to these, for that. What a provision of law allows before any agreement is made.

pub mod graphql;
pub mod rules;

use entity::vocabulary::{OrganisationId, RegisterId};

use crate::{
    auth::{Role, policy},
    context::View,
};
pub use rules::{Entitlements, Insight, Question, Recipient};

/// How much of an organisation's agreements on a register the viewer may know: what its officers and systems, those of
/// the controller and their auditors know.
pub fn insight(view: &View, organisation: OrganisationId, register: RegisterId) -> Insight {
    let View { facts, viewer, .. } = view;
    let Some(controller) = facts.register.get(register).map(|row| row.controller_id) else { return Insight::Law };
    let parties = [organisation, controller];
    let acts = viewer.processor.is_none() && (viewer.is(Role::Officer) || viewer.is(Role::System));
    let is_side = policy::own_id(facts, viewer).is_some_and(|own| parties.contains(&own));
    if (acts && is_side) || policy::audits(facts, viewer, &parties) { Insight::Agreements } else { Insight::Law }
}
