//! Set of codes that many disclosures share, stored once.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::InternedId;

/// Set of codes that many disclosures share, stored once.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "interned")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InternedId,
    /// Sorted members, separated by spaces.
    pub members: String,
}

impl ActiveModelBehavior for ActiveModel {}
