//! Endings: what has ended, and its parts, change no more, whoever asks the database.

use sea_orm_migration::prelude::*;

use crate::sql::run_own;

/// Endings: what has ended, and its parts, change no more, whoever asks the database.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261128_000016_endings.postgres.sql"),
            include_str!("m20261128_000016_endings.sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_own(
            manager,
            include_str!("m20261128_000016_endings.down.postgres.sql"),
            include_str!("m20261128_000016_endings.down.sqlite.sql"),
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
