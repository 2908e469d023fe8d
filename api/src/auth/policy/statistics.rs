//! How much of the statistics a viewer sees.

use entity::vocabulary::OrganisationId;

use super::{audits_all, own_people};
use crate::{
    auth::{Role, Viewer},
    facts::Facts,
};

/// How much of the statistics somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sight {
    /// Everything, exactly.
    Everything,
    /// What the organisation, or one whose place it took, disclosed or received, exactly.
    Own(OrganisationId),
    /// Everything, rounded and on closed days only.
    Rounded,
}

impl Sight {
    /// Sight of a viewer; none for who may see no statistics.
    pub fn of(facts: &Facts, viewer: &Viewer) -> Option<Self> {
        if audits_all(facts, viewer) {
            return Some(Self::Everything);
        }
        let takes_part = [Role::Officer, Role::System, Role::Auditor].into_iter().any(|role| viewer.is(role));
        match own_people(facts, viewer) {
            Some(own) if takes_part => Some(Self::Own(own)),
            _ => viewer.is(Role::Statistician).then_some(Self::Rounded),
        }
    }
}
