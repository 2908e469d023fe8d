//! Scopes: what may be disclosed over which channel, in one version.

pub mod graphql;
pub mod rules;

use entity::vocabulary::{AgreementId, Instant, ScopeId};

use crate::{
    Error, Violations,
    auth::{Act, Sight, policy},
    clock,
    context::{Context, Intent, View},
    decision,
    facts::Facts,
    journal::Changes,
};
pub use rules::{DefinitionInput, ImplementationInput, ItemInput, StandingInput, SuspensionInput, TestInput};

/// What an act comes to: the view after it and the scope.
pub type Outcome = Result<(View, Option<ScopeId>), Error>;

/// Defines a scope.
pub async fn define(ctx: &Context, input: DefinitionInput, intent: Intent) -> Outcome {
    let (fresh, now, channel) = (clock::fresh_id(), ctx.now, input.channel);
    let named = ctx.view.facts.agreement.by_key(&input.agreement).map(|row| row.id);
    let rule = move |facts: &Facts, known, actor: &str| rules::define(facts, fresh, known, &input, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    let id = view.facts.scope.get(fresh).map(|row| row.id);
    let id = id.or_else(|| decision::newest_scope(view.facts.dossier(named?)?, channel).map(|scope| scope.row.id));
    Ok((view, id))
}

/// Marks a scope implemented.
pub async fn mark_implemented(ctx: &Context, input: ImplementationInput, intent: Intent) -> Outcome {
    let id = input.id.clone();
    done_to(ctx, &id, intent, move |facts, known, by| rules::mark_implemented(facts, known, &input, by)).await
}

/// Marks a scope tested.
pub async fn mark_tested(ctx: &Context, input: TestInput, intent: Intent) -> Outcome {
    let id = input.id.clone();
    done_to(ctx, &id, intent, move |facts, known, by| rules::mark_tested(facts, known, &input, by)).await
}

/// Opens a scope.
pub async fn open(ctx: &Context, input: StandingInput, intent: Intent) -> Outcome {
    let id = input.id.clone();
    done_to(ctx, &id, intent, move |facts, known, by| rules::open(facts, known, &input, by)).await
}

/// Suspends a scope.
pub async fn suspend(ctx: &Context, input: SuspensionInput, intent: Intent) -> Outcome {
    let id = input.id.clone();
    done_to(ctx, &id, intent, move |facts, known, by| rules::suspend(facts, known, &input, by)).await
}

/// Resumes a scope.
pub async fn resume(ctx: &Context, input: StandingInput, intent: Intent) -> Outcome {
    let id = input.id.clone();
    done_to(ctx, &id, intent, move |facts, known, by| rules::resume(facts, known, &input, by)).await
}

/// Closes a scope.
pub async fn close(ctx: &Context, input: StandingInput, intent: Intent) -> Outcome {
    let id = input.id.clone();
    done_to(ctx, &id, intent, move |facts, known, by| rules::close(facts, known, &input, by)).await
}

/// Does an act of the discloser's officer to a scope; what the asker may not see of its agreement is not there.
async fn done_to<F>(ctx: &Context, id: &str, intent: Intent, act: F) -> Outcome
where
    F: FnOnce(&Facts, Option<AgreementId>, (&str, Instant)) -> Result<Changes, Violations> + Send + 'static,
{
    let (named, now, view): (Option<ScopeId>, _, _) = (id.parse().ok(), ctx.now, &ctx.view);
    let agreement = named.and_then(|id| view.facts.agreement.get(view.facts.scope.get(id)?.agreement_id));
    let seen = agreement.filter(|row| policy::sight(view.present(), &view.viewer, row) >= Some(Sight::Party));
    let rule = move |facts: &Facts, known, actor: &str| act(facts, known, (actor, now));
    let target = seen.map(|row| row.id);
    let view = ctx.write_to(target, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}
