//! Act by which a signed agreement comes into force.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Agreement;
use crate::{
    Error,
    agreement::{self, ActivationInput},
    context::Intent,
    graphql::{errors::UserError, request::request},
};

/// Agreement to be activated.
#[derive(InputObject)]
pub struct ActivateAgreementInput {
    /// Global identifier.
    id: ID,
    /// Note, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to activateAgreement.
#[derive(SimpleObject)]
pub struct ActivateAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Act by which agreements come into force.
#[derive(Default)]
pub struct ActivationMutation;

#[Object]
impl ActivationMutation {
    /// Puts a signed agreement into force, from when its scopes can be opened; the discloser's officer's act. It needs its
    /// law, a first day that has come (one agreed without starts today), an answered protection checklist, and one scope that
    /// is tested, agreed on by both and carried by an approved statement. An agreement in force or suspended that it takes
    /// the place of is superseded in the same act, its scopes closed. Errors: FORBIDDEN. User errors: NOT_FOUND, MALFORMED,
    /// TOO_LONG, WRONG_STATUS, and the reason code of every condition that fails. Source: R5, R8, R41, R43, R64.
    async fn activate_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to activate.")] input: ActivateAgreementInput,
    ) -> Result<ActivateAgreementPayload, Error> {
        let request = request(ctx, "activateAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::activate(request, ActivationInput { id: input.id.0, note: input.note }, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(ActivateAgreementPayload { agreement, user_errors })
    }
}
