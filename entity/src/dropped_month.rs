//! Month of the log that a retention run dropped.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Day, DroppedMonthId, Instant};

/// Month of the log that a retention run dropped.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "dropped_month")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DroppedMonthId,
    /// First day of the month of recording, in UTC.
    pub month_on: Day,
    /// Rows that were dropped.
    pub disclosures: i64,
    /// Position of the first of them in the transparency log.
    pub first_leaf_index: i64,
    /// Position of the last of them; changes of the registry may stand between.
    pub last_leaf_index: i64,
    /// Instant of the run.
    pub dropped_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
