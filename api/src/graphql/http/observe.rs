//! Around every request: its identifier, its log line, and an answer even when something panics.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;
use uuid::Uuid;

use super::answer::{Media, Refusal};
use crate::{Error, clock};

/// Identifier of a request, on its answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Identifier of a request, for its answer and its log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl RequestId {
    /// By chance alone, for an identifier that rises with time would tell how busy the gateway is.
    pub(super) fn fresh() -> Result<Self, Error> {
        Ok(Self(uuid::Builder::from_random_bytes(clock::random()?).into_uuid()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Panics caught so far in this process.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// Panics caught so far in this process. Each is a fault of ours that one caller met and the others did not.
pub fn panics_caught() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Counts one panic.
pub(super) fn panicked() {
    PANICS.fetch_add(1, Ordering::Relaxed);
}

/// Name of the executed operation, for the log line.
#[derive(Debug, Clone)]
pub(super) struct OperationName(pub(super) String);

/// Methods by name; a client may write anything for another, which no log line shall hold.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The log line names the route, never the path: that may hold anything.
pub(super) async fn observed(mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = match RequestId::fresh() {
        Ok(id) => id,
        Err(error) => return Refusal::from(error).answer(Media::Json, Uuid::nil()),
    };
    request.extensions_mut().insert(id);
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        panicked();
        Refusal::from(Error::internal("a handler panicked")).answer(Media::Json, id.0)
    });
    tracing::info!(
        method,
        path = route.as_ref().map_or("unknown", MatchedPath::as_str),
        status = response.status().as_u16(),
        ms = start.elapsed().as_secs_f64() * 1000.0,
        request_id = %id,
        operation = response.extensions().get::<OperationName>().map(|name| name.0.as_str()),
        "request"
    );
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
