//! The WebSocket door: who may open it, how it is kept, and what is told over it.

use std::time::Duration;

use api::{
    auth::{Grant, Role, mint},
    server::serve,
};
use axum::http::{HeaderMap, StatusCode};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::Request,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use crate::{
    house::{DVV, Engine, House, KELA, LVV, PIRKANMAA, Reply, TAMPERE, THL, codes},
    on_both_engines,
    registry_acts::{act, done},
};

/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing must be heard to be taken for nothing.
const QUIET: Duration = Duration::from_millis(400);

/// Restricted agreement between LVV and Enforcement, not signed yet; active one between Kela and Pirkanmaa, public.
const RESTRICTED: &str = "SOT-2026-003";
const PUBLIC: &str = "KEL-2023-014";
const CHANGED: &str = "subscription { agreementChanged { number status } }";

/// Gateway on a port of its own.
pub struct Door {
    pub address: String,
    server: JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Door {
    pub async fn of(house: &House) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (router, serving) = (house.router.clone(), house.app.gateway.config.serving.clone());
        let stopping = house.app.stop.stopping();
        let server = tokio::spawn(async move { serve(listener, router, &serving, None, stopping).await });
        Self { address, server }
    }

    fn request(&self) -> Request<()> {
        let mut request = format!("ws://{}/graphql/ws", self.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        request
    }

    async fn socket(&self, headers: &[(&'static str, &str)]) -> Result<Socket, StatusCode> {
        let mut request = self.request();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        self.opened(request).await
    }

    async fn opened(&self, request: Request<()>) -> Result<Socket, StatusCode> {
        match timeout(PATIENCE, connect_async(request)).await.expect("an answer in time") {
            Ok((stream, _)) => Ok(Socket(stream)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                Err(StatusCode::from_u16(response.status().as_u16()).unwrap())
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// What is said first to one operation of a caller.
    pub async fn asked(&self, token: &str, payload: &Value) -> Value {
        let mut socket = self.known(token).await;
        socket.send(&json!({"type": "subscribe", "id": "1", "payload": payload})).await;
        socket.next().await
    }

    /// Socket of a caller that is known.
    async fn known(&self, token: &str) -> Socket {
        let mut socket = self.socket(&[]).await.unwrap();
        socket.greet(Some(token)).await;
        assert_eq!(socket.next().await, json!({"type": "connection_ack"}));
        socket
    }
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What is heard of a socket.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    Message(Value),
    Closed(u16, String),
    Nothing,
}

impl Socket {
    async fn send(&mut self, message: &Value) {
        self.text(&message.to_string()).await;
    }

    async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn greet(&mut self, token: Option<&str>) {
        let payload = token.map(|token| json!({"Authorization": format!("Bearer {token}")}));
        self.send(&json!({"type": "connection_init", "payload": payload})).await;
    }

    async fn subscribe(&mut self, id: &str, query: &str, variables: &Value) {
        let payload = json!({"query": query, "variables": variables});
        self.send(&json!({"type": "subscribe", "id": id, "payload": payload})).await;
    }

    async fn heard(&mut self, patience: Duration) -> Heard {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => return Heard::Message(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Heard::Closed(frame.code.into(), frame.reason.to_string());
                    }
                    Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Closed(0, String::new()),
                    Some(Ok(_)) => {}
                }
            }
        };
        timeout(patience, next).await.unwrap_or(Heard::Nothing)
    }

    async fn next(&mut self) -> Value {
        match self.heard(PATIENCE).await {
            Heard::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    async fn closed(&mut self) -> u16 {
        match self.heard(PATIENCE).await {
            Heard::Closed(code, _) => code,
            other => panic!("{other:?}"),
        }
    }

    async fn is_quiet(&mut self) -> bool {
        self.heard(QUIET).await == Heard::Nothing
    }

    /// Waits until what was asked before has been begun.
    async fn settled(&mut self) {
        self.subscribe("settled", "{ __typename }", &json!({})).await;
        assert_eq!(self.next().await["type"], "next");
        assert_eq!(self.next().await, json!({"type": "complete", "id": "settled"}));
        sleep(QUIET / 2).await;
    }
}

/// Answer to a subscription: what stops it, or nothing once it stands.
pub async fn subscribed(house: &House, token: Option<&str>, query: &str, variables: &Value) -> Reply {
    let door = Door::of(house).await;
    let mut socket = door.socket(&[]).await.unwrap();
    socket.greet(token).await;
    let reply = |status, body| Reply { status, headers: HeaderMap::new(), body };
    match socket.heard(PATIENCE).await {
        Heard::Message(_) => {}
        Heard::Closed(..) => {
            let error = json!({"message": "closed", "extensions": {"code": "UNAUTHENTICATED"}});
            return reply(StatusCode::UNAUTHORIZED, json!({"errors": [error]}));
        }
        Heard::Nothing => panic!("no answer"),
    }
    socket.subscribe("1", query, variables).await;
    match socket.heard(QUIET).await {
        Heard::Message(message) if message["type"] == "error" => {
            reply(StatusCode::OK, json!({"errors": message["payload"]}))
        }
        Heard::Nothing => reply(StatusCode::OK, json!({"data": null})),
        other => panic!("{other:?}"),
    }
}

async fn suspend(house: &House, organisation: &str, number: &str) {
    let token = house.token(organisation, Role::Officer);
    let id = house.data(&token, &format!("{{ agreement(number: \"{number}\") {{ id }} }}"), json!({})).await;
    let input = json!({"input": {"id": id["agreement"]["id"], "reason": "MISUSE"}});
    done(house.data(&token, &act("suspendAgreement", "agreement { status }"), input).await);
}

/// Gives the restricted agreement a contact.
async fn appoint(house: &House, email: &str) {
    let input = json!({"input": {"agreement": RESTRICTED, "role": "SUPERVISOR", "topics": ["SERVICE_USE"],
        "name": {"fi": "Esihenkilö"}, "email": email, "languages": ["FI"], "priority": 9}});
    done(house.data(&house.token(LVV, Role::Officer), &act("appointContact", "contact { id }"), input).await);
}

fn event(id: &str, number: &str, status: &str) -> Value {
    let agreement = json!({"number": number, "status": status});
    json!({"type": "next", "id": id, "payload": {"data": {"agreementChanged": agreement}}})
}

on_both_engines! {
    async fn both_sides_hear_what_happens_and_nobody_else_hears_anything(house: House) {
        let door = Door::of(&house).await;
        let mut parties = Vec::new();
        for (organisation, role) in [(KELA, Role::Officer), (PIRKANMAA, Role::Officer), (PIRKANMAA, Role::System), (KELA, Role::Auditor)] {
            parties.push(door.known(&house.token(organisation, role)).await);
        }
        let mut operator = door.known(&house.token_of(PIRKANMAA, &[Role::System], Some(DVV))).await;
        let mut others = Vec::new();
        for (organisation, role) in [(THL, Role::Officer), (LVV, Role::Officer), (THL, Role::Auditor)] {
            others.push(door.known(&house.token(organisation, role)).await);
        }
        others.push(door.known(&house.token_of(PIRKANMAA, &[Role::Officer], Some(THL))).await);
        for socket in parties.iter_mut().chain([&mut operator]).chain(&mut others) {
            socket.subscribe("a", CHANGED, &json!({})).await;
            socket.settled().await;
        }
        suspend(&house, KELA, PUBLIC).await;
        for socket in parties.iter_mut().chain([&mut operator]) {
            assert_eq!(socket.next().await, event("a", PUBLIC, "SUSPENDED"));
        }
        for socket in &mut others {
            assert!(socket.is_quiet().await, "a stranger hears nothing, even of a public agreement");
        }
        appoint(&house, "esihenkilo@virasto.example").await;
        assert_eq!(others[1].next().await, event("a", RESTRICTED, "NEGOTIATION"), "LVV is its discloser");
        for socket in parties.iter_mut().chain([&mut operator]) {
            assert!(socket.is_quiet().await);
        }
    }

    async fn anomalies_are_told_to_those_who_see_them_whichever_process_finds_them(house: House) {
        let door = Door::of(&house).await;
        let query = "subscription($agreement: ID) { anomalyRaised(agreement: $agreement) { rule observed agreement { number } } }";
        let agreement = json!({"agreement": house.agreement_id(PUBLIC).await});
        let mut discloser = door.known(&house.token(KELA, Role::Officer)).await;
        let mut auditor = door.known(&house.token(PIRKANMAA, Role::Auditor)).await;
        for socket in [&mut discloser, &mut auditor] {
            socket.subscribe("a", query, &agreement).await;
        }
        let mut other = door.known(&house.token(LVV, Role::Officer)).await;
        other.subscribe("a", query, &json!({})).await;
        let refused: [(_, _, &Value, &[&str]); 3] = [
            (PIRKANMAA, Role::Officer, &agreement, &["FORBIDDEN"]),
            (KELA, Role::System, &json!({}), &["FORBIDDEN"]),
            (THL, Role::Officer, &json!({"agreement": "agreement:01980000-0000-7000-8000-000000000000"}), &["NOT_FOUND"]),
        ];
        for (organisation, role, of, expected) in refused {
            let mut socket = door.known(&house.token(organisation, role)).await;
            socket.subscribe("a", query, of).await;
            assert_eq!(codes(&json!({"errors": socket.next().await["payload"]})), expected, "{organisation} {role:?}");
        }
        for socket in [&mut discloser, &mut auditor, &mut other] {
            socket.settled().await;
        }
        // On PostgreSQL another process may find it first.
        let beside = if house.app.gateway.database.is_sqlite() { None } else { Some(house.beside().await) };
        let recorder = beside.as_ref().unwrap_or(&house);
        recorder.burst("socket", "2026-10-06T08:00:00Z".parse().unwrap(), 301).await;
        for socket in [&mut discloser, &mut auditor] {
            let heard = socket.next().await["payload"]["data"]["anomalyRaised"].clone();
            assert_eq!((&heard["rule"], &heard["agreement"]["number"]), (&json!("USER_BURST"), &json!(PUBLIC)), "{heard}");
        }
        assert!(other.is_quiet().await, "another discloser hears nothing");
    }

    async fn what_an_organisation_may_receive_is_told_as_it_changes(house: House) {
        let door = Door::of(&house).await;
        let query = "subscription($organisation: BusinessId) { accessScopeChanged(organisation: $organisation, register: \"KELMU\") { scopes { channel } } }";
        let mut own = door.known(&house.token(PIRKANMAA, Role::System)).await;
        own.subscribe("a", query, &json!({})).await;
        let mut controller = door.known(&house.token(KELA, Role::Officer)).await;
        controller.subscribe("a", query, &json!({"organisation": PIRKANMAA})).await;
        let mut other = door.known(&house.token(KELA, Role::Officer)).await;
        other.subscribe("a", query, &json!({"organisation": TAMPERE})).await;
        let mut stranger = door.known(&house.token(THL, Role::Officer)).await;
        stranger.subscribe("a", query, &json!({"organisation": PIRKANMAA})).await;
        assert_eq!(codes(&json!({"errors": stranger.next().await["payload"]})), ["FORBIDDEN"]);
        for socket in [&mut own, &mut controller, &mut other] {
            socket.settled().await;
        }
        suspend(&house, KELA, PUBLIC).await;
        for socket in [&mut own, &mut controller] {
            let heard = socket.next().await;
            assert_eq!(heard["payload"]["data"]["accessScopeChanged"]["scopes"], json!([]), "{heard}");
        }
        assert!(other.is_quiet().await);
    }

    async fn one_agreement_is_followed_until_its_client_wants_no_more(house: House) {
        let door = Door::of(&house).await;
        let mut socket = door.known(&house.token(LVV, Role::Officer)).await;
        let query = "subscription Follow($number: String) { changed: agreementChanged(number: $number) { number } }";
        socket.subscribe("a", query, &json!({"number": RESTRICTED})).await;
        socket.subscribe("b", query, &json!({"number": "SOT-2026-001"})).await;
        socket.settled().await;
        appoint(&house, "esihenkilo@virasto.example").await;
        let heard = socket.next().await;
        assert_eq!(heard, json!({"type": "next", "id": "a", "payload": {"data": {"changed": {"number": RESTRICTED}}}}));
        assert!(socket.is_quiet().await);
        socket.send(&json!({"type": "complete", "id": "a"})).await;
        socket.settled().await;
        appoint(&house, "toinen@virasto.example").await;
        assert!(socket.is_quiet().await);
        socket.subscribe("a", query, &json!({"number": "SOT-2026-001"})).await;
        socket.settled().await;
    }

    async fn what_one_may_not_follow_is_an_error_and_the_socket_stays(house: House) {
        let door = Door::of(&house).await;
        let mut stranger = door.known(&house.token(THL, Role::Officer)).await;
        let one = |number: &str| format!("subscription {{ agreementChanged(number: \"{number}\") {{ id }} }}");
        for (query, code) in [
            (one(RESTRICTED), "NOT_FOUND"),
            (one("NONE"), "NOT_FOUND"),
            (one(PUBLIC), "FORBIDDEN"),
            ("subscription { agreementChanged(id: \"x\") { id } }".to_owned(), "INVALID_INPUT"),
            ("subscription { agreementChanged { id } other: agreementChanged { id } }".to_owned(), "INVALID_INPUT"),
            ("subscription { agreementChanged { nothing } }".to_owned(), "INVALID_INPUT"),
            ("{".to_owned(), "INVALID_INPUT"),
            (format!("{{ {} }}", "viewer { subject } ".repeat(21)), "LIMIT_EXCEEDED"),
        ] {
            stranger.subscribe("a", &query, &json!({})).await;
            let heard = stranger.next().await;
            assert_eq!((&heard["type"], &heard["id"]), (&json!("error"), &json!("a")), "{query}: {heard}");
            assert_eq!(codes(&json!({"errors": heard["payload"]})), [code], "{query}");
        }
        for payload in [json!({}), json!({"query": 1}), json!({"query": "{ __typename }", "variables": []}), json!([])] {
            stranger.send(&json!({"type": "subscribe", "id": "b", "payload": payload})).await;
            let heard = stranger.next().await;
            assert_eq!(codes(&json!({"errors": heard["payload"]})), ["INVALID_INPUT"], "{payload}");
        }
        stranger.settled().await;
    }

    async fn queries_and_acts_are_answered_over_a_socket_too(house: House) {
        let door = Door::of(&house).await;
        let mut socket = door.known(&house.token(KELA, Role::Officer)).await;
        socket.subscribe("q", "query($n: String) { agreement(number: $n) { number } viewer { subject } }", &json!({"n": PUBLIC})).await;
        let data = json!({"agreement": {"number": PUBLIC}, "viewer": {"subject": "0246246-0-officer"}});
        assert_eq!(socket.next().await, json!({"type": "next", "id": "q", "payload": {"data": data}}));
        assert_eq!(socket.next().await, json!({"type": "complete", "id": "q"}));
        let token = house.token(KELA, Role::Officer);
        let id = house.data(&token, &format!("{{ agreement(number: \"{PUBLIC}\") {{ id }} }}"), json!({})).await["agreement"]["id"].clone();
        let input = json!({"input": {"id": id, "reason": "MISUSE"}});
        socket.subscribe("m", &act("suspendAgreement", "agreement { status }"), &input).await;
        let heard = socket.next().await;
        assert_eq!(heard["payload"]["data"]["suspendAgreement"]["agreement"]["status"], "SUSPENDED", "{heard}");
        assert_eq!(socket.next().await["type"], "complete");
        socket.subscribe("p", "{ agreement(number: \"NONE\") { id } }", &json!({})).await;
        let heard = socket.next().await;
        assert_eq!((&heard["type"], &heard["payload"]["data"]), (&json!("next"), &json!({"agreement": null})));
        assert_eq!(codes(&heard["payload"]), ["NOT_FOUND"]);
    }
}

#[tokio::test]
async fn socket_is_opened_by_its_own_pages_and_no_other() {
    let settings = |name: &str| (name == "CORS_ORIGINS").then(|| "https://front.example".to_owned());
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let door = Door::of(&house).await;
    let own = format!("http://{}", door.address);
    for origin in [own.as_str(), "https://front.example"] {
        assert!(door.socket(&[("origin", origin)]).await.is_ok(), "{origin}");
    }
    for origin in ["https://evil.example", "null", "http://127.0.0.1", "https://front.example.evil"] {
        assert_eq!(door.socket(&[("origin", origin)]).await.err(), Some(StatusCode::FORBIDDEN), "{origin}");
    }
    let token = house.token(KELA, Role::Officer);
    let with_header = door.socket(&[("authorization", &format!("Bearer {token}"))]).await;
    let mut socket = with_header.unwrap();
    socket.greet(None).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    assert_eq!(door.socket(&[("authorization", "Bearer x.y.z")]).await.err(), Some(StatusCode::UNAUTHORIZED));
    let plain = house.send(axum::http::Request::get("/graphql/ws").body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!((plain.status, codes(&plain.body)), (StatusCode::UPGRADE_REQUIRED, vec!["INVALID_INPUT".to_owned()]));
}

#[tokio::test]
async fn socket_is_closed_with_the_code_of_what_went_wrong() {
    let settings = |name: &str| match name {
        "BODY_BYTES_MAX" => Some("5000".to_owned()),
        "SUBSCRIPTIONS_MAX" => Some("2".to_owned()),
        _ => None,
    };
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let door = Door::of(&house).await;
    let token = house.token(KELA, Role::Officer);
    let mut request = door.request();
    request.headers_mut().remove("sec-websocket-protocol");
    assert_eq!(door.opened(request).await.unwrap().closed().await, 4406);

    for (payload, code) in [
        (json!({"Authorization": "Bearer x.y.z"}), 4403),
        (json!({"Authorization": 1}), 4403),
        (json!({"Authorization": format!("Bearer {token}"), "authorization": format!("Bearer {token}")}), 4403),
        (json!({"Authorization": format!("Basic {token}")}), 4403),
        (json!({}), 4401),
        (json!(null), 4401),
        (json!([]), 4400),
        (json!({"x": "y".repeat(4_000)}), 4401),
    ] {
        let mut socket = door.socket(&[]).await.unwrap();
        socket.send(&json!({"type": "connection_init", "payload": payload})).await;
        assert_eq!(socket.closed().await, code, "{payload}");
    }
    let mut doubled = door.socket(&[]).await.unwrap();
    let payload = format!(r#"{{"Authorization":"Bearer x","Authorization":"Bearer {token}"}}"#);
    doubled.text(&format!(r#"{{"type":"connection_init","payload":{payload}}}"#)).await;
    assert_eq!(doubled.closed().await, 4400);
    let mut early = door.socket(&[]).await.unwrap();
    early.subscribe("1", CHANGED, &json!({})).await;
    assert_eq!(early.closed().await, 4401);
    let mut twice = door.known(&token).await;
    twice.greet(Some(&token)).await;
    assert_eq!(twice.closed().await, 4429);
    let mut same = door.known(&token).await;
    same.subscribe("1", CHANGED, &json!({})).await;
    same.subscribe("1", CHANGED, &json!({})).await;
    assert_eq!(same.closed().await, 4409);
    for text in [
        "",
        "x",
        "{}",
        "[]",
        r#"{"type":"start","id":"1"}"#,
        r#"{"type":"subscribe","id":"","payload":{}}"#,
        r#"{"type":1}"#,
    ] {
        let mut socket = door.known(&token).await;
        socket.text(text).await;
        assert_eq!(socket.closed().await, 4400, "{text}");
    }
    let mut deep = door.known(&token).await;
    deep.text(&format!(
        r#"{{"type":"subscribe","id":"1","payload":{{"query":"{{__typename}}","variables":{{"a":{}"#,
        "[".repeat(4_000)
    ))
    .await;
    assert_eq!(deep.closed().await, 4400);
    let mut binary = door.known(&token).await;
    binary.0.send(Message::binary(r#"{"type":"ping"}"#)).await.unwrap();
    assert_eq!(binary.closed().await, 4400);
    let mut long = door.known(&token).await;
    long.text(&"x".repeat(5_001)).await;
    assert_eq!(long.closed().await, 1009);

    let mut full = door.known(&token).await;
    for id in ["1", "2"] {
        full.subscribe(id, CHANGED, &json!({})).await;
    }
    full.subscribe("3", CHANGED, &json!({})).await;
    let heard = full.next().await;
    assert_eq!((&heard["id"], &heard["payload"][0]["extensions"]["limit"]), (&json!("3"), &json!("SUBSCRIPTIONS_MAX")));
    full.send(&json!({"type": "complete", "id": "1"})).await;
    full.subscribe("3", CHANGED, &json!({})).await;
    assert!(full.is_quiet().await);
    full.send(&json!({"type": "ping", "payload": {"x": 1}})).await;
    assert_eq!(full.next().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn socket_ends_with_its_time_its_token_and_the_gateway() {
    let settings = |name: &str| match name {
        "SOCKET_INIT_SECONDS_MAX" => Some("1".to_owned()),
        "SOCKET_SILENCE_SECONDS_MAX" => Some("2".to_owned()),
        _ => None,
    };
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let door = Door::of(&house).await;
    let mut late = door.socket(&[]).await.unwrap();
    assert_eq!(late.closed().await, 4408);

    let grant = Grant {
        organisation: KELA.parse().unwrap(),
        roles: vec![Role::Officer],
        subject: "short".to_owned(),
        processor: None,
        time_to_live: Duration::from_secs(3),
    };
    let short = mint(house.app.gateway.keys.development().unwrap(), &grant, house.app.gateway.clock.now()).unwrap();
    let mut short = door.known(&short).await;
    short.subscribe("1", CHANGED, &json!({})).await;
    assert_eq!(short.closed().await, 4403, "an answering client is pinged and lives until its token ends");

    // This one reads nothing, and so answers no ping.
    let mut silent = door.known(&house.token(KELA, Role::Officer)).await;
    sleep(Duration::from_secs(4)).await;
    let closed = loop {
        match silent.0.next().await {
            Some(Ok(Message::Close(Some(frame)))) => break u16::from(frame.code),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(closed, 1001);

    let mut kept = door.known(&house.token(KELA, Role::Officer)).await;
    kept.subscribe("1", CHANGED, &json!({})).await;
    kept.settled().await;
    house.app.stop.begin();
    assert_eq!(kept.heard(PATIENCE).await, Heard::Closed(1001, "the gateway is stopping".to_owned()));
}

#[tokio::test]
async fn sockets_of_one_caller_and_of_one_address_are_counted() {
    let settings = |name: &str| (name == "CALLER_SOCKETS_MAX").then(|| "2".to_owned());
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let door = Door::of(&house).await;
    let (token, other) = (house.token(KELA, Role::Officer), house.token(PIRKANMAA, Role::Officer));
    let mut own = vec![door.known(&token).await, door.known(&token).await];
    let mut third = door.socket(&[]).await.unwrap();
    third.greet(Some(&token)).await;
    assert_eq!(third.closed().await, 1013);
    drop(third);
    sleep(QUIET).await;
    let _other = door.known(&other).await;

    let unknown = [door.socket(&[]).await, door.socket(&[]).await];
    assert!(unknown.iter().all(Result::is_ok));
    assert_eq!(door.socket(&[]).await.err(), Some(StatusCode::TOO_MANY_REQUESTS));
    drop(unknown);
    drop(own.pop());
    sleep(QUIET).await;
    door.known(&token).await;
}

#[tokio::test]
async fn message_that_is_dripped_ends_the_socket_also_between_pongs() {
    let settings = |name: &str| match name {
        "BODY_SECONDS_MAX" => Some("1".to_owned()),
        "SOCKET_SILENCE_SECONDS_MAX" => Some("2".to_owned()),
        _ => None,
    };
    let house = House::configured(Engine::Sqlite, settings).await.unwrap();
    let door = Door::of(&house).await;
    let token = house.token(KELA, Role::Officer);
    let mut socket = door.known(&token).await;
    // The first part of a message, and never the last.
    let part = |opcode, is_last| Message::Frame(Frame::message("x".as_bytes().to_vec(), OpCode::Data(opcode), is_last));
    socket.0.send(part(Data::Text, false)).await.unwrap();
    let closed = timeout(PATIENCE, async {
        loop {
            socket.0.send(part(Data::Continue, false)).await.unwrap();
            socket.0.send(Message::Pong(Vec::new().into())).await.unwrap();
            if let Heard::Closed(code, _) = socket.heard(QUIET).await {
                return code;
            }
        }
    });
    assert_eq!(closed.await.expect("an end in time"), 1008);

    // Whole messages and pings of any number are none.
    let mut busy = door.known(&token).await;
    for _ in 0..15 {
        busy.settled().await;
        busy.0.send(Message::Ping(b"still here".to_vec().into())).await.unwrap();
    }
    busy.settled().await;
}

#[tokio::test]
async fn stranger_says_no_more_than_a_greeting() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let door = Door::of(&house).await;
    let mut socket = door.socket(&[]).await.unwrap();
    let part = Message::Frame(Frame::message(vec![b'x'; 20_000], OpCode::Data(Data::Text), false));
    socket.0.send(part).await.unwrap();
    assert!(socket.is_quiet().await);
    let more = Message::Frame(Frame::message(vec![b'x'; 20_000], OpCode::Data(Data::Continue), false));
    // It may be closed while it still sends.
    drop(socket.0.send(more).await);
    assert!(matches!(socket.heard(Duration::from_secs(5)).await, Heard::Closed(..)));
}

#[tokio::test]
async fn stop_waits_for_what_is_under_way_and_takes_nothing_more() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let door = Door::of(&house).await;
    let token = house.token(KELA, Role::Officer);
    let id = house.data(&token, &format!("{{ agreement(number: \"{PUBLIC}\") {{ id }} }}"), json!({})).await;
    let mut socket = door.known(&token).await;
    socket.subscribe("followed", CHANGED, &json!({})).await;
    socket.settled().await;
    let input = json!({"input": {"id": id["agreement"]["id"], "reason": "MISUSE"}});
    socket.subscribe("m", &act("suspendAgreement", "agreement { status }"), &input).await;
    house.app.stop.begin();
    let mut answered = false;
    let closed = loop {
        match socket.heard(PATIENCE).await {
            Heard::Message(message) => {
                answered |= message["id"] == "m" && message["type"] == "next";
            }
            Heard::Closed(code, _) => break code,
            Heard::Nothing => panic!("neither an answer nor an end"),
        }
    };
    // Begun or not begun, but never begun and unanswered.
    let status = house.data(&token, &format!("{{ agreement(number: \"{PUBLIC}\") {{ status }} }}"), json!({})).await;
    assert_eq!((closed, answered), (1001, status["agreement"]["status"] == "SUSPENDED"));
}
