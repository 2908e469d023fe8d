//! The gateway as a process of its own: the same `main`, built as a binary of the tests so that cargo keeps it fresh.

use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::house::House;

/// Longest a start may take, the sample world in a debug build on a busy machine included.
const START_SECONDS_MAX: u64 = 120;

/// The binary with settings in its environment, and nothing else there.
pub fn gateway(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.env_clear().envs(settings.iter().copied()).env("RUST_LOG", "warn").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What a command prints and how it ends.
pub async fn run(settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let output = gateway(settings).args(arguments).output();
    let output = timeout(Duration::from_secs(START_SECONDS_MAX), output).await.expect("the command ends").unwrap();
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
    output
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Directory and database of a gateway that nobody has open.
pub async fn closed(house: House) -> (Arc<TempDir>, String) {
    let House { app, router, directory, database_url } = house;
    drop(router);
    app.close().await;
    (directory, database_url)
}

/// Settings of a gateway in a directory.
pub fn settings<'a>(directory: &'a Path, database_url: &'a str) -> [(&'a str, &'a str); 3] {
    let directory = directory.to_str().unwrap();
    [("DATA_DIR", directory), ("DATABASE_URL", database_url), ("LISTEN_ADDR", "127.0.0.1:0")]
}

/// Gateway that serves.
pub struct Serving {
    /// Where GraphQL is answered.
    pub url: String,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Serving {
    /// Starts it and waits until it says that it is ready.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::of(gateway(settings)).await
    }

    /// The same, of a command made elsewhere.
    pub async fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(Duration::from_secs(START_SECONDS_MAX), lines.next_line()).await.expect("a start in time");
        let first = first.unwrap().expect("a line before it ends");
        let url = first.split_whitespace().find(|word| word.starts_with("http")).expect("an address").to_owned();
        Self { url, child, lines }
    }

    /// Lines it printed after the first; ends at the last one before it serves.
    pub async fn printed(&mut self) -> Vec<String> {
        let mut printed = Vec::new();
        while let Ok(Ok(Some(line))) = timeout(Duration::from_millis(500), self.lines.next_line()).await {
            printed.push(line);
        }
        printed
    }

    /// Ends it at once, as a power failure of the process would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits until it ends by itself: how, and what it said on standard error where that is piped.
    pub async fn ended(self) -> (ExitStatus, String) {
        let output = timeout(Duration::from_secs(30), self.child.wait_with_output()).await.expect("it ends").unwrap();
        (output.status, text(&output.stderr))
    }

    /// Sends it a signal.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().await.unwrap().success());
    }

    /// Asks it to end and waits until it has.
    pub async fn terminate(mut self) -> ExitStatus {
        self.signal("TERM").await;
        timeout(Duration::from_secs(30), self.child.wait()).await.expect("it ends").unwrap()
    }
}

/// Status and body of an answer over HTTP; none when there is no answer.
pub async fn ask(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    query: &str,
    variables: &Value,
) -> Option<(StatusCode, Value)> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = client.post(url).header("content-type", "application/json").bearer_auth(token).body(body);
    let response = request.send().await.ok()?;
    let status = response.status();
    Some((status, serde_json::from_slice(&response.bytes().await.ok()?).ok()?))
}
