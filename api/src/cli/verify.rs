//! Checking the house against its own record, and another's against its public key.

use std::{io::ErrorKind, path::PathBuf, sync::Arc};

use entity::agreement_version;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use super::CliError;
use crate::{
    app,
    config::Config,
    database::{Database, Reader, read_for},
    decision::is_intact,
    facts::Facts,
    journal,
    keys::Keys,
    retention::rules,
    statistics::recount::{Counts, Difference, Recount, recount},
    transparency_log::{self, Publisher, audit::Audit, outside},
};

/// What is to be verified.
#[derive(clap::Args)]
pub(super) struct VerifyArguments {
    /// Address of a gateway to check from outside; without it the database itself is checked.
    #[arg(long, requires = "key")]
    url: Option<String>,
    /// Verifier key of that gateway's log, as it was published.
    #[arg(long, requires = "url")]
    key: Option<String>,
    /// File of the checkpoint seen last: the log must continue it. It is written anew when all is proved.
    #[arg(long, requires = "url")]
    checkpoint: Option<PathBuf>,
}

/// Verifies a gateway from outside.
pub(super) async fn outside(arguments: &VerifyArguments) -> Result<bool, CliError> {
    let (Some(url), Some(key)) = (&arguments.url, &arguments.key) else { return Ok(false) };
    let failed = |path: &PathBuf, source| CliError::File { path: path.display().to_string(), source };
    let earlier = match &arguments.checkpoint {
        None => None,
        Some(path) => match std::fs::read_to_string(path) {
            Ok(note) => Some(note),
            Err(source) if source.kind() == ErrorKind::NotFound => None,
            Err(source) => return Err(failed(path, source)),
        },
    };
    let proved =
        outside::prove(url, key, earlier.as_deref()).await.map_err(|fault| CliError::Said(format!("log: {fault}")))?;
    if let Some(path) = &arguments.checkpoint {
        std::fs::write(path, &proved.note).map_err(|source| failed(path, source))?;
    }
    super::say(format!(
        "log: the signed tree of {} entries follows from its leaves; {} entries stand behind them, {} are no longer served",
        proved.size, proved.entries, proved.gone
    ))?;
    if earlier.is_some() {
        super::say("log: it continues the checkpoint seen before")?;
    }
    Ok(true)
}

/// Verifies the database: facts and log must follow from the rows.
pub(super) async fn verify(config: Config) -> Result<(), CliError> {
    let keys = app::open_keys(&config).await?;
    let database = app::connect_to_existing(&config).await?;
    let damage = storage(&database).await?;
    if !damage.is_empty() {
        return Err(CliError::Said(damage.join("\n")));
    }
    let mut faults = Box::pin(facts(&database)).await?;
    let snapshot = database.snapshot().await.map_err(crate::Error::from)?;
    read_for(&snapshot, Reader::Log).await.map_err(crate::Error::from)?;
    let registry = journal::load_within(&snapshot).await?;
    faults.extend(contents(&registry)?);
    faults.extend(log(&config, &snapshot, &registry, keys).await?);
    faults.extend(statistics(&snapshot, &registry).await?);
    if faults.is_empty() { Ok(()) } else { Err(CliError::Said(faults.join("\n"))) }
}

/// The file itself must be sound before anything read from it is believed. PostgreSQL has programs of its own for that.
async fn storage(database: &Database) -> Result<Vec<String>, CliError> {
    if !database.is_sqlite() {
        return Ok(Vec::new());
    }
    let asked = |sql: &str| Statement::from_string(DbBackend::Sqlite, sql);
    let read = |sql: &'static str| async move {
        database.primary().query_all_raw(asked(sql)).await.map_err(|error| CliError::Said(format!("storage: {error}")))
    };
    let mut faults = Vec::new();
    for row in read("pragma integrity_check").await? {
        let said: String = row.try_get_by_index(0).map_err(crate::Error::from)?;
        if said != "ok" {
            faults.push(format!("storage: {said}"));
        }
    }
    for row in read("pragma foreign_key_check").await? {
        let (table, parent): (String, String) = (
            row.try_get_by_index(0).map_err(crate::Error::from)?,
            row.try_get_by_index(2).map_err(crate::Error::from)?,
        );
        faults.push(format!("storage: a row of `{table}` refers to a row of `{parent}` that is not there"));
    }
    super::say(format!("storage: the file is checked, {} faults", faults.len()))?;
    Ok(faults)
}

