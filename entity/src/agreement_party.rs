//! Further party of an agreement.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, AgreementPartyId, OrganisationId, PartyRole};

/// Further party of an agreement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agreement_party")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgreementPartyId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Organisation.
    pub organisation_id: OrganisationId,
    /// Its role.
    pub role: PartyRole,
}

impl ActiveModelBehavior for ActiveModel {}
