//! Rows as bare as the tables allow, for tests that say only what they are about.

use entity::{
    agreement, organisation, register,
    vocabulary::{
        AgreementId, AgreementKind, AgreementStatus, AuthorityStatus, Channel, IdentifierSource, OrganisationId,
        OrganisationKind, Publicity, RegisterId,
    },
};

/// Authority of the state that exists and took nobody's place.
pub fn organisation(id: OrganisationId) -> organisation::Model {
    organisation::Model {
        id,
        business_id: None,
        ovt_code: None,
        oid: None,
        name_fi: "Virasto".to_owned(),
        name_sv: None,
        name_en: None,
        kind: OrganisationKind::StateAgency,
        authority_status: AuthorityStatus::Authority,
        country: "FI".to_owned(),
        municipality_code: None,
        county_code: None,
        identifier_source: IdentifierSource::Synthetic,
        dissolved_on: None,
        successor_id: None,
    }
}

/// Register that is offered over the technical interface.
pub fn register(id: RegisterId, controller_id: OrganisationId) -> register::Model {
    register::Model {
        id,
        code: "REG".to_owned(),
        name_fi: "Rekisteri".to_owned(),
        name_sv: None,
        name_en: None,
        controller_id,
        channels: [Channel::TechnicalInterface].into_iter().collect(),
        structure_version: None,
        structure_url: None,
    }
}

/// Public draft of the discloser without term.
pub fn agreement(
    id: AgreementId,
    discloser_id: OrganisationId,
    recipient_id: OrganisationId,
    register_id: RegisterId,
) -> agreement::Model {
    agreement::Model {
        id,
        number: "KEL-1".to_owned(),
        case_register_id: None,
        kind: AgreementKind::Agreement,
        discloser_id,
        recipient_id,
        register_id,
        status: AgreementStatus::Draft,
        signed_on: None,
        starts_on: None,
        ends_on: None,
        termination_reason: None,
        supersedes_id: None,
        drafted_by_id: discloser_id,
        catalogue_version: 1,
        publicity: Publicity::Public,
        version: 1,
        content_hash: None,
    }
}
