//! PostgreSQL that goes away at any call: what was acknowledged stands, what was not may be repeated and stands once.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use api::auth::Role;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    house::{House, KELA, codes},
    postgres::{Cluster, Durability},
    proxy::{ACT, Cut, Order, RECORDING, RECORDING_ALONE, SIGNING},
    reports::{RECORD, assert_tallied, assert_whole, faults, report, with},
};

/// Longest the gateway may need to record again once its database is back.
const RECOVERY_MAX: Duration = Duration::from_secs(10);

/// Rows of an answer; null when the call may be repeated, which is all that else may be said.
fn acknowledged(answer: &Value) -> Option<Vec<Value>> {
    if codes(answer).is_empty() {
        assert_eq!(answer["data"]["recordDisclosures"]["userErrors"], json!([]), "{answer:#}");
        return answer["data"]["recordDisclosures"]["disclosures"].as_array().cloned();
    }
    assert_eq!(codes(answer), ["UNAVAILABLE"], "{answer:#}");
    None
}

/// Every message stands once, in a log that is whole and counted.
async fn assert_once(house: &House, recorded: &BTreeMap<String, i64>) {
    let mut rows: Vec<(String, i64)> =
        house.rows().await.into_iter().map(|row| (row.message_id, row.leaf_index)).collect();
    rows.retain(|(message, _)| message.starts_with("cut "));
    rows.sort();
    assert_eq!(rows, recorded.clone().into_iter().collect::<Vec<_>>());
    assert_whole(&house.app).await;
    assert_tallied(&house.app).await;
}

/// Keeps the places of rows; each has one.
fn keep(recorded: &mut BTreeMap<String, i64>, rows: &[Value]) {
    for row in rows {
        let (message, place) = (row["messageId"].as_str().unwrap(), row["leafIndex"].as_i64().unwrap());
        let before = recorded.insert(message.to_owned(), place);
        assert!(before.is_none_or(|before| before == place), "{message} stood at {before:?}, now at {place}");
    }
}

/// Batches of which a call of one must be cut: the recorder has two connections, and a new one prepares what it says.
const UNCUT_MAX: usize = 4;

/// Cuts call after call of a batch of one that is not alone, until there is none that has not been cut.
async fn recordings_survive(cut: Cut, reports: impl Fn(&str) -> Vec<Value>) {
    let Some((house, proxy)) = House::behind_proxy().await else { return };
    let (other, kela, mut recorded) = (house.beside().await, house.kela(), BTreeMap::new());
    let mut keep = |rows: &[Value]| keep(&mut recorded, rows);
    keep(&house.recorded(&kela, &[report("cut not")]).await);
    let (mut call, mut uncut) = (1, 0);
    for attempt in 1.. {
        keep(&other.recorded(&kela, &[report(&format!("cut not {attempt}"))]).await);
        let reports = reports(&format!("cut {attempt}"));
        proxy.cut(Order { mark: RECORDING, call, cut });
        let answer = house.ask(&kela, RECORD, json!({ "input": { "disclosures": reports } })).await;
        let was_cut = proxy.has_cut();
        let first = acknowledged(&answer);
        assert_eq!(first.is_none(), was_cut, "call {call}");
        keep(&first.unwrap_or_default());
        keep(&house.recorded(&kela, &reports).await);
        if was_cut {
            (call, uncut) = (call + 1, 0);
        } else if call > 4 {
            break;
        } else {
            // What a first call belongs to is known by what its connection said before, and a second of a new connection may
            // only prepare: the recorder may have used another.
            uncut += 1;
            assert!(call <= 2 && uncut < UNCUT_MAX, "a batch of {call} calls was never cut");
        }
    }
    assert_once(&house, &recorded).await;
}

/// Batches of which one must be written alone.
const ALONE_AFTER_MAX: usize = 60;

