//! How much was disclosed, to whom and on which law, per day, month or year.
//!
//! Answered from tallies alone, so the cost follows the cells and not the disclosures.

pub mod asking;
mod cells;
pub mod csv;
pub mod graphql;
mod kept;
pub mod recount;
pub mod rules;
mod spans;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use entity::{
    log_tree,
    vocabulary::{Day, Instant},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait};

pub use cells::STATISTICS_CELLS_MAX;
pub use rules::{Dimension, Interval, KeyValue, Sight, StatisticsFilter, StatisticsQuestion, StatisticsRow, check};

use crate::{Error, database::Database, disclosure::interned::InternedSets, facts::Facts};
use kept::{KeptSpans, Span};
use spans::Spans;

/// Answer to a question, or the page of it that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// Rows by period and values.
    pub rows: Vec<StatisticsRow>,
    /// Whether more follow.
    pub has_next: bool,
    /// Instant until which everything recorded is counted.
    pub covered_until: Instant,
}

/// A question, who asks it and when.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Picture of the registry.
    pub facts: &'a Facts,
    /// The question.
    pub question: &'a StatisticsQuestion,
    /// How much the asker sees.
    pub sight: Sight,
    /// Instant of the request.
    pub now: Instant,
}

impl Asked<'_> {
    /// Instant until which everything is counted that was recorded when the log stood so.
    fn covered_until(&self, stand: &log_tree::Model) -> Instant {
        rules::covered_until(self.question, self.sight, self.now, stand.recorded_at)
    }
}

/// What statistics are made of beside the database. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Sets of codes seen.
    sets: InternedSets,
    /// Rows made lately.
    kept: KeptSpans,
}

impl Sources {
    /// With nothing made yet.
    pub fn of(sets: &InternedSets) -> Self {
        Self { sets: sets.clone(), kept: KeptSpans::default() }
    }
}

/// Page of the statistics after a row's position, at most `first` rows, all of one state of the log.
///
/// # Errors
/// Every fault of the question; limit exceeded when one of its periods spans more cells than one answer is made of;
/// unavailable when the database does not answer.
pub async fn statistics(
    database: &Database,
    sources: &Sources,
    asked: Asked<'_>,
    after: Option<&[String]>,
    first: usize,
) -> Result<Statistics, Error> {
    check(asked.question).map_err(Error::Invalid)?;
    let stand = stand(database.read()).await?;
    if let Some(page) = kept_page(sources, asked, after, first, &stand) {
        return Ok(page);
    }
    let snapshot = database.read_snapshot().await?;
    let mut reading = Reading::start(&snapshot, sources, asked, after).await?;
    let mut rows = Vec::new();
    while rows.len() <= first
        && let Some(row) = reading.next().await?
    {
        rows.push(row);
    }
    Ok(page(rows, first, reading.covered_until))
}

/// How the log stands.
async fn stand(db: &impl ConnectionTrait) -> Result<log_tree::Model, Error> {
    let tree = log_tree::Entity::find().one(db).await?;
    tree.ok_or_else(|| Error::internal("log_tree has no row"))
}

/// The page, where all its rows are kept as of one stand of the log.
fn kept_page(
    sources: &Sources,
    asked: Asked<'_>,
    after: Option<&[String]>,
    first: usize,
    stand: &log_tree::Model,
) -> Option<Statistics> {
    let mut walk = Walk::start(asked, after);
    let mut rows = Vec::new();
    while rows.len() <= first {
        match walk.next() {
            Next::Row(row) => rows.push(row),
            Next::Days(days) => walk.pass(sources.kept.at(asked, days, stand)?),
            Next::Nothing => break,
        }
    }
    Some(page(rows, first, asked.covered_until(stand)))
}

/// Page of so many rows, of which one more is given where there is one.
fn page(mut rows: Vec<StatisticsRow>, first: usize, covered_until: Instant) -> Statistics {
    let has_next = rows.len() > first;
    rows.truncate(first);
    Statistics { rows, has_next, covered_until }
}

