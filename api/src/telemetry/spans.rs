//! Spans of traces: which there are, and all that stands in them.
//!
//! **Invariant:** an attribute is a route as matched, a method among the known, a status, a kind, a number or an identifier of
//! our own making. Nothing of a caller gets in but the identifiers of its `traceparent`: no name of an operation, no variable,
//! no subject, no `tracestate`.

use std::fmt::Display;

use axum::http::HeaderMap;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, field::Empty, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Target of every span, by which they are kept apart from log lines.
pub const TARGET: &str = "gateway::span";

const TRACEPARENT: &str = "traceparent";

/// Headers of which only the parent is read.
struct Parent<'a>(&'a HeaderMap);

impl Extractor for Parent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if key == TRACEPARENT { self.0.get(TRACEPARENT)?.to_str().ok() } else { None }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// Span of a request, below that of its caller where the caller names one.
pub fn request(headers: &HeaderMap, method: &'static str, route: &str, id: impl Display) -> Span {
    let span = info_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        request_id = %id,
    );
    if !span.is_disabled() && headers.contains_key(TRACEPARENT) {
        let caller = TraceContextPropagator::new().extract_with_context(&Context::new(), &Parent(headers));
        if caller.span().span_context().is_valid() && span.set_parent(caller).is_err() {
            tracing::debug!("the caller's trace is not continued");
        }
    }
    span
}

/// Notes how a request was answered.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// Span of an operation.
pub fn operation(kind: &'static str) -> Span {
    info_span!(target: TARGET, "operation", kind)
}

/// Span of a transaction of the recorder: below the first of those who wait for it, and linked to the others.
pub fn batch<'a>(rows: usize, waiting: impl IntoIterator<Item = &'a Span>) -> Span {
    let mut waiting = waiting.into_iter();
    let Some(first) = waiting.next() else { return Span::none() };
    let span = info_span!(target: TARGET, parent: first, "batch", rows = rows as u64);
    if !span.is_disabled() {
        waiting.for_each(|other| {
            span.follows_from(other);
        });
    }
    span
}

/// Span of a commit.
pub fn commit() -> Span {
    info_span!(target: TARGET, "commit")
}
