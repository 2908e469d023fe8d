//! Source of data as offered for disclosure: a register, or the service over it.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Channel, Codes, OrganisationId, RegisterId};

/// Source of data as offered for disclosure: a register, or the service over it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "register")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegisterId,
    /// Stable code.
    pub code: String,
    /// Finnish name.
    pub name_fi: String,
    /// Swedish name.
    pub name_sv: Option<String>,
    /// English name.
    pub name_en: Option<String>,
    /// Controller, who alone discloses from it.
    pub controller_id: OrganisationId,
    /// Channels over which it is offered.
    pub channels: Codes<Channel>,
    /// Version of the data-structure description (906/2019 22 § 3 mom).
    pub structure_version: Option<String>,
    /// Where that description is published.
    pub structure_url: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
