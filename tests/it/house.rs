//! A gateway of its own for every test, on either engine, with the sample world: made once, then copied.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use api::{
    app::App,
    auth::{Grant, Role, mint},
    clock::Clock,
    config::{Config, Flags},
};
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use chrono::Months;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use crate::{postgres, process::closed, proxy::Proxy, sockets::subscribed};

/// Engine under the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Business ids of the sample world.
pub const KELA: &str = "0246246-0";
pub const LVV: &str = "9900001-8";
pub const DVV: &str = "0245437-2";
pub const PIRKANMAA: &str = "3221308-6";
pub const TAMPERE: &str = "0211675-2";
pub const THL: &str = "2229500-6";
pub const OMBUDSMAN: &str = "9900011-4";
pub const MIGRI: &str = "9900004-2";

/// Who acts with Kela's token of an officer: each organisation's people are others.
pub const KELA_OFFICER: &str = "0246246-0-officer";

/// Gateway under test.
pub struct House {
    pub app: App,
    pub router: Router,
    pub directory: Arc<TempDir>,
    pub database_url: String,
}

/// What an answer came to.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Value,
}

impl House {
    /// Gateway with the sample world. None where the engine is not to be had, which has been said loudly.
    pub async fn sample(engine: Engine) -> Option<Self> {
        Self::configured(engine, |_| None).await
    }

    /// The same, with some settings.
    pub async fn configured(engine: Engine, settings: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let (directory, database_url) = copy(engine).await?;
        Some(Self::open(Arc::new(directory), database_url, settings).await)
    }

    /// Another process's gateway on the same database.
    pub async fn beside(&self) -> Self {
        Self::open(Arc::clone(&self.directory), self.database_url.clone(), |_| None).await
    }

    /// Gateway on PostgreSQL with a proxy between them. None where there is no PostgreSQL.
    pub async fn behind_proxy() -> Option<(Self, Proxy)> {
        let (directory, database_url) = copy(Engine::Postgres).await?;
        let proxy = Proxy::start(postgres::cluster().await?.socket()).await;
        let (_, database) = database_url.rsplit_once('/').unwrap();
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", proxy.port);
        Some((Self::open(Arc::new(directory), url, |_| None).await, proxy))
    }

    /// The same gateway after its process ended and was started again.
    pub async fn reopened(self) -> Self {
        self.reopened_with(|_| None).await
    }

    /// The same, with some settings.
    pub async fn reopened_with(self, settings: impl Fn(&str) -> Option<String>) -> Self {
        let (directory, database_url) = closed(self).await;
        Self::open(directory, database_url, settings).await
    }

    /// The same gateway, closed and opened again some years later: its own clock and the database's have gone on.
    pub async fn years_later(self, years: u32) -> Self {
        let clock = Clock::default();
        clock.set(clock.now().checked_add_months(Months::new(12 * years)).unwrap());
        let is_sqlite = self.app.gateway.database.is_sqlite();
        let (directory, database_url) = closed(self).await;
        if !is_sqlite {
            advance(&database_url, years).await;
        }
        Self::open_at(directory, database_url, |_| None, clock).await
    }

    /// Gateway of a directory and database that stand.
    pub async fn at(directory: Arc<TempDir>, database_url: String) -> Self {
        Self::open(directory, database_url, |_| None).await
    }

    /// Gateway of a directory and database, with some settings.
    pub async fn open(
        directory: Arc<TempDir>,
        database_url: String,
        settings: impl Fn(&str) -> Option<String>,
    ) -> Self {
        Self::open_at(directory, database_url, settings, Clock::default()).await
    }

    async fn open_at(
        directory: Arc<TempDir>,
        database_url: String,
        settings: impl Fn(&str) -> Option<String>,
        clock: Clock,
    ) -> Self {
        let config = config(directory.path(), &database_url, settings);
        let app = App::open(config, clock).await.unwrap();
        let router = app.router().await.unwrap();
        Self { app, router, directory, database_url }
    }

    /// Token of an organisation's role.
    pub fn token(&self, organisation: &str, role: Role) -> String {
        self.token_of(organisation, &[role], None)
    }

    /// Token of several roles, or of a processor.
    pub fn token_of(&self, organisation: &str, roles: &[Role], processor: Option<&str>) -> String {
        let subject = format!("{organisation}-{}", roles.first().map_or("nobody", |role| role.name()));
        self.token_as(&subject, organisation, roles, processor)
    }

    /// The same for one of several people.
    pub fn token_as(&self, subject: &str, organisation: &str, roles: &[Role], processor: Option<&str>) -> String {
        let grant = Grant {
            organisation: organisation.parse().unwrap(),
            roles: roles.to_vec(),
            subject: subject.to_owned(),
            processor: processor.map(|id| id.parse().unwrap()),
            time_to_live: Duration::from_mins(10),
        };
        mint(self.app.gateway.keys.development().unwrap(), &grant, self.app.gateway.clock.now()).unwrap()
    }

