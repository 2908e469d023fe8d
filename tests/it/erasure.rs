//! Erasure: one person's rows lose what ties them to the person, and the log still proves what it proved.

use std::{collections::BTreeSet, process::Stdio};

use api::{
    app::rotate_pseudonym_key,
    auth::Role,
    clock::Clock,
    facts::global_id,
    retention::erase::{Erased, Erasure, erase},
    subject_access::{pseudonym, rules::Person},
};
use entity::{change, disclosure, subject_lookup, vocabulary::PersonalIdentityCode};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, Statement};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::{
    house::{DVV, Engine, House, KELA, config},
    on_both_engines,
    process::{closed, gateway, settings, text},
    reports::{PERSON, assert_whole, faults, leaf_hashes, report, with},
};

/// Another person of the published list.
const OTHER: &str = "020594X903P";

const LOOK_UP: &str = "query($input: SubjectDisclosuresInput!) {
    subjectDisclosures(input: $input) { nodes { id } } }";

/// Years after which all of the sample has passed its time.
const ALL_PAST: u32 = 13;

impl House {
    async fn erased(&self, code: &str, discloser: Option<&str>, decision: Option<&str>) -> Result<usize, api::Error> {
        let erasure = Erasure {
            person: Person::Code(PersonalIdentityCode::parse(code).unwrap()),
            discloser: discloser.map(str::to_owned),
            reason: "Rekisteröidyn pyyntö".to_owned(),
            decision: decision.map(str::to_owned),
        };
        let erased = erase(&self.app.gateway, &erasure).await?;
        Ok(erased.values().map(|Erased { disclosures, lookups }| disclosures + lookups).sum())
    }
}