/// Cuts the one call of a batch of whoever is alone.
async fn recordings_alone_survive(cut: Cut) {
    let Some((house, proxy)) = House::behind_proxy().await else { return };
    let (kela, mut recorded) = (house.kela(), BTreeMap::new());
    for round in 0..3 {
        // Two batches look first, and more where this machine takes its time.
        let mut was_cut = false;
        for batch in 0..ALONE_AFTER_MAX {
            let reports = new(&format!("cut {round}/{batch}"));
            proxy.cut(Order { mark: RECORDING_ALONE, call: 1, cut });
            let answer = house.ask(&kela, RECORD, json!({ "input": { "disclosures": reports } })).await;
            was_cut = proxy.has_cut();
            let first = acknowledged(&answer);
            assert_eq!(first.is_none(), was_cut);
            keep(&mut recorded, &first.unwrap_or_default());
            if was_cut {
                keep(&mut recorded, &house.recorded(&kela, &reports).await);
                break;
            }
        }
        assert!(was_cut, "no batch is written alone");
    }
    assert_once(&house, &recorded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_one_that_is_alone_survive_a_cut_before_the_call() {
    recordings_alone_survive(Cut::BeforeCall).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_one_that_is_alone_survive_a_cut_before_the_answer() {
    recordings_alone_survive(Cut::BeforeAnswer).await;
}

fn new(name: &str) -> Vec<Value> {
    (0..3).map(|row| report(&format!("{name}/{row}"))).collect()
}

fn repeated(name: &str) -> Vec<Value> {
    vec![report(&format!("{name}/0")), report("cut not")]
}

fn corrected(name: &str) -> Vec<Value> {
    let (first, second) = (format!("{name}/0"), format!("{name}/1"));
    vec![report("cut not"), report(&first), with(report(&second), json!({ "corrects": first }))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_rows_survive_a_cut_before_any_call() {
    recordings_survive(Cut::BeforeCall, new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_rows_survive_a_cut_before_any_answer() {
    recordings_survive(Cut::BeforeAnswer, new).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_survive_a_cut_before_any_call() {
    recordings_survive(Cut::BeforeCall, repeated).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_survive_a_cut_before_any_answer() {
    recordings_survive(Cut::BeforeAnswer, repeated).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_survive_a_cut_before_any_call() {
    recordings_survive(Cut::BeforeCall, corrected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_survive_a_cut_before_any_answer() {
    recordings_survive(Cut::BeforeAnswer, corrected).await;
}

/// Cuts call after call of a suspension; an agreement is suspended once, whoever heard of it.
async fn acts_survive(cut: Cut) {
    let Some((house, proxy)) = House::behind_proxy().await else { return };
    let (id, officer) = (house.agreement_id("KEL-2023-014").await, house.token(KELA, Role::Officer));
    // Of the first call, BEGIN, nobody can tell what follows it.
    for call in 2.. {
        let seq = house.app.gateway.journal.facts().seq;
        proxy.cut(Order { mark: ACT, call, cut });
        let reply = house.suspend(&id).await;
        let was_cut = proxy.has_cut();
        let is_acknowledged = codes(&reply.body).is_empty();
        assert!(is_acknowledged || codes(&reply.body) == ["UNAVAILABLE"], "{:#}", reply.body);
        assert_eq!(is_acknowledged, !was_cut, "call {call}");
        let again = house.suspend(&id).await;
        let refusals = faults(&again.body["data"]["suspendAgreement"]);
        assert!(refusals.is_empty() || refusals[0].0 == "WRONG_STATUS", "{refusals:?}");
        assert!(!(is_acknowledged && refusals.is_empty()), "an acknowledged suspension was lost");
        let resumed = house.done(&officer, "resumeAgreement", json!({ "id": id })).await;
        assert_eq!(resumed, seq + 2, "call {call}: one suspension and its end");
        if !was_cut {
            assert!(call > 6, "an act of {call} calls was never cut");
            break;
        }
    }
    assert_whole(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_survive_a_cut_before_any_call() {
    Box::pin(acts_survive(Cut::BeforeCall)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_survive_a_cut_before_any_answer() {
    Box::pin(acts_survive(Cut::BeforeAnswer)).await;
}

/// Cuts call after call of the signer; a checkpoint follows all the same.
async fn signatures_follow(cut: Cut) {
    let Some((house, proxy)) = House::behind_proxy().await else { return };
    house.checkpoint_of(house.log_size().await).await;
    for call in 2.. {
        proxy.cut(Order { mark: SIGNING, call, cut });
        house.recorded(&house.kela(), &[report(&format!("signed {call}"))]).await;
        house.checkpoint_of(house.log_size().await).await;
        if !proxy.has_cut() {
            assert!(call > 4, "a signature of {call} calls was never cut");
            break;
        }
    }
    assert_whole(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signatures_follow_a_cut_before_any_call() {
    signatures_follow(Cut::BeforeCall).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signatures_follow_a_cut_before_any_answer() {
    signatures_follow(Cut::BeforeAnswer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_goes_on_when_the_database_is_back() {
    recording_goes_on_after(Duration::from_millis(1_200), "5s").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_goes_on_when_calls_were_ended_for_the_silence_of_the_database() {
    recording_goes_on_after(Duration::from_secs(3), "1s").await;
}

/// Stops the database for a time, of whose silence calls are ended after the second one.
async fn recording_goes_on_after(outage: Duration, silence_max: &'static str) {
    let Some(cluster) = Cluster::start(Durability::Test).await else { return };
    let url = cluster.url(&cluster.create_database(None).await);
    let settings = |name: &str| match name {
        "FACTS_MAX_AGE" => Some("1s".to_owned()),
        "DATABASE_SILENCE_MAX" => Some(silence_max.to_owned()),
        _ => None,
    };
    let house = House::open(Arc::new(tempfile::tempdir().unwrap()), url, settings).await;
    let kela = house.kela();
    let mut recorded = house.recorded(&kela, &[report("before")]).await;
    let reports = [report("meanwhile"), report("before")];
    let attempt = || house.ask(&kela, RECORD, json!({ "input": { "disclosures": reports } }));

    cluster.stop();
    for _ in 0..2 {
        assert_eq!(acknowledged(&attempt().await), None);
    }
    sleep(outage).await;
    // The registry is read from memory, and the answer says how old it may be.
    let known = house.reply(Some(&kela), "{ agreement(number: \"KEL-2023-014\") { number } }", json!({})).await;
    assert_eq!(known.body["data"]["agreement"]["number"], "KEL-2023-014", "{:#}", known.body);
    assert!(known.headers.contains_key("facts-stale"));

    cluster.resume();
    let back = Instant::now();
    let rows = loop {
        if let Some(rows) = acknowledged(&attempt().await) {
            break rows;
        }
        assert!(back.elapsed() < RECOVERY_MAX, "not back after {:?}", back.elapsed());
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(rows[1], recorded.remove(0));
    let id = house.agreement_id("KEL-2023-014").await;
    assert_eq!(faults(&house.suspend(&id).await.body["data"]["suspendAgreement"]), []);
    house.checkpoint_of(house.log_size().await).await;
    assert!(back.elapsed() < RECOVERY_MAX, "all is well only after {:?}", back.elapsed());
    assert_whole(&house.app).await;
    assert_tallied(&house.app).await;
}
