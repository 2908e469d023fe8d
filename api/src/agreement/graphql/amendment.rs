//! How what a draft says of its case, term and publicity is mended.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::vocabulary::Publicity;

use super::Agreement;
use crate::{
    Error,
    agreement::{self, Amended, AmendmentInput},
    context::Intent,
    graphql::{errors::UserError, request::request, said::Said, scalars::Date},
};

/// Agreement to be amended, and what of it; members left out stay as they are.
#[derive(InputObject)]
pub struct AmendAgreementInput {
    /// Global identifier.
    id: ID,
    /// Identifier in the discloser's case register, 1 to 200 characters; null for none.
    case_register_id: MaybeUndefined<String>,
    /// First day of validity; null until agreed. Amended only before the offer.
    starts_on: MaybeUndefined<Date>,
    /// Last day of validity, included, today or later; null for open-ended. Amended only before the offer.
    ends_on: MaybeUndefined<Date>,
    /// Who may know of it; as it is when absent.
    publicity: Option<Said<Publicity>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to amendAgreement.
#[derive(SimpleObject)]
pub struct AmendAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts that amend agreements.
#[derive(Default)]
pub struct AmendmentMutation;

#[Object]
impl AmendmentMutation {
    /// Mends what an agreement says of its case, its term and who may know of it; the discloser's officer's act. Before the
    /// offer all of it; from the offer on, while the agreement lives, its identifier and publicity alone: its term is part
    /// of what both sides agree on, and another is agreed by renewAgreement. One that was registered incomplete is first
    /// made a draft. The same content again changes nothing. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED,
    /// PERIOD_REVERSED, NOT_FOUND, WRONG_STATUS. Source: R43.
    async fn amend_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which agreement, and what of it.")] input: AmendAgreementInput,
    ) -> Result<AmendAgreementPayload, Error> {
        let request = request(ctx, "amendAgreement")?;
        let intent = Intent::of(input.validate_only);
        let input = AmendmentInput {
            id: input.id.0,
            case_register_id: amended(input.case_register_id),
            starts_on: amended(input.starts_on),
            ends_on: amended(input.ends_on),
            publicity: input.publicity.map(|publicity| publicity.0),
        };
        let outcome = agreement::amend(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(AmendAgreementPayload { agreement, user_errors })
    }
}

fn amended<T: Into<String>>(member: MaybeUndefined<T>) -> Amended {
    match member {
        MaybeUndefined::Undefined => Amended::Kept,
        MaybeUndefined::Null => Amended::Removed,
        MaybeUndefined::Value(value) => Amended::Given(value.into()),
    }
}
