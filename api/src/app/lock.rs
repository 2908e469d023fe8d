//! One process on an embedded database: a lock the system gives back however a process ends, so a file left behind by one
//! that died keeps nobody out.

use std::{
    fs::{File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    process,
};

use super::{OpenError, create_directory, keep_private};
use crate::config::Config;

/// File in `DATA_DIR` that the one process holds locked.
const LOCK_FILE: &str = "gateway.lock";

/// What the lock beside a database file is called: the file's own name and this.
const LOCK_SUFFIX: &str = ".lock";

/// What a process holds of an embedded database, until it ends.
#[derive(Debug)]
pub struct Lock {
    _directory: File,
    _database: File,
}

/// Keeps other processes from an embedded database until this one ends: from its keys and, whatever directory they are
/// started with, from its file. Null for PostgreSQL, which several may share.
///
/// # Errors
/// When another process has either, with its number where it is known.
pub fn lock(config: &Config) -> Result<Option<Lock>, OpenError> {
    create_directory(&config.data_dir)?;
    let Some(file) = config.database_url.file() else { return Ok(None) };
    if let Some(parent) = file.parent() {
        create_directory(parent)?;
    }
    keep_private(file)?;
    let of_directory = lock_directory(config)?;
    // Other names of the same file lead to the same lock.
    let file = file.canonicalize().map_err(|source| unusable(file, source))?;
    let mut name = file.clone().into_os_string();
    name.push(LOCK_SUFFIX);
    Ok(Some(Lock { _directory: of_directory, _database: hold(&PathBuf::from(name), "the database file", &file)? }))
}

/// Keeps other processes on an embedded database from `DATA_DIR` alone: for whoever puts a database there, where none is yet.
///
/// # Errors
/// When another process has it.
pub fn lock_directory(config: &Config) -> Result<File, OpenError> {
    let directory = &config.data_dir;
    create_directory(directory)?;
    hold(&directory.join(LOCK_FILE), "DATA_DIR", directory)
}

/// Locks a file and writes this process's number into it; `what` and `of` say what it stands for.
fn hold(path: &Path, what: &str, of: &Path) -> Result<File, OpenError> {
    let opened = File::options().create(true).truncate(false).read(true).write(true).open(path);
    let mut file = opened.map_err(|source| unusable(path, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let process = holder(&mut file).map_or_else(String::new, |number| format!(" (process {number})"));
            return Err(OpenError::Locked(format!("{what} `{}`{process}", of.display())));
        }
        Err(TryLockError::Error(source)) => return Err(unusable(path, source)),
    }
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}", process::id()));
    written.map_err(|source| unusable(path, source))?;
    Ok(file)
}

/// Number of the process that wrote it last.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn unusable(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::DataDirectory { directory: path.display().to_string(), source }
}
