//! How the journal is said.

use async_graphql::{Context, ID, Object};
use entity::change;

use crate::{
    Error,
    auth::policy,
    context::View,
    graphql::{
        connections::{Connection, Page},
        long::Long,
        request::request,
        scalars::{BusinessId, DateTime},
    },
};

/// Change of the registry.
pub struct Change {
    view: View,
    row: change::Model,
}

/// Change of the registry: one act, who did it and why. Its place in the journal is its place in time.
#[Object]
impl Change {
    /// Position in the journal, from 1 without gaps.
    async fn seq(&self) -> Long {
        self.row.seq.into()
    }

    /// Instant of recording, UTC; rises with the position.
    async fn recorded_at(&self) -> DateTime {
        self.row.recorded_at.into()
    }

    /// Name of the act, as its mutation or import.
    async fn action(&self) -> &str {
        &self.row.action
    }

    /// Global identifier of what it was done to; null where that is no one thing: for an import, a retention run, a new key.
    async fn subject_id(&self) -> Option<ID> {
        super::subject(&self.row.subject).map(|_| self.row.subject.clone().into())
    }

    /// Business ID of the organisation that acted; null for the gateway itself.
    async fn organisation(&self) -> Option<BusinessId> {
        self.row.actor_organisation.as_deref().map(BusinessId::stored)
    }

    /// Who acted; null for those outside that organisation, but for auditors and administrators.
    async fn actor(&self) -> Option<&str> {
        let organisation = self.row.actor_organisation.as_deref();
        policy::names_actor(&self.view.facts, &self.view.viewer, organisation).then_some(&self.row.actor)
    }

    /// Reason given; null when none was, for an act on an agreement also for those who do not see its history, and for one
    /// on a protection statement for all but the officers of both sides and their auditors.
    async fn reason(&self) -> Option<&str> {
        let (facts, viewer) = (&self.view.facts, &self.view.viewer);
        let statement = super::statement(facts, &self.row.subject);
        let sees = policy::sees_reason(facts, viewer, super::agreement(facts, &self.row.subject))
            && statement.is_none_or(|row| policy::sees_statement(facts, viewer, row));
        self.row.reason.as_deref().filter(|_| sees)
    }

    /// Position of its entry in the transparency log.
    async fn leaf_index(&self) -> Long {
        self.row.leaf_index.into()
    }
}

/// Queries about the journal.
#[derive(Default)]
pub struct ChangeQuery;

#[Object]
impl ChangeQuery {
    /// Changes the viewer may know of, oldest first. Errors: FORBIDDEN, INVALID_INPUT, UNAVAILABLE.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Change>, Error> {
        let request = request(ctx, "changes")?;
        let page: Page<i64> = Page::of("changes", first, after.as_deref(), request.page_size_max())?;
        let rows = super::list(request, page.after.unwrap_or(0), page.fetch()).await?;
        let entries = rows.into_iter().map(|row| (row.seq, row));
        Ok(page.connection(entries, |row| Change { view: request.view.clone(), row }))
    }
}
