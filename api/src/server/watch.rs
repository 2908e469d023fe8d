//! What a connection waits for, since when, and until when it may.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Serving;

/// Bytes of an answer a client must take in `SEND_SECONDS_MAX`.
const SENT_BYTES_MIN: usize = 64 * 1024;

/// How long a connection that is closed waits for its client to do the same. A socket closed while bytes still come in takes
/// the answer back from a client that has not read it yet.
pub(super) const LEAVING_TIME_MAX: Duration = Duration::from_secs(2);

/// Times a connection has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    header: Duration,
    idle: Duration,
    send: Duration,
}

impl Times {
    pub(super) fn of(serving: &Serving) -> Self {
        Self { header: serving.header_time_max, idle: serving.idle_time_max, send: serving.send_time_max }
    }
}

/// What a connection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Has sent nothing yet.
    Silent,
    /// Sends the header of a request.
    Asking,
    /// A door has its request.
    Served,
    /// May send another request.
    Idle,
    /// Is being closed.
    Leaving,
    /// Does not take its answer.
    Stuck,
}

struct Standing {
    doing: Doing,
    since: Instant,
    unsent: Option<Unsent>,
    /// Bytes that came in.
    received: u64,
    /// Bytes that may.
    allowed: u64,
}

/// Answer that waits for its reader.
struct Unsent {
    since: Instant,
    taken: usize,
}

/// Notes what goes over one connection. Uncontended: all of it happens in the connection's own task.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<Standing>>);

impl Watch {
    pub(super) fn new() -> Self {
        let (doing, since) = (Doing::Silent, Instant::now());
        Self(Arc::new(Mutex::new(Standing { doing, since, unsent: None, received: 0, allowed: u64::MAX })))
    }

    /// So many bytes came in; whether they may.
    pub(super) fn received(&self, bytes: usize) -> bool {
        let mut standing = self.standing();
        standing.received += bytes as u64;
        if matches!(standing.doing, Doing::Silent | Doing::Idle) {
            standing.turn(Doing::Asking);
        }
        standing.received <= standing.allowed
    }

    /// A request is whole but for its body.
    pub(super) fn asked(&self) {
        self.standing().doing = Doing::Served;
    }

    /// The answer is made.
    pub(super) fn answered(&self) {
        self.standing().turn(Doing::Idle);
    }

    /// The connection is being closed.
    pub(super) fn leaves(&self) {
        let mut standing = self.standing();
        if standing.doing != Doing::Leaving {
            standing.turn(Doing::Leaving);
        }
    }

    /// The client takes nothing more for now.
    pub(super) fn blocked(&self) {
        self.standing().unsent.get_or_insert_with(|| Unsent { since: Instant::now(), taken: 0 });
    }

    /// The client has taken so many bytes.
    pub(super) fn sent(&self, bytes: usize) {
        if let Some(unsent) = &mut self.standing().unsent {
            unsent.taken += bytes;
            if unsent.taken >= SENT_BYTES_MIN {
                *unsent = Unsent { since: Instant::now(), taken: 0 };
            }
        }
    }

    /// The client has taken all there is.
    pub(super) fn sent_all(&self) {
        let mut standing = self.standing();
        if standing.unsent.take().is_some() && standing.doing == Doing::Idle {
            standing.turn(Doing::Idle);
        }
    }

    /// How long the client has been asking nothing, or not yet the whole; null while it is served, or takes its answer.
    pub(super) fn waits(&self) -> Option<Duration> {
        let standing = self.standing();
        let waits = matches!(standing.doing, Doing::Silent | Doing::Asking | Doing::Idle) && standing.unsent.is_none();
        waits.then(|| standing.since.elapsed())
    }

