//! Guards: what may never change, what may change only so, what must stand by the end of a transaction.

use sea_orm_migration::prelude::*;

use crate::sql::run_own;

/// Guards: what may never change, what may change only so, what must stand by the end of a transaction.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261122_000004_guards.postgres.sql"),
            include_str!("m20261122_000004_guards.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261122_000004_guards.down.postgres.sql"),
            include_str!("m20261122_000004_guards.down.sqlite.sql"),
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
