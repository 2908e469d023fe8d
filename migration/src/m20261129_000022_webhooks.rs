//! Whom organisations have told of what happens, how far each has been told, and the order in which anomalies are raised.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Whom organisations have told of what happens, how far each has been told, and the order in which anomalies are raised.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261129_000022_webhooks.sql")).await?;
        run_own(
            manager,
            include_str!("m20261129_000022_webhooks.postgres.sql"),
            include_str!("m20261129_000022_webhooks.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261129_000022_webhooks.down.sql")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
