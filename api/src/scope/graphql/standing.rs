//! Acts by which an open scope is suspended, resumed and closed.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::SuspensionReason;

use super::Scope;
use crate::{
    Error,
    context::Intent,
    graphql::{errors::UserError, request::request, said::Said},
    scope::{self, StandingInput, SuspensionInput},
};

/// Scope to be suspended.
#[derive(InputObject)]
pub struct SuspendScopeInput {
    /// Global identifier.
    id: ID,
    /// Why.
    reason: Said<SuspensionReason>,
    /// The same in words, at most 4,000 characters; needed for OTHER. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to suspendScope.
#[derive(SimpleObject)]
pub struct SuspendScopePayload {
    /// Scope as it stands now; null when the act was refused.
    scope: Option<Scope>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Scope to be resumed.
#[derive(InputObject)]
pub struct ResumeScopeInput {
    /// Global identifier.
    id: ID,
    /// Why, in words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to resumeScope.
#[derive(SimpleObject)]
pub struct ResumeScopePayload {
    /// Scope as it stands now; null when the act was refused.
    scope: Option<Scope>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Scope to be closed for good.
#[derive(InputObject)]
pub struct CloseScopeInput {
    /// Global identifier.
    id: ID,
    /// Why, in words, 1 to 4,000 characters. Never personal data.
    note: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to closeScope.
#[derive(SimpleObject)]
pub struct CloseScopePayload {
    /// Scope as it stands now; null when the act was refused.
    scope: Option<Scope>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts by which a scope goes out of use, and comes back.
#[derive(Default)]
pub struct ScopeStandingMutation;

#[Object]
impl ScopeStandingMutation {
    /// Suspends an open scope: nothing may be disclosed by it from the answer on, and other channels go on. The discloser's
    /// officer's act. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn suspend_scope(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which scope and why.")] input: SuspendScopeInput,
    ) -> Result<SuspendScopePayload, Error> {
        let request = request(ctx, "suspendScope")?;
        let intent = Intent::of(input.validate_only);
        let input = SuspensionInput { id: input.id.0, reason: input.reason.0, note: input.note };
        let outcome = scope::suspend(request, input, intent).await;
        let (scope, user_errors) = UserError::shown(&request.view, outcome, Scope::of_id)?;
        Ok(SuspendScopePayload { scope, user_errors })
    }

    /// Resumes a suspended scope once what it needs is in place, judged anew; the discloser's officer's act. Errors:
    /// FORBIDDEN. User errors: TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS, and the reason code of every
    /// condition that fails.
    async fn resume_scope(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which scope.")] input: ResumeScopeInput,
    ) -> Result<ResumeScopePayload, Error> {
        let request = request(ctx, "resumeScope")?;
        let intent = Intent::of(input.validate_only);
        let outcome = scope::resume(request, StandingInput { id: input.id.0, note: input.note }, intent).await;
        let (scope, user_errors) = UserError::shown(&request.view, outcome, Scope::of_id)?;
        Ok(ResumeScopePayload { scope, user_errors })
    }

    /// Closes a scope for good; the discloser's officer's act. What is to be disclosed again is defined again. Errors:
    /// FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn close_scope(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which scope and why.")] input: CloseScopeInput,
    ) -> Result<CloseScopePayload, Error> {
        let request = request(ctx, "closeScope")?;
        let intent = Intent::of(input.validate_only);
        let outcome = scope::close(request, StandingInput { id: input.id.0, note: Some(input.note) }, intent).await;
        let (scope, user_errors) = UserError::shown(&request.view, outcome, Scope::of_id)?;
        Ok(CloseScopePayload { scope, user_errors })
    }
}
