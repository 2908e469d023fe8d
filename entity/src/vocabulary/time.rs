//! Civil days in Finland and instants in UTC, and the one place where the one becomes the other.
//!
//! A day begins at midnight in Europe/Helsinki and ends where the next begins, so two days of the year have 23 and 25
//! hours; an instant has microseconds, as the databases keep it, and periods are half-open.

use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDateTime, NaiveTime, Offset, SecondsFormat, SubsecRound, TimeZone};
use chrono_tz::Europe::Helsinki;

/// Civil day in Europe/Helsinki.
pub type Day = chrono::NaiveDate;

/// Instant in UTC.
pub type Instant = chrono::DateTime<chrono::Utc>;

/// Years of the days and instants that are read: RFC 3339 writes them in four digits, and both databases keep them.
pub const YEARS: RangeInclusive<i32> = 1800..=9998;

/// Half-open stretch of time, from an instant until another or without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    /// First instant of the period.
    pub from: Instant,
    /// First instant after the period; none while no end is set.
    pub until: Option<Instant>,
}

impl Period {
    /// Whether the instant is in the period: `from` is, `until` no longer.
    pub fn contains(&self, instant: Instant) -> bool {
        self.from <= instant && self.until.is_none_or(|until| instant < until)
    }

    /// Whether some instant is in both periods; an empty period overlaps none.
    pub fn overlaps(&self, other: &Self) -> bool {
        let from = self.from.max(other.from);
        let goes_on = |period: &Self| period.until.is_none_or(|until| from < until);
        goes_on(self) && goes_on(other)
    }
}

/// First instant of the day in Helsinki.
pub fn helsinki_midnight(day: Day) -> Instant {
    let midnight = day.and_time(NaiveTime::MIN);
    if let Some(start) = Helsinki.from_local_datetime(&midnight).earliest() {
        return start.to_utc();
    }
    // Clocks went forward over this midnight (in 1942 they did): the day begins at the change, which is midnight by
    // the clock of the day before.
    let eve = midnight.checked_sub_days(Days::new(1)).unwrap_or(midnight);
    let offset = Helsinki.offset_from_utc_datetime(&eve).fix();
    midnight.checked_sub_offset(offset).map_or(Instant::MIN_UTC, |start| start.and_utc())
}

/// First instant after the day in Helsinki: the next midnight.
pub fn day_end(day: Day) -> Instant {
    day.succ_opt().map_or(Instant::MAX_UTC, helsinki_midnight)
}

/// Day in Helsinki at the instant.
pub fn helsinki_day(instant: Instant) -> Day {
    helsinki_time(instant).date()
}

/// Day and time of day in Helsinki at the instant.
pub fn helsinki_time(instant: Instant) -> NaiveDateTime {
    let instant = instant.naive_utc();
    let offset = Helsinki.offset_from_utc_datetime(&instant).fix();
    instant.checked_add_offset(offset).unwrap_or(instant)
}

/// Day of a text `YYYY-MM-DD` in the [`YEARS`]; null when it is none.
pub fn read_day(text: &str) -> Option<Day> {
    let [_, _, _, _, b'-', _, _, b'-', _, _] = text.as_bytes() else { return None };
    let day: Day = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-').then(|| text.parse().ok())??;
    YEARS.contains(&day.year()).then_some(day)
}

/// Instant of a text in RFC 3339, in whole microseconds; a day means its midnight in Helsinki. Null when it is neither,
/// and outside the [`YEARS`] of UTC.
///
/// A leap second becomes the second after it, for no database keeps one.
pub fn read_instant(text: &str) -> Option<Instant> {
    let read = read_day(text).map(helsinki_midnight).or_else(|| {
        let read = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        Instant::from_timestamp_micros(read.timestamp_micros())
    });
    read.filter(|instant| YEARS.contains(&instant.year()))
}

/// Instant cut to whole microseconds, as the databases keep it.
pub fn truncated(instant: Instant) -> Instant {
    instant.trunc_subsecs(6)
}

