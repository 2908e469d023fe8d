//! Scopes: what may be disclosed over which channel, in one version.

pub mod graphql;
pub mod rules;

use entity::vocabulary::ScopeId;

use crate::{
    Error,
    auth::Act,
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{DefinitionInput, ItemInput};

/// Defines a scope.
pub async fn define(ctx: &Context, input: DefinitionInput, intent: Intent) -> Result<(View, Option<ScopeId>), Error> {
    let (fresh, now, channel) = (clock::fresh_id(), ctx.now, input.channel);
    let named = ctx.view.facts.agreement.by_key(&input.agreement).map(|row| row.id);
    let rule = move |facts: &Facts, known, actor: &str| rules::define(facts, fresh, known, &input, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    let id = view.facts.scope.get(fresh).map(|row| row.id);
    let id = id.or_else(|| rules::newest(view.facts.dossier(named?)?, channel).map(|scope| scope.row.id));
    Ok((view, id))
}
