//! A generated world: the same whenever it is made, lawful, whole, and only in a new database.

use std::path::Path;

use api::{
    app::{App, Scale, ScaleError, import, scale},
    clock::Clock,
    scale::Size,
    world,
};
use entity::{
    disclosure,
    vocabulary::{Coverage, Day, helsinki_day},
};
use tempfile::TempDir;

use crate::{
    house::{Engine, config, sqlite_url},
    postgres,
    process::{run, settings, text},
    reports::{assert_whole, rows},
};

/// Few enough for a test, enough for every register and some corrections.
const DISCLOSURES: u64 = 900;

async fn empty(engine: Engine) -> Option<(TempDir, App)> {
    let directory = tempfile::tempdir().unwrap();
    let url = match engine {
        Engine::Sqlite => sqlite_url(directory.path()),
        Engine::Postgres => {
            let cluster = postgres::cluster().await?;
            cluster.url(&cluster.create_database(None).await)
        }
    };
    let none = |name: &str| (name == "SEED").then(|| "none".to_owned());
    let app = App::open(config(directory.path(), &url, none), Clock::default()).await.unwrap();
    Some((directory, app))
}

async fn generated(app: &App) -> Result<Vec<u64>, ScaleError> {
    let mut told = Vec::new();
    let size = Scale { size: Size::fitting(DISCLOSURES), disclosures: DISCLOSURES };
    scale(&app.gateway, &app.recorder, size, |stand| told.push(stand)).await?;
    Ok(told)
}

/// What of a row does not come from clock or chance.
fn fixed(app: &App, row: &disclosure::Model) -> String {
    let facts = app.gateway.journal.facts();
    let agreement = row.agreement_id.and_then(|id| facts.agreement.get(id)).map(|row| row.number.clone());
    format!(
        "{} {:?} {agreement:?} {:?} {:?} {} {:?} {:?} {:?} {}",
        row.message_id,
        row.occurred_at,
        row.discloser_id,
        row.recipient_id,
        row.items_id.0,
        facts.purpose.get(row.purpose_id).unwrap().code,
        row.outcome,
        row.coverage,
        row.subject_count
    )
}

async fn law(engine: Engine) {
    let Some((_kept, app)) = empty(engine).await else { return };
    let told = generated(&app).await.unwrap();
    assert!(told.is_sorted() && told.first() == Some(&0) && told.last() == Some(&DISCLOSURES), "{told:?}");
    assert_whole(&app).await;
    let first = rows(&app).await;
    assert_eq!(first.len() as u64, DISCLOSURES);
    let days = first.iter().map(|row| helsinki_day(row.occurred_at));
    let (from, until): (Day, Day) = ("2021-11-01".parse().unwrap(), "2026-11-01".parse().unwrap());
    assert!(days.clone().all(|day| from <= day && day < until));
    let uncovered: Vec<_> = first.iter().filter(|row| row.coverage != Coverage::Covered).collect();
    assert!(uncovered.len() < first.len() / 20, "{:?}", uncovered.first());
    assert!(first.iter().any(|row| row.corrects_id.is_some()));

    match generated(&app).await {
        Err(ScaleError::NotEmpty { disclosures, .. }) => assert_eq!(disclosures, DISCLOSURES),
        other => panic!("{other:?}"),
    }
    let Some((_kept, again)) = empty(engine).await else { return };
    generated(&again).await.unwrap();
    let mut both = [(&app, first), (&again, rows(&again).await)]
        .map(|(app, rows)| rows.iter().map(|row| fixed(app, row)).collect::<Vec<_>>());
    for rows in &mut both {
        rows.sort_unstable();
    }
    assert!(both[0] == both[1], "{:?}", both[0].iter().zip(&both[1]).find(|(one, other)| one != other));
    app.close().await;
    again.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_world_is_the_same_each_time_on_sqlite() {
    law(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_world_is_the_same_each_time_on_postgres() {
    law(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_registry_is_lawful_wherever_its_files_are_taken_in() {
    let Some((_kept, app)) = empty(Engine::Sqlite).await else { return };
    let size = Scale { size: Size::of_agreements(60), disclosures: 0 };
    scale(&app.gateway, &app.recorder, size, |_| ()).await.unwrap();
    let keys = app.gateway.keys.pseudonym_fingerprints();
    let files = world::export(&app.gateway.journal.facts(), &keys);
    let Some((_other, elsewhere)) = empty(Engine::Sqlite).await else { return };
    // Nothing of it is under a pseudonym, so another key does.
    let (key, other) = (&keys[&1], &elsewhere.gateway.keys.pseudonym_fingerprints()[&1]);
    let files: Vec<_> = files
        .into_iter()
        .map(|file| world::WorldFile { text: file.text.replace(key, other), name: file.name })
        .collect();
    let imported = import(&elsewhere.gateway, &elsewhere.recorder, &files, "import").await.unwrap();
    assert!(imported.rows > 1_000, "{}", imported.rows);
    assert_eq!(import(&elsewhere.gateway, &elsewhere.recorder, &files, "import").await.unwrap().rows, 0);
    assert_whole(&elsewhere).await;
    app.close().await;
    elsewhere.close().await;
}

#[tokio::test]
async fn command_says_how_far_it_has_come_and_refuses_what_is_not_empty() {
    let directory = tempfile::tempdir().unwrap();
    let url = sqlite_url(Path::new(directory.path()));
    let settings = settings(directory.path(), &url);
    let done = run(&settings, &["seed", "--scale", "40"]).await;
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(text(&done.stdout).starts_with("20 agreements and 40 disclosures stand"), "{}", text(&done.stdout));
    assert!(text(&done.stderr).contains("40 of 40 disclosures"), "{}", text(&done.stderr));
    let refused = run(&settings, &["seed", "--scale", "40"]).await;
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("40 disclosures stand"), "{}", text(&refused.stderr));
    for wrong in ["0", "100000001", "many"] {
        assert!(!run(&settings, &["seed", "--scale", wrong]).await.status.success(), "{wrong}");
    }
}
