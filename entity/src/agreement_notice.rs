//! Notice a party gave of an agreement.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, AgreementNoticeId, Day, Instant, OrganisationId, TerminationReason};

/// Notice a party gave of an agreement.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agreement_notice")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgreementNoticeId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Party that gave it.
    pub given_by_id: OrganisationId,
    /// Why.
    pub reason: TerminationReason,
    /// The same in words.
    pub note: Option<String>,
    /// Instant it was given.
    pub given_at: Instant,
    /// Last day of the agreement it names; null where it ended at once.
    pub ends_on: Option<Day>,
}

impl ActiveModelBehavior for ActiveModel {}
