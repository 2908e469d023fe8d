//! How an agreement's end is said, and the acts that end it.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    agreement_notice,
    vocabulary::{AgreementId, TerminationReason},
};

use super::Agreement;
use crate::{
    Error,
    agreement::{self, RejectionInput, TerminationInput, WithdrawalInput, rules::ending::last_notice},
    context::{Intent, View},
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{Date, DateTime},
    },
    organisation::graphql::Organisation,
};

/// Notice of an agreement.
pub struct AgreementNotice {
    view: View,
    row: Arc<agreement_notice::Model>,
}

impl AgreementNotice {
    /// Newest notice of an agreement, for its parties.
    pub(super) fn last(view: &View, agreement: AgreementId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(last_notice(&view.facts, agreement)?) })
    }
}

/// Notice a party gave of an agreement: who, when, why, and until which day it still runs.
#[Object]
impl AgreementNotice {
    /// Party that gave it.
    async fn given_by(&self) -> Result<Organisation, Error> {
        let organisation = Organisation::of(&self.view, self.row.given_by_id);
        organisation.ok_or_else(|| Error::internal("a notice without the party that gave it"))
    }

    /// Instant it was given, UTC.
    async fn given_at(&self) -> DateTime {
        self.row.given_at.into()
    }

    /// Why.
    async fn reason(&self) -> Said<TerminationReason> {
        self.row.reason.into()
    }

    /// The same in words; null when none were given.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// Last day of the agreement it names, included; null where it ended at once.
    async fn ends_on(&self) -> Option<Date> {
        self.row.ends_on.map(Date::from)
    }
}

/// Agreement to be refused.
#[derive(InputObject)]
pub struct RejectAgreementInput {
    /// Global identifier.
    id: ID,
    /// Why, 1 to 4,000 characters. Never personal data.
    reason: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to rejectAgreement.
#[derive(SimpleObject)]
pub struct RejectAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Agreement to be taken back.
#[derive(InputObject)]
pub struct WithdrawAgreementInput {
    /// Global identifier.
    id: ID,
    /// Why, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to withdrawAgreement.
#[derive(SimpleObject)]
pub struct WithdrawAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Agreement of which notice is given.
#[derive(InputObject)]
pub struct TerminateAgreementInput {
    /// Global identifier.
    id: ID,
    /// Why; BASIS_REPEALED and PARTY_DISSOLVED only where it is so, never REPLACED.
    reason: Said<TerminationReason>,
    /// The same in words, at most 4,000 characters; needed for BREACH and MUTUAL. Never personal data.
    note: Option<String>,
    /// Last day, included; when absent or today the agreement ends at once. Brings the end forward, never back.
    on: Option<Date>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to terminateAgreement.
#[derive(SimpleObject)]
pub struct TerminateAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts that end an agreement.
#[derive(Default)]
pub struct EndingMutation;

#[Object]
impl EndingMutation {
    /// Refuses an agreement before it is signed: the discloser's officer at any time, the recipient's once it is offered.
    /// Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn reject_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement, and why.")] input: RejectAgreementInput,
    ) -> Result<RejectAgreementPayload, Error> {
        let request = request(ctx, "rejectAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::reject(request, RejectionInput { id: input.id.0, reason: input.reason }, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(RejectAgreementPayload { agreement, user_errors })
    }

    /// Takes an agreement back before it is signed; its drafter's officer's act. Errors: FORBIDDEN. User errors: TOO_LONG,
    /// MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn withdraw_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement.")] input: WithdrawAgreementInput,
    ) -> Result<WithdrawAgreementPayload, Error> {
        let request = request(ctx, "withdrawAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::withdraw(request, WithdrawalInput { id: input.id.0, note: input.note }, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(WithdrawAgreementPayload { agreement, user_errors })
    }

    /// Gives notice of a signed agreement; either side's officer's act. At once, nothing may be disclosed by it from the
    /// answer on and its scopes are closed; with a later day it stays in force until the end of that day. The same notice
    /// again answers as the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED,
    /// NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn terminate_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement, why, and until when.")] input: TerminateAgreementInput,
    ) -> Result<TerminateAgreementPayload, Error> {
        let request = request(ctx, "terminateAgreement")?;
        let intent = Intent::of(input.validate_only);
        let input = TerminationInput {
            id: input.id.0,
            reason: input.reason.0,
            note: input.note,
            on: input.on.map(String::from),
        };
        let outcome = agreement::terminate(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(TerminateAgreementPayload { agreement, user_errors })
    }
}
