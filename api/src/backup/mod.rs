//! Backups: the database, the keys it was made with and the last checkpoint of the log, together and of one state, taken
//! while the gateway serves; and the way back.
//!
//! **Invariant:** the checkpoint is copied before the database and the keys after it, so that a backup's database is never
//! behind its checkpoint and never without a key it remembers. A backup has its name only once all of it is on disk.

mod files;
mod manifest;
mod postgres;
mod sqlite;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use entity::vocabulary::{Instant, hex};

pub use manifest::{Engine, Listed, Manifest, Position};

use files::failed;

use crate::{
    clock,
    config::Config,
    keys::{Fingerprint, Issuance, Keys, KeysError, private_directory},
    transparency_log::{CHECKPOINT_FILE, KeptFault, Publisher, kept, verified},
};

/// What may stand in a `DATA_DIR` that a backup is restored into: a lock, the checkpoint shown last, what a file system
/// puts there.
const MAY_STAND: [&str; 5] =
    ["gateway.lock", CHECKPOINT_FILE, "log-checkpoint.lock", "log-checkpoint.new", "lost+found"];

/// Why a backup is not made or not restored. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something stands where the backup should.
    #[error("`{0}` stands already: a backup is written to a directory of its own")]
    Stands(String),
    /// Something stands where a backup should be restored.
    #[error("`{0}` stands in DATA_DIR: a backup is restored into an empty one")]
    Occupied(String),
    /// Tables stand where a backup should be restored.
    #[error(
        "DATABASE_URL is not empty: a backup is restored into a database without tables, or a file that does not stand"
    )]
    Filled,
    /// No manifest, or of another form.
    #[error("`{0}` is no backup of this version: it has no manifest of this form")]
    NoBackup(String),
    /// Another engine.
    #[error("the backup is of another engine than DATABASE_URL")]
    Engine,
    /// A file is not what the manifest says.
    #[error("`{0}` is not the file the backup was made with")]
    Altered(String),
    /// The database is not where the manifest says.
    #[error("the restored database stands at change {}, entry {}, not where the backup says", .0.seq, .0.entries)]
    Elsewhere(Position),
    /// The checkpoint of the target is of another log.
    #[error("`log-checkpoint` in DATA_DIR is of another log: use another DATA_DIR, or move the file away")]
    OtherLog,
    /// A file.
    #[error("`{path}`: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// What another database file left beside its place would be replayed into the restored one.
    #[error(
        "`{0}` stands beside the file of DATABASE_URL: move it away, or SQLite would write it into the restored file"
    )]
    Beside(String),
    /// No server to ask.
    #[error("no host of DATABASE_URL is a primary: {0}")]
    NoPrimary(String),
    /// A parameter of the address.
    #[error("the parameter `{0}` of DATABASE_URL cannot be told to the tools of PostgreSQL in this form")]
    Parameter(String),
    /// A tool of PostgreSQL.
    #[error("{name} failed: {said}")]
    Tool {
        /// Which.
        name: String,
        /// What it said.
        said: String,
    },
    /// The database.
    #[error("the database does not do as it is asked: {0}")]
    Database(#[from] sqlx::Error),
    /// The keys.
    #[error("{0}")]
    Keys(#[from] KeysError),
    /// The checkpoint.
    #[error("{0}")]
    Kept(#[from] KeptFault),
    /// Anything else.
    #[error("{0}")]
    Said(&'static str),
}

/// Backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Entries of a later checkpoint that stood in `DATA_DIR` and stays there: the log will not be signed.
    pub later_checkpoint: Option<i64>,
}

/// Writes a backup to a directory that does not stand yet.
///
/// # Errors
/// When something stands there, or a part cannot be had; nothing then has the backup's name.
pub async fn make(config: &Config, directory: &Path, made_at: Instant) -> Result<Manifest, BackupError> {
    if directory.try_exists().map_err(failed(directory))? {
        return Err(BackupError::Stands(directory.display().to_string()));
    }
    let staged = staged(directory)?;
    files::make_directory(&staged)?;
    let made = write(config, &staged, made_at).await;
    if made.is_err() {
        // What stays behind is named as unfinished, and nobody takes it for a backup.
        drop(fs::remove_dir_all(&staged));
    }
    let manifest = made?;
    files::publish(&staged, directory)?;
    Ok(manifest)
}

/// Where a backup is written until it is whole: beside its place, under a name of its own.
fn staged(directory: &Path) -> Result<PathBuf, BackupError> {
    let name = directory.file_name().ok_or(BackupError::Said("the directory has no name"))?;
    let chance = clock::random::<8>().map_err(|_| BackupError::Said("no randomness"))?;
    let staged = format!(".{}.{}.unfinished", name.to_string_lossy(), hex(&chance));
    Ok(files::parent(directory).join(staged))
}

async fn write(config: &Config, staged: &Path, made_at: Instant) -> Result<Manifest, BackupError> {
    let (data_dir, url) = (&config.data_dir, &config.database_url);
    let mut listed = Vec::new();
    if let Some(note) = files::read(&data_dir.join(CHECKPOINT_FILE))? {
        files::write(&staged.join(CHECKPOINT_FILE), &note)?;
        listed.push(files::listed(&staged.join(CHECKPOINT_FILE))?);
    }
    let engine = if url.is_sqlite() { Engine::Sqlite } else { Engine::Postgres };
    let copy = staged.join(engine.file());
    drop(files::create(&copy)?);
    let (position, remembered) = match url.file() {
        Some(file) => {
            if !file.try_exists().map_err(failed(file))? {
                return Err(BackupError::Said("DATABASE_URL names no database: there is nothing to back up"));
            }
            sqlite::copy(file, &copy).await?;
            sqlite::examined(&copy).await?
        }
        None => postgres::dump(config, &copy).await?,
    };
    listed.push(files::listed(&copy)?);
    for key in &remembered {
        // The key of development tokens is needed by nobody once issuers are configured.
        if let Some(content) = files::read(&data_dir.join(key.file()))? {
            files::write(&staged.join(key.file()), &content)?;
            listed.push(files::listed(&staged.join(key.file()))?);
        }
    }
    let publisher = publisher(config, staged, &remembered)?;
    let checkpoint = kept(staged, &publisher)?.map(|head| head.size);
    let manifest = Manifest {
        format: manifest::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at,
        engine,
        position,
        checkpoint,
        verifier_key: publisher.verifier_key().to_owned(),
        files: listed,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|_| BackupError::Said("the manifest has no form"))?;
    files::write(&staged.join(manifest::FILE), &text)?;
    Ok(manifest)
}

/// The log's publisher by the keys in a directory, all of which must be those the database remembers.
fn publisher(config: &Config, directory: &Path, remembered: &[Fingerprint]) -> Result<Publisher, BackupError> {
    let issuance = if config.is_development() { Issuance::Development } else { Issuance::Configured };
    Ok(Publisher::new(Arc::new(Keys::open(directory, remembered, issuance)?)))
}

/// Puts a backup where `DATA_DIR` and `DATABASE_URL` say, where nothing stands.
///
/// # Errors
/// When something stands there, or a file is not what the manifest says: nothing is written then.
pub async fn restore(config: &Config, directory: &Path) -> Result<Restored, BackupError> {
    let no_backup = || BackupError::NoBackup(directory.display().to_string());
    let manifest = files::read(&directory.join(manifest::FILE))?.ok_or_else(no_backup)?;
    let manifest = Manifest::parse(&manifest).ok_or_else(no_backup)?;
    if config.database_url.is_sqlite() != (manifest.engine == Engine::Sqlite) {
        return Err(BackupError::Engine);
    }
    refuse_occupied(config).await?;
    for file in &manifest.files {
        let found = files::listed(&directory.join(&file.name));
        if found.ok().as_ref() != Some(file) {
            return Err(BackupError::Altered(file.name.clone()));
        }
    }
    let later_checkpoint = later_checkpoint(config, &manifest)?;
    // Keys first and the database last: what is cut short in between is no gateway, and says so at its start.
    let is_database = |file: &&Listed| file.name == manifest.engine.file();
    for file in manifest.files.iter().filter(|file| !is_database(file)) {
        place(config, directory, file, later_checkpoint)?;
    }
    files::sync(&config.data_dir)?;
    let dump = directory.join(manifest.engine.file());
    if let Some(file) = config.database_url.file() {
        place_database(&dump, file, &manifest).await?;
    } else {
        postgres::fill(config, &dump).await?;
        let found = postgres::position(config).await?;
        if found != manifest.position {
            return Err(BackupError::Elsewhere(found));
        }
    }
    let later_checkpoint = later_checkpoint.filter(|size| *size > manifest.position.entries);
    Ok(Restored { manifest, later_checkpoint })
}

async fn refuse_occupied(config: &Config) -> Result<(), BackupError> {
    let data_dir = &config.data_dir;
    let database = config.database_url.file().and_then(Path::file_name);
    let lock = database.map(|name| format!("{}.lock", name.to_string_lossy()));
    for entry in fs::read_dir(data_dir).map_err(failed(data_dir))? {
        let name = entry.map_err(failed(data_dir))?.file_name().to_string_lossy().into_owned();
        // A lock file that a process left behind holds nothing.
        if !MAY_STAND.contains(&name.as_str()) && lock.as_ref() != Some(&name) {
            return Err(BackupError::Occupied(name));
        }
    }
    let is_empty = match config.database_url.file() {
        Some(file) => !file.try_exists().map_err(failed(file))?,
        None => postgres::is_empty(config).await?,
    };
    if !is_empty {
        return Err(BackupError::Filled);
    }
    for beside in config.database_url.file().map(beside).into_iter().flatten() {
        if beside.try_exists().map_err(failed(&beside))? {
            return Err(BackupError::Beside(beside.display().to_string()));
        }
    }
    Ok(())
}

/// What SQLite keeps beside a file while it is open, and reads when it opens the file again.
fn beside(file: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", "-journal"].map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        name.into()
    })
}

