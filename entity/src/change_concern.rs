//! What a change concerns beyond its own rows.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// What a change concerns beyond its own rows: an agreement, a protection statement or an organisation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "change_concern")]
pub struct Model {
    /// Agreement, protection statement or organisation.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
    /// Change.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
}

impl ActiveModelBehavior for ActiveModel {}
