//! Which of the hosts is the primary, watched for as long as the process lives.
//!
//! One connection asks the primary twice a second what it is. When it does not answer, or is none any more, every host is
//! asked, and all sets of connections move to the one that is. **Invariant:** a server of an older timeline than one this
//! process has written to is never written to.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, stream::FuturesUnordered};
use sea_orm::DbErr;
use sqlx::{PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    lag::Positions,
    server::{self, Standing, ask, named},
};
use crate::{config::Connecting, metrics};

/// Time between two questions to the primary.
const LOOK: Duration = Duration::from_millis(500);

/// Time between two rounds through all hosts while none is the primary.
const SEARCH: Duration = Duration::from_millis(250);

/// Time between two looks at the other hosts while the primary answers: one that was promoted beside it is the later.
const OTHERS_LOOK: Duration = Duration::from_secs(5);

/// Where the primary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Rises whenever connections made before are to be given up.
    pub epoch: u64,
    /// Which of the hosts.
    pub host: usize,
}

/// The primary of a database, wherever it is.
#[derive(Debug)]
pub(super) struct Primary {
    hosts: Vec<PgConnectOptions>,
    connecting: Connecting,
    place: watch::Sender<Place>,
    /// The database this process has begun with.
    system: i64,
    /// Newest timeline this process has seen written.
    timeline: AtomicI64,
    /// When the server last started, as far as known.
    started_at: Mutex<chrono::DateTime<chrono::Utc>>,
    positions: Positions,
}

impl Primary {
    /// Finds the primary among the hosts; of several, the one of the newest timeline.
    ///
    /// # Errors
    /// When there is none, with what each host said.
    pub async fn find(
        hosts: Vec<PgConnectOptions>,
        connecting: Connecting,
    ) -> Result<(Arc<Self>, PgConnection), DbErr> {
        let asked = hosts.iter().map(|host| server::reach(host, connecting.acquire_max));
        let mut faults = Vec::new();
        let mut found: Option<(usize, PgConnection, Standing)> = None;
        for (at, reached) in futures::future::join_all(asked).await.into_iter().enumerate() {
            match reached {
                Ok((connection, standing)) if !standing.in_recovery => {
                    if found.as_ref().is_none_or(|(_, _, other)| standing.timeline > other.timeline) {
                        found = Some((at, connection, standing));
                    }
                }
                Ok(_) => faults.push(format!("{} is a standby", named(&hosts[at]))),
                Err(DbErr::Custom(fault)) => faults.push(fault),
                Err(fault) => faults.push(fault.to_string()),
            }
        }
        let (host, connection, standing) = found.ok_or_else(|| DbErr::Custom(faults.join("; ")))?;
        let (place, _) = watch::channel(Place { epoch: 0, host });
        let primary = Self {
            hosts,
            connecting,
            place,
            system: standing.system,
            timeline: AtomicI64::new(standing.timeline),
            started_at: Mutex::new(standing.started_at),
            positions: Positions::default(),
        };
        primary.heard(&standing);
        Ok((Arc::new(primary), connection))
    }

    /// Where it is, and to be told when that changes.
    pub fn place(&self) -> watch::Receiver<Place> {
        self.place.subscribe()
    }

    /// Options of connections to a place.
    pub fn options(&self, place: Place) -> PgConnectOptions {
        self.hosts[place.host].clone()
    }

    /// Positions of the write-ahead log it was heard to write.
    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Whether a server is a copy of this database that may be read: not one that was left behind by a promotion.
    pub fn is_copy(&self, standing: &Standing) -> bool {
        let newest = self.timeline.load(Ordering::Acquire);
        standing.system == self.system && (standing.in_recovery || standing.timeline >= newest)
    }

    /// Why a server is not to be written to; null when it may be.
    pub fn refusal(&self, standing: &Standing) -> Option<&'static str> {
        let newest = self.timeline.load(Ordering::Acquire);
        match () {
            () if standing.refuses_writes => Some("it takes no writes"),
            () if standing.system != self.system => Some("it is another database"),
            () if standing.timeline < newest => {
                Some("it writes an older timeline than is known; keep it from its clients")
            }
            () => None,
        }
    }

    /// Whether a server that may be written to is of a newer timeline than was known, or has started anew; then every
    /// connection made so far is given up, and those to come are made to its host.
    pub fn has_changed(&self, host: usize, standing: &Standing) -> bool {
        let is_newer = self.timeline.fetch_max(standing.timeline, Ordering::AcqRel) < standing.timeline;
        let is_here = is_newer || host == self.place.borrow().host;
        let has_restarted = is_here && self.note_start(standing.started_at);
        if is_newer || has_restarted {
            tracing::warn!(
                host = named(&self.hosts[host]),
                timeline = standing.timeline,
                "a connection leads to a server that was promoted or started anew; the primary is here now"
            );
            self.move_to(host);
        }
        is_newer || has_restarted
    }

    /// Whether the server was started later than was known; then that is known.
    fn note_start(&self, started_at: chrono::DateTime<chrono::Utc>) -> bool {
        let mut known = self.started_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_later = *known < started_at;
        if is_later {
            *known = started_at;
        }
        is_later
    }

    /// Watches until nobody holds the primary any more.
    pub async fn watch(this: Weak<Self>, first: PgConnection) {
        let mut watcher = Watcher {
            connection: Some(first),
            heard_at: Instant::now(),
            epoch: 0,
            others_at: Instant::now(),
            gave_up: false,
        };
        loop {
            sleep(if watcher.connection.is_some() { LOOK } else { SEARCH }).await;
            let Some(primary) = this.upgrade() else { return };
            watcher.look(&primary).await;
        }
    }

    /// Whether it is the server as it was last known.
    fn is_known(&self, standing: &Standing) -> bool {
        let started_at = *self.started_at.lock().unwrap_or_else(PoisonError::into_inner);
        standing.started_at == started_at && standing.timeline == self.timeline.load(Ordering::Acquire)
    }

    fn heard(&self, standing: &Standing) {
        self.timeline.fetch_max(standing.timeline, Ordering::AcqRel);
        self.positions.note(standing.position);
    }

    /// Gives up every connection made so far and makes those to come to a host.
    fn move_to(&self, host: usize) {
        metrics::database_reconnected();
        self.place.send_modify(|place| *place = Place { epoch: place.epoch + 1, host });
    }
}

