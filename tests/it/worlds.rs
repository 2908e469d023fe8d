//! Worlds: a faulty file writes nothing, a good one twice is once, and an export is the registry again.

use api::{
    app::{self, ImportError},
    world::{self, Admission, WorldFile},
};

use crate::{
    house::{Engine, House},
    on_both_engines,
    process::{closed, run, settings, text},
    reports::assert_whole,
};

fn file(name: &str, text: &str) -> WorldFile {
    WorldFile { name: name.to_owned(), text: text.to_owned() }
}

impl House {
    async fn import(&self, files: &[WorldFile]) -> Result<app::Imported, ImportError> {
        app::import(&self.app.gateway, &self.app.recorder, files, "import").await
    }

    fn seq(&self) -> i64 {
        self.app.gateway.journal.facts().seq
    }
}

const GOOD: &str = "organisations:
  - {business_id: 2222222-9, name: {fi: Uusi}, kind: PRIVATE_BODY, authority_status: PRIVATE, identifier_source: SYNTHETIC}
";

const FAULTY: &str = "organisations:
  - {business_id: 2222222-8, name: {fi: Uusi}, kind: PRIVATE_BODY, authority_status: PRIVATE, identifier_source: SYNTHETIC}
purposes:
  - {code: NEW_PURPOSE, name: {sv: Nytt}}
disclosures:
  - discloser: 0246246-0
    message_id: of a faulty file
    recipient: 3221308-6
    register: KELMU
    items: [KEL.NOTHING]
    purpose: SOCIAL_ASSISTANCE
    channel: TECHNICAL_INTERFACE
    operation: READ
    occurred_at: 2026-11-02T08:00:00Z
    subject: {personal_identity_code: 010594Y9033}
    client_system: pirha-asiakastieto
    outcome: DELIVERED
";

/// Disclosures of Kela: two good ones, and what the log or the rules of a report refuse.
fn disclosures(rows: &[&str]) -> WorldFile {
    let row = |row: &&str| {
        format!(
            "  - {{discloser: 0246246-0, recipient: 3221308-6, register: KELMU, items: [KEL.DECISION], \
             purpose: SOCIAL_ASSISTANCE, subject: {{personal_identity_code: 010594Y9032}}, {row}}}\n"
        )
    };
    file("disclosures.yaml", &format!("disclosures:\n{}", rows.iter().map(row).collect::<Vec<_>>().concat()))
}

const BY_INTERFACE: &str =
    "channel: TECHNICAL_INTERFACE, client_system: pirha-asiakastieto, occurred_at: 2026-11-02T08:00:00Z";

