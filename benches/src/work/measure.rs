//! One operation in interleaved rounds: the plain statement, the bare handler, the gateway.

use std::net::SocketAddr;

use super::{
    asked::Asked,
    ceiling::Bare,
    check::check,
    drive::{Driven, Driver},
    floor::Floor,
    operations::Operation,
    processes::{self, Server},
    world::World,
};
use crate::figures::{median, number};

/// Answers read before an operation is measured, where they are not kept.
const CHECKED: usize = 2_000;

/// Gateway that is measured.
pub(crate) struct Subject {
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
    /// Whether it keeps whole answers.
    pub(crate) keeps: bool,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: u64,
    pub(crate) seconds: u64,
}

/// Medians of the rounds of one row of the table.
pub(crate) struct Row {
    pub(crate) work: &'static str,
    pub(crate) name: &'static str,
    pub(crate) connections: u64,
    /// Whether whole answers were kept.
    pub(crate) kept: bool,
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// Microseconds of processor a request took in the gateway and in PostgreSQL; not a number where that runs elsewhere.
    pub(crate) cpu: (f64, f64),
    pub(crate) floor: f64,
    /// Microseconds of processor the plain statement took in PostgreSQL.
    pub(crate) floor_cpu: f64,
    pub(crate) ceiling: f64,
}

/// Measures one operation at one number of connections, of each gateway.
pub(crate) async fn measure(
    world: &World,
    asked: &Asked,
    operation: &Operation,
    connections: u64,
    subjects: &[Subject],
    effort: Effort,
) -> anyhow::Result<Vec<Row>> {
    let mut checked = Vec::new();
    for subject in subjects {
        let most = if subject.keeps && operation.is_kept { usize::MAX } else { CHECKED };
        checked.push(check(subject.address, &operation.requests, most).await?);
    }
    let bare = Bare::start(world, &checked[0].typical).await?;
    let load = Driver::new(&format!("{}-{}", operation.work, operation.name), &operation.requests)?;
    let floor = Floor::of(operation.work, connections, &world.url, asked).await?;
    let server = Server::of(&mut world.connect().await?).await?;
    let mut statements = Rounds::default();
    let mut bare_rates = Vec::new();
    let mut of: Vec<Rounds> = subjects.iter().map(|_| Rounds::default()).collect();
    for round in 1..=effort.rounds {
        let before = cpu(server)?;
        let (rate, counted) = floor.run(effort.seconds).await?;
        statements.rates.push(rate);
        statements.server.push((cpu(server)? - before) / counted);
        bare_rates.push(load.run(bare.address, connections, effort.seconds, round).await?.rate());
        for ((subject, rounds), answers) in subjects.iter().zip(&mut of).zip(&checked) {
            let before = (number(processes::micros(subject.process)?), cpu(server)?);
            let rows = Recorded::so_far(world, operation).await?;
            let driven = load.run(subject.address, connections, effort.seconds, round).await?;
            let after = (number(processes::micros(subject.process)?), cpu(server)?);
            driven.ensure_right(answers.bytes)?;
            rows.ensure(world, &driven, connections).await?;
            rounds.push(&driven, (after.0 - before.0, after.1 - before.1));
        }
    }
    let rows = subjects.iter().zip(&of).map(|(subject, rounds)| Row {
        work: operation.work,
        name: operation.name,
        connections,
        kept: subject.keeps && operation.is_kept,
        rate: median(&rounds.rates),
        p50: median(&rounds.p50),
        p99: median(&rounds.p99),
        cpu: (median(&rounds.gateway), median(&rounds.server)),
        floor: median(&statements.rates),
        floor_cpu: median(&statements.server),
        ceiling: median(&bare_rates),
    });
    Ok(rows.collect())
}

fn cpu(server: Option<Server>) -> anyhow::Result<f64> {
    server.map_or(Ok(f64::NAN), |server| Ok(number(server.micros()?)))
}

/// Figures of the rounds.
#[derive(Default)]
struct Rounds {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    gateway: Vec<f64>,
    server: Vec<f64>,
}

impl Rounds {
    fn push(&mut self, driven: &Driven, (gateway, server): (f64, f64)) {
        let requests = number(driven.requests);
        self.rates.push(driven.rate());
        self.p50.push(number(driven.p50));
        self.p99.push(number(driven.p99));
        self.gateway.push(gateway / requests);
        self.server.push(server / requests);
    }
}

/// Entries of the log before a run that records; nothing of one that does not.
struct Recorded(Option<i64>);

impl Recorded {
    async fn so_far(world: &World, operation: &Operation) -> anyhow::Result<Self> {
        if operation.work != "W4" {
            return Ok(Self(None));
        }
        let size = sqlx::query_scalar("select size from log_tree").fetch_one(&mut world.connect().await?).await?;
        Ok(Self(Some(size)))
    }

    /// Refuses a run whose answers promised more rows than stand, or left more than were under way when it ended.
    async fn ensure(self, world: &World, driven: &Driven, connections: u64) -> anyhow::Result<()> {
        let Some(before) = self.0 else { return Ok(()) };
        let sql = "select count(*) from disclosure where leaf_index >= $1";
        let rows: i64 = sqlx::query_scalar(sql).bind(before).fetch_one(&mut world.connect().await?).await?;
        let promised = driven.requests..=driven.requests + connections;
        anyhow::ensure!(promised.contains(&rows.unsigned_abs()), "{rows} rows stand of {} answered", driven.requests);
        Ok(())
    }
}
