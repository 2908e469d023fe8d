//! Hashes of the tree as they are stored, 256 a tile.

use std::{cell::RefCell, collections::BTreeMap, collections::BTreeSet};

use entity::log_tile::{Column, Entity};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use tlog_tiles::{Hash, HashReader, Tile, tree_hash};

use super::rules::{HASH_BYTES, Place, TILE_BYTES, TILE_HEIGHT};
use crate::{Error, journal::TILE_WIDTH};

/// Tiles that have been read, and those that were found to be missing.
#[derive(Default)]
pub(super) struct Tiles {
    read: BTreeMap<(i32, i64), Vec<u8>>,
    missing: RefCell<BTreeSet<(i32, i64)>>,
}

impl HashReader for Tiles {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        let tiles: Vec<Tile> = indexes.iter().map(|index| Tile::from_index(TILE_HEIGHT, *index)).collect();
        let keys = tiles.iter().filter_map(|tile| Some((key(tile)?, tile)));
        self.missing.borrow_mut().extend(keys.map(|(key, _)| key).filter(|key| !self.read.contains_key(key)));
        let hash = |(tile, index): (&Tile, &u64)| {
            let data = key(tile).and_then(|key| self.read.get(&key)).ok_or(tlog_tiles::Error::InvalidTile)?;
            tile.hash_at_index(data, *index)
        };
        tiles.iter().zip(indexes).map(hash).collect()
    }
}

fn key(tile: &Tile) -> Option<(i32, i64)> {
    Some((i32::from(tile.level()), i64::try_from(tile.level_index()).ok()?))
}

/// One hash, by its index among all that are stored.
pub(super) fn hash(tiles: &Tiles, index: u64) -> Result<[u8; 32], tlog_tiles::Error> {
    tiles.read_hashes(&[index])?.pop().map(|hash| hash.0).ok_or(tlog_tiles::Error::BadMath)
}

/// Answers a question about the tree; what it needs is read in one statement for each round of its asking.
///
/// # Errors
/// Internal when the tiles do not hold what the question needs.
pub(super) async fn ask<T>(
    db: &impl ConnectionTrait,
    question: impl Fn(&Tiles) -> Result<T, tlog_tiles::Error>,
) -> Result<T, Error> {
    let mut tiles = Tiles::default();
    loop {
        let fault = match question(&tiles) {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        let missing = tiles.missing.take();
        if missing.is_empty() {
            return Err(Error::internal(format!("the tree cannot be read: {fault}")));
        }
        let wanted = missing.iter().fold(Condition::any(), |condition, (level, tile)| {
            condition.add(Condition::all().add(Column::Level.eq(*level)).add(Column::Tile.eq(*tile)))
        });
        let found = Entity::find().filter(wanted).all(db).await?;
        if found.len() < missing.len() {
            return Err(Error::internal("the tree lacks tiles"));
        }
        tiles.read.extend(found.into_iter().map(|row| ((row.level, row.tile), row.hashes)));
    }
}

/// Root of the tree at a size.
pub(super) async fn root(db: &impl ConnectionTrait, size: i64) -> Result<[u8; 32], Error> {
    Ok(ask(db, |tiles| tree_hash(size.unsigned_abs(), tiles)).await?.0)
}

/// Entries of the tree, signed or not.
pub(super) async fn tree_size(db: &impl ConnectionTrait) -> Result<i64, Error> {
    let row = entity::log_tree::Entity::find().one(db).await?;
    row.map(|row| row.size).ok_or_else(|| Error::internal("log_tree has no row"))
}

/// Hashes of a tile; none where fewer stand there than asked for.
pub(super) async fn hashes(db: &impl ConnectionTrait, place: Place) -> Result<Option<Vec<u8>>, Error> {
    let mut hashes = all_hashes(db, place.level, place.tile).await?;
    let bytes = usize::try_from(place.width).unwrap_or(usize::MAX).saturating_mul(HASH_BYTES);
    if hashes.len() < bytes {
        return Ok(None);
    }
    hashes.truncate(bytes);
    Ok(Some(hashes))
}

/// Everything that stands in a tile; nothing where there is none.
pub(super) async fn all_hashes(db: &impl ConnectionTrait, level: u8, tile: i64) -> Result<Vec<u8>, Error> {
    let row = Entity::find_by_id((i32::from(level), tile)).one(db).await?;
    Ok(row.map(|row| row.hashes).unwrap_or_default())
}

/// Hashes of some tiles of leaves, in order; the last may not be whole.
pub(super) async fn leaves(
    db: &impl ConnectionTrait,
    tiles: std::ops::Range<i64>,
) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    let rows = Entity::find()
        .filter(Column::Level.eq(0).and(Column::Tile.gte(tiles.start)).and(Column::Tile.lt(tiles.end)))
        .order_by_asc(Column::Tile);
    Ok(rows.all(db).await?.into_iter().map(|row| (row.tile, row.hashes)).collect())
}

