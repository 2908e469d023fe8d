//! Two gateways on one database, each a process of its own: what one suspends the other refuses, soon even where nobody calls it, and
//! one that is cut off decides nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api::auth::Role;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, postgres::PgListener};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::{
    ext_authz::QUESTION,
    house::{Engine, House, KELA, PIRKANMAA},
    postgres,
    process::{Serving, ask, closed, settings},
    proxy::Proxy,
};

const DECISION: &str =
    "query($input: AccessDecisionInput!) { accessDecision(input: $input) { verdict reasons { code } } }";
const STATUS: &str = "query { agreement(number: \"KEL-2023-014\") { status } }";

/// How often a suspension is timed; the median counts, for others use the machine too.
const ROUNDS: usize = 5;

/// Longest until the other refuses, as the journal calls it and as it looks for itself.
const CALLED_MAX: Duration = Duration::from_millis(100);
const UNCALLED_MAX: Duration = Duration::from_secs(1);

/// Longest anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a door of decisions says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Permitted,
    Denied,
    Unavailable,
}

/// What is needed to run gateways: a database with the sample world, its keys, and tokens.
struct World {
    directory: Arc<TempDir>,
    database_url: String,
    agreement: String,
    officer: String,
    point: String,
    partner: String,
}

impl World {
    /// None where there is no PostgreSQL.
    async fn new() -> Option<Self> {
        let house = House::sample(Engine::Postgres).await?;
        let agreement = house.agreement_id("KEL-2023-014").await;
        let [officer, point] = [Role::Officer, Role::System].map(|role| house.token(KELA, role));
        let partner = house.token(PIRKANMAA, Role::System);
        let (directory, database_url) = closed(house).await;
        Some(Self { directory, database_url, agreement, officer, point, partner })
    }

    async fn gateway(&self, database_url: &str, more: &[(&str, &str)]) -> Gateway<'_> {
        let serving = Serving::start(&[&settings(self.directory.path(), database_url)[..], more].concat()).await;
        let address = serving.url.strip_suffix("/graphql").unwrap().to_owned();
        Gateway { world: self, _serving: serving, address, client: Client::builder().no_proxy().build().unwrap() }
    }

    async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.database_url).await.unwrap()
    }
}

/// One process.
struct Gateway<'a> {
    world: &'a World,
    _serving: Serving,
    address: String,
    client: Client,
}

impl Gateway<'_> {
    async fn graphql(&self, token: &str, query: &str, variables: &Value) -> Value {
        let url = format!("{}/graphql", self.address);
        ask(&self.client, &url, token, query, variables).await.expect("an answer").1
    }

    async fn act(&self, act: &str, input: Value) {
        let kind = format!("{}{}Input", act[..1].to_uppercase(), &act[1..]);
        let query = format!("mutation($input: {kind}!) {{ {act}(input: $input) {{ userErrors {{ code }} }} }}");
        let done = self.graphql(&self.world.officer, &query, &json!({ "input": input })).await;
        assert_eq!(done["data"][act]["userErrors"], json!([]), "{done}");
    }

    async fn suspend(&self) {
        self.act("suspendAgreement", json!({ "id": self.world.agreement, "reason": "MISUSE" })).await;
    }

    async fn resume(&self) {
        self.act("resumeAgreement", json!({ "id": self.world.agreement })).await;
    }

    async fn decided(&self) -> Said {
        let question = json!({ "input": {
            "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE",
            "caseReference": "PIRHA/2026/1", "mandates": ["M1"],
        } });
        let said = self.graphql(&self.world.partner, DECISION, &question).await;
        match said["data"]["accessDecision"]["verdict"].as_str() {
            Some("PERMITTED") => Said::Permitted,
            Some(_) => {
                assert_eq!(said["data"]["accessDecision"]["reasons"][0]["code"], "AGREEMENT_NOT_IN_FORCE", "{said}");
                Said::Denied
            }
            None => {
                assert_eq!(said["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{said}");
                Said::Unavailable
            }
        }
    }

    async fn evaluated(&self) -> Said {
        let body = json!({
            "subject": { "type": "organization", "id": PIRKANMAA },
            "action": { "name": "read", "properties": { "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE" } },
            "resource": { "type": "register", "id": "KELMU", "properties": { "items": ["KEL.DECISION"] } },
            "context": { "mandates": ["M1"], "caseReference": "PIRHA/2026/1" },
        });
        let request =
            self.client.post(format!("{}/access/v1/evaluation", self.address)).bearer_auth(&self.world.partner);
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            return Said::Unavailable;
        }
        let made: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        if made["decision"].as_bool().unwrap() { Said::Permitted } else { Said::Denied }
    }

    async fn let_through(&self) -> Said {
        let mut request = self.client.get(format!("{}/ext_authz", self.address)).bearer_auth(&self.world.partner);
        request = request.header("enforcement-authorization", format!("Bearer {}", self.world.point));
        for (name, value) in QUESTION {
            request = request.header(name, value);
        }
        match request.send().await.unwrap().status() {
            StatusCode::OK => Said::Permitted,
            StatusCode::FORBIDDEN => Said::Denied,
            StatusCode::SERVICE_UNAVAILABLE => Said::Unavailable,
            other => panic!("{other}"),
        }
    }

    /// What every door of decisions says.
    async fn doors(&self) -> [Said; 3] {
        [self.decided().await, self.evaluated().await, self.let_through().await]
    }

    /// Asks until it says so: how long that took.
    async fn until(&self, expected: Said) -> Duration {
        let since = Instant::now();
        while self.decided().await != expected {
            assert!(since.elapsed() < PATIENCE, "it never says {expected:?}");
            sleep(Duration::from_millis(2)).await;
        }
        since.elapsed()
    }

    /// Status of the agreement as it is shown, and whether the answer is marked stale.
    async fn shown(&self) -> (String, bool) {
        let request = self.client.post(format!("{}/graphql", self.address)).bearer_auth(&self.world.officer);
        let body = json!({ "query": STATUS }).to_string();
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        let is_stale = answer.headers().contains_key("facts-stale");
        let said: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        (said["data"]["agreement"]["status"].as_str().expect("a status").to_owned(), is_stale)
    }
}

