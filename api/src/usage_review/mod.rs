//! Usage reviews: a recipient's own monitoring of its use (R60).

pub mod graphql;
pub mod rules;

use entity::vocabulary::{AgreementId, UsageReviewId, read_day};

use crate::{
    Error,
    auth::Act,
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::UsageReviewInput;

/// Records a review of the use of what an agreement gives.
pub async fn review(
    ctx: &Context,
    input: UsageReviewInput,
    intent: Intent,
) -> Result<(View, Option<UsageReviewId>), Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let named = ctx.view.facts.agreement.by_key(&input.agreement).map(|row| row.id);
    let given = input.clone();
    let rule = move |facts: &Facts, known, _: &str| rules::review(facts, fresh, known, &given, now);
    let view = ctx.write_to(named, |agreement| Act::UseAgreement { agreement }, intent, rule).await?;
    let id = view.facts.usage_review.get(fresh).map(|row| row.id);
    let id = id.or_else(|| standing(&view.facts, named?, &input));
    Ok((view, id))
}

/// Review an input records again.
fn standing(facts: &Facts, agreement: AgreementId, input: &UsageReviewInput) -> Option<UsageReviewId> {
    let period = (read_day(&input.from_on)?, read_day(&input.until_on)?);
    rules::of_period(facts, agreement, period).map(|row| row.id)
}
