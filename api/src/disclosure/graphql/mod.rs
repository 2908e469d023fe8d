//! How disclosures are said, reported and listed.

mod input;
mod mutation;
mod query;
mod replay;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{
    disclosure,
    vocabulary::{
        Channel, Coverage, DecisionReasonCode, DisclosureGround, DisclosureOutcome, OnwardRecipientKind, Operation,
        OrganisationId, SubjectKind,
    },
};

pub use input::OtherPersonIdentifierInput;
pub use mutation::DisclosureMutation;
pub use query::DisclosureQuery;
pub use replay::DisclosureReplay;

use super::{Recorded, row::mandates_kept, withholding::withheld_until};
use crate::{
    Error,
    agreement::graphql::Agreement,
    auth::policy,
    context::View,
    facts::global_id,
    graphql::{
        long::Long,
        plain::Plain,
        request::within,
        said::Said,
        scalars::{BusinessId, DateTime, ItemCode},
    },
    journal::leaf,
    legal_basis::graphql::LegalBasis,
    organisation::graphql::Organisation,
    register::graphql::{Purpose, Register},
    scope::graphql::laws,
};

/// Disclosure as the viewer may see it.
pub struct Disclosure {
    view: View,
    recorded: Recorded,
}

/// Party of a disclosure.
pub fn party(view: &View, id: OrganisationId) -> Result<Organisation, Error> {
    Organisation::of(view, id).ok_or_else(|| Error::internal("a disclosure without its party"))
}

/// Register of a disclosure.
pub fn register(view: &View, row: &disclosure::Model) -> Result<Register, Error> {
    Register::of(view, row.register_id).ok_or_else(|| Error::internal("a disclosure without its register"))
}

/// Purpose of a disclosure.
pub fn purpose(view: &View, row: &disclosure::Model) -> Result<Purpose, Error> {
    let row = view.facts.purpose.get(row.purpose_id);
    let row = row.ok_or_else(|| Error::internal("a disclosure without its purpose"))?;
    Ok(Purpose { view: view.clone(), row: Arc::clone(row) })
}

/// One recorded disclosure or denial of a discloser's log; never changed.
#[Object]
impl Disclosure {
    /// Global identifier.
    async fn id(&self) -> ID {
        global_id(self.recorded.row.id).into()
    }

    /// Message identifier the discloser gave it.
    async fn message_id(&self) -> &str {
        &self.recorded.row.message_id
    }

    /// Part of the message, from 0.
    async fn part(&self) -> i32 {
        self.recorded.row.part
    }

    /// Instant the data was given, UTC.
    async fn occurred_at(&self) -> DateTime {
        self.recorded.row.occurred_at.into()
    }

    /// Instant of recording, UTC; rises with the position in the log.
    async fn recorded_at(&self) -> DateTime {
        self.recorded.row.recorded_at.into()
    }

    /// Position in the transparency log.
    async fn leaf_index(&self) -> Long {
        self.recorded.row.leaf_index.into()
    }

    /// Discloser, whose log this is.
    async fn discloser(&self) -> Result<Plain<Organisation>, Error> {
        party(&self.view, self.recorded.row.discloser_id).map(Plain)
    }

    /// Processor that recorded it for the discloser; null when the discloser did itself.
    async fn processor(&self) -> Option<Result<Organisation, Error>> {
        self.recorded.row.processor_id.map(|id| party(&self.view, id))
    }

    /// Recipient; null only for onward disclosure to an applicant.
    async fn recipient(&self) -> Option<Result<Plain<Organisation>, Error>> {
        self.recorded.row.recipient_id.map(|id| party(&self.view, id).map(Plain))
    }

    /// Register.
    async fn register(&self) -> Result<Register, Error> {
        register(&self.view, &self.recorded.row)
    }

    /// Agreement that covered it; null when none did, or when the viewer may not know it.
    async fn agreement(&self) -> Option<Agreement> {
        Agreement::of(&self.view, self.recorded.row.agreement_id?)
    }

    /// Items, by code.
    async fn items(&self) -> Vec<ItemCode> {
        self.recorded.items.iter().map(ItemCode::from).collect()
    }

    /// Provisions it rested on, at most 50; empty when it was not covered.
    async fn citations(&self) -> Vec<LegalBasis> {
        laws(&self.view, &self.recorded.bases)
    }

