//! Connections to the database: one way to write, one way to read, on either engine, wherever the primary is.

mod connections;
mod lag;
mod primary;
mod reader;
mod replica;
mod server;

use std::{future::ready, sync::Arc, time::Duration};

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, TransactionOptions};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    task::AbortHandle,
    time::{sleep, timeout},
};

pub use connections::{Connections, Server};
pub use reader::{Reader, asked_for, asked_place, read_for};

use crate::{
    config::{Connecting, DatabaseUrl},
    metrics::PoolSample,
};
use connections::{Access, Target, immediate, snapshot};
use primary::Primary;
use replica::Replica;

/// How long a connection may lie idle and still be taken for alive without a question.
const IDLE_UNTESTED_MAX: Duration = Duration::from_secs(1);

/// Connections of [`Database::apart`], by turns: the driver asks one that is given back whether it still answers before it gives
/// it again.
const APART_CONNECTIONS: u32 = 2;

/// Time between two looks whether a connection has been given back.
const LOOK: Duration = Duration::from_millis(1);

/// Rows that cross at once from the thread that reads SQLite: a start reads a whole registry, and a wake-up a row costs
/// more than the row.
const SQLITE_ROWS_BUFFERED: usize = 1_024;

/// Database of one of the two engines.
#[derive(Debug, Clone)]
pub struct Database {
    write: Connections,
    read: Connections,
    replica: Option<(Arc<Replica>, Connections)>,
    /// Tasks that watch the servers.
    watches: Vec<AbortHandle>,
    acquire_max: Duration,
}

impl Database {
    /// Connects to the primary among the hosts of `url`; the log is read from `read_url` where one is given.
    ///
    /// # Errors
    /// The engine's own when it cannot be reached or the file cannot be opened; what each host said, where none is a primary.
    pub async fn connect(
        url: &DatabaseUrl,
        read_url: Option<&DatabaseUrl>,
        connecting: Connecting,
    ) -> Result<Self, DbErr> {
        if url.is_sqlite() {
            return Self::open(url, connecting).await;
        }
        let (primary, first) = Primary::find(hosts(url)?, connecting).await?;
        let mut watches = vec![tokio::spawn(Primary::watch(Arc::downgrade(&primary), first)).abort_handle()];
        let target = || Target::Primary(Arc::clone(&primary));
        let write = Connections::following(target(), Access::Write, connecting.write_connections_max, connecting);
        let read = Connections::following(target(), Access::Read, connecting.read_connections_max, connecting);
        let replica = match read_url {
            None => None,
            Some(url) => {
                let replica = Replica::new(hosts(url)?, Arc::clone(&primary), connecting);
                watches.push(tokio::spawn(Replica::watch(Arc::downgrade(&replica))).abort_handle());
                let target = Target::Replica(Arc::clone(&replica));
                let read = Connections::following(target, Access::Read, connecting.read_connections_max, connecting);
                Some((replica, read))
            }
        };
        Ok(Self { write, read, replica, watches, acquire_max: connecting.acquire_max })
    }

    async fn open(url: &DatabaseUrl, connecting: Connecting) -> Result<Self, DbErr> {
        let text = url.expose();
        let url = if text.contains('?') { text.to_owned() } else { format!("{text}?mode=rwc") };
        let writing = embedded(&url, 1, Access::Write, connecting);
        let reading = embedded(&url, connecting.read_connections_max, Access::Read, connecting);
        let write = Connections::embedded(sea_orm::Database::connect(writing).await?);
        let read = Connections::embedded(sea_orm::Database::connect(reading).await?);
        Ok(Self { write, read, replica: None, watches: Vec::new(), acquire_max: connecting.acquire_max })
    }

    /// How many connections each pool has.
    pub fn pools(&self) -> Vec<PoolSample> {
        let replica = self.replica.as_ref().map(|(_, read)| ("replica", read));
        let pools = [("write", &self.write), ("read", &self.read)].into_iter().chain(replica);
        let sample = |(pool, connections): (&'static str, &Connections)| {
            let connections = connections.now();
            let (open, idle, max) = if self.is_sqlite() {
                let pool = connections.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            } else {
                let pool = connections.get_postgres_connection_pool();
                (pool.size(), pool.num_idle(), pool.options().get_max_connections())
            };
            PoolSample { pool, open, idle, max }
        };
        pools.map(sample).collect()
    }

    /// Which engine.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Whether it is the embedded engine.
    pub fn is_sqlite(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// Connections that may only read; the database itself refuses more. The replica's, where there is one that answers
    /// and is not too far behind.
    pub fn read(&self) -> &Connections {
        match &self.replica {
            Some((replica, read)) if replica.lag().is_some() => read,
            _ => &self.read,
        }
    }

    /// How far behind the log is as [`Self::read`] reads it; null while that reads the primary.
    pub fn log_lag(&self) -> Option<Duration> {
        self.replica.as_ref()?.0.lag()
    }

    /// Connections that may write. Only the journal, migrations, who raises anomalies and, on
    /// SQLite, the recorder write with them.
    pub fn write(&self) -> &Connections {
        &self.write
    }

    /// Connections whose reads are never behind: the primary's. On SQLite every connection is.
    pub fn primary(&self) -> &Connections {
        if self.is_sqlite() { &self.read } else { &self.write }
    }

    /// The same database with write connections of the runtime this is called in, which wait for nobody's turn but that
    /// runtime's. SQLite has one writer, so that stays shared.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { write: self.write.apart(APART_CONNECTIONS).unwrap_or_else(|| self.write.clone()), ..self.clone() }
    }

