//! The server beneath the doors: who is let in, how long each may take, and how it ends.
//!
//! A loop of our own on hyper, for the one of axum bounds neither headers, connections nor their time. Every wait on a client
//! has an end that is a setting: its handshake, its header, its body, its next request, and its taking of the answer.

mod body;
mod connection;
mod lane;
mod linger;
mod peer;
mod stopping;
mod tls;
mod turnstile;
mod watch;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::HeaderValue};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::{
    config::Serving,
    metrics::{self, Open},
};
use connection::Manners;

pub use body::BodyTooSlow;
pub use lane::{Lane, Work};
pub use peer::client;
pub use stopping::{Stop, Stopping};
pub use tls::{Tls, TlsFault};
pub use turnstile::{Place, Principal, Seat, Turnstile};
pub use watch::Traffic;

/// Pause after the system has refused a connection: there are too many, and the next would be refused too.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

/// Browsers that have once come over TLS come so for a year.
const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Open files kept for what is no connection.
const OTHER_FILES: usize = 256;

/// How long a connection may ask nothing in a full house.
const CROWDED_TIME_MAX: Duration = Duration::from_secs(1);

/// In how many rounds those who ask nothing make room in a full house, so that not all have to come again at once.
const ROUNDS: usize = 8;

/// Serves until it is told to stop, then lets requests under way end, for as long as a stop may take.
pub async fn serve(listener: TcpListener, router: Router, serving: &Serving, tls: Option<Tls>, mut stopping: Stopping) {
    let connections_max = room(serving.connections_max);
    let places = Arc::new(Semaphore::new(connections_max));
    let house = Arc::new(House {
        manners: Manners::new(router, serving, tls.as_ref().map(|_| A_YEAR)),
        tls,
        room: Room::default(),
        stopping: stopping.clone(),
    });
    tokio::select! {
        () = stopping.begun() => {}
        () = welcome(&listener, &places, &house) => {}
    }
    drop(listener);
    drain(&places, connections_max, serving.stop_time_max, &house).await;
}

/// Connections there is room for. Each is an open file, and databases and keys need some of those too: a flood of connections
/// must not keep the process from its own.
fn room(connections_max: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let Some(files) = files_max(&limits) else { return connections_max };
    let room = files - OTHER_FILES.min(files / 2);
    if room < connections_max {
        tracing::warn!(files, room, "fewer connections than CONNECTIONS_MAX: the process may open too few files");
    }
    room.min(connections_max)
}

/// Files a process may have open, of what Linux tells of it; none where there is no such bound.
fn files_max(limits: &str) -> Option<usize> {
    limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok())
}

/// What all connections share.
struct House {
    manners: Manners,
    tls: Option<Tls>,
    room: Room,
    stopping: Stopping,
}

/// Tells connections that others wait for their place.
#[derive(Default)]
struct Room {
    wanted: Notify,
    round: AtomicUsize,
}

impl Room {
    /// Asks an eighth of those who wait for nothing to leave.
    fn want(&self) {
        self.round.fetch_add(1, Ordering::Relaxed);
        self.wanted.notify_waiters();
    }

    /// Waits until a connection is to make room: it is its turn, and it has asked nothing for long enough.
    async fn asks_for(&self, number: usize, waits: impl Fn() -> Option<Duration>) {
        loop {
            self.wanted.notified().await;
            let is_its_turn = self.round.load(Ordering::Relaxed) % ROUNDS == number % ROUNDS;
            if is_its_turn && waits().is_some_and(|waits| waits >= CROWDED_TIME_MAX) {
                return;
            }
        }
    }
}

/// Takes connections for ever. A newcomer to a full house waits in the system's queue until there is a place.
async fn welcome(listener: &TcpListener, places: &Arc<Semaphore>, house: &Arc<House>) {
    let mut number = 0;
    loop {
        let place = place(places, &house.room).await;
        let (stream, peer) = accepted(listener, &house.room).await;
        number += 1;
        tokio::spawn(attend(Arc::clone(house), stream, peer, place, number));
    }
}

/// A place for one more connection, once there is one.
async fn place(places: &Arc<Semaphore>, room: &Room) -> OwnedSemaphorePermit {
    loop {
        // The semaphore is never closed; were it, nobody more would come in.
        if let Ok(Ok(place)) = timeout(REFUSED_PAUSE, Arc::clone(places).acquire_owned()).await {
            return place;
        }
        room.want();
    }
}

/// The next connection. That the system has none to give, for one client or for all, ends nothing.
async fn accepted(listener: &TcpListener, room: &Room) -> (TcpStream, SocketAddr) {
    let mut refused = false;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(fault) if is_of_the_client(&fault) => {}
            Err(fault) => {
                if !refused {
                    tracing::warn!(%fault, "no connection can be taken: is the number of open files too small?");
                }
                refused = true;
                room.want();
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
        }
    }
}

/// Whether it was the client that went away before it came in.
fn is_of_the_client(fault: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(fault.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection, from its first byte to its last.
async fn attend(house: Arc<House>, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit, number: usize) {
    // Without it an answer of several packets waits for the client's acknowledgement; one that has gone needs none.
    drop(stream.set_nodelay(true));
    let _open = metrics::opened(Open::Connection);
    match &house.tls {
        None => connection::converse(&house, stream, peer, place, number).await,
        Some(tls) => {
            let (mut stopping, since) = (house.stopping.clone(), Instant::now());
            let shaken = tokio::select! {
                shaken = timeout(house.manners.handshake_time_max(), tls.accept(stream)) => shaken,
                () = stopping.begun() => return,
                () = house.room.asks_for(number, || Some(since.elapsed())) => return,
            };
            if let Ok(Ok(stream)) = shaken {
                connection::converse(&house, stream, peer, place, number).await;
            }
        }
    }
}

/// Waits until every connection has given its place back. Those who take longer than a stop may are cut.
async fn drain(places: &Semaphore, connections_max: usize, time_max: Duration, house: &House) {
    let all = u32::try_from(connections_max).unwrap_or(u32::MAX);
    if timeout(time_max, places.acquire_many(all)).await.is_err() {
        let cut = connections_max - places.available_permits();
        tracing::warn!(cut, "connections are cut: their requests took longer than STOP_SECONDS_MAX");
        house.stopping.cut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_files_are_read_as_linux_tells_them() {
        let told = "Limit   Soft Limit  Hard Limit  Units\nMax processes  95 95 processes\nMax open files            1024                 524288               files     \n";
        assert_eq!(files_max(told), Some(1_024));
        assert_eq!(files_max(&told.replace("1024 ", "unlimited ")), None);
        assert_eq!(files_max(""), None);
    }
}
