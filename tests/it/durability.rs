//! Durability: a process killed at any moment loses nothing it acknowledged and doubles nothing it is told again.
//!
//! Five rounds for each engine; `KILL_ROUNDS` asks for more.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use api::{app::App, clock};
use serde_json::{Value, json};

use crate::{
    house::{Engine, House, KELA},
    postgres::{Cluster, Durability},
    process::{Serving, ask, closed, run, settings, text},
    reports::{RECORD, assert_tallied, assert_whole, report, rows, with},
};

/// Clients that record at once.
const CLIENTS: usize = 4;

/// What the clients know.
#[derive(Default)]
struct Known {
    /// Position in the log of each message that was acknowledged.
    acknowledged: BTreeMap<String, i64>,
    /// Calls that were not answered.
    unanswered: Vec<Vec<Value>>,
}

impl Known {
    /// Takes in an answer: a message stands where it stood before.
    fn learn(&mut self, answer: &Value) {
        let payload = &answer["data"]["recordDisclosures"];
        assert_eq!(payload["userErrors"], json!([]), "{answer:#}");
        for row in payload["disclosures"].as_array().unwrap() {
            let (message, place) = (row["messageId"].as_str().unwrap(), row["leafIndex"].as_i64().unwrap());
            let before = self.acknowledged.insert(message.to_owned(), place);
            assert!(before.is_none_or(|before| before == place), "{message} stood at {before:?}, now at {place}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long to test is a setting of the tests, not of the gateway")]
fn rounds() -> usize {
    std::env::var("KILL_ROUNDS").ok().map_or(5, |rounds| rounds.parse().unwrap())
}

/// Records until the process is gone.
async fn client(known: Arc<Mutex<Known>>, url: String, token: String, name: String) {
    let client = reqwest::Client::new();
    for call in 0.. {
        let outcome = if call % 3 == 0 { "EMPTY" } else { "DELIVERED" };
        let reports: Vec<Value> = (0..=call % 4)
            .map(|row| with(report(&format!("{name}/{call}/{row}")), json!({ "outcome": outcome })))
            .collect();
        match ask(&client, &url, &token, RECORD, &json!({ "input": { "disclosures": reports } })).await {
            Some((_, answer)) => known.lock().unwrap().learn(&answer),
            None => return known.lock().unwrap().unanswered.push(reports),
        }
    }
}

/// Repeats what was not answered, and some of what was.
async fn repeat(known: &Mutex<Known>, url: &str, token: &str) {
    let (mut calls, settled) = {
        let mut known = known.lock().unwrap();
        let settled: Vec<String> = known.acknowledged.keys().rev().step_by(7).take(20).cloned().collect();
        (std::mem::take(&mut known.unanswered), settled)
    };
    let again = |message: &String| {
        let call: usize = message.split('/').nth(1).unwrap().parse().unwrap();
        let outcome = if call.is_multiple_of(3) { "EMPTY" } else { "DELIVERED" };
        with(report(message), json!({ "outcome": outcome }))
    };
    if !settled.is_empty() {
        calls.push(settled.iter().map(again).collect());
    }
    let client = reqwest::Client::new();
    for call in calls {
        let answer = ask(&client, url, token, RECORD, &json!({ "input": { "disclosures": call } })).await;
        known.lock().unwrap().learn(&answer.expect("an answer").1);
    }
}

async fn survives(directory: &Path, database_url: &str) {
    let settings = settings(directory, database_url);
    // The first start makes what is not there yet: database, keys, the sample world.
    assert_eq!(Serving::start(&settings).await.terminate().await.code(), Some(0));
    let minted = run(&settings, &["token", "--org", KELA, "--role", "system", "--ttl", "12h"]).await;
    let token = text(&minted.stdout).trim().to_owned();
    let known = Arc::new(Mutex::new(Known::default()));
    for round in 0..rounds() {
        let serving = Serving::start(&settings).await;
        repeat(&known, &serving.url, &token).await;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|at| client(Arc::clone(&known), serving.url.clone(), token.clone(), format!("killed {round}-{at}")))
            .map(tokio::spawn)
            .collect();
        let [chance] = clock::random::<1>().unwrap();
        tokio::time::sleep(Duration::from_millis(200 + 3 * u64::from(chance))).await;
        serving.kill().await;
        for client in clients {
            client.await.unwrap();
        }
    }
    let serving = Serving::start(&settings).await;
    repeat(&known, &serving.url, &token).await;
    assert_eq!(serving.terminate().await.code(), Some(0));
    let verified = run(&settings, &["verify"]).await;
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    let app =
        App::open(crate::house::config(directory, database_url, |_| None), clock::Clock::default()).await.unwrap();
    let known = std::mem::take(&mut *known.lock().unwrap());
    assert_kept(&app, &known).await;
    app.close().await;
}

/// Everything acknowledged stands once, where it was said to stand; nothing else does; and the tallies count it.
async fn assert_kept(app: &App, known: &Known) {
    let rows = rows(app).await;
    let mut stored: BTreeMap<&str, i64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.message_id.starts_with("killed ")) {
        let doubled = stored.insert(&row.message_id, row.leaf_index);
        assert_eq!(doubled, None, "{} stands twice", row.message_id);
    }
    let acknowledged: BTreeMap<&str, i64> =
        known.acknowledged.iter().map(|(message, place)| (message.as_str(), *place)).collect();
    assert!(acknowledged.len() > 20, "only {} rows were recorded", acknowledged.len());
    assert_eq!(stored, acknowledged);
    assert_whole(app).await;
    assert_tallied(app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_and_doubles_nothing_on_sqlite() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    Box::pin(survives(directory.path(), &url)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_and_doubles_nothing_on_postgres() {
    let Some(cluster) = Cluster::start(Durability::Real).await else { return };
    let directory = tempfile::tempdir().unwrap();
    let url = cluster.url(&cluster.create_database(None).await);
    Box::pin(survives(directory.path(), &url)).await;
}

/// Several processes of a new installation start at once, as an orchestrator starts them: one makes the keys and one the
/// sample world, and every one of them finds both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_starts_at_once_make_one_set_of_keys_and_one_world() {
    let Some(cluster) = crate::postgres::cluster().await else { return };
    let (directory, database) = (tempfile::tempdir().unwrap(), cluster.create_database(None).await);
    let url = cluster.url(&database);
    let start = || App::open(crate::house::config(directory.path(), &url, |_| None), clock::Clock::default());
    let (first, second, third) = tokio::join!(start(), start(), start());
    let apps = [first.unwrap(), second.unwrap(), third.unwrap()];
    assert_eq!(apps.iter().filter(|app| app.is_new).count(), 1);
    for app in &apps {
        assert_eq!(app.gateway.keys.fingerprints(), apps[0].gateway.keys.fingerprints());
        app.gateway.journal.refresh().await.unwrap();
        assert!(app.gateway.journal.facts().organisation_of(KELA).is_some());
    }
    let mut files: Vec<_> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    // The log may have been signed meanwhile.
    files.retain(|file| !file.to_string_lossy().starts_with("log-checkpoint"));
    files.sort();
    assert_eq!(files, ["dev-issuer.jwk", "log.key", "pseudonym-v1.key"]);
    assert_whole(&apps[0]).await;
    for app in apps {
        app.close().await;
    }
}
