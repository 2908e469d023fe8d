//! Key files in `DATA_DIR`: readable by the process alone, whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::KeysError;

/// Bytes of the largest key file read; a key takes under 200.
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;

pub(super) struct KeyFiles(PathBuf);

impl KeyFiles {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self(data_dir.to_owned())
    }

    /// Writes a key beside its final name; what an earlier, unfinished start left there belongs to no database.
    pub(super) fn stage(&self, file: &str, content: &[u8]) -> Result<(), KeysError> {
        self.write(file, content).map_err(|source| failed(file, source))
    }

    /// Gives a staged key its final name; a key that has it already stays.
    pub(super) fn keep(&self, file: &str) -> Result<(), KeysError> {
        if self.0.join(file).exists() {
            return Ok(());
        }
        fs::rename(self.staged(file), self.0.join(file))
            .and_then(|()| File::open(&self.0)?.sync_all())
            .map_err(|source| failed(file, source))
    }

    /// Content of a key, staged or kept.
    pub(super) fn read(&self, file: &str) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let content = read(&self.0.join(file)).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => read(&self.staged(file)),
            _ => Err(error),
        });
        content.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => KeysError::Missing(file.to_owned()),
            _ => failed(file, source),
        })
    }

    /// Refuses to go on when the key stands there already.
    pub(super) fn refuse_existing(&self, file: &str) -> Result<(), KeysError> {
        let exists = self.0.join(file).try_exists().map_err(|source| failed(file, source))?;
        if exists { Err(KeysError::Exists(file.to_owned())) } else { Ok(()) }
    }

    fn write(&self, file: &str, content: &[u8]) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let staged = self.staged(file);
        if staged.try_exists()? {
            fs::remove_file(&staged)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(staged)?;
        file.write_all(content)?;
        file.sync_all()
    }

    fn staged(&self, file: &str) -> PathBuf {
        self.0.join(format!("{file}.new"))
    }
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
