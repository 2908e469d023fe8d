//! Anomalies: found by themselves, decided by the discloser, and suspending only where the operator said so.

use std::{collections::BTreeSet, time::Duration};

use api::auth::Role::{Auditor, Officer, Statistician, System};
use chrono::TimeDelta;
use entity::vocabulary::{Instant, instant_text};
use serde_json::{Value, json};

use crate::{
    house::{Engine, House, KELA, OMBUDSMAN, PIRKANMAA, THL, codes},
    on_both_engines,
    reports::{assert_whole, report, with},
};

const HELSINKI: &str = "0201256-6";

const ANOMALIES: &str = "query Anomalies($filter: AnomalyFilter, $first: Int, $after: String) {
    anomalies(filter: $filter, first: $first, after: $after) {
        nodes { id rule observed expected windowFrom windowUntil status agreement { number } scope { channel }
            decision { verdict reason } }
        pageInfo { hasNextPage endCursor } } }";

const DECIDE: &str = "mutation Decide($input: DecideAnomalyInput!) { decideAnomaly(input: $input) {
    anomaly { id status decision { verdict reason } } userErrors { code path } } }";

/// Longest wait for what must be found within seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for whoever watches to have looked several times.
const SEVERAL_LOOKS: Duration = Duration::from_secs(3);

impl House {
    async fn anomalies(&self, token: &str, filter: Value) -> Vec<Value> {
        let data = self.data(token, ANOMALIES, json!({ "filter": filter, "first": 100 })).await;
        data["anomalies"]["nodes"].as_array().unwrap().clone()
    }

