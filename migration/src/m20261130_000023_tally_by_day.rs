//! Cells of the statistics lie by their period.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Cells of the statistics lie by their period.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261130_000023_tally_by_day.postgres.sql"),
            include_str!("m20261130_000023_tally_by_day.sqlite.sql"),
        )
        .await?;
        run(manager, "update schema_floor set migration = 'm20261130_000023_tally_by_day';").await
    }

    /// A step on the way that takes everything down: what the first bytes of the ids were is not kept, and the floor stays, so
    /// that no older gateway counts beside them.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
