//! Keys of the believed issuers: which are taken, where they come from, and for how long they are believed.
//!
//! All are held in one immutable set that is swapped whole. Its generation rises when a key is gone, and with it every
//! token verified before is verified anew.

mod key_set;
mod source;

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use chrono::TimeDelta;
use entity::vocabulary::Instant;
use tokio::sync::Mutex;

pub(super) use key_set::{VerifyingKey, algorithm, bytes, is_for};

use super::development::{self, DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER};
use crate::{
    clock::{self, Clock},
    config::{Issuer, KeySource},
    keys::DevelopmentKey,
};
use source::Source;

/// Seconds between two refreshes; a key taken back by its issuer is believed for about so long.
pub const REFRESH_SECONDS: u64 = 600;

/// Seconds at most between two refreshes that a token with an unknown key asks for; anyone can make such tokens.
pub const UNKNOWN_KEY_REFRESH_SECONDS: i64 = 30;

/// Hours for which keys are believed while their issuer does not answer; a night's outage stops nobody.
pub const STALE_HOURS_MAX: i64 = 24;

/// Why a key set cannot be used. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksFault {
    /// No connection, or not in time.
    #[error("ISSUERS: the issuer does not answer")]
    Unreachable,
    /// Answers with a redirect, which is not followed.
    #[error("ISSUERS: jwks_url redirects, which is not followed")]
    Redirected,
    /// Answers with another status than 200.
    #[error("ISSUERS: jwks_url answers {0}")]
    Status(u16),
    /// File cannot be read.
    #[error("ISSUERS: jwks_file cannot be read")]
    Unreadable,
    /// Body is larger than 256 KiB.
    #[error("ISSUERS: the key set is too large")]
    TooLarge,
    /// Not a JSON key set.
    #[error("ISSUERS: the key set is malformed")]
    Malformed,
    /// More than 32 keys.
    #[error("ISSUERS: the key set has too many keys")]
    TooManyKeys,
    /// No key may verify a token.
    #[error("ISSUERS: the key set has no key for ES256, EdDSA or RS256")]
    NoUsableKey,
}

/// Issuer that is believed, and the source of its keys.
pub(super) struct Trusted {
    issuer: String,
    audience: String,
    source: Source,
}

impl Trusted {
    pub(super) fn configured(issuer: &Issuer) -> Result<Self, JwksFault> {
        let source = match &issuer.keys {
            KeySource::Url(url) => Source::at(url)?,
            KeySource::File(path) => Source::File(path.clone()),
        };
        Ok(Self { issuer: issuer.issuer.clone(), audience: issuer.audience.clone(), source })
    }

    pub(super) fn development(key: &DevelopmentKey) -> Self {
        let source = Source::Fixed(development::jwks(key).to_string().into_bytes());
        Self { issuer: DEVELOPMENT_ISSUER.to_owned(), audience: DEVELOPMENT_AUDIENCE.to_owned(), source }
    }

    async fn keys(&self) -> Result<Vec<VerifyingKey>, JwksFault> {
        key_set::usable(&self.source.content().await?, &self.issuer, &self.audience)
    }
}

/// Every key believed now.
#[derive(Default)]
pub(super) struct KeySet {
    pub(super) generation: u64,
    by_id: HashMap<String, Vec<VerifyingKey>>,
}

