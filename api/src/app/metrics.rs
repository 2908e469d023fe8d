//! `GET /metrics`: the figures of the process, with the states of the gateway as they are when somebody asks.

use std::time::Duration;

use axum::{
    Router,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use entity::vocabulary::{ClosedEnum, Coverage, DisclosureOutcome, Verdict, WebhookFault};

use crate::{
    ErrorCode,
    context::Gateway,
    disclosure::QueueSight,
    graphql::{errors::code_name, http::Ready},
    metrics::{self, Known, Sample, TEXT_FORMAT},
    transparency_log::TransparencyLog,
    webhook,
};

/// What is looked at. Nothing of it keeps the gateway from ending.
#[derive(Clone)]
pub(super) struct Watched {
    pub gateway: Gateway,
    pub queue: QueueSight,
    pub log: TransparencyLog,
    pub ready: Ready,
}

impl Watched {
    fn sample(&self) -> Sample {
        let Self { gateway, queue, log, ready } = self;
        let (queue_rows, queue_rows_max) = queue.rows();
        if gateway.config.database_read_url.is_some() {
            metrics::replica_lag(gateway.database.log_lag());
        }
        let signed_at = log.checkpoint().ok().map(|checkpoint| checkpoint.signed_at);
        Sample {
            is_ready: ready().is_empty(),
            journal_seq: gateway.journal.facts().seq,
            facts_age: gateway.journal.age(),
            facts_max_age: gateway.config.facts_max_age,
            queue_rows,
            queue_rows_max,
            log_unsigned: log.unsigned_entries(),
            log_signed_ago: signed_at.map(|at| (gateway.clock.now() - at).to_std().unwrap_or(Duration::ZERO)),
            log_contradicted: log.fault().is_some(),
            pools: gateway.database.pools(),
        }
    }
}

/// Route of the door.
pub(super) fn door(watched: Watched) -> Router {
    metrics::show_unused(&Known {
        errors: ErrorCode::ALL.map(code_name).to_vec(),
        verdicts: codes::<Verdict>(),
        coverages: codes::<Coverage>(),
        outcomes: codes::<DisclosureOutcome>(),
        attempts: webhook::OUTCOMES.iter().copied().chain(codes::<WebhookFault>()).collect(),
        issuers: watched.gateway.config.issuers.iter().map(|issuer| issuer.issuer.as_str()).collect(),
    });
    let shown = move || async move {
        let text = metrics::text(&watched.sample());
        ([(CONTENT_TYPE, TEXT_FORMAT), (CACHE_CONTROL, "no-store")], text).into_response()
    };
    Router::new().route("/metrics", get(shown))
}

fn codes<E: ClosedEnum>() -> Vec<&'static str> {
    E::ALL.iter().map(|(_, code, _)| *code).collect()
}
