//! The journal: facts are what it tells, several processes stay in step by it, and stale facts decide nothing.

use std::time::{Duration, Instant};

use api::{
    auth::Role,
    journal::{Author, Changes},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    house::{DVV, Engine, House, KELA, PIRKANMAA, Reply, codes},
    on_both_engines,
    process::text,
    reports::{RECORD, assert_whole, faults, report, with},
};

const DECISION: &str = "query Decision($input: AccessDecisionInput!) { accessDecision(input: $input) {
    verdict reasons { code } factsSeq } }";

fn question() -> Value {
    json!({ "input": {
        "recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE",
        "channel": "TECHNICAL_INTERFACE", "caseReference": "PIRHA/SOS/9", "mandates": ["M1"],
    } })
}

impl House {
    pub async fn agreement_id(&self, number: &str) -> String {
        let query = "query($number: String!) { agreement(number: $number) { id } }";
        let found = self.data(&self.token(KELA, Role::Officer), query, json!({ "number": number })).await;
        found["agreement"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn act(&self, token: &str, act: &str, input: Value) -> Reply {
        let type_name = format!("{}{}Input", act[..1].to_uppercase(), &act[1..]);
        let query = format!(
            "mutation($input: {type_name}!) {{ {act}(input: $input) {{ userErrors {{ code path message }} }} }}"
        );
        self.reply(Some(token), &query, json!({ "input": input })).await
    }

    pub async fn done(&self, token: &str, act: &str, input: Value) -> i64 {
        let reply = self.act(token, act, input).await;
        assert_eq!(reply.body["data"][act]["userErrors"], json!([]), "{act}: {:#}", reply.body);
        facts_seq(&reply)
    }

    pub async fn suspend(&self, id: &str) -> Reply {
        let input = json!({ "id": id, "reason": "MISUSE", "note": "Selvitys kesken." });
        self.act(&self.token(KELA, Role::Officer), "suspendAgreement", input).await
    }

    async fn ask_at(&self, seq: i64, query: &str, variables: Value) -> Reply {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token(KELA, Role::Officer)))
            .header("facts-seq", seq);
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

pub fn facts_seq(reply: &Reply) -> i64 {
    reply.headers["facts-seq"].to_str().unwrap().parse().unwrap()
}

fn verdict(reply: &Reply) -> (&str, Vec<&str>) {
    let decision = &reply.body["data"]["accessDecision"];
    let reasons = decision["reasons"].as_array().into_iter().flatten();
    (decision["verdict"].as_str().unwrap_or("none"), reasons.filter_map(|reason| reason["code"].as_str()).collect())
}

/// Registers, drafts, appoints, suspends and resumes, through GraphQL alone.
async fn many_acts(house: &House) {
    let (administrator, officer) = (house.token(DVV, Role::Administrator), house.token(KELA, Role::Officer));
    for (business_id, name) in [("2222222-9", "Yksi"), ("1234567-1", "Kaksi")] {
        let input = json!({
            "businessId": business_id, "name": { "fi": name }, "kind": "PRIVATE_BODY", "authorityStatus": "PRIVATE",
        });
        house.done(&administrator, "registerOrganisation", input).await;
    }
    for number in ["KEL-2026-901", "KEL-2026-902"] {
        let input = json!({ "number": number, "recipient": PIRKANMAA, "register": "KELMU" });
        house.done(&officer, "createAgreement", input).await;
    }
    let input = json!({
        "role": "DATA_EXCHANGE_DESK", "topics": ["SERVICE_USE"], "name": { "fi": "Neuvonta" },
        "email": "neuvonta@kela.example", "languages": ["FI"], "priority": 9,
    });
    house.done(&officer, "appointContact", input).await;
    let input = json!({ "register": "KELMU", "code": "KEL.DECISION.EXTRA", "name": { "fi": "Lisätieto" } });
    house.done(&officer, "addDataItem", input).await;
    let id = house.agreement_id("KEL-2023-014").await;
    for _ in 0..3 {
        let input = json!({ "id": id, "reason": "MISUSE", "note": "Selvitys kesken." });
        house.done(&officer, "suspendAgreement", input).await;
        house.done(&officer, "resumeAgreement", json!({ "id": id })).await;
    }
}

on_both_engines! {
    async fn facts_and_log_are_what_the_journal_tells_after_the_sample_and_after_many_acts(house: House) {
        assert_whole(&house.app).await;
        let (before, size) = (house.app.gateway.journal.facts().seq, house.log_size().await);
        many_acts(&house).await;
        let acts = house.app.gateway.journal.facts().seq - before;
        assert_eq!(acts, 12);
        house.recorded(&house.kela(), &[report("after many acts")]).await;
        assert_eq!(house.log_size().await - size, acts + 1);
        assert_whole(&house.app).await;
    }

    async fn an_act_that_changes_no_row_stands_in_the_journal_and_the_log(house: House) {
        let (journal, size) = (&house.app.gateway.journal, house.log_size().await);
        let before = journal.facts();
        let author = Author { actor: "system".to_owned(), organisation: None };
        let bare = Changes { action: "test", subject: "world:test".to_owned(), reason: None, edits: Vec::new() };
        let after = journal.commit(author.clone(), move |_| Ok(vec![bare.clone(), bare])).await.unwrap();
        assert_eq!((after.seq, house.log_size().await), (before.seq + 2, size + 2));
        let none = journal.commit(author, |_| Ok(Vec::new())).await.unwrap();
        assert_eq!((none.seq, house.log_size().await), (after.seq, size + 2));
        house.recorded(&house.kela(), &[report("after acts without rows")]).await;
        assert_whole(&house.app).await;
    }

    async fn a_suspension_acknowledged_is_in_force_at_once(house: House) {
        let officer = house.token(KELA, Role::Officer);
        let decided = house.data(&officer, DECISION, question()).await;
        assert_eq!(decided["accessDecision"]["verdict"], "PERMITTED");
        let id = house.agreement_id("KEL-2023-014").await;
        let suspended = house.suspend(&id).await;
        let decided = house.data(&officer, DECISION, question()).await;
        assert_eq!(decided["accessDecision"]["verdict"], "DENIED");
        assert_eq!(decided["accessDecision"]["reasons"][0]["code"], "AGREEMENT_NOT_IN_FORCE");
        assert_eq!(decided["accessDecision"]["factsSeq"].to_string(), facts_seq(&suspended).to_string());
        // What was given before it stays covered; what is given after it is not.
        let now = house.app.gateway.clock.now().to_rfc3339();
        let rows = [report("before the suspension"), with(report("after the suspension"), json!({ "occurredAt": now }))];
        let rows = house.recorded(&house.kela(), &rows).await;
        assert_eq!((&rows[0]["coverage"], &rows[1]["coverage"]), (&json!("COVERED"), &json!("UNCOVERED")));
    }

    async fn an_act_tried_writes_nothing(house: House) {
        let (before, size) = (house.app.gateway.journal.facts().seq, house.log_size().await);
        let id = house.agreement_id("KEL-2023-014").await;
        let officer = house.token(KELA, Role::Officer);
        let input = json!({ "id": id, "reason": "MISUSE", "note": "Selvitys kesken.", "validateOnly": true });
        house.done(&officer, "suspendAgreement", input).await;
        assert_eq!((house.app.gateway.journal.facts().seq, house.log_size().await), (before, size));
        let decided = house.data(&officer, DECISION, question()).await;
        assert_eq!(decided["accessDecision"]["verdict"], "PERMITTED");
    }

    async fn conflicting_acts_have_one_winner_and_one_clear_refusal(house: House) {
        let id = house.agreement_id("KEL-2023-014").await;
        let (one, other) = tokio::join!(house.suspend(&id), house.suspend(&id));
        assert_eq!(refusals(&[one, other], "suspendAgreement"), ["WRONG_STATUS"]);
        assert_whole(&house.app).await;
    }

    async fn a_position_beyond_the_journal_is_waited_for_and_then_unavailable(house: House) {
        let seq = house.app.gateway.journal.facts().seq;
        assert_eq!(verdict(&house.ask_at(seq, DECISION, question()).await).0, "PERMITTED");
        let start = Instant::now();
        let reply = house.ask_at(seq + 1_000, DECISION, question()).await;
        assert_eq!((reply.status, codes(&reply.body)), (StatusCode::SERVICE_UNAVAILABLE, vec!["UNAVAILABLE".to_owned()]));
        assert!(reply.headers.contains_key("retry-after"));
        assert!((Duration::from_millis(900)..Duration::from_secs(5)).contains(&start.elapsed()));
    }
}

/// Codes of the refusals of acts, of which one must have been done.
fn refusals(replies: &[Reply], act: &str) -> Vec<String> {
    let said = |reply: &Reply| {
        let errors = reply.body["data"][act]["userErrors"].as_array().cloned();
        errors.unwrap_or_else(|| panic!("{:#}", reply.body)).iter().map(|error| error["code"].to_string()).collect()
    };
    let refusals: Vec<Vec<String>> = replies.iter().map(said).collect();
    assert_eq!(refusals.iter().filter(|codes| codes.is_empty()).count(), 1, "{refusals:?}");
    refusals.concat().iter().map(|code| code.trim_matches('"').to_owned()).collect()
}

mod several_processes {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_one_acknowledged_is_in_force_at_the_other() {
        let Some(house) = House::sample(Engine::Postgres).await else { return };
        let other = house.beside().await;
        let id = house.agreement_id("KEL-2023-014").await;
        for _ in 0..5 {
            let suspended = house.suspend(&id).await;
            assert_eq!(suspended.body["data"]["suspendAgreement"]["userErrors"], json!([]), "{:#}", suspended.body);
            // Recording judges inside its write, so it needs no header.
            let now = other.app.gateway.clock.now().to_rfc3339();
            let disclosure = with(report(&now), json!({ "occurredAt": now }));
            let authorised = other.authorise(&other.kela(), json!({ "disclosure": disclosure })).await;
            assert_eq!(authorised["disclosure"]["outcome"], "DENIED", "{authorised:#}");
            let decided = other.ask_at(facts_seq(&suspended), DECISION, question()).await;
            assert_eq!(verdict(&decided), ("DENIED", vec!["AGREEMENT_NOT_IN_FORCE"]));
            let officer = other.token(KELA, Role::Officer);
            let resumed = other.done(&officer, "resumeAgreement", json!({ "id": id })).await;
            assert_eq!(verdict(&house.ask_at(resumed, DECISION, question()).await).0, "PERMITTED");
        }
        assert_whole(&house.app).await;
        assert_whole(&other.app).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_one_recorded_is_a_repeat_and_corrected_once_at_the_other() {
        let Some(house) = House::sample(Engine::Postgres).await else { return };
        let other = house.beside().await;
        let kela = house.kela();
        let first = house.recorded(&kela, &[report("shared")]).await;
        let there = other.recorded(&kela, &[report("new there"), report("shared")]).await;
        assert_eq!(there[1], first[0]);
        let mixed = [report("newer"), report("new there"), with(report("shared"), json!({ "outcome": "EMPTY" }))];
        let refused = house.record(&kela, &mixed).await;
        assert_eq!(faults(&refused), [("CONFLICT".to_owned(), "input.disclosures.2.messageId".to_owned())]);
        for round in 0..3 {
            let message = format!("raced {round}");
            let raced = [report(&message)];
            let (here, there) = tokio::join!(house.recorded(&kela, &raced), other.recorded(&kela, &raced));
            assert_eq!(here, there);
            let correction = |name: &str| [with(report(&format!("{name} {round}")), json!({ "corrects": message }))];
            let (left, right) = (correction("left"), correction("right"));
            let (here, there) = tokio::join!(house.record(&kela, &left), other.record(&kela, &right));
            let mut refused = [faults(&here), faults(&there)].concat();
            assert_eq!(refused.pop().map(|fault| fault.0), Some("CONFLICT".to_owned()));
            assert!(refused.is_empty(), "{refused:?}");
        }
        assert_whole(&house.app).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn conflicting_acts_have_one_winner_and_one_clear_refusal() {
        let Some(house) = House::sample(Engine::Postgres).await else { return };
        let other = house.beside().await;
        let id = house.agreement_id("KEL-2023-014").await;
        let (here, there) = tokio::join!(house.suspend(&id), other.suspend(&id));
        assert_eq!(refusals(&[here, there], "suspendAgreement"), ["WRONG_STATUS"]);
        for round in 0..3 {
            let draft = |recipient: &str| json!({ "number": format!("KEL-2026-8{round}"), "recipient": recipient, "register": "KELMU" });
            let officer = house.token(KELA, Role::Officer);
            let (here, there) = tokio::join!(
                house.act(&officer, "createAgreement", draft(PIRKANMAA)),
                other.act(&officer, "createAgreement", draft(DVV)),
            );
            assert_eq!(refusals(&[here, there], "createAgreement"), ["CONFLICT"]);
        }
        assert_whole(&house.app).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn writers_of_one_log_leave_it_whole() {
        let Some(house) = House::sample(Engine::Postgres).await else { return };
        let other = house.beside().await;
        let (token, before) = (house.kela(), house.rows().await.len());
        let calls = (0..24).map(|call| {
            let (at, token) = (if call % 2 == 0 { &house } else { &other }, &token);
            // Two calls share each message: whoever comes second is answered as the first.
            async move { at.recorded(token, &[report(&format!("shared {}", call / 2))]).await }
        });
        let answers = futures::future::join_all(calls).await;
        for pair in answers.chunks(2) {
            assert_eq!(pair[0][0]["leafIndex"], pair[1][0]["leafIndex"]);
        }
        assert_eq!(house.rows().await.len(), before + 12);
        assert_whole(&house.app).await;
    }
}

mod stale_facts {
    use super::*;

    async fn decide_nothing(engine: Engine) {
        let short = |name: &str| (name == "FACTS_MAX_AGE").then(|| "1s".to_owned());
        let Some(house) = House::configured(engine, short).await else { return };
        let officer = house.token(KELA, Role::Officer);
        let stale_for = async || {
            let answer = house.reply(Some(&officer), "{ viewer { factsSeq } }", json!({})).await;
            answer.headers.get("facts-stale").map(|seconds| seconds.to_str().unwrap().parse::<u64>().unwrap())
        };
        assert_eq!(stale_for().await, None);
        let database = &house.app.gateway.database;
        match engine {
            Engine::Sqlite => database.read().now().get_sqlite_connection_pool().close().await,
            Engine::Postgres => database.write().now().get_postgres_connection_pool().close().await,
        }
        tokio::time::sleep(Duration::from_millis(1_700)).await;
        let decided = house.ask(&officer, DECISION, question()).await;
        assert_eq!((codes(&decided), &decided["data"]), (vec!["UNAVAILABLE".to_owned()], &Value::Null));
        let (status, _, missing) = house.fetch("/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text(&missing).contains("the facts are older than FACTS_MAX_AGE"), "{}", text(&missing));
        // The registry is still read, from memory, and the answer says how old it may be.
        assert!(stale_for().await >= Some(1));
        house.agreement_id("KEL-2023-014").await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn decide_nothing_on_sqlite() {
        decide_nothing(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn decide_nothing_on_postgres() {
        decide_nothing(Engine::Postgres).await;
    }
}

mod lost_changes {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn another_change_in_the_place_of_the_last_stops_writes_and_decisions() {
        let Some(house) = House::sample(Engine::Postgres).await else { return };
        let (officer, id) = (house.token(KELA, Role::Officer), house.agreement_id("KEL-2023-014").await);
        let seq = house.app.gateway.journal.facts().seq;
        // As where a copy that was behind took over, and another process wrote what it had not.
        let txn = house.app.gateway.database.write().begin().await.unwrap();
        txn.execute_unprepared("set local session_replication_role = replica").await.unwrap();
        let another = format!("update change set restricted_commitment = sha256('another') where seq = {seq}");
        txn.execute_unprepared(&another).await.unwrap();
        txn.commit().await.unwrap();

        let input = json!({ "input": { "disclosures": [report("lost")] } });
        assert_eq!(codes(&house.ask(&house.kela(), RECORD, input.clone()).await), ["UNAVAILABLE"]);
        let other = house.beside().await;
        assert_eq!(faults(&other.suspend(&id).await.body["data"]["suspendAgreement"]), []);
        for _ in 0..2 {
            assert!(house.app.gateway.journal.refresh().await.is_err());
            assert_eq!(house.app.gateway.journal.facts().seq, seq, "nothing is applied on top");
            assert_eq!(codes(&house.suspend(&id).await.body), ["UNAVAILABLE"]);
            assert_eq!(codes(&house.ask(&house.kela(), RECORD, input.clone()).await), ["UNAVAILABLE"]);
            let decided = house.reply(Some(&officer), DECISION, question()).await;
            assert_eq!(codes(&decided.body), ["UNAVAILABLE"]);
            assert!(decided.headers.contains_key("facts-stale"));
            let (status, _, missing) = house.fetch("/readyz").await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(text(&missing).contains("the database has lost changes"), "{}", text(&missing));
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        // The registry is still read, and a start reads the database as it stands.
        house.agreement_id("KEL-2023-014").await;
        let house = house.reopened().await;
        house.recorded(&house.kela(), &[report("lost")]).await;
    }
}
