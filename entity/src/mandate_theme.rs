//! Suomi.fi mandate theme: the matter an employee is mandated for.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{MandateThemeId, MandateThemeStatus, OrganisationId};

/// Suomi.fi mandate theme: the matter an employee is mandated for.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "mandate_theme")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MandateThemeId,
    /// Stable code.
    pub code: String,
    /// Theme URI; null until the mandate register has given one.
    pub uri: Option<String>,
    /// Finnish name.
    pub name_fi: String,
    /// Swedish name.
    pub name_sv: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// Where its definition stands.
    pub status: MandateThemeStatus,
    /// Body that keeps the mandate register.
    pub owner_id: Option<OrganisationId>,
}

impl ActiveModelBehavior for ActiveModel {}
