//! How inquiries are said, and the queue of them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{inquiry, vocabulary::InquiryStatus};

use crate::{
    Error,
    auth::policy,
    context::View,
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        request::request,
        said::Said,
        scalars::{Citation, DateTime},
    },
    organisation::graphql::Organisation,
    register::graphql::{Purpose, Register},
};

/// Inquiry.
pub struct Inquiry {
    view: View,
    row: Arc<inquiry::Model>,
}

/// Question of an organisation whether it has a right to the data of a register.
#[Object]
impl Inquiry {
    /// Global identifier.
    async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Who asks.
    async fn organisation(&self) -> Result<Organisation, Error> {
        let asker = Organisation::of(&self.view, self.row.organisation_id);
        asker.ok_or_else(|| Error::internal("an inquiry without its asker"))
    }

    /// Register asked about.
    async fn register(&self) -> Result<Register, Error> {
        let register = Register::of(&self.view, self.row.register_id);
        register.ok_or_else(|| Error::internal("an inquiry without its register"))
    }

    /// Purpose; null when the asker named none.
    async fn purpose(&self) -> Option<Purpose> {
        let row = self.view.facts.purpose.get(self.row.purpose_id?)?;
        Some(Purpose { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Provisions the asker relies on, at most 20.
    async fn claimed_provisions(&self) -> Vec<Citation> {
        self.row.claimed_provisions.lines().map(Citation::stored).collect()
    }

    /// Question in words.
    async fn message(&self) -> &str {
        &self.row.message
    }

    /// Whether it has been answered.
    async fn status(&self) -> Said<InquiryStatus> {
        self.row.status.into()
    }

    /// Instant of the question, UTC.
    async fn asked_at(&self) -> DateTime {
        self.row.asked_at.into()
    }

    /// Answer; null while open.
    async fn answer(&self) -> Option<&str> {
        self.row.answer.as_deref()
    }

    /// Instant of the answer, UTC; null while open.
    async fn answered_at(&self) -> Option<DateTime> {
        self.row.answered_at.map(DateTime::from)
    }
}

/// Queries about inquiries.
#[derive(Default)]
pub struct InquiryQuery;

#[Object]
impl InquiryQuery {
    /// Inquiries one's own organisation asked or is to answer, oldest first. Errors: FORBIDDEN, INVALID_INPUT.
    async fn inquiries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this status.")] status: Option<Said<InquiryStatus>>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Inquiry>, Error> {
        let request = request(ctx, "inquiries")?;
        let view = &request.view;
        let page = Page::of("inquiries", first, after.as_deref(), request.page_size_max())?;
        let rows = view
            .facts
            .inquiry
            .all()
            .filter(|row| policy::sees_inquiry(&view.facts, &view.viewer, row))
            .filter(|row| status.is_none_or(|status| row.status == status.0));
        let node = |row: &Arc<inquiry::Model>| Inquiry { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows.map(|row| (row.id.0, row)), node))
    }
}
