//! Key files in `DATA_DIR`: readable by the process alone, whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{Fingerprint, KeysError};

/// Bytes of the largest key file read; a key takes under 200.
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

/// Characters of a fingerprint in the name of a staged file.
const STAGED_CHARACTERS: usize = 16;

pub(super) struct KeyFiles(PathBuf);

impl KeyFiles {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self(data_dir.to_owned())
    }

    /// Writes a key beside its final name, under a name of its own: no other start can take it away. One that an
    /// unfinished start left there belongs to no database.
    pub(super) fn stage(&self, key: &Fingerprint, content: &[u8]) -> Result<(), KeysError> {
        self.write(key, content).map_err(|source| failed(&key.file(), source))
    }

    /// Gives a staged key its final name; the same key that has it already stays.
    pub(super) fn keep(&self, key: &Fingerprint) -> Result<(), KeysError> {
        let file = key.file();
        let (staged, kept) = (self.staged(key), self.0.join(&file));
        if !kept.exists() {
            return fs::rename(staged, kept)
                .and_then(|()| File::open(&self.0)?.sync_all())
                .map_err(|source| failed(&file, source));
        }
        match read(&staged) {
            Ok(content) if read(&kept).is_ok_and(|kept| kept == content) => {
                fs::remove_file(staged).map_err(|source| failed(&file, source))
            }
            Ok(_) => Err(KeysError::Exists(file)),
            Err(_) => Ok(()),
        }
    }

    /// Content of a key, kept or still staged.
    pub(super) fn read(&self, key: &Fingerprint) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let file = key.file();
        let content = read(&self.0.join(&file)).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => read(&self.staged(key)),
            _ => Err(error),
        });
        content.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => KeysError::Missing(file),
            _ => failed(&file, source),
        })
    }

    /// Refuses to go on when the key stands there already.
    pub(super) fn refuse_existing(&self, file: &str) -> Result<(), KeysError> {
        let exists = self.0.join(file).try_exists().map_err(|source| failed(file, source))?;
        if exists { Err(KeysError::Exists(file.to_owned())) } else { Ok(()) }
    }

    fn write(&self, key: &Fingerprint, content: &[u8]) -> io::Result<()> {
        private_directory(&self.0)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.staged(key))?;
        file.write_all(content)?;
        file.sync_all()
    }

    fn staged(&self, key: &Fingerprint) -> PathBuf {
        let mark: String = key.fingerprint.chars().take(STAGED_CHARACTERS).collect();
        self.0.join(format!("{}.{mark}.new", key.file()))
    }
}

/// Makes a directory and those it stands in, where they do not stand, for the user alone that runs the process.
///
/// # Errors
/// When the file system refuses.
pub fn private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    if fs::metadata(path)?.len() > KEY_FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any key"));
    }
    fs::read(path).map(Zeroizing::new)
}

fn failed(file: &str, source: io::Error) -> KeysError {
    KeysError::File { file: file.to_owned(), source }
}
