//! What every request goes through, again and again, for a counter of instructions to look on: `.ci/instructions`.
//!
//! Everything is made ready and done once before; then each thing is done many times between two calls of [`mark`], at which
//! the counter begins anew.

use std::{hint::black_box, path::PathBuf};

use anyhow::{Context, ensure};
use api::{
    app::App,
    auth::{Authenticator, Credentials, Grant, Role, mint, policy::Rows},
    clock::Clock,
    config::{Config, Flags},
    decision::{Question, decide},
    disclosure::{
        Recorded,
        list::{self, Excerpt, Filter, Order},
        row,
    },
    facts::Facts,
    journal::leaf::{EntryKind, canonical, commitments, leaf_hash},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, Request, header},
};
use clap::Args;
use entity::vocabulary::{Channel, Instant, Operation, Verdict};
use serde_json::json;
use tokio::{runtime::Builder, task::spawn_blocking};
use tower::ServiceExt;

use crate::question::DECISION;

/// Instant at which everything happens, so that no day changes what is counted.
const AT: &str = "2026-11-30T09:00:00Z";

/// Recipient of the sample world, and what it may receive.
const RECIPIENT: &str = "3221308-6";
const REGISTER: &str = "KELMU";
const ITEM: &str = "KEL.DECISION";
const PURPOSE: &str = "SOCIAL_ASSISTANCE";
const CASE: &str = "PIRHA/2026/1";

/// Each in the order in which it is done, and how many times: for some hundred million instructions.
const WORK: [(What, &str, u32); 4] =
    [(What::Decide, "decide", 200), (What::Token, "token", 1_000), (What::Query, "query", 20), (What::Row, "row", 50)];

#[derive(Clone, Copy)]
enum What {
    /// A permit.
    Decide,
    /// A token that has been verified before.
    Token,
    /// A GraphQL operation whose document has been read before; its answer has not.
    Query,
    /// The two parts of a row of the log, canonical and committed to, and its leaf.
    Row,
}

#[derive(Args)]
pub(crate) struct Options {
    /// Directory of a gateway of its own, made with the sample world where there is none.
    #[arg(long)]
    data_dir: PathBuf,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    // One thread does it all, so that no scheduling is counted.
    spawn_blocking(move || Builder::new_current_thread().enable_all().build()?.block_on(counted(options))).await?
}

async fn counted(options: Options) -> anyhow::Result<()> {
    let clock = Clock::default();
    clock.set(AT.parse()?);
    let setting = |name: &str| match name {
        "DATA_DIR" => Some(options.data_dir.display().to_string()),
        "RUST_LOG" => Some("off".to_owned()),
        // The counter makes seconds of a moment.
        "FACTS_MAX_AGE" => Some("1h".to_owned()),
        // Else the second answer would be the first again.
        "ANSWER_CACHE_BYTES_MAX" => Some("1".to_owned()),
        _ => None,
    };
    let config = Config::load(&Flags::default(), setting).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    let app = App::errand(config, clock).await?;
    let work = Work::ready(&app).await?;
    for (what, ..) in WORK {
        work.done(what).await?;
    }
    for (what, name, times) in WORK {
        mark();
        for _ in 0..times {
            work.done(what).await?;
        }
        println!("{name} {times}");
    }
    mark();
    // The writer ends once nobody can ask it any more.
    drop(work);
    app.close().await;
    Ok(())
}

/// Where the counter writes down what it has counted and begins anew: it knows this function by its name.
#[inline(never)]
fn mark() {
    black_box(());
}

/// Everything there is to do, ready to be done.
struct Work {
    facts: std::sync::Arc<Facts>,
    question: Question,
    at: Instant,
    known: Authenticator,
    headers: HeaderMap,
    router: Router,
    body: String,
    recorded: Recorded,
}

