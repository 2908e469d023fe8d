//! Agreement or permit by which one organisation discloses data of one register to another.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    AgreementId, AgreementKind, AgreementStatus, Day, OrganisationId, Publicity, RegisterId, TerminationReason,
};

/// Agreement or permit by which one organisation discloses data of one register to another.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agreement")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgreementId,
    /// Agreement number.
    pub number: String,
    /// Identifier in the discloser's case register.
    pub case_register_id: Option<String>,
    /// Agreement or permit.
    pub kind: AgreementKind,
    /// Discloser.
    pub discloser_id: OrganisationId,
    /// Recipient.
    pub recipient_id: OrganisationId,
    /// Register.
    pub register_id: RegisterId,
    /// Last entry of its status history.
    pub status: AgreementStatus,
    /// Day on which both had signed.
    pub signed_on: Option<Day>,
    /// First day of validity.
    pub starts_on: Option<Day>,
    /// Last day of validity, included; null when open-ended.
    pub ends_on: Option<Day>,
    /// Why it ends before its time; null unless terminated, superseded or given notice of.
    pub termination_reason: Option<TerminationReason>,
    /// Agreement it takes the place of.
    pub supersedes_id: Option<AgreementId>,
    /// Party that drafted it.
    pub drafted_by_id: OrganisationId,
    /// Version of the protection checklist it was accepted under (R67).
    pub catalogue_version: i32,
    /// Who may know of it.
    pub publicity: Publicity,
    /// Current content version.
    pub version: i32,
    /// SHA-256 of the current content in canonical JSON, hexadecimal; null before the first offer.
    pub content_hash: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
