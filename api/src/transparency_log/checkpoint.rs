//! Checkpoints: size and root of the tree, signed by the log's key (C2SP tlog-checkpoint, signed-note).

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use entity::{log_checkpoint, vocabulary::Instant};
use signed_note::{Note, Signature, StandardVerifier, VerifierList, key_id};
use tlog_tiles::Hash;

use crate::{
    Error,
    journal::leaf::{hex, sha256},
    keys::Keys,
};

/// Byte that says Ed25519 in a key of signed notes.
const ED25519: u8 = 1;

/// Bytes of the key's hash that name the log.
const NAME_BYTES: usize = 8;

/// Why a note is not a checkpoint of a log.
#[derive(Debug, thiserror::Error)]
pub enum NoteFault {
    /// The verifier key.
    #[error("the verifier key is malformed")]
    Key,
    /// The signature.
    #[error("the checkpoint is not signed by the log's key")]
    Signature,
    /// The text.
    #[error("the checkpoint is malformed or of another log")]
    Text,
}

/// Checkpoint that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Entries of the tree.
    pub size: i64,
    /// Root hash.
    pub root: [u8; 32],
    /// Signed note.
    pub note: String,
    /// Instant of signing.
    pub signed_at: Instant,
}

impl Checkpoint {
    /// Checkpoint of a row.
    ///
    /// # Errors
    /// Internal when the row's root is no hash.
    pub fn of(row: log_checkpoint::Model) -> Result<Self, Error> {
        let root = row.root.try_into().map_err(|_| Error::internal("a checkpoint whose root is no hash"))?;
        Ok(Self { size: row.size, root, note: row.note, signed_at: row.signed_at })
    }

    /// Row of it.
    pub fn row(&self) -> log_checkpoint::Model {
        let Self { size, root, note, signed_at } = self.clone();
        log_checkpoint::Model { size, root: root.to_vec(), note, signed_at }
    }
}

/// Who signs the log: its name, which is drawn from its key, and the key.
pub struct Publisher {
    keys: Arc<Keys>,
    origin: String,
    verifier_key: String,
    key_id: u32,
}

impl Publisher {
    /// Publisher of the keys' log.
    pub fn new(keys: Arc<Keys>) -> Self {
        let public_key = keys.log_signing_key().public_key();
        let origin = format!("disclosure-gateway/{}", hex(&sha256(&[public_key])[..NAME_BYTES]));
        let typed_key = [&[ED25519], public_key.as_slice()].concat();
        let key_id = key_id(&origin, &typed_key);
        let verifier_key = format!("{origin}+{key_id:08x}+{}", STANDARD.encode(&typed_key));
        Self { keys, origin, verifier_key, key_id }
    }

    /// Name of the log: the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Key that verifies its checkpoints, in the form of signed notes.
    pub fn verifier_key(&self) -> &str {
        &self.verifier_key
    }

    /// Signs size and root of the tree.
    ///
    /// # Errors
    /// Internal when the cryptographic library refuses.
    pub fn sign(&self, size: i64, root: [u8; 32], signed_at: Instant) -> Result<Checkpoint, Error> {
        let refused = |_| Error::internal("a checkpoint has no form");
        let text = tlog_tiles::Checkpoint::new(&self.origin, size.unsigned_abs(), Hash(root), "").map_err(refused)?;
        let text = text.to_bytes();
        let signature = self.keys.log_signing_key().sign(&text)?.to_vec();
        let refused = |_| Error::internal("a note has no form");
        let signature = Signature::new(self.origin.clone(), self.key_id, signature).map_err(refused)?;
        let note = Note::new(&text, &[signature]).map_err(refused)?.to_bytes();
        let note = String::from_utf8(note).map_err(|_| Error::internal("a note that is no text"))?;
        Ok(Checkpoint { size, root, note, signed_at })
    }
}

/// Size and root of a checkpoint, once it is proved to be signed by the log of a verifier key.
///
/// # Errors
/// When key, signature or text are not what they must be.
pub fn verified(verifier_key: &str, note: &[u8]) -> Result<(i64, [u8; 32]), NoteFault> {
    let verifier = StandardVerifier::new(verifier_key).map_err(|_| NoteFault::Key)?;
    let (origin, _) = verifier_key.split_once('+').ok_or(NoteFault::Key)?;
    let note = Note::from_bytes(note).map_err(|_| NoteFault::Text)?;
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).map_err(|_| NoteFault::Signature)?;
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| NoteFault::Text)?;
    let size = i64::try_from(checkpoint.size()).map_err(|_| NoteFault::Text)?;
    if checkpoint.origin() == origin { Ok((size, checkpoint.hash().0)) } else { Err(NoteFault::Text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Issuance;

    fn publisher() -> Publisher {
        let directory = tempfile::tempdir().expect("directory");
        Publisher::new(Arc::new(Keys::create(directory.path(), Issuance::Configured).expect("keys")))
    }

    fn signed(publisher: &Publisher) -> Checkpoint {
        publisher.sign(41, [7; 32], "2026-03-02T08:00:01Z".parse().expect("instant")).expect("checkpoint")
    }

    #[test]
    fn signed_checkpoint_says_what_it_signs_to_whoever_has_the_key() {
        let publisher = publisher();
        let checkpoint = signed(&publisher);
        let found = verified(publisher.verifier_key(), checkpoint.note.as_bytes());
        assert!(matches!(found, Ok((41, root)) if root == [7; 32]), "{found:?}");
        assert!(checkpoint.note.starts_with(&format!("{}\n41\n", publisher.origin())));
    }

    #[test]
    fn changed_note_or_other_key_proves_nothing() {
        let (one, other) = (publisher(), publisher());
        let note = signed(&one).note;
        assert!(matches!(verified(other.verifier_key(), note.as_bytes()), Err(NoteFault::Signature)));
        let changed = note.replace("\n41\n", "\n42\n");
        assert!(matches!(verified(one.verifier_key(), changed.as_bytes()), Err(NoteFault::Signature)));
        for (key, note) in [("", note.as_str()), ("log+00000000+AQ==", &note)] {
            assert!(matches!(verified(key, note.as_bytes()), Err(NoteFault::Key)), "{key}");
        }
        for note in ["", "\n\n", "text\n", "origin\n41\n"] {
            assert!(matches!(verified(one.verifier_key(), note.as_bytes()), Err(NoteFault::Text)), "{note}");
        }
    }
}
