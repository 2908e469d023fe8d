//! The large world: the same rows every time, on top of the sample world's laws of procedure and mandate themes.
//!
//! Eight authorities each control a register under five provisions of their own. Municipalities receive from two or
//! three of them; each agreement has an open interface, an open viewing connection, a closed version and one that is
//! only defined.

mod agreement;
mod law;
mod party;

use api::facts::{Edit, Facts};
use chrono::NaiveDate;
use entity::vocabulary::{ClosedEnum, Day, Instant, RowId, StatusSubject, helsinki_midnight};
use uuid::{Builder, Uuid};

pub(crate) use agreement::{ITEM, NODE, PURPOSES, number};
pub(crate) use law::{REGISTERS, register_code};
pub(crate) use party::business_id;

/// How large the large world is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) organisations: usize,
    pub(crate) agreements: usize,
    pub(crate) contacts: usize,
}

/// A nation: 20,000 scopes, four of each agreement.
pub(crate) const NATION: Size = Size { organisations: 2_000, agreements: 5_000, contacts: 10_000 };

/// Rows of a world of some size, parents before children. The facts hold the sample world.
pub(crate) fn rows(facts: &Facts, size: Size) -> anyhow::Result<Vec<Edit>> {
    let mut rows = Rows::default();
    let parties = party::organisations(&mut rows, facts, size.organisations)?;
    party::contacts(&mut rows, &parties, size.contacts);
    let registers = law::registers(&mut rows, facts, &parties)?;
    agreement::agreements(&mut rows, facts, &parties, &registers, size.agreements)?;
    Ok(rows.edits)
}

/// Day of the world's making; whatever is in force is so from then on.
pub(crate) fn day(year: i32, month: u32, day: u32) -> Day {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Whether a row is one of the loader's: its id is of a time when no gateway ran.
pub(crate) fn is_loaded(id: Uuid) -> bool {
    id.get_timestamp().is_some_and(|time| time.to_unix().0 < LOADED_UNTIL)
}

/// Millisecond of the first id.
const FIRST_ID: u64 = 1_704_067_200_000;

/// Second after the last id.
const LOADED_UNTIL: u64 = FIRST_ID / 1_000 + 1_000_000;

/// Rows as they come into being, with ids that rise.
#[derive(Default)]
struct Rows {
    edits: Vec<Edit>,
    made: u64,
}

impl Rows {
    fn put(&mut self, row: impl Into<Edit>) {
        self.edits.push(row.into());
    }

    /// Next id: version 7, one a millisecond from 2024 on, its noise reckoned from its number (`SplitMix64`).
    fn id<I: RowId>(&mut self) -> I {
        self.made += 1;
        let mut noise = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        noise = (noise ^ (noise >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        noise = (noise ^ (noise >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&noise.to_be_bytes());
        Builder::from_unix_timestamp_millis(FIRST_ID + self.made, &bytes).into_uuid().into()
    }

    /// A status and the day it was reached, for each in turn.
    fn history<S: ClosedEnum>(&mut self, kind: StatusSubject, subject: impl Into<Uuid>, entries: &[(S, Day)]) {
        let subject = subject.into();
        for (ordinal, (status, on)) in (1..).zip(entries) {
            let row = entity::status_entry::Model {
                id: self.id(),
                subject_kind: kind,
                subject_id: subject,
                ordinal,
                status: status.code().to_owned(),
                from_at: midnight(*on),
                actor: "loader".to_owned(),
                reason: None,
                document_id: None,
            };
            self.put(row);
        }
    }
}

fn midnight(day: Day) -> Instant {
    helsinki_midnight(day)
}
