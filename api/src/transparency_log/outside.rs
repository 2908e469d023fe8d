//! The log checked from outside, as a stranger checks it: with nothing but its address and its verifier key.

use std::time::Duration;

use reqwest::{Client, StatusCode};

use super::{
    checkpoint::{NoteFault, verified},
    rules::{Derived, Growing, HASH_BYTES, Place, Pyramid, TILE_BYTES, Wanted, path},
};
use crate::journal::{
    TILE_WIDTH,
    leaf::{ENTRY_BYTES, hash_of_entry},
};

/// Time for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Bytes of the largest answer: a whole tile of entries is under 18 KiB.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Bytes that tell the length of an entry.
const LENGTH_BYTES: usize = 2;

/// Why the log is not proved.
#[derive(Debug, thiserror::Error)]
pub enum OutsideFault {
    /// It does not answer as it must.
    #[error("`{address}` {why}")]
    Answer {
        /// What was asked.
        address: String,
        /// What came instead.
        why: String,
    },
    /// The checkpoint.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] NoteFault),
    /// What was served contradicts itself or the checkpoint.
    #[error("{0}")]
    Contradiction(String),
}

/// What was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Entries of the tree.
    pub size: i64,
    /// Entries that were served and stand behind their leaves.
    pub entries: i64,
    /// Entries no longer served; their leaves stand.
    pub gone: i64,
    /// The checkpoint, as it was served.
    pub note: String,
}

/// Reads the whole log at an address and derives its checkpoint anew; also that it continues an earlier checkpoint.
///
/// # Errors
/// The first thing that is not as it must be.
pub async fn prove(url: &str, verifier_key: &str, earlier: Option<&str>) -> Result<Proved, OutsideFault> {
    let earlier = earlier.map(|note| verified(verifier_key, note.as_bytes())).transpose()?;
    let log = Remote { url: url.trim_end_matches('/').to_owned(), client: client()? };
    let note = log.bytes("checkpoint").await?.ok_or_else(|| log.fault("checkpoint", "is gone"))?;
    let (size, root) = verified(verifier_key, &note)?;
    let note = String::from_utf8(note).map_err(|_| NoteFault::Text)?;
    let mut proof = Proof { log, size, earlier, tree: Growing::default(), pyramid: Pyramid::default(), entries: 0 };
    proof.compare_earlier()?;
    for tile in 0..(size + TILE_WIDTH - 1) / TILE_WIDTH {
        proof.take(tile).await?;
    }
    proof.compare_unfinished().await?;
    if proof.tree.root() != root {
        return Err(OutsideFault::Contradiction(format!("the tree of {size} entries is not the one that was signed")));
    }
    if let Some((earlier, _)) = earlier.filter(|(earlier, _)| *earlier > size) {
        let why = format!("a tree of {earlier} entries was signed before, and now one of {size}");
        return Err(OutsideFault::Contradiction(why));
    }
    Ok(Proved { size, entries: proof.entries, gone: size - proof.entries, note })
}

fn client() -> Result<Client, OutsideFault> {
    let client = Client::builder().timeout(ANSWER_MAX).build();
    client.map_err(|fault| OutsideFault::Contradiction(format!("no client to ask with: {fault}")))
}

struct Remote {
    url: String,
    client: Client,
}

impl Remote {
    /// What stands at a path below `/log`; none when it is gone for good.
    async fn bytes(&self, path: &str) -> Result<Option<Vec<u8>>, OutsideFault> {
        let asked = self.client.get(format!("{}/log/{path}", self.url)).send().await;
        let mut answer = asked.map_err(|_| self.fault(path, "does not answer"))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::GONE => return Ok(None),
            status => return Err(self.fault(path, &format!("answers {status}"))),
        }
        let mut bytes = Vec::new();
        while let Some(more) = answer.chunk().await.map_err(|_| self.fault(path, "breaks off"))? {
            bytes.extend(more);
            if bytes.len() as u64 > ANSWER_BYTES_MAX {
                return Err(self.fault(path, "is longer than any tile"));
            }
        }
        Ok(Some(bytes))
    }

    async fn tile(&self, wanted: Wanted) -> Result<Option<Vec<u8>>, OutsideFault> {
        self.bytes(&format!("tile/{}", path(wanted))).await
    }

    fn fault(&self, path: &str, why: &str) -> OutsideFault {
        OutsideFault::Answer { address: format!("{}/log/{path}", self.url), why: why.to_owned() }
    }
}

