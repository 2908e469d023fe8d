//! The last checkpoint this process has shown, kept in `DATA_DIR`: a database restored from an older backup does not know
//! it, and must not be signed as if it had never been.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::checkpoint::{Checkpoint, NoteFault, Publisher, verified};
use crate::Error;

/// File in `DATA_DIR`.
pub const FILE: &str = "log-checkpoint";

/// Why the kept checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptFault {
    /// It cannot be read.
    #[error("`{file}` cannot be read: {source}")]
    File {
        /// File.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// It is not of this log.
    #[error("`{file}`: {source}; restore the file that belongs to this database and its keys")]
    Note {
        /// File.
        file: String,
        /// Why.
        source: NoteFault,
    },
}

/// Size and root of the checkpoint kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries of the tree.
    pub size: i64,
    /// Root hash.
    pub root: [u8; 32],
}

/// Checkpoint kept in a data directory; none where none was shown.
///
/// # Errors
/// When the file cannot be read or is not of the publisher's log.
pub fn kept(data_dir: &Path, publisher: &Publisher) -> Result<Option<Head>, KeptFault> {
    Ok(Kept::open(data_dir, publisher)?.head())
}

#[derive(Clone)]
pub(super) struct Kept {
    path: PathBuf,
    verifier_key: String,
    head: Arc<Mutex<Option<Head>>>,
}

impl Kept {
    /// What was kept, if anything was.
    pub(super) fn open(data_dir: &Path, publisher: &Publisher) -> Result<Self, KeptFault> {
        let (path, verifier_key) = (data_dir.join(FILE), publisher.verifier_key().to_owned());
        let file = || path.display().to_string();
        let head = match fs::read(&path) {
            Ok(note) => {
                let found = verified(&verifier_key, &note);
                let (size, root) = found.map_err(|source| KeptFault::Note { file: file(), source })?;
                Some(Head { size, root })
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(KeptFault::File { file: file(), source }),
        };
        Ok(Self { path, verifier_key, head: Arc::new(Mutex::new(head)) })
    }

    /// What is kept.
    pub(super) fn head(&self) -> Option<Head> {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a checkpoint; when this returns, it survives a crash.
    pub(super) async fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let (kept, note) = (self.clone(), checkpoint.note.clone());
        let head = Head { size: checkpoint.size, root: checkpoint.root };
        let written = tokio::task::spawn_blocking(move || {
            kept.write(head.size, note.as_bytes())?;
            *kept.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
            Ok::<(), io::Error>(())
        });
        let written = written.await.map_err(|error| Error::internal(format!("keeping ended early: {error}")))?;
        written.map_err(|error| Error::internal(format!("the checkpoint cannot be kept in DATA_DIR: {error}")))
    }

    /// Replaces the file as a whole: it is the old one or the new one, whatever happens. Another process on the same
    /// directory may have kept a later checkpoint, which stays.
    fn write(&self, size: i64, note: &[u8]) -> io::Result<()> {
        let turn = File::create(self.path.with_extension("lock"))?;
        turn.lock()?;
        let standing = fs::read(&self.path).ok().and_then(|note| verified(&self.verifier_key, &note).ok());
        if standing.is_some_and(|(standing, _)| standing >= size) {
            return Ok(());
        }
        let staged = self.path.with_extension("new");
        let mut file = File::create(&staged)?;
        file.write_all(note)?;
        file.sync_all()?;
        fs::rename(&staged, &self.path)?;
        self.path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    }
}
