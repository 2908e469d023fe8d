//! Key sets of RFC 7517, and which of their keys may verify a token.

use serde::Deserialize;
use serde_json::Value;

use super::{super::jwt::KEY_ID_BYTES_MAX, super::public_key::PublicKey, JwksFault};

/// Keys of one set; an issuer in rotation has two or three.
pub const KEYS_MAX: usize = 32;

/// Key that verifies tokens of one issuer, known by the id its set gives it.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(super) id: String,
    pub(in super::super) public: PublicKey,
}

impl VerifyingKey {
    /// Whether it is the same key with the same meaning.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.public.kid == other.public.kid
    }
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

/// Keys of a set that may verify tokens. One that may not is passed over; a set without any is a fault.
pub(super) fn usable(content: &[u8]) -> Result<Vec<VerifyingKey>, JwksFault> {
    let set: Set = serde_json::from_slice(content).map_err(|_| JwksFault::Malformed)?;
    if set.keys.len() > KEYS_MAX {
        return Err(JwksFault::TooManyKeys);
    }
    let keys: Vec<_> = set.keys.into_iter().filter_map(verifying_key).collect();
    if keys.is_empty() { Err(JwksFault::NoUsableKey) } else { Ok(keys) }
}

fn verifying_key(key: Value) -> Option<VerifyingKey> {
    let id = key.get("kid")?.as_str().filter(|id| (1..=KEY_ID_BYTES_MAX).contains(&id.len()))?.to_owned();
    Some(VerifyingKey { id, public: PublicKey::of(key).ok()? })
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use jsonwebtoken::Algorithm;
    use serde_json::json;

    use super::*;

    /// Key of RFC 7517, A.1.
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    fn key(changes: &Value) -> Value {
        let mut key = json!({ "kty": "EC", "crv": "P-256", "kid": "k", "x": X, "y": Y });
        for (name, value) in changes.as_object().expect("object") {
            key[name] = value.clone();
        }
        key
    }

    fn rsa(bytes: usize) -> Value {
        let modulus = URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
        json!({ "kty": "RSA", "kid": "k", "n": modulus, "e": "AQAB" })
    }

    fn of(keys: &[Value]) -> Result<Vec<Algorithm>, JwksFault> {
        let content = json!({ "keys": keys }).to_string();
        Ok(usable(content.as_bytes())?.iter().map(|key| key.public.algorithm).collect())
    }

    #[test]
    fn key_is_taken_for_exactly_one_algorithm() {
        let edwards = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": X });
        assert_eq!(of(&[key(&json!({}))]).expect("keys"), [Algorithm::ES256]);
        assert_eq!(of(&[edwards]).expect("keys"), [Algorithm::EdDSA]);
        assert_eq!(of(&[rsa(256)]).expect("keys"), [Algorithm::RS256]);
        assert_eq!(of(&[key(&json!({ "use": "sig", "alg": "ES256", "key_ops": ["verify"] }))]).expect("keys").len(), 1);
    }

    #[test]
    fn keys_not_for_verifying_are_passed_over() {
        let short = URL_SAFE_NO_PAD.encode([7; 31]);
        let refused = [
            json!({ "kty": "oct", "kid": "k", "k": "c2VjcmV0" }),
            rsa(255),
            rsa(2_048),
            key(&json!({ "use": "enc" })),
            key(&json!({ "key_ops": ["encrypt"] })),
            key(&json!({ "alg": "HS256" })),
            key(&json!({ "alg": "ES384" })),
            key(&json!({ "alg": "none" })),
            key(&json!({ "crv": "P-384" })),
            key(&json!({ "crv": "secp256k1" })),
            key(&json!({ "x": short })),
            key(&json!({ "x": Y, "y": X })),
            key(&json!({ "kid": null })),
            key(&json!({ "kid": "" })),
            key(&json!({ "kid": "k".repeat(65) })),
            key(&json!({ "d": "AQAB" })),
            json!({ "kty": "RSA", "kid": "k", "n": URL_SAFE_NO_PAD.encode(vec![0xff; 256]), "e": "Aw" }),
            json!({ "kty": "unheard-of", "kid": "k" }),
            json!("not a key"),
        ];
        for refused in refused {
            assert!(matches!(of(std::slice::from_ref(&refused)), Err(JwksFault::NoUsableKey)), "{refused}");
            assert_eq!(of(&[refused.clone(), key(&json!({}))]).expect("the other").len(), 1, "{refused}");
        }
    }

    #[test]
    fn set_of_too_many_keys_is_refused_whole() {
        assert!(of(&vec![key(&json!({})); KEYS_MAX]).is_ok());
        assert!(matches!(of(&vec![key(&json!({})); KEYS_MAX + 1]), Err(JwksFault::TooManyKeys)));
        assert!(matches!(usable(b"{"), Err(JwksFault::Malformed)));
    }
}
