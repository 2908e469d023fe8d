//! Which pages of other origins may call, and what of an answer they may read (CORS).

use std::time::Duration;

use axum::http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use tower_http::cors::CorsLayer;

use super::{
    graphql::{FACTS_SEQ, FACTS_STALE},
    observe::REQUEST_ID,
};
use crate::config::Origins;

/// How long a browser may rely on what it was told before it calls.
const PREFLIGHT_VALID: Duration = Duration::from_mins(10);

/// The layer that tells; none when no page may call. Credentials are not allowed: tokens travel in a header, so a page that
/// has none has nothing of the browser's to send.
pub(super) fn layer(origins: &Origins) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    let read: [HeaderName; 4] = [FACTS_SEQ, FACTS_STALE, REQUEST_ID, RETRY_AFTER];
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([AUTHORIZATION, CONTENT_TYPE, ACCEPT_LANGUAGE, FACTS_SEQ])
            .expose_headers(read)
            .max_age(PREFLIGHT_VALID)
    })
}