/// Whole tiles of a level between two positions, in order.
async fn whole_tiles(db: &impl ConnectionTrait, level: i32, first: i64, until: i64) -> Result<Vec<Vec<u8>>, Error> {
    let rows = Entity::find()
        .filter(Column::Level.eq(level).and(Column::Tile.gte(first)).and(Column::Tile.lt(until)))
        .select_only()
        .columns([Column::Tile, Column::Hashes])
        .into_tuple::<(i64, Vec<u8>)>()
        .all(db)
        .await?;
    let rows: BTreeMap<i64, Vec<u8>> = rows.into_iter().collect();
    let is_whole = |hashes: &Vec<u8>| hashes.len() == TILE_BYTES;
    if rows.len() as u64 != until.abs_diff(first) || !rows.values().all(is_whole) {
        return Err(Error::internal("the tree lacks hashes"));
    }
    Ok(rows.into_values().collect())
}

/// Writes the hashes above the leaves that a tree of `until` entries has and one of `from` had not.
///
/// # Errors
/// Internal when leaves are missing.
pub(super) async fn raise(txn: &impl ConnectionTrait, from: i64, until: i64) -> Result<(), Error> {
    let (mut level, mut from, mut until) = (1, from / TILE_WIDTH, until / TILE_WIDTH);
    while from < until {
        let below = whole_tiles(txn, level - 1, from, until).await?;
        let hashes: Vec<[u8; 32]> = below.iter().map(|tile| Tile::subtree_hash(tile).0).collect();
        append(txn, level, from, &hashes).await?;
        (level, from, until) = (level + 1, from / TILE_WIDTH, until / TILE_WIDTH);
    }
    Ok(())
}

/// Appends hashes to a level that holds `first` of them. What stands beyond is written anew: it follows from the leaves.
async fn append(txn: &impl ConnectionTrait, level: i32, first: i64, hashes: &[[u8; 32]]) -> Result<(), Error> {
    let (mut position, mut rest) = (first, hashes);
    while !rest.is_empty() {
        let (tile, standing) = (position / TILE_WIDTH, position % TILE_WIDTH);
        let room = usize::try_from(TILE_WIDTH - standing).unwrap_or(1).min(rest.len());
        let (head, tail) = rest.split_at(room);
        let kept = match standing {
            0 => Vec::new(),
            width => hashes_of(txn, level, tile, width).await?,
        };
        let row = entity::log_tile::Model { level, tile, hashes: [kept, head.concat()].concat(), recorded_at: None };
        put(txn, row).await?;
        position += i64::try_from(room).unwrap_or(0);
        rest = tail;
    }
    Ok(())
}

async fn hashes_of(txn: &impl ConnectionTrait, level: i32, tile: i64, width: i64) -> Result<Vec<u8>, Error> {
    let place = Place { level: u8::try_from(level).unwrap_or(u8::MAX), tile, width };
    hashes(txn, place).await?.ok_or_else(|| Error::internal("the tree lacks hashes above its leaves"))
}

async fn put(txn: &impl ConnectionTrait, row: entity::log_tile::Model) -> Result<(), Error> {
    use sea_orm::{IntoActiveModel, sea_query::OnConflict};
    let standing = OnConflict::columns([Column::Level, Column::Tile]).update_column(Column::Hashes).to_owned();
    Entity::insert(row.into_active_model()).on_conflict(standing).exec_without_returning(txn).await?;
    Ok(())
}
