use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use serde_json::json;

use super::*;

const TIMES: KeyTimes = KeyTimes {
    refresh: Duration::from_secs(45),
    cool_down: Duration::from_secs(10),
    age_max: Duration::from_hours(24),
};

/// Issuer on this machine whose answers are counted and can be changed.
#[derive(Clone, Default)]
struct Endpoint {
    asked: Arc<AtomicUsize>,
    answer: Arc<std::sync::Mutex<Option<String>>>,
    /// How long an answer takes.
    delay: Arc<std::sync::Mutex<Duration>>,
}

impl Endpoint {
    fn publishing(ids: &[&str]) -> Self {
        let endpoint = Self::default();
        endpoint.publish(ids);
        endpoint
    }

    fn publish(&self, ids: &[&str]) {
        // Key of RFC 7517, A.1.
        let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
        let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
        let key = |id: &&str| json!({ "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y });
        let keys: Vec<_> = ids.iter().map(key).collect();
        *self.answer.lock().expect("lock") = Some(json!({ "keys": keys }).to_string());
    }

    fn fall_silent(&self) {
        *self.answer.lock().expect("lock") = None;
    }

    fn slow_down(&self, delay: Duration) {
        *self.delay.lock().expect("lock") = delay;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn trusted(&self, name: &str) -> Trusted {
        let app = Router::new().route("/keys", get(answer)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listener");
        let url = format!("http://{}/keys", listener.local_addr().expect("address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let issuer = Issuer {
            issuer: name.to_owned(),
            audiences: vec!["audience".to_owned()],
            keys: KeySource::Url(url.parse().expect("url")),
            token_types: None,
            claims: Claims::default(),
        };
        Trusted::configured(&issuer).expect("trusted")
    }

    async fn store(&self, times: KeyTimes) -> Arc<KeyStore> {
        let trusted = vec![self.trusted("issuer").await];
        Arc::new(KeyStore::start(trusted, times, at(0)).await.expect("started"))
    }
}

async fn answer(State(endpoint): State<Endpoint>) -> (StatusCode, String) {
    endpoint.asked.fetch_add(1, Ordering::SeqCst);
    let delay = *endpoint.delay.lock().expect("lock");
    tokio::time::sleep(delay).await;
    match endpoint.answer.lock().expect("lock").clone() {
        Some(answer) => (StatusCode::OK, answer),
        None => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
    }
}

fn at(seconds: i64) -> Instant {
    Instant::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// Refresh in the background.
async fn refreshed(store: &Arc<KeyStore>, seconds: i64) -> Arc<KeySet> {
    let _ = store.refresh(0, &mut *store.progress[0].lock().await, at(seconds)).await;
    store.current()
}

#[tokio::test]
async fn unknown_keys_ask_the_issuer_once_in_the_cool_down_and_together() {
    let endpoint = Endpoint::publishing(&["a"]);
    let store = endpoint.store(TIMES).await;
    assert_eq!(endpoint.asked(), 1);
    let many = (0..20).map(|_| KeyStore::look_for(&store, 0, "b", at(1)));
    futures::future::join_all(many).await;
    assert_eq!(endpoint.asked(), 2);
    KeyStore::look_for(&store, 0, "c", at(10)).await;
    assert_eq!(endpoint.asked(), 2);
    KeyStore::look_for(&store, 0, "c", at(11)).await;
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test]
async fn refresh_in_the_background_delays_no_new_key() {
    let endpoint = Endpoint::publishing(&["a"]);
    let store = endpoint.store(TIMES).await;
    refreshed(&store, 100).await;
    endpoint.publish(&["a", "b"]);
    KeyStore::look_for(&store, 0, "b", at(100)).await;
    assert_eq!(store.current().of(0, "b").len(), 1);
    // Whoever comes later finds it, and asks nobody.
    KeyStore::look_for(&store, 0, "b", at(200)).await;
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test]
async fn caller_that_hangs_up_does_not_cut_the_refresh_of_others() {
    let endpoint = Endpoint::publishing(&["a"]);
    let store = endpoint.store(TIMES).await;
    endpoint.publish(&["b"]);
    endpoint.slow_down(Duration::from_millis(300));
    let hasty = tokio::time::timeout(Duration::from_millis(50), KeyStore::look_for(&store, 0, "b", at(1)));
    assert!(hasty.await.is_err());
    KeyStore::look_for(&store, 0, "b", at(1)).await;
    assert_eq!((store.current().of(0, "b").len(), endpoint.asked()), (1, 2));
}

#[tokio::test]
async fn keys_of_an_issuer_are_its_own_and_its_silence_too() {
    let (ours, theirs) = (Endpoint::publishing(&["1", "a"]), Endpoint::publishing(&["1", "b"]));
    let trusted = vec![ours.trusted("ours").await, theirs.trusted("theirs").await];
    let store = Arc::new(KeyStore::start(trusted, TIMES, at(0)).await.expect("started"));
    let set = store.current();
    assert_eq!([set.of(0, "1").len(), set.of(1, "1").len()], [1, 1]);
    assert!(set.of(0, "b").is_empty() && set.of(1, "a").is_empty() && set.of(2, "1").is_empty());
    theirs.slow_down(Duration::from_secs(3));
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { KeyStore::look_for(&store, 1, "c", at(1)).await }
    });
    ours.publish(&["2"]);
    KeyStore::look_for(&store, 0, "2", at(1)).await;
    assert_eq!(store.current().of(0, "2").len(), 1);
    assert!(!waiting.is_finished(), "one issuer waits for no other");
    assert_eq!(store.current().of(1, "b").len(), 1);
    assert_eq!(store.trusted("theirs").map(|(place, _)| place), Some(1));
    assert!(store.trusted("their").is_none());
}

#[tokio::test]
async fn generation_rises_when_a_key_is_gone_and_not_when_one_comes() {
    let endpoint = Endpoint::publishing(&["a"]);
    let store = endpoint.store(TIMES).await;
    assert_eq!(store.generation(), 0);
    endpoint.publish(&["a", "b"]);
    assert_eq!(refreshed(&store, 30).await.generation, 0);
    endpoint.publish(&["b"]);
    let set = refreshed(&store, 60).await;
    assert_eq!(set.generation, 1);
    assert!(set.of(0, "a").is_empty() && set.of(0, "b").len() == 1);
}

#[tokio::test]
async fn keys_outlive_the_silence_of_their_issuer_for_their_age_only() {
    let endpoint = Endpoint::publishing(&["a"]);
    let store = endpoint.store(TIMES).await;
    endpoint.fall_silent();
    assert_eq!(refreshed(&store, 24 * 3600 - 1).await.of(0, "a").len(), 1);
    let set = refreshed(&store, 24 * 3600).await;
    assert!(set.is_empty() && set.generation == 1);
    endpoint.publish(&["a"]);
    assert_eq!(refreshed(&store, 25 * 3600).await.of(0, "a").len(), 1);
}

#[tokio::test]
async fn next_refresh_comes_in_time_and_no_later_than_the_keys_may_be_believed() {
    let endpoint = Endpoint::publishing(&["a"]);
    let store = endpoint.store(TIMES).await;
    for _ in 0..50 {
        let pause = store.pause(0, at(1)).await;
        assert!((Duration::from_secs(33)..=Duration::from_secs(45)).contains(&pause), "{pause:?}");
    }
    assert_eq!(store.pause(0, at(24 * 3600 - 5)).await, Duration::from_secs(5));
    endpoint.fall_silent();
    refreshed(&store, 24 * 3600).await;
    assert!(store.pause(0, at(24 * 3600)).await <= TIMES.cool_down, "who has no keys is asked sooner");
}

#[tokio::test]
async fn removed_key_is_gone_in_the_background_without_anyone_asking() {
    let endpoint = Endpoint::publishing(&["a", "b"]);
    let second = Duration::from_secs(1);
    let clock = Clock::default();
    let trusted = vec![endpoint.trusted("issuer").await];
    let times = KeyTimes { refresh: second, ..TIMES };
    let store = Arc::new(KeyStore::start(trusted, times, clock.now()).await.expect("started"));
    let kept = Arc::clone(&store);
    tokio::spawn(async move { kept.keep_fresh(&clock).await });
    endpoint.publish(&["b"]);
    tokio::time::sleep(second * 2).await;
    assert!(store.current().of(0, "a").is_empty() && store.current().of(0, "b").len() == 1);
}

#[tokio::test]
async fn issuer_that_takes_every_key_back_is_believed_no_more() {
    let endpoint = Endpoint::default();
    endpoint.publish(&["a"]);
    let store = endpoint.store(TIMES).await;
    assert_eq!(store.current().of(0, "a").len(), 1);
    endpoint.publish(&[]);
    KeyStore::look_for(&store, 0, "unknown", at(0)).await;
    assert!(store.current().of(0, "a").is_empty());
    endpoint.publish(&["b"]);
    KeyStore::look_for(&store, 0, "b", at(3_600)).await;
    assert_eq!(store.current().of(0, "b").len(), 1);
}

#[tokio::test]
async fn issuer_that_is_silent_at_the_start_is_asked_again() {
    let endpoint = Endpoint::default();
    let store = endpoint.store(TIMES).await;
    assert!(store.current().is_empty() && store.current().lacks(0));
    endpoint.publish(&["a"]);
    KeyStore::look_for(&store, 0, "a", at(0)).await;
    assert_eq!(store.current().of(0, "a").len(), 1);
}
