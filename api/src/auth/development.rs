//! Issuer of development tokens: the gateway itself, for as long as no other is configured.

use std::time::Duration;

use chrono::TimeDelta;
use entity::vocabulary::{BusinessId, Instant};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use crate::{Error, keys::DevelopmentKey, role::Role};

/// Claim `iss` of development tokens. The same wherever the gateway listens.
pub const DEVELOPMENT_ISSUER: &str = "urn:disclosure-gateway:development";

/// Claim `aud` of development tokens.
pub const DEVELOPMENT_AUDIENCE: &str = "disclosure-gateway";

/// What a development token says of its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Organisation it acts for.
    pub organisation: BusinessId,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Subject.
    pub subject: String,
    /// Processor that acts for the organisation; null when it acts itself.
    pub processor: Option<BusinessId>,
    /// How long the token is valid.
    pub time_to_live: Duration,
}

/// Development token, valid from `now`.
///
/// # Errors
/// Internal when the end of its validity is no time, or the key cannot sign.
pub fn mint(key: &DevelopmentKey, grant: &Grant, now: Instant) -> Result<String, Error> {
    super::install_provider();
    let time_to_live = TimeDelta::from_std(grant.time_to_live).ok();
    let expires_at = time_to_live.and_then(|time| now.checked_add_signed(time));
    let expires_at = expires_at.ok_or_else(|| Error::internal("a token cannot be valid for so long"))?;
    let mut claims = json!({
        "iss": DEVELOPMENT_ISSUER,
        "aud": DEVELOPMENT_AUDIENCE,
        "sub": grant.subject,
        "iat": now.timestamp(),
        "exp": expires_at.timestamp(),
        "org": grant.organisation,
        "roles": grant.roles.iter().map(|role| role.name()).collect::<Vec<_>>(),
    });
    if let Some(processor) = grant.processor {
        claims["act"] = json!({ "org": processor });
    }
    let header = Header { typ: Some("at+jwt".to_owned()), kid: Some(key.id()), ..Header::new(Algorithm::ES256) };
    jsonwebtoken::encode(&header, &claims, key.encoding()).map_err(|_| Error::internal("no token can be signed"))
}

/// Public key set of the development issuer (RFC 7517).
pub fn jwks(key: &DevelopmentKey) -> Value {
    let (x, y) = key.coordinates();
    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": key.id(), "use": "sig", "alg": "ES256" }] })
}
