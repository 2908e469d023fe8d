//! Fingerprint of a key made with this database; the key itself never stands here.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::Instant;

/// Fingerprint of a key made with this database; the key itself never stands here.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "key_fingerprint")]
pub struct Model {
    /// Key name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Key version.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    /// SHA-256 of the public key or of the secret, hexadecimal.
    pub fingerprint: String,
    /// Instant it was made.
    pub created_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
