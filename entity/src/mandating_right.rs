//! Organisation's right to grant mandates of one theme.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Day, Instant, MandateThemeId, MandatingRightId, MandatingRightStatus, OrganisationId};

/// Organisation's right to grant mandates of one theme.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "mandating_right")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MandatingRightId,
    /// Organisation.
    pub organisation_id: OrganisationId,
    /// Theme.
    pub mandate_theme_id: MandateThemeId,
    /// Reference of the application; one may cover several themes (R51).
    pub application: Option<String>,
    /// Where it stands.
    pub status: MandatingRightStatus,
    /// Day of the application.
    pub applied_on: Day,
    /// Day of the decision; null while applied for.
    pub decided_on: Option<Day>,
    /// Instant at which it ends; null when open-ended.
    pub valid_until: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}
