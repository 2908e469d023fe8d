//! The follower: applies changes in the order of the journal, whoever wrote them.

use std::time::Duration;

use sea_orm::{ConnectionTrait, QueryResult, Statement};
use uuid::Uuid;

use super::{Journal, mark};
use crate::{
    Error,
    facts::{Edit, Facts, Row, TABLES},
    metrics,
};

/// Longest time between two looks at the journal when nobody calls.
const POLL: Duration = Duration::from_millis(500);

/// Wait before trying again when the database does not answer.
const RETRY: Duration = Duration::from_millis(200);

impl Journal {
    /// Follows the journal for as long as the process lives.
    pub async fn follow(self) {
        let mut listener = None;
        loop {
            if listener.is_none() {
                listener = self.listen().await;
            }
            let news = async {
                match listener.as_mut() {
                    Some(listener) => listener.recv().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            let listening = tokio::select! {
                listening = news => listening,
                () = self.0.wake.notified() => true,
                () = tokio::time::sleep(POLL) => true,
            };
            if !listening {
                listener = None;
            }
            if let Err(error) = self.refresh().await {
                metrics::follow_failed();
                tracing::warn!(code = ?error.code(), "the journal could not be followed; trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Reads what is new and makes it the current picture.
    pub async fn refresh(&self) -> Result<(), Error> {
        let before = std::time::Instant::now();
        let facts = self.facts();
        if let Some(later) = self.catch_up(self.0.database.primary(), &facts).await? {
            self.publish(later);
        }
        self.caught_up(before);
        Ok(())
    }

    /// Picture after every change beyond the one given; null when there is none.
    ///
    /// # Errors
    /// Unavailable when the database does not answer, or has lost the last change of the picture.
    pub async fn catch_up(&self, db: &impl ConnectionTrait, facts: &Facts) -> Result<Option<Facts>, Error> {
        match news(db, facts).await? {
            News::Lost => Err(self.lost(facts)),
            News::Nothing => Ok(self.kept(None)),
            News::Later(later) => Ok(self.kept(Some(*later))),
        }
    }

    async fn listen(&self) -> Option<sqlx::postgres::PgListener> {
        if self.0.database.is_sqlite() {
            return None;
        }
        let connections = self.0.database.write().now();
        let pool = connections.get_postgres_connection_pool();
        let mut listener = sqlx::postgres::PgListener::connect_with(pool).await.ok()?;
        listener.listen("journal").await.ok()?;
        Some(listener)
    }
}

/// What the journal holds beyond a picture.
pub(super) enum News {
    Nothing,
    /// Picture after it.
    Later(Box<Facts>),
    /// The last change of the picture is gone, or another stands at its position.
    Lost,
}

/// Reads what the journal holds from the last change of a picture on.
pub(super) async fn news(db: &impl ConnectionTrait, facts: &Facts) -> Result<News, Error> {
    let sql = "select c.seq, c.restricted_commitment, r.table_name, r.row_id, r.shape, r.image from change c \
               left join change_row r on r.seq = c.seq and r.seq > $1 where c.seq >= $1 order by c.seq, r.ordinal";
    let rows =
        db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [facts.seq.into()])).await?;
    let marked = |row: &QueryResult| mark(&row.try_get::<Vec<u8>>("", "restricted_commitment")?);
    if facts.seq > 0 {
        let Some(first) = rows.first() else { return Ok(News::Lost) };
        if first.try_get::<i64>("", "seq")? != facts.seq || Some(marked(first)?) != facts.mark {
            return Ok(News::Lost);
        }
    }
    let mut seq = facts.seq;
    let mut edits = Vec::with_capacity(rows.len());
    for row in &rows {
        seq = row.try_get("", "seq")?;
        if let Some(table) = row.try_get::<Option<String>>("", "table_name")? {
            edits.push(edit(&table, row)?);
        }
    }
    let Some(last) = rows.last().filter(|_| seq > facts.seq) else { return Ok(News::Nothing) };
    let mut later = facts.after(seq, &edits);
    later.mark = Some(marked(last)?);
    Ok(News::Later(Box::new(later)))
}

/// What a row of the journal did.
pub(super) fn edit(table: &str, row: &QueryResult) -> Result<Edit, Error> {
    let id: Uuid = row.try_get("", "row_id")?;
    let Some(image) = row.try_get::<Option<String>>("", "image")? else {
        let known = TABLES.iter().find(|known| **known == table);
        return known
            .map(|table| Edit::Remove(table, id))
            .ok_or_else(|| Error::internal(format!("unknown table `{table}`")));
    };
    let row = Row::from_image(table, row.try_get("", "shape")?, &image)
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(Edit::Put(row))
}
