//! How the incidents of an agreement are said.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{
    incident,
    vocabulary::{AgreementId, IncidentId, IncidentKind, IncidentStatus, Publicity},
};
use uuid::Uuid;

use super::Agreement;
use crate::{
    Error,
    auth::policy,
    context::View,
    decision,
    facts::global_id,
    graphql::{
        request::within,
        said::Said,
        scalars::{Date, DateTime},
    },
    organisation::graphql::Organisation,
};

/// Incident.
pub struct Incident {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<incident::Model>,
}

impl Incident {
    /// Incident of an id; null for all but the officers of both sides and their auditors.
    pub fn of(view: &View, id: IncidentId) -> Option<Self> {
        let row = view.facts.incident.get(id)?;
        policy::sees_incident(view.present(), &view.viewer, row)
            .then(|| Self { view: view.clone(), row: Arc::clone(row) })
    }

    /// Incidents of an agreement, for its office.
    pub fn all(view: &View, agreement: AgreementId) -> impl Iterator<Item = (Uuid, Self)> {
        let rows = view.facts.incident.of(agreement);
        rows.map(|row| (row.id.0, Self { view: view.clone(), row: Arc::clone(row) }))
    }
}

/// Misuse or breach concerning an agreement.
#[Object]
impl Incident {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Agreement it concerns; null when the viewer may not know it.
    async fn agreement(&self) -> Option<Agreement> {
        Agreement::of(&self.view, self.row.agreement_id)
    }

    /// Who reported it.
    async fn reporter(&self) -> Result<Organisation, Error> {
        let reporter = Organisation::of(&self.view, self.row.reporter_id);
        reporter.ok_or_else(|| Error::internal("an incident without its reporter"))
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

    /// Instant it happened, UTC.
    async fn occurred_at(&self) -> DateTime {
        self.row.occurred_at.into()
    }

    /// Instant it became known to who reported it, UTC; null when nothing was said, and then it counts as known when it
    /// happened.
    async fn known_at(&self) -> Option<DateTime> {
        self.row.known_at.map(DateTime::from)
    }

    /// Instant of the report, UTC.
    async fn reported_at(&self) -> DateTime {
        self.row.reported_at.into()
    }

    /// Instant by which the supervisory authority must be told, 72 hours after it became known, UTC; null unless it is a
    /// personal data breach. Source: GDPR article 33.
    async fn notify_by(&self) -> Option<DateTime> {
        decision::notify_by(&self.row).map(DateTime::from)
    }

    /// Day on which the supervisory authority was told; null while nobody has said so.
    async fn notified_authority_on(&self) -> Option<Date> {
        self.row.notified_authority_on.map(Date::from)
    }

    /// Whether the supervisory authority should have been told by now, and nobody has said that it was or why it need not
    /// be. Source: GDPR article 33.
    async fn is_overdue(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        // Due so many hours after what stands in the row.
        within(ctx)?.footing.note_elsewhere();
        Ok(decision::notice_due(&self.row).is_some_and(|due| due <= self.view.at))
    }

    /// Instant of closing, UTC; null while open.
    async fn closed_at(&self) -> Option<DateTime> {
        self.row.closed_at.map(DateTime::from)
    }

    /// What was found and done; null while open.
    async fn outcome(&self) -> Option<&str> {
        self.row.outcome.as_deref()
    }

    /// Mark of the report. Whatever it says, an incident is told to the officers of both sides and their auditors only.
    async fn publicity(&self) -> Said<Publicity> {
        self.row.publicity.into()
    }
}
