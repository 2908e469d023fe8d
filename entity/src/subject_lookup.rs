//! Whose disclosures were looked up by one look-up, which the journal holds with who did it and why.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::SubjectLookupId;

/// Whose disclosures were looked up by one look-up, which the journal holds with who did it and why.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "subject_lookup")]
pub struct Model {
    /// Look-up.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SubjectLookupId,
    /// Position among the identifiers asked together, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ordinal: i32,
    /// Keyed pseudonym of the person, under the key of the organisation that asked; null after erasure.
    pub subject_pseudonym: Option<Vec<u8>>,
    /// Version of the key; null after erasure.
    pub subject_key_version: Option<i32>,
}

impl ActiveModelBehavior for ActiveModel {}
