//! Verified tokens kept, so that a signature is checked once and not with every request.
//!
//! The key is the whole token, so nothing collides; refusals are never kept, for anyone can make them.
//!
//! **Invariant:** a token is taken from here only before its `exp` and while every key that was believed when it was
//! verified still is.

use std::sync::Arc;

use entity::vocabulary::Instant;
use quick_cache::sync::Cache;

use super::Verified;

pub(super) struct TokenCache(Cache<Box<str>, Arc<Verified>>);

impl TokenCache {
    pub(super) fn new(entries_max: usize) -> Self {
        Self(Cache::new(entries_max))
    }

    pub(super) fn get(&self, token: &str, generation: u64, now: Instant) -> Option<Arc<Verified>> {
        let verified = self.0.get(token)?;
        if verified.generation == generation && now < verified.expires_at {
            return Some(verified);
        }
        self.0.remove(token);
        None
    }

    pub(super) fn insert(&self, token: &str, verified: &Arc<Verified>) {
        self.0.insert(token.into(), Arc::clone(verified));
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::Viewer;
    use super::*;

    fn verified(expires_at: Instant) -> Arc<Verified> {
        Arc::new(Verified { viewer: Arc::new(Viewer::anonymous()), expires_at, certificate: None, generation: 1 })
    }

    #[test]
    fn token_is_kept_until_its_end_and_not_a_microsecond_longer() {
        let (cache, end) = (TokenCache::new(10), Instant::UNIX_EPOCH);
        cache.insert("token", &verified(end));
        assert!(cache.get("token", 1, end - TimeDelta::microseconds(1)).is_some());
        assert!(cache.get("token", 1, end).is_none());
    }

    #[test]
    fn token_is_forgotten_when_a_key_is_gone() {
        let (cache, end) = (TokenCache::new(10), Instant::UNIX_EPOCH);
        cache.insert("token", &verified(end));
        assert!(cache.get("token", 2, end - TimeDelta::seconds(1)).is_none());
    }

    #[test]
    fn number_of_tokens_is_bounded() {
        let cache = TokenCache::new(10);
        (0..1_000).for_each(|index| cache.insert(&index.to_string(), &verified(Instant::MAX_UTC)));
        assert!(cache.0.len() <= 10);
    }
}
