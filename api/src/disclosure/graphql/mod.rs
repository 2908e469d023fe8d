//! How disclosures are said, reported and listed.

mod input;
mod mutation;
mod query;
mod replay;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::vocabulary::{
    Channel, Coverage, DecisionReasonCode, DisclosureGround, DisclosureOutcome, OnwardRecipientKind, Operation,
    OrganisationId, PurposeId, RegisterId, SubjectKind,
};

pub use input::OtherPersonIdentifierInput;
pub use mutation::DisclosureMutation;
pub use query::DisclosureQuery;
pub use replay::DisclosureReplay;

use super::{Recorded, row::mandates_kept, shown::Listed, withholding::withheld_until};
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

/// Disclosure as the viewer may see it, as far as it was fetched.
pub struct Disclosure {
    view: View,
    listed: Listed,
}

impl Disclosure {
    /// A whole one.
    fn of(view: View, recorded: Recorded) -> Self {
        Self { view, listed: recorded.into() }
    }

    fn sees_subjects(&self) -> Result<bool, Error> {
        let discloser = *self.listed.row.discloser_id.get()?;
        Ok(policy::sees_subjects(self.view.present(), &self.view.viewer, discloser))
    }
}

/// Party of a disclosure.
pub fn party(view: &View, id: OrganisationId) -> Result<Organisation, Error> {
    Organisation::of(view, id).ok_or_else(|| Error::internal("a disclosure without its party"))
}

/// Register of a disclosure.
pub fn register(view: &View, id: RegisterId) -> Result<Register, Error> {
    Register::of(view, id).ok_or_else(|| Error::internal("a disclosure without its register"))
}

/// Purpose of a disclosure.
pub fn purpose(view: &View, id: PurposeId) -> Result<Purpose, Error> {
    let row = view.facts.purpose.get(id);
    let row = row.ok_or_else(|| Error::internal("a disclosure without its purpose"))?;
    Ok(Purpose { view: view.clone(), row: Arc::clone(row) })
}

/// One recorded disclosure or denial of a discloser's log; never changed.
#[Object]
impl Disclosure {
    /// Global identifier.
    async fn id(&self) -> Result<ID, Error> {
        Ok(global_id(*self.listed.row.id.get()?).into())
    }

    /// Message identifier the discloser gave it.
    async fn message_id(&self) -> Result<&str, Error> {
        Ok(self.listed.row.message_id.get()?)
    }

    /// Part of the message, from 0.
    async fn part(&self) -> Result<i32, Error> {
        Ok(*self.listed.row.part.get()?)
    }

    /// Instant the data was given, UTC.
    async fn occurred_at(&self) -> Result<DateTime, Error> {
        Ok((*self.listed.row.occurred_at.get()?).into())
    }

    /// Instant of recording, UTC; rises with the position in the log.
    async fn recorded_at(&self) -> Result<DateTime, Error> {
        Ok((*self.listed.row.recorded_at.get()?).into())
    }

    /// Position in the transparency log.
    async fn leaf_index(&self) -> Result<Long, Error> {
        Ok((*self.listed.row.leaf_index.get()?).into())
    }

    /// Discloser, whose log this is.
    async fn discloser(&self) -> Result<Plain<Organisation>, Error> {
        party(&self.view, *self.listed.row.discloser_id.get()?).map(Plain)
    }

    /// Processor that recorded it for the discloser; null when the discloser did itself.
    async fn processor(&self) -> Result<Option<Organisation>, Error> {
        self.listed.row.processor_id.get()?.map(|id| party(&self.view, id)).transpose()
    }

    /// Recipient; null only for onward disclosure to an applicant.
    async fn recipient(&self) -> Result<Option<Plain<Organisation>>, Error> {
        self.listed.row.recipient_id.get()?.map(|id| party(&self.view, id).map(Plain)).transpose()
    }

    /// Register.
    async fn register(&self) -> Result<Register, Error> {
        register(&self.view, *self.listed.row.register_id.get()?)
    }

    /// Agreement that covered it; null when none did, or when the viewer may not know it.
    async fn agreement(&self) -> Result<Option<Agreement>, Error> {
        Ok(self.listed.row.agreement_id.get()?.and_then(|id| Agreement::of(&self.view, id)))
    }

    /// Items, by code.
    async fn items(&self) -> Result<Vec<ItemCode>, Error> {
        Ok(self.listed.items.get()?.iter().map(ItemCode::from).collect())
    }

    /// Provisions it rested on, at most 50; empty when it was not covered.
    async fn citations(&self) -> Result<Vec<LegalBasis>, Error> {
        Ok(laws(&self.view, self.listed.bases.get()?))
    }

    /// Purpose.
    async fn purpose(&self) -> Result<Plain<Purpose>, Error> {
        purpose(&self.view, *self.listed.row.purpose_id.get()?).map(Plain)
    }

    /// Channel.
    async fn channel(&self) -> Result<Said<Channel>, Error> {
        Ok((*self.listed.row.channel.get()?).into())
    }

