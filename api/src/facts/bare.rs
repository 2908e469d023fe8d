//! Rows as bare as the tables allow, for tests that say only what they are about.

use entity::{
    agreement, legal_basis, organisation, register, scope,
    vocabulary::{
        Admission, AgreementId, AgreementKind, AgreementStatus, AuthorityStatus, Channel, Evidence, IdentifierSource,
        Instant, Jurisdiction, LegalBasisId, NecessityCheck, OrganisationId, OrganisationKind, ProposalStatus,
        Publicity, RegisterId, Regularity, ScopeId, ScopeStatus,
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

/// Confirmed provision in force that gives a right to receive electronically and overrides no secrecy.
pub fn legal_basis(id: LegalBasisId) -> legal_basis::Model {
    legal_basis::Model {
        id,
        jurisdiction: Jurisdiction::Fi,
        number: 1,
        year: 2020,
        chapter: None,
        section: "1".to_owned(),
        moment: None,
        item: None,
        subitem: None,
        citation: "1/2020 1 §".to_owned(),
        eli: None,
        title_fi: "Laki".to_owned(),
        title_sv: None,
        title_en: None,
        summary_fi: None,
        summary_sv: None,
        summary_en: None,
        threshold: None,
        allows_electronic: true,
        overrides_secrecy: false,
        informs_subject_beforehand: false,
        valid_from: Instant::UNIX_EPOCH,
        valid_until: None,
        superseded_by_id: None,
        checked_on: Instant::UNIX_EPOCH.date_naive(),
        evidence: Evidence::PrimaryText,
        status: ProposalStatus::Confirmed,
        proposed_by: "admin-1".to_owned(),
        confirmed_by: Some("admin-2".to_owned()),
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

/// First scope over the technical interface, defined and no more.
pub fn scope(id: ScopeId, agreement_id: AgreementId) -> scope::Model {
    scope::Model {
        id,
        agreement_id,
        channel: Channel::TechnicalInterface,
        version: 1,
        regularity: Regularity::AdHoc,
        status: ScopeStatus::Defined,
        necessity_check: NecessityCheck::CaseReference,
        mode_justification: None,
        mode_justification_text: None,
        admission: Admission::None,
        structure_version: None,
        defined_on: Instant::UNIX_EPOCH.date_naive(),
        planned_on: None,
        retention_days: None,
    }
}
