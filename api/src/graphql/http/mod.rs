//! The doors over HTTP: GraphQL, its page, health and keys.
//!
//! Nothing of a request but its method, its route and the kind of its operation is ever logged: the rest may hold personal
//! data.

mod accept;
mod again;
mod answer;
mod body;
mod cors;
mod envelope;
mod graphiql;
mod graphql;
mod health;
mod kept;
mod language;
mod named;
mod observe;
mod socket;
mod surface;
mod variables;
mod watch;

use std::{fmt, sync::Arc, time::Duration};

use async_graphql::{ObjectType, SubscriptionType};
use axum::{Router, middleware, routing::get};
use entity::vocabulary::{Instant, Language};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::{
    documents::Schemas,
    trusted::{Admission, TrustedDocuments},
};
use crate::{
    Error,
    answers::{Answers, Footing},
    auth::{Caller, Credentials, Viewer},
    config::Origins,
    server::Place,
};

pub use again::Known;
pub use answer::{Media, Refusal, TEXT, status_of};
pub use body::{Bodies, Sent, is_json, is_plain};
pub use envelope::{RequestLimits, object};
pub use graphql::{FACTS_SEQ, FACTS_WAIT_MAX, min_seq, too_slow};
pub use language::preferred_language;
pub use observe::{REQUEST_ID, RequestId};
pub use socket::SocketLimits;
pub use variables::VariablesLimits;

/// Verifies who asks, before anything else of a request is read.
pub type Authenticate = Arc<dyn for<'a> Fn(Credentials<'a>) -> BoxFuture<'a, Result<Caller, Error>> + Send + Sync>;

/// Whether a caller let in before is still whom its token names; nothing is counted.
pub type Recognise = Arc<dyn for<'a> Fn(Credentials<'a>) -> BoxFuture<'a, Result<(), Error>> + Send + Sync>;

/// Place of somebody by the address alone.
pub type Knock = Arc<dyn Fn(Credentials<'_>) -> Result<Place, Error> + Send + Sync>;

/// Makes the context of a request, once the facts have reached what it waits for; it is given [`FACTS_WAIT_MAX`].
pub type Enter<C> = Arc<dyn Fn(Arrival) -> BoxFuture<'static, Result<Entered<C>, Error>> + Send + Sync>;

/// What keeps the gateway from serving, all of it; nothing where it can.
pub type Ready = Arc<dyn Fn() -> Vec<&'static str> + Send + Sync>;

/// Ends when the gateway stops: then sockets are closed.
pub type Stopped = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// What time it is, for what outlives a request.
pub type Now = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Position of the journal the facts have reached.
pub type CurrentSeq = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Key set of the development issuer, as JSON.
pub type KeySet = Arc<dyn Fn() -> String + Send + Sync>;

/// Request as it comes in.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Who asks.
    pub viewer: Arc<Viewer>,
    /// Language of names.
    pub language: Language,
    /// Journal position the facts must have reached; null for what they are.
    pub min_seq: Option<i64>,
    /// Identifier of the request.
    pub request_id: Uuid,
}

/// Request that has its picture of the facts.
#[derive(Debug, Clone)]
pub struct Entered<C> {
    /// What resolvers read.
    pub context: C,
    /// Journal position of its facts.
    pub facts_seq: i64,
    /// How long ago its facts were last known to be current, where that is longer than `FACTS_MAX_AGE`.
    pub stale_for: Option<Duration>,
    /// What its answer will rest on.
    pub footing: Arc<Footing>,
}

/// The facts and the time as they are, for a question that may have been answered before.
#[derive(Debug, Clone, Copy)]
pub struct Present {
    /// Journal position of the facts.
    pub facts_seq: i64,
    /// Now.
    pub at: Instant,
}

/// The present; null while the facts are older than allowed.
pub type AtPresent = Arc<dyn Fn() -> Option<Present> + Send + Sync>;

/// What the doors open to.
pub struct Doors<Q, M, S, C> {
    /// The schema.
    pub schemas: Schemas<Q, M, S>,
    /// Documents that may be named by their hash, and whether any other is admitted.
    pub trusted: TrustedDocuments,
    /// `FACTS_MAX_AGE`: how long anybody may keep an answer that depends on nobody.
    pub anonymous_time_max: Duration,
    /// How bodies are read, and where what reckons long is reckoned.
    pub bodies: Bodies,
    /// Most that a request may hold beside its document.
    pub request_limits: RequestLimits,
    /// Bounds of each socket.
    pub sockets: SocketLimits,
    /// Web origins whose pages may call.
    pub cors_origins: Origins,
    /// `SLOW_OPERATION`: time from which an operation has a log line of its own.
    pub slow_from: Duration,
    /// Who asks, and whether it may ask more just now.
    pub authenticate: Authenticate,
    /// Whether a caller let in before is still known.
    pub recognise: Recognise,
    /// Place of a client that has not said yet who it is.
    pub knock: Knock,
    /// Context of a request.
    pub enter: Enter<C>,
    /// Answers given before.
    pub answers: Arc<Answers>,
    /// The facts and the time as they are.
    pub at_present: AtPresent,
    /// Position of the facts now, for the answer to a mutation.
    pub current_seq: CurrentSeq,
    /// The end of the gateway.
    pub stopping: Stopped,
    /// Time.
    pub now: Now,
    /// Readiness.
    pub ready: Ready,
    /// Keys of the development issuer; null otherwise.
    pub key_set: Option<KeySet>,
}

impl<Q, M, S, C> fmt::Debug for Doors<Q, M, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doors").finish_non_exhaustive()
    }
}

/// Routes of the doors and of `others`, every request with its id, its log line and an answer even to a panic, every answer
/// with the headers that harden it.
pub fn router<Q, M, S, C>(doors: Doors<Q, M, S, C>, others: Router) -> Router
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let ready = Arc::clone(&doors.ready);
    let key_set = doors.key_set.clone();
    let cors = cors::layer(&doors.cors_origins);
    let has_page = doors.trusted.admission() == Admission::Any;
    let mut router = Router::new()
        .route("/graphql", get(graphql::get::<Q, M, S, C>).post(graphql::post::<Q, M, S, C>).options(graphql::options))
        .route("/graphql/ws", get(socket::open::<Q, M, S, C>))
        .with_state(Arc::new(doors))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(move || async move { health::ready(&ready) }));
    if has_page {
        router = router.route("/graphiql/{file}", get(graphiql::file));
    }
    if let Some(key_set) = key_set {
        router = router.route("/.well-known/jwks.json", get(move || async move { health::key_set(&key_set) }));
    }
    let mut router = router.merge(others).fallback(surface::nowhere).method_not_allowed_fallback(surface::not_so);
    if let Some(cors) = cors {
        router = router.layer(cors);
    }
    router.layer(middleware::from_fn(observe::observed))
}

#[cfg(test)]
mod tests;