struct Proof {
    log: Remote,
    size: i64,
    earlier: Option<(i64, [u8; 32])>,
    tree: Growing,
    pyramid: Pyramid,
    entries: i64,
}

impl Proof {
    /// Takes a tile of leaves in: its entries stand behind it, and the tiles above follow from it.
    async fn take(&mut self, tile: i64) -> Result<(), OutsideFault> {
        let width = TILE_WIDTH.min(self.size - tile * TILE_WIDTH);
        let place = Place { level: 0, tile, width };
        let hashes = self.hashes(place).await?;
        if let Some(bundle) = self.log.tile(Wanted::Entries(place)).await? {
            compare_entries(place, &bundle, &hashes)?;
            self.entries += width;
        }
        for hash in hashes.chunks(HASH_BYTES) {
            let hash = hash.try_into().map_err(|_| OutsideFault::Contradiction("a leaf is no hash".to_owned()))?;
            self.tree.push(hash);
            self.compare_earlier()?;
        }
        if hashes.len() == TILE_BYTES {
            for derived in self.pyramid.push(&hashes) {
                self.compare(derived).await?;
            }
        }
        Ok(())
    }

    async fn hashes(&self, place: Place) -> Result<Vec<u8>, OutsideFault> {
        let asked = path(Wanted::Hashes(place));
        let fault = |why| self.log.fault(&format!("tile/{asked}"), why);
        let hashes = self.log.tile(Wanted::Hashes(place)).await?.ok_or_else(|| fault("is gone"))?;
        let bytes = usize::try_from(place.width).unwrap_or(0) * HASH_BYTES;
        if hashes.len() == bytes { Ok(hashes) } else { Err(fault("has another length")) }
    }

    async fn compare_unfinished(&mut self) -> Result<(), OutsideFault> {
        for derived in std::mem::take(&mut self.pyramid).unfinished() {
            self.compare(derived).await?;
        }
        Ok(())
    }

    async fn compare(&self, derived: Derived) -> Result<(), OutsideFault> {
        let Derived { level, tile, hashes } = derived;
        let width = i64::try_from(hashes.len() / HASH_BYTES).unwrap_or(TILE_WIDTH);
        if self.hashes(Place { level, tile, width }).await? == hashes {
            return Ok(());
        }
        Err(OutsideFault::Contradiction(format!("tile {tile} of level {level} does not follow from the leaves")))
    }

    fn compare_earlier(&self) -> Result<(), OutsideFault> {
        let reached = self.earlier.filter(|(size, _)| size.unsigned_abs() == self.tree.size());
        if reached.is_some_and(|(_, root)| root != self.tree.root()) {
            let size = self.tree.size();
            let why = format!("the tree of {size} entries is not the one that was signed before");
            return Err(OutsideFault::Contradiction(why));
        }
        Ok(())
    }
}

/// Entries of a tile must be those its leaves are of.
fn compare_entries(place: Place, bundle: &[u8], hashes: &[u8]) -> Result<(), OutsideFault> {
    let mut rest = bundle;
    for (leaf_index, hash) in (place.tile * TILE_WIDTH..).zip(hashes.chunks(HASH_BYTES)) {
        let wrong = || OutsideFault::Contradiction(format!("the entry at {leaf_index} is not what its leaf says"));
        let (length, after) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or_else(wrong)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or_else(wrong)?;
        if length != ENTRY_BYTES || hash_of_entry(entry) != hash {
            return Err(wrong());
        }
        rest = after;
    }
    if rest.is_empty() {
        return Ok(());
    }
    Err(OutsideFault::Contradiction(format!("tile {} of entries holds more than its leaves", place.tile)))
}
