//! Backups as an operator makes them: while the gateway serves, whole or not there, and restored to where nothing stands, with
//! every row that was acknowledged before.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use api::auth::Role;
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::{
    contract::{RECORD, disclosure},
    house::{Engine, House, KELA, sqlite_url},
    on_both_engines,
    postgres::{self, Cluster, Durability},
    process::{Serving, ask, closed, gateway, run, settings, text},
    runtime_role::{DATABASE, GRANTS, ROLES},
};

/// Directory and database of one gateway, and its token.
struct Place {
    directory: Arc<TempDir>,
    url: String,
    path: String,
    token: String,
}

impl Place {
    async fn of(house: House) -> Self {
        let token = house.token(KELA, Role::System);
        let (directory, url) = closed(house).await;
        Self { directory, url, path: tools(), token }
    }

    /// Another place of the same engine, where nothing stands.
    async fn empty(&self) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let url = if self.url.starts_with("sqlite") {
            sqlite_url(directory.path())
        } else {
            let cluster = postgres::cluster().await.unwrap();
            cluster.url(&cluster.create_database(None).await)
        };
        Self { directory, url, path: self.path.clone(), token: self.token.clone() }
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        let mut all = settings(self.directory.path(), &self.url).to_vec();
        all.push(("PATH", &self.path));
        all
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        run(&self.settings(), arguments).await
    }

    async fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    async fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        assert!(!output.status.success(), "{arguments:?}: {}", text(&output.stdout));
        text(&output.stderr)
    }

    async fn serving(&self) -> Serving {
        Serving::start(&self.settings()).await
    }
}

/// Where the tools of PostgreSQL are, and the system's.
fn tools() -> String {
    let tools = postgres::binaries().map(|directory| format!("{}:", directory.display())).unwrap_or_default();
    format!("{tools}/usr/local/bin:/usr/bin:/bin")
}

/// Records one message: where it stands in the log.
async fn record(client: &reqwest::Client, url: &str, token: &str, message: &str) -> Option<i64> {
    let input = json!({"input": {"disclosures": [disclosure(message)]}});
    let (status, body) = ask(client, url, token, RECORD, &input).await?;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(body["data"]["recordDisclosures"]["userErrors"], json!([]), "{body}");
    body["data"]["recordDisclosures"]["disclosures"][0]["leafIndex"].as_i64()
}

/// Messages recorded one after another until it is told to stop, each with its place in the log once it was acknowledged.
struct Load {
    acknowledged: Arc<Mutex<Vec<(String, i64)>>>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Load {
    fn start(url: &str, token: &str) -> Self {
        let (acknowledged, stop) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let (noted, stopped, url, token) =
            (Arc::clone(&acknowledged), Arc::clone(&stop), url.to_owned(), token.to_owned());
        let task = tokio::spawn(async move {
            let client = reqwest::Client::new();
            for at in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let message = format!("backup/{at}");
                let leaf = record(&client, &url, &token, &message).await.expect("an answer");
                noted.lock().unwrap().push((message, leaf));
            }
        });
        Self { acknowledged, stop, task }
    }

    fn so_far(&self) -> Vec<(String, i64)> {
        self.acknowledged.lock().unwrap().clone()
    }

