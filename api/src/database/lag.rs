//! How far a replica is behind: not by its clock or its last transaction, which stand still where nothing is written, but by
//! when the primary was first heard to have written what the replica has not replayed.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Positions remembered, of two a second: ten minutes. A replica further behind is behind by at least that.
const REMEMBERED_MAX: usize = 1_200;

/// Positions of the write-ahead log, with when the primary was heard to have reached them.
#[derive(Debug, Default)]
pub(super) struct Positions(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// Each later and further than the one before.
    reached: VecDeque<(Instant, i64)>,
    /// When the primary was last heard, at the last position or before.
    heard_at: Option<Instant>,
}

impl Positions {
    /// The primary has written so far.
    pub fn note(&self, position: i64) {
        self.note_at(Instant::now(), position);
    }

    /// How long a replica that has replayed so far has not known what the primary had written; null while the primary was
    /// never heard.
    pub fn lag(&self, replayed: i64) -> Option<Duration> {
        self.lag_at(Instant::now(), replayed)
    }

    fn note_at(&self, now: Instant, position: i64) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.heard_at = Some(now);
        if noted.reached.back().is_none_or(|(_, last)| position > *last) {
            noted.reached.push_back((now, position));
        }
        if noted.reached.len() > REMEMBERED_MAX {
            noted.reached.pop_front();
        }
    }

    fn lag_at(&self, now: Instant, replayed: i64) -> Option<Duration> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown_since = noted.reached.iter().find(|(_, position)| *position > replayed).map(|(at, _)| *at);
        // Who has replayed all that was heard may still miss what was written since.
        let since = unknown_since.or(noted.heard_at)?;
        Some(now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn replica_is_behind_since_what_it_lacks_was_written() {
        let (positions, start) = (Positions::default(), Instant::now());
        assert_eq!(positions.lag_at(start, 0), None);
        positions.note_at(start, 100);
        positions.note_at(start + SECOND, 200);
        positions.note_at(start + 2 * SECOND, 300);
        let lag = |replayed| positions.lag_at(start + 3 * SECOND, replayed);
        assert_eq!(lag(150), Some(2 * SECOND));
        assert_eq!(lag(200), Some(SECOND));
        assert_eq!(lag(99), Some(3 * SECOND));
    }

    #[test]
    fn quiet_primary_makes_no_lag_and_a_silent_one_does() {
        let (positions, start) = (Positions::default(), Instant::now());
        positions.note_at(start, 100);
        positions.note_at(start + 60 * SECOND, 100);
        assert_eq!(positions.lag_at(start + 60 * SECOND, 100), Some(Duration::ZERO));
        assert_eq!(positions.lag_at(start + 90 * SECOND, 100), Some(30 * SECOND));
        assert_eq!(positions.lag_at(start + 60 * SECOND, 99), Some(60 * SECOND));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (positions, start) = (Positions::default(), Instant::now());
        for step in 0..2 * REMEMBERED_MAX {
            positions.note_at(start, i64::try_from(step).unwrap_or_default());
        }
        assert_eq!(positions.0.lock().map(|noted| noted.reached.len()).unwrap_or_default(), REMEMBERED_MAX);
    }
}
