//! A world as large as one likes, the same every time: what a nation's registry and log weigh can be seen before there is
//! one.
//!
//! Eight authorities each control a register under five provisions of their own, on top of the sample world's laws of
//! procedure and mandate themes. Municipalities receive from some of them; each agreement has an open interface, an open
//! viewing connection, a closed version and one that is only defined. Nothing here does I/O or reads a clock.

mod agreement;
mod disclosures;
mod law;
mod party;

use chrono::NaiveDate;
use entity::vocabulary::{ClosedEnum, Day, Instant, ItemCode, Malformed, RowId, StatusSubject, helsinki_midnight};
use uuid::{Builder, Uuid};

pub use agreement::{ITEM, NODE, PURPOSES, number};
pub use disclosures::{Call, Calls, identity_code};
pub use law::{REGISTERS, register_code};
pub use party::business_id;

use crate::{
    Error,
    facts::{Edit, Facts},
};

/// Most disclosures of a generated world: a nation's of some years.
pub const DISCLOSURES_MAX: u64 = 100_000_000;

/// Disclosures an agreement stands for: a thousand are one a working day over some four years.
const DISCLOSURES_PER_AGREEMENT: u64 = 1_000;

/// Fewest and most agreements of a generated world: enough for every register to have some, and a nation's.
const AGREEMENTS: (u64, u64) = (20, 5_000);

/// How large a registry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Organisations, the controllers of the registers among them.
    pub organisations: usize,
    /// Agreements, with four scopes each.
    pub agreements: usize,
    /// Role mailboxes.
    pub contacts: usize,
}

/// A nation: 20,000 scopes, four of each agreement.
pub const NATION: Size = Size { organisations: 2_000, agreements: 5_000, contacts: 10_000 };

impl Size {
    /// Size that fits so many disclosures: an agreement for each thousand, between 20 and 5,000, so that five million and
    /// more have the nation's; two organisations for five agreements; two contacts for each.
    pub fn fitting(disclosures: u64) -> Self {
        let agreements = (disclosures / DISCLOSURES_PER_AGREEMENT).clamp(AGREEMENTS.0, AGREEMENTS.1);
        Self::of_agreements(usize::try_from(agreements).unwrap_or(NATION.agreements))
    }

    /// Size of a registry with so many agreements.
    pub fn of_agreements(agreements: usize) -> Self {
        let organisations = (agreements * 2 / 5).max(2 * REGISTERS);
        Self { organisations, agreements, contacts: 2 * agreements }
    }

    /// Organisations that control no register.
    fn recipients(self) -> usize {
        self.organisations.saturating_sub(REGISTERS)
    }
}

/// Rows of a world of some size, parents before children. The facts hold the sample world.
pub fn rows(facts: &Facts, size: Size) -> Result<Vec<Edit>, Error> {
    let mut rows = Rows::default();
    let parties = party::organisations(&mut rows, facts, size.organisations)?;
    party::contacts(&mut rows, &parties, size.contacts);
    let registers = law::registers(&mut rows, facts, &parties)?;
    agreement::agreements(&mut rows, facts, &parties, &registers, size.agreements)?;
    Ok(rows.edits)
}

/// Day of the world's making; whatever is in force is so from then on.
pub fn day(year: i32, month: u32, day: u32) -> Day {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Whether a row is one of a generated world: its id is of a time when no gateway ran.
pub fn is_generated(id: Uuid) -> bool {
    id.get_timestamp().is_some_and(|time| time.to_unix().0 < GENERATED_UNTIL)
}

/// Millisecond of the first id.
const FIRST_ID: u64 = 1_704_067_200_000;

/// Second after the last id.
const GENERATED_UNTIL: u64 = FIRST_ID / 1_000 + 1_000_000;

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

    /// Next id: version 7, one a millisecond from 2024 on, its chance the noise of its number.
    fn id<I: RowId>(&mut self) -> I {
        self.made += 1;
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&noise(self.made).to_be_bytes());
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
                status: status.code().into(),
                from_at: midnight(*on),
                actor: "scale".into(),
                reason: None,
                document_id: None,
            };
            self.put(row);
        }
    }
}

fn item(code: &str) -> Result<ItemCode, Error> {
    code.parse().map_err(|fault: Malformed| Error::internal(fault.to_string()))
}

/// Noise reckoned from a number (`SplitMix64`): scattered, and the same every time.
fn noise(number: u64) -> u64 {
    let mut noise = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    noise = (noise ^ (noise >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    noise = (noise ^ (noise >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    noise ^ (noise >> 31)
}

fn midnight(day: Day) -> Instant {
    helsinki_midnight(day)
}