    /// When its patience ends, and with what.
    fn until(&self, times: &Times) -> Option<(Instant, Doing)> {
        let standing = self.standing();
        let stuck = standing.unsent.as_ref().map(|unsent| (unsent.since + times.send, Doing::Stuck));
        let allowed = match standing.doing {
            Doing::Silent | Doing::Asking => Some(times.header),
            // An answer is made before all of it is taken.
            Doing::Idle => standing.unsent.is_none().then_some(times.idle),
            Doing::Leaving => Some(LEAVING_TIME_MAX),
            Doing::Served | Doing::Stuck => None,
        };
        let waiting = allowed.map(|allowed| (standing.since + allowed, standing.doing));
        stuck.into_iter().chain(waiting).min_by_key(|(until, _)| *until)
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes in over a connection that has become something else than HTTP, and how much of it may. One of nothing never
/// tells anything.
#[derive(Clone, Default)]
pub struct Traffic(Option<Watch>);

impl Traffic {
    pub(super) fn of(watch: &Watch) -> Self {
        Self(Some(watch.clone()))
    }

    /// Bytes that came in.
    pub fn received(&self) -> u64 {
        self.0.as_ref().map_or(0, |watch| watch.standing().received)
    }

    /// Lets so many more bytes come in; reading beyond them fails.
    pub fn allow(&self, bytes: u64) {
        if let Some(watch) = &self.0 {
            let mut standing = watch.standing();
            standing.allowed = standing.received.saturating_add(bytes);
        }
    }
}

impl Standing {
    fn turn(&mut self, doing: Doing) {
        (self.doing, self.since) = (doing, Instant::now());
    }
}

/// Rings when a connection's patience has ended. It looks again when it rings too early, so that a busy connection sets no
/// timer with each request.
pub(super) struct Alarm {
    times: Times,
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    pub(super) fn new(times: Times) -> Self {
        Self { times, sleep: Box::pin(sleep_until(Instant::now() + times.header)) }
    }

    /// What has gone on for too long.
    pub(super) fn poll(&mut self, watch: &Watch, cx: &mut Context<'_>) -> Poll<Doing> {
        if let Some((until, _)) = watch.until(&self.times)
            && until < self.sleep.deadline()
        {
            self.sleep.as_mut().reset(until);
        }
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let now = Instant::now();
            match watch.until(&self.times) {
                Some((until, doing)) if until <= now => return Poll::Ready(doing),
                Some((until, _)) => self.sleep.as_mut().reset(until),
                None => self.sleep.as_mut().reset(now + self.times.header),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{advance, timeout};

    use super::*;

    const TIMES: Times =
        Times { header: Duration::from_secs(10), idle: Duration::from_secs(75), send: Duration::from_secs(30) };

    /// Seconds after which the alarm rings, and for what.
    async fn rings(alarm: &mut Alarm, watch: &Watch) -> Option<(u64, Doing)> {
        let start = Instant::now();
        let rung = timeout(Duration::from_secs(1_000), poll_fn(|cx| alarm.poll(watch, cx))).await;
        rung.ok().map(|doing| (start.elapsed().as_secs(), doing))
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_has_its_own_time() {
        let watch = Watch::new();
        let mut alarm = Alarm::new(TIMES);
        assert_eq!(rings(&mut alarm, &watch).await, Some((10, Doing::Silent)));
        watch.received(1);
        advance(Duration::from_secs(4)).await;
        watch.received(1);
        assert_eq!(rings(&mut alarm, &watch).await, Some((6, Doing::Asking)), "later bytes give no more time");
        watch.asked();
        assert_eq!(rings(&mut alarm, &watch).await, None, "a door has times of its own");
        watch.answered();
        assert_eq!(rings(&mut alarm, &watch).await, Some((75, Doing::Idle)));
        watch.leaves();
        watch.leaves();
        assert_eq!(rings(&mut alarm, &watch).await, Some((2, Doing::Leaving)));
    }

    #[tokio::test(start_paused = true)]
    async fn header_after_a_long_wait_has_no_more_time_than_another() {
        let (watch, mut alarm) = (Watch::new(), Alarm::new(TIMES));
        watch.answered();
        assert!(timeout(Duration::from_secs(20), poll_fn(|cx| alarm.poll(&watch, cx))).await.is_err());
        watch.received(1);
        assert_eq!(rings(&mut alarm, &watch).await, Some((10, Doing::Asking)));
    }

    #[tokio::test(start_paused = true)]
    async fn answer_must_go_on_being_taken() {
        let (watch, mut alarm) = (Watch::new(), Alarm::new(TIMES));
        watch.asked();
        watch.blocked();
        advance(Duration::from_secs(20)).await;
        watch.sent(SENT_BYTES_MIN);
        watch.blocked();
        advance(Duration::from_secs(20)).await;
        watch.sent(SENT_BYTES_MIN - 1);
        assert_eq!(rings(&mut alarm, &watch).await, Some((10, Doing::Stuck)));
        watch.sent_all();
        assert_eq!(rings(&mut alarm, &watch).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn answer_that_is_being_taken_is_not_taken_for_a_pause() {
        let (watch, mut alarm) = (Watch::new(), Alarm::new(TIMES));
        watch.asked();
        watch.blocked();
        watch.answered();
        for _ in 0..10 {
            advance(Duration::from_secs(20)).await;
            watch.sent(SENT_BYTES_MIN);
            assert_eq!(watch.waits(), None);
        }
        watch.sent_all();
        assert_eq!(watch.waits(), Some(Duration::ZERO));
        assert_eq!(rings(&mut alarm, &watch).await, Some((75, Doing::Idle)));
    }

    #[tokio::test]
    async fn no_more_comes_in_than_may() {
        let watch = Watch::new();
        let traffic = Traffic::of(&watch);
        assert!(watch.received(1_000));
        traffic.allow(10);
        assert!(watch.received(10) && !watch.received(1));
        traffic.allow(u64::MAX);
        assert!(watch.received(1_000) && traffic.received() == 2_011);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_served_makes_no_room() {
        let watch = Watch::new();
        advance(Duration::from_secs(3)).await;
        assert_eq!(watch.waits(), Some(Duration::from_secs(3)));
        watch.asked();
        assert_eq!(watch.waits(), None);
    }
}
