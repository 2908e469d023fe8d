//! Anomalies, told as they are raised.

use std::collections::VecDeque;

use async_graphql::{Context, ID, Subscription};
use entity::{anomaly, vocabulary::AgreementId};
use futures::{Stream, stream};
use tokio::sync::watch;

use super::Anomaly;
use crate::{
    Error,
    anomaly::raised_after,
    auth::policy,
    context::{Gateway, View},
    graphql::request::{request, row_id},
};

/// Anomalies read at once.
const ANOMALIES_PER_LOOK: u64 = 100;

/// Subscriptions to anomalies.
#[derive(Default)]
pub struct AnomalySubscription;

#[Subscription]
impl AnomalySubscription {
    /// Anomaly the viewer sees, as it is raised and each time it is raised again, whichever process found it; within a second.
    /// One raised twice at once is told once. Ask for `anomalies` once the subscription stands, for what was before is not
    /// told. Errors: FORBIDDEN, NOT_FOUND, INVALID_INPUT, UNAVAILABLE. Source: 906/2019 23 § 2 mom.
    async fn anomaly_raised(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global identifier of the one agreement; all whose anomalies the viewer sees when absent.")]
        agreement: Option<ID>,
    ) -> Result<impl Stream<Item = Anomaly>, Error> {
        let request = request(ctx, "anomalyRaised")?;
        let only = only(&request.view, agreement.as_ref())?;
        let numbers = request.gateway().raised.subscribe();
        let told = crate::anomaly::last_raised(request.gateway().database.primary()).await?;
        let (gateway, view) = (request.gateway().clone(), request.view.clone());
        Ok(raised(Followed { gateway, view, told, numbers, only, waiting: VecDeque::new() }))
    }
}

/// The one agreement asked for, where one is; its anomalies must be seen.
fn only(view: &View, id: Option<&ID>) -> Result<Option<AgreementId>, Error> {
    let Some(id) = id else { return Ok(None) };
    let facts = &view.facts;
    let row = facts.agreement.get(row_id(id, "agreement")?);
    let row =
        row.filter(|row| policy::sight(facts, &view.viewer, row).is_some()).ok_or(Error::NotFound("agreement"))?;
    if policy::sees_anomalies(facts, &view.viewer, row.id) { Ok(Some(row.id)) } else { Err(Error::Forbidden) }
}

/// How far one subscriber has heard.
struct Followed {
    gateway: Gateway,
    view: View,
    /// Number of the anomaly up to which it has.
    told: i64,
    numbers: watch::Receiver<i64>,
    only: Option<AgreementId>,
    waiting: VecDeque<anomaly::Model>,
}

impl Followed {
    /// The next anomaly raised; none when the gateway ends, or the database does not answer.
    async fn next(&mut self) -> Option<Anomaly> {
        loop {
            while let Some(row) = self.waiting.pop_front() {
                self.told = row.raised;
                let is_asked = self.only.is_none_or(|only| only == row.agreement_id);
                // Whether it may be seen is judged on the facts of now, when it is told.
                self.view =
                    View { at: self.gateway.clock.now(), facts: self.gateway.journal.facts(), ..self.view.clone() };
                if is_asked && policy::sees_anomalies(&self.view.facts, &self.view.viewer, row.agreement_id) {
                    return Some(Anomaly { view: self.view.clone(), row });
                }
            }
            let told = self.told;
            self.numbers.wait_for(|number| *number > told).await.ok()?;
            let db = self.gateway.database.primary();
            match raised_after(db, told, ANOMALIES_PER_LOOK).await {
                Ok(rows) => self.waiting.extend(rows),
                Err(error) => {
                    tracing::warn!(code = ?error.code(), "anomalies could not be told; the subscription ends");
                    return None;
                }
            }
        }
    }
}

fn raised(followed: Followed) -> impl Stream<Item = Anomaly> {
    stream::unfold(followed, async |mut followed| {
        let anomaly = followed.next().await?;
        Some((anomaly, followed))
    })
}
