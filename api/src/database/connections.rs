//! A set of connections that follows the primary: it looks like one connection to whoever writes a statement.

use std::{
    future::ready,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, IsolationLevel,
    QueryResult, QueryStream, RuntimeErr, SqliteTransactionMode, SqlxPostgresConnector, Statement, StreamTrait,
    TransactionOptions, TransactionTrait, prelude::async_trait::async_trait,
};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{sync::watch, time::timeout};

use super::{
    IDLE_UNTESTED_MAX,
    primary::{Place, Primary},
    replica::Replica,
    server::ask,
};
use crate::config::Connecting;

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To write; the database is asked that it takes writes before the first.
    Write,
    /// To write the same few statements again and again.
    Record,
    /// Only to read; the database itself refuses more.
    Read,
}

/// Connections to wherever the database is now. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    /// The embedded database, which does not move.
    Embedded(DatabaseConnection),
    Following(Following),
}

#[derive(Debug)]
struct Following {
    target: Target,
    access: Access,
    connections_max: u32,
    connecting: Connecting,
    held: Mutex<Held>,
}

/// Whom connections follow.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// The primary.
    Primary(Arc<Primary>),
    /// Whoever is read in its place.
    Replica(Arc<Replica>),
}

/// Pool of one epoch.
#[derive(Debug)]
struct Held {
    place: Place,
    pool: DatabaseConnection,
}

impl Connections {
    pub(super) fn embedded(connection: DatabaseConnection) -> Self {
        Self(Arc::new(Kind::Embedded(connection)))
    }

    pub(super) fn following(target: Target, access: Access, connections_max: u32, connecting: Connecting) -> Self {
        let place = target.place();
        let pool = pool(&target, place, access, connections_max, connecting);
        let held = Mutex::new(Held { place, pool });
        Self(Arc::new(Kind::Following(Following { target, access, connections_max, connecting, held })))
    }

    /// As many connections to record over as said, of the runtime this is called in; none for the embedded database.
    pub(super) fn apart(&self, connections_max: u32) -> Option<Self> {
        let Kind::Following(of) = &*self.0 else { return None };
        Some(Self::following(of.target.clone(), Access::Record, connections_max, of.connecting))
    }

    /// The connections as they stand now. Whoever keeps them longer than a call may find them closed.
    pub fn now(&self) -> DatabaseConnection {
        let of = match &*self.0 {
            Kind::Embedded(connection) => return connection.clone(),
            Kind::Following(of) => of,
        };
        let place = of.target.place();
        let mut held = of.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.place.epoch != place.epoch {
            let pool = pool(&of.target, place, of.access, of.connections_max, of.connecting);
            let old = std::mem::replace(&mut *held, Held { place, pool }).pool;
            let patience = of.connecting.acquire_max;
            tokio::spawn(async move { close(&old, patience).await });
        }
        held.pool.clone()
    }

    /// Begins a transaction. Nothing was said before, so where the primary moves meanwhile, it is begun there.
    ///
    /// # Errors
    /// The engine's own when it does not answer.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_with(TransactionOptions::default()).await
    }

    pub(super) async fn begin_with(&self, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
        let Kind::Following(of) = &*self.0 else { return self.now().begin_with_options(options).await };
        let started = Instant::now();
        loop {
            let mut moved = of.target.moved();
            let pool = self.now();
            let begun = async {
                match of.access {
                    // A pooler may have lost what the session was told at its start.
                    Access::Read if of.connecting.statement_cache == 0 => {
                        let read_only = Some(AccessMode::ReadOnly);
                        pool.begin_with_options(TransactionOptions { access_mode: read_only, ..options }).await
                    }
                    Access::Read | Access::Write | Access::Record => pool.begin_with_options(options).await,
                }
            };
            tokio::select! {
                biased;
                begun = begun => {
                    let has_moved = moved.has_moved();
                    if begun.is_ok() || !has_moved || started.elapsed() >= of.connecting.acquire_max {
                        return begun;
                    }
                }
                () = moved.wait() => if started.elapsed() >= of.connecting.acquire_max { return Err(gone()) },
            }
        }
    }

    /// The server these connections lead to now, for work that must begin and end on the same one.
    pub fn server(&self) -> Server {
        match &*self.0 {
            Kind::Embedded(_) => Server(None),
            Kind::Following(of) => Server(Some(of.target.moved())),
        }
    }

    /// Work on a connection of the pool as it stands now.
    async fn asked<T, F>(&self, work: impl FnOnce(DatabaseConnection) -> F) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>>,
    {
        let Kind::Following(of) = &*self.0 else { return work(self.now()).await };
        let mut moved = of.target.moved();
        tokio::select! {
            biased;
            done = work(self.now()) => done,
            () = moved.wait() => Err(gone()),
        }
    }

    /// Whether each statement must be a transaction of its own, because nothing of a connection outlives one.
    fn is_pooled_elsewhere(&self) -> bool {
        matches!(&*self.0, Kind::Following(of) if of.connecting.statement_cache == 0)
    }

    /// Closes them; one that hangs is left.
    pub(super) async fn close(&self) {
        let patience = match &*self.0 {
            Kind::Embedded(connection) => {
                if let Err(error) = connection.close_by_ref().await {
                    tracing::warn!(%error, "a connection did not close");
                }
                return;
            }
            Kind::Following(of) => of.connecting.acquire_max,
        };
        close(&self.now(), patience).await;
    }
}

