//! For whom rows of the log are read. PostgreSQL shows a role that is not the owner none before that was said, and of an
//! organisation's rows only those; what a query forgets to ask, the database still asks. SQLite has no such lock.

use entity::vocabulary::OrganisationId;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

/// Word for the whole log, as the policies of the database know it.
const LOG: &str = "LOG";

/// For whom rows of the log are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// The log itself: whoever records, audits, counts, watches, or shows one person what concerns it.
    Log,
    /// Organisations: what one of them gave or received.
    Organisations(&'a [OrganisationId]),
}

/// Says for whom the rest of a transaction reads.
///
/// # Errors
/// The engine's own when it does not answer.
pub async fn read_for(txn: &DatabaseTransaction, reader: Reader<'_>) -> Result<(), DbErr> {
    if txn.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let said = match reader {
        Reader::Log => LOG.to_owned(),
        Reader::Organisations(ids) => ids.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(","),
    };
    let sql = "select set_config('disclosure_gateway.reader', $1, true)";
    txn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [said.into()])).await?;
    Ok(())
}
