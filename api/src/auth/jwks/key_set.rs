//! Key sets of RFC 7517, and which of their keys may verify a token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse, RSAKeyParameters},
};
use serde::Deserialize;
use serde_json::Value;

use super::super::jwt::KEY_ID_BYTES_MAX;
use super::JwksFault;

/// Keys of one set; an issuer in rotation has two or three.
pub const KEYS_MAX: usize = 32;

/// Bits of an RSA modulus.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// Bytes of a coordinate of P-256 and of an Ed25519 key.
const POINT_BYTES: usize = 32;

/// Key that verifies tokens of one issuer, with the one algorithm it is for.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(super) id: String,
    pub(in super::super) key: DecodingKey,
    pub(in super::super) algorithm: Algorithm,
    material: AlgorithmParameters,
}

impl VerifyingKey {
    /// Whether it is the same key with the same meaning.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.material == other.material && self.algorithm == other.algorithm
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
    // A key whose private part is published is nobody's signature.
    if key.get("d").is_some() {
        return None;
    }
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let id = jwk.common.key_id.clone().filter(|id| (1..=KEY_ID_BYTES_MAX).contains(&id.len()))?;
    let algorithm = algorithm(&jwk).filter(|algorithm| is_for(&jwk, *algorithm))?;
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some(VerifyingKey { id, key, algorithm, material: jwk.algorithm })
}

/// Algorithm of a key by its own kind; none for symmetric, weak and unknown ones.
pub(in super::super) fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(point) => {
            let is_point = [&point.x, &point.y].iter().all(|part| bytes(part).is_some_and(|x| x.len() == POINT_BYTES));
            (point.curve == EllipticCurve::P256 && is_point).then_some(Algorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) => {
            let is_key = bytes(&pair.x).is_some_and(|x| x.len() == POINT_BYTES);
            (pair.curve == EllipticCurve::Ed25519 && is_key).then_some(Algorithm::EdDSA)
        }
        AlgorithmParameters::RSA(key) => RSA_BITS.contains(&modulus_bits(key)).then_some(Algorithm::RS256),
        _ => None,
    }
}

/// Whether the key itself says nothing against verifying with this algorithm.
pub(in super::super) fn is_for(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let verifies = common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    signs && verifies && common.key_algorithm.is_none_or(|named| named == algorithm.into())
}

fn modulus_bits(key: &RSAKeyParameters) -> usize {
    let modulus = bytes(&key.n).unwrap_or_default();
    let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
    let first = modulus.iter().find(|byte| **byte != 0).copied().unwrap_or_default();
    (significant * 8).saturating_sub(first.leading_zeros() as usize)
}

/// Bytes of a member in base64url.
pub(in super::super) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(changes: &Value) -> Value {
        let point = URL_SAFE_NO_PAD.encode([7; 32]);
        let mut key = json!({ "kty": "EC", "crv": "P-256", "kid": "k", "x": point, "y": point });
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
        Ok(usable(content.as_bytes())?.iter().map(|key| key.algorithm).collect())
    }

    #[test]
    fn key_is_taken_for_exactly_one_algorithm() {
        let edwards = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": URL_SAFE_NO_PAD.encode([7; 32]) });
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
            key(&json!({ "kid": null })),
            key(&json!({ "kid": "" })),
            key(&json!({ "kid": "k".repeat(65) })),
            key(&json!({ "d": "AQAB" })),
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
