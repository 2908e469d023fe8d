//! Traces over OTLP, taken by a collector of our own: which spans come, how they hang together, and that nothing of a caller
//! stands in them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use api::auth::Role;
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{
    contract::{RECORD, disclosure},
    house::{Engine, House, KELA, KELA_OFFICER},
    on_both_engines,
    process::{Serving, ask, closed, settings},
};

/// Personal identity code of nobody in the sample.
const CODE: &str = "131052-308T";

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// Bodies that came, and the content types they came with.
type Taken = Arc<Mutex<Vec<(String, Bytes)>>>;

struct Collector {
    address: String,
    taken: Taken,
}

impl Collector {
    async fn start() -> Self {
        let taken = Taken::default();
        let take = async |State(taken): State<Taken>, headers: HeaderMap, body: Bytes| {
            taken.lock().unwrap().push((headers["content-type"].to_str().unwrap().to_owned(), body));
        };
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&taken));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, taken }
    }

    fn bytes(&self) -> Vec<u8> {
        let taken = self.taken.lock().unwrap();
        assert!(taken.iter().all(|(form, _)| form == "application/x-protobuf"));
        taken.iter().flat_map(|(_, body)| body.to_vec()).collect()
    }

    fn spans(&self) -> Vec<Span> {
        let bodies: Vec<Bytes> = self.taken.lock().unwrap().iter().map(|(_, body)| body.clone()).collect();
        let of_body = |body: &Bytes| -> Vec<Span> {
            let resources = within(body, 1);
            let scopes = resources.iter().flat_map(|resource| within(resource, 2)).collect::<Vec<_>>();
            scopes.iter().flat_map(|scope| within(scope, 2)).map(|span| Span::of(&span)).collect()
        };
        bodies.iter().flat_map(of_body).collect()
    }

    fn resource(&self) -> BTreeMap<String, String> {
        let (_, body) = self.taken.lock().unwrap()[0].clone();
        within(&within(&within(&body, 1)[0], 1)[0], 1).iter().map(|pair| attribute(pair)).collect()
    }
}

#[derive(Debug, Clone)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
    attributes: BTreeMap<String, String>,
    links: usize,
}

impl Span {
    fn of(bytes: &[u8]) -> Self {
        let one = |number| within(bytes, number).into_iter().next().unwrap_or_default();
        let hex = |bytes: Vec<u8>| api::journal::leaf::hex(&bytes);
        Self {
            trace: hex(one(1)),
            id: hex(one(2)),
            parent: hex(one(4)),
            name: String::from_utf8(one(5)).unwrap(),
            attributes: within(bytes, 9).iter().map(|pair| attribute(pair)).collect(),
            links: within(bytes, 13).len(),
        }
    }
}

/// Name of an attribute with its value: a text, or else the bytes of the number it is.
fn attribute(pair: &[u8]) -> (String, String) {
    let key = String::from_utf8(within(pair, 1).remove(0)).unwrap();
    let value = within(pair, 2).remove(0);
    let text = within(&value, 1).into_iter().next();
    (key, text.map_or_else(|| format!("{value:?}"), |text| String::from_utf8(text).unwrap()))
}

/// Every field of a number whose value is bytes, in a message of protobuf.
fn within(mut message: &[u8], wanted: u64) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let length = match tag & 7 {
            0 => {
                varint(&mut message);
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)).unwrap(),
            5 => 4,
            other => panic!("no wire type: {other}"),
        };
        let (value, rest) = message.split_at(length);
        if tag == wanted << 3 | 2 {
            found.push(value.to_vec());
        }
        message = rest;
    }
    found
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = message.split_first().unwrap();
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

