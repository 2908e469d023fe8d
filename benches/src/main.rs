//! Measures what `docs/performance.md` claims: each figure against a reference in the same run, medians of interleaved
//! rounds.

mod acts;
mod decide;
mod enforce;
mod figures;
mod generate;
mod hostile;
mod http;
mod import;
mod instructions;
mod load;
mod log;
mod past;
mod pgbench;
#[path = "../../tests/it/postgres.rs"]
#[cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the integration tests use the rest of it"))]
mod postgres;
mod question;
mod record;
mod serve;
mod several;
mod start;
mod subscribe;
mod work;

use std::path::PathBuf;

use api::config::{Config, Flags};
use clap::{Args, Parser, Subcommand};

/// Measures the gateway on a large world.
#[derive(Parser)]
struct Command {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Starts a durable PostgreSQL cluster, prints the URL of an empty database, and stops it when standard input ends.
    Postgres,
    /// Writes the large world: 2,000 organisations, 5,000 agreements, 20,000 scopes, 10,000 contacts.
    Load(load::Options),
    /// Times decisions in process, and the cost of one change of the facts.
    Decide(decide::Options),
    /// Answers over HTTP against a bare handler that verifies the same token and returns the same bytes.
    Http(http::Options),
    /// A normal client beside hostile ones: its latency, their refusals, memory.
    Hostile(hostile::Options),
    /// Records disclosures over HTTP, on PostgreSQL against pgbench.
    Record(record::Options),
    /// Reads a large log: statistics against a GROUP BY, pages at any depth, one person's report, proofs.
    Log(log::Options),
    /// Times how soon a suspension at one gateway is refused by another, on PostgreSQL, with and without notifications.
    Several(several::Options),
    /// Times starts and reads resident memory.
    Start(start::Options),
    /// Looks back over a long journal, against reading the tables whole.
    Past(past::Options),
    /// A service behind nginx with no question before it, with a decision, and with a row of the log.
    Enforce(enforce::Options),
    /// Many subscriptions: memory, and how soon all hear of a change.
    Subscribe(subscribe::Options),
    /// Imports a nation's agreements from files into a new gateway on SQLite.
    Import(import::Options),
    /// Times acts one after another on the large world, against a plain INSERT and commit.
    Acts(acts::Options),
    /// The six operations of everyday work, on PostgreSQL with five million disclosures: the gateway as a process of its own
    /// beside a bare handler and one plain statement.
    Work(work::Options),
    /// Does one thing so many times, for a counter of instructions to look on; `.ci/instructions` starts it.
    #[command(hide = true)]
    Instructions(instructions::Options),
    /// The same operations and memory over agreements and disclosures, and several gateways on one PostgreSQL.
    Grow(work::grow::Options),
    /// Answers everybody with the same bytes; `work` starts it.
    #[command(hide = true)]
    Bare(work::ceiling::Options),
    /// Sends requests to one address and prints what came of it; the other commands start it.
    Generate(generate::Options),
}

/// Where the large world stands.
#[derive(Args, Clone)]
struct Place {
    /// Database, `sqlite://PATH` or `postgres://…`; a file in the data directory when absent.
    #[arg(long)]
    database_url: Option<String>,
    /// Directory of its keys.
    #[arg(long)]
    data_dir: PathBuf,
    /// Which log lines are written, to standard error; the gateway's own default writes one a request.
    #[arg(long, default_value = "info")]
    rust_log: String,
}

impl Place {
    /// Settings of a gateway there; what the arguments do not say is as the environment says.
    #[expect(clippy::disallowed_methods, reason = "they are read once, here, as the gateway's own program reads them")]
    fn config(&self) -> anyhow::Result<Config> {
        let setting = |name: &str| match name {
            "DATA_DIR" => Some(self.data_dir.display().to_string()),
            "DATABASE_URL" if self.database_url.is_some() => self.database_url.clone(),
            "RUST_LOG" => Some(self.rust_log.clone()),
            "LISTEN_ADDR" => Some("127.0.0.1:0".to_owned()),
            _ => std::env::var(name).ok(),
        };
        Config::load(&Flags::default(), setting).map_err(|faults| anyhow::anyhow!("{faults}"))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    api::auth::install_provider();
    match Command::parse().what {
        What::Postgres => durable_cluster().await,
        What::Load(options) => load::run(options).await,
        What::Decide(options) => decide::run(options).await,
        What::Http(options) => http::run(options).await,
        What::Hostile(options) => hostile::run(options).await,
        What::Record(options) => record::run(options).await,
        What::Log(options) => log::run(options).await,
        What::Several(options) => several::run(options).await,
        What::Start(options) => start::run(options).await,
        What::Past(options) => past::run(options).await,
        What::Enforce(options) => enforce::run(options).await,
        What::Subscribe(options) => subscribe::run(options).await,
        What::Import(options) => import::run(options).await,
        What::Acts(options) => acts::run(options).await,
        What::Work(options) => work::run(options).await,
        What::Instructions(options) => instructions::run(options).await,
        What::Grow(options) => work::grow::run(options).await,
        What::Bare(options) => work::ceiling::run(options).await,
        What::Generate(options) => generate::run(options).await,
    }
}

async fn durable_cluster() -> anyhow::Result<()> {
    let cluster = postgres::Cluster::start(postgres::Durability::Real).await;
    let cluster = cluster.ok_or_else(|| anyhow::anyhow!("PostgreSQL is not installed"))?;
    let database = cluster.create_database(None).await;
    println!("{}", cluster.url(&database));
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Command::command().debug_assert();
    }
}
