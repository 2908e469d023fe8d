//! SQLite for real: one process on one file, however it is named; a busy file; a damaged one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use api::{
    app::{App, OpenError},
    clock::Clock,
};
use serde_json::json;
use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};

use crate::{
    house::{Engine, House, codes, config},
    process::{closed, run, settings, text},
    reports::{RECORD, report},
};

fn file(url: &str) -> PathBuf {
    PathBuf::from(url.strip_prefix("sqlite://").unwrap())
}

/// Why a gateway does not start in a directory of its own on a database that is named.
async fn refusal(url: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    match App::open(config(directory.path(), url, |_| None), Clock::default()).await {
        Err(refused @ OpenError::Locked(_)) => refused.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("two gateways on one file"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_has_the_file_by_whatever_name_and_directory() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let path = file(&house.database_url);
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("another.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for url in [house.database_url.clone(), format!("sqlite://{}", link.display())] {
        let said = refusal(&url).await;
        let real = path.canonicalize().unwrap();
        assert!(said.contains(&real.display().to_string()), "{said}");
        assert!(said.contains(&format!("(process {})", std::process::id())), "{said}");
    }
    // The locks are left behind, as by a process that died, and keep nobody out.
    let (directory, url) = closed(house).await;
    assert!(directory.path().join("gateway.lock").exists());
    let house = House::at(directory, url).await;
    house.recorded(&house.kela(), &[report("after")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_file_is_waited_for_and_then_said_to_be_unavailable() {
    let short = |name: &str| (name == "DATABASE_ACQUIRE_MAX").then(|| "500ms".to_owned());
    let house = House::configured(Engine::Sqlite, short).await.unwrap();
    // A backup program that does not know how, say.
    let mut other = SqliteConnectOptions::new().filename(file(&house.database_url)).connect().await.unwrap();
    other.execute("begin immediate").await.unwrap();
    let (kela, input) = (house.kela(), json!({ "input": { "disclosures": [report("busy")] } }));
    let asked = Instant::now();
    assert_eq!(codes(&house.ask(&kela, RECORD, input.clone()).await), ["UNAVAILABLE"]);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    other.execute("rollback").await.unwrap();
    house.recorded(&kela, &[report("busy")]).await;
}

async fn verified(directory: &Path, url: &str) -> (bool, String) {
    let output = run(&settings(directory, url), &["verify"]).await;
    (output.status.success(), text(&output.stderr) + &text(&output.stdout))
}

async fn sample() -> (Arc<tempfile::TempDir>, String) {
    closed(House::sample(Engine::Sqlite).await.unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_names_a_damaged_file_and_a_reference_that_leads_nowhere() {
    let (directory, url) = sample().await;
    let (sound, said) = verified(directory.path(), &url).await;
    assert!(sound && said.contains("storage: the file is checked, 0 faults"), "{said}");

    let options = SqliteConnectOptions::new().filename(file(&url)).foreign_keys(false);
    let mut connection = options.connect().await.unwrap();
    connection
        .execute(
            "update contact_topic set contact_id = x'00000000000000000000000000000001' \
         where id = (select id from contact_topic limit 1)",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();
    let (sound, said) = verified(directory.path(), &url).await;
    assert!(!sound && said.contains("storage: a row of `contact_topic` refers to a row of `contact`"), "{said}");

    let (directory, url) = sample().await;
    let mut bytes = std::fs::read(file(&url)).unwrap();
    // Pages in the middle of the file, their heads included.
    let (from, page) = (bytes.len() / 2 / 4096 * 4096, 4096);
    for at in 0..8 {
        bytes[from + at * page..from + at * page + 64].fill(0xff);
    }
    std::fs::write(file(&url), bytes).unwrap();
    let (sound, said) = verified(directory.path(), &url).await;
    assert!(!sound && said.contains("storage: "), "{said}");
}
