//! One person's disclosures: what the person sees, what leaves no trace, and that every look-up stands in the journal.

use api::{
    auth::Role,
    journal::leaf::{hex, hmac_sha256, sha256},
};
use entity::{change, subject_lookup};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::{
    house::{DVV, House, KELA, KELA_OFFICER, LVV, OMBUDSMAN, PIRKANMAA},
    on_both_engines,
    reports::{report, with},
    transparency_log::{hash, hashes, root_by_path},
};

const REPORT: &str = "query($input: SubjectDisclosuresInput!, $first: Int, $after: String) {
    subjectDisclosures(input: $input, first: $first, after: $after) { nodes { id occurredAt recordedAt
        discloser { businessId } recipient { businessId } register { code } items { code name } purpose { code }
        citations { citation } outcome onwardTo correctsId withheldUntil explanation
        fi: explanation(language: FI) sv: explanation(language: SV)
        entry { leafIndex subjectPart partSalt restrictedCommitment leafHash inclusionProof { treeSize leafHash path } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

const WITHHOLD: &str = "mutation($input: WithholdDisclosureInput!) { withholdDisclosure(input: $input) {
    disclosure { id withheldUntil } userErrors { code path } } }";

/// People of the published list of fictitious test identities, whom the sample world does not know.
const PERSON: &str = "010195-9088";
const FORMER: &str = "010195-9055";

fn about(message: &str, person: &str) -> Value {
    with(report(message), json!({ "subject": { "personalIdentityCode": person } }))
}

fn asked(person: &str) -> Value {
    json!({ "subject": { "personalIdentityCode": person }, "reason": "Rekisteröidyn pyyntö 12/2026" })
}

impl House {
    fn subject_service(&self) -> String {
        self.token(DVV, Role::SubjectService)
    }

    async fn looked_up(&self, token: &str, input: Value) -> Vec<Value> {
        let data = self.data(token, REPORT, json!({ "input": input, "first": 100 })).await;
        data["subjectDisclosures"]["nodes"].as_array().unwrap().clone()
    }
}

on_both_engines! {
    async fn person_reads_in_plain_words_what_was_disclosed_and_proves_it(house: House) {
        house.recorded(&house.kela(), &[about("one", PERSON), with(about("two", PERSON), json!({ "outcome": "EMPTY" }))]).await;
        let (size, _) = house.checkpoint_of(house.log_size().await).await;
        let rows = house.looked_up(&house.subject_service(), asked(PERSON)).await;
        assert_eq!(rows.len(), 2);
        let row = &rows[1];
        assert_eq!(
            row["fi"],
            "2.11.2026 klo 10.00: Kansaneläkelaitos luovutti tietojasi rekisteristä Kelan etuustietopalvelu Kelmu. Vastaanottaja: \
             Pirkanmaan hyvinvointialue. Tiedot: Etuusratkaisu. Käyttötarkoitus: Toimeentulotuki. Peruste: Laki sosiaali- ja \
             terveydenhuollon asiakastietojen käsittelystä (703/2023) 64 § 1 mom; Laki toimeentulotuesta (1412/1997) 18 b § 1 mom.",
        );
        assert!(row["sv"].as_str().unwrap().starts_with("2.11.2026 kl. 10.00: Folkpensionsanstalten lämnade ut uppgifter om dig"));
        assert!(row["explanation"].as_str().unwrap().contains("Vastaanottaja"), "{row:#}");
        assert!(rows[0]["fi"].as_str().unwrap().contains("ei löytänyt niitä"), "{:#}", rows[0]);
        let text = row.to_string();
        assert!(!text.contains("pirha-user-1") && !text.contains("userPseudonym") && !text.contains(PERSON), "{text}");

        let entry = &row["entry"];
        let commitment = hmac_sha256(&hash(&entry["partSalt"]), &[entry["subjectPart"].as_str().unwrap().as_bytes()]);
        let leaf = sha256(&[&[0, 1, 1], &commitment, &hash(&entry["restrictedCommitment"])]);
        assert_eq!(entry["leafHash"], hex(&leaf));
        let (proof, index) = (&entry["inclusionProof"], entry["leafIndex"].as_i64().unwrap());
        let tree = proof["treeSize"].as_i64().unwrap();
        assert!(tree >= size);
        let (_, signed) = house.checkpoint_of(tree).await;
        assert_eq!(root_by_path(index, tree, leaf, &hashes(&proof["path"])), signed);
    }

    async fn withheld_rows_leave_no_count_gap_or_cursor(house: House) {
        let withheld = json!({ "withheldUntil": "2099-01-01", "withholdingBasis": "1050/2018 34 § 1 mom" });
        for at in 0..6 {
            let seen = about(&format!("seen {at}"), PERSON);
            let hidden = with(about(&format!("hidden {at}"), PERSON), withheld.clone());
            house.recorded(&house.kela(), &[seen, hidden]).await;
        }
        let correction = with(about("correction", PERSON), json!({ "corrects": "hidden 3", "outcome": "EMPTY" }));
        let again = with(about("again", PERSON), json!({ "corrects": "correction" }));
        house.recorded(&house.kela(), &[correction]).await;
        house.recorded(&house.kela(), &[again]).await;

        let rows = house.looked_up(&house.subject_service(), asked(PERSON)).await;
        assert_eq!(rows.len(), 6, "{rows:#?}");
        assert!(rows.iter().all(|row| row["withheldUntil"].is_null() && row["correctsId"].is_null()));
        let mut after = Value::Null;
        for page in 0..3 {
            let variables = json!({ "input": asked(PERSON), "first": 2, "after": after });
            let found = house.data(&house.subject_service(), REPORT, variables).await["subjectDisclosures"].clone();
            let ids: Vec<&Value> = found["nodes"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
            assert_eq!(ids, [&rows[2 * page]["id"], &rows[2 * page + 1]["id"]]);
            assert_eq!(found["pageInfo"]["hasNextPage"], page < 2);
            after = found["pageInfo"]["endCursor"].clone();
        }
        let officer = house.token(KELA, Role::Officer);
        let rows = house.looked_up(&officer, asked(PERSON)).await;
        assert_eq!(rows.len(), 14);
        assert_eq!(rows.iter().filter(|row| row["withheldUntil"].as_str().is_some_and(|until| until.starts_with("2098-12-31T22:00"))).count(), 6);

        // Its time over, it is seen, and what corrects it too.
        house.app.gateway.clock.set("2099-06-01T00:00:00Z".parse().unwrap());
        assert_eq!(house.looked_up(&house.subject_service(), asked(PERSON)).await.len(), 14);
    }

    async fn look_up_needs_a_reason_and_stands_in_the_journal_without_the_person(house: House) {
        let before = house.log_size().await;
        let officer = house.token(KELA, Role::Officer);
        for (input, path) in [
            (with(asked(PERSON), json!({ "reason": "  " })), "input.reason"),
            (with(asked(PERSON), json!({ "reason": format!("Henkilö {PERSON}") })), "input.reason"),
            (with(asked("010195-9089"), json!({})), "input.subject.personalIdentityCode"),
            (with(asked(PERSON), json!({ "formerSubjects": vec![json!({ "personalIdentityCode": FORMER }); 11] })), "input.formerSubjects"),
            (with(asked(PERSON), json!({ "subject": { "otherPersonIdentifier": { "system": "X", "value": PERSON } } })), "input.subject.otherPersonIdentifier.value"),
            (with(asked(PERSON), json!({ "occurredFrom": "2026-02-01", "occurredUntil": "2026-01-01" })), "input.occurredUntil"),
        ] {
            let body = house.ask(&officer, REPORT, json!({ "input": input })).await;
            let faults = &body["errors"][0]["extensions"]["faults"];
            let found: Vec<&str> = faults.as_array().unwrap().iter().filter_map(|fault| fault["path"].as_str()).collect();
            assert_eq!(body["errors"][0]["extensions"]["code"], "INVALID_INPUT", "{body:#}");
            let joined = |fault: &Value| fault["path"].as_array().map(|path| path.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("."));
            let paths: Vec<String> = faults.as_array().unwrap().iter().filter_map(joined).collect();
            assert!(paths.iter().any(|found| found == path) || found.contains(&path), "{path}: {body:#}");
            assert!(!body.to_string().contains(PERSON) && !body.to_string().contains("010195"), "{body:#}");
        }
        assert_eq!(house.log_size().await, before, "what is refused is no look-up");

        house.looked_up(&officer, with(asked(PERSON), json!({ "formerSubjects": [{ "personalIdentityCode": FORMER }] }))).await;
        let database = house.app.gateway.database.primary();
        let entry = change::Entity::find().order_by_desc(change::Column::Seq).one(database).await.unwrap().unwrap();
        assert_eq!((entry.action.as_str(), entry.actor.as_str()), ("subjectDisclosures", KELA_OFFICER));
        assert_eq!((entry.actor_organisation.as_deref(), entry.reason.as_deref()), (Some(KELA), Some("Rekisteröidyn pyyntö 12/2026")));
        assert_eq!(entry.leaf_index, before);
        let whom = subject_lookup::Entity::find().order_by_asc(subject_lookup::Column::Ordinal).all(database).await.unwrap();
        assert!(entry.subject == format!("subject_lookup:{}", whom[0].id.0), "{}", entry.subject);
        let keys = house.app.gateway.keys.pseudonyms();
        let expected = [PERSON, FORMER].map(|code| {
            let code = entity::vocabulary::PersonalIdentityCode::parse(code).unwrap();
            Some(keys.person(KELA.parse().unwrap(), 1, &code).unwrap().to_vec())
        });
        assert_eq!(whom.iter().map(|row| row.subject_pseudonym.clone()).collect::<Vec<_>>(), expected);
        crate::reports::assert_whole(&house.app).await;
    }

    async fn old_and_new_code_are_asked_together_and_each_side_sees_its_own_log(house: House) {
        house.recorded(&house.kela(), &[about("new", PERSON)]).await;
        house.recorded(&house.kela(), &[about("old", FORMER)]).await;
        let both = with(asked(PERSON), json!({ "formerSubjects": [{ "personalIdentityCode": FORMER }] }));
        let counts = [
            (DVV, Role::SubjectService, 2), (KELA, Role::Officer, 2), (KELA, Role::Auditor, 2), (OMBUDSMAN, Role::Auditor, 2),
            (PIRKANMAA, Role::Officer, 0), (LVV, Role::Officer, 0),
        ];
        for (organisation, role, count) in counts {
            let token = house.token(organisation, role);
            assert_eq!(house.looked_up(&token, both.clone()).await.len(), count, "{organisation} {}", role.name());
        }
        assert_eq!(house.looked_up(&house.subject_service(), asked(PERSON)).await.len(), 1);
        for role in [Role::System, Role::Statistician, Role::Administrator] {
            let codes = house.errors(&house.token(KELA, role), REPORT, json!({ "input": asked(PERSON) })).await;
            assert_eq!(codes, ["FORBIDDEN"], "{}", role.name());
        }
        let literal = format!("{{ subjectDisclosures(input: {{subject: {{personalIdentityCode: \"{PERSON}\"}}, reason: \"x\"}}) {{ nodes {{ id }} }} }}");
        let body = house.ask(&house.subject_service(), &literal, json!({})).await;
        assert!(!body["errors"].is_null() && !body.to_string().contains(PERSON), "{body:#}");
    }

    async fn officer_decides_what_is_withheld_and_the_later_decision_wins(house: House) {
        let first = house.recorded(&house.kela(), &[about("first", PERSON)]).await[0]["id"].clone();
        let correction = with(about("correction", PERSON), json!({ "corrects": "first", "outcome": "EMPTY" }));
        house.recorded(&house.kela(), &[correction, about("other", PERSON)]).await;
        let seen = async || house.looked_up(&house.subject_service(), asked(PERSON)).await.len();
        let officer = house.token(KELA, Role::Officer);
        let input = |until: Value| json!({
            "id": first, "withheldUntil": until, "legalBasis": "1050/2018 34 § 1 mom", "reason": "Lapsen hoito voisi vaarantua.",
        });
        let withheld = async |token: &str, input: Value| {
            house.data(token, WITHHOLD, json!({ "input": input })).await["withholdDisclosure"].clone()
        };
        assert_eq!(seen().await, 3);
        let tried = withheld(&officer, with(input(json!("2099-01-01")), json!({ "validateOnly": true }))).await;
        assert_eq!((tried["userErrors"].clone(), seen().await), (json!([]), 3));
        let done = withheld(&officer, input(json!("2099-01-01"))).await;
        assert!(done["disclosure"]["withheldUntil"].as_str().unwrap().starts_with("2098-12-31T22"), "{done:#}");
        assert_eq!(seen().await, 1, "what corrects it goes with it");
        let size = house.log_size().await;
        withheld(&officer, input(json!("2099-01-01"))).await;
        assert_eq!(house.log_size().await, size, "a repeat is no second decision");
        assert_eq!(house.looked_up(&officer, asked(PERSON)).await.len(), 3);
        withheld(&officer, input(Value::Null)).await;
        assert_eq!(seen().await, 3);

        let faults = withheld(&officer, json!({ "id": "disclosure:x", "withheldUntil": "2020-01-01", "legalBasis": "1/1999 1 §", "reason": " " })).await;
        let codes: Vec<&str> = faults["userErrors"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["BLANK", "PERIOD_REVERSED", "NOT_FOUND", "MALFORMED"], "{faults:#}");
        let recipient = house.token(PIRKANMAA, Role::Officer);
        assert_eq!(house.errors(&recipient, WITHHOLD, json!({ "input": input(Value::Null) })).await, ["FORBIDDEN"]);
        let stranger = withheld(&house.token(LVV, Role::Officer), input(Value::Null)).await;
        assert_eq!(stranger["userErrors"][0]["code"], "NOT_FOUND");
        crate::reports::assert_whole(&house.app).await;
    }
}
