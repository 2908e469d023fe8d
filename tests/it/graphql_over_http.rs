//! GraphQL over HTTP as its specification says: forms, statuses, methods, and what is no request.
//!
//! The specification's own audits are npm `graphql-http`, installed by `npm ci` in `tests/graphql-http`. Where they or Node are
//! missing that test says so loudly and skips, unless `REQUIRE_GRAPHQL_AUDITS=1`.

use std::{
    env,
    io::{self, Write},
    path::Path,
    process::Stdio,
};

use api::auth::Role;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    house::{Engine, House, KELA, PIRKANMAA, Reply, codes},
    on_both_engines,
    sockets::Door,
};

const PLAIN: &str = "application/json; charset=utf-8";
const NEWER: &str = "application/graphql-response+json; charset=utf-8";
const VIEWER: &str = "{ viewer { subject } }";
const FRESH: &str = "131052-308T";

/// Request with a token, a body and further headers.
async fn posted(house: &House, body: impl Into<Body>, headers: &[(&str, &str)]) -> Reply {
    let token = house.token(KELA, Role::Officer);
    let mut request = Request::post("/graphql").header(header::AUTHORIZATION, format!("Bearer {token}"));
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    house.send(request.body(body.into()).unwrap()).await
}

async fn fetched(house: &House, method: Method, url: &str, accept: &str) -> Reply {
    let token = house.token(KELA, Role::Officer);
    let request = Request::builder().method(method).uri(url).header(header::AUTHORIZATION, format!("Bearer {token}"));
    house.send(request.header(header::ACCEPT, accept).body(Body::empty()).unwrap()).await
}

fn form(reply: &Reply) -> &str {
    reply.headers[header::CONTENT_TYPE].to_str().unwrap()
}

fn path(reply: &Reply) -> String {
    let path = &reply.body["errors"][0]["extensions"]["faults"][0]["path"];
    path.as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(".")
}

/// A query in a URL as a form writes it.
fn url(parameters: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    format!("/graphql?{}", pairs.join("&"))
}

#[tokio::test]
async fn answer_has_the_form_the_client_likes_best() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let body = json!({ "query": VIEWER }).to_string();
    for (accept, expected) in [
        ("", PLAIN),
        ("*/*", PLAIN),
        ("application/json", PLAIN),
        ("application/graphql-response+json", NEWER),
        ("application/graphql-response+json, application/json;q=0.9", NEWER),
        ("application/json, application/graphql-response+json;q=0.1", PLAIN),
        ("text/html, application/json;q=0.5", PLAIN),
    ] {
        let reply = posted(&house, body.clone(), &[("accept", accept)]).await;
        assert_eq!((reply.status, form(&reply)), (StatusCode::OK, expected), "{accept}");
        assert_eq!(reply.body, json!({"data": {"viewer": {"subject": "0246246-0-officer"}}}));
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    }
    for accept in ["text/html", "application/xml", "application/json;q=0", "application/json;charset=utf-16"] {
        let reply = posted(&house, body.clone(), &[("accept", accept)]).await;
        assert_eq!((reply.status, form(&reply)), (StatusCode::NOT_ACCEPTABLE, PLAIN), "{accept}");
        assert_eq!(codes(&reply.body), ["INVALID_INPUT"]);
    }
}

