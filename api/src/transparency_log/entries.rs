//! Rows behind the leaves, found through the instants of their tiles.

use std::{collections::BTreeMap, ops::Range};

use entity::{
    change, disclosure, log_tile,
    vocabulary::{DisclosureId, Instant},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    Error,
    disclosure::row::{commitments_of, disclosure_id},
    journal::{
        TILE_WIDTH,
        leaf::{Commitments, EntryKind, entry},
    },
};

/// Rows of the leaves of some tiles, in their order.
pub(super) struct Rows {
    pub disclosures: Vec<disclosure::Model>,
    pub changes: Vec<change::Model>,
}

/// Rows behind the leaves of some tiles. A row that is gone leaves a gap.
pub(super) async fn rows(db: &impl ConnectionTrait, tiles: Range<i64>) -> Result<Rows, Error> {
    use disclosure::Column;
    let leaves = leaves(&tiles);
    let changes = change::Entity::find()
        .filter(change::Column::LeafIndex.gte(leaves.start).and(change::Column::LeafIndex.lt(leaves.end)))
        .order_by_asc(change::Column::LeafIndex);
    let (Some(from), until) = (began(db, tiles.start).await?, began(db, tiles.end).await?) else {
        return Ok(Rows { disclosures: Vec::new(), changes: changes.all(db).await? });
    };
    // Both bounds: the instant names the partitions, the id the rows.
    let mut disclosures = disclosure::Entity::find()
        .filter(Column::RecordedAt.gte(from).and(Column::Id.gte(first_id(from))))
        .order_by_asc(Column::Id);
    if let Some(until) = until {
        disclosures = disclosures.filter(Column::RecordedAt.lt(until).and(Column::Id.lt(first_id(until))));
    }
    Ok(Rows { disclosures: disclosures.all(db).await?, changes: changes.all(db).await? })
}

/// Entries of a tile from its beginning, each after its length in two bytes (C2SP tlog-tiles); none when one is gone.
pub(super) async fn bundle(db: &impl ConnectionTrait, tile: i64, width: i64) -> Result<Option<Vec<u8>>, Error> {
    let rows = rows(db, tile..tile + 1).await?;
    let disclosures = rows.disclosures.iter().map(|row| (row.leaf_index, of_disclosure(row)));
    let changes = rows.changes.iter().map(|row| (row.leaf_index, of_change(row)));
    let entries: BTreeMap<i64, _> = disclosures.chain(changes).collect();
    let first = tile * TILE_WIDTH;
    let mut bundle = Vec::new();
    for leaf_index in first..first + width {
        let Some((kind, committed)) = entries.get(&leaf_index) else { return Ok(None) };
        let entry = entry(*kind, &committed.clone()?);
        bundle.extend(u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes());
        bundle.extend(entry);
    }
    Ok(Some(bundle))
}

/// What the entry of a disclosure commits to.
pub(super) fn of_disclosure(row: &disclosure::Model) -> (EntryKind, Result<Commitments, Error>) {
    (EntryKind::Disclosure, commitments_of(row))
}

/// What the entry of a change commits to.
pub(super) fn of_change(row: &change::Model) -> (EntryKind, Result<Commitments, Error>) {
    (EntryKind::Change, Commitments::stored(&row.subject_commitment, &row.restricted_commitment))
}

fn leaves(tiles: &Range<i64>) -> Range<i64> {
    tiles.start * TILE_WIDTH..tiles.end * TILE_WIDTH
}

/// Smallest id of what was recorded at an instant or later.
fn first_id(instant: Instant) -> DisclosureId {
    disclosure_id(instant, [0; 8])
}

/// Instant of a tile's first entry; none where there is no such tile yet.
async fn began(db: &impl ConnectionTrait, tile: i64) -> Result<Option<Instant>, Error> {
    let began = log_tile::Entity::find_by_id((0, tile)).select_only().column(log_tile::Column::RecordedAt);
    Ok(began.into_tuple::<Option<Instant>>().one(db).await?.flatten())
}
