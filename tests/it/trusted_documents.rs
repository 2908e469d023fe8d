//! Trusted documents: asked for by their hash in either form, kept by those who may, and alone admitted where that is said.

use std::path::Path;

use api::{
    auth::Role,
    journal::leaf::{hex, sha256},
};
use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    house::{Engine, House, KELA, PIRKANMAA, Reply, codes},
    on_both_engines,
    process::{closed, gateway, run, settings, text},
    sockets::Door,
};

const STATUS: &str = "query Status($number: String!) { agreement(number: $number) { number status } }";
const SUSPEND: &str = "mutation Suspend($input: SuspendAgreementInput!) { suspendAgreement(input: $input) { \
    agreement { status } userErrors { code } } }";
const CHANGED: &str = "subscription Changed { agreementChanged { number status } }";
const LAW: &str = "query Law { legalBases(first: 1) { nodes { citation } } }";
const AGREEMENT: &str = "KEL-2023-014";

fn hash(text: &str) -> String {
    hex(&sha256(&[text.as_bytes()]))
}

fn manifest(documents: &[&str]) -> String {
    let members: serde_json::Map<_, _> = documents.iter().map(|text| (hash(text), json!(text))).collect();
    Value::Object(members).to_string()
}

/// Directory with a manifest of each client.
fn manifests(clients: &[(&str, &[&str])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (client, documents) in clients {
        std::fs::write(directory.path().join(format!("{client}.json")), manifest(documents)).unwrap();
    }
    directory
}

/// Gateway that trusts these documents, and admits no others where `only` says so.
async fn trusting(house: House, directory: &Path, only: &str) -> House {
    let settings = |name: &str| match name {
        "TRUSTED_DOCUMENTS" => Some(directory.display().to_string()),
        "TRUSTED_DOCUMENTS_ONLY" => Some(only.to_owned()),
        "ANONYMOUS_READ" => Some("true".to_owned()),
        _ => None,
    };
    house.reopened_with(settings).await
}

async fn posted(house: &House, token: &str, body: &Value) -> Reply {
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    house.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn fetched(house: &House, token: Option<&str>, query: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::get(format!("/graphql?{query}"));
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::empty()).unwrap()).await
}

fn persisted(text: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash(text)}})
}

