//! The history of an agreement and of an organisation: who did what, why, and what stood before and after, by role.

use std::collections::BTreeSet;

use api::{
    auth::Role::{Administrator, Auditor, Officer, Statistician, System},
    journal,
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    contract::{texts, texts_in_order},
    house::{House, KELA, KELA_OFFICER, LVV, OMBUDSMAN, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done},
    reports::assert_whole,
    statement_life::{all_yes, answerable},
};

const NUMBER: &str = "KEL-2023-014";

const CHANGE: &str = "nodes { seq action subjectId organisation actor reason hasMoreRows
    rows { table rowId kind fields { name before after } } } pageInfo { hasNextPage endCursor }";

impl House {
    /// Changes of an agreement as a viewer is told them; null where they are not for the viewer.
    async fn history_of(&self, token: &str, number: &str) -> Value {
        let query = format!(
            "query($number: String!) {{ agreement(number: $number) {{ changes(first: 100) {{ {CHANGE} }} }} }}"
        );
        self.data(token, &query, json!({ "number": number })).await["agreement"]["changes"]["nodes"].clone()
    }

    /// Changes a filter leaves.
    async fn changes(&self, token: &str, filter: Value) -> Vec<Value> {
        let query = format!("query($filter: ChangeFilter) {{ changes(first: 100, filter: $filter) {{ {CHANGE} }} }}");
        let found = self.data(token, &query, json!({ "filter": filter })).await;
        found["changes"]["nodes"].as_array().unwrap().clone()
    }
}

/// The last change of an act.
fn last<'a>(changes: &'a Value, action: &str) -> &'a Value {
    let changes = changes.as_array().unwrap_or_else(|| panic!("no changes"));
    changes
        .iter()
        .rev()
        .find(|change| change["action"] == action)
        .unwrap_or_else(|| panic!("no `{action}`: {changes:#?}"))
}

fn row<'a>(change: &'a Value, table: &str) -> &'a Value {
    let rows = change["rows"].as_array().unwrap();
    rows.iter().find(|row| row["table"] == table).unwrap_or_else(|| panic!("no row of `{table}`: {change:#}"))
}

fn field(row: &Value, name: &str) -> Value {
    let fields = row["fields"].as_array().unwrap();
    let found = fields.iter().find(|field| field["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no field `{name}`: {row:#}"));
    json!([found["before"], found["after"]])
}

fn actions(changes: &Value) -> BTreeSet<String> {
    texts(changes, "action").into_iter().collect()
}

