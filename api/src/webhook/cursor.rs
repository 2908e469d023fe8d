//! How far each webhook has been told, and whose turn it is to tell it.
//!
//! A lease is one conditional update: whoever changes the row has it, on either engine. A process that dies leaves its lease
//! behind, which ends by itself; one that lost it writes nothing any more.

use chrono::TimeDelta;
use entity::{
    anomaly, change,
    vocabulary::{Instant, WebhookId},
    webhook, webhook_cursor, webhook_delivery,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{rules::REGISTERED, send::ATTEMPT_TIME_MAX};
use crate::{Error, context::Gateway, events::Position, facts::global_id};

/// How long a lease outlasts the longest attempt: time to write what came of it.
const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(10);

/// Cursors read by one statement.
const CURSORS_PER_STATEMENT: usize = 500;

/// Attempts of one webhook that are kept.
pub const DELIVERIES_MAX: u64 = 1_000;

/// How long an attempt is kept.
pub const DELIVERIES_KEPT: TimeDelta = TimeDelta::days(30);

/// Instant until which a lease taken now holds.
fn until(now: Instant) -> Instant {
    now + TimeDelta::from_std(ATTEMPT_TIME_MAX).unwrap_or_default() + LEASE_MARGIN
}

/// Cursors of some webhooks, as far as they have any.
pub async fn of(db: &impl ConnectionTrait, ids: &[WebhookId]) -> Result<Vec<webhook_cursor::Model>, Error> {
    let mut found = Vec::new();
    for ids in ids.chunks(CURSORS_PER_STATEMENT) {
        let rows = webhook_cursor::Entity::find()
            .filter(webhook_cursor::Column::WebhookId.is_in(ids.iter().copied()))
            .all(db)
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Makes the cursor of a webhook that has none: at its registration in the journal, and at the anomalies raised by then.
pub async fn begin(gateway: &Gateway, row: &webhook::Model) -> Result<(), Error> {
    let db = gateway.database.primary();
    let registered = change::Entity::find()
        .select_only()
        .column_as(change::Column::Seq.min(), "seq")
        .filter(change::Column::Subject.eq(global_id(row.id)))
        .filter(change::Column::Action.eq(REGISTERED));
    let Some(seq) = registered.into_tuple::<Option<i64>>().one(db).await?.flatten() else { return Ok(()) };
    let raised = anomaly::Entity::find()
        .select_only()
        .column_as(anomaly::Column::Raised.max(), "raised")
        .filter(anomaly::Column::DetectedAt.lte(row.registered_at));
    let raised = raised.into_tuple::<Option<i64>>().one(db).await?.flatten().unwrap_or(0);
    let cursor = webhook_cursor::Model {
        webhook_id: row.id,
        seq,
        raised,
        attempts: 0,
        next_at: row.registered_at,
        tried_at: None,
        holder: None,
        leased_until: None,
    };
    let stands = OnConflict::column(webhook_cursor::Column::WebhookId).do_nothing().to_owned();
    webhook_cursor::Entity::insert(cursor.into_active_model().reset_all())
        .on_conflict(stands)
        .exec_without_returning(gateway.database.write())
        .await?;
    Ok(())
}

/// Whether anybody may take the turn.
pub fn is_free(cursor: &webhook_cursor::Model, holder: Uuid, now: Instant) -> bool {
    cursor.holder == Some(holder) || cursor.leased_until.is_none_or(|until| until < now)
}

/// Takes the turn to tell a webhook what follows a cursor, or prolongs it; whether that was to be had, and the cursor is still
/// what was read.
pub async fn lease(
    db: &impl ConnectionTrait,
    cursor: &webhook_cursor::Model,
    holder: Uuid,
    now: Instant,
) -> Result<bool, Error> {
    use webhook_cursor::Column;
    let is_free = Condition::any()
        .add(Column::Holder.eq(holder))
        .add(Column::LeasedUntil.is_null())
        .add(Column::LeasedUntil.lt(now));
    let taken = webhook_cursor::Entity::update_many()
        .col_expr(Column::Holder, Expr::value(holder))
        .col_expr(Column::LeasedUntil, Expr::value(until(now)))
        .filter(Column::WebhookId.eq(cursor.webhook_id))
        .filter(Column::Seq.eq(cursor.seq))
        .filter(Column::Raised.eq(cursor.raised))
        .filter(is_free)
        .exec(db)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Writes what an attempt came to, beside its line in the log of deliveries; whether the turn was still the holder's.
pub async fn tried(
    gateway: &Gateway,
    holder: Uuid,
    cursor: &webhook_cursor::Model,
    delivery: webhook_delivery::Model,
) -> Result<bool, Error> {
    use webhook_cursor::Column;
    let txn = gateway.database.begin().await?;
    let moved = webhook_cursor::Entity::update_many()
        .col_expr(Column::Seq, Expr::value(cursor.seq))
        .col_expr(Column::Raised, Expr::value(cursor.raised))
        .col_expr(Column::Attempts, Expr::value(cursor.attempts))
        .col_expr(Column::NextAt, Expr::value(cursor.next_at))
        .col_expr(Column::TriedAt, Expr::value(cursor.tried_at))
        .filter(Column::WebhookId.eq(cursor.webhook_id))
        .filter(Column::Holder.eq(holder))
        .exec(&txn)
        .await?;
    webhook_delivery::Entity::insert(delivery.into_active_model().reset_all()).exec_without_returning(&txn).await?;
    txn.commit().await?;
    Ok(moved.rows_affected == 1)
}

/// Gives the turn back, and moves on past what was not to be told.
pub async fn release(
    db: &impl ConnectionTrait,
    id: WebhookId,
    holder: Uuid,
    reached: Option<Position>,
) -> Result<(), Error> {
    use webhook_cursor::Column;
    let mut release = webhook_cursor::Entity::update_many()
        .col_expr(Column::Holder, Expr::value(None::<Uuid>))
        .col_expr(Column::LeasedUntil, Expr::value(None::<Instant>));
    if let Some(reached) = reached {
        release = release
            .col_expr(Column::Seq, Expr::value(reached.seq))
            .col_expr(Column::Raised, Expr::value(reached.raised));
    }
    release.filter(Column::WebhookId.eq(id)).filter(Column::Holder.eq(holder)).exec(db).await?;
    Ok(())
}

/// Deletes attempts of a webhook that are not to be kept.
pub async fn trim(db: &impl ConnectionTrait, id: WebhookId) -> Result<(), Error> {
    use webhook_delivery::Column;
    let oldest_kept = webhook_delivery::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::WebhookId.eq(id))
        .order_by_desc(Column::Id)
        .offset(DELIVERIES_MAX - 1)
        .limit(1);
    let Some(oldest_kept) = oldest_kept.into_tuple::<Uuid>().one(db).await? else { return Ok(()) };
    let beyond = Condition::all().add(Column::WebhookId.eq(id)).add(Column::Id.lt(oldest_kept));
    webhook_delivery::Entity::delete_many().filter(beyond).exec(db).await?;
    Ok(())
}

/// Deletes attempts that are too old to be kept.
pub async fn forget(db: &impl ConnectionTrait, now: Instant) -> Result<(), Error> {
    let old = webhook_delivery::Column::At.lt(now - DELIVERIES_KEPT);
    webhook_delivery::Entity::delete_many().filter(old).exec(db).await?;
    Ok(())
}

/// Attempts of a webhook before one, newest first.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn deliveries(
    db: &impl ConnectionTrait,
    id: WebhookId,
    before: Option<Uuid>,
    count: u64,
) -> Result<Vec<webhook_delivery::Model>, Error> {
    use webhook_delivery::Column;
    let rows = webhook_delivery::Entity::find()
        .filter(Column::WebhookId.eq(id))
        .filter(Condition::all().add_option(before.map(|before| Column::Id.lt(before))))
        .order_by_desc(Column::Id)
        .limit(count);
    Ok(rows.all(db).await?)
}
