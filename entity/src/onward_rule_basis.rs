//! Provision an onward rule rests on.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementBasisId, OnwardRuleBasisId, OnwardRuleId};

/// Provision an onward rule rests on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "onward_rule_basis")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OnwardRuleBasisId,
    /// Rule.
    pub onward_rule_id: OnwardRuleId,
    /// Basis of the same agreement.
    pub agreement_basis_id: AgreementBasisId,
}

impl ActiveModelBehavior for ActiveModel {}
