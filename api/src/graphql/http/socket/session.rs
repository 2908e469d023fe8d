//! The life of one socket: greeted in time, known, heard from, and closed with a reason.

use std::{collections::HashMap, net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{ObjectType, SubscriptionType};
use axum::{
    extract::ws::{CloseFrame, Message, WebSocket},
    http::{HeaderMap, HeaderValue, header::AUTHORIZATION, request::Parts},
};
use entity::vocabulary::Language;
use futures::FutureExt;
use serde_json::value::RawValue;
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout},
};

use super::{
    super::{Doors, language::preferred_language},
    message::{Close, Received, Sent},
    operation::{self, Asked, Heard, News, Teller, close_of},
};
use crate::{
    Error,
    auth::{Caller, Credentials},
    json,
    metrics::{self, Open},
    server::{Place, Seat, Traffic},
};

/// Messages that wait for a client before its operations wait themselves.
const WAITING_MAX: usize = 4;

/// How long a client may take to take a message.
const TAKING_TIME_MAX: Duration = Duration::from_secs(10);

/// How long a client may take to say good-bye.
const LEAVING_TIME_MAX: Duration = Duration::from_secs(2);

/// Bytes of what a client says of itself.
const GREETING_BYTES_MAX: usize = 16 * 1024;

/// Bytes a client may send before it is known: its greeting, framed.
const UNKNOWN_BYTES_MAX: u64 = 2 * GREETING_BYTES_MAX as u64;

/// Bytes of a client's frame beside what it carries, where that is short: two of the header, four of the mask.
const CONTROL_FRAME_BYTES: u64 = 6;

/// What a client shows of itself: the headers it came with, and the token it was greeted by.
#[derive(Clone)]
pub(super) struct Shown {
    headers: HeaderMap,
    peer: Option<IpAddr>,
    pub(super) language: Language,
}

impl Shown {
    pub(super) fn of(parts: &Parts) -> Self {
        let credentials = Credentials::from(parts);
        let language = preferred_language(&parts.headers);
        Self { headers: credentials.headers.clone(), peer: credentials.peer, language }
    }

    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    pub(super) fn credentials(&self) -> Credentials<'_> {
        Credentials { headers: &self.headers, peer: self.peer }
    }

    /// Takes the token of a greeting, where it has one. It may not come both ways.
    fn greet(&mut self, payload: Option<&RawValue>) -> Result<(), Close> {
        let Some(payload) = payload else { return Ok(()) };
        if payload.get().len() > GREETING_BYTES_MAX {
            return Err(Close::MALFORMED);
        }
        let members = json::object(payload.get().as_bytes()).ok_or(Close::MALFORMED)?;
        for (_, value) in members.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            let value = value.as_str().and_then(|text| HeaderValue::from_str(text).ok()).ok_or(Close::FORBIDDEN)?;
            if self.headers.insert(AUTHORIZATION, value).is_some() {
                return Err(Close::FORBIDDEN);
            }
        }
        Ok(())
    }
}

/// One socket.
pub(super) struct Session<Q, M, S, C> {
    doors: Arc<Doors<Q, M, S, C>>,
    shown: Shown,
    standing: Standing,
    operations: HashMap<String, Running>,
    /// Ends every operation with the socket. A mutation under way has a task of its own, which nothing ends.
    tasks: JoinSet<()>,
    begun: u64,
    heard: (mpsc::Sender<Heard>, mpsc::Receiver<Heard>),
    last_word: Instant,
    incoming: Incoming,
    /// Whether it is only waited for what is under way.
    leaves: bool,
    /// Among the sockets of its address, then of its caller.
    seat: Seat,
}

/// How far a client has come.
enum Standing {
    /// Not greeted yet, and until when it must be.
    Unknown(Instant),
    /// Known, and until when; for ever without a token.
    Known { until: Option<Instant>, place: Arc<Place> },
}

struct Running {
    number: u64,
    task: AbortHandle,
    /// Whether it waits for events, and not for its answer.
    follows: bool,
}

/// What comes in, and since when a message is under way: the engine shows whole messages alone, and a client could drip one
/// for ever between its pongs.
struct Incoming {
    traffic: Traffic,
    /// Bytes of whole messages.
    whole: u64,
    unfinished_since: Option<Instant>,
}

impl Incoming {
    fn of(traffic: Traffic) -> Self {
        traffic.allow(UNKNOWN_BYTES_MAX);
        Self { whole: traffic.received(), traffic, unfinished_since: None }
    }

    /// A message is whole.
    fn message(&mut self) {
        (self.whole, self.unfinished_since) = (self.traffic.received(), None);
    }

