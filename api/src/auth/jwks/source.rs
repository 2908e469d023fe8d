//! Where key sets come from, and what is not followed to get them: no redirect, no large body, no plain http.

use std::{path::Path, time::Duration};

use reqwest::{Client, Url, redirect::Policy};
use tokio::io::AsyncReadExt;

use super::JwksFault;
use crate::config::is_loopback;

/// Bytes of a key set; 32 keys with certificate chains fit.
pub const KEY_SET_BYTES_MAX: usize = 256 * 1024;

/// Seconds an issuer has to answer; a caller with a new key waits for it.
pub const FETCH_SECONDS_MAX: u64 = 5;

/// Source of one issuer's key set.
pub(super) enum Source {
    /// Set that never changes: our own.
    Fixed(Vec<u8>),
    /// File, read again at every refresh.
    File(std::path::PathBuf),
    /// Address.
    Url(Client, Url),
}

impl Source {
    /// Source at an address; over https but for this machine.
    pub(super) fn at(url: &Url) -> Result<Self, JwksFault> {
        let client = Client::builder()
            .redirect(Policy::none())
            .https_only(!is_loopback(url))
            .timeout(Duration::from_secs(FETCH_SECONDS_MAX));
        let client = if is_loopback(url) { client.no_proxy() } else { client };
        let client = client.build().map_err(|_| JwksFault::Unreachable)?;
        Ok(Self::Url(client, url.clone()))
    }

    /// Content of the set now.
    pub(super) async fn content(&self) -> Result<Vec<u8>, JwksFault> {
        match self {
            Self::Fixed(content) => Ok(content.clone()),
            Self::File(path) => read(path).await,
            Self::Url(client, url) => fetch(client, url).await,
        }
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, JwksFault> {
    let unreadable = |_| JwksFault::Unreadable;
    let mut content = Vec::new();
    let limit = KEY_SET_BYTES_MAX as u64 + 1;
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    file.take(limit).read_to_end(&mut content).await.map_err(unreadable)?;
    within_bounds(content)
}

async fn fetch(client: &Client, url: &Url) -> Result<Vec<u8>, JwksFault> {
    let unreachable = |_| JwksFault::Unreachable;
    let mut response = client.get(url.clone()).send().await.map_err(unreachable)?;
    let status = response.status();
    if status.is_redirection() {
        return Err(JwksFault::Redirected);
    }
    if status != reqwest::StatusCode::OK {
        return Err(JwksFault::Status(status.as_u16()));
    }
    let mut content = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        content.extend_from_slice(&chunk);
        content = within_bounds(content)?;
    }
    Ok(content)
}

fn within_bounds(content: Vec<u8>) -> Result<Vec<u8>, JwksFault> {
    if content.len() > KEY_SET_BYTES_MAX { Err(JwksFault::TooLarge) } else { Ok(content) }
}

#[cfg(test)]
mod tests {
    use axum::{Router, response::Redirect, routing::get};

    use super::*;

    async fn fetched(path: &str) -> Result<Vec<u8>, JwksFault> {
        let app = Router::new()
            .route("/keys", get(async || "{}"))
            .route("/moved", get(async || Redirect::temporary("/keys")))
            .route("/large", get(async || "x".repeat(KEY_SET_BYTES_MAX + 1)))
            .route("/full", get(async || "x".repeat(KEY_SET_BYTES_MAX)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = listener.local_addr().expect("address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        let url = format!("http://{address}{path}").parse().expect("url");
        Source::at(&url).expect("source").content().await
    }

    #[tokio::test]
    async fn key_set_is_fetched() {
        assert_eq!(fetched("/keys").await.expect("content"), b"{}");
    }

    #[tokio::test]
    async fn redirect_is_not_followed() {
        assert!(matches!(fetched("/moved").await, Err(JwksFault::Redirected)));
    }

    #[tokio::test]
    async fn body_larger_than_the_limit_is_refused() {
        assert!(fetched("/full").await.is_ok());
        assert!(matches!(fetched("/large").await, Err(JwksFault::TooLarge)));
    }

    #[tokio::test]
    async fn anything_but_ok_is_refused() {
        assert!(matches!(fetched("/nowhere").await, Err(JwksFault::Status(404))));
    }

    #[tokio::test]
    async fn plain_http_to_another_machine_is_never_sent() {
        let url = "http://issuer.invalid/keys".parse().expect("url");
        assert!(matches!(Source::at(&url).expect("source").content().await, Err(JwksFault::Unreachable)));
    }

    #[tokio::test]
    async fn file_that_is_not_there_is_unreadable() {
        assert!(matches!(read(Path::new("/nowhere/keys.json")).await, Err(JwksFault::Unreadable)));
    }
}
