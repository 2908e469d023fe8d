//! Row identifiers: one type per table, so that no id is taken for another.

use std::{fmt, str::FromStr};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Malformed;

/// Identifier of a row of one table.
pub trait RowId: Copy + Ord + std::hash::Hash + fmt::Debug + Send + Sync + From<Uuid> + Into<Uuid> + 'static {
    /// Table the id belongs to; also the word before the colon of its global id.
    const TABLE: &'static str;
}

/// Characters of a UUID with its hyphens.
const UUID_CHARACTERS: usize = 36;

/// Row of a global id of one table.
fn row_of(text: &str, table: &str) -> Option<Uuid> {
    table_and_row(text).filter(|(named, _)| *named == table).map(|(_, row)| row)
}

/// Table and row a global id names, whatever the table; none when it is no global id.
pub fn table_and_row(text: &str) -> Option<(&str, Uuid)> {
    let (table, row) = text.split_once(':')?;
    let row = (row.len() == UUID_CHARACTERS).then(|| Uuid::try_parse(row).ok())??;
    Some((table, row))
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

        impl crate::placed::Placed for $name {
            fn of(
                value: sea_orm::sqlx::postgres::PgValueRef<'_>,
            ) -> Result<Self, sea_orm::sqlx::error::BoxDynError> {
                Uuid::of(value).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            /// Row of a global id, the table and the row: `agreement:0198…`.
            fn from_str(text: &str) -> Result<Self, Malformed> {
                let fault = Malformed {
                    what: concat!("id of `", $table, "`"),
                    why: concat!("form is not `", $table, ":` and a UUID"),
                };
                row_of(text, $table).map(Self).ok_or(fault)
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
    AgreementNoticeId = "agreement_notice",
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
    DroppedMonthId = "dropped_month",
    StatusEntryId = "status_entry",
    SubjectLookupId = "subject_lookup",
    DisclosureWithholdingId = "disclosure_withholding",
    AnomalyDecisionId = "anomaly_decision",
    InternedId = "interned",
    DisclosureId = "disclosure",
    TallyId = "tally",
    AnomalyId = "anomaly",
    WebhookId = "webhook",
    WebhookDeliveryId = "webhook_delivery",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_read_back_as_the_row_it_names() {
        let row = AgreementId(Uuid::from_u128(7));
        assert_eq!(row.to_string().parse(), Ok(row));
    }

    #[test]
    fn id_of_another_table_or_form_is_malformed() {
        let scope = ScopeId(Uuid::nil()).to_string();
        for text in [&scope, "", "agreement", "agreement:", "agreement:1", "agreement:00000000000000000000000000000007"]
        {
            let fault = text.parse::<AgreementId>().map_err(|fault| fault.to_string());
            assert_eq!(fault, Err("malformed id of `agreement`: form is not `agreement:` and a UUID".to_owned()));
        }
    }
}
