//! What is kept from the person it concerns, until when and on which law (GDPR 15(4), 23; 1050/2018 34 §).

use chrono::TimeDelta;
use entity::{
    disclosure, disclosure_withholding,
    vocabulary::{Citation, DisclosureId, DisclosureWithholdingId, Instant},
};

use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    facts::{Facts, global_id},
    journal::Changes,
    legal_basis,
};

/// Instant until which a row is kept from its subject: by the latest decision on it, or else as it was recorded; null where
/// it is not withheld at all.
pub fn withheld_until(facts: &Facts, id: DisclosureId, recorded: Option<Instant>) -> Option<Instant> {
    latest(facts, id).map_or(recorded, |decision| decision.withheld_until)
}

/// Whether a row is kept from its subject at an instant.
pub fn is_withheld(facts: &Facts, row: &disclosure::Model, at: Instant) -> bool {
    withheld_until(facts, row.id, row.withheld_until).is_some_and(|until| at < until)
}

fn latest(facts: &Facts, row: DisclosureId) -> Option<&disclosure_withholding::Model> {
    let decisions = facts.disclosure_withholding.of(row);
    decisions.max_by_key(|decision| (decision.decided_at, decision.id)).map(AsRef::as_ref)
}

/// Withholding as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct WithholdingInput {
    /// Global id of the row.
    pub id: String,
    /// Instant until which the person does not see it; null to show it.
    pub withheld_until: Option<String>,
    /// Citation of the provision.
    pub legal_basis: String,
    /// Why.
    pub reason: String,
}

/// Decides until when a row is kept from its subject; `row` is what the id names, as far as the asker may know it. The
/// later decision wins; the one that stands, given again, changes nothing.
pub fn withhold(
    facts: &Facts,
    row: Option<&disclosure::Model>,
    input: &WithholdingInput,
    fresh: DisclosureWithholdingId,
    now: Instant,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose("reason", &input.reason, TEXT_CHARACTERS_MAX, BLANK);
    let until = checks.instant_if("withheldUntil", input.withheld_until.as_ref());
    if until.is_some_and(|until| until <= now) {
        checks.fault(FaultCode::PeriodReversed, "withheldUntil", "is past already; leave it out to show the row");
    }
    let citation: Option<Citation> = checks.parsed("legalBasis", &input.legal_basis);
    let basis = citation.and_then(|citation| {
        let wording = legal_basis::rules::wording_at(facts, &citation, now);
        checks.found("legalBasis", wording, "provision in force")
    });
    let id = checks.parsed::<DisclosureId>("id", &input.id);
    let row = id.and_then(|_| checks.found("id", row, "disclosure"));
    checks.done(|| {
        let (row, reason, basis) = (row?, reason?, basis?);
        let standing = latest(facts, row.id);
        let is_same = |standing: &disclosure_withholding::Model| {
            (standing.withheld_until, standing.legal_basis_id, &standing.reason) == (until, basis.id, &reason)
        };
        let edits = if standing.is_some_and(is_same) {
            Vec::new()
        } else {
            let decision = disclosure_withholding::Model {
                id: fresh,
                disclosure_id: row.id,
                withheld_until: until,
                legal_basis_id: basis.id,
                decided_at: standing.map_or(now, |last| now.max(last.decided_at + TimeDelta::microseconds(1))),
                reason: reason.clone(),
            };
            vec![decision.into()]
        };
        Some(Changes { action: "withholdDisclosure", subject: global_id(row.id), reason: Some(reason), edits })
    })
}
