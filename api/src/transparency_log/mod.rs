//! The transparency log: whoever trusts nobody can check that what was recorded stands as it was recorded.
//!
//! One RFC 6962 tree over everything that is written. Leaf hashes stand in tiles since they were written; the hashes above
//! them and the signed checkpoints (C2SP tlog-checkpoint) follow within a second (`sign`). Nothing is shown of the tree
//! beyond the last checkpoint that this process keeps.

pub mod audit;
mod checkpoint;
mod entries;
pub mod graphql;
mod kept;
pub mod outside;
mod rules;
mod sign;
mod store;
pub mod tiles;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use tlog_tiles::{prove_record, prove_tree, stored_hash_index};
use tokio::sync::{Semaphore, watch};

pub use checkpoint::{Checkpoint, NoteFault, Publisher, verified};
pub use kept::{FILE as CHECKPOINT_FILE, Head, KeptFault, kept};
pub use rules::{Growing, Wanted, path, wanted};

use kept::Kept;

use crate::{Error, Fault, FaultCode, clock::Clock, database::Database, keys::Keys};

/// Tiles of entries read at once, 256 rows each: half of the connections that read.
const ENTRIES_READ_MAX: usize = 4;

/// Tiles of hashes read at once.
const HASHES_READ_MAX: usize = 2;

/// The log as this process shows it. Cloning shares it.
#[derive(Clone)]
pub struct TransparencyLog(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Clock,
    publisher: Publisher,
    kept: Kept,
    shown: watch::Sender<Shown>,
    /// Entries of the tree when the signer last looked.
    entries: AtomicI64,
    /// Places for those who read entries.
    strangers: Semaphore,
    /// Places for those who read hashes, who wait for them: a look takes a fraction of a millisecond.
    hashes_read: Semaphore,
}

/// What can be shown of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    /// Nothing has been signed yet.
    Nothing,
    /// The last checkpoint.
    Checkpoint(Arc<Checkpoint>),
    /// The tree contradicts what was signed: it is signed no more.
    Contradicted,
}

/// Proof that an entry stands in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Position of the entry.
    pub leaf_index: i64,
    /// Entries of the tree.
    pub tree_size: i64,
    /// Hash of the entry.
    pub leaf_hash: [u8; 32],
    /// Hashes from the leaf to the root.
    pub path: Vec<[u8; 32]>,
}

impl std::fmt::Debug for TransparencyLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransparencyLog").field("shown", &*self.0.shown.borrow()).finish_non_exhaustive()
    }
}

impl TransparencyLog {
    /// The log of a database, with what was shown of it before.
    ///
    /// # Errors
    /// When the checkpoint kept in `DATA_DIR` cannot be read or is not of this log.
    pub fn open(database: Database, clock: Clock, keys: Arc<Keys>, data_dir: &Path) -> Result<Self, KeptFault> {
        let publisher = Publisher::new(keys);
        let kept = Kept::open(data_dir, &publisher)?;
        let (shown, _) = watch::channel(Shown::Nothing);
        Ok(Self(Arc::new(Inner {
            database,
            clock,
            publisher,
            kept,
            shown,
            entries: AtomicI64::new(0),
            strangers: Semaphore::new(ENTRIES_READ_MAX),
            hashes_read: Semaphore::new(HASHES_READ_MAX),
        })))
    }

    /// Name and key of the log.
    pub fn publisher(&self) -> &Publisher {
        &self.0.publisher
    }

    /// Last checkpoint that is shown.
    ///
    /// # Errors
    /// Unavailable before the first, and when the tree contradicts an earlier one.
    pub fn checkpoint(&self) -> Result<Arc<Checkpoint>, Error> {
        match &*self.0.shown.borrow() {
            Shown::Checkpoint(checkpoint) => Ok(Arc::clone(checkpoint)),
            Shown::Nothing => Err(Error::Unavailable("the log has not been signed yet")),
            Shown::Contradicted => Err(Error::Unavailable(CONTRADICTED)),
        }
    }

