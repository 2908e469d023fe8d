//! What a browser, a stranger and a scanner get to see: the same hardened surface at every door.

use api::auth::Role;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;

use crate::house::{Engine, House, KELA, Reply, codes};

const ORIGIN: &str = "https://front.example";

/// Addresses of every door, and one that is none.
const ADDRESSES: &[&str] = &[
    "/graphql",
    "/graphql?query=%7B__typename%7D",
    "/graphiql/boot.js",
    "/graphiql/none.js",
    "/healthz",
    "/readyz",
    "/.well-known/jwks.json",
    "/export/statistics?from=2026-01-01&until=2026-02-01",
    "/export/agreements/KEL-2023-014",
    "/export/records-of-processing",
    "/log/checkpoint",
    "/log/vkey",
    "/log/tile/0/000.p/1",
    "/log/tile/9/9",
    "/nowhere",
    "/",
    "/.git/config",
];

async fn sent(house: &House, method: Method, address: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_answer_of_every_door_is_hardened() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let bearer = format!("Bearer {}", house.token(KELA, Role::Officer));
    for address in ADDRESSES {
        for (method, token) in
            [(Method::GET, Some(&bearer)), (Method::GET, None), (Method::POST, None), (Method::PUT, Some(&bearer))]
        {
            let mut headers = vec![("accept", "text/html, */*;q=0.1")];
            headers.extend(token.map(|token| ("authorization", token.as_str())));
            let reply = sent(&house, method.clone(), address, &headers).await;
            let said = |name: &str| reply.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
            let shown = format!("{method} {address}: {} {:?}", reply.status, reply.headers);
            assert_eq!(said("x-content-type-options"), "nosniff", "{shown}");
            assert_eq!(said("referrer-policy"), "no-referrer", "{shown}");
            assert_eq!(said("x-frame-options"), "DENY", "{shown}");
            assert_eq!(said("cross-origin-resource-policy"), "same-origin", "{shown}");
            let policy = said("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{shown}");
            for banner in ["server", "x-powered-by", "via"] {
                assert!(!reply.headers.contains_key(banner), "{shown}");
            }
            assert!(uuid::Uuid::try_parse(said("x-request-id")).is_ok(), "{shown}");
            let is_public = ["/graphiql/", "/log/", "/.well-known/"].iter().any(|public| address.starts_with(public));
            let is_page = said("content-type").starts_with("text/html");
            if !is_public && !is_page {
                assert_eq!(said("cache-control"), "no-store", "{shown}");
            }
            assert!(!said("cache-control").is_empty(), "{shown}");
            assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{shown}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_one_form() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    for address in
        ["/nowhere", "/", "/.env", "/graphql/", "/graphql/x", "/export", "/log", "//graphql", "/admin?x=%3Cscript%3E"]
    {
        let reply = sent(&house, Method::GET, address, &[]).await;
        assert_eq!(
            (reply.status, codes(&reply.body)),
            (StatusCode::NOT_FOUND, vec!["NOT_FOUND".to_owned()]),
            "{address}"
        );
        assert_eq!(reply.body["errors"][0]["message"], "no such address");
    }
    for address in ["/healthz", "/log/vkey", "/export/statistics", "/graphiql/boot.js"] {
        let reply = sent(&house, Method::DELETE, address, &[]).await;
        assert_eq!(
            (reply.status, codes(&reply.body)),
            (StatusCode::METHOD_NOT_ALLOWED, vec!["INVALID_INPUT".to_owned()]),
            "{address}"
        );
        assert_eq!(reply.headers[header::ALLOW], "GET,HEAD");
    }
}

#[tokio::test]
async fn pages_of_listed_origins_may_call_and_others_may_not() {
    let settings = |name: &str| (name == "CORS_ORIGINS").then(|| format!("{ORIGIN},http://localhost:5173"));
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let preflight = [
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,facts-seq"),
    ];
    for origin in [ORIGIN, "http://localhost:5173"] {
        let asked: Vec<_> = [("origin", origin)].into_iter().chain(preflight).collect();
        let reply = sent(&house, Method::OPTIONS, "/graphql", &asked).await;
        assert!(reply.status.is_success());
        let said = |name: &str| reply.headers[name].to_str().unwrap().to_lowercase();
        assert_eq!(said("access-control-allow-origin"), origin);
        assert!(["get", "post"].iter().all(|method| said("access-control-allow-methods").contains(method)));
        for name in ["authorization", "content-type", "facts-seq"] {
            assert!(said("access-control-allow-headers").contains(name), "{name}");
        }
        assert!(!reply.headers.contains_key("access-control-allow-credentials"));
        assert!(said("vary").contains("origin"));
        assert_eq!(said("x-content-type-options"), "nosniff");

        let bearer = format!("Bearer {}", house.token(KELA, Role::Officer));
        let request = Request::post("/graphql")
            .header(header::ORIGIN, origin)
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json!({"query": "{ viewer { subject } }"}).to_string()))
            .unwrap();
        let reply = house.send(request).await;
        assert_eq!(
            (reply.status, &reply.headers["access-control-allow-origin"]),
            (StatusCode::OK, &origin.parse().unwrap())
        );
        let read = reply.headers["access-control-expose-headers"].to_str().unwrap().to_lowercase();
        for name in ["facts-seq", "facts-stale", "x-request-id", "retry-after"] {
            assert!(read.contains(name), "{name}");
        }
        assert!(reply.headers.contains_key("facts-seq"));
    }
    for origin in [
        "https://front.example.evil",
        "http://front.example",
        "https://front.example:8443",
        "null",
        "https://FRONT.example",
    ] {
        let asked: Vec<_> = [("origin", origin)].into_iter().chain(preflight).collect();
        for method in [Method::OPTIONS, Method::GET] {
            let reply = sent(&house, method, "/graphql?query=%7B__typename%7D", &asked).await;
            assert!(!reply.headers.contains_key("access-control-allow-origin"), "{origin}");
        }
    }
}

#[tokio::test]
async fn no_page_of_another_origin_may_call_unless_it_is_configured() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let asked = [("origin", ORIGIN), ("access-control-request-method", "POST")];
    let reply = sent(&house, Method::OPTIONS, "/graphql", &asked).await;
    assert!(!reply.headers.keys().any(|name| name.as_str().starts_with("access-control")));
}
