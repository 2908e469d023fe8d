//! One server of PostgreSQL and what it says of itself.

use std::{fmt::Display, time::Duration};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use sqlx::{
    ConnectOptions as _, Executor, PgConnection, Row,
    postgres::{PgConnectOptions, PgRow},
};
use tokio::time::timeout;

/// What a server is, in one statement of words that every role may say. The timeline is read off the name of the segment it
/// writes: that tells of a promotion at once, the control file only after the next checkpoint.
const WHAT_IT_IS: &str = "select pg_is_in_recovery() as in_recovery, \
    pg_is_in_recovery() or current_setting('transaction_read_only')::bool as refuses_writes, \
    (select system_identifier from pg_control_system()) as system, \
    case when pg_is_in_recovery() then 0 \
    else ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint end as timeline, \
    pg_wal_lsn_diff(case when pg_is_in_recovery() then coalesce(pg_last_wal_replay_lsn(), '0/0') \
    else pg_current_wal_lsn() end, '0/0')::bigint as position, \
    pg_postmaster_start_time() as started_at";

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether it replays what another writes.
    pub in_recovery: bool,
    /// Whether it takes no writes of ours: a standby, or told to be read-only.
    pub refuses_writes: bool,
    /// Which database this is a copy of.
    pub system: i64,
    /// Timeline it writes; a promotion starts a new one. Zero for a standby.
    pub timeline: i64,
    /// Position in the write-ahead log that it has written, or replayed.
    pub position: i64,
    /// When it was started.
    pub started_at: DateTime<Utc>,
}

impl Standing {
    fn of(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            in_recovery: row.try_get("in_recovery")?,
            refuses_writes: row.try_get("refuses_writes")?,
            system: row.try_get("system")?,
            timeline: row.try_get("timeline")?,
            position: row.try_get("position")?,
            started_at: row.try_get("started_at")?,
        })
    }
}

/// Asks a server what it is, in one message: a pooler may hand the next to another.
pub(super) async fn ask(connection: &mut PgConnection) -> Result<Standing, sqlx::Error> {
    let row = connection.fetch_one(sqlx::raw_sql(WHAT_IT_IS)).await?;
    Standing::of(&row)
}

/// Connects to a host and asks it what it is; a host that hangs is given up.
pub(super) async fn reach(host: &PgConnectOptions, patience: Duration) -> Result<(PgConnection, Standing), DbErr> {
    let place = named(host);
    let failed = |why: &dyn Display| DbErr::Custom(format!("{place} does not take us: {why}"));
    let reached = async {
        let mut connection = host.connect().await?;
        let standing = ask(&mut connection).await?;
        Ok::<_, sqlx::Error>((connection, standing))
    };
    timeout(patience, reached).await.map_err(|_| failed(&"no answer"))?.map_err(|fault| failed(&fault))
}

/// Host as an operator knows it.
pub(super) fn named(host: &PgConnectOptions) -> String {
    match host.get_socket() {
        Some(directory) => format!("PostgreSQL at {}:{}", directory.display(), host.get_port()),
        None => format!("PostgreSQL at {}:{}", host.get_host(), host.get_port()),
    }
}
