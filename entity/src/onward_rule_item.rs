//! Item that may travel on.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{ItemCode, OnwardRuleId, OnwardRuleItemId};

/// Item that may travel on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "onward_rule_item")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OnwardRuleItemId,
    /// Rule.
    pub onward_rule_id: OnwardRuleId,
    /// Item.
    pub item_code: ItemCode,
}

impl ActiveModelBehavior for ActiveModel {}
