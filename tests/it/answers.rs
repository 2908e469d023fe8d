//! Answers given again: the same as would be made anew, whatever has been changed and however late it is; and never of what
//! must be asked of the log each time.

use std::time::Duration;

use api::{
    auth::Role::{Administrator, Auditor, Officer, System},
    clock,
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::TimeDelta;
use entity::vocabulary::instant_text;
use serde_json::{Value, json};

use crate::{
    contract::{RECORD, disclosure},
    house::{Engine, House, KELA, KELA_OFFICER, LVV, PIRKANMAA, THL},
    metrics::{DECIDE, Figures, SUSPEND, question},
    on_both_engines,
    permissions::ids,
    process::{Serving, ask, closed, settings},
    publicity::queries,
    registry_acts::{act, done},
};

/// Steps of the clock. Most stay within a day, where an answer may be given again; some cross what time alone changes.
const STEPS: usize = 8;

/// Fields within fields that are asked.
const DEPTH: usize = 4;

/// Root fields that are answered from the log or from another picture each time, and cost most.
const NEVER_KEPT: [&str; 5] = ["disclosures", "disclosureStatistics", "unusedScopeItems", "changes", "simulate"];

impl House {
    /// Answer to a document in a body of its own: one space more, and nobody has asked it before.
    async fn spaced(&self, token: Option<&str>, query: &str, spaces: usize) -> Value {
        let body = format!("{}{}", " ".repeat(spaces), json!({ "query": query }));
        let request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        let request = token
            .iter()
            .fold(request, |request, token| request.header(header::AUTHORIZATION, format!("Bearer {token}")));
        let reply = self.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(reply.status, StatusCode::OK, "{query}\n{}", reply.body);
        without_now(reply.body)
    }
}

/// Answer without the instant it was given at.
fn without_now(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| name != "at" && name != "requestId");
                fields.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut answer);
    answer
}

