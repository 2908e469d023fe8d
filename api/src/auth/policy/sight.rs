//! What a viewer sees of agreements and of what belongs to them.

use std::collections::BTreeSet;

use entity::{
    agreement, contact, incident, inquiry, mandating_right, protection_statement,
    vocabulary::{AgreementId, AgreementStatus, OrganisationId, Publicity, RegisterId},
};

use super::{audits, audits_all, own_id, side, stands_for};
use crate::{
    Error,
    auth::{Role, Viewer},
    facts::{self, Facts},
};

use Role::{Administrator, Officer, System};

/// How much of an agreement a viewer may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// That it exists, its parties, dates and whether it is in force.
    Public,
    /// Also its status and publicity.
    Metadata,
    /// All of it but statement answers, documents and incidents.
    Party,
    /// All of it.
    Office,
}

/// What a viewer may know of an agreement; null when not even that it exists.
pub fn sight(facts: &Facts, viewer: &Viewer, agreement: &agreement::Model) -> Option<Sight> {
    let is_party = side(facts, viewer, agreement).is_some();
    if audits(facts, viewer, &[agreement.discloser_id, agreement.recipient_id]) || (is_party && viewer.is(Officer)) {
        return Some(Sight::Office);
    }
    if is_party && viewer.is(System) {
        return Some(Sight::Party);
    }
    if viewer.is(Administrator) {
        return Some(Sight::Metadata);
    }
    // An earlier wording may have been public; what is not today is not shown as it was either.
    let is_public = |row: &agreement::Model| row.publicity == Publicity::Public;
    let today = facts.agreement.get(agreement.id);
    (is_public(agreement) && today.is_none_or(|today| is_public(today))).then_some(Sight::Public)
}

/// Agreement of a number, as far as the viewer may know of it.
pub fn agreement_of<'a>(facts: &'a Facts, viewer: &Viewer, number: &str) -> Option<&'a agreement::Model> {
    facts.agreement.by_key(number).map(AsRef::as_ref).filter(|row| sight(facts, viewer, row).is_some())
}

/// Whether an organisation may name an agreement: a public one, or one of its own or of those whose place it took.
pub fn knows_of(facts: &Facts, organisation: OrganisationId, agreement: &agreement::Model) -> bool {
    let parties = [agreement.discloser_id, agreement.recipient_id];
    agreement.publicity == Publicity::Public
        || parties.into_iter().any(|party| facts::stands_for(facts, organisation, party))
}

/// Which of a recipient's agreements on a register a viewer may ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Every one.
    All,
    /// Those that name the processor who asks; never empty.
    Served(BTreeSet<AgreementId>),
}

/// What a viewer may ask about what a recipient may receive from a register: a recipient about itself, a controller about
/// its recipients, an auditor about those it audits, a processor under the agreements that name it.
///
/// # Errors
/// Forbidden for everyone else.
pub fn access(
    facts: &Facts,
    viewer: &Viewer,
    recipient: OrganisationId,
    register: RegisterId,
) -> Result<Access, Error> {
    let parties: Vec<_> = controller(facts, register).into_iter().chain([recipient]).collect();
    if audits(facts, viewer, &parties) {
        return Ok(Access::All);
    }
    let own = own_id(facts, viewer).ok_or(Error::Forbidden)?;
    let is_side = parties.into_iter().any(|party| facts::stands_for(facts, own, party));
    if !(is_side && (viewer.is(Officer) || viewer.is(System))) {
        return Err(Error::Forbidden);
    }
    if viewer.processor.is_none() {
        return Ok(Access::All);
    }
    let received = facts.lineage(recipient).into_iter().flat_map(|party| facts.received(party, register));
    let served = received.filter(|dossier| side(facts, viewer, &dossier.row).is_some()).map(|dossier| dossier.row.id);
    let served: BTreeSet<AgreementId> = served.collect();
    if served.is_empty() { Err(Error::Forbidden) } else { Ok(Access::Served(served)) }
}

/// Whether a viewer enforces decisions about a register: a system of its controller, or of a body that took its place, which
/// acts for no other.
pub fn enforces(facts: &Facts, viewer: &Viewer, register: RegisterId) -> bool {
    let own = own_id(facts, viewer).filter(|_| viewer.is(System) && viewer.processor.is_none());
    own.zip(controller(facts, register)).is_some_and(|(own, controller)| facts::stands_for(facts, own, controller))
}

