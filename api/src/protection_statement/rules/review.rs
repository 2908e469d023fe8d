//! How a discloser reviews what a recipient says of its data protection, before anything opens (R5, R8, R17, R25, R64).

use entity::{
    protection_statement, statement_answer,
    vocabulary::{ClosedEnum, DecisionReasonCode, Instant, ProtectionStatementId, StatementStatus, StatusSubject},
};

use super::{dates, in_status, latest_review, moved, to_come};
use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    confirmation::is_same,
    decision,
    facts::{Edit, Facts, global_id, stands_for},
    journal::Changes,
    status,
};

/// What a reviewer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewAction {
    /// Takes the statement under review.
    Start,
    /// Returns it for completion.
    Return,
    /// Approves it.
    Approve,
    /// Rejects it.
    Reject,
}

/// Review as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct ReviewInput {
    /// Global id of the statement.
    pub id: String,
    /// What is done.
    pub action: ReviewAction,
    /// Reviewer's reasons.
    pub decision_text: Option<String>,
    /// Whether the discloser confirms that it logs.
    pub discloser_log_confirmed: Option<bool>,
    /// Codes of questions that are not answered with yes and need not be.
    pub accepted_exceptions: Vec<String>,
    /// End of approval.
    pub valid_until: Option<String>,
    /// Day of the next review.
    pub next_review_on: Option<String>,
}

/// Reviews a statement; `known` is what the id names, as far as the asker may know it.
pub fn review(
    facts: &Facts,
    known: Option<ProtectionStatementId>,
    input: &ReviewInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let text = checks.prose_if("decisionText", input.decision_text.as_ref(), TEXT_CHARACTERS_MAX);
    let from: &[StatementStatus] = match input.action {
        ReviewAction::Start => &[StatementStatus::Submitted],
        ReviewAction::Return | ReviewAction::Approve | ReviewAction::Reject => {
            &[StatementStatus::Submitted, StatementStatus::UnderReview]
        }
    };
    let row = in_status(&mut checks, facts, (&input.id, known), from);
    if row.as_ref().is_some_and(|row| is_submitter(facts, row, by.0)) {
        let message = "was submitted by you: another reviews it, whichever organisation you act for";
        checks.fault(FaultCode::Conflict, "id", message);
    }
    if input.action != ReviewAction::Approve {
        nothing_of_an_approval(&mut checks, input);
    }
    let decided = |status| row.clone().map(|row| (row, status));
    let (after, exceptions) = match input.action {
        ReviewAction::Start => (decided(StatementStatus::UnderReview), Vec::new()),
        ReviewAction::Return | ReviewAction::Reject => {
            if text.is_none() {
                checks.fault(FaultCode::Blank, "decisionText", "say why");
            }
            let rejected = input.action == ReviewAction::Reject;
            (decided(if rejected { StatementStatus::Rejected } else { StatementStatus::Returned }), Vec::new())
        }
        ReviewAction::Approve => {
            let row = approved(&mut checks, row.clone(), input, by.1);
            let exceptions = exceptions(&mut checks, facts, row.as_ref(), (input, text.as_deref()), by.0);
            (row.map(|row| (row, StatementStatus::Approved)), exceptions)
        }
    };
    checks.done(|| {
        let (row, status) = after?;
        let row = protection_statement::Model { decision_text: text.clone().or(row.decision_text), ..row };
        let subject = global_id(row.id);
        let mut edits: Vec<Edit> = exceptions.into_iter().map(Edit::from).collect();
        if status == StatementStatus::Approved {
            let earlier = replaced(facts, &row);
            edits.extend(earlier.flat_map(|row| moved(facts, row.clone(), StatementStatus::Superseded, by, None)));
        }
        edits.extend(moved(facts, row, status, by, text.clone()));
        Some(Changes { action: "reviewProtectionStatement", subject, reason: text, edits })
    })
}

/// Whether an actor is who submitted a statement last.
fn is_submitter(facts: &Facts, row: &protection_statement::Model, actor: &str) -> bool {
    let entries = status::entries(facts, (StatusSubject::ProtectionStatement, row.id.0));
    let submitted = entries.iter().rev().find(|entry| entry.status == StatementStatus::Submitted.code());
    submitted.is_some_and(|entry| is_same(&entry.actor, actor))
}

