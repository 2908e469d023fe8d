//! Anomalies: a system that opens a viewing connection detects unusual retrieval by itself (906/2019 23 § 2 mom).
//!
//! Whoever watches follows the log (`follow`), counts in memory ([`watch`]) and raises what exceeds the rules ([`rules`]);
//! the discloser's officer decides what it was.

mod follow;
pub mod graphql;
pub mod rules;
pub mod watch;
pub mod window;

use entity::{
    anomaly,
    vocabulary::{AgreementId, AnomalyId, AnomalyRule, AnomalyStatus, Instant},
};
use futures::FutureExt;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

pub use follow::watch as watch_log;
pub use rules::DecisionInput;

use crate::{
    Error,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};

/// Rows read at once while those of a status are sought; where an anomaly stands is known to the facts only.
const ROWS_PER_STATEMENT: u64 = 200;

/// Which anomalies; what is null does not restrict.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Agreement.
    pub agreement: Option<AgreementId>,
    /// Rule.
    pub rule: Option<AnomalyRule>,
    /// Where it stands.
    pub status: Option<AnomalyStatus>,
}

/// Place of an anomaly in the list, newest first.
pub type Position = (Instant, Uuid);

/// Place of a row.
pub fn position(row: &anomaly::Model) -> Position {
    (row.detected_at, row.id.0)
}

/// Anomalies the viewer sees after a place in the list, at most `first`, and whether more follow.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn page(
    db: &impl ConnectionTrait,
    view: &View,
    filter: &Filter,
    after: Option<Position>,
    first: usize,
) -> Result<(Vec<anomaly::Model>, bool), Error> {
    let agreements = seen_agreements(db, view, filter.agreement).await?;
    let (mut found, mut after) = (Vec::new(), after);
    loop {
        let rows = newest(db, &agreements, filter.rule, after).await?;
        let (is_last, last) = ((rows.len() as u64) < ROWS_PER_STATEMENT, rows.last().map(position));
        let is_wanted = |row: &anomaly::Model| filter.status.is_none_or(|it| rules::standing(&view.facts, row).0 == it);
        found.extend(rows.into_iter().filter(is_wanted));
        if is_last || found.len() > first {
            let has_next = found.len() > first;
            found.truncate(first);
            return Ok((found, has_next));
        }
        after = last;
    }
}

/// Agreements with anomalies the viewer sees: there are few, so each is judged as everywhere else.
async fn seen_agreements(
    db: &impl ConnectionTrait,
    view: &View,
    only: Option<AgreementId>,
) -> Result<Vec<AgreementId>, Error> {
    let known = anomaly::Entity::find().select_only().column(anomaly::Column::AgreementId).distinct();
    let known = known.filter(Condition::all().add_option(only.map(|id| anomaly::Column::AgreementId.eq(id))));
    let known: Vec<AgreementId> = known.into_tuple().all(db).await?;
    Ok(known.into_iter().filter(|id| policy::sees_anomalies(view.present(), &view.viewer, *id)).collect())
}

async fn newest(
    db: &impl ConnectionTrait,
    agreements: &[AgreementId],
    rule: Option<AnomalyRule>,
    after: Option<Position>,
) -> Result<Vec<anomaly::Model>, Error> {
    use anomaly::Column;
    let beyond = after.map(|(at, id)| {
        let same = Condition::all().add(Column::DetectedAt.eq(at)).add(Column::Id.lt(id));
        Condition::any().add(Column::DetectedAt.lt(at)).add(same)
    });
    let rows = anomaly::Entity::find()
        .filter(Column::AgreementId.is_in(agreements.iter().copied()))
        .filter(Condition::all().add_option(rule.map(|rule| Column::Rule.eq(rule))).add_option(beyond))
        .order_by_desc(Column::DetectedAt)
        .order_by_desc(Column::Id)
        .limit(ROWS_PER_STATEMENT);
    Ok(rows.all(db).await?)
}

/// Number of the last raising; 0 before the first.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn last_raised(db: &impl ConnectionTrait) -> Result<i64, Error> {
    let last = anomaly::Entity::find().select_only().column_as(anomaly::Column::Raised.max(), "last");
    Ok(last.into_tuple::<Option<i64>>().one(db).await?.flatten().unwrap_or(0))
}

/// Anomalies raised after a number, in the order of their raising, at most `count`. One raised again since is told once, as it
/// stands.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn raised_after(db: &impl ConnectionTrait, after: i64, count: u64) -> Result<Vec<anomaly::Model>, Error> {
    let later = anomaly::Entity::find().filter(anomaly::Column::Raised.gt(after));
    Ok(later.order_by_asc(anomaly::Column::Raised).limit(count).all(db).await?)
}

/// Anomaly of an id, if the viewer sees it.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn one(db: &impl ConnectionTrait, view: &View, id: AnomalyId) -> Result<Option<anomaly::Model>, Error> {
    let row = anomaly::Entity::find_by_id(id).one(db).await?;
    Ok(row.filter(|row| policy::sees_anomalies(view.present(), &view.viewer, row.agreement_id)))
}

/// Decides an anomaly, which is read in the transaction of the decision.
pub async fn decide(
    ctx: &Context,
    input: DecisionInput,
    intent: Intent,
) -> Result<(View, Option<anomaly::Model>), Error> {
    let (now, fresh, named) = (ctx.now, clock::fresh_id(), input.id.parse::<AnomalyId>().ok());
    let act = |row: &anomaly::Model| Act::DecideAnomaly { agreement: row.agreement_id };
    let rule = move |facts: &Facts, row: Option<&anomaly::Model>, actor: &str| {
        rules::decide(facts, row, &input, fresh, (actor, now))
    };
    let view = ctx.write_to_row(move |txn| read(txn, named).boxed(), act, intent, rule).await?;
    let row = match named {
        Some(id) => one(ctx.gateway().database.primary(), &view, id).await?,
        None => None,
    };
    Ok((view, row))
}

async fn read(txn: &DatabaseTransaction, id: Option<AnomalyId>) -> Result<Option<anomaly::Model>, Error> {
    let Some(id) = id else { return Ok(None) };
    Ok(anomaly::Entity::find_by_id(id).one(txn).await?)
}
