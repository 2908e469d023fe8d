//! Recording over HTTP, each mutation answered once its rows are durable.

use anyhow::ensure;
use api::{
    auth::Role,
    scale::{ITEM, PURPOSES, identity_code},
};
use clap::Args;
use serde_json::{Value, json};

use crate::{
    Place,
    figures::{load, median, number},
    generate::{NUMBER, Outcome, Volley, fire},
    http::{forget, say},
    pgbench::Pgbench,
    question,
    serve::{Served, answer},
};

/// Rows of a mutation that sends many.
const ROWS: usize = 1_000;

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Only this measurement, for a profiler: `32`, `128` or `batch`.
    #[arg(long)]
    only: Option<String>,
}

/// One way of recording.
struct Case {
    name: &'static str,
    connections: u64,
    rows: usize,
    request: std::path::PathBuf,
    outcomes: Vec<Outcome>,
    ratios: Vec<f64>,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let served = Served::open(&options.place).await?;
    let url = options.place.database_url.as_deref().filter(|url| url.starts_with("postgres"));
    let pgbench = match url {
        Some(url) => Some(Pgbench::inserts(url).await?),
        None => None,
    };
    let mut cases = cases(&served, options.only.as_deref()).await?;
    let (mut first, mut references) = (start(&served), Vec::new());
    for round in 0..=options.rounds {
        let reference = match &pgbench {
            Some(pgbench) => Some(pgbench.rate(32, options.seconds).await?),
            None => None,
        };
        references.extend(reference.filter(|_| round > 0));
        for case in &mut cases {
            let outcome = fire(&volley(&served, case, options.seconds, first)).await?;
            first += 10_000_000 * case.connections;
            // The first round warms up.
            if round > 0 {
                case.ratios.extend(reference.map(|reference| outcome.rate() / reference));
                case.outcomes.push(outcome);
            }
        }
    }
    if pgbench.is_some() {
        println!("pgbench, one INSERT a transaction, 32 clients: {:.0} a second", median(&references));
    }
    cases.iter().for_each(tell);
    println!("load of the machine: {}", load());
    Ok(())
}

/// First message number: no run repeats another's.
fn start(served: &Served) -> u64 {
    u64::try_from(served.app.gateway.clock.now().timestamp() % 1_000_000).unwrap_or(0) * 10_000_000_000
}

async fn cases(served: &Served, only: Option<&str>) -> anyhow::Result<Vec<Case>> {
    let facts = served.app.gateway.journal.facts();
    let (discloser, _) = question::parties(&facts, 0)?;
    let token = served.token(&discloser, Role::System)?;
    let trial = body(served, 1)?.to_string().replace(NUMBER, &format!("{:016}", start(served) - 1));
    let said = answer(served.address, &token, &serde_json::from_str(&trial)?).await?;
    ensure!(String::from_utf8_lossy(&said).contains("\"COVERED\""), "{}", String::from_utf8_lossy(&said));
    let all = [("32", 32, 1), ("128", 128, 1), ("batch", 4, ROWS)];
    all.into_iter()
        .filter(|(name, ..)| only.is_none_or(|only| only == *name))
        .map(|(name, connections, rows)| {
            let request = served.request(name, &token, &body(served, rows)?.to_string())?;
            Ok(Case { name, connections, rows, request, outcomes: Vec::new(), ratios: Vec::new() })
        })
        .collect()
}

fn volley<'a>(served: &Served, case: &'a Case, seconds: f64, first: u64) -> Volley<'a> {
    let (connections, request) = (case.connections, case.request.as_path());
    Volley { address: served.address, request, expect: "\"userErrors\":[]", connections, seconds, first, rate: None }
}

fn tell(case: &Case) {
    println!("{} connections, {} row(s) a mutation:", case.connections, case.rows);
    say(case.name, &case.outcomes);
    let rows: Vec<f64> = case.outcomes.iter().map(|outcome| outcome.rate() * number(case.rows as u64)).collect();
    println!("  {:.0} rows a second", median(&rows));
    if case.rows == 1 && !case.ratios.is_empty() {
        let each: Vec<String> = case.ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
        println!("  {:.2} times pgbench (median of rounds {})", median(&case.ratios), each.join(" "));
    }
    forget(&case.request);
}

/// Mutation of so many disclosures, each with a message id of its own.
fn body(served: &Served, rows: usize) -> anyhow::Result<Value> {
    let facts = served.app.gateway.journal.facts();
    let dossier = question::dossier(&facts, 0)?;
    let (_, recipient) = question::parties(&facts, 0)?;
    let register = facts.register.get(dossier.row.register_id).map(|row| row.code.clone());
    let occurred_at = served.app.gateway.clock.now().to_rfc3339();
    let disclosures: Vec<Value> = (0..rows)
        .map(|at| {
            json!({
                "messageId": format!("m-{NUMBER}-{at}"), "recipient": recipient, "register": register, "items": [ITEM],
                "purpose": PURPOSES[0], "channel": "TECHNICAL_INTERFACE", "occurredAt": occurred_at,
                "subject": { "personalIdentityCode": identity_code(at) }, "caseReference": "1/2026",
                "clientSystem": "client", "mandates": ["M1"],
            })
        })
        .collect();
    Ok(json!({ "query": question::RECORD, "variables": { "input": { "disclosures": disclosures } } }))
}
