//! How whole an agreement is said to be, and how one that was registered incomplete becomes a draft.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{CompletenessCode, Language};

use super::Agreement;
use crate::{
    Error,
    agreement::{self, DraftingInput},
    context::Intent,
    decision,
    graphql::{errors::UserError, request::request, said::Said},
};

/// How much of a whole agreement is on record.
#[derive(SimpleObject)]
pub struct AgreementCompleteness {
    /// Share of what is asked of it that is on record, in whole per cent from 0 to 100, rounded down: 100 only where nothing
    /// is missing. Every code that applies to the agreement is asked once and weighs the same; what cannot be told while
    /// something else is missing counts as missing, but is not listed.
    score: i32,
    /// What is missing, in the order in which it is asked; at most one of each code.
    missing: Vec<AgreementGap>,
}

/// Thing that an agreement lacks.
#[derive(SimpleObject)]
pub struct AgreementGap {
    /// Which.
    code: Said<CompletenessCode>,
    /// The same in words, in the language of the request.
    message: &'static str,
}

impl AgreementCompleteness {
    pub(super) fn of(found: decision::Completeness, language: Language) -> Self {
        let said = |code| AgreementGap { code: Said(code), message: decision::completeness_message(code, language) };
        Self { score: found.score, missing: found.missing.into_iter().map(said).collect() }
    }
}

/// Agreement registered incomplete, to become a draft.
#[derive(InputObject)]
pub struct DraftAgreementInput {
    /// Global identifier.
    id: ID,
    /// Why, in words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to draftAgreement.
#[derive(SimpleObject)]
pub struct DraftAgreementPayload {
    /// Draft; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on agreements that were registered incomplete.
#[derive(Default)]
pub struct RegistrationMutation;

#[Object]
impl RegistrationMutation {
    /// Makes a draft of an agreement that was registered incomplete; what it lacks is then added as to any draft, and both
    /// sides agree on it anew. The day the paper was signed goes into its history. The discloser's officer's act. Errors:
    /// FORBIDDEN. User errors: NOT_FOUND, WRONG_STATUS, TOO_LONG, MALFORMED.
    async fn draft_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to draft.")] input: DraftAgreementInput,
    ) -> Result<DraftAgreementPayload, Error> {
        let request = request(ctx, "draftAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::draft(request, DraftingInput { id: input.id.0, note: input.note }, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(DraftAgreementPayload { agreement, user_errors })
    }
}
