//! Header of a token: says which key to take, and may say nothing that would have to be believed.

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::super::AuthFault;
use crate::config::TokenType;

/// Bytes of a key id; it is used as a map key and for nothing else.
pub const KEY_ID_BYTES_MAX: usize = 64;

/// Members by which a token would bring its own key, or say where one is (RFC 7515, 4.1).
const KEY_MEMBERS: [&str; 4] = ["jku", "jwk", "x5u", "x5c"];

/// What a header says that is used.
pub(in super::super) struct Header {
    pub(in super::super) algorithm: Algorithm,
    pub(in super::super) key_id: String,
    /// Null when it names none.
    pub(in super::super) token_type: Option<TokenType>,
}

impl Header {
    pub(super) fn judged(members: &Map<String, Value>) -> Result<Self, AuthFault> {
        if members.contains_key("crit") {
            return Err(AuthFault::Critical);
        }
        if KEY_MEMBERS.iter().any(|member| members.contains_key(*member)) {
            return Err(AuthFault::OwnKey);
        }
        // The key decides between these; anything else, `none` above all, is not even looked up.
        let algorithm = match members.get("alg").and_then(Value::as_str) {
            Some("ES256") => Algorithm::ES256,
            Some("EdDSA") => Algorithm::EdDSA,
            Some("RS256") => Algorithm::RS256,
            Some(_) => return Err(AuthFault::Algorithm),
            None => return Err(AuthFault::Malformed),
        };
        let token_type = match members.get("typ") {
            None => None,
            Some(name) => Some(name.as_str().and_then(TokenType::parse).ok_or(AuthFault::Type)?),
        };
        let key_id = members.get("kid").and_then(Value::as_str).ok_or(AuthFault::KeyId)?;
        if !(1..=KEY_ID_BYTES_MAX).contains(&key_id.len()) {
            return Err(AuthFault::KeyId);
        }
        Ok(Self { algorithm, key_id: key_id.to_owned(), token_type })
    }
}
