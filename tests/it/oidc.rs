//! A certified provider of OAuth 2.0 and OIDC and the gateway beside it: its tokens serve, its keys rotate, it falls silent and
//! comes back.
//!
//! The provider is npm `oidc-provider`, installed by `npm ci` in `tests/oidc`. Where it or Node is missing these tests say
//! so loudly and skip, unless `REQUIRE_OIDC_PROVIDER=1`.

use std::{
    env,
    io::{self, Write},
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::Once,
    time::{Duration, Instant},
};

use api::journal::leaf::sha256;
use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{sleep, timeout},
};

use crate::{
    house::{Engine, House},
    reports::report,
};

/// Longest a provider may take to start or to do what it is told, on a busy machine.
const PROVIDER_SECONDS_MAX: u64 = 60;

/// Provider that runs; ends with the test, because its input does.
struct Provider {
    issuer: String,
    resource: String,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Provider {
    /// Starts one. None where it is not to be had, which has been said loudly.
    async fn start(keys: &[&str]) -> Option<Self> {
        if !is_installed().await {
            return None;
        }
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(directory())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = answered(&mut answers).await;
        let (issuer, resource) = first.split_once(' ').unwrap();
        let (issuer, resource) = (issuer.to_owned(), resource.to_owned());
        let mut provider = Self { issuer, resource, orders, answers, _child: child };
        provider.publish(keys).await;
        Some(provider)
    }

    /// Publishes these keys and signs with the first.
    async fn publish(&mut self, keys: &[&str]) {
        self.order(&format!("keys {}", keys.join(" "))).await;
    }

    async fn order(&mut self, order: &str) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.unwrap();
        assert_eq!(answered(&mut self.answers).await, "done");
    }

    /// Token for a client of its own; what it showed as certificate stands in the token of the bound one.
    async fn token(&self, client: &str, certificate: Option<&str>) -> String {
        let body = format!("grant_type=client_credentials&resource={}", self.resource);
        let mut request = reqwest::Client::builder().no_proxy().build().unwrap().post(format!("{}/token", self.issuer));
        if let Some(certificate) = certificate {
            request = request.header("client-cert", certificate);
        }
        let request =
            request.basic_auth(client, Some("secret")).header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.unwrap().text().await.unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    /// Gateway that knows of the provider its name and its words, and finds the rest.
    async fn house(&self, settings: &[(&str, &str)]) -> House {
        let issuers = json!([{
            "issuer": self.issuer,
            "audience": "disclosure-gateway",
            "token_types": "at+jwt",
            "claims": {
                "organisation": "/organisation/business_id",
                "roles": "/resource_access/disclosure-gateway/roles",
            },
            "roles": { "kela-system": "system" },
        }]);
        let house = House::configured(Engine::Sqlite, |name| match name {
            "ISSUERS" => Some(issuers.to_string()),
            _ => settings.iter().find(|(setting, _)| *setting == name).map(|(_, value)| (*value).to_owned()),
        });
        house.await.unwrap()
    }
}

async fn answered(answers: &mut Lines<BufReader<ChildStdout>>) -> String {
    let answer = timeout(Duration::from_secs(PROVIDER_SECONDS_MAX), answers.next_line()).await;
    answer.expect("the provider answers in time").unwrap().expect("the provider runs")
}

fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/oidc"))
}

#[expect(clippy::disallowed_methods, reason = "what is installed is a setting of the tests, not of the gateway")]
async fn is_installed() -> bool {
    static SAID: Once = Once::new();
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().await;
    let is_installed =
        node.is_ok_and(|status| status.success()) && directory().join("node_modules/oidc-provider").is_dir();
    if !is_installed {
        let wanted = "node in PATH and `npm ci` in tests/oidc";
        assert!(env::var("REQUIRE_OIDC_PROVIDER").as_deref() != Ok("1"), "OIDC PROVIDER IS MISSING: no {wanted}");
        // Past the test harness, which would keep the line of a passing test to itself.
        SAID.call_once(|| {
            let _ = writeln!(io::stderr(), "\nOIDC PROVIDER IS MISSING: no {wanted}; its tests skip\n");
        });
    }
    is_installed
}

const QUESTION: &str = "{ organisations(first: 1) { nodes { id } } }";

