//! A gateway that records alone on PostgreSQL: its batches are one statement each, and whatever comes between two of them is
//! seen before the next is written.

use std::time::Duration;

use api::{app::App, auth::Role};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    house::{Engine, House, KELA},
    proxy::{ACT, RECORDING_ALONE},
    reports::{assert_tallied, assert_whole, report, with},
};

/// Longest a batch is looked at while it must wait.
const WAITING: Duration = Duration::from_millis(300);

/// Connections that wrote a batch in one statement last.
async fn alone(app: &App) -> i64 {
    let sql = "select count(*) as alone from pg_stat_activity where datname = current_database() and query like $1";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [format!("{RECORDING_ALONE}%").into()]);
    let row = app.gateway.database.primary().query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "alone").unwrap()
}

async fn record(house: &House, message: &str) -> Value {
    house.recorded(&house.kela(), &[report(message)]).await.remove(0)
}

/// A batch that finds the log as the one before left it, which is then done without looking.
async fn left_alone(house: &House, name: &str) {
    for at in 0..3 {
        record(house, &format!("{name} {at}")).await;
    }
    assert_eq!(alone(&house.app).await, 1, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_is_one_statement_until_another_process_writes_between() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let other = house.beside().await;
    left_alone(&house, "before").await;
    for round in 0..3 {
        record(&other, &format!("between {round}")).await;
        record(&house, &format!("after {round}")).await;
        assert_eq!(alone(&house.app).await, 0, "it looks before it writes");
    }
    left_alone(&house, "again").await;
    let rows = house.rows().await;
    assert!(rows.is_sorted_by(|a, b| a.recorded_at < b.recorded_at && a.id < b.id));
    assert_whole(&house.app).await;
    assert_tallied(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_stands_is_not_written_again() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    left_alone(&house, "before").await;
    let (first, size) = (record(&house, "first").await, house.log_size().await);
    assert_eq!(record(&house, "first").await, first);
    let both = house.recorded(&house.kela(), &[report("first"), report("second")]).await;
    assert_eq!((&both[0], house.log_size().await), (&first, size + 1));
    let other = house.beside().await;
    let elsewhere = record(&other, "elsewhere").await;
    assert_eq!(record(&house, "elsewhere").await, elsewhere);
    let contradicted = house.record(&house.kela(), &[with(report("first"), json!({ "outcome": "EMPTY" }))]).await;
    assert_eq!(contradicted["userErrors"][0]["code"], "CONFLICT");
    left_alone(&house, "after").await;
    assert_whole(&house.app).await;
    assert_tallied(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspension_between_two_batches_is_seen_by_the_second_wherever_it_was_made() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let other = house.beside().await;
    let (id, officer) = (house.agreement_id("KEL-2023-014").await, house.token(KELA, Role::Officer));
    for (at, suspending) in [&house, &other].into_iter().enumerate() {
        left_alone(&house, &format!("before {at}")).await;
        assert_eq!(suspending.suspend(&id).await.body["data"]["suspendAgreement"]["userErrors"], json!([]));
        let now = house.app.gateway.clock.now().to_rfc3339();
        let report = with(report(&format!("after {at}")), json!({ "occurredAt": now }));
        let row = house.recorded(&house.kela(), &[report]).await.remove(0);
        assert_eq!(row["coverage"], "UNCOVERED", "{row:#}");
        suspending.done(&officer, "resumeAgreement", json!({ "id": id })).await;
    }
    assert_whole(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_waits_while_an_act_is_under_way() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    left_alone(&house, "before").await;
    let act = house.app.gateway.database.primary().now().begin().await.unwrap();
    act.execute_unprepared(&format!("select {ACT}")).await.unwrap();
    let size = house.log_size().await;
    let mut waiting = Box::pin(record(&house, "meanwhile"));
    assert!(timeout(WAITING, &mut waiting).await.is_err(), "it was written beside an act");
    assert_eq!(house.log_size().await, size);
    act.rollback().await.unwrap();
    assert_eq!(waiting.await["leafIndex"], size);
    left_alone(&house, "after").await;
}
