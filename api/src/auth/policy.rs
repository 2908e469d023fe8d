//! Who may do what: the whole matrix on one screen. Nothing is visible and nothing may be done that is not said here.
//!
//! What an officer or a system may do depends on the side its organisation is on in that agreement; roles belong to
//! agreements, never to organisations. What one may not know exists is not found, not forbidden.

use entity::{
    agreement, contact,
    vocabulary::{AgreementId, AgreementSide, OrganisationId, OrganisationKind, PartyRole, Publicity, RegisterId},
};

use super::{Role, Viewer};
use crate::{Error, facts::Facts};

use Role::{Administrator, Auditor, Officer, Statistician, System};

/// Row of the matrix: a root field, whether nobody in particular may ask it where anonymous reading is allowed, and the
/// roles that may. What is shown of the answer depends on the side and on publicity.
pub struct Row {
    /// Root field, as in the SDL.
    pub field: &'static str,
    /// Whether a caller without a token may ask, where `ANONYMOUS_READ` allows such callers at all.
    pub anonymous: bool,
    /// Roles that may ask.
    pub roles: &'static [Role],
}

const ALL: &[Role] = &Role::ALL;
const PARTIES: &[Role] = &[Officer, System, Auditor];
const READERS: &[Role] = &[Officer, System, Auditor, Administrator];
const OFFICE: &[Role] = &[Officer, Auditor];

/// The role matrix. A test fails for a root field without a row.
#[rustfmt::skip]
pub const MATRIX: &[Row] = &[
    Row { field: "node",                  anonymous: true,  roles: ALL },
    Row { field: "viewer",                anonymous: true,  roles: ALL },
    Row { field: "organisation",          anonymous: true,  roles: ALL },
    Row { field: "organisations",         anonymous: true,  roles: ALL },
    Row { field: "legalBasis",            anonymous: true,  roles: ALL },
    Row { field: "legalBases",            anonymous: true,  roles: ALL },
    Row { field: "registers",             anonymous: true,  roles: ALL },
    Row { field: "purposes",              anonymous: true,  roles: ALL },
    Row { field: "mandateThemes",         anonymous: true,  roles: ALL },
    Row { field: "entitlements",          anonymous: true,  roles: ALL },
    Row { field: "agreement",             anonymous: true,  roles: ALL },
    Row { field: "agreements",            anonymous: true,  roles: ALL },
    Row { field: "accessScope",           anonymous: false, roles: PARTIES },
    Row { field: "accessDecision",        anonymous: false, roles: PARTIES },
    Row { field: "accessDecisions",       anonymous: false, roles: PARTIES },
    Row { field: "expirations",           anonymous: false, roles: READERS },
    Row { field: "protectionStatements",  anonymous: false, roles: OFFICE },
    Row { field: "inquiries",             anonymous: false, roles: OFFICE },
    Row { field: "incidents",             anonymous: false, roles: OFFICE },
    Row { field: "disclosures",           anonymous: false, roles: PARTIES },
    Row { field: "disclosureStatistics",  anonymous: false, roles: &[Officer, System, Auditor, Statistician] },
    Row { field: "changes",               anonymous: false, roles: READERS },
    Row { field: "registerOrganisation",  anonymous: false, roles: &[Administrator] },
    Row { field: "amendOrganisation",     anonymous: false, roles: &[Administrator] },
    Row { field: "dissolveOrganisation",  anonymous: false, roles: &[Administrator] },
    Row { field: "appointContact",        anonymous: false, roles: &[Officer] },
    Row { field: "amendContact",          anonymous: false, roles: &[Officer] },
    Row { field: "confirmContact",        anonymous: false, roles: &[Officer] },
    Row { field: "retireContact",         anonymous: false, roles: &[Officer] },
    Row { field: "offerRegister",         anonymous: false, roles: &[Officer] },
    Row { field: "amendRegister",         anonymous: false, roles: &[Officer] },
    Row { field: "addDataItem",           anonymous: false, roles: &[Officer] },
    Row { field: "retireDataItem",        anonymous: false, roles: &[Officer] },
    Row { field: "createAgreement",       anonymous: false, roles: &[Officer] },
    Row { field: "suspendAgreement",      anonymous: false, roles: &[Officer] },
    Row { field: "resumeAgreement",       anonymous: false, roles: &[Officer] },
    Row { field: "recordDisclosures",     anonymous: false, roles: &[Officer, System] },
    Row { field: "authoriseDisclosure",   anonymous: false, roles: &[Officer, System] },
];

