//! In which stretches of months a page of the log is looked for, one after another until it is full; pure.
//!
//! On PostgreSQL every month of the log is a table of its own, and whoever names none has all of them planned, opened and
//! locked. So the month a page begins in comes first; then as many as should fill it, by how many rows that one had; then what
//! is left of a year; then everything else.

use chrono::{Months, NaiveTime};
use entity::vocabulary::Instant;
use sea_orm::DbBackend;

use super::{list::Order, tally::month_of};

/// Months looked through before all that are left, beside the one a page begins in.
const MONTHS_NEAR: u32 = 12;

/// Days of a month, about.
const MONTH_DAYS: usize = 30;

/// Part of the log by the instant of recording: its first and the first after it; null where it is open.
pub(super) type Stretch = (Option<Instant>, Option<Instant>);

/// Way through the log, from where a page begins to the end.
#[derive(Debug)]
pub(super) struct Stretches {
    order: Order,
    wanted: usize,
    begins: Instant,
    /// First instant of the month it begins in; null where the log is looked through at once.
    month: Option<Instant>,
    /// Where the stretch given last ends; null before the first and where it was open.
    reached: Option<Instant>,
    step: Step,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The month the page begins in, or everything.
    First {
        is_open: bool,
    },
    /// As many months as should fill the page.
    Enough,
    /// What is left of a year.
    Near,
    /// Everything else.
    Rest,
    Done,
}

impl Stretches {
    /// Way of a page of so many rows, from behind an instant on or from the end of the log. Of one person there are few rows,
    /// wherever they stand, so the log `is_sparse`, and is looked through at once.
    pub(super) fn new(
        backend: DbBackend,
        is_sparse: bool,
        (order, wanted): (Order, usize),
        after: Option<Instant>,
        now: Instant,
    ) -> Self {
        let begins = after.or((order == Order::NewestFirst).then_some(now));
        let month = begins.filter(|_| backend == DbBackend::Postgres && !is_sparse).map(month_start);
        // Where no place to begin after is given, also what stands ahead of our clock.
        let step = Step::First { is_open: after.is_none() };
        Self { order, wanted, begins: begins.unwrap_or(now), month, reached: None, step }
    }

    /// Next stretch, where so many rows were found before; null when all was looked through.
    pub(super) fn next(&mut self, found: usize) -> Option<Stretch> {
        let Some(month) = self.month else {
            let is_first = matches!(self.step, Step::First { .. });
            self.step = Step::Done;
            return is_first.then_some((None, None));
        };
        let (from, step) = (self.reached, self.step);
        let (until, next) = match step {
            Step::First { .. } => (self.edge(month, 0), Step::Enough),
            Step::Enough => match self.enough(found) {
                MONTHS_NEAR => (self.edge(month, MONTHS_NEAR), Step::Rest),
                months => (self.edge(month, months), Step::Near),
            },
            Step::Near => (self.edge(month, MONTHS_NEAR), Step::Rest),
            Step::Rest => (None, Step::Done),
            Step::Done => return None,
        };
        self.reached = until;
        // Beyond the calendar there is nothing.
        self.step = if until.is_none() { Step::Done } else { next };
        Some(match (self.order, step) {
            (Order::NewestFirst, Step::First { is_open }) => {
                (until, (!is_open).then(|| month.checked_add_months(Months::new(1))).flatten())
            }
            (Order::NewestFirst, _) => (until, from),
            (Order::OldestFirst, Step::First { .. }) => (Some(month), until),
            (Order::OldestFirst, _) => (from, until),
        })
    }

    /// Where the month the page begins in ends and so many more.
    fn edge(&self, month: Instant, more: u32) -> Option<Instant> {
        match self.order {
            Order::NewestFirst => month.checked_sub_months(Months::new(more)),
            Order::OldestFirst => month.checked_add_months(Months::new(more + 1)),
        }
    }

