//! The one writer: judges on the fresh facts, under the registry's lock, and writes all or nothing.

use std::sync::Arc;

use entity::{change, change_row};
use futures::{
    FutureExt,
    future::{BoxFuture, ready},
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel, Statement,
};
use serde_json::{Value, json};
use tracing::Instrument;

use super::{
    Journal, Lock, Tree, concern,
    leaf::{Commitments, EntryKind, canonical, commitments, leaf_hash},
    lock_registry,
};
use crate::{
    Error, clock,
    facts::{self, Edit, Facts, Mark, SHAPE, TABLES},
    metrics,
    telemetry::spans,
};

/// Rows one change may touch; an import writes several changes.
pub const CHANGE_ROWS_MAX: usize = 1_000;

/// Who stands behind a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Subject claim, or the name of a part of the gateway.
    pub actor: String,
    /// Business ID the actor acted for; null for the gateway itself.
    pub organisation: Option<String>,
}

impl Author {
    /// The gateway itself, on its operator's word.
    pub fn operator() -> Self {
        Self { actor: "system".to_owned(), organisation: None }
    }
}

/// What an act decides: after-images, the name of the act, what it was done to and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Name of the act.
    pub action: &'static str,
    /// Global id of what it was done to.
    pub subject: String,
    /// Reason given.
    pub reason: Option<String>,
    /// Rows as they stand afterwards.
    pub edits: Vec<Edit>,
}

impl Journal {
    /// Judges on the fresh facts and writes what the judgement says; the facts after it. Each of the changes is an entry of
    /// the journal, one that touches no row of the registry too; where there are none, nothing is written.
    ///
    /// The work runs in a task of its own, so that a caller who goes away does not cut it. An answer means that the
    /// change is durable and in force here.
    ///
    /// # Errors
    /// Whatever `judge` refuses with; unavailable when the database does not answer.
    pub async fn commit<F>(&self, author: Author, judge: F) -> Result<Arc<Facts>, Error>
    where
        F: FnOnce(&Facts) -> Result<Vec<Changes>, Error> + Send + 'static,
    {
        self.commit_with(author, judge, nothing_beside, Ending::Commit).await
    }

    /// The same, with what is written beside the changes in their transaction, on the facts after them: all of it or
    /// nothing. It runs also where nothing changes.
    ///
    /// # Errors
    /// Whatever `judge` or `beside` refuses with; unavailable when the database does not answer.
    pub async fn commit_with<F, B>(
        &self,
        author: Author,
        judge: F,
        beside: B,
        ending: Ending,
    ) -> Result<Arc<Facts>, Error>
    where
        F: FnOnce(&Facts) -> Result<Vec<Changes>, Error> + Send + 'static,
        B: for<'a> FnOnce(&'a DatabaseTransaction, &'a Facts) -> BoxFuture<'a, Result<(), Error>> + Send + 'static,
    {
        let journal = self.clone();
        let judge = |facts: &Facts, ()| judge(facts);
        in_its_own_task(Box::pin(
            async move { journal.commit_here(&author, nothing_read, judge, beside, ending).await },
        ))
        .await
    }