#[tokio::test]
async fn request_that_is_none_has_status_400_whatever_the_client_accepts() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let member = |name: &str, value: Value| json!({"query": VIEWER, name: value}).to_string();
    let deep = "[".repeat(500_000);
    let open = format!(r#"{{"query":"{{__typename}}","variables":{}"#, "{\"a\":".repeat(50_000));
    for (body, place) in [
        (String::new(), "body"),
        ("NONSENSE".into(), "body"),
        (r#"{"query":"#.into(), "body"),
        ("[]".into(), "body"),
        (format!("[{}]", member("id", json!(1))), "body"),
        (deep, "body"),
        (open, "body"),
        ("{}".into(), "query"),
        (r#"{"qeury":"{ __typename }"}"#.into(), "query"),
        (json!({"query": null}).to_string(), "query"),
        (json!({"query": 1}).to_string(), "query"),
        (member("operationName", json!(["A"])), "operationName"),
        (member("variables", json!([7])), "variables"),
        (member("variables", json!("{}")), "variables"),
        (member("extensions", json!(true)), "extensions"),
        (r#"{"query":"{ __typename }","query":"{ viewer { subject } }"}"#.into(), "body"),
        (r#"{"query":"{ __typename }","variables":{"a":1,"a":2}}"#.into(), "variables"),
        (r#"{"query":"\ud800"}"#.into(), "query"),
        (r#"{"query":"query($a: String) { __typename }","variables":{"a":"\ud800"}}"#.into(), "variables"),
        (r#"{"query":"{ __typename }\u0000"}"#.into(), "query"),
        (r#"{"query":"query($a: Float) { __typename }","variables":{"a":1e999}}"#.into(), "variables"),
        ("\u{feff}{\"query\":\"{ __typename }\"}".into(), "body"),
    ] {
        for accept in ["application/json", "application/graphql-response+json"] {
            let reply = posted(&house, body.clone(), &[("accept", accept)]).await;
            let shown: String = body.chars().take(80).collect();
            assert_eq!(
                (reply.status, codes(&reply.body)),
                (StatusCode::BAD_REQUEST, vec!["INVALID_INPUT".into()]),
                "{shown}"
            );
            assert_eq!(path(&reply), place, "{shown}");
            assert!(reply.body.get("data").is_none());
            assert!(form(&reply).starts_with(accept));
        }
    }
    let reply = posted(&house, b"{\"query\":\"\xff\"}".to_vec(), &[]).await;
    assert_eq!((reply.status, path(&reply)), (StatusCode::BAD_REQUEST, "body".to_owned()));
}

#[tokio::test]
async fn request_that_is_not_executed_has_status_200_for_older_clients_and_400_for_newer() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    for body in [
        json!({"query": "{"}),
        json!({"query": ""}),
        json!({"query": "{ nothing }"}),
        json!({"query": VIEWER, "operationName": "Other"}),
        json!({"query": "query A { __typename } query B { __typename }"}),
        json!({"query": "query($id: ID!) { agreement(id: $id) { id } }", "variables": {"id": null}}),
        json!({"query": "query($id: ID!) { agreement(id: $id) { id } }"}),
        json!({"query": "subscription { agreementChanged { id } }"}),
        json!({"query": format!("{{ {} }}", "viewer { subject } ".repeat(21))}),
    ] {
        for (accept, status) in [("application/json", 200), ("application/graphql-response+json", 400)] {
            let reply = posted(&house, body.to_string(), &[("accept", accept)]).await;
            assert_eq!(reply.status.as_u16(), status, "{body}: {:#}", reply.body);
            assert!(reply.body.get("data").is_none() && !codes(&reply.body).is_empty(), "{:#}", reply.body);
        }
    }
    let missing = json!({"query": r#"{ agreement(number: "NONE") { id } viewer { subject } }"#}).to_string();
    let reply = posted(&house, missing, &[("accept", "application/graphql-response+json")]).await;
    assert_eq!((reply.status, codes(&reply.body)), (StatusCode::OK, vec!["NOT_FOUND".to_owned()]));
    assert_eq!(reply.body["data"]["agreement"], Value::Null);
}

#[tokio::test]
async fn optional_parameters_may_be_null_and_others_are_passed_over() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    for other in [
        json!({"operationName": null, "variables": null, "extensions": null}),
        json!({"operationName": "", "variables": {}, "extensions": {"persistedQuery": {"version": 1}}}),
        json!({"id": 7, "doc_id": [[[]]]}),
    ] {
        let mut body = other.clone();
        body["query"] = json!(VIEWER);
        let reply = posted(&house, body.to_string(), &[]).await;
        assert_eq!((reply.status, codes(&reply.body)), (StatusCode::OK, vec![]), "{other}");
    }
}

#[tokio::test]
async fn only_json_in_utf8_and_uncompressed_is_read() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let body = json!({ "query": VIEWER }).to_string();
    for content_type in [
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        "application/json; charset=\"utf-8\"",
        "application/graphql-response+json",
    ] {
        let reply = posted(&house, body.clone(), &[("content-type", content_type)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{content_type}");
    }
    for content_type in [
        "",
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=iso-8859-1",
        "application/jsonp",
    ] {
        let reply = posted(&house, body.clone(), &[("content-type", content_type)]).await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
    for coding in ["gzip", "deflate", "br", "zstd", "identity, gzip", "x"] {
        let reply = posted(&house, body.clone(), &[("content-encoding", coding)]).await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
        assert_eq!(reply.headers[header::ACCEPT_ENCODING], "identity");
    }
    assert_eq!(posted(&house, body, &[("content-encoding", "identity")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn query_may_come_in_a_url_and_an_act_may_not() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let accept = "application/graphql-response+json";
    let typed = "query Named($number: String!) { agreement(number: $number) { number } } query Other { __typename }";
    let asked = url(&[
        ("query", typed),
        ("operationName", "Named"),
        ("variables", r#"{"number": "KEL-2023-014"}"#),
        ("extensions", r#"{"a": 1}"#),
    ]);
    let reply = fetched(&house, Method::GET, &asked, accept).await;
    assert_eq!((reply.status, form(&reply)), (StatusCode::OK, NEWER));
    assert_eq!(reply.body, json!({"data": {"agreement": {"number": "KEL-2023-014"}}}));
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    assert!(reply.headers.contains_key("facts-seq"));
    let plus =
        fetched(&house, Method::GET, "/graphql?query=%7B+viewer+%7B+subject+%7D+%7D&operationName=", "*/*").await;
    assert_eq!((plus.status, codes(&plus.body)), (StatusCode::OK, vec![]));

    let act = "mutation { suspendAgreement(input: {id: \"x\", reason: MISUSE}) { userErrors { code } } }";
    let both = format!("query A {{ __typename }} {}", act.replace("mutation", "mutation B"));
    for (parameters, status) in [
        (&[("query", act)][..], 405),
        (&[("query", both.as_str()), ("operationName", "B")], 405),
        (&[("query", "mutation { __typename }")], 405),
        (&[("query", both.as_str()), ("operationName", "A")], 200),
    ] {
        for accept in ["application/json", accept] {
            let reply = fetched(&house, Method::GET, &url(parameters), accept).await;
            assert_eq!(reply.status.as_u16(), status, "{parameters:?}");
            if status == 405 {
                assert_eq!(reply.headers[header::ALLOW], "POST");
                assert_eq!(codes(&reply.body), ["INVALID_INPUT"]);
            }
        }
    }
}

#[tokio::test]
async fn url_that_is_no_request_is_refused() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    for (asked, place) in [
        ("/graphql".to_owned(), "query"),
        ("/graphql?variables=%7B%7D".to_owned(), "query"),
        (url(&[("query", VIEWER), ("query", VIEWER)]), "query"),
        (url(&[("query", VIEWER), ("operationName", "A"), ("operationName", "A")]), "operationName"),
        (url(&[("query", VIEWER), ("variables", "[]")]), "variables"),
        (url(&[("query", VIEWER), ("variables", "{")]), "variables"),
        (url(&[("query", VIEWER), ("extensions", "1")]), "extensions"),
        ("/graphql?query=%ff".to_owned(), "query"),
    ] {
        let reply = fetched(&house, Method::GET, &asked, "application/json").await;
        assert_eq!((reply.status, path(&reply)), (StatusCode::BAD_REQUEST, place.to_owned()), "{asked}");
    }
    let without = Request::get(url(&[("query", VIEWER)])).body(Body::empty()).unwrap();
    assert_eq!(house.send(without).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn personal_identity_code_in_a_url_is_refused_at_every_door_and_not_said_back() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let document = "query($number: String) { agreement(number: $number) { id } }";
    let escaped = r#"{"number": "\u0031\u003331052-308T"}"#.replace("31052", "1052");
    for asked in [
        url(&[("query", document), ("variables", &json!({"number": FRESH}).to_string())]),
        url(&[("query", document), ("variables", &escaped)]),
        url(&[("query", VIEWER), ("other", FRESH)]),
        "/graphql?query=%7B__typename%7D&x=13%2531052-308T".to_owned(),
        format!("/export/agreements/{FRESH}"),
        format!("/export/statistics?from={FRESH}"),
        format!("/log/tile/{FRESH}"),
        format!("/{FRESH}"),
        format!("/graphiql/{FRESH}"),
    ] {
        let reply = fetched(&house, Method::GET, &asked, "application/json").await;
        assert_eq!(
            (reply.status, codes(&reply.body)),
            (StatusCode::BAD_REQUEST, vec!["INVALID_INPUT".to_owned()]),
            "{asked}"
        );
        let said = format!("{} {:?}", reply.body, reply.headers);
        assert!(!said.contains("308T"), "{said}");
    }
}

#[tokio::test]
async fn page_is_for_browsers_that_ask_nothing() {
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let page = fetched(&house, Method::GET, "/graphql", BROWSER).await;
    assert_eq!((page.status, form(&page)), (StatusCode::OK, "text/html; charset=utf-8"));
    let asked = fetched(&house, Method::GET, &url(&[("query", VIEWER)]), BROWSER).await;
    assert_eq!((asked.status, form(&asked)), (StatusCode::OK, PLAIN));
    let only = fetched(&house, Method::GET, &url(&[("query", VIEWER)]), "text/html").await;
    assert_eq!(only.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn methods_are_answered_as_http_says() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let asked = url(&[("query", VIEWER)]);
    let head = fetched(&house, Method::HEAD, &asked, "application/json").await;
    assert_eq!((head.status, form(&head), &head.body), (StatusCode::OK, PLAIN, &json!("")));
    let options = fetched(&house, Method::OPTIONS, "/graphql", "*/*").await;
    assert_eq!((options.status, &options.body), (StatusCode::NO_CONTENT, &json!("")));
    let allowed = |reply: &Reply| reply.headers[header::ALLOW].to_str().unwrap().replace(' ', "");
    assert_eq!(allowed(&options), "GET,HEAD,POST,OPTIONS");
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
        let reply = fetched(&house, method.clone(), "/graphql", "application/json").await;
        assert_eq!(
            (reply.status, codes(&reply.body)),
            (StatusCode::METHOD_NOT_ALLOWED, vec!["INVALID_INPUT".to_owned()]),
            "{method}"
        );
        let allowed = allowed(&reply);
        assert!(["GET", "HEAD", "POST"].iter().all(|method| allowed.contains(method)), "{allowed}");
    }
    let reply = fetched(&house, Method::POST, "/healthz", "application/json").await;
    assert_eq!((reply.status, allowed(&reply)), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD".to_owned()));
}

#[tokio::test]
async fn variables_at_a_limit_are_read_and_above_it_refused_by_its_name() {
    let settings = |name: &str| match name {
        "VARIABLES_BYTES_MAX" => Some("1000".to_owned()),
        "VARIABLES_DEPTH_MAX" => Some("3".to_owned()),
        "VARIABLES_VALUES_MAX" => Some("40".to_owned()),
        _ => None,
    };
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let query = "{ viewer { subject } }";
    let body = |variables: &str| format!(r#"{{"query":"{query}","variables":{variables}}}"#);
    let long = |count: usize| body(&format!(r#"{{"y":"{}"}}"#, "a".repeat(count - 8)));
    let many = |count: usize| body(&format!(r#"{{"y":[{}]}}"#, vec!["0"; count - 1].join(",")));
    for (limit, at, above, allowed) in [
        ("VARIABLES_BYTES_MAX", long(1_000), long(1_001), 1_000),
        ("VARIABLES_DEPTH_MAX", body(r#"{"y":[[{"z":1}]]}"#), body(r#"{"y":[[{"z":[]}]]}"#), 3),
        ("VARIABLES_VALUES_MAX", many(40), many(41), 40),
    ] {
        let reply = posted(&house, at, &[]).await;
        assert_eq!((reply.status, codes(&reply.body)), (StatusCode::OK, vec![]), "{limit}: {:#}", reply.body);
        for (accept, status) in [("application/json", 200), ("application/graphql-response+json", 400)] {
            let reply = posted(&house, above.clone(), &[("accept", accept)]).await;
            assert_eq!(reply.status.as_u16(), status);
            let extensions = &reply.body["errors"][0]["extensions"];
            assert_eq!(
                (&extensions["limit"], &extensions["allowed"]),
                (&json!(limit), &json!(allowed)),
                "{:#}",
                reply.body
            );
        }
    }
}

#[tokio::test]
async fn list_of_operations_is_answered_where_it_is_configured() {
    let settings = |name: &str| (name == "BATCH_OPERATIONS_MAX").then(|| "3".to_owned());
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let list = |bodies: &[Value]| Value::from(bodies.to_vec()).to_string();
    let viewer = json!({"query": "{ viewer { at factsSeq subject } }"});
    let reply = posted(&house, list(&[viewer.clone(), json!({"query": "{"}), viewer.clone()]), &[]).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.body.as_array().unwrap().len(), 3);
    assert_eq!(reply.body[0], reply.body[2], "one instant, one picture, one viewer");
    assert_eq!(codes(&reply.body[1]), ["INVALID_INPUT"]);
    let four = posted(&house, list(&vec![viewer.clone(); 4]), &[]).await;
    assert_eq!(four.body["errors"][0]["extensions"]["limit"], "BATCH_OPERATIONS_MAX");
    let bad = posted(&house, list(&[viewer, json!({"query": 1})]), &[]).await;
    assert_eq!((bad.status, path(&bad)), (StatusCode::BAD_REQUEST, "1.query".to_owned()));
}

on_both_engines! {
    async fn schema_is_told_to_nobody_without_a_token_however_it_is_asked(house: House) {
        let house = house.reopened_with(|name| (name == "ANONYMOUS_READ").then(|| "true".to_owned())).await;
        let token = house.token(PIRKANMAA, Role::Officer);
        for query in [
            "{ __schema { queryType { name } } }",
            "{ a: __schema { queryType { name } } }",
            "{ viewer { subject } b: __type(name: \"Query\") { name } }",
            "{ ... { __schema { queryType { name } } } }",
            "{ ... on Query { __type(name: \"Query\") { name } } }",
            "{ ...F } fragment F on Query { ...G } fragment G on Query { __schema { queryType { name } } }",
            "query A { __typename } query B { ...F } fragment F on Query { x: __type(name: \"Agreement\") { name } }",
        ] {
            let body = json!({"query": query, "operationName": if query.contains("query B") { "B" } else { "" }}).to_string();
            let request = |token: Option<&str>| {
                let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
                if let Some(token) = token {
                    request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
                }
                request.body(Body::from(body.clone())).unwrap()
            };
            let told = house.send(request(None)).await;
            assert_eq!(codes(&told.body), ["UNAUTHENTICATED"], "{query}");
            assert_eq!(codes(&house.send(request(Some(&token))).await.body), Vec::<String>::new(), "{query}");
        }
        let plain = house.reply(None, "{ __typename viewer { __typename } }", json!({})).await;
        assert_eq!(plain.body, json!({"data": {"__typename": "Query", "viewer": {"__typename": "Viewer"}}}));
        for query in ["{ viewr { subject } }", "{ agreement(numbr: \"x\") { id } }", "{ viewer { subjekt } }"] {
            let message = |reply: Reply| reply.body["errors"].to_string();
            let told = message(house.reply(None, query, json!({})).await);
            assert!(!told.contains("Did you mean"), "{told}");
            assert!(message(house.reply(Some(&token), query, json!({})).await).contains("Did you mean"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_audit_of_the_specification_holds() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("graphql-http");
    if !are_installed(&directory).await {
        return;
    }
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let door = Door::of(&house).await;
    let url = format!("http://{}/graphql", door.address);
    let token = house.token(KELA, Role::Officer);
    let audits = Command::new("node").args(["audit.mjs", &url, &token]).current_dir(directory).output().await.unwrap();
    let said = String::from_utf8_lossy(&audits.stdout).into_owned();
    assert!(audits.status.success(), "{said}");
    let counts: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert!(counts["MUST ok"].as_u64() >= Some(13) && counts["SHOULD ok"].as_u64() >= Some(23), "{counts}");
}

#[expect(clippy::disallowed_methods, reason = "what is installed is a setting of the tests, not of the gateway")]
async fn are_installed(directory: &Path) -> bool {
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    let are_installed =
        node.is_ok_and(|status| status.success()) && directory.join("node_modules/graphql-http").is_dir();
    if !are_installed {
        let wanted = "node in PATH and `npm ci` in tests/graphql-http";
        assert!(env::var("REQUIRE_GRAPHQL_AUDITS").as_deref() != Ok("1"), "GRAPHQL AUDITS ARE MISSING: no {wanted}");
        // Past the test harness, which would keep the line of a passing test to itself.
        let _ = writeln!(io::stderr(), "\nGRAPHQL AUDITS ARE MISSING: no {wanted}; their test skips\n");
    }
    are_installed
}
