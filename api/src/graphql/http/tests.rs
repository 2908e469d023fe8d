use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::{EmptySubscription, Object, Schema};
use axum::{
    body::{Body, to_bytes},
    http::{Request, Response, header},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    Proof, clock,
    graphql::{documents::CacheLimits, gate::tests::LIMITS},
    metrics,
    server::Lane,
};

static WRITTEN: AtomicBool = AtomicBool::new(false);

#[derive(Clone)]
struct Seen(Arrival);

struct Query;

#[Object]
impl Query {
    async fn viewer(&self, ctx: &async_graphql::Context<'_>) -> String {
        let Seen(arrival) = ctx.data_unchecked::<Seen>();
        format!("{} {:?}", arrival.viewer.subject.as_deref().unwrap_or("nobody"), arrival.language)
    }

    async fn slow(&self) -> i32 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        1
    }

    async fn panics(&self, index: usize) -> i32 {
        [1][index]
    }

    async fn missing(&self) -> Result<i32, Error> {
        Err(Error::NotFound("agreement"))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn slow_write(&self) -> i32 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        WRITTEN.store(true, Ordering::SeqCst);
        1
    }
}

fn authenticate(credentials: Credentials<'_>) -> Result<Viewer, Error> {
    match credentials.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap()) {
        None => Ok(Viewer::anonymous()),
        Some("Bearer good") => Ok(Viewer { subject: Some("officer-1".to_owned()), ..Viewer::default() }),
        Some(_) => Err(Error::Unauthenticated { proof: Proof::Refused, reason: "the signature does not verify" }),
    }
}

async fn enter(arrival: Arrival) -> Result<Entered<Seen>, Error> {
    if arrival.min_seq.is_some_and(|seq| seq > 7) {
        return Err(Error::Unavailable("the facts have not reached Facts-Seq"));
    }
    let footing = Arc::new(Footing::new(Arc::default(), clock::Clock::default().now(), false));
    Ok(Entered { context: Seen(arrival), facts_seq: 7, stale_for: None, footing })
}

fn app() -> Router {
    let build = || Schema::build(Query, Mutation, EmptySubscription);
    let doors = Doors {
        schemas: Schemas::new(build, LIMITS, CacheLimits { documents: 100, bytes: 1_000_000 }).unwrap(),
        trusted: TrustedDocuments::default(),
        anonymous_time_max: Duration::from_secs(5),
        bodies: Bodies { bytes_max: 2_000, lane: Lane::new(2), time_max: Duration::from_secs(2) },
        request_limits: RequestLimits {
            operations: 2,
            variables: VariablesLimits { bytes: 1_000, depth: 8, values: 100 },
        },
        cors_origins: Origins::default(),
        sockets: SocketLimits {
            greeting_time_max: Duration::from_secs(10),
            silence_max: Duration::from_mins(1),
            message_time_max: Duration::from_secs(30),
            operations: 2,
        },
        stopping: Arc::new(|| Box::pin(futures::future::pending())),
        now: Arc::new(|| clock::Clock::default().now()),
        slow_from: Duration::from_secs(1),
        authenticate: Arc::new(|credentials| {
            let viewer = authenticate(credentials).map(Arc::new);
            Box::pin(std::future::ready(viewer.map(|viewer| Caller {
                viewer,
                expires_at: None,
                place: Arc::default(),
            })))
        }),
        recognise: Arc::new(|_| Box::pin(std::future::ready(Ok(())))),
        knock: Arc::new(|_| Ok(Place::default())),
        enter: Arc::new(|arrival| Box::pin(enter(arrival))),
        answers: Arc::new(Answers::new(1)),
        at_present: Arc::new(|| None),
        current_seq: Arc::new(|| 8),
        ready: Arc::new(|| vec!["stopping", "facts are loading"]),
        key_set: Some(Arc::new(|| r#"{"keys":[]}"#.to_owned())),
    };
    router(doors, Router::new())
}

fn posted(body: impl Into<Body>) -> Request<Body> {
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    request.header(header::AUTHORIZATION, "Bearer good").body(body.into()).unwrap()
}

fn asked(query: &str) -> Request<Body> {
    posted(json!({"query": query}).to_string())
}

async fn sent(request: Request<Body>) -> Response<Body> {
    app().oneshot(request).await.unwrap()
}

async fn body_of(response: Response<Body>) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body(), 1_000_000).await.unwrap()).unwrap()
}

