//! How usage reviews are said.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    usage_review,
    vocabulary::{AgreementId, Day, UsageReviewId},
};
use uuid::Uuid;

use super::UsageReviewInput;
use crate::{
    Error,
    context::{Intent, View},
    facts::global_id,
    graphql::{errors::UserError, request::request, scalars::Date},
};

/// Usage review.
pub struct UsageReview {
    row: Arc<usage_review::Model>,
}

impl UsageReview {
    /// Review of an id, for the agreement's office.
    fn of(view: &View, id: UsageReviewId) -> Option<Self> {
        Some(Self { row: Arc::clone(view.facts.usage_review.get(id)?) })
    }

    /// Reviews of an agreement, for its office, by their periods.
    pub fn all(view: &View, agreement: AgreementId) -> Vec<((Day, Day, Uuid), Self)> {
        let rows = view.facts.usage_review.of(agreement);
        let keyed = rows.map(|row| ((row.from_on, row.until_on, row.id.0), Self { row: Arc::clone(row) }));
        let mut reviews: Vec<_> = keyed.collect();
        reviews.sort_by_key(|(key, _)| *key);
        reviews
    }
}

/// Recipient's own monitoring of the use of what an agreement gives, over one period.
#[Object]
impl UsageReview {
    /// Global identifier.
    async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// First day reviewed.
    async fn from_on(&self) -> Date {
        self.row.from_on.into()
    }

    /// Last day reviewed, included.
    async fn until_on(&self) -> Date {
        self.row.until_on.into()
    }

    /// Number of disclosures sampled, from 0.
    async fn sample_size(&self) -> i32 {
        self.row.sample_size
    }

    /// Findings, without personal data.
    async fn findings(&self) -> &str {
        &self.row.findings
    }

    /// Day of the review.
    async fn reviewed_on(&self) -> Date {
        self.row.reviewed_on.into()
    }
}

/// Review of use to be recorded.
#[derive(InputObject)]
pub struct ReviewUsageInput {
    /// Number of the agreement, one the caller's organisation receives by.
    agreement: String,
    /// First day reviewed.
    from_on: Date,
    /// Last day reviewed, included; not later than today in Helsinki.
    until_on: Date,
    /// Number of disclosures sampled, from 0.
    sample_size: i32,
    /// Findings, at most 4,000 characters. Never personal data.
    findings: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to reviewUsage.
#[derive(SimpleObject)]
pub struct ReviewUsagePayload {
    /// Review; null when the input has faults.
    usage_review: Option<UsageReview>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on usage reviews.
#[derive(Default)]
pub struct UsageReviewMutation;

#[Object]
impl UsageReviewMutation {
    /// Records that a recipient monitored its own use over a period; its officer's act. The same period with the same
    /// content answers as the first time. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED,
    /// NOT_FOUND, CONFLICT. Source: 906/2019 4 § 2 mom.
    async fn review_usage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was reviewed and found.")] input: ReviewUsageInput,
    ) -> Result<ReviewUsagePayload, Error> {
        let request = request(ctx, "reviewUsage")?;
        let intent = Intent::of(input.validate_only);
        let input = UsageReviewInput {
            agreement: input.agreement,
            from_on: input.from_on.into(),
            until_on: input.until_on.into(),
            sample_size: input.sample_size,
            findings: input.findings,
        };
        let outcome = super::review(request, input, intent).await;
        let (usage_review, user_errors) = UserError::shown(&request.view, outcome, UsageReview::of)?;
        Ok(ReviewUsagePayload { usage_review, user_errors })
    }
}
