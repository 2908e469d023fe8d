//! The log derived anew from its rows: every entry from its row, every leaf from its entry, every hash above from the
//! leaves, and every checkpoint ever signed from all of them. Memory does not grow with the log.

use std::{
    collections::{BTreeSet, VecDeque},
    ops::Range,
};

use entity::{change, change_row, disclosure, log_checkpoint};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    checkpoint::{Checkpoint, Publisher, verified},
    entries,
    kept::Head,
    rules::{self, Growing, HASH_BYTES, Pyramid, TILE_BYTES},
    store,
};
use crate::{
    Error,
    disclosure::{
        interned::{self, InternedSets},
        row,
    },
    facts::Facts,
    journal::{
        self, TILE_WIDTH,
        leaf::{Commitments, EntryKind, canonical, commitments, leaf_hash},
    },
};

/// Tiles of leaves read at once: some 16,000 rows.
const TILES_AT_ONCE: i64 = 64;

/// Checkpoints read at once.
const CHECKPOINTS_AT_ONCE: u64 = 1_000;

/// Faults that are told; what is wrong with the first tells what is wrong with the rest.
const FAULTS_MAX: usize = 50;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Entries of the tree.
    pub entries: i64,
    /// Disclosures derived anew from their rows.
    pub disclosures: i64,
    /// Changes derived anew from their rows.
    pub changes: i64,
    /// Entries whose salt is gone; their commitments were taken as they stand.
    pub erased: i64,
    /// Entries whose rows were dropped when their time was over; their leaves stand.
    pub dropped: i64,
    /// Checkpoints compared.
    pub checkpoints: i64,
    /// What is wrong; at most 50 of it.
    pub faults: Vec<String>,
}

impl Audit {
    fn fault(&mut self, fault: impl FnOnce() -> String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault());
        }
    }
}

/// Derives the log anew, in one snapshot of the database and on its facts. `kept` is the checkpoint that was shown last,
/// `dropped` are the positions whose rows may be gone, in their order.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn audit(
    snapshot: &impl ConnectionTrait,
    facts: &Facts,
    publisher: &Publisher,
    (kept, dropped): (Option<Head>, &[Range<i64>]),
) -> Result<Audit, Error> {
    let size = store::tree_size(snapshot).await?;
    let mut auditor = Auditor {
        facts,
        publisher,
        kept,
        dropped,
        erasures: erasures(snapshot).await?,
        sets: InternedSets::default(),
        tree: Growing::default(),
        pyramid: Pyramid::default(),
        checkpoints: VecDeque::new(),
        found: Audit::default(),
    };
    auditor.read_checkpoints(snapshot, -1).await?;
    auditor.compare_checkpoints(snapshot).await?;
    let tiles = (size + TILE_WIDTH - 1) / TILE_WIDTH;
    let mut first = 0;
    while first < tiles {
        let until = tiles.min(first + TILES_AT_ONCE);
        auditor.compare(snapshot, first..until).await?;
        first = until;
    }
    auditor.finish(snapshot, size).await
}

struct Auditor<'a> {
    facts: &'a Facts,
    publisher: &'a Publisher,
    kept: Option<Head>,
    /// Positions in the journal of the erasures.
    erasures: BTreeSet<i64>,
    dropped: &'a [Range<i64>],
    sets: InternedSets,
    tree: Growing,
    pyramid: Pyramid,
    /// Checkpoints not reached yet.
    checkpoints: VecDeque<Checkpoint>,
    found: Audit,
}

