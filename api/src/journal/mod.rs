//! The journal: every change of the registry in order, with who, why and what; the one way facts become others.
//!
//! One writer, one follower. A change is written, committed and only then followed, here and in every other process on
//! the same database, so journal order is commit order and every process passes through the same pictures.
//!
//! **Invariant:** lock order is registry → tree → rows, everywhere.

mod concern;
mod follow;
pub mod leaf;
mod past;
mod tree;
mod write;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use futures::FutureExt;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QueryOrder, QuerySelect};
use tokio::sync::{Notify, watch};

pub use concern::{concerned, differing, index, subject_table};
pub use tree::{Left, Lock, TILE_WIDTH, Tree, lock_registry};
pub use write::{Author, CHANGE_ROWS_MAX, Changes, Ending, parts};

use crate::{
    Error,
    clock::Clock,
    database::Database,
    facts::{Facts, Mark, Tables},
};
use follow::{News, news};
use past::Past;

/// Said of a database that has lost changes; a start reads it as it stands.
pub const LOST_CHANGES: &str = "the database has lost changes; start again";

/// Current picture of the facts and the journal they follow. Cloning shares it.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Clock,
    current: ArcSwap<Facts>,
    seq: watch::Sender<i64>,
    started: std::time::Instant,
    caught_up_micros: AtomicU64,
    /// Whether the last look found that the database has lost a change of the picture.
    has_lost: AtomicBool,
    wake: Notify,
    past: Past,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("seq", &self.facts().seq).finish_non_exhaustive()
    }
}

impl Journal {
    /// Reads the tables whole at the journal's present position.
    ///
    /// # Errors
    /// Unavailable when the database does not answer.
    pub async fn open(database: Database, clock: Clock) -> Result<Self, Error> {
        let started = std::time::Instant::now();
        let facts = load(&database).await?;
        let (seq, _) = watch::channel(facts.seq);
        let inner = Inner {
            database,
            clock,
            current: ArcSwap::from_pointee(facts),
            seq,
            started,
            caught_up_micros: AtomicU64::new(0),
            has_lost: AtomicBool::new(false),
            wake: Notify::new(),
            past: Past::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Current picture.
    pub fn facts(&self) -> Arc<Facts> {
        self.0.current.load_full()
    }

    /// How long ago the picture was last known to be current.
    pub fn age(&self) -> Duration {
        let caught_up = Duration::from_micros(self.0.caught_up_micros.load(Ordering::Relaxed));
        self.0.started.elapsed().saturating_sub(caught_up)
    }

    /// Why the picture may not be decided on, however young it is; null while the database holds every change of it.
    pub fn fault(&self) -> Option<&'static str> {
        self.0.has_lost.load(Ordering::Relaxed).then_some(LOST_CHANGES)
    }

    /// The database lacks a change this process has told of, or holds another at its position: a copy that was behind took
    /// the place of the one that failed. Nothing is written or decided until a start.
    pub fn lost(&self, facts: &Facts) -> Error {
        if !self.0.has_lost.swap(true, Ordering::Relaxed) {
            tracing::error!(seq = facts.seq, "a change this process has told of is gone from the database");
        }
        Error::Unavailable(LOST_CHANGES)
    }

    fn kept<T>(&self, found: T) -> T {
        self.0.has_lost.store(false, Ordering::Relaxed);
        found
    }

    /// Makes a later picture the current one; an earlier one is ignored.
    pub fn publish(&self, facts: Facts) {
        let facts = Arc::new(facts);
        self.0.current.rcu(|current| if facts.seq > current.seq { Arc::clone(&facts) } else { Arc::clone(current) });
        self.0.seq.send_if_modified(|seq| {
            let later = facts.seq > *seq;
            *seq = facts.seq.max(*seq);
            later
        });
    }

    /// Waits until the picture holds the change `seq`.
    ///
    /// # Errors
    /// Unavailable when that takes longer than `patience`.
    pub async fn wait_for(&self, seq: i64, patience: Duration) -> Result<(), Error> {
        let mut positions = self.0.seq.subscribe();
        self.0.wake.notify_one();
        match tokio::time::timeout(patience, positions.wait_for(|now| *now >= seq)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Error::Unavailable("this process has not reached the asked Facts-Seq")),
        }
    }

    /// Hears of each position the picture reaches; of several at once, of the last.
    pub fn positions(&self) -> watch::Receiver<i64> {
        self.0.seq.subscribe()
    }

    fn caught_up(&self, at: std::time::Instant) {
        let micros = u64::try_from(at.duration_since(self.0.started).as_micros()).unwrap_or(u64::MAX);
        self.0.caught_up_micros.fetch_max(micros, Ordering::Relaxed);
    }
}

/// Facts as the tables hold them, in one consistent snapshot.
pub async fn load(database: &Database) -> Result<Facts, Error> {
    let loaded = Box::pin(async {
        let txn = database.snapshot().await?;
        let facts = load_within(&txn).await?;
        txn.commit().await?;
        Ok(facts)
    });
    database.answered(loaded).await
}

/// Facts as the tables hold them in a snapshot of the database.
pub async fn load_within(snapshot: &DatabaseTransaction) -> Result<Facts, Error> {
    let (seq, mark) = last_change(snapshot).await?;
    // Boxed, for it holds a reader of every table, and whoever starts a gateway would hold it too.
    let tables = Tables::read(snapshot).boxed().await?;
    let mut facts = Facts::of(seq, tables);
    facts.mark = mark;
    Ok(facts)
}

/// Facts as the journal tells them from its first change on.
pub async fn replay(db: &impl ConnectionTrait) -> Result<Facts, Error> {
    match news(db, &Facts::default()).await? {
        News::Later(facts) => Ok(*facts),
        News::Nothing | News::Lost => Ok(Facts::default()),
    }
}

/// Position of the last change that is committed, or of this transaction, and which it is.
pub async fn last_change(db: &impl ConnectionTrait) -> Result<(i64, Option<Mark>), Error> {
    let last = entity::change::Entity::find()
        .select_only()
        .column(entity::change::Column::Seq)
        .column(entity::change::Column::RestrictedCommitment)
        .order_by_desc(entity::change::Column::Seq)
        .limit(1)
        .into_tuple::<(i64, Vec<u8>)>()
        .one(db)
        .await?;
    let Some((seq, commitment)) = last else { return Ok((0, None)) };
    Ok((seq, Some(mark(&commitment)?)))
}

/// Mark of a change by its commitment.
pub fn mark(commitment: &[u8]) -> Result<Mark, Error> {
    commitment.try_into().map_err(|_| Error::internal("a commitment of another length"))
}
