//! A normal client beside hostile ones: what it notices of them, how soon they are refused, and what they cost in memory.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use api::{
    auth::Role,
    config::{Config, Flags},
    server::{Principal, Turnstile},
};
use clap::Args;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    time::sleep,
};

use crate::{
    figures::{load, nanoseconds_each, number, quantile},
    generate::{length, request},
    question,
    start::{Gateway, resident, started_with, token},
};

#[derive(Args)]
pub(crate) struct Options {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/disclosure-gateway")]
    gateway: PathBuf,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// Connections of the normal client, each with a pause of 2 ms after an answer.
    #[arg(long, default_value_t = 2)]
    connections: usize,
    /// Connections of each sort of hostile client, which pause for nothing.
    #[arg(long, default_value_t = 8)]
    hostile: usize,
    /// Only this sort.
    #[arg(long)]
    only: Option<String>,
}

/// Pause of the normal client after an answer: a partner's system under way, not a benchmark.
const PAUSE: Duration = Duration::from_millis(2);

/// Requests counted for a figure.
const TURNS: u64 = 1_000_000;

/// Clients that ask nothing, or as little as they can.
const IDLE: usize = 1_000;

/// One sort of hostile client.
struct Sort {
    name: &'static str,
    /// What it sends, each in turn, whole.
    requests: Vec<Vec<u8>>,
    manner: Manner,
}

/// How it goes about it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Asks again when it is answered.
    Asks,
    /// Sends a byte now and then.
    Drips,
    /// Connects and goes away.
    Connects,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let directory = std::env::temp_dir().join(format!("disclosure-gateway-{}-hostile", std::process::id()));
    let (gateway, address) = started_with(&options.gateway, &directory).await?;
    let measured = measure(&options, &gateway, address, &directory).await;
    drop(gateway);
    std::fs::remove_dir_all(&directory)?;
    measured
}

/// What it costs to count a request of a caller that is let in.
fn turnstile() -> anyhow::Result<()> {
    let config = Config::load(&Flags::default(), |_| None).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    let turnstile = Turnstile::new(&config.serving);
    let (from, organisation) = (Principal::At([127, 0, 0, 1].into()), "0246246-0".parse().ok());
    let began = Instant::now();
    for _ in 0..TURNS {
        let allowed = turnstile
            .may_try(from)
            .and_then(|()| turnstile.admit(Principal::Named { subject: "0246246-0-system", organisation }));
        // A loop without a pause is faster than the limit; a refusal costs the same.
        drop(std::hint::black_box(allowed));
    }
    println!("turnstile: {:.0} ns a request", nanoseconds_each(began.elapsed(), TURNS));
    Ok(())
}

async fn measure(options: &Options, gateway: &Gateway, address: SocketAddr, directory: &Path) -> anyhow::Result<()> {
    let token = |organisation, role| token(&options.gateway, (directory, None), organisation, role);
    let (kela, pirkanmaa) = (token("0246246-0", Role::Officer)?, token("3221308-6", Role::System)?);
    let normal = request(&pirkanmaa, &decision().to_string()).into_bytes();
    turnstile()?;
    refusals(address, &kela).await?;
    let seconds = Duration::from_secs_f64(options.seconds);
    let ask = |hostile: &[Sort]| beside(options, address, &normal, hostile, seconds);
    ask(&[])?;
    let quiet = ask(&[])?;
    println!("normal client alone: p50 {} µs, p99 {} µs", quantile(&quiet, 500), quantile(&quiet, 990));
    let before = resident(gateway)?;
    for sort in sorts(&kela) {
        if options.only.as_ref().is_some_and(|only| only != sort.name) {
            continue;
        }
        let name = sort.name;
        let noisy = ask(&[sort])?;
        let times = number(quantile(&noisy, 990)) / number(quantile(&quiet, 990));
        println!(
            "beside {name}: p50 {} µs, p99 {} µs, {times:.1} x; resident {:+.0} MB",
            quantile(&noisy, 500),
            quantile(&noisy, 990),
            resident(gateway)? - before
        );
    }
    let again = ask(&[])?;
    println!("normal client alone again: p50 {} µs, p99 {} µs", quantile(&again, 500), quantile(&again, 990));
    println!("{IDLE} connections that wait for nothing: {:+.1} MB", idle(gateway, address).await?);
    println!("load of the machine: {}", load());
    Ok(())
}

/// What the partner's system asks all day.
fn decision() -> Value {
    let input = json!({
        "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE",
        "mandates": ["M1"], "caseReference": "PIRHA/2026/1",
    });
    json!({ "query": question::DECISION, "variables": { "input": input } })
}

