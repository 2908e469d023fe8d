//! How a disclosure decided again is said.

use std::sync::Arc;

use async_graphql::Object;
use entity::vocabulary::{ReplayComparison, ReplayDifference};

use super::super::{
    Recorded,
    replay::{Replay, replay},
};
use crate::{
    Error,
    access_decision::graphql::AccessDecision,
    context::{Context, View},
    graphql::said::Said,
};

/// Disclosure decided again.
pub struct DisclosureReplay {
    /// The registry as it was known then.
    view: View,
    replay: Replay,
}

impl DisclosureReplay {
    /// A row decided again on the facts it was judged on; null where it needed no decision.
    pub(super) async fn of(request: &Context, view: &View, recorded: &Recorded) -> Result<Option<Self>, Error> {
        let row = &recorded.row;
        let facts = request.gateway().journal.as_of(row.decided_seq).await?;
        let view = view.before(Arc::clone(&facts), row.occurred_at);
        Ok(replay(&facts, recorded).map(|replay| Self { view, replay }))
    }
}

/// Disclosure decided again by the rules of today, on what was known when it was decided.
#[Object]
impl DisclosureReplay {
    /// Whether it is the same as is recorded.
    async fn comparison(&self) -> Said<ReplayComparison> {
        self.replay.comparison.into()
    }

    /// In what it differs; empty when it is the same.
    async fn differences(&self) -> Vec<Said<ReplayDifference>> {
        self.replay.differences.iter().copied().map(Said).collect()
    }

    /// The decision, with everything it rested on as it stood then. It permits nothing now.
    async fn decision(&self) -> AccessDecision {
        AccessDecision::new(self.view.clone(), self.replay.decision.clone())
    }
}
