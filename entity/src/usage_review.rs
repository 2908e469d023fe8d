//! Recipient's own monitoring of use (R60).

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, Day, UsageReviewId};

/// Recipient's own monitoring of use (R60).
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "usage_review")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UsageReviewId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// First day reviewed.
    pub from_on: Day,
    /// Last day reviewed, included.
    pub until_on: Day,
    /// Disclosures sampled.
    pub sample_size: i32,
    /// Findings, without personal data.
    pub findings: String,
    /// Day of the review.
    pub reviewed_on: Day,
}

impl ActiveModelBehavior for ActiveModel {}
