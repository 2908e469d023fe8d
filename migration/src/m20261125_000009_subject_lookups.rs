//! Look-ups of one person's disclosures.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Look-ups of one person's disclosures.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261125_000009_subject_lookups.sql")).await?;
        run_own(
            manager,
            include_str!("m20261125_000009_subject_lookups.postgres.sql"),
            include_str!("m20261125_000009_subject_lookups.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "drop table subject_lookup;").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