/// What only an approval decides is not taken by another decision, lest it be lost unseen.
fn nothing_of_an_approval(checks: &mut Checks, input: &ReviewInput) {
    let given = [
        ("discloserLogConfirmed", input.discloser_log_confirmed.is_some()),
        ("acceptedExceptions", !input.accepted_exceptions.is_empty()),
        ("validUntil", input.valid_until.is_some()),
        ("nextReviewOn", input.next_review_on.is_some()),
    ];
    for (member, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        checks.fault(FaultCode::Conflict, member, "belongs to APPROVE");
    }
}

/// Statement as approved: somebody logs (R25), and it is reviewed again in time (R14).
fn approved(
    checks: &mut Checks,
    row: Option<protection_statement::Model>,
    input: &ReviewInput,
    now: Instant,
) -> Option<protection_statement::Model> {
    let (valid_until, next_review_on) = dates(checks, (input.valid_until.as_ref(), input.next_review_on.as_ref()));
    let row = row?;
    let discloser_log_confirmed = row.discloser_log_confirmed || input.discloser_log_confirmed == Some(true);
    if !row.recipient_collects_logs && !discloser_log_confirmed {
        let message = "the recipient collects no logs: confirm that the discloser does (R25, R26)";
        checks.fault(FaultCode::Blank, "discloserLogConfirmed", message);
    }
    let valid_until = valid_until.or(row.valid_until);
    let next_review_on = next_review_on.or(row.next_review_on).or_else(|| latest_review(now));
    to_come(checks, (valid_until, next_review_on), now);
    Some(protection_statement::Model { discloser_log_confirmed, valid_until, next_review_on, ..row })
}

/// Answers for which an exception is accepted. Every gap must be one; confidentiality is a question like the others (R17).
fn exceptions(
    checks: &mut Checks,
    facts: &Facts,
    row: Option<&protection_statement::Model>,
    (input, text): (&ReviewInput, Option<&str>),
    actor: &str,
) -> Vec<statement_answer::Model> {
    if !input.accepted_exceptions.is_empty() && text.is_none() {
        checks.fault(FaultCode::Blank, "decisionText", "say why the exceptions are accepted");
    }
    let Some(row) = row else { return Vec::new() };
    let gaps = decision::gaps(facts, row);
    let answer = |code: &str| facts.statement_answer.of(row.id).find(|answer| answer.question_code == code);
    let mut accepted = Vec::new();
    for (at, code) in input.accepted_exceptions.iter().enumerate() {
        let path = format!("acceptedExceptions.{at}");
        let asked = decision::questions(row.catalogue_version).iter().find(|question| question.code == code);
        let Some(question) = checks.found(&path, asked, "question of the catalogue") else { continue };
        let is_gap = gaps.iter().any(|gap| gap.code == question.code);
        match answer(question.code).filter(|_| is_gap) {
            Some(answer) => accepted.push(statement_answer::Model {
                exception_accepted_by: Some(actor.to_owned()),
                ..answer.as_ref().clone()
            }),
            None if is_gap => checks.fault(FaultCode::Conflict, &path, "has no answer to except; return the statement"),
            None => checks.fault(FaultCode::Conflict, &path, "is answered with yes; there is nothing to except"),
        }
    }
    for gap in gaps.into_iter().filter(|gap| !input.accepted_exceptions.iter().any(|code| code == gap.code)) {
        let code = FaultCode::Reason(DecisionReasonCode::ChecklistIncomplete);
        let message = format!("`{}` is not answered with yes, and no exception is accepted ({})", gap.code, gap.source);
        checks.fault(code, "acceptedExceptions", message);
    }
    accepted
}

/// Approved statements of the channel whose place an approval takes, those given to the discloser's predecessors too.
fn replaced<'a>(
    facts: &'a Facts,
    row: &'a protection_statement::Model,
) -> impl Iterator<Item = &'a protection_statement::Model> {
    facts.protection_statement.of(row.recipient_id).map(AsRef::as_ref).filter(|other| {
        other.id != row.id
            && other.status == StatementStatus::Approved
            && (other.register_id, other.recipient_id, other.channel)
                == (row.register_id, row.recipient_id, row.channel)
            && stands_for(facts, row.discloser_id, other.discloser_id)
    })
}
