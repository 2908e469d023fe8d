//! The embedded database, copied while the gateway writes: SQLite makes a whole new file of one state.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, Row,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use super::{BackupError, Position};
use crate::keys::Fingerprint;

/// How long SQLite is waited for where somebody holds the file.
const BUSY: Duration = Duration::from_secs(30);

/// Copies the database into a file that is empty. It reads one state throughout, as any reader does: whoever writes goes on.
pub(super) async fn copy(from: &Path, to: &Path) -> Result<(), BackupError> {
    let to = to.to_str().ok_or(BackupError::Said("the directory's name is no text"))?;
    let mut connection = open(from).await?;
    sqlx::query("vacuum into ?").bind(to).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Where a copy stands, and the keys it was made with.
///
/// # Errors
/// When SQLite finds it damaged.
pub(super) async fn examined(copy: &Path) -> Result<(Position, Vec<Fingerprint>), BackupError> {
    let mut connection = open(copy).await?;
    let found: String = sqlx::query_scalar("pragma integrity_check(1)").fetch_one(&mut connection).await?;
    if found != "ok" {
        return Err(BackupError::Said("SQLite finds the database damaged"));
    }
    let seq = sqlx::query_scalar("select coalesce(max(seq), 0) from change").fetch_one(&mut connection).await?;
    let entries = sqlx::query_scalar("select size from log_tree").fetch_one(&mut connection).await?;
    let keys = sqlx::query("select name, version, fingerprint from key_fingerprint").fetch_all(&mut connection).await?;
    let key = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Fingerprint { name: row.try_get(0)?, version: row.try_get(1)?, fingerprint: row.try_get(2)? })
    };
    let keys = keys.iter().map(key).collect::<Result<_, sqlx::Error>>()?;
    connection.close().await?;
    Ok((Position { seq, entries }, keys))
}

async fn open(file: &Path) -> Result<SqliteConnection, BackupError> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(BUSY);
    Ok(SqliteConnection::connect_with(&options).await?)
}
