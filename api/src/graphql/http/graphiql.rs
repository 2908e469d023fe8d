//! GraphiQL, served by the gateway itself: nothing is fetched from elsewhere, so it works offline and leaks nothing.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    extract::{Extension, Path},
    http::{
        HeaderName,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
};

use super::{
    RequestId,
    answer::{Media, Refusal},
};
use crate::Error;

/// GraphiQL sets styles from its scripts; scripts and connections are the gateway's own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

macro_rules! files {
    ($($name:literal: $form:literal),+ $(,)?) => {
        &[$(($name, $form, include_bytes!(concat!("../../../assets/graphiql/", $name)))),+]
    };
}

/// Files of the page with their content types.
const FILES: &[(&str, &str, &[u8])] = files! {
    "graphiql.min.css": "text/css; charset=utf-8",
    "boot.css": "text/css; charset=utf-8",
    "react.production.min.js": "text/javascript; charset=utf-8",
    "react-dom.production.min.js": "text/javascript; charset=utf-8",
    "graphiql.min.js": "text/javascript; charset=utf-8",
    "boot.js": "text/javascript; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
};

/// The page, in which each file's address ends in its hash: a cached file never outlives an upgrade.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let page = include_str!("../../../assets/graphiql/index.html").to_owned();
    FILES.iter().fold(page, |page, (name, _, bytes)| {
        let hash = digest(&SHA256, bytes);
        let version = hash.as_ref().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        page.replace(&format!("graphiql/{name}\""), &format!("graphiql/{name}?v={version:016x}\""))
    })
});

/// The page for a browser.
pub(super) fn page() -> Response {
    (safe("text/html; charset=utf-8", "no-cache"), [(VARY, "accept")], PAGE.as_str()).into_response()
}

pub(super) async fn file(Extension(id): Extension<RequestId>, Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, form, bytes)) => (safe(form, "public, max-age=31536000, immutable"), *bytes).into_response(),
        None => Refusal::from(Error::NotFound("file")).answer(Media::Json, id.0),
    }
}

fn safe(form: &'static str, cached: &'static str) -> [(HeaderName, &'static str); 3] {
    [(CONTENT_TYPE, form), (CACHE_CONTROL, cached), (CONTENT_SECURITY_POLICY, POLICY)]
}