/// Whether a root field may be asked at all.
///
/// # Errors
/// Unauthenticated without a token where one is needed; forbidden for other roles.
pub fn admit(viewer: &Viewer, field: &str) -> Result<(), Error> {
    let row = MATRIX.iter().find(|row| row.field == field).ok_or(Error::Forbidden)?;
    match &viewer.subject {
        None if row.anonymous => Ok(()),
        None => Err(Error::Unauthenticated("this needs a token")),
        Some(_) if viewer.roles.iter().any(|role| row.roles.contains(role)) => Ok(()),
        Some(_) => Err(Error::Forbidden),
    }
}

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
    (agreement.publicity == Publicity::Public).then_some(Sight::Public)
}

/// Side the viewer's organisation is on in an agreement. A processor must be a party of it.
pub fn side(facts: &Facts, viewer: &Viewer, agreement: &agreement::Model) -> Option<AgreementSide> {
    let own = own_id(facts, viewer)?;
    if !processor_admitted(facts, viewer, agreement.id) {
        return None;
    }
    let stands_for = |party: OrganisationId| party == own || crate::facts::successors(facts, party).any(|id| id == own);
    if stands_for(agreement.discloser_id) {
        Some(AgreementSide::Discloser)
    } else {
        stands_for(agreement.recipient_id).then_some(AgreementSide::Recipient)
    }
}

fn processor_admitted(facts: &Facts, viewer: &Viewer, agreement: AgreementId) -> bool {
    let Some(processor) = viewer.processor else { return true };
    facts.organisation_of(&processor.to_string()).is_some_and(|row| is_processor(facts, row.id, agreement))
}

/// Whether an agreement names an organisation as one that acts for its parties.
pub fn is_processor(facts: &Facts, organisation: OrganisationId, agreement: AgreementId) -> bool {
    facts.agreement_party.of(agreement).any(|party| {
        party.organisation_id == organisation
            && matches!(party.role, PartyRole::Processor | PartyRole::TechnicalOperator)
    })
}

/// Whether a viewer may see a contact: anyone a public one; others only the organisation's own people and those on the
/// other side of an agreement with it, and those of one agreement only its parties.
pub fn sees_contact(facts: &Facts, viewer: &Viewer, contact: &contact::Model) -> bool {
    if contact.publicity == Publicity::Public && contact.agreement_id.is_none() {
        return true;
    }
    let knows = |agreement: &agreement::Model| sight(facts, viewer, agreement) >= Some(Sight::Party);
    match contact.agreement_id {
        Some(id) => facts.agreement.get(id).is_some_and(|agreement| knows(agreement)),
        None => {
            (viewer.processor.is_none() && own_id(facts, viewer) == Some(contact.organisation_id))
                || audits(facts, viewer, &[contact.organisation_id])
                || facts.agreement.of(contact.organisation_id).any(|agreement| knows(agreement))
        }
    }
}

/// Organisation the viewer acts for, as the registry knows it.
pub fn own_id(facts: &Facts, viewer: &Viewer) -> Option<OrganisationId> {
    facts.organisation_of(&viewer.organisation?.to_string()).map(|row| row.id)
}

/// Organisation the viewer is of the people of; null for a processor, which knows only the agreements it is a party of.
pub fn own_people(facts: &Facts, viewer: &Viewer) -> Option<OrganisationId> {
    own_id(facts, viewer).filter(|_| viewer.processor.is_none())
}

/// Whether the viewer's own people stand for a party: as itself, or as the body that succeeded it.
pub fn stands_for(facts: &Facts, viewer: &Viewer, party: OrganisationId) -> bool {
    own_people(facts, viewer)
        .is_some_and(|own| party == own || crate::facts::successors(facts, party).any(|heir| heir == own))
}