/// Whether a viewer may see a contact: anyone a public one; others only the organisation's own officers and systems and
/// those on the other side of an agreement with it, and those of one agreement only its parties. A draft is one side's
/// own doing and shows it nothing of the other.
pub fn sees_contact(facts: &Facts, viewer: &Viewer, contact: &contact::Model) -> bool {
    let is_public = |row: &contact::Model| row.publicity == Publicity::Public && row.agreement_id.is_none();
    if is_public(contact) && facts.contact.get(contact.id).is_none_or(|today| is_public(today)) {
        return true;
    }
    let knows = |agreement: &agreement::Model| sight(facts, viewer, agreement) >= Some(Sight::Party);
    if let Some(id) = contact.agreement_id {
        return facts.agreement.get(id).is_some_and(|agreement| knows(agreement));
    }
    let is_own = stands_for(facts, viewer, contact.organisation_id);
    is_own && (viewer.is(Officer) || viewer.is(System))
        || audits(facts, viewer, &[contact.organisation_id])
        || facts.agreement.of(contact.organisation_id).any(|agreement| is_of_both(agreement) && knows(agreement))
}

/// Whether both sides have had to do with an agreement.
fn is_of_both(agreement: &agreement::Model) -> bool {
    use AgreementStatus::{
        Active, BasisConfirmed, Draft, Negotiation, RegisteredIncomplete, Rejected, Signed, Superseded, Suspended,
        Terminated, Withdrawn,
    };
    match agreement.status {
        RegisteredIncomplete | Draft | BasisConfirmed | Withdrawn | Rejected => false,
        Negotiation | Signed | Active | Suspended | Terminated | Superseded => true,
    }
}

/// Whether a viewer sees an inquiry: the asker's and the controller's officers do, and their auditors.
pub fn sees_inquiry(facts: &Facts, viewer: &Viewer, inquiry: &inquiry::Model) -> bool {
    let parties: Vec<_> = controller(facts, inquiry.register_id).into_iter().chain([inquiry.organisation_id]).collect();
    is_office_of(facts, viewer, &parties)
}

/// Whether a viewer sees the answers of a protection statement: the officers of both sides do, and their auditors.
pub fn sees_statement(facts: &Facts, viewer: &Viewer, statement: &protection_statement::Model) -> bool {
    is_office_of(facts, viewer, &[statement.recipient_id, statement.discloser_id])
}

/// Whether a viewer sees an incident: the officers of both sides of its agreement do, and their auditors, whatever its
/// publicity.
pub fn sees_incident(facts: &Facts, viewer: &Viewer, incident: &incident::Model) -> bool {
    let agreement = facts.agreement.get(incident.agreement_id);
    agreement.and_then(|row| sight(facts, viewer, row)) == Some(Sight::Office)
}

/// Whether a viewer sees to whom access was granted under an agreement, by pseudonym: the officers of both sides do, and
/// their auditors.
pub fn sees_grants(facts: &Facts, viewer: &Viewer, agreement: AgreementId) -> bool {
    facts.agreement.get(agreement).and_then(|row| sight(facts, viewer, row)) == Some(Sight::Office)
}

/// Whether a viewer sees a right to grant mandates: the officers and systems of its holder and of the body that keeps its
/// theme do, and their auditors; and administrators.
pub fn sees_mandating_right(facts: &Facts, viewer: &Viewer, right: &mandating_right::Model) -> bool {
    let owner = facts.mandate_theme.get(right.mandate_theme_id).and_then(|theme| theme.owner_id);
    let parties: Vec<_> = owner.into_iter().chain([right.organisation_id]).collect();
    let is_party = || parties.iter().any(|party| stands_for(facts, viewer, *party));
    viewer.is(Administrator)
        || ((viewer.is(Officer) || viewer.is(System)) && is_party())
        || audits(facts, viewer, &parties)
}

fn is_office_of(facts: &Facts, viewer: &Viewer, parties: &[OrganisationId]) -> bool {
    let is_party = || parties.iter().any(|party| stands_for(facts, viewer, *party));
    (viewer.is(Officer) && is_party()) || audits(facts, viewer, parties)
}

fn controller(facts: &Facts, register: RegisterId) -> Option<OrganisationId> {
    facts.register.get(register).map(|row| row.controller_id)
}

/// Whether a viewer sees that every change was made: administrators and the data-protection authority's auditors do.
pub fn sees_every_change(facts: &Facts, viewer: &Viewer) -> bool {
    viewer.is(Administrator) || audits_all(facts, viewer)
}

/// Whether a viewer sees who acted for an organisation: its own people do, and who sees every change.
pub fn names_actor(facts: &Facts, viewer: &Viewer, organisation: Option<&str>) -> bool {
    let acted = organisation.and_then(|business_id| facts.organisation_of(business_id)).map(|row| row.id);
    let is_own = own_id(facts, viewer).zip(acted).is_some_and(|(own, acted)| facts::stands_for(facts, own, acted));
    is_own || sees_every_change(facts, viewer)
}

/// Whether a viewer sees why a change it sees was made: of an agreement, only who sees the agreement's history, which
/// says the same.
pub fn sees_reason(facts: &Facts, viewer: &Viewer, agreement: Option<AgreementId>) -> bool {
    let Some(id) = agreement else { return true };
    facts.agreement.get(id).is_some_and(|row| sight(facts, viewer, row) >= Some(Sight::Party))
}
