//! Every limit at its bound and one above it, and the one secret a request may carry: it is never said back or kept.

use std::collections::BTreeSet;

use api::auth::Role;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use regex::Regex;
use serde_json::{Value, json};

use crate::{
    audit::Lines,
    contract::{RECORD, disclosure},
    house::{Engine, House, KELA, PIRKANMAA, Reply, codes},
    on_both_engines,
};

/// Personal identity code of the sample's persons, and of nobody in the sample.
const KNOWN: &str = "010594Y9032";
const FRESH: &str = "131052-308T";

/// Bytes of a request body at most.
const BODY_BYTES_MAX: usize = 1_048_576;

#[tokio::test]
async fn document_at_a_limit_is_answered_and_one_above_is_refused_by_its_name() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    for (limit, at, above) in [
        ("QUERY_BYTES_MAX", bytes(131_072), bytes(131_073)),
        ("QUERY_TOKENS_MAX", tokens(2_000), tokens(2_001)),
        ("QUERY_NESTING_MAX", nested(32), nested(33)),
        ("QUERY_DEPTH_MAX", deep(12), deep(13)),
        ("QUERY_FIELDS_MAX", fields(500), fields(501)),
        ("QUERY_ALIASES_MAX", aliases(30), aliases(31)),
        ("QUERY_ROOT_FIELDS_MAX", root_fields(20), root_fields(21)),
        ("QUERY_COMPLEXITY_MAX", complexity(20_000), complexity(20_001)),
        ("PAGE_SIZE_MAX", page(100), page(101)),
    ] {
        house.data(&token, &at, json!({})).await;
        for _ in 0..2 {
            let refused = house.reply(Some(&token), &above, json!({})).await;
            assert_eq!(codes(&refused.body), ["LIMIT_EXCEEDED"], "{limit}: {:#}", refused.body);
            assert_eq!(refused.body["errors"][0]["extensions"]["limit"], limit);
            assert!(refused.body["errors"][0]["extensions"]["allowed"].as_u64().is_some());
        }
        // Also where it is not the operation that is executed.
        let two = format!("query A {{ viewer {{ factsSeq }} }} query B {above}");
        let body = json!({"query": two, "operationName": "A"}).to_string();
        if !["PAGE_SIZE_MAX", "QUERY_TOKENS_MAX", "QUERY_BYTES_MAX"].contains(&limit) && !above.contains("fragment") {
            assert_eq!(
                codes(&post(&house, &token, body).await.body),
                ["LIMIT_EXCEEDED"],
                "{limit} beside another operation"
            );
        }
    }
}

fn bytes(count: usize) -> String {
    let query = "{ viewer { factsSeq } } #";
    format!("{query}{}", "x".repeat(count - query.len()))
}

fn tokens(count: usize) -> String {
    format!("{{ agreements(filter: {{effectiveState: [{}]}}) {{ totalCount }} }}", "IN_FORCE ".repeat(count - 16))
}

fn nested(levels: usize) -> String {
    format!("{{ viewer {{ {} factsSeq {} }} }}", "... { ".repeat(levels - 2), "} ".repeat(levels - 2))
}

fn deep(levels: usize) -> String {
    let above = "supersedes { ".repeat(levels - 2);
    format!("{{ agreement(number: \"SOT-2026-001\") {{ {above} number {} }} }}", "} ".repeat(levels - 2))
}

fn fields(count: usize) -> String {
    let plain = "factsSeq ".repeat(count - 401);
    format!("{{ viewer {{ ...F ...F ...F ...F {plain} }} }} fragment F on Viewer {{ {} }}", "at ".repeat(100))
}

fn aliases(count: usize) -> String {
    let all: Vec<String> = (0..count).map(|at| format!("a{at}: factsSeq")).collect();
    let all = all.join(" ");
    format!("{{ viewer {{ {all} }} }}")
}

fn root_fields(count: usize) -> String {
    format!("{{ {} }}", "viewer { factsSeq } ".repeat(count))
}

