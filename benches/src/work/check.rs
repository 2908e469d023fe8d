//! Answers read whole before anything is measured: while a load runs, only its statuses and its bytes are counted.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    asked::{AGREEMENTS, DISCLOSURES},
    drive::numbers,
    operations::{NUMBER, Request},
};
use crate::{figures::number, generate::length};

/// Contacts of each party.
const CONTACTS: usize = 5;

/// Scopes of each agreement.
const SCOPES: usize = 4;

/// When an answer is right.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Right {
    /// An agreement with five contacts of each party and four scopes.
    Agreement,
    /// A whole page of agreements with their scopes.
    Agreements,
    /// The verdict of a decision; permitted or not.
    Verdict(bool),
    /// The same of an evaluation.
    Decision(bool),
    /// A row that is covered.
    Recorded,
    /// Rows of statistics.
    Counts,
    /// A whole page of disclosures.
    Disclosures,
}

impl Right {
    fn holds(self, answer: &Value) -> bool {
        let count = |value: &Value| value.as_array().map_or(0, Vec::len);
        let data = &answer["data"];
        match self {
            Self::Agreement => {
                let agreement = &data["agreement"];
                let contacts =
                    [&agreement["discloser"], &agreement["recipient"]].map(|party| count(&party["contacts"]));
                contacts == [CONTACTS; 2] && count(&agreement["scopes"]) == SCOPES
            }
            Self::Agreements => {
                let nodes = &data["agreements"]["nodes"];
                count(nodes) == AGREEMENTS && count(&nodes[0]["scopes"]) == SCOPES
            }
            Self::Verdict(permitted) => {
                data["accessDecision"]["verdict"] == if permitted { "PERMITTED" } else { "DENIED" }
            }
            Self::Decision(permitted) => answer["decision"] == permitted,
            Self::Recorded => data["recordDisclosures"]["disclosures"][0]["coverage"] == "COVERED",
            Self::Counts => count(&data["disclosureStatistics"]["rows"]) > 0,
            Self::Disclosures => count(&data["disclosures"]["nodes"]) == DISCLOSURES,
        }
    }
}

/// What the answers are like.
pub(crate) struct Answers {
    /// One of middle length.
    pub(crate) typical: Vec<u8>,
    /// Bytes of one on average, its head included.
    pub(crate) bytes: f64,
}

/// Asks every request, at most so many, one after another, and reads each answer.
pub(crate) async fn check(address: SocketAddr, requests: &[Request], most: usize) -> anyhow::Result<Answers> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut bodies, mut bytes, mut numbers) = (Vec::new(), 0, numbers());
    for request in requests.iter().take(most) {
        let asked = request.text.replace(NUMBER, &numbers.next().context("no number left")?);
        let (answer, head) = ask(&mut stream, &asked).await?;
        let body = &answer[head..];
        let said: Value =
            serde_json::from_slice(body).with_context(|| String::from_utf8_lossy(&answer).into_owned())?;
        let is_right = answer.starts_with(b"HTTP/1.1 200") && said["errors"].is_null() && request.right.holds(&said);
        ensure!(is_right, "not {:?}: {}", request.right, String::from_utf8_lossy(&answer));
        bytes += answer.len() as u64;
        bodies.push(body.to_vec());
    }
    bodies.sort_by_key(Vec::len);
    let bytes = number(bytes) / number(bodies.len() as u64);
    let middle = bodies.len() / 2;
    Ok(Answers { typical: bodies.into_iter().nth(middle).context("nothing is asked")?, bytes })
}

/// Answer to one request, and where its body begins.
async fn ask(stream: &mut TcpStream, request: &str) -> anyhow::Result<(Vec<u8>, usize)> {
    stream.write_all(request.as_bytes()).await?;
    let (mut answer, mut whole) = (Vec::new(), None);
    while whole.is_none_or(|whole| answer.len() < whole) {
        ensure!(stream.read_buf(&mut answer).await? > 0, "the connection was closed");
        if whole.is_none() {
            whole = length(&answer)?;
        }
    }
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").context("no answer")?;
    Ok((answer, head + 4))
}
