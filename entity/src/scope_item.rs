//! One item of a scope.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{ItemCode, Operation, Population, ScopeId, ScopeItemId};

/// One item of a scope.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "scope_item")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScopeItemId,
    /// Scope.
    pub scope_id: ScopeId,
    /// Item, with a qualifier where the right is narrower.
    pub item_code: ItemCode,
    /// Operation.
    pub operation: Operation,
    /// How far back data may be given, in days; null when not limited.
    pub look_back_days: Option<i32>,
    /// Whose data.
    pub population: Population,
}

impl ActiveModelBehavior for ActiveModel {}
