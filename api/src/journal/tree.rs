//! The lock of the registry and the one tree every entry is appended to.

use std::time::Instant as Moment;

use chrono::TimeDelta;
use entity::vocabulary::{Instant, truncated};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::{Error, clock::Clock};

/// Hashes in a full tile (tlog-tiles).
pub const TILE_WIDTH: i64 = 256;

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

impl Lock {
    /// Call that takes it on PostgreSQL.
    fn call(self) -> String {
        let function = match self {
            Self::Shared => "pg_advisory_xact_lock_shared",
            Self::Exclusive => "pg_advisory_xact_lock",
        };
        format!("{function}({REGISTRY_LOCK})")
    }

    /// Condition that takes it shared where nobody holds or awaits it exclusively, and fails where somebody does.
    fn shared_if_free() -> String {
        format!("pg_try_advisory_xact_lock_shared({REGISTRY_LOCK})")
    }
}

/// Locks the registry until the transaction ends. On SQLite the one write transaction is the lock.
pub async fn lock_registry(txn: &impl ConnectionTrait, lock: Lock) -> Result<(), Error> {
    if txn.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    txn.execute_unprepared(&format!("select {}", lock.call())).await?;
    Ok(())
}

/// How far behind the database's clock an instant may be that was given out [without looking](Tree::as_left), as an interval of
/// PostgreSQL.
const BEHIND_MAX: &str = "interval '100 milliseconds'";

/// The tree while its row is locked, or as it is expected to stand: hands out positions and instants that rise together.
#[derive(Debug)]
pub struct Tree {
    found: Stand,
    size: i64,
    recorded_at: Instant,
    now: Instant,
    shown: Shown,
}

/// What the database's clock showed, and when we heard of it.
#[derive(Debug, Clone, Copy)]
struct Shown {
    now: Instant,
    heard_at: Moment,
}

impl Shown {
    /// What it must show by now: less than it does, by what the word took to us.
    fn by_now(self) -> Instant {
        truncated(self.now + TimeDelta::from_std(self.heard_at.elapsed()).unwrap_or_default())
    }
}

/// Size of a tree and instant of its last entry. No two states of it have both in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stand {
    size: i64,
    recorded_at: Instant,
}

/// How a writer left the tree, and what the database's clock showed when it was last looked at.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    stand: Stand,
    shown: Shown,
}

impl Tree {
    /// Locks the tree's row until the transaction ends and reads the database's clock.
    pub async fn lock(txn: &impl ConnectionTrait, clock: &Clock) -> Result<Self, Error> {
        Self::locked(txn, clock, None).await
    }

    /// Locks the registry and then the tree's row, in one statement: its condition holds before the row is locked.
    pub async fn lock_with_registry(txn: &impl ConnectionTrait, clock: &Clock, lock: Lock) -> Result<Self, Error> {
        Self::locked(txn, clock, Some(lock)).await
    }

    async fn locked(txn: &impl ConnectionTrait, clock: &Clock, registry: Option<Lock>) -> Result<Self, Error> {
        let backend = txn.get_database_backend();
        let sql = if backend == DbBackend::Postgres {
            let condition = registry.map_or_else(String::new, |lock| format!(" and {} is not null", lock.call()));
            format!(
                "select size, recorded_at, clock_timestamp() as now from log_tree where id = 1{condition} for update"
            )
        } else {
            "select size, recorded_at from log_tree where id = 1".to_owned()
        };
        let row = txn
            .query_one_raw(Statement::from_string(backend, sql))
            .await?
            .ok_or_else(|| Error::internal("log_tree has no row"))?;
        let size: i64 = row.try_get("", "size")?;
        let now = if backend == DbBackend::Postgres { row.try_get("", "now")? } else { clock.now() };
        let shown = Shown { now: truncated(now), heard_at: Moment::now() };
        Ok(Self::standing(Stand { size, recorded_at: row.try_get("", "recorded_at")? }, shown.now, shown))
    }

    fn standing(found: Stand, now: Instant, shown: Shown) -> Self {
        Self { found, size: found.size, recorded_at: found.recorded_at, now, shown }
    }

    /// The tree as a writer left it, unlocked, for a statement that writes nothing where it [stands
    /// otherwise](Self::as_left_statement).
    pub fn as_left(left: &Left) -> Self {
        Self::standing(left.stand, left.shown.by_now(), left.shown)
    }

    /// How it stands once what was handed out is committed.
    pub fn left(&self) -> Left {
        let stand = Stand { size: self.size, recorded_at: self.recorded_at };
        Left { stand, shown: self.shown }
    }

    /// Whether nobody has appended anything since it was left.
    pub fn was_left(&self, left: &Left) -> bool {
        self.found == left.stand
    }

