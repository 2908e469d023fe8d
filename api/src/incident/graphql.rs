//! How incidents are said, and the queue of them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use chrono::TimeDelta;
use entity::{
    incident,
    vocabulary::{IncidentKind, IncidentStatus},
};

use crate::{
    Error,
    agreement::graphql::Agreement,
    auth::{Sight, policy},
    context::View,
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        request::request,
        said::Said,
        scalars::DateTime,
    },
    organisation::graphql::Organisation,
};

/// Hours within which the supervisory authority must be told of a personal data breach (GDPR article 33).
const NOTICE_HOURS: i64 = 72;

/// Incident.
pub struct Incident {
    view: View,
    row: Arc<incident::Model>,
}

/// Misuse or breach concerning an agreement.
#[Object]
impl Incident {
    /// Global identifier.
    async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Agreement it concerns; null when the viewer may not know it.
    async fn agreement(&self) -> Option<Agreement> {
        Agreement::of(&self.view, self.row.agreement_id)
    }

    /// Who reported it.
    async fn reporter(&self) -> Result<Organisation, Error> {
        let row = self.view.facts.organisation.get(self.row.reporter_id);
        let row = row.ok_or_else(|| Error::internal("an incident without its reporter"));
        row.map(|row| Organisation { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Kind.
    async fn kind(&self) -> Said<IncidentKind> {
        self.row.kind.into()
    }

    /// Status.
    async fn status(&self) -> Said<IncidentStatus> {
        self.row.status.into()
    }

    /// What happened, without personal data.
    async fn description(&self) -> &str {
        &self.row.description
    }

    /// Instant it happened or was noticed, UTC.
    async fn occurred_at(&self) -> DateTime {
        self.row.occurred_at.into()
    }

    /// Instant of the report, UTC.
    async fn reported_at(&self) -> DateTime {
        self.row.reported_at.into()
    }

    /// Instant by which the supervisory authority must be told, 72 hours after it was noticed, UTC; null unless it is a
    /// personal data breach. Source: GDPR article 33.
    async fn notify_by(&self) -> Option<DateTime> {
        (self.row.kind == IncidentKind::DataProtection)
            .then(|| (self.row.occurred_at + TimeDelta::hours(NOTICE_HOURS)).into())
    }

    /// Instant of closing, UTC; null while open.
    async fn closed_at(&self) -> Option<DateTime> {
        self.row.closed_at.map(DateTime::from)
    }

    /// What was decided; null while open.
    async fn outcome(&self) -> Option<&str> {
        self.row.outcome.as_deref()
    }
}

/// Queries about incidents.
#[derive(Default)]
pub struct IncidentQuery;

#[Object]
impl IncidentQuery {
    /// Incidents of one's own agreements, oldest first. Errors: FORBIDDEN, INVALID_INPUT.
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this status.")] status: Option<Said<IncidentStatus>>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Incident>, Error> {
        let request = request(ctx, "incidents")?;
        let view = &request.view;
        let page = Page::of("incidents", first, after.as_deref(), request.page_size_max())?;
        let is_open = |row: &&Arc<incident::Model>| {
            let agreement = view.facts.agreement.get(row.agreement_id);
            agreement.and_then(|row| policy::sight(&view.facts, &view.viewer, row)) == Some(Sight::Office)
        };
        let rows = view.facts.incident.all().filter(is_open);
        let rows = rows.filter(|row| status.is_none_or(|status| row.status == status.0));
        let node = |row: &Arc<incident::Model>| Incident { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows.map(|row| (row.id.0, row)), node))
    }
}