    /// Months, at most a year of them, that should hold what is missing, and half of it more, where they are as the days so
    /// far in which so many rows were found.
    fn enough(&self, found: usize) -> u32 {
        let days = self.reached.map_or(0, |reached| (reached - self.begins).num_days().unsigned_abs());
        let days = usize::try_from(days).unwrap_or(usize::MAX).max(1);
        let missing = self.wanted.saturating_sub(found);
        let enough = days.saturating_mul(missing).saturating_mul(3) / (2 * MONTH_DAYS * found.max(1)) + 1;
        u32::try_from(enough).unwrap_or(u32::MAX).min(MONTHS_NEAR).max(if found == 0 { MONTHS_NEAR } else { 1 })
    }
}

/// Begin of the month of an instant, in UTC, as the log is divided.
fn month_start(at: Instant) -> Instant {
    month_of(at.date_naive()).and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: &str = "2026-11-29T22:00:00Z";

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn of(order: Order, after: Option<&str>) -> Stretches {
        Stretches::new(DbBackend::Postgres, false, (order, 101), after.map(instant), instant(NOW))
    }

    fn all(mut stretches: Stretches, found: &[usize]) -> Vec<Stretch> {
        let mut found = found.iter().copied().chain(std::iter::repeat(0));
        std::iter::from_fn(|| stretches.next(found.next().unwrap_or_default())).collect()
    }

    proptest! {
        #[test]
        fn stretches_follow_one_another_without_a_gap_from_where_a_page_begins_to_the_end(
            after in proptest::sample::select(vec![
                Some("2024-02-29T23:59:59.999999Z"), Some("2026-12-01T00:00:00Z"), Some("2026-01-01T00:00:00Z"), None,
            ]),
            found in proptest::collection::vec(0_usize..101, 4),
        ) {
            let newest = all(of(Order::NewestFirst, after), &found);
            prop_assert!(newest.windows(2).all(|pair| pair[0].0 == pair[1].1 && pair[0].0.is_some()), "{:?}", newest);
            let begins = instant(after.unwrap_or(NOW));
            let (from, before) = newest[0];
            prop_assert!(from.is_some_and(|from| from <= begins) && before.is_none_or(|before| before > begins));
            prop_assert_eq!(newest.last().map(|last| last.0), Some(None));
            let oldest = all(of(Order::OldestFirst, after), &found);
            prop_assert!(oldest.windows(2).all(|pair| pair[0].1 == pair[1].0 && pair[0].1.is_some()), "{:?}", oldest);
            prop_assert!(oldest[0].0.is_none_or(|from| from <= begins));
            prop_assert_eq!(oldest.last().map(|last| last.1), Some(None));
            prop_assert!(newest.len().max(oldest.len()) <= 4);
        }
    }

    #[test]
    fn as_many_months_are_looked_through_as_should_fill_the_page() {
        let month = |text: &str| Some(instant(&format!("{text}-01T00:00:00Z")));
        let second = |order, found| all(of(order, Some("2026-05-21T00:00:00Z")), &[0, found])[1];
        // 20 days had 50 of 101: as many again are 20 days, and half as many more a month.
        assert_eq!(second(Order::NewestFirst, 50), (month("2026-03"), month("2026-05")));
        assert_eq!(second(Order::NewestFirst, 100), (month("2026-04"), month("2026-05")));
        assert_eq!(second(Order::NewestFirst, 1), (month("2025-05"), month("2026-05")));
        assert_eq!(second(Order::NewestFirst, 0), (month("2025-05"), month("2026-05")));
        // 11 days are left of the month.
        assert_eq!(second(Order::OldestFirst, 20), (month("2026-06"), month("2026-09")));
        assert_eq!(second(Order::OldestFirst, 0), (month("2026-06"), month("2027-06")));
        assert_eq!(all(of(Order::NewestFirst, None), &[])[0], (month("2026-11"), None));
    }

    #[test]
    fn one_person_and_an_embedded_log_are_looked_through_at_once() {
        let newest = (Order::NewestFirst, 101);
        let person = Stretches::new(DbBackend::Postgres, true, newest, None, instant(NOW));
        assert_eq!(all(person, &[]), [(None, None)]);
        let embedded = Stretches::new(DbBackend::Sqlite, false, newest, None, instant(NOW));
        assert_eq!(all(embedded, &[]), [(None, None)]);
        assert_eq!(all(of(Order::OldestFirst, None), &[]), [(None, None)], "the beginning may be anywhere");
    }
}
