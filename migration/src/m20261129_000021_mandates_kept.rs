//! What a disclosure's end user was mandated for, kept so that its decision can be made again.

use sea_orm_migration::prelude::*;

use crate::sql::run;

/// What a disclosure's end user was mandated for, kept so that its decision can be made again.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261129_000021_mandates_kept.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "alter table disclosure drop column mandates;").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
