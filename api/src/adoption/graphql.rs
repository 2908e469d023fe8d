//! Acts on the steps from law to use.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use entity::vocabulary::AdoptionStepCode;

use super::{DeclarationInput, PlanInput};
use crate::{
    Error, adoption,
    agreement::graphql::Agreement,
    context::Intent,
    graphql::{errors::UserError, request::request, said::Said, scalars::Date},
};

/// Step to be planned.
#[derive(InputObject)]
pub struct PlanAdoptionStepInput {
    /// Number of the agreement.
    agreement: String,
    /// Step for which the caller's side, or both sides, are responsible.
    step: Said<AdoptionStepCode>,
    /// Agreed day, today or later.
    planned_on: Date,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to planAdoptionStep.
#[derive(SimpleObject)]
pub struct PlanAdoptionStepPayload {
    /// Agreement with its steps as they stand now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Step that has been done.
#[derive(InputObject)]
pub struct DeclareAdoptionStepInput {
    /// Number of the agreement.
    agreement: String,
    /// Step that is declared: EMPLOYEES_INSTRUCTED or MANDATES_GRANTED; every other is told by what stands.
    step: Said<AdoptionStepCode>,
    /// Day it was done, not later than today; today when absent.
    declared_on: Option<Date>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to declareAdoptionStep.
#[derive(SimpleObject)]
pub struct DeclareAdoptionStepPayload {
    /// Agreement with its steps as they stand now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on adoption steps.
#[derive(Default)]
pub struct AdoptionMutation;

#[Object]
impl AdoptionMutation {
    /// Plans the day of a step from law to use; the act of an officer of the side responsible for it. The same day again
    /// answers as the first time. Errors: FORBIDDEN. User errors: MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT for the
    /// other side's step, WRONG_STATUS.
    async fn plan_adoption_step(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which step, and when.")] input: PlanAdoptionStepInput,
    ) -> Result<PlanAdoptionStepPayload, Error> {
        let request = request(ctx, "planAdoptionStep")?;
        let intent = Intent::of(input.validate_only);
        let input = PlanInput { agreement: input.agreement, step: input.step.0, planned_on: input.planned_on.into() };
        let outcome = adoption::plan(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(PlanAdoptionStepPayload { agreement, user_errors })
    }

    /// Declares a step done that only the responsible side can tell of, once every step before it is done; the act of an
    /// officer of that side. The same day again answers as the first time. Errors: FORBIDDEN. User errors: MALFORMED,
    /// NOT_FOUND, CONFLICT for the other side's step and for one that is not declared, WRONG_STATUS out of order,
    /// CONTACT_MISSING where nobody grants mandates.
    async fn declare_adoption_step(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which step, and when it was done.")] input: DeclareAdoptionStepInput,
    ) -> Result<DeclareAdoptionStepPayload, Error> {
        let request = request(ctx, "declareAdoptionStep")?;
        let intent = Intent::of(input.validate_only);
        let input = DeclarationInput {
            agreement: input.agreement,
            step: input.step.0,
            declared_on: input.declared_on.map(String::from),
        };
        let outcome = adoption::declare(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(DeclareAdoptionStepPayload { agreement, user_errors })
    }
}
