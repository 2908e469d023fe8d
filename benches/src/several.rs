//! How soon a suspension at one gateway is refused by another on the same database.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use api::auth::Role;
use clap::Args;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};

use crate::{
    figures::{load, quantile},
    postgres::{Cluster, Durability},
    serve::said,
    start::{started_on, token},
};

/// Longest a suspension may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

const AGREEMENT: &str = "KEL-2023-014";
const FIND: &str = "query($number: String!) { agreement(number: $number) { id } }";
const DECIDE: &str = "query($input: AccessDecisionInput!) { accessDecision(input: $input) { verdict } }";
const SUSPEND: &str =
    "mutation($input: SuspendAgreementInput!) { suspendAgreement(input: $input) { userErrors { code } } }";
const RESUME: &str =
    "mutation($input: ResumeAgreementInput!) { resumeAgreement(input: $input) { userErrors { code } } }";

/// Function of the database's own that stands before the catalogue's and calls nobody.
const SILENT: &str = "create function public.pg_notify(text, text) returns void language sql as $$ select $$; \
    do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$";

#[derive(Args)]
pub(crate) struct Options {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/disclosure-gateway")]
    gateway: PathBuf,
    /// Suspensions, each resumed.
    #[arg(long, default_value_t = 100)]
    times: usize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let cluster = Cluster::start(Durability::Real).await.context("PostgreSQL is not installed")?;
    let url = cluster.url(&cluster.create_database(None).await);
    let directory = std::env::temp_dir().join(format!("disclosure-gateway-{}-several", std::process::id()));
    let measured = async {
        tell("notified", &times(&options, &url, &directory).await?);
        PgConnection::connect(&url).await?.execute(SILENT).await?;
        tell("notifications lost", &times(&options, &url, &directory).await?);
        anyhow::Ok(())
    };
    let measured = measured.await;
    std::fs::remove_dir_all(&directory)?;
    println!("load of the machine: {}", load());
    measured
}

/// Microseconds from the answer to each suspension at one gateway until the other refuses, sorted.
async fn times(options: &Options, url: &str, directory: &Path) -> anyhow::Result<Vec<u64>> {
    let (_one, one) = started_on(&options.gateway, url, directory).await?;
    let (_other, other) = started_on(&options.gateway, url, directory).await?;
    let officer = token(&options.gateway, (directory, Some(url)), "0246246-0", Role::Officer)?;
    let partner = token(&options.gateway, (directory, Some(url)), "3221308-6", Role::System)?;
    let found = asked(one, &officer, FIND, json!({ "number": AGREEMENT })).await?;
    let id = found["data"]["agreement"]["id"].as_str().context("the sample world has no such agreement")?;
    let mut times = Vec::new();
    for _ in 0..options.times {
        until(other, &partner, "PERMITTED").await?;
        done(one, &officer, SUSPEND, json!({ "id": id, "reason": "MISUSE" })).await?;
        let took = until(other, &partner, "DENIED").await?;
        times.push(u64::try_from(took.as_micros())?);
        done(one, &officer, RESUME, json!({ "id": id })).await?;
    }
    times.sort_unstable();
    Ok(times)
}

/// Time until a gateway decides so, asked again and again.
async fn until(address: SocketAddr, token: &str, expected: &str) -> anyhow::Result<Duration> {
    let question = json!({ "input": {
        "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE",
        "caseReference": "PIRHA/2026/1", "mandates": ["M1"],
    } });
    let since = Instant::now();
    loop {
        let decided = asked(address, token, DECIDE, question.clone()).await?;
        if decided["data"]["accessDecision"]["verdict"] == expected {
            return Ok(since.elapsed());
        }
        ensure!(since.elapsed() < PATIENCE, "it is not {expected} after {PATIENCE:?}: {decided}");
    }
}

async fn done(address: SocketAddr, token: &str, act: &str, input: Value) -> anyhow::Result<()> {
    let answer = asked(address, token, act, json!({ "input": input })).await?;
    ensure!(answer.to_string().contains(r#""userErrors":[]"#), "{answer}");
    Ok(())
}

async fn asked(address: SocketAddr, token: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
    said(address, token, &json!({ "query": query, "variables": variables })).await
}

fn tell(how: &str, times: &[u64]) {
    let at = |thousandths| quantile(times, thousandths);
    let (p50, p99, max) = (at(500), at(990), at(1_000));
    println!(
        "{how}, {} suspensions: refused by the other after p50 {p50} µs, p99 {p99} µs, at most {max} µs",
        times.len()
    );
}
