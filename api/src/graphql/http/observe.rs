//! Around every request: its identifier, its log line, an answer even when something panics, and the headers of every answer.
//! One layer, for each costs as much as a small answer.

use std::{fmt, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request},
    http::{HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use futures::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    answer::{Media, Refusal},
    surface,
};
use crate::{
    Error, clock,
    metrics::{self, Open, Route},
    telemetry::spans,
    trail::{Told, Trail},
};

/// Identifier of a request, on its answer: that of the caller where a door gives it back, else the one in our log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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

/// Kind of the executed operation, for the log line. Its name is the caller's to choose, and could be anybody's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind(pub(super) &'static str);

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

/// All of it, around the doors.
pub(super) async fn observed(request: Request, next: Next) -> Response {
    let mut response = answered(request, next).await;
    surface::harden(response.headers_mut());
    response
}

/// The log line names the route, never the path: that may hold anything.
async fn answered(mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let _open = metrics::opened(Open::Request);
    let id = match RequestId::fresh() {
        Ok(id) => id,
        Err(error) => return Refusal::from(error).answer(Media::Json, Uuid::nil()),
    };
    request.extensions_mut().insert(id);
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let path = route.as_ref().map_or("unknown", MatchedPath::as_str);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.ip());
    let (trail, span) = (Arc::new(Trail::of(id.0)), spans::request(request.headers(), method, path, id));
    let work = async {
        match surface::indiscreet(request.uri()) {
            Some(refusal) => refusal.answer(Media::Json, id.0),
            None => next.run(request).await,
        }
    };
    let work = trail.along(work).instrument(span.clone());
    let mut response = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        metrics::panicked();
        Refusal::from(Error::internal("a handler panicked")).answer(Media::Json, id.0)
    });
    let elapsed = start.elapsed();
    let matched = Route::matched(route.as_ref().map(MatchedPath::as_str));
    let status = response.status().as_u16();
    metrics::answered(matched, method, status, elapsed);
    spans::answered(&span, status);
    tracing::info!(
        method,
        path,
        status,
        ms = elapsed.as_secs_f64() * 1000.0,
        request_id = %id,
        operation = response.extensions().get::<Kind>().map(|kind| kind.0),
        "request"
    );
    trail.tell(Told { method, route: path, status: Some(status), peer });
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().entry(REQUEST_ID).or_insert(value);
    }
    response
}
