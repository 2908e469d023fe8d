//! Composition: opens or makes everything a gateway lives on, in the one order that is safe.

mod authzen;
mod doors;
mod drawn;
mod exports;
mod ext_authz;
mod lock;
mod metrics;
mod rotate;
mod scale;
mod seed;
mod statistics;
mod strangers;
mod trusted;

use std::{fs::File, io::ErrorKind, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc};

use entity::{key_fingerprint, vocabulary::Instant};
use futures::{FutureExt, future::BoxFuture};
use migration::Standing;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};

pub use doors::{DoorsError, Routers};
pub use drawn::Drawn;
pub use lock::{Lock, lock, lock_directory};
pub use rotate::rotate_pseudonym_key;
pub use scale::{Scale, ScaleError, scale, to_be_filled};
pub use seed::{ImportError, Imported, import, import_admitting, rehearse, survey};
pub use trusted::{ManifestFaults, trusted_documents};

use crate::{
    anomaly,
    clock::Clock,
    config::{Config, Seed},
    context::{Gateway, Parts},
    database::Database,
    disclosure::{self, Equipment, RecordLimits, Recorder, interned::InternedSets},
    journal::{self, Journal},
    keys::{Fingerprint, Issuance, Keys, KeysError, private_directory},
    server::Stop,
    transparency_log::{KeptFault, TransparencyLog},
    webhook::Deliveries,
};

/// Number of the advisory lock on PostgreSQL under which the keys of a new database are made, arbitrary and fixed.
const KEYS_LOCK: i64 = 0x4449_5343_4b45_5953;

/// Why a gateway does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing to open.
    #[error(
        "DATABASE_URL names no database of this version; name that of the gateway, or start one or run `migrate` first"
    )]
    NoGateway,
    /// The database is of an older version, and may not be migrated here.
    #[error(
        "the database is of an older version and MIGRATE_ON_START is false: run `migrate` first, with the address of the \
         database's owner"
    )]
    NotMigrated,
    /// The data directory cannot be used.
    #[error("DATA_DIR `{directory}` cannot be used: {source}")]
    DataDirectory {
        /// Directory.
        directory: String,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the embedded database.
    #[error("another gateway has {0}: stop it, or use PostgreSQL to run several")]
    Locked(String),
    /// The database cannot be reached or migrated.
    #[error("the database cannot be used (DATABASE_URL): {0}")]
    Database(sea_orm::DbErr),
    /// The keys are not those of the database.
    #[error("{0}")]
    Keys(#[from] KeysError),
    /// The checkpoint of the log is not that of the database.
    #[error("the log cannot be opened: {0}")]
    Log(#[from] KeptFault),
    /// The facts could not be loaded.
    #[error("the facts could not be loaded: {0}")]
    Facts(String),
    /// The world could not be imported.
    #[error("{0}")]
    Import(#[from] ImportError),
}

impl From<sea_orm::DbErr> for OpenError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<crate::Error> for OpenError {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Internal { detail } => Self::Facts(detail),
            other => Self::Facts(other.to_string()),
        }
    }
}

/// Gateway that has been opened.
pub struct App {
    /// What lives as long as the process.
    pub gateway: Gateway,
    /// The one way into the log.
    pub recorder: Recorder,
    /// The log as it is signed and shown.
    pub log: TransparencyLog,
    /// Whether the database was made by this start.
    pub is_new: bool,
    /// The end of it, told to all that waits.
    pub stop: Stop,
    /// Hears when the writer has ended.
    writer: oneshot::Receiver<()>,
    follower: JoinHandle<()>,
    figures: JoinHandle<()>,
    signer: Option<Signer>,
    watch: Option<JoinHandle<()>>,
    deliveries: Option<Deliveries>,
    partitions: Option<JoinHandle<()>>,
    /// Held until the process ends.
    _lock: Option<Lock>,
}

impl App {
    /// Opens the gateway; makes database, keys and the sample world where there are none. Boxed, so that it is compiled
    /// once, here, and not with every binary that opens a gateway.
    ///
    /// # Errors
    /// Says what cannot be used and why.
    pub fn open(config: Config, clock: Clock) -> BoxFuture<'static, Result<Self, OpenError>> {
        Self::opened(config, clock, Purpose::Serve).boxed()
    }

    /// The same for an errand of the operator, which does what it is told: it watches nothing, signs nothing and tells
    /// nobody.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn errand(config: Config, clock: Clock) -> BoxFuture<'static, Result<Self, OpenError>> {
        Self::opened(config, clock, Purpose::Errand).boxed()
    }

    async fn opened(config: Config, clock: Clock, purpose: Purpose) -> Result<Self, OpenError> {
        let lock = lock(&config)?;
        let database = connect(&config).await?;
        migrate(&config, &database).await?;
        journal::index(&database).await?;
        let (keys, is_new) = keys(&config, &database, &clock).await?;
        let months = disclosure::make_months(&database, &clock);
        let (journal, ()) = tokio::try_join!(Journal::open(database.clone(), clock.clone()), months)?;
        let keys = Arc::new(keys);
        let equipment = Equipment {
            database: database.clone(),
            journal: journal.clone(),
            clock: clock.clone(),
            keys: Arc::clone(&keys),
            sets: InternedSets::default(),
            fatal: Box::new(|message| {
                tracing::error!(message, "the process ends: what was committed is found again at the next start");
                std::process::exit(1);
            }),
        };
        let limits = RecordLimits {
            queue_rows_max: config.limits.record_queue_max,
            batch_rows_max: config.limits.record_batch_max,
        };
        let (recorder, writer) = Recorder::start(equipment, limits).await?;
        let follower = tokio::spawn(journal.clone().follow());
        let figures = tokio::spawn(crate::metrics::keep_up());
        let log = TransparencyLog::open(database.clone(), clock.clone(), Arc::clone(&keys), &config.data_dir)?;
        let seed = config.seed.unwrap_or_else(|| config.seed_of_new_database());
        let ahead = disclosure::keep_ahead(database.clone(), clock.clone());
        let partitions = (purpose == Purpose::Serve && !database.is_sqlite()).then(|| tokio::spawn(ahead));
        let gateway = Gateway::new(Parts { clock, config, database, journal, keys, raised: watch::Sender::new(0) });
        let (signer, watch, deliveries) = match purpose {
            Purpose::Serve => {
                let watch = tokio::spawn(anomaly::watch_log(gateway.clone()));
                (Some(Signer::start(&log)), Some(watch), Some(Deliveries::start(&gateway)))
            }
            Purpose::Errand => (None, None, None),
        };
        let app = Self {
            gateway,
            recorder,
            log,
            is_new,
            stop: Stop::default(),
            writer,
            follower,
            figures,
            signer,
            watch,
            deliveries,
            partitions,
            _lock: lock,
        };
        if seed == Seed::Sample {
            app.fill().await?;
        }
        Ok(app)
    }

    /// Fills an empty registry with the sample world. A start that was cut short left it empty, for an import is all or
    /// nothing; where another process was quicker, there is nothing left to do.
    async fn fill(&self) -> Result<(), OpenError> {
        let journal = &self.gateway.journal;
        if journal.facts().seq > 0 {
            return Ok(());
        }
        let Err(error) = import(&self.gateway, &self.recorder, &crate::world::sample(), "seed").await else {
            return Ok(());
        };
        journal.refresh().await?;
        if journal.facts().seq > 0 { Ok(()) } else { Err(error.into()) }
    }

    /// Lets the writer finish what waits and the log be signed once more, then ends.
    pub async fn close(self) {
        let database = self.gateway.database.clone();
        if let Some(deliveries) = self.deliveries {
            deliveries.stop().await;
        }
        self.follower.abort();
        self.figures.abort();
        for task in self.watch.into_iter().chain(self.partitions) {
            task.abort();
        }
        drop(self.recorder);
        drop(self.gateway);
        if self.writer.await.is_err() {
            tracing::error!("the writer ended early");
        }
        if let Some(signer) = self.signer {
            signer.stop().await;
        }
        database.close().await;
    }
}

