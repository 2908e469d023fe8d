//! Decision to withhold one disclosure from its subject; the latest wins.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{DisclosureId, DisclosureWithholdingId, Instant, LegalBasisId};

/// Decision to withhold one disclosure from its subject; the latest wins.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "disclosure_withholding")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DisclosureWithholdingId,
    /// Disclosure.
    pub disclosure_id: DisclosureId,
    /// Instant at which it may be seen; null for never withheld again.
    pub withheld_until: Option<Instant>,
    /// Provision that allows withholding.
    pub legal_basis_id: LegalBasisId,
    /// Instant of the decision.
    pub decided_at: Instant,
    /// Reason.
    pub reason: String,
}

impl ActiveModelBehavior for ActiveModel {}
