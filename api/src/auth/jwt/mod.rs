//! One token: what of it is checked, in which order, and what its claims make of the caller.
//!
//! Of the library only the signature is asked. What is read is read once, by us, so that what is judged is what was
//! signed: no member twice, no key of the token's own, no extension passed over, times by the instant of the request.

mod claims;
mod header;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::vocabulary::Instant;
use serde_json::{Map, Value};

use super::{
    AuthFault, Viewer,
    binding::{self, Thumbprint},
    jwks::{Trusted, VerifyingKey},
    public_key::PublicKey,
};
use crate::{config::TokenType, json};

pub use claims::subject;
pub(super) use header::{Header, KEY_ID_BYTES_MAX};

/// Token as it came in: read, and believed in nothing.
pub(super) struct Token<'t> {
    pub(super) header: Header,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: &'t str,
}

/// What a verified token says.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) viewer: Viewer,
    pub(super) expires_at: Instant,
    /// Certificate of which the caller must show that it holds the key; null when any bearer is believed.
    pub(super) certificate: Option<Thumbprint>,
}

impl<'t> Token<'t> {
    /// Reads a token, its header found acceptable.
    pub(super) fn read(token: &'t str) -> Result<Self, AuthFault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(AuthFault::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(AuthFault::Malformed)?;
        let header = Header::judged(&object(header)?.ok_or(AuthFault::Malformed)?)?;
        let claims = object(claims)?.ok_or(AuthFault::Claims)?;
        Ok(Self { header, claims, signed, signature })
    }

    /// Issuer it names.
    pub(super) fn issuer(&self) -> Result<&str, AuthFault> {
        self.claims.get("iss").and_then(Value::as_str).ok_or(AuthFault::Claims)
    }

    /// Whether it is of a type its issuer makes.
    pub(super) fn is_of_type(&self, taken: Option<&[TokenType]>) -> bool {
        match (taken, self.header.token_type) {
            (None, _) => true,
            (Some(taken), Some(token_type)) => taken.contains(&token_type),
            (Some(_), None) => false,
        }
    }

    /// What it says, once a key of its issuer has signed it and it holds at `now`.
    pub(super) fn verified(&self, trusted: &Trusted, keys: &[VerifyingKey], now: Instant) -> Result<Said, AuthFault> {
        let mut fitting = keys.iter().filter(|key| key.public.algorithm == self.header.algorithm).peekable();
        if fitting.peek().is_none() {
            return Err(AuthFault::Algorithm);
        }
        URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| AuthFault::Malformed)?;
        if !fitting.any(|key| self.is_signed_by(key)) {
            return Err(AuthFault::Signature);
        }
        claims::for_audience(&self.claims, &trusted.audiences)?;
        let expires_at = claims::in_time(&self.claims, now)?;
        let certificate = binding::certificate(&self.claims)?;
        Ok(Said { viewer: claims::viewer(&self.claims, &trusted.claims)?, expires_at, certificate })
    }

    fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        let PublicKey { key, algorithm, .. } = &key.public;
        jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key, *algorithm).unwrap_or(false)
    }
}

/// Object of one part of a token; none when it is other JSON, or names a member twice.
fn object(part: &str) -> Result<Option<Map<String, Value>>, AuthFault> {
    let text = URL_SAFE_NO_PAD.decode(part).map_err(|_| AuthFault::Malformed)?;
    Ok(json::object(&text))
}