fn escaped(value: &Value) -> String {
    value.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

fn header_of<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

on_both_engines! {
    async fn document_is_asked_for_by_its_hash_in_either_form(house: House) {
        let directory = manifests(&[("front-end", &[STATUS, SUSPEND]), ("report", &[STATUS])]);
        let house = trusting(house, directory.path(), "false").await;
        let token = house.token(KELA, Role::Officer);
        let variables = json!({"number": AGREEMENT});
        let expected = json!({"data": {"agreement": {"number": AGREEMENT, "status": "ACTIVE"}}});
        let id = format!("sha256:{}", hash(STATUS));
        for body in [
            json!({"documentId": id, "variables": variables}),
            json!({"documentId": hash(STATUS), "variables": variables, "operationName": "Status"}),
            json!({"extensions": persisted(STATUS), "variables": variables}),
            json!({"query": STATUS, "extensions": persisted(STATUS), "variables": variables}),
        ] {
            assert_eq!(posted(&house, &token, &body).await.body, expected, "{body}");
        }
        for query in [format!("documentId={id}"), format!("extensions={}", escaped(&persisted(STATUS)))] {
            let reply = fetched(&house, Some(&token), &format!("{query}&variables={}", escaped(&variables)), &[]).await;
            assert_eq!(reply.body, expected, "{query}");
        }

        let input = json!({"input": {"id": "agreement:none", "reason": "OTHER"}});
        let url = format!("documentId={}&variables={}", hash(SUSPEND), escaped(&input));
        assert_eq!(fetched(&house, Some(&token), &url, &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn trust_answers_for_the_document_and_for_nothing_else(house: House) {
        let directory = manifests(&[("front-end", &[STATUS, SUSPEND])]);
        let house = trusting(house, directory.path(), "true").await;
        let (officer, other) = (house.token(KELA, Role::Officer), house.token(PIRKANMAA, Role::Statistician));
        let by_hash = |text: &str, variables: Value| json!({"documentId": hash(text), "variables": variables});
        let status = by_hash(STATUS, json!({"number": "SOT-2026-003"}));
        assert_eq!(codes(&posted(&house, &officer, &status).await.body), ["NOT_FOUND"]);
        let act = by_hash(SUSPEND, json!({"input": {"id": "agreement:none", "reason": "OTHER"}}));
        assert_eq!(codes(&posted(&house, &other, &act).await.body), ["FORBIDDEN"]);
        let misspelt = by_hash(STATUS, json!({"nubmer": AGREEMENT}));
        assert_eq!(codes(&posted(&house, &officer, &misspelt).await.body), ["INVALID_INPUT"]);
        let mut large = by_hash(STATUS, json!({"number": AGREEMENT}));
        large["variables"]["more"] = json!(vec![0; 100_000]);
        assert_eq!(codes(&posted(&house, &officer, &large).await.body), ["LIMIT_EXCEEDED"]);
        let refused = posted(&house, "nonsense", &status).await;
        assert_eq!((refused.status, codes(&refused.body)), (StatusCode::UNAUTHORIZED, vec!["UNAUTHENTICATED".into()]));
    }
}

#[tokio::test]
async fn unknown_hash_is_told_as_clients_look_for_it() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::Officer);
    let by_apollo = json!({"extensions": persisted(STATUS), "variables": {"number": AGREEMENT}});
    let reply = posted(&house, &token, &by_apollo).await;
    assert_eq!((reply.status, codes(&reply.body)), (StatusCode::OK, vec!["PERSISTED_QUERY_NOT_FOUND".into()]));
    assert_eq!(reply.body["errors"][0]["message"], "PersistedQueryNotFound");
    assert_eq!(reply.body["errors"].as_array().map(Vec::len), Some(1));
    let with_text = json!({"query": STATUS, "extensions": persisted(STATUS), "variables": {"number": AGREEMENT}});
    assert_eq!(posted(&house, &token, &with_text).await.body["data"]["agreement"]["status"], "ACTIVE");
    // Nothing is registered by asking.
    assert_eq!(codes(&posted(&house, &token, &by_apollo).await.body), ["PERSISTED_QUERY_NOT_FOUND"]);
    let newer = [("accept", "application/graphql-response+json")];
    let reply = fetched(&house, Some(&token), &format!("documentId=sha256:{}", hash(STATUS)), &newer).await;
    assert_eq!((reply.status, codes(&reply.body)), (StatusCode::BAD_REQUEST, vec!["PERSISTED_QUERY_NOT_FOUND".into()]));
    let other = json!({"query": LAW, "extensions": persisted(STATUS)});
    assert_eq!(codes(&posted(&house, &token, &other).await.body), ["INVALID_INPUT"]);
}

#[tokio::test]
async fn answer_of_a_bearer_is_asked_for_again_each_time_and_sent_once() {
    let directory = manifests(&[("front-end", &[STATUS, LAW])]);
    let house = trusting(House::sample(Engine::Sqlite).await.unwrap(), directory.path(), "false").await;
    let token = house.token(KELA, Role::Officer);
    let url = format!("documentId={}&variables={}", hash(STATUS), escaped(&json!({"number": AGREEMENT})));
    let first = fetched(&house, Some(&token), &url, &[]).await;
    assert_eq!(header_of(&first.headers, "cache-control"), "private, no-cache");
    for name in ["Authorization", "Accept-Language", "Accept"] {
        assert!(header_of(&first.headers, "vary").contains(name), "{:?}", first.headers);
    }
    let tag = header_of(&first.headers, "etag").to_owned();
    let again = fetched(&house, Some(&token), &url, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, &again.body), (StatusCode::NOT_MODIFIED, &json!("")));
    assert_eq!(header_of(&again.headers, "etag"), tag);

    let agreement = house.data(&token, "{ agreement(number: \"KEL-2023-014\") { id } }", json!({})).await;
    let input = json!({"input": {"id": agreement["agreement"]["id"], "reason": "OTHER", "note": "a leak"}});
    house.data(&token, SUSPEND, input).await;
    let after = fetched(&house, Some(&token), &url, &[("if-none-match", &tag)]).await;
    assert_eq!((after.status, &after.body["data"]["agreement"]["status"]), (StatusCode::OK, &json!("SUSPENDED")));

    let law = format!("documentId={}", hash(LAW));
    let public = fetched(&house, None, &law, &[]).await;
    assert_eq!((public.status, header_of(&public.headers, "cache-control")), (StatusCode::OK, "public, max-age=5"));
    assert_eq!(
        header_of(&fetched(&house, Some(&token), &law, &[]).await.headers, "cache-control"),
        "private, no-cache"
    );
    let unknown = format!("documentId={}&variables={}", hash(STATUS), escaped(&json!({"number": "none"})));
    for reply in [
        fetched(&house, Some(&token), &unknown, &[]).await,
        fetched(&house, Some(&token), "query=%7B__typename%7D", &[]).await,
        posted(&house, &token, &json!({"documentId": hash(LAW)})).await,
    ] {
        assert_eq!((header_of(&reply.headers, "cache-control"), reply.headers.get("etag")), ("no-store", None));
    }
}

#[tokio::test]
async fn nothing_but_trusted_documents_is_admitted_at_any_door_where_that_is_said() {
    let directory = manifests(&[("front-end", &[STATUS, CHANGED])]);
    let house = trusting(House::sample(Engine::Sqlite).await.unwrap(), directory.path(), "true").await;
    let token = house.token(KELA, Role::Officer);
    for query in ["{ __typename }", "{ __schema { types { name } } }", LAW, &format!("{STATUS} "), "not GraphQL"] {
        let posted = posted(&house, &token, &json!({ "query": query })).await;
        assert_eq!(codes(&posted.body), ["DOCUMENT_NOT_TRUSTED"], "{query}");
        let fetched = fetched(&house, Some(&token), &format!("query={}", escaped(&json!(query))), &[]).await;
        assert_eq!(codes(&fetched.body), ["DOCUMENT_NOT_TRUSTED"], "{query}");
        let socket = Door::of(&house).await.asked(&token, &json!({ "query": query })).await;
        assert_eq!(socket["payload"][0]["extensions"]["code"], "DOCUMENT_NOT_TRUSTED", "{query}");
    }
    let as_text = json!({"query": STATUS, "variables": {"number": AGREEMENT}});
    assert_eq!(posted(&house, &token, &as_text).await.body["data"]["agreement"]["status"], "ACTIVE");
    let by_socket = json!({"documentId": format!("sha256:{}", hash(STATUS)), "variables": {"number": AGREEMENT}});
    let answer = Door::of(&house).await.asked(&token, &by_socket).await;
    assert_eq!(answer["payload"]["data"]["agreement"]["status"], "ACTIVE", "{answer}");
    let by_socket = json!({"extensions": persisted("query { viewer { subject } }")});
    let answer = Door::of(&house).await.asked(&token, &by_socket).await;
    assert_eq!(answer["payload"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND", "{answer}");

    let page = fetched(&house, Some(&token), "", &[("accept", "text/html, application/json")]).await;
    assert_eq!(codes(&page.body), ["INVALID_INPUT"], "no page");
    let file = house.send(Request::get("/graphiql/boot.js").body(Body::empty()).unwrap()).await;
    assert_eq!(file.status, StatusCode::NOT_FOUND);
    let figures = house.send(Request::get("/metrics").body(Body::empty()).unwrap()).await;
    assert!(figures.body.as_str().unwrap().contains("gateway_trusted_documents_total{client=\"front-end\"}"));
}

#[tokio::test]
async fn faulty_manifest_stops_the_start_and_is_told_whole() {
    const UNAVAILABLE: i32 = 69;
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let manifests = tempfile::tempdir().unwrap();
    let path = manifests.path().to_str().unwrap();
    let settings = [&settings(directory.path(), &url)[..], &[("TRUSTED_DOCUMENTS", path)]].concat();
    let check = async || {
        let checked = run(&settings, &["config", "check"]).await;
        (checked.status.code(), text(&checked.stdout))
    };
    let (code, said) = check().await;
    assert_eq!((code, said.contains("holds no manifest")), (Some(UNAVAILABLE), true), "{said}");

    let deep = format!("{{ {} id {} }}", "organisations { nodes { ".repeat(40), "} }".repeat(40));
    let faulty = [
        ("query A { nothing }", "nothing"),
        ("query A { agreement(nubmer: \"x\") { number } }", "nubmer"),
        ("query A { viewer { subject } } query B { viewer { subject } }", "one operation"),
        ("query A {", "syntax error"),
        ("query A { agreement(number: \"131052-308T\") { number } }", "personal identity codes"),
        (&deep, "QUERY_"),
    ];
    let documents: Vec<_> = faulty.iter().map(|(document, _)| *document).collect();
    std::fs::write(manifests.path().join("app.json"), manifest(&documents)).unwrap();
    let wrong = json!({"x": "{ viewer { subject } }", hash("a"): "{ viewer { subject } }"}).to_string();
    std::fs::write(manifests.path().join("other.json"), wrong).unwrap();
    std::fs::write(manifests.path().join("not a name.json"), manifest(&[STATUS])).unwrap();
    std::fs::write(manifests.path().join("README.md"), "no manifest").unwrap();
    let (code, said) = check().await;
    assert_eq!(code, Some(UNAVAILABLE), "{said}");
    for (document, fault) in faulty {
        let line = said.lines().find(|line| line.contains(&hash(document)));
        assert!(line.is_some_and(|line| line.contains("app.json") && line.contains(fault)), "{document}: {said}");
    }
    assert_eq!(said.lines().filter(|line| line.contains("other.json")).count(), 2, "{said}");
    assert!(said.contains("its name is a client's") && !said.contains("131052-308T"), "{said}");
    let start = gateway(&settings).output().await.unwrap();
    assert!(!start.status.success() && text(&start.stderr).contains("TRUSTED_DOCUMENTS cannot be used"));

    for file in ["other.json", "not a name.json"] {
        std::fs::remove_file(manifests.path().join(file)).unwrap();
    }
    std::fs::write(manifests.path().join("app.json"), manifest(&[STATUS, SUSPEND, CHANGED, LAW])).unwrap();
    let (code, said) = check().await;
    assert_eq!((code, said.contains("TRUSTED_DOCUMENTS: 4 documents are sound")), (Some(0), true), "{said}");
}
