//! The command line: one binary, one subcommand per errand.

mod backup;
mod erase;
mod export;
mod import;
mod keys;
mod retention;
mod seed;
mod serve;
mod settings;
mod statistics;
mod token;
mod verify;

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use entity::vocabulary::contains_personal_identity_code;
use futures::FutureExt;
use tokio::runtime::Runtime;

use crate::{
    app::{self, App, OpenError},
    clock::Clock,
    config::{self, Config, Flags},
    scale,
    telemetry::{self, Telemetry},
    trail, world,
};

/// System of record and decision point for disclosures of register data between authorities.
#[derive(Parser)]
#[command(name = "disclosure-gateway", version, about)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve GraphQL over HTTP (the default).
    Serve,
    /// Bring the database to this version's tables, or back to none.
    Migrate {
        /// Take every table away, with all that is in them.
        #[arg(long)]
        down: bool,
    },
    /// Import the sample world, in which what stands already is left alone; or fill a new database with a generated one.
    Seed {
        /// Disclosures of a generated world, 1 to 100,000,000, the same each time, over the five years before 2026-11-01;
        /// with an agreement for each thousand, 20 to 5,000.
        #[arg(long, value_name = "DISCLOSURES", value_parser = clap::value_parser!(u64).range(1..=scale::DISCLOSURES_MAX))]
        scale: Option<u64>,
    },
    /// Import world files (YAML or JSON) and tables of old agreements (CSV): all of them, or nothing with every fault named.
    Import(import::ImportArguments),
    /// Export the registry as files that can be imported, one agreement as a policy, or a record of processing activities.
    Export(export::ExportArguments),
    /// Copy database, keys and checkpoint to a new directory, also while the gateway serves.
    Backup(backup::BackupArguments),
    /// Put a backup where DATA_DIR and DATABASE_URL say, if nothing stands there.
    Restore(backup::BackupArguments),
    /// What has passed its time: show it, or drop it.
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Erase what ties disclosures to one person, whose identifier is read from standard input.
    Erase(erase::EraseArguments),
    /// Keys of pseudonyms.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Print statistics of the whole database as CSV, exactly.
    Statistics {
        /// Question, as names and values of the query of `/export/statistics`: `from=2026-01-01 until=2027-01-01
        /// groupBy=RECIPIENT`.
        #[arg(required = true, value_name = "NAME=VALUE")]
        question: Vec<String>,
    },
    /// Print a development token.
    Token(token::TokenArguments),
    /// Print the schema in SDL.
    Schema,
    /// Check that facts and log follow from the rows, or, from outside, that a gateway's log is what it signed.
    Verify(verify::VerifyArguments),
    /// Print every setting, its value and where it came from; or try them.
    Config(settings::ConfigArguments),
}