/// Time from a suspension's answer at one gateway until the other refuses, at every door; the median of some.
async fn refused_after(one: &Gateway<'_>, other: &Gateway<'_>) -> Duration {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        other.until(Said::Permitted).await;
        assert_eq!(other.doors().await, [Said::Permitted; 3]);
        one.suspend().await;
        times.push(other.until(Said::Denied).await);
        assert_eq!(other.doors().await, [Said::Denied; 3]);
        one.resume().await;
    }
    times.sort();
    times[ROUNDS / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspension_by_one_is_refused_at_every_door_of_the_other() {
    let Some(world) = World::new().await else { return };
    let (one, other) = (world.gateway(&world.database_url, &[]).await, world.gateway(&world.database_url, &[]).await);
    let took = refused_after(&one, &other).await;
    assert!(took <= CALLED_MAX, "{took:?}");
    // Nor does it matter which of them it is.
    let took = refused_after(&other, &one).await;
    assert!(took <= CALLED_MAX, "{took:?}");
}

/// A function of the database's own stands before the catalogue's and calls nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspension_is_refused_by_the_other_within_a_second_where_notifications_are_lost() {
    let Some(world) = World::new().await else { return };
    let mut connection = world.connection().await;
    let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut connection).await.unwrap();
    let silent = "create function public.pg_notify(text, text) returns void language sql as $$ select $$";
    connection.execute(silent).await.unwrap();
    let first = format!(r#"alter database "{name}" set search_path = public, pg_catalog"#);
    connection.execute(AssertSqlSafe(first)).await.unwrap();
    let mut listener = PgListener::connect(&world.database_url).await.unwrap();
    listener.listen("journal").await.unwrap();

    let (one, other) = (world.gateway(&world.database_url, &[]).await, world.gateway(&world.database_url, &[]).await);
    let took = refused_after(&one, &other).await;
    assert!(took <= UNCALLED_MAX, "{took:?}");
    assert!(timeout(Duration::from_millis(100), listener.recv()).await.is_err(), "somebody was called");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_cut_off_shows_what_it_knew_and_decides_nothing_until_it_knows_better() {
    const AGE_MAX: Duration = Duration::from_secs(1);
    let Some(world) = World::new().await else { return };
    let socket = postgres::cluster().await.unwrap().socket();
    let proxy = Proxy::start(socket.clone()).await;
    let (_, database) = world.database_url.rsplit_once('/').unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", proxy.port);
    let short = [("FACTS_MAX_AGE", "1s"), ("DATABASE_SILENCE_MAX", "1s"), ("DATABASE_ACQUIRE_MAX", "500ms")];
    let (one, other) = (world.gateway(&world.database_url, &[]).await, world.gateway(&url, &short).await);
    assert_eq!((other.doors().await, other.shown().await), ([Said::Permitted; 3], ("ACTIVE".to_owned(), false)));

    let cut = Instant::now();
    proxy.move_silently(world.directory.path().join("nowhere"));
    one.suspend().await;
    assert_eq!(one.doors().await, [Said::Denied; 3]);
    while cut.elapsed() < AGE_MAX * 3 {
        let asked = cut.elapsed();
        match other.decided().await {
            Said::Permitted => assert!(asked <= AGE_MAX, "permitted {asked:?} after it was cut off"),
            Said::Denied => panic!("a denial without a reason of the law"),
            Said::Unavailable => {}
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(other.doors().await, [Said::Unavailable; 3]);
    assert_eq!(other.shown().await, ("ACTIVE".to_owned(), true), "what it knew, and marked");
    let ready = other.client.get(format!("{}/readyz", other.address)).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);

    proxy.move_for_new(socket);
    other.until(Said::Denied).await;
    assert_eq!((other.doors().await, other.shown().await), ([Said::Denied; 3], ("SUSPENDED".to_owned(), false)));
    one.resume().await;
    other.until(Said::Permitted).await;
    assert_eq!(other.doors().await, [Said::Permitted; 3]);
}
