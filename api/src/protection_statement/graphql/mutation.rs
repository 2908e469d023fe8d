//! Acts on protection statements.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{Channel, Publicity, StatementAnswerKind};

use super::ProtectionStatement;
use crate::{
    Error,
    context::Intent,
    document::graphql::DocumentInput,
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{BusinessId, Citation, Date, DateTime},
    },
    protection_statement::{
        self,
        rules::{self, AnswerInput, ReviewInput, StatementInput, WithdrawalInput},
    },
};

/// Answer to one question of the protection catalogue.
#[derive(InputObject)]
pub struct StatementAnswerInput {
    /// Code of the question.
    question: String,
    /// Answer.
    answer: Said<StatementAnswerKind>,
    /// Explanation, at most 4,000 characters; needed for every answer but YES, and for a YES to a question that asks for
    /// evidence where no document bears it out. Never personal data.
    text: Option<String>,
    /// Document that bears it out.
    document: Option<DocumentInput>,
}

/// Protection statement to be given.
#[derive(InputObject)]
pub struct SubmitProtectionStatementInput {
    /// Code of the register.
    register: String,
    /// Business ID of the recipient; the caller's organisation when absent. Another only where it took that one's place.
    recipient: Option<BusinessId>,
    /// Business ID of the discloser; the register's controller when absent.
    discloser: Option<BusinessId>,
    /// Channel it covers, one over which the register is offered.
    channel: Said<Channel>,
    /// Provision in force that requires it; given voluntarily when absent.
    required_by: Option<Citation>,
    /// Date on the statement, not later than today in Helsinki.
    dated_on: Date,
    /// Version of the catalogue answered; only the newest, which also stands when absent.
    catalogue_version: Option<i32>,
    /// Whether the recipient collects logs of its users' access itself.
    recipient_collects_logs: bool,
    /// Answers, each question of the catalogue once; at most 100.
    answers: Vec<StatementAnswerInput>,
    /// Proposed instant at which approval lapses, still to come; open-ended when absent.
    valid_until: Option<DateTime>,
    /// Proposed day of the next review, later than today and within 36 months.
    next_review_on: Option<Date>,
    /// Who may read it; PUBLICATION_RESTRICTED when absent.
    publicity: Option<Said<Publicity>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

impl From<SubmitProtectionStatementInput> for StatementInput {
    fn from(input: SubmitProtectionStatementInput) -> Self {
        let answer = |given: StatementAnswerInput| AnswerInput {
            question: given.question,
            answer: given.answer.0,
            text: given.text,
            document: given.document.map(Into::into),
        };
        Self {
            register: input.register,
            recipient: input.recipient.map(String::from),
            discloser: input.discloser.map(String::from),
            channel: input.channel.0,
            required_by: input.required_by.map(String::from),
            dated_on: input.dated_on.into(),
            catalogue_version: input.catalogue_version,
            recipient_collects_logs: input.recipient_collects_logs,
            answers: input.answers.into_iter().map(answer).collect(),
            valid_until: input.valid_until.map(String::from),
            next_review_on: input.next_review_on.map(String::from),
            publicity: input.publicity.map_or(Publicity::PublicationRestricted, |publicity| publicity.0),
        }
    }
}

/// Answer to submitProtectionStatement.
#[derive(SimpleObject)]
pub struct SubmitProtectionStatementPayload {
    /// Statement as it stands now; null when the input has faults.
    statement: Option<ProtectionStatement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// What a reviewer does with a protection statement.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rules::ReviewAction")]
pub enum StatementReviewAction {
    /// Take it under review.
    Start,
    /// Return it for completion.
    Return,
    /// Approve it; it takes the place of the one approved before.
    Approve,
    /// Reject it.
    Reject,
}

/// Review of a protection statement.
#[derive(InputObject)]
pub struct ReviewProtectionStatementInput {
    /// Global identifier.
    id: ID,
    /// What is done.
    action: StatementReviewAction,
    /// Reasons in words, at most 4,000 characters; needed to return, to reject and to accept an exception. Never personal
    /// data.
    decision_text: Option<String>,
    /// Confirmation that the discloser logs; needed to approve where the recipient does not.
    discloser_log_confirmed: Option<bool>,
    /// Codes of questions not answered with YES for which an exception is accepted; only to approve, which needs every one
    /// of them.
    accepted_exceptions: Option<Vec<String>>,
    /// Instant at which approval lapses, still to come; as proposed when absent. Only to approve.
    valid_until: Option<DateTime>,
    /// Day of the next review, later than today and within 36 months; as proposed when absent, else in 36 months. Only to
    /// approve.
    next_review_on: Option<Date>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to reviewProtectionStatement.
#[derive(SimpleObject)]
pub struct ReviewProtectionStatementPayload {
    /// Statement as it stands now; null when the act was refused.
    statement: Option<ProtectionStatement>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Protection statement to be withdrawn.
#[derive(InputObject)]
pub struct WithdrawProtectionStatementInput {
    /// Global identifier.
    id: ID,
    /// Why, in words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to withdrawProtectionStatement.
#[derive(SimpleObject)]
pub struct WithdrawProtectionStatementPayload {
    /// Statement as it stands now; null when the act was refused.
    statement: Option<ProtectionStatement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on protection statements.
#[derive(Default)]
pub struct ProtectionStatementMutation;

#[Object]
impl ProtectionStatementMutation {
    /// Gives an account of data protection over one register and channel; the recipient's officer's act. The same content
    /// again answers as the first time. A new version replaces one that was returned; an approved one carries on until the
    /// new one is approved. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND,
    /// CONFLICT, CONTACT_MISSING, PARTY_NOT_ACTIVE. Source: 741/2023 47 § 2 mom, 661/2009 44 §.
    async fn submit_protection_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is said of data protection.")] input: SubmitProtectionStatementInput,
    ) -> Result<SubmitProtectionStatementPayload, Error> {
        let request = request(ctx, "submitProtectionStatement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = protection_statement::submit(request, input.into(), intent).await;
        let (statement, user_errors) = UserError::shown(&request.view, outcome, ProtectionStatement::of)?;
        Ok(SubmitProtectionStatementPayload { statement, user_errors })
    }

    /// Reviews a protection statement before anything opens; the act of the officer of the discloser it was given to.
    /// Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT, WRONG_STATUS,
    /// CHECKLIST_INCOMPLETE. Source: 741/2023 47 § 2 mom, 661/2009 44 §.
    async fn review_protection_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which statement, and what is decided.")] input: ReviewProtectionStatementInput,
    ) -> Result<ReviewProtectionStatementPayload, Error> {
        let request = request(ctx, "reviewProtectionStatement")?;
        let intent = Intent::of(input.validate_only);
        let input = ReviewInput {
            id: input.id.0,
            action: input.action.into(),
            decision_text: input.decision_text,
            discloser_log_confirmed: input.discloser_log_confirmed,
            accepted_exceptions: input.accepted_exceptions.unwrap_or_default(),
            valid_until: input.valid_until.map(String::from),
            next_review_on: input.next_review_on.map(String::from),
        };
        let outcome = protection_statement::review(request, input, intent).await;
        let (statement, user_errors) = UserError::shown(&request.view, outcome, ProtectionStatement::of)?;
        Ok(ReviewProtectionStatementPayload { statement, user_errors })
    }

    /// Withdraws a protection statement that is given or approved; the recipient's officer's act. Nothing may be disclosed
    /// on it from the answer on. Errors: FORBIDDEN. User errors: TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn withdraw_protection_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which statement.")] input: WithdrawProtectionStatementInput,
    ) -> Result<WithdrawProtectionStatementPayload, Error> {
        let request = request(ctx, "withdrawProtectionStatement")?;
        let intent = Intent::of(input.validate_only);
        let outcome =
            protection_statement::withdraw(request, WithdrawalInput { id: input.id.0, note: input.note }, intent).await;
        let (statement, user_errors) = UserError::shown(&request.view, outcome, ProtectionStatement::of)?;
        Ok(WithdrawProtectionStatementPayload { statement, user_errors })
    }
}
