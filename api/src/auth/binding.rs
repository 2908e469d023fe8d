//! Tokens that only the holder of a certificate may use (RFC 8705): which certificate that is.
//!
//! **Invariant:** a token bound to anything that cannot be checked here is refused; whoever bound it did not mean that
//! any bearer be believed.

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::AuthFault;

/// SHA-256 of a certificate in DER. Not secret: whoever has it has not the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Of bytes that are one already; none when there are not 32.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Of a certificate.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        Self::from_bytes(digest::digest(&digest::SHA256, certificate).as_ref())
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thumbprint(…)")
    }
}

/// Certificate a token is bound to; none when it is bound to nothing.
pub(super) fn certificate(claims: &Map<String, Value>) -> Result<Option<Thumbprint>, AuthFault> {
    let Some(confirmation) = claims.get("cnf") else { return Ok(None) };
    let Some(members) = confirmation.as_object() else { return Err(AuthFault::Binding) };
    // A second member would be a second binding; a `jkt` or `jwk` needs a proof we do not ask for (RFC 9449).
    let thumbprint = members.get("x5t#S256").and_then(Value::as_str).filter(|_| members.len() == 1);
    let bytes = thumbprint.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()).ok_or(AuthFault::Binding)?;
    Thumbprint::from_bytes(&bytes).map(Some).ok_or(AuthFault::Binding)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bound(confirmation: &Value) -> Result<Option<Thumbprint>, AuthFault> {
        certificate(json!({ "cnf": confirmation }).as_object().expect("object"))
    }

    #[test]
    fn certificate_is_that_of_the_one_thumbprint() {
        let thumbprint = URL_SAFE_NO_PAD.encode([7; 32]);
        assert_eq!(bound(&json!({ "x5t#S256": thumbprint })), Ok(Thumbprint::from_bytes(&[7; 32])));
        assert_eq!(certificate(&Map::new()), Ok(None));
    }

    #[test]
    fn what_cannot_be_checked_is_refused() {
        let thumbprint = URL_SAFE_NO_PAD.encode([7; 32]);
        for confirmation in [
            json!(null),
            json!({}),
            json!([]),
            json!("x"),
            json!({ "jkt": thumbprint }),
            json!({ "jwk": {} }),
            json!({ "kid": "a" }),
            json!({ "x5t": thumbprint }),
            json!({ "x5t#S256": thumbprint, "jkt": thumbprint }),
            json!({ "x5t#S256": [thumbprint] }),
            json!({ "x5t#S256": "" }),
            json!({ "x5t#S256": URL_SAFE_NO_PAD.encode([7; 31]) }),
            json!({ "x5t#S256": format!("{thumbprint}=") }),
        ] {
            assert_eq!(bound(&confirmation), Err(AuthFault::Binding), "{confirmation}");
        }
    }
}
