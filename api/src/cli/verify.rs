//! Checking the house against its own record.

use super::CliError;
use crate::{app, config::Config, journal};

/// Facts loaded from the tables must equal facts replayed from the journal.
pub(super) async fn verify(config: Config) -> Result<(), CliError> {
    let database = app::connect_to_existing(&config).await?;
    let loaded = journal::load(&database).await?;
    let replayed = journal::replay(database.primary()).await?;
    if loaded.seq < replayed.seq {
        return Err(CliError::Said("the journal grew while it was read; verify again".to_owned()));
    }
    let differing = loaded.tables().differing(replayed.tables());
    if differing.is_empty() {
        let rows = loaded.tables().rows().count();
        return super::say(format!("facts: the tables equal the journal, {rows} rows at change {}", loaded.seq));
    }
    Err(CliError::Said(format!("facts: tables and journal differ in {}", differing.join(", "))))
}
