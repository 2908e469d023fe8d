//! Keys from the command line.

use clap::Subcommand;

use super::{CliError, say};
use crate::{app, clock::Clock, config::Config};

/// What to do about the keys.
#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// Add a version of the pseudonym key; older ones stay for look-ups.
    Rotate,
}

pub(super) async fn execute(config: &Config, command: &KeysCommand) -> Result<(), CliError> {
    match command {
        KeysCommand::Rotate => {
            let made = app::rotate_pseudonym_key(config, &Clock::default()).await?;
            say(format!("`{}` made, fingerprint {}", made.file(), made.fingerprint))?;
            say("copy it into the DATA_DIR of every other process of this database, then start each again")
        }
    }
}
