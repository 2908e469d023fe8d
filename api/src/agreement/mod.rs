//! Agreements: by what, between whom and in which state register data may be disclosed.

pub mod graphql;
pub mod rules;

use std::sync::Arc;

use entity::vocabulary::AgreementId;

use crate::{
    Error, Violations,
    auth::{Act, Viewer, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
    journal::Changes,
};
pub use rules::{
    AgreementInput, ResumptionInput, SuspensionInput,
    activation::ActivationInput,
    registration::DraftingInput,
    signing::{OnVersion, Proof, RevocationInput, SigningInput, Speaker},
};

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

/// Accepts the present content for the viewer's side.
pub async fn accept(ctx: &Context, input: OnVersion, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let now = ctx.now;
    let named = input.id.parse().ok();
    let rule = move |facts: &Facts, speaker, actor: &str| rules::signing::accept(facts, speaker, &input, (actor, now));
    speak(ctx, named, intent, rule).await
}

/// Signs the present content for the viewer's side.
pub async fn sign(ctx: &Context, input: SigningInput, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let now = ctx.now;
    let named = input.on.id.parse().ok();
    let rule = move |facts: &Facts, speaker, actor: &str| rules::signing::sign(facts, speaker, &input, (actor, now));
    speak(ctx, named, intent, rule).await
}

/// Takes back what the viewer's side did with a content version.
pub async fn revoke(
    ctx: &Context,
    input: RevocationInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let now = ctx.now;
    let named = input.id.parse().ok();
    let rule = move |facts: &Facts, speaker, actor: &str| rules::signing::revoke(facts, speaker, &input, (actor, now));
    speak(ctx, named, intent, rule).await
}

/// Does an act of a party, for the side its officer is on in the facts it changes.
async fn speak<F>(
    ctx: &Context,
    named: Option<AgreementId>,
    intent: Intent,
    rule: F,
) -> Result<(View, Option<AgreementId>), Error>
where
    F: FnOnce(&Facts, Option<Speaker>, &str) -> Result<Changes, Violations> + Send + 'static,
{
    let viewer = Arc::clone(&ctx.view.viewer);
    let spoken = move |facts: &Facts, known: Option<AgreementId>, actor: &str| {
        rule(facts, known.and_then(|agreement| speaker(facts, &viewer, agreement)), actor)
    };
    let view = ctx.write_to(named, |agreement| Act::JoinAgreement { agreement }, intent, spoken).await?;
    Ok((view, named))
}

/// Whom a viewer speaks for in an agreement.
fn speaker(facts: &Facts, viewer: &Viewer, agreement: AgreementId) -> Option<Speaker> {
    let side = policy::acting_side(facts, viewer, facts.agreement.get(agreement)?)?;
    Some(Speaker { agreement, side, organisation: policy::own_id(facts, viewer)? })
}

/// Activates a signed agreement.
pub async fn activate(
    ctx: &Context,
    input: ActivationInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::activation::activate(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}

/// Makes a draft of an agreement that was registered incomplete.
pub async fn draft(ctx: &Context, input: DraftingInput, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::registration::draft(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::RunAgreement { agreement }, intent, rule).await?;
    Ok((view, named))
}
