//! Answers that a client may keep: to a trusted document asked for by GET, so that the address says all that was asked.
//!
//! What a token shows is for its bearer alone and asked for again each time, at the cost of a comparison: a suspension counts at
//! once. What is shown without a token depends on nobody, and is as old as facts may be.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY},
    },
    response::Response,
};

use crate::{
    Error,
    journal::leaf::{hex, sha256},
};

/// Everything of a request, beside its address, on which such an answer depends.
const DEPENDS_ON: HeaderValue = HeaderValue::from_static("Authorization, Accept-Language, Accept, Facts-Seq");

/// Kept by its bearer's own client, and asked for again before each use.
const FOR_ITS_BEARER: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Text of an answer without errors, from facts that are current.
#[derive(Debug, Clone)]
pub(super) struct Sound(pub(super) Bytes);

/// On which terms an answer may be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// Whether nobody has said who it is.
    pub(super) is_anonymous: bool,
    /// How long, where that is so.
    pub(super) time_max: Duration,
}

/// The answer with what a cache needs to know; 304 where the client has it. One that is not sound is kept by nobody.
pub(super) fn kept(mut response: Response, asked: &HeaderMap, terms: Terms) -> Result<Response, Error> {
    let Some(Sound(text)) = response.extensions_mut().remove() else { return Ok(response) };
    let (mut parts, body) = response.into_parts();
    let tag = format!("\"{}\"", &hex(&sha256(&[&text]))[..32]);
    let for_anybody = format!("public, max-age={}", terms.time_max.as_secs());
    let kept = if terms.is_anonymous { header(&for_anybody)? } else { FOR_ITS_BEARER };
    parts.headers.insert(CACHE_CONTROL, kept);
    parts.headers.insert(VARY, DEPENDS_ON);
    parts.headers.insert(ETAG, header(&tag)?);
    if !has(asked, &tag) {
        return Ok(Response::from_parts(parts, body));
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::empty()))
}

fn header(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::try_from(text).map_err(|fault| Error::internal(fault.to_string()))
}

/// Whether the client has the answer of this tag (RFC 9110, 13.1.2).
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let named = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).map(str::trim).any(|own| own == "*" || own.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEARER: Terms = Terms { is_anonymous: false, time_max: Duration::from_secs(5) };

    fn answered(has: &'static str, terms: Terms, is_sound: bool) -> Response {
        let mut response = Response::new(Body::from("{}"));
        if is_sound {
            response.extensions_mut().insert(Sound(Bytes::from_static(b"{}")));
        }
        let asked = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(has))]);
        kept(response, &asked, terms).unwrap()
    }

    #[test]
    fn what_a_token_shows_is_asked_for_again_and_what_anybody_sees_is_not() {
        let own = answered("", BEARER, true);
        assert_eq!((own.status(), &own.headers()[CACHE_CONTROL]), (StatusCode::OK, &FOR_ITS_BEARER));
        let public = answered("", Terms { is_anonymous: true, ..BEARER }, true);
        assert_eq!(public.headers()[CACHE_CONTROL], "public, max-age=5");
        assert_eq!(public.headers()[ETAG], own.headers()[ETAG]);
        assert!(answered("", BEARER, false).headers().is_empty());
    }

    #[test]
    fn answer_that_the_client_has_is_not_sent_again() {
        for (has, status) in [
            ("\"44136fa355b3678a1146ad16f7e8649e\"", StatusCode::NOT_MODIFIED),
            ("\"other\", W/\"44136fa355b3678a1146ad16f7e8649e\"", StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"other\"", StatusCode::OK),
            ("44136fa355b3678a1146ad16f7e8649e", StatusCode::OK),
        ] {
            let response = answered(has, BEARER, true);
            assert_eq!(response.status(), status, "{has}");
            assert_eq!(response.headers()[ETAG], "\"44136fa355b3678a1146ad16f7e8649e\"");
        }
    }
}
