//! Agreements: by what, between whom and in which state register data may be disclosed.

pub mod graphql;
pub mod rules;

use std::sync::Arc;

use entity::vocabulary::{AgreementBasisId, AgreementId, Instant};

use crate::{
    Error, Violations,
    auth::{Act, Viewer, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
    journal::Changes,
    legal_basis::rules::wording,
};
pub use rules::{
    AgreementInput, ResumptionInput, SuspensionInput,
    activation::ActivationInput,
    amendment::{Amended, AmendmentInput},
    basis::{BasisInput, BasisReviewInput},
    ending::{RejectionInput, TerminationInput, WithdrawalInput},
    offer::StepInput,
    party::PartyInput,
    registration::DraftingInput,
    renewal::RenewalInput,
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
    let discloser = policy::own_id(ctx.view.present(), &ctx.view.viewer).ok_or(Error::Forbidden)?;
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

/// Does an act to the agreement an id names.
async fn done_to<F>(
    ctx: &Context,
    id: &str,
    act: fn(AgreementId) -> Act,
    intent: Intent,
    rule: F,
) -> Result<(View, Option<AgreementId>), Error>
where
    F: FnOnce(&Facts, Option<AgreementId>, (&str, Instant)) -> Result<Changes, Violations> + Send + 'static,
{
    let (now, named) = (ctx.now, id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rule(facts, known, (actor, now));
    let view = ctx.write_to(named, act, intent, rule).await?;
    Ok((view, named))
}

fn run(agreement: AgreementId) -> Act {
    Act::RunAgreement { agreement }
}

/// Rests an agreement on a provision.
pub async fn add_basis(
    ctx: &Context,
    input: BasisInput,
    intent: Intent,
) -> Result<(View, Option<AgreementBasisId>), Error> {
    let (fresh, now, given) = (clock::fresh_id(), ctx.now, input.clone());
    let rule = move |facts: &Facts, known, by: (&str, Instant)| rules::basis::add(facts, fresh, known, &given, by);
    let (view, agreement) = done_to(ctx, &input.id, run, intent, rule).await?;
    let standing = || {
        let by_citation = input.citation.as_deref().and_then(|text| text.parse().ok());
        let law = match by_citation {
            Some(citation) => wording(&view.facts, &citation, now)?.id,
            None => input.legal_basis.as_deref()?.parse().ok()?,
        };
        rules::basis::of_role(&view.facts, agreement?, (law, input.role)).map(|row| row.id)
    };
    let id = view.facts.agreement_basis.get(fresh).map(|row| row.id).or_else(standing);
    Ok((view, id))
}

/// Reviews whether a provision carries what an agreement cites it for.
pub async fn review_basis(
    ctx: &Context,
    input: BasisReviewInput,
    intent: Intent,
) -> Result<(View, Option<AgreementBasisId>), Error> {
    let (now, named) = (ctx.now, input.id.parse::<AgreementBasisId>().ok());
    let agreement = named.and_then(|id| ctx.view.facts.agreement_basis.get(id)).map(|row| row.agreement_id);
    let rule = move |facts: &Facts, known, actor: &str| rules::basis::review(facts, known, &input, (actor, now));
    let view = ctx.write_to(agreement, run, intent, rule).await?;
    Ok((view, named))
}

/// Confirms that the legal basis of a draft suffices.
pub async fn confirm_basis(
    ctx: &Context,
    input: StepInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let id = input.id.clone();
    let rule = move |facts: &Facts, known, by: (&str, Instant)| rules::offer::confirm(facts, known, &input, by);
    done_to(ctx, &id, run, intent, rule).await
}

/// Offers an agreement to its recipient.
pub async fn offer(ctx: &Context, input: StepInput, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let id = input.id.clone();
    let rule = move |facts: &Facts, known, by: (&str, Instant)| rules::offer::offer(facts, known, &input, by);
    done_to(ctx, &id, run, intent, rule).await
}

/// Refuses an agreement before it is signed, for the viewer's side.
pub async fn reject(
    ctx: &Context,
    input: RejectionInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, speaker, actor: &str| rules::ending::reject(facts, speaker, &input, (actor, now));
    speak(ctx, named, intent, rule).await
}

/// Takes an agreement back before it is signed.
pub async fn withdraw(
    ctx: &Context,
    input: WithdrawalInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let id = input.id.clone();
    let rule = move |facts: &Facts, known, by: (&str, Instant)| rules::ending::withdraw(facts, known, &input, by);
    done_to(ctx, &id, |agreement| Act::WithdrawAgreement { agreement }, intent, rule).await
}

/// Gives notice of an agreement, for the viewer's side.
pub async fn terminate(
    ctx: &Context,
    input: TerminationInput,
    intent: Intent,
) -> Result<(View, Option<AgreementId>), Error> {
    let (fresh, now, named) = (clock::fresh_id(), ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, speaker, actor: &str| {
        rules::ending::terminate(facts, fresh, speaker, &input, (actor, now))
    };
    speak(ctx, named, intent, rule).await
}

/// Names a further party of an agreement.
pub async fn add_party(ctx: &Context, input: PartyInput, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let (fresh, id) = (clock::fresh_id(), input.id.clone());
    let rule = move |facts: &Facts, known, by: (&str, Instant)| rules::party::add(facts, fresh, known, &input, by);
    done_to(ctx, &id, run, intent, rule).await
}

/// Amends what an agreement says of its case, its term and who may know of it.
pub async fn amend(ctx: &Context, input: AmendmentInput, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let id = input.id.clone();
    let rule = move |facts: &Facts, known, by: (&str, Instant)| rules::amendment::amend(facts, known, &input, by);
    done_to(ctx, &id, run, intent, rule).await
}

/// Drafts the renewal of an agreement.
pub async fn renew(ctx: &Context, input: RenewalInput, intent: Intent) -> Result<(View, Option<AgreementId>), Error> {
    let (fresh, id, number) = (clock::fresh_id(), input.id.clone(), input.number.trim().to_owned());
    let rule = move |facts: &Facts, known, by: (&str, Instant)| rules::renewal::renew(facts, fresh, known, &input, by);
    let (view, _) = done_to(ctx, &id, run, intent, rule).await?;
    let renewal = view.facts.agreement.by_key(&number).map(|row| row.id);
    Ok((view, renewal))
}
