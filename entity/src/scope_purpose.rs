//! Purpose a scope serves.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{PurposeId, ScopeId, ScopePurposeId};

/// Purpose a scope serves.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "scope_purpose")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScopePurposeId,
    /// Scope.
    pub scope_id: ScopeId,
    /// Purpose.
    pub purpose_id: PurposeId,
}

impl ActiveModelBehavior for ActiveModel {}
