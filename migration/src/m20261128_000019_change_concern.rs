//! Whom and what a change concerns, so that a history is found without reading the journal whole.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Whom and what a change concerns, so that a history is found without reading the journal whole.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261128_000019_change_concern.sql")).await?;
        run_own(
            manager,
            include_str!("m20261128_000019_change_concern.postgres.sql"),
            include_str!("m20261128_000019_change_concern.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261128_000019_change_concern.down.sql")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