/// Documents that are refused, each with its name.
fn refused() -> Vec<(&'static str, Value)> {
    let fragment = |at: usize| format!("fragment F{at} on Query {{ ...F{} ...F{} }}", at + 1, at + 1);
    let fragments = (0..60).map(fragment).collect::<Vec<_>>().join(" ");
    let nested = |depth: usize| format!("{{ {}{} }}", "a { ".repeat(depth), "} ".repeat(depth));
    let aliases = (0..600).map(|at| format!("a{at}: viewer {{ factsSeq }}")).collect::<Vec<_>>().join(" ");
    let wide: Vec<String> = (0..60_000).map(|at| format!("value {at}")).collect();
    vec![
        ("a megabyte of braces", json!({ "query": "{".repeat(1_000_000) })),
        ("a megabyte of fields", json!({ "query": format!("{{ {} }}", "viewer ".repeat(140_000)) })),
        (
            "a megabyte of text",
            json!({ "query": format!("{{ agreement(number: \"{}\") {{ id }} }}", "x".repeat(1_000_000)) }),
        ),
        (
            "a megabyte of variables",
            json!({ "query": question::DECISION, "variables": { "input": { "items": wide } } }),
        ),
        (
            "fragments that double",
            json!({ "query": format!("{{ ...F0 }} {fragments} fragment F60 on Query {{ viewer {{ factsSeq }} }}") }),
        ),
        ("depth", json!({ "query": nested(500) })),
        ("aliases", json!({ "query": format!("{{ {aliases} }}") })),
        ("a page too large", json!({ "query": "{ agreements(first: 1000) { nodes { id } } }" })),
        ("complexity", json!({ "query": heavy(90) })),
        ("no such field", json!({ "query": "{ agreements(first: 1) { nodes { nothing } } }" })),
    ]
}

/// A legal query near the limit of complexity.
fn heavy(pages: usize) -> String {
    let parts = "id number status effectiveStatus { state since until blockers { code message citations { citation eli } } } \
        adoptionSteps { code state responsible plannedOn doneOn blockedBy { code message } } \
        allowedActions { code blockedBy { code message } } scopes { id channel status items { code name } purposes { code name } }";
    let page = |at: usize| format!("p{at}: agreements(first: 100) {{ nodes {{ {parts} }} }} ");
    format!("{{ {} }}", (0..pages.div_ceil(15)).map(page).collect::<Vec<_>>().concat())
}

fn sorts(token: &str) -> Vec<Sort> {
    let asked = |query: String| request(token, &json!({ "query": query }).to_string()).into_bytes();
    let refused = refused().into_iter().map(|(_, body)| request(token, &body.to_string()).into_bytes()).collect();
    let forged: String = token.rsplit_once('.').map_or_else(String::new, |(body, signature)| {
        format!("{body}.{}", signature.chars().rev().collect::<String>())
    });
    let query = json!({ "query": "{ viewer { factsSeq } }" }).to_string();
    let whole = request(token, &query);
    let body_at = whole.find("\r\n\r\n").map_or(0, |at| at + 4);
    vec![
        Sort {
            name: "heavy",
            requests: (40..60).map(|at| asked(format!("{} # {at}", heavy(60)))).collect(),
            manner: Manner::Asks,
        },
        Sort { name: "heavy-known", requests: vec![asked(heavy(60))], manner: Manner::Asks },
        Sort { name: "refused", requests: refused, manner: Manner::Asks },
        Sort { name: "forged", requests: vec![request(&forged, &query).into_bytes()], manner: Manner::Asks },
        Sort { name: "headers", requests: vec![whole.as_bytes()[..20].to_vec()], manner: Manner::Drips },
        Sort { name: "bodies", requests: vec![whole.as_bytes()[..body_at].to_vec()], manner: Manner::Drips },
        Sort { name: "connections", requests: vec![Vec::new()], manner: Manner::Connects },
    ]
}

/// How soon each hostile document is refused, alone.
async fn refusals(address: SocketAddr, token: &str) -> anyhow::Result<()> {
    let mut stream = connected(address).await?;
    for (name, body) in refused() {
        let request = request(token, &body.to_string()).into_bytes();
        let (mut times, mut status) = (Vec::new(), String::new());
        for _ in 0..20 {
            let sent = Instant::now();
            let answer = if let Ok(answer) = asked(&mut stream, &request).await {
                answer
            } else {
                stream = connected(address).await?;
                asked(&mut stream, &request).await.context("a refusal without an answer")?
            };
            times.push(micros(sent));
            status = String::from_utf8_lossy(&answer).chars().skip(9).take(3).collect();
            ensure!(String::from_utf8_lossy(&answer).contains("\"errors\""), "{name} was answered");
        }
        times.sort_unstable();
        println!(
            "refused {name}: {status}, median {} µs, slowest {} µs",
            quantile(&times, 500),
            quantile(&times, 1_000)
        );
    }
    Ok(())
}

