//! PostgreSQL's own tools, told by their environment where the database is: a password on a command line is everybody's.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use percent_encoding::percent_decode_str;
use reqwest::Url;
use sqlx::{Connection, PgConnection, Row};

use super::{BackupError, Position};
use crate::{
    config::{Config, DatabaseUrl},
    database::find_primary,
    keys::Fingerprint,
};

/// Parameters of an address by every name the driver knows, and the variables the tools read them from.
const PARAMETERS: [(&str, &str); 20] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("sslmode", "PGSSLMODE"),
    ("ssl-mode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("ssl-root-cert", "PGSSLROOTCERT"),
    ("ssl-ca", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("ssl-cert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("ssl-key", "PGSSLKEY"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("gssencmode", "PGGSSENCMODE"),
];

/// Parameters that mean nothing to the tools.
const IRRELEVANT: [&str; 2] = ["statement-cache-capacity", "target_session_attrs"];

/// Dumps the database as it is now; where it stood, and the keys it was made with.
pub(super) async fn dump(config: &Config, to: &Path) -> Result<(Position, Vec<Fingerprint>), BackupError> {
    let (url, mut connection) = primary(config).await?;
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
    let mut tool = tool("pg_dump", &url)?;
    tool.args(["--format=custom", "--no-password", "--snapshot"]).arg(snapshot).arg("--file").arg(to);
    run(tool).await?;
    same.rollback().await?;
    connection.close().await?;
    Ok((Position { seq, entries }, keys))
}

/// Whether no table stands in the database.
pub(super) async fn is_empty(config: &Config) -> Result<bool, BackupError> {
    let (_, mut connection) = primary(config).await?;
    let sql = "select not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace \
               where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') \
               and n.nspname not like 'pg\\_%')";
    let is_empty = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(is_empty)
}

/// Fills an empty database from a dump: all of it, or nothing. Owners and rights are not of the backup, for their roles need
/// not stand here: whoever fills it owns it, and `grants.sql` gives the rights.
pub(super) async fn fill(config: &Config, from: &Path) -> Result<(), BackupError> {
    let (url, connection) = primary(config).await?;
    connection.close().await?;
    let mut tool = tool("pg_restore", &url)?;
    let database = environment(&url)?.into_iter().find(|(name, _)| *name == "PGDATABASE");
    let database = database.map(|(_, value)| value).ok_or(BackupError::Said("DATABASE_URL names no database"))?;
    tool.args([
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        "--dbname",
    ]);
    tool.arg(database).arg(from);
    run(tool).await
}

/// Where a database stands.
pub(super) async fn position(config: &Config) -> Result<Position, BackupError> {
    let (_, mut connection) = primary(config).await?;
    let seq = sqlx::query_scalar("select coalesce(max(seq), 0) from change").fetch_one(&mut connection).await?;
    let entries = sqlx::query_scalar("select size from log_tree").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(Position { seq, entries })
}

/// The one server among the hosts of `DATABASE_URL` that takes writes: a standby may be behind it.
async fn primary(config: &Config) -> Result<(DatabaseUrl, PgConnection), BackupError> {
    let found = find_primary(&config.database_url, config.connecting).await;
    found.map_err(|error| BackupError::NoPrimary(error.to_string()))
}

fn tool(name: &'static str, url: &DatabaseUrl) -> Result<Command, BackupError> {
    let mut tool = Command::new(name);
    tool.envs(environment(url)?).stdin(Stdio::null());
    Ok(tool)
}

/// Variables by which the tools of PostgreSQL find the database of an address of one host.
///
/// # Errors
/// When it has a parameter they cannot be told: what is left out might be what keeps the connection safe.
fn environment(url: &DatabaseUrl) -> Result<Vec<(&'static str, String)>, BackupError> {
    let url: Url = url.expose().parse().map_err(|_| BackupError::Said("DATABASE_URL is no address"))?;
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut found: Vec<(&'static str, String)> = Vec::new();
    // As the driver does it: of a name that is said twice the last counts.
    let mut say = |name, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            found.retain(|(known, _)| *known != name);
            found.push((name, value));
        }
    };
    say("PGHOST", url.host_str().map(|host| plain(host.trim_matches(['[', ']']))));
    say("PGPORT", url.port().map(|port| port.to_string()));
    say("PGUSER", Some(plain(url.username())));
    say("PGPASSWORD", url.password().map(plain));
    say("PGDATABASE", Some(plain(url.path().trim_start_matches('/'))));
    let mut options = Vec::new();
    for (name, value) in url.query_pairs() {
        let known = PARAMETERS.iter().find(|(parameter, _)| *parameter == name).map(|(_, variable)| *variable);
        match known {
            // The driver takes a certificate or key itself too; the tools only its file.
            Some(_) if value.contains("-----BEGIN") => return Err(BackupError::Parameter(name.into_owned())),
            Some("PGOPTIONS") => options.push(value.into_owned()),
            Some("PGSSLMODE") => say("PGSSLMODE", Some(value.to_ascii_lowercase())),
            Some(variable) => say(variable, Some(value.into_owned())),
            None => match name.strip_prefix("options[").and_then(|name| name.strip_suffix(']')) {
                Some(option) => options.push(format!("-c {}", escaped(&format!("{option}={value}")))),
                None if IRRELEVANT.contains(&&*name) => {}
                None => return Err(BackupError::Parameter(name.into_owned())),
            },
        }
    }
    say("PGOPTIONS", Some(options.join(" ")));
    Ok(found)
}

/// One word of `PGOPTIONS`.
fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\").replace(' ', "\\ ")
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

    #[test]
    fn tools_are_told_every_parameter_by_any_name_or_the_backup_is_refused() {
        let of = |parameters: &str| {
            let url = format!("postgres://g@db/log?{parameters}");
            environment(&DatabaseUrl::parse(&url).expect("address"))
        };
        let said = |parameters: &str| {
            let all = of(parameters).expect("environment");
            all.into_iter().skip(3).map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        for (parameter, variable) in [
            ("sslmode=Verify-Full", "PGSSLMODE=verify-full"),
            ("ssl-mode=verify-full", "PGSSLMODE=verify-full"),
            ("sslrootcert=/ca", "PGSSLROOTCERT=/ca"),
            ("ssl-root-cert=/ca", "PGSSLROOTCERT=/ca"),
            ("ssl-ca=/ca", "PGSSLROOTCERT=/ca"),
            ("sslcert=/c", "PGSSLCERT=/c"),
            ("ssl-cert=/c", "PGSSLCERT=/c"),
            ("sslkey=/k", "PGSSLKEY=/k"),
            ("ssl-key=/k", "PGSSLKEY=/k"),
            ("hostaddr=10.0.0.7", "PGHOSTADDR=10.0.0.7"),
            ("application_name=x", "PGAPPNAME=x"),
            ("sslmode=disable&ssl-mode=require", "PGSSLMODE=require"),
            ("options=-c%20a%3D1&options[b]=2%203", "PGOPTIONS=-c a=1 -c b=2\\ 3"),
        ] {
            assert_eq!(said(parameter), [variable], "{parameter}");
        }
        assert_eq!(said("statement-cache-capacity=7&target_session_attrs=read-write"), [""; 0]);
        for (parameter, name) in [
            ("ssl_min_protocol_version=TLSv1.3", "ssl_min_protocol_version"),
            ("sslcrl=/crl", "sslcrl"),
            ("sslrootcert=-----BEGIN%20CERTIFICATE-----", "sslrootcert"),
        ] {
            assert!(matches!(of(parameter), Err(BackupError::Parameter(said)) if said == name), "{parameter}");
        }
    }

    #[test]
    fn last_word_of_an_address_counts() {
        let url = DatabaseUrl::parse("postgres://g@db/log?dbname=other&user=owner").expect("address");
        let all = environment(&url).expect("environment");
        assert_eq!(
            all.iter().filter(|(name, _)| *name == "PGDATABASE").collect::<Vec<_>>(),
            [&("PGDATABASE", "other".to_owned())]
        );
        assert!(all.contains(&("PGUSER", "owner".to_owned())), "{all:?}");
    }
}
