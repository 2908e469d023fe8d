//! Disclosures of a time that has passed, judged as if a change had been made at its beginning.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use entity::vocabulary::{AgreementId, Coverage, DisclosureId, Instant, OrganisationId, RegisterId, Verdict};

use super::effects::Pictures;
use crate::{
    Error,
    auth::policy::Rows,
    context::Gateway,
    decision,
    disclosure::{
        Recorded,
        interned::InternedSets,
        list::{self, Excerpt, Filter, Order},
        replay,
        row::disclosure_id,
        rules::CLOCK_AHEAD_MAX,
    },
    facts::Facts,
};

/// Agreements the asker sees by which a recipient receives from a register.
type Carrying = HashMap<(OrganisationId, RegisterId), BTreeSet<AgreementId>>;

/// Disclosures that are looked at, over all agreements; a nation's busiest agreement gives as many in a day.
pub const EXAMINED_MAX: usize = 50_000;

/// Disclosures read and judged at once: some five milliseconds.
const ROWS_PER_LOOK: usize = 500;

/// Time that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub from: Instant,
    /// Its end, exclusive.
    pub until: Instant,
}

/// Disclosures of an agreement that were looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Those that an agreement covered.
    pub examined: i64,
    /// Those of them that would not have been permitted.
    pub not_permitted: i64,
}

/// Disclosures that were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// When they were given.
    pub window: Window,
    /// Those of each agreement that may change, by number; none without any.
    pub agreements: Vec<(AgreementId, Counted)>,
    /// Whether those are all.
    pub is_complete: bool,
}

/// What disclosures are judged on.
pub(super) struct Ground<'a> {
    pub gateway: &'a Gateway,
    pub sets: &'a InternedSets,
    /// Rows the viewer sees.
    pub rows: Rows,
    /// As it is, and as it would have been.
    pub pictures: Pictures<'a>,
}

impl Ground<'_> {
    /// Covered disclosures under an agreement within a window, at most so many; and whether those are all.
    ///
    /// # Errors
    /// Unavailable when the database does not answer.
    pub async fn count(&self, id: AgreementId, window: Window, most: usize) -> Result<(Counted, bool), Error> {
        let filter = Filter {
            rows: self.rows.clone(),
            agreement: Some(id),
            coverage: Some(Coverage::Covered),
            occurred_from: Some(window.from),
            occurred_until: Some(window.until),
            ..Filter::default()
        };
        let (mut counted, mut after) = (Counted::default(), Some(first_id(window.from)));
        let mut carrying = Carrying::new();
        loop {
            let left = most.saturating_sub(usize::try_from(counted.examined).unwrap_or(usize::MAX));
            let txn = self.gateway.database.read_snapshot().await?;
            let first = left.min(ROWS_PER_LOOK);
            let (order, now) = (Order::OldestFirst, self.gateway.clock.now());
            let page = list::page(&txn, self.sets, Excerpt { filter: &filter, order, after, first, now }).await?;
            txn.commit().await?;
            for recorded in &page.rows {
                counted.examined += 1;
                counted.not_permitted += i64::from(self.would_be_lost(recorded, &mut carrying));
            }
            after = page.rows.last().map(|recorded| recorded.row.id).or(after);
            if !page.has_next {
                return Ok((counted, true));
            }
            if left <= first {
                return Ok((counted, false));
            }
            tokio::task::yield_now().await;
        }
    }

    /// Whether a disclosure is permitted by what is known now, and would not have been. What has changed since it was
    /// recorded is not counted, nor what its row does not tell.
    fn would_be_lost(&self, recorded: &Recorded, carrying: &mut Carrying) -> bool {
        let Pictures { before, after, .. } = self.pictures;
        // Any agreement may carry it, as any may carry a decision.
        let mut question = replay::question(before, recorded);
        let (recipient, register) = (question.recipient, question.register);
        let carrying =
            carrying.entry((recipient, register)).or_insert_with(|| self.pictures.carrying(recipient, register));
        question.served = Some(match &question.served {
            Some(served) => served.intersection(carrying).copied().collect(),
            None => carrying.clone(),
        });
        question.agreement = None;
        let permitted =
            |facts: &Facts| decision::decide(facts, &question, recorded.row.occurred_at).verdict == Verdict::Permitted;
        permitted(before) && !permitted(after)
    }
}

/// No row recorded earlier was given within a window: what is given is recorded then or later, but for clocks that differ.
fn first_id(from: Instant) -> DisclosureId {
    disclosure_id(from.checked_sub_signed(CLOCK_AHEAD_MAX + TimeDelta::minutes(1)).unwrap_or(from), [0; 8])
}
