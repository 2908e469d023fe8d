//! Who reads the log without a token is counted by address, as callers are by name.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};

use crate::{
    Error,
    config::TrustedProxies,
    graphql::http::status_of,
    server::{Turnstile, client},
};

/// The doors, each request let in only while its address has not asked too much.
pub(super) fn counted(doors: Router, turnstile: Arc<Turnstile>, proxies: TrustedProxies) -> Router {
    let proxies = Arc::new(proxies);
    doors.layer(from_fn(move |request: Request, next: Next| {
        let (turnstile, proxies) = (Arc::clone(&turnstile), Arc::clone(&proxies));
        async move {
            let peer = request.extensions().get().map(|ConnectInfo::<SocketAddr>(peer)| peer.ip());
            match turnstile.admit(client(peer, request.headers(), &proxies)) {
                Ok(_place) => next.run(request).await,
                Err(error) => refused(&error),
            }
        }
    }))
}

/// As these doors say everything: in a line of text.
fn refused(error: &Error) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    let mut response = (status_of(error), headers, format!("{error}\n")).into_response();
    if let Error::LimitExceeded { retry_after_seconds: Some(seconds), .. } = error {
        response.headers_mut().insert(RETRY_AFTER, (*seconds).into());
    }
    response
}
