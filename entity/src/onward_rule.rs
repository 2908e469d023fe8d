//! The only way data may travel on (R27–R30).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, Instant, OnwardRecipientKind, OnwardRuleId, PurposeId, Threshold};

/// The only way data may travel on (R27–R30).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "onward_rule")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OnwardRuleId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// To whom.
    pub recipient_kind: OnwardRecipientKind,
    /// For what.
    pub purpose_id: PurposeId,
    /// Needed or necessary; null when the law sets none.
    pub threshold: Option<Threshold>,
    /// Instant from which it holds.
    pub valid_from: Instant,
    /// Instant at which it ended.
    pub valid_until: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}
