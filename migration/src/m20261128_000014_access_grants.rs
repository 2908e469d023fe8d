//! When access was granted.

use sea_orm_migration::prelude::*;

use crate::sql::run;

/// When access was granted.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261128_000014_access_grants.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261128_000014_access_grants.down.sql")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
