//! The time of one operation, and what is told of it where that is long: nothing that the caller wrote, but the hash of its
//! document, by which whoever has the document finds it.

use std::time::{Duration, Instant};

use crate::{graphql::documents::Prepared, journal::leaf::hex, metrics, trail};

pub(super) struct Watch {
    pub(super) kind: &'static str,
    document: [u8; 32],
    complexity: u64,
    slow_from: Duration,
    start: Instant,
}

impl Watch {
    pub(super) fn start(prepared: &Prepared, slow_from: Duration) -> Self {
        let (kind, document, complexity) = (prepared.kind_name(), prepared.document_hash(), prepared.complexity());
        Self { kind, document, complexity, slow_from, start: Instant::now() }
    }

    pub(super) fn stop(self) {
        let Self { kind, document, complexity, slow_from, start } = self;
        let elapsed = start.elapsed();
        metrics::operation(kind, elapsed);
        if elapsed >= slow_from {
            metrics::slow_operation(kind);
            let (sha256, ms) = (hex(&document), elapsed.as_secs_f64() * 1000.0);
            let request_id = trail::request_id().map(tracing::field::display);
            tracing::warn!(target: "slow", request_id, kind, ms, complexity, sha256, "slow operation");
        }
    }
}
