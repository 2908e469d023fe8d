//! Time as it should not be: a clock that steps back, and months nobody has prepared.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use crate::{
    house::{Engine, House},
    reports::{assert_tallied, assert_whole, faults, report, with},
};

impl House {
    fn step(&self, by: TimeDelta) {
        let clock = &self.app.gateway.clock;
        clock.set(clock.now() + by);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_goes_on_rising_when_the_clock_steps_back() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    house.recorded(&house.kela(), &[report("before/1"), report("before/2")]).await;
    let id = house.agreement_id("KEL-2023-014").await;
    house.step(-TimeDelta::hours(1));
    // Tokens of before are of a time to come; whoever asks has a new one.
    house.recorded(&house.kela(), &[report("after/1")]).await;
    assert_eq!(faults(&house.suspend(&id).await.body["data"]["suspendAgreement"]), []);
    house.recorded(&house.kela(), &[report("after/2"), report("before/1")]).await;
    house.checkpoint_of(house.log_size().await).await;

    let rows = house.rows().await;
    let last: Vec<&str> = rows[rows.len() - 4..].iter().map(|row| row.message_id.as_str()).collect();
    assert_eq!(last, ["before/1", "before/2", "after/1", "after/2"]);
    for pair in rows.windows(2) {
        assert!(pair[0].id < pair[1].id && pair[0].recorded_at < pair[1].recorded_at, "{}", pair[1].message_id);
    }
    assert_whole(&house.app).await;
    assert_tallied(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorisation_is_not_prolonged_when_the_clock_steps_back() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let authorise = async || {
        let now = house.app.gateway.clock.now().to_rfc3339();
        let disclosure = with(report("once"), json!({ "occurredAt": now }));
        house.authorise(&house.kela(), json!({ "disclosure": disclosure })).await
    };
    let first = authorise().await;
    assert_eq!(first["disclosure"]["outcome"], "DELIVERED", "{first:#}");
    house.step(TimeDelta::seconds(50));
    assert_eq!(authorise().await["repeated"], true);
    // Twenty seconds later it would be over.
    house.step(TimeDelta::seconds(20) - TimeDelta::hours(1));
    let size = house.log_size().await;
    let refused = authorise().await;
    assert_eq!(faults(&refused), [("CONFLICT".to_owned(), "input.disclosure.messageId".to_owned())], "{refused:#}");
    assert_eq!((&refused["disclosure"], house.log_size().await), (&json!(null), size));
}

impl House {
    /// Name of next month's part of the log, by the database's clock, and whether it is one.
    async fn next_month(&self) -> (String, bool) {
        let sql = "select to_char(now() at time zone 'UTC' + interval '1 month', '\"disclosure_\"YYYY_MM') as name";
        let database = self.app.gateway.database.write();
        let row = database.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
        let name: String = row.try_get("", "name").unwrap();
        let sql = "select 1 from pg_inherits where inhparent = 'disclosure'::regclass and inhrelid = to_regclass($1)";
        let standing = Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.clone().into()]);
        (name, database.query_one_raw(standing).await.unwrap().is_some())
    }

    async fn drop_next_month(&self) {
        let (name, _) = self.next_month().await;
        self.app.gateway.database.write().execute_unprepared(&format!("drop table {name}")).await.unwrap();
        assert!(!self.next_month().await.1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_month_stands_before_its_first_row_is_written() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    assert!(house.next_month().await.1);
    house.drop_next_month().await;
    let other = house.beside().await;
    assert!(other.next_month().await.1, "a start makes it");
    other.recorded(&other.kela(), &[report("made by the start")]).await;
    assert_whole(&other.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn start_goes_on_where_a_coming_month_cannot_be_made() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    house.drop_next_month().await;
    let (name, _) = house.next_month().await;
    let in_its_place = format!("create table {name} ()");
    house.app.gateway.database.write().execute_unprepared(&in_its_place).await.unwrap();
    let other = house.beside().await;
    assert!(!other.next_month().await.1);
    other.recorded(&other.kela(), &[report("in the month that stands")]).await;
    assert_whole(&other.app).await;
}
