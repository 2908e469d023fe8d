//! What a disclosure adds to the statistics: one to a day's cell and one to a month's.
//!
//! A tally counts on the Helsinki day the data was given; a correction takes the corrected row out of its own cell and
//! counts itself in its own.

use std::collections::BTreeMap;

use chrono::Datelike;
use entity::{
    disclosure, tally,
    vocabulary::{ClosedEnum, Day, TallyGrain, TallyId, helsinki_day},
};
use uuid::Uuid;

use crate::journal::leaf::sha256;

/// How an addition meets a cell that stands already.
pub(super) const CELL_STANDS: &str = "on conflict (id) do update set disclosures = tally.disclosures + excluded.disclosures, \
     subject_count = tally.subject_count + excluded.subject_count";

/// Changes of cells, in the order of their ids, so that writers never wait for each other in a circle.
#[derive(Debug, Default)]
pub struct Deltas(BTreeMap<TallyId, tally::Model>);

impl Deltas {
    /// Counts a row.
    pub fn add(&mut self, row: &disclosure::Model) {
        self.count(row, 1);
    }

    /// Takes a corrected row out again.
    pub fn subtract(&mut self, row: &disclosure::Model) {
        self.count(row, -1);
    }

    fn count(&mut self, row: &disclosure::Model, sign: i64) {
        for grain in [TallyGrain::Day, TallyGrain::Month] {
            let cell = empty_cell(row, grain);
            let cell = self.0.entry(cell.id).or_insert(cell);
            cell.disclosures += sign;
            cell.subject_count += sign * row.subject_count;
        }
    }

    /// Cells that change.
    pub fn into_rows(self) -> Vec<tally::Model> {
        self.0.into_values().filter(|cell| cell.disclosures != 0 || cell.subject_count != 0).collect()
    }
}

/// First day of the month of a day.
pub fn month_of(day: Day) -> Day {
    day.with_day(1).unwrap_or(day)
}

fn empty_cell(row: &disclosure::Model, grain: TallyGrain) -> tally::Model {
    let day = helsinki_day(row.occurred_at);
    let mut cell = tally::Model {
        id: Uuid::nil().into(),
        grain,
        period_on: match grain {
            TallyGrain::Day => day,
            TallyGrain::Month => month_of(day),
        },
        discloser_id: row.discloser_id,
        recipient_id: row.recipient_id,
        onward_recipient_kind: row.onward_recipient_kind,
        register_id: row.register_id,
        agreement_id: row.agreement_id,
        items_id: row.items_id,
        bases_id: row.bases_id,
        purpose_id: row.purpose_id,
        channel: row.channel,
        outcome: row.outcome,
        disclosures: 0,
        subject_count: 0,
    };
    cell.id = cell_id(&cell);
    cell
}

/// Id of a cell: the first 16 bytes of the SHA-256 of its dimensions, so that every process means the same cell.
fn cell_id(cell: &tally::Model) -> TallyId {
    let optional = |id: Option<Uuid>| *id.unwrap_or_default().as_bytes();
    let hash = sha256(&[
        b"tally:v1:",
        cell.grain.code().as_bytes(),
        &cell.period_on.num_days_from_ce().to_be_bytes(),
        cell.discloser_id.0.as_bytes(),
        &optional(cell.recipient_id.map(Uuid::from)),
        cell.register_id.0.as_bytes(),
        &optional(cell.agreement_id.map(Uuid::from)),
        cell.items_id.0.as_bytes(),
        cell.bases_id.0.as_bytes(),
        cell.purpose_id.0.as_bytes(),
        cell.channel.code().as_bytes(),
        b"/",
        cell.outcome.code().as_bytes(),
        b"/",
        cell.onward_recipient_kind.map_or("", ClosedEnum::code).as_bytes(),
    ]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes).into()
}