    /// Purpose.
    async fn purpose(&self) -> Result<Plain<Purpose>, Error> {
        purpose(&self.view, &self.recorded.row).map(Plain)
    }

    /// Channel.
    async fn channel(&self) -> Said<Channel> {
        self.recorded.row.channel.into()
    }

    /// Operation.
    async fn operation(&self) -> Said<Operation> {
        self.recorded.row.operation.into()
    }

    /// Ground.
    async fn ground(&self) -> Said<DisclosureGround> {
        self.recorded.row.ground.into()
    }

    /// What came of it.
    async fn outcome(&self) -> Said<DisclosureOutcome> {
        self.recorded.row.outcome.into()
    }

    /// Whether an agreement covered it, judged at the instant the data was given on the facts known when it was recorded.
    async fn coverage(&self) -> Said<Coverage> {
        self.recorded.row.coverage.into()
    }

    /// Reasons of a denial or of missing coverage.
    async fn reasons(&self) -> Vec<Said<DecisionReasonCode>> {
        let codes = self.recorded.row.reasons.split_whitespace();
        codes.filter_map(entity::vocabulary::ClosedEnum::from_code).map(Said).collect()
    }

    /// Journal position of the facts it was judged on.
    async fn decided_seq(&self) -> Long {
        self.recorded.row.decided_seq.into()
    }

    /// Whom it concerns.
    async fn subject_kind(&self) -> Said<SubjectKind> {
        self.recorded.row.subject_kind.into()
    }

    /// Number of subjects.
    async fn subject_count(&self) -> Long {
        self.recorded.row.subject_count.into()
    }

    /// Keyed pseudonym of the person, hexadecimal; null for other subjects, after erasure, and for all but the discloser.
    async fn subject_pseudonym(&self) -> Option<String> {
        let row = &self.recorded.row;
        let is_seen = policy::sees_subjects(self.view.present(), &self.view.viewer, row.discloser_id);
        row.subject_pseudonym.as_deref().filter(|_| is_seen).map(leaf::hex)
    }

    /// Business ID of the subject; null for other subjects.
    async fn subject_business_id(&self) -> Option<BusinessId> {
        self.recorded.row.subject_business_id.map(BusinessId::from)
    }

    /// Matter the data was needed for; null when none was given.
    async fn case_reference(&self) -> Option<&str> {
        self.recorded.row.case_reference.as_deref()
    }

    /// Keyed pseudonym of the end user, hexadecimal; null when a system acted by itself, and after erasure.
    async fn user_pseudonym(&self) -> Option<String> {
        self.recorded.row.user_pseudonym.as_deref().map(leaf::hex)
    }

    /// System that fetched the data; null for viewing.
    async fn client_system(&self) -> Option<&str> {
        self.recorded.row.client_system.as_deref()
    }

    /// Reference of the consent; null on other grounds.
    async fn consent_reference(&self) -> Option<&str> {
        self.recorded.row.consent_reference.as_deref()
    }

    /// To whom the data travelled on; null for a first disclosure.
    async fn onward_to(&self) -> Option<Said<OnwardRecipientKind>> {
        self.recorded.row.onward_recipient_kind.map(Said)
    }

    /// Instant until which the person it concerns does not see it, UTC; null when it is not withheld, and for all but the
    /// discloser.
    async fn withheld_until(&self) -> Option<DateTime> {
        let row = &self.recorded.row;
        let is_seen = policy::sees_subjects(self.view.present(), &self.view.viewer, row.discloser_id);
        let until = withheld_until(&self.view.facts, row).filter(|until| is_seen && *until > self.view.at);
        until.map(DateTime::from)
    }

    /// Codes of the mandate themes it was judged with; null in rows recorded before they were kept.
    async fn mandates(&self) -> Option<Vec<&str>> {
        mandates_kept(&self.recorded.row).map(Iterator::collect)
    }

    /// The decision made again on what was known when it was made, at `decidedSeq`, as of the instant the data was given:
    /// whether the same facts give the same answer. Null for consent and a person's own request, which need none. Errors:
    /// UNAVAILABLE.
    async fn replay(&self, ctx: &Context<'_>) -> Result<Option<DisclosureReplay>, Error> {
        DisclosureReplay::of(within(ctx)?, &self.view, &self.recorded).await
    }

    /// Global identifier of the row it corrects; null when it corrects none.
    async fn corrects_id(&self) -> Option<ID> {
        self.recorded.row.corrects_id.map(|id| global_id(id).into())
    }
}
