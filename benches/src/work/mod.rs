//! The six operations of everyday work as front ends and partners ask them, of the gateway as a process of its own on
//! PostgreSQL, beside the most there could be and the least there should be.

mod asked;
pub(crate) mod ceiling;
mod check;
mod drive;
mod floor;
pub(crate) mod grow;
mod measure;
mod operations;
mod peers;
mod plot;
mod processes;
mod table;
mod world;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use clap::Args;
use sqlx::Executor;

use self::{
    asked::Asked,
    measure::{Effort, Row, Subject, measure},
    operations::{Tokens, operations},
    table::Process,
    world::World,
};
use crate::{
    figures::{load, median},
    start::{Gateway, memory, started},
};

/// Setting of the bytes of whole answers that are kept.
const KEPT_BYTES: &str = "ANSWER_CACHE_BYTES_MAX";

/// Its value that keeps none.
const NONE_KEPT: &str = "1";

/// Starts of the gateway that are timed.
const STARTS: u32 = 5;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    world: world::Where,
    /// The gateway's binary; the one beside this program when absent.
    #[arg(long)]
    gateway: Option<PathBuf>,
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Only this work, `W1` to `W6`; several with commas.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Directory to draw the plots in.
    #[arg(long)]
    plots: Option<PathBuf>,
    /// Which lines the gateway logs; its own default writes one a request.
    #[arg(long, default_value = "warn")]
    rust_log: String,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let gateway = options.gateway.clone().map_or_else(beside, Ok)?;
    let world = World::open(&options.world).await?;
    let asked = Asked::choose(&world).await?;
    let bench = Bench { gateway: &gateway, world: &world, asked: &asked, options: &options };
    let (start, ready, process, address) = bench.start().await?;
    let rows = bench.measured(&process, address).await?;
    // What the plain INSERTs left.
    world.connect().await?.execute("drop table if exists plain").await?;
    let process = Process { start, ready, after: memory(&process)? };
    print!("\n{}\n{}", table::rows(&rows), table::process(&process));
    println!("plain statements here, of those beside the peers: {}", table::pace(&rows));
    println!(
        "{} agreements, {} disclosures, medians of {} rounds of {} s, load of the machine: {}",
        table::count(crate::figures::number(world.size.agreements as u64)),
        table::count(crate::figures::number(world.size.disclosures)),
        options.rounds,
        options.seconds,
        load()
    );
    if let Some(directory) = &options.plots {
        plot::works(&directory.join("work.svg"), &rows)?;
    }
    Ok(())
}

/// Program that was built with this one.
fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let gateway = own.parent().context("a program without a directory")?.join("disclosure-gateway");
    ensure!(gateway.is_file(), "`{}` is not there: build it, or say --gateway", gateway.display());
    Ok(gateway)
}

struct Bench<'a> {
    gateway: &'a Path,
    world: &'a World,
    asked: &'a Asked,
    options: &'a Options,
}

impl Bench<'_> {
    /// The gateway as it is by default: median time to its first answer, median megabytes then, and the last one started.
    async fn start(&self) -> anyhow::Result<(f64, f64, Gateway, SocketAddr)> {
        let (mut took, mut ready) = (Vec::new(), Vec::new());
        loop {
            let (time, gateway, address) = self.started(&[]).await?;
            took.push(time);
            ready.push(memory(&gateway)?.0);
            if took.len() >= STARTS as usize {
                return Ok((median(&took), median(&ready), gateway, address));
            }
        }
    }

    async fn started(&self, settings: &[(&str, &str)]) -> anyhow::Result<(f64, Gateway, SocketAddr)> {
        let settings: Vec<_> = settings.iter().copied().chain([("RUST_LOG", self.options.rust_log.as_str())]).collect();
        let (url, directory) = (Some(self.world.url.as_str()), self.world.data_dir.as_path());
        let (took, gateway, address) = started(self.gateway, url, directory, &settings).await?;
        Ok((took.as_secs_f64(), gateway, address))
    }

    /// Whether this gateway can keep whole answers at all.
    fn can_keep(&self) -> anyhow::Result<bool> {
        let output = Command::new(self.gateway).arg("config").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).contains(KEPT_BYTES))
    }

    async fn measured(&self, process: &Gateway, address: SocketAddr) -> anyhow::Result<Vec<Row>> {
        let place = (self.world.data_dir.as_path(), Some(self.world.url.as_str()));
        let tokens = Tokens::made(self.gateway, place, &self.asked.disclosers)?;
        let effort = Effort { rounds: self.options.rounds, seconds: self.options.seconds };
        let keeps = self.can_keep()?;
        let mut rows = Vec::new();
        for operation in operations(self.asked, &tokens)? {
            if !self.options.only.is_empty() && !self.options.only.iter().any(|only| only == operation.work) {
                continue;
            }
            for connections in operation.connections {
                let mut subjects = vec![Subject { address, process: process.process(), keeps }];
                let mut other = None;
                if keeps && operation.is_kept {
                    let (_, gateway, address) = self.started(&[(KEPT_BYTES, NONE_KEPT)]).await?;
                    subjects.insert(0, Subject { address, process: gateway.process(), keeps: false });
                    other = Some(gateway);
                }
                let of = measure(self.world, self.asked, &operation, *connections, &subjects, effort).await?;
                drop(other);
                for row in &of {
                    eprintln!("{} {}: {} requests a second", row.work, row.name, table::count(row.rate));
                }
                rows.extend(of);
            }
        }
        rows.sort_by_key(|row| row.work);
        Ok(rows)
    }
}