    /// A ping or pong is whole, which may come within a message.
    fn control(&mut self, bytes: usize) {
        self.whole = (self.whole + bytes as u64 + CONTROL_FRAME_BYTES).min(self.traffic.received());
        self.look();
    }

    fn look(&mut self) {
        if self.traffic.received() > self.whole {
            self.unfinished_since.get_or_insert_with(Instant::now);
        }
    }
}

/// What happens next.
enum Event {
    Stopping,
    Received(Option<Result<Message, axum::Error>>),
    Heard(Option<Heard>),
    TimeIsUp,
    Pulse,
}

impl<Q, M, S, C> Session<Q, M, S, C>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    pub(super) fn new(doors: Arc<Doors<Q, M, S, C>>, shown: Shown, seat: Seat, traffic: Traffic) -> Self {
        let now = Instant::now();
        let standing = Standing::Unknown(now + doors.sockets.greeting_time_max);
        Self {
            doors,
            shown,
            standing,
            operations: HashMap::new(),
            tasks: JoinSet::new(),
            begun: 0,
            heard: mpsc::channel(WAITING_MAX),
            last_word: now,
            incoming: Incoming::of(traffic),
            leaves: false,
            seat,
        }
    }

    /// Keeps the socket until one side has had enough.
    pub(super) async fn kept(mut self, mut socket: WebSocket) {
        let _open = metrics::opened(Open::Socket);
        let served = AssertUnwindSafe(self.served(&mut socket)).catch_unwind().await;
        let ended = served.unwrap_or_else(|_| {
            metrics::panicked();
            Some(Close::PANICKED)
        });
        let Some(Close(code, reason)) = ended else { return };
        self.tasks.abort_all();
        let frame = CloseFrame { code, reason: reason.into() };
        let leaving = async {
            if socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = socket.recv().await {}
            }
        };
        // Whoever does not take the frame is left anyway.
        let _ = timeout(LEAVING_TIME_MAX, leaving).await;
    }

    /// Serves it; why it must be closed, or nothing when it is closed already.
    async fn served(&mut self, socket: &mut WebSocket) -> Option<Close> {
        if socket.protocol().is_none() {
            return Some(Close::NO_PROTOCOL);
        }
        let doors = Arc::clone(&self.doors);
        let mut stopping = (doors.stopping)();
        let mut pulse = pulse(doors.sockets.silence_max);
        loop {
            let event = tokio::select! {
                () = &mut stopping, if !self.leaves => Event::Stopping,
                () = until(self.deadline()) => Event::TimeIsUp,
                _ = pulse.tick() => Event::Pulse,
                heard = self.heard.1.recv() => Event::Heard(heard),
                received = socket.recv() => Event::Received(received),
            };
            let reply = match self.react(event).await {
                Ok(reply) => reply,
                Err(end) => return end,
            };
            let is_done = self.leaves && self.operations.values().all(|running| running.follows);
            if let Some(message) = reply {
                match timeout(TAKING_TIME_MAX, socket.send(message)).await {
                    Ok(Ok(())) => {}
                    _ => return None,
                }
            }
            if is_done {
                return Some(Close::STOPPING);
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let known = match &self.standing {
            Standing::Unknown(until) => Some(*until),
            Standing::Known { until, .. } => *until,
        };
        let whole = self.incoming.unfinished_since.map(|since| since + self.doors.sockets.message_time_max);
        known.into_iter().chain(whole).min()
    }

    /// What is said to an event; an error ends the socket.
    async fn react(&mut self, event: Event) -> Result<Option<Message>, Option<Close>> {
        while self.tasks.try_join_next().is_some() {}
        match event {
            Event::Stopping => {
                self.leaves = true;
                Ok(None)
            }
            Event::TimeIsUp => Err(Some(self.overdue())),
            Event::Pulse if self.last_word.elapsed() >= self.doors.sockets.silence_max => Err(Some(Close::SILENT)),
            Event::Pulse => {
                self.incoming.look();
                Ok(Some(Message::Ping(axum::body::Bytes::new())))
            }
            Event::Heard(None) | Event::Received(None | Some(Ok(Message::Close(_)))) => Err(None),
            Event::Heard(Some(heard)) => self.hear(heard).map_err(Some),
            Event::Received(Some(Err(_))) => Err(Some(Close::UNREADABLE)),
            Event::Received(Some(Ok(message))) => {
                self.last_word = Instant::now();
                match message {
                    Message::Text(text) => {
                        self.incoming.message();
                        self.receive(text.as_str()).await.map_err(Some)
                    }
                    Message::Binary(_) => Err(Some(Close::MALFORMED)),
                    Message::Ping(bytes) | Message::Pong(bytes) => {
                        self.incoming.control(bytes.len());
                        Ok(None)
                    }
                    Message::Close(_) => Ok(None),
                }
            }
        }
    }

    /// What took too long.
    fn overdue(&self) -> Close {
        match &self.standing {
            Standing::Unknown(until) if *until <= Instant::now() => Close::NOT_GREETED,
            Standing::Known { until: Some(until), .. } if *until <= Instant::now() => Close::EXPIRED,
            Standing::Unknown(_) | Standing::Known { .. } => Close::TOO_SLOW,
        }
    }

    /// Passes on what an operation says, unless its client wants no more of it.
    fn hear(&mut self, Heard { number, news }: Heard) -> Result<Option<Message>, Close> {
        let id = self.operations.iter().find(|(_, running)| running.number == number).map(|(id, _)| id.clone());
        let Some(id) = id else { return Ok(None) };
        match news {
            News::Message(text) => Ok(Some(Message::Text(text.into()))),
            News::Last(text) => {
                self.operations.remove(&id);
                Ok(Some(Message::Text(text.into())))
            }
            News::Follows => {
                self.operations.entry(id).and_modify(|running| running.follows = true);
                Ok(None)
            }
            News::Close(close) => Err(close),
        }
    }

    async fn receive(&mut self, text: &str) -> Result<Option<Message>, Close> {
        if let Standing::Known { place, .. } = &self.standing {
            place.count().map_err(|_| Close::BUSY)?;
        }
        let reply = match Received::of(text).ok_or(Close::MALFORMED)? {
            Received::Init(payload) => {
                self.greet(payload).await?;
                Sent::ConnectionAck.text()
            }
            Received::Subscribe(id, payload) => match self.begin(id, payload)? {
                Some(refusal) => refusal,
                None => return Ok(None),
            },
            Received::Complete(id) => {
                if let Some(running) = self.operations.remove(&id) {
                    running.task.abort();
                }
                return Ok(None);
            }
            Received::Ping => Sent::Pong.text(),
            Received::Pong => return Ok(None),
        };
        Ok(Some(Message::Text(reply.into())))
    }

    async fn greet(&mut self, payload: Option<&RawValue>) -> Result<(), Close> {
        if matches!(self.standing, Standing::Known { .. }) {
            return Err(Close::GREETED_TWICE);
        }
        self.shown.greet(payload)?;
        let is_bare = !self.shown.headers.contains_key(AUTHORIZATION);
        let caller = (self.doors.authenticate)(self.shown.credentials()).await.map_err(|error| match error {
            Error::Unauthenticated { .. } if is_bare => Close::UNAUTHORISED,
            error => close_of(&error),
        })?;
        self.seat = caller.place.seat().map_err(|error| close_of(&error))?;
        self.incoming.traffic.allow(u64::MAX);
        let until = self.known_until(&caller);
        self.standing = Standing::Known { until, place: caller.place };
        Ok(())
    }

    fn known_until(&self, caller: &Caller) -> Option<Instant> {
        let left = caller.expires_at?.signed_duration_since((self.doors.now)());
        Some(Instant::now() + left.to_std().unwrap_or_default())
    }

    /// Begins an operation; what is said where there is no room for it.
    fn begin(&mut self, id: String, payload: &RawValue) -> Result<Option<String>, Close> {
        if matches!(self.standing, Standing::Unknown(_)) {
            return Err(Close::UNAUTHORISED);
        }
        if self.operations.contains_key(&id) {
            return Err(Close::IN_USE);
        }
        let allowed = self.doors.sockets.operations;
        let refused = if self.leaves {
            Some(Error::Unavailable("the gateway is stopping"))
        } else {
            (self.operations.len() >= allowed).then_some(Error::LimitExceeded {
                limit: "SUBSCRIPTIONS_MAX",
                allowed: allowed as u64,
                retry_after_seconds: None,
            })
        };
        if let Some(error) = refused {
            let answer = crate::graphql::errors::refusal(&error, uuid::Uuid::nil());
            return Ok(Some(Sent::Error { id: &id, payload: &answer.errors }.text()));
        }
        self.begun += 1;
        let teller = Teller { id: id.clone(), number: self.begun, to: self.heard.0.clone() };
        let asked = Asked { shown: self.shown.clone(), payload: payload.to_owned() };
        let task = self.tasks.spawn(operation::done(Arc::clone(&self.doors), asked, teller));
        self.operations.insert(id, Running { number: self.begun, task, follows: false });
        Ok(None)
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Twice in the longest silence.
fn pulse(silence_max: Duration) -> Interval {
    let period = (silence_max / 2).max(Duration::from_millis(1));
    let mut pulse = interval_at(Instant::now() + period, period);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pulse
}
