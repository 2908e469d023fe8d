//! Who asks, and whether it is true: tokens of believed issuers, and what their claims make of the caller.
//!
//! The algorithm comes from the key, never from the token; keys come from the configured sources, never from the
//! token. No token, claim or key is logged or echoed: a refusal is one of a few fixed sentences.

mod development;
mod jwks;
mod jwt;
pub mod policy;
mod public_key;
mod token_cache;
mod viewer;

use std::{fmt, sync::Arc};

use axum::http::{HeaderMap, header::AUTHORIZATION};
use entity::vocabulary::Instant;

pub use development::{DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER, Grant, jwks, mint};
pub use jwks::JwksFault;
pub use jwt::subject;
pub use policy::{Act, Permit, Sight};
pub use public_key::{JWK_CHARACTERS_MAX, KeyFault, PublicKey};
pub use viewer::{Role, Viewer};

use crate::{Error, clock::Clock, config::Config, keys::Keys};
use jwks::{KeyStore, Trusted};
use token_cache::TokenCache;

/// Bytes of one token, its header included; checked before anything of it is parsed. Real ones have under 2,000.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// Why a caller is not believed. Each has one sentence that holds nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthFault {
    /// More than one `Authorization` header, or not of the form `Bearer TOKEN`.
    Header,
    /// Longer than [`TOKEN_BYTES_MAX`].
    TooLong,
    /// Not three base64url parts with a JSON header and claims.
    Malformed,
    /// Has a `crit` header: extensions are not understood, and so must not be passed over.
    Critical,
    /// Is another sort of token.
    Type,
    /// Names no key, or in too many bytes.
    KeyId,
    /// Names a key no issuer publishes.
    UnknownKey,
    /// Its algorithm is not that of its key.
    Algorithm,
    /// Signature does not verify.
    Signature,
    /// A claim is missing, repeated or of another type.
    Claims,
    /// Another issuer than that of the key.
    Issuer,
    /// Another audience.
    Audience,
    /// Past `exp`.
    Expired,
    /// Before `nbf`.
    NotYetValid,
    /// Issued in the future.
    IssuedInFuture,
    /// Subject is empty, too long, or holds what must not be logged.
    Subject,
    /// Organisation is missing for its role, or is no business id.
    Organisation,
    /// Processor is no business id, or stands alone.
    Processor,
    /// No issuer's keys could be fetched yet.
    KeysUnavailable,
}

impl AuthFault {
    /// Stable sentence for the answer and the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Header => "the Authorization header is not one bearer token",
            Self::TooLong => "the token is too long",
            Self::Malformed => "the token is malformed",
            Self::Critical => "the token has critical extensions",
            Self::Type => "the token is of another type",
            Self::KeyId => "the token names no key",
            Self::UnknownKey => "the token names an unknown key",
            Self::Algorithm => "the algorithm is not that of the key",
            Self::Signature => "the signature does not verify",
            Self::Claims => "a claim is missing, repeated or malformed",
            Self::Issuer => "the issuer is not that of the key",
            Self::Audience => "the token is for another audience",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not yet valid",
            Self::IssuedInFuture => "the token is issued in the future",
            Self::Subject => "the subject is not acceptable",
            Self::Organisation => "the organisation is missing or no business id",
            Self::Processor => "the processor is not acceptable",
            Self::KeysUnavailable => "the keys of the issuer are not available",
        }
    }
}

impl fmt::Display for AuthFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for AuthFault {}

impl From<AuthFault> for Error {
    fn from(fault: AuthFault) -> Self {
        match fault {
            AuthFault::KeysUnavailable => Self::Unavailable(fault.reason()),
            _ => Self::Unauthenticated(fault.reason()),
        }
    }
}

/// Caller whose token was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who it is.
    pub viewer: Arc<Viewer>,
    /// Instant from which the token says nothing more; subscriptions end then.
    pub expires_at: Instant,
    generation: u64,
}

/// Verifies tokens. Its `Debug` shows neither tokens nor keys.
pub struct Authenticator {
    store: Arc<KeyStore>,
    verified: TokenCache,
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
        let store = KeyStore::start(trusted, now).await?;
        Ok(Self { store: Arc::new(store), verified: TokenCache::new(config.limits.token_cache_entries_max) })
    }

    /// Who a token says the caller is, if all of it holds at `now`.
    ///
    /// # Errors
    /// The first refusal met.
    pub async fn verify(&self, token: &str, now: Instant) -> Result<Arc<Verified>, AuthFault> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(AuthFault::TooLong);
        }
        match self.verified.get(token, self.store.generation(), now) {
            Some(verified) => Ok(verified),
            None => self.verify_anew(token, now).await,
        }
    }

    async fn verify_anew(&self, token: &str, now: Instant) -> Result<Arc<Verified>, AuthFault> {
        let key_id = jwt::key_id(token)?;
        let mut keys = self.store.current();
        if keys.of(&key_id).is_empty() {
            KeyStore::refresh_if_due(&self.store, now).await;
            keys = self.store.current();
        }
        if keys.is_empty() {
            return Err(AuthFault::KeysUnavailable);
        }
        let (viewer, expires_at) = jwt::verify(token, keys.of(&key_id), now)?;
        let verified = Arc::new(Verified { viewer: Arc::new(viewer), expires_at, generation: keys.generation });
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

/// Chooses the cryptographic library of tokens. Called first thing in `main` and in tests; again does nothing.
pub fn install_provider() {
    // A second call finds the same provider installed.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

/// Token of a request; none when the request has no `Authorization` header.
///
/// # Errors
/// When there are several such headers, or it is not a bearer token.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, AuthFault> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(AuthFault::Header);
    }
    let text = value.to_str().map_err(|_| AuthFault::Header)?;
    let (scheme, token) = text.split_once(' ').ok_or(AuthFault::Header)?;
    let token = token.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(char::is_whitespace) {
        Ok(Some(token))
    } else {
        Err(AuthFault::Header)
    }
}

#[cfg(test)]
mod tests;
