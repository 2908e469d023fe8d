//! How long an answer holds: the instants at which what it was judged on changes by time alone.

use entity::vocabulary::Instant;

/// Instants ahead of the one an answer is given at.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    at: Instant,
    next: Option<Instant>,
    end: Option<Instant>,
}

impl Horizon {
    /// Nothing ahead of `at` yet.
    pub fn new(at: Instant) -> Self {
        Self { at, next: None, end: None }
    }

    /// Instant of the answer.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Something may change at `instant`.
    pub fn change(&mut self, instant: Option<Instant>) {
        self.next = earlier(self.next, instant.filter(|instant| *instant > self.at));
    }

    /// Something an answer rests on ends at `instant`.
    pub fn end(&mut self, instant: Option<Instant>) {
        self.change(instant);
        self.end = earlier(self.end, instant.filter(|instant| *instant > self.at));
    }

    /// Whether `from` ≤ now < `until`; both bounds count as ahead where they are.
    pub fn within(&mut self, from: Instant, until: Option<Instant>) -> bool {
        self.change(Some(from));
        let inside = from <= self.at && until.is_none_or(|until| self.at < until);
        if inside {
            self.end(until);
        } else {
            self.change(until);
        }
        inside
    }

    /// First instant at which anything may change.
    pub fn next_change(&self) -> Option<Instant> {
        self.next
    }

    /// First instant at which something the answer rests on ends.
    pub fn first_end(&self) -> Option<Instant> {
        self.end
    }
}

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
