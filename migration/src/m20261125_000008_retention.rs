//! Months the log has dropped, and the one way in which rows of it go.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Months the log has dropped, and the one way in which rows of it go.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000008_retention.sql")).await?;
        run_own(
            manager,
            include_str!("m20261125_000008_retention.postgres.sql"),
            include_str!("m20261125_000008_retention.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261125_000008_retention.down.postgres.sql"),
            include_str!("m20261125_000008_retention.down.sqlite.sql"),
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