impl Auditor<'_> {
    async fn compare(&mut self, db: &impl ConnectionTrait, tiles: Range<i64>) -> Result<(), Error> {
        let leaves = store::leaves(db, tiles.clone()).await?;
        let mut entries = self.entries(db, tiles).await?;
        for (tile, hashes) in leaves {
            for (at, hash) in (0..).zip(hashes.chunks(HASH_BYTES)) {
                let leaf_index = tile * TILE_WIDTH + at;
                if leaf_index != self.found.entries {
                    self.found.fault(|| format!("the leaf at {leaf_index} does not follow the one before"));
                }
                let entry = entries.next_if(|entry| entry.leaf_index <= leaf_index);
                self.compare_leaf(leaf_index, hash, entry);
                self.grow(db, hash).await?;
            }
            if hashes.len() == TILE_BYTES {
                for derived in self.pyramid.push(&hashes) {
                    self.compare_tile(db, &derived).await?;
                }
            }
        }
        if let Some(entry) = entries.next() {
            self.found.fault(|| format!("the row at {} has no leaf", entry.leaf_index));
        }
        Ok(())
    }

    fn compare_leaf(&mut self, leaf_index: i64, hash: &[u8], entry: Option<Derivation>) {
        let found = &mut self.found;
        match entry {
            None if self.dropped.iter().any(|dropped| dropped.contains(&leaf_index)) => found.dropped += 1,
            None => found.fault(|| format!("the leaf at {leaf_index} has no row")),
            Some(entry) if entry.leaf_index != leaf_index => {
                found.fault(|| format!("two rows stand at position {}", entry.leaf_index));
            }
            Some(Derivation { kind, stored, derived, .. }) => {
                match (derived, kind) {
                    (Derived::Erased, _) => found.erased += 1,
                    (Derived::Unsalted, _) => {
                        found
                            .fault(|| format!("the row at {leaf_index} has lost its salt, and no erasure tells of it"));
                    }
                    (Derived::Commitments(derived), _) if derived != stored => {
                        found.fault(|| format!("the row at {leaf_index} is not what its commitments say"));
                    }
                    (Derived::Commitments(_), EntryKind::Disclosure) => found.disclosures += 1,
                    (Derived::Commitments(_), EntryKind::Change) => found.changes += 1,
                }
                if leaf_hash(kind, &stored) != hash {
                    found.fault(|| format!("the entry at {leaf_index} is not what its leaf says"));
                }
            }
        }
    }

    async fn grow(&mut self, db: &impl ConnectionTrait, hash: &[u8]) -> Result<(), Error> {
        match hash.try_into() {
            Ok(hash) => self.tree.push(hash),
            Err(_) => self.found.fault(|| "a leaf that is no hash".to_owned()),
        }
        self.found.entries += 1;
        if self.kept.is_some_and(|kept| kept.size == self.found.entries && kept.root != self.tree.root()) {
            self.found.fault(|| "the tree is not the one that DATA_DIR keeps the checkpoint of".to_owned());
        }
        self.compare_checkpoints(db).await
    }

    /// Compares the checkpoints of the size the tree has reached.
    async fn compare_checkpoints(&mut self, db: &impl ConnectionTrait) -> Result<(), Error> {
        while self.checkpoints.front().is_some_and(|next| next.size == self.found.entries) {
            let Some(checkpoint) = self.checkpoints.pop_front() else { break };
            self.found.checkpoints += 1;
            let size = checkpoint.size;
            if checkpoint.root != self.tree.root() {
                self.found.fault(|| format!("the tree of {size} entries is not the one that was signed"));
            }
            let signed = verified(self.publisher.verifier_key(), checkpoint.note.as_bytes());
            if !signed.is_ok_and(|signed| signed == (size, checkpoint.root)) {
                self.found.fault(|| format!("the checkpoint of {size} entries is not signed by the log's key"));
            }
            if self.checkpoints.is_empty() {
                self.read_checkpoints(db, size).await?;
            }
        }
        Ok(())
    }

    async fn read_checkpoints(&mut self, db: &impl ConnectionTrait, after: i64) -> Result<(), Error> {
        let rows = log_checkpoint::Entity::find()
            .filter(log_checkpoint::Column::Size.gt(after))
            .order_by_asc(log_checkpoint::Column::Size)
            .limit(CHECKPOINTS_AT_ONCE);
        for row in rows.all(db).await? {
            self.checkpoints.push_back(Checkpoint::of(row)?);
        }
        Ok(())
    }

    /// A stored tile above the leaves holds what follows from them; the last may not hold all of it yet.
    async fn compare_tile(&mut self, db: &impl ConnectionTrait, derived: &rules::Derived) -> Result<(), Error> {
        let rules::Derived { level, tile, hashes } = derived;
        if !hashes.starts_with(&store::all_hashes(db, *level, *tile).await?) {
            self.found.fault(|| format!("tile {tile} of level {level} does not follow from the leaves"));
        }
        Ok(())
    }

    async fn finish(mut self, db: &impl ConnectionTrait, size: i64) -> Result<Audit, Error> {
        for derived in std::mem::take(&mut self.pyramid).unfinished() {
            self.compare_tile(db, &derived).await?;
        }
        let entries = self.found.entries;
        if entries != size {
            self.found.fault(|| format!("the tree says {size} entries and has {entries} leaves"));
        }
        if self.kept.is_some_and(|kept| kept.size > entries) {
            self.found.fault(|| "the tree is smaller than the one that DATA_DIR keeps the checkpoint of".to_owned());
        }
        if let Some(beyond) = self.checkpoints.front().map(|checkpoint| checkpoint.size) {
            self.found.fault(|| format!("a tree of {beyond} entries was signed and there are {entries}"));
        }
        Ok(self.found)
    }

    /// Entries of some tiles, each derived anew from its row, in the order of the leaves.
    async fn entries(
        &self,
        db: &impl ConnectionTrait,
        tiles: Range<i64>,
    ) -> Result<std::iter::Peekable<std::vec::IntoIter<Derivation>>, Error> {
        let rows = entries::rows(db, tiles).await?;
        let mut entries = Vec::with_capacity(rows.disclosures.len() + rows.changes.len());
        let ids = rows.disclosures.iter().flat_map(|row| [row.items_id, row.bases_id]);
        let sets = self.sets.read(db, ids).await?;
        for row in &rows.disclosures {
            let set = |id| sets.get(&id).map_or("", AsRef::as_ref);
            entries.push(self.of_disclosure(row, set(row.items_id), set(row.bases_id))?);
        }
        for row in &rows.changes {
            entries.push(of_change(db, row).await?);
        }
        entries.sort_by_key(|entry| entry.leaf_index);
        Ok(entries.into_iter().peekable())
    }

    fn of_disclosure(&self, row: &disclosure::Model, items: &str, bases: &str) -> Result<Derivation, Error> {
        let (kind, stored) = entries::of_disclosure(row);
        let is_erased = row.erased_seq.is_some_and(|seq| self.erasures.contains(&seq));
        let derived = match salt(row.salt.as_deref()) {
            None if is_erased => Derived::Erased,
            None => Derived::Unsalted,
            Some(salt) => {
                let names = row::Names::of(self.facts, row, &interned::items(items), &interned::bases(bases));
                let (subject, restricted) = row::parts(row, &names);
                Derived::Commitments(commitments(&salt, &canonical(&subject)?, &canonical(&restricted)?))
            }
        };
        Ok(Derivation { leaf_index: row.leaf_index, kind, stored: stored?, derived })
    }
}