async fn told(request: Request<Body>) -> (u16, Value) {
    let response = sent(request).await;
    let status = response.status().as_u16();
    let body = body_of(response).await;
    (status, body["errors"][0]["extensions"]["code"].clone())
}

fn with(mut request: Request<Body>, name: &'static str, value: &'static str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

#[tokio::test]
async fn query_is_answered_with_its_id_its_position_and_the_callers_language() {
    let response = sent(with(asked("query Who { viewer }"), "accept-language", "sv")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["facts-seq"], "7");
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    assert!(Uuid::try_parse(response.headers()["x-request-id"].to_str().unwrap()).is_ok());
    assert_eq!(body_of(response).await, json!({"data": {"viewer": "officer-1 Sv"}}));
}

#[tokio::test]
async fn body_that_is_no_request_is_refused_without_echo() {
    for body in ["", "{", "[]", "{}", r#"{"query": 1}"#, r#"{"query": "131052-308T", "variables": 3}"#] {
        let response = sent(posted(body)).await;
        assert_eq!(response.status(), 400, "{body}");
        let told = body_of(response).await.to_string();
        assert!(told.contains("INVALID_INPUT") && !told.contains("131052"), "{told}");
    }
}

#[tokio::test]
async fn unknown_members_and_extensions_of_a_request_are_ignored() {
    let body =
        json!({"query": "{ viewer }", "extensions": {"x": 1}, "id": "7", "variables": null, "operationName": null});
    assert_eq!(sent(posted(body.to_string())).await.status(), 200);
}

#[tokio::test]
async fn form_of_another_site_is_refused() {
    assert_eq!(told(with(asked("{ viewer }"), "content-type", "text/plain")).await.0, 415);
}

#[tokio::test]
async fn wrong_token_is_refused_before_the_body_is_read() {
    let response = sent(with(posted("["), "authorization", "Bearer bad")).await;
    assert_eq!(response.status(), 401);
    let challenge = r#"Bearer error="invalid_token", error_description="the signature does not verify""#;
    assert_eq!(response.headers()["www-authenticate"], challenge);
    assert_eq!(body_of(response).await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn schema_is_told_only_to_callers_with_a_token() {
    let introspection = || asked("{ __schema { queryType { name } } }");
    let mut anonymous = introspection();
    anonymous.headers_mut().remove(header::AUTHORIZATION);
    assert_eq!(told(anonymous).await, (401, json!("UNAUTHENTICATED")));
    assert_eq!(told(introspection()).await, (200, Value::Null));
}

#[tokio::test]
async fn body_above_its_limit_is_refused_declared_or_not() {
    let long = " ".repeat(2_001);
    assert_eq!(told(posted(long.clone())).await, (413, json!("LIMIT_EXCEEDED")));
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>(long)]);
    assert_eq!(told(posted(Body::from_stream(chunks))).await, (413, json!("LIMIT_EXCEEDED")));
    let fits = format!("{:2000}", json!({"query": "{ viewer }"}).to_string());
    assert_eq!(sent(posted(fits)).await.status(), 200);
}

#[tokio::test]
async fn document_refused_has_status_200_for_older_clients_and_400_for_newer() {
    let newer = |query| with(asked(query), "accept", "application/graphql-response+json");
    for query in ["{", "{ nothing }"] {
        assert_eq!(told(asked(query)).await, (200, json!("INVALID_INPUT")), "{query}");
        assert_eq!(told(newer(query)).await, (400, json!("INVALID_INPUT")), "{query}");
    }
    assert_eq!(told(newer("{ missing }")).await, (200, json!("NOT_FOUND")));
}

#[tokio::test(start_paused = true)]
async fn query_is_cut_at_its_time_limit() {
    assert_eq!(told(asked("{ slow }")).await.1, "LIMIT_EXCEEDED");
}

#[tokio::test(start_paused = true)]
async fn mutation_is_cut_neither_by_time_nor_by_a_dropped_connection() {
    let app = app();
    let request = asked("mutation { slowWrite }");
    assert!(timeout_of(app.oneshot(request)).await);
    assert!(!WRITTEN.load(Ordering::SeqCst));
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(WRITTEN.load(Ordering::SeqCst));
    let response = sent(asked("mutation { slowWrite }")).await;
    assert_eq!(response.headers()["facts-seq"], "8");
    assert_eq!(body_of(response).await["data"]["slowWrite"], 1);
}

async fn timeout_of<T>(answer: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_secs(1), answer).await.is_err()
}

