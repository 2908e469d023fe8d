//! A lane of its own for what takes long to read or to reckon.
//!
//! Answers come from memory and do not wait, so one that takes twenty milliseconds keeps everybody behind it on the same thread
//! waiting as long. A few such run at once on threads of their own, where the system gives each thread its share; the rest of
//! them wait, each caller's among themselves, so that one caller's never fill the lane.

use std::{panic::resume_unwind, sync::Arc};

use tokio::{runtime::Handle, sync::Semaphore, task::spawn_blocking};

use super::turnstile::Place;
use crate::Error;

/// Work of the lane. Each sort has turns of its own: what is read takes milliseconds, and shall not wait for what is reckoned
/// for seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A large body, a document seen for the first time.
    Reading,
    /// An operation that reckons long.
    Performing,
}

/// The lane.
#[derive(Debug, Clone)]
pub struct Lane {
    reading: Arc<Semaphore>,
    performing: Arc<Semaphore>,
}

impl Lane {
    /// Lane of so many of each sort at once.
    pub fn new(operations_max: usize) -> Self {
        let turns = || Arc::new(Semaphore::new(operations_max));
        Self { reading: turns(), performing: turns() }
    }

    /// What comes of a caller's work, once it has had its turn. Work that has begun is not cut by who waits for it going away;
    /// a panic of it is a panic here.
    ///
    /// # Errors
    /// Internal when the process ends before the work does.
    pub async fn run<T: Send + 'static>(
        &self,
        sort: Work,
        place: &Place,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let closed = |_| Error::internal("the lane is closed");
        let own = match place.turns(sort) {
            Some(turns) => Some(turns.acquire_owned().await.map_err(closed)?),
            None => None,
        };
        let turns = match sort {
            Work::Reading => &self.reading,
            Work::Performing => &self.performing,
        };
        let turn = Arc::clone(turns).acquire_owned().await.map_err(closed)?;
        let runtime = Handle::current();
        let done = spawn_blocking(move || {
            let _turns = (own, turn);
            runtime.block_on(work)
        });
        done.await.map_err(|ended| match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Error::internal("the process ends"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::AssertUnwindSafe,
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use futures::FutureExt;
    use tokio::time::timeout;

    use super::super::turnstile::{Principal, Turnstile};
    use super::*;
    use crate::config::{Config, Flags};

    #[tokio::test]
    async fn one_callers_work_leaves_room_for_anothers() {
        let serving = Config::load(&Flags::default(), |_| None).expect("config").serving;
        let (turnstile, lane) = (Turnstile::new(&serving), Lane::new(serving.heavy_operations_max));
        let named = |subject| turnstile.admit(Principal::Named { subject, organisation: None }).expect("a place");
        let (greedy, other) = (Arc::new(named("greedy")), named("other"));
        let (begun, (end, ended)) = (Arc::new(AtomicUsize::new(0)), tokio::sync::watch::channel(()));
        let tasks: Vec<_> = (0..5)
            .map(|_| {
                let (greedy, lane, begun, mut ended) =
                    (Arc::clone(&greedy), lane.clone(), Arc::clone(&begun), ended.clone());
                tokio::spawn(async move {
                    let work = async move {
                        begun.fetch_add(1, Ordering::SeqCst);
                        ended.changed().await
                    };
                    lane.run(Work::Performing, &greedy, work).await
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(begun.load(Ordering::SeqCst), 1);
        let done = timeout(Duration::from_secs(5), lane.run(Work::Performing, &other, async { 7 })).await;
        assert_eq!(done.expect("not behind the greedy").expect("done"), 7);
        let read = timeout(Duration::from_secs(5), lane.run(Work::Reading, &greedy, async { 8 })).await;
        assert_eq!(read.expect("not behind its own reckoning").expect("read"), 8);
        drop(end);
        for task in tasks {
            assert!(task.await.expect("a task").is_ok());
        }
        assert_eq!(begun.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn panic_is_the_callers_and_gives_its_turn_back() {
        let serving = Config::load(&Flags::default(), |_| None).expect("config").serving;
        let (place, lane) = (
            Turnstile::new(&serving).admit(Principal::Within).expect("a place"),
            Lane::new(serving.heavy_operations_max),
        );
        for _ in 0..3 {
            let work = lane.run(Work::Performing, &place, async { [1][std::hint::black_box(1)] });
            assert!(AssertUnwindSafe(work).catch_unwind().await.is_err());
        }
        assert_eq!(lane.run(Work::Performing, &place, async { 7 }).await.expect("done"), 7);
    }
}
