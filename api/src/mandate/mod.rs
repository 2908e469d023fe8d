//! Suomi.fi mandate themes, and organisations' rights to grant mandates of them (R42, R48, R50, R51).

pub mod graphql;
pub mod rules;

use entity::vocabulary::{MandateThemeId, MandatingRightId};

use crate::{
    Error,
    auth::{Act, Permit, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{AdvanceInput, ApplicationInput, DecisionInput, ThemeInput};

/// Registers a mandate theme whose need has been identified.
pub async fn register_theme(
    ctx: &Context,
    input: ThemeInput,
    intent: Intent,
) -> Result<(View, Option<MandateThemeId>), Error> {
    let (fresh, now, code) = (clock::fresh_id(), ctx.now, input.code.clone());
    let rule = move |facts: &Facts, permit: &Permit| rules::register_theme(facts, fresh, &input, (permit.actor(), now));
    let view = ctx.write(Act::KeepLaw, intent, rule).await?;
    let id = view.facts.mandate_theme.by_key(&code).map(|row| row.id);
    Ok((view, id))
}

/// Takes a mandate theme on to its next status.
pub async fn advance_theme(
    ctx: &Context,
    input: AdvanceInput,
    intent: Intent,
) -> Result<(View, Option<MandateThemeId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, permit: &Permit| rules::advance_theme(facts, &input, (permit.actor(), now));
    Ok((ctx.write(Act::KeepLaw, intent, rule).await?, named))
}

/// Applies for rights to grant mandates, for the viewer's organisation or for one whose place it took. The open
/// applications for the themes named.
pub async fn apply(
    ctx: &Context,
    input: ApplicationInput,
    intent: Intent,
) -> Result<(View, Option<Vec<MandatingRightId>>), Error> {
    let now = ctx.now;
    let own = policy::own_id(ctx.view.present(), &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let applicant = input.organisation.as_ref().map_or(Some(own), |text| ctx.view.facts.organisation_named(text));
    let themes = input.themes.clone();
    let rule = move |facts: &Facts, known, actor: &str| rules::apply(facts, known, &input, (actor, now));
    let view = ctx.write_to(applicant, |organisation| Act::ActFor { organisation }, intent, rule).await?;
    let open = |name: &String| rules::open_application(&view.facts, applicant?, rules::theme(&view.facts, name)?.id);
    let ids = themes.iter().filter_map(open).map(|row| row.id).collect();
    Ok((view, Some(ids)))
}

/// Decides a right to grant mandates.
pub async fn decide(
    ctx: &Context,
    input: DecisionInput,
    intent: Intent,
) -> Result<(View, Option<MandatingRightId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::decide(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |right| Act::DecideMandatingRight { right }, intent, rule).await?;
    Ok((view, named))
}
