//! Way to the data other than an agreement (R36).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AlternativeKind, RegisterAlternativeId, RegisterId};

/// Way to the data other than an agreement (R36).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "register_alternative")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegisterAlternativeId,
    /// Register.
    pub register_id: RegisterId,
    /// Which way.
    pub kind: AlternativeKind,
    /// Instructions.
    pub guide_url: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