on_both_engines! {
    async fn a_disclosure_that_cannot_be_recorded_stops_the_registry_part_too(house: House) {
        let of = |rest: &str| format!("{BY_INTERFACE}, {rest}");
        let good = of("message_id: imported");
        house.import(&[disclosures(&[&good])]).await.unwrap();
        let before = (house.seq(), house.log_size().await);

        // What the rules of a report refuse is said together with the faults of the registry, each where it stands.
        let formed = [
            good.clone(),
            "channel: VIEWING_CONNECTION, occurred_at: 2026-11-02T08:00:00Z, message_id: nobody looked".to_owned(),
            "channel: OTHER, occurred_at: 2996-11-02T08:00:00Z, message_id: of the future".to_owned(),
            of("message_id: telling, case_reference: x 131052-308T"),
            of("message_id: twice"),
            of("message_id: twice, operation: LIST"),
        ];
        let formed: Vec<&str> = formed.iter().map(String::as_str).collect();
        let files = [file("good.yaml", GOOD), disclosures(&formed)];
        let places = |faults: Vec<world::WorldFault>| -> Vec<(usize, String)> {
            faults.into_iter().map(|fault| (fault.line, fault.path)).collect()
        };
        let Err(ImportError::Faults(faults)) = house.import(&files).await else { panic!("it was imported") };
        assert!(!faults.iter().any(|fault| fault.to_string().contains("131052")), "{faults:#?}");
        let expected = [
            (3, "disclosures.1.end_user".to_owned()),
            (4, "disclosures.2.occurred_at".to_owned()),
            (5, "disclosures.3.case_reference".to_owned()),
            (7, "disclosures.5.message_id".to_owned()),
        ];
        assert_eq!(places(faults), expected);
        assert_eq!((house.seq(), house.log_size().await), before);

        // What only the log can refuse is found before anything stands, and a dry run finds the same.
        let logged = [
            of("message_id: imported, outcome: EMPTY"),
            of("message_id: corrects nothing, corrects: nothing"),
            of("message_id: correction, corrects: imported"),
            of("message_id: second correction, corrects: imported"),
        ];
        let logged: Vec<&str> = logged.iter().map(String::as_str).collect();
        let files = [file("good.yaml", GOOD), disclosures(&logged)];
        let expected = [
            (2, "disclosures.0.message_id".to_owned()),
            (3, "disclosures.1.corrects".to_owned()),
            (5, "disclosures.3.corrects".to_owned()),
        ];
        let (gateway, recorder) = (&house.app.gateway, &house.app.recorder);
        for outcome in [house.import(&files).await, app::rehearse(gateway, recorder, &files, Admission::Whole).await] {
            let Err(ImportError::Faults(faults)) = outcome else { panic!("it was imported") };
            assert_eq!(places(faults), expected);
            assert_eq!((house.seq(), house.log_size().await), before);
            assert!(house.app.gateway.journal.facts().organisation_of("2222222-9").is_none());
        }

        // Without them a dry run says what an import then does.
        let files = [file("good.yaml", GOOD), disclosures(&[&good, logged[2]])];
        let foreseen = app::rehearse(gateway, recorder, &files, Admission::Whole).await.unwrap();
        assert_eq!((house.seq(), house.log_size().await), before);
        assert_eq!(house.import(&files).await.unwrap(), foreseen);
        assert_eq!((foreseen.rows, foreseen.disclosures), (1, 2));
        assert_eq!((house.seq(), house.log_size().await), (before.0 + 1, before.1 + 2));
        assert_whole(&house.app).await;
    }

    async fn a_faulty_world_writes_nothing_and_names_every_fault_with_its_line(house: House) {
        let before = (house.seq(), house.log_size().await);
        let files = [file("good.yaml", GOOD), file("faulty.yaml", FAULTY), file("broken.yaml", "organisations: [\n")];
        let Err(ImportError::Faults(faults)) = house.import(&files).await else { panic!("it was imported") };
        let lines: Vec<(&str, usize, &str)> =
            faults.iter().map(|fault| (fault.file.as_str(), fault.line, fault.path.as_str())).collect();
        for place in [("faulty.yaml", 2, "organisations.0.business_id"), ("faulty.yaml", 4, "purposes.0.name")] {
            assert!(lines.contains(&place), "{place:?} in {lines:?}");
        }
        assert!(lines.iter().any(|(file, ..)| *file == "broken.yaml"), "{lines:?}");
        assert!(!faults.iter().any(|fault| fault.to_string().contains("010594Y9033")));
        assert_eq!((house.seq(), house.log_size().await), before);
        assert!(house.app.gateway.journal.facts().organisation_of("2222222-9").is_none());
    }

    async fn a_world_imported_twice_changes_nothing(house: House) {
        let before = (house.seq(), house.log_size().await);
        let imported = house.import(&world::sample()).await.unwrap();
        assert_eq!(imported.rows, 0);
        assert!(imported.disclosures > 2_000);
        assert_eq!((house.seq(), house.log_size().await), before);
        let once = house.import(&[file("good.yaml", GOOD)]).await.unwrap();
        assert_eq!((once.rows, house.seq()), (1, before.0 + 1));
        assert_eq!(house.import(&[file("good.yaml", GOOD)]).await.unwrap().rows, 0);
        assert_whole(&house.app).await;
    }

    async fn an_export_into_an_empty_gateway_gives_the_same_registry(house: House) {
        let (facts, fingerprints) = (house.app.gateway.journal.facts(), house.app.gateway.keys.pseudonym_fingerprints());
        let exported = world::export(&facts, &fingerprints);
        let (directory, url) = House::empty(&house).await;
        let config = crate::house::config(directory.path(), &url, |name| (name == "SEED").then(|| "none".to_owned()));
        let empty = app::App::open(config, api::clock::Clock::default()).await.unwrap();
        assert_eq!(empty.gateway.journal.facts().tables().rows().count(), 0);

        // Pseudonyms of another key are refused, each where it stands; whoever moves the key says so in the files.
        let own = empty.gateway.keys.pseudonym_fingerprints();
        let Err(ImportError::Faults(faults)) = app::import(&empty.gateway, &empty.recorder, &exported, "import").await else {
            panic!("pseudonyms of another key were imported")
        };
        assert!(faults.iter().all(|fault| fault.path.ends_with("key_fingerprint")), "{faults:#?}");
        assert_eq!(empty.gateway.journal.facts().seq, 0);
        let moved: Vec<_> = exported.iter().map(|file| WorldFile { text: file.text.replace(&fingerprints[&1], &own[&1]), ..file.clone() }).collect();
        app::import(&empty.gateway, &empty.recorder, &moved, "import").await.unwrap();
        let copy = empty.gateway.journal.facts();
        assert_eq!(copy.tables().rows().count(), facts.tables().rows().count());
        assert_eq!(world::export(&copy, &fingerprints), exported);
        assert_whole(&empty).await;
    }
}

impl House {
    /// Directory and database without anything in them, on the engine of the house.
    async fn empty(&self) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        if self.database_url.starts_with("sqlite:") {
            let url = crate::house::sqlite_url(directory.path());
            return (directory, url);
        }
        let cluster = crate::postgres::cluster().await.unwrap();
        let url = cluster.url(&cluster.create_database(None).await);
        (directory, url)
    }
}

#[tokio::test]
async fn the_command_line_names_faults_and_writes_nothing_on_a_dry_run() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let settings = settings(directory.path(), &url);
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("10-faulty.yaml"), FAULTY).unwrap();
    let output = run(&settings, &["import", files.path().to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("10-faulty.yaml:2:") && said.contains("nothing was written"), "{said}");
    assert!(!said.contains("010594Y9033"), "{said}");

    std::fs::write(files.path().join("10-faulty.yaml"), GOOD).unwrap();
    let output = run(&settings, &["import", "--dry-run", files.path().to_str().unwrap()]).await;
    assert!(output.status.success() && text(&output.stdout).contains("1 registry rows"), "{}", text(&output.stdout));
    let exported = files.path().join("export");
    for _ in 0..2 {
        let output = run(&settings, &["import", files.path().to_str().unwrap()]).await;
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let output = run(&settings, &["export", exported.to_str().unwrap()]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = run(&settings, &["import", exported.to_str().unwrap()]).await;
    assert!(text(&output.stdout).starts_with("0 registry rows written"), "{}", text(&output.stdout));
}