/// Brings a database to this version's tables, or says that somebody must.
async fn migrate(config: &Config, database: &Database) -> Result<(), OpenError> {
    match migration::standing(database.primary()).await? {
        Standing::Current => Ok(()),
        Standing::Newer => {
            tracing::warn!("the database is of a newer version of the gateway, beside which this one may still run");
            Ok(())
        }
        Standing::Older if config.connecting.migrates_on_start => Ok(migration::up(&database.write().now()).await?),
        Standing::Older => Err(OpenError::NotMigrated),
    }
}

/// What a gateway is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To answer others, for as long as it lives.
    Serve,
    /// To do one thing.
    Errand,
}

/// The task that signs the log, and the way to stop it.
struct Signer {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Signer {
    fn start(log: &TransparencyLog) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(log.clone().keep_signing(stopped)) }
    }

    /// Lets it sign what is new, then ends it.
    async fn stop(self) {
        drop(self.stop);
        if self.task.await.is_err() {
            tracing::error!("the signer ended early");
        }
    }
}

/// Connects to the configured database, making the directory of an embedded one.
pub async fn connect(config: &Config) -> Result<Database, OpenError> {
    if let Some(directory) = config.database_url.file().and_then(Path::parent) {
        create_directory(directory)?;
    }
    if let Some(file) = config.database_url.file() {
        keep_private(file)?;
    }
    Ok(Database::connect(&config.database_url, config.database_read_url.as_ref(), config.connecting).await?)
}

