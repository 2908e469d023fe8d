//! Answers over HTTP: how many of a bare handler's the gateway gives.

use std::path::Path;

use anyhow::ensure;
use api::auth::Role;
use clap::Args;
use serde_json::Value;

use crate::{
    Place,
    figures::{load, median, number},
    generate::{Outcome, Volley, fire},
    question,
    serve::{Served, answer_of},
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    #[arg(long, default_value_t = 7)]
    rounds: u32,
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    #[arg(long, default_value_t = 32)]
    connections: u64,
    /// Only this document, for a profiler.
    #[arg(long)]
    only: Option<String>,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let served = Served::open(&options.place).await?;
    let facts = served.app.gateway.journal.facts();
    let (discloser, recipient) = question::parties(&facts, 0)?;
    let (one, many) = (question::evaluation_body(&facts, 0)?, question::evaluations_body(&facts, 50)?);
    let system = served.token(&recipient, Role::System)?;
    let documents = [
        ("evaluation", "/access/v1/evaluation", system.clone(), one, "\"decision\":true"),
        ("50 evaluations", "/access/v1/evaluations", system, many, "\"decision\":true"),
        (
            "accessDecision",
            "/graphql",
            served.token(&recipient, Role::System)?,
            question::decision_body(&facts, 0)?,
            "\"PERMITTED\"",
        ),
        (
            "AgreementStatus",
            "/graphql",
            served.token(&discloser, Role::Officer)?,
            question::status_body(0),
            "\"IN_FORCE\"",
        ),
        ("WaitsForMe", "/graphql", served.token(&discloser, Role::Officer)?, question::queue_body(), "\"totalCount\""),
    ];
    for (name, path, token, body, expect) in documents {
        if options.only.as_ref().is_none_or(|only| only == name) {
            compare(&served, &options, (name, path), &token, &body, expect).await?;
        }
    }
    println!("load of the machine: {}", load());
    Ok(())
}

async fn compare(
    served: &Served,
    options: &Options,
    (name, path): (&str, &str),
    token: &str,
    body: &Value,
    expect: &str,
) -> anyhow::Result<()> {
    let bytes = answer_of(served.address, path, token, body).await?;
    ensure!(String::from_utf8_lossy(&bytes).contains(expect), "{name}: {}", String::from_utf8_lossy(&bytes));
    println!("{name}: {} bytes of answer", bytes.len());
    let bare = served.bare(bytes).await?;
    let request = served.request_to(path, &name.replace(' ', "-"), token, &body.to_string())?;
    let volley = |address, request| Volley {
        address,
        request,
        expect,
        connections: options.connections,
        seconds: options.seconds,
        first: 0,
        rate: None,
    };
    let (mut of_bare, mut of_gateway, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        let reference = fire(&volley(bare, request.as_path())).await?;
        let measured = fire(&volley(served.address, request.as_path())).await?;
        // The first round warms up.
        if round > 0 {
            ratios.push(100.0 * measured.rate() / reference.rate());
            of_bare.push(reference);
            of_gateway.push(measured);
        }
    }
    say("bare handler", &of_bare);
    say("gateway", &of_gateway);
    let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.1}")).collect();
    println!("  ratio {:.1} % (median of rounds {})", median(&ratios), each.join(" "));
    forget(&request);
    Ok(())
}

/// Medians of several rounds.
pub(crate) fn say(what: &str, outcomes: &[Outcome]) {
    let middle = |figure: fn(&Outcome) -> f64| median(&outcomes.iter().map(figure).collect::<Vec<_>>());
    println!(
        "  {what}: {:.0} requests a second, p50 {:.0} µs, p99 {:.0} µs",
        middle(Outcome::rate),
        middle(|outcome| number(outcome.p50_micros)),
        middle(|outcome| number(outcome.p99_micros)),
    );
}

/// Removes a request's file; one that stays behind harms nobody.
pub(crate) fn forget(request: &Path) {
    drop(std::fs::remove_file(request));
}
