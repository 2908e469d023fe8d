//! One entry of the journal: an act, who did it and why.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::Instant;

/// One entry of the journal: an act, who did it and why.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// Position in the journal, from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Instant of the commit's order, rising with seq.
    pub recorded_at: Instant,
    /// Subject claim of the actor.
    pub actor: String,
    /// Business ID the actor acted for; null for the gateway itself.
    pub actor_organisation: Option<String>,
    /// Name of the act.
    pub action: String,
    /// Global id of what was changed.
    pub subject: String,
    /// Reason given.
    pub reason: Option<String>,
    /// Position in the transparency log.
    pub leaf_index: i64,
    /// Row salt of the commitments; null after erasure.
    pub salt: Option<Vec<u8>>,
    /// Commitment of the part open to the parties.
    pub subject_commitment: Vec<u8>,
    /// Commitment of the rest.
    pub restricted_commitment: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