/// Connects to a database that a gateway has made; makes none.
pub async fn connect_to_existing(config: &Config) -> Result<Database, OpenError> {
    if config.database_url.file().is_some_and(|file| !file.exists()) {
        return Err(OpenError::NoGateway);
    }
    let database = connect(config).await?;
    match migration::standing(database.primary()).await? {
        Standing::Older => Err(OpenError::NoGateway),
        Standing::Current | Standing::Newer => Ok(database),
    }
}

/// What stands where the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Examined {
    /// No file of an embedded database.
    Absent,
    /// Tables of an older version, or none.
    ToBeMigrated {
        /// `MIGRATE_ON_START`.
        on_start: bool,
    },
    /// This version's tables, in which no gateway was started yet.
    WithoutKeys,
    /// A gateway's database, with its keys.
    Whole,
    /// The same, of a newer version.
    Newer,
}

/// Looks at the database and at the keys in `DATA_DIR`, and changes nothing.
///
/// # Errors
/// What a start would meet.
pub async fn examine(config: &Config) -> Result<Examined, OpenError> {
    if config.database_url.file().is_some_and(|file| !file.exists()) {
        return Ok(Examined::Absent);
    }
    let database = connect(config).await?;
    let standing = migration::standing(database.primary()).await?;
    let examined = if standing == Standing::Older {
        Examined::ToBeMigrated { on_start: config.connecting.migrates_on_start }
    } else {
        let rows = key_fingerprint::Entity::find().all(database.primary()).await?;
        if rows.is_empty() {
            Examined::WithoutKeys
        } else {
            Keys::open(&config.data_dir, &remembered(rows), issuance(config))?;
            if standing == Standing::Newer { Examined::Newer } else { Examined::Whole }
        }
    };
    database.close().await;
    Ok(examined)
}

/// Makes the file of an embedded database, where there is none, readable by the process alone: it holds the salts of the log.
/// The files SQLite lays beside it take its permissions.
fn keep_private(file: &Path) -> Result<(), OpenError> {
    match File::options().write(true).create_new(true).mode(0o600).open(file) {
        Err(source) if source.kind() != ErrorKind::AlreadyExists => {
            Err(OpenError::DataDirectory { directory: file.display().to_string(), source })
        }
        _ => Ok(()),
    }
}

fn create_directory(directory: &Path) -> Result<(), OpenError> {
    private_directory(directory)
        .map_err(|source| OpenError::DataDirectory { directory: directory.display().to_string(), source })
}

/// Keys of an existing database, without starting anything.
pub async fn open_keys(config: &Config) -> Result<Keys, OpenError> {
    let database = connect_to_existing(config).await?;
    let rows = key_fingerprint::Entity::find().all(database.primary()).await?;
    Ok(Keys::open(&config.data_dir, &remembered(rows), issuance(config))?)
}

fn issuance(config: &Config) -> Issuance {
    if config.is_development() { Issuance::Development } else { Issuance::Configured }
}

fn remembered(rows: Vec<key_fingerprint::Model>) -> Vec<Fingerprint> {
    rows.into_iter()
        .map(|row| Fingerprint { name: row.name, version: row.version, fingerprint: row.fingerprint })
        .collect()
}

/// Keys the database was made with; a new database gets new ones, whose fingerprints it remembers before they are kept.
async fn keys(config: &Config, database: &Database, clock: &Clock) -> Result<(Keys, bool), OpenError> {
    let turn = keys_turn(database).await?;
    let keys = keys_in_turn(config, database, clock).await?;
    if let Some(turn) = turn {
        turn.commit().await?;
    }
    Ok(keys)
}

/// The turn of one process, from its look at the database to its last key file, so that of several that start on a new
/// database the first makes the keys and the others find them. An embedded database has one process.
async fn keys_turn(database: &Database) -> Result<Option<DatabaseTransaction>, OpenError> {
    if database.is_sqlite() {
        return Ok(None);
    }
    let turn = database.begin().await?;
    turn.execute_unprepared(&format!("select pg_advisory_xact_lock({KEYS_LOCK})")).await?;
    Ok(Some(turn))
}

async fn keys_in_turn(config: &Config, database: &Database, clock: &Clock) -> Result<(Keys, bool), OpenError> {
    let rows = key_fingerprint::Entity::find().all(database.primary()).await?;
    if !rows.is_empty() {
        return Ok((Keys::open(&config.data_dir, &remembered(rows), issuance(config))?, false));
    }
    let keys = Keys::create(&config.data_dir, issuance(config))?;
    remember(database.write(), keys.fingerprints(), clock.now()).await?;
    keys.keep()?;
    Ok((keys, true))
}

/// Writes fingerprints into the database, which remembers them from then on.
async fn remember(db: &impl ConnectionTrait, made: Vec<Fingerprint>, created_at: Instant) -> Result<(), DbErr> {
    let rows = made.into_iter().map(|Fingerprint { name, version, fingerprint }| {
        key_fingerprint::Model { name, version, fingerprint, created_at }.into_active_model().reset_all()
    });
    key_fingerprint::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}
