//! Provision an agreement rests on, in one role.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Adequacy, AgreementBasisId, AgreementId, BasisRole, Instant, LegalBasisId, SharedText};

/// Provision an agreement rests on, in one role.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "agreement_basis")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgreementBasisId,
    /// Agreement.
    pub agreement_id: AgreementId,
    /// Provision.
    pub legal_basis_id: LegalBasisId,
    /// Role.
    pub role: BasisRole,
    /// Last entry of its review history.
    pub adequacy: Adequacy,
    /// Subject claim of the reviewer; null while unreviewed.
    pub reviewed_by: Option<SharedText>,
    /// Instant of the review.
    pub reviewed_at: Option<Instant>,
    /// Reviewer's note.
    pub note: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
