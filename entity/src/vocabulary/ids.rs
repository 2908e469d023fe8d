//! Row identifiers: one type per table, so that no id is taken for another.

use std::fmt;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Identifier of a row of one table.
pub trait RowId: Copy + Ord + std::hash::Hash + fmt::Debug + Send + Sync + From<Uuid> + Into<Uuid> + 'static {
    /// Table the id belongs to; also the word before the colon of its global id.
    const TABLE: &'static str;
}

macro_rules! row_ids {
    ($($name:ident = $table:literal),+ $(,)?) => {$(
        #[doc = concat!("Identifier of a row of `", $table, "`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl RowId for $name {
            const TABLE: &'static str = $table;
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:{}", $table, self.0)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64($table))
            }
        }
    )+};
}

row_ids! {
    OrganisationId = "organisation",
    OrganisationXroadId = "organisation_xroad",
    OrganisationKeyId = "organisation_key",
    PurposeId = "purpose",
    LegalBasisId = "legal_basis",
    RegisterId = "register",
    RegisterAlternativeId = "register_alternative",
    DataItemQualifierId = "data_item_qualifier",
    DataItemId = "data_item",
    EntitlementId = "entitlement",
    MandateThemeId = "mandate_theme",
    MandatingRightId = "mandating_right",
    AgreementId = "agreement",
    AgreementPartyId = "agreement_party",
    AgreementVersionId = "agreement_version",
    AgreementBasisId = "agreement_basis",
    DocumentId = "document",
    ContactId = "contact",
    ContactTopicId = "contact_topic",
    SignatureId = "signature",
    ProtectionStatementId = "protection_statement",
    StatementAnswerId = "statement_answer",
    ScopeId = "scope",
    ScopePurposeId = "scope_purpose",
    ScopeItemId = "scope_item",
    ScopeItemBasisId = "scope_item_basis",
    ScopeItemMandateId = "scope_item_mandate",
    OnwardRuleId = "onward_rule",
    OnwardRuleItemId = "onward_rule_item",
    OnwardRuleBasisId = "onward_rule_basis",
    AccessGrantId = "access_grant",
    AdoptionPlanId = "adoption_plan",
    InquiryId = "inquiry",
    IncidentId = "incident",
    UsageReviewId = "usage_review",
    RetentionRuleId = "retention_rule",
    StatusEntryId = "status_entry",
    DisclosureWithholdingId = "disclosure_withholding",
    AnomalyDecisionId = "anomaly_decision",
    InternedId = "interned",
    DisclosureId = "disclosure",
    TallyId = "tally",
    AnomalyId = "anomaly",
}
