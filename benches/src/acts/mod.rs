//! How long an act takes on the large world, against a plain INSERT and commit on the same disk.

mod large;
mod law;
mod life;

use std::{collections::BTreeMap, time::Instant};

use anyhow::ensure;
use api::{auth::Role, facts::Facts};
use clap::Args;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    Place,
    figures::{load, number, quantile},
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
}

/// An act, who does it and with which input.
struct Act {
    name: &'static str,
    /// Business id of the organisation.
    organisation: String,
    role: Role,
    /// Which of its people, where two must do it.
    person: &'static str,
    input: Value,
}

impl Act {
    fn of_officer(name: &'static str, organisation: &str, input: Value) -> Self {
        Self { name, organisation: organisation.to_owned(), role: Role::Officer, person: "first", input }
    }

    fn by_another(self) -> Self {
        Self { person: "second", ..self }
    }
}

/// Next act of a sequence, made of the facts the acts before it left.
type Step<'a> = Box<dyn Fn(&Facts) -> anyhow::Result<Act> + 'a>;

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let served = Served::open(&options.place).await?;
    let mut reference = Reference::open().await?;
    let (mut took, mut plain) = (BTreeMap::<&str, Vec<u64>>::new(), Vec::new());
    for at in 0..options.times {
        let mut steps = large::steps(&served, at);
        steps.extend(law::steps(&served, at));
        steps.extend(life::steps(&served, at)?);
        for step in steps {
            let act = step(&served.app.gateway.journal.facts())?;
            took.entry(act.name).or_default().push(done(&served, &act).await?);
        }
        plain.push(reference.insert(at).await?);
    }
    plain.sort_unstable();
    let insert = quantile(&plain, 500).max(1);
    for (name, took) in &mut took {
        took.sort_unstable();
        let (p50, p99) = (quantile(took, 500), quantile(took, 990));
        let verdict = if p99 <= P99_MICROS_MAX { "" } else { ", over 10 ms" };
        let ratio = number(p50) / number(insert);
        println!("{name}: p50 {p50} µs, p99 {p99} µs, {ratio:.1} times a plain INSERT{verdict}");
    }
    println!("plain INSERT and commit: p50 {insert} µs, p99 {} µs", quantile(&plain, 990));
    println!("load of the machine: {}", load());
    Ok(())
}

/// Microseconds of one act, from the request to its answer over a connection of its own.
async fn done(served: &Served, act: &Act) -> anyhow::Result<u64> {
    let subject = format!("{}-{}", act.organisation, act.person);
    let token = served.token_as(&subject, &act.organisation, act.role)?;
    let name = act.name;
    let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query =
        format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code message path }} }} }}");
    let body = json!({ "query": query, "variables": { "input": act.input } });
    let started = Instant::now();
    let said = answer(served.address, &token, &body).await?;
    let took = u64::try_from(started.elapsed().as_micros())?;
    let said = String::from_utf8_lossy(&said);
    ensure!(said.contains("\"userErrors\":[]"), "{name}: {said}");
    Ok(took)
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