impl Work {
    async fn ready(app: &App) -> anyhow::Result<Self> {
        let gateway = &app.gateway;
        let (facts, at) = (gateway.journal.facts(), gateway.clock.now());
        let key = gateway.keys.development().context("it signs its own tokens")?;
        let grant = Grant {
            organisation: RECIPIENT.parse()?,
            roles: vec![Role::System],
            subject: "partner".to_owned(),
            processor: None,
            time_to_live: std::time::Duration::from_hours(1),
        };
        let token = HeaderValue::from_str(&format!("Bearer {}", mint(key, &grant, at)?))?;
        let input = json!({
            "register": REGISTER, "items": [ITEM], "purpose": PURPOSE, "channel": "TECHNICAL_INTERFACE",
            "mandates": ["M1"], "caseReference": CASE,
        });
        Ok(Self {
            question: question(&facts)?,
            facts,
            at,
            known: Authenticator::start(&gateway.config, &gateway.keys, at).await?,
            headers: [(header::AUTHORIZATION, token)].into_iter().collect(),
            router: app.router().await?,
            body: json!({ "query": DECISION, "variables": { "input": input } }).to_string(),
            recorded: recorded(app).await?,
        })
    }

    async fn done(&self, what: What) -> anyhow::Result<()> {
        match what {
            What::Decide => {
                let decision = decide(black_box(&self.facts), black_box(&self.question), self.at);
                ensure!(decision.verdict == Verdict::Permitted, "not permitted: {:?}", decision.reasons);
            }
            What::Token => {
                let credentials = Credentials { headers: black_box(&self.headers), peer: None };
                ensure!(self.known.authenticate(credentials, self.at).await?.is_some(), "nobody");
            }
            What::Query => self.answered().await?,
            What::Row => {
                let Recorded { row, items, bases, .. } = black_box(&self.recorded);
                let names = row::Names::of(&self.facts, row, items, bases);
                let (subject, restricted) = row::parts(row, &names);
                let salt = row.salt.as_deref().and_then(|salt| salt.try_into().ok()).context("a row without salt")?;
                let committed = commitments(salt, &canonical(&subject)?, &canonical(&restricted)?);
                ensure!(committed.subject.as_slice() == row.subject_commitment, "another row");
                black_box(leaf_hash(EntryKind::Disclosure, &committed));
            }
        }
        Ok(())
    }

    async fn answered(&self) -> anyhow::Result<()> {
        let mut request = Request::post("/graphql").header(header::CONTENT_TYPE, "application/json");
        request = request.header(header::AUTHORIZATION, &self.headers[header::AUTHORIZATION]);
        let answer = self.router.clone().oneshot(request.body(Body::from(self.body.clone()))?).await?;
        let said = to_bytes(answer.into_body(), usize::MAX).await?;
        ensure!(said.windows(9).any(|word| word == b"PERMITTED"), "{}", String::from_utf8_lossy(&said));
        Ok(())
    }
}

fn question(facts: &Facts) -> anyhow::Result<Question> {
    Ok(Question {
        recipient: facts.organisation_of(RECIPIENT).context("no recipient")?.id,
        register: facts.register.by_key(REGISTER).context("no register")?.id,
        items: vec![ITEM.parse()?],
        purpose: facts.purpose.by_key(PURPOSE).context("no purpose")?.id,
        channel: Channel::TechnicalInterface,
        operation: Operation::Read,
        mandates: vec![facts.mandate_theme.by_key("M1").context("no theme")?.id],
        end_user: None,
        case_reference: Some(CASE.to_owned()),
        subject_count: 1,
        onward_to: None,
        agreement: None,
        discloser: None,
        served: None,
    })
}

/// First row of the sample world's log.
async fn recorded(app: &App) -> anyhow::Result<Recorded> {
    let filter = Filter { rows: Rows::All, ..Filter::default() };
    let txn = app.gateway.database.read().begin().await?;
    let (order, now) = (Order::OldestFirst, app.gateway.clock.now());
    let excerpt = Excerpt { filter: &filter, order, after: None, first: 1, now };
    let page = list::page(&txn, app.recorder.sets(), excerpt).await?;
    txn.commit().await?;
    page.rows.into_iter().next().context("an empty log")
}
