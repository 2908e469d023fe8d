//! What makes a repeated message one row.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{DisclosureId, Instant, OrganisationId};

/// What makes a repeated message one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "disclosure_key")]
pub struct Model {
    /// Discloser.
    #[sea_orm(primary_key, auto_increment = false)]
    pub discloser_id: OrganisationId,
    /// SHA-256 of message id and part.
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_hash: Vec<u8>,
    /// Row it was recorded as.
    pub disclosure_id: DisclosureId,
    /// Partition of that row.
    pub recorded_at: Instant,
    /// HMAC of the normalised input under the row salt.
    pub content_hash: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
