//! The server on real sockets: slow, greedy and crooked clients, TLS, and the end.

use std::{
    collections::HashSet,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use api::{
    auth::Role,
    server::{self, Stop, Tls},
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::Response,
    routing::get,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    contract::{RECORD, disclosure},
    house::{Engine, House, KELA, LVV},
    process::{Serving, ask, closed, gateway, settings},
};

/// Longest any of these answers may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Gateway that listens in this process.
struct Open {
    house: House,
    address: SocketAddr,
    stop: Stop,
    served: JoinHandle<()>,
}

impl Open {
    async fn with(limits: &[(&str, &str)]) -> Self {
        let setting =
            |name: &str| limits.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let house = House::configured(Engine::Sqlite, setting).await.unwrap();
        let router = house.router.clone();
        Self::of(house, router, None).await
    }

    /// The same with other doors, or with TLS.
    async fn of(house: House, router: Router, tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), house.app.stop.clone());
        let (serving, stopping) = (house.app.gateway.config.serving.clone(), stop.stopping());
        let served = tokio::spawn(async move { server::serve(listener, router, &serving, tls, stopping).await });
        Self { house, address, stop, served }
    }

    async fn client(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// Everything that is answered to these bytes, until the connection is closed.
    async fn told(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.client().await;
        client.say(bytes).await;
        client.rest().await
    }

    fn post(&self, body: &str, fields: &str) -> String {
        let token = self.house.token(KELA, Role::System);
        format!(
            "POST /graphql HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\n{fields}\r\n{body}"
        )
    }

    fn query(&self, fields: &str) -> String {
        self.post(QUERY, &format!("content-length: {}\r\n{fields}", QUERY.len()))
    }
}

const QUERY: &str = r#"{"query":"{ viewer { factsSeq } }"}"#;
const ALIVE: &str = "GET /healthz HTTP/1.1\r\nhost: gateway\r\n\r\n";
const ALIVE_ONCE: &str = "GET /healthz HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n";

struct Client(TcpStream);

impl Client {
    async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a byte now and then until the other side has had enough, and tells what that said.
    async fn drip(mut self) -> String {
        let mut told = Vec::new();
        let dripping = async {
            loop {
                let mut bytes = [0; 4_096];
                match timeout(Duration::from_millis(200), self.0.read(&mut bytes)).await {
                    Err(_) => drop(self.0.write_all(b"x").await),
                    Ok(Ok(read)) if read > 0 => told.extend_from_slice(&bytes[..read]),
                    Ok(_) => return,
                }
            }
        };
        timeout(PATIENCE, dripping).await.expect("a dripping client is left");
        String::from_utf8(told).unwrap()
    }

    /// One answer with its body, whose length it tells.
    async fn answer(&mut self) -> String {
        let mut told = Vec::new();
        let answered = async {
            loop {
                let mut bytes = [0; 4_096];
                let read = self.0.read(&mut bytes).await.unwrap();
                told.extend_from_slice(&bytes[..read]);
                let text = String::from_utf8_lossy(&told).to_lowercase();
                let whole = text.split_once("\r\n\r\n").map(|(head, body)| {
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    body.len() >= length.map_or(0, |length| length.parse::<usize>().unwrap())
                });
                if read == 0 || whole == Some(true) {
                    return;
                }
            }
        };
        timeout(PATIENCE, answered).await.expect("an answer in time");
        String::from_utf8(told).unwrap()
    }

