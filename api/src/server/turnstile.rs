//! How much one caller may ask at a time, so that it takes nothing from the others.
//!
//! Counted are callers: whoever a token names, or else the address a request comes from. Each may begin so many requests a
//! second and have so many under way.

use std::{
    collections::hash_map::RandomState,
    convert::Infallible,
    hash::{BuildHasher, Hash},
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use entity::vocabulary::BusinessId;
use governor::{
    DefaultDirectRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};
use quick_cache::sync::Cache;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use super::lane::Work;
use crate::{Error, config::Serving};

/// Seconds after which a caller with too much under way may find room.
const RETRY_SECONDS: u32 = 1;

/// Callers remembered. One who is forgotten has asked little for long, and begins anew.
const CALLERS_MAX: usize = 50_000;

/// Large bodies of one caller that are read or understood at once; the next waits, and its client with it. Whoever drips many
/// takes 16 MiB of memory so, and no more.
const LARGE_BODIES_MAX: usize = 16;

/// Bits of an IPv6 address that one subscriber has: the rest it chooses as it likes.
const IPV6_PREFIX: u32 = 64;

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal<'a> {
    /// Whom a verified token names.
    Named {
        /// Its subject.
        subject: &'a str,
        /// The organisation it acts for.
        organisation: Option<BusinessId>,
    },
    /// Somebody at an address.
    At(IpAddr),
    /// Somebody the gateway serves in its own process.
    Within,
}

/// Place of one request among those of its caller, for as long as it is held; by default of one that nobody counts.
#[derive(Debug, Default)]
pub struct Place(Option<Held>);

#[derive(Debug)]
struct Held {
    counts: Arc<Counts>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Room for one large body, once its caller has any. None is needed by one that is not counted.
    pub async fn room(&self) -> Option<OwnedSemaphorePermit> {
        let rooms = Arc::clone(&self.0.as_ref()?.counts.bodies);
        // Never closed.
        rooms.acquire_owned().await.ok()
    }

    /// Waits until so many bytes may be understood, where its caller has sent more than it may in a second.
    pub async fn pace(&self, bytes: usize) {
        let Some(Held { counts, .. }) = &self.0 else { return };
        let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let Some(kibibytes) = NonZeroU32::new(kibibytes.min(counts.limits.kibibytes)) else { return };
        while let Ok(Err(early)) = counts.kibibytes.check_n(kibibytes) {
            sleep(early.wait_time_from(DefaultClock::default().now())).await;
        }
    }

    /// Turns of its caller in the lane of what takes long; none for one that is not counted.
    pub(super) fn turns(&self, work: Work) -> Option<Arc<Semaphore>> {
        let counts = &self.0.as_ref()?.counts;
        Some(Arc::clone(match work {
            Work::Reading => &counts.readings,
            Work::Performing => &counts.turns,
        }))
    }

    /// Counts one more request of its caller, within the same place.
    ///
    /// # Errors
    /// Limit exceeded, with the time after which there is room.
    pub fn count(&self) -> Result<(), Error> {
        self.0.as_ref().map_or(Ok(()), |held| held.counts.request())
    }

    /// A socket of its caller.
    ///
    /// # Errors
    /// Limit exceeded while it has as many as it may.
    pub fn seat(&self) -> Result<Seat, Error> {
        let Some(Held { counts, .. }) = &self.0 else { return Ok(Seat(None)) };
        let seat = Arc::clone(&counts.sockets).try_acquire_owned();
        seat.map(|seat| Seat(Some(seat))).map_err(|_| Error::LimitExceeded {
            limit: "CALLER_SOCKETS_MAX",
            allowed: counts.limits.sockets as u64,
            retry_after_seconds: Some(RETRY_SECONDS),
        })
    }
}

