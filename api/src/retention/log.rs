//! The log by months: what stands in it, and how a month goes.

use std::collections::BTreeMap;

use entity::{
    dropped_month, log_tree,
    vocabulary::{Day, Instant, InternedId, RegisterId},
};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, QueryResult, Statement};

use super::rules::{Month, Sheaf, bounds};
use crate::{
    Error,
    database::{Database, Reader, read_for},
    disclosure::interned::{self, InternedSets},
};

/// Month of recording as `YYYY-MM`, in UTC. SQLite keeps instants as texts that begin so.
fn month_of(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "to_char(recorded_at at time zone 'UTC', 'YYYY-MM')",
        _ => "substr(recorded_at, 1, 7)",
    }
}

/// Every month that holds rows, oldest first. The whole log is read once, and nobody is held up by it; what is read of a
/// closed month stays true until the month is dropped, for no row is added to it or changes in what is read here.
pub(super) async fn months(database: &Database) -> Result<Vec<Month>, Error> {
    let txn = database.snapshot().await?;
    read_for(&txn, Reader::Log).await?;
    let backend = txn.get_database_backend();
    let sql = format!(
        "select {} as month_of, register_id, bases_id, count(*) as \"rows\", max(occurred_at) as last_occurred_at, \
         min(leaf_index) as first_leaf_index, max(leaf_index) as last_leaf_index from disclosure \
         group by 1, 2, 3 order by 1, 2, 3",
        month_of(backend)
    );
    let groups = txn.query_all_raw(Statement::from_string(backend, sql)).await?;
    let tree = log_tree::Entity::find().one(&txn).await?.ok_or_else(|| Error::internal("log_tree has no row"))?;
    let bases = groups.iter().map(|row| row.try_get("", "bases_id")).collect::<Result<Vec<InternedId>, _>>()?;
    let sets = InternedSets::default().read(&txn, bases).await?;
    txn.commit().await?;
    let mut months: BTreeMap<Day, Month> = BTreeMap::new();
    for row in &groups {
        let on = first_day(row)?;
        let (first, last): (i64, i64) = (row.try_get("", "first_leaf_index")?, row.try_get("", "last_leaf_index")?);
        let month = months.entry(on).or_insert_with(|| Month {
            on,
            is_closed: bounds(on).1 <= tree.recorded_at,
            first_leaf_index: first,
            last_leaf_index: last,
            sheaves: Vec::new(),
        });
        month.first_leaf_index = month.first_leaf_index.min(first);
        month.last_leaf_index = month.last_leaf_index.max(last);
        let members = sets.get(&row.try_get("", "bases_id")?).map_or("", AsRef::as_ref);
        month.sheaves.push(Sheaf {
            register: row.try_get::<RegisterId>("", "register_id")?,
            bases: interned::bases(members),
            rows: row.try_get("", "rows")?,
            last_occurred_at: row.try_get::<Instant>("", "last_occurred_at")?,
        });
    }
    Ok(months.into_values().collect())
}

fn first_day(row: &QueryResult) -> Result<Day, Error> {
    let month: String = row.try_get("", "month_of")?;
    format!("{month}-01").parse().map_err(|_| Error::internal(format!("`{month}` is no month")))
}

/// Drops the rows of a month that a run, in the same transaction, has said to be dropped.
pub(super) async fn drop_month(txn: &impl ConnectionTrait, month: &dropped_month::Model) -> Result<(), Error> {
    let backend = txn.get_database_backend();
    if backend == DbBackend::Postgres {
        let sql = "select disclosure_drop($1)";
        txn.execute_raw(Statement::from_sql_and_values(backend, sql, [month.month_on.into()])).await?;
        return Ok(());
    }
    let (from, until) = bounds(month.month_on);
    let sql = "delete from disclosure where recorded_at >= $1 and recorded_at < $2";
    let gone = txn.execute_raw(Statement::from_sql_and_values(backend, sql, [from.into(), until.into()])).await?;
    if i64::try_from(gone.rows_affected()).ok() == Some(month.disclosures) {
        Ok(())
    } else {
        Err(Error::internal("a month holds other rows than were read of it"))
    }
}
