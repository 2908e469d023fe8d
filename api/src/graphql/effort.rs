//! How long a document reckons, known by experience: what a field costs differs a hundredfold, so that counting fields tells
//! less than the last few answers.

use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

/// Time in one piece from which others notice.
const LONG: Duration = Duration::from_millis(1);
/// What a long answer adds; a short one takes one off, so that the system's own pauses make nothing heavy.
const STEP: u8 = 2;
const HEAVY_FROM: u8 = 8;
const MOST: u8 = 16;

/// Experience with one document.
#[derive(Debug, Default)]
pub(super) struct Effort(AtomicU8);

impl Effort {
    /// Whether its answers mostly take long.
    pub(super) fn is_heavy(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= HEAVY_FROM
    }

    /// Runs an answer of the document and notes the longest piece of it.
    pub(super) async fn of<F: Future>(&self, work: F) -> F::Output {
        let (mut work, mut longest) = (pin!(work), Duration::ZERO);
        let done = poll_fn(|cx| {
            let begun = Instant::now();
            let polled = work.as_mut().poll(cx);
            longest = longest.max(begun.elapsed());
            polled
        });
        let done = done.await;
        self.note(longest);
        done
    }

    /// Not exact when two note at once, which is no harm; where nothing changes nothing is written.
    fn note(&self, longest: Duration) {
        let known = self.0.load(Ordering::Relaxed);
        let now = if longest >= LONG { known.saturating_add(STEP).min(MOST) } else { known.saturating_sub(1) };
        if now != known {
            self.0.store(now, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_is_heavy_after_a_few_long_answers_and_light_after_more_short_ones() {
        let effort = Effort::default();
        for _ in 0..3 {
            effort.note(LONG);
            assert!(!effort.is_heavy());
        }
        effort.note(LONG);
        assert!(effort.is_heavy());
        for _ in 0..100 {
            effort.note(LONG);
        }
        for _ in 0..9 {
            effort.note(Duration::ZERO);
        }
        assert!(!effort.is_heavy());
    }

    #[test]
    fn pause_now_and_then_makes_nothing_heavy() {
        let effort = Effort::default();
        for at in 0..1_000 {
            effort.note(if at % 4 == 0 { LONG } else { Duration::ZERO });
            assert!(!effort.is_heavy());
        }
    }

    #[tokio::test]
    async fn waiting_is_no_effort() {
        let effort = Effort::default();
        for _ in 0..20 {
            effort.of(tokio::time::sleep(Duration::from_millis(2))).await;
        }
        assert!(!effort.is_heavy());
    }
}