/// Socket among those of a caller, for as long as it is held.
#[derive(Debug)]
pub struct Seat(#[expect(dead_code, reason = "held, and given back when dropped")] Option<OwnedSemaphorePermit>);

/// Counts callers.
#[derive(Debug)]
pub struct Turnstile {
    /// By the hash of the caller under a seed of this process: two callers share a count once in 2^64, and nobody can choose
    /// with whom.
    callers: Cache<u64, Arc<Counts>>,
    /// The same of addresses: however many somebody has, callers with a name are not forgotten for them.
    strangers: Cache<u64, Arc<Counts>>,
    seed: RandomState,
    clock: DefaultClock,
    start: Instant,
    /// Latest of all such instants: most of the time nobody is suspect.
    suspects_until: AtomicU64,
    limits: Limits,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    requests: u64,
    kibibytes: u32,
    under_way: usize,
    failures: u64,
    turns: usize,
    sockets: usize,
}

/// What one caller has done.
#[derive(Debug)]
struct Counts {
    requests: DefaultDirectRateLimiter,
    kibibytes: DefaultDirectRateLimiter,
    failures: DefaultDirectRateLimiter,
    /// Microseconds from the start of the process.
    suspect_until: AtomicU64,
    under_way: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    readings: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
    limits: Limits,
}

impl Turnstile {
    /// Nobody has asked yet.
    pub fn new(serving: &Serving) -> Self {
        Self {
            callers: Cache::new(CALLERS_MAX),
            strangers: Cache::new(CALLERS_MAX),
            seed: RandomState::new(),
            clock: DefaultClock::default(),
            start: Instant::now(),
            suspects_until: AtomicU64::new(0),
            limits: Limits {
                requests: serving.caller_requests_per_second_max,
                kibibytes: u32::try_from(serving.caller_bytes_per_second_max.div_ceil(1024)).unwrap_or(u32::MAX),
                under_way: serving.caller_operations_max,
                failures: serving.failed_authentications_per_second_max,
                turns: serving.heavy_operations_max.div_ceil(2),
                sockets: serving.caller_sockets_max,
            },
        }
    }

    /// Lets a request of a caller in.
    ///
    /// # Errors
    /// Limit exceeded, with the time after which there is room.
    pub fn admit(&self, principal: Principal<'_>) -> Result<Place, Error> {
        let Some(counts) = self.counts(principal) else { return Ok(Place(None)) };
        let under_way = Arc::clone(&counts.under_way).try_acquire_owned();
        let permit = under_way.map_err(|_| Error::LimitExceeded {
            limit: "CALLER_OPERATIONS_MAX",
            allowed: self.limits.under_way as u64,
            retry_after_seconds: Some(RETRY_SECONDS),
        })?;
        counts.request()?;
        Ok(Place(Some(Held { counts, _permit: permit })))
    }

    /// Notes that a token from an address was not believed. Beyond the limit no unknown one is looked at until there is room
    /// for the next failure.
    pub fn failed(&self, principal: Principal<'_>) {
        let Some(counts) = self.counts(principal) else { return };
        if let Err(early) = counts.failures.check() {
            let until = micros(self.start.elapsed() + early.wait_time_from(self.clock.now()));
            counts.suspect_until.store(until, Ordering::Relaxed);
            self.suspects_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// Whether an address may try a token that is not known to be good.
    ///
    /// # Errors
    /// Limit exceeded after too many failures.
    pub fn may_try(&self, principal: Principal<'_>) -> Result<(), Error> {
        let now = micros(self.start.elapsed());
        let is_suspect = |counts: Arc<Counts>| now < counts.suspect_until.load(Ordering::Relaxed);
        if now >= self.suspects_until.load(Ordering::Relaxed) || !self.counts(principal).is_some_and(is_suspect) {
            return Ok(());
        }
        Err(Error::LimitExceeded {
            limit: "FAILED_AUTHENTICATIONS_PER_SECOND_MAX",
            allowed: self.limits.failures,
            retry_after_seconds: Some(RETRY_SECONDS),
        })
    }

    fn counts(&self, principal: Principal<'_>) -> Option<Arc<Counts>> {
        let (known, principal) = match principal {
            Principal::Within => return None,
            Principal::At(address) => (&self.strangers, Principal::At(subscriber(address))),
            Principal::Named { .. } => (&self.callers, principal),
        };
        let made = || Ok::<_, Infallible>(Arc::new(Counts::within(self.limits)));
        let Ok(counts) = known.get_or_insert_with(&self.seed.hash_one(principal), made);
        Some(counts)
    }
}

impl Counts {
    fn within(limits: Limits) -> Self {
        let per_second = |limit: u64| {
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            DefaultDirectRateLimiter::direct(Quota::per_second(NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN)))
        };
        Self {
            requests: per_second(limits.requests),
            kibibytes: per_second(limits.kibibytes.into()),
            failures: per_second(limits.failures),
            suspect_until: AtomicU64::new(0),
            under_way: Arc::new(Semaphore::new(limits.under_way)),
            turns: Arc::new(Semaphore::new(limits.turns)),
            readings: Arc::new(Semaphore::new(limits.turns)),
            bodies: Arc::new(Semaphore::new(LARGE_BODIES_MAX)),
            sockets: Arc::new(Semaphore::new(limits.sockets)),
            limits,
        }
    }

    fn request(&self) -> Result<(), Error> {
        self.requests.check().map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Error::LimitExceeded {
                limit: "CALLER_REQUESTS_PER_SECOND_MAX",
                allowed: self.limits.requests,
                retry_after_seconds: Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)),
            }
        })
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What of an address belongs to one subscriber.
fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> IPV6_PREFIX << IPV6_PREFIX).into(),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;
    use crate::config::{Config, Flags};

    fn turnstile(settings: &[(&str, &str)]) -> Turnstile {
        let given =
            |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Turnstile::new(&Config::load(&Flags::default(), given).expect("config").serving)
    }

    fn named(subject: &str) -> Principal<'_> {
        Principal::Named { subject, organisation: "0246246-0".parse().ok() }
    }

    fn limit(refused: &Result<Place, Error>) -> Option<(&'static str, u32)> {
        match refused {
            Err(Error::LimitExceeded { limit, retry_after_seconds, .. }) => Some((limit, (*retry_after_seconds)?)),
            _ => None,
        }
    }

    #[test]
    fn caller_with_its_fill_under_way_is_told_to_wait_and_nobody_else_is() {
        let turnstile = turnstile(&[("CALLER_OPERATIONS_MAX", "2")]);
        let places = [turnstile.admit(named("a")).expect("first"), turnstile.admit(named("a")).expect("second")];
        assert_eq!(limit(&turnstile.admit(named("a"))), Some(("CALLER_OPERATIONS_MAX", 1)));
        assert!(turnstile.admit(named("b")).is_ok() && turnstile.admit(Principal::Within).is_ok());
        drop(places);
        assert!(turnstile.admit(named("a")).is_ok());
    }

    #[test]
    fn caller_that_asks_too_fast_is_told_to_wait_and_nobody_else_is() {
        let turnstile = turnstile(&[("CALLER_REQUESTS_PER_SECOND_MAX", "3")]);
        assert!((0..3).all(|_| turnstile.admit(named("a")).is_ok()));
        assert_eq!(limit(&turnstile.admit(named("a"))), Some(("CALLER_REQUESTS_PER_SECOND_MAX", 1)));
        assert!(turnstile.admit(named("b")).is_ok());
    }

    #[test]
    fn caller_has_as_many_sockets_as_it_may_and_nobody_has_fewer_for_them() {
        let turnstile = turnstile(&[("CALLER_SOCKETS_MAX", "2")]);
        let seat = |name| turnstile.admit(named(name)).expect("a place").seat();
        let seats = [seat("a").expect("first"), seat("a").expect("second")];
        assert!(matches!(seat("a"), Err(Error::LimitExceeded { limit: "CALLER_SOCKETS_MAX", allowed: 2, .. })));
        assert!(seat("b").is_ok());
        drop(seats);
        assert!(seat("a").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_of_a_caller_beyond_those_of_a_second_wait_and_nobody_elses_do() {
        let turnstile = turnstile(&[("CALLER_BYTES_PER_SECOND_MAX", "10240")]);
        let place = |name| turnstile.admit(named(name)).expect("a place");
        assert!(place("a").pace(6_000).now_or_never().is_some());
        assert!(place("a").pace(6_000).now_or_never().is_none());
        assert!(place("b").pace(1_000_000).now_or_never().is_some(), "one body is never too large to begin with");
        assert!(Place::default().pace(usize::MAX).now_or_never().is_some());
    }

    #[tokio::test]
    async fn large_body_of_a_caller_waits_for_room_and_nobody_elses_does() {
        let turnstile = turnstile(&[]);
        let (place, other) =
            (turnstile.admit(named("a")).expect("a place"), turnstile.admit(named("b")).expect("another"));
        let mut rooms = Vec::new();
        for _ in 0..LARGE_BODIES_MAX {
            rooms.push(place.room().await);
        }
        assert!(place.room().now_or_never().is_none() && other.room().now_or_never().is_some());
        rooms.pop();
        assert!(place.room().now_or_never().is_some());
    }

    #[test]
    fn an_address_is_one_subscriber_and_the_same_in_both_families() {
        let turnstile = turnstile(&[("FAILED_AUTHENTICATIONS_PER_SECOND_MAX", "1")]);
        let failed = |address: &str| {
            let principal = Principal::At(address.parse().expect("address"));
            turnstile.failed(principal);
            turnstile.may_try(principal).is_ok()
        };
        assert!(failed("192.0.2.1") && !failed("::ffff:192.0.2.1") && failed("192.0.2.2"));
        assert!(failed("2001:db8::1") && !failed("2001:db8::ffff:1") && failed("2001:db8:0:1::1"));
    }
}
