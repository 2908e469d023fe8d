//! Rows whose columns that no decision reads are filled once, here.

use entity::{
    access_grant, agreement, agreement_basis, data_item, data_item_qualifier, entitlement, legal_basis, mandate_theme,
    mandating_right, onward_rule, organisation, protection_statement, purpose, register, scope, status_entry,
    vocabulary::{
        AccessGrantId, Adequacy, Admission, AgreementBasisId, AgreementId, AgreementKind, AgreementStatus,
        AuthorityStatus, BasisRole, Channel, Codes, DataItemId, DataItemQualifierId, Day, EntitlementId, Evidence,
        IdentifierSource, Instant, ItemCode, Jurisdiction, LegalBasisId, MandateThemeId, MandateThemeStatus,
        MandatingRightId, MandatingRightStatus, NecessityCheck, OnwardRecipientKind, OnwardRuleId, Operation,
        OrganisationId, OrganisationKind, ProposalStatus, ProtectionStatementId, Publicity, PurposeId, RegisterId,
        Regularity, ScopeId, ScopeStatus, StatementStatus, StatusEntryId, StatusSubject,
    },
};
use uuid::Uuid;

/// Day every world turns on; summer time begins and ends within reach of it.
pub fn middle() -> Day {
    Day::from_ymd_opt(2026, 6, 15).unwrap_or_default()
}

pub fn item_code(text: &str) -> ItemCode {
    text.parse().unwrap_or_else(|fault| panic!("`{text}`: {fault}"))
}

pub fn organisation(id: OrganisationId, kind: OrganisationKind, status: AuthorityStatus) -> organisation::Model {
    organisation::Model {
        id,
        business_id: None,
        ovt_code: None,
        oid: None,
        name_fi: String::new(),
        name_sv: None,
        name_en: None,
        kind,
        authority_status: status,
        country: "FI".to_owned(),
        municipality_code: None,
        county_code: None,
        identifier_source: IdentifierSource::Synthetic,
        dissolved_on: None,
        successor_id: None,
    }
}

pub fn register(id: RegisterId, code: &str, controller_id: OrganisationId) -> register::Model {
    register::Model {
        id,
        code: code.to_owned(),
        name_fi: String::new(),
        name_sv: None,
        name_en: None,
        controller_id,
        channels: Codes::default(),
        structure_version: None,
        structure_url: None,
    }
}

pub fn purpose(id: PurposeId, code: &str) -> purpose::Model {
    purpose::Model { id, code: code.to_owned(), name_fi: String::new(), name_sv: None, name_en: None, dpv_iri: None }
}

pub fn qualifier(id: DataItemQualifierId, register_id: RegisterId, code: &str) -> data_item_qualifier::Model {
    data_item_qualifier::Model {
        id,
        register_id,
        code: code.to_owned(),
        name_fi: String::new(),
        name_sv: None,
        name_en: None,
    }
}

pub fn data_item(id: DataItemId, register_id: RegisterId, code: &str, valid_from: Instant) -> data_item::Model {
    data_item::Model {
        id,
        register_id,
        code: item_code(code),
        name_fi: String::new(),
        name_sv: None,
        name_en: None,
        is_personal: false,
        is_secret: false,
        is_identity_code: false,
        special_category: false,
        is_public: false,
        secrecy_basis_id: None,
        valid_from,
        valid_until: None,
    }
}

pub fn legal_basis(id: LegalBasisId, number: i32, valid_from: Instant) -> legal_basis::Model {
    legal_basis::Model {
        id,
        jurisdiction: Jurisdiction::Fi,
        number,
        year: 2020,
        chapter: None,
        section: "1".to_owned(),
        moment: None,
        item: None,
        subitem: None,
        citation: format!("{number}/2020 1 §"),
        eli: None,
        title_fi: String::new(),
        title_sv: None,
        title_en: None,
        summary_fi: None,
        summary_sv: None,
        summary_en: None,
        threshold: None,
        allows_electronic: true,
        overrides_secrecy: false,
        informs_subject_beforehand: false,
        valid_from,
        valid_until: None,
        superseded_by_id: None,
        checked_on: middle(),
        evidence: Evidence::Memory,
        status: ProposalStatus::Confirmed,
        proposed_by: String::new(),
        confirmed_by: None,
    }
}

pub fn entitlement(id: EntitlementId, law: LegalBasisId, code: ItemCode, channel: Channel) -> entitlement::Model {
    entitlement::Model {
        id,
        legal_basis_id: law,
        role: BasisRole::RightToReceive,
        register_id: Uuid::nil().into(),
        recipient_kind: None,
        recipient_id: None,
        authority_status: None,
        item_code: code,
        purpose_id: Uuid::nil().into(),
        channel,
        operation: Operation::Read,
        guide_url: None,
        valid_from: Instant::UNIX_EPOCH,
        valid_until: None,
        status: ProposalStatus::Confirmed,
        proposed_by: String::new(),
        confirmed_by: None,
    }
}

