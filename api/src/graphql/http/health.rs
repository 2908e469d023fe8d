//! Whether the process lives, whether it can serve, and the keys of the development issuer.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header::CACHE_CONTROL, header::CONTENT_TYPE},
    response::IntoResponse,
};

use super::{KeySet, Ready};

const UNCACHED: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

pub(super) async fn alive() -> impl IntoResponse {
    ([UNCACHED], "alive\n")
}

pub(super) fn ready(ready: &Ready) -> impl IntoResponse + use<> {
    let missing = ready();
    if missing.is_empty() {
        (StatusCode::OK, [UNCACHED], "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, [UNCACHED], format!("not ready: {}\n", missing.join("; ")))
    }
}

pub(super) fn key_set(key_set: &KeySet) -> impl IntoResponse + use<> {
    let form = HeaderValue::from_static("application/jwk-set+json");
    ([(CONTENT_TYPE, form), (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))], key_set())
}
