//! How long an act takes on the large world, against a plain INSERT and commit on the same disk.

use std::time::Instant;

use anyhow::{Context, ensure};
use api::{auth::Role, facts::global_id};
use clap::Args;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    Place,
    figures::{load, number, quantile},
    question,
    serve::{Served, answer},
};

/// Microseconds in which 99 of 100 acts are to be answered.
const P99_MICROS_MAX: u64 = 10_000;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// How often each act is done.
    #[arg(long, default_value_t = 300)]
    times: usize,
    /// Only acts whose name holds this.
    #[arg(long)]
    only: Option<String>,
}

/// An act with the input of its nth time.
struct Act {
    name: &'static str,
    role: Role,
    input: Box<dyn Fn(usize) -> anyhow::Result<Value>>,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let served = Served::open(&options.place).await?;
    let mut reference = Reference::open().await?;
    let mut plain = Vec::new();
    let acts = acts(&served)?;
    for act in acts.iter().filter(|act| options.only.as_ref().is_none_or(|only| act.name.contains(only.as_str()))) {
        let mut took = Vec::new();
        for at in 0..options.times {
            took.push(done(&served, act, at).await?);
            plain.push(reference.insert(at).await?);
        }
        took.sort_unstable();
        plain.sort_unstable();
        let (p50, p99) = (quantile(&took, 500), quantile(&took, 990));
        let ratio = number(p50) / number(quantile(&plain, 500).max(1));
        let verdict = if p99 <= P99_MICROS_MAX { "" } else { ", over 10 ms" };
        println!("{}: p50 {p50} µs, p99 {p99} µs, {ratio:.1} times a plain INSERT{verdict}", act.name);
    }
    println!("plain INSERT and commit: p50 {} µs, p99 {} µs", quantile(&plain, 500), quantile(&plain, 990));
    println!("load of the machine: {}", load());
    Ok(())
}

/// Microseconds of one act, from the request to its answer over a connection of its own.
async fn done(served: &Served, act: &Act, at: usize) -> anyhow::Result<u64> {
    let facts = served.app.gateway.journal.facts();
    let place = if act.name == "createAgreement" { 0 } else { act_place(act.name, at) };
    let (discloser, recipient) = question::parties(&facts, place)?;
    let by_recipient = act.name == "reviewUsage";
    let token = served.token(if by_recipient { &recipient } else { &discloser }, act.role)?;
    let kind = format!("{}{}Input", act.name[..1].to_uppercase(), &act.name[1..]);
    let query =
        format!("mutation($input: {kind}!) {{ {}(input: $input) {{ userErrors {{ code message path }} }} }}", act.name);
    let body = json!({ "query": query, "variables": { "input": (act.input)(at)? } });
    let started = Instant::now();
    let said = answer(served.address, &token, &body).await?;
    let took = u64::try_from(started.elapsed().as_micros())?;
    let said = String::from_utf8_lossy(&said);
    ensure!(said.contains("\"userErrors\":[]"), "{}: {said}", act.name);
    Ok(took)
}

/// Agreement an act is done on: of fifty the last is suspended from the start, and is left out where that matters.
fn act_place(name: &str, at: usize) -> usize {
    if name.ends_with("Agreement") { at + at / 49 } else { at }
}

/// Acts of several kinds, each on another agreement each time. What is suspended is resumed afterwards.
fn acts(served: &Served) -> anyhow::Result<Vec<Act>> {
    let facts = served.app.gateway.journal.facts();
    let id = {
        let facts = std::sync::Arc::clone(&facts);
        move |at: usize| {
            Ok::<_, anyhow::Error>(global_id(question::dossier(&facts, act_place("suspendAgreement", at))?.row.id))
        }
    };
    let now = u64::try_from(served.app.gateway.clock.now().timestamp())?;
    let register =
        facts.register.get(question::dossier(&facts, 0)?.row.register_id).context("no register")?.code.clone();
    let (_, recipient) = question::parties(&facts, 0)?;
    let (suspended, resumed) = (id.clone(), id);
    let named = move |at: usize| question::dossier(&facts, at).map(|dossier| dossier.row.number.clone());
    let (reported, reviewed) = (named.clone(), named);
    Ok(vec![
        Act {
            name: "suspendAgreement",
            role: Role::Officer,
            input: Box::new(move |at| Ok(json!({ "id": suspended(at)?, "reason": "MISUSE" }))),
        },
        Act {
            name: "resumeAgreement",
            role: Role::Officer,
            input: Box::new(move |at| Ok(json!({ "id": resumed(at)? }))),
        },
        Act {
            name: "appointContact",
            role: Role::Officer,
            input: Box::new(move |at| {
                Ok(json!({ "role": "SUPERVISOR", "topics": ["SERVICE_USE"], "name": { "fi": "Esihenkilöt" },
                    "email": format!("m{now}-{at}@virasto.example"), "languages": ["FI"], "priority": 9 }))
            }),
        },
        Act {
            name: "reportIncident",
            role: Role::Officer,
            input: Box::new(move |at| {
                Ok(json!({ "agreement": reported(at)?, "kind": "MISUSE", "description": "Selvitetään.",
                    "occurredAt": format!("2026-10-{:02}T08:00:{:02}Z", 1 + now % 28, (now / 28) % 60) }))
            }),
        },
        Act {
            name: "reviewUsage",
            role: Role::Officer,
            input: Box::new(move |at| {
                Ok(json!({ "agreement": reviewed(at)?, "fromOn": "2026-07-01",
                    "untilOn": format!("2026-{:02}-{:02}", 8 + now % 2, 1 + (now / 2) % 28), "sampleSize": 10,
                    "findings": "Ei huomautettavaa." }))
            }),
        },
        Act {
            name: "createAgreement",
            role: Role::Officer,
            input: Box::new(move |at| {
                Ok(json!({ "number": format!("BENCH-{now}-{at}"), "recipient": recipient, "register": register }))
            }),
        },
    ])
}

/// One row and its commit, durable like the gateway's, in a file of its own.
struct Reference {
    connection: SqliteConnection,
    _directory: crate::import::Directory,
}

impl Reference {
    async fn open() -> anyhow::Result<Self> {
        let directory = crate::import::Directory::new("reference")?;
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("reference.db"))
            .create_if_missing(true)
            .pragma("journal_mode", "wal")
            .pragma("synchronous", "full");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::query("create table reference (id integer primary key, text text not null)")
            .execute(&mut connection)
            .await?;
        Ok(Self { connection, _directory: directory })
    }

    async fn insert(&mut self, at: usize) -> anyhow::Result<u64> {
        let started = Instant::now();
        sqlx::query("insert into reference (text) values (?)")
            .bind(format!("row {at}"))
            .execute(&mut self.connection)
            .await?;
        Ok(u64::try_from(started.elapsed().as_micros())?)
    }
}
