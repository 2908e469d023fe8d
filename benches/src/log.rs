//! What is read of a large log: statistics, pages at any depth, one person's report, proofs.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::{
    auth::{Role, policy::Rows},
    disclosure::list::{self, Excerpt, Filter, Order},
    scale::identity_code,
};
use clap::Args;
use entity::{disclosure, vocabulary::DisclosureId};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait, QueryOrder, QuerySelect, Statement};
use serde_json::json;

use crate::{
    Place,
    figures::{load, median, number, quantile},
    serve::{Served, said},
};

const STATISTICS: &str = "query($input: DisclosureStatisticsInput!) { disclosureStatistics(input: $input, first: 100) { \
    rows { period keys { dimension value label } disclosures subjectCount } coveredUntil } }";

const REPORT: &str = "query($input: SubjectDisclosuresInput!) { subjectDisclosures(input: $input, first: 100) { nodes { \
    occurredAt discloser { name } recipient { name } register { name } items { code name } purpose { name } \
    citations { citation name } explanation entry { subjectPart partSalt restrictedCommitment \
    inclusionProof { treeSize path } } } } }";

const PROOF: &str = "query($leaf: Long!) { log { inclusionProof(leafIndex: $leaf) { treeSize leafHash path } } }";

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Questions of each kind.
    #[arg(long, default_value_t = 200)]
    samples: usize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let served = Served::open(&options.place).await?;
    let rows = disclosure::Entity::find().count(served.app.gateway.database.read()).await?;
    println!("{rows} disclosures, load of the machine: {}", load());
    statistics(&served).await?;
    pages(&served, rows, options.samples).await?;
    reports(&served, options.samples).await?;
    proofs(&served, options.samples).await
}

/// First page by month and recipient of the discloser of the first row, against one statement over its rows.
async fn statistics(served: &Served) -> anyhow::Result<()> {
    let db = served.app.gateway.database.read();
    let facts = served.app.gateway.journal.facts();
    let first =
        disclosure::Entity::find().order_by_asc(disclosure::Column::Id).one(db).await?.context("an empty log")?;
    let discloser =
        facts.organisation.get(first.discloser_id).and_then(|row| row.business_id).context("no discloser")?;
    let token = served.token(discloser.as_str(), Role::Officer)?;
    let input = json!({ "from": "2021-11-01", "until": "2026-11-01", "interval": "MONTH", "groupBy": ["RECIPIENT"],
        "filter": { "disclosers": [discloser.to_string()] } });
    let asked = json!({ "query": STATISTICS, "variables": { "input": input } });
    let backend = db.get_database_backend();
    let month = match backend {
        sea_orm::DbBackend::Postgres => "to_char(occurred_at at time zone 'Europe/Helsinki', 'YYYY-MM')",
        _ => "substr(occurred_at, 1, 7)",
    };
    let sql = format!(
        "select {month} as month_of, recipient_id, count(*) as counted, sum(subject_count) as subjects from disclosure \
         where discloser_id = $1 and outcome in ('DELIVERED', 'EMPTY') group by 1, 2 order by 1, 2 limit 100"
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        for _ in 0..10 {
            let before = Instant::now();
            let said = said(served.address, &token, &asked).await?;
            ours.push(before.elapsed().as_secs_f64());
            ensure!(!said["data"]["disclosureStatistics"]["rows"][0].is_null(), "{said}");
        }
        let before = Instant::now();
        let statement = Statement::from_sql_and_values(backend, sql.as_str(), [first.discloser_id.into()]);
        ensure!(!db.query_all_raw(statement).await?.is_empty(), "nothing counted");
        theirs.push(before.elapsed().as_secs_f64());
    }
    let (ours, theirs) = (median(&ours), median(&theirs));
    println!(
        "statistics by month and recipient: {:.2} ms, GROUP BY over the rows {:.1} ms: {:.1} times as fast",
        ours * 1_000.0,
        theirs * 1_000.0,
        theirs / ours
    );
    Ok(())
}

