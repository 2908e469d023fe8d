//! How much was disclosed, to whom and on which law, per day, month or year.
//!
//! Answered from tallies alone, so the cost follows the cells and not the disclosures.

pub mod asking;
mod cells;
pub mod csv;
pub mod graphql;
pub mod recount;
pub mod rules;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use entity::{log_tree, vocabulary::Instant};
use sea_orm::{ConnectionTrait, EntityTrait};

pub use cells::STATISTICS_CELLS_MAX;
pub use rules::{Dimension, Interval, KeyValue, Sight, StatisticsFilter, StatisticsQuestion, StatisticsRow, check};

use crate::{Error, disclosure::interned::InternedSets, facts::Facts};
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

/// Page of the statistics after a row's position, at most `first` rows. `db` sees one state throughout.
///
/// # Errors
/// Every fault of the question; limit exceeded when one of its periods spans more cells than one answer is made of;
/// unavailable when the database does not answer.
pub async fn statistics(
    db: &impl ConnectionTrait,
    sets: &InternedSets,
    asked: Asked<'_>,
    after: Option<&[String]>,
    first: usize,
) -> Result<Statistics, Error> {
    let mut reading = Reading::start(db, sets, asked, after).await?;
    let mut rows = Vec::new();
    while rows.len() <= first
        && let Some(row) = reading.next().await?
    {
        rows.push(row);
    }
    let has_next = rows.len() > first;
    rows.truncate(first);
    Ok(Statistics { rows, has_next, covered_until: reading.covered_until })
}

/// An answer as it is read, step by step and in its order; whoever stops early has not read the rest.
#[derive(Debug)]
pub struct Reading<'a, C> {
    db: &'a C,
    sets: &'a InternedSets,
    asked: Asked<'a>,
    after: Option<&'a [String]>,
    spans: Spans,
    found: VecDeque<StatisticsRow>,
    /// Instant until which everything recorded is counted.
    pub covered_until: Instant,
}

impl<'a, C: ConnectionTrait> Reading<'a, C> {
    /// Begins after a row's position. `db` sees one state throughout, so that all rows agree.
    ///
    /// # Errors
    /// Every fault of the question; unavailable when the database does not answer.
    pub async fn start(
        db: &'a C,
        sets: &'a InternedSets,
        asked: Asked<'a>,
        after: Option<&'a [String]>,
    ) -> Result<Self, Error> {
        let Asked { question, sight, now, .. } = asked;
        check(question).map_err(Error::Invalid)?;
        let tree = log_tree::Entity::find().one(db).await?.ok_or_else(|| Error::internal("log_tree has no row"))?;
        let from = after.and_then(|after| rules::period_start(question, after.first()?)).unwrap_or(question.from);
        let spans = Spans::new(question, from, rules::answered_until(question, sight, now));
        let covered_until = rules::covered_until(question, sight, now, tree.recorded_at);
        Ok(Self { db, sets, asked, after, spans, found: VecDeque::new(), covered_until })
    }

    /// Next row; null after the last.
    ///
    /// # Errors
    /// Limit exceeded when one period spans more cells than one answer is made of; unavailable when the database does not
    /// answer.
    pub async fn next(&mut self) -> Result<Option<StatisticsRow>, Error> {
        while self.found.is_empty() {
            let Some(span) = self.spans.next() else { return Ok(None) };
            match cells::cells(self.db, self.sets, self.asked, span).await {
                Ok(cells) => {
                    self.spans.pass(cells.len());
                    self.found = rules::rows(self.asked.facts, self.asked.question, self.asked.sight, &cells).into();
                    if let Some(after) = self.after {
                        self.found.retain(|row| row.position().as_slice() > after);
                    }
                }
                Err(Error::LimitExceeded { .. }) if self.spans.narrow() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.found.pop_front())
    }
}
