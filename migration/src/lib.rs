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
pub mod sql;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseConnection, DatabaseTransaction, TransactionTrait};

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
        ]
    }
}

/// Applies what is pending, all or none. Processes that start at once wait for each other; the later find nothing to do.
///
/// # Errors
///
/// When the database refuses; nothing has changed then.
pub async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin_alone(db).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
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

/// Whether a migration is still to be applied; writes nothing, so a read-only connection may ask.
///
/// # Errors
///
/// When the database cannot be read, or was migrated by a newer gateway.
pub async fn pending(db: &DatabaseConnection) -> Result<bool, DbErr> {
    Ok(!Migrator::get_pending_migrations_read_only(db).await?.is_empty())
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
