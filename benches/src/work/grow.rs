//! How cost grows: the six operations and memory over agreements and disclosures, and several gateways on one PostgreSQL.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context;
use clap::Args;
use futures::future::try_join_all;

use super::{
    asked::Asked,
    beside,
    check::check,
    drive::Driver,
    operations::{Operation, Tokens, operations},
    plot::{Line, lines},
    table::count,
    world::{Size, Where, World},
};
use crate::{
    figures::{load, median, number},
    start::{Gateway, memory, started},
};

/// Answers that are read before an operation is measured.
const CHECKED: usize = 500;

/// Gateways on one PostgreSQL.
const PROCESSES: [usize; 3] = [1, 2, 4];

/// Connections of each load.
const CONNECTIONS: u64 = 32;

#[derive(Args)]
pub(crate) struct Options {
    /// Directory in which the loaded worlds stand between runs, one in each `AGREEMENTSxDISCLOSURES`.
    #[arg(long)]
    worlds: PathBuf,
    /// Which worlds, the first of which several gateways are measured on.
    #[arg(long, value_delimiter = ',', value_parser = size, default_value = "5000x500000,50000x500000,5000x5000000")]
    sizes: Vec<Size>,
    /// The gateway's binary; the one beside this program when absent.
    #[arg(long)]
    gateway: Option<PathBuf>,
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// Seconds of one measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Directory to draw the plots in.
    #[arg(long)]
    plots: Option<PathBuf>,
}

fn size(text: &str) -> Result<Size, String> {
    let read = |text: &str| text.parse::<u64>().map_err(|fault| fault.to_string());
    let (agreements, disclosures) = text.split_once('x').ok_or("say AGREEMENTSxDISCLOSURES")?;
    let agreements = usize::try_from(read(agreements)?).map_err(|fault| fault.to_string())?;
    Ok(Size { agreements, disclosures: read(disclosures)? })
}

/// What was measured in one world.
struct Grown {
    size: Size,
    /// Requests a second of each operation.
    rates: Vec<(String, f64)>,
    /// Megabytes after the run.
    resident: f64,
    /// Seconds from the start to the first answer.
    start: f64,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let gateway = options.gateway.clone().map_or_else(beside, Ok)?;
    let bench = Bench { gateway, options: &options };
    let (mut grown, mut several) = (Vec::new(), Vec::new());
    for size in &options.sizes {
        let place = options.worlds.join(format!("{}x{}", size.agreements, size.disclosures));
        let world = World::open(&Where::kept(place, size.clone())).await?;
        let asked = Asked::choose(&world).await?;
        let one = bench.grown(&world, &asked).await?;
        tell(&one);
        grown.push(one);
        if several.is_empty() {
            several = bench.several(&world, &asked).await?;
        }
    }
    println!("\n| gateways | {} |", heads(&several[0].1));
    for (processes, rates) in &several {
        println!("| {processes} | {} |", cells(rates));
    }
    println!("medians of {} rounds of {} s, load of the machine: {}", options.rounds, options.seconds, load());
    if let Some(directory) = &options.plots {
        draw(directory, &grown, &several)?;
    }
    Ok(())
}

struct Bench<'a> {
    gateway: PathBuf,
    options: &'a Options,
}

impl Bench<'_> {
    async fn started(&self, world: &World) -> anyhow::Result<(f64, Gateway, SocketAddr)> {
        let settings = [("RUST_LOG", "warn")];
        let (took, gateway, address) = started(&self.gateway, Some(&world.url), &world.data_dir, &settings).await?;
        Ok((took.as_secs_f64(), gateway, address))
    }

    fn operations(&self, world: &World, asked: &Asked) -> anyhow::Result<Vec<Operation>> {
        let place = (world.data_dir.as_path(), Some(world.url.as_str()));
        operations(asked, &Tokens::made(&self.gateway, place, &asked.disclosers)?)
    }

    async fn grown(&self, world: &World, asked: &Asked) -> anyhow::Result<Grown> {
        let (start, process, address) = self.started(world).await?;
        let mut rates = Vec::new();
        for operation in self.operations(world, asked)? {
            rates.push((named(&operation), self.rate(&operation, &[address]).await?));
        }
        Ok(Grown { size: world.size.clone(), rates, resident: memory(&process)?.0, start })
    }

    /// Decisions over both doors and recordings, of so many gateways at once, each with a load of its own.
    async fn several(&self, world: &World, asked: &Asked) -> anyhow::Result<Vec<(usize, Vec<(String, f64)>)>> {
        let operations = self.operations(world, asked)?;
        let mut all = Vec::new();
        for processes in PROCESSES {
            let mut running = Vec::new();
            for _ in 0..processes {
                running.push(self.started(world).await?);
            }
            let addresses: Vec<SocketAddr> = running.iter().map(|(_, _, address)| *address).collect();
            let mut rates = Vec::new();
            for operation in operations.iter().filter(|operation| ["W3", "W4"].contains(&operation.work)) {
                rates.push((named(operation), self.rate(operation, &addresses).await?));
            }
            all.push((processes, rates));
        }
        Ok(all)
    }

    /// Median of the requests a second of all gateways together.
    async fn rate(&self, operation: &Operation, addresses: &[SocketAddr]) -> anyhow::Result<f64> {
        let mut bytes = Vec::new();
        for address in addresses {
            bytes.push(check(*address, &operation.requests, CHECKED).await?.bytes);
        }
        let mut loads = Vec::new();
        for at in 0..addresses.len() {
            loads.push(Driver::new(&format!("{}-{at}", operation.name), &operation.requests)?);
        }
        let mut rates = Vec::new();
        for round in 1..=self.options.rounds {
            let runs =
                loads.iter().zip(addresses).zip(0..).map(|((load, address), at)| {
                    load.run(*address, CONNECTIONS, self.options.seconds, 100 * round + at)
                });
            let driven = try_join_all(runs).await?;
            driven.iter().zip(&bytes).try_for_each(|(driven, bytes)| driven.ensure_right(*bytes))?;
            rates.push(driven.iter().map(super::drive::Driven::rate).sum());
        }
        Ok(median(&rates))
    }
}

