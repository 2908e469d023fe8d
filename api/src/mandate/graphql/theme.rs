//! Acts on mandate themes.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::MandateThemeStatus;

use super::MandateTheme;
use crate::{
    Error,
    context::Intent,
    graphql::{errors::UserError, names::LocalisedTextInput, request::request, said::Said, scalars::BusinessId},
    mandate::{self, AdvanceInput, ThemeInput},
};

/// Mandate theme to be registered.
#[derive(InputObject)]
pub struct RegisterMandateThemeInput {
    /// Code, `[A-Z][A-Z0-9_]*`, at most 100 characters; never changes.
    code: String,
    /// Name.
    name: LocalisedTextInput,
    /// Absolute URI the mandate register has given it, at most 200 characters; to be given later when absent.
    uri: Option<String>,
    /// Business ID of the body that keeps the mandate register and decides who may grant mandates; when absent,
    /// administrators decide.
    owner: Option<BusinessId>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to registerMandateTheme.
#[derive(SimpleObject)]
pub struct RegisterMandateThemePayload {
    /// Theme as it stands now; null when the input has faults.
    theme: Option<MandateTheme>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Mandate theme to be taken on.
#[derive(InputObject)]
pub struct AdvanceMandateThemeInput {
    /// Global identifier.
    id: ID,
    /// Status it reaches, the one that follows; or the present one, to give the URI it did not have.
    status: Said<MandateThemeStatus>,
    /// Name as it has been defined, whole; as it stands when absent. Never changes once the theme is active.
    name: Option<LocalisedTextInput>,
    /// Absolute URI, at most 200 characters; as it stands when absent. Once the theme is active it is given once.
    uri: Option<String>,
    /// Why, in words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to advanceMandateTheme.
#[derive(SimpleObject)]
pub struct AdvanceMandateThemePayload {
    /// Theme as it stands now; null when the act was refused.
    theme: Option<MandateTheme>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on mandate themes.
#[derive(Default)]
pub struct MandateThemeMutation;

#[Object]
impl MandateThemeMutation {
    /// Registers a mandate theme whose need has been identified (R42); the administrator's act. The same code with the same
    /// content answers as the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT.
    async fn register_mandate_theme(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to register.")] input: RegisterMandateThemeInput,
    ) -> Result<RegisterMandateThemePayload, Error> {
        let request = request(ctx, "registerMandateTheme")?;
        let intent = Intent::of(input.validate_only);
        let input = ThemeInput {
            code: input.code,
            name: input.name.into(),
            uri: input.uri,
            owner: input.owner.map(String::from),
        };
        let outcome = mandate::register_theme(request, input, intent).await;
        let (theme, user_errors) = UserError::shown(&request.view, outcome, MandateTheme::of)?;
        Ok(RegisterMandateThemePayload { theme, user_errors })
    }

    /// Takes a mandate theme on: IDENTIFIED, REQUESTED (which may be passed over), DEFINED, ACTIVE, HIDDEN, and never back;
    /// the administrator's act. A hidden theme admits no new mandates and rights to grant them; those that stand stay
    /// valid. The same again changes nothing. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND,
    /// CONFLICT, WRONG_STATUS.
    async fn advance_mandate_theme(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which theme, and where it has come to.")] input: AdvanceMandateThemeInput,
    ) -> Result<AdvanceMandateThemePayload, Error> {
        let request = request(ctx, "advanceMandateTheme")?;
        let intent = Intent::of(input.validate_only);
        let input = AdvanceInput {
            id: input.id.0,
            status: input.status.0,
            name: input.name.map(Into::into),
            uri: input.uri,
            note: input.note,
        };
        let outcome = mandate::advance_theme(request, input, intent).await;
        let (theme, user_errors) = UserError::shown(&request.view, outcome, MandateTheme::of)?;
        Ok(AdvanceMandateThemePayload { theme, user_errors })
    }
}
