//! How agreements are said: status, what is missing, who may do what next.

mod activation;
mod amendment;
mod basis;
mod ending;
mod filter;
mod incident;
mod mutation;
mod party;
mod query;
mod registration;
mod renewal;
mod signing;
mod subscription;
mod version;

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use entity::{
    status_entry,
    vocabulary::{
        AdoptionStepCode, AdoptionStepState, AgreementKind, AgreementSide, AgreementStatus, ClosedEnum, OrganisationId,
        PartyRole, Publicity, StatusSubject, TerminationReason,
    },
};

pub use activation::ActivationMutation;
pub use amendment::AmendmentMutation;
pub use basis::{AgreementBasis, BasisMutation};
pub use ending::{AgreementNotice, EndingMutation};
pub use incident::Incident;
pub use mutation::AgreementMutation;
pub use party::PartyMutation;
pub use query::AgreementQuery;
pub use registration::{AgreementCompleteness, RegistrationMutation};
pub use renewal::RenewalMutation;
pub use signing::SigningMutation;
pub use subscription::AgreementSubscription;
pub use version::{AgreementSignature, AgreementVersion, ContentDifference};

use crate::{
    Error,
    auth::{Sight, policy},
    change::graphql::{Change, changes_of},
    contact::graphql::Contact,
    context::View,
    decision,
    facts::{Dossier, global_id},
    graphql::{
        connections::{Connection, Page},
        plain::{Plain, PlainList},
        request::within,
        said::Said,
        scalars::{Date, DateTime},
    },
    onward_rule::graphql::OnwardRule,
    organisation::graphql::Organisation,
    protection_statement::graphql::ProtectionStatement,
    register::graphql::Register,
    scope::graphql::{AllowedAction, DecisionReason, EffectiveStatus, Scope},
    status,
    usage_review::graphql::UsageReview,
};

/// Agreement as far as the viewer may know it.
pub struct Agreement {
    view: View,
    dossier: Arc<Dossier>,
    sight: Sight,
}

impl Agreement {
    /// Agreement of a dossier; null when the viewer may not know that it exists.
    pub fn seen(view: &View, dossier: &Arc<Dossier>) -> Option<Self> {
        let sight = policy::sight(view.present(), &view.viewer, &dossier.row)?;
        Some(Self { view: view.clone(), dossier: Arc::clone(dossier), sight })
    }

    /// Agreement of an id, under the same condition.
    pub fn of(view: &View, id: entity::vocabulary::AgreementId) -> Option<Self> {
        Self::seen(view, view.facts.dossier(id)?)
    }

    fn is_party(&self) -> bool {
        self.sight >= Sight::Party
    }

    fn for_parties<T>(&self, value: impl FnOnce() -> T) -> Option<T> {
        self.is_party().then(value)
    }

    fn for_office<T>(&self, value: impl FnOnce() -> T) -> Option<T> {
        (self.sight >= Sight::Office).then(value)
    }

    fn for_insiders<T>(&self, value: Option<T>) -> Option<T> {
        value.filter(|_| self.sight >= Sight::Metadata)
    }

    fn organisation(&self, id: OrganisationId) -> Result<Organisation, Error> {
        Organisation::of(&self.view, id).ok_or_else(|| Error::internal("an agreement without its party"))
    }
}