/// Way through the days of a question, in its order, from behind a row on.
#[derive(Debug)]
struct Walk<'a> {
    after: Option<&'a [String]>,
    spans: Spans,
    /// Rows found last, and how many of them are behind.
    found: Option<(Arc<Span>, usize)>,
}

/// What comes next.
enum Next {
    /// A row.
    Row(StatisticsRow),
    /// Days whose rows are to be found.
    Days((Day, Day)),
    /// The end.
    Nothing,
}

impl<'a> Walk<'a> {
    fn start(asked: Asked<'_>, after: Option<&'a [String]>) -> Self {
        let Asked { question, sight, now, .. } = asked;
        let from = after.and_then(|after| rules::period_start(question, after.first()?)).unwrap_or(question.from);
        Self { after, spans: Spans::new(question, from, rules::answered_until(question, sight, now)), found: None }
    }

    fn next(&mut self) -> Next {
        if let Some((span, behind)) = &mut self.found
            && let Some(row) = span.rows.get(*behind)
        {
            *behind += 1;
            return Next::Row(row.clone());
        }
        self.spans.next().map_or(Next::Nothing, Next::Days)
    }

    /// Goes on with the rows of the days to be found.
    fn pass(&mut self, span: Arc<Span>) {
        self.spans.pass(span.cells);
        let behind = self.after.map_or(0, |after| span.rows.partition_point(|row| row.position().as_slice() <= after));
        self.found = Some((span, behind));
    }
}

/// An answer as it is read, step by step and in its order; whoever stops early has not read the rest.
#[derive(Debug)]
pub struct Reading<'a> {
    snapshot: &'a DatabaseTransaction,
    sources: &'a Sources,
    asked: Asked<'a>,
    walk: Walk<'a>,
    stand: log_tree::Model,
    /// Instant until which everything recorded is counted.
    pub covered_until: Instant,
}

impl<'a> Reading<'a> {
    /// Begins after a row's position. `snapshot` sees one state throughout, so that all rows agree.
    ///
    /// # Errors
    /// Every fault of the question; unavailable when the database does not answer.
    pub async fn start(
        snapshot: &'a DatabaseTransaction,
        sources: &'a Sources,
        asked: Asked<'a>,
        after: Option<&'a [String]>,
    ) -> Result<Self, Error> {
        check(asked.question).map_err(Error::Invalid)?;
        let stand = stand(snapshot).await?;
        let covered_until = asked.covered_until(&stand);
        Ok(Self { snapshot, sources, asked, walk: Walk::start(asked, after), stand, covered_until })
    }

    /// Next row; null after the last.
    ///
    /// # Errors
    /// Limit exceeded when one period spans more cells than one answer is made of; unavailable when the database does not
    /// answer.
    pub async fn next(&mut self) -> Result<Option<StatisticsRow>, Error> {
        loop {
            let days = match self.walk.next() {
                Next::Row(row) => return Ok(Some(row)),
                Next::Nothing => return Ok(None),
                Next::Days(days) => days,
            };
            match self.span(days).await {
                Ok(span) => self.walk.pass(span),
                Err(Error::LimitExceeded { .. }) if self.walk.spans.narrow() => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn span(&self, days: (Day, Day)) -> Result<Arc<Span>, Error> {
        let Self { snapshot, sources, asked, stand, .. } = self;
        if let Some(span) = sources.kept.still_at(snapshot, *asked, days, stand).await? {
            return Ok(span);
        }
        let cells = cells::cells(*snapshot, &sources.sets, *asked, days).await?;
        let rows = rules::rows(asked.facts, asked.question, asked.sight, &cells);
        let span = Arc::new(Span { cells: cells.len(), rows });
        sources.kept.keep(*asked, days, stand, &span);
        Ok(span)
    }
}
