//! Recipient's account of its data protection, reviewed by the discloser before anything opens.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    Channel, Day, Instant, LegalBasisId, OrganisationId, ProtectionStatementId, Publicity, RegisterId, StatementStatus,
};

/// Recipient's account of its data protection, reviewed by the discloser before anything opens.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "protection_statement")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProtectionStatementId,
    /// Register.
    pub register_id: RegisterId,
    /// Recipient, who submits it.
    pub recipient_id: OrganisationId,
    /// Discloser, who reviews it.
    pub discloser_id: OrganisationId,
    /// Channel it covers.
    pub channel: Channel,
    /// Provision that requires it; null when given voluntarily (R8).
    pub required_by_id: Option<LegalBasisId>,
    /// Version, from 1.
    pub version: i32,
    /// Last entry of its status history.
    pub status: StatementStatus,
    /// Date on the statement; null while a draft.
    pub dated_on: Option<Day>,
    /// Version of the catalogue answered.
    pub catalogue_version: i32,
    /// Whether the recipient collects logs of its users' access.
    pub recipient_collects_logs: bool,
    /// Whether the discloser confirmed that it logs (R25).
    pub discloser_log_confirmed: bool,
    /// Instant at which approval lapses; null when open-ended.
    pub valid_until: Option<Instant>,
    /// Day of the next review; overdue review only warns.
    pub next_review_on: Option<Day>,
    /// Who may read it.
    pub publicity: Publicity,
    /// Reviewer's reasons.
    pub decision_text: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
