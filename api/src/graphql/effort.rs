//! How long a document reckons, known by experience: what a field costs differs a hundredfold, so that counting fields tells
//! less than the last few answers.
//!
//! Others wait for as long as the clock on the wall goes, but a clock also counts while the system has given the processor to
//! somebody else. So a document whose answers took long by that clock is from then on judged by the processor time of its
//! thread, which takes a call of the system to read, until it has been short again for a while.

use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

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

    /// Whether any of its last answers took long.
    fn is_in_doubt(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Runs an answer of the document and notes the longest piece of it.
    pub(super) async fn of<F: Future>(&self, work: F) -> F::Output {
        let (mut work, mut longest) = (pin!(work), Duration::ZERO);
        let done = poll_fn(|cx| {
            let watch = Stopwatch::start(self.is_in_doubt());
            let polled = work.as_mut().poll(cx);
            longest = longest.max(watch.elapsed());
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

/// Time of one piece.
struct Stopwatch {
    begun: Instant,
    /// Processor time this thread had taken; none where the piece is not in doubt.
    taken: Option<Duration>,
}

impl Stopwatch {
    fn start(is_in_doubt: bool) -> Self {
        Self { begun: Instant::now(), taken: is_in_doubt.then(processor_time).flatten() }
    }

    /// By the clock where that is short; by the processor where it is in doubt.
    fn elapsed(&self) -> Duration {
        let by_clock = self.begun.elapsed();
        match self.taken {
            Some(taken) if by_clock >= LONG => {
                processor_time().map_or(by_clock, |now| by_clock.min(now.saturating_sub(taken)))
            }
            _ => by_clock,
        }
    }
}

/// Processor time this thread has taken; none where the system does not say.
fn processor_time() -> Option<Duration> {
    clock_gettime(ClockId::ThreadCPUTime).try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    /// Keeps the processor for so long.
    fn reckon(time: Duration) {
        let end = processor_time().expect("a clock of this thread") + time;
        while processor_time().is_some_and(|now| now < end) {}
    }

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
    async fn reckoning_is_effort() {
        let effort = Effort::default();
        for _ in 0..20 {
            effort.of(async { reckon(2 * LONG) }).await;
        }
        assert!(effort.is_heavy());
    }

    #[tokio::test]
    async fn time_the_thread_does_not_run_is_no_effort() {
        let effort = Effort::default();
        for _ in 0..20 {
            effort.of(async { sleep(2 * LONG) }).await;
        }
        assert!(!effort.is_heavy());
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
