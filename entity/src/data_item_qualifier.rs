//! Value by which the items of a register may be narrowed, such as a benefit.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{DataItemQualifierId, RegisterId};

/// Value by which the items of a register may be narrowed, such as a benefit.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "data_item_qualifier")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DataItemQualifierId,
    /// Register whose closed list it belongs to.
    pub register_id: RegisterId,
    /// Segment after the at sign.
    pub code: String,
    /// Finnish name.
    pub name_fi: String,
    /// Swedish name.
    pub name_sv: Option<String>,
    /// English name.
    pub name_en: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
