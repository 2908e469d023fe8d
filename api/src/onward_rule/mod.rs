//! Onward rules: the only way data may travel on from its recipient (R27–R30).

pub mod graphql;
pub mod rules;

use entity::vocabulary::OnwardRuleId;

use crate::{
    Error,
    auth::{Act, Sight, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{EndingInput, RuleInput};

/// Adds a rule to an agreement.
pub async fn add(ctx: &Context, input: RuleInput, intent: Intent) -> Result<(View, Option<OnwardRuleId>), Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let named = ctx.view.facts.agreement.by_key(&input.agreement).map(|row| row.id);
    let given = input.clone();
    let rule = move |facts: &Facts, known, actor: &str| rules::add(facts, fresh, known, &given, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    let id = view.facts.onward_rule.get(fresh).map(|row| row.id);
    let id = id.or_else(|| rules::repeated(&view.facts, view.facts.dossier(named?)?, &input, now));
    Ok((view, id))
}

/// Ends a rule.
pub async fn end(ctx: &Context, input: EndingInput, intent: Intent) -> Result<(View, Option<OnwardRuleId>), Error> {
    let (now, view): (_, &View) = (ctx.now, &ctx.view);
    let named: Option<OnwardRuleId> = input.id.parse().ok();
    let agreement = named.and_then(|id| view.facts.agreement.get(view.facts.onward_rule.get(id)?.agreement_id));
    let seen = agreement.filter(|row| policy::sight(view.present(), &view.viewer, row) >= Some(Sight::Party));
    let rule = move |facts: &Facts, known, actor: &str| rules::end(facts, known, &input, (actor, now));
    let target = seen.map(|row| row.id);
    let view = ctx.write_to(target, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}
