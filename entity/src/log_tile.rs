//! Hashes of the tree, 256 a tile.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::Instant;

/// Hashes of the tree, 256 a tile.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "log_tile")]
pub struct Model {
    /// Level, 0 for leaves.
    #[sea_orm(primary_key, auto_increment = false)]
    pub level: i32,
    /// Position within the level.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tile: i64,
    /// 32-byte hashes, in order.
    pub hashes: Vec<u8>,
    /// Instant its first entry was recorded; null above the leaves.
    pub recorded_at: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}
