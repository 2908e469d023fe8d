//! SQLite that refuses any statement of a writer, has no room left, or does not say whether it committed: what was
//! acknowledged stands, what was refused leaves nothing, and the same call is recorded once when the fault is over.

use std::{path::Path, process::Stdio};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    house::{Engine, House, KELA, codes},
    journal::facts_seq,
    process::{Serving, ask, closed, gateway, run, settings, text},
    reports::{RECORD, assert_tallied, assert_whole, report, with},
};

/// Tables a recording writes. Sets are first, for those that were written once are not written again.
const OF_A_RECORDING: [&str; 6] = ["interned", "disclosure_key", "disclosure", "tally", "log_tile", "log_tree"];

/// Tables an act of the registry writes.
const OF_AN_ACT: [&str; 5] = ["agreement", "change", "change_row", "log_tile", "log_tree"];

impl House {
    async fn execute(&self, sql: &str) {
        self.app.gateway.database.write().execute_unprepared(sql).await.unwrap();
    }

    /// From now on a table takes no row: the statement fails, or takes its whole transaction with it, as SQLite itself does
    /// when there is no room left or a page cannot be written.
    async fn refuse(&self, table: &str, how: &str) {
        for event in ["insert", "update"] {
            let body = format!("select raise({how}, 'refused by the test')");
            self.execute(&format!("create trigger refused_{event} before {event} on {table} begin {body}; end")).await;
        }
    }

    async fn refuse_no_more(&self) {
        self.execute("drop trigger refused_insert; drop trigger refused_update").await;
    }

    /// Codes of the refusal of a call that leaves nothing.
    async fn refused_whole(&self, reports: &[Value]) -> Vec<String> {
        let size = self.log_size().await;
        let codes = self.errors(&self.kela(), RECORD, json!({ "input": { "disclosures": reports } })).await;
        assert_eq!(self.log_size().await, size);
        codes
    }

    async fn status(&self, number: &str) -> Value {
        let query = "query($number: String!) { agreement(number: $number) { status } }";
        self.data(&self.kela(), query, json!({ "number": number })).await["agreement"]["status"].clone()
    }
}

/// Two reports of which the second corrects the first.
fn call(name: &str) -> [Value; 2] {
    let (first, second) = (format!("{name}/1"), format!("{name}/2"));
    [report(&first), with(report(&second), json!({ "corrects": first }))]
}

/// What stands is the same to one who opens the file anew.
async fn assert_kept(house: House) {
    let rows = house.rows().await;
    let (directory, url) = closed(house).await;
    let house = House::reopen(&directory, &url).await;
    assert_eq!(house.rows().await, rows);
    assert_whole(&house.app).await;
    assert_tallied(&house.app).await;
}

