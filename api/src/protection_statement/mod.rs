//! Protection statements: the recipient's account of its data protection, reviewed before anything opens.

pub mod graphql;
pub mod rules;

use entity::vocabulary::{OrganisationId, ProtectionStatementId};

use crate::{
    Error,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{ReviewInput, StatementInput, WithdrawalInput};

/// Gives a statement for the viewer's organisation, or for one whose place it took.
pub async fn submit(
    ctx: &Context,
    input: StatementInput,
    intent: Intent,
) -> Result<(View, Option<ProtectionStatementId>), Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let own = policy::own_id(ctx.view.present(), &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let recipient = input.recipient.as_ref().map_or(Some(own), |text| ctx.view.facts.organisation_named(text));
    let given = input.clone();
    let rule = move |facts: &Facts, known, actor: &str| rules::submit(facts, fresh, known, &given, (actor, now));
    let view = ctx.write_to(recipient, |organisation| Act::ActFor { organisation }, intent, rule).await?;
    let id = view.facts.protection_statement.get(fresh).map(|row| row.id);
    let id = id.or_else(|| standing(&view.facts, recipient?, &input));
    Ok((view, id))
}

/// Newest version of what an input gives.
fn standing(facts: &Facts, recipient: OrganisationId, input: &StatementInput) -> Option<ProtectionStatementId> {
    let register = facts.register.by_key(&input.register)?;
    let discloser = match &input.discloser {
        Some(text) => facts.organisation_named(text)?,
        None => register.controller_id,
    };
    rules::newest(facts, (register.id, recipient, discloser, input.channel)).map(|row| row.id)
}

/// Reviews a statement.
pub async fn review(
    ctx: &Context,
    input: ReviewInput,
    intent: Intent,
) -> Result<(View, Option<ProtectionStatementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::review(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |statement| Act::ReviewStatement { statement }, intent, rule).await?;
    Ok((view, named))
}

/// Withdraws a statement.
pub async fn withdraw(
    ctx: &Context,
    input: WithdrawalInput,
    intent: Intent,
) -> Result<(View, Option<ProtectionStatementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::withdraw(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |statement| Act::WithdrawStatement { statement }, intent, rule).await?;
    Ok((view, named))
}
