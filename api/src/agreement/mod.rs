//! Agreements: by what, between whom and in which state register data may be disclosed.

pub mod graphql;
pub mod rules;

use entity::vocabulary::AgreementId;

use crate::{
    Error,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{AgreementInput, ResumptionInput, SuspensionInput};

/// Drafts an agreement on behalf of the viewer's organisation, the discloser.
pub async fn create(
    ctx: &Context,
    input: AgreementInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let fresh = clock::fresh_id();
    let now = ctx.now;
    let number = input.number.trim().to_owned();
    let discloser = policy::own_id(&ctx.view.facts, &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let view = ctx
        .write(Act::DraftAgreement { discloser }, intent, move |facts, permit| {
            rules::create(facts, fresh, discloser, &input, (permit.actor(), now))
        })
        .await?;
    let id = view.facts.agreement.by_key(&number).map(|row| row.id);
    Ok((view, id))
}

/// Suspends an agreement.
pub async fn suspend(
    ctx: &Context,
    input: SuspensionInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::suspend(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}

/// Resumes a suspended agreement.
pub async fn resume(
    ctx: &Context,
    input: ResumptionInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::resume(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}
