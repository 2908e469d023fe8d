//! After-image of one row a change wrote.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// After-image of one row a change wrote.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "change_row")]
pub struct Model {
    /// Change.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Position within the change, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    /// Table.
    pub table_name: String,
    /// Row.
    pub row_id: Uuid,
    /// Version of the image's shape; older shapes are read by upcasts.
    pub shape: i32,
    /// Row as JSON; null when the row was removed.
    pub image: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
