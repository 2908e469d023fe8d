//! The load generator: keep-alive HTTP/1.1 connections that send the next request when the last is answered.
//!
//! It runs in a process of its own on one thread, so that what it costs is the same for whatever it asks.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::spawn_blocking,
};

use crate::figures::{number, quantile};

/// Where a request has its own number: so many digits, the same in every place of one request.
pub(crate) const NUMBER: &str = "@@@@@@@@@@@@@@@@";

/// Numbers one connection may use.
const NUMBERS_PER_CONNECTION: u64 = 10_000_000;

#[derive(Args)]
pub(crate) struct Options {
    /// Address and port.
    #[arg(long)]
    address: String,
    /// File with the whole request, head and body.
    #[arg(long)]
    request: std::path::PathBuf,
    /// Text every answer must hold.
    #[arg(long)]
    expect: String,
    #[arg(long)]
    connections: u64,
    #[arg(long)]
    seconds: f64,
    /// First number.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Requests a second over all connections; as many as there are answers when absent. Latencies are from the instant a
    /// request was due, so that a slow answer is not left out of what it delays.
    #[arg(long)]
    rate: Option<f64>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Requests answered as expected.
    pub(crate) requests: u64,
    /// Seconds it took.
    pub(crate) seconds: f64,
    /// Median latency in microseconds.
    pub(crate) p50_micros: u64,
    /// Latency 99 of 100 stay under, in microseconds.
    pub(crate) p99_micros: u64,
}

impl Outcome {
    /// Requests of one second.
    pub(crate) fn rate(&self) -> f64 {
        number(self.requests) / self.seconds
    }
}

/// What is sent where.
#[derive(Clone)]
pub(crate) struct Volley<'a> {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) request: &'a std::path::Path,
    pub(crate) expect: &'a str,
    pub(crate) connections: u64,
    pub(crate) seconds: f64,
    pub(crate) first: u64,
    pub(crate) rate: Option<f64>,
}

/// Runs the generator in a process of its own.
pub(crate) async fn fire(volley: &Volley<'_>) -> anyhow::Result<Outcome> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("generate")
        .args(["--address", &volley.address.to_string()])
        .arg("--request")
        .arg(volley.request)
        .args(["--expect", volley.expect])
        .args(["--connections", &volley.connections.to_string()])
        .args(["--seconds", &volley.seconds.to_string()])
        .args(["--first", &volley.first.to_string()]);
    if let Some(rate) = volley.rate {
        command.args(["--rate", &rate.to_string()]);
    }
    let output = spawn_blocking(move || command.output()).await??;
    ensure!(output.status.success(), "the generator failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// One request to `/graphql` as it goes over the wire.
pub(crate) fn request(token: &str, body: &str) -> String {
    request_to("/graphql", token, body)
}

/// One request to a path as it goes over the wire.
pub(crate) fn request_to(path: &str, token: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let outcome = spawn_blocking(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(send_all(options))
    });
    println!("{}", serde_json::to_string(&outcome.await??)?);
    Ok(())
}

async fn send_all(options: Options) -> anyhow::Result<Outcome> {
    let request = std::fs::read(&options.request)?;
    let mut connections = Vec::new();
    for at in 0..options.connections {
        let stream = TcpStream::connect(&options.address).await?;
        stream.set_nodelay(true)?;
        let first = options.first + at * NUMBERS_PER_CONNECTION;
        connections.push(Connection::new(stream, request.clone(), &options.expect, first));
    }
    let pause = options.rate.map(|rate| Duration::from_secs_f64(number(options.connections) / rate));
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(options.seconds);
    let begun = (0..).zip(connections).map(|(at, connection)| {
        // Each begins a little after the one before, so that they are not all due at once.
        let first = started
            + pause.map_or(Duration::ZERO, |pause| {
                pause * at / u32::try_from(options.connections.max(1)).unwrap_or(u32::MAX)
            });
        tokio::spawn(connection.send_until(first, pause, end))
    });
    let tasks: Vec<_> = begun.collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let seconds = started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    Ok(Outcome {
        requests: latencies.len() as u64,
        seconds,
        p50_micros: quantile(&latencies, 500),
        p99_micros: quantile(&latencies, 990),
    })
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    places: Vec<usize>,
    expect: Vec<u8>,
    number: u64,
    answer: Vec<u8>,
}

impl Connection {
    fn new(stream: TcpStream, request: Vec<u8>, expect: &str, number: u64) -> Self {
        let places = request.windows(NUMBER.len()).enumerate().filter(|(_, window)| *window == NUMBER.as_bytes());
        let places = places.map(|(at, _)| at).collect();
        Self { stream, places, expect: expect.as_bytes().to_vec(), number, answer: Vec::with_capacity(65_536), request }
    }

    async fn send_until(mut self, first: Instant, pause: Option<Duration>, end: Instant) -> anyhow::Result<Vec<u64>> {
        let mut latencies = Vec::with_capacity(100_000);
        let mut due = first;
        loop {
            match pause {
                Some(_) => tokio::time::sleep_until(due.into()).await,
                None => due = Instant::now(),
            }
            if due >= end {
                return Ok(latencies);
            }
            self.ask().await?;
            latencies.push(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
            due += pause.unwrap_or_default();
        }
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        let number = format!("{:0width$}", self.number, width = NUMBER.len());
        self.number += 1;
        for at in &self.places {
            self.request[*at..*at + NUMBER.len()].copy_from_slice(number.as_bytes());
        }
        self.stream.write_all(&self.request).await?;
        self.answer.clear();
        let mut whole = None;
        while whole.is_none_or(|whole| self.answer.len() < whole) {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the connection was closed");
            if whole.is_none() {
                whole = length(&self.answer)?;
            }
        }
        if !self.answer.windows(self.expect.len()).any(|window| window == self.expect) {
            bail!("another answer than expected: {}", String::from_utf8_lossy(&self.answer));
        }
        Ok(())
    }
}

/// Bytes of the whole answer, once its head is there.
pub(crate) fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..head])?.to_ascii_lowercase();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length:")).context("no content-length")?;
    Ok(Some(head + 4 + body.trim().parse::<usize>()?))
}
