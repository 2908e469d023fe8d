//! The disclosure log, its statistics and its transparency tree.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// The disclosure log, its statistics and its transparency tree.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261122_000003_disclosures.sql")).await?;
        run_own(
            manager,
            include_str!("m20261122_000003_disclosures.postgres.sql"),
            include_str!("m20261122_000003_disclosures.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261122_000003_disclosures.down.sql")).await?;
        run_own(manager, "drop function disclosure_partition(date);", "").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
