//! The replica the log is read from: asked every second how far it is; away or too far behind, it is not read.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use sqlx::{PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    primary::{Place, Primary},
    server::{self, Standing, ask, named},
};
use crate::config::Connecting;

/// Time between two questions to the replica.
const LOOK: Duration = Duration::from_secs(1);

/// Replica of a primary, on whichever of its hosts answers.
#[derive(Debug)]
pub(super) struct Replica {
    hosts: Vec<PgConnectOptions>,
    primary: Arc<Primary>,
    connecting: Connecting,
    place: watch::Sender<Place>,
    /// How far it had replayed, and when it said so; null while none answers.
    replayed: Mutex<Option<(i64, Instant)>>,
}

impl Replica {
    pub fn new(hosts: Vec<PgConnectOptions>, primary: Arc<Primary>, connecting: Connecting) -> Arc<Self> {
        let (place, _) = watch::channel(Place { epoch: 0, host: 0 });
        Arc::new(Self { hosts, primary, connecting, place, replayed: Mutex::new(None) })
    }

    /// How far it is behind, while it answers and is not further behind than is allowed; null when it is not to be read.
    pub fn lag(&self) -> Option<Duration> {
        let (replayed, asked_at) = (*self.replayed.lock().unwrap_or_else(PoisonError::into_inner))?;
        let silent = asked_at.elapsed();
        let lag = self.primary.positions().lag(replayed)?;
        (lag <= self.connecting.read_lag_max && silent <= LOOK + self.connecting.connect_max).then_some(lag)
    }

    /// Where it is, and to be told when that changes.
    pub fn place(&self) -> watch::Receiver<Place> {
        self.place.subscribe()
    }

    /// Options of connections to a place.
    pub fn options(&self, place: Place) -> PgConnectOptions {
        self.hosts[place.host].clone()
    }

    /// Asks it for as long as anybody holds it.
    pub async fn watch(this: Weak<Self>) {
        let mut connection = None;
        loop {
            let Some(replica) = this.upgrade() else { return };
            connection = replica.look(connection.take()).await;
            drop(replica);
            sleep(LOOK).await;
        }
    }

    async fn look(&self, connection: Option<PgConnection>) -> Option<PgConnection> {
        if let Some(mut connection) = connection
            && let Ok(Ok(standing)) = timeout(self.connecting.connect_max, ask(&mut connection)).await
            && self.primary.is_copy(&standing)
        {
            self.note(Some(&standing));
            return Some(connection);
        }
        for (host, options) in self.hosts.iter().enumerate() {
            let Ok((connection, standing)) = server::reach(options, self.connecting.connect_max).await else {
                continue;
            };
            if self.primary.is_copy(&standing) {
                tracing::info!(host = named(options), "the log is read here");
                self.place.send_modify(|place| *place = Place { epoch: place.epoch + 1, host });
                self.note(Some(&standing));
                return Some(connection);
            }
        }
        if self.note(None) {
            tracing::warn!("no replica answers; the log is read from the primary");
        }
        None
    }

    /// Takes note of what it said; whether it had been known before.
    fn note(&self, standing: Option<&Standing>) -> bool {
        let replayed = standing.map(|standing| (standing.position, Instant::now()));
        let mut noted = self.replayed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *noted, replayed).is_some()
    }
}
