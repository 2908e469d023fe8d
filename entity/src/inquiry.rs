//! Question whether an organisation has a right.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{InquiryId, InquiryStatus, Instant, OrganisationId, PurposeId, RegisterId};

/// Question whether an organisation has a right.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "inquiry")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InquiryId,
    /// Asker.
    pub organisation_id: OrganisationId,
    /// Register.
    pub register_id: RegisterId,
    /// Purpose.
    pub purpose_id: Option<PurposeId>,
    /// Provisions the asker relies on, one citation a line (R65).
    pub claimed_provisions: String,
    /// Question in words.
    pub message: String,
    /// Open or answered.
    pub status: InquiryStatus,
    /// Instant of the question.
    pub asked_at: Instant,
    /// Answer; null while open.
    pub answer: Option<String>,
    /// Provisions the answer names as giving the right, one citation a line; null where it names none.
    pub answer_provisions: Option<String>,
    /// Instant of the answer.
    pub answered_at: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}