fn named(operation: &Operation) -> String {
    format!("{} {}", operation.work, operation.name.replace('`', ""))
}

fn heads(rates: &[(String, f64)]) -> String {
    rates.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" | ")
}

fn cells(rates: &[(String, f64)]) -> String {
    rates.iter().map(|(_, rate)| count(*rate)).collect::<Vec<_>>().join(" | ")
}

fn tell(grown: &Grown) {
    println!("| agreements | disclosures | {} | resident | start |", heads(&grown.rates));
    println!(
        "| {} | {} | {} | {:.0} MB | {:.2} s |",
        count(number(grown.size.agreements as u64)),
        count(number(grown.size.disclosures)),
        cells(&grown.rates),
        grown.resident,
        grown.start
    );
}

/// One plot over agreements, of the worlds with as many disclosures as the first; one over disclosures, of those with as many
/// agreements; each of memory too; and one over gateways.
fn draw(directory: &std::path::Path, grown: &[Grown], several: &[(usize, Vec<(String, f64)>)]) -> anyhow::Result<()> {
    let first = &grown.first().context("no world")?.size;
    let (agreements, disclosures) = (first.agreements, first.disclosures);
    let over = |is_of: &dyn Fn(&Size) -> bool, x: &dyn Fn(&Size) -> f64| {
        let of: Vec<&Grown> = grown.iter().filter(|grown| is_of(&grown.size)).collect();
        let rates: Vec<_> = of.iter().map(|grown| (x(&grown.size), grown.rates.as_slice())).collect();
        let memory = of.iter().map(|grown| (x(&grown.size), grown.resident)).collect();
        (series(&rates), vec![Line { name: "resident".to_owned(), points: memory }])
    };
    let (rates, memory) = over(&|size| size.disclosures == disclosures, &|size| number(size.agreements as u64));
    lines(&directory.join("growth-agreements.svg"), ("Requests a second over agreements", "agreements"), &rates)?;
    lines(
        &directory.join("growth-agreements-memory.svg"),
        ("Megabytes resident over agreements", "agreements"),
        &memory,
    )?;
    let (rates, memory) = over(&|size| size.agreements == agreements, &|size| number(size.disclosures));
    lines(&directory.join("growth-disclosures.svg"), ("Requests a second over disclosures", "disclosures"), &rates)?;
    lines(
        &directory.join("growth-disclosures-memory.svg"),
        ("Megabytes resident over disclosures", "disclosures"),
        &memory,
    )?;
    let rates: Vec<_> = several.iter().map(|(at, rates)| (number(*at as u64), rates.as_slice())).collect();
    lines(&directory.join("growth-gateways.svg"), ("Requests a second over gateways", "gateways"), &series(&rates))
}

/// One line of each name there is.
fn series(rates: &[(f64, &[(String, f64)])]) -> Vec<Line> {
    let mut series: Vec<Line> = Vec::new();
    for (x, rates) in rates {
        for (name, rate) in *rates {
            match series.iter_mut().find(|line| line.name == *name) {
                Some(line) => line.points.push((*x, *rate)),
                None => series.push(Line { name: name.clone(), points: vec![(*x, *rate)] }),
            }
        }
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_agreements_by_disclosures() {
        let read = size("50000x500000").unwrap();
        assert_eq!((read.agreements, read.disclosures), (50_000, 500_000));
        assert!(["50000", "ax5", "5x"].iter().all(|text| size(text).is_err()));
    }
}