/// Status of a question, which must be answered at once: nobody with a known key waits for the provider.
async fn at_once(house: &House, token: &str) -> StatusCode {
    let asked = Instant::now();
    let status = house.reply(Some(token), QUESTION, json!({})).await.status;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    status
}

/// How long it takes until a token is answered with a status.
async fn until(house: &House, token: &str, status: StatusCode) -> Duration {
    let since = Instant::now();
    while at_once(house, token).await != status {
        assert!(since.elapsed() < Duration::from_secs(30), "never {status}");
        sleep(Duration::from_millis(100)).await;
    }
    since.elapsed()
}

/// Pause between refreshes, cool-down and age of the keys in these tests.
const TIMES: [(&str, &str); 3] =
    [("ISSUER_KEYS_REFRESH", "2s"), ("ISSUER_KEYS_COOL_DOWN", "1s"), ("ISSUER_KEYS_MAX_AGE", "6s")];

/// What a busy machine may add to a time.
const GRACE: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_a_provider_rotate_and_outlive_its_silence_for_their_age() {
    let Some(mut provider) = Provider::start(&["first"]).await else { return };
    let house = provider.house(&TIMES).await;
    let first = provider.token("kela-system", None).await;
    house.recorded(&first, &[report("under a token of a provider")]).await;

    provider.publish(&["second", "first"]).await;
    let second = provider.token("kela-system", None).await;
    assert_eq!(at_once(&house, &second).await, StatusCode::OK, "a new key serves without delay");
    assert_eq!(at_once(&house, &first).await, StatusCode::OK, "the old one is still published");

    provider.publish(&["second"]).await;
    let refused = until(&house, &first, StatusCode::UNAUTHORIZED).await;
    assert!(refused < Duration::from_secs(2) + GRACE, "{refused:?}");
    assert_eq!(at_once(&house, &second).await, StatusCode::OK);

    provider.order("down").await;
    let silent = Instant::now();
    while silent.elapsed() < Duration::from_secs(3) {
        assert_eq!(at_once(&house, &second).await, StatusCode::OK, "known keys go on");
        sleep(Duration::from_millis(200)).await;
    }
    until(&house, &second, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(silent.elapsed() < Duration::from_secs(6) + GRACE, "{:?}", silent.elapsed());
    assert_eq!(house.errors(&second, QUESTION, json!({})).await, ["UNAVAILABLE"]);

    provider.order("up").await;
    let back = until(&house, &second, StatusCode::OK).await;
    assert!(back < Duration::from_secs(1) + GRACE, "{back:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_that_starts_before_its_provider_serves_as_soon_as_it_answers() {
    let Some(mut provider) = Provider::start(&["first"]).await else { return };
    let token = provider.token("kela-system", None).await;
    provider.order("down").await;
    let house = provider.house(&TIMES).await;
    assert_eq!(at_once(&house, &token).await, StatusCode::SERVICE_UNAVAILABLE);
    provider.order("up").await;
    until(&house, &token, StatusCode::OK).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificate_a_provider_binds_a_token_to_is_the_one_a_proxy_must_show() {
    let Some(provider) = Provider::start(&["first"]).await else { return };
    let settings = [("CLIENT_CERTIFICATE_HEADER", "client-cert"), ("TRUSTED_PROXIES", "10.0.0.5")];
    let house = provider.house(&settings).await;
    let certificate = || {
        let pair = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["kela.example".to_owned()]).unwrap().self_signed(&pair);
        certificate.unwrap().der().to_vec()
    };
    let (mine, other) = (certificate(), certificate());
    let sequence = |der: &[u8]| format!(":{}:", STANDARD.encode(der));
    let token = provider.token("kela-bound", Some(&sequence(&mine))).await;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["cnf"], json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(sha256(&[&mine])) }));
    let status = async |shown: &[u8], peer: &str| {
        let mut request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("client-cert", sequence(shown))
            .body(Body::from(json!({ "query": QUESTION }).to_string()))
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        house.send(request).await.status
    };
    assert_eq!(status(&mine, "10.0.0.5:1").await, StatusCode::OK);
    assert_eq!(status(&other, "10.0.0.5:1").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&mine, "10.0.0.6:1").await, StatusCode::UNAUTHORIZED);
    assert_eq!(house.reply(Some(&token), QUESTION, json!({})).await.status, StatusCode::UNAUTHORIZED);
}
