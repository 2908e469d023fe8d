//! The most there could be: a process that only knows who asks, and answers everybody with the same bytes.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::Context;
use api::{app::open_keys, auth::Authenticator, clock::Clock};
use clap::Args;
use tokio::{net::TcpListener, task::spawn_blocking};

use super::world::World;
use crate::{Place, import::Directory, serve::bare};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// File with the answer.
    #[arg(long)]
    answer: PathBuf,
}

/// Answers until it is killed; prints where.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let (config, clock) = (options.place.config()?, Clock::default());
    let known = Authenticator::start(&config, &open_keys(&config).await?, clock.now()).await?;
    let router = bare(known, clock, std::fs::read(&options.answer)?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

/// Bare handler in a process of its own; ends with this value.
pub(crate) struct Bare {
    child: Child,
    pub(crate) address: SocketAddr,
    _answer: Directory,
}

impl Bare {
    /// Starts it with the keys of a world and one answer.
    pub(crate) async fn start(world: &World, answer: &[u8]) -> anyhow::Result<Self> {
        let directory = Directory::new("bare")?;
        let file = directory.path().join("answer");
        std::fs::write(&file, answer)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", "--rust-log", "warn", "--database-url", &world.url, "--data-dir"]).arg(&world.data_dir);
        let mut child = command.arg("--answer").arg(&file).stdout(Stdio::piped()).spawn()?;
        let said = child.stdout.take().context("it is piped")?;
        let line = spawn_blocking(move || BufReader::new(said).lines().next()).await?;
        let address = line.context("the bare handler did not start")??.parse()?;
        Ok(Self { child, address, _answer: directory })
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // One that has ended already needs no more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
