//! Ceiling of a legal basis: at most this, to these, for that.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    AuthorityStatus, BasisRole, Channel, EntitlementId, Instant, ItemCode, LegalBasisId, Operation, OrganisationId,
    OrganisationKind, ProposalStatus, PurposeId, RegisterId,
};

/// Ceiling of a legal basis: at most this, to these, for that.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "entitlement")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EntitlementId,
    /// Provision.
    pub legal_basis_id: LegalBasisId,
    /// Role in which the provision gives the right.
    pub role: BasisRole,
    /// Register it reaches.
    pub register_id: RegisterId,
    /// Kind of recipient; null when one recipient is named or any kind will do.
    pub recipient_kind: Option<OrganisationKind>,
    /// The one recipient; null when given by kind.
    pub recipient_id: Option<OrganisationId>,
    /// Required status of the recipient; null when none.
    pub authority_status: Option<AuthorityStatus>,
    /// Highest node that may be given.
    pub item_code: ItemCode,
    /// Purpose.
    pub purpose_id: PurposeId,
    /// Channel; the technical interface also carries other channels under a MODE basis.
    pub channel: Channel,
    /// Operation.
    pub operation: Operation,
    /// Instructions for recipients (R33).
    pub guide_url: Option<String>,
    /// Instant from which it holds.
    pub valid_from: Instant,
    /// Instant at which it ended.
    pub valid_until: Option<Instant>,
    /// Proposed by one administrator, confirmed by another.
    pub status: ProposalStatus,
    /// Subject claim of the proposer.
    pub proposed_by: String,
    /// Subject claim of the confirmer.
    pub confirmed_by: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
