//! Decision on one anomaly; the latest wins.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AnomalyDecisionId, AnomalyId, AnomalyVerdict, Instant};

/// Decision on one anomaly; the latest wins.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "anomaly_decision")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AnomalyDecisionId,
    /// Anomaly.
    pub anomaly_id: AnomalyId,
    /// Verdict.
    pub verdict: AnomalyVerdict,
    /// Instant of the decision.
    pub decided_at: Instant,
    /// Subject claim of the decider.
    pub actor: String,
    /// Reason.
    pub reason: String,
}

impl ActiveModelBehavior for ActiveModel {}
