//! A gateway that records alone on PostgreSQL: its batches are one statement each, and whatever comes between two of them is
//! seen before the next is written.

use std::time::Duration;

use api::{
    app::App,
    auth::Role,
    journal::{Left, Tree},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionTrait};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    house::{Engine, House, KELA},
    proxy::{ACT, RECORDING_ALONE},
    reports::{assert_tallied, assert_whole, report, with},
};

/// Longest a batch is looked at while it must wait.
const WAITING: Duration = Duration::from_millis(300);

/// Batches of which one must be written without looking.
const BATCHES_MAX: usize = 60;

/// More than an instant may be behind that was given out without looking.
const TOO_LATE: Duration = Duration::from_millis(150);

/// The last statement of any process that recorded.
async fn last_statement(app: &App) -> String {
    let sql = "select query from pg_stat_activity where datname = current_database() \
               and application_name = 'disclosure-gateway recorder' order by query_start desc limit 1";
    let statement = Statement::from_string(DbBackend::Postgres, sql);
    let row = app.gateway.database.primary().query_one_raw(statement).await.unwrap().unwrap();
    row.try_get("", "query").unwrap()
}

/// Whether the last batch of any process was written in one statement.
async fn is_alone(app: &App) -> bool {
    last_statement(app).await.starts_with(RECORDING_ALONE)
}

/// Whether that statement looked whether its messages stand already.
async fn looked_for_repeats(app: &App) -> bool {
    last_statement(app).await.contains("disclosure_key as key")
}

async fn record(house: &House, message: &str) -> Value {
    house.recorded(&house.kela(), &[report(message)]).await.remove(0)
}

/// Records until a batch was written without looking: the third, if none waits too long.
async fn left_alone(house: &House, name: &str) {
    for at in 0..BATCHES_MAX {
        record(house, &format!("{name} {at}")).await;
        if is_alone(&house.app).await {
            return;
        }
    }
    panic!("{name}: every batch looks before it writes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batch_is_one_statement_until_another_process_writes_between() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let other = house.beside().await;
    left_alone(&house, "before").await;
    for round in 0..3 {
        record(&other, &format!("between {round}")).await;
        record(&house, &format!("after {round}")).await;
        assert!(!is_alone(&house.app).await, "it looks before it writes");
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
async fn repeats_are_looked_for_once_one_came() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    left_alone(&house, "before").await;
    assert!(!looked_for_repeats(&house.app).await);
    let first = record(&house, "first").await;
    for round in 0..3 {
        assert_eq!(record(&house, "first").await, first);
        left_alone(&house, &format!("after {round}")).await;
        assert!(looked_for_repeats(&house.app).await);
    }
    assert_whole(&house.app).await;
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
async fn batch_behind_a_pooler_stands_once_whoever_writes_between() {
    let pooled = |name: &str| (name == "DATABASE_STATEMENT_CACHE").then(|| "0".to_owned());
    let Some(house) = House::configured(Engine::Postgres, pooled).await else { return };
    let other = house.beside().await;
    let before = house.log_size().await;
    for round in 0..3 {
        // Two look first, the others do not.
        let mut own = Vec::new();
        for at in 0..4 {
            own.push(record(&house, &format!("own {round} {at}")).await);
            assert_eq!(own[at]["leafIndex"], before + round * 5 + i64::try_from(at).unwrap());
        }
        for (at, first) in own.iter().enumerate() {
            assert_eq!(record(&house, &format!("own {round} {at}")).await, *first);
        }
        record(&other, &format!("between {round}")).await;
    }
    assert_eq!(house.log_size().await, before + 15);
    assert_whole(&house.app).await;
    assert_tallied(&house.app).await;
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

/// Whether the statement that expects the tree as it was left finds it so; what it does is taken back.
async fn is_as_left(house: &House, left: &Left, late: Duration) -> bool {
    let mut tree = Tree::as_left(left);
    tree.take();
    let mut values = Vec::new();
    let sql = tree.as_left_statement(None, &mut values);
    sleep(late).await;
    let txn = house.app.gateway.database.primary().now().begin().await.unwrap();
    let found = txn.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await.unwrap();
    txn.rollback().await.unwrap();
    !found.is_empty()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tree_is_as_left_while_nobody_appends_the_registry_is_free_and_the_clock_is_right() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let database = &house.app.gateway.database;
    let looked = async || {
        let txn = database.primary().now().begin().await.unwrap();
        let tree = Tree::lock(&txn, &house.app.gateway.clock).await.unwrap();
        txn.rollback().await.unwrap();
        tree.left()
    };
    let is_as_left_soon = async |left: &Left| {
        // Where this machine takes its time, again.
        for _ in 0..BATCHES_MAX {
            if is_as_left(&house, left, Duration::ZERO).await {
                return true;
            }
        }
        false
    };
    let left = looked().await;
    assert!(is_as_left_soon(&left).await);
    assert!(!is_as_left(&house, &left, TOO_LATE).await, "instants of the past were given out");
    let act = database.primary().now().begin().await.unwrap();
    act.execute_unprepared(&format!("select {ACT}")).await.unwrap();
    assert!(!is_as_left(&house, &left, Duration::ZERO).await, "an act is under way");
    act.rollback().await.unwrap();
    assert!(is_as_left_soon(&left).await);
    record(&house, "between").await;
    assert!(!is_as_left_soon(&left).await, "another has appended");
    assert!(is_as_left_soon(&looked().await).await);
}
