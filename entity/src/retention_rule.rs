//! How long disclosure rows are kept.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{LegalBasisId, RegisterId, RetentionRuleId};

/// How long disclosure rows are kept.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "retention_rule")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RetentionRuleId,
    /// Register.
    pub register_id: RegisterId,
    /// Basis it applies to; null for all of the register.
    pub legal_basis_id: Option<LegalBasisId>,
    /// Years from the disclosure.
    pub years: i32,
    /// Law or decision that sets it.
    pub source: String,
}

impl ActiveModelBehavior for ActiveModel {}
