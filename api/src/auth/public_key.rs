//! Public keys by which organisations and issuers of tokens sign, in the form of RFC 7517: which are taken, and what they are
//! known by.

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse, RSAKeyParameters},
};
use serde_json::{Value, json};

/// Characters of one key as given. An RSA key of 8,192 bits has under 1,500.
pub const JWK_CHARACTERS_MAX: usize = 4_096;

/// Members of RFC 7518 that hold a private or a symmetric key.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Bits of an RSA modulus.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// Bytes of a coordinate of P-256 and of an Ed25519 key.
const POINT_BYTES: usize = 32;

/// Smallest public exponent of RSA; with smaller ones signatures have been forged.
const RSA_EXPONENT_MIN: u64 = 65_537;

/// Bytes of the largest public exponent of RSA.
const RSA_EXPONENT_BYTES_MAX: usize = 4;

/// Why a key is not taken. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Not a JSON Web Key.
    #[error("form is not that of a JSON Web Key (RFC 7517)")]
    Malformed,
    /// Holds a private or symmetric key.
    #[error("holds the private member `{0}`: a private key that has left its holder signs for nobody")]
    Private(&'static str),
    /// Of another kind, or too weak.
    #[error("is not of a kind that is taken: EC of P-256, OKP of Ed25519, or RSA of 2,048 to 8,192 bits")]
    Kind,
    /// Meant for something else than verifying signatures by its kind's algorithm.
    #[error("says by `use`, `key_ops` or `alg` that it is for something else than verifying signatures")]
    Use,
    /// A point that is not of its curve, or numbers that are no RSA key.
    #[error("its numbers are no key of its kind")]
    Numbers,
}

/// Public key that verifies signatures of its holder by exactly one algorithm.
#[derive(Clone)]
pub struct PublicKey {
    /// Thumbprint of RFC 7638 by SHA-256, base64url: the same key has the same everywhere.
    pub kid: String,
    /// Its required members in the canonical form of RFC 7638, of which `kid` is the hash.
    pub jwk: String,
    /// Algorithm of its kind.
    pub algorithm: Algorithm,
    /// Key for the verifying library.
    pub key: DecodingKey,
}

impl PublicKey {
    /// Reads a key. Members that are not needed are left out; what it says of its use must fit.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn parse(text: &str) -> Result<Self, KeyFault> {
        Self::of(serde_json::from_str(text).map_err(|_| KeyFault::Malformed)?)
    }

    /// Reads a key that stands in a document.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn of(members: Value) -> Result<Self, KeyFault> {
        if let Some(member) = PRIVATE_MEMBERS.into_iter().find(|member| members.get(member).is_some()) {
            return Err(KeyFault::Private(member));
        }
        let jwk: Jwk = serde_json::from_value(members).map_err(|_| KeyFault::Malformed)?;
        let algorithm = algorithm(&jwk).ok_or(KeyFault::Kind)?;
        if !is_for(&jwk, algorithm) {
            return Err(KeyFault::Use);
        }
        let required = required(&jwk.algorithm)?.to_string();
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| KeyFault::Numbers)?;
        let thumbprint = digest::digest(&digest::SHA256, required.as_bytes());
        Ok(Self { kid: URL_SAFE_NO_PAD.encode(thumbprint.as_ref()), jwk: required, algorithm, key })
    }
}

