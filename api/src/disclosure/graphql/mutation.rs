//! Recording, and deciding and recording in one step.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{Coverage, DecisionReasonCode, DisclosureOutcome};

use super::{Disclosure, input::DisclosureInput};
use crate::{
    Error,
    access_decision::graphql::AccessDecision,
    auth::policy::{self, LogKeeper},
    context::{self, Intent, View},
    disclosure::{self, Judged, OnPartial, Recorder, withholding::WithholdingInput},
    graphql::{
        errors::UserError,
        request::{beside, request},
        said::Said,
        scalars::{Citation, DateTime},
    },
};

/// Disclosures that happened.
#[derive(InputObject)]
pub struct RecordDisclosuresInput {
    /// Disclosures, 1 to 1,000; all or none.
    disclosures: Vec<DisclosureInput>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to recordDisclosures.
#[derive(SimpleObject)]
pub struct RecordDisclosuresPayload {
    /// Rows in the order given, durable; null when the input has faults, and when only judging.
    disclosures: Option<Vec<Disclosure>>,
    /// What each row would be judged; null unless only judging.
    judgements: Option<Vec<DisclosureJudgement>>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// What a row would be judged.
#[derive(SimpleObject)]
pub struct DisclosureJudgement {
    /// Whether an agreement covers it.
    coverage: Said<Coverage>,
    /// What came of it.
    outcome: Said<DisclosureOutcome>,
    /// Reasons of a denial or of missing coverage.
    reasons: Vec<Said<DecisionReasonCode>>,
}

impl From<Judged> for DisclosureJudgement {
    fn from(judged: Judged) -> Self {
        Self {
            coverage: judged.coverage.into(),
            outcome: judged.outcome.into(),
            reasons: judged.reasons.into_iter().map(Said).collect(),
        }
    }
}

/// Disclosure about to be made.
#[derive(InputObject)]
pub struct AuthoriseDisclosureInput {
    /// What is to be disclosed. Its outcome must be absent or DELIVERED; its instant, at most 5 minutes ago, is taken to be
    /// now.
    disclosure: DisclosureInput,
    /// Whether to go on with the permitted items when not all are; no when absent.
    accept_partial: Option<bool>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to authoriseDisclosure.
#[derive(SimpleObject)]
pub struct AuthoriseDisclosurePayload {
    /// Decision it rests on; null when the input has faults.
    decision: Option<AccessDecision>,
    /// Row that was recorded, durable; null when the input has faults, and when only judging. Only a row with outcome
    /// DELIVERED allows the data to be given.
    disclosure: Option<Disclosure>,
    /// Whether the row stood in the log already: the same message within 60 seconds.
    repeated: bool,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Disclosure to be kept from the person it concerns, or shown.
#[derive(InputObject)]
pub struct WithholdDisclosureInput {
    /// Global identifier of the row.
    id: ID,
    /// Instant until which the person does not see it, ahead of now; null to show it.
    withheld_until: Option<DateTime>,
    /// Citation of the provision the decision rests on, in force now.
    legal_basis: Citation,
    /// Why, 1 to 4,000 characters; stands in the journal. Never personal data.
    reason: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to withholdDisclosure.
#[derive(SimpleObject)]
pub struct WithholdDisclosurePayload {
    /// Row as it stands; null when the act was refused.
    disclosure: Option<Disclosure>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts of recording.
#[derive(Default)]
pub struct DisclosureMutation;

#[Object]
impl DisclosureMutation {
    /// Records 1 to 1,000 disclosures that happened; all or none. The log never refuses the truth: what no agreement
    /// covered is recorded as uncovered. The discloser's act (R26); a recipient records only what it passed on. Errors:
    /// FORBIDDEN, UNAVAILABLE. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT. Source:
    /// 906/2019 17 §, 703/2023 10 § 3 mom.
    async fn record_disclosures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to record.")] input: RecordDisclosuresInput,
    ) -> Result<RecordDisclosuresPayload, Error> {
        let (request, recorder, keeper) = parts(ctx, "recordDisclosures")?;
        let drafts = input.disclosures.into_iter().map(Into::into).collect();
        if Intent::of(input.validate_only) == Intent::Validate {
            request.fresh()?;
            let judged = Box::pin(recorder.validate(keeper, drafts)).await;
            let (judged, user_errors) = UserError::split(&request.view.facts, judged)?;
            let judgements = judged.map(|all| all.into_iter().map(Into::into).collect());
            return Ok(RecordDisclosuresPayload { disclosures: None, judgements, user_errors });
        }
        let written = Box::pin(recorder.record(keeper, drafts)).await;
        let (rows, user_errors) = UserError::split(&request.view.facts, written)?;
        let view = current(request);
        let disclosure = |recorded| Disclosure::of(view.clone(), recorded);
        let disclosures = rows.map(|all| all.into_iter().map(disclosure).collect());
        Ok(RecordDisclosuresPayload { disclosures, judgements: None, user_errors })
    }

