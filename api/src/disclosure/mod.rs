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
mod partitions;
mod plan;
mod prepare;
mod queue;
pub mod record;
pub mod replay;
pub mod row;
pub mod rules;
pub mod shown;
mod stored;
mod stretches;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod withholding;
mod written;

use entity::{
    disclosure,
    vocabulary::{DisclosureId, ItemCode, LegalBasisId},
};

pub use batch::Fatal;
pub use coverage::{Judged, OnPartial};
pub use draft::{DisclosureDraft, SubjectDraft};
pub use partitions::{MONTHS_AHEAD, keep_ahead, make_months};
pub use plan::AUTHORISATION_REPEAT_MAX;
pub use record::{Equipment, QueueSight, RECORD_ROWS_MAX, RecordLimits, Recorder};
pub use row::{Pseudonym, disclosure_id};

use futures::FutureExt;
use sea_orm::DatabaseTransaction;

use crate::{
    Error,
    auth::Act,
    clock,
    context::{Context, Intent, View},
    database::Reader,
    decision::Decision,
    facts::Facts,
};
use interned::InternedSets;
use withholding::WithholdingInput;

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

/// Decides until when a row is kept from the person it concerns; the row is read in the transaction of the decision.
///
/// # Errors
/// Every fault of the input; forbidden by policy.
pub async fn withhold(
    ctx: &Context,
    recorder: &Recorder,
    input: WithholdingInput,
    intent: Intent,
) -> Result<(View, Option<Recorded>), Error> {
    let (now, fresh, named) = (ctx.now, clock::fresh_id(), input.id.parse::<DisclosureId>().ok());
    let (sets, read_sets) = (recorder.sets(), recorder.sets().clone());
    let act = |recorded: &Recorded| {
        let row = &recorded.row;
        Act::WithholdDisclosure { discloser: row.discloser_id, recipient: row.recipient_id }
    };
    let rule = move |facts: &Facts, recorded: Option<&Recorded>, _: &str| {
        withholding::withhold(facts, recorded.map(|recorded| &recorded.row), &input, fresh, now)
    };
    let view = ctx.write_to_row(move |txn| read(txn, read_sets, named).boxed(), act, intent, rule).await?;
    let row = match named {
        Some(id) => {
            let txn = ctx.gateway().database.primary_for(Reader::Log).await?;
            let row = list::one(&txn, sets, id).await?;
            txn.commit().await?;
            row
        }
        None => None,
    };
    Ok((view, row))
}

async fn read(
    txn: &DatabaseTransaction,
    sets: InternedSets,
    id: Option<DisclosureId>,
) -> Result<Option<Recorded>, Error> {
    let Some(id) = id else { return Ok(None) };
    list::one(txn, &sets, id).await
}

/// What one report came to.
#[derive(Debug)]
struct Answer {
    recorded: Recorded,
    decision: Option<Decision>,
}
