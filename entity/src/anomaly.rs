//! Unusual retrieval found in the log (906/2019 23 § 2 mom).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, AnomalyId, AnomalyRule, Instant, ScopeId};

/// Unusual retrieval found in the log (906/2019 23 § 2 mom). Whose retrieval it was is not kept here: the log says it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "anomaly")]
pub struct Model {
    /// Identifier, made of the rule, of what it looked at and of the day, so that every process means the same row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AnomalyId,
    /// Rule.
    pub rule: AnomalyRule,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Scope; null where the rule looks at the agreement as a whole.
    pub scope_id: Option<ScopeId>,
    /// Start of the fullest hour of the day, by when the data was given.
    pub window_from: Instant,
    /// End of that hour.
    pub window_until: Instant,
    /// Disclosures in it when this was last raised.
    pub observed: i64,
    /// Most the rule takes for usual.
    pub expected: i64,
    /// Instant it was last raised: when it was found, and each time what was seen had doubled.
    pub detected_at: Instant,
    /// Number of the raising, from 1, rising in the order of commits: one raised again has a new one. 0 for what an older
    /// gateway raised, which is told to nobody.
    pub raised: i64,
}

impl ActiveModelBehavior for ActiveModel {}
