//! How protection statements are said, the catalogue they answer, and the queue of them.

mod catalogue;
mod mutation;
mod query;

use std::{collections::BTreeMap, sync::Arc};

use async_graphql::{ID, Object, SimpleObject};
use entity::{
    protection_statement, statement_answer,
    vocabulary::{
        AgreementSide, Channel, ClosedEnum, OrganisationId, ProtectionStatementId, Publicity, StatementAnswerKind,
        StatementStatus, StatusSubject,
    },
};

pub use catalogue::{CatalogueQuestion, ProtectionCatalogue};
pub use mutation::ProtectionStatementMutation;
pub use query::ProtectionStatementQuery;

use super::rules;
use crate::{
    Error,
    auth::policy,
    context::View,
    decision,
    document::graphql::Document,
    facts::global_id,
    graphql::{
        said::Said,
        scalars::{Date, DateTime},
    },
    legal_basis::graphql::LegalBasis,
    organisation::graphql::Organisation,
    register::graphql::Register,
    status,
};

/// Protection statement.
pub struct ProtectionStatement {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<protection_statement::Model>,
}

impl ProtectionStatement {
    /// Statement of an id; null for all but the officers of both sides and their auditors.
    pub fn of(view: &View, id: ProtectionStatementId) -> Option<Self> {
        let row = view.facts.protection_statement.get(id)?;
        policy::sees_statement(view.present(), &view.viewer, row)
            .then(|| Self { view: view.clone(), row: Arc::clone(row) })
    }

    /// What is for the officers of both sides and their auditors.
    fn for_office<T>(&self, value: impl FnOnce() -> T) -> Option<T> {
        policy::sees_statement(self.view.present(), &self.view.viewer, &self.row).then(value)
    }

    fn answer_rows(&self) -> Vec<Arc<statement_answer::Model>> {
        let mut rows: Vec<_> = self.view.facts.statement_answer.of(self.row.id).cloned().collect();
        rows.sort_by(|a, b| a.question_code.cmp(&b.question_code));
        rows
    }

    fn said(&self, row: Arc<statement_answer::Model>) -> StatementAnswer {
        StatementAnswer { view: self.view.clone(), row }
    }

    fn organisation(&self, id: OrganisationId) -> Result<Organisation, Error> {
        Organisation::of(&self.view, id).ok_or_else(|| Error::internal("a statement without its party"))
    }
}

/// Recipient's account of its data protection, over one register and channel (741/2023 47 § 2 mom and its like).
#[Object]
impl ProtectionStatement {
    /// Global identifier.
    pub async fn id(&self) -> ID {
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
        let register = Register::of(&self.view, self.row.register_id);
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

    /// Version of the protection catalogue it answers.
    async fn catalogue_version(&self) -> i32 {
        self.row.catalogue_version
    }

    /// Side whose act it waits for: the discloser's while given or under review, the recipient's while a draft, returned, or
    /// approved with its review due or its approval lapsed and an agreement in need of it. Null while there is nothing to do.
    async fn waits_for(&self) -> Option<Said<AgreementSide>> {
        rules::waits_for(&self.view.facts, &self.row, self.view.at).map(Said)
    }

    /// Statuses it has had, the first first, with the reason of each.
    async fn history(&self) -> Vec<StatementStatusEntry> {
        let rows = status::entries(&self.view.facts, (StatusSubject::ProtectionStatement, self.row.id.0));
        let is_explained = policy::sees_statement(self.view.present(), &self.view.viewer, &self.row);
        let entries = rows.into_iter().filter_map(|row| {
            let status = StatementStatus::from_code(&row.status)?;
            let reason = row.reason.as_deref().filter(|_| is_explained).map(Into::into);
            Some(StatementStatusEntry { status: status.into(), valid_from: row.from_at.into(), reason })
        });
        entries.collect()
    }

    /// Reviewer's reasons; null before a decision, where none were given, and for all but the officers of both sides and
    /// their auditors.
    async fn decision_text(&self) -> Option<&str> {
        self.for_office(|| self.row.decision_text.as_deref()).flatten()
    }

    /// Answers to the catalogue, at most 100; null for all but the officers of both sides and their auditors.
    async fn answers(&self) -> Option<Vec<StatementAnswer>> {
        self.for_office(|| self.answer_rows().into_iter().map(|row| self.said(row)).collect())
    }

    /// Answers for which the discloser accepted an exception, at most 100; null for all but the officers of both sides and
    /// their auditors.
    async fn exceptions(&self) -> Option<Vec<StatementAnswer>> {
        let excepted = |row: &Arc<statement_answer::Model>| row.exception_accepted_by.is_some();
        self.for_office(|| self.answer_rows().into_iter().filter(excepted).map(|row| self.said(row)).collect())
    }

    /// Questions that are not answered with yes and for which no exception was accepted, at most 100; null for all but the
    /// officers of both sides and their auditors.
    async fn gaps(&self) -> Option<Vec<CatalogueQuestion>> {
        self.for_office(|| {
            let gaps = decision::gaps(&self.view.facts, &self.row);
            gaps.into_iter().map(|question| CatalogueQuestion::of(&self.view, question)).collect()
        })
    }

    /// Documents its answers name, at most 100; null for all but the officers of both sides and their auditors.
    async fn documents(&self) -> Option<Vec<Document>> {
        self.for_office(|| {
            let named = self.answer_rows().into_iter().filter_map(|row| row.document_id);
            let found = named.filter_map(|id| self.view.facts.document.get(id));
            let once: BTreeMap<_, _> = found.map(|row| ((row.ordinal, row.id), row)).collect();
            once.into_values().map(|row| Document { row: Arc::clone(row) }).collect()
        })
    }
}

/// Status a protection statement has had from an instant on.
#[derive(SimpleObject)]
pub struct StatementStatusEntry {
    /// Status.
    status: Said<StatementStatus>,
    /// Instant from which it held, UTC.
    valid_from: DateTime,
    /// Reason given; null when none was, and for all but the officers of both sides and their auditors.
    reason: Option<String>,
}

/// Answer of a statement.
pub struct StatementAnswer {
    view: View,
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

    /// Document that bears it out; null when none was named.
    async fn document(&self) -> Option<Document> {
        let row = self.row.document_id.and_then(|id| self.view.facts.document.get(id))?;
        Some(Document { row: Arc::clone(row) })
    }

    /// Whether the discloser has accepted an exception here.
    async fn is_exception_accepted(&self) -> bool {
        self.row.exception_accepted_by.is_some()
    }
}
