//! Organisations, whom to write to there, and what they may ask their clients to mandate.

use entity::{
    contact, contact_topic, mandating_right, organisation,
    vocabulary::{
        AuthorityStatus, BusinessId, ContactRole, ContactTopic, IdentifierSource, Language, MandatingRightStatus,
        OrganisationId, OrganisationKind, Publicity, StatusSubject,
    },
};

use super::{REGISTERS, Rows, day};
use crate::{Error, facts::Facts};

/// Theme the sample world's social welfare items require.
const THEME: &str = "M1";

/// First business number used; the sample world's own begin with 99.
const FIRST_NUMBER: usize = 7_000_000;

/// Role, topic and priority of an organisation's contacts, in turn. Technical support would come before the two that are
/// not the first.
const CONTACTS: [(ContactRole, ContactTopic, i32); 5] = [
    (ContactRole::TechnicalSupport, ContactTopic::Technical, 1),
    (ContactRole::DataExchangeDesk, ContactTopic::Agreement, 1),
    (ContactRole::DataProtectionOfficer, ContactTopic::DataProtection, 2),
    (ContactRole::InformationSecurityManager, ContactTopic::Security, 2),
    (ContactRole::LegalOfficer, ContactTopic::LegalBasis, 1),
];

/// Business id of the organisation with a number; every fourth number has room for one that is issued.
pub fn business_id(at: usize) -> Option<BusinessId> {
    let number = FIRST_NUMBER + 4 * at;
    (number..number + 4)
        .flat_map(|number| (0..10).map(move |check| format!("{number}-{check}")))
        .find_map(|text| text.parse().ok())
}

/// Controllers of the registers, then municipalities, each of which may ask for mandates.
pub(super) fn organisations(rows: &mut Rows, facts: &Facts, count: usize) -> Result<Vec<OrganisationId>, Error> {
    let theme = facts.mandate_theme.by_key(THEME).ok_or_else(|| Error::internal("no mandate theme M1"))?.id;
    let mut ids = Vec::with_capacity(count);
    for at in 0..count {
        let id = rows.id();
        let (kind, name) = match at {
            0..REGISTERS => (OrganisationKind::StateAgency, format!("Virasto {}", at + 1)),
            _ => (OrganisationKind::Municipality, format!("Kunta {at:04}")),
        };
        let row = organisation::Model {
            id,
            business_id: Some(business_id(at).ok_or_else(|| Error::internal("no business id left"))?),
            ovt_code: None,
            oid: None,
            name_sv: Some(name.replace("Kunta", "Kommun").replace("Virasto", "Ämbetsverk")),
            name_en: Some(name.replace("Kunta", "Municipality").replace("Virasto", "Agency")),
            name_fi: name,
            kind,
            authority_status: AuthorityStatus::Authority,
            country: "FI".to_owned(),
            municipality_code: None,
            county_code: None,
            identifier_source: IdentifierSource::Synthetic,
            dissolved_on: None,
            successor_id: None,
        };
        rows.put(row);
        ids.push(id);
    }
    for organisation_id in ids.iter().skip(REGISTERS).copied() {
        let id = rows.id();
        let row = mandating_right::Model {
            id,
            organisation_id,
            mandate_theme_id: theme,
            application: None,
            status: MandatingRightStatus::Granted,
            applied_on: day(2021, 1, 10),
            decided_on: Some(day(2021, 2, 1)),
            valid_until: None,
        };
        rows.put(row);
        let history =
            [(MandatingRightStatus::Applied, day(2021, 1, 10)), (MandatingRightStatus::Granted, day(2021, 2, 1))];
        rows.history(StatusSubject::MandatingRight, id, &history);
    }
    Ok(ids)
}

/// Role mailboxes, the same number for every organisation.
pub(super) fn contacts(rows: &mut Rows, organisations: &[OrganisationId], count: usize) {
    let places = CONTACTS.iter().cycle().flat_map(|contact| organisations.iter().map(move |id| (*contact, *id)));
    for (at, ((role, topic, priority), organisation_id)) in places.take(count).enumerate() {
        let id = rows.id();
        let row = contact::Model {
            id,
            organisation_id,
            agreement_id: None,
            role,
            name_fi: "Tekninen tuki ja tietopyynnöt".to_owned(),
            name_sv: None,
            name_en: Some("Support and data requests".to_owned()),
            email: Some(format!("desk-{at}@example.fi")),
            phone: Some("+358 29 000 0000".to_owned()),
            languages: [Language::Fi, Language::Sv].into_iter().collect(),
            priority,
            escalates_to_id: None,
            publicity: Publicity::Public,
            confirmed_on: Some(day(2026, 1, 15)),
            retired_on: None,
        };
        rows.put(row);
        let row = contact_topic::Model { id: rows.id(), contact_id: id, topic };
        rows.put(row);
    }
}