/// Facts loaded from the tables must equal facts replayed from the journal.
async fn facts(database: &Database) -> Result<Vec<String>, CliError> {
    let loaded = journal::load(database).await?;
    let snapshot = database.snapshot().await.map_err(crate::Error::from)?;
    let replayed = journal::replay(&snapshot).await?;
    if loaded.seq < replayed.seq {
        return Err(CliError::Said("the journal grew while it was read; verify again".to_owned()));
    }
    let (differing, concerns) = journal::differing(&snapshot).await?;
    snapshot.commit().await.map_err(crate::Error::from)?;
    let mut faults: Vec<String> =
        differing.iter().map(|seq| format!("facts: what change {seq} concerns is not what its rows tell")).collect();
    super::say(format!("facts: {concerns} entries tell whom changes concern, {} changes differ", differing.len()))?;
    let differing = loaded.tables().differing(replayed.tables());
    if differing.is_empty() {
        let rows = loaded.tables().rows().count();
        super::say(format!("facts: the tables equal the journal, {rows} rows at change {}", loaded.seq))?;
        return Ok(faults);
    }
    faults.push(format!("facts: tables and journal differ in {}", differing.join(", ")));
    Ok(faults)
}

/// What was agreed must be what its hash says.
fn contents(facts: &Facts) -> Result<Vec<String>, CliError> {
    let altered: Vec<_> = facts.agreement_version.all().filter(|row| !is_intact(row)).collect();
    super::say(format!(
        "contents: {} versions of agreements, {} are not what their hash says",
        facts.agreement_version.len(),
        altered.len()
    ))?;
    let number = |id| facts.agreement.get(id).map_or("unknown", |row| row.number.as_str());
    let said = |row: &Arc<agreement_version::Model>| {
        format!("contents: version {} of {} is not what its hash says", row.version, number(row.agreement_id))
    };
    Ok(altered.into_iter().map(said).collect())
}

/// Entries must follow from their rows, and every checkpoint ever signed from the entries.
async fn log(
    config: &Config,
    snapshot: &DatabaseTransaction,
    facts: &Facts,
    keys: Keys,
) -> Result<Vec<String>, CliError> {
    let publisher = Publisher::new(keys.into());
    let kept =
        transparency_log::kept(&config.data_dir, &publisher).map_err(|fault| CliError::Said(fault.to_string()))?;
    let positions = rules::dropped_positions(facts);
    let Audit { entries, disclosures, changes, erased, dropped, checkpoints, mut faults } =
        transparency_log::audit::audit(snapshot, facts, &publisher, (kept, &positions)).await?;
    let told = rules::dropped_rows(facts);
    if dropped != told {
        faults.push(format!("{dropped} rows are gone where retention runs tell of {told}"));
    }
    super::say(format!(
        "log: {entries} entries, derived anew from {disclosures} disclosures and {changes} changes; {erased} erased, \
         {dropped} dropped; {checkpoints} checkpoints compared"
    ))?;
    Ok(faults.into_iter().map(|fault| format!("log: {fault}")).collect())
}

/// Every tally must be what the rows of the log come to.
async fn statistics(snapshot: &DatabaseTransaction, facts: &Facts) -> Result<Vec<String>, CliError> {
    let Recount { rows, cells, left_out, differing, named } = recount(snapshot, rules::provable_since(facts)).await?;
    super::say(format!(
        "statistics: {cells} cells counted anew from {rows} rows, {differing} differ; {left_out} older ones rest on rows that \
         were dropped"
    ))?;
    let said = |difference: &Difference| {
        let period = difference.period.map_or_else(|| "absent".to_owned(), |(grain, on)| format!("{grain} of {on}"));
        let Counts { disclosures, subject_count } = difference.counted;
        let tallied = difference.tallied.map_or(0, |tallied| tallied.disclosures);
        format!(
            "cell {} ({period}): {tallied} tallied, {disclosures} rows and {subject_count} subjects counted",
            difference.id
        )
    };
    Ok(named.iter().map(|difference| format!("statistics: {}", said(difference))).collect())
}
