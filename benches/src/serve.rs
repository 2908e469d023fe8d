//! The two servers that are compared: the gateway, and a bare handler that only knows who asks.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use api::{
    app::App,
    auth::{Authenticator, Credentials, Grant, Role, mint},
    clock::Clock,
};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::post,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{Place, generate};

/// How long tokens are valid: longer than any measurement.
const TOKENS_VALID: Duration = Duration::from_hours(12);

/// Gateway that listens on a port of its own in this process.
pub(crate) struct Served {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    directory: PathBuf,
}

impl Served {
    pub(crate) async fn open(place: &Place) -> anyhow::Result<Self> {
        let config = place.config()?;
        api::telemetry::install(&config).map_err(|fault| anyhow::anyhow!("{fault}"))?;
        let app = App::open(config, Clock::default()).await?;
        let router = app.router().await?;
        let directory = std::env::temp_dir();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (serving, stopping) = (app.gateway.config.serving.clone(), app.stop.stopping());
        tokio::spawn(async move { api::server::serve(listener, router, &serving, None, stopping).await });
        Ok(Self { app, address, directory })
    }

    /// Token of an organisation's role.
    pub(crate) fn token(&self, organisation: &str, role: Role) -> anyhow::Result<String> {
        self.token_as(&format!("{organisation}-{}", role.name()), organisation, role)
    }

    /// The same for one of several people.
    pub(crate) fn token_as(&self, subject: &str, organisation: &str, role: Role) -> anyhow::Result<String> {
        let key = self.app.gateway.keys.development().context("an issuer is configured; leave ISSUERS out")?;
        let grant = Grant {
            organisation: organisation.parse()?,
            roles: vec![role],
            subject: subject.to_owned(),
            processor: None,
            time_to_live: TOKENS_VALID,
        };
        Ok(mint(key, &grant, self.app.gateway.clock.now())?)
    }

    /// File with one request to `/graphql`, for the generator.
    pub(crate) fn request(&self, name: &str, token: &str, body: &str) -> anyhow::Result<PathBuf> {
        self.request_to("/graphql", name, token, body)
    }

    /// The same to a path.
    pub(crate) fn request_to(&self, to: &str, name: &str, token: &str, body: &str) -> anyhow::Result<PathBuf> {
        let path = self.directory.join(format!("disclosure-gateway-{}-{name}.http", std::process::id()));
        std::fs::write(&path, generate::request_to(to, token, body))?;
        Ok(path)
    }

    /// Bare handler that verifies tokens as the gateway does and answers each with the same bytes.
    pub(crate) async fn bare(&self, answer: Vec<u8>) -> anyhow::Result<SocketAddr> {
        let gateway = &self.app.gateway;
        let known = Authenticator::start(&gateway.config, &gateway.keys, gateway.clock.now()).await?;
        listen(bare(known, gateway.clock.clone(), answer)).await
    }
}

/// Bare handler: it knows who asks, and answers everybody with the same bytes.
pub(crate) fn bare(known: Authenticator, clock: Clock, answer: Vec<u8>) -> Router {
    let (known, answer) = (Arc::new(known), Bytes::from(answer));
    let handler = move |headers: HeaderMap, _: Bytes| {
        let (known, answer, clock) = (Arc::clone(&known), answer.clone(), clock.clone());
        async move {
            let credentials = Credentials { headers: &headers, peer: None };
            match known.authenticate(credentials, clock.now()).await {
                Ok(Some(_)) => ([(CONTENT_TYPE, "application/json; charset=utf-8")], answer).into_response(),
                Ok(None) | Err(_) => StatusCode::UNAUTHORIZED.into_response(),
            }
        }
    };
    Router::new().fallback(post(handler))
}

/// Router on a port of its own in this process.
pub(crate) async fn listen(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// Answer of `/graphql` to one request.
pub(crate) async fn said(address: SocketAddr, token: &str, body: &Value) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(&answer(address, token, body).await?)?)
}

/// Body of the answer to one request to `/graphql`.
pub(crate) async fn answer(address: SocketAddr, token: &str, body: &Value) -> anyhow::Result<Vec<u8>> {
    answer_of(address, "/graphql", token, body).await
}

/// The same to a path.
pub(crate) async fn answer_of(address: SocketAddr, to: &str, token: &str, body: &Value) -> anyhow::Result<Vec<u8>> {
    let request = generate::request_to(to, token, &body.to_string()).replacen("host:", "connection: close\r\nhost:", 1);
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").context("no answer")?;
    Ok(answer.split_off(head + 4))
}
