//! `backup` and `restore`.

use std::path::PathBuf;

use super::CliError;
use crate::{
    app,
    backup::{self, BackupError, Manifest},
    clock::Clock,
    config::Config,
};

/// Where a backup is, or will be.
#[derive(clap::Args)]
pub(super) struct BackupArguments {
    /// Directory of the backup.
    directory: PathBuf,
}

impl From<BackupError> for CliError {
    fn from(error: BackupError) -> Self {
        Self::Said(error.to_string())
    }
}

/// Writes a backup, also while the gateway serves.
pub(super) async fn make(config: &Config, arguments: &BackupArguments) -> Result<(), CliError> {
    let manifest = backup::make(config, &arguments.directory, Clock::default().now()).await?;
    super::say(format!("backup: {} in `{}`", said(&manifest), arguments.directory.display()))
}

/// Puts a backup where nothing stands.
pub(super) async fn restore(config: &Config, arguments: &BackupArguments) -> Result<(), CliError> {
    let _lock = app::lock_directory(config)?;
    let restored = backup::restore(config, &arguments.directory).await?;
    super::say(format!("restored: {}", said(&restored.manifest)))?;
    if let Some(size) = restored.later_checkpoint {
        super::say(format!(
            "the checkpoint in DATA_DIR was shown later, over {size} entries, and stays: the log will not be signed; see \
             docs/operations.md, \"When the log contradicts what was signed\""
        ))?;
    }
    super::say("run `verify`, then start the gateway")
}

fn said(manifest: &Manifest) -> String {
    format!(
        "{} files, {} bytes, at change {} with {} entries of the log",
        manifest.files.len(),
        manifest.bytes(),
        manifest.position.seq,
        manifest.position.entries
    )
}
