//! What was registered incomplete, and the draft made of it, may hold items without a provision; nothing further on may.

use sea_orm_migration::prelude::*;

use crate::sql::run_own;

/// What was registered incomplete, and the draft made of it, may hold items without a provision; nothing further on may.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261128_000015_bare_items.postgres.sql"),
            include_str!("m20261128_000015_bare_items.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261128_000015_bare_items.down.postgres.sql"),
            include_str!("m20261128_000015_bare_items.down.sqlite.sql"),
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
