//! Keys of the believed issuers: which are taken, where they come from, and for how long they are believed.
//!
//! All are held in one immutable set that is swapped whole. Its generation rises when a key is gone, and with it every
//! token verified before is verified anew.
//!
//! **Invariant:** a key is found only under the issuer that published it, and nobody who names a known key waits for a
//! fetch.

mod discovery;
mod key_set;
mod source;

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use entity::vocabulary::Instant;
use tokio::sync::Mutex;

pub(super) use key_set::VerifyingKey;

use super::development::{self, DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER};
use crate::{
    clock::{self, Clock},
    config::{Claims, Issuer, KeySource, KeyTimes, TokenType},
    keys::DevelopmentKey,
    metrics,
};
use discovery::Whereabouts;
use source::{Fetcher, Source};

/// Why a key set cannot be used. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksFault {
    /// No connection, or not in time.
    #[error("ISSUERS: the issuer does not answer")]
    Unreachable,
    /// Answers with a redirect, which is not followed.
    #[error("ISSUERS: the issuer redirects, which is not followed")]
    Redirected,
    /// Answers with another status than 200.
    #[error("ISSUERS: the issuer answers {0}")]
    Status(u16),
    /// Publishes for an issuer of another name.
    #[error("ISSUERS: the issuer's metadata is for another `issuer` than the configured one")]
    OtherIssuer,
    /// Publishes no address of keys that may be used.
    #[error("ISSUERS: the issuer's metadata has no `jwks_uri` over https")]
    KeySetAddress,
    /// File cannot be read.
    #[error("ISSUERS: jwks_file cannot be read")]
    Unreadable,
    /// Body is larger than 256 KiB.
    #[error("ISSUERS: the key set is too large")]
    TooLarge,
    /// Not a JSON key set, or not the metadata of an issuer.
    #[error("ISSUERS: the key set or metadata is malformed")]
    Malformed,
    /// More than 32 keys.
    #[error("ISSUERS: the key set has too many keys")]
    TooManyKeys,
    /// No key may verify a token.
    #[error("ISSUERS: the key set has no key for ES256, EdDSA or RS256")]
    NoUsableKey,
}

/// Issuer that is believed, what of its tokens is asked, and the source of its keys.
pub(super) struct Trusted {
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) token_types: Option<Vec<TokenType>>,
    pub(super) claims: Claims,
    source: Source,
}

impl Trusted {
    pub(super) fn configured(issuer: &Issuer) -> Result<Self, JwksFault> {
        let source = match &issuer.keys {
            KeySource::Url(url) => Source::Url(Fetcher::new()?, url.clone()),
            KeySource::File(path) => Source::File(path.clone()),
            KeySource::Discovered(url) => Source::Discovered(Fetcher::new()?, Whereabouts::of(&issuer.issuer, url)),
        };
        let Issuer { issuer, audiences, keys: _, token_types, claims } = issuer.clone();
        Ok(Self { issuer, audiences, token_types, claims, source })
    }

    pub(super) fn development(key: &DevelopmentKey) -> Self {
        Self {
            issuer: DEVELOPMENT_ISSUER.to_owned(),
            audiences: vec![DEVELOPMENT_AUDIENCE.to_owned()],
            token_types: None,
            claims: Claims::default(),
            source: Source::Fixed(development::jwks(key).to_string().into_bytes()),
        }
    }

    pub(super) async fn keys(&self) -> Result<Vec<VerifyingKey>, JwksFault> {
        key_set::usable(&self.source.content().await?)
    }
}

/// Keys of one issuer by their ids; one each, unless it gave several one id.
type KeysById = HashMap<String, Vec<VerifyingKey>>;

/// Every key believed now, by the place of its issuer.
#[derive(Default)]
pub(super) struct KeySet {
    pub(super) generation: u64,
    by_issuer: Vec<KeysById>,
}