pub fn mandate_theme(id: MandateThemeId, code: &str, status: MandateThemeStatus) -> mandate_theme::Model {
    mandate_theme::Model {
        id,
        code: code.to_owned(),
        uri: None,
        name_fi: String::new(),
        name_sv: None,
        name_en: None,
        status,
        owner_id: None,
    }
}

pub fn mandating_right(
    id: MandatingRightId,
    organisation_id: OrganisationId,
    mandate_theme_id: MandateThemeId,
    status: MandatingRightStatus,
) -> mandating_right::Model {
    mandating_right::Model {
        id,
        organisation_id,
        mandate_theme_id,
        application: None,
        status,
        applied_on: middle(),
        decided_on: None,
        valid_until: None,
    }
}

pub fn agreement(
    id: AgreementId,
    number: String,
    parties: (OrganisationId, OrganisationId),
    register_id: RegisterId,
) -> agreement::Model {
    agreement::Model {
        id,
        number,
        case_register_id: None,
        kind: AgreementKind::Agreement,
        discloser_id: parties.0,
        recipient_id: parties.1,
        register_id,
        status: AgreementStatus::Active,
        signed_on: None,
        starts_on: None,
        ends_on: None,
        termination_reason: None,
        supersedes_id: None,
        drafted_by_id: parties.0,
        catalogue_version: 1,
        publicity: Publicity::Public,
        version: 1,
        content_hash: None,
    }
}

pub fn agreement_basis(
    id: AgreementBasisId,
    agreement_id: AgreementId,
    law: LegalBasisId,
    role: BasisRole,
    adequacy: Adequacy,
) -> agreement_basis::Model {
    agreement_basis::Model {
        id,
        agreement_id,
        legal_basis_id: law,
        role,
        adequacy,
        reviewed_by: None,
        reviewed_at: None,
        note: None,
    }
}

pub fn scope(id: ScopeId, agreement_id: AgreementId, channel: Channel, version: i32) -> scope::Model {
    scope::Model {
        id,
        agreement_id,
        channel,
        version,
        regularity: Regularity::AdHoc,
        status: ScopeStatus::Open,
        necessity_check: NecessityCheck::PendingMatterCheck,
        mode_justification: None,
        mode_justification_text: None,
        admission: Admission::None,
        structure_version: None,
        defined_on: middle(),
        planned_on: None,
        retention_days: None,
    }
}

pub fn onward_rule(
    id: OnwardRuleId,
    agreement_id: AgreementId,
    recipient_kind: OnwardRecipientKind,
    purpose_id: PurposeId,
) -> onward_rule::Model {
    onward_rule::Model {
        id,
        agreement_id,
        recipient_kind,
        purpose_id,
        threshold: None,
        valid_from: Instant::UNIX_EPOCH,
        valid_until: None,
    }
}

pub fn access_grant(id: AccessGrantId, scope_id: ScopeId, user_pseudonym: &str) -> access_grant::Model {
    access_grant::Model {
        id,
        scope_id,
        user_pseudonym: user_pseudonym.to_owned(),
        key_version: 1,
        task: String::new(),
        decided_by: "supervisor".to_owned(),
        granted_at: None,
        valid_from: Instant::UNIX_EPOCH,
        valid_until: None,
        revoked_at: None,
        revocation_reason: None,
    }
}

pub fn statement(
    id: ProtectionStatementId,
    register_id: RegisterId,
    parties: (OrganisationId, OrganisationId),
    channel: Channel,
    status: StatementStatus,
) -> protection_statement::Model {
    protection_statement::Model {
        id,
        register_id,
        recipient_id: parties.1,
        discloser_id: parties.0,
        channel,
        required_by_id: None,
        version: 1,
        status,
        dated_on: None,
        catalogue_version: 1,
        recipient_collects_logs: true,
        discloser_log_confirmed: true,
        valid_until: None,
        next_review_on: None,
        publicity: Publicity::PublicationRestricted,
        decision_text: None,
    }
}

pub fn status_entry(
    id: StatusEntryId,
    subject: (StatusSubject, Uuid),
    ordinal: i32,
    status: &str,
    from_at: Instant,
) -> status_entry::Model {
    status_entry::Model {
        id,
        subject_kind: subject.0,
        subject_id: subject.1,
        ordinal,
        status: status.into(),
        from_at,
        actor: "".into(),
        reason: None,
        document_id: None,
    }
}
