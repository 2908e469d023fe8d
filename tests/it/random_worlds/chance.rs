//! Chance that can be played again: `SplitMix64` from a seed.

use entity::vocabulary::RowId;
use uuid::Uuid;

/// Source of chance; the same seed gives the same throws.
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Chance from a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Number under `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap_or(0)
    }

    /// Number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.next() % high.abs_diff(low).saturating_add(1)).unwrap_or(0)
    }

    /// True this many times of a thousand.
    pub fn mille(&mut self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// True this many times of a hundred.
    pub fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of the values.
    ///
    /// # Panics
    ///
    /// When there are none.
    pub fn pick<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    /// The values in some order.
    pub fn shuffled<T>(&mut self, mut values: Vec<T>) -> Vec<T> {
        for i in (1..values.len()).rev() {
            values.swap(i, self.below(i + 1));
        }
        values
    }

    /// Identifier no other row has; the order of ids says nothing.
    pub fn id<I: RowId>(&mut self) -> I {
        Uuid::from_u64_pair(self.next(), self.next()).into()
    }
}