impl KeySet {
    /// Keys of an issuer's id.
    pub(super) fn of(&self, issuer: usize, id: &str) -> &[VerifyingKey] {
        self.by_issuer.get(issuer).and_then(|keys| keys.get(id)).map_or(&[], Vec::as_slice)
    }

    /// Whether an issuer has none.
    pub(super) fn lacks(&self, issuer: usize) -> bool {
        self.by_issuer.get(issuer).is_none_or(HashMap::is_empty)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_issuer.iter().all(HashMap::is_empty)
    }

    /// Set that follows this one, with other keys of one issuer.
    fn with(&self, issuer: usize, keys: &[VerifyingKey]) -> Self {
        let mut next = Self { generation: self.generation, by_issuer: self.by_issuer.clone() };
        let mut by_id = KeysById::new();
        for key in keys {
            by_id.entry(key.id.clone()).or_default().push(key.clone());
        }
        next.by_issuer[issuer] = by_id;
        let stays = |key: &VerifyingKey| next.of(issuer, &key.id).iter().any(|other| other.is(key));
        if !self.by_issuer[issuer].values().flatten().all(stays) {
            next.generation += 1;
        }
        next
    }
}

/// What the refreshes of one issuer have come to; its lock lets one run at a time.
#[derive(Default)]
struct Progress {
    /// When the keys held were asked for.
    fetched_at: Option<Instant>,
    /// When an unknown key last made us ask.
    asked_at: Option<Instant>,
    /// Why the last refresh failed.
    fault: Option<JwksFault>,
}

/// Keys of all believed issuers, kept fresh.
pub(super) struct KeyStore {
    trusted: Vec<Trusted>,
    times: KeyTimes,
    current: ArcSwap<KeySet>,
    progress: Vec<Arc<Mutex<Progress>>>,
}

impl KeyStore {
    /// Fetches every key set once. An issuer that does not answer is asked again later; a file must be right.
    pub(super) async fn start(trusted: Vec<Trusted>, times: KeyTimes, now: Instant) -> Result<Self, JwksFault> {
        let progress = trusted.iter().map(|_| Arc::default()).collect();
        let nothing = KeySet { generation: 0, by_issuer: vec![KeysById::new(); trusted.len()] };
        let store = Self { trusted, times, current: ArcSwap::from_pointee(nothing), progress };
        let first = |issuer: usize| {
            let store = &store;
            async move { store.refresh(issuer, &mut *store.progress[issuer].lock().await, now).await }
        };
        let results = futures::future::join_all((0..store.trusted.len()).map(first)).await;
        let of_file = |(trusted, result): (&Trusted, Result<(), JwksFault>)| {
            result.err().filter(|_| matches!(trusted.source, Source::File(_)))
        };
        let fatal = store.trusted.iter().zip(results).find_map(of_file);
        fatal.map_or(Ok(store), Err)
    }

    /// Issuer of a name, and its place.
    pub(super) fn trusted(&self, issuer: &str) -> Option<(usize, &Trusted)> {
        self.trusted.iter().enumerate().find(|(_, trusted)| trusted.issuer == issuer)
    }

    pub(super) fn current(&self) -> Arc<KeySet> {
        self.current.load_full()
    }

    pub(super) fn generation(&self) -> u64 {
        self.current.load().generation
    }

    /// Fetches the keys of an issuer because a token named one that is unknown; at most once in
    /// `ISSUER_KEYS_COOL_DOWN`, whatever refreshes there were besides. Whoever comes while it runs waits for it.
    pub(super) async fn look_for(store: &Arc<Self>, issuer: usize, key_id: &str, now: Instant) {
        let mut progress = Arc::clone(&store.progress[issuer]).lock_owned().await;
        let cool_down = TimeDelta::from_std(store.times.cool_down).unwrap_or(TimeDelta::MAX);
        let is_recent = |at: Instant| (now - at).abs() < cool_down;
        if !store.current().of(issuer, key_id).is_empty() || progress.asked_at.is_some_and(is_recent) {
            return;
        }
        progress.asked_at = Some(now);
        let store = Arc::clone(store);
        // In a task of its own: a caller that hangs up must not cut the refresh that others wait for.
        let refresh = tokio::spawn(async move {
            // A fault is told by the refresh itself.
            let _ = store.refresh(issuer, &mut progress, now).await;
        });
        if refresh.await.is_err() {
            tracing::error!("refreshing the key sets failed");
        }
    }

