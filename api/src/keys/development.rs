//! Key of the gateway's own tokens, in development only.

use std::fmt;

use aws_lc_rs::{
    encoding::AsBigEndian,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeysError, sha256_hex};

/// Bytes of one coordinate of a point of P-256, and of its private key.
const COORDINATE_BYTES: usize = 32;

/// ES256 key of the development issuer. Its `Debug` shows nothing.
pub struct DevelopmentKey {
    pair: EcdsaKeyPair,
    encoding: EncodingKey,
}

/// Private key in the form of RFC 7517.
#[derive(Serialize, Deserialize)]
struct PrivateJwk<'a> {
    kty: &'a str,
    crv: &'a str,
    x: &'a str,
    y: &'a str,
    d: &'a str,
}

impl DevelopmentKey {
    pub(super) fn generate() -> Result<Self, KeysError> {
        Self::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| KeysError::Refused)?)
    }

    /// Reads a private JWK.
    pub(super) fn parse(text: &[u8]) -> Result<Self, KeysError> {
        let jwk: PrivateJwk<'_> = serde_json::from_slice(text).map_err(|_| KeysError::Refused)?;
        if (jwk.kty, jwk.crv) != ("EC", "P-256") {
            return Err(KeysError::Refused);
        }
        let mut public = vec![4];
        for coordinate in [jwk.x, jwk.y] {
            public.extend_from_slice(&decoded(coordinate)?);
        }
        let pair =
            EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &decoded(jwk.d)?, &public);
        Self::new(pair.map_err(|_| KeysError::Refused)?)
    }

    fn new(pair: EcdsaKeyPair) -> Result<Self, KeysError> {
        let document = pair.to_pkcs8v1().map_err(|_| KeysError::Refused)?;
        let encoding = EncodingKey::from_ec_der(document.as_ref());
        if pair.public_key().as_ref().len() != 1 + 2 * COORDINATE_BYTES {
            return Err(KeysError::Refused);
        }
        Ok(Self { pair, encoding })
    }

    /// Key for the signing library.
    pub(crate) fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    /// Key id: the thumbprint of RFC 7638.
    pub fn id(&self) -> String {
        let (x, y) = self.coordinates();
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
        URL_SAFE_NO_PAD.encode(thumbprint.as_ref())
    }

    /// Coordinates of the public point, base64url.
    pub fn coordinates(&self) -> (String, String) {
        // INVARIANT: a point as `new` checked it, 0x04 ‖ x ‖ y.
        let point = self.pair.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = point.split_at(point.len() / 2);
        (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
    }

    pub(super) fn fingerprint(&self) -> String {
        sha256_hex(self.pair.public_key().as_ref())
    }

    /// Private JWK, for the key file alone.
    pub(super) fn content(&self) -> Result<Zeroizing<String>, KeysError> {
        let private = self.pair.private_key().as_be_bytes().map_err(|_| KeysError::Refused)?;
        let d = Zeroizing::new(URL_SAFE_NO_PAD.encode(private.as_ref()));
        let (x, y) = self.coordinates();
        let jwk = PrivateJwk { kty: "EC", crv: "P-256", x: &x, y: &y, d: &d };
        serde_json::to_string(&jwk).map(Zeroizing::new).map_err(|_| KeysError::Refused)
    }
}

fn decoded(text: &str) -> Result<Zeroizing<Vec<u8>>, KeysError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| KeysError::Refused)?;
    if bytes.len() == COORDINATE_BYTES { Ok(bytes) } else { Err(KeysError::Refused) }
}

impl fmt::Debug for DevelopmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevelopmentKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_reads_back_from_its_file_as_itself() {
        let key = DevelopmentKey::generate().expect("key");
        let again = DevelopmentKey::parse(key.content().expect("content").as_bytes()).expect("parsed");
        assert_eq!((again.id(), again.fingerprint()), (key.id(), key.fingerprint()));
    }

    #[test]
    fn private_part_of_another_key_is_refused() {
        let [one, other] = [(); 2].map(|()| DevelopmentKey::generate().and_then(|key| key.content()).expect("content"));
        let one: PrivateJwk<'_> = serde_json::from_str(&one).expect("jwk");
        let other: PrivateJwk<'_> = serde_json::from_str(&other).expect("jwk");
        let mixed = serde_json::to_vec(&PrivateJwk { d: other.d, ..one }).expect("json");
        assert!(DevelopmentKey::parse(&mixed).is_err());
    }
}
