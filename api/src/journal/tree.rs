//! The lock of the registry and the one tree every entry is appended to.

use chrono::TimeDelta;
use entity::vocabulary::{Instant, truncated};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{Error, clock::Clock};

/// Hashes in a full tile (tlog-tiles).
const TILE_WIDTH: i64 = 256;

/// Number of the registry's advisory lock on PostgreSQL, arbitrary and fixed.
const REGISTRY_LOCK: i64 = 0x4449_5343_4c4f_5345;

/// How the registry is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Against changes: recordings hold it, many at once.
    Shared,
    /// Against everyone: changes hold it.
    Exclusive,
}

/// Locks the registry until the transaction ends. On SQLite the one write transaction is the lock.
pub async fn lock_registry(txn: &impl ConnectionTrait, lock: Lock) -> Result<(), Error> {
    if txn.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let function = match lock {
        Lock::Shared => "pg_advisory_xact_lock_shared",
        Lock::Exclusive => "pg_advisory_xact_lock",
    };
    txn.execute_unprepared(&format!("select {function}({REGISTRY_LOCK})")).await?;
    Ok(())
}

/// The tree while its row is locked: hands out positions and instants that rise together.
#[derive(Debug)]
pub struct Tree {
    first: i64,
    size: i64,
    recorded_at: Instant,
    now: Instant,
}

impl Tree {
    /// Locks the tree's row until the transaction ends and reads the database's clock.
    pub async fn lock(txn: &impl ConnectionTrait, clock: &Clock) -> Result<Self, Error> {
        let backend = txn.get_database_backend();
        let sql = if backend == DbBackend::Postgres {
            "select size, recorded_at, clock_timestamp() as now from log_tree where id = 1 for update"
        } else {
            "select size, recorded_at from log_tree where id = 1"
        };
        let row = txn
            .query_one_raw(Statement::from_string(backend, sql))
            .await?
            .ok_or_else(|| Error::internal("log_tree has no row"))?;
        let size: i64 = row.try_get("", "size")?;
        let now = if backend == DbBackend::Postgres { row.try_get("", "now")? } else { clock.now() };
        Ok(Self { first: size, size, recorded_at: row.try_get("", "recorded_at")?, now: truncated(now) })
    }

    /// Takes the next position and instant. The instant is the database's clock, and later than every earlier one.
    pub fn take(&mut self) -> (i64, Instant) {
        let leaf_index = self.size;
        self.size += 1;
        self.recorded_at = self.now.max(self.recorded_at + TimeDelta::microseconds(1));
        (leaf_index, self.recorded_at)
    }

    /// Appends the hashes of the positions handed out, in their order.
    ///
    /// # Errors
    /// Internal when there are not as many hashes as positions: then nothing may be committed.
    pub async fn append(self, txn: &impl ConnectionTrait, hashes: &[[u8; 32]]) -> Result<(), Error> {
        if i64::try_from(hashes.len()).ok() != Some(self.size - self.first) {
            return Err(Error::internal("positions and leaf hashes differ in number"));
        }
        let backend = txn.get_database_backend();
        let mut position = self.first;
        let mut rest = hashes;
        while !rest.is_empty() {
            let room = usize::try_from(TILE_WIDTH - position % TILE_WIDTH).unwrap_or(1).min(rest.len());
            let (head, tail) = rest.split_at(room);
            let sql = "insert into log_tile (level, tile, hashes) values (0, $1, $2) \
                       on conflict (level, tile) do update set hashes = log_tile.hashes || excluded.hashes";
            // SQLite's `||` makes text of blobs; the cast keeps the bytes.
            let sql = if backend == DbBackend::Sqlite {
                sql.replace("log_tile.hashes || excluded.hashes", "cast(log_tile.hashes || excluded.hashes as blob)")
            } else {
                sql.to_owned()
            };
            let values: [sea_orm::Value; 2] = [(position / TILE_WIDTH).into(), head.concat().into()];
            txn.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
            position += i64::try_from(room).unwrap_or(0);
            rest = tail;
        }
        let values: [sea_orm::Value; 2] = [self.size.into(), self.recorded_at.into()];
        let sql = "update log_tree set size = $1, recorded_at = $2 where id = 1";
        txn.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        Ok(())
    }
}