    /// As [`Self::commit`], where `judge` also gets what was read in the same transaction: rows outside the facts.
    ///
    /// # Errors
    /// Whatever `read` fails or `judge` refuses with; unavailable when the database does not answer.
    pub async fn commit_on<T, R, F>(&self, author: Author, read: R, judge: F) -> Result<Arc<Facts>, Error>
    where
        T: Send + 'static,
        R: for<'a> FnOnce(&'a DatabaseTransaction) -> BoxFuture<'a, Result<T, Error>> + Send + 'static,
        F: FnOnce(&Facts, T) -> Result<Vec<Changes>, Error> + Send + 'static,
    {
        let journal = self.clone();
        let ending = Ending::Commit;
        in_its_own_task(Box::pin(
            async move { journal.commit_here(&author, read, judge, nothing_beside, ending).await },
        ))
        .await
    }

    async fn commit_here<T, R, F, B>(
        &self,
        author: &Author,
        read: R,
        judge: F,
        beside: B,
        ending: Ending,
    ) -> Result<Arc<Facts>, Error>
    where
        R: for<'a> FnOnce(&'a DatabaseTransaction) -> BoxFuture<'a, Result<T, Error>>,
        F: FnOnce(&Facts, T) -> Result<Vec<Changes>, Error>,
        B: for<'a> FnOnce(&'a DatabaseTransaction, &'a Facts) -> BoxFuture<'a, Result<(), Error>>,
    {
        let database = &self.0.database;
        let mut server = database.server();
        let written = async {
            let txn = database.begin().await?;
            lock_registry(&txn, Lock::Exclusive).await?;
            let current = self.facts();
            let caught_up = self.catch_up(&txn, &current).await?;
            let fresh = caught_up.as_ref().unwrap_or(&current);
            let changes = judge(fresh, read(&txn).await?)?;
            let after = if changes.is_empty() {
                fresh.clone()
            } else {
                let seq = fresh.seq + i64::try_from(changes.len()).map_err(|_| Error::internal("too many changes"))?;
                let mut after = fresh.after(seq, changes.iter().flat_map(|change| &change.edits));
                after.mark = Box::pin(append(&txn, &self.0.clock, (fresh, &after), author, &changes)).await?;
                after
            };
            beside(&txn, &after).await?;
            let actions: Vec<_> = changes.iter().map(|change| change.action).collect();
            Ok::<_, Error>((txn, after, actions))
        };
        let (txn, after, actions) = server.answered(written).await?;
        match ending {
            Ending::RollBack => server.answered(txn.rollback()).await?,
            Ending::Commit => {
                let commit = server.answered(txn.commit()).instrument(spans::commit());
                commit.await.map_err(unanswered)?;
                actions.into_iter().for_each(metrics::act);
                self.publish(after);
            }
        }
        Ok(self.facts())
    }
}

fn nothing_read(_: &DatabaseTransaction) -> BoxFuture<'_, Result<(), Error>> {
    ready(Ok(())).boxed()
}

fn nothing_beside<'a>(_: &'a DatabaseTransaction, _: &'a Facts) -> BoxFuture<'a, Result<(), Error>> {
    ready(Ok(())).boxed()
}

/// Whoever asked may go away; the work goes on.
async fn in_its_own_task<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let task = tokio::spawn(work.in_current_span());
    task.await.map_err(|error| Error::internal(format!("a write ended early: {error}")))?
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is kept.
    Commit,
    /// It is taken back, as if it had never been.
    RollBack,
}

/// A commit the database refused wrote nothing; one it did not answer may have.
fn unanswered(error: sea_orm::DbErr) -> Error {
    match Error::from(error) {
        Error::Unavailable(_) => Error::Unavailable("the outcome of the commit is unknown; look before you repeat"),
        refused => refused,
    }
}

/// Writes changes; the mark of the last.
async fn append(
    txn: &DatabaseTransaction,
    clock: &clock::Clock,
    (before, after): (&Facts, &Facts),
    author: &Author,
    changes: &[Changes],
) -> Result<Option<Mark>, Error> {
    let mut tree = Tree::lock(txn, clock).await?;
    let mut edits: Vec<Edit> = changes.iter().flat_map(|change| change.edits.iter().cloned()).collect();
    edits.sort_by_key(order);
    facts::write(txn, &edits).await?;
    let mut hashes = Vec::with_capacity(changes.len());
    let acted = concern::author(after, author.organisation.as_deref());
    let (mut seq, mut mark) = (before.seq, before.mark);
    for change in changes {
        seq += 1;
        let committed = append_one(txn, &mut tree, seq, author, change).await?;
        hashes.push(leaf_hash(EntryKind::Change, &committed));
        mark = Some(committed.restricted);
        let concerned = concern::of_edits(before, after, &change.edits);
        concern::write(txn, seq, concerned.into_iter().chain(acted).collect()).await?;
    }
    tree.append(txn, &hashes).await?;
    if txn.get_database_backend() == DbBackend::Postgres {
        txn.execute_raw(Statement::from_string(DbBackend::Postgres, format!("select pg_notify('journal', '{seq}')")))
            .await?;
    }
    Ok(mark)
}

/// Parents before children; removals last.
fn order(edit: &Edit) -> (bool, usize) {
    let position = TABLES.iter().position(|table| *table == edit.table()).unwrap_or(usize::MAX);
    (matches!(edit, Edit::Remove(..)), position)
}

