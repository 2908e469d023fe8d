//! What disclosed data is used for.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::PurposeId;

/// What disclosed data is used for.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "purpose")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PurposeId,
    /// Stable code.
    pub code: String,
    /// Finnish name.
    pub name_fi: String,
    /// Swedish name.
    pub name_sv: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// Term of the Data Privacy Vocabulary.
    pub dpv_iri: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
