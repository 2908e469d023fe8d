//! What each registry table is looked up by: its natural key and its parents.

use entity::{
    placed::PlacedRow,
    vocabulary::{ItemCode, RegisterId, RowId, instant_text},
};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Row of the registry: what the facts need to know of every table.
pub trait Registered: FromQueryResult + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its identifier.
    type Id: RowId;

    /// Whether a registry mostly consists of such rows.
    const IS_LARGE: bool = false;

    /// Identifier of the row.
    fn id(&self) -> Self::Id;

    /// Row of a query for all columns in their order.
    ///
    /// # Errors
    /// The engine's own when a column is not what it should be.
    fn made(row: &QueryResult) -> Result<Self, DbErr> {
        Self::from_query_result(row, "")
    }

    /// Rows it belongs to or points at, by which it is looked up.
    fn parents(&self) -> impl Iterator<Item = Uuid>;

    /// Natural key; null where the row has none.
    fn key(&self) -> Option<String> {
        None
    }
}

macro_rules! registered {
    ($($module:ident $id:ident [$($parent:ident),*] [$($optional:ident),*] $(by $made:ident)? $(key |$model:ident| $key:expr)?;)+) => {$(
        impl Registered for entity::$module::Model {
            type Id = entity::vocabulary::$id;

            fn id(&self) -> Self::Id {
                self.id
            }

            $(const IS_LARGE: bool = true;

            fn made(row: &QueryResult) -> Result<Self, DbErr> {
                $made(row)
            })?

            fn parents(&self) -> impl Iterator<Item = Uuid> {
                let parents: [Option<Uuid>; _] = [$(Some(self.$parent.into()),)* $(self.$optional.map(Uuid::from)),*];
                parents.into_iter().flatten()
            }

            $(fn key(&self) -> Option<String> {
                let $model = self;
                $key
            })?
        }
    )+};
}

/// Natural key of a data item: items of one register stand together, in the order of their codes.
pub fn data_item_key(register: RegisterId, code: &str) -> String {
    format!("{}/{code}", register.0)
}

/// Natural key of a provision's wordings starts with its citation; the wordings stand in the order of their days.
pub fn citation_key(citation: &str) -> String {
    format!("{citation}\u{1f}")
}

/// Natural key of an end user's grants in a scope.
pub fn grant_key_prefix(scope: entity::vocabulary::ScopeId, user_pseudonym: &str) -> String {
    format!("{}/{user_pseudonym}/", scope.0)
}

registered! {
    organisation OrganisationId [] [successor_id] key |row| row.business_id.map(|id| id.to_string());
    organisation_xroad OrganisationXroadId [organisation_id] [] key |row| Some(row.xroad_id.to_string());
    organisation_key OrganisationKeyId [organisation_id] [] key |row| Some(row.kid.clone());
    purpose PurposeId [] [] key |row| Some(row.code.clone());
    legal_basis LegalBasisId [] [superseded_by_id] key |row| Some(format!("{}{}", citation_key(&row.citation), instant_text(row.valid_from)));
    register RegisterId [controller_id] [] key |row| Some(row.code.clone());
    register_alternative RegisterAlternativeId [register_id] [];
    data_item_qualifier DataItemQualifierId [register_id] [] key |row| Some(data_item_key(row.register_id, &row.code));
    data_item DataItemId [register_id] [] key |row| Some(data_item_key(row.register_id, code_text(&row.code)));
    entitlement EntitlementId [legal_basis_id, register_id] [recipient_id];
    mandate_theme MandateThemeId [] [] key |row| Some(row.code.clone());
    mandating_right MandatingRightId [organisation_id, mandate_theme_id] [];
    agreement AgreementId [discloser_id, recipient_id, register_id] [supersedes_id] key |row| Some(row.number.clone());
    agreement_party AgreementPartyId [agreement_id, organisation_id] [];
    agreement_notice AgreementNoticeId [agreement_id, given_by_id] [];
    agreement_version AgreementVersionId [agreement_id] [];
    agreement_basis AgreementBasisId [agreement_id, legal_basis_id] [] by places;
    document DocumentId [owner_id] [agreement_id];
    contact ContactId [organisation_id] [agreement_id];
    contact_topic ContactTopicId [contact_id] [];
    signature SignatureId [agreement_id] [] by places;
    protection_statement ProtectionStatementId [recipient_id, discloser_id, register_id] [] by places;
    statement_answer StatementAnswerId [protection_statement_id] [];
    scope ScopeId [agreement_id] [] by places;
    scope_purpose ScopePurposeId [scope_id] [] by places;
    scope_item ScopeItemId [scope_id] [] by places;
    scope_item_basis ScopeItemBasisId [scope_item_id] [] by places;
    scope_item_mandate ScopeItemMandateId [scope_item_id] [] by places;
    onward_rule OnwardRuleId [agreement_id] [];
    onward_rule_item OnwardRuleItemId [onward_rule_id] [];
    onward_rule_basis OnwardRuleBasisId [onward_rule_id] [];
    access_grant AccessGrantId [scope_id] [] key |row| Some(format!("{}{}", grant_key_prefix(row.scope_id, &row.user_pseudonym), row.id.0));
    adoption_plan AdoptionPlanId [agreement_id] [];
    inquiry InquiryId [organisation_id, register_id] [];
    incident IncidentId [agreement_id] [];
    usage_review UsageReviewId [agreement_id] [];
    retention_rule RetentionRuleId [register_id] [];
    status_entry StatusEntryId [subject_id] [] by places;
    disclosure_withholding DisclosureWithholdingId [disclosure_id] [];
    anomaly_decision AnomalyDecisionId [anomaly_id] [];
    webhook WebhookId [organisation_id] [];
    dropped_month DroppedMonthId [] [] key |row| Some(row.month_on.to_string());
}

/// A table with many rows reads its columns by their places.
fn places<M: PlacedRow>(row: &QueryResult) -> Result<M, DbErr> {
    M::of(row)
}

fn code_text(code: &ItemCode) -> &str {
    code.node()
}
