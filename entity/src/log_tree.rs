//! The one transparency tree: its size and the last instant given out.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::Instant;

/// The one transparency tree: its size and the last instant given out.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "log_tree")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Number of leaves.
    pub size: i64,
    /// Last recorded instant.
    pub recorded_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
