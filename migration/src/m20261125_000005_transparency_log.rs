//! Checkpoints of the transparency log, and the way from its tiles to their rows.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Checkpoints of the transparency log, and the way from its tiles to their rows.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000005_transparency_log.sql")).await?;
        run_own(
            manager,
            include_str!("m20261125_000005_transparency_log.postgres.sql"),
            include_str!("m20261125_000005_transparency_log.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "create index disclosure_leaf_index_idx on disclosure using brin (leaf_index);";
        run_own(manager, index, "").await?;
        run(manager, include_str!("m20261125_000005_transparency_log.down.sql")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
