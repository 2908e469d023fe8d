//! Entitlements as they come and go: the ceilings of confirmed provisions.

pub mod graphql;
pub mod rules;

use entity::vocabulary::EntitlementId;

use crate::{
    Error,
    auth::Act,
    clock,
    context::{Context, Intent, View},
};
pub use rules::{CeilingInput, EndInput};

/// Proposes an entitlement.
pub async fn propose(
    ctx: &Context,
    input: CeilingInput,
    intent: Intent,
) -> Result<(View, Option<EntitlementId>), Error> {
    let (fresh, now, given) = (clock::fresh_id(), ctx.now, input.clone());
    let view = ctx
        .write(Act::KeepLaw, intent, move |facts, permit| rules::propose(facts, fresh, &input, (permit.actor(), now)))
        .await?;
    let id = view.facts.entitlement.get(fresh).map(|row| row.id);
    let id = id.or_else(|| rules::standing(&view.facts, &given, now).map(|row| row.id));
    Ok((view, id))
}

/// Confirms an entitlement another proposed.
pub async fn confirm(ctx: &Context, id: String, intent: Intent) -> Result<(View, Option<EntitlementId>), Error> {
    let (now, named) = (ctx.now, id.parse().ok());
    let view =
        ctx.write(Act::KeepLaw, intent, move |facts, permit| rules::confirm(facts, &id, (permit.actor(), now))).await?;
    Ok((view, named))
}

/// Ends an entitlement, now or from a later instant on.
pub async fn end(ctx: &Context, input: EndInput, intent: Intent) -> Result<(View, Option<EntitlementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let view = ctx.write(Act::KeepLaw, intent, move |facts, _| rules::end(facts, &input, now)).await?;
    Ok((view, named))
}
