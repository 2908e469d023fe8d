//! Authorities and other bodies that disclose or receive register data.

pub mod graphql;
pub mod rules;

use entity::vocabulary::{Day, OrganisationId};

use crate::{
    Error,
    auth::Act,
    clock,
    context::{Context, Intent, View},
};
pub use rules::OrganisationInput;

/// Registers an organisation.
pub async fn register(
    ctx: &Context,
    input: OrganisationInput,
    intent: Intent,
) -> Result<(View, OrganisationId), Error> {
    let fresh = clock::fresh_id();
    let key = input.business_id.clone();
    let view = ctx.write(Act::KeepOrganisations, intent, move |facts, _| rules::register(facts, fresh, &input)).await?;
    let id = key.and_then(|key| view.facts.organisation_of(&key)).map_or(fresh, |row| row.id);
    Ok((view, id))
}

/// Amends what is known of an organisation.
pub async fn amend(ctx: &Context, id: OrganisationId, input: OrganisationInput, intent: Intent) -> Result<View, Error> {
    ctx.write(Act::KeepOrganisations, intent, move |facts, _| rules::amend(facts, id, &input)).await
}

/// Dissolves an organisation.
pub async fn dissolve(
    ctx: &Context,
    id: OrganisationId,
    dissolved_on: Option<Day>,
    successor: Option<String>,
    intent: Intent,
) -> Result<View, Error> {
    ctx.write(Act::KeepOrganisations, intent, move |facts, _| {
        rules::dissolve(facts, id, dissolved_on, successor.as_deref())
    })
    .await
}