/// Algorithm of a key by its own kind; none for symmetric, weak and unknown ones.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
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
fn is_for(jwk: &Jwk, algorithm: Algorithm) -> bool {
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
fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Required members, once the numbers are a key, in the order of the alphabet, as RFC 7638 asks.
fn required(key: &AlgorithmParameters) -> Result<Value, KeyFault> {
    let number = |text: &str| bytes(text).filter(|bytes| bytes.first().is_some_and(|first| *first != 0));
    match key {
        AlgorithmParameters::EllipticCurve(point) => {
            let coordinates = [&point.x, &point.y].map(|part| bytes(part).unwrap_or_default()).concat();
            let uncompressed = [&[4], coordinates.as_slice()].concat();
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, uncompressed).map_err(|_| KeyFault::Numbers)?;
            Ok(json!({ "crv": "P-256", "kty": "EC", "x": point.x, "y": point.y }))
        }
        AlgorithmParameters::OctetKeyPair(pair) => {
            let point = bytes(&pair.x).unwrap_or_default();
            ParsedPublicKey::new(&ED25519, point).map_err(|_| KeyFault::Numbers)?;
            Ok(json!({ "crv": "Ed25519", "kty": "OKP", "x": pair.x }))
        }
        AlgorithmParameters::RSA(rsa) => {
            let is_odd = |number: &Vec<u8>| number.last().is_some_and(|last| last % 2 == 1);
            let modulus = number(&rsa.n).filter(is_odd);
            let exponent = number(&rsa.e).filter(is_odd).filter(|bytes| bytes.len() <= RSA_EXPONENT_BYTES_MAX);
            let value = exponent.map(|bytes| bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)));
            if modulus.is_none() || value.is_none_or(|value| value < RSA_EXPONENT_MIN) {
                return Err(KeyFault::Numbers);
            }
            Ok(json!({ "e": rsa.e, "kty": "RSA", "n": rsa.n }))
        }
        AlgorithmParameters::OctetKey(_) => Err(KeyFault::Private("k")),
        _ => Err(KeyFault::Kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key of RFC 7638, 3.1.
    const MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    /// Key of RFC 8037, A.2.
    const EDWARDS: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    /// Key of RFC 7517, A.1.
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    fn rsa() -> Value {
        json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" })
    }

    fn curve(changes: &Value) -> Value {
        let mut key = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y });
        for (name, value) in changes.as_object().expect("object") {
            key[name] = value.clone();
        }
        key
    }

    fn fault(key: &Value) -> Option<KeyFault> {
        PublicKey::parse(&key.to_string()).err()
    }

    #[test]
    fn key_is_known_by_its_thumbprint_whatever_else_it_says() {
        let read = PublicKey::parse(&rsa().to_string()).expect("a key");
        assert_eq!(read.kid, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(
            (read.algorithm, read.jwk),
            (Algorithm::RS256, format!(r#"{{"e":"AQAB","kty":"RSA","n":"{MODULUS}"}}"#))
        );
        let read =
            PublicKey::parse(&json!({ "kty": "OKP", "crv": "Ed25519", "x": EDWARDS }).to_string()).expect("a key");
        assert_eq!(
            (read.algorithm, read.kid.as_str()),
            (Algorithm::EdDSA, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        );
        let plain = PublicKey::parse(&curve(&json!({})).to_string()).expect("a key");
        let said = json!({ "use": "sig", "alg": "ES256", "kid": "1", "key_ops": ["verify"], "x5t": "abc" });
        let said = PublicKey::parse(&curve(&said).to_string()).expect("a key");
        assert_eq!((plain.algorithm, plain.kid, &plain.jwk), (Algorithm::ES256, said.kid, &said.jwk));
        assert_eq!(PublicKey::parse(&plain.jwk).expect("a key").jwk, plain.jwk);
    }

    #[test]
    fn private_member_is_refused_by_its_name_alone() {
        for member in PRIVATE_MEMBERS {
            let found = fault(&curve(&json!({ (member): "c2VjcmV0" })));
            assert_eq!(found, Some(KeyFault::Private(member)));
            assert!(!found.expect("a fault").to_string().contains("c2VjcmV0"));
        }
        assert_eq!(fault(&json!({ "kty": "oct", "k": "c2VjcmV0" })), Some(KeyFault::Private("k")));
    }

    #[test]
    fn weak_foreign_and_impossible_keys_are_refused() {
        let modulus = |bytes: Vec<u8>| json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(bytes) });
        let exponent = |e: &str| json!({ "kty": "RSA", "e": e, "n": MODULUS });
        for (key, expected) in [
            (json!("not a key"), KeyFault::Malformed),
            (json!({}), KeyFault::Kind),
            (curve(&json!({ "y": null })), KeyFault::Kind),
            (curve(&json!({ "crv": "P-384" })), KeyFault::Kind),
            (curve(&json!({ "x": URL_SAFE_NO_PAD.encode([7; 31]) })), KeyFault::Kind),
            (curve(&json!({ "x": Y, "y": X })), KeyFault::Numbers),
            (curve(&json!({ "use": "enc" })), KeyFault::Use),
            (curve(&json!({ "key_ops": ["encrypt"] })), KeyFault::Use),
            (curve(&json!({ "alg": "ES384" })), KeyFault::Use),
            (modulus(vec![0xff; 255]), KeyFault::Kind),
            (modulus([vec![0], vec![0xff; 256]].concat()), KeyFault::Numbers),
            (modulus([vec![0xff; 255], vec![0xfe]].concat()), KeyFault::Numbers),
            (exponent("AQ"), KeyFault::Numbers),
            (exponent("Aw"), KeyFault::Numbers),
            (exponent("AQAA"), KeyFault::Numbers),
            (exponent(""), KeyFault::Numbers),
        ] {
            assert_eq!(fault(&key), Some(expected), "{key}");
        }
        assert_eq!(fault(&modulus(vec![0xff; 256])), None);
    }
}
