//! Mandate theme an item requires of the end user.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{MandateThemeId, ScopeItemId, ScopeItemMandateId};

/// Mandate theme an item requires of the end user.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "scope_item_mandate")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScopeItemMandateId,
    /// Item.
    pub scope_item_id: ScopeItemId,
    /// Theme.
    pub mandate_theme_id: MandateThemeId,
}

impl ActiveModelBehavior for ActiveModel {}
