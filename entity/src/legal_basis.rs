//! One provision of law in one wording.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{Day, Evidence, Instant, Jurisdiction, LegalBasisId, ProposalStatus, Threshold};

/// One provision of law in one wording.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "legal_basis")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LegalBasisId,
    /// Legal order the act belongs to.
    pub jurisdiction: Jurisdiction,
    /// Number of the act in its collection.
    pub number: i32,
    /// Year of the act.
    pub year: i32,
    /// Chapter, where sections restart in each.
    pub chapter: Option<String>,
    /// Section, or article of an EU act.
    pub section: String,
    /// Subsection (momentti), or paragraph of an article.
    pub moment: Option<i32>,
    /// Item (kohta).
    pub item: Option<String>,
    /// Sub-item (alakohta).
    pub subitem: Option<String>,
    /// Canonical Finnish citation.
    pub citation: String,
    /// European Legislation Identifier; stored, since it cannot be computed from the citation.
    pub eli: Option<String>,
    /// Finnish title of the act.
    pub title_fi: String,
    /// Swedish title of the act.
    pub title_sv: Option<String>,
    /// English title of the act.
    pub title_en: Option<String>,
    /// What it says, in our own Finnish words.
    pub summary_fi: Option<String>,
    /// What it says, in our own Swedish words.
    pub summary_sv: Option<String>,
    /// What it says, in our own English words.
    pub summary_en: Option<String>,
    /// Whether data must be needed or necessary; null where the wording sets none.
    pub threshold: Option<Threshold>,
    /// Whether the right covers electronic disclosure.
    pub allows_electronic: bool,
    /// Whether it applies notwithstanding secrecy.
    pub overrides_secrecy: bool,
    /// Whether the person must be told beforehand (as 703/2023 64 § 3 mom).
    pub informs_subject_beforehand: bool,
    /// Instant from which this wording is in force.
    pub valid_from: Instant,
    /// Instant at which it ceased; null while in force.
    pub valid_until: Option<Instant>,
    /// Provision that took its place.
    pub superseded_by_id: Option<LegalBasisId>,
    /// Day on which the wording was last checked.
    pub checked_on: Day,
    /// How the wording was verified.
    pub evidence: Evidence,
    /// Proposed by one administrator, confirmed by another.
    pub status: ProposalStatus,
    /// Subject claim of the proposer.
    pub proposed_by: String,
    /// Subject claim of the confirmer.
    pub confirmed_by: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
