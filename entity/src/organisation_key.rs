//! Public key by which an organisation signs agreements.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Instant, OrganisationId, OrganisationKeyId, ProposalStatus};

/// Public key by which an organisation signs agreements.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "organisation_key")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrganisationKeyId,
    /// Owner.
    pub organisation_id: OrganisationId,
    /// Key identifier, RFC 7638 thumbprint.
    pub kid: String,
    /// Public key as a JSON Web Key; never holds a private member.
    pub jwk: String,
    /// Usable once confirmed by a second administrator.
    pub status: ProposalStatus,
    /// Subject claim of the proposer.
    pub proposed_by: String,
    /// Subject claim of the confirmer, another than the proposer.
    pub confirmed_by: Option<String>,
    /// Instant from which signatures are accepted.
    pub valid_from: Instant,
    /// Instant after which signatures are not accepted; earlier ones stand.
    pub valid_until: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}