/// Entries of the checkpoint in `DATA_DIR`, where it was shown after that of the backup.
fn later_checkpoint(config: &Config, manifest: &Manifest) -> Result<Option<i64>, BackupError> {
    let Some(note) = files::read(&config.data_dir.join(CHECKPOINT_FILE))? else { return Ok(None) };
    let (size, _) = verified(&manifest.verifier_key, &note).map_err(|_| BackupError::OtherLog)?;
    Ok(Some(size).filter(|size| manifest.checkpoint.is_none_or(|own| *size > own)))
}

fn place(config: &Config, directory: &Path, file: &Listed, later: Option<i64>) -> Result<(), BackupError> {
    let target = config.data_dir.join(&file.name);
    if file.name == CHECKPOINT_FILE {
        if later.is_some() {
            return Ok(());
        }
        match fs::remove_file(&target) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(failed(&target)(source)),
            _ => {}
        }
    }
    let placed = files::copy(&directory.join(&file.name), &target)?;
    if placed == *file { Ok(()) } else { Err(BackupError::Altered(file.name.clone())) }
}

/// Puts the file of an embedded database in its place once SQLite has found it whole.
async fn place_database(copy: &Path, file: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let staged = file.with_extension("restoring");
    let parent = files::parent(file);
    private_directory(&parent).map_err(failed(&parent))?;
    for left in beside(&staged).iter().chain([&staged]) {
        let _ = fs::remove_file(left);
    }
    files::copy(copy, &staged)?;
    let (found, _) = sqlite::examined(&staged).await?;
    if found != manifest.position {
        return Err(BackupError::Elsewhere(found));
    }
    files::publish(&staged, file)
}
