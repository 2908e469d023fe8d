//! What of an adoption step cannot be computed.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AdoptionPlanId, AdoptionStepCode, AgreementId, Day};

/// What of an adoption step cannot be computed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "adoption_plan")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AdoptionPlanId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Step.
    pub step: AdoptionStepCode,
    /// Agreed day.
    pub planned_on: Option<Day>,
    /// Day on which it was declared done.
    pub declared_on: Option<Day>,
    /// Subject claim of the declarer.
    pub declared_by: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
