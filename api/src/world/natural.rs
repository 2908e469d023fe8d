//! By what a row is known without its id: the same file read twice finds the rows it made.

use crate::facts::{Edit, Registered, Row};

/// Row with a natural key, its parents named by their ids.
pub(super) trait Natural: Registered + Clone + Into<Edit> {
    /// Natural key.
    fn natural(&self) -> String;

    /// Row under another id.
    fn with_id(self, id: Self::Id) -> Self;
}

macro_rules! natural {
    ($($variant:ident $module:ident |$row:ident| $key:expr;)+) => {
        $(impl Natural for entity::$module::Model {
            fn natural(&self) -> String {
                let $row = self;
                format!("{:?}", $key)
            }

            fn with_id(self, id: Self::Id) -> Self {
                Self { id, ..self }
            }
        })+

        /// Natural key of any row; none for decisions about rows outside the registry, for what became of them, and for
        /// webhooks, whose secret is this gateway's alone.
        pub(super) fn natural_key(row: &Row) -> Option<String> {
            match row {
                $(Row::$variant(row) => Some(row.natural()),)+
                Row::DisclosureWithholding(_)
                | Row::AnomalyDecision(_)
                | Row::DroppedMonth(_)
                | Row::Webhook(_) => None,
            }
        }
    };
}

natural! {
    Organisation organisation |row| (row.business_id, row.business_id.is_none().then_some(&row.name_fi));
    OrganisationXroad organisation_xroad |row| &row.xroad_id;
    OrganisationKey organisation_key |row| &row.kid;
    Purpose purpose |row| &row.code;
    LegalBasis legal_basis |row| (&row.citation, row.valid_from);
    Register register |row| &row.code;
    RegisterAlternative register_alternative |row| (row.register_id, row.kind);
    DataItemQualifier data_item_qualifier |row| (row.register_id, &row.code);
    DataItem data_item |row| (row.register_id, &row.code);
    Entitlement entitlement |row| (
        row.legal_basis_id, row.role, row.register_id, (row.recipient_kind, row.recipient_id, row.authority_status),
        &row.item_code, row.purpose_id, row.channel, row.operation, row.valid_from
    );
    MandateTheme mandate_theme |row| &row.code;
    MandatingRight mandating_right |row| (row.organisation_id, row.mandate_theme_id, row.applied_on);
    Agreement agreement |row| &row.number;
    AgreementParty agreement_party |row| (row.agreement_id, row.organisation_id, row.role);
    AgreementNotice agreement_notice |row| (row.agreement_id, row.given_by_id, row.given_at);
    AgreementVersion agreement_version |row| (row.agreement_id, row.version);
    AgreementBasis agreement_basis |row| (row.agreement_id, row.legal_basis_id, row.role);
    Document document |row| (row.agreement_id, row.owner_id, &row.title, row.ordinal);
    Contact contact |row| (
        row.organisation_id, row.agreement_id, row.role, &row.email, row.email.is_none().then_some(&row.phone)
    );
    ContactTopic contact_topic |row| (row.contact_id, row.topic);
    Signature signature |row| (row.agreement_id, row.organisation_id, row.version, row.act, row.signed_at);
    ProtectionStatement protection_statement |row| (
        row.register_id, row.recipient_id, row.discloser_id, row.channel, row.version
    );
    StatementAnswer statement_answer |row| (row.protection_statement_id, &row.question_code);
    Scope scope |row| (row.agreement_id, row.channel, row.version);
    ScopePurpose scope_purpose |row| (row.scope_id, row.purpose_id);
    ScopeItem scope_item |row| (row.scope_id, &row.item_code, row.operation);
    ScopeItemBasis scope_item_basis |row| (row.scope_item_id, row.agreement_basis_id);
    ScopeItemMandate scope_item_mandate |row| (row.scope_item_id, row.mandate_theme_id);
    OnwardRule onward_rule |row| (row.agreement_id, row.recipient_kind, row.purpose_id, row.valid_from);
    OnwardRuleItem onward_rule_item |row| (row.onward_rule_id, &row.item_code);
    OnwardRuleBasis onward_rule_basis |row| (row.onward_rule_id, row.agreement_basis_id);
    AccessGrant access_grant |row| (row.scope_id, &row.user_pseudonym, row.valid_from, &row.task);
    AdoptionPlan adoption_plan |row| (row.agreement_id, row.step);
    Inquiry inquiry |row| (row.organisation_id, row.register_id, row.asked_at);
    Incident incident |row| (row.agreement_id, row.reporter_id, row.kind, row.occurred_at);
    UsageReview usage_review |row| (row.agreement_id, row.from_on, row.until_on);
    RetentionRule retention_rule |row| (
        row.register_id, row.legal_basis_id, row.legal_basis_id.is_none().then_some(&row.source)
    );
    StatusEntry status_entry |row| (row.subject_kind, row.subject_id, row.ordinal);
}
