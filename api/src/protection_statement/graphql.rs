//! How protection statements are said, and the queue of them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{
    protection_statement, statement_answer,
    vocabulary::{Channel, Publicity, StatementAnswerKind, StatementStatus},
};

use crate::{
    Error,
    auth::policy,
    context::View,
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        request::request,
        said::Said,
        scalars::{Date, DateTime},
    },
    legal_basis::graphql::LegalBasis,
    organisation::graphql::Organisation,
    register::graphql::Register,
};

/// Protection statement.
pub struct ProtectionStatement {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<protection_statement::Model>,
}

impl ProtectionStatement {
    fn organisation(&self, id: entity::vocabulary::OrganisationId) -> Result<Organisation, Error> {
        let row =
            self.view.facts.organisation.get(id).ok_or_else(|| Error::internal("a statement without its party"))?;
        Ok(Organisation { view: self.view.clone(), row: Arc::clone(row) })
    }
}

/// Recipient's account of its data protection, over one register and channel (741/2023 47 § 2 mom and its like).
#[Object]
impl ProtectionStatement {
    /// Global identifier.
    async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Recipient, who submits it.
    async fn recipient(&self) -> Result<Organisation, Error> {
        self.organisation(self.row.recipient_id)
    }

    /// Discloser, who reviews it.
    async fn discloser(&self) -> Result<Organisation, Error> {
        self.organisation(self.row.discloser_id)
    }

    /// Register.
    async fn register(&self) -> Result<Register, Error> {
        let row = self.view.facts.register.get(self.row.register_id);
        let register = row.map(|row| Register { view: self.view.clone(), row: Arc::clone(row) });
        register.ok_or_else(|| Error::internal("a statement without its register"))
    }

    /// Channel it covers.
    async fn channel(&self) -> Said<Channel> {
        self.row.channel.into()
    }

    /// Version, from 1.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Status.
    async fn status(&self) -> Said<StatementStatus> {
        self.row.status.into()
    }

    /// Date on the statement; null while a draft.
    async fn dated_on(&self) -> Option<Date> {
        self.row.dated_on.map(Date::from)
    }

    /// Instant at which its approval lapses, UTC; null when open-ended.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }

    /// Day of the next review; an overdue review only warns. Null when none is set.
    async fn next_review_on(&self) -> Option<Date> {
        self.row.next_review_on.map(Date::from)
    }

    /// Provision that requires it; null when given voluntarily.
    async fn required_by(&self) -> Option<LegalBasis> {
        let row = self.row.required_by_id.and_then(|id| self.view.facts.legal_basis.get(id))?;
        Some(LegalBasis { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Whether the recipient collects logs of its users' access itself.
    async fn recipient_collects_logs(&self) -> bool {
        self.row.recipient_collects_logs
    }

    /// Whether the discloser has confirmed that it logs.
    async fn discloser_log_confirmed(&self) -> bool {
        self.row.discloser_log_confirmed
    }

    /// Who may read it.
    async fn publicity(&self) -> Said<Publicity> {
        self.row.publicity.into()
    }

    /// Answers to the catalogue, at most 100; null for all but the officers of both sides and their auditors.
    async fn answers(&self) -> Option<Vec<StatementAnswer>> {
        let answers = || {
            let mut rows: Vec<_> = self.view.facts.statement_answer.of(self.row.id).cloned().collect();
            rows.sort_by(|a, b| a.question_code.cmp(&b.question_code));
            rows.into_iter().map(|row| StatementAnswer { row }).collect()
        };
        policy::sees_statement(&self.view.facts, &self.view.viewer, &self.row).then(answers)
    }
}

/// Answer of a statement.
pub struct StatementAnswer {
    row: Arc<statement_answer::Model>,
}

/// Answer to one question of the protection catalogue.
#[Object]
impl StatementAnswer {
    /// Code of the question.
    async fn question(&self) -> &str {
        &self.row.question_code
    }

    /// Answer.
    async fn answer(&self) -> Said<StatementAnswerKind> {
        self.row.answer.into()
    }

    /// Explanation; null when none was given.
    async fn text(&self) -> Option<&str> {
        self.row.text.as_deref()
    }

    /// Whether the discloser has accepted an exception here.
    async fn is_exception_accepted(&self) -> bool {
        self.row.exception_accepted_by.is_some()
    }
}

/// Queries about protection statements.
#[derive(Default)]
pub struct ProtectionStatementQuery;

#[Object]
impl ProtectionStatementQuery {
    /// Protection statements of one's own organisation, given or received, oldest first. Errors: FORBIDDEN.
    async fn protection_statements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this status.")] status: Option<Said<StatementStatus>>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<ProtectionStatement>, Error> {
        let request = request(ctx, "protectionStatements")?;
        let view = &request.view;
        let page = Page::of("protectionStatements", first, after.as_deref(), request.page_size_max())?;
        let rows = view
            .facts
            .protection_statement
            .all()
            .filter(|row| policy::sees_statement(&view.facts, &view.viewer, row))
            .filter(|row| status.is_none_or(|status| row.status == status.0));
        let node =
            |row: &Arc<protection_statement::Model>| ProtectionStatement { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows.map(|row| (row.id.0, row)), node))
    }
}
