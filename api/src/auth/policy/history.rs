//! What a viewer sees of the journal: of which changes it may know, and which of their rows.
//!
//! A change says no more than the objects it was done to: who may not see an incident, a protection statement's answers, a
//! document or whose access was granted does not learn of them here either. What is named in no line stays unseen.

use entity::{
    change,
    vocabulary::{
        AccessGrantId, AgreementId, DocumentId, IncidentId, InquiryId, OrganisationId, OrganisationKeyId,
        ProtectionStatementId, RowId, UsageReviewId, WebhookId, table_and_row,
    },
    webhook,
};
use uuid::Uuid;

use super::{
    Sight, audits, own_people, sees_contact, sees_every_change, sees_grants, sees_incident, sees_inquiry,
    sees_mandating_right, sees_statement, sight, stands_for,
};
use crate::{
    auth::{Role, Viewer},
    facts::{Facts, Row},
    journal::subject_table,
};

/// Whether a viewer may know that a change was made; `concerned` are the agreements, protection statements and
/// organisations it concerns. Its own people's acts are known to an organisation, and what was done to itself.
pub fn sees_change(facts: &Facts, viewer: &Viewer, change: &change::Model, concerned: &[Uuid]) -> bool {
    if sees_every_change(facts, viewer) || is_own(facts, viewer, change) {
        return true;
    }
    let is_of_agreement = |id: &Uuid| sees_agreement(facts, viewer, (*id).into(), Sight::Party);
    let is_of_statement =
        |id: &Uuid| facts.protection_statement.get((*id).into()).is_some_and(|row| sees_statement(facts, viewer, row));
    let concerns_seen = || concerned.iter().any(|id| is_of_agreement(id) || is_of_statement(id));
    sees_subject(facts, viewer, &change.subject).unwrap_or_else(concerns_seen)
}

fn is_own(facts: &Facts, viewer: &Viewer, change: &change::Model) -> bool {
    let acted = change.actor_organisation.as_deref().and_then(|id| facts.organisation_of(id)).map(|row| row.id);
    let subject = table_and_row(&change.subject).filter(|(table, _)| *table == OrganisationId::TABLE);
    let subject = subject.map(|(_, id)| OrganisationId(id));
    own_people(facts, viewer).is_some()
        && acted.into_iter().chain(subject).any(|organisation| stands_for(facts, viewer, organisation))
}

/// Whether a viewer sees what a change was done to; null where that is nothing more closely kept than its agreement.
pub fn sees_subject(facts: &Facts, viewer: &Viewer, subject: &str) -> Option<bool> {
    let kept = [
        IncidentId::TABLE,
        UsageReviewId::TABLE,
        AccessGrantId::TABLE,
        ProtectionStatementId::TABLE,
        InquiryId::TABLE,
        DocumentId::TABLE,
        OrganisationKeyId::TABLE,
        WebhookId::TABLE,
    ];
    let (table, id) = table_and_row(subject).filter(|(table, _)| kept.contains(table))?;
    Some(facts.tables().row(table, id).is_some_and(|row| sees_row(facts, viewer, &row)))
}

/// Whether a viewer sees a row as it stands or stood.
pub fn sees_row(facts: &Facts, viewer: &Viewer, row: &Row) -> bool {
    let party = |id| sees_agreement(facts, viewer, id, Sight::Party);
    let office = |id| sees_agreement(facts, viewer, id, Sight::Office);
    let of = |table, id| facts.tables().row(table, id).is_some_and(|row| sees_row(facts, viewer, &row));
    match row {
        Row::Organisation(_)
        | Row::OrganisationXroad(_)
        | Row::Purpose(_)
        | Row::LegalBasis(_)
        | Row::Register(_)
        | Row::RegisterAlternative(_)
        | Row::DataItemQualifier(_)
        | Row::DataItem(_)
        | Row::Entitlement(_)
        | Row::MandateTheme(_)
        | Row::RetentionRule(_) => true,
        Row::OrganisationKey(row) => keeps(facts, viewer, row.organisation_id),
        Row::Webhook(row) => is_office(facts, viewer, row.organisation_id),
        Row::MandatingRight(row) => sees_mandating_right(facts, viewer, row),
        Row::DroppedMonth(_) => sees_every_change(facts, viewer),
        Row::Agreement(row) => party(row.id),
        Row::AgreementParty(row) => party(row.agreement_id),
        Row::AgreementNotice(row) => party(row.agreement_id),
        Row::AgreementVersion(row) => party(row.agreement_id),
        Row::AgreementBasis(row) => party(row.agreement_id),
        Row::Signature(row) => party(row.agreement_id),
        Row::Scope(row) => party(row.agreement_id),
        Row::OnwardRule(row) => party(row.agreement_id),
        Row::AdoptionPlan(row) => party(row.agreement_id),
        Row::ScopePurpose(row) => of("scope", row.scope_id.0),
        Row::ScopeItem(row) => of("scope", row.scope_id.0),
        Row::ScopeItemBasis(row) => of("scope_item", row.scope_item_id.0),
        Row::ScopeItemMandate(row) => of("scope_item", row.scope_item_id.0),
        Row::OnwardRuleItem(row) => of("onward_rule", row.onward_rule_id.0),
        Row::OnwardRuleBasis(row) => of("onward_rule", row.onward_rule_id.0),
        Row::Document(row) => row.agreement_id.map_or_else(|| is_office(facts, viewer, row.owner_id), office),
        Row::Incident(row) => sees_incident(facts, viewer, row),
        Row::UsageReview(row) => office(row.agreement_id),
        Row::AccessGrant(row) => {
            facts.scope.get(row.scope_id).is_some_and(|scope| sees_grants(facts, viewer, scope.agreement_id))
        }
        Row::Contact(row) => sees_contact(facts, viewer, row),
        Row::ContactTopic(row) => of("contact", row.contact_id.0),
        Row::ProtectionStatement(row) => sees_statement(facts, viewer, row),
        Row::StatementAnswer(row) => of(ProtectionStatementId::TABLE, row.protection_statement_id.0),
        Row::Inquiry(row) => sees_inquiry(facts, viewer, row),
        Row::StatusEntry(row) => of(subject_table(row.subject_kind), row.subject_id),
        Row::DisclosureWithholding(_) | Row::AnomalyDecision(_) => false,
    }
}

fn sees_agreement(facts: &Facts, viewer: &Viewer, id: AgreementId, least: Sight) -> bool {
    facts.agreement.get(id).is_some_and(|row| sight(facts, viewer, row) >= Some(least))
}

/// Whether a viewer sees that an organisation has a webhook: its officers do, and their auditors; administrators see that
/// it stands and how it fares, and not where it leads.
pub fn sees_webhook(facts: &Facts, viewer: &Viewer, webhook: &webhook::Model) -> bool {
    keeps(facts, viewer, webhook.organisation_id)
}

/// Whether a viewer sees where a webhook leads, which may be a secret of its receiver.
pub fn sees_address(facts: &Facts, viewer: &Viewer, webhook: &webhook::Model) -> bool {
    is_office(facts, viewer, webhook.organisation_id)
}

/// Whether a viewer keeps what is an organisation's own, or sees that all of it was done.
fn keeps(facts: &Facts, viewer: &Viewer, organisation: OrganisationId) -> bool {
    is_office(facts, viewer, organisation) || sees_every_change(facts, viewer)
}

fn is_office(facts: &Facts, viewer: &Viewer, organisation: OrganisationId) -> bool {
    viewer.is(Role::Officer) && stands_for(facts, viewer, organisation) || audits(facts, viewer, &[organisation])
}
