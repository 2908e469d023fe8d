//! Misuse or breach.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    AgreementId, Day, IncidentId, IncidentKind, IncidentStatus, Instant, OrganisationId, Publicity,
};

/// Misuse or breach.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "incident")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IncidentId,
    /// Agreement it concerns.
    pub agreement_id: AgreementId,
    /// Reporting organisation.
    pub reporter_id: OrganisationId,
    /// Kind.
    pub kind: IncidentKind,
    /// Last entry of its status history.
    pub status: IncidentStatus,
    /// What happened, without personal data.
    pub description: String,
    /// Instant it happened.
    pub occurred_at: Instant,
    /// Instant it became known to the reporter; null when nothing was said.
    pub known_at: Option<Instant>,
    /// Instant of the report.
    pub reported_at: Instant,
    /// Instant of closing.
    pub closed_at: Option<Instant>,
    /// Day on which the supervisory authority was told.
    pub notified_authority_on: Option<Day>,
    /// What was decided.
    pub outcome: Option<String>,
    /// Who may know of it.
    pub publicity: Publicity,
}

impl ActiveModelBehavior for ActiveModel {}
