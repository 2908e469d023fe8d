//! Tables of the registry: everything that is held in memory and journalled.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Tables of the registry: everything that is held in memory and journalled.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(manager, include_str!("m20261122_000001_registry.postgres.sql"), "").await?;
        run(manager, include_str!("m20261122_000001_registry.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261122_000001_registry.down.sql")).await?;
        run_own(manager, "drop function business_id_valid(text);", "").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
