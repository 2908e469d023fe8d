//! Who asks, and whether it is true: tokens of believed issuers, and what their claims make of the caller.
//!
//! The algorithm comes from the key, never from the token; keys come from the configured sources, never from the
//! token, and verify the tokens of their own issuer alone. No token, claim or key is logged or echoed: a refusal is one
//! of a few fixed sentences.

mod binding;
mod certificate;
mod credentials;
mod development;
mod fault;
mod jwks;
mod jwt;
pub mod policy;
mod public_key;
mod token_cache;
mod viewer;

use std::{fmt, sync::Arc};

use entity::vocabulary::Instant;

pub use credentials::Credentials;
pub use development::{DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER, Grant, jwks, mint};
pub use fault::AuthFault;
pub use jwks::JwksFault;
pub use jwt::subject;
pub use policy::{Act, Permit, Sight};
pub use public_key::{JWK_CHARACTERS_MAX, KeyFault, PublicKey};
pub use viewer::Viewer;

pub use crate::role::Role;
use crate::{clock::Clock, config::Config, keys::Keys, server::Place};
use binding::Thumbprint;
use certificate::Certificates;
use jwks::{KeyStore, Trusted};
use jwt::{Said, Token};
use token_cache::TokenCache;

/// Bytes of one token, its header included; checked before anything of it is parsed. Real ones have under 2,000.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Caller whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who it is.
    pub viewer: Arc<Viewer>,
    /// Instant from which the token says nothing more; subscriptions end then.
    pub expires_at: Instant,
    /// Certificate the caller must show; null when any bearer is believed.
    certificate: Option<Thumbprint>,
    generation: u64,
}

/// Who asks, until when that is known, and its place among what it has under way.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who asks; nobody where no token was needed.
    pub viewer: Arc<Viewer>,
    /// Instant from which it is no longer known; null for nobody.
    pub expires_at: Option<Instant>,
    /// Held for as long as its request is under way.
    pub place: Arc<Place>,
}

/// Verifies tokens. Its `Debug` shows neither tokens nor keys.
pub struct Authenticator {
    store: Arc<KeyStore>,
    verified: TokenCache,
    certificates: Certificates,
}

impl Authenticator {
    /// Fetches the keys of the configured issuers; of the gateway itself in development.
    ///
    /// # Errors
    /// When a key set in a file cannot be used. An issuer that does not answer is asked again later.
    pub async fn start(config: &Config, keys: &Keys, now: Instant) -> Result<Self, JwksFault> {
        install_provider();
        let configured = config.issuers.iter().map(Trusted::configured);
        let own = keys.development().filter(|_| config.is_development()).map(|key| Ok(Trusted::development(key)));
        let trusted = configured.chain(own).collect::<Result<Vec<_>, _>>()?;
        let store = KeyStore::start(trusted, config.key_times, now).await?;
        Ok(Self {
            store: Arc::new(store),
            verified: TokenCache::new(config.limits.token_cache_entries_max),
            certificates: Certificates::of(config),
        })
    }

    /// Who the caller is, if all it shows holds at `now`; none when it shows no token.
    ///
    /// # Errors
    /// The first refusal met.
    pub async fn authenticate(
        &self,
        credentials: Credentials<'_>,
        now: Instant,
    ) -> Result<Option<Arc<Verified>>, AuthFault> {
        let Some(token) = credentials.bearer()? else { return Ok(None) };
        let verified = self.verify(token, now).await?;
        if let Some(certificate) = verified.certificate
            && certificate != self.certificates.shown(credentials)?
        {
            return Err(AuthFault::OtherCertificate);
        }
        Ok(Some(verified))
    }

    /// Whether the caller shows a token that has been verified before and still holds.
    pub fn knows(&self, credentials: Credentials<'_>, now: Instant) -> bool {
        let token = credentials.bearer().ok().flatten();
        token.is_some_and(|token| self.verified.get(token, self.store.generation(), now).is_some())
    }

    /// What a token says of any bearer, if all of it holds at `now`.
    async fn verify(&self, token: &str, now: Instant) -> Result<Arc<Verified>, AuthFault> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthFault::TooLong);
        }
        match self.verified.get(token, self.store.generation(), now) {
            Some(verified) => Ok(verified),
            None => self.verify_anew(token, now).await,
        }
    }

    async fn verify_anew(&self, token: &str, now: Instant) -> Result<Arc<Verified>, AuthFault> {
        let read = Token::read(token)?;
        let (issuer, trusted) = self.store.trusted(read.issuer()?).ok_or(AuthFault::Issuer)?;
        if !read.is_of_type(trusted.token_types.as_deref()) {
            return Err(AuthFault::Type);
        }
        let key_id = &read.header.key_id;
        let mut keys = self.store.current();
        if keys.of(issuer, key_id).is_empty() {
            KeyStore::look_for(&self.store, issuer, key_id, now).await;
            keys = self.store.current();
        }
        if keys.lacks(issuer) {
            return Err(AuthFault::KeysUnavailable);
        }
        let candidates = keys.of(issuer, key_id);
        if candidates.is_empty() {
            return Err(AuthFault::UnknownKey);
        }
        let Said { viewer, expires_at, certificate } = read.verified(trusted, candidates, now)?;
        let generation = keys.generation;
        let verified = Arc::new(Verified { viewer: Arc::new(viewer), expires_at, certificate, generation });
        self.verified.insert(token, &verified);
        Ok(verified)
    }

    /// Whether some issuer's keys are known.
    pub fn is_ready(&self) -> bool {
        !self.store.current().is_empty()
    }

    /// Fetches the key sets again and again, for as long as the process runs.
    pub async fn keep_fresh(&self, clock: &Clock) {
        self.store.keep_fresh(clock).await;
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator(…)")
    }
}

/// How many keys each configured issuer publishes that may verify its tokens, or why none can be had.
pub async fn key_sets(config: &Config) -> Vec<(String, Result<usize, JwksFault>)> {
    let asked = config.issuers.iter().map(|issuer| async move {
        let keys = async { Ok(Trusted::configured(issuer)?.keys().await?.len()) };
        (issuer.issuer.clone(), keys.await)
    });
    futures::future::join_all(asked).await
}

/// Chooses the cryptographic library of tokens. Called first thing in `main` and in tests; again does nothing.
pub fn install_provider() {
    // A second call finds the same provider installed.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

#[cfg(test)]
mod tests;
