//! Provisions of law, each in one wording: what a right to receive or disclose rests on.

pub mod graphql;
pub mod rules;

use entity::vocabulary::LegalBasisId;

use crate::{
    Error,
    auth::Act,
    clock,
    context::{Context, Intent, View},
};
pub use rules::{BasisInput, RepealInput};

/// Proposes a provision in one wording.
pub async fn propose(ctx: &Context, input: BasisInput, intent: Intent) -> Result<(View, Option<LegalBasisId>), Error> {
    let (fresh, now, given) = (clock::fresh_id(), ctx.now, input.clone());
    let view = ctx
        .write(Act::KeepLaw, intent, move |facts, permit| rules::propose(facts, fresh, &input, (permit.actor(), now)))
        .await?;
    let id = rules::standing(&view.facts, &given).map(|row| row.id);
    Ok((view, id))
}

/// Confirms a provision another proposed.
pub async fn confirm(ctx: &Context, id: String, intent: Intent) -> Result<(View, Option<LegalBasisId>), Error> {
    let (now, named) = (ctx.now, id.parse().ok());
    let view =
        ctx.write(Act::KeepLaw, intent, move |facts, permit| rules::confirm(facts, &id, (permit.actor(), now))).await?;
    Ok((view, named))
}

/// Repeals a provision, now or from a later instant on.
pub async fn repeal(ctx: &Context, input: RepealInput, intent: Intent) -> Result<(View, Option<LegalBasisId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let view = ctx.write(Act::KeepLaw, intent, move |facts, _| rules::repeal(facts, &input, now)).await?;
    Ok((view, named))
}
