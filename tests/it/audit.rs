//! Lines for whoever audits: each refusal with who, where and why, and nothing of what was asked. Lines of slow operations.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use api::auth::Role;
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, header},
};
use serde_json::{Value, json};
use tracing::subscriber::DefaultGuard;

use crate::{
    contract::{RECORD, disclosure},
    house::{Engine, House, KELA, PIRKANMAA},
};

/// Log lines of this thread, as JSON.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Heard from here on, as a process writes them.
    pub fn heard() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn of(&self, target: &str) -> Vec<Value> {
        let all = self.text();
        let lines = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["target"] == target).collect()
    }

    /// The one line of a target, which is then forgotten with all others.
    fn take(&self, target: &str) -> Value {
        let mut lines = self.of(target);
        assert_eq!(lines.len(), 1, "{lines:#?}");
        self.0.lock().unwrap().clear();
        lines.remove(0)
    }
}

#[tokio::test]
async fn every_refusal_leaves_a_line_with_who_where_and_why() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let (lines, _guard) = Lines::heard();
    let token = house.token(PIRKANMAA, Role::System);

    let (body, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{body}.{first}{}", &signature[1..]);
    let reply = house.reply(Some(&forged), "{ viewer { factsSeq } }", json!({})).await;
    let line = lines.take("audit");
    assert_eq!((&line["code"], &line["status"]), (&json!("UNAUTHENTICATED"), &json!(401)));
    assert_eq!(line["request_id"], reply.headers["x-request-id"].to_str().unwrap());
    assert_eq!((&line["method"], &line["path"], &line["level"]), (&json!("POST"), &json!("/graphql"), &json!("WARN")));
    assert!(line["fault"].as_str().unwrap().contains("signature") && line.get("subject").is_none(), "{line}");

    let suspend =
        "mutation($input: SuspendAgreementInput!) { suspendAgreement(input: $input) { userErrors { code } } }";
    let input = json!({"input": {"id": "agreement:0198f000-0000-7000-8000-000000000000", "reason": "MISUSE", "note": "secret-note"}});
    house.ask(&token, suspend, input).await;
    let line = lines.take("audit");
    assert_eq!((&line["code"], &line["times"]), (&json!("FORBIDDEN"), &json!(1)), "{line}");
    assert_eq!(line["subject"], format!("{PIRKANMAA}-system"));
    assert_eq!(line["organisation"], PIRKANMAA);

    house.ask(&token, "{ agreement(number: \"secret-number\") { id } }", json!({})).await;
    let line = lines.take("audit");
    assert_eq!((&line["code"], &line["fault"]), (&json!("NOT_FOUND"), &json!("agreement")));

    house.ask(&token, "{ agreements(first: 101) { totalCount } }", json!({})).await;
    let line = lines.take("audit");
    assert_eq!((&line["code"], &line["fault"]), (&json!("LIMIT_EXCEEDED"), &json!("PAGE_SIZE_MAX")));

    let officer = house.token(PIRKANMAA, Role::Officer);
    let unknown = "mutation { withdrawProtectionStatement(input: {id: \"protection_statement:0198f000-0000-7000-8000-000000000000\", note: \"secret\"}) { userErrors { code } } }";
    let said = house.ask(&officer, unknown, json!({})).await;
    let line = lines.take("audit");
    assert_eq!(line["code"], "NOT_FOUND", "{said} {line}");

    // An address is told where the server knows one.
    let mut request = Request::get("/export/statistics").body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 7], 4711))));
    house.send(request).await;
    let line = lines.take("audit");
    assert_eq!((&line["code"], &line["peer"]), (&json!("UNAUTHENTICATED"), &json!("192.0.2.7")));

    house.data(&officer, "{ viewer { factsSeq } }", json!({})).await;
    assert_eq!(lines.of("audit"), Vec::<Value>::new(), "nothing was refused");
}

#[tokio::test]
async fn no_line_holds_what_was_asked_or_what_an_operation_is_called() {
    let slow = |name: &str| (name == "SLOW_OPERATION").then(|| "1ms".to_owned());
    let house = House::configured(Engine::Sqlite, slow).await.unwrap();
    let (lines, _guard) = Lines::heard();
    let token = house.token(KELA, Role::System);
    let named = RECORD.replacen("Record(", "MattiVirtanen(", 1);
    let mut row = disclosure("audit");
    row["caseReference"] = json!("secret-case");
    house.data(&token, &named, json!({"input": {"disclosures": [row]}})).await;
    for name in ["_010594Y9032", "A010594Y9032B", "_131052A308T"] {
        let body =
            json!({"query": format!("query {name} {{ viewer {{ factsSeq }} }}"), "operationName": name}).to_string();
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let reply = house.send(request.body(Body::from(body)).unwrap()).await;
        assert!(!reply.body.to_string().contains(name), "{}", reply.body);
    }
    house.ask(&token, "query SecretName { agreement(number: \"secret-number\") { id } }", json!({})).await;
    let told = lines.text();
    for secret in ["MattiVirtanen", "secret", "SecretName", "010594Y9032", "131052A308T", &token] {
        assert!(!told.contains(secret), "a line holds `{secret}`");
    }
}

#[tokio::test]
async fn a_slow_operation_leaves_one_line_with_the_hash_of_its_document() {
    let slow = |name: &str| (name == "SLOW_OPERATION").then(|| "1ms".to_owned());
    let house = House::configured(Engine::Sqlite, slow).await.unwrap();
    let (lines, _guard) = Lines::heard();
    let token = house.token(KELA, Role::System);
    // A commit to disk takes longer than a millisecond.
    let rows: Vec<Value> = (0..200).map(|at| disclosure(&format!("slow-{at}"))).collect();
    let reply = house.reply(Some(&token), RECORD, json!({"input": {"disclosures": rows}})).await;
    let line = lines.take("slow");
    let hash = sha256_of(RECORD);
    assert_eq!((&line["kind"], &line["sha256"]), (&json!("mutation"), &json!(hash)));
    assert_eq!(line["request_id"], reply.headers["x-request-id"].to_str().unwrap());
    assert!(line["ms"].as_f64().unwrap() >= 1.0 && line["complexity"].as_u64().unwrap() >= 1, "{line}");
}

#[tokio::test]
async fn a_quick_operation_leaves_none() {
    let hour = |name: &str| (name == "SLOW_OPERATION").then(|| "1h".to_owned());
    let house = House::configured(Engine::Sqlite, hour).await.unwrap();
    let (lines, _guard) = Lines::heard();
    house.data(&house.token(KELA, Role::System), "{ viewer { factsSeq } }", json!({})).await;
    assert!(lines.of("slow").is_empty() && !lines.of("api::graphql::http::observe").is_empty(), "{}", lines.text());
}

fn sha256_of(text: &str) -> String {
    entity::vocabulary::hex(&api::journal::leaf::sha256(&[text.as_bytes()]))
}
