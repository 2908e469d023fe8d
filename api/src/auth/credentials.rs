//! What a caller shows of itself: judged before anything else of its request is read.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};

use super::AuthFault;

/// Headers of a request, and who sent it.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// All headers of the request.
    pub headers: &'a HeaderMap,
    /// Peer of the connection; null when it is not known, and then it is trusted for nothing.
    pub peer: Option<IpAddr>,
}

impl<'a> From<&'a Parts> for Credentials<'a> {
    fn from(parts: &'a Parts) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Self { headers: &parts.headers, peer: peer.map(|ConnectInfo(address)| address.ip()) }
    }
}

impl<'a> Credentials<'a> {
    /// Token of the request; none when it has no `Authorization` header.
    ///
    /// # Errors
    /// When there are several such headers, or it is not a bearer token.
    pub fn bearer(self) -> Result<Option<&'a str>, AuthFault> {
        let mut given = self.headers.get_all(AUTHORIZATION).iter();
        let Some(value) = given.next() else { return Ok(None) };
        if given.next().is_some() {
            return Err(AuthFault::Header);
        }
        let text = value.to_str().map_err(|_| AuthFault::Header)?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(AuthFault::Scheme);
        }
        let token = token.trim_matches(' ');
        // A header holds no other white space that reads as text.
        let is_one = !token.bytes().any(|byte| matches!(byte, b' ' | b'\t'));
        if is_one && !token.is_empty() { Ok(Some(token)) } else { Err(AuthFault::Header) }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;

    fn read(values: &[&'static str]) -> Result<Option<String>, AuthFault> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        let credentials = Credentials { headers: &headers, peer: None };
        credentials.bearer().map(|token| token.map(str::to_owned))
    }

    #[test]
    fn bearer_token_is_read_from_exactly_one_header() {
        assert_eq!(read(&[]), Ok(None));
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c "] {
            assert_eq!(read(&[value]), Ok(Some("a.b.c".to_owned())));
        }
        for values in
            [&["Bearer a", "Bearer a"][..], &["Bearer a", "Basic a"], &["Bearer"], &["Bearer "], &["Bearer a b"]]
        {
            assert_eq!(read(values), Err(AuthFault::Header), "{values:?}");
        }
        for value in ["Basic eDp5", "a.b.c", "DPoP a.b.c", "", "Bearer,a.b.c"] {
            assert_eq!(read(&[value]), Err(AuthFault::Scheme), "{value}");
        }
    }

    #[test]
    fn peer_is_known_only_from_the_connection() {
        let (mut parts, ()) =
            Request::get("/").header("x-forwarded-for", "10.0.0.1").body(()).expect("request").into_parts();
        assert_eq!(Credentials::from(&parts).peer, None);
        parts.extensions.insert(ConnectInfo("10.0.0.9:4711".parse::<SocketAddr>().expect("address")));
        assert_eq!(Credentials::from(&parts).peer, "10.0.0.9".parse().ok());
    }
}
