//! What PostgreSQL itself does with one plain statement, as `pgbench` counts it: for recording, one INSERT a transaction into
//! a plain table with the columns of `disclosure`.

use std::process::Command;

use anyhow::{Context, ensure};
use sqlx::{Connection, Executor, PgConnection};
use tokio::task::spawn_blocking;

/// Table without index, check or trigger but its primary key.
const TABLE: &str = "create table if not exists plain (id uuid primary key, recorded_at timestamptz not null, \
    occurred_at timestamptz not null, leaf_index bigint not null, discloser_id uuid, recipient_id uuid, register_id uuid, \
    agreement_id uuid, scope_id uuid, bases_id uuid, purpose_id uuid, channel text, operation text, items_id uuid, \
    subject_kind text, subject_pseudonym bytea, subject_count bigint, ground text, case_reference text, \
    client_system text, message_id text, part integer, outcome text, coverage text, decided_seq bigint, salt bytea, \
    subject_commitment bytea, restricted_commitment bytea)";

/// One transaction: 28 of the columns, the values about as long as ours.
const SCRIPT: &str = "\\set n random(1, 1000000000)\n\
    insert into plain values (gen_random_uuid(), now(), now(), :n, gen_random_uuid(), gen_random_uuid(), \
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), \
    'TECHNICAL_INTERFACE', 'READ', gen_random_uuid(), 'PERSON', \
    decode('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'), 1, 'STATUTE', '1/2026', \
    'client', 'message-0000000000', 0, 'DELIVERED', 'COVERED', 400, \
    decode('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'), \
    decode('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'), \
    decode('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex'));\n";

/// One statement, asked again and again of a cluster.
pub(crate) struct Pgbench<'a> {
    url: &'a str,
    script: std::path::PathBuf,
}

impl<'a> Pgbench<'a> {
    /// Reference of a name, from its script.
    pub(crate) fn new(url: &'a str, name: &str, script: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("disclosure-gateway-{}-{name}.pgbench", std::process::id()));
        std::fs::write(&path, script)?;
        Ok(Self { url, script: path })
    }

    /// One INSERT a transaction: makes the table; refuses a cluster that does not keep what it commits.
    pub(crate) async fn inserts(url: &'a str) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let shown: String =
                sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(&mut connection).await?;
            ensure!(shown == "on", "{setting} is {shown}; the cluster must keep what it commits");
        }
        connection.execute(TABLE).await?;
        connection.close().await?;
        Self::new(url, "insert", SCRIPT)
    }

    /// Transactions of one second.
    pub(crate) async fn rate(&self, clients: u64, seconds: f64) -> anyhow::Result<f64> {
        Ok(self.run(clients, seconds).await?.0)
    }

    /// Transactions of one second, and how many there were: those under way when the time is over are finished.
    pub(crate) async fn run(&self, clients: u64, seconds: f64) -> anyhow::Result<(f64, f64)> {
        let mut command = Command::new("pgbench");
        command
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--client", &clients.to_string()])
            // A statement that is prepared is planned once; the server would plan the first five anew for their values.
            .env("PGOPTIONS", "-c plan_cache_mode=force_generic_plan")
            .args(["--time", &format!("{:.0}", seconds.max(1.0)), "--file"])
            .arg(&self.script)
            .arg(self.url);
        let output = spawn_blocking(move || command.output()).await?.context("pgbench is not installed")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
        let number = |prefix| {
            let text = said.lines().find_map(|line| line.strip_prefix(prefix)?.split([' ', '/']).next());
            text.and_then(|text| text.parse().ok()).with_context(|| format!("pgbench said no `{prefix}`: {said}"))
        };
        Ok((number("tps = ")?, number("number of transactions actually processed: ")?))
    }
}

impl Drop for Pgbench<'_> {
    fn drop(&mut self) {
        crate::http::forget(&self.script);
    }
}
