//! For whom rows of the log are read. PostgreSQL shows a role that is not the owner none before that was said, and of an
//! organisation's rows only those; what a query forgets to ask, the database still asks. SQLite has no such lock.

use entity::vocabulary::OrganisationId;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement,
    sea_query::{Expr, ExprTrait, SelectStatement},
};
use uuid::Uuid;

/// Word for the whole log, as the policies of the database know it.
const LOG: &str = "LOG";

/// Row that stands beside a query when rows are looked for.
const ASKED: &str = "asked";

/// Column of it that holds the place a walk goes on after.
const PLACE: &str = "place";

/// For whom rows of the log are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader<'a> {
    /// The log itself: whoever records, audits, counts, watches, or shows one person what concerns it.
    Log,
    /// Organisations: what one of them gave or received.
    Organisations(&'a [OrganisationId]),
}

/// Says for whom the rest of a transaction reads.
///
/// # Errors
/// The engine's own when it does not answer.
pub async fn read_for(txn: &DatabaseTransaction, reader: Reader<'_>) -> Result<(), DbErr> {
    if txn.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let sql = "select set_config('disclosure_gateway.reader', $1, true)";
    txn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [reader.said().into()])).await?;
    Ok(())
}

/// Query that says for whom it reads: in one statement, valid for it alone where that is a transaction of its own. The `place` a
/// walk goes on after, where one is given, stands beside it as [`asked_place`].
pub fn asked_for(backend: DbBackend, reader: Reader<'_>, place: Option<Uuid>, mut query: SelectStatement) -> Statement {
    if backend != DbBackend::Postgres {
        return backend.build(&query);
    }
    // Rows are looked for only once it was said: what was said is part of what they are looked for by. Were it not so, rows
    // would be found for whoever was said before in the same transaction, and none where nobody was.
    query.and_where(Expr::col((ASKED, "said")).is_not_null());
    let Statement { sql, values, .. } = backend.build(&query);
    let mut values = values.map_or_else(Vec::new, |values| values.0);
    values.push(reader.said().into());
    let mut asked = format!("set_config('disclosure_gateway.reader', ${}, true) as \"said\"", values.len());
    if let Some(place) = place {
        values.push(place.into());
        asked = format!("{asked}, ${}::uuid as \"{PLACE}\"", values.len());
    }
    let sql =
        format!("select \"found\".* from (select {asked}) as \"{ASKED}\" cross join lateral ({sql}) as \"found\"");
    Statement::from_sql_and_values(backend, sql, values)
}

/// The place given to [`asked_for`], to be used in its query. The planner does not see its value, for it folds no row in that
/// is made by a function with effects.
pub fn asked_place() -> Expr {
    Expr::col((ASKED, PLACE))
}

impl Reader<'_> {
    fn said(self) -> String {
        match self {
            Self::Log => LOG.to_owned(),
            Self::Organisations(ids) => ids.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(","),
        }
    }
}