on_both_engines! {
    async fn an_erasure_unties_one_person_s_rows_and_leaves_every_proof(house: House) {
        let of = |message_id: &str, code: &str| with(report(message_id), json!({ "subject": { "personalIdentityCode": code } }));
        house.recorded(&house.kela(), &[of("hers", OTHER), report("another's")]).await;
        let before = house.rows().await;
        let pseudonym = before.iter().find(|row| row.message_id == "hers").unwrap().subject_pseudonym.clone();
        let hers = before.iter().filter(|row| row.subject_pseudonym == pseudonym).count();
        let (tallies, hashes) = (house.tallies().await, leaf_hashes(&house.app).await);

        let refused = house.erased(OTHER, Some(KELA), None).await.unwrap_err();
        let api::Error::Invalid(faults_of) = refused else { panic!("{refused:?}") };
        assert!(faults_of.iter().all(|fault| fault.path == ["decision"] && fault.message.contains("KELMU")), "{faults_of:?}");
        assert_eq!(house.rows().await, before, "a refusal erases nothing");

        assert_eq!(house.erased(OTHER, Some(KELA), Some("KELA/1/2026")).await.unwrap(), hers);
        let change = house.last_change().await;
        assert_eq!(change.action, "eraseSubject");
        assert_eq!(change.reason, Some(format!("Rekisteröidyn pyyntö (decision KELA/1/2026; {hers} disclosures, 0 look-ups)")));
        for (row, was) in house.rows().await.iter().zip(&before) {
            if was.subject_pseudonym == pseudonym {
                let gone = (&row.salt, &row.subject_pseudonym, row.subject_key_version, &row.user_pseudonym, row.user_key_version);
                assert_eq!((gone, row.erased_seq), ((&None, &None, None, &None, None), Some(change.seq)));
                assert_eq!(row.subject_commitment, was.subject_commitment);
            } else {
                assert_eq!(row, was);
            }
        }
        assert_eq!(house.tallies().await, tallies);
        assert_eq!(leaf_hashes(&house.app).await[..hashes.len()], hashes);
        assert_whole(&house.app).await;
        let again = house.record(&house.kela(), &[of("hers", OTHER)]).await;
        assert_eq!(faults(&again), [("CONFLICT".to_owned(), "input.disclosures.0.messageId".to_owned())]);
        assert_eq!(house.erased(OTHER, Some(KELA), None).await.unwrap(), 0, "nothing of hers is found any more");
    }

    async fn an_erasure_at_every_discloser_is_told_to_each(house: House) {
        let disclosers: BTreeSet<_> = {
            let all = house.rows().await;
            let kela = house.app.gateway.journal.facts().organisation_of(KELA).unwrap().id;
            let person = Person::Code(PersonalIdentityCode::parse(PERSON).unwrap());
            let facts = house.app.gateway.journal.facts();
            let pseudonyms: Vec<[u8; 32]> = facts.organisation.all().filter_map(|row| row.business_id)
                .map(|holder| pseudonym(&house.app.gateway.keys, holder, 1, &person).unwrap()).collect();
            let is_theirs = |row: &&disclosure::Model| pseudonyms.iter().any(|one| row.subject_pseudonym.as_deref() == Some(one));
            let found: BTreeSet<_> = all.iter().filter(is_theirs).map(|row| row.discloser_id).collect();
            assert!(found.len() > 1 && found.contains(&kela));
            found
        };
        let before = house.last_change().await.seq;
        house.erased(PERSON, None, Some("KELA/2/2026")).await.unwrap();
        let told = change::Entity::find().order_by_asc(change::Column::Seq).all(house.app.gateway.database.primary()).await.unwrap();
        let told: BTreeSet<_> = told.into_iter().filter(|change| change.seq > before).map(|change| change.subject).collect();
        assert_eq!(told, disclosers.iter().map(|id| global_id(*id)).collect());
        for row in house.rows().await.iter().filter(|row| row.erased_seq.is_some()) {
            assert!(row.erased_seq > Some(before) && disclosers.contains(&row.discloser_id));
        }
        assert_whole(&house.app).await;
    }

    async fn an_erasure_unties_the_look_ups_too(house: House) {
        let of = |code: &str| json!({ "input": { "subject": { "personalIdentityCode": code }, "reason": "Tarkastus" } });
        let officer = house.token(KELA, Role::Officer);
        for code in [OTHER, PERSON] {
            house.data(&officer, LOOK_UP, of(code)).await;
        }
        house.erased(OTHER, Some(KELA), Some("KELA/4/2026")).await.unwrap();
        let reason = house.last_change().await.reason.unwrap();
        assert!(reason.ends_with("1 look-ups)"), "{reason}");
        let lookups = subject_lookup::Entity::find().order_by_asc(subject_lookup::Column::Id);
        let lookups = lookups.all(house.app.gateway.database.primary()).await.unwrap();
        let names = |row: &subject_lookup::Model| (row.subject_pseudonym.is_some(), row.subject_key_version.is_some());
        assert_eq!(lookups.iter().map(names).collect::<Vec<_>>(), [(false, false), (true, true)]);
        assert_whole(&house.app).await;
    }

    async fn what_no_rule_keeps_is_erased_without_a_decision(house: House) {
        house.recorded(&house.kela(), &[report("long ago")]).await;
        let house = house.years_later(ALL_PAST).await;
        assert!(house.erased(PERSON, Some(KELA), None).await.unwrap() > 0);
        let faulty = house.erased(PERSON, Some("1-1"), None).await.unwrap_err();
        assert!(matches!(faulty, api::Error::Invalid(_)));
    }

    async fn only_the_log_and_its_look_ups_name_a_person(house: House) {
        let sql = if house.app.gateway.database.is_sqlite() {
            "select m.name as t from sqlite_master m join pragma_table_info(m.name) p where m.type = 'table' \
             and p.name like '%subject%pseudonym%' order by m.name"
        } else {
            "select c.relname::text as t from pg_attribute a join pg_class c on c.oid = a.attrelid \
             where c.relkind in ('r', 'p') and not c.relispartition and attname like '%subject%pseudonym%' order by c.relname"
        };
        let db = house.app.gateway.database.read();
        let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        let tables: Vec<String> = found.iter().map(|row| row.try_get("", "t").unwrap()).collect();
        // Whoever adds a table here adds it to the erasure too.
        assert_eq!(tables, ["disclosure", "subject_lookup"]);
    }

    async fn an_erasure_finds_rows_under_every_key(house: House) {
        house.recorded(&house.kela(), &[report("under the first key")]).await;
        let (directory, url) = closed(house).await;
        rotate_pseudonym_key(&config(directory.path(), &url, |_| None), &Clock::default()).await.unwrap();
        let house = House::at(directory, url).await;
        house.recorded(&house.kela(), &[report("under the second key")]).await;
        house.erased(PERSON, Some(KELA), Some("KELA/3/2026")).await.unwrap();
        let rows = house.rows().await;
        let theirs: Vec<_> = rows.iter().filter(|row| row.message_id.starts_with("under the ")).collect();
        assert_eq!(theirs.len(), 2);
        assert!(theirs.iter().all(|row| row.erased_seq.is_some() && row.subject_pseudonym.is_none()));
        assert_whole(&house.app).await;
    }
}

#[tokio::test]
async fn an_operator_erases_from_the_command_line_and_the_identifier_is_never_said() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let settings = settings(directory.path(), &url);
    let erase = async |input: &str, arguments: &[&str]| {
        let mut command = gateway(&settings);
        let mut child = command
            .arg("erase")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(input.trim()), "{said}");
        (output.status.success(), said)
    };
    let (done, said) = erase(
        "010594Z9032
",
        &["--reason", "x"],
    )
    .await;
    assert!(!done && said.contains("no personal identity code"), "{said}");
    let (done, said) = erase(
        &format!(
            "{PERSON}
"
        ),
        &["--reason", "x", "--discloser", KELA],
    )
    .await;
    assert!(!done && said.contains("under a retention rule"), "{said}");
    let (done, said) = erase(PERSON, &["--reason", "x", "--discloser", DVV, "--decision", "DVV/1/2026"]).await;
    assert!(done && said.contains(DVV) && said.contains("look-ups erased"), "{said}");
    let (done, said) = erase("nobody-1", &["--reason", "x", "--system", "urn:test"]).await;
    assert!(done && said.contains("nothing of this person"), "{said}");
}