on_both_engines! {
    async fn spans_of_a_request_reach_the_collector_and_hold_nothing_of_the_caller(house: House) {
        let collector = Collector::start().await;
        let system = house.token(KELA, Role::System);
        let officer = house.token_as(KELA_OFFICER, KELA, &[Role::Officer], None);
        let agreement = house.agreement_id("KEL-2023-014").await;
        let (directory, url) = closed(house).await;
        let mut settings = settings(directory.path(), &url).to_vec();
        settings.push(("OTLP_ENDPOINT", &collector.address));
        let serving = Serving::start(&settings).await;
        let client = reqwest::Client::new();
        let mut row = disclosure("traces");
        row["subject"] = json!({"personalIdentityCode": CODE});
        row["endUser"] = json!("secret-end-user-7");
        let named = RECORD.replacen("Record(", "MattiVirtanen(", 1);
        let body = json!({"query": named, "variables": {"input": {"disclosures": [row]}}}).to_string();
        let recorded = client.post(&serving.url).header("content-type", "application/json").bearer_auth(&system)
            .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
            .header("tracestate", "vendor=secret-of-the-caller")
            .body(body).send().await.unwrap();
        let id = recorded.headers()["x-request-id"].to_str().unwrap().to_owned();
        let recorded: serde_json::Value = serde_json::from_slice(&recorded.bytes().await.unwrap()).unwrap();
        assert_eq!(recorded["data"]["recordDisclosures"]["userErrors"], json!([]), "{recorded}");
        let suspend = "mutation($input: SuspendAgreementInput!) { suspendAgreement(input: $input) { userErrors { code } } }";
        let input = json!({"input": {"id": agreement, "reason": "MISUSE", "note": "secret-note"}});
        let (_, suspended) = ask(&client, &serving.url, &officer, suspend, &input).await.unwrap();
        assert_eq!(suspended["data"]["suspendAgreement"]["userErrors"], json!([]), "{suspended}");
        client.get(format!("{}/secret-path", serving.url)).header("traceparent", "secret-parent").send().await.unwrap();
        assert!(serving.terminate().await.success(), "the last spans are sent before it ends");

        let spans = collector.spans();
        let of_trace: Vec<&Span> = spans.iter().filter(|span| span.trace == TRACE).collect();
        let one = |name: &str| {
            let mut found = of_trace.iter().filter(|span| span.name == name);
            let span = *found.next().unwrap_or_else(|| panic!("no {name}: {spans:#?}"));
            assert!(found.next().is_none(), "one {name}");
            span
        };
        let (request, operation, batch, commit) = (one("POST /graphql"), one("operation"), one("batch"), one("commit"));
        assert_eq!(request.parent, CALLER);
        assert_eq!([&operation.parent, &batch.parent, &commit.parent], [&request.id, &operation.id, &batch.id]);
        assert_eq!(request.attributes["http.route"], "/graphql");
        assert_eq!(request.attributes["http.request.method"], "POST");
        assert_eq!(request.attributes["request_id"], id);
        assert!(request.attributes.contains_key("http.response.status_code"), "{request:?}");
        assert_eq!(operation.attributes["kind"], "mutation");
        assert_eq!(batch.links, 0, "it had nobody else to wait for");
        let acts: Vec<_> = spans.iter().filter(|span| span.trace != TRACE).collect();
        let act = acts.iter().find(|span| span.name == "operation").expect("the suspension");
        assert!(acts.iter().any(|span| span.name == "commit" && span.parent == act.id), "{acts:#?}");
        assert!(acts.iter().any(|span| span.name == "GET unknown" && span.parent.is_empty()), "{acts:#?}");
        let resource = collector.resource();
        assert_eq!(resource["service.name"], "disclosure-gateway");
        assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));

        let bytes = collector.bytes();
        let told = String::from_utf8_lossy(&bytes).into_owned();
        for secret in [CODE, "secret", "MattiVirtanen", KELA, "officer", "KEL-2023-014", "recordDisclosures", &system, &officer] {
            assert!(!told.contains(secret), "a span holds `{secret}`");
        }
        for part in system.split('.').chain(officer.split('.')) {
            assert!(!told.contains(part), "a span holds a part of a token");
        }
    }
}

#[tokio::test]
async fn a_collector_that_does_not_answer_costs_no_request_and_no_stop() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let token = house.token(KELA, Role::System);
    let (directory, url) = closed(house).await;
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let mut settings = settings(directory.path(), &url).to_vec();
    settings.push(("OTLP_ENDPOINT", &address));
    let serving = Serving::start(&settings).await;
    let client = reqwest::Client::new();
    let nothing = json!({});
    for _ in 0..200 {
        let asked = ask(&client, &serving.url, &token, "{ viewer { factsSeq } }", &nothing);
        let answer = tokio::time::timeout(Duration::from_secs(10), asked).await.expect("an answer").expect("an answer");
        assert_eq!(answer.0, 200);
    }
    let stopped = std::time::Instant::now();
    assert!(serving.terminate().await.success());
    assert!(stopped.elapsed() < Duration::from_secs(15), "{:?}", stopped.elapsed());
    drop(silent);
}
