use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use serde_json::json;

use super::*;

/// Issuer on this machine whose answers are counted and can be changed.
#[derive(Clone, Default)]
struct Endpoint {
    asked: Arc<AtomicUsize>,
    answer: Arc<std::sync::Mutex<Option<String>>>,
}

impl Endpoint {
    fn publish(&self, ids: &[&str]) {
        let point = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
        let key = |id: &&str| json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": point, "y": point });
        let keys: Vec<_> = ids.iter().map(key).collect();
        *self.answer.lock().expect("lock") = Some(json!({ "keys": keys }).to_string());
    }

    fn fall_silent(&self) {
        *self.answer.lock().expect("lock") = None;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn store(&self) -> Arc<KeyStore> {
        let app = Router::new().route("/keys", get(answer)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let url = format!("http://{}/keys", listener.local_addr().expect("address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let keys = KeySource::Url(url.parse().expect("url"));
        let issuer = Issuer { issuer: "issuer".to_owned(), audience: "audience".to_owned(), keys };
        let trusted = vec![Trusted::configured(&issuer).expect("trusted")];
        Arc::new(KeyStore::start(trusted, at(0)).await.expect("started"))
    }
}

async fn answer(State(endpoint): State<Endpoint>) -> (StatusCode, String) {
    endpoint.asked.fetch_add(1, Ordering::SeqCst);
    match endpoint.answer.lock().expect("lock").clone() {
        Some(answer) => (StatusCode::OK, answer),
        None => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
    }
}

fn at(seconds: i64) -> Instant {
    Instant::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

async fn refreshed(store: &Arc<KeyStore>, seconds: i64) -> Arc<KeySet> {
    KeyStore::refresh_if_due(store, at(seconds)).await;
    store.current()
}

#[tokio::test]
async fn unknown_keys_ask_the_issuer_at_most_once_in_thirty_seconds() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let store = endpoint.store().await;
    assert_eq!(endpoint.asked(), 1);
    let many = (0..20).map(|_| KeyStore::refresh_if_due(&store, at(30)));
    futures::future::join_all(many).await;
    assert_eq!(endpoint.asked(), 2);
    refreshed(&store, 59).await;
    assert_eq!(endpoint.asked(), 2);
    refreshed(&store, 60).await;
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test]
async fn generation_rises_when_a_key_is_gone_and_not_when_one_comes() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let store = endpoint.store().await;
    assert_eq!(store.generation(), 0);
    endpoint.publish(&["a", "b"]);
    assert_eq!(refreshed(&store, 30).await.generation, 0);
    endpoint.publish(&["b"]);
    let set = refreshed(&store, 60).await;
    assert_eq!(set.generation, 1);
    assert!(set.of("a").is_empty() && set.of("b").len() == 1);
}

#[tokio::test]
async fn keys_outlive_the_silence_of_their_issuer_for_a_day_only() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let store = endpoint.store().await;
    endpoint.fall_silent();
    assert_eq!(refreshed(&store, STALE_HOURS_MAX * 3600 - 1).await.of("a").len(), 1);
    let set = refreshed(&store, STALE_HOURS_MAX * 3600 + 60).await;
    assert!(set.is_empty() && set.generation == 1);
}

#[tokio::test]
async fn issuer_that_is_silent_at_the_start_is_asked_again() {
    let endpoint = Endpoint::default();
    let store = endpoint.store().await;
    assert!(store.current().is_empty());
    endpoint.publish(&["a"]);
    assert_eq!(refreshed(&store, 30).await.of("a").len(), 1);
}
