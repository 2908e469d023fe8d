//! Filling an empty registry with a generated world of any size: what import and recording do, at their full speed.

use entity::disclosure;
use futures::FutureExt;
use sea_orm::{EntityTrait, PaginatorTrait};
use tokio::task::JoinSet;

use super::seed::{ImportError, changes, import};
use crate::{
    Error,
    config::{Config, Seed},
    context::Gateway,
    database::Reader,
    disclosure::{RECORD_ROWS_MAX, Recorder},
    facts::Edit,
    journal::Author,
    scale::{self, Calls, Size},
    world,
};

/// Disclosures of one transaction: nobody waits for one of them, and SQLite flushes an index page of many rows once.
const BATCH_ROWS: usize = 4_000;

/// Calls prepared at once: enough for the processors to be busy while the writer writes two batches, few enough for the
/// memory to stay the same whatever the number of disclosures.
const CALLS: usize = 3 * BATCH_ROWS / RECORD_ROWS_MAX;

/// Author of what is generated.
const AUTHOR: &str = "scale";

/// Why a generated world was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScaleError {
    /// Something stands there already.
    #[error(
        "the registry is not empty: {changes} changes and {disclosures} disclosures stand; a generated world needs a new \
         database and does not go on where another was cut short"
    )]
    NotEmpty {
        /// Changes of the journal.
        changes: i64,
        /// Disclosures of the log.
        disclosures: u64,
    },
    /// The registry could not be written.
    #[error("{0}")]
    Registry(#[from] ImportError),
    /// The disclosures could not be written to the end.
    #[error("{}", .0)]
    Disclosures(#[from] Error),
}

/// Size of a generated world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Its registry.
    pub size: Size,
    /// Its log.
    pub disclosures: u64,
}

/// Settings a gateway is opened with to be filled: on nothing, and in large batches.
pub fn to_be_filled(mut config: Config) -> Config {
    config.seed = Some(Seed::None);
    config.limits.record_batch_max = BATCH_ROWS;
    config.limits.record_queue_max = config.limits.record_queue_max.max(CALLS * RECORD_ROWS_MAX);
    config
}

/// Writes a generated world: the sample world's registry without its disclosures, organisations and agreements of the
/// size wanted, and the disclosures, through the recorder like anybody's. `told` hears how many stand so far.
///
/// # Errors
/// When anything stands there already; when the database does not take it, and then what was recorded stands.
pub async fn scale(
    gateway: &Gateway,
    recorder: &Recorder,
    scale: Scale,
    mut told: impl FnMut(u64),
) -> Result<(), ScaleError> {
    ensure_empty(gateway).await?;
    import(gateway, recorder, &world::sample_registry(), "seed").await?;
    registry(gateway, scale::rows(&gateway.journal.facts(), scale.size)?).await?;
    told(0);
    let (mut calls, mut under_way, mut stand) = (Calls::new(scale.size, scale.disclosures), JoinSet::new(), 0);
    loop {
        let call = calls.take_next()?;
        if under_way.len() >= CALLS || call.is_none() {
            let Some(done) = under_way.join_next().await else { break };
            let answered: Result<u64, Error> =
                done.map_err(|error| Error::internal(format!("a call ended early: {error}")))?;
            stand += answered?;
            told(stand);
        }
        if let Some(call) = call {
            let facts = gateway.journal.facts();
            let discloser = facts.organisation_of(&call.discloser).ok_or_else(|| Error::internal("no discloser"))?.id;
            let recorder = recorder.clone();
            under_way.spawn(async move { Ok(recorder.record(discloser, call.drafts).await?.len() as u64) }.boxed());
        }
    }
    Ok(())
}

async fn ensure_empty(gateway: &Gateway) -> Result<(), ScaleError> {
    let changes = gateway.journal.facts().seq;
    let txn = gateway.database.primary_for(Reader::Log).await.map_err(Error::from)?;
    let disclosures = disclosure::Entity::find().count(&txn).await.map_err(Error::from)?;
    txn.commit().await.map_err(Error::from)?;
    if changes == 0 && disclosures == 0 { Ok(()) } else { Err(ScaleError::NotEmpty { changes, disclosures }) }
}

/// Writes registry rows in one transaction, as an import does: no agreement stands half-written between two.
async fn registry(gateway: &Gateway, rows: Vec<Edit>) -> Result<(), Error> {
    let author = Author { actor: AUTHOR.to_owned(), organisation: None };
    let changes = changes(rows, AUTHOR);
    gateway.journal.commit(author, move |_| Ok(changes)).await.map(drop)
}