    /// Anomalies of the filter once there are some, as Kela's officer sees them.
    async fn found(&self, filter: Value) -> Vec<Value> {
        let token = self.token(KELA, Officer);
        let waited = tokio::time::Instant::now();
        loop {
            let found = self.anomalies(&token, filter.clone()).await;
            if !found.is_empty() {
                return found;
            }
            assert!(waited.elapsed() < PATIENCE, "nothing is found of {filter}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn burst_of_the_sample(&self) -> Value {
        self.found(json!({ "agreement": "KEL-2022-003", "rule": "USER_BURST" })).await[0].clone()
    }

    /// Records calls of one user about as many persons over Pirkanmaa's interface, one every five seconds.
    async fn burst(&self, name: &str, from: Instant, count: i32) {
        let reports: Vec<Value> = (0..count)
            .map(|number| {
                let at = instant_text(from + TimeDelta::seconds(5) * number);
                let subject =
                    json!({ "otherPersonIdentifier": { "system": "test", "value": format!("{name}-{number}") } });
                with(report(&format!("{name}-{number}")), json!({ "occurredAt": at, "subject": subject }))
            })
            .collect();
        self.recorded(&self.kela(), &reports).await;
    }

    async fn status_of(&self, number: &str) -> Value {
        let query = "query($number: String!) { agreement(number: $number) { id status } }";
        self.data(&self.token(KELA, Officer), query, json!({ "number": number })).await["agreement"].clone()
    }
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn pirkanmaa() -> Value {
    json!({ "agreement": "KEL-2023-014", "rule": "USER_BURST" })
}

on_both_engines! {
    async fn burst_of_the_sample_world_is_found_and_nothing_else(house: House) {
        let burst = house.burst_of_the_sample().await;
        assert_eq!((&burst["observed"], &burst["expected"], &burst["status"]), (&json!(900), &json!(300), &json!("OPEN")));
        assert_eq!((&burst["scope"]["channel"], &burst["decision"]), (&json!("VIEWING_CONNECTION"), &Value::Null));
        let window = [&burst["windowFrom"], &burst["windowUntil"]].map(|at| instant(at.as_str().unwrap()));
        assert_eq!(window, ["2026-09-16T13:00:00Z", "2026-09-16T14:00:00Z"].map(instant));
        house.found(json!({ "rule": "SUBJECT_REPEATS" })).await;
        tokio::time::sleep(SEVERAL_LOOKS).await;
        let all = house.anomalies(&house.token(OMBUDSMAN, Auditor), json!(null)).await;
        let all: BTreeSet<_> = all.iter().map(|it| (it["rule"].as_str().unwrap(), it["agreement"]["number"].as_str().unwrap())).collect();
        assert_eq!(all, BTreeSet::from([("SUBJECT_REPEATS", "KEL-2022-003"), ("USER_BURST", "KEL-2022-003")]));
        let page = house.data(&house.token(KELA, Officer), ANOMALIES, json!({ "first": 1 })).await["anomalies"].clone();
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        let next = json!({ "first": 1, "after": page["pageInfo"]["endCursor"] });
        let rest = house.data(&house.token(KELA, Officer), ANOMALIES, next).await["anomalies"].clone();
        assert_ne!(page["nodes"][0]["id"], rest["nodes"][0]["id"]);
        assert_eq!(rest["pageInfo"]["hasNextPage"], false);
    }

    async fn discloser_and_auditors_see_anomalies_and_the_recipient_does_not(house: House) {
        let burst = house.burst_of_the_sample().await;
        let node = "query($id: ID!) { node(id: $id) { id } }";
        for (organisation, role, sees) in [
            (KELA, Officer, true), (KELA, Auditor, true), (OMBUDSMAN, Auditor, true), (HELSINKI, Auditor, true),
            (HELSINKI, Officer, false), (PIRKANMAA, Officer, false), (THL, Officer, false), (THL, Auditor, false),
        ] {
            let token = house.token(organisation, role);
            let of_burst = json!({ "agreement": "KEL-2022-003" });
            assert_eq!(!house.anomalies(&token, of_burst).await.is_empty(), sees, "{organisation} {role:?}");
            let answer = house.ask(&token, node, json!({ "id": burst["id"] })).await;
            let expected: &[&str] = if sees { &[] } else { &["NOT_FOUND"] };
            assert_eq!(codes(&answer), expected, "{organisation} {role:?}");
        }
        for role in [System, Statistician] {
            assert_eq!(house.errors(&house.token(KELA, role), ANOMALIES, json!({})).await, ["FORBIDDEN"]);
        }
    }

    async fn anomaly_is_decided_by_its_discloser_and_the_later_decision_wins(house: House) {
        let burst = house.burst_of_the_sample().await;
        let input = |verdict: &str, more: Value| with(json!({ "id": burst["id"], "verdict": verdict, "reason": "Selvitetty." }), more);
        let decided = |token: String, input: Value| {
            let house = &house;
            async move { house.ask(&token, DECIDE, json!({ "input": input })).await }
        };
        let codes_of = |answer: &Value| answer["data"]["decideAnomaly"]["userErrors"][0]["code"].clone();
        for organisation in [HELSINKI, PIRKANMAA, THL] {
            let answer = decided(house.token(organisation, Officer), input("CONFIRMED", json!({}))).await;
            assert_eq!(codes_of(&answer), "NOT_FOUND", "{organisation}: {answer}");
        }
        for (organisation, role) in [(KELA, System), (KELA, Auditor), (OMBUDSMAN, Auditor)] {
            assert_eq!(codes(&decided(house.token(organisation, role), input("CONFIRMED", json!({}))).await), ["FORBIDDEN"]);
        }
        let kela = house.token(KELA, Officer);
        let tried = decided(kela.clone(), input("CONFIRMED", json!({ "validateOnly": true }))).await;
        assert_eq!(tried["data"]["decideAnomaly"]["anomaly"]["status"], "CONFIRMED", "{tried}");
        assert_eq!(house.burst_of_the_sample().await["status"], "OPEN", "nothing was written");
        assert_eq!(codes_of(&decided(kela.clone(), input("CONFIRMED", json!({ "reason": " " }))).await), "BLANK");
        for verdict in ["CONFIRMED", "FALSE_POSITIVE", "FALSE_POSITIVE"] {
            let answer = decided(kela.clone(), input(verdict, json!({}))).await["data"]["decideAnomaly"].clone();
            assert_eq!((&answer["anomaly"]["status"], &answer["userErrors"]), (&json!(verdict), &json!([])));
        }
        assert_eq!(house.app.gateway.journal.facts().anomaly_decision.len(), 2);
        let of_status = |status: &str| json!({ "rule": "USER_BURST", "status": status });
        assert_eq!(house.anomalies(&kela, of_status("OPEN")).await, Vec::<Value>::new());
        let explained = house.anomalies(&kela, of_status("FALSE_POSITIVE")).await;
        assert_eq!(explained[0]["decision"], json!({ "verdict": "FALSE_POSITIVE", "reason": "Selvitetty." }));
        let changes = house.data(&house.token(OMBUDSMAN, Auditor), "{ changes(first: 100) { nodes { action } } }", json!({})).await;
        assert!(changes.to_string().contains("decideAnomaly"), "{changes}");
        assert_whole(&house.app).await;
    }

    async fn restart_in_the_middle_of_a_burst_forgets_nothing(house: House) {
        let from = instant("2026-11-03T08:00:00Z");
        house.burst("before", from, 200).await;
        let house = house.reopened().await;
        house.burst("after", from + TimeDelta::minutes(20), 150).await;
        let found = house.found(pirkanmaa()).await;
        assert!((301..=350).contains(&found[0]["observed"].as_i64().unwrap()), "{found:?}");
        tokio::time::sleep(SEVERAL_LOOKS).await;
        let house = house.reopened().await;
        tokio::time::sleep(SEVERAL_LOOKS).await;
        assert_eq!(house.found(pirkanmaa()).await, found, "what was found is not found anew");
        assert_eq!(house.status_of("KEL-2023-014").await["status"], "ACTIVE", "nothing is suspended unless the operator said so");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_over_two_processes_is_found_once() {
    let Some(house) = House::sample(Engine::Postgres).await else { return };
    let other = house.beside().await;
    let from = instant("2026-11-03T08:00:00Z");
    for part in 0..8 {
        let at = from + TimeDelta::minutes(5) * part;
        [&house, &other][usize::try_from(part).unwrap() % 2].burst(&format!("part-{part}"), at, 45).await;
    }
    let found = house.found(pirkanmaa()).await;
    tokio::time::sleep(SEVERAL_LOOKS).await;
    assert_eq!(house.found(pirkanmaa()).await.len(), 1);
    assert_eq!(other.found(pirkanmaa()).await, found);
    assert!((301..=360).contains(&found[0]["observed"].as_i64().unwrap()), "{found:?}");
}

async fn suspends(engine: Engine) {
    let setting = |name: &str| (name == "ANOMALY_SUSPENDS").then(|| "USER_BURST,OFF_HOURS".to_owned());
    let Some(house) = House::configured(engine, setting).await else { return };
    let from = house.app.gateway.clock.now() - TimeDelta::minutes(40);
    house.burst("burst", from, 301).await;
    let waited = tokio::time::Instant::now();
    while house.status_of("KEL-2023-014").await["status"] != "SUSPENDED" {
        assert!(waited.elapsed() < PATIENCE, "nothing is suspended");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let auditor = house.token(OMBUDSMAN, Auditor);
    let changes = house.data(&auditor, "{ changes(first: 100) { nodes { action actor reason } } }", json!({})).await;
    let change = changes["changes"]["nodes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&change["action"], &change["actor"]), (&json!("suspendAgreement"), &json!("anomaly-watch")));
    assert!(change["reason"].as_str().unwrap().starts_with("ANOMALY: USER_BURST: 301 disclosures"), "{change}");
    // Who resumes it knows of the burst.
    let resume = "mutation($input: ResumeAgreementInput!) { resumeAgreement(input: $input) { agreement { status } userErrors { code } } }";
    let id = house.status_of("KEL-2023-014").await["id"].clone();
    let answer = house.data(&house.token(KELA, Officer), resume, json!({ "input": { "id": id } })).await;
    assert_eq!(answer["resumeAgreement"]["agreement"]["status"], "ACTIVE", "{answer}");
    let house = house.reopened_with(setting).await;
    tokio::time::sleep(SEVERAL_LOOKS).await;
    assert_eq!(house.status_of("KEL-2023-014").await["status"], "ACTIVE", "the same burst does not suspend again");
    assert_whole(&house.app).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anomaly_suspends_where_the_operator_said_so_on_sqlite() {
    suspends(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anomaly_suspends_where_the_operator_said_so_on_postgres() {
    suspends(Engine::Postgres).await;
}
