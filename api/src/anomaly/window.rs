//! Counts kept in memory: how many disclosures of one kind each hour holds, by when the data was given.
//!
//! An hour is any twelve neighbouring slots of five minutes, so a burst is found wherever on the clock it begins, and in
//! whatever order its rows come.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use chrono::TimeDelta;
use entity::vocabulary::{Day, Instant, helsinki_day};

/// Length of a slot: fine enough that an hour is an hour, coarse enough that few counts make one.
const SLOT_SECONDS: i64 = 300;

/// Slots of an hour.
const SLOTS: usize = 12;

/// Length of what is counted together.
pub const WINDOW: TimeDelta = TimeDelta::hours(1);

/// Hours counted at once, in memory: a log of fifty disclosures a second fills them in the time they are kept, and all of
/// them take 13 megabytes, and 24 bytes more for each in which some five minutes hold more than 255: half of them is what a
/// map of 262,144 places holds before it doubles. Under a flood those that nothing was added to for longest are forgotten
/// first.
pub const HOURS_MAX: usize = 2 * 229_376;

const _: () = assert!(size_of::<(u64, Hour)>() <= 24, "what `HOURS_MAX` says they take");

/// What is counted, as the first 8 bytes of a hash. Hours that meet are counted as one: among as many as are kept, and their
/// neighbours, any do with a chance of one in thirty million.
pub type Counted = u64;

/// An hour that holds more than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullHour {
    /// Its start.
    pub from: Instant,
    /// Civil day in Helsinki it starts on.
    pub day: Day,
    /// Disclosures in it.
    pub count: u64,
}

/// Counts by what is counted and by hour of the clock.
#[derive(Debug)]
pub struct Counts(Recent<u64, Hour>);

/// Counts of the slots of an hour, in as little room as they need: nearly every hour of an end user or a person holds a few.
#[derive(Debug)]
enum Hour {
    /// While every count fits a byte.
    Few([u8; SLOTS]),
    /// Once one does not. A slot is full at 65,535, six times what any rule allows in the whole hour.
    Many(Box<[u16; SLOTS]>),
}

impl Default for Hour {
    fn default() -> Self {
        Self::Few([0; SLOTS])
    }
}

impl Hour {
    fn counts(&self) -> [u16; SLOTS] {
        match self {
            Self::Few(counts) => counts.map(u16::from),
            Self::Many(counts) => **counts,
        }
    }

    /// Counts one more in a slot.
    fn add(&mut self, slot: usize) {
        if let Self::Few(counts) = self {
            if let Some(more) = counts[slot].checked_add(1) {
                counts[slot] = more;
                return;
            }
            *self = Self::Many(Box::new(self.counts()));
        }
        if let Self::Many(counts) = self {
            counts[slot] = counts[slot].saturating_add(1);
        }
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self(Recent::new(HOURS_MAX / 2))
    }
}

impl Counts {
    /// Counts one more. Of the hours it lies in that now hold more than `limit`, the fullest of each day, the earliest of
    /// equals. An hour starts with a slot that is not empty, so that the day of a burst is that of its first row.
    pub fn add(&mut self, counted: Counted, at: Instant, limit: u64) -> Vec<FullHour> {
        let slot = at.timestamp().div_euclid(SLOT_SECONDS);
        let (hour, within) = (slot.div_euclid(12), usize::try_from(slot.rem_euclid(12)).unwrap_or(0));
        let own = self.0.entry(key(counted, hour));
        own.add(within);
        let own = own.counts();
        let neighbour = |hour: i64| self.0.get(&key(counted, hour)).map_or([0; SLOTS], Hour::counts);
        let slots = [neighbour(hour - 1), own, neighbour(hour + 1)];
        if sum(slots.as_flattened()) <= limit {
            return Vec::new();
        }
        full(slots.as_flattened(), SLOTS + within, (hour - 1) * 12, limit)
    }

    /// Forgets what nothing was added to since the last time.
    pub fn age(&mut self) {
        self.0.age();
    }
}

/// By what the counts of an hour since the epoch are found; each hour of one thing has its own.
fn key(counted: Counted, hour: i64) -> u64 {
    counted.wrapping_add(hour.cast_unsigned())
}