#[async_trait]
impl ConnectionTrait for Connections {
    fn get_database_backend(&self) -> DbBackend {
        match &*self.0 {
            Kind::Embedded(_) => DbBackend::Sqlite,
            Kind::Following(_) => DbBackend::Postgres,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        if self.is_pooled_elsewhere() {
            let txn = self.begin().await?;
            let done = txn.execute_raw(statement).await?;
            txn.commit().await?;
            return Ok(done);
        }
        self.asked(|pool| async move { pool.execute_raw(statement).await }).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.asked(|pool| async move { pool.execute_unprepared(sql).await }).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if self.is_pooled_elsewhere() {
            let txn = self.begin().await?;
            let row = txn.query_one_raw(statement).await?;
            txn.commit().await?;
            return Ok(row);
        }
        self.asked(|pool| async move { pool.query_one_raw(statement).await }).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if self.is_pooled_elsewhere() {
            let txn = self.begin().await?;
            let rows = txn.query_all_raw(statement).await?;
            txn.commit().await?;
            return Ok(rows);
        }
        self.asked(|pool| async move { pool.query_all_raw(statement).await }).await
    }
}

impl StreamTrait for Connections {
    type Stream<'a> = QueryStream;

    fn get_database_backend(&self) -> DbBackend {
        ConnectionTrait::get_database_backend(self)
    }

    fn stream_raw<'a>(
        &'a self,
        statement: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<QueryStream, DbErr>> + 'a + Send>> {
        Box::pin(self.asked(|pool| async move { pool.stream_raw(statement).await }))
    }
}

impl Target {
    fn place(&self) -> Place {
        match self {
            Self::Primary(primary) => *primary.place().borrow(),
            Self::Replica(replica) => *replica.place().borrow(),
        }
    }

    fn moved(&self) -> Moved {
        match self {
            Self::Primary(primary) => Moved(primary.place()),
            Self::Replica(replica) => Moved(replica.place()),
        }
    }

    fn options(&self, place: Place) -> PgConnectOptions {
        match self {
            Self::Primary(primary) => primary.options(place),
            Self::Replica(replica) => replica.options(place),
        }
    }
}

/// The server connections led to when this was asked for. A clone is of the same instant.
#[derive(Debug, Clone)]
pub struct Server(Option<Moved>);

impl Server {
    /// Work on a transaction of that server, which ends when the server is given up: else it would wait for an answer from a
    /// machine that is no more. Where that has happened before, the work does not begin.
    ///
    /// # Errors
    /// Those of the work; the engine's own where it is ended.
    pub async fn answered<T, E: From<DbErr>>(&mut self, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let Some(moved) = &mut self.0 else { return work.await };
        if moved.has_moved() {
            return Err(gone().into());
        }
        tokio::select! {
            biased;
            done = work => done,
            () = moved.wait() => Err(gone().into()),
        }
    }
}

