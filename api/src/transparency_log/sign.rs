//! The signer: within a second of news it proves that the tree still begins as it was signed before, and signs it.
//!
//! **Invariant:** nothing is signed that has not been proved consistent, from storage, with what was signed last in the
//! database and with what this process has shown last; nothing is shown that `DATA_DIR` does not hold.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use entity::log_checkpoint;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryOrder, sea_query::OnConflict};
use tlog_tiles::{Hash, check_tree, prove_tree};
use tokio::{sync::oneshot, time::sleep};

use super::{
    Shown, TransparencyLog,
    checkpoint::{Checkpoint, verified},
    kept::Head,
    store,
};
use crate::{Error, journal::TILE_WIDTH, metrics};

/// Time between two looks for news.
const LOOK: Duration = Duration::from_millis(400);

/// Entries of the largest step; an old log without checkpoints is signed in as many as it takes.
const STEP_MAX: i64 = TILE_WIDTH * TILE_WIDTH;

/// Number of the advisory lock on PostgreSQL under which the log is signed, arbitrary and fixed. Not the tree's own lock:
/// whoever records is not held up.
const SIGNING_LOCK: i64 = 0x4449_5343_5349_474e;

/// What one look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// The last checkpoint, over everything there was.
    Whole(Checkpoint),
    /// A checkpoint over a part.
    Part(Checkpoint),
    /// The tree is not what was signed.
    Contradicted,
}

impl TransparencyLog {
    /// Signs for as long as the process lives, and once more when it is told to stop.
    pub async fn keep_signing(self, mut stop: oneshot::Receiver<()>) {
        let mut stopping = false;
        loop {
            let behind = match self.look().await {
                Ok(behind) => behind,
                Err(error) => {
                    metrics::sign_failed();
                    tracing::warn!(code = ?error.code(), %error, "the log could not be signed; trying again");
                    false
                }
            };
            if stopping {
                return;
            }
            if !behind {
                tokio::select! {
                    _ = &mut stop => stopping = true,
                    () = sleep(LOOK) => {}
                }
            }
        }
    }

    /// Signs what is new and shows it; whether more waits.
    async fn look(&self) -> Result<bool, Error> {
        let log = self.clone();
        // In a task of its own: whoever stops waiting must not cut a transaction.
        let step = tokio::spawn(async move { log.0.database.answered(log.step()).await });
        match step.await.map_err(|error| Error::internal(format!("signing ended early: {error}")))?? {
            Step::Whole(checkpoint) => self.show(checkpoint).await.map(|()| false),
            Step::Part(checkpoint) => self.show(checkpoint).await.map(|()| true),
            Step::Contradicted => {
                self.contradicted();
                Ok(false)
            }
        }
    }

    async fn step(&self) -> Result<Step, Error> {
        let primary = self.0.database.primary();
        let (size, last) = (store::tree_size(primary).await?, last(primary).await?);
        metrics::log_entries(size);
        self.0.entries.store(size, Ordering::Relaxed);
        if let Some(last) = last
            && last.size == size
        {
            // Nothing is new, as at nearly every look.
            if self.is_shown(&last) {
                return Ok(Step::Whole(last));
            }
            return self.checked(primary, last).await;
        }
        self.sign_next().await
    }

    /// A checkpoint that stands already, perhaps signed by another process, once it agrees with what this one has shown.
    async fn checked(&self, db: &impl ConnectionTrait, last: Checkpoint) -> Result<Step, Error> {
        let head = Head { size: last.size, root: last.root };
        let signed = verified(self.0.publisher.verifier_key(), last.note.as_bytes());
        let agrees = signed.is_ok_and(|signed| signed == (last.size, last.root))
            && (self.0.kept.head() == Some(head)
                || store::root(db, last.size).await? == last.root && self.continues_kept(db, head).await?);
        Ok(if agrees { Step::Whole(last) } else { Step::Contradicted })
    }

    fn is_shown(&self, checkpoint: &Checkpoint) -> bool {
        matches!(&*self.0.shown.borrow(), Shown::Checkpoint(shown) if **shown == *checkpoint)
    }

    async fn sign_next(&self) -> Result<Step, Error> {
        let txn = self.0.database.begin().await?;
        if txn.get_database_backend() == DbBackend::Postgres {
            txn.execute_unprepared(&format!("select pg_advisory_xact_lock({SIGNING_LOCK})")).await?;
        }
        let (size, last) = (store::tree_size(&txn).await?, last(&txn).await?);
        let from = last.as_ref().map_or(0, |last| last.size);
        // What was shown before is reached in the first step, so that nothing is signed that contradicts it.
        let shown = self.0.kept.head().map_or(0, |kept| kept.size);
        let until = size.min(from.saturating_add(STEP_MAX).max(shown));
        if until < from {
            return Ok(Step::Contradicted);
        }
        store::raise(&txn, from, until).await?;
        let head = Head { size: until, root: store::root(&txn, until).await? };
        let signed = last.map(|last| Head { size: last.size, root: last.root });
        if !continues(&txn, signed, head).await? || !self.continues_kept(&txn, head).await? {
            return Ok(Step::Contradicted);
        }
        let checkpoint = self.0.publisher.sign(head.size, head.root, self.0.clock.now())?;
        let standing = OnConflict::column(log_checkpoint::Column::Size).do_nothing().to_owned();
        let row = checkpoint.row().into_active_model();
        log_checkpoint::Entity::insert(row).on_conflict(standing).exec_without_returning(&txn).await?;
        txn.commit().await?;
        Ok(if until == size { Step::Whole(checkpoint) } else { Step::Part(checkpoint) })
    }

    /// Whether a tree continues the one this process has shown last.
    async fn continues_kept(&self, db: &impl ConnectionTrait, head: Head) -> Result<bool, Error> {
        continues(db, self.0.kept.head(), head).await
    }

    /// Keeps a checkpoint and then shows it; one that is shown already, or an earlier one, changes nothing.
    async fn show(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        if let Shown::Checkpoint(shown) = &*self.0.shown.borrow()
            && shown.size >= checkpoint.size
        {
            return Ok(());
        }
        if self.0.kept.head().is_none_or(|kept| kept.size < checkpoint.size) {
            self.0.kept.keep(&checkpoint).await?;
        }
        self.0.shown.send_replace(Shown::Checkpoint(Arc::new(checkpoint)));
        Ok(())
    }

    fn contradicted(&self) {
        if self.0.shown.send_replace(Shown::Contradicted) != Shown::Contradicted {
            tracing::error!(
                "the log contradicts the last checkpoint that was signed, in the database or in DATA_DIR: it was restored \
                 from an older backup, or changed; it is not signed any more"
            );
        }
    }
}

/// Whether a tree has another as its beginning, proved from storage.
async fn continues(db: &impl ConnectionTrait, earlier: Option<Head>, later: Head) -> Result<bool, Error> {
    let Some(earlier) = earlier.filter(|earlier| earlier.size > 0) else { return Ok(true) };
    if earlier.size > later.size {
        return Ok(false);
    }
    let (from, until) = (earlier.size.unsigned_abs(), later.size.unsigned_abs());
    let proof = store::ask(db, |tiles| prove_tree(until, from, tiles)).await?;
    Ok(check_tree(&proof, until, Hash(later.root), from, Hash(earlier.root)).is_ok())
}

/// Last checkpoint that was signed.
pub(super) async fn last(db: &impl ConnectionTrait) -> Result<Option<Checkpoint>, Error> {
    let row = log_checkpoint::Entity::find().order_by_desc(log_checkpoint::Column::Size).one(db).await?;
    row.map(Checkpoint::of).transpose()
}
