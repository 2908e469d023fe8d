//! What happens to agreements, told as it happens.

use std::collections::VecDeque;

use async_graphql::{Context, ID, Subscription};
use entity::vocabulary::AgreementId;
use futures::{Stream, stream};
use tokio::sync::watch;

use super::Agreement;
use crate::{
    Error, Fault, FaultCode,
    auth::{Sight, policy},
    context::{Gateway, View},
    graphql::request::{request, row_id},
};

/// Subscriptions to agreements.
#[derive(Default)]
pub struct AgreementSubscription;

#[Subscription]
impl AgreementSubscription {
    /// Agreement of the viewer's own side, or one it audits, as it stands after each change of it, its parts or the law it
    /// rests on. Changes that come close together are told once, and one may be told again without being another. What
    /// time alone changes is not told: `effectiveStatus.until` says when. Ask for the agreement once the subscription
    /// stands, for what was before is not told. Errors: FORBIDDEN, NOT_FOUND, INVALID_INPUT.
    async fn agreement_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global identifier of the one agreement; all that the viewer is party to when absent.")]
        id: Option<ID>,
        #[graphql(desc = "Number of the one agreement.")] number: Option<String>,
    ) -> Result<impl Stream<Item = Agreement>, Error> {
        let request = request(ctx, "agreementChanged")?;
        let only = only(&request.view, id.as_ref(), number.as_deref())?;
        let positions = request.gateway().journal.positions();
        Ok(changes(Followed {
            gateway: request.gateway().clone(),
            told: request.view.facts.seq,
            view: request.view.clone(),
            positions,
            only,
            waiting: VecDeque::new(),
        }))
    }
}

/// The one agreement asked for, where one is; it must be seen as its sides see it.
fn only(view: &View, id: Option<&ID>, number: Option<&str>) -> Result<Option<AgreementId>, Error> {
    let facts = &view.facts;
    let named = match (id, number) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let why = "give an id or a number, not both";
            return Err(Error::Invalid(vec![Fault::new(FaultCode::Malformed, "number", why)]));
        }
        (Some(id), None) => facts.agreement.get(row_id(id, "id")?),
        (None, Some(number)) => facts.agreement.by_key(number),
    };
    let row = named.ok_or(Error::NotFound("agreement"))?;
    match policy::sight(facts, &view.viewer, row) {
        None => Err(Error::NotFound("agreement")),
        Some(Sight::Public | Sight::Metadata) => Err(Error::Forbidden),
        Some(Sight::Party | Sight::Office) => Ok(Some(row.id)),
    }
}

/// How far one subscriber has heard.
struct Followed {
    gateway: Gateway,
    /// View of what waits to be told.
    view: View,
    /// Position of the journal up to which it has.
    told: i64,
    positions: watch::Receiver<i64>,
    only: Option<AgreementId>,
    waiting: VecDeque<AgreementId>,
}

impl Followed {
    /// The next agreement that changed; none when the gateway ends.
    async fn next(&mut self) -> Option<Agreement> {
        loop {
            while let Some(id) = self.waiting.pop_front() {
                if let Some(agreement) = Agreement::of(&self.view, id).filter(Agreement::is_party) {
                    return Some(agreement);
                }
            }
            let told = self.told;
            self.positions.wait_for(|seq| *seq > told).await.ok()?;
            self.look();
        }
    }

    /// Takes the picture as it is now, and what changed on the way to it. Whether the viewer may know of it is judged on
    /// that picture, when it is told.
    fn look(&mut self) {
        let facts = self.gateway.journal.facts();
        let changed = facts.changed_since(self.told);
        self.waiting = changed.into_iter().filter(|id| self.only.is_none_or(|only| only == *id)).collect();
        self.told = facts.seq;
        self.view = View { at: self.gateway.clock.now(), facts, ..self.view.clone() };
    }
}

fn changes(followed: Followed) -> impl Stream<Item = Agreement> {
    stream::unfold(followed, async |mut followed| {
        let agreement = followed.next().await?;
        Some((agreement, followed))
    })
}
