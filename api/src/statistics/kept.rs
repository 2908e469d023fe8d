//! Rows that were made before, kept with the stand of the log they are of.
//!
//! The tallies change only with entries of the log, so while it stands as it did, rows are given again. Where it has grown by a
//! little, the entries since are looked through: rows stay right unless one of them was given on a day they count, or corrects
//! another. What has grown by more is read anew, and so is a log that does not continue the one the rows are of, as after a
//! failover that lost entries.

use std::{
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::digest::{Context, SHA256};
use entity::{
    disclosure, log_tree,
    vocabulary::{Day, Instant, helsinki_day},
};
use quick_cache::{Weighter, sync::Cache};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Asked, StatisticsRow, rules::KeyValue};
use crate::{
    Error,
    database::{Reader, read_for},
    disclosure::disclosure_id,
};

/// Bytes all kept rows may take together, as they are estimated.
const KEPT_BYTES_MAX: u64 = 4 << 20;

/// Steps a cache of that size usually holds.
const SPANS_USUAL: usize = 64;

/// Entries looked through at most to see whether rows are still right; more are read no sooner than the tallies.
const ENTRIES_LOOKED_AT_MAX: u64 = 1_000;

/// What one step of reading a question found.
#[derive(Debug)]
pub(super) struct Span {
    /// Cells the rows were made of.
    pub cells: usize,
    /// Rows in their order.
    pub rows: Vec<StatisticsRow>,
}

/// Rows of steps read lately. Cloning shares them.
#[derive(Debug, Clone)]
pub struct KeptSpans(Arc<Cache<Key, Arc<Kept>, Weight>>);

/// Everything rows depend on beside the log, as its SHA-256: a question may be long.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key([u8; 32]);

impl Key {
    fn of(asked: Asked<'_>, days: (Day, Day)) -> Self {
        let mut digest = Digest(Context::new(&SHA256));
        (asked.question, asked.sight, asked.facts.seq, asked.facts.mark, days).hash(&mut digest);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.0.finish().as_ref());
        Self(bytes)
    }
}

/// Digest of whatever can be hashed; what it comes to is never asked as a number.
struct Digest(Context);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[derive(Debug)]
struct Kept {
    span: Arc<Span>,
    /// Stand of the log of which the rows were last found right.
    stand: Mutex<log_tree::Model>,
}

impl Kept {
    fn stand(&self) -> log_tree::Model {
        self.stand.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stands(&self, stand: &log_tree::Model) {
        *self.stand.lock().unwrap_or_else(PoisonError::into_inner) = stand.clone();
    }
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Key, Arc<Kept>> for Weight {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        let value = |value: &KeyValue| match value {
            KeyValue::Nothing | KeyValue::Restricted => 0,
            KeyValue::Value(value) => value.capacity(),
        };
        let keys =
            |row: &StatisticsRow| row.keys.iter().map(|(_, key)| size_of_val(key) + 8 + value(key)).sum::<usize>();
        let rows = kept.span.rows.iter().map(|row| size_of_val(row) + row.period.capacity() + keys(row));
        (size_of::<Key>() + rows.sum::<usize>()) as u64
    }
}

impl Default for KeptSpans {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(SPANS_USUAL, KEPT_BYTES_MAX, Weight)))
    }
}

impl KeptSpans {
    /// Rows of some days, where they were made at exactly this stand of the log or are known to be right at it.
    pub(super) fn at(&self, asked: Asked<'_>, days: (Day, Day), stand: &log_tree::Model) -> Option<Arc<Span>> {
        let kept = self.0.get(&Key::of(asked, days))?;
        (kept.stand() == *stand).then(|| Arc::clone(&kept.span))
    }

    /// The same, where the log has grown by no more than is looked through to see that nothing of it counts in them.
    ///
    /// # Errors
    /// Unavailable when the database does not answer.
    pub(super) async fn still_at(
        &self,
        snapshot: &DatabaseTransaction,
        asked: Asked<'_>,
        days: (Day, Day),
        stand: &log_tree::Model,
    ) -> Result<Option<Arc<Span>>, Error> {
        let Some(kept) = self.0.get(&Key::of(asked, days)) else { return Ok(None) };
        let known = kept.stand();
        if known != *stand && !grew_beside(snapshot, &known, stand, days).await? {
            return Ok(None);
        }
        kept.stands(stand);
        Ok(Some(Arc::clone(&kept.span)))
    }

    /// Keeps the rows of some days, made at a stand of the log.
    pub(super) fn keep(&self, asked: Asked<'_>, days: (Day, Day), stand: &log_tree::Model, span: &Arc<Span>) {
        let kept = Kept { span: Arc::clone(span), stand: Mutex::new(stand.clone()) };
        self.0.insert(Key::of(asked, days), Arc::new(kept));
    }
}

/// Whether the log continues the one that stood before, by few entries of which none counts on the days given. What was
/// recorded lately was mostly given lately, so rows that count the day of the last entry are not even tried.
async fn grew_beside(
    snapshot: &DatabaseTransaction,
    before: &log_tree::Model,
    now: &log_tree::Model,
    (from, until): (Day, Day),
) -> Result<bool, Error> {
    use disclosure::Column;
    let grown = u64::try_from(now.size - before.size).unwrap_or(u64::MAX);
    let is_counted = |at: Instant| (from..until).contains(&helsinki_day(at));
    if grown > ENTRIES_LOOKED_AT_MAX || now.recorded_at <= before.recorded_at || is_counted(now.recorded_at) {
        return Ok(false);
    }
    read_for(snapshot, Reader::Log).await?;
    // The last entry of before comes first, and proves that this is the same log; where that is a change, nothing does.
    let rows: Vec<(Instant, i64, Instant, bool)> = disclosure::Entity::find()
        .select_only()
        .columns([Column::RecordedAt, Column::LeafIndex, Column::OccurredAt])
        .expr(Column::CorrectsId.is_not_null())
        .filter(Column::RecordedAt.gte(before.recorded_at))
        .filter(Column::Id.gte(disclosure_id(before.recorded_at, [0; 8])))
        .order_by_asc(Column::Id)
        .limit(grown + 1)
        .into_tuple()
        .all(snapshot)
        .await?;
    let Some(((recorded_at, leaf_index, ..), since)) = rows.split_first() else { return Ok(false) };
    let is_same_log = (*recorded_at, *leaf_index) == (before.recorded_at, before.size - 1);
    Ok(is_same_log && !since.iter().any(|(_, _, occurred_at, corrects)| *corrects || is_counted(*occurred_at)))
}