/// Tells that connections made since are to be given up.
#[derive(Debug, Clone)]
struct Moved(watch::Receiver<Place>);

impl Moved {
    async fn wait(&mut self) {
        // Whom connections follow lives as long as they do.
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn has_moved(&self) -> bool {
        self.0.has_changed().unwrap_or(false)
    }
}

/// Pool of connections to a place, none of them made yet.
fn pool(
    target: &Target,
    place: Place,
    access: Access,
    connections_max: u32,
    connecting: Connecting,
) -> DatabaseConnection {
    let asked = target.clone();
    let options = PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(connecting.acquire_max)
        .test_before_acquire(false)
        .before_acquire(move |connection, of| {
            if of.idle_for < IDLE_UNTESTED_MAX {
                return Box::pin(ready(Ok(true)));
            }
            // One that hangs is no better than one that is gone.
            Box::pin(async move { Ok(matches!(timeout(connecting.connect_max, connection.ping()).await, Ok(Ok(())))) })
        })
        .after_connect(move |connection, _| {
            let target = asked.clone();
            Box::pin(async move { admit(&target, place, access, connection).await })
        });
    let pool = options.connect_lazy_with(settings(target.options(place), access, connecting));
    SqlxPostgresConnector::from_sqlx_postgres_pool(pool)
}

/// Refuses a server that is none for this target: an address may have come to lead to another. Where that was promoted
/// beside the one known so far, or has started anew, all connections are made anew, and no connection from before is used
/// beside this one.
async fn admit(
    target: &Target,
    place: Place,
    access: Access,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let Target::Primary(primary) = target else { return Ok(()) };
    let mut standing = ask(connection).await?;
    if access == Access::Read {
        // It is this connection that was told to write nothing.
        standing.refuses_writes = standing.in_recovery;
    }
    match primary.refusal(&standing) {
        Some(why) => Err(sqlx::Error::Configuration(why.into())),
        None if primary.has_changed(place.host, &standing) => {
            Err(sqlx::Error::Configuration("it was promoted or started anew; so are connections made".into()))
        }
        None => Ok(()),
    }
}

/// How every connection is opened. The server looks whether its client is still there: what a machine that died held locked
/// is then free after a minute, not after hours.
fn settings(host: PgConnectOptions, access: Access, connecting: Connecting) -> PgConnectOptions {
    // A batch is looked up and written by keys, so one plan does for all; for its very values a short one was planned anew each
    // time. Kept from when the tables were small, it must not read them from end to end. Not so for readers: a range of instants
    // must be planned for what it holds.
    let (name, read_only, plans, whole_tables) = match access {
        Access::Write => ("disclosure-gateway", "off", "auto", "on"),
        Access::Record => ("disclosure-gateway recorder", "off", "force_generic_plan", "off"),
        Access::Read => ("disclosure-gateway", "on", "auto", "on"),
    };
    sqlx::ConnectOptions::disable_statement_logging(host)
        .application_name(name)
        .statement_cache_capacity(connecting.statement_cache)
        .options([
            ("default_transaction_read_only", read_only),
            // No check of ours leaves a month of the log out, and asking each of them takes longer than the rest of a plan.
            ("constraint_exclusion", "off"),
            ("plan_cache_mode", plans),
            ("enable_seqscan", whole_tables),
            // Whose message was sent again is refused as an error: not with the pseudonyms of all that came with it.
            ("log_parameter_max_length_on_error", "0"),
            ("timezone", "UTC"),
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            ("client_connection_check_interval", "10s"),
        ])
}

fn gone() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the server was given up".to_owned()))
}

async fn close(pool: &DatabaseConnection, patience: Duration) {
    match timeout(patience, pool.close_by_ref()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a connection did not close"),
        Err(_) => tracing::info!("connections to a server that was given up do not close; they end with it"),
    }
}

/// Isolation of a transaction that sees one state throughout.
pub(super) fn snapshot() -> TransactionOptions {
    TransactionOptions {
        isolation_level: Some(IsolationLevel::RepeatableRead),
        access_mode: Some(AccessMode::ReadOnly),
        sqlite_transaction_mode: None,
    }
}

/// How the embedded database begins a transaction that will write.
pub(super) fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}
