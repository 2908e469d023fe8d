//! Provision an item rests on.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementBasisId, ScopeItemBasisId, ScopeItemId};

/// Provision an item rests on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "scope_item_basis")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScopeItemBasisId,
    /// Item.
    pub scope_item_id: ScopeItemId,
    /// Basis of the same agreement.
    pub agreement_basis_id: AgreementBasisId,
}

impl ActiveModelBehavior for ActiveModel {}
