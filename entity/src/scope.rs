//! What may be disclosed over which channel, in one version.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    Admission, AgreementId, Channel, Day, ModeJustification, NecessityCheck, Regularity, ScopeId, ScopeStatus,
    SharedText,
};

/// What may be disclosed over which channel, in one version.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "scope")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScopeId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Channel.
    pub channel: Channel,
    /// Version within agreement and channel, from 1.
    pub version: i32,
    /// Recurring with fixed content, or ad hoc.
    pub regularity: Regularity,
    /// Last entry of its status history.
    pub status: ScopeStatus,
    /// How case-by-case need is ensured (906/2019 22 § 2 mom).
    pub necessity_check: NecessityCheck,
    /// Why another channel than the interface (906/2019 22 § 1 mom).
    pub mode_justification: Option<ModeJustification>,
    /// The same in words.
    pub mode_justification_text: Option<SharedText>,
    /// What admits an end user.
    pub admission: Admission,
    /// Version of the data-structure description it is pinned to.
    pub structure_version: Option<SharedText>,
    /// Day on which the content was defined; a prefix covers what existed then.
    pub defined_on: Day,
    /// Day on which opening is planned.
    pub planned_on: Option<Day>,
    /// Days after which the recipient must delete; null when not limited.
    pub retention_days: Option<i32>,
}

impl ActiveModelBehavior for ActiveModel {}
