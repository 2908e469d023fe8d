//! Retention: what has passed its time goes, and what the law still keeps stays (906/2019 21 §, 703/2023 annex, 661/2009
//! 56 §, GDPR 5(1)(e), 17).
//!
//! Rows go by whole months ([`rules`]); one person's rows lose what ties them to the person ([`erase`]). Either is a change
//! of the journal in the transaction that does it, so the log itself tells of what it no longer holds. Leaf hashes and
//! tallies stay, and so do the keys of messages: a message sent again years later is a conflict, not a new row.

pub mod erase;
mod log;
pub mod rules;

use std::sync::Arc;

use entity::{
    dropped_month, register,
    vocabulary::{DroppedMonthId, Instant},
};
use futures::FutureExt;

use crate::{
    Error, clock,
    context::Gateway,
    facts::Facts,
    journal::{Author, Ending},
};
use rules::{Month, Part};

/// What a run would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Instant it is judged at.
    pub at: Instant,
    /// Facts it is judged on.
    pub facts: Arc<Facts>,
    /// Every month that holds rows, oldest first.
    pub months: Vec<Reviewed>,
    /// Registers without any rule, which keep everything.
    pub without_rule: Vec<Arc<register::Model>>,
}

/// Month with what keeps its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The month.
    pub month: Month,
    /// Its rows by register and rule.
    pub parts: Vec<Part>,
    /// Whether a run would drop it.
    pub is_due: bool,
}

/// What a run would do now; writes nothing.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn preview(gateway: &Gateway) -> Result<Preview, Error> {
    let months = log::months(&gateway.database).await?;
    let (facts, at) = (gateway.journal.facts(), gateway.clock.now());
    let reviewed = |month: Month| {
        let (parts, is_due) = (rules::parts(&facts, &month), rules::is_due(&facts, &month, at));
        Reviewed { month, parts, is_due }
    };
    let months = months.into_iter().map(reviewed).collect();
    let without_rule =
        facts.register.all().filter(|row| facts.retention_rule.of(row.id).next().is_none()).cloned().collect();
    Ok(Preview { at, facts, months, without_rule })
}

/// Drops every month that is due, all or none; what was dropped. The log is read before the registry is locked, the rules
/// are judged after it.
///
/// # Errors
/// Unavailable when the database does not answer or somebody reads the log for long; nothing is dropped then.
pub async fn run(gateway: &Gateway) -> Result<Vec<Arc<dropped_month::Model>>, Error> {
    let months = log::months(&gateway.database).await?;
    let months: Vec<(Month, DroppedMonthId)> = months.into_iter().map(|month| (month, clock::fresh_id())).collect();
    let ids: Vec<DroppedMonthId> = months.iter().map(|(_, id)| *id).collect();
    let (asked, at) = (ids.clone(), gateway.clock.now());
    let judge = move |facts: &Facts| Ok(rules::drop_due(facts, &months, at));
    let facts = gateway
        .journal
        .commit_with(
            Author::operator(),
            judge,
            move |txn, facts| {
                async move {
                    for month in asked.iter().filter_map(|id| facts.dropped_month.get(*id)) {
                        log::drop_month(txn, month).await?;
                    }
                    Ok(())
                }
                .boxed()
            },
            Ending::Commit,
        )
        .await?;
    Ok(ids.into_iter().filter_map(|id| facts.dropped_month.get(id).cloned()).collect())
}

#[cfg(test)]
mod tests;
