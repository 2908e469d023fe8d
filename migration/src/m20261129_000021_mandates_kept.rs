//! What a disclosure's end user was mandated for, kept so that its decision can be made again.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// What a disclosure's end user was mandated for, kept so that its decision can be made again.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261129_000021_mandates_kept.sql")).await?;
        run_own(manager, "", include_str!("m20261129_000021_mandates_kept.sqlite.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            "alter table disclosure drop column mandates;",
            include_str!("m20261129_000021_mandates_kept.down.sqlite.sql"),
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
