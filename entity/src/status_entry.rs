//! Entry of a status or adequacy history.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{DocumentId, Instant, SharedText, StatusEntryId, StatusSubject};

/// Entry of a status or adequacy history.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "status_entry")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StatusEntryId,
    /// What kind of row.
    pub subject_kind: StatusSubject,
    /// Row.
    pub subject_id: Uuid,
    /// Position in the history, from 1.
    pub ordinal: i32,
    /// Status or adequacy from this instant on.
    pub status: SharedText,
    /// Instant from which it holds.
    pub from_at: Instant,
    /// Subject claim of the actor, or the name of the import.
    pub actor: SharedText,
    /// Reason given.
    pub reason: Option<SharedText>,
    /// Evidence.
    pub document_id: Option<DocumentId>,
}

impl ActiveModelBehavior for ActiveModel {}
