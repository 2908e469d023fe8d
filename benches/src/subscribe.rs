//! Many subscriptions to one agreement: what they hold in memory, and how soon all of them hear of a change.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use api::auth::Role;
use clap::Args;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{
    figures::{load, quantile},
    serve::said,
    start::{resident, started_with, token},
};

#[derive(Args)]
pub(crate) struct Options {
    /// The gateway's binary.
    #[arg(long, default_value = "target/release/disclosure-gateway")]
    gateway: PathBuf,
    #[arg(long, default_value_t = 1_000)]
    subscriptions: usize,
    /// Changes that are told.
    #[arg(long, default_value_t = 20)]
    changes: usize,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const SUBSCRIPTION: &str = "subscription { agreementChanged(number: \"KEL-2023-014\") { status } }";

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let directory = std::env::temp_dir().join(format!("disclosure-gateway-subscribe-{}", std::process::id()));
    let measured = measure(&options, &directory).await;
    std::fs::remove_dir_all(&directory)?;
    measured
}

async fn measure(options: &Options, directory: &std::path::Path) -> anyhow::Result<()> {
    let (gateway, address) = started_with(&options.gateway, directory).await?;
    let officer = token(&options.gateway, (directory, None), "0246246-0", Role::Officer)?;
    let ask = |query: &str, variables: Value| {
        let body = json!({ "query": query, "variables": variables });
        let officer = officer.clone();
        async move { said(address, &officer, &body).await }
    };
    let id = ask("{ agreement(number: \"KEL-2023-014\") { id } }", json!({})).await?["data"]["agreement"]["id"].clone();
    let before = resident(&gateway)?;
    let mut sockets = Vec::with_capacity(options.subscriptions);
    for _ in 0..options.subscriptions {
        sockets.push(subscribed(&format!("ws://{address}/graphql/ws"), &officer).await?);
    }
    // What was put in order for the greetings is given back.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let held = resident(&gateway)? - before;
    let mut last = Vec::with_capacity(options.changes);
    for at in 0..options.changes {
        let (act, status) = if at % 2 == 0 { ("suspendAgreement", "SUSPENDED") } else { ("resumeAgreement", "ACTIVE") };
        let input = if at % 2 == 0 { json!({ "id": id, "reason": "MISUSE" }) } else { json!({ "id": id }) };
        let document = format!(
            "mutation($input: {}{}Input!) {{ {act}(input: $input) {{ userErrors {{ code }} }} }}",
            act[..1].to_uppercase(),
            &act[1..]
        );
        let hearing = sockets.iter_mut().map(|socket| heard(socket, status));
        let hearing = futures::future::try_join_all(hearing);
        let begun = Instant::now();
        let (done, heard) = tokio::join!(ask(&document, json!({ "input": input })), hearing);
        let done = done?;
        ensure!(done["data"][act]["userErrors"] == json!([]), "{done}");
        let latest = heard?.into_iter().max().context("nobody listens")?;
        last.push(u64::try_from(latest.duration_since(begun).as_micros()).unwrap_or(u64::MAX));
    }
    last.sort_unstable();
    println!("{} subscriptions hold {held:.1} MB", options.subscriptions);
    let milliseconds = |micros: u64| crate::figures::number(micros) / 1_000.0;
    let (middle, most) = (quantile(&last, 500), quantile(&last, 1_000));
    println!(
        "from the act's request to the last who hears of it: p50 {:.0} ms, most {:.0} ms of {} changes",
        milliseconds(middle),
        milliseconds(most),
        options.changes
    );
    println!("load of the machine: {}", load());
    Ok(())
}

async fn subscribed(address: &str, token: &str) -> anyhow::Result<Socket> {
    let mut request = address.into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse()?);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await?;
    let greeting = json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {token}") } });
    socket.send(Message::text(greeting.to_string())).await?;
    let welcome = socket.next().await.context("closed")??;
    ensure!(welcome.to_text()?.contains("connection_ack"), "{welcome}");
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": SUBSCRIPTION } });
    socket.send(Message::text(subscribe.to_string())).await?;
    Ok(socket)
}

/// Instant at which a subscriber has heard that the agreement is in a status.
async fn heard(socket: &mut Socket, status: &str) -> anyhow::Result<Instant> {
    loop {
        let message = socket.next().await.context("closed")??;
        if let Message::Text(text) = &message
            && text.contains(status)
        {
            return Ok(Instant::now());
        }
    }
}
