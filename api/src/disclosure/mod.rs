//! Disclosures: every giving of data to another is written to a log by its discloser, denials included (R26;
//! 906/2019 17 §, 703/2023 10 § 3 mom).
//!
//! A report is checked ([`rules`]), judged ([`coverage`]), made ready (`prepare`) and written with others in one
//! transaction ([`record`]).

mod batch;
mod bulk;
pub mod coverage;
mod draft;
pub mod graphql;
pub mod interned;
pub mod list;
mod plan;
mod prepare;
mod queue;
pub mod record;
pub mod row;
pub mod rules;
mod stored;
pub mod tally;
#[cfg(test)]
mod tests;

use entity::{
    disclosure,
    vocabulary::{ItemCode, LegalBasisId},
};

pub use batch::Fatal;
pub use coverage::{Judged, OnPartial};
pub use draft::{DisclosureDraft, SubjectDraft};
pub use plan::AUTHORISATION_REPEAT_MAX;
pub use record::{Equipment, RECORD_ROWS_MAX, RecordLimits, Recorder};
pub use row::Pseudonym;

use crate::decision::Decision;

/// Disclosure that stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The row.
    pub row: disclosure::Model,
    /// Its items.
    pub items: Vec<ItemCode>,
    /// Its provisions.
    pub bases: Vec<LegalBasisId>,
    /// Whether it stood there before this call.
    pub repeated: bool,
}

/// Authorisation that stands in the log, with the decision it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorised {
    /// What was recorded.
    pub recorded: Recorded,
    /// What was decided.
    pub decision: Decision,
}

/// What one report came to.
#[derive(Debug)]
struct Answer {
    recorded: Recorded,
    decision: Option<Decision>,
}
