//! Files of a backup: readable by their owner alone, whole on disk before anybody is told of them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use entity::vocabulary::hex;

use super::{BackupError, manifest::Listed};

/// Bytes read at once.
const PIECE_BYTES: usize = 1 << 20;

/// Bytes of the largest small file: keys, checkpoint, manifest.
const SMALL_BYTES_MAX: u64 = 1 << 20;

/// What went wrong with a file.
pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.display().to_string();
    move |source| BackupError::File { path, source }
}

/// Makes a directory that does not stand yet, for its owner alone.
pub(super) fn make_directory(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new().mode(0o700).create(path).map_err(failed(path))
}

/// Makes a file that does not stand yet, for its owner alone.
pub(super) fn create(path: &Path) -> Result<File, BackupError> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed(path))
}

/// Writes a file whole.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), BackupError> {
    let mut file = create(path)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed(path))
}

/// Content of a small file; none where it does not stand.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, BackupError> {
    let content = fs::metadata(path).and_then(|found| match found.len() {
        0..=SMALL_BYTES_MAX => fs::read(path),
        _ => Err(io::ErrorKind::FileTooLarge.into()),
    });
    match content {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(failed(path)(source)),
    }
}

/// Copies a file, whatever its size, to where none stands; what it holds.
pub(super) fn copy(from: &Path, to: &Path) -> Result<Listed, BackupError> {
    let mut target = create(to)?;
    let listed = pass(from, |piece| target.write_all(piece).map_err(failed(to)))?;
    target.sync_all().map_err(failed(to))?;
    Ok(listed)
}

/// What a file holds, once all of it is on disk.
pub(super) fn listed(path: &Path) -> Result<Listed, BackupError> {
    let listed = pass(path, |_| Ok(()))?;
    File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))?;
    Ok(listed)
}

fn pass(path: &Path, mut piece_of: impl FnMut(&[u8]) -> Result<(), BackupError>) -> Result<Listed, BackupError> {
    let mut file = File::open(path).map_err(failed(path))?;
    let (mut hash, mut bytes, mut piece) = (Context::new(&SHA256), 0, vec![0; PIECE_BYTES]);
    loop {
        let read = file.read(&mut piece).map_err(failed(path))?;
        let Some(piece) = piece.get(..read).filter(|piece| !piece.is_empty()) else { break };
        hash.update(piece);
        piece_of(piece)?;
        bytes += read as u64;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Listed { name, bytes, sha256: hex(hash.finish().as_ref()) })
}

/// Gives what was written, and is on disk, its place as a whole.
pub(super) fn publish(staged: &Path, path: &Path) -> Result<(), BackupError> {
    sync(staged)?;
    fs::rename(staged, path).map_err(failed(path))?;
    sync(&parent(path))
}

/// What a directory lists survives a crash from here on.
pub(super) fn sync(directory: &Path) -> Result<(), BackupError> {
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed(directory))
}

/// Directory a path stands in.
pub(super) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