    /// Operation.
    async fn operation(&self) -> Result<Said<Operation>, Error> {
        Ok((*self.listed.row.operation.get()?).into())
    }

    /// Ground.
    async fn ground(&self) -> Result<Said<DisclosureGround>, Error> {
        Ok((*self.listed.row.ground.get()?).into())
    }

    /// What came of it.
    async fn outcome(&self) -> Result<Said<DisclosureOutcome>, Error> {
        Ok((*self.listed.row.outcome.get()?).into())
    }

    /// Whether an agreement covered it, judged at the instant the data was given on the facts known when it was recorded.
    async fn coverage(&self) -> Result<Said<Coverage>, Error> {
        Ok((*self.listed.row.coverage.get()?).into())
    }

    /// Reasons of a denial or of missing coverage.
    async fn reasons(&self) -> Result<Vec<Said<DecisionReasonCode>>, Error> {
        let codes = self.listed.row.reasons.get()?.split_whitespace();
        Ok(codes.filter_map(entity::vocabulary::ClosedEnum::from_code).map(Said).collect())
    }

    /// Journal position of the facts it was judged on.
    async fn decided_seq(&self) -> Result<Long, Error> {
        Ok((*self.listed.row.decided_seq.get()?).into())
    }

    /// Whom it concerns.
    async fn subject_kind(&self) -> Result<Said<SubjectKind>, Error> {
        Ok((*self.listed.row.subject_kind.get()?).into())
    }

    /// Number of subjects.
    async fn subject_count(&self) -> Result<Long, Error> {
        Ok((*self.listed.row.subject_count.get()?).into())
    }

    /// Keyed pseudonym of the person, hexadecimal; null for other subjects, after erasure, and for all but the discloser.
    async fn subject_pseudonym(&self) -> Result<Option<String>, Error> {
        let (pseudonym, is_seen) = (self.listed.row.subject_pseudonym.get()?, self.sees_subjects()?);
        Ok(pseudonym.as_deref().filter(|_| is_seen).map(leaf::hex))
    }

    /// Business ID of the subject; null for other subjects.
    async fn subject_business_id(&self) -> Result<Option<BusinessId>, Error> {
        Ok(self.listed.row.subject_business_id.get()?.map(BusinessId::from))
    }

    /// Matter the data was needed for; null when none was given.
    async fn case_reference(&self) -> Result<Option<&str>, Error> {
        Ok(self.listed.row.case_reference.get()?.as_deref())
    }

    /// Keyed pseudonym of the end user, hexadecimal; null when a system acted by itself, and after erasure.
    async fn user_pseudonym(&self) -> Result<Option<String>, Error> {
        Ok(self.listed.row.user_pseudonym.get()?.as_deref().map(leaf::hex))
    }

    /// System that fetched the data; null for viewing.
    async fn client_system(&self) -> Result<Option<&str>, Error> {
        Ok(self.listed.row.client_system.get()?.as_deref())
    }

    /// Reference of the consent; null on other grounds.
    async fn consent_reference(&self) -> Result<Option<&str>, Error> {
        Ok(self.listed.row.consent_reference.get()?.as_deref())
    }

    /// To whom the data travelled on; null for a first disclosure.
    async fn onward_to(&self) -> Result<Option<Said<OnwardRecipientKind>>, Error> {
        Ok(self.listed.row.onward_recipient_kind.get()?.map(Said))
    }

    /// Instant until which the person it concerns does not see it, UTC; null when it is not withheld, and for all but the
    /// discloser.
    async fn withheld_until(&self) -> Result<Option<DateTime>, Error> {
        let (id, recorded) = (*self.listed.row.id.get()?, *self.listed.row.withheld_until.get()?);
        let is_seen = self.sees_subjects()?;
        let until = withheld_until(&self.view.facts, id, recorded).filter(|until| is_seen && *until > self.view.at);
        Ok(until.map(DateTime::from))
    }

    /// Codes of the mandate themes it was judged with; null in rows recorded before they were kept.
    async fn mandates(&self) -> Result<Option<Vec<&str>>, Error> {
        Ok(mandates_kept(self.listed.row.mandates.get()?.as_deref()).map(Iterator::collect))
    }

    /// The decision made again on what was known when it was made, at `decidedSeq`, as of the instant the data was given:
    /// whether the same facts give the same answer. Null for consent and a person's own request, which need none. Errors:
    /// UNAVAILABLE.
    async fn replay(&self, ctx: &Context<'_>) -> Result<Option<DisclosureReplay>, Error> {
        DisclosureReplay::of(within(ctx)?, &self.view, &self.listed.recorded()?).await
    }

    /// Global identifier of the row it corrects; null when it corrects none.
    async fn corrects_id(&self) -> Result<Option<ID>, Error> {
        Ok(self.listed.row.corrects_id.get()?.map(|id| global_id(id).into()))
    }
}
