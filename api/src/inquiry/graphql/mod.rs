//! How inquiries are said, and the queue of them.

mod mutation;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{
    inquiry,
    vocabulary::{InquiryId, InquiryStatus},
};

pub use mutation::InquiryMutation;

use super::rules;
use crate::{
    Error,
    auth::policy,
    checks::Checks,
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
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<inquiry::Model>,
}

impl Inquiry {
    /// Inquiry of an id; null for all but the officers of the asker and the controller, and their auditors.
    pub fn of(view: &View, id: InquiryId) -> Option<Self> {
        let row = view.facts.inquiry.get(id)?;
        policy::sees_inquiry(view.present(), &view.viewer, row)
            .then(|| Self { view: view.clone(), row: Arc::clone(row) })
    }
}

/// Question of an organisation whether it has a right to the data of a register.
#[Object]
impl Inquiry {
    /// Global identifier.
    pub async fn id(&self) -> ID {
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

    /// Those of them of which the registry holds no wording, at most 20; nothing is known here of what they give.
    async fn unknown_provisions(&self) -> Vec<Citation> {
        let claimed = self.row.claimed_provisions.lines();
        claimed.filter(|text| !rules::is_known(&self.view.facts, text)).map(Citation::stored).collect()
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

    /// Provisions the answer names as giving the right, at most 20; empty while open, and where it names none.
    async fn answer_provisions(&self) -> Vec<Citation> {
        self.row.answer_provisions.iter().flat_map(|lines| lines.lines()).map(Citation::stored).collect()
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
        #[graphql(desc = "Only those about the register of this code.")] register: Option<String>,
        #[graphql(desc = "Only open ones that the caller may answer; all when absent or false.")] waits_for_me: Option<
            bool,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Inquiry>, Error> {
        let request = request(ctx, "inquiries")?;
        let view = &request.view;
        let page = Page::of("inquiries", first, after.as_deref(), request.page_size_max())?;
        let mut checks = Checks::default();
        let register = register
            .and_then(|code| checks.found("register", view.facts.register.by_key(&code), "register").map(|row| row.id));
        let register = checks.done(|| Some(register)).map_err(Error::Invalid)?;
        let rows = view
            .facts
            .inquiry
            .all()
            .filter(|row| register.is_none_or(|id| row.register_id == id))
            .filter(|row| policy::sees_inquiry(view.present(), &view.viewer, row))
            .filter(|row| status.is_none_or(|status| row.status == status.0))
            .filter(|row| waits_for_me != Some(true) || waits_for_viewer(view, row));
        let rows: Vec<_> = rows.map(|row| (row.id.0, row)).collect();
        let total = rows.len();
        let node = |row: &Arc<inquiry::Model>| Inquiry { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows, node).of_total(total))
    }
}

fn waits_for_viewer(view: &View, row: &inquiry::Model) -> bool {
    row.status == InquiryStatus::Open && policy::answers_inquiry(view.present(), &view.viewer, row)
}