    /// Answer to a GraphQL document.
    pub async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        self.reply(Some(token), query, variables).await.body
    }

    /// Data of an answer that must have no errors.
    pub async fn data(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = self.ask(token, query, variables).await;
        assert!(body.get("errors").is_none_or(|errors| errors == &json!([])), "{body:#}");
        body["data"].clone()
    }

    /// Codes of the errors of an answer.
    pub async fn errors(&self, token: &str, query: &str, variables: Value) -> Vec<String> {
        let body = self.ask(token, query, variables).await;
        codes(&body)
    }

    /// Answer of whichever door serves the document: a subscription is asked over a socket, and answered once it stands.
    pub async fn reply(&self, token: Option<&str>, query: &str, variables: Value) -> Reply {
        if query.starts_with("subscription") {
            return Box::pin(subscribed(self, token, query, &variables)).await;
        }
        let body = json!({ "query": query, "variables": variables }).to_string();
        let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Reply { status, headers, body }
    }
}

/// Codes of the errors of an answer.
pub fn codes(body: &Value) -> Vec<String> {
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("?").to_owned()).collect()
}

/// Moves the clock of a database on: for every later connection a function of its own stands before the catalogue's.
async fn advance(url: &str, years: u32) {
    let done = async {
        let mut connection = PgConnection::connect(url).await?;
        let name: String = sqlx::query_scalar("select current_database()").fetch_one(&mut connection).await?;
        let clock = format!(
            "create or replace function public.clock_timestamp() returns timestamptz language sql volatile as \
             $$ select pg_catalog.clock_timestamp() + interval '{years} years' $$"
        );
        connection.execute(AssertSqlSafe(clock)).await?;
        let first = format!(r#"alter database "{name}" set search_path = public, pg_catalog"#);
        connection.execute(AssertSqlSafe(first)).await?;
        connection.execute("alter function disclosure_partition(date) set search_path = public, pg_catalog").await?;
        connection.close().await
    };
    done.await.unwrap_or_else(|error| panic!("the clock of `{url}` does not move: {error}"));
}

/// Settings of a gateway in a directory.
pub fn config(directory: &Path, database_url: &str, settings: impl Fn(&str) -> Option<String>) -> Config {
    Config::load(&Flags::default(), |name| {
        settings(name).or_else(|| match name {
            "DATA_DIR" => Some(directory.display().to_string()),
            "DATABASE_URL" => Some(database_url.to_owned()),
            "LISTEN_ADDR" => Some("127.0.0.1:0".to_owned()),
            _ => None,
        })
    })
    .unwrap()
}

/// The sample world on one engine, made once: directory with keys, and the database.
struct Template {
    directory: TempDir,
    database: String,
}

static SQLITE: OnceCell<Template> = OnceCell::const_new();
static POSTGRES: OnceCell<Template> = OnceCell::const_new();

async fn copy(engine: Engine) -> Option<(TempDir, String)> {
    match engine {
        Engine::Sqlite => {
            let template = SQLITE.get_or_init(sqlite_template).await;
            let directory = tempfile::tempdir().unwrap();
            copy_files(template.directory.path(), directory.path());
            let url = sqlite_url(directory.path());
            Some((directory, url))
        }
        Engine::Postgres => {
            let cluster = postgres::cluster().await?;
            let template = POSTGRES.get_or_init(|| postgres_template(cluster)).await;
            let directory = tempfile::tempdir().unwrap();
            copy_files(template.directory.path(), directory.path());
            let database = cluster.create_database(Some(&template.database)).await;
            Some((directory, cluster.url(&database)))
        }
    }
}

pub fn sqlite_url(directory: &Path) -> String {
    format!("sqlite://{}", directory.join("gateway.db").display())
}

async fn sqlite_template() -> Template {
    let directory = tempfile::tempdir().unwrap();
    let url = sqlite_url(directory.path());
    make(directory.path(), &url).await;
    Template { directory, database: url }
}

async fn postgres_template(cluster: &'static postgres::Cluster) -> Template {
    let directory = tempfile::tempdir().unwrap();
    let database = cluster.create_database(None).await;
    make(directory.path(), &cluster.url(&database)).await;
    Template { directory, database }
}

async fn make(directory: &Path, url: &str) {
    let app = App::open(config(directory, url, |_| None), Clock::default()).await.unwrap();
    assert!(app.is_new);
    app.close().await;
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Runs one test on both engines.
#[macro_export]
macro_rules! on_both_engines {
    ($(async fn $name:ident($house:ident: House) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn law($house: $crate::house::House) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                if let Some(house) = $crate::house::House::sample($crate::house::Engine::Sqlite).await {
                    law(house).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(house) = $crate::house::House::sample($crate::house::Engine::Postgres).await {
                    law(house).await;
                }
            }
        }
    )+};
}
