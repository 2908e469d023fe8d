//! Who gave notice of an agreement, why and until when.

use sea_orm_migration::prelude::*;

use crate::sql::{run, run_own};

/// Who gave notice of an agreement, why and until when.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, include_str!("m20261128_000017_notices.sql")).await?;
        run_own(
            manager,
            include_str!("m20261128_000017_notices.postgres.sql"),
            include_str!("m20261128_000017_notices.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, "drop table agreement_notice;").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