/// Agreement or permit by which one organisation discloses data of one register to another. Who is no party sees that a
/// public one exists, between whom, from when until when, and whether it is in force.
#[Object]
impl Agreement {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.dossier.row.id).into()
    }

    /// Agreement number.
    async fn number(&self) -> &str {
        &self.dossier.row.number
    }

    /// Agreement or permit.
    async fn kind(&self) -> Said<AgreementKind> {
        self.dossier.row.kind.into()
    }

    /// Stored status; null for those who are neither party, auditor nor administrator.
    async fn status(&self) -> Option<Said<AgreementStatus>> {
        self.for_insiders(self.dossier.status.at(self.view.at)).map(Said)
    }

    /// Identifier in the discloser's case register; null when none is recorded, and for those who are no party.
    async fn case_register_id(&self) -> Option<&str> {
        self.dossier.row.case_register_id.as_deref().filter(|_| self.is_party())
    }

    /// Day on which both had signed; null before.
    async fn signed_on(&self) -> Option<Date> {
        self.dossier.row.signed_on.map(Date::from)
    }

    /// First day of validity; null until it is agreed.
    async fn starts_on(&self) -> Option<Date> {
        self.dossier.row.starts_on.map(Date::from)
    }

    /// Last day of validity, included; null when open-ended.
    async fn ends_on(&self) -> Option<Date> {
        self.dossier.row.ends_on.map(Date::from)
    }

    /// Why it ends before its time; null unless it does, and for those who are neither party, auditor nor administrator.
    async fn termination_reason(&self) -> Option<Said<TerminationReason>> {
        self.for_insiders(self.dossier.row.termination_reason).map(Said)
    }

    /// Who may know of it; null for those who are neither party, auditor nor administrator.
    async fn publicity(&self) -> Option<Said<Publicity>> {
        self.for_insiders(Some(self.dossier.row.publicity)).map(Said)
    }

    /// Content version, from 1; null for those who are neither party, auditor nor administrator.
    async fn version(&self) -> Option<i32> {
        self.for_insiders(Some(self.dossier.row.version))
    }

    /// What it amounts to now, and what stands in the way.
    async fn effective_status(&self) -> EffectiveStatus {
        let standing = decision::of_agreement(&self.view.facts, &self.dossier, self.view.at);
        EffectiveStatus { view: self.view.clone(), standing, is_explained: self.is_party() }
    }

    /// Steps from law to use, in order; null for those who are no party.
    async fn adoption_steps(&self) -> Option<Vec<AdoptionStep>> {
        let said = |step| AdoptionStep { view: self.view.clone(), step };
        self.for_parties(|| {
            decision::adoption_steps(&self.view.facts, &self.dossier, self.view.at).into_iter().map(said).collect()
        })
    }

    /// How much of a whole agreement is on record, and what is missing; null for those who are no party.
    async fn completeness(&self) -> Option<AgreementCompleteness> {
        self.for_parties(|| {
            let found = decision::completeness(&self.view.facts, &self.dossier, self.view.at);
            AgreementCompleteness::of(found, self.view.language)
        })
    }

    /// Acts the viewer may do or will be able to do next; empty for those who may do none. Only acts the gateway can do
    /// are offered.
    async fn allowed_actions(&self) -> Vec<AllowedAction> {
        let side = self.view.offered_side(&self.dossier.row);
        let Some(side) = side else { return Vec::new() };
        let actions = decision::allowed_actions(&self.view.facts, &self.dossier, side, self.view.at);
        actions.into_iter().map(|action| AllowedAction { view: self.view.clone(), action }).collect()
    }

    /// Discloser.
    async fn discloser(&self) -> Result<Plain<Organisation>, Error> {
        self.organisation(self.dossier.row.discloser_id).map(Plain)
    }

    /// Recipient.
    async fn recipient(&self) -> Result<Plain<Organisation>, Error> {
        self.organisation(self.dossier.row.recipient_id).map(Plain)
    }

    /// Register.
    async fn register(&self) -> Result<Register, Error> {
        let register = Register::of(&self.view, self.dossier.row.register_id);
        register.ok_or_else(|| Error::internal("an agreement without its register"))
    }

    /// Further parties, at most 20; null for those who are no party.
    async fn parties(&self) -> Option<Vec<AgreementParty>> {
        self.for_parties(|| {
            let rows = self.view.facts.agreement_party.of(self.dossier.row.id);
            let rows = rows.filter(|row| row.agreement_id == self.dossier.row.id);
            rows.map(|row| AgreementParty { view: self.view.clone(), row: Arc::clone(row) }).collect()
        })
    }

    /// Provisions it rests on, at most 50; null for those who are no party.
    async fn bases(&self) -> Option<Vec<AgreementBasis>> {
        self.for_parties(|| self.dossier.bases.iter().map(|part| AgreementBasis::part(&self.view, part)).collect())
    }

    /// Scopes by channel and version, at most 50 that are not closed; null for those who are no party.
    async fn scopes(&self) -> Option<PlainList<Scope>> {
        self.for_parties(|| PlainList(Scope::all(&self.view, &self.dossier)))
    }

    /// Rules by which data may travel on, the earliest first, ended ones included, at most 50; null for those who are no
    /// party. Where there is none, nothing travels on (R27).
    async fn onward_rules(&self) -> Option<Vec<OnwardRule>> {
        self.for_parties(|| OnwardRule::all(&self.view, &self.dossier))
    }

    /// Role mailboxes of both sides for this agreement, each side's first contact first; null for those who are no party.
    async fn contacts(&self) -> Option<Vec<Contact>> {
        self.for_parties(|| {
            let row = &self.dossier.row;
            [(AgreementSide::Discloser, row.discloser_id), (AgreementSide::Recipient, row.recipient_id)]
                .into_iter()
                .flat_map(|(side, organisation)| Contact::of_side(&self.view, organisation, row.id, side))
                .collect()
        })
    }

    /// Protection statements between its parties on its register, by channel and version, at most 50; null for those who
    /// are no party.
    async fn statements(&self) -> Option<Vec<ProtectionStatement>> {
        self.for_parties(|| {
            let rows = self.dossier.statements.iter();
            rows.map(|part| ProtectionStatement { view: self.view.clone(), row: Arc::clone(&part.row) }).collect()
        })
    }

    /// Misuse and breaches reported under it, oldest first; null for all but the officers of both sides and their auditors.
    /// Errors: INVALID_INPUT, LIMIT_EXCEEDED.
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Option<Connection<Incident>>, Error> {
        let page = Page::of("agreement incidents", first, after.as_deref(), within(ctx)?.page_size_max())?;
        Ok(self.for_office(|| page.connection(Incident::all(&self.view, self.dossier.row.id), |incident| incident)))
    }

    /// Recipient's reviews of its own use, by their periods; null for all but the officers of both sides and their auditors.
    /// Errors: INVALID_INPUT, LIMIT_EXCEEDED.
    async fn usage_reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Option<Connection<UsageReview>>, Error> {
        let page = Page::of("agreement usageReviews", first, after.as_deref(), within(ctx)?.page_size_max())?;
        Ok(self.for_office(|| page.connection(UsageReview::all(&self.view, self.dossier.row.id), |review| review)))
    }

    /// Hash of the present content, on which both sides act: SHA-256, 64 hexadecimal digits; null before an offer, and for
    /// those who are no party.
    async fn content_hash(&self) -> Option<String> {
        self.for_parties(|| {
            let mut versions = AgreementVersion::all(&self.view, &self.dossier, self.sight);
            versions.pop().map(|(_, version)| version.hash().to_owned())
        })
        .flatten()
    }

    /// Versions of its content, by number; null for those who are no party. There is none before an offer. Errors:
    /// INVALID_INPUT, LIMIT_EXCEEDED.
    async fn versions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Option<Connection<AgreementVersion>>, Error> {
        let page = Page::of("agreement versions", first, after.as_deref(), within(ctx)?.page_size_max())?;
        let versions = || AgreementVersion::all(&self.view, &self.dossier, self.sight);
        Ok(self.for_parties(|| page.connection(versions(), |version| version)))
    }

    /// What both sides have done with its versions, oldest first; null for those who are no party. Errors: INVALID_INPUT,
    /// LIMIT_EXCEEDED.
    async fn signatures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Option<Connection<AgreementSignature>>, Error> {
        let page = Page::of("agreement signatures", first, after.as_deref(), within(ctx)?.page_size_max())?;
        let signatures = || AgreementSignature::all(&self.view, &self.dossier, self.sight);
        let keyed = || signatures().into_iter().map(|signature| (signature.key(), signature));
        Ok(self.for_parties(|| page.connection(keyed(), |signature| signature)))
    }

    /// Sides that have yet to agree on the present content, at most two: none where it gives nothing beyond what both stand
    /// by, for giving less needs no agreement. Null for those who are no party. Source: R43.
    async fn awaits(&self) -> Option<Vec<Said<AgreementSide>>> {
        self.for_parties(|| decision::awaited(&self.view.facts, &self.dossier).into_iter().map(Said).collect())
    }

    /// Statuses it has had, the first first, with the reason of each; null for those who are no party.
    async fn history(&self) -> Option<Vec<AgreementStatusEntry>> {
        self.for_parties(|| {
            let rows = status::entries(&self.view.facts, (StatusSubject::Agreement, self.dossier.row.id.0));
            rows.into_iter().filter_map(AgreementStatusEntry::of).collect()
        })
    }

    /// Newest notice a party gave of it; null when none was given, and for those who are no party.
    async fn notice(&self) -> Option<AgreementNotice> {
        self.for_parties(|| AgreementNotice::last(&self.view, self.dossier.row.id)).flatten()
    }

    /// What was done to it by either side, its parts, statements, incidents and access included, oldest first; null for those
    /// who are no party. What the viewer may not see elsewhere is not told here either. Errors: INVALID_INPUT,
    /// LIMIT_EXCEEDED, UNAVAILABLE.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Option<Connection<Change>>, Error> {
        if !self.is_party() {
            return Ok(None);
        }
        changes_of(ctx, &self.view, self.dossier.row.id, (first, after.as_deref())).await.map(Some)
    }

    /// Agreement it takes the place of; null when none, or when the viewer may not know it.
    async fn supersedes(&self) -> Option<Agreement> {
        Agreement::of(&self.view, self.dossier.row.supersedes_id?)
    }
}

