//! The schema, drawn before there is a gateway to answer by it: it follows from the types alone, so a start draws it beside
//! the connecting, which mostly waits.

use async_graphql::Schema;
use tokio::task::{JoinHandle, spawn_blocking};

use super::doors::{cache, limits};
use crate::{
    Error,
    config::Config,
    disclosure::Recorder,
    graphql::{
        documents::{CacheLimits, Schemas},
        gate::Limits,
        request::Beside,
        schema::{Mutation, Query, Subscription},
    },
    statistics::Sources,
    transparency_log::TransparencyLog,
};

/// Schema whose resolvers do not reach the parts of a gateway yet.
pub struct Drawn {
    schemas: Schemas<Query, Mutation, Subscription>,
    beside: Parts,
}

/// Where the parts that resolvers reach beside the facts will be.
#[derive(Clone, Default)]
struct Parts {
    recorder: Beside<Recorder>,
    sources: Beside<Sources>,
    log: Beside<TransparencyLog>,
}

impl Drawn {
    /// Draws it now, which takes some 25 ms of the processor.
    ///
    /// # Errors
    /// Internal when the SDL cannot be read back.
    pub(super) fn of(config: &Config) -> Result<Self, Error> {
        Self::by(limits(config), cache(config))
    }

    /// Draws it on a thread of its own.
    pub fn begin(config: &Config) -> JoinHandle<Result<Self, Error>> {
        let (limits, cache) = (limits(config), cache(config));
        spawn_blocking(move || Self::by(limits, cache))
    }

    fn by(limits: Limits, cache: CacheLimits) -> Result<Self, Error> {
        let beside = Parts::default();
        let build = || {
            let Parts { recorder, sources, log } = beside.clone();
            Schema::build(Query::default(), Mutation::default(), Subscription::default())
                .data(recorder)
                .data(sources)
                .data(log)
        };
        Ok(Self { schemas: Schemas::new(build, limits, cache)?, beside })
    }

    /// Gives it the parts.
    pub(super) fn with(
        self,
        recorder: Recorder,
        sources: Sources,
        log: TransparencyLog,
    ) -> Schemas<Query, Mutation, Subscription> {
        self.beside.recorder.put(recorder);
        self.beside.sources.put(sources);
        self.beside.log.put(log);
        self.schemas
    }
}
