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

use rustix::time::{ClockId, DynamicClockId, clock_gettime_dynamic};

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
        let (mut work, mut longest) = (pin!(work), Length::Short);
        let done = poll_fn(|cx| {
            let watch = Stopwatch::start(self.is_in_doubt());
            let polled = work.as_mut().poll(cx);
            longest = longest.max(watch.length());
            polled
        });
        let done = done.await;
        self.note(longest);
        done
    }

    /// Not exact when two note at once, which is no harm; where nothing changes nothing is written.
    fn note(&self, longest: Length) {
        let known = self.0.load(Ordering::Relaxed);
        let now = match longest {
            Length::Short => known.saturating_sub(1),
            Length::Doubtful => known.max(STEP),
            Length::Long => known.saturating_add(STEP).min(MOST),
        };
        if now != known {
            self.0.store(now, Ordering::Relaxed);
        }
    }
}

/// How long a piece took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Length {
    Short,
    /// By the clock, of a document that was in no doubt.
    Doubtful,
    Long,
}

/// Time of one piece.
struct Stopwatch {
    begun: Instant,
    is_in_doubt: bool,
    /// Processor time this thread had taken, where that is asked for and the system says it.
    taken: Option<Duration>,
}

impl Stopwatch {
    fn start(is_in_doubt: bool) -> Self {
        Self { begun: Instant::now(), is_in_doubt, taken: is_in_doubt.then(processor_time).flatten() }
    }

    fn length(&self) -> Length {
        if self.begun.elapsed() < LONG {
            return Length::Short;
        }
        if !self.is_in_doubt {
            return Length::Doubtful;
        }
        match (self.taken, processor_time()) {
            (Some(before), Some(now)) if now.saturating_sub(before) < LONG => Length::Short,
            _ => Length::Long,
        }
    }
}

/// Processor time this thread has taken; null where the system does not say.
fn processor_time() -> Option<Duration> {
    let taken = clock_gettime_dynamic(DynamicClockId::Known(ClockId::ThreadCPUTime)).ok()?;
    taken.try_into().ok()
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
            effort.note(Length::Long);
            assert!(!effort.is_heavy());
        }
        effort.note(Length::Long);
        assert!(effort.is_heavy());
        for _ in 0..100 {
            effort.note(Length::Long);
        }
        for _ in 0..9 {
            effort.note(Length::Short);
        }
        assert!(!effort.is_heavy());
    }

    #[test]
    fn pause_now_and_then_makes_nothing_heavy() {
        let effort = Effort::default();
        for at in 0..1_000 {
            effort.note(if at % 4 == 0 { Length::Long } else { Length::Short });
            assert!(!effort.is_heavy());
        }
    }

    #[test]
    fn answers_that_were_not_in_doubt_make_nothing_heavy_however_many_end_at_once() {
        let effort = Effort::default();
        for _ in 0..1_000 {
            effort.note(Length::Doubtful);
            assert!(effort.is_in_doubt() && !effort.is_heavy());
        }
        for _ in 0..4 {
            effort.note(Length::Long);
        }
        effort.note(Length::Doubtful);
        assert!(effort.is_heavy());
    }

    /// Whether a document is heavy after so many answers that each do this.
    async fn is_heavy_after_twenty<F: Future>(answer: impl Fn() -> F) -> bool {
        let effort = Effort::default();
        for _ in 0..20 {
            effort.of(answer()).await;
        }
        effort.is_heavy()
    }

    #[tokio::test]
    async fn reckoning_is_effort() {
        assert!(is_heavy_after_twenty(async || reckon(2 * LONG)).await);
    }

    #[tokio::test]
    async fn time_the_thread_does_not_run_is_no_effort() {
        assert!(!is_heavy_after_twenty(async || sleep(2 * LONG)).await);
    }

    #[tokio::test]
    async fn waiting_is_no_effort() {
        assert!(!is_heavy_after_twenty(|| tokio::time::sleep(2 * LONG)).await);
    }
}