/// What the task that watches remembers.
struct Watcher {
    connection: Option<PgConnection>,
    heard_at: Instant,
    /// Epoch when it was last heard, or calls were ended.
    epoch: u64,
    others_at: Instant,
    /// Whether calls were ended in this silence.
    gave_up: bool,
}

impl Watcher {
    async fn look(&mut self, primary: &Primary) {
        if let Some(connection) = self.connection.as_mut() {
            match timeout(primary.connecting.connect_max, ask(connection)).await {
                Ok(Ok(standing)) if primary.refusal(&standing).is_none() => {
                    // A pooler may have led the question to another server than the one before.
                    let host = primary.place.borrow().host;
                    primary.has_changed(host, &standing);
                    primary.heard(&standing);
                    self.heard_at = Instant::now();
                    self.epoch = primary.place.borrow().epoch;
                    return self.look_at_others(primary).await;
                }
                // Nobody answers yet: the other hosts may know more.
                Err(_) => {}
                Ok(_) => self.connection = None,
            }
        }
        let is_patient = self.connection.is_some() && self.heard_at.elapsed() <= primary.connecting.silence_max;
        match search(primary).await {
            // A new connection is answered; so may the one that waits be, if it is only slow.
            Some((_, _, standing)) if is_patient && primary.is_known(&standing) => {}
            Some(found) => self.settle(primary, found),
            None if !self.gave_up && self.heard_at.elapsed() > primary.connecting.silence_max => {
                tracing::error!("no host is a primary that takes writes; calls that wait for one are ended");
                self.gave_up = true;
                let host = primary.place.borrow().host;
                primary.move_to(host);
                self.epoch = primary.place.borrow().epoch;
            }
            None => {}
        }
    }

    /// A primary answers again, there or elsewhere. Connections from before are given up, but where the server never went
    /// away (then only the one that watched was lost), or where a connection came upon it before and they were given up then.
    fn settle(&mut self, primary: &Primary, (host, connection, standing): (usize, PgConnection, Standing)) {
        let was = *primary.place.borrow();
        let started_at = {
            let mut known = primary.started_at.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, standing.started_at)
        };
        let newer = standing.timeline > primary.timeline.load(Ordering::Acquire);
        let was_silent = was.epoch == self.epoch && self.heard_at.elapsed() > primary.connecting.silence_max;
        primary.heard(&standing);
        if host != was.host || newer || started_at != standing.started_at || was_silent {
            tracing::warn!(host = named(&primary.hosts[host]), timeline = standing.timeline, "the primary is here now");
            primary.move_to(host);
        }
        let epoch = primary.place.borrow().epoch;
        let now = Instant::now();
        *self = Self { connection: Some(connection), heard_at: now, epoch, others_at: now, gave_up: false };
    }

    /// Looks now and then whether another host was promoted beside the primary, which then is the old one.
    async fn look_at_others(&mut self, primary: &Primary) {
        if primary.hosts.len() == 1 || self.others_at.elapsed() < OTHERS_LOOK {
            return;
        }
        self.others_at = Instant::now();
        let newest = primary.timeline.load(Ordering::Acquire);
        let here = primary.place.borrow().host;
        let others = (0..primary.hosts.len()).filter(|host| *host != here);
        let asked = others.map(|host| async move {
            (host, server::reach(&primary.hosts[host], primary.connecting.connect_max).await)
        });
        for (host, reached) in futures::future::join_all(asked).await {
            if let Ok((connection, standing)) = reached
                && primary.refusal(&standing).is_none()
                && standing.timeline > newest
            {
                tracing::error!(
                    old = named(&primary.hosts[here]),
                    new = named(&primary.hosts[host]),
                    "two servers take writes; the one of the newer timeline is the primary, keep the other from its clients"
                );
                return self.settle(primary, (host, connection, standing));
            }
        }
    }
}

/// Asks every host at once. One of a newer timeline than known was promoted and is taken as soon as it says so; one of the
/// known timeline only when all others have answered or were given up, for one of them may be newer.
async fn search(primary: &Primary) -> Option<(usize, PgConnection, Standing)> {
    let newest = primary.timeline.load(Ordering::Acquire);
    let patience = primary.connecting.connect_max;
    let mut asked: FuturesUnordered<_> = primary
        .hosts
        .iter()
        .enumerate()
        .map(|(at, host)| async move { (at, server::reach(host, patience).await) })
        .collect();
    let mut found: Option<(usize, PgConnection, Standing)> = None;
    while let Some((host, reached)) = asked.next().await {
        let Ok((connection, standing)) = reached else { continue };
        match primary.refusal(&standing) {
            None if standing.timeline > newest => return Some((host, connection, standing)),
            None => found = Some((host, connection, standing)),
            Some(why) if !standing.in_recovery => {
                tracing::warn!(host = named(&primary.hosts[host]), why, "a server is not written to");
            }
            Some(_) => {}
        }
    }
    found
}
