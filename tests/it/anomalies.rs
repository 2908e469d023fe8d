//! Anomalies: found by themselves, decided by the discloser, suspending only where the operator said so; and what is open
//! and nobody uses.

use std::{collections::BTreeSet, time::Duration};

use api::auth::Role::{Auditor, Officer, Statistician, System};
use chrono::{Days, TimeDelta};
use entity::{
    disclosure, interned,
    vocabulary::{DisclosureOutcome, Instant, ItemCode, ScopeStatus, helsinki_day, helsinki_midnight, instant_text},
};
use sea_orm::EntityTrait;
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
    pub async fn burst(&self, name: &str, from: Instant, count: i32) {
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

    async fn what_nobody_asks_for_is_listed_as_the_log_itself_says(house: House) {
        let token = house.token(KELA, Officer);
        for days in [1, 90, 365, 3_650] {
            let expected = house.unused(days).await;
            for first in [3, 100] {
                assert_eq!(house.listed_unused(&token, days, first).await, expected, "{days}");
            }
        }
        let before = house.listed_unused(&token, 30, 100).await;
        let unused = before.iter().find(|row| row.1 == "TECHNICAL_INTERFACE" && row.0 == "KEL-2023-014").unwrap().clone();
        let now = instant_text(house.app.gateway.clock.now());
        house.recorded(&house.kela(), &[with(report("used"), json!({ "items": [unused.2], "occurredAt": now, "outcome": "DENIED" }))]).await;
        assert_eq!(house.listed_unused(&token, 30, 100).await, before, "a denial is no use");
        house.recorded(&house.kela(), &[with(report("given"), json!({ "occurredAt": now }))]).await;
        let is_given = |row: &Row| row.0 == "KEL-2023-014" && row.1 == "TECHNICAL_INTERFACE" && row.2 == "KEL.DECISION";
        assert!(!house.listed_unused(&token, 1, 100).await.iter().any(is_given), "what was given is used");
    }

    async fn unused_items_are_for_the_sides_of_an_agreement_and_their_auditors(house: House) {
        let numbers = |rows: Vec<Row>| rows.into_iter().map(|row| row.0).collect::<BTreeSet<_>>();
        let all = numbers(house.listed_unused(&house.token(OMBUDSMAN, Auditor), 1, 100).await);
        for role in [Officer, System, Auditor] {
            assert_eq!(numbers(house.listed_unused(&house.token(PIRKANMAA, role), 1, 100).await), BTreeSet::from(["KEL-2023-014".to_owned()]));
            let kela = numbers(house.listed_unused(&house.token(KELA, role), 1, 100).await);
            assert!(kela.is_subset(&all) && kela.len() > 1, "{kela:?}");
        }
        assert_eq!(house.listed_unused(&house.token(THL, Officer), 1, 100).await, Vec::<Row>::new());
        let query = "query($days: Int, $number: String) { unusedScopeItems(withinDays: $days, agreement: $number) { nodes { item } } }";
        for (days, number) in [(0, "KEL-2023-014"), (3_651, "KEL-2023-014"), (1, "KEL-1999-999")] {
            let variables = json!({ "days": days, "number": number });
            assert_eq!(house.errors(&house.token(KELA, Officer), query, variables).await, ["INVALID_INPUT"]);
        }
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
    Box::pin(suspends(Engine::Sqlite)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anomaly_suspends_where_the_operator_said_so_on_postgres() {
    Box::pin(suspends(Engine::Postgres)).await;
}

/// Agreement, channel, item, operation and last day of use.
type Row = (String, String, String, String, Option<String>);

const UNUSED: &str = "query Unused($days: Int, $first: Int, $after: String) {
    unusedScopeItems(withinDays: $days, first: $first, after: $after) {
        nodes { item operation lastUsedOn agreement { number } scope { channel } } pageInfo { hasNextPage endCursor } } }";

impl House {
    async fn listed_unused(&self, token: &str, days: u64, first: i32) -> Vec<Row> {
        let (mut rows, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "days": days, "first": first, "after": after });
            let page = self.data(token, UNUSED, variables).await["unusedScopeItems"].clone();
            let text = |value: &Value| value.as_str().map(str::to_owned);
            rows.extend(page["nodes"].as_array().unwrap().iter().map(|node| {
                let place =
                    [&node["agreement"]["number"], &node["scope"]["channel"], &node["item"], &node["operation"]];
                let [number, channel, item, operation] = place.map(|value| text(value).unwrap());
                (number, channel, item, operation, text(&node["lastUsedOn"]))
            }));
            if page["pageInfo"]["hasNextPage"] == false {
                return rows;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// The same for Kela, from every row of the log.
    async fn unused(&self, days: u64) -> Vec<Row> {
        let facts = self.app.gateway.journal.facts();
        let now = self.app.gateway.clock.now();
        let since = helsinki_day(now) - Days::new(days);
        let kela = facts.organisation_of(KELA).unwrap().id;
        let log = self.rows().await;
        let sets = interned::Entity::find().all(self.app.gateway.database.primary()).await.unwrap();
        let items = |row: &disclosure::Model| -> Vec<ItemCode> {
            let set = sets.iter().find(|set| set.id == row.items_id).unwrap();
            set.members.split(' ').map(|code| code.parse().unwrap()).collect()
        };
        let corrected: BTreeSet<_> = log.iter().filter_map(|row| row.corrects_id).collect();
        let mut found = Vec::new();
        for scope in facts.scope.all() {
            let agreement = facts.agreement.get(scope.agreement_id).unwrap();
            let part = facts.dossier(agreement.id).unwrap().scopes.iter().find(|part| part.row.id == scope.id).unwrap();
            let is_open = part.status.at(now) == Some(ScopeStatus::Open);
            let is_old = part.status.reached(ScopeStatus::Open).is_some_and(|from| from < helsinki_midnight(since));
            if ![agreement.discloser_id, agreement.recipient_id].contains(&kela) || !is_open || !is_old {
                continue;
            }
            for item in facts.scope_item.of(scope.id) {
                let uses = log.iter().filter(|row| {
                    row.agreement_id == Some(agreement.id)
                        && row.channel == scope.channel
                        && row.outcome != DisclosureOutcome::Denied
                        && !corrected.contains(&row.id)
                        && items(row).iter().any(|asked| item.item_code.covers(asked) || asked.covers(&item.item_code))
                });
                let last = uses.map(|row| helsinki_day(row.occurred_at)).max();
                if last.is_none_or(|day| day < since) {
                    let (channel, code) = (scope.channel.to_string(), item.item_code.to_string());
                    let last = last.map(|day| day.to_string());
                    found.push((agreement.number.clone(), channel, code, item.operation.to_string(), last));
                }
            }
        }
        found.sort();
        found
    }
}
