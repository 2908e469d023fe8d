//! Inquiries: "do we have a right?" (R34, R65).

pub mod graphql;
pub mod rules;

use entity::vocabulary::{Citation, InquiryId, OrganisationId, PurposeId, RegisterId};

use crate::{
    Error,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{AnswerInput, AskInput};

/// Most provisions one inquiry relies on, or its answer names: an answer of the gateway holds all of them.
pub const PROVISIONS_MAX: usize = 20;

/// Asks for the viewer's organisation, or for one whose place it took, whether it has a right.
pub async fn ask(ctx: &Context, input: AskInput, intent: Intent) -> Result<(View, Option<InquiryId>), Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let own = policy::own_id(ctx.view.present(), &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let asker = input.organisation.as_ref().map_or(Some(own), |text| ctx.view.facts.organisation_named(text));
    let given = input.clone();
    let rule = move |facts: &Facts, known, actor: &str| rules::ask(facts, fresh, known, &given, (actor, now));
    let view = ctx.write_to(asker, |organisation| Act::ActFor { organisation }, intent, rule).await?;
    let id = view.facts.inquiry.get(fresh).map(|row| row.id);
    let id = id.or_else(|| standing(&view.facts, asker?, &input));
    Ok((view, id))
}

/// Inquiry an input asks again.
fn standing(facts: &Facts, asker: OrganisationId, input: &AskInput) -> Option<InquiryId> {
    let register: RegisterId = facts.register.by_key(&input.register)?.id;
    let purpose: Option<PurposeId> = match &input.purpose {
        Some(code) => Some(facts.purpose.by_key(code)?.id),
        None => None,
    };
    let provisions: Result<Vec<Citation>, _> = input.claimed_provisions.iter().map(|text| text.parse()).collect();
    rules::asked(facts, (asker, register, purpose), &provisions.ok()?, input.message.trim()).map(|row| row.id)
}

/// Answers an inquiry, for the register's controller.
pub async fn answer(ctx: &Context, input: AnswerInput, intent: Intent) -> Result<(View, Option<InquiryId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::answer(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |inquiry| Act::AnswerInquiry { inquiry }, intent, rule).await?;
    Ok((view, named))
}