/// Number below `bound`, by chance.
fn below(bound: u64) -> u64 {
    u64::from_be_bytes(clock::random().unwrap()) % bound
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answer_given_again_is_the_one_that_would_be_made_however_late_it_is() {
    let Some(house) = House::wide(Engine::Sqlite).await else { return };
    let facts = house.app.gateway.journal.facts();
    facts.survey();
    let mut queries = queries(&ids(&house).await, DEPTH);
    queries.retain(|(field, _)| !NEVER_KEPT.contains(&field.as_str()));
    let mut told = 0;
    for step in 1..=STEPS {
        // Tokens live for ten minutes.
        let viewers =
            [Some(house.token(KELA, Officer)), Some(house.token_of(LVV, &[Administrator, Auditor], None)), None];
        for token in viewers.iter().map(Option::as_deref) {
            for (field, query) in &queries {
                let (given, made) = (house.spaced(token, query, 0).await, house.spaced(token, query, step).await);
                assert_eq!(given, made, "{field} at {}", house.app.gateway.clock.now());
                told += usize::from(given.get("errors").is_none());
            }
        }
        let ahead = match step % 4 {
            0 => TimeDelta::hours(24 * i64::try_from(below(60)).unwrap()),
            _ => TimeDelta::seconds(i64::try_from(below(4 * 3_600)).unwrap()),
        };
        let clock = &house.app.gateway.clock;
        clock.set(clock.now() + ahead);
    }
    assert!(told > 30 * STEPS, "{told}");
}

on_both_engines! {
    async fn answer_counts_from_the_act_that_changes_it(house: House) {
        house.app.gateway.journal.facts().survey();
        let system = house.token(KELA, System);
        let officer = house.token_as(KELA_OFFICER, KELA, &[Officer], None);
        let verdict = async || house.data(&system, DECIDE, question()).await["accessDecision"]["verdict"].clone();
        for _ in 0..3 {
            assert_eq!(verdict().await, "PERMITTED");
        }
        let id = house.agreement_id("KEL-2023-014").await;
        let suspended = house.data(&officer, SUSPEND, json!({"input": {"id": id, "reason": "MISUSE"}})).await;
        assert_eq!(suspended["suspendAgreement"]["userErrors"], json!([]));
        for _ in 0..3 {
            assert_eq!(verdict().await, "DENIED");
        }
        let others = house.errors(&house.token(THL, System), DECIDE, question()).await;
        assert_eq!(others, ["FORBIDDEN"], "another's answer is nobody else's");
    }

    async fn what_is_reckoned_from_an_instant_of_a_row_is_not_told_too_long(house: House) {
        house.app.gateway.journal.facts().survey();
        let clock = &house.app.gateway.clock;
        let occurred = clock.now() - TimeDelta::hours(72) + TimeDelta::minutes(2);
        let report = act("reportIncident", "incident { id notifyBy }");
        let breach = json!({"agreement": "KEL-2023-014", "kind": "DATA_PROTECTION", "description": "Tuloste hukassa.",
            "occurredAt": instant_text(occurred)});
        done(house.data(&house.token(PIRKANMAA, Officer), &report, json!({"input": breach})).await);
        let overdue = async || {
            let found = house.data(&house.token(PIRKANMAA, Officer), "{ incidents { nodes { isOverdue notifyBy } } }", json!({})).await;
            let nodes = found["incidents"]["nodes"].as_array().unwrap().clone();
            let due = instant_text(occurred + TimeDelta::hours(72));
            nodes.iter().find(|node| node["notifyBy"] == json!(due)).map(|node| node["isOverdue"].clone())
        };
        assert_eq!((overdue().await, overdue().await), (Some(json!(false)), Some(json!(false))));
        clock.set(clock.now() + TimeDelta::minutes(3));
        assert_eq!(overdue().await, Some(json!(true)), "72 hours have passed");
    }

    async fn what_the_log_holds_is_read_each_time(house: House) {
        house.app.gateway.journal.facts().survey();
        let system = house.token(KELA, System);
        let officer = house.token(KELA, Officer);
        let newest = "{ agreement(number: \"KEL-2023-014\") { number } disclosures(first: 1, orderBy: NEWEST_FIRST) { nodes { id } } }";
        let mut seen = Vec::new();
        for at in 0..3 {
            let input = json!({"input": {"disclosures": [disclosure(&format!("again-{at}"))]}});
            let recorded = house.data(&system, RECORD, input).await;
            assert_eq!(recorded["recordDisclosures"]["userErrors"], json!([]));
            let answer = house.data(&officer, newest, json!({})).await;
            assert!(!seen.contains(&answer), "{answer}");
            seen.push(answer);
        }
    }
}

/// Times an answer was given again, and made, by a process of its own.
async fn sought(client: &reqwest::Client, url: &str) -> (u64, u64) {
    let text = client.get(url.replace("/graphql", "/metrics")).send().await.unwrap().text().await.unwrap();
    let figures = Figures::read(text);
    let of = |outcome: &str| figures.count(&format!("gateway_answers_sought_total{{outcome=\"{outcome}\"}}"));
    (of("kept"), of("made"))
}

#[tokio::test]
async fn only_sound_answers_of_the_facts_are_given_again() {
    let Some(house) = House::sample(Engine::Sqlite).await else { return };
    let (system, officer) = (house.token(KELA, System), house.token(KELA, Officer));
    let (directory, database_url) = closed(house).await;
    let none = "1".to_owned();
    for room in [None, Some(none.as_str())] {
        let base = settings(directory.path(), &database_url);
        let all: Vec<_> = base.into_iter().chain(room.map(|room| ("ANSWER_CACHE_BYTES_MAX", room))).collect();
        let process = Serving::start(&all).await;
        let client = reqwest::Client::new();
        let again = async |token: &str, query: &str, variables: Value| {
            let before = sought(&client, &process.url).await;
            let first = ask(&client, &process.url, token, query, &variables).await;
            let second = ask(&client, &process.url, token, query, &variables).await;
            let after = sought(&client, &process.url).await;
            assert!(first.is_some() && second.is_some());
            assert_eq!(after.0 + after.1, before.0 + before.1 + 2, "each question is counted: {query}");
            after.0 - before.0
        };
        if room.is_some() {
            assert_eq!(again(&system, DECIDE, question()).await, 0, "there is no room");
            process.kill().await;
            continue;
        }
        // The facts are looked through once, beside the first answers.
        for _ in 0..200 {
            if again(&system, DECIDE, question()).await == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(again(&system, DECIDE, question()).await, 2);
        for (query, why) in [
            (
                "{ agreement(number: \"NO-SUCH\") { id } viewer { organisation { name } } nothing }",
                "a document in error",
            ),
            ("{ disclosures(first: 1) { nodes { id } } }", "the log"),
            ("{ log { origin } }", "the log"),
            ("{ changes(first: 1) { nodes { seq } } }", "the journal"),
            ("{ agreement(number: \"KEL-2023-014\", asOf: {factsSeq: 1}) { number } }", "another picture"),
            ("{ expirations(withinDays: 30) { totalCount } }", "days from now"),
            (
                "{ node(id: \"agreement:01980000-0000-7000-8000-000000000000\") { id } anomalies(first: 1) { nodes { id } } }",
                "the database",
            ),
        ] {
            assert_eq!(again(&officer, query, json!({})).await, 0, "{why}: {query}");
        }
        let facts = "{ agreement(number: \"KEL-2023-014\") { number discloser { name } scopes { items { code } } } viewer { at } }";
        assert_eq!(again(&officer, facts, json!({})).await, 1);
        let refused = json!({"input": {"recipient": PIRKANMAA, "register": "NONE", "items": ["X"], "purpose": "X", "channel": "FILE_TRANSFER"}});
        assert_eq!(again(&officer, DECIDE, refused).await, 0, "an error is told to each who makes it");
        process.kill().await;
    }
}
