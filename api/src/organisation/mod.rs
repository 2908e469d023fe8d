//! Authorities and other bodies that disclose or receive register data.

pub mod graphql;
pub mod keys;
pub mod rules;

use entity::vocabulary::OrganisationId;

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
) -> Result<(View, Option<OrganisationId>), Error> {
    let fresh = clock::fresh_id();
    let key = input.business_id.clone();
    let view = ctx.write(Act::KeepOrganisations, intent, move |facts, _| rules::register(facts, fresh, &input)).await?;
    let id = key.and_then(|key| view.facts.organisation_of(&key)).map_or(fresh, |row| row.id);
    Ok((view, Some(id)))
}

/// Amends what is known of an organisation.
pub async fn amend(
    ctx: &Context,
    id: String,
    input: OrganisationInput,
    intent: Intent,
) -> Result<(View, Option<OrganisationId>), Error> {
    let named = id.parse().ok();
    let view = ctx.write(Act::KeepOrganisations, intent, move |facts, _| rules::amend(facts, &id, &input)).await?;
    Ok((view, named))
}

/// Dissolves an organisation.
pub async fn dissolve(
    ctx: &Context,
    id: String,
    dissolved_on: String,
    successor: Option<String>,
    intent: Intent,
) -> Result<(View, Option<OrganisationId>), Error> {
    let (named, now) = (id.parse().ok(), ctx.now);
    let view = ctx
        .write(Act::KeepOrganisations, intent, move |facts, _| {
            rules::dissolve(facts, &id, &dissolved_on, successor.as_deref(), now)
        })
        .await?;
    Ok((view, named))
}