/// What ends a command without success.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// Settings.
    #[error("{0}")]
    Config(#[from] config::ConfigFaults),
    /// Opening.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// Import.
    #[error("{0}")]
    Import(#[from] app::ImportError),
    /// Generating.
    #[error("{0}")]
    Scale(#[from] app::ScaleError),
    /// Files of the caller.
    #[error("`{path}`: {source}")]
    File {
        /// File.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// What `config check` found, and has said.
    #[error("{0} of what the settings name cannot be used")]
    NotToBeHad(usize),
    /// Anything else, said.
    #[error("{0}")]
    Said(String),
}

impl From<crate::Error> for CliError {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::Internal { detail } => Self::Said(detail),
            crate::Error::Invalid(faults) => Self::Said(said(&faults)),
            other => Self::Said(other.to_string()),
        }
    }
}

/// Every fault with its place, a line each.
fn said(faults: &[crate::Fault]) -> String {
    let line = |fault: &crate::Fault| format!("{}: {}", fault.path.join("."), fault.message);
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Exit code of wrong settings or arguments, as `sysexits` has it.
const EXIT_CONFIG: u8 = 78;

/// Exit code when something the gateway needs is not to be had.
const EXIT_UNAVAILABLE: u8 = 69;

/// Runs the command line. The runtime is started here and not in `main`, so that the gateway is compiled once, with the
/// library, and not with every binary.
pub fn run() -> ExitCode {
    crate::auth::install_provider();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let done = match Runtime::new() {
        Ok(runtime) => runtime.block_on(execute(cli)),
        Err(source) => Err(CliError::Said(format!("no threads to run on: {source}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever closed standard error wants no words; the exit code still tells.
            drop(writeln!(std::io::stderr(), "disclosure-gateway: {error}"));
            match error {
                CliError::Config(_) => ExitCode::from(EXIT_CONFIG),
                CliError::Open(_) | CliError::NotToBeHad(_) => ExitCode::from(EXIT_UNAVAILABLE),
                CliError::Import(_) | CliError::Scale(_) | CliError::File { .. } | CliError::Said(_) => {
                    ExitCode::FAILURE
                }
            }
        }
    }
}

/// Says what is wrong with the arguments, and never what was typed where that may be somebody's personal identity code.
fn refused(error: &clap::Error) -> ExitCode {
    if contains_personal_identity_code(&error.to_string()) {
        let why = "disclosure-gateway: an argument holds a personal identity code; a code is read from standard input";
        drop(writeln!(std::io::stderr(), "{why}"));
    } else {
        drop(error.print());
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

async fn execute(cli: Cli) -> Result<(), CliError> {
    let command = cli.command.unwrap_or(Command::Serve);
    if matches!(command, Command::Schema) {
        return say(crate::graphql::schema::sdl().trim_end());
    }
    if let Command::Verify(arguments) = &command
        && verify::outside(arguments).await?
    {
        return Ok(());
    }
    let config = Config::load(&cli.flags, config::environment)?;
    let telemetry = if matches!(command, Command::Config(_) | Command::Token(_)) {
        Telemetry::default()
    } else {
        telemetry::install(&config).map_err(|error| CliError::Said(error.to_string()))?
    };
    let errand = audited(&command);
    let done = perform(command, config).boxed().await;
    if let (Some(errand), Err(_)) = (errand, &done) {
        // Why is said to whoever gave the command; it may name what it was given.
        tracing::warn!(target: trail::TARGET, command = errand, "refused");
    }
    telemetry.stop().await;
    done
}

/// Name of a command whose refusal whoever audits hears of: it would have changed what stands.
fn audited(command: &Command) -> Option<&'static str> {
    match command {
        Command::Import(_) => Some("import"),
        Command::Erase(_) => Some("erase"),
        Command::Restore(_) => Some("restore"),
        Command::Retention(_) => Some("retention"),
        Command::Keys(_) => Some("keys"),
        Command::Migrate { down: true } => Some("migrate --down"),
        _ => None,
    }
}

async fn perform(command: Command, config: Config) -> Result<(), CliError> {
    match command {
        Command::Serve => serve::serve(config).await,
        Command::Migrate { down } => migrate(config, down).await,
        Command::Seed { scale: None } => seed(config).await,
        Command::Seed { scale: Some(disclosures) } => seed::generate(config, disclosures).await,
        Command::Import(arguments) => import::import(config, &arguments).await,
        Command::Export(arguments) => export::export(config, arguments).await,
        Command::Backup(arguments) => backup::make(&config, &arguments).await,
        Command::Restore(arguments) => backup::restore(&config, &arguments).await,
        Command::Retention(command) => retention::execute(config, &command).await,
        Command::Erase(arguments) => erase::erase(config, arguments).await,
        Command::Keys(command) => keys::execute(&config, &command).await,
        Command::Statistics { question } => Box::pin(statistics::print(config, &question)).await,
        Command::Token(arguments) => token::print(&config, &arguments).await,
        Command::Verify(_) => Box::pin(verify::verify(config)).await,
        Command::Config(arguments) => settings::execute(&config, &arguments).await,
        Command::Schema => Ok(()),
    }
}

/// A command that fills the database itself starts on an empty one.
fn unseeded(mut config: Config) -> Config {
    config.seed = Some(config::Seed::None);
    config
}

/// Gateway on a database that stands already; makes none.
async fn open_existing(config: Config) -> Result<App, CliError> {
    app::connect_to_existing(&config).await?.close().await;
    Ok(App::errand(unseeded(config), Clock::default()).await?)
}

async fn migrate(config: Config, down: bool) -> Result<(), CliError> {
    let _lock = app::lock(&config)?;
    let database = app::connect(&config).await?;
    let connection = database.write().now();
    let done = if down { migration::down(&connection).await } else { migration::up(&connection).await };
    done.map_err(|error| CliError::Open(error.into()))?;
    say(if down { "every table is gone" } else { "the database is at this version" })
}

async fn seed(config: Config) -> Result<(), CliError> {
    let app = App::errand(unseeded(config), Clock::default()).await?;
    let imported = app::import(&app.gateway, &app.recorder, &world::sample(), "seed").await?;
    app.close().await;
    say(import::written(&imported))
}

/// Prints a line. A reader that has gone away wants no more, which is no failure.
fn say(line: impl Display) -> Result<(), CliError> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(fault) if fault.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Said(format!("standard output cannot be written to: {fault}")))
        }
        _ => Ok(()),
    }
}
