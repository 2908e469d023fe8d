//! The schema put together from the features.

mod node;
mod viewer;

use async_graphql::{MergedObject, MergedSubscription, SDLExportOptions, Schema};

use crate::{
    access_decision::graphql::{AccessDecisionQuery, AccessScopeSubscription},
    access_grant::graphql::AccessGrantMutation,
    adoption::graphql::AdoptionMutation,
    agreement::graphql::{
        ActivationMutation, AgreementMutation, AgreementQuery, AgreementSubscription, AmendmentMutation, BasisMutation,
        EndingMutation, PartyMutation, RegistrationMutation, RenewalMutation, SigningMutation,
    },
    anomaly::graphql::{AnomalyMutation, AnomalyQuery, AnomalySubscription},
    change::graphql::ChangeQuery,
    contact::graphql::ContactMutation,
    disclosure::graphql::{DisclosureMutation, DisclosureQuery},
    entitlement::{ceiling::graphql::EntitlementMutation, graphql::EntitlementQuery},
    expiration::graphql::ExpirationQuery,
    incident::graphql::{IncidentMutation, IncidentQuery},
    inquiry::graphql::{InquiryMutation, InquiryQuery},
    legal_basis::graphql::{LegalBasisMutation, LegalBasisQuery},
    mandate::graphql::{MandateQuery, MandateThemeMutation, MandatingRightMutation},
    minimisation::graphql::MinimisationQuery,
    onward_rule::graphql::OnwardRuleMutation,
    organisation::{
        graphql::{OrganisationMutation, OrganisationQuery},
        keys::graphql::OrganisationKeyMutation,
    },
    proposal::graphql::{ProposalMutation, ProposalQuery},
    protection_statement::graphql::{ProtectionStatementMutation, ProtectionStatementQuery},
    register::graphql::{PurposeMutation, RegisterMutation, RegisterQuery},
    scope::graphql::{ScopeMutation, ScopeProgressMutation, ScopeStandingMutation},
    simulation::graphql::SimulationQuery,
    statistics::graphql::StatisticsQuery,
    subject_access::graphql::SubjectAccessQuery,
    transparency_log::graphql::LogQuery,
    usage_review::graphql::UsageReviewMutation,
    webhook::graphql::{WebhookMutation, WebhookQuery},
};

/// Questions. Each is admitted by the role matrix; what is shown depends on the caller's side in each agreement.
#[derive(MergedObject, Default)]
pub struct Query(
    node::NodeQuery,
    viewer::ViewerQuery,
    OrganisationQuery,
    LegalBasisQuery,
    RegisterQuery,
    MandateQuery,
    EntitlementQuery,
    ProposalQuery,
    AgreementQuery,
    AccessDecisionQuery,
    ExpirationQuery,
    ProtectionStatementQuery,
    InquiryQuery,
    IncidentQuery,
    DisclosureQuery,
    StatisticsQuery,
    SubjectAccessQuery,
    LogQuery,
    AnomalyQuery,
    MinimisationQuery,
    SimulationQuery,
    ChangeQuery,
    WebhookQuery,
);

/// Acts. Each is one verb of the trade, judged on the fresh facts inside the write; all or nothing.
///
/// They stand in groups because a merged object polls all its members in one frame: thirty beside one another need more
/// stack than a thread has in a debug build. The schema shows no groups.
#[derive(MergedObject, Default)]
pub struct Mutation(CatalogueActs, LawActs, AgreementActs, ScopeActs, WatchActs);

/// Acts on what is offered: organisations and their keys, contacts, registers.
#[derive(MergedObject, Default)]
struct CatalogueActs(OrganisationMutation, OrganisationKeyMutation, ContactMutation, RegisterMutation, PurposeMutation);

/// Acts on law and mandates.
#[derive(MergedObject, Default)]
struct LawActs(
    LegalBasisMutation,
    EntitlementMutation,
    ProposalMutation,
    MandateThemeMutation,
    MandatingRightMutation,
    InquiryMutation,
);

/// Acts on agreements.
#[derive(MergedObject, Default)]
struct AgreementActs(
    AgreementMutation,
    AmendmentMutation,
    BasisMutation,
    EndingMutation,
    PartyMutation,
    RenewalMutation,
    SigningMutation,
    ActivationMutation,
    RegistrationMutation,
);

/// Acts on scopes and their use.
#[derive(MergedObject, Default)]
struct ScopeActs(
    ScopeMutation,
    ScopeProgressMutation,
    ScopeStandingMutation,
    OnwardRuleMutation,
    AdoptionMutation,
    AccessGrantMutation,
);

/// Acts on what protects data and is watched.
#[derive(MergedObject, Default)]
struct WatchActs(
    ProtectionStatementMutation,
    IncidentMutation,
    UsageReviewMutation,
    DisclosureMutation,
    AnomalyMutation,
    WebhookMutation,
);

/// What happens, told as it happens, over a WebSocket. Each event is judged as a query at its instant would be.
#[derive(MergedSubscription, Default)]
pub struct Subscription(AgreementSubscription, AccessScopeSubscription, AnomalySubscription);

/// Schema without its engine room, for printing.
pub fn sdl() -> String {
    let schema = Schema::build(Query::default(), Mutation::default(), Subscription::default()).finish();
    let options = SDLExportOptions::new().sorted_fields().sorted_arguments().sorted_enum_items().include_specified_by();
    let mut sdl = schema.sdl_with_options(options);
    if !sdl.ends_with('\n') {
        sdl.push('\n');
    }
    sdl
}
