//! Following the log: what stands in it is looked at within a second, whoever wrote it.
//!
//! Ids of the log rise in the order of commits, so whoever reads on from the last one misses nothing: not the rows of
//! other processes, not those of an import, not those written just before a process died. The writer is not asked for
//! anything and waits for nobody.

use std::time::Duration;

use entity::{
    anomaly, disclosure,
    vocabulary::{AgreementId, Channel, DisclosureId, Instant, ScopeId},
};
use sea_orm::{
    ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel, QueryOrder, QueryResult, QuerySelect, SqlErr,
    sea_query::{Expr, OnConflict},
};

use super::{
    rules::{self, WATCH},
    watch::{Finding, KEPT, Seen, Watch},
    window::HOURS_MAX,
};
use crate::{
    Error,
    auth::policy::Rows,
    context::Gateway,
    database::Reader,
    disclosure::{
        list::{self, Excerpt, Filter, Order, Page},
        row::{disclosure_id, recorded_at},
    },
    facts::Facts,
    journal::{Author, Changes},
};

/// Time between two looks at a log that has not grown.
const LOOK: Duration = Duration::from_secs(1);

/// Rows of one look; about 3 megabytes, and as many as the recorder writes at full speed in a fifth of a second.
const ROWS_PER_LOOK: usize = 5_000;

/// Attempts to number a raising, where other processes raise at the same moment.
const NUMBERING_ATTEMPTS: usize = 5;

/// How an anomaly meets one that stands: it is raised again when what was seen has doubled.
const HAS_DOUBLED: &str = "excluded.observed >= 2 * anomaly.observed";

/// Columns of the log that are looked at.
const COLUMNS: [disclosure::Column; 8] = [
    disclosure::Column::Id,
    disclosure::Column::OccurredAt,
    disclosure::Column::AgreementId,
    disclosure::Column::ScopeId,
    disclosure::Column::Channel,
    disclosure::Column::UserPseudonym,
    disclosure::Column::SubjectPseudonym,
    disclosure::Column::CorrectsId,
];

/// What stands in them, in that order.
type Columns = (
    DisclosureId,
    Instant,
    Option<AgreementId>,
    Option<ScopeId>,
    Channel,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<DisclosureId>,
);