    /// Why the log cannot be trusted; none when it can.
    pub fn fault(&self) -> Option<&'static str> {
        (*self.0.shown.borrow() == Shown::Contradicted).then_some(CONTRADICTED)
    }

    /// Entries that the last checkpoint shown does not hold, when the signer last looked.
    pub fn unsigned_entries(&self) -> i64 {
        let signed = self.checkpoint().map_or(0, |checkpoint| checkpoint.size);
        (self.0.entries.load(Ordering::Relaxed) - signed).max(0)
    }

    /// Hash of an entry and the proof that it stands in the tree of the last checkpoint, or in a smaller one.
    ///
    /// # Errors
    /// Invalid beyond the tree; unavailable when nothing has been signed.
    pub async fn inclusion_proof(&self, leaf_index: i64, tree_size: Option<i64>) -> Result<InclusionProof, Error> {
        let size = self.checkpoint()?.size;
        let tree_size = tree_size.unwrap_or(size);
        let mut faults = Vec::new();
        if !(0..=size).contains(&tree_size) {
            faults.push(beyond("treeSize", size));
        } else if !(0..tree_size).contains(&leaf_index) {
            faults.push(Fault::new(FaultCode::NotFound, "leafIndex", format!("not in a tree of {tree_size} entries")));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        store::ask(self.0.database.primary(), |tiles| proof_of(tiles, leaf_index, tree_size)).await
    }

    /// Proofs of several entries in the tree of the last checkpoint, read together; none for an entry it does not hold yet,
    /// and for all where nothing has been signed.
    ///
    /// # Errors
    /// Unavailable when the database does not answer.
    pub async fn inclusion_proofs(&self, leaf_indexes: &[i64]) -> Result<Vec<Option<InclusionProof>>, Error> {
        let size = self.checkpoint().map_or(0, |checkpoint| checkpoint.size);
        let proof = |tiles: &store::Tiles, leaf_index: i64| {
            (0..size).contains(&leaf_index).then(|| proof_of(tiles, leaf_index, size)).transpose()
        };
        let proofs = |tiles: &store::Tiles| {
            // All are asked before the first that lacks its tiles ends it, so that what they lack is read at once.
            let proofs: Vec<_> = leaf_indexes.iter().map(|leaf_index| proof(tiles, *leaf_index)).collect();
            proofs.into_iter().collect()
        };
        store::ask(self.0.database.primary(), proofs).await
    }

    /// Proof that a smaller tree is the beginning of a larger one, by default that of the last checkpoint.
    ///
    /// # Errors
    /// Invalid beyond the tree; unavailable when nothing has been signed.
    pub async fn consistency_proof(
        &self,
        from_size: i64,
        until_size: Option<i64>,
    ) -> Result<(i64, Vec<[u8; 32]>), Error> {
        let size = self.checkpoint()?.size;
        let until_size = until_size.unwrap_or(size);
        let mut faults = Vec::new();
        if !(0..=size).contains(&until_size) {
            faults.push(beyond("untilSize", size));
        }
        if !(0..=until_size.min(size)).contains(&from_size) {
            faults.push(beyond("fromSize", until_size.min(size)));
        }
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        // The empty tree is the beginning of every tree; there is nothing to prove.
        if from_size == 0 {
            return Ok((until_size, Vec::new()));
        }
        let (from, until) = (from_size.unsigned_abs(), until_size.unsigned_abs());
        let path = store::ask(self.0.database.primary(), |tiles| prove_tree(until, from, tiles)).await?;
        Ok((until_size, path.into_iter().map(|hash| hash.0).collect()))
    }
}

const CONTRADICTED: &str = "the log contradicts the last checkpoint that was signed";

fn beyond(path: &str, size: i64) -> Fault {
    Fault::new(FaultCode::NotFound, path, format!("must be 0 to {size}"))
}

fn proof_of(tiles: &store::Tiles, leaf_index: i64, tree_size: i64) -> Result<InclusionProof, tlog_tiles::Error> {
    let (index, size) = (leaf_index.unsigned_abs(), tree_size.unsigned_abs());
    let (leaf_hash, path) = (store::hash(tiles, stored_hash_index(0, index)), prove_record(size, index, tiles));
    let path = path?.into_iter().map(|hash| hash.0).collect();
    Ok(InclusionProof { leaf_index, tree_size, leaf_hash: leaf_hash?, path })
}