/// Fullest hours around a slot; the first slot is number `first` since the epoch.
fn full(slots: &[u16], around: usize, first: i64, limit: u64) -> Vec<FullHour> {
    let mut fullest: BTreeMap<Day, FullHour> = BTreeMap::new();
    for start in around + 1 - SLOTS..=around {
        let count = sum(&slots[start..start + SLOTS]);
        if count <= limit || slots[start] == 0 {
            continue;
        }
        let seconds = (first + i64::try_from(start).unwrap_or(0)) * SLOT_SECONDS;
        let from = Instant::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let found = FullHour { from, day: helsinki_day(from), count };
        let kept = fullest.entry(found.day).or_insert(found);
        if found.count > kept.count {
            *kept = found;
        }
    }
    fullest.into_values().collect()
}

fn sum(slots: &[u16]) -> u64 {
    slots.iter().map(|count| u64::from(*count)).sum()
}

/// Map of what was lately touched: what has not been since it was aged the last time but one is gone. It never holds more
/// than twice its room.
#[derive(Debug)]
pub struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    room: usize,
}

impl<K: Hash + Eq, V: Default> Recent<K, V> {
    /// Map of so much room before it is aged by itself.
    pub fn new(room: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), room }
    }

    /// Value of a key, kept or new.
    pub fn entry(&mut self, key: K) -> &mut V {
        if self.young.len() >= self.room && !self.young.contains_key(&key) {
            self.age();
        }
        let Self { young, old, .. } = self;
        if let Some(kept) = old.remove(&key) {
            return young.entry(key).or_insert(kept);
        }
        young.entry(key).or_default()
    }

    /// Value of a key that is kept.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    /// Makes all that is kept old, and forgets what was.
    pub fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn an_hour_is_full_wherever_on_the_clock_it_begins() {
        let mut counts = Counts::default();
        let first = instant("2026-03-02T09:40:00Z");
        for minute in 0..60 {
            let full = counts.add(1, first + TimeDelta::minutes(minute), 59);
            assert_eq!(full.len(), usize::from(minute == 59), "{minute}");
            assert!(full.iter().all(|hour| (hour.from, hour.count) == (first, 60)), "{full:?}");
        }
        assert_eq!(counts.add(1 << 32, first, 59), [], "another's disclosures are not counted with them");
    }

    #[test]
    fn disclosures_more_than_an_hour_apart_are_not_counted_together() {
        let mut counts = Counts::default();
        let first = instant("2026-03-02T09:40:00Z");
        for at in 0..1_000 {
            assert_eq!(counts.add(1, first + TimeDelta::minutes(at), 60), [], "{at}");
        }
    }

    #[test]
    fn an_hour_counts_on_where_a_byte_is_full_and_stops_where_two_are() {
        let (mut counts, first) = (Counts::default(), instant("2026-03-02T09:40:00Z"));
        counts.add(1, first + TimeDelta::minutes(5), 0);
        for expected in 1..=70_000_u64 {
            let full = counts.add(1, first, 0);
            let kept = expected.min(65_535) + 1;
            assert_eq!(full.iter().map(|hour| hour.count).collect::<Vec<_>>(), [kept], "{expected}");
        }
    }

    #[test]
    fn a_burst_at_midnight_is_of_the_day_it_begins_on() {
        let mut counts = Counts::default();
        let midnight = instant("2026-03-01T22:00:00Z");
        let days: Vec<Vec<Day>> = (0..4)
            .map(|at| counts.add(1, midnight + TimeDelta::minutes(at), 3).iter().map(|hour| hour.day).collect())
            .collect();
        assert_eq!(days[3], [helsinki_day(midnight)]);
        assert!(days[..3].iter().all(Vec::is_empty));
    }

    #[test]
    fn what_is_touched_stays_and_what_is_not_is_forgotten() {
        let mut recent: Recent<u32, u32> = Recent::new(2);
        for key in [1, 2] {
            *recent.entry(key) += 1;
        }
        *recent.entry(1) += 1;
        assert_eq!((recent.get(&1), recent.get(&2)), (Some(&2), Some(&1)), "a full map takes more of what it has");
        *recent.entry(3) += 1;
        *recent.entry(1) += 1;
        recent.age();
        assert_eq!((recent.get(&1), recent.get(&2), recent.get(&3)), (Some(&3), None, Some(&1)));
    }
}
