//! Evidence by hash; the gateway keeps no document bodies.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, DocumentId, OrganisationId, Publicity};

/// Evidence by hash; the gateway keeps no document bodies.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "document")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DocumentId,
    /// Title.
    pub title: String,
    /// Annex number, from 1.
    pub ordinal: i32,
    /// Agreement it belongs to, if any.
    pub agreement_id: Option<AgreementId>,
    /// Organisation that holds it.
    pub owner_id: OrganisationId,
    /// SHA-256 of the document, hexadecimal.
    pub sha256: String,
    /// Media type.
    pub media_type: String,
    /// Who may know of it.
    pub publicity: Publicity,
    /// Where the holder keeps it.
    pub location: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
