//! Unusual retrieval found on the write path (906/2019 23 § 2 mom).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AnomalyId, Instant, ScopeId};

/// Unusual retrieval found on the write path (906/2019 23 § 2 mom).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "anomaly")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AnomalyId,
    /// Rule.
    pub rule: String,
    /// Scope.
    pub scope_id: ScopeId,
    /// Start of the window.
    pub window_from: Instant,
    /// End of the window.
    pub window_until: Instant,
    /// What was seen.
    pub observed: i64,
    /// What the rule allows.
    pub expected: i64,
    /// Instant of detection.
    pub detected_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
