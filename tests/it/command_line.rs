//! The command line: what it prints, what it refuses, and how it ends.

use std::{path::Path, process::Stdio};

use api::keys::{Issuance, Keys};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    house::{Engine, House, KELA, sqlite_url},
    process::{Serving, ask, closed, gateway, run, settings, text},
    reports::{RECORD, report},
};

/// `sysexits`: wrong settings, and something needed that is not to be had.
const CONFIG: Option<i32> = Some(78);
const UNAVAILABLE: Option<i32> = Some(69);

async fn sample() -> House {
    House::sample(Engine::Sqlite).await.unwrap()
}

#[tokio::test]
async fn token_prints_just_a_token_that_works() {
    let house = sample().await;
    let settings = settings(house.directory.path(), &house.database_url);
    let arguments = ["token", "--org", KELA, "--role", "officer", "--role", "auditor", "--sub", "me", "--ttl", "2m"];
    let output = run(&settings, &arguments).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let token = text(&output.stdout);
    assert_eq!((token.lines().count(), token.trim().split('.').count()), (1, 3));
    let query = "{ viewer { subject roles organisation { businessId } } }";
    let viewer = house.data(token.trim(), query, json!({})).await["viewer"].clone();
    let expected = json!({ "subject": "me", "roles": ["OFFICER", "AUDITOR"], "organisation": { "businessId": KELA } });
    assert_eq!(viewer, expected);

    let wrong = run(&settings, &["token", "--org", "0246246-1", "--role", "king"]).await;
    assert!(!wrong.status.success() && wrong.stdout.is_empty());
    assert!(text(&wrong.stderr).contains("0246246-1"));
    for wrong in [["--sub", "131052-308T"], ["--ttl", "0s"]] {
        let arguments = [&["token", "--org", KELA, "--role", "officer"][..], &wrong].concat();
        let refused = run(&settings, &arguments).await;
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_code_given_as_an_argument_is_refused_and_not_shown() {
    for arguments in [&["erase", "131052-308T"][..], &["131052-308T"], &["token", "--sub=131052-308T", "--nonsense"]] {
        let refused = run(&[], arguments).await;
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(!text(&refused.stderr).contains("308T") && refused.stdout.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn schema_prints_the_schema_of_the_repository() {
    let output = run(&[], &["schema"]).await;
    let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql")).unwrap();
    assert!(output.status.success());
    // Where they differ is said by the test of the schema; here a failure would print it twice.
    assert!(text(&output.stdout) == file, "the printed schema is not that of the repository");
}

#[tokio::test]
async fn config_prints_every_setting_with_its_source_and_no_secret() {
    let settings = [("DATABASE_URL", "postgres://gateway:hunter2@db.example/gateway"), ("QUERY_DEPTH_MAX", "9")];
    let output = run(&settings, &["config", "--listen-addr", "127.0.0.1:9"]).await;
    assert!(output.status.success());
    let printed = text(&output.stdout);
    assert!(!printed.contains("hunter2"), "{printed}");
    for line in [
        "LISTEN_ADDR = 127.0.0.1:9 (flag)",
        "QUERY_DEPTH_MAX = 9 (environment)",
        "FACTS_MAX_AGE = 5s (default)",
        "RUST_LOG = warn (environment)",
        "DATABASE_URL = postgres://***@db.example/gateway (environment)",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line}\n{printed}");
    }
}

#[tokio::test]
async fn wrong_and_unknown_settings_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let file = directory.path().join("gateway.toml");
    std::fs::write(&file, "listen_adr = '127.0.0.1:1'\nquery_depth_max = 0\n").unwrap();
    let data_dir_text = data_dir.to_str().unwrap();
    for (name, value) in [
        ("LISTEN_ADDR", "here"),
        ("DATABASE_URL", "mysql://gateway:hunter2@db"),
        ("FACTS_MAX_AGE", "0s"),
        ("ISSUERS", "{}"),
        ("PAGE_SIZE_MAX", "many"),
        ("RUST_LOG", ""),
    ] {
        let output = super::process::gateway(&[("DATA_DIR", data_dir_text)]).env(name, value).output().await.unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), CONFIG, "{name}: {said}");
        assert!(said.contains(name) && said.contains("allowed: ") && !said.contains("hunter2"), "{said}");
    }
    let output = run(&[("DATA_DIR", data_dir_text)], &["--config", file.to_str().unwrap()]).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), CONFIG, "{said}");
    assert!(said.contains("listen_adr") && said.contains("QUERY_DEPTH_MAX"), "{said}");
    assert!(!data_dir.exists(), "nothing starts on a wrong setting");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_said_without_its_password() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(&settings(directory.path(), "postgres://gateway:hunter2@127.0.0.1:1/gateway"), &[]).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), UNAVAILABLE, "{said}");
    assert!(said.contains("DATABASE_URL") && said.contains("127.0.0.1:1") && !said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn what_needs_a_database_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let url = sqlite_url(directory.path());
    for arguments in [&["token", "--org", KELA, "--role", "officer"][..], &["verify"]] {
        let output = run(&settings(directory.path(), &url), arguments).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), UNAVAILABLE, "{said}");
        assert!(said.contains("DATABASE_URL") && said.contains("first"), "{said}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let mut child = gateway(&[]).arg("schema").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[tokio::test]
async fn nothing_to_import_is_said() {
    let house = sample().await;
    let (directory, database_url) = closed(house).await;
    let empty = tempfile::tempdir().unwrap();
    let output = run(&settings(directory.path(), &database_url), &["import", empty.path().to_str().unwrap()]).await;
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("no world files"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn a_second_process_on_the_embedded_database_is_refused() {
    let house = sample().await;
    let settings = settings(house.directory.path(), &house.database_url);
    for arguments in [&[][..], &["seed"], &["export", "/nowhere"], &["migrate"], &["migrate", "--down"]] {
        let output = run(&settings, arguments).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), UNAVAILABLE, "{said}");
        assert!(said.contains("another gateway") && said.contains("DATA_DIR"), "{said}");
    }
    assert!(house.app.gateway.journal.facts().organisation_of(KELA).is_some());
    house.recorded(&house.kela(), &[report("its tables still stand")]).await;
    let (directory, database_url) = closed(house).await;
    let freed = run(&super::process::settings(directory.path(), &database_url), &["seed"]).await;
    assert!(freed.status.success(), "{}", text(&freed.stderr));
    assert!(text(&freed.stdout).starts_with("0 registry rows written"), "{}", text(&freed.stdout));
}

#[tokio::test]
async fn missing_and_foreign_keys_are_refused_by_name() {
    let (directory, database_url) = closed(sample().await).await;
    let foreign = tempfile::tempdir().unwrap();
    Keys::create(foreign.path(), Issuance::Development).unwrap().keep().unwrap();
    let settings = settings(directory.path(), &database_url);
    for key in ["dev-issuer.jwk", "log.key", "pseudonym-v1.key"] {
        let (path, aside) = (directory.path().join(key), directory.path().join("aside"));
        std::fs::rename(&path, &aside).unwrap();
        for (prepared, why) in [(false, "missing"), (true, "not the one")] {
            if prepared {
                std::fs::copy(foreign.path().join(key), &path).unwrap();
            }
            let output = run(&settings, &[]).await;
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), UNAVAILABLE, "{said}");
            assert!(said.contains(key) && said.contains(why), "{said}");
        }
        std::fs::rename(&aside, &path).unwrap();
    }
    // The keys of one database are not given to another.
    let other = sqlite_url(foreign.path());
    let output = run(&super::process::settings(directory.path(), &other), &[]).await;
    assert_eq!(output.status.code(), UNAVAILABLE);
    assert!(text(&output.stderr).contains("belongs to another database"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn an_empty_registry_is_filled_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let url = sqlite_url(directory.path());
    let settings = settings(directory.path(), &url);
    // A first start that made its keys and was cut short before the sample stood.
    let empty = directory.path().join("export");
    let exported = run(&settings, &["export", empty.to_str().unwrap()]).await;
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    let house = House::reopen(&std::sync::Arc::new(directory), &url).await;
    assert!(!house.app.is_new);
    assert!(house.app.gateway.journal.facts().organisation_of(KELA).is_some());
    assert!(house.log_size().await > 2_000);
}

#[tokio::test]
async fn verify_says_that_the_tables_equal_the_journal() {
    let (directory, database_url) = closed(sample().await).await;
    let settings = settings(directory.path(), &database_url);
    let output = run(&settings, &["verify"]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    // A row changed behind the journal's back is found.
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&database_url).await.unwrap();
    let changed = "update organisation set name_fi = 'Toinen' where business_id = '0246246-0'";
    sqlx::Executor::execute(&mut connection, changed).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let output = run(&settings, &["verify"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("organisation"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn verify_names_the_version_that_is_not_what_its_hash_says() {
    let (directory, database_url) = closed(sample().await).await;
    let settings = settings(directory.path(), &database_url);
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&database_url).await.unwrap();
    let altered = "insert into agreement_version (id, agreement_id, version, content, content_hash)
        select randomblob(16), id, 9, '{}', 'abc' from agreement where number = 'SOT-2024-001'";
    sqlx::Executor::execute(&mut connection, altered).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let output = run(&settings, &["verify"]).await;
    let said = text(&output.stderr);
    assert!(said.contains("version 9 of SOT-2024-001 is not what its hash says"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains_and_ends_well() {
    let (directory, database_url) = closed(sample().await).await;
    let settings = settings(directory.path(), &database_url);
    let token = text(&run(&settings, &["token", "--org", KELA, "--role", "system"]).await.stdout).trim().to_owned();
    let serving = Serving::start(&settings).await;
    let (client, url) = (reqwest::Client::new(), serving.url.clone());
    let calls = (0..40).map(|call| {
        let (client, url, token) = (client.clone(), url.clone(), token.clone());
        tokio::spawn(async move {
            let reports: Vec<Value> = (0..5).map(|at| report(&format!("drained {call} {at}"))).collect();
            ask(&client, &url, &token, RECORD, &json!({ "input": { "disclosures": reports } })).await
        })
    });
    let calls: Vec<_> = calls.collect();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let ended = serving.terminate().await;
    assert_eq!(ended.code(), Some(0));
    let mut acknowledged = Vec::new();
    for call in calls {
        if let Some((status, body)) = call.await.unwrap() {
            assert_eq!((status, body.get("errors")), (StatusCode::OK, None), "{body:#}");
            acknowledged.extend(body["data"]["recordDisclosures"]["disclosures"].as_array().unwrap().clone());
        }
    }
    let house = House::reopen(&directory, &database_url).await;
    let rows = house.rows().await;
    for said in acknowledged {
        let found = rows.iter().find(|row| said["messageId"] == row.message_id.as_str()).unwrap();
        assert_eq!(said["leafIndex"], found.leaf_index);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_prints_an_address_and_tokens_that_work() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let serving_settings = [("DATA_DIR", data_dir.to_str().unwrap()), ("LISTEN_ADDR", "127.0.0.1:0")];
    let mut serving = Serving::start(&serving_settings).await;
    assert!(serving.url.starts_with("http://127.0.0.1:") && serving.url.ends_with("/graphql"), "{}", serving.url);
    let printed = serving.printed().await;
    assert!(printed.iter().any(|line| line.contains("signs its own tokens")), "it says so loudly");
    let client = reqwest::Client::new();
    let tokens: Vec<(&str, &str)> =
        printed.iter().filter_map(|line| line.strip_prefix("export ")?.split_once('=')).collect();
    assert!(tokens.len() >= 8, "{printed:#?}");
    for (name, token) in tokens {
        let viewer = "{ viewer { roles organisation { name } } }";
        let (status, body) = ask(&client, &serving.url, token, viewer, &json!({})).await.unwrap();
        assert_eq!((status, body.get("errors")), (StatusCode::OK, None), "{name}: {body:#}");
    }
    // Everything stands in the one directory, the keys for nobody else to read.
    assert!(data_dir.join("disclosure-gateway.db").exists());
    for key in ["dev-issuer.jwk", "log.key", "pseudonym-v1.key"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(data_dir.join(key)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{key}");
    }
    assert_eq!(serving.terminate().await.code(), Some(0));
    // The second start makes nothing anew.
    let again = Serving::start(&serving_settings).await;
    assert_eq!(again.terminate().await.code(), Some(0));
}

impl House {
    /// Gateway on a directory that nobody else has open.
    pub async fn reopen(directory: &std::sync::Arc<tempfile::TempDir>, database_url: &str) -> Self {
        let config = crate::house::config(directory.path(), database_url, |_| None);
        let app = api::app::App::open(config, api::clock::Clock::default()).await.unwrap();
        let router = app.router().await.unwrap();
        Self { app, router, directory: std::sync::Arc::clone(directory), database_url: database_url.to_owned() }
    }
}

#[tokio::test]
async fn settings_are_tried_before_a_start_meets_them() {
    let house = sample().await;
    let (directory, url) = closed(house).await;
    let settings = settings(directory.path(), &url);
    let sound = run(&settings, &["config", "check"]).await;
    assert!(sound.status.success(), "{}", text(&sound.stdout));
    assert!(text(&sound.stdout).contains("the keys in DATA_DIR are its own"));

    let issuers = r#"[{"issuer": "https://i.example", "audience": "g", "jwks_file": "/nowhere/keys.json"}]"#;
    let nowhere = directory.path().join("nowhere.pem");
    let nowhere = nowhere.to_str().unwrap();
    let files = [("ISSUERS", issuers), ("TLS_CERTIFICATE_FILE", nowhere), ("TLS_PRIVATE_KEY_FILE", nowhere)];
    let faulty = run(&[&settings[..], &files].concat(), &["config", "check"]).await;
    let said = text(&faulty.stdout);
    assert_eq!(faulty.status.code(), UNAVAILABLE, "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("FAULT")).count(), 2, "{said}");
    assert_eq!(run(&[&settings[..], &[("SEED", "all")]].concat(), &["config", "check"]).await.status.code(), CONFIG);

    let empty = tempfile::tempdir().unwrap();
    let new = sqlite_url(empty.path());
    let new = run(&crate::process::settings(empty.path(), &new), &["config", "check"]).await;
    assert!(new.status.success() && text(&new.stdout).contains("no database yet"));
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing is made");

    std::fs::remove_file(directory.path().join("log.key")).unwrap();
    let without = run(&settings, &["config", "check"]).await;
    assert_eq!(without.status.code(), UNAVAILABLE, "{}", text(&without.stdout));
}
