//! Acts on purposes.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::Purpose;
use crate::{
    Error,
    context::Intent,
    graphql::{errors::UserError, names::LocalisedTextInput, request::request},
    register::{self, PurposeInput},
};

/// Purpose to be registered.
#[derive(InputObject)]
pub struct RegisterPurposeInput {
    /// Code, `[A-Z][A-Z0-9_]*`, at most 100 characters; never changes.
    code: String,
    /// Name.
    name: LocalisedTextInput,
    /// Term of the Data Privacy Vocabulary, an IRI under `https` and at most 200 characters.
    dpv_iri: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to registerPurpose.
#[derive(SimpleObject)]
pub struct RegisterPurposePayload {
    /// Purpose; null when the input has faults.
    purpose: Option<Purpose>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on purposes.
#[derive(Default)]
pub struct PurposeMutation;

#[Object]
impl PurposeMutation {
    /// Registers a purpose data may be asked for; the administrator's act. It never changes, for disclosures rest on it. The
    /// same code with the same content answers as the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG,
    /// MALFORMED, CONFLICT.
    async fn register_purpose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register.")] input: RegisterPurposeInput,
    ) -> Result<RegisterPurposePayload, Error> {
        let request = request(ctx, "registerPurpose")?;
        let intent = Intent::of(input.validate_only);
        let input = PurposeInput { code: input.code, name: input.name.into(), dpv_iri: input.dpv_iri };
        let outcome = register::register_purpose(request, input, intent).await;
        let (purpose, user_errors) = UserError::shown(&request.view, outcome, Purpose::of)?;
        Ok(RegisterPurposePayload { purpose, user_errors })
    }
}