async fn append_one(
    txn: &DatabaseTransaction,
    tree: &mut Tree,
    seq: i64,
    author: &Author,
    changes: &Changes,
) -> Result<Commitments, Error> {
    let (leaf_index, recorded_at) = tree.take();
    let rows = rows(seq, &changes.edits)?;
    let salt = clock::random::<32>()?;
    let mut row = change::Model {
        seq,
        recorded_at,
        actor: author.actor.clone(),
        actor_organisation: author.organisation.clone(),
        action: changes.action.to_owned(),
        subject: changes.subject.clone(),
        reason: changes.reason.clone(),
        leaf_index,
        salt: Some(salt.to_vec()),
        subject_commitment: Vec::new(),
        restricted_commitment: Vec::new(),
    };
    let (subject, restricted) = parts(&row, &rows)?;
    let committed = commitments(&salt, &canonical(&subject)?, &canonical(&restricted)?);
    row.subject_commitment = committed.subject.to_vec();
    row.restricted_commitment = committed.restricted.to_vec();
    change::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(txn).await?;
    for rows in rows.chunks(500) {
        let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
        change_row::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(committed)
}

fn rows(seq: i64, edits: &[Edit]) -> Result<Vec<change_row::Model>, Error> {
    edits
        .iter()
        .enumerate()
        .map(|(ordinal, edit)| {
            let image = match edit {
                Edit::Put(row) => Some(row.image()?),
                Edit::Remove(..) => None,
            };
            let ordinal = i32::try_from(ordinal).map_err(|_| Error::internal("too many rows in one change"))?;
            Ok(change_row::Model {
                seq,
                ordinal,
                table_name: edit.table().to_owned(),
                row_id: edit.id(),
                shape: SHAPE,
                image,
            })
        })
        .collect()
}

/// The two parts of a change's entry: what the parties may see of it, and the rest.
pub fn parts(change: &change::Model, rows: &[change_row::Model]) -> Result<(Value, Value), Error> {
    let subject = json!({
        "v": 1,
        "seq": change.seq,
        "recordedAt": entity::vocabulary::instant_text(change.recorded_at),
        "action": change.action,
        "subject": change.subject,
    });
    let images = rows
        .iter()
        .map(|row| {
            let image: Value = row.image.as_deref().map_or(Ok(Value::Null), serde_json::from_str)?;
            Ok(json!({ "table": row.table_name, "id": row.row_id, "shape": row.shape, "image": image }))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let mut restricted = json!({ "actor": change.actor, "rows": images });
    if let Some(organisation) = &change.actor_organisation {
        restricted["organisation"] = json!(organisation);
    }
    if let Some(reason) = &change.reason {
        restricted["reason"] = json!(reason);
    }
    Ok((subject, restricted))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::leaf::hex;
    use super::*;

    /// Example of a change in `docs/log-format.md`, recomputed.
    #[test]
    fn example_of_the_documentation_is_what_the_code_makes() -> Result<(), Error> {
        let documentation = include_str!("../../../docs/log-format.md");
        let salt: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap_or(0));
        let row_id = Uuid::try_parse("019cad8f-8840-7001-8000-000000000002").unwrap_or_default();
        let change = change::Model {
            seq: 7,
            recorded_at: "2026-03-02T08:00:01.000001Z".parse().unwrap_or_default(),
            actor: "officer-1".to_owned(),
            actor_organisation: Some("0246246-0".to_owned()),
            action: "suspendAgreement".to_owned(),
            subject: format!("agreement:{row_id}"),
            reason: Some("SECURITY".to_owned()),
            leaf_index: 9,
            salt: None,
            subject_commitment: Vec::new(),
            restricted_commitment: Vec::new(),
        };
        let table_name = "agreement".to_owned();
        let row = change_row::Model { seq: 7, ordinal: 0, table_name, row_id, shape: SHAPE, image: None };
        let (subject, restricted) = parts(&change, &[row])?;
        let leaf = leaf_hash(EntryKind::Change, &commitments(&salt, &canonical(&subject)?, &canonical(&restricted)?));
        let text = |part| canonical(part).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        for expected in [text(&subject)?, text(&restricted)?, hex(&leaf)] {
            assert!(documentation.contains(&expected), "docs/log-format.md lacks {expected}");
        }
        Ok(())
    }
}