/// A full page costs 100 times what stands in it: 19,901 here, and the rest beside it.
fn complexity(cost: usize) -> String {
    let (page, rest) = ("number ".repeat(198), "factsSeq ".repeat(cost - 19_901 - 1));
    format!("{{ agreements(first: 100) {{ nodes {{ {page} }} }} viewer {{ {rest} }} }}")
}

fn page(entries: usize) -> String {
    format!("{{ agreements(first: {entries}) {{ nodes {{ number }} }} }}")
}

#[tokio::test]
async fn pages_of_every_list_follow_the_setting_and_other_limits_have_their_own_names() {
    let larger = |name: &str| (name == "PAGE_SIZE_MAX").then(|| "150".to_owned());
    let house = House::configured(Engine::Sqlite, larger).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    let items = |first: u32| format!("{{ registers {{ nodes {{ items(first: {first}) {{ totalCount }} }} }} }}");
    house.data(&token, &items(150), json!({})).await;
    assert_eq!(house.errors(&token, &items(151), json!({})).await, ["LIMIT_EXCEEDED"]);
    let question = json!({
        "recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE",
        "channel": "TECHNICAL_INTERFACE",
    });
    let query = "query($inputs: [AccessDecisionInput!]!) { accessDecisions(inputs: $inputs) { verdict } }";
    house.data(&token, query, json!({"inputs": vec![&question; 100]})).await;
    let refused = house.ask(&token, query, json!({"inputs": vec![&question; 101]})).await;
    assert_eq!(codes(&refused), ["LIMIT_EXCEEDED"]);
    assert_eq!(refused["errors"][0]["extensions"]["limit"], "QUESTIONS_MAX");
}

#[tokio::test]
async fn page_size_of_a_variable_is_weighed_each_time() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    let query = "query($first: Int) { agreements(first: $first) { nodes { number } } }";
    for first in [1, 100, 2] {
        house.data(&token, query, json!({"first": first})).await;
    }
    assert_eq!(house.errors(&token, query, json!({"first": 101})).await, ["LIMIT_EXCEEDED"]);
    house.data(&token, query, json!({"first": 100})).await;
}

#[tokio::test]
async fn body_of_a_mebibyte_is_read_and_a_byte_more_is_not() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    let body = |bytes: usize| {
        let query = json!({"query": "{ viewer { factsSeq } }"}).to_string();
        format!("{query}{}", " ".repeat(bytes - query.len()))
    };
    let read = post(&house, &token, body(BODY_BYTES_MAX)).await;
    assert_eq!(read.status, StatusCode::OK, "{:#}", read.body);
    let refused = post(&house, &token, body(BODY_BYTES_MAX + 1)).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(refused.body["errors"][0]["extensions"]["limit"], "BODY_BYTES_MAX");
}

#[tokio::test]
async fn only_a_post_of_one_json_object_is_answered() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    let batch = post(&house, &token, json!([{"query": "{ viewer { factsSeq } }"}]).to_string()).await;
    assert_eq!((batch.status, codes(&batch.body)), (StatusCode::BAD_REQUEST, vec!["INVALID_INPUT".to_owned()]));
    for body in ["", "{", "\"{ viewer { factsSeq } }\"", "{\"query\": 7}", "null"] {
        let refused = post(&house, &token, body.to_owned()).await;
        assert_eq!(
            (refused.status, codes(&refused.body)),
            (StatusCode::BAD_REQUEST, vec!["INVALID_INPUT".to_owned()]),
            "{body}"
        );
    }
    let form = Request::post("/graphql")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "text/plain")
        .body(Body::from("{\"query\":\"{ viewer { factsSeq } }\"}"))
        .unwrap();
    assert_eq!(house.send(form).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn token_that_does_not_hold_is_refused_with_a_challenge() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    let (body, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{body}.{}", signature.chars().rev().collect::<String>());
    for token in ["", "x", "a.b.c", &forged] {
        let refused = house.reply(Some(token), "{ viewer { factsSeq } }", json!({})).await;
        assert_eq!(
            (refused.status, codes(&refused.body)),
            (StatusCode::UNAUTHORIZED, vec!["UNAUTHENTICATED".to_owned()]),
            "{token}"
        );
        let challenge = refused.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.starts_with("Bearer error=\"invalid_"), "{challenge}");
    }
}

