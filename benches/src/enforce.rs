//! What a decision before every request costs a service behind nginx, and what a row of the log does: the same service asked at
//! the same rate with neither, with the one and with the other.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};
use api::auth::Role;
use axum::{Router, routing::any};
use clap::Args;
use tokio::{net::TcpListener, net::TcpStream, time::sleep};

use crate::{
    figures::{load, median, number},
    generate::{NUMBER, Outcome, Volley, fire},
    serve::listen,
    start::{started_with, token},
};

#[derive(Args)]
pub(crate) struct Options {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/disclosure-gateway")]
    gateway: PathBuf,
    /// Requests a second.
    #[arg(long, default_value_t = 1_000.0)]
    rate: f64,
    #[arg(long, default_value_t = 32)]
    connections: u64,
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    #[arg(long, default_value_t = 3)]
    rounds: u64,
}

/// A person of the published list of fictitious test identities.
const PERSON: &str = "010594Y9032";

/// nginx that runs; ends with this value.
struct Nginx(Child);

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let directory = std::env::temp_dir().join(format!("disclosure-gateway-enforce-{}", std::process::id()));
    let measured = measure(&options, &directory).await;
    fs::remove_dir_all(&directory)?;
    measured
}

async fn measure(options: &Options, directory: &Path) -> anyhow::Result<()> {
    let (_gateway, gateway) = started_with(&options.gateway, &directory.join("data")).await?;
    let token = |organisation, role| token(&options.gateway, (&directory.join("data"), None), organisation, role);
    let (point, client) = (token("0246246-0", Role::System)?, token("3221308-6", Role::System)?);
    let service = listen(Router::new().fallback(any(|| async { "data" }))).await?;
    let nginx = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let _nginx = nginx_on(directory, (nginx, gateway, service), &point).await?;
    let doors = [("no question", "/open"), ("deciding", "/decided"), ("recording", "/recorded")];
    let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(); doors.len()];
    for round in 0..=options.rounds {
        for (at, (_, path)) in doors.iter().enumerate() {
            let request = directory.join("request.http");
            fs::write(&request, asked(path, &client))?;
            let volley = Volley {
                address: nginx,
                request: &request,
                expect: "data",
                connections: options.connections,
                seconds: options.seconds,
                first: round * 1_000_000,
                rate: Some(options.rate),
            };
            let outcome = fire(&volley).await.with_context(|| (*path).to_owned())?;
            // The first round warms up.
            if round > 0 {
                outcomes[at].push(outcome);
            }
        }
    }
    let middle = |at: usize, figure: fn(&Outcome) -> u64| {
        median(&outcomes[at].iter().map(|outcome| number(figure(outcome)) / 1_000.0).collect::<Vec<_>>())
    };
    for (at, (name, _)) in doors.iter().enumerate() {
        let rate = median(&outcomes[at].iter().map(Outcome::rate).collect::<Vec<_>>());
        let (p50, p99) = (middle(at, |outcome| outcome.p50_micros), middle(at, |outcome| outcome.p99_micros));
        let more = p99 - middle(0, |outcome| outcome.p99_micros);
        println!("{name:12} {rate:6.0} a second, p50 {p50:6.2} ms, p99 {p99:6.2} ms, {more:+6.2} ms");
    }
    println!("load of the machine: {}", load());
    Ok(())
}

fn asked(path: &str, token: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\nmandates: M1\r\n\
         case-reference: PIRHA/2026/1\r\nmessage-id: enforce-{NUMBER}\r\nsubject-code: {PERSON}\r\n\r\n"
    )
}

/// nginx on the files of the example's questions, with a door for each way of asking.
async fn nginx_on(
    directory: &Path,
    (address, gateway, service): (SocketAddr, SocketAddr, SocketAddr),
    token: &str,
) -> anyhow::Result<Nginx> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/nginx");
    for name in ["disclosure-question.conf", "disclosure-obligations.conf"] {
        fs::copy(example.join(name), directory.join(name))?;
    }
    let authorization = format!("proxy_set_header Enforcement-Authorization \"Bearer {token}\";\n");
    fs::write(directory.join("enforcement-token.conf"), authorization)?;
    let at = directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {at}/{name};\n"))
        .concat();
    let kept = "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_pass http://data_service;";
    let record = "proxy_set_header Disclosure-Mode record; proxy_set_header Disclosure-Message-Id $http_message_id; \
                  proxy_set_header Disclosure-Subject-Code $http_subject_code; \
                  proxy_set_header Disclosure-Client-System enforce;";
    let doors = format!(
        "location = /open {{ {kept} }}\n\
         location = /decided {{ auth_request /_decide; include disclosure-obligations.conf; {kept} }}\n\
         location = /recorded {{ auth_request /_record; include disclosure-obligations.conf; {kept} }}\n\
         location = /_decide {{ include disclosure-question.conf; proxy_set_header Disclosure-Mode decide; }}\n\
         location = /_record {{ include disclosure-question.conf; proxy_next_upstream off; {record} }}\n"
    );
    let main = format!(
        "daemon off;\nworker_processes 1;\npid {at}/nginx.pid;\nerror_log {at}/error.log;\nevents {{ }}\nhttp {{\n\
         access_log off;\nkeepalive_requests 10000000;\n{temporary}\
         upstream disclosure_gateway {{ server {gateway}; keepalive 32; keepalive_requests 10000000; }}\n\
         upstream data_service {{ server {service}; keepalive 32; keepalive_requests 10000000; }}\n\
         server {{ listen {address};\n{doors}}}\n}}\n"
    );
    fs::write(directory.join("nginx.conf"), main)?;
    let program = ["/usr/sbin/nginx", "/usr/bin/nginx"].into_iter().find(|path| Path::new(path).is_file());
    let mut command = Command::new(program.context("install nginx")?);
    command.args(["-e", "error.log", "-p"]).arg(directory).args(["-c", "nginx.conf"]);
    let nginx = Nginx(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?);
    for _ in 0..200 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(nginx);
        }
        sleep(Duration::from_millis(20)).await;
    }
    let log = fs::read_to_string(directory.join("error.log")).unwrap_or_default();
    ensure!(false, "nginx did not start: {log}");
    Ok(nginx)
}
