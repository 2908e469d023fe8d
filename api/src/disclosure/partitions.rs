//! Months of the log on PostgreSQL, made before anybody records into them.
//!
//! A function of the database makes them, with its owner's rights: whoever records needs no right to make tables.

use std::time::Duration;

use chrono::Months;
use entity::vocabulary::Day;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::time::sleep;

use super::tally::month_of;
use crate::{Error, clock::Clock, database::Database};

/// Months made beyond the present one: an operator has a quarter of a year to notice that they are made no more.
pub const MONTHS_AHEAD: u32 = 3;

/// Time between two looks.
const LOOK: Duration = Duration::from_hours(24);

/// Time until a look that failed is repeated, and until the one after the start, which may have gone on without.
const RETRY: Duration = Duration::from_mins(10);

/// Makes the months to come for as long as the process lives, after those [of the start](make_months). A failure stops no
/// recording: the months made before are still there.
pub async fn keep_ahead(database: Database, clock: Clock) {
    sleep(RETRY).await;
    loop {
        sleep(match make_ahead(&database, &clock).await {
            Ok(()) => LOOK,
            Err(error) => {
                tracing::warn!(code = ?error.code(), "the coming months of the log could not be made; trying again");
                RETRY
            }
        })
        .await;
    }
}

/// Makes the months for a start. Where that fails and this month stands, recording goes on with what stands.
///
/// # Errors
/// When this month does not stand and cannot be made, or the database does not answer.
pub async fn make_months(database: &Database, clock: &Clock) -> Result<(), Error> {
    let Err(error) = make_ahead(database, clock).await else { return Ok(()) };
    if !stands(database.write(), this_month(clock)).await? {
        return Err(error);
    }
    tracing::warn!(code = ?error.code(), %error, "the coming months of the log could not be made; going on with those that stand");
    Ok(())
}

/// Makes this month and those ahead, where they are absent, each by itself: what it locks is free before the next.
pub(super) async fn make_ahead(database: &Database, clock: &Clock) -> Result<(), Error> {
    if database.is_sqlite() {
        return Ok(());
    }
    let first = this_month(clock);
    for ahead in 0..=MONTHS_AHEAD {
        make(database.write(), first.checked_add_months(Months::new(ahead)).unwrap_or(first)).await?;
    }
    Ok(())
}

fn this_month(clock: &Clock) -> Day {
    month_of(clock.now().date_naive())
}

async fn stands(db: &impl ConnectionTrait, month: Day) -> Result<bool, Error> {
    let sql = "select 1 from pg_inherits join pg_class on oid = inhrelid \
               where inhparent = 'disclosure'::regclass and relname = $1";
    let name = format!("disclosure_{}", month.format("%Y_%m"));
    Ok(db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()])).await?.is_some())
}

/// Makes a month, where it is absent.
pub(super) async fn make(db: &impl ConnectionTrait, month: Day) -> Result<(), Error> {
    let sql = "select disclosure_partition($1)";
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [month.into()])).await?;
    Ok(())
}