#[tokio::test(start_paused = true)]
async fn request_waits_for_its_position_a_second_and_no_longer() {
    assert_eq!(told(with(asked("{ viewer }"), "facts-seq", "7")).await, (200, Value::Null));
    let response = sent(with(asked("{ viewer }"), "facts-seq", "9")).await;
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.status(), 503);
    for seq in ["", "-1", "x"] {
        assert_eq!(told(with(asked("{ viewer }"), "facts-seq", seq)).await, (400, json!("INVALID_INPUT")));
    }
}

#[tokio::test]
async fn panic_becomes_an_internal_error_with_the_request_id() {
    let response = sent(asked("{ panics(index: 1) }")).await;
    assert_eq!(response.status(), 500);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let error = body_of(response).await["errors"][0].clone();
    assert_eq!(error["extensions"], json!({"code": "INTERNAL", "requestId": id}));
}

#[tokio::test]
async fn page_is_served_to_browsers_and_its_files_by_their_hash() {
    let page = Request::get("/graphql").header(header::ACCEPT, "text/html,*/*;q=0.8").body(Body::empty()).unwrap();
    let response = sent(page).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("content-security-policy"));
    let page = String::from_utf8(to_bytes(response.into_body(), 10_000).await.unwrap().to_vec()).unwrap();
    let files: Vec<_> = page.split("\"graphiql/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(files.len(), 6);
    for file in files {
        assert!(file.contains("?v="), "{file}");
        let response = sent(Request::get(format!("/graphiql/{file}")).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), 200);
        assert!(response.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    }
    let missing = Request::get("/graphiql/index.php").body(Body::empty()).unwrap();
    assert_eq!(told(missing).await, (404, json!("NOT_FOUND")));
}

#[tokio::test]
async fn panic_is_counted() {
    let before = metrics::panics();
    sent(asked("{ panics(index: 1) }")).await;
    assert!(metrics::panics() > before);
}

#[tokio::test]
async fn list_is_answered_in_its_order_each_by_itself() {
    let list = json!([{"query": "{ viewer }"}, {"query": "{ nothing }"}]).to_string();
    let response = sent(posted(list)).await;
    assert_eq!((response.status().as_u16(), &response.headers()["facts-seq"]), (200, &"7".parse().unwrap()));
    let answers = body_of(response).await;
    assert_eq!(answers[0], json!({"data": {"viewer": "officer-1 Fi"}}));
    assert_eq!(answers[1]["errors"][0]["extensions"]["code"], "INVALID_INPUT");
    assert!(answers[1].get("data").is_none());
    let three = json!([{"query": "{ viewer }"}, {"query": "{ viewer }"}, {"query": "{ viewer }"}]).to_string();
    assert_eq!(told(posted(three)).await.1, "LIMIT_EXCEEDED");
}

#[tokio::test(start_paused = true)]
async fn list_takes_no_longer_than_one_operation() {
    let start = tokio::time::Instant::now();
    let list = json!([{"query": "{ slow }"}, {"query": "{ slow }"}]).to_string();
    let answers = body_of(sent(posted(list)).await).await;
    assert!(start.elapsed() < Duration::from_secs(3));
    for answer in [0, 1] {
        assert_eq!(answers[answer]["errors"][0]["extensions"]["limit"], "OPERATION_SECONDS_MAX");
    }
}

#[tokio::test]
async fn health_readiness_and_keys_are_told_to_anyone() {
    for (path, status, body) in [
        ("/healthz", 200, "alive\n"),
        ("/readyz", 503, "not ready: stopping; facts are loading\n"),
        ("/.well-known/jwks.json", 200, r#"{"keys":[]}"#),
    ] {
        let response = sent(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(to_bytes(response.into_body(), 1_000).await.unwrap(), body);
    }
}