async fn recordings_survive(how: &str) {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let kela = house.kela();
    for table in OF_A_RECORDING {
        let reports = call(table);
        house.refuse(table, how).await;
        assert_eq!(house.refused_whole(&reports).await, ["INTERNAL"], "{table}");
        house.refuse_no_more().await;
        let (size, first) = (house.log_size().await, house.recorded(&kela, &reports).await);
        // A repeat is written first and taken back, which must take back nothing else.
        assert_eq!(house.recorded(&kela, &reports).await, first, "{table}");
        house.recorded(&kela, &[report(&format!("{table}/3"))]).await;
        assert_eq!(house.log_size().await, size + 3, "{table}");
    }
    Box::pin(assert_kept(house)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statement_refused_leaves_nothing_of_a_recording() {
    Box::pin(recordings_survive("abort")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_taken_back_by_the_engine_leaves_nothing_of_a_recording() {
    Box::pin(recordings_survive("rollback")).await;
}

async fn acts_survive(how: &str) {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let officer = house.token(KELA, api::auth::Role::Officer);
    let id = house.agreement_id("KEL-2023-014").await;
    for table in OF_AN_ACT {
        let size = house.log_size().await;
        house.refuse(table, how).await;
        assert_eq!(codes(&house.suspend(&id).await.body), ["INTERNAL"], "{table}");
        assert_eq!((house.status("KEL-2023-014").await, house.log_size().await), (json!("ACTIVE"), size), "{table}");
        house.refuse_no_more().await;
        let suspended = house.suspend(&id).await;
        assert_eq!(suspended.body["data"]["suspendAgreement"]["userErrors"], json!([]), "{table}");
        let resumed = house.done(&officer, "resumeAgreement", json!({ "id": id })).await;
        assert_eq!(resumed, facts_seq(&suspended) + 1);
        assert_eq!(
            (house.status("KEL-2023-014").await, house.log_size().await),
            (json!("ACTIVE"), size + 2),
            "{table}"
        );
    }
    Box::pin(assert_kept(house)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statement_refused_leaves_nothing_of_an_act() {
    Box::pin(acts_survive("abort")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transaction_taken_back_by_the_engine_leaves_nothing_of_an_act() {
    Box::pin(acts_survive("rollback")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_is_signed_when_its_checkpoints_can_be_written_again() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    house.checkpoint_of(house.log_size().await).await;
    for how in ["abort", "rollback"] {
        house.refuse("log_checkpoint", how).await;
        house.recorded(&house.kela(), &call(how)).await;
        tokio::time::sleep(std::time::Duration::from_millis(900)).await;
        house.refuse_no_more().await;
        house.checkpoint_of(house.log_size().await).await;
    }
    Box::pin(assert_kept(house)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_disk_refuses_until_there_is_room() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    // Nothing else is about to be written.
    house.checkpoint_of(house.log_size().await).await;
    let connection = house.app.gateway.database.write().now();
    let pool = connection.get_sqlite_connection_pool();
    let pages: i64 = sqlx::query_scalar("pragma page_count").fetch_one(pool).await.unwrap();
    let reports: Vec<Value> = (0..100).map(|row| report(&format!("full/{row}"))).collect();
    let mut refusals = 0;
    let rows = loop {
        // A page more at each attempt, so that another statement is the one that finds no room.
        house.execute(&format!("pragma max_page_count = {}", pages + refusals)).await;
        let size = house.log_size().await;
        let answer = house.ask(&house.kela(), RECORD, json!({ "input": { "disclosures": reports } })).await;
        if answer.get("errors").is_none_or(|errors| errors == &json!([])) {
            break answer["data"]["recordDisclosures"]["disclosures"].clone();
        }
        assert_eq!((codes(&answer), house.log_size().await), (vec!["UNAVAILABLE".to_owned()], size), "{answer:#}");
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("no room"), "{answer:#}");
        refusals += 1;
    };
    assert!(refusals > 10, "only {refusals} attempts found no room");
    house.execute("pragma max_page_count = 1000000").await;
    assert_eq!(json!(house.recorded(&house.kela(), &reports).await), rows);
    Box::pin(assert_kept(house)).await;
}

/// The gateway where no file may grow beyond a size, which is a disk that is full for it.
fn confined(settings: &[(&str, &str)], blocks: &str) -> Command {
    let inner = gateway(settings);
    let mut command = Command::new("/bin/sh");
    // A signal would end the process before SQLite could say anything.
    command.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", blocks]).arg(inner.as_std().get_program());
    command.env_clear().envs(settings.iter().copied()).env("RUST_LOG", "warn");
    command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Rows of a call over HTTP; null when the process is gone.
async fn recorded_at(url: &str, token: &str, call: usize) -> Option<Value> {
    let reports: Vec<Value> = (0..50).map(|row| report(&format!("confined {call}/{row}"))).collect();
    let client = reqwest::Client::new();
    let (_, answer) = ask(&client, url, token, RECORD, &json!({ "input": { "disclosures": reports } })).await?;
    let payload = &answer["data"]["recordDisclosures"];
    assert_eq!(payload["userErrors"], json!([]), "{answer:#}");
    Some(payload["disclosures"].clone())
}

async fn verified(directory: &Path, url: &str) {
    let output = run(&settings(directory, url), &["verify"]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process_ends_when_sqlite_does_not_say_whether_it_committed() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let settings = settings(directory.path(), &url);
    let token = text(&run(&settings, &["token", "--org", KELA, "--role", "system"]).await.stdout).trim().to_owned();
    // A megabyte of the write-ahead log holds a few calls, then a commit cannot be written.
    let serving = Serving::of(confined(&settings, "2048")).await;
    let mut acknowledged = Vec::new();
    while let Some(rows) = recorded_at(&serving.url, &token, acknowledged.len()).await {
        acknowledged.push(rows);
        assert!(acknowledged.len() < 100, "the log grew beyond its limit");
    }
    assert!(acknowledged.len() > 1);
    let (status, said) = serving.ended().await;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("SQLite did not say whether a batch of disclosures was committed"), "{said}");
    verified(directory.path(), &url).await;
    let serving = Serving::start(&settings).await;
    for (call, rows) in acknowledged.iter().enumerate() {
        assert_eq!(recorded_at(&serving.url, &token, call).await.as_ref(), Some(rows), "what was acknowledged stands");
    }
    let last = recorded_at(&serving.url, &token, acknowledged.len()).await.unwrap();
    assert_eq!(recorded_at(&serving.url, &token, acknowledged.len()).await, Some(last));
    assert_eq!(serving.terminate().await.code(), Some(0));
    verified(directory.path(), &url).await;
}