/// Entry as it stands and as it follows from its row.
struct Derivation {
    leaf_index: i64,
    kind: EntryKind,
    stored: Commitments,
    derived: Derived,
}

/// What follows from a row.
enum Derived {
    Commitments(Commitments),
    /// Its salt went with an erasure.
    Erased,
    /// Its salt is gone or none.
    Unsalted,
}

/// Positions in the journal of the erasures: some a day at most.
async fn erasures(db: &impl ConnectionTrait) -> Result<BTreeSet<i64>, Error> {
    let erasures = change::Entity::find().filter(change::Column::Action.eq("eraseSubject"));
    Ok(erasures.select_only().column(change::Column::Seq).into_tuple().all(db).await?.into_iter().collect())
}

async fn of_change(db: &impl ConnectionTrait, row: &change::Model) -> Result<Derivation, Error> {
    let (kind, stored) = entries::of_change(row);
    let derived = match salt(row.salt.as_deref()) {
        None => Derived::Unsalted,
        Some(salt) => {
            let rows = change_row::Entity::find()
                .filter(change_row::Column::Seq.eq(row.seq))
                .order_by_asc(change_row::Column::Ordinal);
            let (subject, restricted) = journal::parts(row, &rows.all(db).await?)?;
            Derived::Commitments(commitments(&salt, &canonical(&subject)?, &canonical(&restricted)?))
        }
    };
    Ok(Derivation { leaf_index: row.leaf_index, kind, stored: stored?, derived })
}

fn salt(salt: Option<&[u8]>) -> Option<[u8; 32]> {
    salt.and_then(|salt| salt.try_into().ok())
}
