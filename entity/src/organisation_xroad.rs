//! Subsystem of an organisation on the data exchange layer.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{OrganisationId, OrganisationXroadId, XRoadId};

/// Subsystem of an organisation on the data exchange layer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "organisation_xroad")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganisationXroadId,
    /// Owner.
    pub organisation_id: OrganisationId,
    /// Instance, member class, member code and subsystem.
    pub xroad_id: XRoadId,
}

impl ActiveModelBehavior for ActiveModel {}