/// Who keeps a log: the organisation whose it is, and the processor that acts for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogKeeper {
    /// Whose log.
    pub organisation: OrganisationId,
    /// Who acts for it under the agreements that name it; null when it acts itself.
    pub processor: Option<OrganisationId>,
}

impl From<OrganisationId> for LogKeeper {
    fn from(organisation: OrganisationId) -> Self {
        Self { organisation, processor: None }
    }
}

/// Whose log the viewer keeps: that of its own organisation; a processor, that of whom it acts for.
///
/// # Errors
/// Forbidden when the registry does not know the organisation, or none of its agreements names the processor.
pub fn log_keeper(facts: &Facts, viewer: &Viewer) -> Result<LogKeeper, Error> {
    let own = own_id(facts, viewer).ok_or(Error::Forbidden)?;
    let Some(processor) = viewer.processor else { return Ok(own.into()) };
    let processor = facts.organisation_of(processor.as_str()).ok_or(Error::Forbidden)?.id;
    let keeper = LogKeeper { organisation: own, processor: Some(processor) };
    if served(facts, own, processor).next().is_some() { Ok(keeper) } else { Err(Error::Forbidden) }
}

/// Agreements of an organisation that name a processor.
pub fn served(
    facts: &Facts,
    organisation: OrganisationId,
    processor: OrganisationId,
) -> impl Iterator<Item = AgreementId> {
    let parties = std::iter::once(organisation).chain(facts.predecessors(organisation));
    let agreements = parties.flat_map(|party| facts.agreement.of(party)).map(|agreement| agreement.id);
    agreements.filter(move |id| is_processor(facts, processor, *id))
}

/// Whether the viewer audits one of the organisations: its own, or any when it is the data-protection authority's.
pub fn audits(facts: &Facts, viewer: &Viewer, organisations: &[OrganisationId]) -> bool {
    viewer.is(Auditor)
        && (audits_all(facts, viewer) || own_people(facts, viewer).is_some_and(|own| organisations.contains(&own)))
}

/// Whether the viewer is an auditor of the data-protection authority, who audits everyone.
pub fn audits_all(facts: &Facts, viewer: &Viewer) -> bool {
    viewer.is(Auditor)
        && own_people(facts, viewer)
            .and_then(|own| facts.organisation.get(own))
            .is_some_and(|own| own.kind == OrganisationKind::DataProtectionAuthority)
}

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
    /// Suspend or resume an agreement: the discloser's officer's act.
    RunAgreement {
        /// Which.
        agreement: AgreementId,
    },
}

/// Judges an act on the fresh facts.
///
/// # Errors
/// Forbidden where the thing is known to exist, not found where it may not be known.
pub fn judge(facts: &Facts, viewer: &Viewer, act: Act) -> Result<Permit, Error> {
    let allowed = match act {
        Act::KeepOrganisations => viewer.is(Administrator),
        Act::KeepContacts { organisation } | Act::DraftAgreement { discloser: organisation } => {
            is_officer_of(facts, viewer, organisation)
        }
        Act::OfferRegister { controller } => is_officer_of(facts, viewer, controller),
        Act::KeepRegister { register } => {
            facts.register.get(register).is_some_and(|row| is_officer_of(facts, viewer, row.controller_id))
        }
        Act::RunAgreement { agreement } => {
            let row = facts.agreement.get(agreement).ok_or(Error::NotFound("agreement"))?;
            sight(facts, viewer, row).ok_or(Error::NotFound("agreement"))?;
            viewer.is(Officer) && side(facts, viewer, row) == Some(AgreementSide::Discloser)
        }
    };
    if !allowed {
        return Err(Error::Forbidden);
    }
    Ok(Permit { actor: actor(viewer) })
}

fn is_officer_of(facts: &Facts, viewer: &Viewer, organisation: OrganisationId) -> bool {
    viewer.is(Officer) && viewer.processor.is_none() && own_id(facts, viewer) == Some(organisation)
}

/// Name of the actor in the journal; a processor is named beside whom it acts for.
pub fn actor(viewer: &Viewer) -> String {
    match viewer.processor {
        Some(processor) => format!("{} via {processor}", viewer.actor()),
        None => viewer.actor(),
    }
}
