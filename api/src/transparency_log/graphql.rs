//! How the transparency log is said.

use async_graphql::{Context, Object};

use super::{Checkpoint, InclusionProof as Inclusion, TransparencyLog as Log};
use crate::{
    Error,
    graphql::{
        long::Long,
        request::{beside, request},
        scalars::DateTime,
    },
    journal::leaf::hex,
};

/// Transparency log.
pub struct TransparencyLog(Log);

/// Transparency log of this gateway: one append-only tree (RFC 6962) over every disclosure and every change of the
/// registry, in the order they were recorded. Tiles and checkpoints stand also under `/log` (C2SP tlog-tiles).
#[Object]
impl TransparencyLog {
    /// Name of the log: the first line of its checkpoints.
    async fn origin(&self) -> &str {
        self.0.publisher().origin()
    }

    /// Key that verifies its checkpoints, as signed notes write it: name, key hash and Ed25519 key (C2SP signed-note).
    async fn verifier_key(&self) -> &str {
        self.0.publisher().verifier_key()
    }

    /// Last checkpoint: the tree as it is signed. A new one follows within a second of news. Errors: UNAVAILABLE.
    async fn checkpoint(&self) -> Result<LogCheckpoint, Error> {
        Ok(LogCheckpoint((*self.0.checkpoint()?).clone()))
    }

    /// Proof that an entry stands in the tree. Errors: INVALID_INPUT beyond the checkpoint, UNAVAILABLE.
    async fn inclusion_proof(
        &self,
        #[graphql(desc = "Position of the entry, from 0.")] leaf_index: Long,
        #[graphql(desc = "Entries of the tree; those of the last checkpoint when absent.")] tree_size: Option<Long>,
    ) -> Result<InclusionProof, Error> {
        Ok(InclusionProof(Box::pin(self.0.inclusion_proof(leaf_index.0, tree_size.map(|size| size.0))).await?))
    }

    /// Proof that a smaller tree is the beginning of a larger one. Errors: INVALID_INPUT beyond the checkpoint,
    /// UNAVAILABLE.
    async fn consistency_proof(
        &self,
        #[graphql(desc = "Entries of the smaller tree, 0 or more.")] from_size: Long,
        #[graphql(desc = "Entries of the larger tree; those of the last checkpoint when absent.")] until_size: Option<
            Long,
        >,
    ) -> Result<ConsistencyProof, Error> {
        let (until_size, path) = Box::pin(self.0.consistency_proof(from_size.0, until_size.map(|size| size.0))).await?;
        Ok(ConsistencyProof { from_size: from_size.0, until_size, path })
    }
}

/// Checkpoint of the log.
pub struct LogCheckpoint(pub Checkpoint);

/// Checkpoint of the log: size and root of the tree, signed.
#[Object]
impl LogCheckpoint {
    /// Entries of the tree.
    async fn size(&self) -> Long {
        self.0.size.into()
    }

    /// Root hash, 64 hexadecimal digits.
    async fn root_hash(&self) -> String {
        hex(&self.0.root)
    }

    /// Instant of signing, UTC.
    async fn signed_at(&self) -> DateTime {
        self.0.signed_at.into()
    }

    /// Signed note as it stands at `/log/checkpoint`: origin, size, root in base64, signature (C2SP tlog-checkpoint).
    async fn note(&self) -> &str {
        &self.0.note
    }
}

/// Proof of inclusion.
pub struct InclusionProof(pub Inclusion);

/// Proof that an entry stands in the tree (RFC 6962 2.1.1).
#[Object]
impl InclusionProof {
    /// Position of the entry, from 0.
    async fn leaf_index(&self) -> Long {
        self.0.leaf_index.into()
    }

    /// Entries of the tree it is proved for.
    async fn tree_size(&self) -> Long {
        self.0.tree_size.into()
    }

    /// Hash of the entry, 64 hexadecimal digits.
    async fn leaf_hash(&self) -> String {
        hex(&self.0.leaf_hash)
    }

    /// Hashes from the leaf towards the root, at most 63, each 64 hexadecimal digits.
    async fn path(&self) -> Vec<String> {
        self.0.path.iter().map(|hash| hex(hash)).collect()
    }
}

/// Proof of consistency.
pub struct ConsistencyProof {
    from_size: i64,
    until_size: i64,
    path: Vec<[u8; 32]>,
}

/// Proof that a smaller tree is the beginning of a larger one (RFC 6962 2.1.2).
#[Object]
impl ConsistencyProof {
    /// Entries of the smaller tree.
    async fn from_size(&self) -> Long {
        self.from_size.into()
    }

    /// Entries of the larger tree.
    async fn until_size(&self) -> Long {
        self.until_size.into()
    }

    /// Hashes of the proof, at most 64, each 64 hexadecimal digits; empty from an empty tree and for equal sizes.
    async fn path(&self) -> Vec<String> {
        self.path.iter().map(|hash| hex(hash)).collect()
    }
}

/// Queries about the transparency log.
#[derive(Default)]
pub struct LogQuery;

#[Object]
impl LogQuery {
    /// Transparency log. Errors: FORBIDDEN.
    async fn log(&self, ctx: &Context<'_>) -> Result<TransparencyLog, Error> {
        request(ctx, "log")?;
        let log = beside::<Log>(ctx)?;
        Ok(TransparencyLog(log.clone()))
    }
}