    /// What comes until the end.
    async fn rest(&mut self) -> String {
        let mut told = Vec::new();
        drop(timeout(PATIENCE, self.0.read_to_end(&mut told)).await.expect("the connection is closed"));
        String::from_utf8(told).unwrap()
    }
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[tokio::test]
async fn header_that_drips_is_cut_and_a_kept_connection_is_not() {
    let open = Open::with(&[("HEADER_SECONDS_MAX", "1")]).await;
    let mut kept = open.client().await;
    kept.say(ALIVE).await;
    assert_eq!(status(&kept.answer().await), "200");
    let (start, mut dripping, mut silent) = (Instant::now(), open.client().await, open.client().await);
    dripping.say("POST /graphql HTTP/1.1\r\nhost: ").await;
    let told = dripping.drip().await;
    assert!(told.starts_with("HTTP/1.1 408 ") && told.contains("connection: close"), "{told}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(silent.rest().await, "", "who said nothing hears nothing");
    kept.say(ALIVE).await;
    assert_eq!(
        status(&kept.answer().await),
        "200",
        "a connection waits longer for its next request than for its header"
    );
}

#[tokio::test]
async fn kept_connection_is_closed_after_its_time() {
    let open = Open::with(&[("IDLE_SECONDS_MAX", "1")]).await;
    let mut kept = open.client().await;
    for _ in 0..3 {
        kept.say(ALIVE).await;
        assert_eq!(status(&kept.answer().await), "200");
        sleep(Duration::from_millis(600)).await;
    }
    assert_eq!(kept.rest().await, "");
}

#[tokio::test]
async fn body_that_drips_is_refused_by_the_name_of_its_limit() {
    let open = Open::with(&[("BODY_SECONDS_MAX", "1")]).await;
    for fields in ["content-length: 5000\r\n", "transfer-encoding: chunked\r\n"] {
        let mut dripping = open.client().await;
        dripping.say(open.post("", fields)).await;
        let told = if fields.starts_with("content") { dripping.drip().await } else { dripping.rest().await };
        assert!(told.starts_with("HTTP/1.1 408 ") && told.contains("connection: close"), "{told}");
        let body: Value = serde_json::from_str(told.split_once("\r\n\r\n").unwrap().1).unwrap();
        let extensions = &body["errors"][0]["extensions"];
        assert_eq!(extensions, &json!({"code": "LIMIT_EXCEEDED", "limit": "BODY_SECONDS_MAX", "allowed": 1}));
    }
}

#[tokio::test]
async fn large_header_is_refused_before_any_door_sees_it() {
    let open = Open::with(&[("HEADER_BYTES_MAX", "9000"), ("HEADER_FIELDS_MAX", "20")]).await;
    let long = format!("x-long: {}\r\n", "x".repeat(9_000));
    assert_eq!(status(&open.told(open.query(&long)).await), "431");
    // Endless ones are not read to their end.
    let mut endless = open.client().await;
    endless.say("GET /healthz HTTP/1.1\r\nx: ").await;
    for _ in 0..20 {
        drop(endless.0.write_all(&[b'x'; 1_000]).await);
    }
    assert_eq!(status(&endless.rest().await), "431");
    let fields = |count: usize| (0..count).map(|at| format!("x-{at}: 1\r\n")).collect::<Vec<_>>().concat();
    assert_eq!(status(&open.told(open.query(&fields(30))).await), "431");
    assert_eq!(status(&open.told(open.query(&format!("{}connection: close\r\n", fields(10)))).await), "200");
    let mut long_path = open.client().await;
    long_path.say(format!("GET /{} HTTP/1.1\r\nhost: gateway\r\n\r\n", "x".repeat(20_000))).await;
    assert!(["414", "431"].contains(&status(&long_path.rest().await)));
}

#[tokio::test]
async fn framing_that_two_may_read_differently_is_read_by_nobody() {
    let open = Open::with(&[]).await;
    for fields in [
        "content-length: 35\r\ncontent-length: 36\r\n",
        "content-length: 35, 36\r\n",
        "content-length: +35\r\n",
        "content-length: 0x23\r\n",
        "content-length: 99999999999999999999\r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: foo, chunked\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding: ,chunked\r\n",
        "transfer-encoding: foo\r\ntransfer-encoding: chunked\r\n",
        "content-length : 35\r\n",
        "x-folded: a\r\n b\r\ncontent-length: 35\r\n",
        "x-null: a\0b\r\ncontent-length: 35\r\n",
        "x bad: 1\r\ncontent-length: 35\r\n",
        "x-return: a\rb\r\ncontent-length: 35\r\n",
    ] {
        let told = open.told(open.post(QUERY, fields)).await;
        assert_eq!(status(&told), "400", "{fields}: {told}");
        assert!(!told.contains("factsSeq"), "{fields}");
    }
    for line in
        ["GET /healthz HTTP/2.0", "GET /healthz", "GET  /healthz HTTP/1.1", "G\u{e9}T / HTTP/1.1", "PRI * HTTP/2.0"]
    {
        let told = open.told(format!("{line}\r\nhost: gateway\r\n\r\n")).await;
        assert!(told.is_empty() || status(&told) == "400", "{line}: {told}");
    }
}

#[tokio::test]
async fn length_beside_chunks_smuggles_no_second_request() {
    let open = Open::with(&[]).await;
    for fields in
        ["content-length: 4\r\ntransfer-encoding: chunked\r\n", "transfer-encoding: chunked\r\ncontent-length: 4\r\n"]
    {
        let body = format!("{:x}\r\n{QUERY}\r\n0\r\n\r\n{ALIVE}", QUERY.len());
        let told = open.told(open.post(&body, fields)).await;
        assert_eq!(told.matches("HTTP/1.1 ").count(), 1, "the connection is closed after it: {told}");
        assert!(told.contains("factsSeq") && told.contains("connection: close"), "{told}");
    }
    for chunk in ["zz", "-1", "fffffffffffffffff", "5;x=\"\r\n", ""] {
        let told =
            open.told(open.post(&format!("{chunk}\r\n{QUERY}\r\n0\r\n\r\n"), "transfer-encoding: chunked\r\n")).await;
        assert!(!told.contains("factsSeq\":") && told.matches("HTTP/1.1 ").count() <= 1, "{chunk}: {told}");
    }
}

#[tokio::test]
async fn older_and_unusual_requests_are_answered() {
    let open = Open::with(&[]).await;
    let once = open.query("connection: close\r\n");
    assert_eq!(status(&open.told(&once).await), "200");
    let old = once.replacen("HTTP/1.1", "HTTP/1.0", 1).replacen("connection: close\r\n", "", 1);
    assert_eq!(status(&open.told(old).await), "200", "a request of HTTP/1.0 has one answer");
    let absolute = once.replacen("/graphql", "http://gateway/graphql", 1);
    assert_eq!(status(&open.told(absolute).await), "200");
    let both = open.told(format!("{}{once}", open.query(""))).await;
    assert_eq!(both.matches("HTTP/1.1 200 ").count(), 2, "both of a pipeline: {both}");
    // Half closed: the client has asked all it wants.
    let mut half = open.client().await;
    half.say(open.query("")).await;
    half.0.shutdown().await.unwrap();
    assert_eq!(status(&half.rest().await), "200");
    // A length that is not kept.
    let mut short = open.client().await;
    short.say(open.post(QUERY, "content-length: 100\r\n")).await;
    short.0.shutdown().await.unwrap();
    assert_eq!(status(&short.rest().await), "400");
}

#[tokio::test]
async fn body_is_asked_for_only_when_it_will_be_read() {
    let open = Open::with(&[]).await;
    let expects = open.query("expect: 100-continue\r\nconnection: close\r\n");
    let (head, body) = expects.split_once("\r\n\r\n").unwrap();
    let mut client = open.client().await;
    client.say(format!("{head}\r\n\r\n")).await;
    let mut told = [0; 25];
    timeout(PATIENCE, client.0.read_exact(&mut told)).await.unwrap().unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.say(body).await;
    assert_eq!(status(&client.rest().await), "200");
    let forged = head.replacen("Bearer ", "Bearer x", 1);
    let mut client = open.client().await;
    client.say(format!("{forged}\r\n\r\n")).await;
    assert_eq!(status(&client.answer().await), "401", "and no word of going on");
    let large = open.post("", "content-length: 9000000\r\nexpect: 100-continue\r\n");
    assert_eq!(status(&open.told(large).await), "413");
}

#[tokio::test]
async fn refusal_arrives_at_a_client_that_is_still_sending() {
    let open = Open::with(&[]).await;
    let mut client = open.client().await;
    client.say(open.post("", "content-length: 3000000\r\n")).await;
    client.say(vec![b'x'; 3_000_000]).await;
    let told = client.rest().await;
    assert_eq!(status(&told), "413");
    assert!(told.contains("BODY_BYTES_MAX"), "{told}");
}

#[tokio::test]
async fn newcomer_to_a_full_house_takes_the_place_of_who_asks_nothing() {
    let open = Open::with(&[("CONNECTIONS_MAX", "8"), ("BODY_SECONDS_MAX", "5")]).await;
    let mut idle = Vec::new();
    for at in 0..8 {
        let mut client = open.client().await;
        if at % 2 == 0 {
            client.say(ALIVE).await;
            client.answer().await;
        }
        idle.push(client);
    }
    assert_eq!(status(&open.told(ALIVE_ONCE).await), "200");
    drop(idle);
    // Who is served keeps its place; the newcomer waits.
    let mut busy = Vec::new();
    for _ in 0..8 {
        let mut client = open.client().await;
        client.say(open.post("", "content-length: 5\r\n")).await;
        busy.push(client);
    }
    sleep(Duration::from_millis(1_500)).await;
    let mut waiting = open.client().await;
    waiting.say(ALIVE_ONCE).await;
    assert!(timeout(Duration::from_millis(1_500), waiting.answer()).await.is_err());
    busy.pop().unwrap().0.shutdown().await.unwrap();
    assert_eq!(status(&waiting.answer().await), "200");
}

#[tokio::test]
async fn too_few_open_files_end_nothing_and_leave_the_gateway_its_own() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let mut command = tokio::process::Command::new("sh");
    let binary = env!("CARGO_BIN_EXE_gateway");
    command.args(["-c", "ulimit -n 300 && exec \"$0\"", binary]).env_clear().kill_on_drop(true);
    command.envs(settings(directory.path(), &url)).env("RUST_LOG", "error");
    let serving = Serving::of(command).await;
    let address = serving.url.trim_start_matches("http://").trim_end_matches("/graphql").to_owned();
    let mut flood = Vec::new();
    for _ in 0..400 {
        let mut client = Client(TcpStream::connect(&address).await.unwrap());
        client.say("GET").await;
        flood.push(client);
    }
    let mut client = Client(TcpStream::connect(&address).await.unwrap());
    client.say(ALIVE_ONCE).await;
    assert_eq!(status(&client.rest().await), "200");
    drop(flood);
    assert_eq!(serving.terminate().await.code(), Some(0));
}

#[tokio::test]
async fn client_that_does_not_read_is_left() {
    let open = Open::with(&[("SEND_SECONDS_MAX", "1"), ("CONNECTIONS_MAX", "1")]).await;
    let mut deaf = open.client().await;
    let asked = async {
        loop {
            deaf.say(open.query("")).await;
        }
    };
    // Both systems' buffers fill, then the gateway's own; it reads no more of its client.
    drop(timeout(Duration::from_secs(3), asked).await);
    assert_eq!(status(&open.told(ALIVE_ONCE).await), "200");
}

/// What a refusal by a limit says: status, seconds to wait, limit.
fn limited(told: &str) -> (&str, Option<&str>, Value) {
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    let wait = head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let extensions = &body["errors"][0]["extensions"];
    assert!(extensions["code"] == "LIMIT_EXCEEDED" || body.is_null(), "{told}");
    (status(told), wait, extensions["limit"].clone())
}

/// Request for what is served to everyone who shows a token.
fn fetch(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn caller_with_its_fill_under_way_waits_and_nobody_else_does() {
    let open = Open::with(&[("CALLER_OPERATIONS_MAX", "2"), ("BODY_SECONDS_MAX", "20")]).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut client = open.client().await;
        client.say(open.post("", "content-length: 5\r\n")).await;
        busy.push(client);
    }
    sleep(Duration::from_millis(300)).await;
    let full = ("429", Some("1"), json!("CALLER_OPERATIONS_MAX"));
    assert_eq!(limited(&open.told(open.query("connection: close\r\n")).await), full);
    let token = open.house.token(KELA, Role::System);
    for path in ["/export/statistics?from=2026-01-01&until=2026-02-01", "/export/agreements/KEL-2023-014"] {
        assert_eq!(limited(&open.told(fetch(path, &token)).await), full, "{path}");
    }
    let other = open.house.token(KELA, Role::Officer);
    assert_eq!(status(&open.told(fetch("/export/agreements/KEL-2023-014", &other)).await), "200");
    busy.pop().unwrap().say("{...}").await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(status(&open.told(open.query("connection: close\r\n")).await), "200");
}

#[tokio::test]
async fn caller_that_asks_too_fast_waits_and_nobody_else_does() {
    let open = Open::with(&[("CALLER_REQUESTS_PER_SECOND_MAX", "5")]).await;
    let mut client = open.client().await;
    let mut told = Vec::new();
    for _ in 0..12 {
        client.say(open.query("")).await;
        told.push(client.answer().await);
    }
    let refused: Vec<_> = told.iter().filter(|told| status(told) != "200").collect();
    assert!((1..=7).contains(&refused.len()), "{told:?}");
    for told in refused {
        assert_eq!(limited(told), ("429", Some("1"), json!("CALLER_REQUESTS_PER_SECOND_MAX")));
    }
    let other = open.house.token(KELA, Role::Officer);
    assert_eq!(status(&open.told(fetch("/export/agreements/KEL-2023-014", &other)).await), "200");
    // Strangers who read the log are counted by address.
    let mut told = Vec::new();
    for _ in 0..12 {
        told.push(open.told(fetch("/log/checkpoint", "")).await);
    }
    let refused = told.iter().filter(|told| status(told) != "200");
    let refused: Vec<_> = refused.map(|told| (limited(told).1, told.ends_with(" is limited to 5\n"))).collect();
    assert!(!refused.is_empty() && refused.iter().all(|said| *said == (Some("1"), true)), "{told:?}");
    assert_eq!(status(&open.told(ALIVE_ONCE).await), "200", "health is told to anyone at any time");
}

#[tokio::test]
async fn address_that_tries_tokens_is_kept_from_trying_and_no_other_is() {
    let limits = [("FAILED_AUTHENTICATIONS_PER_SECOND_MAX", "3"), ("TRUSTED_PROXIES", "127.0.0.1")];
    let open = Open::with(&limits).await;
    let known = open.query("x-forwarded-for: 192.0.2.1\r\n");
    let forged = known.replacen("Bearer ", "Bearer x", 1);
    let mut client = open.client().await;
    client.say(&known).await;
    assert_eq!(status(&client.answer().await), "200");
    let mut told = Vec::new();
    for _ in 0..12 {
        client.say(&forged).await;
        told.push(client.answer().await);
    }
    let looked_at = told.iter().filter(|told| status(told) == "401").count();
    assert!((3..=8).contains(&looked_at), "{told:?}");
    let refused = told.iter().find(|told| status(told) != "401").expect("too many");
    assert_eq!(limited(refused), ("429", Some("1"), json!("FAILED_AUTHENTICATIONS_PER_SECOND_MAX")));
    client.say(&known).await;
    assert_eq!(status(&client.answer().await), "200", "a token known to be good is let in from anywhere");
    client.say(forged.replacen("192.0.2.1", "192.0.2.1, 198.51.100.7", 1)).await;
    assert_eq!(status(&client.answer().await), "401", "another address has not tried");
}

#[tokio::test]
async fn hundreds_of_forged_tokens_are_each_told_that_they_are() {
    let open = Open::with(&[]).await;
    let good = open.query("");
    let token = good.split_once("Bearer ").unwrap().1.split_once("\r\n").unwrap().0.to_owned();
    let (body, signature) = token.rsplit_once('.').unwrap();
    let mut client = open.client().await;
    for at in 0..400_usize {
        let mut signature = signature.as_bytes().to_vec();
        signature[at % 80] = if signature[at % 80] == b'A' { b'B' } else { b'A' };
        let forged = format!("{body}.{}", String::from_utf8(signature).unwrap());
        client.say(good.replacen(&token, &forged, 1)).await;
        let told = client.answer().await;
        assert_eq!(status(&told), "401", "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heavy_questions_of_one_caller_keep_nobody_waiting() {
    let open = Open::with(&[]).await;
    let (heavy, light) = (open.house.token(KELA, Role::Officer), open.query(""));
    let page = |at: usize| format!("p{at}: agreements(first: 100) {{ nodes {{ {PARTS} }} }}");
    let pages = (0..8).map(page).collect::<Vec<_>>().join(" ");
    let body = json!({ "query": format!("{{ {pages} }}") }).to_string();
    let asked = |token: &str| {
        format!(
            "POST /graphql HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let mut greedy = Vec::new();
    for _ in 0..12 {
        let mut client = open.client().await;
        client.say(asked(&heavy)).await;
        greedy.push(client);
    }
    let mut client = open.client().await;
    for _ in 0..50 {
        client.say(&light).await;
        assert_eq!(status(&client.answer().await), "200");
    }
    let other = open.told(asked(&open.house.token(LVV, Role::Officer))).await;
    assert!(status(&other) == "200" && !other.contains("\"errors\""), "{}", &other[..200]);
    for mut client in greedy {
        let told = client.rest().await;
        assert!(status(&told) == "200" && !told.contains("\"errors\""), "{}", &told[..200]);
    }
}

/// What makes a page of agreements heavy.
const PARTS: &str = "number effectiveStatus { state blockers { code message } } \
    adoptionSteps { code state blockedBy { code message } } allowedActions { code blockedBy { code message } }";

/// Doors that turn a connection into one that says back what it hears.
fn echo() -> Router {
    Router::new().route("/echo", get(upgraded)).route("/healthz", get(async || "alive\n"))
}

async fn upgraded(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(upgrade.await.unwrap());
        let mut bytes = [0; 5];
        while stream.read_exact(&mut bytes).await.is_ok() {
            stream.write_all(&bytes).await.unwrap();
        }
    });
    let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    answer.header(header::CONNECTION, "upgrade").header(header::UPGRADE, "echo").body(Body::empty()).unwrap()
}

#[tokio::test]
async fn upgraded_connection_outlives_its_header_and_keeps_its_place() {
    let limits = [("HEADER_SECONDS_MAX", "1"), ("IDLE_SECONDS_MAX", "1"), ("CONNECTIONS_MAX", "1")];
    let setting = |name: &str| limits.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let house = House::configured(Engine::Sqlite, setting).await.unwrap();
    let open = Open::of(house, echo(), None).await;
    let mut socket = open.client().await;
    socket.say("GET /echo HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await;
    assert_eq!(status(&socket.answer().await), "101");
    for _ in 0..2 {
        sleep(Duration::from_millis(1_300)).await;
        socket.say("hello").await;
        let mut heard = [0; 5];
        timeout(PATIENCE, socket.0.read_exact(&mut heard)).await.unwrap().unwrap();
        assert_eq!(&heard, b"hello");
    }
    let mut waiting = open.client().await;
    waiting.say(ALIVE_ONCE).await;
    assert!(timeout(Duration::from_millis(500), waiting.answer()).await.is_err());
    drop(socket);
    assert_eq!(status(&waiting.answer().await), "200");
}

/// Authority of the tests, and what it certifies.
struct Authority {
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { certificate, issuer: rcgen::Issuer::new(parameters, key) }
    }

    /// Writes certificate and key of a name, valid until a year.
    fn certify(&self, directory: &Path, name: &str, until: i32) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
        std::fs::write(directory.join("certificate.pem"), certificate.pem()).unwrap();
    }

    /// Answer over a new connection that trusts this authority alone.
    async fn ask(&self, address: SocketAddr, name: &str) -> reqwest::Result<reqwest::Response> {
        let root = reqwest::Certificate::from_pem(self.certificate.pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([root]).resolve(name, address).build().unwrap();
        client.get(format!("https://{name}:{}/healthz", address.port())).send().await
    }
}

#[tokio::test]
async fn tls_shows_the_newest_certificate_that_is_good() {
    let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    authority.certify(directory.path(), "old.test", 2100);
    let files = [("TLS_CERTIFICATE_FILE", "certificate.pem"), ("TLS_PRIVATE_KEY_FILE", "key.pem")];
    let setting = |name: &str| match name {
        "TLS_RELOAD_SECONDS" | "HEADER_SECONDS_MAX" => Some("1".to_owned()),
        _ => files
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, file)| directory.path().join(file).display().to_string()),
    };
    let house = House::configured(Engine::Sqlite, setting).await.unwrap();
    let (serving, router) = (house.app.gateway.config.serving.clone(), house.router.clone());
    let tls = Tls::open(serving.tls.clone().unwrap()).await.unwrap();
    tokio::spawn(tls.keep_fresh(serving.tls_reload_time));
    let open = Open::of(house, router, Some(tls)).await;
    let answer = authority.ask(open.address, "old.test").await.unwrap();
    assert_eq!(answer.headers()[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    assert!(Authority::new().ask(open.address, "old.test").await.is_err(), "a client trusts whom it trusts");

    // Half a renewal, as between two writes of a script, changes nothing; the whole does.
    let key = std::fs::read(directory.path().join("key.pem")).unwrap();
    authority.certify(directory.path(), "new.test", 2100);
    let renewed = std::fs::read(directory.path().join("key.pem")).unwrap();
    std::fs::write(directory.path().join("key.pem"), key).unwrap();
    sleep(Duration::from_millis(2_200)).await;
    assert!(authority.ask(open.address, "old.test").await.is_ok());
    std::fs::write(directory.path().join("key.pem"), renewed).unwrap();
    sleep(Duration::from_millis(2_200)).await;
    assert!(authority.ask(open.address, "new.test").await.is_ok());
    assert!(authority.ask(open.address, "old.test").await.is_err());

    // One past its time is shown as it is: it is the client that must refuse it.
    authority.certify(directory.path(), "new.test", 2020);
    sleep(Duration::from_millis(2_200)).await;
    assert!(authority.ask(open.address, "new.test").await.is_err());
    // Nothing is served in the clear, and a handshake that does not come is not waited for.
    assert!(!open.told(ALIVE_ONCE).await.contains("HTTP/1.1 200"));
    let mut silent = open.client().await;
    assert_eq!(silent.rest().await, "");
}

#[tokio::test]
async fn start_with_files_of_no_use_names_the_setting_and_the_file() {
    let (directory, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let path = |file: &str| directory.path().join(file);
    let open = |certificate: &str, key: &str| {
        Tls::open(api::config::TlsFiles { certificate: path(certificate), private_key: path(key) })
    };
    authority.certify(directory.path(), "a.test", 2100);
    std::fs::copy(path("key.pem"), path("other.pem")).unwrap();
    authority.certify(directory.path(), "b.test", 2100);
    for (certificate, key, fault) in [
        ("none.pem", "key.pem", "TLS_CERTIFICATE_FILE"),
        ("certificate.pem", "none.pem", "TLS_PRIVATE_KEY_FILE"),
        ("key.pem", "key.pem", "holds no certificate in PEM"),
        ("certificate.pem", "certificate.pem", "holds no private key in PEM"),
        ("certificate.pem", "other.pem", "cannot be used together"),
    ] {
        let told = open(certificate, key).await.err().map(|fault| fault.to_string());
        assert!(told.as_ref().is_some_and(|told| told.contains(fault)), "{certificate} {key}: {told:?}");
    }
    assert!(open("certificate.pem", "key.pem").await.is_ok());
}

#[tokio::test]
async fn stop_finishes_what_is_under_way_and_takes_nothing_more() {
    let open = Open::with(&[]).await;
    let (mut asking, mut idle) = (open.client().await, open.client().await);
    let query = open.query("");
    let (most, last) = query.split_at(query.len() - 5);
    asking.say(most).await;
    idle.say(ALIVE).await;
    idle.answer().await;
    sleep(Duration::from_millis(200)).await;
    open.stop.begin();
    assert_eq!(idle.rest().await, "", "who asks nothing is closed");
    sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(open.address).await.is_err());
    assert!(!open.served.is_finished());
    asking.say(last).await;
    let told = asking.rest().await;
    assert!(told.contains("factsSeq") && told.contains("connection: close"), "{told}");
    timeout(PATIENCE, open.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn stop_cuts_who_takes_longer_than_it_may() {
    let open = Open::with(&[("STOP_SECONDS_MAX", "1")]).await;
    let (mut dripping, mut silent) = (open.client().await, open.client().await);
    dripping.say(open.post("", "content-length: 5000\r\n")).await;
    silent.say("POST /graphql HTTP/1.1\r\n").await;
    sleep(Duration::from_millis(200)).await;
    let start = Instant::now();
    open.stop.begin();
    dripping.drip().await;
    timeout(PATIENCE, open.served).await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let app = open.house.app;
    drop((open.house.router, silent));
    timeout(PATIENCE, app.close()).await.expect("nothing holds the writer");
}

#[tokio::test]
async fn stop_is_announced_before_it_begins_and_a_second_signal_ends_it_at_once() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let (delay, waits) = (("STOP_DELAY", "2s"), ("STOP_DELAY", "5m"));
    let known = settings(directory.path(), &url);
    let serving = Serving::start(&[&known[..], &[delay]].concat()).await;
    let (client, ready) = (reqwest::Client::new(), serving.url.replace("/graphql", "/readyz"));
    let is_ready = async || client.get(&ready).send().await.unwrap();
    assert_eq!(is_ready().await.status(), 200);
    serving.signal("TERM").await;
    sleep(Duration::from_millis(300)).await;
    let answer = is_ready().await;
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (503, "not ready: stopping\n"));
    let (status, _) = ask(&client, &serving.url, "x", "{ viewer { factsSeq } }", &json!({})).await.unwrap();
    assert_eq!(status, StatusCode::UNAUTHORIZED, "all is still answered");
    assert_eq!(serving.ended().await.0.code(), Some(0));

    let serving = Serving::start(&[&known[..], &[waits]].concat()).await;
    serving.signal("TERM").await;
    sleep(Duration::from_millis(300)).await;
    serving.signal("INT").await;
    assert_eq!(serving.ended().await.0.code(), Some(130));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_under_load_loses_nothing_that_was_acknowledged() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = Arc::new(house.token(KELA, Role::System));
    let (directory, url) = closed(house).await;
    let serving = Serving::of(gateway(&settings(directory.path(), &url))).await;
    let address: Arc<str> = serving.url.as_str().into();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (token, address) = (Arc::clone(&token), Arc::clone(&address));
            tokio::spawn(async move {
                let (client, mut acknowledged) = (reqwest::Client::new(), Vec::new());
                for at in 0.. {
                    let name = format!("stop-{writer}-{at}");
                    let input = json!({"input": {"disclosures": [disclosure(&name)]}});
                    match ask(&client, &address, &token, RECORD, &input).await {
                        Some((StatusCode::OK, body)) if body["data"]["recordDisclosures"]["disclosures"].is_array() => {
                            acknowledged.push(name);
                        }
                        Some((status, body)) => assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}"),
                        None => return acknowledged,
                    }
                }
                acknowledged
            })
        })
        .collect();
    sleep(Duration::from_millis(700)).await;
    assert_eq!(serving.terminate().await.code(), Some(0));
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(timeout(PATIENCE, writer).await.unwrap().unwrap());
    }
    assert!(acknowledged.len() > 8, "the load was heard");
    let house = House::at(directory, url).await;
    let stored: HashSet<String> = house.rows().await.into_iter().map(|row| row.message_id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|name| !stored.contains(*name)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}