/// Status an agreement has had from an instant on.
#[derive(SimpleObject)]
pub struct AgreementStatusEntry {
    /// Status.
    status: Said<AgreementStatus>,
    /// Instant from which it held, UTC.
    valid_from: DateTime,
    /// Reason given; null when none was.
    reason: Option<String>,
}

impl AgreementStatusEntry {
    fn of(row: &status_entry::Model) -> Option<Self> {
        let status = AgreementStatus::from_code(&row.status)?;
        Some(Self {
            status: status.into(),
            valid_from: row.from_at.into(),
            reason: row.reason.as_deref().map(Into::into),
        })
    }
}

/// Step on the way.
pub struct AdoptionStep {
    view: View,
    step: decision::AdoptionStep,
}

/// Step on the way from law to use.
#[Object]
impl AdoptionStep {
    /// Which step.
    async fn code(&self) -> Said<AdoptionStepCode> {
        self.step.code.into()
    }

    /// Where it stands.
    async fn state(&self) -> Said<AdoptionStepState> {
        self.step.state.into()
    }

    /// Whose turn it is.
    async fn responsible(&self) -> Said<AgreementSide> {
        self.step.responsible.into()
    }

    /// Agreed day; null when none was agreed.
    async fn planned_on(&self) -> Option<Date> {
        self.step.planned_on.map(Date::from)
    }

    /// Day it was done; null while it is not, or when it is done by law with no day of its own.
    async fn done_on(&self) -> Option<Date> {
        self.step.done_on.map(Date::from)
    }

    /// Conditions that stand in its way.
    async fn blocked_by(&self) -> Vec<DecisionReason> {
        DecisionReason::all(&self.view, self.step.blocked_by.clone())
    }
}

/// Further party.
pub struct AgreementParty {
    view: View,
    row: Arc<entity::agreement_party::Model>,
}

/// Processor, operator or joint controller of an agreement.
#[Object]
impl AgreementParty {
    /// Its role.
    async fn role(&self) -> Said<PartyRole> {
        self.row.role.into()
    }

    /// The organisation.
    async fn organisation(&self) -> Result<Organisation, Error> {
        let organisation = Organisation::of(&self.view, self.row.organisation_id);
        organisation.ok_or_else(|| Error::internal("a party without its organisation"))
    }
}
