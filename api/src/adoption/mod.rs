//! Adoption: what of the way from law to use the parties plan, and what only they can tell (R31–R64, R69).

pub mod graphql;
pub mod rules;

use std::sync::Arc;

use entity::vocabulary::{AgreementId, AgreementSide};

use crate::{
    Error,
    auth::{Act, Viewer, policy},
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{DeclarationInput, PlanInput};

/// Plans the day of a step.
pub async fn plan(ctx: &Context, input: PlanInput, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let (now, viewer) = (ctx.now, Arc::clone(&ctx.view.viewer));
    let named = ctx.view.facts.agreement.by_key(&input.agreement).map(|row| row.id);
    let rule =
        move |facts: &Facts, known, _: &str| rules::plan(facts, (known, side(facts, &viewer, known)), &input, now);
    let view = ctx.write_to(named, |agreement| Act::JoinAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}

/// Declares a step done.
pub async fn declare(
    ctx: &Context,
    input: DeclarationInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let (now, viewer) = (ctx.now, Arc::clone(&ctx.view.viewer));
    let named = ctx.view.facts.agreement.by_key(&input.agreement).map(|row| row.id);
    let rule = move |facts: &Facts, known, actor: &str| {
        rules::declare(facts, (known, side(facts, &viewer, known)), &input, (actor, now))
    };
    let view = ctx.write_to(named, |agreement| Act::JoinAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}

/// Side the viewer does the acts of, in the agreement an act is done to.
fn side(facts: &Facts, viewer: &Viewer, known: Option<AgreementId>) -> Option<AgreementSide> {
    policy::acting_side(facts, viewer, facts.agreement.get(known?)?)
}