/// Latencies of the normal client, sorted, beside hostile ones.
fn beside(
    options: &Options,
    address: SocketAddr,
    normal: &[u8],
    hostile: &[Sort],
    time: Duration,
) -> anyhow::Result<Vec<u64>> {
    let over = Arc::new(AtomicBool::new(false));
    let noise: Vec<_> = hostile.iter().map(|sort| noisy(sort, options.hostile, address, &over)).collect();
    std::thread::sleep(Duration::from_secs(1).min(time));
    let (normal, connections) = (normal.to_vec(), options.connections);
    let client = std::thread::spawn(move || {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let tasks: Vec<_> =
                (0..connections).map(|_| tokio::spawn(partner(address, normal.clone(), time))).collect();
            let mut latencies = Vec::new();
            for task in tasks {
                latencies.extend(task.await??);
            }
            latencies.sort_unstable();
            Ok::<_, anyhow::Error>(latencies)
        })
    });
    let latencies = client.join().map_err(|_| anyhow::anyhow!("the normal client panicked"))??;
    over.store(true, Ordering::Relaxed);
    for thread in noise {
        let sent = thread.join().map_err(|_| anyhow::anyhow!("a hostile client panicked"))??;
        println!("  {sent} hostile requests, {} normal ones", latencies.len());
    }
    Ok(latencies)
}

/// The normal client: what it asks must be answered with a permit each time.
async fn partner(address: SocketAddr, request: Vec<u8>, time: Duration) -> anyhow::Result<Vec<u64>> {
    let (mut stream, end, mut latencies) = (connected(address).await?, Instant::now() + time, Vec::new());
    while Instant::now() < end {
        let sent = Instant::now();
        let answer = asked(&mut stream, &request).await?;
        latencies.push(micros(sent));
        ensure!(String::from_utf8_lossy(&answer).contains("\"PERMITTED\""), "{}", String::from_utf8_lossy(&answer));
        sleep(PAUSE).await;
    }
    Ok(latencies)
}

/// Hostile clients of one sort on a thread of their own; tells how many requests they got rid of.
fn noisy(
    sort: &Sort,
    connections: usize,
    address: SocketAddr,
    over: &Arc<AtomicBool>,
) -> JoinHandle<anyhow::Result<u64>> {
    let (requests, manner, over) = (sort.requests.clone(), sort.manner, Arc::clone(over));
    let connections = if manner == Manner::Drips { IDLE / 4 } else { connections };
    std::thread::spawn(move || {
        Builder::new_current_thread().enable_all().build()?.block_on(async {
            let one = |at| hostile(at, requests.clone(), manner, address, Arc::clone(&over));
            let tasks: Vec<_> = (0..connections).map(|at| tokio::spawn(one(at))).collect();
            let mut sent = 0;
            for task in tasks {
                sent += task.await?;
            }
            Ok(sent)
        })
    })
}

async fn hostile(
    first: usize,
    requests: Vec<Vec<u8>>,
    manner: Manner,
    address: SocketAddr,
    over: Arc<AtomicBool>,
) -> u64 {
    let mut sent = 0;
    while !over.load(Ordering::Relaxed) {
        let Ok(mut stream) = connected(address).await else { continue };
        for request in requests.iter().cycle().skip(first) {
            if over.load(Ordering::Relaxed) {
                break;
            }
            let done = match manner {
                Manner::Asks => asked(&mut stream, request).await.is_ok(),
                Manner::Drips => {
                    let dripped =
                        if sent == 0 { stream.write_all(request).await } else { stream.write_all(b"x").await };
                    sleep(Duration::from_millis(100)).await;
                    dripped.is_ok()
                }
                Manner::Connects => {
                    sleep(Duration::from_micros(500)).await;
                    false
                }
            };
            sent += 1;
            if !done {
                break;
            }
        }
    }
    sent
}

/// Megabytes that so many clients take who have asked once and may ask again.
async fn idle(gateway: &Gateway, address: SocketAddr) -> anyhow::Result<f64> {
    let before = resident(gateway)?;
    let mut streams = Vec::new();
    for _ in 0..IDLE {
        let mut stream = connected(address).await?;
        asked(&mut stream, b"GET /healthz HTTP/1.1\r\nhost: gateway\r\n\r\n").await?;
        streams.push(stream);
    }
    let after = resident(gateway)?;
    drop(streams);
    Ok(after - before)
}

async fn connected(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn asked(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    stream.write_all(request).await?;
    let (mut answer, mut whole) = (Vec::new(), None);
    while whole.is_none_or(|whole| answer.len() < whole) {
        ensure!(stream.read_buf(&mut answer).await? > 0, "the connection was closed");
        whole = whole.map_or_else(|| length(&answer), |whole| Ok(Some(whole)))?;
    }
    Ok(answer)
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
