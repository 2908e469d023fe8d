//! The load: `wrk` on one thread, which draws its requests at random from those prepared.

use std::{net::SocketAddr, path::PathBuf, process::Command};

use anyhow::{Context, ensure};
use api::clock::Clock;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::operations::{NUMBER, Request};
use crate::{figures::number, import::Directory};

/// What `wrk` does: it reads the prepared requests, each after its length in eight digits, and sends one at random; where one
/// has a place for a number, a number of its own.
const SCRIPT: &str = r#"
local requests, first, sent = {}, "", 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local all = file:read("*a")
  file:close()
  math.randomseed(tonumber(args[2]))
  first = args[3]
  local at = 1
  while at <= #all do
    local length = tonumber(all:sub(at, at + 7))
    local one = all:sub(at + 8, at + 7 + length)
    local from, to = one:find("@+", 1)
    if from and to - from > 10 then
      requests[#requests + 1] = { one:sub(1, from - 1), one:sub(to + 1) }
    else
      requests[#requests + 1] = one
    end
    at = at + 8 + length
  end
end

function request()
  local one = requests[math.random(#requests)]
  if type(one) == "string" then
    return one
  end
  sent = sent + 1
  return one[1] .. first .. string.format("%012d", sent) .. one[2]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nDRIVEN {"requests":%d,"micros":%d,"bytes":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"#;

/// What came of it.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Driven {
    /// Requests answered.
    pub(crate) requests: u64,
    micros: u64,
    bytes: u64,
    /// Median latency in microseconds.
    pub(crate) p50: u64,
    /// Latency 99 of 100 stay under, in microseconds.
    pub(crate) p99: u64,
    refused: u64,
    broken: u64,
}

impl Driven {
    /// Requests of one second.
    pub(crate) fn rate(&self) -> f64 {
        number(self.requests) / number(self.micros) * 1e6
    }

    /// Refuses what has a failure in it, and answers that are not as long as those that were read: a fault of GraphQL has
    /// status 200 and few bytes.
    pub(crate) fn ensure_right(&self, bytes: f64) -> anyhow::Result<()> {
        ensure!(self.refused == 0 && self.broken == 0, "failures: {self:?}");
        let each = number(self.bytes) / number(self.requests.max(1));
        ensure!((each / bytes - 1.0).abs() < 0.1, "answers of {each:.0} bytes instead of {bytes:.0}: {self:?}");
        Ok(())
    }
}

/// Prepared requests and the script, in files of their own.
pub(crate) struct Driver {
    directory: Directory,
}

impl Driver {
    /// Writes them.
    pub(crate) fn new(name: &str, requests: &[Request]) -> anyhow::Result<Self> {
        let directory =
            Directory::new(&format!("drive-{}", name.replace(|letter: char| !letter.is_alphanumeric(), "-")))?;
        let prepared: String =
            requests.iter().flat_map(|request| [format!("{:08}", request.text.len()), request.text.clone()]).collect();
        std::fs::write(directory.path().join("requests"), prepared)?;
        std::fs::write(directory.path().join("script.lua"), SCRIPT)?;
        Ok(Self { directory })
    }

    /// Sends them for so many seconds; the same seed draws the same requests.
    pub(crate) async fn run(
        &self,
        address: SocketAddr,
        connections: u64,
        seconds: u64,
        seed: u64,
    ) -> anyhow::Result<Driven> {
        let file = |name: &str| -> PathBuf { self.directory.path().join(name) };
        let mut command = Command::new("wrk");
        command
            .args(["--threads", "1", "--timeout", "30s", "--connections", &connections.to_string()])
            .args(["--duration", &format!("{seconds}s"), "--script"])
            .arg(file("script.lua"))
            .arg(format!("http://{address}/"))
            .arg("--")
            .arg(file("requests"))
            .args([&seed.to_string(), &first_digits()]);
        let output = spawn_blocking(move || command.output()).await?.context("wrk is not installed")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let faults = String::from_utf8_lossy(&output.stderr);
        let driven = said.lines().find_map(|line| line.strip_prefix("DRIVEN "));
        let driven = driven.with_context(|| format!("wrk said nothing of its own: {said}{faults}"))?;
        Ok(serde_json::from_str(driven)?)
    }
}

/// First digits of the numbers of one run: the millisecond it begins in, so that none is used twice.
fn first_digits() -> String {
    format!("{:012x}", Clock::default().now().timestamp_millis())
}

/// Numbers for requests that are sent one by one.
pub(crate) fn numbers() -> impl Iterator<Item = String> {
    let first = first_digits();
    let digits = NUMBER.len() - first.len();
    (0_u64..).map(move |at| format!("{first}{at:0digits$}"))
}
