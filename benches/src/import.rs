//! How long an import of a nation's agreements takes: the large world written out as files, and taken into a new gateway.

use std::time::{Duration, Instant};

use anyhow::Context;
use api::{
    app::{App, Scale, import, scale, to_be_filled},
    clock::Clock,
    config::{Config, Flags},
    scale::{NATION, Size},
    world::{ExportForm, WorldFile, export_as},
};
use clap::Args;

use crate::figures::{load, median, number};

/// Seconds an import may take.
const SECONDS_MAX: f64 = 60.0;

#[derive(Args)]
pub(crate) struct Options {
    /// Agreements of the registry, with four scopes each.
    #[arg(long, default_value_t = NATION.agreements)]
    agreements: usize,
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Import JSON instead of YAML.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let form = if options.json { ExportForm::Json } else { ExportForm::Yaml };
    let (files, fingerprint) = files(options.agreements, form).await?;
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    println!("{} agreements in {:.1} MB", options.agreements, number(bytes as u64) / 1e6);
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        let directory = Directory::new(&format!("import-{round}"))?;
        let app = App::open(to_be_filled(directory.config()?), Clock::default()).await?;
        let own = fingerprint_of(&app)?;
        let files: Vec<WorldFile> = files
            .iter()
            .map(|file| WorldFile { name: file.name.clone(), text: file.text.replace(&fingerprint, &own) })
            .collect();
        let (took, rows) = timed(&app, &files).await?;
        let (repeat, none) = timed(&app, &files).await?;
        anyhow::ensure!(none == 0, "a repeat wrote {none} rows");
        println!(
            "round {}: {rows} rows in {:.1} s; again, nothing, in {:.1} s",
            round + 1,
            took.as_secs_f64(),
            repeat.as_secs_f64()
        );
        first.push(took.as_secs_f64());
        again.push(repeat.as_secs_f64());
        app.close().await;
    }
    let (first, again) = (median(&first), median(&again));
    println!(
        "import {first:.1} s of {SECONDS_MAX:.0} s allowed, a repeat {again:.1} s (medians of {})",
        options.rounds
    );
    println!("load of the machine: {}", load());
    Ok(())
}

async fn timed(app: &App, files: &[WorldFile]) -> anyhow::Result<(Duration, usize)> {
    let started = Instant::now();
    let imported = import(&app.gateway, &app.recorder, files, "import").await?;
    Ok((started.elapsed(), imported.rows))
}

/// The large world as files, with the fingerprint of the key its pseudonyms were made with.
async fn files(agreements: usize, form: ExportForm) -> anyhow::Result<(Vec<WorldFile>, String)> {
    let directory = Directory::new("export")?;
    let app = App::open(to_be_filled(directory.config()?), Clock::default()).await?;
    let size = Scale { size: Size::of_agreements(agreements), disclosures: 0 };
    scale(&app.gateway, &app.recorder, size, |_| {}).await?;
    let files = export_as(&app.gateway.journal.facts(), &app.gateway.keys.pseudonym_fingerprints(), form);
    let fingerprint = fingerprint_of(&app)?;
    app.close().await;
    Ok((files, fingerprint))
}

fn fingerprint_of(app: &App) -> anyhow::Result<String> {
    app.gateway.keys.pseudonym_fingerprints().remove(&1).context("no first key")
}

/// Directory of a gateway that goes with this value.
pub(crate) struct Directory(std::path::PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("disclosure-gateway-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn config(&self) -> anyhow::Result<Config> {
        let setting = |name: &str| match name {
            "DATA_DIR" => Some(self.0.display().to_string()),
            "DATABASE_URL" => Some(format!("sqlite://{}", self.0.join("gateway.db").display())),
            "RUST_LOG" => Some("warn".to_owned()),
            _ => None,
        };
        Config::load(&Flags::default(), setting).map_err(|faults| anyhow::anyhow!("{faults}"))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What stays behind in the temporary directory harms nobody.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
