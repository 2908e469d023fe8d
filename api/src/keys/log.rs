//! Key that signs checkpoints of the transparency log.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::{KeysError, sha256_hex};
use crate::clock;

const PUBLIC_KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;

/// Ed25519 key of the log. Its `Debug` shows nothing.
pub struct LogSigningKey {
    pair: Ed25519KeyPair,
    public_key: [u8; PUBLIC_KEY_BYTES],
    pkcs8: Zeroizing<Vec<u8>>,
}

impl LogSigningKey {
    pub(super) fn generate() -> Result<Self, KeysError> {
        let seed = Zeroizing::new(clock::random::<32>().map_err(|_| KeysError::Refused)?);
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| KeysError::Refused)?;
        let document = pair.to_pkcs8v1().map_err(|_| KeysError::Refused)?;
        Self::parse(document.as_ref())
    }

    /// Reads a PKCS#8 document.
    pub(super) fn parse(pkcs8: &[u8]) -> Result<Self, KeysError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| KeysError::Refused)?;
        let public_key = pair.public_key().as_ref().try_into().map_err(|_| KeysError::Refused)?;
        Ok(Self { pair, public_key, pkcs8: Zeroizing::new(pkcs8.to_vec()) })
    }

    /// Raw public key.
    pub fn public_key(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        &self.public_key
    }

    /// Ed25519 signature of a message.
    ///
    /// # Errors
    /// Internal when the cryptographic library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], crate::Error> {
        let signature = self.pair.try_sign(message).map_err(|_| crate::Error::internal("the log cannot be signed"))?;
        signature.as_ref().try_into().map_err(|_| crate::Error::internal("a log signature of another length"))
    }

    pub(super) fn fingerprint(&self) -> String {
        sha256_hex(&self.public_key)
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.pkcs8
    }
}

impl fmt::Debug for LogSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogSigningKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn signature_verifies_under_the_public_key() {
        let key = LogSigningKey::generate().expect("key");
        let signature = key.sign(b"checkpoint").expect("signature");
        let public_key = UnparsedPublicKey::new(&ED25519, key.public_key());
        assert!(public_key.verify(b"checkpoint", &signature).is_ok());
        assert!(public_key.verify(b"another", &signature).is_err());
    }
}
