//! Rotation of the pseudonym key: old rows and new are joined, and a process without the new key says what it lacks.

use api::{
    app::{OpenError, rotate_pseudonym_key},
    auth::Role,
    clock::Clock,
};
use serde_json::json;

use crate::{
    house::{Engine, House, PIRKANMAA, codes, config},
    on_both_engines,
    process::{closed, run, settings, text},
    reports::{assert_whole, report},
};

const BY_USER: &str = r#"{ disclosures(first: 100, filter: { endUser: "pirha-user-1" }) { nodes { messageId } } }"#;

pub async fn closed_and_rotated(house: House) -> House {
    let database_url = house.database_url.clone();
    let (directory, url) = closed(house).await;
    rotate_pseudonym_key(&config(directory.path(), &url, |_| None), &Clock::default()).await.unwrap();
    House::at(directory, database_url).await
}

/// A process that was started before goes on recording, and says what it cannot look up.
async fn runs_on_with_the_first_key(house: &House) {
    house.recorded(&house.kela(), &[report("under the old key still")]).await;
    let officer = house.token(PIRKANMAA, Role::Officer);
    assert_eq!(codes(&house.ask(&officer, BY_USER, json!({})).await), ["UNAVAILABLE"]);
}

on_both_engines! {
    async fn a_rotated_key_joins_old_rows_and_new(house: House) {
        let config = config(house.directory.path(), &house.database_url, |_| None);
        house.recorded(&house.kela(), &[report("under the first key")]).await;
        let house = if house.app.gateway.database.is_sqlite() {
            let refused = rotate_pseudonym_key(&config, &Clock::default()).await;
            assert!(matches!(refused, Err(OpenError::Locked(_))), "an embedded database has one process");
            closed_and_rotated(house).await
        } else {
            let made = rotate_pseudonym_key(&config, &Clock::default()).await.unwrap();
            assert_eq!((made.version, made.file()), (2, "pseudonym-v2.key".to_owned()));
            runs_on_with_the_first_key(&house).await;
            house.reopened().await
        };
        assert_eq!(house.app.gateway.keys.pseudonyms().live_versions(), [1, 2]);
        let change = house.last_change().await;
        assert_ne!(change.reason, None);
        house.recorded(&house.kela(), &[report("under the second key")]).await;
        let rows = house.rows().await;
        let version = |message_id: &str| rows.iter().find(|row| row.message_id == message_id).unwrap().subject_key_version;
        assert_eq!((version("under the first key"), version("under the second key")), (Some(1), Some(2)));
        // A repeat is a repeat, whatever key it was recorded under.
        let again = house.recorded(&house.kela(), &[report("under the first key")]).await;
        assert_eq!(again[0]["leafIndex"], rows.iter().find(|row| row.message_id == "under the first key").unwrap().leaf_index);
        let users = house.data(&house.token(PIRKANMAA, Role::Officer), BY_USER, json!({})).await;
        let found: Vec<&str> = users["disclosures"]["nodes"].as_array().unwrap().iter().map(|row| row["messageId"].as_str().unwrap()).collect();
        assert!(found.contains(&"under the first key") && found.contains(&"under the second key"), "{found:?}");
        assert_whole(&house.app).await;
    }
}

#[tokio::test]
async fn an_operator_rotates_from_the_command_line_and_a_process_without_the_key_names_it() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let settings = settings(directory.path(), &url);
    let rotated = run(&settings, &["keys", "rotate"]).await;
    assert!(text(&rotated.stdout).contains("pseudonym-v2.key"), "{}", text(&rotated.stderr));
    assert!(run(&settings, &["verify"]).await.status.success());
    // The sample is there already, its grants under the first key.
    let seeded = run(&settings, &["seed"]).await;
    assert!(text(&seeded.stdout).starts_with("0 registry rows written"), "{}", text(&seeded.stdout));
    std::fs::remove_file(directory.path().join("pseudonym-v2.key")).unwrap();
    let refused = run(&settings, &["seed"]).await;
    assert!(!refused.status.success() && text(&refused.stderr).contains("pseudonym-v2.key"));
}