on_both_engines! {
    async fn both_sides_see_who_changed_what_from_what_and_why(house: House) {
        let kela = house.token(KELA, Officer);
        let id = house.agreement_id(NUMBER).await;
        house.suspend(&id).await;
        house.done(&kela, "resumeAgreement", json!({"id": id})).await;
        let seen = house.history_of(&kela, NUMBER).await;
        let suspended = last(&seen, "suspendAgreement");
        assert_eq!((&suspended["subjectId"], &suspended["organisation"]), (&json!(id), &json!(KELA)));
        assert_eq!((&suspended["actor"], &suspended["reason"]), (&json!(KELA_OFFICER), &json!("MISUSE: Selvitys kesken.")));
        let agreement = row(suspended, "agreement");
        assert_eq!((&agreement["rowId"], &agreement["kind"]), (&json!(id), &json!("CHANGED")));
        assert_eq!(field(agreement, "status"), json!(["ACTIVE", "SUSPENDED"]));
        let entry = row(suspended, "status_entry");
        assert_eq!((&entry["kind"], field(entry, "subjectId")), (&json!("ADDED"), json!([null, id])));
        assert_eq!(field(row(last(&seen, "resumeAgreement"), "agreement"), "status"), json!(["SUSPENDED", "ACTIVE"]));
        assert!(actions(&seen).contains("import"), "also how it came to be: {:?}", actions(&seen));

        let other_side = house.history_of(&house.token(PIRKANMAA, Officer), NUMBER).await;
        let suspended = last(&other_side, "suspendAgreement");
        assert_eq!((&suspended["actor"], &suspended["reason"]), (&Value::Null, &json!("MISUSE: Selvitys kesken.")), "the body acted, not its officer by name");
        assert_eq!(field(row(suspended, "agreement"), "status"), json!(["ACTIVE", "SUSPENDED"]));
        let all = house.changes(&house.token(PIRKANMAA, Officer), json!({"agreement": NUMBER})).await;
        assert_eq!(json!(all), other_side, "the journal tells a party the same");
        assert_whole(&house.app).await;
    }

    async fn acts_of_either_side_on_statements_incidents_and_access_stand_there_for_the_offices_only(house: House) {
        let (city, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        let report = json!({"agreement": NUMBER, "kind": "MISUSE", "description": "Salainen selvitys.", "occurredAt": "2026-10-02"});
        done(house.data(&city, &act("reportIncident", "incident { id }"), json!({"input": report})).await);
        answerable(&house, &city).await;
        let account = json!({"register": "KELMU", "channel": "TECHNICAL_INTERFACE", "requiredBy": "1412/1997 18 b § 2 mom", "datedOn": "2026-10-01",
            "recipientCollectsLogs": true, "answers": all_yes()});
        let given = done(house.data(&city, &act("submitProtectionStatement", "statement { id }"), json!({"input": account})).await);
        let rejection = json!({"id": given["statement"]["id"], "action": "REJECT", "decisionText": "Salainen perustelu."});
        done(house.data(&kela, &act("reviewProtectionStatement", "statement { id }"), json!({"input": rejection})).await);

        for (organisation, role) in [(KELA, Officer), (PIRKANMAA, Officer), (KELA, Auditor), (OMBUDSMAN, Auditor)] {
            let seen = house.history_of(&house.token(organisation, role), NUMBER).await;
            let incident = row(last(&seen, "reportIncident"), "incident");
            assert_eq!(field(incident, "description"), json!([null, "Salainen selvitys."]), "{organisation} {role:?}");
            assert_eq!(row(last(&seen, "submitProtectionStatement"), "statement_answer")["kind"], "ADDED");
            let reviewed = row(last(&seen, "reviewProtectionStatement"), "protection_statement");
            assert_eq!(field(reviewed, "status"), json!(["SUBMITTED", "REJECTED"]));
        }
        for organisation in [KELA, PIRKANMAA] {
            let system = house.token(organisation, System);
            let seen = house.history_of(&system, NUMBER).await;
            let own = house.changes(&system, json!({})).await;
            assert!(!seen.to_string().contains("Salainen") && !json!(own).to_string().contains("Salainen"), "{organisation}");
            for table in ["incident", "statement_answer", "document", "usage_review", "access_grant"] {
                assert!(!seen.to_string().contains(&format!("\"table\":\"{table}\"")), "{organisation}: {table}");
            }
        }
        let other = house.history_of(&house.token(LVV, Officer), NUMBER).await;
        assert_eq!(other, Value::Null, "a third party has no part in it");
    }

    async fn pseudonyms_and_actors_are_never_shown_in_rows(house: House) {
        let kela = house.token(KELA, Officer);
        let seen = house.history_of(&kela, "SOT-2026-001").await;
        let grants: Vec<_> = seen.as_array().unwrap().iter().flat_map(|change| change["rows"].as_array().unwrap()).collect();
        assert!(!grants.is_empty());
        for row in grants {
            for field in row["fields"].as_array().unwrap() {
                let name = field["name"].as_str().unwrap();
                let hidden = ["actor", "id", "keyVersion", "jws", "jwk", "content", "location"].contains(&name) || name.ends_with("By") || name.to_lowercase().contains("pseudonym");
                assert!(!hidden, "{row:#}");
            }
        }
        let scopes = "{ agreement(number: \"SOT-2026-001\") { scopes { id channel grants { nodes { id userPseudonym } } } } }";
        let scopes = house.data(&kela, scopes, json!({})).await["agreement"]["scopes"].clone();
        let viewing = scopes.as_array().unwrap().iter().find(|scope| scope["channel"] == "VIEWING_CONNECTION").unwrap().clone();
        let input = json!({"scope": viewing["id"], "endUser": "kela-user-2", "task": "Taksat", "decidedBy": "kela-supervisor-1"});
        let granted = done(house.data(&kela, &act("grantAccess", "accessGrant { id userPseudonym }"), json!({"input": input})).await);
        let seen = house.history_of(&house.token(LVV, Officer), "SOT-2026-001").await;
        let grant = row(last(&seen, "grantAccess"), "access_grant");
        assert_eq!((&grant["rowId"], field(grant, "task")), (&granted["accessGrant"]["id"], json!([null, "Taksat"])));
        assert!(!seen.to_string().contains(granted["accessGrant"]["userPseudonym"].as_str().unwrap()));
    }

    async fn administrator_sees_that_changes_were_made_and_no_more_of_agreements(house: House) {
        let id = house.agreement_id(NUMBER).await;
        house.suspend(&id).await;
        let administrator = house.token(THL, Administrator);
        assert_eq!(house.history_of(&administrator, NUMBER).await, Value::Null);
        let seen = house.changes(&administrator, json!({"subject": id})).await;
        assert_eq!(texts(&json!(seen), "action"), ["suspendAgreement"]);
        assert_eq!((&seen[0]["reason"], &seen[0]["rows"], &seen[0]["hasMoreRows"]), (&Value::Null, &json!([]), &json!(false)));
        let seeded = house.changes(&administrator, json!({"action": "import"})).await;
        let tables: BTreeSet<String> = seeded.iter().flat_map(|change| texts(&change["rows"], "table")).collect();
        assert!(tables.contains("legal_basis") && !tables.contains("scope_item"), "{tables:?}");
        assert_eq!(house.errors(&house.token(THL, Statistician), "{ changes { nodes { seq } } }", json!({})).await, ["FORBIDDEN"]);
    }

    async fn filters_hold_together_and_tell_nothing_they_hide(house: House) {
        let (kela, city) = (house.token(KELA, Officer), house.token(PIRKANMAA, Officer));
        let before = house.app.gateway.clock.now();
        let id = house.agreement_id(NUMBER).await;
        house.suspend(&id).await;
        house.done(&kela, "resumeAgreement", json!({"id": id})).await;
        let from = entity::vocabulary::instant_text(before);
        for (filter, expected) in [
            (json!({"agreement": NUMBER, "from": from}), vec!["resumeAgreement", "suspendAgreement"]),
            (json!({"agreement": NUMBER, "action": "resumeAgreement"}), vec!["resumeAgreement"]),
            (json!({"subject": id, "from": from, "action": "suspendAgreement"}), vec!["suspendAgreement"]),
            (json!({"actor": KELA_OFFICER, "from": from}), vec!["resumeAgreement", "suspendAgreement"]),
            (json!({"agreement": NUMBER, "until": "2020-01-01"}), vec![]),
        ] {
            assert_eq!(texts(&json!(house.changes(&kela, filter.clone()).await), "action"), expected, "{filter}");
        }
        assert_eq!(house.changes(&city, json!({"actor": KELA_OFFICER, "from": from})).await, Vec::<Value>::new(), "who acted for another");
        let outsider = house.changes(&house.token(THL, Officer), json!({"agreement": NUMBER, "from": from})).await;
        assert_eq!(outsider, Vec::<Value>::new());
        let question = json!({"filter": {"agreement": "SOT-2026-003", "from": "2026-01-02", "until": "2026-01-01", "action": " "}});
        let answer = house.ask(&city, "query($filter: ChangeFilter) { changes(filter: $filter) { nodes { seq } } }", question).await;
        let faults = answer["errors"][0]["extensions"]["faults"].as_array().unwrap().iter();
        let faults: Vec<_> = faults.map(|fault| format!("{} {}", fault["code"].as_str().unwrap(), fault["path"][1].as_str().unwrap())).collect();
        assert_eq!(faults, ["NOT_FOUND agreement", "BLANK action", "PERIOD_REVERSED until"]);
    }

    async fn pages_of_a_history_follow_one_another(house: House) {
        let kela = house.token(KELA, Officer);
        let id = house.agreement_id(NUMBER).await;
        for _ in 0..3 {
            house.suspend(&id).await;
            house.done(&kela, "resumeAgreement", json!({"id": id})).await;
        }
        let whole = texts_in_order(&house.history_of(&kela, NUMBER).await, "action");
        let query = "query($after: String) { agreement(number: \"KEL-2023-014\") { changes(first: 2, after: $after) { nodes { action } pageInfo { hasNextPage endCursor } } } }";
        let (mut after, mut paged) = (Value::Null, Vec::new());
        loop {
            let page = house.data(&kela, query, json!({"after": after})).await["agreement"]["changes"].clone();
            paged.extend(texts_in_order(&page["nodes"], "action"));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        assert_eq!(paged, whole);
    }

    async fn what_old_changes_concern_is_told_by_their_rows(house: House) {
        let id = house.agreement_id(NUMBER).await;
        house.suspend(&id).await;
        let database = &house.app.gateway.database;
        let (differing, before) = journal::differing(database.primary()).await.unwrap();
        assert_eq!(differing, Vec::<i64>::new());
        assert!(before > 20);
        let txn = database.write().begin().await.unwrap();
        let guards = if database.is_sqlite() {
            "drop trigger change_concern_append_only_delete; delete from change_concern"
        } else {
            "alter table change_concern disable trigger user; delete from change_concern; alter table change_concern enable trigger user"
        };
        for sql in guards.split("; ") {
            txn.execute_unprepared(sql).await.unwrap();
        }
        txn.commit().await.unwrap();
        journal::index(database).await.unwrap();
        assert_eq!(journal::differing(database.primary()).await.unwrap(), (Vec::new(), before));
        let seen = house.history_of(&house.token(KELA, Officer), NUMBER).await;
        assert!(actions(&seen).contains("suspendAgreement"));
    }
}
