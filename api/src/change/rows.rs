//! Rows that changes touched, with what they were before; read once for all changes of a page.

use std::collections::HashMap;

use entity::vocabulary::RowChange;
use futures::TryStreamExt;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use serde_json::Value;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::rules::{Difference, differences};
use crate::{
    Error,
    auth::policy,
    context::{Gateway, View},
    facts::{Facts, Row},
    journal,
};

/// Rows shown of one change.
pub const ROWS_SHOWN_MAX: usize = 100;

/// Row a change touched.
#[derive(Debug, Clone)]
pub struct Touched {
    /// Its table.
    pub table: String,
    /// Its id.
    pub id: Uuid,
    /// What became of it.
    pub kind: RowChange,
    /// Fields that differ.
    pub fields: Vec<Difference>,
}

/// Rows of a change the viewer may see.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The first of them.
    pub rows: Vec<Touched>,
    /// Whether there are more.
    pub has_more: bool,
}

/// Rows of the changes of one page; read when the first of them is asked for.
pub struct PageRows {
    view: View,
    gateway: Gateway,
    /// Positions of the page's changes.
    seqs: Vec<i64>,
    /// What they are shown for: only rows that concern one of these; all when null.
    about: Option<Vec<Uuid>>,
    read: OnceCell<HashMap<i64, Shown>>,
}

impl PageRows {
    /// Rows of changes, not read yet.
    pub fn new(view: View, gateway: Gateway, seqs: Vec<i64>, about: Option<Vec<Uuid>>) -> Self {
        Self { view, gateway, seqs, about, read: OnceCell::new() }
    }

    /// Rows of one of the changes.
    ///
    /// # Errors
    /// Unavailable when the database does not answer.
    pub async fn of(&self, seq: i64) -> Result<Shown, Error> {
        let read = self.read.get_or_try_init(|| self.read()).await?;
        Ok(read.get(&seq).cloned().unwrap_or_default())
    }

    async fn read(&self) -> Result<HashMap<i64, Shown>, Error> {
        let mut shown: HashMap<i64, Shown> = HashMap::new();
        if self.seqs.is_empty() {
            return Ok(shown);
        }
        let db = self.gateway.database.read();
        let seqs: Vec<String> = self.seqs.iter().map(ToString::to_string).collect();
        let sql = format!(
            "select r.seq, r.table_name, r.row_id, r.shape, r.image, b.shape as before_shape, b.image as before_image \
             from change_row r left join change_row b on b.row_id = r.row_id and b.table_name = r.table_name and b.seq = \
             (select max(p.seq) from change_row p where p.row_id = r.row_id and p.seq < r.seq) \
             where r.seq in ({}) order by r.seq, r.ordinal",
            seqs.join(", ")
        );
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let mut told = Told::find_by_statement(statement).stream(db).await?;
        while let Some(told) = told.try_next().await? {
            let seq = told.seq;
            let shown = shown.entry(seq).or_default();
            if shown.has_more {
                continue;
            }
            match self.touched(told)? {
                Some(_) if shown.rows.len() == ROWS_SHOWN_MAX => shown.has_more = true,
                Some(row) => shown.rows.push(row),
                None => {}
            }
        }
        Ok(shown)
    }

    /// Row as the viewer may see it; null when it may not, or when nothing it may see differs.
    fn touched(&self, told: Told) -> Result<Option<Touched>, Error> {
        let (before, after) =
            (image(told.before_shape, told.before_image.as_deref())?, image(Some(told.shape), told.image.as_deref())?);
        let kind = match (&before, &after) {
            (None, None) => return Ok(None),
            (None, Some(_)) => RowChange::Added,
            (Some(_), Some(_)) => RowChange::Changed,
            (Some(_), None) => RowChange::Removed,
        };
        let facts = self.view.present();
        for (shape, image) in [before.as_ref(), after.as_ref()].into_iter().flatten() {
            let row = Row::from_image(&told.table_name, *shape, &image.to_string());
            let row = row.map_err(|error| Error::internal(error.to_string()))?;
            if !policy::sees_row(facts, &self.view.viewer, &row) || !self.is_about(facts, row) {
                return Ok(None);
            }
        }
        let fields = differences(
            &told.table_name,
            before.map(|(_, image)| image).as_ref(),
            after.map(|(_, image)| image).as_ref(),
        );
        let is_worth_showing = kind != RowChange::Changed || !fields.is_empty();
        Ok(is_worth_showing.then_some(Touched { table: told.table_name, id: told.row_id, kind, fields }))
    }

    fn is_about(&self, facts: &Facts, row: Row) -> bool {
        let Some(about) = &self.about else { return true };
        let found = |table: &str, id| facts.tables().row(table, id);
        let concerned = journal::concerned(found, [row]);
        about.iter().any(|subject| concerned.contains(subject))
    }
}

fn image(shape: Option<i32>, image: Option<&str>) -> Result<Option<(i32, Value)>, Error> {
    let Some((shape, image)) = shape.zip(image) else { return Ok(None) };
    Ok(Some((shape, serde_json::from_str(image)?)))
}

/// Row of a change, and the image before it.
#[derive(FromQueryResult)]
struct Told {
    seq: i64,
    table_name: String,
    row_id: Uuid,
    shape: i32,
    image: Option<String>,
    before_shape: Option<i32>,
    before_image: Option<String>,
}