/// Instant in RFC 3339, with `Z` and exactly six decimals.
pub fn instant_text(instant: Instant) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{ParseError, TimeDelta};
    use proptest::prelude::*;

    fn instant(text: &str) -> Result<Instant, ParseError> {
        text.parse()
    }

    #[test]
    fn winter_and_summer_days_begin_two_and_three_hours_before_utc() -> Result<(), ParseError> {
        for (day, start) in [("2026-01-15", "2026-01-14T22:00:00Z"), ("2026-07-15", "2026-07-14T21:00:00Z")] {
            assert_eq!(helsinki_midnight(day.parse()?), instant(start)?);
        }
        Ok(())
    }

    #[test]
    fn day_on_which_summer_time_begins_has_23_hours() -> Result<(), ParseError> {
        let day = "2026-03-29".parse()?;
        assert_eq!(helsinki_midnight(day), instant("2026-03-28T22:00:00Z")?);
        assert_eq!(day_end(day), instant("2026-03-29T21:00:00Z")?);
        assert_eq!(day_end(day) - helsinki_midnight(day), TimeDelta::hours(23));
        Ok(())
    }

    #[test]
    fn day_on_which_summer_time_ends_has_25_hours() -> Result<(), ParseError> {
        let day = "2026-10-25".parse()?;
        assert_eq!(helsinki_midnight(day), instant("2026-10-24T21:00:00Z")?);
        assert_eq!(day_end(day), instant("2026-10-25T22:00:00Z")?);
        assert_eq!(day_end(day) - helsinki_midnight(day), TimeDelta::hours(25));
        Ok(())
    }

    #[test]
    fn late_evening_in_utc_is_already_tomorrow_in_helsinki() -> Result<(), ParseError> {
        for (at, day) in [
            ("2026-03-28T21:59:59.999999Z", "2026-03-28"),
            ("2026-03-28T22:00:00Z", "2026-03-29"),
            ("2026-03-29T20:59:59.999999Z", "2026-03-29"),
            ("2026-03-29T21:00:00Z", "2026-03-30"),
            ("2026-10-25T21:59:59.999999Z", "2026-10-25"),
            ("2026-10-25T22:00:00Z", "2026-10-26"),
        ] {
            assert_eq!(helsinki_day(instant(at)?), day.parse()?, "{at}");
        }
        Ok(())
    }

    #[test]
    fn day_whose_midnight_was_skipped_begins_at_the_change() -> Result<(), ParseError> {
        let day = "1942-04-03".parse()?;
        assert_eq!(helsinki_midnight(day), instant("1942-04-02T22:00:00Z")?);
        assert_eq!(day_end(day), instant("1942-04-03T21:00:00Z")?);
        Ok(())
    }

    #[test]
    fn first_and_last_days_of_the_calendar_do_not_panic() {
        for day in [Day::MIN, Day::MAX] {
            assert!(helsinki_midnight(day) < day_end(day));
        }
        assert_eq!(helsinki_day(Instant::MAX_UTC), Instant::MAX_UTC.date_naive());
        assert_eq!(helsinki_day(Instant::MIN_UTC), Instant::MIN_UTC.date_naive());
    }

    #[test]
    fn instant_is_written_with_exactly_six_decimals() -> Result<(), ParseError> {
        for (given, written) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z"),
            ("2026-01-01T02:00:00.5+02:00", "2026-01-01T00:00:00.500000Z"),
            ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456Z"),
        ] {
            assert_eq!(instant_text(instant(given)?), written);
        }
        Ok(())
    }

    #[test]
    fn days_and_instants_lie_in_the_years_that_have_four_digits_in_every_zone() {
        for text in ["1800-01-01", "9998-12-31"] {
            assert!(read_day(text).is_some(), "{text}");
        }
        for text in ["0000-01-01", "1799-12-31", "9999-01-01"] {
            assert_eq!((read_day(text), read_instant(text)), (None, None), "{text}");
        }
        for text in ["1800-01-02", "1800-01-01T00:00:00Z", "9998-12-31T23:59:59.999999Z"] {
            let written = read_instant(text).map(instant_text);
            assert!(written.is_some_and(|written| written.parse::<Instant>().is_ok() && written.len() == 27), "{text}");
        }
        // The midnight of the first day is still the year before in UTC.
        for text in ["1800-01-01", "1800-01-01T00:00:00+00:01", "9998-12-31T23:59:59-00:01", "0000-01-01T00:00:00Z"] {
            assert_eq!(read_instant(text), None, "{text}");
        }
    }

    #[test]
    fn truncation_never_moves_an_instant_forward() -> Result<(), ParseError> {
        for (given, kept) in [
            ("2026-01-01T00:00:00.123456999Z", "2026-01-01T00:00:00.123456Z"),
            ("1942-01-01T00:00:00.123456999Z", "1942-01-01T00:00:00.123456Z"),
        ] {
            assert_eq!(truncated(instant(given)?), instant(kept)?);
        }
        Ok(())
    }

    #[test]
    fn period_holds_its_start_and_not_its_end() -> Result<(), ParseError> {
        let (from, until) = (instant("2026-01-01T00:00:00Z")?, instant("2026-02-01T00:00:00Z")?);
        let tick = TimeDelta::microseconds(1);
        let period = Period { from, until: Some(until) };
        assert!(period.contains(from) && period.contains(until - tick));
        assert!(!period.contains(from - tick) && !period.contains(until));
        let endless = Period { from, until: None };
        assert!(endless.contains(Instant::MAX_UTC) && !endless.contains(from - tick));
        Ok(())
    }

    #[test]
    fn periods_that_only_touch_do_not_overlap() -> Result<(), ParseError> {
        let (a, b) = (instant("2026-01-01T00:00:00Z")?, instant("2026-02-01T00:00:00Z")?);
        let first = Period { from: a, until: Some(b) };
        let second = Period { from: b, until: None };
        assert!(!first.overlaps(&second) && !second.overlaps(&first));
        assert!(first.overlaps(&Period { from: a, until: None }));
        Ok(())
    }

    fn hour(n: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::hours(n)
    }

    fn period() -> impl Strategy<Value = Period> {
        (0..12_i64, proptest::option::of(0..6_i64))
            .prop_map(|(from, hours)| Period { from: hour(from), until: hours.map(|hours| hour(from + hours)) })
    }

    proptest! {
        #[test]
        fn every_instant_of_a_day_is_on_that_day(ordinal in 657_000_i32..840_000) {
            let day = Day::from_num_days_from_ce_opt(ordinal).unwrap_or_default();
            let tick = TimeDelta::microseconds(1);
            prop_assert_eq!(helsinki_day(helsinki_midnight(day)), day);
            prop_assert_eq!(helsinki_day(day_end(day) - tick), day);
            prop_assert_eq!(Some(helsinki_day(helsinki_midnight(day) - tick)), day.pred_opt());
        }

        #[test]
        fn periods_overlap_exactly_when_they_share_an_hour(a in period(), b in period()) {
            let shared = (0..24).map(hour).any(|at| a.contains(at) && b.contains(at));
            prop_assert_eq!(a.overlaps(&b), shared);
            prop_assert_eq!(b.overlaps(&a), shared);
        }
    }
}
