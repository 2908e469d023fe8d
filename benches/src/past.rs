//! Looks back over a long journal: the first picture of a position, and the same again, against reading the tables whole.

use std::time::Instant;

use anyhow::Context;
use api::{app::App, clock::Clock, journal};
use clap::Args;
use sea_orm::{ConnectionTrait, Statement};

use crate::{
    Place,
    figures::{load, median},
};

#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Rows of the journal to look back over.
    #[arg(long, default_value_t = 100_000)]
    rows: i64,
    /// Rounds; each in a gateway of its own, so that each first picture is one.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let (mut whole, mut first, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut looked = (0, 0);
    for _ in 0..options.rounds {
        let app = App::open(options.place.config()?, Clock::default()).await?;
        let gateway = app.gateway.clone();
        looked = position(&app, options.rows).await?;
        whole.push(milliseconds(async { Ok(journal::load(&gateway.database).await?) }).await?);
        let at = recorded_at(&app, looked.0).await?;
        let picture = || async {
            let seq = gateway.journal.position_at(at).await?;
            Ok(gateway.journal.as_of(seq).await?)
        };
        first.push(milliseconds(picture()).await?);
        for _ in 0..20 {
            again.push(milliseconds(picture()).await?);
        }
        app.close().await;
    }
    println!("looking back over {} rows of the journal to position {}; load {}", looked.1, looked.0, load());
    let (whole, first, again) = (median(&whole), median(&first), median(&again));
    println!("tables read whole   {whole:8.1} ms");
    println!("first picture       {first:8.1} ms, {:.2} of that", first / whole);
    println!("the same again      {again:8.3} ms");
    Ok(())
}

async fn milliseconds<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<f64> {
    let began = Instant::now();
    let done = work.await?;
    let took = began.elapsed().as_secs_f64() * 1e3;
    drop(done);
    Ok(took)
}

/// Last position after which so many rows were changed, and how many were.
async fn position(app: &App, rows: i64) -> anyhow::Result<(i64, i64)> {
    let sql = "select seq, later from (select seq, sum(count(*)) over (order by seq desc) as later from change_row \
               group by seq) s where later >= $1 order by seq desc limit 1";
    let db = app.gateway.database.primary();
    let found = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [rows.into()])).await?;
    let found = found.with_context(|| format!("the journal has fewer than {rows} rows"))?;
    Ok((found.try_get::<i64>("", "seq")? - 1, found.try_get("", "later").unwrap_or(rows)))
}

async fn recorded_at(app: &App, seq: i64) -> anyhow::Result<entity::vocabulary::Instant> {
    let sql = "select recorded_at from change where seq = $1";
    let db = app.gateway.database.primary();
    let found = db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [seq.into()])).await?;
    Ok(found.context("no change of that position")?.try_get("", "recorded_at")?)
}
