//! Checkpoint of the tree, as it was signed and shown.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::Instant;

/// Checkpoint of the tree, as it was signed and shown.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "log_checkpoint")]
pub struct Model {
    /// Entries of the tree.
    #[sea_orm(primary_key, auto_increment = false)]
    pub size: i64,
    /// Root hash.
    pub root: Vec<u8>,
    /// Signed note (C2SP tlog-checkpoint).
    pub note: String,
    /// Instant of signing.
    pub signed_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