    /// Decides until when a disclosure is kept from the person it concerns; the discloser's officer's act. The row itself
    /// never changes; the later decision wins. What corrects a withheld row is withheld with it. Errors: FORBIDDEN. User
    /// errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND. Source: GDPR 15(4), 1050/2018 34 §.
    async fn withhold_disclosure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which row, until when, and on which law.")] input: WithholdDisclosureInput,
    ) -> Result<WithholdDisclosurePayload, Error> {
        let request = request(ctx, "withholdDisclosure")?;
        let recorder = beside::<Recorder>(ctx)?;
        let intent = Intent::of(input.validate_only);
        let withholding = WithholdingInput {
            id: input.id.0,
            withheld_until: input.withheld_until.map(String::from),
            legal_basis: input.legal_basis.into(),
            reason: input.reason,
        };
        let outcome = Box::pin(disclosure::withhold(request, recorder, withholding, intent)).await;
        let (done, user_errors) = UserError::split(&request.view.facts, outcome)?;
        let disclosure = done.and_then(|(view, recorded)| Some(Disclosure::of(view, recorded?)));
        Ok(WithholdDisclosurePayload { disclosure, user_errors })
    }

    /// Decides whether data may be disclosed and records the outcome in one step: no log, no data. A repeat of the same
    /// message answers as the first time for 60 seconds, while it would still be decided so; after that, or when it would
    /// be decided otherwise, it is a conflict, so that one old permit cannot serve for ever. Errors: FORBIDDEN, UNAVAILABLE. User errors as recordDisclosures.
    async fn authorise_disclosure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to decide and record.")] input: AuthoriseDisclosureInput,
    ) -> Result<AuthoriseDisclosurePayload, Error> {
        let (request, recorder, keeper) = parts(ctx, "authoriseDisclosure")?;
        let on_partial = if input.accept_partial == Some(true) { OnPartial::AcceptPart } else { OnPartial::Deny };
        let draft = input.disclosure.into();
        if Intent::of(input.validate_only) == Intent::Validate {
            request.fresh()?;
            let judged = Box::pin(recorder.validate_authorisation(keeper, draft, on_partial)).await;
            let (judged, user_errors) = UserError::split(&request.view.facts, judged)?;
            let decision = judged.map(|(_, decision)| AccessDecision::new(current(request), decision));
            return Ok(AuthoriseDisclosurePayload { decision, disclosure: None, repeated: false, user_errors });
        }
        let authorised = Box::pin(recorder.authorise(keeper, draft, on_partial)).await;
        let (authorised, user_errors) = UserError::split(&request.view.facts, authorised)?;
        let Some(authorised) = authorised else {
            return Ok(AuthoriseDisclosurePayload { decision: None, disclosure: None, repeated: false, user_errors });
        };
        let view = current(request);
        let repeated = authorised.recorded.repeated;
        Ok(AuthoriseDisclosurePayload {
            decision: Some(AccessDecision::new(view.clone(), authorised.decision)),
            disclosure: Some(Disclosure::of(view, authorised.recorded)),
            repeated,
            user_errors,
        })
    }
}

/// The request, the recorder, and whose log is written: the caller's own.
fn parts<'a>(
    ctx: &'a Context<'_>,
    field: &'static str,
) -> Result<(&'a context::Context, &'a Recorder, LogKeeper), Error> {
    let request = request(ctx, field)?;
    let recorder = beside::<Recorder>(ctx)?;
    let keeper = policy::log_keeper(request.view.present(), &request.view.viewer)?;
    Ok((request, recorder, keeper))
}

/// View of the newest facts, which a fresh row may rest on.
fn current(request: &context::Context) -> View {
    View { facts: request.gateway().journal.facts(), ..request.view.clone() }
}
