//! Public keys by which organisations sign agreements.

pub mod graphql;
pub mod rules;

use entity::vocabulary::OrganisationKeyId;

use crate::{
    Error,
    auth::{Act, PublicKey},
    clock,
    context::{Context, Intent, View},
};
pub use rules::{KeyInput, RevocationInput};

/// Proposes a key.
pub async fn propose(
    ctx: &Context,
    input: KeyInput,
    intent: Intent,
) -> Result<(View, Option<OrganisationKeyId>), Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let kid = PublicKey::parse(&input.jwk).ok().map(|key| key.kid);
    let view = ctx
        .write(Act::KeepLaw, intent, move |facts, permit| rules::propose(facts, fresh, &input, (permit.actor(), now)))
        .await?;
    let id = kid.and_then(|kid| view.facts.organisation_key.by_key(&kid)).map(|row| row.id);
    Ok((view, id))
}

/// Confirms a key another proposed.
pub async fn confirm(ctx: &Context, id: String, intent: Intent) -> Result<(View, Option<OrganisationKeyId>), Error> {
    let (now, named) = (ctx.now, id.parse().ok());
    let view =
        ctx.write(Act::KeepLaw, intent, move |facts, permit| rules::confirm(facts, &id, (permit.actor(), now))).await?;
    Ok((view, named))
}

/// Revokes a key: no new signature by it is accepted.
pub async fn revoke(
    ctx: &Context,
    input: RevocationInput,
    intent: Intent,
) -> Result<(View, Option<OrganisationKeyId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let view = ctx.write(Act::KeepLaw, intent, move |facts, _| rules::revoke(facts, &input, now)).await?;
    Ok((view, named))
}
