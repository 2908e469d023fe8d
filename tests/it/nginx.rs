//! The example with Debian's nginx before a data service, as it stands in `examples/nginx` but for addresses and token.
//!
//! Where nginx is missing this test says so loudly and skips, unless `REQUIRE_NGINX=1`.

use std::{
    env, fs,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use api::auth::Role;
use axum::{Router, http::HeaderMap, routing::any};
use reqwest::{Client, StatusCode};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

use crate::{
    house::{Engine, House, KELA, PIRKANMAA},
    reports::faults,
};

/// Longest nginx may take to listen, on a busy machine.
const START_MAX: Duration = Duration::from_secs(20);

/// nginx that runs; ends with the test.
struct Nginx {
    child: std::process::Child,
    address: SocketAddr,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Nginx {
    /// Starts one on the files of the example. None where it is not to be had, which has been said loudly.
    async fn start(directory: &Path, gateway: SocketAddr, service: SocketAddr, token: &str) -> Option<Self> {
        let Some(program) = program() else {
            #[expect(clippy::disallowed_methods, reason = "asks whether a machine without it may skip")]
            let is_required = env::var("REQUIRE_NGINX").as_deref() == Ok("1");
            assert!(!is_required, "NGINX IS MISSING: Debian's `nginx-light`");
            drop(writeln!(
                io::stderr(),
                "\n*** NGINX IS MISSING: its test is skipped; install Debian's `nginx-light` ***\n"
            ));
            return None;
        };
        let address = free().await;
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/nginx");
        for entry in fs::read_dir(example).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let text =
                text.replace("127.0.0.1:8080", &gateway.to_string()).replace("127.0.0.1:9000", &service.to_string());
            let text = text.replace("127.0.0.1:8000", &address.to_string());
            fs::write(directory.join(path.file_name().unwrap()), text).unwrap();
        }
        let token = format!("proxy_set_header Enforcement-Authorization \"Bearer {token}\";\n");
        fs::write(directory.join("enforcement-token.conf"), token).unwrap();
        let at = directory.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {at}/{name};\n"))
            .concat();
        let main = format!(
            "daemon off;\nmaster_process off;\npid {at}/nginx.pid;\nerror_log {at}/error.log;\nevents {{ }}\nhttp {{\naccess_log off;\n{temporary}\
             include disclosures.conf;\n}}\n"
        );
        fs::write(directory.join("nginx.conf"), main).unwrap();
        let mut command = Command::new(program);
        command.args(["-e", "error.log", "-p"]).arg(directory).args(["-c", "nginx.conf"]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let nginx = Self { child, address };
        let started = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(started.elapsed() < START_MAX, "{}", fs::read_to_string(directory.join("error.log")).unwrap());
            sleep(Duration::from_millis(20)).await;
        }
        Some(nginx)
    }
}

fn program() -> Option<PathBuf> {
    let found = |directory: PathBuf| Some(directory.join("nginx")).filter(|path| path.is_file());
    #[expect(clippy::disallowed_methods, reason = "looks for a program")]
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]).find_map(found)
}

async fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn serve(router: Router) -> (SocketAddr, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(axum::serve(listener, router).into_future()))
}

/// The data service, which says which duties it was told.
fn service() -> Router {
    let given = |headers: HeaderMap| async move {
        let told = headers.get("disclosure-obligations").map_or("", |value| value.to_str().unwrap()).to_owned();
        format!("data, keeping to {told}")
    };
    Router::new().fallback(any(given))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_lets_through_what_is_permitted_and_nothing_when_nobody_answers() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let (gateway, gateways) = serve(house.router.clone()).await;
    let (data, _service) = serve(service()).await;
    let directory = tempfile::tempdir().unwrap();
    let token = house.token(KELA, Role::System);
    let Some(nginx) = Nginx::start(directory.path(), gateway, data, &token).await else { return };
    let client = Client::new();
    let pirkanmaa = house.token(PIRKANMAA, Role::System);
    let ask = |path: &str, token: Option<&str>, headers: &[(&'static str, &'static str)]| {
        let mut request = client.get(format!("http://{}{path}", nginx.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        async move { request.send().await.unwrap() }
    };
    let named = [("mandates", "M1"), ("case-reference", "PIRHA/2026/1")];

    let answer = ask("/decisions/1", Some(&pirkanmaa), &named).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let said = answer.text().await.unwrap();
    assert!(said.starts_with("data, keeping to ") && said.contains("NO_ONWARD_DISCLOSURE"), "{said}");
    // Neither what the client leaves out nor what it adds opens anything.
    assert_eq!(ask("/decisions/1", Some(&pirkanmaa), &[]).await.status(), StatusCode::FORBIDDEN);
    let forged = [
        ("disclosure-mandates", "M1"),
        ("disclosure-case-reference", "PIRHA/2026/1"),
        ("disclosure-recipient", PIRKANMAA),
        ("enforcement-authorization", "Bearer x"),
        ("x-road-issue", "PIRHA/2026/1"),
    ];
    assert_eq!(ask("/decisions/1", Some(&pirkanmaa), &forged).await.status(), StatusCode::FORBIDDEN);
    let answer = ask("/decisions/1", None, &forged).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert_eq!(ask("/_decide", Some(&pirkanmaa), &named).await.status(), StatusCode::NOT_FOUND, "internal");

    // What is recorded is let through once.
    let message = [named[0], named[1], ("message-id", "nginx-1"), ("subject-code", "010594Y9032")];
    assert_eq!(ask("/recorded/decisions/1", Some(&pirkanmaa), &message).await.status(), StatusCode::OK);
    assert!(house.rows().await.iter().any(|row| row.message_id == "nginx-1"));
    assert_eq!(ask("/recorded/decisions/1", Some(&pirkanmaa), &message).await.status(), StatusCode::FORBIDDEN);

    let nobody = [named[0], named[1], ("message-id", "nginx-2")];
    let answer = ask("/recorded/decisions/1", Some(&pirkanmaa), &nobody).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "no subject, no row, no data");

    // Suspended while it runs; then the gateway is gone.
    let id = house.agreement_id("KEL-2023-014").await;
    assert_eq!(faults(&house.suspend(&id).await.body["data"]["suspendAgreement"]), []);
    assert_eq!(ask("/decisions/1", Some(&pirkanmaa), &named).await.status(), StatusCode::FORBIDDEN);
    gateways.abort();
    drop(gateways.await);
    drop(house);
    let answer = ask("/decisions/1", Some(&pirkanmaa), &named).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "closed");
    assert!(!answer.text().await.unwrap().contains("data, keeping"));
}
