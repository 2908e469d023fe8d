//! Agreements: by what, between whom and in which state register data may be disclosed.

pub mod graphql;
pub mod rules;

use entity::vocabulary::{AgreementId, SuspensionReason};

use crate::{
    Error,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
};
pub use rules::AgreementInput;

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
    agreement: AgreementId,
    reason: SuspensionReason,
    note: Option<String>,
    intent: Intent,
) -> Result<View, Error> {
    let now = ctx.now;
    ctx.write(Act::RunAgreement { agreement }, intent, move |facts, permit| {
        rules::suspend(facts, agreement, reason, note.as_ref(), (permit.actor(), now))
    })
    .await
}

/// Resumes a suspended agreement.
pub async fn resume(
    ctx: &Context,
    agreement: AgreementId,
    note: Option<String>,
    intent: Intent,
) -> Result<View, Error> {
    let now = ctx.now;
    ctx.write(Act::RunAgreement { agreement }, intent, move |facts, permit| {
        rules::resume(facts, agreement, note.as_ref(), (permit.actor(), now))
    })
    .await
}
