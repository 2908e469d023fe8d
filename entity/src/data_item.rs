//! Node of a register's content.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{DataItemId, Instant, ItemCode, LegalBasisId, RegisterId};

/// Node of a register's content.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "data_item")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DataItemId,
    /// Register.
    pub register_id: RegisterId,
    /// Dotted code without qualifier.
    pub code: ItemCode,
    /// Finnish name.
    pub name_fi: String,
    /// Swedish name.
    pub name_sv: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// Whether it is personal data.
    pub is_personal: bool,
    /// Whether it is secret by law.
    pub is_secret: bool,
    /// Whether it holds personal identity codes; then covered only when named (1050/2018 29 §).
    pub is_identity_code: bool,
    /// Whether it belongs to a special category (GDPR article 9).
    pub special_category: bool,
    /// Whether anyone may have it.
    pub is_public: bool,
    /// Provision that makes it secret.
    pub secrecy_basis_id: Option<LegalBasisId>,
    /// Instant from which it exists; a prefix covers only items that existed when the scope was defined.
    pub valid_from: Instant,
    /// Instant at which it was retired.
    pub valid_until: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}
