//! For whom a viewer stands: its own organisation, whose place that took, and a processor only what names it.

use entity::{
    agreement,
    vocabulary::{AgreementId, AgreementSide, Instant, OrganisationId, OrganisationKind, PartyRole},
};

use crate::{
    auth::{Role, Viewer},
    decision,
    facts::{self, Facts},
};

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
    own_people(facts, viewer).is_some_and(|own| facts::stands_for(facts, own, party))
}

/// Side the viewer's organisation is on in an agreement. A processor must be a party of it.
pub fn side(facts: &Facts, viewer: &Viewer, agreement: &agreement::Model) -> Option<AgreementSide> {
    let own = own_id(facts, viewer)?;
    if !processor_admitted(facts, viewer, agreement.id) {
        return None;
    }
    if facts::stands_for(facts, own, agreement.discloser_id) {
        Some(AgreementSide::Discloser)
    } else {
        facts::stands_for(facts, own, agreement.recipient_id).then_some(AgreementSide::Recipient)
    }
}

/// Side on which the viewer does the acts of an agreement: its officers'.
pub fn acting_side(facts: &Facts, viewer: &Viewer, agreement: &agreement::Model) -> Option<AgreementSide> {
    side(facts, viewer, agreement).filter(|_| viewer.is(Role::Officer))
}

/// Side whose acts a viewer is offered at an instant: none where its body has ceased, for its successor's people act.
pub fn offered_side(
    facts: &Facts,
    viewer: &Viewer,
    agreement: &agreement::Model,
    at: Instant,
) -> Option<AgreementSide> {
    acting_side(facts, viewer, agreement).filter(|_| !has_ceased(facts, viewer, at))
}

/// Whether the organisation the viewer acts for has ceased to exist.
pub fn has_ceased(facts: &Facts, viewer: &Viewer, at: Instant) -> bool {
    let own = own_id(facts, viewer).and_then(|own| facts.party(own));
    own.is_some_and(|row| !decision::exists(row, at))
}

fn processor_admitted(facts: &Facts, viewer: &Viewer, agreement: AgreementId) -> bool {
    let Some(processor) = viewer.processor else { return true };
    let Some(own) = own_id(facts, viewer) else { return false };
    facts.organisation_of(&processor.to_string()).is_some_and(|row| is_processor(facts, (row.id, own), agreement))
}

/// Whether an agreement names an organisation as one that acts for a party. Until both have agreed on a content only the
/// discloser says who does, and for itself; afterwards whom both agreed on.
pub fn is_processor(
    facts: &Facts,
    (organisation, party): (OrganisationId, OrganisationId),
    agreement: AgreementId,
) -> bool {
    let serves = |role| matches!(role, PartyRole::Processor | PartyRole::TechnicalOperator);
    let parties = facts.agreement_party.of(agreement);
    let mut named = parties.filter(|named| named.organisation_id == organisation && serves(named.role)).peekable();
    let (Some(_), Some(dossier)) = (named.peek(), facts.dossier(agreement)) else { return false };
    let discloses = facts::in_succession(facts, party, dossier.row.discloser_id);
    named.any(|named| decision::is_agreed_party(facts, dossier, named).unwrap_or(discloses))
}

/// Whether the viewer audits one of the organisations: its own, one whose place its own took, or any when it is the
/// data-protection authority's.
pub fn audits(facts: &Facts, viewer: &Viewer, organisations: &[OrganisationId]) -> bool {
    viewer.is(Role::Auditor)
        && (audits_all(facts, viewer) || organisations.iter().any(|party| stands_for(facts, viewer, *party)))
}

/// Whether a viewer reads an organisation's record of processing activities: its own people do, and who audits it.
pub fn keeps_records_of(facts: &Facts, viewer: &Viewer, organisation: OrganisationId) -> bool {
    let works = viewer.is(Role::Officer) || viewer.is(Role::System);
    (works && stands_for(facts, viewer, organisation)) || audits(facts, viewer, &[organisation])
}

/// Whether the viewer is an auditor of the data-protection authority, who audits everyone.
pub fn audits_all(facts: &Facts, viewer: &Viewer) -> bool {
    viewer.is(Role::Auditor)
        && own_people(facts, viewer)
            .and_then(|own| facts.organisation.get(own))
            .is_some_and(|own| own.kind == OrganisationKind::DataProtectionAuthority)
}