/// Pages of 100 of one discloser, newest first, at the beginning, in the middle and near the end of the log.
async fn pages(served: &Served, rows: u64, samples: usize) -> anyhow::Result<()> {
    let db = served.app.gateway.database.read();
    let first =
        disclosure::Entity::find().order_by_asc(disclosure::Column::Id).one(db).await?.context("an empty log")?;
    let filter = Filter { rows: Rows::Of(vec![first.discloser_id]), ..Filter::default() };
    for (name, depth) in [("beginning", 0), ("middle", rows / 2), ("end", rows.saturating_sub(2_000))] {
        let after = disclosure::Entity::find()
            .select_only()
            .column(disclosure::Column::Id)
            .order_by_desc(disclosure::Column::Id)
            .offset(depth)
            .limit(1)
            .into_tuple::<DisclosureId>()
            .one(db)
            .await?;
        let mut took = Vec::new();
        for _ in 0..samples {
            let before = Instant::now();
            let (order, first, now) = (Order::NewestFirst, 100, served.app.gateway.clock.now());
            let excerpt = Excerpt { filter: &filter, order, after, first, now };
            // Of several looks, so of one state, as the gateway reads it.
            let txn = served.app.gateway.database.read_snapshot().await?;
            let page = list::page(&txn, served.app.recorder.sets(), excerpt).await?;
            txn.commit().await?;
            took.push(micros(before.elapsed()));
            ensure!(!page.rows.is_empty(), "an empty page");
        }
        say(&format!("page of 100 disclosures, {name}"), took);
    }
    Ok(())
}

/// Reports of different persons with their proofs, as the subject service asks for them.
async fn reports(served: &Served, samples: usize) -> anyhow::Result<()> {
    let facts = served.app.gateway.journal.facts();
    let service = facts.organisation.all().find_map(|row| row.business_id).context("no organisation")?;
    let token = served.token(service.as_str(), Role::SubjectService)?;
    let (mut took, mut found) = (Vec::new(), 0);
    for at in 0..samples {
        let subject = json!({ "personalIdentityCode": identity_code(at * 37) });
        let input = json!({ "subject": subject, "reason": "measurement" });
        let before = Instant::now();
        let said = said(served.address, &token, &json!({ "query": REPORT, "variables": { "input": input } })).await?;
        took.push(micros(before.elapsed()));
        let nodes = said["data"]["subjectDisclosures"]["nodes"].as_array().with_context(|| said.to_string())?;
        ensure!(nodes.iter().all(|row| !row["entry"]["inclusionProof"].is_null()), "a row without proof");
        found += nodes.len();
    }
    say(&format!("report on one person with proofs, {:.1} rows", number(found as u64) / number(samples as u64)), took);
    Ok(())
}

/// Proofs of entries all over the tree.
async fn proofs(served: &Served, samples: usize) -> anyhow::Result<()> {
    let facts = served.app.gateway.journal.facts();
    let own = facts.organisation.all().find_map(|row| row.business_id).context("no organisation")?;
    let token = served.token(own.as_str(), Role::Officer)?;
    let size = served.app.log.checkpoint()?.size;
    let mut took = Vec::new();
    for at in 0..samples {
        let leaf = size / i64::try_from(samples)? * i64::try_from(at)?;
        let before = Instant::now();
        let said = said(served.address, &token, &json!({ "query": PROOF, "variables": { "leaf": leaf } })).await?;
        took.push(micros(before.elapsed()));
        ensure!(said["data"]["log"]["inclusionProof"]["treeSize"] == size, "{said}");
    }
    say("inclusion proof", took);
    Ok(())
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn say(what: &str, mut took: Vec<u64>) {
    took.sort_unstable();
    let milliseconds = |thousandths| number(quantile(&took, thousandths)) / 1_000.0;
    println!("{what}: {:.2} ms, p95 {:.2} ms", milliseconds(500), milliseconds(950));
}
