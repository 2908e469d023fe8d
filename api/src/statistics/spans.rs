//! In which steps the days of a question are read: whole periods, as many at once as are worth one statement; pure.
//!
//! A page is found in the first of them, and no question is too large to be answered step by step.

use chrono::{Datelike, Days, Months};
use entity::vocabulary::Day;

use super::rules::{Interval, StatisticsQuestion};
use crate::disclosure::tally::month_of;

/// Cells one statement should find: enough that its own cost does not count, few enough to be read at once.
const CELLS_WANTED: usize = 5_000;

/// How much wider the next step may be: where nothing is found, years are passed over in a few steps.
const WIDER_MAX: u32 = 8;

/// Steps from a day on.
#[derive(Debug, Clone)]
pub struct Spans {
    interval: Interval,
    next: Day,
    until: Day,
    periods: u32,
}

impl Spans {
    /// Steps of a question from a day on, answered until another.
    pub fn new(question: &StatisticsQuestion, from: Day, until: Day) -> Self {
        Self { interval: question.interval, next: from, until, periods: 1 }
    }

    /// Days of the next step, the end excluded; null when all are read.
    pub fn next(&self) -> Option<(Day, Day)> {
        (self.next < self.until).then(|| (self.next, self.end()))
    }

    /// Goes on behind the step just read, in which so many cells were found.
    pub fn pass(&mut self, cells: usize) {
        self.next = self.end();
        let wider = u32::try_from(CELLS_WANTED / cells.max(1)).unwrap_or(u32::MAX).clamp(1, WIDER_MAX);
        self.periods =
            if cells > CELLS_WANTED { (self.periods / 2).max(1) } else { self.periods.saturating_mul(wider) };
    }

    /// Makes the step narrower, if it is of more than one period.
    pub fn narrow(&mut self) -> bool {
        let is_wide = self.periods > 1 && self.interval != Interval::Total;
        self.periods = (self.periods / 2).max(1);
        is_wide
    }

    fn end(&self) -> Day {
        let (next, periods) = (self.next, self.periods);
        let first_of_month = month_of(next);
        let end = match self.interval {
            Interval::Day => next.checked_add_days(Days::new(periods.into())),
            Interval::Month => first_of_month.checked_add_months(Months::new(periods)),
            Interval::Year => {
                let first = first_of_month.with_month(1).unwrap_or(first_of_month);
                first.checked_add_months(Months::new(periods.saturating_mul(12)))
            }
            Interval::Total => None,
        };
        end.unwrap_or(self.until).min(self.until)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::rules::StatisticsFilter, *};

    fn question(interval: Interval) -> StatisticsQuestion {
        let (from, until) = (Day::default(), Day::default());
        StatisticsQuestion { from, until, interval, group_by: Vec::new(), filter: StatisticsFilter::default() }
    }

    proptest! {
        #[test]
        fn steps_hold_every_day_once_and_divide_no_period(
            start in 735_000_i32..740_000,
            days in 1_i32..5_000,
            interval in proptest::sample::select(Interval::ALL.map(|(interval, _)| interval).to_vec()),
            found in proptest::collection::vec(0_usize..20_000, 1..20),
        ) {
            let from = Day::from_num_days_from_ce_opt(start).unwrap_or_default();
            let until = Day::from_num_days_from_ce_opt(start + days).unwrap_or_default();
            let mut spans = Spans::new(&question(interval), from, until);
            let (mut reached, mut found) = (from, found.into_iter().cycle());
            while let Some((first, end)) = spans.next() {
                prop_assert_eq!(first, reached);
                prop_assert!(first < end && end <= until);
                let divides = match interval {
                    Interval::Day => false,
                    Interval::Month => end.day() != 1,
                    Interval::Year => end.ordinal() != 1,
                    Interval::Total => true,
                };
                prop_assert!(end == until || !divides);
                reached = end;
                let cells = found.next().unwrap_or_default();
                if cells < 10_000 || !spans.narrow() {
                    spans.pass(cells);
                } else {
                    prop_assert!(spans.next().is_some_and(|(_, narrower)| narrower <= end));
                    reached = first;
                }
            }
            prop_assert_eq!(reached, until);
        }
    }

    #[test]
    fn empty_centuries_are_passed_over_in_a_few_steps() {
        let (from, until) = ("1800-01-01".parse().unwrap(), "9998-01-01".parse().unwrap());
        let mut spans = Spans::new(&question(Interval::Day), from, until);
        let mut steps = 0;
        while spans.next().is_some() {
            spans.pass(0);
            steps += 1;
        }
        assert!(steps < 12, "{steps}");
    }
}
