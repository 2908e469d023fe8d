//! How the journal is said.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    change,
    vocabulary::{AgreementId, RowChange},
};

use super::{
    Filter,
    rows::{PageRows, Touched},
    rules::Difference,
};
use crate::{
    Error, FaultCode,
    auth::policy,
    checks::{Checks, NAME_CHARACTERS_MAX, REFERENCE_CHARACTERS_MAX},
    context::{self, View},
    graphql::{
        connections::{Connection, Page},
        long::Long,
        request::{request, within},
        said::Said,
        scalars::{BusinessId, DateTime},
    },
};

/// Change of the registry.
pub struct Change {
    view: View,
    row: change::Model,
    /// Rows of all changes of its page.
    rows: Arc<PageRows>,
}

/// Change of the registry: one act, who did it, why, and what it changed. Its place in the journal is its place in time.
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
        entity::vocabulary::table_and_row(&self.row.subject).map(|_| self.row.subject.clone().into())
    }

    /// Business ID of the organisation that acted; null for the gateway itself.
    async fn organisation(&self) -> Option<BusinessId> {
        self.row.actor_organisation.as_deref().map(BusinessId::stored)
    }

    /// Who acted; null for those outside that organisation, but for auditors and administrators.
    async fn actor(&self) -> Option<&str> {
        let organisation = self.row.actor_organisation.as_deref();
        policy::names_actor(self.view.present(), &self.view.viewer, organisation).then_some(&self.row.actor)
    }

    /// Reason given; null when none was, for an act on an agreement also for those who do not see its history, and for one
    /// on a protection statement, an incident, a usage review, an inquiry, a document or an end user's access for all but
    /// the officers of both sides and their auditors.
    async fn reason(&self) -> Option<&str> {
        let (facts, viewer) = (self.view.present(), &self.view.viewer);
        let sees = policy::sees_reason(facts, viewer, super::agreement(facts, &self.row.subject))
            && policy::sees_subject(facts, viewer, &self.row.subject) != Some(false);
        self.row.reason.as_deref().filter(|_| sees)
    }

    /// Rows it touched, in the order they were written; the first 100 that the viewer may see and that concern what the
    /// changes are listed for. Errors: UNAVAILABLE.
    async fn rows(&self) -> Result<Vec<ChangedRow>, Error> {
        Ok(self.rows.of(self.row.seq).await?.rows.into_iter().map(ChangedRow).collect())
    }

    /// Whether it touched more such rows than are shown. Errors: UNAVAILABLE.
    async fn has_more_rows(&self) -> Result<bool, Error> {
        Ok(self.rows.of(self.row.seq).await?.has_more)
    }

    /// Position of its entry in the transparency log.
    async fn leaf_index(&self) -> Long {
        self.row.leaf_index.into()
    }
}

/// Row a change touched.
pub struct ChangedRow(Touched);

/// Row a change touched, and how it differs from before.
#[Object]
impl ChangedRow {
    /// Table, as in world files and exports.
    async fn table(&self) -> &str {
        &self.0.table
    }

    /// Global identifier of the row; the same row has it in every change.
    async fn row_id(&self) -> ID {
        format!("{}:{}", self.0.table, self.0.id).into()
    }

    /// What became of it.
    async fn kind(&self) -> Said<RowChange> {
        self.0.kind.into()
    }

    /// Fields that differ, by name, at most 50. Pseudonyms, keys, signatures and stored contents are never shown, and who
    /// acted only by the change.
    async fn fields(&self) -> Vec<ChangedField> {
        self.0.fields.iter().cloned().map(ChangedField::from).collect()
    }
}

/// Field of a row before and after a change.
#[derive(SimpleObject)]
pub struct ChangedField {
    /// Name.
    name: String,
    /// Value before, codes, days, instants and global identifiers as in this schema; null where there was none.
    before: Option<String>,
    /// Value after; null where there is none.
    after: Option<String>,
}

