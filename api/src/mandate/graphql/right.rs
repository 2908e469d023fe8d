//! Acts on rights to grant mandates.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::MandatingRight;
use crate::{
    Error,
    context::Intent,
    graphql::{
        errors::UserError,
        request::request,
        scalars::{BusinessId, DateTime},
    },
    mandate::{self, ApplicationInput, DecisionInput, rules},
};

/// Application for rights to grant mandates.
#[derive(InputObject)]
pub struct ApplyMandatingRightInput {
    /// Business ID of the applicant; the caller's organisation when absent. Another only where it took that one's place.
    organisation: Option<BusinessId>,
    /// Codes or URIs of the themes, each once, 1 to 20: one application covers all that are needed (R51).
    themes: Vec<String>,
    /// Reference of the application, at most 200 characters.
    application: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to applyMandatingRight.
#[derive(SimpleObject)]
pub struct ApplyMandatingRightPayload {
    /// Applications as they stand now, in the order of the themes; null when the input has faults.
    rights: Option<Vec<MandatingRight>>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Decision on a right to grant mandates.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rules::RightDecision")]
pub enum MandatingRightDecision {
    /// Grant what was applied for.
    Grant,
    /// Reject the application.
    Reject,
    /// Revoke what was granted.
    Revoke,
}

/// Right to be decided.
#[derive(InputObject)]
pub struct DecideMandatingRightInput {
    /// Global identifier.
    id: ID,
    /// What is decided.
    decision: MandatingRightDecision,
    /// Instant at which a granted right ends, still to come; open-ended when absent. Only to grant.
    valid_until: Option<DateTime>,
    /// Why, in words, at most 4,000 characters; needed to reject and to revoke. Never personal data.
    reason: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to decideMandatingRight.
#[derive(SimpleObject)]
pub struct DecideMandatingRightPayload {
    /// Right as it stands now; null when the act was refused.
    right: Option<MandatingRight>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on rights to grant mandates.
#[derive(Default)]
pub struct MandatingRightMutation;

#[Object]
impl MandatingRightMutation {
    /// Applies for the right to grant one's employees mandates (R50), for several themes at once (R51); the applicant's
    /// officer's act. A theme may still be in the making, but not hidden. What is applied for already answers as it stands.
    /// Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT, MANDATE_THEME_NOT_ACTIVE,
    /// PARTY_NOT_ACTIVE.
    async fn apply_mandating_right(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which themes.")] input: ApplyMandatingRightInput,
    ) -> Result<ApplyMandatingRightPayload, Error> {
        let request = request(ctx, "applyMandatingRight")?;
        let intent = Intent::of(input.validate_only);
        let input = ApplicationInput {
            organisation: input.organisation.map(String::from),
            themes: input.themes,
            application: input.application,
        };
        let outcome = mandate::apply(request, input, intent).await;
        let shown = |view: &_, ids: Vec<_>| ids.into_iter().map(|id| MandatingRight::of(view, id)).collect();
        let (rights, user_errors) = UserError::shown(&request.view, outcome, shown)?;
        Ok(ApplyMandatingRightPayload { rights, user_errors })
    }

    /// Decides a right to grant mandates: grants or rejects an application, or revokes what was granted; the act of the
    /// officer of the body that keeps the theme, of an administrator where none is recorded, and never of the applicant. It
    /// is granted only while its theme is ACTIVE (R42, R50). From the answer on decisions follow it. The same decision again
    /// changes nothing. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS,
    /// MANDATE_THEME_NOT_ACTIVE, PARTY_NOT_ACTIVE.
    async fn decide_mandating_right(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which right, and what is decided.")] input: DecideMandatingRightInput,
    ) -> Result<DecideMandatingRightPayload, Error> {
        let request = request(ctx, "decideMandatingRight")?;
        let intent = Intent::of(input.validate_only);
        let input = DecisionInput {
            id: input.id.0,
            decision: input.decision.into(),
            valid_until: input.valid_until.map(String::from),
            reason: input.reason,
        };
        let outcome = mandate::decide(request, input, intent).await;
        let (right, user_errors) = UserError::shown(&request.view, outcome, MandatingRight::of)?;
        Ok(DecideMandatingRightPayload { right, user_errors })
    }
}
