//! What an organisation may receive, told as it changes.

use async_graphql::{Context, Subscription};
use entity::vocabulary::{OrganisationId, RegisterId};
use futures::{Stream, stream};
use tokio::sync::watch;

use super::{AccessScope, asked_about, scope_at};
use crate::{
    Error,
    auth::{Sight, policy},
    checks::Checks,
    context::{Gateway, View},
    facts::Facts,
    graphql::{request::request, scalars::BusinessId},
};

/// Subscriptions to access.
#[derive(Default)]
pub struct AccessScopeSubscription;

#[Subscription]
impl AccessScopeSubscription {
    /// What an organisation may receive from a register, as it stands after each change of an agreement by which it
    /// receives, its parts or the law it rests on. It may be told again without being another; what time alone changes is
    /// not told. Errors: FORBIDDEN, NOT_FOUND, INVALID_INPUT.
    async fn access_scope_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Business ID of the recipient; the caller's own organisation when absent.")]
        organisation: Option<BusinessId>,
        #[graphql(desc = "Code of the register.")] register: String,
    ) -> Result<impl Stream<Item = AccessScope>, Error> {
        let request = request(ctx, "accessScopeChanged")?;
        let view = request.view.clone();
        let (recipient, register) = asked_about(&view, Checks::default(), organisation.as_ref(), &register)?;
        policy::access(view.present(), &view.viewer, recipient, register)?;
        Ok(changes(Followed {
            gateway: request.gateway().clone(),
            told: view.facts.seq,
            positions: request.gateway().journal.positions(),
            view,
            recipient,
            register,
        }))
    }
}

/// How far one subscriber has heard.
struct Followed {
    gateway: Gateway,
    view: View,
    /// Position of the journal up to which it has.
    told: i64,
    positions: watch::Receiver<i64>,
    recipient: OrganisationId,
    register: RegisterId,
}

impl Followed {
    /// The scope after the next change it rests on; none when the gateway ends.
    async fn next(&mut self) -> Option<AccessScope> {
        loop {
            let told = self.told;
            self.positions.wait_for(|seq| *seq > told).await.ok()?;
            let facts = self.gateway.journal.facts();
            let concerns = self.concerns(&facts);
            self.told = facts.seq;
            self.view = View { at: self.gateway.clock.now(), facts, ..self.view.clone() };
            if concerns && let Ok(scope) = scope_at(self.view.clone(), self.recipient, self.register) {
                return Some(scope);
            }
        }
    }

    /// Whether an agreement changed by which the organisation receives, and that the viewer sees as its sides do.
    fn concerns(&self, facts: &Facts) -> bool {
        let lineage = facts.lineage(self.recipient);
        let changed = facts.changed_since(self.told);
        changed.into_iter().filter_map(|id| facts.agreement.get(id)).any(|row| {
            row.register_id == self.register
                && lineage.contains(&row.recipient_id)
                && policy::sight(facts, &self.view.viewer, row) >= Some(Sight::Party)
        })
    }
}

fn changes(followed: Followed) -> impl Stream<Item = AccessScope> {
    stream::unfold(followed, async |mut followed| {
        let scope = followed.next().await?;
        Some((scope, followed))
    })
}
