//! Instants at which time alone may change what is seen: those that stand in rows, and the midnights of Helsinki, between
//! which every comparison of a day or an instant of the facts with now comes out the same.
//!
//! What reckons with anything else, as thirty days from now, is not covered and must say so where it is asked.

use std::sync::{Arc, OnceLock};

use entity::vocabulary::{Instant, day_end, helsinki_day};
use imbl::OrdSet;

use super::{Facts, Row};

/// Instants gathered before those that are the same are thrown together.
const INSTANTS_TOGETHER: usize = 65_536;

/// Span of time, its end not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First instant.
    pub from: Instant,
    /// First instant after it.
    pub until: Instant,
}

impl Span {
    /// Whether an instant is in it.
    pub fn holds(&self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// Instants of every row of a picture, and of some that are gone.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    /// Of the rows that were read together, once somebody has looked through them.
    read: Arc<OnceLock<Read>>,
    /// Of the rows put since.
    put: OrdSet<Instant>,
}

#[derive(Debug)]
struct Read {
    /// Position of the picture that was looked through: an earlier one may have had rows it has not.
    seq: i64,
    instants: Box<[Instant]>,
}

impl Turns {
    /// Remembers the instants of a row that was put.
    pub(super) fn put(&mut self, row: &Row) {
        let mut found = Vec::new();
        row.instants(&mut found);
        self.put.extend(found);
    }
}

fn settle(instants: &mut Vec<Instant>) {
    instants.sort_unstable();
    instants.dedup();
}

impl Facts {
    /// Looks through every row for instants, so that [`Facts::still`] can tell of this picture and those made of it. That
    /// takes long in a large registry; a second time does nothing.
    pub fn survey(&self) {
        self.turns.read.get_or_init(|| {
            let (mut instants, mut room) = (Vec::new(), INSTANTS_TOGETHER);
            for row in self.tables.rows() {
                row.instants(&mut instants);
                // Rows that came together have theirs in common, so that few are held at a time.
                if instants.len() >= room {
                    settle(&mut instants);
                    room = INSTANTS_TOGETHER.max(2 * instants.len());
                }
            }
            settle(&mut instants);
            Read { seq: self.seq, instants: instants.into() }
        });
    }

    /// Span from an instant on in which time alone changes nothing; none where that is not known, and at an instant that
    /// stands in a row.
    pub fn still(&self, at: Instant) -> Option<Span> {
        let read = self.turns.read.get().filter(|read| read.seq <= self.seq)?;
        let later = read.instants.partition_point(|instant| *instant < at);
        let ahead = read.instants.get(later).into_iter().chain(self.turns.put.range(at..).next());
        let until = ahead.copied().chain([day_end(helsinki_day(at))]).min()?;
        (at < until).then_some(Span { from: at, until })
    }
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::helsinki_midnight;
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Edit, bare};

    fn instant(text: &str) -> Instant {
        text.parse().expect("instant")
    }

    #[test]
    fn span_ends_at_the_next_instant_of_any_row_or_at_midnight() {
        let noon = instant("2026-11-29T10:00:00Z");
        let midnight = helsinki_midnight(helsinki_day(noon).succ_opt().expect("a day"));
        let (first, second) = (instant("2026-11-29T12:00:00Z"), instant("2026-11-29T11:00:00Z"));
        let law = |number: u128, valid_from| {
            let row = bare::legal_basis(Uuid::from_u128(number).into());
            Edit::from(entity::legal_basis::Model { valid_from, ..row })
        };
        let facts = Facts::of(1, Facts::default().after(1, &[law(1, first)]).tables);
        assert_eq!(facts.still(noon), None, "nobody has looked");
        facts.survey();
        let facts = facts.after(2, &[law(2, second)]);
        let until = |at| facts.still(at).map(|span| span.until);
        assert_eq!(until(noon), Some(second));
        assert_eq!(until(second), None, "an instant of a row is no instant to be told from it");
        assert_eq!(until(instant("2026-11-29T11:00:00.000001Z")), Some(first));
        assert_eq!(until(instant("2026-11-29T12:00:00.000001Z")), Some(midnight));
        let span = facts.still(noon).expect("a span");
        assert!(span.holds(noon) && !span.holds(second) && !span.holds(instant("2026-11-29T09:59:59Z")));
    }
}
