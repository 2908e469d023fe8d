//! Writes the large world: a nation's registry and a log of any length, as `seed --scale` does.

use std::time::Instant;

use api::{
    app::{App, Scale, scale, to_be_filled},
    clock::Clock,
    config::Config,
    scale::{NATION, Size},
};
use clap::Args;

use crate::{Place, figures::nanoseconds_each};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Disclosures to record.
    #[arg(long, default_value_t = 100_000)]
    disclosures: u64,
    /// Agreements of the registry.
    #[arg(long, default_value_t = NATION.agreements)]
    agreements: usize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    fill(options.place.config()?, options.agreements, options.disclosures).await
}

/// Writes a world with so many agreements and disclosures into an empty database, and says how long it took.
pub(crate) async fn fill(config: Config, agreements: usize, disclosures: u64) -> anyhow::Result<()> {
    let app = App::open(to_be_filled(config), Clock::default()).await?;
    let (began, mut started) = (Instant::now(), Instant::now());
    let size = Scale { size: Size::of_agreements(agreements), disclosures };
    let told = |stand| {
        if stand == 0 {
            started = Instant::now();
        }
    };
    scale(&app.gateway, &app.recorder, size, told).await?;
    let rows = app.gateway.journal.facts().tables().rows().count();
    println!("registry: {rows} rows in {:.1} s", (started - began).as_secs_f64());
    let took = started.elapsed();
    let each = nanoseconds_each(took, disclosures);
    println!("disclosures: {disclosures} in {:.1} s, {:.0} a second", took.as_secs_f64(), 1e9 / each);
    app.close().await;
    Ok(())
}
