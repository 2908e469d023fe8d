//! A second lock on the log, and what a role that is not the owner needs to live with it.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// A second lock on the log, and what a role that is not the owner needs to live with it.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261129_000020_row_security.sql")).await?;
        run_own(manager, include_str!("m20261129_000020_row_security.postgres.sql"), "").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "drop table schema_floor;").await?;
        run_own(manager, include_str!("m20261129_000020_row_security.down.postgres.sql"), "").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
