//! Connections to the database: one way to write, one way to read, on either engine.

use std::{fmt::Display, future::ready, time::Duration};

use sea_orm::{
    AccessMode, ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, SqlxPostgresConnector, TransactionOptions, TransactionTrait,
};
use sqlx::{ConnectOptions as _, Connection as _, postgres::PgConnectOptions};
use tokio::time::{sleep, timeout};

/// Seconds a caller waits for a connection before it is told that the database does not answer.
pub const ACQUIRE_SECONDS_MAX: u64 = 5;

/// Connections for reading; the registry is read from memory, so few are needed.
pub const READ_CONNECTIONS_MAX: u32 = 8;

/// Connections for writing on PostgreSQL: the registry's acts and the follower; the recorder has one of its own. SQLite
/// has one for all.
pub const WRITE_CONNECTIONS_MAX: u32 = 6;

/// How long a connection may lie idle and still be taken for alive without a question.
const IDLE_UNTESTED_MAX: Duration = Duration::from_secs(1);

/// Time between two looks whether a connection has been given back.
const LOOK: Duration = Duration::from_millis(1);

/// Rows that cross at once from the thread that reads SQLite: a start reads a whole registry, and a wake-up a row costs
/// more than the row.
const SQLITE_ROWS_BUFFERED: usize = 1_024;

/// Database of one of the two engines.
#[derive(Debug, Clone)]
pub struct Database {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

impl Database {
    /// Connects to `url`; reads go to `read_url` where one is given.
    ///
    /// # Errors
    /// The engine's own when it cannot be reached or the file cannot be opened.
    pub async fn connect(url: &str, read_url: Option<&str>) -> Result<Self, DbErr> {
        let sqlite = url.starts_with("sqlite:");
        if !sqlite {
            reach(url).await?;
        }
        let write_url = if sqlite && !url.contains('?') { format!("{url}?mode=rwc") } else { url.to_owned() };
        let write =
            sea_orm::Database::connect(options(&write_url, if sqlite { 1 } else { WRITE_CONNECTIONS_MAX }, false))
                .await?;
        let read =
            sea_orm::Database::connect(options(read_url.unwrap_or(&write_url), READ_CONNECTIONS_MAX, true)).await?;
        Ok(Self { write, read })
    }

    /// Which engine.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Whether it is the embedded engine.
    pub fn is_sqlite(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// Connections that may only read; the database itself refuses more.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// Connections that may write. Only the journal, migrations, who raises anomalies and, on
    /// SQLite, the recorder write with them.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Connections whose reads are never behind: the primary's. On SQLite every connection is.
    pub fn primary(&self) -> &DatabaseConnection {
        if self.is_sqlite() { &self.read } else { &self.write }
    }

    /// The same database with a write connection of the runtime this is called in, which waits for nobody's turn but that
    /// runtime's. SQLite has one writer, so that stays shared.
    #[must_use]
    pub fn apart(&self) -> Self {
        if self.is_sqlite() {
            return self.clone();
        }
        let shared = self.write.get_postgres_connection_pool();
        let options = shared.options().clone().max_connections(1);
        let pool = options.connect_lazy_with(shared.connect_options().as_ref().clone());
        Self { write: SqlxPostgresConnector::from_sqlx_postgres_pool(pool), read: self.read.clone() }
    }

    /// Closes what [`Self::apart`] opened; on SQLite waits until the shared connection is given back, for that is done on
    /// the runtime that is about to end.
    pub async fn close_apart(&self) {
        if !self.is_sqlite() {
            return close(&self.write).await;
        }
        let pool = self.write.get_sqlite_connection_pool();
        let given_back = async {
            while pool.num_idle() < pool.size() as usize {
                sleep(LOOK).await;
            }
        };
        if timeout(Duration::from_secs(ACQUIRE_SECONDS_MAX), given_back).await.is_err() {
            tracing::warn!("the connection that writes is still in use");
        }
    }

    /// Closes every connection; an embedded database then stands whole in its one file.
    pub async fn close(&self) {
        close(&self.read).await;
        close(&self.write).await;
    }

    /// Begins a transaction that sees one state of the primary throughout.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        if self.is_sqlite() {
            return self.read.begin().await;
        }
        self.write.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await
    }

    /// Begins a transaction of whoever only reads that sees one state throughout, of the replica where there is one.
    pub async fn read_snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        if self.is_sqlite() {
            return self.read.begin().await;
        }
        self.read.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await
    }

    /// Begins a transaction that will write. Must run in a task of its own: a dropped request must not cut it.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let sqlite_transaction_mode = self.is_sqlite().then_some(SqliteTransactionMode::Immediate);
        self.write
            .begin_with_options(TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() })
            .await
    }
}

async fn close(pool: &DatabaseConnection) {
    if let Err(error) = pool.close_by_ref().await {
        tracing::warn!(%error, "a connection did not close");
    }
}

/// Connects once without a pool, which would only say that it waited in vain.
async fn reach(url: &str) -> Result<(), DbErr> {
    let options: PgConnectOptions = url.parse().map_err(|fault| DbErr::Custom(format!("{fault}")))?;
    let place = format!("PostgreSQL at {}:{}", options.get_host(), options.get_port());
    let failed = |why: &dyn Display| DbErr::Custom(format!("{place} does not take us: {why}"));
    let connected = timeout(Duration::from_secs(ACQUIRE_SECONDS_MAX), options.connect()).await;
    let connection = connected.map_err(|_| failed(&"no answer"))?.map_err(|fault| failed(&fault))?;
    connection.close().await.map_err(|fault| failed(&fault))
}

/// How every connection is opened and, on SQLite, when it is not used again. Where SQLite has no room or cannot write a page,
/// it takes the transaction back itself; the rollback that follows then fails, and the driver goes on as if the transaction
/// were open: the next one would be a savepoint in it, and what that one commits could be taken back by a later one.
fn options(url: &str, connections: u32, read_only: bool) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(ACQUIRE_SECONDS_MAX))
        .test_before_acquire_if_idle_for(IDLE_UNTESTED_MAX)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                .busy_timeout(Duration::from_secs(ACQUIRE_SECONDS_MAX))
                .foreign_keys(true)
                .row_buffer_size(SQLITE_ROWS_BUFFERED)
                .pragma("query_only", if read_only { "on" } else { "off" })
        })
        .map_sqlx_sqlite_before_acquire(|connection, _| Box::pin(ready(Ok(!connection.is_in_transaction()))))
        .map_sqlx_postgres_opts(move |postgres| {
            let read_only = if read_only { "on" } else { "off" };
            postgres
                .application_name("disclosure-gateway")
                .options([("default_transaction_read_only", read_only), ("timezone", "UTC")])
        });
    options
}
