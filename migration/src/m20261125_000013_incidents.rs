//! When an incident became known, and when the supervisory authority was told of it.

use sea_orm_migration::prelude::*;

use crate::sql::run;

/// When an incident became known, and when the supervisory authority was told of it.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000013_incidents.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000013_incidents.down.sql")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
