//! What holds of protection statements: their versions, whose turn it is, and the acts on them (R1–R25, R55–R64).

mod review;
mod submission;
mod withdrawal;

use entity::{
    protection_statement,
    vocabulary::{
        AgreementSide, Channel, Day, Instant, OrganisationId, ProtectionStatementId, RegisterId, StatementStatus,
        StatusSubject, day_end, helsinki_day,
    },
};

pub use review::{ReviewAction, ReviewInput, review};
pub use submission::{AnswerInput, StatementInput, submit};
pub use withdrawal::{WithdrawalInput, withdraw};

use crate::{
    FaultCode,
    checks::Checks,
    decision,
    facts::{Edit, Facts, stands_for},
    status,
};

/// Most statements of one recipient to one discloser on one register, over every channel and version: an answer holds all
/// of them.
pub const STATEMENTS_MAX: usize = 50;

/// Most answers of one statement: an answer holds all of them.
pub const ANSWERS_MAX: usize = 100;

/// Longest time to the next review, in months (R14).
const REVIEW_MONTHS_MAX: u32 = 36;

/// What the versions of a statement have in common: register, recipient, discloser and channel.
pub type Line = (RegisterId, OrganisationId, OrganisationId, Channel);

fn line(row: &protection_statement::Model) -> Line {
    (row.register_id, row.recipient_id, row.discloser_id, row.channel)
}

/// Newest version of a statement.
pub fn newest(facts: &Facts, of: Line) -> Option<&protection_statement::Model> {
    let (_, recipient, ..) = of;
    let versions = facts.protection_statement.of(recipient).filter(|row| line(row) == of);
    versions.max_by_key(|row| row.version).map(AsRef::as_ref)
}

/// Side whose act a statement waits for; null while there is nothing to do. An approved one waits for the next when its
/// review is due or its approval has lapsed, as long as an agreement needs it.
pub fn waits_for(facts: &Facts, row: &protection_statement::Model, at: Instant) -> Option<AgreementSide> {
    match row.status {
        StatementStatus::Submitted | StatementStatus::UnderReview => Some(AgreementSide::Discloser),
        StatementStatus::Draft | StatementStatus::Returned => Some(AgreementSide::Recipient),
        StatementStatus::Approved => {
            let is_newest = newest(facts, line(row)).is_none_or(|newest| newest.id == row.id);
            (is_due(row, at) && is_newest && is_needed(facts, row, at)).then_some(AgreementSide::Recipient)
        }
        StatementStatus::Rejected | StatementStatus::Superseded | StatementStatus::Withdrawn => None,
    }
}

fn is_due(row: &protection_statement::Model, at: Instant) -> bool {
    row.next_review_on.is_some_and(|day| day <= helsinki_day(at)) || row.valid_until.is_some_and(|until| until <= at)
}

/// Whether an agreement that runs, or is on its way to, rests on statements between these two on this register.
fn is_needed(facts: &Facts, row: &protection_statement::Model, at: Instant) -> bool {
    facts.agreement.of(row.recipient_id).any(|agreement| {
        (agreement.recipient_id, agreement.register_id) == (row.recipient_id, row.register_id)
            && stands_for(facts, agreement.discloser_id, row.discloser_id)
            && decision::is_offered(agreement.status)
            && agreement.ends_on.is_none_or(|last| at < day_end(last))
    })
}

/// Last instant, not included, and day of the next review as asked for: both to come, the review within its limit.
fn dates(
    checks: &mut Checks,
    (valid_until, next_review_on): (Option<&String>, Option<&String>),
) -> (Option<Instant>, Option<Day>) {
    (checks.instant_if("validUntil", valid_until), checks.day_if("nextReviewOn", next_review_on))
}

/// Neither may have passed, and the review is not too far off (R14).
fn to_come(checks: &mut Checks, (valid_until, next_review_on): (Option<Instant>, Option<Day>), now: Instant) {
    if valid_until.is_some_and(|until| until <= now) {
        checks.fault(FaultCode::PeriodReversed, "validUntil", "has passed");
    }
    let Some(day) = next_review_on else { return };
    if day <= helsinki_day(now) {
        checks.fault(FaultCode::PeriodReversed, "nextReviewOn", "must be later than today");
    }
    if latest_review(now).is_some_and(|latest| latest < day) {
        let message = format!("must be within {REVIEW_MONTHS_MAX} months (R14)");
        checks.fault(FaultCode::TooLong, "nextReviewOn", message);
    }
}

fn latest_review(now: Instant) -> Option<Day> {
    helsinki_day(now).checked_add_months(chrono::Months::new(REVIEW_MONTHS_MAX))
}

/// Statement of an id in one of some statuses, as far as the asker may know it.
fn in_status(
    checks: &mut Checks,
    facts: &Facts,
    (id, known): (&str, Option<ProtectionStatementId>),
    statuses: &[StatementStatus],
) -> Option<protection_statement::Model> {
    let id = checks.parsed::<ProtectionStatementId>("id", id)?;
    let row = facts.protection_statement.get(id).filter(|row| known == Some(row.id));
    let row = checks.found("id", row, "protection statement")?;
    if !statuses.contains(&row.status) {
        checks.fault(FaultCode::WrongStatus, "id", format!("the protection statement is {}", row.status));
        return None;
    }
    Some(row.as_ref().clone())
}

/// Statement as it stands afterwards, and the entry of its history.
fn moved(
    facts: &Facts,
    row: protection_statement::Model,
    status: StatementStatus,
    by: (&str, Instant),
    reason: Option<String>,
) -> [Edit; 2] {
    let entry = status::entry(facts, (StatusSubject::ProtectionStatement, row.id.0), status, by, reason);
    [protection_statement::Model { status, ..row }.into(), entry.into()]
}

#[cfg(test)]
mod tests;
