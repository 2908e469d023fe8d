//! Leaves of the transparency log: what one entry commits to, and its hash (RFC 6962).
//!
//! An entry holds two salted commitments of a canonical row: the part its subject or parties may see, and the rest. A
//! part can be shown and checked without the other; without the salt neither can be guessed.

use aws_lc_rs::{digest, hmac};
pub use entity::vocabulary::hex;
use serde::Serialize;

use crate::Error;

/// First byte of every entry.
const ENTRY_VERSION: u8 = 1;

/// Prefix of a leaf hash (RFC 6962 2.1).
const LEAF_PREFIX: u8 = 0;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A disclosure.
    Disclosure,
    /// A change of the registry.
    Change,
}

impl EntryKind {
    fn byte(self) -> u8 {
        match self {
            Self::Disclosure => 1,
            Self::Change => 2,
        }
    }
}

/// Commitments of the two parts of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitments {
    /// Of the part its subject or parties may see.
    pub subject: [u8; 32],
    /// Of the rest.
    pub restricted: [u8; 32],
}

impl Commitments {
    /// Commitments as a row holds them.
    ///
    /// # Errors
    /// Internal when what stands there is no hash.
    pub fn stored(subject: &[u8], restricted: &[u8]) -> Result<Self, Error> {
        let hash = |bytes: &[u8]| bytes.try_into().map_err(|_| Error::internal("a commitment that is no hash"));
        Ok(Self { subject: hash(subject)?, restricted: hash(restricted)? })
    }
}

/// Commitments of two parts, each in canonical JSON, under one row salt.
pub fn commitments(salt: &[u8; 32], subject: &[u8], restricted: &[u8]) -> Commitments {
    Commitments {
        subject: commitment(&part_salt(salt, Part::Subject), subject),
        restricted: commitment(&part_salt(salt, Part::Restricted), restricted),
    }
}

/// Part of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What its subject or parties may see.
    Subject,
    /// The rest.
    Restricted,
}

/// Salt of one part: whoever is shown it can check that part and cannot guess the other.
pub fn part_salt(salt: &[u8; 32], part: Part) -> [u8; 32] {
    let label: &[u8] = match part {
        Part::Subject => b"subject:v1",
        Part::Restricted => b"restricted:v1",
    };
    hmac_sha256(salt, &[label])
}

/// Commitment of one part in canonical JSON, as anyone who holds the part's salt can recompute it.
fn commitment(part_salt: &[u8; 32], part: &[u8]) -> [u8; 32] {
    hmac_sha256(part_salt, &[part])
}

/// Canonical JSON (RFC 8785).
pub fn canonical(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_jcs::to_vec(value).map_err(|error| Error::internal(format!("no canonical form: {error}")))
}

/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 66;

/// Entry of the log: what stands behind a leaf.
pub fn entry(kind: EntryKind, commitments: &Commitments) -> [u8; ENTRY_BYTES] {
    let mut entry = [0; ENTRY_BYTES];
    entry[0] = ENTRY_VERSION;
    entry[1] = kind.byte();
    entry[2..34].copy_from_slice(&commitments.subject);
    entry[34..].copy_from_slice(&commitments.restricted);
    entry
}

/// Hash of an entry in the tree.
pub fn leaf_hash(kind: EntryKind, commitments: &Commitments) -> [u8; 32] {
    hash_of_entry(&entry(kind, commitments))
}

/// Hash in the tree of an entry that somebody shows.
pub fn hash_of_entry(entry: &[u8]) -> [u8; 32] {
    sha256(&[&[LEAF_PREFIX], entry])
}

/// SHA-256 of parts put together.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    bytes(context.finish().as_ref())
}

/// HMAC-SHA-256 of parts put together.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    bytes(context.sign().as_ref())
}

fn bytes(hash: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_alone_does_not_change_the_other_commitment() {
        let one = commitments(&[7; 32], b"a", b"b");
        let other = commitments(&[7; 32], b"a", b"c");
        assert_eq!(one.subject, other.subject);
        assert_ne!(one.restricted, other.restricted);
    }

    #[test]
    fn equal_parts_commit_differently_under_another_label_or_salt() {
        let both = commitments(&[7; 32], b"a", b"a");
        assert_ne!(both.subject, both.restricted);
        assert_ne!(both, commitments(&[8; 32], b"a", b"a"));
    }

    #[test]
    fn kinds_of_entry_never_share_a_leaf_hash() {
        let both = commitments(&[7; 32], b"a", b"b");
        assert_ne!(leaf_hash(EntryKind::Disclosure, &both), leaf_hash(EntryKind::Change, &both));
    }
}