impl KeySet {
    /// Keys of an id: one, unless issuers chose the same.
    pub(super) fn of(&self, id: &str) -> &[VerifyingKey] {
        self.by_id.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Set of `keys` that follows this one.
    fn followed_by(&self, keys: impl Iterator<Item = VerifyingKey>) -> Self {
        let mut next = Self { generation: self.generation, by_id: HashMap::new() };
        for key in keys {
            next.by_id.entry(key.id.clone()).or_default().push(key);
        }
        let stays = |key: &VerifyingKey| next.of(&key.id).iter().any(|other| other.is(key));
        if !self.by_id.values().flatten().all(stays) {
            next.generation += 1;
        }
        next
    }
}

/// Keys last fetched from one issuer.
#[derive(Default, Clone)]
struct Held {
    keys: Vec<VerifyingKey>,
    fetched_at: Option<Instant>,
}

impl Held {
    fn is_believed(&self, now: Instant) -> bool {
        self.fetched_at.is_some_and(|fetched_at| now - fetched_at < TimeDelta::hours(STALE_HOURS_MAX))
    }
}

/// What a refresh works on; its lock lets one run at a time.
#[derive(Default)]
struct Progress {
    held: Vec<Held>,
    attempted_at: Option<Instant>,
}

/// Keys of all believed issuers, kept fresh.
pub(super) struct KeyStore {
    trusted: Vec<Trusted>,
    current: ArcSwap<KeySet>,
    progress: Mutex<Progress>,
}

impl KeyStore {
    /// Fetches every key set once. An issuer that does not answer is asked again later; a file must be right.
    pub(super) async fn start(trusted: Vec<Trusted>, now: Instant) -> Result<Self, JwksFault> {
        let held = vec![Held::default(); trusted.len()];
        let progress = Mutex::new(Progress { held, attempted_at: None });
        let store = Self { trusted, current: ArcSwap::default(), progress };
        let faults = store.refresh(&mut *store.progress.lock().await, now).await;
        let fatal = faults.into_iter().find(|(index, _)| matches!(store.trusted[*index].source, Source::File(_)));
        fatal.map_or(Ok(store), |(_, fault)| Err(fault))
    }

    pub(super) fn current(&self) -> Arc<KeySet> {
        self.current.load_full()
    }

    pub(super) fn generation(&self) -> u64 {
        self.current.load().generation
    }

    /// Fetches the key sets because a token named an unknown key; at most one such refresh in
    /// [`UNKNOWN_KEY_REFRESH_SECONDS`]. Whoever comes while it runs waits for it.
    pub(super) async fn refresh_if_due(store: &Arc<Self>, now: Instant) {
        let store = Arc::clone(store);
        // In a task of its own: a caller that hangs up must not cut the refresh that others wait for.
        let refresh = tokio::spawn(async move {
            let mut progress = store.progress.lock().await;
            let is_recent = |at: Instant| (now - at).abs() < TimeDelta::seconds(UNKNOWN_KEY_REFRESH_SECONDS);
            if !progress.attempted_at.is_some_and(is_recent) {
                store.refresh(&mut progress, now).await;
            }
        });
        if refresh.await.is_err() {
            tracing::error!("refreshing the key sets failed");
        }
    }

    pub(super) async fn keep_fresh(&self, clock: &Clock) {
        loop {
            // Gateways started together shall not ask together.
            let jitter = clock::random::<1>().map_or(0, |[byte]| u64::from(byte) / 4);
            tokio::time::sleep(Duration::from_secs(REFRESH_SECONDS + jitter)).await;
            let mut progress = self.progress.lock().await;
            self.refresh(&mut progress, clock.now()).await;
        }
    }

    /// Fetches every key set and believes what comes; an issuer that does not answer keeps its keys for a while.
    async fn refresh(&self, progress: &mut Progress, now: Instant) -> Vec<(usize, JwksFault)> {
        progress.attempted_at = Some(now);
        let fetched = futures::future::join_all(self.trusted.iter().map(Trusted::keys)).await;
        let mut faults = Vec::new();
        for (index, (held, fetched)) in progress.held.iter_mut().zip(fetched).enumerate() {
            match fetched {
                Ok(keys) => *held = Held { keys, fetched_at: Some(now) },
                Err(fault) => faults.push((index, fault)),
            }
        }
        for (index, fault) in &faults {
            tracing::warn!(issuer = self.trusted[*index].issuer, %fault, "key set not refreshed");
        }
        let believed = progress.held.iter().filter(|held| held.is_believed(now)).flat_map(|held| held.keys.clone());
        let next = self.current.load().followed_by(believed);
        self.current.store(Arc::new(next));
        faults
    }
}

#[cfg(test)]
mod tests;
