//! What every door has: headers that give a browser nothing to go by, one form of refusal, and no code in a URL.

use axum::{
    extract::Extension,
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, SERVER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
        uri::PathAndQuery,
    },
    response::Response,
};
use entity::vocabulary::contains_personal_identity_code;
use percent_encoding::percent_decode_str;

use super::{
    RequestId,
    answer::{Media, Refusal},
    envelope::{code_in_url, malformed},
};
use crate::Error;

/// Headers of every answer that has no others in their place. An answer may be kept only where it says so itself, for most
/// depend on a token.
const HARDENED: [(HeaderName, HeaderValue); 8] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// How often an escape may itself be escaped and still be looked behind: whoever logs a URL may undo one more than we do.
const ESCAPES_MAX: usize = 3;

/// Puts the headers on an answer.
pub(super) fn harden(headers: &mut HeaderMap) {
    headers.reserve(HARDENED.len());
    for (name, value) in HARDENED {
        headers.entry(name).or_insert(value);
    }
    headers.remove(SERVER);
}

/// Refusal of a URL with a personal identity code in it, whatever it asks: URLs are logged by everyone they pass.
pub(super) fn indiscreet(uri: &Uri) -> Option<Refusal> {
    holds_code(uri).then(|| code_in_url().into())
}

fn holds_code(uri: &Uri) -> bool {
    let Some(text) = uri.path_and_query().map(PathAndQuery::as_str) else { return false };
    // Whatever it is written in, a code has digits, or escapes that stand for them.
    if !text.bytes().any(|byte| byte == b'%' || byte.is_ascii_digit() || !byte.is_ascii()) {
        return false;
    }
    let mut text = text.to_owned();
    for _ in 0..ESCAPES_MAX {
        let plain = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if contains_personal_identity_code(&plain) {
            return true;
        }
        if plain == text {
            break;
        }
        text = plain;
    }
    false
}

/// Nothing stands at this address.
pub(super) async fn nowhere(Extension(id): Extension<RequestId>) -> Response {
    Refusal::from(Error::NotFound("address")).answer(Media::Json, id.0)
}

/// Something stands here, but not for this method; the router says for which.
pub(super) async fn not_so(Extension(id): Extension<RequestId>) -> Response {
    let error = malformed("method", "is not served at this address");
    Refusal { status: StatusCode::METHOD_NOT_ALLOWED, error }.answer(Media::Json, id.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_in_a_url_however_it_is_escaped() {
        for (url, is_found) in [
            ("/graphql?query=131052-308T", true),
            ("/graphql?query=%31%331052%2D308T", true),
            ("/graphql?query=%2531%25331052-308T", true),
            ("/export/agreements/131052-308T", true),
            ("/131052%E2%88%92308T", true),
            ("/131052%20308T", true),
            ("/graphql?a=131052+308T", true),
            ("/graphql?a=%ff131052-308t", true),
            ("/graphql?query=%7Bviewer%7BfactsSeq%7D%7D", false),
            ("/log/tile/0/x001/x234/067.p/8", false),
            ("/export/statistics?from=2026-01-01&until=2026-02-01", false),
        ] {
            assert_eq!(holds_code(&url.parse().unwrap()), is_found, "{url}");
        }
    }
}
