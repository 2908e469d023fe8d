//! Anomalies by agreement, under the rules that find them, and the index that tells what was asked for when.

use sea_orm_migration::prelude::*;

use crate::sql::run;

/// Anomalies by agreement, under the rules that find them, and the index that tells what was asked for when.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000006_anomalies.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000006_anomalies.down.sql")).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
