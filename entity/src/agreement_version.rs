//! Immutable content of an agreement in one version.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AgreementId, AgreementVersionId};

/// Immutable content of an agreement in one version.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agreement_version")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgreementVersionId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Version number, from 1.
    pub version: i32,
    /// Canonical JSON (RFC 8785).
    pub content: String,
    /// SHA-256 of the content, hexadecimal.
    pub content_hash: String,
}

impl ActiveModelBehavior for ActiveModel {}
