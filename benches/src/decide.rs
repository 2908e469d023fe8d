//! Nanoseconds of one decision on the large world, and of one change of the facts at three sizes.

use std::{hint::black_box, time::Instant};

use anyhow::ensure;
use api::{
    app::App,
    clock::Clock,
    decision::{Question, decide},
    facts::{Edit, Facts},
    scale::{self, ITEM, NATION, NODE, Size},
};
use clap::Args;
use entity::vocabulary::Verdict;

use crate::{
    Place,
    figures::{load, median, nanoseconds_each},
    question,
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Rounds of each measurement.
    #[arg(long, default_value_t = 9)]
    rounds: u32,
    /// Decisions of one round.
    #[arg(long, default_value_t = 100_000)]
    runs: u64,
    /// Only this measurement, for a profiler.
    #[arg(long)]
    only: Option<String>,
    /// Leaves the cost of changes out.
    #[arg(long)]
    no_changes: bool,
}

/// Agreements asked about in turn, so that not one of them stays in the nearest cache.
const AGREEMENTS: usize = 1_000;

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let app = App::open(options.place.config()?, Clock::default()).await?;
    let (facts, now) = (app.gateway.journal.facts(), app.gateway.clock.now());
    let asked = |make: &dyn Fn(usize) -> anyhow::Result<Question>| {
        (0..AGREEMENTS).map(make).collect::<anyhow::Result<Vec<_>>>()
    };
    let permits = asked(&|at| question::permitted(&facts, unsuspended(at), ITEM))?;
    let nodes = asked(&|at| question::permitted(&facts, unsuspended(at), NODE))?;
    let denials = asked(&|at| question::denied(&facts, at))?;
    for question in permits.iter().chain(&nodes) {
        let decision = decide(&facts, question, now);
        ensure!(decision.verdict == Verdict::Permitted, "not permitted: {:?}", decision.reasons);
    }
    ensure!(denials.iter().all(|question| decide(&facts, question, now).verdict == Verdict::Denied), "not denied");
    let reasons = decide(&facts, &denials[0], now).reasons.len();
    let one = &permits[..1];
    let cases = [
        ("permit, one item, one agreement again and again".to_owned(), one),
        ("permit, one item, 1,000 agreements in turn".to_owned(), &permits),
        ("permit, a node of 7 items, 1,000 agreements in turn".to_owned(), &nodes),
        (format!("full denial, 4 nodes, {reasons} reasons, 1,000 agreements in turn"), &denials),
    ];
    let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    for _ in 0..options.rounds {
        for ((name, questions), figures) in cases.iter().zip(&mut rounds) {
            if options.only.as_ref().is_none_or(|only| name.starts_with(only.as_str())) {
                figures.push(time(&facts, questions, now, options.runs));
            }
        }
    }
    for ((name, _), figures) in cases.iter().zip(&rounds) {
        println!("{name}: {:.0} ns (median of {} rounds of {})", median(figures), options.rounds, options.runs);
    }
    if !options.no_changes && options.only.is_none() {
        changes(&facts)?;
    }
    println!("load of the machine: {}", load());
    app.close().await;
    Ok(())
}

/// Every fiftieth agreement is suspended.
fn unsuspended(at: usize) -> usize {
    at + usize::from(at % 50 == 49)
}

fn time(facts: &Facts, questions: &[Question], now: entity::vocabulary::Instant, runs: u64) -> f64 {
    let started = Instant::now();
    for question in questions.iter().cycle().take(usize::try_from(runs).unwrap_or(usize::MAX)) {
        black_box(decide(black_box(facts), black_box(question), now));
    }
    nanoseconds_each(started.elapsed(), runs)
}

/// Cost of one change of one agreement's scope, at three sizes of the world on the same registers.
fn changes(sample: &Facts) -> anyhow::Result<()> {
    for agreements in [500, 5_000, 50_000] {
        let size = Size { agreements, contacts: 0, ..NATION };
        let base = Facts::of(0, loaded_without(sample));
        let facts = base.after(1, &generated(&base, size)?);
        let edits: Vec<Edit> = (0..agreements)
            .step_by(agreements / 250)
            .filter_map(|at| {
                question::dossier(&facts, at).ok()?.scopes.first().map(|scope| scope.row.as_ref().clone().into())
            })
            .collect();
        let figures: Vec<f64> = (0..9)
            .map(|_| {
                let started = Instant::now();
                for edit in &edits {
                    black_box(facts.after(2, [edit]));
                }
                nanoseconds_each(started.elapsed(), edits.len() as u64)
            })
            .collect();
        println!("Facts::after, one scope of {agreements} agreements: {:.1} µs", median(&figures) / 1_000.0);
    }
    Ok(())
}

fn generated(base: &Facts, size: Size) -> anyhow::Result<Vec<Edit>> {
    scale::rows(base, size).map_err(|error| anyhow::anyhow!("{error:?}"))
}

/// The tables of the sample world, without what was generated.
fn loaded_without(facts: &Facts) -> api::facts::Tables {
    let mut base = Facts::default();
    let sample: Vec<Edit> = facts.tables().rows().filter(|row| !scale::is_generated(row.id())).map(Edit::Put).collect();
    base = base.after(0, &sample);
    base.tables().clone()
}
