//! PostgreSQL's own tools, told by their environment where the database is: a password on a command line is everybody's.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use percent_encoding::percent_decode_str;
use reqwest::Url;
use sqlx::{Connection, PgConnection, Row};

use super::{BackupError, Position};
use crate::{config::DatabaseUrl, keys::Fingerprint};

/// Parameters of an address that the tools know too, and the variables they read them from.
const PARAMETERS: [(&str, &str); 8] = [
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("application_name", "PGAPPNAME"),
];

/// Dumps the database as it is now; where it stood, and the keys it was made with.
pub(super) async fn dump(url: &DatabaseUrl, to: &Path) -> Result<(Position, Vec<Fingerprint>), BackupError> {
    let mut connection = PgConnection::connect(url.expose()).await?;
    let mut same = connection.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only").execute(&mut *same).await?;
    let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *same).await?;
    let seq = sqlx::query_scalar("select coalesce(max(seq), 0) from change").fetch_one(&mut *same).await?;
    let entries = sqlx::query_scalar("select size from log_tree").fetch_one(&mut *same).await?;
    let keys = sqlx::query("select name, version, fingerprint from key_fingerprint").fetch_all(&mut *same).await?;
    let key = |row: &sqlx::postgres::PgRow| {
        Ok(Fingerprint { name: row.try_get(0)?, version: row.try_get(1)?, fingerprint: row.try_get(2)? })
    };
    let keys = keys.iter().map(key).collect::<Result<_, sqlx::Error>>()?;
    let mut tool = tool("pg_dump", url)?;
    tool.args(["--format=custom", "--no-password", "--snapshot"]).arg(snapshot).arg("--file").arg(to);
    run(tool).await?;
    same.rollback().await?;
    connection.close().await?;
    Ok((Position { seq, entries }, keys))
}

/// Whether no table stands in the database.
pub(super) async fn is_empty(url: &DatabaseUrl) -> Result<bool, BackupError> {
    let mut connection = PgConnection::connect(url.expose()).await?;
    let sql = "select not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace \
               where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') \
               and n.nspname not like 'pg\\_%')";
    let is_empty = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(is_empty)
}

/// Fills an empty database from a dump: all of it, or nothing.
pub(super) async fn fill(url: &DatabaseUrl, from: &Path) -> Result<(), BackupError> {
    let mut tool = tool("pg_restore", url)?;
    let database = environment(url)?.into_iter().find(|(name, _)| *name == "PGDATABASE");
    let database = database.map(|(_, value)| value).ok_or(BackupError::Said("DATABASE_URL names no database"))?;
    tool.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-password", "--dbname"]);
    tool.arg(database).arg(from);
    run(tool).await
}

/// Where a database stands.
pub(super) async fn position(url: &DatabaseUrl) -> Result<Position, BackupError> {
    let mut connection = PgConnection::connect(url.expose()).await?;
    let seq = sqlx::query_scalar("select coalesce(max(seq), 0) from change").fetch_one(&mut connection).await?;
    let entries = sqlx::query_scalar("select size from log_tree").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(Position { seq, entries })
}

fn tool(name: &'static str, url: &DatabaseUrl) -> Result<Command, BackupError> {
    let mut tool = Command::new(name);
    tool.envs(environment(url)?).stdin(Stdio::null());
    Ok(tool)
}

/// Variables by which the tools of PostgreSQL find the database of an address.
fn environment(url: &DatabaseUrl) -> Result<Vec<(&'static str, String)>, BackupError> {
    let url: Url = url.expose().parse().map_err(|_| BackupError::Said("DATABASE_URL is no address"))?;
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut found = Vec::new();
    let mut say =
        |name, value: Option<String>| found.extend(value.filter(|value| !value.is_empty()).map(|value| (name, value)));
    say("PGHOST", url.host_str().map(|host| plain(host.trim_matches(['[', ']']))));
    say("PGPORT", url.port().map(|port| port.to_string()));
    say("PGUSER", Some(plain(url.username())));
    say("PGPASSWORD", url.password().map(plain));
    say("PGDATABASE", Some(plain(url.path().trim_start_matches('/'))));
    for (name, value) in url.query_pairs() {
        let known = PARAMETERS.iter().find(|(parameter, _)| *parameter == name);
        if let Some((_, variable)) = known {
            say(variable, Some(value.into_owned()));
        }
    }
    Ok(found)
}

async fn run(mut tool: Command) -> Result<(), BackupError> {
    let name = tool.get_program().to_string_lossy().into_owned();
    let ended = tokio::task::spawn_blocking(move || tool.output()).await;
    let output = ended.map_err(|_| BackupError::Said("a tool of PostgreSQL was not waited for"))?;
    let output = output.map_err(|source| BackupError::Tool { name: name.clone(), said: source.to_string() })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(BackupError::Tool { name, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_told_where_the_database_is_and_the_password_only_by_their_environment() {
        let of = |text: &str| environment(&DatabaseUrl::parse(text).expect("address")).expect("environment");
        let owned = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        assert_eq!(
            of("postgres://gate%40way:hunt%2Fer2@db.example:5433/log?sslmode=verify-full&statement-cache-capacity=7"),
            owned(&[
                ("PGHOST", "db.example"),
                ("PGPORT", "5433"),
                ("PGUSER", "gate@way"),
                ("PGPASSWORD", "hunt/er2"),
                ("PGDATABASE", "log"),
                ("PGSSLMODE", "verify-full"),
            ])
        );
        assert_eq!(
            of("postgres://postgres@%2Frun%2Fpostgresql:5432/log"),
            owned(&[("PGHOST", "/run/postgresql"), ("PGPORT", "5432"), ("PGUSER", "postgres"), ("PGDATABASE", "log"),])
        );
    }
}
