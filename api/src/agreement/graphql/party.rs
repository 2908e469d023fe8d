//! How further parties of an agreement are named.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::PartyRole;

use super::Agreement;
use crate::{
    Error,
    agreement::{self, PartyInput},
    context::Intent,
    graphql::{errors::UserError, request::request, said::Said, scalars::BusinessId},
};

/// Further party of an agreement to be named.
#[derive(InputObject)]
pub struct AddAgreementPartyInput {
    /// Global identifier of the agreement.
    id: ID,
    /// Business ID of the organisation; neither the discloser nor the recipient.
    organisation: BusinessId,
    /// Its role.
    role: Said<PartyRole>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to addAgreementParty.
#[derive(SimpleObject)]
pub struct AddAgreementPartyPayload {
    /// Agreement as it stands now; null when the input has faults.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on the further parties of agreements.
#[derive(Default)]
pub struct PartyMutation;

#[Object]
impl PartyMutation {
    /// Names a processor, operator or joint controller of an agreement; the discloser's officer's act. After an offer it is
    /// a new content version, and after the signing the party acts for nobody until both sides have agreed on it. The same
    /// organisation and role again answer as the first time. Errors: FORBIDDEN. User errors: TOO_LONG, MALFORMED,
    /// NOT_FOUND, CONFLICT, WRONG_STATUS, PARTY_NOT_ACTIVE.
    async fn add_agreement_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement, whom, in which role.")] input: AddAgreementPartyInput,
    ) -> Result<AddAgreementPartyPayload, Error> {
        let request = request(ctx, "addAgreementParty")?;
        let intent = Intent::of(input.validate_only);
        let input = PartyInput { id: input.id.0, organisation: input.organisation.into(), role: input.role.0 };
        let outcome = agreement::add_party(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(AddAgreementPartyPayload { agreement, user_errors })
    }
}
