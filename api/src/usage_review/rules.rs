//! How a recipient records that it monitored its own use (R60).

use entity::{
    usage_review,
    vocabulary::{AgreementId, Day, Instant, UsageReviewId, helsinki_day},
};

use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    facts::{Facts, global_id},
    journal::Changes,
};

/// Review as given, in texts.
#[derive(Debug, Clone)]
pub struct UsageReviewInput {
    /// Number of the agreement.
    pub agreement: String,
    /// First day reviewed.
    pub from_on: String,
    /// Last day reviewed, included.
    pub until_on: String,
    /// Disclosures sampled.
    pub sample_size: i32,
    /// Findings.
    pub findings: String,
}

/// Records a review of the use of what an agreement gives; `known` is what the number names, as far as the asker may know
/// it. One period is reviewed once: again with the same content it changes nothing.
pub fn review(
    facts: &Facts,
    fresh: UsageReviewId,
    known: Option<AgreementId>,
    input: &UsageReviewInput,
    now: Instant,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let today = helsinki_day(now);
    let agreement = checks.found("agreement", known, "agreement");
    let (from_on, until_on) = (checks.day("fromOn", &input.from_on), checks.day("untilOn", &input.until_on));
    if until_on.is_some_and(|day| day > today) {
        checks.fault(FaultCode::Malformed, "untilOn", "must not be later than today");
    }
    if from_on.zip(until_on).is_some_and(|(from_on, until_on)| until_on < from_on) {
        checks.fault(FaultCode::PeriodReversed, "untilOn", "ends before it starts");
    }
    if input.sample_size < 0 {
        checks.fault(FaultCode::Malformed, "sampleSize", "must not be negative");
    }
    let why = "say what was found, if only that nothing was";
    let findings = checks.prose("findings", &input.findings, TEXT_CHARACTERS_MAX, why);
    let period = from_on.zip(until_on);
    let prior = agreement.zip(period).and_then(|(agreement, period)| of_period(facts, agreement, period));
    if prior.is_some_and(|prior| (prior.sample_size, Some(&prior.findings)) != (input.sample_size, findings.as_ref())) {
        checks.fault(FaultCode::Conflict, "fromOn", "this period has been reviewed with another outcome");
    }
    checks.done(|| {
        let changes =
            |id: UsageReviewId, edits| Changes { action: "reviewUsage", subject: global_id(id), reason: None, edits };
        if let Some(prior) = prior {
            return Some(changes(prior.id, Vec::new()));
        }
        let row = usage_review::Model {
            id: fresh,
            agreement_id: agreement?,
            from_on: from_on?,
            until_on: until_on?,
            sample_size: input.sample_size,
            findings: findings?,
            reviewed_on: today,
        };
        Some(changes(fresh, vec![row.into()]))
    })
}

/// Review of a period.
pub fn of_period(
    facts: &Facts,
    agreement: AgreementId,
    (from_on, until_on): (Day, Day),
) -> Option<&usage_review::Model> {
    let same = |row: &&usage_review::Model| (row.from_on, row.until_on) == (from_on, until_on);
    facts.usage_review.of(agreement).map(AsRef::as_ref).find(same)
}
