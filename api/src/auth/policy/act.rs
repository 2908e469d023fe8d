//! What a viewer may do: an act is judged on the facts it changes, and only this file can make a permit.

use entity::vocabulary::{AgreementId, AgreementSide, Instant, OrganisationId, RegisterId};

use super::{acting_side, audits_all, own_id, person_sight, sees_anomalies, sight, stands_for};
use crate::{
    Error,
    auth::{Role, Viewer},
    decision,
    facts::Facts,
};

/// Proof that an act was judged and allowed on the facts it changes; made only here.
#[derive(Debug)]
pub struct Permit {
    actor: String,
}

impl Permit {
    /// Who acts, as status histories and proposals name it.
    pub fn actor(&self) -> &str {
        &self.actor
    }
}

/// Act to be judged, with what it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Keep the list of organisations.
    KeepOrganisations,
    /// Keep the contacts of an organisation, for all or for one agreement.
    KeepContacts {
        /// Whose.
        organisation: OrganisationId,
    },
    /// Offer a new register.
    OfferRegister {
        /// Its controller.
        controller: OrganisationId,
    },
    /// Keep a register and its items.
    KeepRegister {
        /// Which.
        register: RegisterId,
    },
    /// Draft an agreement.
    DraftAgreement {
        /// Who discloses.
        discloser: OrganisationId,
    },
    /// Look up one person's disclosures.
    LookUpSubject,
    /// Keep a disclosure from the person it concerns, or show it: the discloser's officer's act.
    WithholdDisclosure {
        /// Whose log it stands in.
        discloser: OrganisationId,
        /// Who received the data; null for onward disclosure to an applicant.
        recipient: Option<OrganisationId>,
    },
    /// Suspend or resume an agreement: the discloser's officer's act.
    RunAgreement {
        /// Which.
        agreement: AgreementId,
    },
    /// Decide an anomaly: the discloser's officer's act.
    DecideAnomaly {
        /// Agreement it was found under.
        agreement: AgreementId,
    },
}

/// Judges an act on the fresh facts. Who acted for a body that has ceased acts for nobody: its successor's people act.
///
/// # Errors
/// Forbidden where the thing is known to exist, not found where it may not be known.
pub fn judge(facts: &Facts, viewer: &Viewer, act: Act, at: Instant) -> Result<Permit, Error> {
    let allowed = match act {
        Act::KeepOrganisations => viewer.is(Role::Administrator),
        Act::LookUpSubject => person_sight(facts, viewer).is_ok(),
        Act::KeepContacts { organisation } | Act::DraftAgreement { discloser: organisation } => {
            is_officer_of(facts, viewer, organisation)
        }
        Act::OfferRegister { controller } => is_officer_of(facts, viewer, controller),
        Act::KeepRegister { register } => {
            let row = facts.register.get(register).ok_or(Error::NotFound("register"))?;
            is_officer_of(facts, viewer, row.controller_id)
        }
        Act::WithholdDisclosure { discloser, recipient } => {
            let sees = |party| stands_for(facts, viewer, party);
            if !(sees(discloser) || recipient.is_some_and(sees) || audits_all(facts, viewer)) {
                return Err(Error::NotFound("disclosure"));
            }
            is_officer_of(facts, viewer, discloser)
        }
        Act::RunAgreement { agreement } => {
            let row = facts.agreement.get(agreement).ok_or(Error::NotFound("agreement"))?;
            sight(facts, viewer, row).ok_or(Error::NotFound("agreement"))?;
            acting_side(facts, viewer, row) == Some(AgreementSide::Discloser)
        }
        Act::DecideAnomaly { agreement } => {
            let row = facts.agreement.get(agreement).filter(|row| sees_anomalies(facts, viewer, row.id));
            acting_side(facts, viewer, row.ok_or(Error::NotFound("anomaly"))?) == Some(AgreementSide::Discloser)
        }
    };
    if !allowed || has_ceased(facts, viewer, at) {
        return Err(Error::Forbidden);
    }
    Ok(Permit { actor: actor(viewer) })
}

fn has_ceased(facts: &Facts, viewer: &Viewer, at: Instant) -> bool {
    let own = own_id(facts, viewer).and_then(|own| facts.party(own));
    own.is_some_and(|row| !decision::exists(row, at))
}

fn is_officer_of(facts: &Facts, viewer: &Viewer, organisation: OrganisationId) -> bool {
    viewer.is(Role::Officer) && stands_for(facts, viewer, organisation)
}

/// Name of the actor in the journal; a processor is named beside whom it acts for.
pub fn actor(viewer: &Viewer) -> String {
    match viewer.processor {
        Some(processor) => format!("{} via {processor}", viewer.actor()),
        None => viewer.actor(),
    }
}