    /// Fetches the keys of every issuer again and again, each at its own pace.
    pub(super) async fn keep_fresh(&self, clock: &Clock) {
        let changing =
            (0..self.trusted.len()).filter(|issuer| !matches!(self.trusted[*issuer].source, Source::Fixed(_)));
        futures::future::join_all(changing.map(|issuer| self.keep_fresh_of(issuer, clock))).await;
    }

    async fn keep_fresh_of(&self, issuer: usize, clock: &Clock) {
        loop {
            let pause = self.pause(issuer, clock.now()).await;
            tokio::time::sleep(pause).await;
            let mut progress = self.progress[issuer].lock().await;
            let _ = self.refresh(issuer, &mut progress, clock.now()).await;
        }
    }

    /// Time to the next refresh of an issuer.
    async fn pause(&self, issuer: usize, now: Instant) -> Duration {
        // Gateways started together shall not ask together; earlier, never later.
        let share = clock::random::<1>().map_or(1.0, |[byte]| 1.0 - f64::from(byte) / 1024.0);
        let usual = self.times.refresh.mul_f64(share);
        let pause = if self.current.load().lacks(issuer) { usual.min(self.times.cool_down) } else { usual };
        let fetched_at = self.progress[issuer].lock().await.fetched_at;
        fetched_at.map_or(pause, |at| pause.min(self.left(at, now)))
    }

    /// How long keys fetched at an instant are still believed.
    fn left(&self, fetched_at: Instant, now: Instant) -> Duration {
        self.times.age_max.saturating_sub((now - fetched_at).to_std().unwrap_or_default())
    }

    /// Fetches the keys of an issuer and believes what comes. One that does not answer keeps its keys for
    /// `ISSUER_KEYS_MAX_AGE`.
    async fn refresh(&self, issuer: usize, progress: &mut Progress, now: Instant) -> Result<(), JwksFault> {
        let name = self.trusted[issuer].issuer.as_str();
        if progress.fetched_at.is_some_and(|at| self.left(at, now).is_zero()) {
            progress.fetched_at = None;
            self.believe(issuer, &[]);
            tracing::error!(
                issuer = name,
                "the issuer has not answered for ISSUER_KEYS_MAX_AGE: its tokens are refused"
            );
        }
        let fetched = self.trusted[issuer].keys().await;
        let fault = fetched.as_ref().err().copied();
        metrics::key_set_refreshed(name, fault.map_or(Ok(()), |_| Err(())));
        let keys = match &fetched {
            Ok(keys) => Some(keys.as_slice()),
            // It has answered, and takes back every key it had.
            Err(JwksFault::NoUsableKey) => Some([].as_slice()),
            Err(_) => None,
        };
        if let Some(keys) = keys {
            progress.fetched_at = Some(now);
            self.believe(issuer, keys);
        }
        // Told when it changes: an outage of a night is not a thousand lines.
        match (progress.fault, fault) {
            (before, Some(fault)) if before != Some(fault) => {
                tracing::warn!(issuer = name, %fault, "key set not refreshed");
            }
            (Some(_), None) => tracing::info!(issuer = name, "key set refreshed again"),
            (_, _) => {}
        }
        progress.fault = fault;
        fetched.map(|_| ())
    }

    fn believe(&self, issuer: usize, keys: &[VerifyingKey]) {
        self.current.rcu(|current| current.with(issuer, keys));
    }
}

#[cfg(test)]
mod tests;
