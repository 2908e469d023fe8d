//! Where each cell of the statistics rounds up for statisticians.

use sea_orm_migration::prelude::*;

use crate::sql::run;

/// Where each cell of the statistics rounds up for statisticians.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000007_rounding.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "alter table tally drop column rounds_above;").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