/// Watches the log for as long as the process lives.
pub async fn watch(gateway: Gateway) {
    let mut follower = Follower { gateway, watch: Watch::default(), position: None, pending: Vec::new() };
    loop {
        match follower.look().await {
            // Whoever follows a full log lets others have the processor between two looks.
            Ok(true) => tokio::task::yield_now().await,
            Ok(false) => tokio::time::sleep(LOOK).await,
            Err(error) => {
                tracing::warn!(code = ?error.code(), "the log could not be watched for anomalies; trying again");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

struct Follower {
    gateway: Gateway,
    watch: Watch,
    /// Last row looked at.
    position: Option<DisclosureId>,
    /// Found and not yet raised.
    pending: Vec<Finding>,
}

impl Follower {
    /// Looks at what is new and raises what is unusual in it; whether there may be more.
    async fn look(&mut self) -> Result<bool, Error> {
        let position = match self.position {
            Some(position) => position,
            None => self.start().await?,
        };
        let (rows, has_more) = self.rows(position).await?;
        self.position = Some(rows.last().map_or(position, |row| row.0));
        let seen: Vec<Seen> = rows.into_iter().filter_map(seen).collect();
        self.pending.extend(self.watch.see(&seen));
        // What could not be raised is raised with the next look.
        while let Some(finding) = self.pending.last().copied() {
            self.raise(finding).await?;
            self.pending.pop();
        }
        self.tell().await?;
        Ok(has_more)
    }

    /// Tells those who wait which raising was the last, whichever process it was raised by.
    async fn tell(&self) -> Result<(), Error> {
        let last = super::last_raised(self.gateway.database.primary()).await?;
        self.gateway.raised.send_if_modified(|raised| {
            let is_news = last > *raised;
            *raised = last.max(*raised);
            is_news
        });
        Ok(())
    }

    /// Where to begin: at the rows that still count with those to come. Their time is that of the log and not of the clock,
    /// for a process that died may have left the last of them unseen, however long ago.
    /// Of a log that was filled at once, no more than is kept count of.
    async fn start(&self) -> Result<DisclosureId, Error> {
        let last = self.id_before(0).await?;
        let from = last.and_then(recorded_at).map_or(Instant::UNIX_EPOCH, |last| last - KEPT * 2);
        let from = disclosure_id(from, [0; 8]);
        Ok(self.id_before(HOURS_MAX as u64).await?.map_or(from, |counted| counted.max(from)))
    }

    /// Id of the row that so many follow.
    async fn id_before(&self, rows: u64) -> Result<Option<DisclosureId>, Error> {
        let txn = self.gateway.database.read_for(Reader::Log).await?;
        let id = disclosure::Entity::find()
            .select_only()
            .column(disclosure::Column::Id)
            .order_by_desc(disclosure::Column::Id)
            .offset(rows)
            .limit(1)
            .into_tuple::<DisclosureId>()
            .one(&txn)
            .await?;
        txn.commit().await?;
        Ok(id)
    }

    /// Rows after one, in their order, and whether there are more.
    async fn rows(&self, after: DisclosureId) -> Result<(Vec<Columns>, bool), Error> {
        let (filter, order, after) =
            (&Filter { rows: Rows::All, ..Filter::default() }, Order::OldestFirst, Some(after));
        let excerpt = Excerpt { filter, order, after, first: ROWS_PER_LOOK, now: self.gateway.clock.now() };
        let txn = self.gateway.database.read_snapshot().await?;
        let Page { rows, has_next } = list::found(&txn, excerpt, &COLUMNS).await?;
        txn.commit().await?;
        let rows = rows.iter().map(QueryResult::try_get_many_by_index).collect::<Result<_, _>>()?;
        Ok((rows, has_next))
    }

    /// Raises an anomaly, or leaves it as it stands, and does what follows from it.
    async fn raise(&self, finding: Finding) -> Result<(), Error> {
        if self.put(&finding).await? {
            self.say(&finding);
        }
        if self.gateway.config.anomaly_suspends.contains(&finding.rule) {
            self.suspend(finding).await?;
        }
        Ok(())
    }

    /// Writes a raising under the next number; whether there was anything to write. Two that take one number at once are told
    /// apart by its index: the later waits for the earlier and takes another, so that numbers rise in the order of commits.
    async fn put(&self, finding: &Finding) -> Result<bool, Error> {
        let mut attempt = 1;
        loop {
            let number = super::last_raised(self.gateway.database.primary()).await? + 1;
            match self.put_as(finding, number).await {
                Ok(written) => return Ok(written > 0),
                Err(error) if attempt < NUMBERING_ATTEMPTS && is_taken(&error) => attempt += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn put_as(&self, finding: &Finding, number: i64) -> Result<u64, DbErr> {
        use anomaly::Column;
        let stands = OnConflict::column(Column::Id)
            .update_columns([
                Column::WindowFrom,
                Column::WindowUntil,
                Column::Observed,
                Column::Expected,
                Column::DetectedAt,
                Column::Raised,
            ])
            .action_and_where(Expr::cust(HAS_DOUBLED))
            .to_owned();
        let row = finding.row(number, self.gateway.clock.now()).into_active_model();
        anomaly::Entity::insert(row.reset_all())
            .on_conflict(stands)
            .exec_without_returning(self.gateway.database.write())
            .await
    }

    /// One line, without personal data.
    fn say(&self, finding: &Finding) {
        let facts = self.gateway.journal.facts();
        let agreement = facts.agreement.get(finding.agreement).map(|row| row.number.as_str());
        tracing::warn!(
            rule = %finding.rule,
            agreement,
            from = %finding.from,
            observed = finding.observed,
            expected = rules::limit(finding.rule),
            "anomalous retrieval"
        );
    }

    /// Suspends the agreement where that follows. It is asked for every anomaly found, also for one raised before: what a
    /// process that died left undone is done by the next.
    async fn suspend(&self, finding: Finding) -> Result<(), Error> {
        let gateway = &self.gateway;
        let row = anomaly::Entity::find_by_id(finding.id).one(gateway.database.primary()).await?;
        let (Some(row), now) = (row, gateway.clock.now()) else { return Ok(()) };
        let follows =
            move |facts: &Facts| -> Vec<Changes> { rules::suspension(facts, &row, now).into_iter().collect() };
        // Nothing is locked for what does not follow.
        if follows(&gateway.journal.facts()).is_empty() {
            return Ok(());
        }
        let author = Author { actor: WATCH.to_owned(), organisation: None };
        gateway.journal.commit(author, move |facts| Ok(follows(facts))).await?;
        Ok(())
    }
}

/// Whether somebody else took the number.
fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

fn seen(row: Columns) -> Option<Seen> {
    let (id, occurred_at, agreement, scope, channel, user, subject, corrects) = row;
    let recorded_at = recorded_at(id)?;
    Some(Seen { recorded_at, occurred_at, agreement, scope, channel, user, subject, is_correction: corrects.is_some() })
}