impl From<Difference> for ChangedField {
    fn from(difference: Difference) -> Self {
        Self { name: difference.name, before: difference.before, after: difference.after }
    }
}

/// Filter of changes; all of its parts must hold.
#[derive(InputObject, Default)]
pub struct ChangeFilter {
    /// Only those done to the thing of this global identifier.
    subject: Option<ID>,
    /// Only those that concern the agreement of this number: itself, its parts, its statements and incidents, by either side.
    agreement: Option<String>,
    /// Only acts of this name, as its mutation or import.
    action: Option<String>,
    /// Only acts of this actor, of those the viewer may know the actor of.
    actor: Option<String>,
    /// Only those recorded at this instant or later.
    from: Option<DateTime>,
    /// Only those recorded before this instant.
    until: Option<DateTime>,
}

/// Queries about the journal.
#[derive(Default)]
pub struct ChangeQuery;

#[Object]
impl ChangeQuery {
    /// Changes the viewer may know of, oldest first. Errors: FORBIDDEN, INVALID_INPUT, LIMIT_EXCEEDED, UNAVAILABLE.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which changes; all when absent.")] filter: Option<ChangeFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Change>, Error> {
        let request = request(ctx, "changes")?;
        let filter = read(&request.view, filter.unwrap_or_default())?;
        page(request, &request.view, &filter, (first, after.as_deref())).await
    }
}

/// Changes that concern an agreement, as far as the viewer may know of them.
///
/// # Errors
/// Invalid for a malformed page; unavailable when the database does not answer.
pub async fn changes_of(
    ctx: &Context<'_>,
    view: &View,
    agreement: AgreementId,
    (first, after): (Option<i32>, Option<&str>),
) -> Result<Connection<Change>, Error> {
    let filter = Filter { agreement: Some(agreement), ..Filter::default() };
    page(within(ctx)?, view, &filter, (first, after)).await
}

async fn page(
    request: &context::Context,
    view: &View,
    filter: &Filter,
    (first, after): (Option<i32>, Option<&str>),
) -> Result<Connection<Change>, Error> {
    let page: Page<i64> = Page::of("changes", first, after, request.page_size_max())?;
    let reached = (page.after.unwrap_or(0), page.fetch());
    let changes = Box::pin(super::list(request.gateway().database.read(), view, filter, reached)).await?;
    let seqs = changes.iter().take(page.count).map(|row| row.seq).collect();
    let about = filter.agreement.and_then(|_| super::among(view, filter));
    let rows = Arc::new(PageRows::new(view.clone(), request.gateway().clone(), seqs, about));
    let entries = changes.into_iter().map(|row| (row.seq, row));
    Ok(page.connection(entries, |row| Change { view: view.clone(), row, rows: Arc::clone(&rows) }))
}

/// Filter of an input, its references found.
fn read(view: &View, filter: ChangeFilter) -> Result<Filter, Error> {
    let mut checks = Checks::default();
    let subject = filter.subject.map(|id| checks.text("filter.subject", &id, REFERENCE_CHARACTERS_MAX));
    let agreement = filter.agreement.and_then(|number| {
        let known = policy::agreement_of(view.present(), &view.viewer, &number);
        checks.found("filter.agreement", known, "agreement").map(|row| row.id)
    });
    let action = filter.action.map(|action| checks.text("filter.action", &action, NAME_CHARACTERS_MAX));
    let actor = filter.actor.map(|actor| checks.text("filter.actor", &actor, REFERENCE_CHARACTERS_MAX));
    let from = filter.from.and_then(|at| checks.instant("filter.from", at.as_str()));
    let until = filter.until.and_then(|at| checks.instant("filter.until", at.as_str()));
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        checks.fault(FaultCode::PeriodReversed, "filter.until", "not after `from`");
    }
    checks.done(|| Some(Filter { subject, agreement, action, actor, from, until })).map_err(Error::Invalid)
}
