//! How soon a gateway is ready, and how much memory it holds then.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use api::auth::Role;
use clap::Args;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::figures::{load, median};

/// Time between two looks at `/readyz`.
const LOOK: Duration = Duration::from_millis(2);

/// Longest a start may take before it counts as failed.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Args)]
pub(crate) struct Options {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/disclosure-gateway")]
    gateway: PathBuf,
    /// Database; a file in the data directory when absent.
    #[arg(long)]
    database_url: Option<String>,
    /// Directory of a gateway that stands; absent for a new sample world each time.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let (mut ready, mut resident, mut peak) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.rounds {
        let new = std::env::temp_dir().join(format!("disclosure-gateway-{}-{round}", std::process::id()));
        let directory = options.data_dir.as_ref().unwrap_or(&new);
        let (took, gateway, _) = started(&options.gateway, options.database_url.as_deref(), directory, &[]).await?;
        let (now, most) = memory(&gateway)?;
        ready.push(took.as_secs_f64());
        resident.push(now);
        peak.push(most);
        drop(gateway);
        if options.data_dir.is_none() {
            std::fs::remove_dir_all(&new)?;
        }
    }
    println!("ready after {:.3} s (median of {})", median(&ready), options.rounds);
    println!("resident {:.0} MB, peak {:.0} MB", median(&resident), median(&peak));
    println!("load of the machine: {}", load());
    Ok(())
}

/// Running gateway; ends with this value, however that ends.
pub(crate) struct Gateway(Child);

impl Gateway {
    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // One that has ended already needs no more.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Gateway on a directory, of a new sample world where there is none, and where it answers.
pub(crate) async fn started_with(gateway: &Path, directory: &Path) -> anyhow::Result<(Gateway, SocketAddr)> {
    let (_, gateway, address) = started(gateway, None, directory, &[]).await?;
    Ok((gateway, address))
}

/// The same on a database, of a new sample world where that is empty.
pub(crate) async fn started_on(gateway: &Path, url: &str, directory: &Path) -> anyhow::Result<(Gateway, SocketAddr)> {
    let (_, gateway, address) = started(gateway, Some(url), directory, &[]).await?;
    Ok((gateway, address))
}

/// Megabytes it holds now.
pub(crate) fn resident(gateway: &Gateway) -> anyhow::Result<f64> {
    Ok(memory(gateway)?.0)
}

/// Megabytes it holds now, and the most it has held.
pub(crate) fn memory(gateway: &Gateway) -> anyhow::Result<(f64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.process()))?;
    Ok((megabytes(&status, "VmRSS:"), megabytes(&status, "VmHWM:")))
}

/// Token as an operator makes one.
pub(crate) fn token(
    gateway: &Path,
    (directory, database_url): (&Path, Option<&str>),
    organisation: &str,
    role: Role,
) -> anyhow::Result<String> {
    let mut command = Command::new(gateway);
    command.args(["token", "--org", organisation, "--role", role.name(), "--ttl", "2h", "--data-dir"]).arg(directory);
    if let Some(url) = database_url {
        command.args(["--database-url", url]);
    }
    let output = command.output()?;
    ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Gateway with settings of its own beside these, how long it took until it was ready, and where it answers.
pub(crate) async fn started(
    binary: &Path,
    database_url: Option<&str>,
    directory: &Path,
    settings: &[(&str, &str)],
) -> anyhow::Result<(Duration, Gateway, SocketAddr)> {
    let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let mut command = Command::new(binary);
    command.args(["serve", "--listen-addr", &address.to_string(), "--data-dir"]).arg(directory);
    if let Some(url) = database_url {
        command.args(["--database-url", url]);
    }
    command.envs(settings.iter().copied());
    let begun = Instant::now();
    let mut gateway = Gateway(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    loop {
        if is_ready(address).await {
            return Ok((begun.elapsed(), gateway, address));
        }
        if begun.elapsed() > PATIENCE || gateway.0.try_wait()?.is_some() {
            bail!("the gateway did not start; start it by hand to see why");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether the gateway says so. It listens before it is ready, so the question may wait for its answer.
async fn is_ready(address: SocketAddr) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n").await.ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.ok()?;
        (&answer == b"HTTP/1.1 200").then_some(())
    };
    asked.await.is_some()
}

fn megabytes(status: &str, field: &str) -> f64 {
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.map_or(f64::NAN, |kilobytes: f64| kilobytes / 1_024.0)
}
