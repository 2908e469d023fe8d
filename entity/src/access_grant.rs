//! End user's right to a viewing connection, decided by the supervisor.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{AccessGrantId, Instant, RevocationReason, ScopeId};

/// End user's right to a viewing connection, decided by the supervisor.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "access_grant")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccessGrantId,
    /// Scope.
    pub scope_id: ScopeId,
    /// Pseudonym of the user, hexadecimal.
    pub user_pseudonym: String,
    /// Version of the pseudonym key.
    pub key_version: i32,
    /// Work task the grant is for.
    pub task: String,
    /// Pseudonym of the supervisor; another than the user.
    pub decided_by: String,
    /// Instant at which it was given; null when that is not recorded.
    pub granted_at: Option<Instant>,
    /// Instant from which it holds.
    pub valid_from: Instant,
    /// Instant at which it ends; null when open-ended.
    pub valid_until: Option<Instant>,
    /// Instant of revocation.
    pub revoked_at: Option<Instant>,
    /// Why it was revoked.
    pub revocation_reason: Option<RevocationReason>,
}

impl ActiveModelBehavior for ActiveModel {}
