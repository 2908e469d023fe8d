//! Where key sets come from, and what is not followed to get them: no redirect, no large body, no plain http.

use std::{path::Path, time::Duration};

use reqwest::{Client, Url, redirect::Policy};
use tokio::io::AsyncReadExt;

use super::{
    JwksFault,
    discovery::{Whereabouts, key_set_of},
};
use crate::config::is_loopback;

/// Bytes of a key set, and of what an issuer says of itself; 32 keys with certificate chains fit.
pub const KEY_SET_BYTES_MAX: usize = 256 * 1024;

/// Seconds an issuer has for one answer; a caller with a new key waits for it.
pub const FETCH_SECONDS_MAX: u64 = 5;

/// Source of one issuer's key set.
pub(super) enum Source {
    /// Set that never changes: our own.
    Fixed(Vec<u8>),
    /// File, read again at every refresh.
    File(std::path::PathBuf),
    /// Address.
    Url(Fetcher, Url),
    /// Address that the issuer says, asked for anew at every refresh.
    Discovered(Fetcher, Whereabouts),
}

impl Source {
    /// Content of the set now.
    pub(super) async fn content(&self) -> Result<Vec<u8>, JwksFault> {
        match self {
            Self::Fixed(content) => Ok(content.clone()),
            Self::File(path) => read(path).await,
            Self::Url(fetcher, url) => fetcher.fetch(url).await,
            Self::Discovered(fetcher, whereabouts) => fetcher.fetch(&discovered(fetcher, whereabouts).await?).await,
        }
    }
}

/// Address an issuer says its keys have. One that publishes nothing at the first place is asked at the second.
async fn discovered(fetcher: &Fetcher, whereabouts: &Whereabouts) -> Result<Url, JwksFault> {
    let said = match fetcher.fetch(&whereabouts.openid).await {
        Err(JwksFault::Status(_)) => fetcher.fetch(&whereabouts.oauth).await,
        said => said,
    };
    key_set_of(whereabouts, &said?)
}

async fn read(path: &Path) -> Result<Vec<u8>, JwksFault> {
    let unreadable = |_| JwksFault::Unreadable;
    let mut content = Vec::new();
    let limit = KEY_SET_BYTES_MAX as u64 + 1;
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    file.take(limit).read_to_end(&mut content).await.map_err(unreadable)?;
    within_bounds(content)
}

/// Fetches from addresses of issuers: over https, or from this machine.
pub(super) struct Fetcher {
    remote: Client,
    local: Client,
}

impl Fetcher {
    pub(super) fn new() -> Result<Self, JwksFault> {
        let client = || Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(FETCH_SECONDS_MAX));
        let remote = client().https_only(true).build().map_err(|_| JwksFault::Unreachable)?;
        let local = client().no_proxy().build().map_err(|_| JwksFault::Unreachable)?;
        Ok(Self { remote, local })
    }

    async fn fetch(&self, url: &Url) -> Result<Vec<u8>, JwksFault> {
        let unreachable = |_| JwksFault::Unreachable;
        let client = if is_loopback(url) { &self.local } else { &self.remote };
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
}

fn within_bounds(content: Vec<u8>) -> Result<Vec<u8>, JwksFault> {
    if content.len() > KEY_SET_BYTES_MAX { Err(JwksFault::TooLarge) } else { Ok(content) }
}

#[cfg(test)]
mod tests {
    use axum::{Router, response::Redirect, routing::get};
    use serde_json::json;

    use super::*;

    async fn serving(app: Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let address = listener.local_addr().expect("address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    fn at(url: &str) -> Source {
        Source::Url(Fetcher::new().expect("fetcher"), url.parse().expect("url"))
    }

    async fn fetched(path: &str) -> Result<Vec<u8>, JwksFault> {
        let app = Router::new()
            .route("/keys", get(async || "{}"))
            .route("/moved", get(async || Redirect::temporary("/keys")))
            .route("/large", get(async || "x".repeat(KEY_SET_BYTES_MAX + 1)))
            .route("/full", get(async || "x".repeat(KEY_SET_BYTES_MAX)));
        at(&format!("{}{path}", serving(app).await)).content().await
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
        assert!(matches!(at("http://issuer.invalid/keys").content().await, Err(JwksFault::Unreachable)));
    }

    #[tokio::test]
    async fn file_that_is_not_there_is_unreadable() {
        assert!(matches!(read(Path::new("/nowhere/keys.json")).await, Err(JwksFault::Unreadable)));
    }

    /// What is found for an issuer that publishes something of itself at one path.
    async fn found(path: &'static str, said: impl Fn(&str) -> String) -> Result<Vec<u8>, JwksFault> {
        let text = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
        let answer = std::sync::Arc::clone(&text);
        let app = Router::new()
            .route(path, get(async move || answer.get().cloned().unwrap_or_default()))
            .route("/keys", get(async || "the keys"));
        let issuer = format!("{}/tenant", serving(app).await);
        text.set(said(&issuer)).expect("set once");
        let whereabouts = Whereabouts::of(&issuer, &issuer.parse().expect("url"));
        Source::Discovered(Fetcher::new().expect("fetcher"), whereabouts).content().await
    }

    const OPENID: &str = "/tenant/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server/tenant";

    #[tokio::test]
    async fn keys_are_found_through_either_publication() {
        for path in [OPENID, OAUTH] {
            let said = |issuer: &str| {
                let keys = issuer.replace("/tenant", "/keys");
                json!({ "issuer": issuer, "jwks_uri": keys, "token_endpoint": "" }).to_string()
            };
            assert_eq!(found(path, said).await.expect(path), b"the keys");
        }
    }

    #[tokio::test]
    async fn issuer_that_publishes_for_another_or_nothing_is_not_believed() {
        let elsewhere = |issuer: &str| json!({ "issuer": format!("{issuer}/"), "jwks_uri": issuer }).to_string();
        assert!(matches!(found(OPENID, elsewhere).await, Err(JwksFault::OtherIssuer)));
        assert!(matches!(found("/nowhere", str::to_owned).await, Err(JwksFault::Status(404))));
        let large = |issuer: &str| format!("{}{}", json!({ "issuer": issuer }), " ".repeat(KEY_SET_BYTES_MAX));
        assert!(matches!(found(OPENID, large).await, Err(JwksFault::TooLarge)));
    }
}