    async fn reached(&self, messages: usize) {
        while self.so_far().len() < messages {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}

fn manifest(backup: &Path) -> Value {
    serde_json::from_slice(&fs::read(backup.join("manifest.json")).unwrap()).unwrap()
}

fn named(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

on_both_engines! {
    async fn backup_under_load_is_restored_with_every_row_acknowledged_before_it(house: House) {
        let place = Place::of(house).await;
        let kept = tempfile::tempdir().unwrap();
        let backup = kept.path().join("monday");
        let serving = place.serving().await;
        let load = Load::start(&serving.url, &place.token);
        load.reached(20).await;
        let before = load.so_far();
        let said = place.done(&["backup", backup.to_str().unwrap()]).await;
        assert!(said.starts_with("backup: "), "{said}");
        load.reached(load.so_far().len() + 5).await;
        load.end().await;
        assert!(serving.terminate().await.success());

        let manifest = manifest(&backup);
        assert_eq!(named(kept.path()), ["monday"], "nothing else is left");
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(backup.clone()), 0o700);
        let listed = manifest["files"].as_array().unwrap();
        for name in named(&backup) {
            assert_eq!(mode(backup.join(&name)), 0o600, "{name}");
            assert!(name == "manifest.json" || listed.iter().any(|file| file["name"] == name.as_str()), "{name}");
        }
        for name in ["log.key", "pseudonym-v1.key", "dev-issuer.jwk", "log-checkpoint"] {
            assert!(listed.iter().any(|file| file["name"] == name), "{name}: {manifest:#}");
        }
        assert!(manifest["checkpoint"].as_i64() <= manifest["position"]["entries"].as_i64(), "{manifest:#}");

        let other = place.empty().await;
        other.done(&["restore", backup.to_str().unwrap()]).await;
        other.done(&["verify"]).await;
        let serving = other.serving().await;
        let client = reqwest::Client::new();
        let mut last = 0;
        for (message, leaf) in &before {
            // A repeat answers as the first did; a row that is missing would be written anew, at the end of the log.
            let again = record(&client, &serving.url, &other.token, message).await;
            assert_eq!(again, Some(*leaf), "{message}");
            last = *leaf;
        }
        let new = record(&client, &serving.url, &other.token, "backup/after").await.unwrap();
        assert!(new >= manifest["position"]["entries"].as_i64().unwrap() && new > last);
        assert!(serving.terminate().await.success());
        other.done(&["verify"]).await;
    }

    async fn nothing_is_restored_where_something_stands_or_from_what_was_altered(house: House) {
        let place = Place::of(house).await;
        let kept = tempfile::tempdir().unwrap();
        let path = kept.path().join("b");
        let backup = path.to_str().unwrap();
        place.done(&["backup", backup]).await;
        assert!(place.refused(&["backup", backup]).await.contains("stands already"));
        assert!(place.refused(&["restore", backup]).await.contains("stands in DATA_DIR"));

        let other = place.empty().await;
        let nowhere = kept.path().join("nowhere");
        assert!(other.refused(&["restore", nowhere.to_str().unwrap()]).await.contains("no backup"));
        for name in ["log.key", manifest(&path)["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).find(|name| name.starts_with("disclosure-gateway")).unwrap()] {
            let file = path.join(name);
            let whole = fs::read(&file).unwrap();
            let mut altered = whole.clone();
            let middle = altered.len() / 2;
            altered[middle] ^= 1;
            fs::write(&file, &altered).unwrap();
            assert!(other.refused(&["restore", backup]).await.contains(&format!("`{name}` is not the file")), "{name}");
            fs::remove_file(&file).unwrap();
            assert!(other.refused(&["restore", backup]).await.contains(&format!("`{name}` is not the file")), "{name}");
            fs::write(&file, &whole).unwrap();
        }
        assert!(named(other.directory.path()).iter().all(|name| name == "gateway.lock"), "{:?}", named(other.directory.path()));
        other.done(&["restore", backup]).await;
        other.done(&["verify"]).await;
        // Keys gone, tables there: it is not written over either.
        for name in named(other.directory.path()) {
            if !name.starts_with("gateway") {
                fs::remove_file(other.directory.path().join(name)).unwrap();
            }
        }
        other.refused(&["restore", backup]).await;
    }

    async fn checkpoint_shown_after_the_backup_stays_and_the_log_is_then_not_signed(house: House) {
        let place = Place::of(house).await;
        let kept = tempfile::tempdir().unwrap();
        let path = kept.path().join("b");
        place.done(&["backup", path.to_str().unwrap()]).await;
        let serving = place.serving().await;
        record(&reqwest::Client::new(), &serving.url, &place.token, "after-the-backup").await.unwrap();
        assert!(serving.terminate().await.success());

        let other = place.empty().await;
        let checkpoint = fs::read(place.directory.path().join("log-checkpoint")).unwrap();
        fs::write(other.directory.path().join("log-checkpoint"), &checkpoint).unwrap();
        let said = other.done(&["restore", path.to_str().unwrap()]).await;
        assert!(said.contains("the log will not be signed"), "{said}");
        assert_eq!(fs::read(other.directory.path().join("log-checkpoint")).unwrap(), checkpoint);
        let serving = other.serving().await;
        let base = serving.url.trim_end_matches("/graphql").to_owned();
        let contradicted = async {
            loop {
                let ready = reqwest::get(format!("{base}/readyz")).await.unwrap();
                if ready.text().await.unwrap().contains("contradicts") {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), contradicted).await.expect("it says why it is not ready");
        assert!(serving.terminate().await.success());

        let stranger = place.empty().await;
        fs::write(stranger.directory.path().join("log-checkpoint"), "of another log\n1\nx\n").unwrap();
        assert!(stranger.refused(&["restore", path.to_str().unwrap()]).await.contains("of another log"));
    }

    async fn backup_that_is_killed_leaves_the_gateway_whole_and_no_backup(house: House) {
        let place = Place::of(house).await;
        let kept = tempfile::tempdir().unwrap();
        let backup = kept.path().join("b");
        let serving = place.serving().await;
        let load = Load::start(&serving.url, &place.token);
        load.reached(5).await;
        let mut unfinished = 0;
        for delay in [0, 20, 40, 60, 80, 120, 160, 240] {
            let mut child = gateway(&place.settings()).args(["backup", backup.to_str().unwrap()]).spawn().unwrap();
            // From when it has begun to write.
            let begun = named(kept.path()).len();
            while named(kept.path()).len() == begun && child.try_wait().unwrap().is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(delay)).await;
            // One that has ended already cannot be killed.
            drop(child.kill().await);
            if backup.exists() {
                // It was quicker than we: then it is whole.
                assert!(manifest(&backup)["files"].as_array().unwrap().len() >= 5);
                fs::remove_dir_all(&backup).unwrap();
            } else {
                unfinished += 1;
            }
        }
        assert!(unfinished > 0, "no backup was killed in the middle");
        assert!(named(kept.path()).iter().all(|name| name.starts_with(".b.") && name.ends_with(".unfinished")), "{:?}", named(kept.path()));
        let first = named(kept.path())[0].clone();
        let other = place.empty().await;
        assert!(other.refused(&["restore", kept.path().join(first).to_str().unwrap()]).await.contains("no backup"));
        place.done(&["backup", backup.to_str().unwrap()]).await;
        load.reached(load.so_far().len() + 5).await;
        load.end().await;
        assert!(serving.terminate().await.success());
        place.done(&["verify"]).await;
        other.done(&["restore", backup.to_str().unwrap()]).await;
        other.done(&["verify"]).await;
    }
}

#[tokio::test]
async fn backup_of_one_engine_is_not_restored_into_the_other() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let place = Place::of(house).await;
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("b");
    place.done(&["backup", path.to_str().unwrap()]).await;
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let url = sqlite_url(directory.path());
    let other = Place { directory, url, ..place };
    assert!(other.refused(&["restore", path.to_str().unwrap()]).await.contains("another engine"));
}

/// The same address with another host before it, where nobody answers.
fn of_two_hosts(url: &str) -> String {
    url.replacen('@', "@127.0.0.1:1,", 1)
}

#[tokio::test]
async fn backup_of_the_primary_among_hosts_is_restored_where_its_roles_do_not_stand() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let place = Place::of(house).await;
    let mut connection = PgConnection::connect(&place.url).await.unwrap();
    connection.execute("create role backup_reader nologin").await.unwrap();
    connection.execute("grant select on change to backup_reader").await.unwrap();
    connection.close().await.unwrap();
    let place = Place { url: of_two_hosts(&place.url), ..place };
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("b");
    place.done(&["backup", path.to_str().unwrap()]).await;

    // A new server, in the order of the guide.
    let machine = Cluster::start(Durability::Test).await.unwrap();
    let superuser = machine.url(&machine.create_database(None).await);
    let owner = superuser.replacen("postgres@", "disclosure_owner@", 1);
    let run = async |url: &str, script: &'static str| {
        let mut connection = PgConnection::connect(url).await.unwrap();
        connection.execute(sqlx::raw_sql(script)).await.unwrap();
    };
    run(&superuser, ROLES).await;
    run(&superuser, DATABASE).await;
    let url = of_two_hosts(&owner);
    let other = Place { directory: Arc::new(tempfile::tempdir().unwrap()), url, ..place };
    other.done(&["restore", path.to_str().unwrap()]).await;
    run(&owner, GRANTS).await;
    other.done(&["verify"]).await;
    let rights = "select has_table_privilege('disclosure_gateway', 'disclosure', 'insert') \
                  and not has_function_privilege('disclosure_gateway', 'disclosure_drop(date)', 'execute')";
    let mut connection = PgConnection::connect(&owner).await.unwrap();
    assert!(sqlx::query_scalar::<_, bool>(rights).fetch_one(&mut connection).await.unwrap());
    let parameter = format!("{}?sslcrl=/crl", other.url);
    let unsafe_place = Place { directory: Arc::new(tempfile::tempdir().unwrap()), url: parameter, ..other };
    let refused = unsafe_place.refused(&["backup", kept.path().join("c").to_str().unwrap()]).await;
    assert!(refused.contains("`sslcrl`"), "{refused}");
}

#[tokio::test]
async fn nothing_is_restored_beside_what_another_file_left() {
    let place = Place::of(House::sample(Engine::Sqlite).await.unwrap()).await;
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("b");
    place.done(&["backup", path.to_str().unwrap()]).await;
    let (elsewhere, directory) = (tempfile::tempdir().unwrap(), Arc::new(tempfile::tempdir().unwrap()));
    let other = Place { directory, url: sqlite_url(elsewhere.path()), ..place };
    for left in ["gateway.db-wal", "gateway.db-shm", "gateway.db-journal"] {
        let left = elsewhere.path().join(left);
        fs::write(&left, "of another file").unwrap();
        let refused = other.refused(&["restore", path.to_str().unwrap()]).await;
        assert!(refused.contains(&format!("`{}` stands beside", left.display())), "{refused}");
        fs::remove_file(left).unwrap();
    }
    other.done(&["restore", path.to_str().unwrap()]).await;
    other.done(&["verify"]).await;
}