    /// Instant of the lock, by the database's clock; by ours on SQLite.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Takes the next position and instant. The instant is the database's clock, and later than every earlier one.
    pub fn take(&mut self) -> (i64, Instant) {
        let leaf_index = self.size;
        self.size += 1;
        self.recorded_at = self.now.max(self.recorded_at + TimeDelta::microseconds(1));
        (leaf_index, self.recorded_at)
    }

    /// Instant of a position that was handed out: after the first, they rise by a microsecond each.
    fn instant_of(&self, position: i64) -> Instant {
        self.recorded_at - TimeDelta::microseconds(self.size - 1 - position)
    }

    /// Appends the hashes of the positions handed out, in their order; at least one.
    ///
    /// # Errors
    /// Internal when there are not as many hashes as positions: then nothing may be committed.
    pub async fn append(self, txn: &impl ConnectionTrait, hashes: &[[u8; 32]]) -> Result<(), Error> {
        let backend = txn.get_database_backend();
        let (mut tiles, mut size) = (Vec::new(), Vec::new());
        for (sql, values) in
            [(self.tiles_statement(backend, hashes, None, &mut tiles)?, tiles), (self.size_statement(&mut size), size)]
        {
            txn.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        }
        Ok(())
    }

    /// Statement that puts the hashes, at least one, into their tiles, on PostgreSQL only where a condition holds that is
    /// given; its values are numbered after those given. A tile remembers the instant of its first entry, by which its rows
    /// are found.
    ///
    /// # Errors
    /// Internal when there are not as many hashes as positions: then nothing may be committed.
    pub fn tiles_statement(
        &self,
        backend: DbBackend,
        hashes: &[[u8; 32]],
        condition: Option<&str>,
        values: &mut Vec<Value>,
    ) -> Result<String, Error> {
        if i64::try_from(hashes.len()).ok() != Some(self.size - self.found.size) {
            return Err(Error::internal("positions and leaf hashes differ in number"));
        }
        let mut position = self.found.size;
        let mut rest = hashes;
        let mut tiles = Vec::new();
        while !rest.is_empty() {
            let room = usize::try_from(TILE_WIDTH - position % TILE_WIDTH).unwrap_or(1).min(rest.len());
            let (head, tail) = rest.split_at(room);
            let tile = [Value::from(position / TILE_WIDTH), head.concat().into(), self.instant_of(position).into()];
            values.extend(tile);
            let [tile, hashes, at] = [2, 1, 0].map(|back| values.len() - back);
            tiles.push(match condition {
                None => format!("(0, ${tile}, ${hashes}, ${at})"),
                Some(holds) => format!("select 0, ${tile}::bigint, ${hashes}::bytea, ${at}::timestamptz where {holds}"),
            });
            position += i64::try_from(room).unwrap_or(0);
            rest = tail;
        }
        // SQLite's `||` makes text of blobs; the cast keeps the bytes.
        let joined = match backend {
            DbBackend::Sqlite => "cast(log_tile.hashes || excluded.hashes as blob)",
            _ => "log_tile.hashes || excluded.hashes",
        };
        let rows = match condition {
            None => format!("values {}", tiles.join(", ")),
            Some(_) => tiles.join(" union all "),
        };
        Ok(format!(
            "insert into log_tile (level, tile, hashes, recorded_at) {rows} \
             on conflict (level, tile) do update set hashes = {joined}"
        ))
    }

    /// Statement that sets the tree to the size reached; its values are numbered after those given.
    pub fn size_statement(&self, values: &mut Vec<Value>) -> String {
        values.extend([Value::from(self.size), self.recorded_at.into()]);
        format!("update log_tree set size = ${}, recorded_at = ${} where id = 1", values.len() - 1, values.len())
    }

    /// Statement of PostgreSQL that sets the tree to the size reached and returns a row, where it stands as [it was
    /// left](Self::as_left), the registry is free, the database's clock shows what was taken for now or little more, and one
    /// more condition holds, where one is given; its values are numbered after those given. Who appended meanwhile is waited
    /// for and seen, though the statement began before, for of a row that was changed PostgreSQL judges the newest version. So
    /// whatever else it reads is as it was when the tree was left.
    pub fn as_left_statement(&self, condition: Option<&str>, values: &mut Vec<Value>) -> String {
        let size = self.size_statement(values);
        let Stand { size: found, recorded_at } = self.found;
        values.extend([Value::from(found), recorded_at.into(), self.now.into()]);
        let [found, recorded_at, now] = [2, 1, 0].map(|back| values.len() - back);
        format!(
            "{size} and size = ${found} and recorded_at = ${recorded_at} \
             and ${now} between clock_timestamp() - {BEHIND_MAX} and clock_timestamp() \
             and {}{} returning 1",
            Lock::shared_if_free(),
            condition.map(|holds| format!(" and {holds}")).unwrap_or_default()
        )
    }
}
