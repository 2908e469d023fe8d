//! What a disclosure adds to the statistics: one to a day's cell and one to a month's.
//!
//! A tally counts on the Helsinki day the data was given; a correction takes the corrected row out of its own cell and
//! counts itself in its own.

use std::collections::BTreeMap;

use chrono::Datelike;
use entity::{
    disclosure, tally,
    vocabulary::{
        AgreementId, Channel, ClosedEnum, Day, DisclosureOutcome, Instant, InternedId, OnwardRecipientKind,
        OrganisationId, PurposeId, RegisterId, TallyGrain, TallyId, helsinki_day,
    },
};
use sea_orm::DerivePartialModel;
use uuid::Uuid;

use crate::journal::leaf::sha256;

/// What statisticians' numbers are multiples of.
pub const ROUNDED_TO: i64 = 5;

/// Bytes of a cell's id that say its period.
const PERIOD_BYTES: usize = 3;

/// Marks a month among the periods.
const MONTH_BIT: u32 = 1 << 23;

/// How an addition meets a cell that stands already. Where that rounds up stays as it was drawn first.
pub(super) const CELL_STANDS: &str = "on conflict (id) do update set disclosures = tally.disclosures + excluded.disclosures, \
     subject_count = tally.subject_count + excluded.subject_count";

/// What of a disclosure is counted: the dimensions of its cell, and its subjects.
#[derive(Debug, Clone, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "disclosure::Entity")]
pub struct Counted {
    /// Instant the data was given.
    pub occurred_at: Instant,
    /// Discloser.
    pub discloser_id: OrganisationId,
    /// Recipient.
    pub recipient_id: Option<OrganisationId>,
    /// Kind of onward recipient.
    pub onward_recipient_kind: Option<OnwardRecipientKind>,
    /// Register.
    pub register_id: RegisterId,
    /// Agreement.
    pub agreement_id: Option<AgreementId>,
    /// Items.
    pub items_id: InternedId,
    /// Provisions.
    pub bases_id: InternedId,
    /// Purpose.
    pub purpose_id: PurposeId,
    /// Channel.
    pub channel: Channel,
    /// Outcome.
    pub outcome: DisclosureOutcome,
    /// Subjects.
    pub subject_count: i64,
}

impl From<&disclosure::Model> for Counted {
    fn from(row: &disclosure::Model) -> Self {
        Self {
            occurred_at: row.occurred_at,
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
            subject_count: row.subject_count,
        }
    }
}

impl Counted {
    /// The cells a disclosure counts in, with nothing counted yet.
    pub fn cells(&self) -> [tally::Model; 2] {
        [TallyGrain::Day, TallyGrain::Month].map(|grain| self.empty_cell(grain))
    }

    fn empty_cell(&self, grain: TallyGrain) -> tally::Model {
        let day = helsinki_day(self.occurred_at);
        let mut cell = tally::Model {
            id: Uuid::nil().into(),
            grain,
            period_on: match grain {
                TallyGrain::Day => day,
                TallyGrain::Month => month_of(day),
            },
            discloser_id: self.discloser_id,
            recipient_id: self.recipient_id,
            onward_recipient_kind: self.onward_recipient_kind,
            register_id: self.register_id,
            agreement_id: self.agreement_id,
            items_id: self.items_id,
            bases_id: self.bases_id,
            purpose_id: self.purpose_id,
            channel: self.channel,
            outcome: self.outcome,
            disclosures: 0,
            subject_count: 0,
            rounds_above: 0,
        };
        cell.id = cell_id(&cell);
        cell
    }
}

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
        for cell in Counted::from(row).cells() {
            let cell = self.0.entry(cell.id).or_insert(cell);
            cell.disclosures += sign;
            cell.subject_count += sign * row.subject_count;
        }
    }

    /// Cells that change; where one that is new rounds up is drawn by the chance given.
    pub fn into_rows(self, chance: [u8; 32]) -> Vec<tally::Model> {
        let changes = self.0.into_values().filter(|cell| cell.disclosures != 0 || cell.subject_count != 0);
        changes.map(|cell| tally::Model { rounds_above: drawn(chance, cell.id), ..cell }).collect()
    }
}

/// A rest by five, each as likely, and telling nothing of any other cell's.
fn drawn(chance: [u8; 32], cell: TallyId) -> i32 {
    let hash = sha256(&[b"rounding:v1:", &chance, cell.0.as_bytes()]);
    let drawn = hash.iter().take(8).fold(0, |drawn: u64, byte| drawn << 8 | u64::from(*byte));
    i32::try_from(drawn % ROUNDED_TO.unsigned_abs()).unwrap_or_default()
}

/// First day of the month of a day.
pub fn month_of(day: Day) -> Day {
    day.with_day(1).unwrap_or(day)
}

/// Id of a cell: the first 16 bytes of the SHA-256 of its dimensions, so that every process means the same cell, with the
/// period in place of the first three: the cells of a day lie together, and those of a month.
pub fn cell_id(cell: &tally::Model) -> TallyId {
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
    bytes[..PERIOD_BYTES].copy_from_slice(&period(cell));
    Uuid::from_bytes(bytes).into()
}

/// Period of a cell, so that days rise and all months come after them.
fn period(cell: &tally::Model) -> [u8; PERIOD_BYTES] {
    // Days of the years 1 to 22,966 have at most 23 bits; none other is ever recorded.
    let days = cell.period_on.num_days_from_ce().cast_unsigned() & (MONTH_BIT - 1);
    let [_, period @ ..] = match cell.grain {
        TallyGrain::Day => days,
        TallyGrain::Month => MONTH_BIT | days,
    }
    .to_be_bytes();
    period
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_with_their_days_and_months_come_after_all_days() {
        let id = |grain, day: &str| {
            let counted = Counted {
                occurred_at: Instant::UNIX_EPOCH,
                discloser_id: Uuid::nil().into(),
                recipient_id: None,
                onward_recipient_kind: None,
                register_id: Uuid::nil().into(),
                agreement_id: None,
                items_id: Uuid::nil().into(),
                bases_id: Uuid::nil().into(),
                purpose_id: Uuid::nil().into(),
                channel: Channel::Other,
                outcome: DisclosureOutcome::Delivered,
                subject_count: 1,
            };
            cell_id(&tally::Model { period_on: day.parse().unwrap(), ..counted.empty_cell(grain) })
        };
        let ids = [
            (TallyGrain::Day, "1800-01-01"),
            (TallyGrain::Day, "2024-02-29"),
            (TallyGrain::Day, "2026-03-01"),
            (TallyGrain::Day, "9998-12-31"),
            (TallyGrain::Month, "1800-01-01"),
            (TallyGrain::Month, "2026-03-01"),
        ]
        .map(|(grain, day)| id(grain, day));
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    }

    #[test]
    fn each_rest_is_as_likely_as_another_and_drawn_anew_for_each_batch() {
        let mut found = [0; 5];
        for cell in 0..5_000_u128 {
            found[usize::try_from(drawn([7; 32], Uuid::from_u128(cell).into())).unwrap()] += 1;
        }
        assert!(found.iter().all(|count| (850..1_150).contains(count)), "{found:?}");
        let cells = (0..100_u128).map(|cell| TallyId(Uuid::from_u128(cell)));
        let of = |chance: u8| cells.clone().map(|cell| drawn([chance; 32], cell)).collect::<Vec<_>>();
        assert_ne!(of(1), of(2));
    }
}
