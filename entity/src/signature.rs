//! Party's act on one content version.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    AgreementId, DocumentId, Instant, OrganisationId, SharedText, SignatureAct, SignatureEvidence, SignatureId,
};

/// Party's act on one content version.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "signature")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignatureId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Party.
    pub organisation_id: OrganisationId,
    /// Content version.
    pub version: i32,
    /// What the party did.
    pub act: SignatureAct,
    /// Hash it acted on.
    pub content_hash: String,
    /// Kind of evidence.
    pub evidence: SignatureEvidence,
    /// Detached signature over the content hash.
    pub jws: Option<String>,
    /// Paper or e-signature evidence.
    pub document_id: Option<DocumentId>,
    /// Instant of the act.
    pub signed_at: Instant,
    /// Subject claim of the actor.
    pub actor: SharedText,
}

impl ActiveModelBehavior for ActiveModel {}
