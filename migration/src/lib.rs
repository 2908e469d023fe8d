//! Versioned schema of the gateway: tables, partitions and the guards the database itself holds.
//!
//! Each migration is a Rust file that names its steps and `.sql` files that say them; what only one engine can say
//! stands in `*.postgres.sql` or `*.sqlite.sql`. Migrations never import `entity`: they describe the past, entities the
//! present.

mod m20261122_000001_registry;
mod m20261122_000002_journal;
mod m20261122_000003_disclosures;
mod m20261122_000004_guards;
mod m20261125_000005_transparency_log;
mod m20261125_000006_anomalies;
mod m20261125_000007_rounding;
mod m20261125_000008_retention;
mod m20261125_000009_subject_lookups;
mod m20261125_000013_incidents;
mod m20261128_000014_access_grants;
mod m20261128_000015_bare_items;
mod m20261128_000016_endings;
mod m20261128_000017_notices;
mod m20261128_000018_inquiries;
mod m20261128_000019_change_concern;
mod m20261129_000020_row_security;
mod m20261129_000021_mandates_kept;
mod m20261129_000022_webhooks;
mod m20261130_000023_tally_by_day;
pub mod sql;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait,
};

use crate::sql::Engine;

/// Key of the advisory lock that lets one process migrate at a time: "disclosu" in ASCII.
const MIGRATION_LOCK_KEY: i64 = 0x6469_7363_6c6f_7375;

/// Every migration, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_registry::Migration),
            Box::new(m20261122_000002_journal::Migration),
            Box::new(m20261122_000003_disclosures::Migration),
            Box::new(m20261122_000004_guards::Migration),
            Box::new(m20261125_000005_transparency_log::Migration),
            Box::new(m20261125_000006_anomalies::Migration),
            Box::new(m20261125_000008_retention::Migration),
            Box::new(m20261125_000007_rounding::Migration),
            Box::new(m20261125_000009_subject_lookups::Migration),
            Box::new(m20261125_000013_incidents::Migration),
            Box::new(m20261128_000016_endings::Migration),
            Box::new(m20261128_000015_bare_items::Migration),
            Box::new(m20261128_000014_access_grants::Migration),
            Box::new(m20261128_000018_inquiries::Migration),
            Box::new(m20261128_000017_notices::Migration),
            Box::new(m20261128_000019_change_concern::Migration),
            Box::new(m20261129_000020_row_security::Migration),
            Box::new(m20261129_000021_mandates_kept::Migration),
            Box::new(m20261129_000022_webhooks::Migration),
            Box::new(m20261130_000023_tally_by_day::Migration),
        ]
    }
}

/// Applies what is pending, all or none. Processes that start at once wait for each other; the later find nothing to do.
/// A database that a newer gateway has migrated is left as it stands, where this one may work on it.
///
/// # Errors
///
/// When the database refuses, and nothing has changed then; when it is too new for this gateway.
pub async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin_alone(db).await?;
    if let Standing::Newer = standing(&transaction).await? {
        return transaction.rollback().await;
    }
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}

/// How a database stands to this gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// At this gateway's version.
    Current,
    /// New, or of an older version: migrations are pending.
    Older,
    /// Of a newer version that this gateway may work on, for nothing it uses is gone.
    Newer,
}

/// How a database stands to this gateway; writes nothing, so a read-only connection may ask.
///
/// # Errors
///
/// When the database cannot be read, or is too new for this gateway.
pub async fn standing(db: &impl ConnectionTrait) -> Result<Standing, DbErr> {
    let own: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = applied(db).await?;
    let unknown: Vec<&str> = applied.iter().filter(|name| !own.contains(name)).map(String::as_str).collect();
    if unknown.is_empty() {
        let is_current = own.iter().all(|name| applied.contains(name));
        return Ok(if is_current { Standing::Current } else { Standing::Older });
    }
    let floor = text(db, "select migration as name from schema_floor where id = 1").await?;
    let is_above = floor.iter().all(|floor| own.contains(floor)) && own.iter().all(|name| applied.contains(name));
    if is_above && !floor.is_empty() {
        return Ok(Standing::Newer);
    }
    Err(DbErr::Migration(format!(
        "the database was migrated by a newer gateway ({}); run that version, for this one cannot work on it",
        unknown.join(", ")
    )))
}

/// Names of the migrations a database has had; none of a new one.
async fn applied(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let table = match Engine::of(db.get_database_backend())? {
        Engine::Postgres => {
            "select table_name::text as name from information_schema.tables \
            where table_schema = any (current_schemas(false)) and table_name = 'seaql_migrations'"
        }
        Engine::Sqlite => "select name from sqlite_master where type = 'table' and name = 'seaql_migrations'",
    };
    if text(db, table).await?.is_empty() {
        return Ok(Vec::new());
    }
    text(db, "select version as name from seaql_migrations order by version").await
}

async fn text(db: &impl ConnectionTrait, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

/// Takes back every migration, all or none; the data goes with the tables.
///
/// # Errors
///
/// When the database refuses; nothing has changed then.
pub async fn down(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin_alone(db).await?;
    Migrator::down(&transaction, None).await?;
    transaction.commit().await
}

/// Transaction that no other migrating process shares. The lock belongs to the transaction, so it ends with it even when
/// the process dies or a pooler hands the session on. SQLite has one process only, guarded by a lock file.
async fn begin_alone(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let transaction = db.begin().await?;
    match Engine::of(transaction.get_database_backend())? {
        Engine::Postgres => {
            transaction.execute_unprepared(&format!("select pg_advisory_xact_lock({MIGRATION_LOCK_KEY})")).await?;
        }
        Engine::Sqlite => {}
    }
    Ok(transaction)
}
