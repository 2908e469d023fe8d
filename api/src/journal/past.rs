//! Pictures of the past: what the registry knew when the journal stood at an earlier position.
//!
//! A picture is made of a later one by taking back what was changed since, so it costs what lies between them, not what the
//! registry holds. The journal before a position never changes, so a picture once made stays right.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use entity::{change, vocabulary::Instant};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Statement,
};

use super::{Journal, follow::edit};
use crate::{
    Error,
    facts::{Edit, Facts},
};

/// Pictures that are kept.
const PICTURES_MAX: usize = 16;

/// Rows in which the kept pictures may differ from those they were made of, together; a row is some hundred bytes.
const ROWS_KEPT_MAX: usize = 300_000;

/// Pictures that were asked for, the last one first.
#[derive(Default)]
pub(super) struct Past {
    kept: Mutex<VecDeque<Kept>>,
    /// One at a time is made: whoever asks for the same finds it made.
    making: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    facts: Arc<Facts>,
    /// Rows that were taken back to make it.
    rows: usize,
}

impl Journal {
    /// Position the journal had reached at an instant: that of the last change recorded then or before; 0 before the first.
    ///
    /// # Errors
    /// Unavailable when the database does not answer.
    pub async fn position_at(&self, at: Instant) -> Result<i64, Error> {
        let last = change::Entity::find()
            .select_only()
            .column(change::Column::Seq)
            .filter(change::Column::RecordedAt.lte(at))
            .order_by_desc(change::Column::RecordedAt)
            .limit(1)
            .into_tuple::<i64>();
        Ok(last.one(self.0.database.primary()).await?.unwrap_or(0))
    }

    /// Facts as they stood after the change of a position.
    ///
    /// # Errors
    /// Unavailable when the database does not answer, or this process has not reached the position.
    pub async fn as_of(&self, seq: i64) -> Result<Arc<Facts>, Error> {
        if self.facts().seq < seq {
            return Err(Error::Unavailable("this process has not reached the position"));
        }
        if let Some(facts) = self.standing(seq) {
            return Ok(facts);
        }
        let _making = self.0.past.making.lock().await;
        if let Some(facts) = self.standing(seq) {
            return Ok(facts);
        }
        let later = self.0.past.nearest(seq, self.facts());
        let rows = self.rows_before(seq, later.seq).await?;
        let count = rows.len();
        let made = tokio::task::spawn_blocking(move || Ok::<_, Error>(later.after(seq, &edits(&rows)?)));
        let facts = Arc::new(made.await.map_err(|error| Error::internal(format!("no picture was made: {error}")))??);
        self.0.past.keep(Kept { facts: Arc::clone(&facts), rows: count });
        Ok(facts)
    }

    /// Picture of a position that needs no making.
    fn standing(&self, seq: i64) -> Option<Arc<Facts>> {
        let current = self.facts();
        if current.seq == seq { Some(current) } else { self.0.past.find(seq) }
    }

    /// Rows that were changed after a position and not after another, each as it stood at the first; without an image where
    /// it did not.
    async fn rows_before(&self, seq: i64, until: i64) -> Result<Vec<QueryResult>, Error> {
        // Of the primary: a replica may not know yet what is to be taken back.
        let db = self.0.database.primary();
        let sql = "select r.table_name, r.row_id, b.shape, b.image from \
                   (select distinct table_name, row_id from change_row where seq > $1 and seq <= $2) r \
                   left join change_row b on b.row_id = r.row_id and b.table_name = r.table_name and b.seq = \
                   (select max(p.seq) from change_row p where p.row_id = r.row_id and p.table_name = r.table_name and p.seq <= $1) \
                   order by b.seq, b.ordinal";
        let values = [seq.into(), until.into()];
        Ok(db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?)
    }
}

fn edits(rows: &[QueryResult]) -> Result<Vec<Edit>, Error> {
    rows.iter().map(|row| edit(&row.try_get::<String>("", "table_name")?, row)).collect()
}

impl Past {
    fn kept(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, seq: i64) -> Option<Arc<Facts>> {
        let mut kept = self.kept();
        let at = kept.iter().position(|one| one.facts.seq == seq)?;
        let found = kept.remove(at)?;
        kept.push_front(found.clone());
        Some(found.facts)
    }

    /// The picture from which the fewest changes lead back to a position.
    fn nearest(&self, seq: i64, current: Arc<Facts>) -> Arc<Facts> {
        let kept = self.kept();
        let later = kept.iter().map(|one| &one.facts).filter(|facts| facts.seq > seq).min_by_key(|facts| facts.seq);
        later.map_or(current, Arc::clone)
    }

    fn keep(&self, made: Kept) {
        let mut kept = self.kept();
        kept.push_front(made);
        let mut rows = 0;
        let held = kept.iter().take(PICTURES_MAX).take_while(|one| {
            rows += one.rows;
            rows <= ROWS_KEPT_MAX
        });
        let held = held.count().max(1);
        kept.truncate(held);
    }
}