    /// Closes what [`Self::apart`] opened; on SQLite waits until the shared connection is given back, for that is done on
    /// the runtime that is about to end.
    pub async fn close_apart(&self) {
        if !self.is_sqlite() {
            return self.write.close().await;
        }
        let connection = self.write.now();
        let pool = connection.get_sqlite_connection_pool();
        let given_back = async {
            while pool.num_idle() < pool.size() as usize {
                sleep(LOOK).await;
            }
        };
        if timeout(self.acquire_max, given_back).await.is_err() {
            tracing::warn!("the connection that writes is still in use");
        }
    }

    /// Closes every connection; an embedded database then stands whole in its one file.
    pub async fn close(&self) {
        for watch in &self.watches {
            watch.abort();
        }
        if let Some((_, replica)) = &self.replica {
            replica.close().await;
        }
        self.read.close().await;
        self.write.close().await;
    }

    /// The primary as it is now, for work of several steps that must end on the server it began on.
    pub fn server(&self) -> Server {
        self.write.server()
    }

    /// Work in transactions of the primary, ended when that is given up, for then nobody answers any more.
    ///
    /// # Errors
    /// Those of the work; the engine's own where it is ended.
    pub async fn answered<T, E: From<DbErr>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        self.server().answered(work).await
    }

    /// Begins a transaction that sees one state of the primary throughout.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = if self.is_sqlite() { TransactionOptions::default() } else { snapshot() };
        self.primary().begin_with(options).await
    }

    /// Begins a transaction of whoever only reads that sees one state throughout, of the replica where there is one.
    pub async fn read_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = if self.is_sqlite() { TransactionOptions::default() } else { snapshot() };
        self.read().begin_with(options).await
    }

    /// Begins a transaction that reads rows of the log for somebody, of the replica where there is one.
    ///
    /// # Errors
    /// The engine's own when it does not answer.
    pub async fn read_for(&self, reader: Reader<'_>) -> Result<DatabaseTransaction, DbErr> {
        let txn = self.read().begin().await?;
        read_for(&txn, reader).await?;
        Ok(txn)
    }

    /// The same, of the primary.
    ///
    /// # Errors
    /// The engine's own when it does not answer.
    pub async fn primary_for(&self, reader: Reader<'_>) -> Result<DatabaseTransaction, DbErr> {
        let txn = if self.is_sqlite() { self.read.begin().await? } else { self.write.begin().await? };
        read_for(&txn, reader).await?;
        Ok(txn)
    }

    /// Begins a transaction that will write. Must run in a task of its own: a dropped request must not cut it.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = if self.is_sqlite() { immediate() } else { TransactionOptions::default() };
        self.write.begin_with(options).await
    }
}

/// Address of the one host of `url` that is the primary now, and a connection to it.
///
/// # Errors
/// What each host said, where none is a primary.
pub async fn find_primary(url: &DatabaseUrl, connecting: Connecting) -> Result<(DatabaseUrl, PgConnection), DbErr> {
    let (primary, connection) = Primary::find(hosts(url)?, connecting).await?;
    let place = *primary.place().borrow();
    Ok((url.hosts().swap_remove(place.host), connection))
}

/// Hosts of an address, as the driver opens them.
fn hosts(url: &DatabaseUrl) -> Result<Vec<PgConnectOptions>, DbErr> {
    let host = |host: &DatabaseUrl| host.expose().parse().map_err(|fault| DbErr::Custom(format!("{fault}")));
    url.hosts().iter().map(host).collect()
}

/// How every connection to SQLite is opened, and when it is not used again. Where SQLite has no room or cannot write a page,
/// it takes the transaction back itself; the rollback that follows then fails, and the driver goes on as if the transaction
/// were open: the next one would be a savepoint in it, and what that one commits could be taken back by a later one.
fn embedded(url: &str, connections: u32, access: Access, connecting: Connecting) -> ConnectOptions {
    let query_only = match access {
        Access::Write | Access::Record => "off",
        Access::Read => "on",
    };
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(connecting.acquire_max)
        .test_before_acquire_if_idle_for(IDLE_UNTESTED_MAX)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                .busy_timeout(connecting.acquire_max)
                .foreign_keys(true)
                .row_buffer_size(SQLITE_ROWS_BUFFERED)
                .pragma("query_only", query_only)
        })
        .map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(ready(Ok(!connection.is_in_transaction()))));
    options
}