#[tokio::test]
async fn graphiql_is_served_whole_and_fetches_nothing_from_elsewhere() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let fetch = |path: String| {
        let house = &house;
        async move { house.send(Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap()).await }
    };
    let page = fetch("/graphql".to_owned()).await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*') && !policy.contains("script-src 'unsafe"), "{policy}");
    let html = page.body.as_str().unwrap();
    let assets: Vec<_> =
        Regex::new(r#"(?:src|href)="([^"]+)""#).unwrap().captures_iter(html).map(|found| found[1].to_owned()).collect();
    assert!(assets.len() >= 5);
    for asset in assets.iter().filter(|asset| *asset != "data:,") {
        assert!(asset.starts_with("graphiql/"), "{asset}");
        let file = fetch(format!("/{asset}")).await;
        assert_eq!(file.status, StatusCode::OK, "{asset}");
        assert_eq!(file.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
    assert_eq!(fetch("/graphiql/..%2f..%2fCargo.toml".to_owned()).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn mandates_of_a_question_and_of_a_disclosure_are_at_most_twenty() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::System);
    let ask = |count: usize| {
        let mandates = vec!["M1"; count];
        json!({"input": {"recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE",
            "channel": "TECHNICAL_INTERFACE", "caseReference": "PIRHA/2026/1", "mandates": mandates}})
    };
    let decision = "query($input: AccessDecisionInput!) { accessDecision(input: $input) { verdict } }";
    assert_eq!(house.data(&token, decision, ask(20)).await["accessDecision"]["verdict"], "PERMITTED");
    let refused = house.ask(&token, decision, ask(21)).await;
    let fault = &refused["errors"][0]["extensions"]["faults"][0];
    assert_eq!((&fault["code"], &fault["path"]), (&json!("TOO_LONG"), &json!(["input", "mandates"])));
    let mut report = disclosure("mandates");
    report["mandates"] = json!(vec!["M1"; 21]);
    let recorded = house.data(&token, RECORD, json!({"input": {"disclosures": [report]}})).await;
    let fault = &recorded["recordDisclosures"]["userErrors"][0];
    assert_eq!(
        (&fault["code"], &fault["path"]),
        (&json!("TOO_LONG"), &json!(["input", "disclosures", "0", "mandates"]))
    );
}

on_both_engines! {
    async fn thousand_disclosures_are_recorded_and_one_more_is_not(house: House) {
        let token = house.token(KELA, Role::System);
        let call = |count: usize| {
            let rows: Vec<Value> = (0..count).map(|at| json!({"messageId": "thousand", "part": at, "recipient": PIRKANMAA,
                "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE", "channel": "OTHER",
                "occurredAt": "2026-11-02T10:00:00Z", "subject": {"count": 1}})).collect();
            json!({"input": {"disclosures": rows}})
        };
        let refused = house.data(&token, RECORD, call(1_001)).await["recordDisclosures"].clone();
        assert_eq!(refused["disclosures"], Value::Null);
        assert_eq!(refused["userErrors"][0]["code"], "TOO_LONG");
        assert_eq!(refused["userErrors"][0]["path"], json!(["input", "disclosures"]));
        let none = house.data(&token, RECORD, call(0)).await["recordDisclosures"].clone();
        assert_eq!(none["userErrors"][0]["code"], "BLANK");
        let written = house.data(&token, RECORD, call(1_000)).await["recordDisclosures"].clone();
        let rows = written["disclosures"].as_array().unwrap();
        assert_eq!(rows.len(), 1_000);
        assert!(rows.iter().enumerate().all(|(at, row)| row["part"] == at), "in the order given");
        let leaves: Vec<_> = rows.iter().map(|row| row["leafIndex"].as_i64().unwrap()).collect();
        assert!(leaves.windows(2).all(|pair| pair[1] == pair[0] + 1));
    }

    async fn personal_identity_code_is_accepted_only_in_variables_and_never_said_back(house: House) {
        let token = house.token(KELA, Role::System);
        for code in [KNOWN, FRESH, "131052-308U", "131052-308t", "131052\\u002d308T"] {
            for document in [
                format!("{{ agreement(number: \"{code}\") {{ id }} }}"),
                format!("mutation {{ recordDisclosures(input: {{disclosures: [{{subject: {{personalIdentityCode: \"{code}\"}}}}]}}) {{ userErrors {{ code }} }} }}"),
                format!("query($number: String = \"{code}\") {{ agreement(number: $number) {{ id }} }}"),
                format!("# {code}\n{{ viewer {{ factsSeq }} }}"),
            ] {
                let answer = house.reply(Some(&token), &document, json!({})).await;
                assert_eq!(codes(&answer.body), ["INVALID_INPUT"], "{document}");
                silent(&answer, code);
            }
        }
    }

    async fn no_error_says_a_personal_identity_code_back(house: House) {
        let token = house.token(KELA, Role::System);
        let wrong = |field: &str, value: Value| {
            let mut row = disclosure("limits-1");
            row[field] = value;
            json!({"input": {"disclosures": [row]}})
        };
        let by_number = "query($number: String!) { agreement(number: $number) { id } }";
        let by_id = "query($id: ID!) { agreement(id: $id) { id } }";
        let decide = "query($input: AccessDecisionInput!) { accessDecision(input: $input) { verdict } }";
        let filter = "query($filter: AgreementFilter) { agreements(filter: $filter) { totalCount } }";
        for (document, variables) in [
            (by_number, json!({"number": FRESH})),
            (by_number, json!({"number": {"x": FRESH}})),
            (by_number, json!({"number": "KEL-2023-014", FRESH: FRESH})),
            (by_id, json!({"id": format!("agreement:{FRESH}")})),
            (filter, json!({"filter": {"party": FRESH, "basis": FRESH, "register": FRESH, "expiringBefore": FRESH}})),
            (filter, json!({"filter": {"status": [FRESH]}})),
            (filter, json!({"filter": FRESH})),
            (decide, json!({"input": {"register": FRESH, "items": [FRESH], "purpose": FRESH, "channel": "OTHER", "caseReference": FRESH, "mandates": [FRESH], "endUser": FRESH, "agreement": FRESH, "recipient": FRESH, "at": FRESH}})),
            (decide, json!({"input": {FRESH: 1}})),
            (RECORD, json!({"input": FRESH})),
            (RECORD, json!({"input": {"disclosures": [FRESH]}})),
            (RECORD, wrong("messageId", json!(FRESH))),
            (RECORD, wrong("register", json!(FRESH))),
            (RECORD, wrong("items", json!([FRESH]))),
            (RECORD, wrong("purpose", json!(FRESH))),
            (RECORD, wrong("recipient", json!(FRESH))),
            (RECORD, wrong("occurredAt", json!(FRESH))),
            (RECORD, wrong("channel", json!(FRESH))),
            (RECORD, wrong("caseReference", json!(format!("asia {FRESH}")))),
            (RECORD, wrong("endUser", json!(FRESH))),
            (RECORD, wrong("clientSystem", json!(FRESH))),
            (RECORD, wrong("mandates", json!([FRESH]))),
            (RECORD, wrong("corrects", json!(FRESH))),
            (RECORD, wrong("part", json!(FRESH))),
            (RECORD, wrong("subject", json!({"personalIdentityCode": "131052-308U"}))),
            (RECORD, wrong("subject", json!({"businessId": FRESH}))),
            (RECORD, wrong("subject", json!({"count": FRESH}))),
            (RECORD, wrong("subject", json!({"personalIdentityCode": FRESH, "count": 1}))),
            (RECORD, wrong("subject", json!({FRESH: 1}))),
            (RECORD, wrong("subject", json!({"otherPersonIdentifier": {"system": FRESH, "value": ""}}))),
        ] {
            let answer = house.reply(Some(&token), document, variables.clone()).await;
            let said = &answer.body;
            let refused = !codes(said).is_empty() || said["data"]["recordDisclosures"]["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
            assert!(refused || variables.get("number").is_some(), "{variables} was accepted: {said:#}");
            silent(&answer, FRESH);
            silent(&answer, "131052-308U");
        }
        let body = json!({"query": "query A { viewer { factsSeq } } query B { viewer { factsSeq } }", "operationName": FRESH}).to_string();
        silent(&post(&house, &token, body).await, FRESH);
        silent(&post(&house, &token, format!("{{\"query\": {FRESH}}}")).await, FRESH);
    }
}

#[tokio::test]
async fn no_log_line_holds_a_personal_identity_code_a_user_or_a_token_on_sqlite() {
    logs_are_silent(Engine::Sqlite).await;
}

#[tokio::test]
async fn no_log_line_holds_a_personal_identity_code_a_user_or_a_token_on_postgres() {
    logs_are_silent(Engine::Postgres).await;
}

/// On one thread, so that its subscriber hears every task.
async fn logs_are_silent(engine: Engine) {
    let Some(house) = House::sample(engine).await else { return };
    let (lines, _guard) = Lines::heard();
    let token = house.token(KELA, Role::System);
    let mut row = disclosure("limits-2");
    row["subject"] = json!({"personalIdentityCode": FRESH});
    row["endUser"] = json!("secret-end-user-9");
    let recorded = house.data(&token, RECORD, json!({"input": {"disclosures": [row.clone()]}})).await;
    assert_eq!(recorded["recordDisclosures"]["userErrors"], json!([]));
    row["caseReference"] = json!(FRESH);
    house.ask(&token, RECORD, json!({"input": {"disclosures": [row]}})).await;
    house.ask(&token, &format!("{{ agreement(number: \"{FRESH}\") {{ id }} }}"), json!({})).await;
    let lines = lines.text();
    assert!(lines.contains("request_id"), "the log was heard");
    for secret in [FRESH, "secret-end-user-9", &token] {
        assert!(!lines.contains(secret), "a log line holds what it must not");
    }
}

#[tokio::test]
async fn no_byte_of_the_database_file_holds_a_personal_identity_code() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let mut row = disclosure("limits-3");
    row["subject"] = json!({"personalIdentityCode": FRESH});
    let written = house.data(&house.token(KELA, Role::System), RECORD, json!({"input": {"disclosures": [row]}})).await;
    assert_eq!(written["recordDisclosures"]["userErrors"], json!([]));
    let shape = Regex::new(r"\b[0-3]\d[01]\d{3}[-+A-FU-Y]9\d\d[0-9A-Y]\b").unwrap();
    let sample = api::world::SAMPLE.iter().flat_map(|(_, text)| shape.find_iter(text).map(|code| code.as_str()));
    let secret: BTreeSet<&[u8]> =
        sample.chain([FRESH, "secret-end-user-9", "pirha-user-5", "kela-user-1"]).map(str::as_bytes).collect();
    assert!(secret.len() > 20, "the sample has its persons");
    let mut scanned = 0;
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        scanned += bytes.len();
        for length in [FRESH.len(), "pirha-user-5".len(), "secret-end-user-9".len()] {
            let found = bytes.windows(length).find(|window| secret.contains(window));
            assert_eq!(found.map(String::from_utf8_lossy), None, "{}", path.display());
        }
    }
    assert!(scanned > 1_000_000, "the file has the sample in it");
}

/// An answer in which a code does not occur, in either case.
fn silent(answer: &Reply, code: &str) {
    let said = format!("{} {:?}", answer.body, answer.headers).to_uppercase();
    assert!(!said.contains(&code.to_uppercase()), "{:#}", answer.body);
}

async fn post(house: &House, token: &str, body: String) -> Reply {
    let request = Request::post("/graphql")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(body))
        .unwrap();
    house.send(request).await
}
