//! The clients of `examples/` against the gateway as a process, as whoever builds on them would run them.
//!
//! What they need is installed by `npm ci` in `examples/front-end`, and from `requirements.txt` into `.venv` in `examples/report`. Where it is
//! missing these tests say so loudly and skip, unless `REQUIRE_CLIENTS=1`.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api::auth::Role;
use axum::{Router, http::HeaderMap, routing::any};
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command, time::timeout};

use crate::{
    house::{Engine, House, KELA, PIRKANMAA, THL},
    process::{Serving, closed, settings, text},
};

/// Longest a client may take to be built or to do all it does, on a busy machine.
const CLIENT_TIME_MAX: Duration = Duration::from_mins(5);

/// Gateway with the sample world, and tokens for it.
struct Served {
    gateway: Serving,
    officer: String,
    statistician: String,
    partner: String,
    _directory: Arc<TempDir>,
}

impl Served {
    async fn with(more: &[(&str, &str)]) -> Self {
        let house = House::sample(Engine::Sqlite).await.unwrap();
        let (officer, statistician) = (house.token(KELA, Role::Officer), house.token(THL, Role::Statistician));
        let partner = house.token(PIRKANMAA, Role::System);
        let (directory, url) = closed(house).await;
        let gateway = Serving::start(&[&settings(directory.path(), &url)[..], more].concat()).await;
        Self { gateway, officer, statistician, partner, _directory: directory }
    }

    /// Runs a client against it, which must end well.
    async fn tried_by(&self, client: &mut Command) {
        client.env("GATEWAY_URL", &self.gateway.url).env("NO_PROXY", "127.0.0.1");
        client.env("GATEWAY_TOKEN", &self.officer).env("STATISTICIAN_TOKEN", &self.statistician);
        done(client).await;
    }
}

/// Runs a command, which must end well and in time.
async fn done(command: &mut Command) {
    let output = timeout(CLIENT_TIME_MAX, command.kill_on_drop(true).output()).await.expect("it ends").unwrap();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
}

/// Directory of a client whose needs are installed. None where they are not, which has been said loudly.
fn client(name: &str, needs: &str, how: &str) -> Option<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    if directory.join(needs).exists() {
        return Some(directory);
    }
    #[expect(clippy::disallowed_methods, reason = "asks whether a machine without it may skip")]
    let is_required = env::var("REQUIRE_CLIENTS").as_deref() == Ok("1");
    assert!(!is_required, "A CLIENT IS NOT INSTALLED: {how} in examples/{name}");
    drop(writeln!(
        io::stderr(),
        "\n*** A CLIENT IS NOT INSTALLED: its test is skipped; {how} in examples/{name} ***\n"
    ));
    None
}

/// The gateway trusts the documents its generator wrote, and no others; Apollo and graphql-ws try the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn front_end_shows_agreements_and_hears_of_their_changes_by_trusted_documents_alone() {
    let Some(directory) = client("front-end", "node_modules/typescript", "`npm ci`") else { return };
    done(Command::new("npm").args(["run", "--silent", "build"]).current_dir(&directory)).await;
    let manifest = directory.join("src/generated/persisted-documents.json");
    let trusted = [("TRUSTED_DOCUMENTS", manifest.to_str().unwrap()), ("TRUSTED_DOCUMENTS_ONLY", "true")];
    let served = Served::with(&trusted).await;
    served.tried_by(Command::new("npm").args(["run", "--silent", "check"]).current_dir(&directory)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn report_sums_up_and_keeps_small_numbers_unknown() {
    let how = "`python3 -m venv .venv && .venv/bin/pip install -r requirements.txt`";
    let Some(directory) = client("report", ".venv/bin/pytest", how) else { return };
    let scratch = tempfile::tempdir().unwrap();
    let served = Served::with(&[]).await;
    let mut report = Command::new(directory.join(".venv/bin/python"));
    report.args(["-B", "-W", "error::DeprecationWarning", "-m", "pytest", "-q", "-p", "no:cacheprovider"]);
    served.tried_by(report.current_dir(&directory).env("MPLCONFIGDIR", scratch.path())).await;
}

/// A data service that counts who asks it; ends with the test.
async fn service() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let given = move |headers: HeaderMap| async move {
        counted.fetch_add(1, Ordering::Relaxed);
        format!("decisions of {}", headers["client-reference"].to_str().unwrap())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(given));
    tokio::spawn(axum::serve(listener, router).into_future());
    (address, asked)
}

/// Exit code of the partner's system, and all it said.
async fn partner(gateway: &str, token: &str, service: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_gateway")).with_file_name("partner");
    assert!(program.exists(), "the partner's system is not built: `cargo build --workspace`");
    let mut partner = Command::new(program);
    partner.env("GATEWAY_URL", gateway).env("GATEWAY_TOKEN", token).env("SERVICE_URL", service);
    partner.env("NO_PROXY", "127.0.0.1").args(["--patience", "1"]).args(arguments).kill_on_drop(true);
    let output = timeout(CLIENT_TIME_MAX, partner.output()).await.expect("it ends").unwrap();
    (output.status.code(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partner_fetches_under_a_decision_and_nothing_without_one() {
    const NOT_PERMITTED: Option<i32> = Some(77);
    const UNAVAILABLE: Option<i32> = Some(69);
    const REFUSED: Option<i32> = Some(65);
    let served = Served::with(&[]).await;
    let (service, asked) = service().await;
    let (url, token) = (served.gateway.url.clone(), served.partner.clone());
    let question = ["--case", "PIRHA/2026/1", "--mandate", "M1", "client-1", "client-2"];

    let (code, said) = partner(&url, &token, &service, &question).await;
    assert_eq!((code, asked.load(Ordering::Relaxed)), (Some(0), 2), "{said}");
    assert!(said.contains("client-2: 21 bytes under KEL-2023-014, not passed on"), "{said}");

    let (code, said) = partner(&url, &token, &service, &["client-1"]).await;
    assert_eq!(code, NOT_PERMITTED, "{said}");
    assert!(said.contains("CASE_REFERENCE_MISSING") && said.contains("MANDATE_MISSING"), "{said}");
    let elsewhere = [&["--register", "NONE"], &question[..]].concat();
    assert_eq!(partner(&url, &token, &service, &elsewhere).await.0, REFUSED);
    let (code, said) = partner(&url, "nonsense", &service, &question).await;
    assert_eq!((code, said.contains("UNAUTHENTICATED")), (REFUSED, true), "{said}");
    served.gateway.terminate().await;
    let (code, said) = partner(&url, &token, &service, &question).await;
    assert_eq!(code, UNAVAILABLE, "{said}");
    assert!(!said.contains(&token), "{said}");
    assert_eq!(asked.load(Ordering::Relaxed), 2, "nothing was fetched without a decision");
}
