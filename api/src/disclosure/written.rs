//! Rows of one batch, and the statements that insert them.

use std::{collections::BTreeMap, sync::Arc};

use entity::{disclosure, disclosure_key, tally, vocabulary::InternedId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value, sea_query::ArrayType};

use super::{
    bulk::{array_of, insert_all, insertion},
    interned::Set,
    plan::{Corrected, Entry},
    prepare::Prepared,
    row::{self, Place},
    stored::{Stored, correction_key},
    tally::{CELL_STANDS, Deltas},
};
use crate::{
    Error, clock,
    facts::Mark,
    journal::{
        Tree, last_change,
        leaf::{EntryKind, commitments, leaf_hash},
        mark,
    },
};

/// How a key meets one that stands already: it is not written, which is counted.
const KEY_STANDS: &str = "on conflict (discloser_id, message_hash) do nothing";

/// Whether none of the keys of a batch, its first two values, stands. Looked up one by one, by their index: a plan is kept while
/// the table grows.
const NO_KEY_STANDS: &str = "not exists (select from unnest($1::uuid[], $2::bytea[]) as given (discloser_id, message_hash), \
                             lateral (select from disclosure_key as key where key.discloser_id = given.discloser_id \
                             and key.message_hash = given.message_hash limit 1) as stands)";

/// Position of the last change of the journal, and which it is.
pub(super) type LastChange = (i64, Option<Mark>);

/// Rows of one batch, ready to be inserted.
#[derive(Default)]
pub(super) struct Written {
    pub rows: Vec<disclosure::Model>,
    pub keys: Vec<disclosure_key::Model>,
    tallies: Vec<tally::Model>,
    leaves: Vec<[u8; 32]>,
    /// Members of the sets of codes its rows refer to.
    pub sets: BTreeMap<InternedId, Arc<str>>,
}

/// Whether a batch looks for messages that stand in the log before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeats {
    LookedFor,
    NotExpected,
}

impl Written {
    /// Rows of what was planned, each at a position the tree hands out.
    pub(super) fn build(tree: &mut Tree, stored: &Stored, entries: &[Entry<'_>]) -> Result<Self, Error> {
        let mut written = Self::default();
        let mut deltas = Deltas::default();
        for entry in entries {
            let corrected = match entry.corrects {
                None => None,
                Some(Corrected::New(at)) => written.rows.get(at).cloned(),
                Some(Corrected::Stored(id)) => stored.row(id).cloned(),
            };
            if let Some(corrected) = &corrected {
                deltas.subtract(corrected);
            }
            written.push(tree, entry.report, corrected.as_ref())?;
        }
        for row in &written.rows {
            deltas.add(row);
        }
        written.tallies = deltas.into_rows(clock::random()?);
        written.keys.sort_unstable_by(|a, b| (a.discloser_id, &a.message_hash).cmp(&(b.discloser_id, &b.message_hash)));
        Ok(written)
    }

    fn push(&mut self, tree: &mut Tree, report: &Prepared, corrected: Option<&disclosure::Model>) -> Result<(), Error> {
        self.intern(&report.items);
        self.intern(&report.bases);
        let (leaf_index, recorded_at) = tree.take();
        let place = Place { id: row::disclosure_id(recorded_at, report.noise), recorded_at, leaf_index };
        let mut row = place.given_to(report.row.clone(), corrected.map(|row| row.id));
        let (subject, restricted) = row::parts(&row, &report.names);
        // Their members stand in canonical order as they are.
        let committed = commitments(&report.salt, &serde_json::to_vec(&subject)?, &serde_json::to_vec(&restricted)?);
        row.salt = Some(report.salt.to_vec());
        row.subject_commitment = committed.subject.to_vec();
        row.restricted_commitment = committed.restricted.to_vec();
        self.leaves.push(leaf_hash(EntryKind::Disclosure, &committed));
        for (discloser_id, message_hash) in [report.key()].into_iter().chain(corrected.map(correction_key)) {
            self.keys.push(disclosure_key::Model {
                discloser_id,
                message_hash: message_hash.to_vec(),
                disclosure_id: row.id,
                recorded_at,
                content_hash: report.content_hash.to_vec(),
            });
        }
        self.rows.push(row);
        Ok(())
    }

    fn intern(&mut self, set: &Set) {
        self.sets.entry(set.id).or_insert_with(|| Arc::clone(&set.members));
    }

    /// Inserts everything in one statement of PostgreSQL, for every turn to the database holds up all who wait: how many keys
    /// were new, and the last change of the journal.
    pub(super) async fn insert_at_once(
        &self,
        txn: &DatabaseTransaction,
        tree: &Tree,
    ) -> Result<(u64, LastChange), Error> {
        let mut values = Vec::new();
        let mut parts = vec![("new_size", tree.size_statement(&mut values))];
        parts.extend(self.parts(tree, None, &mut values)?);
        let sql = format!(
            "with {} select (select count(*) from new_key) as keys, coalesce(last.seq, 0) as seq, last.restricted_commitment \
             from (select) one left join (select seq, restricted_commitment from change order by seq desc limit 1) last on true",
            common(&parts)
        );
        let row = txn.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?;
        let row = row.ok_or_else(|| Error::internal("a write without answer"))?;
        let keys: i64 = row.try_get("", "keys")?;
        let commitment: Option<Vec<u8>> = row.try_get("", "restricted_commitment")?;
        let mark = commitment.map(|commitment| mark(&commitment)).transpose()?;
        Ok((keys.unsigned_abs(), (row.try_get("", "seq")?, mark)))
    }

    /// Statement of PostgreSQL that inserts everything where the tree stands as it was left, with its values, and returns a row.
    /// Elsewhere it writes nothing and returns none. Where one of the keys stands it does the same if it looks for them first,
    /// which is an eighth of what a batch takes PostgreSQL; else it is refused, which PostgreSQL notes in its log.
    pub(super) fn insertion_as_left(&self, tree: &Tree, repeats: Repeats) -> Result<(String, Vec<Value>), Error> {
        let mut values = Vec::new();
        let no_key_stands = (repeats == Repeats::LookedFor).then(|| {
            values.push(array_of(ArrayType::Uuid, self.keys.iter().map(|key| key.discloser_id)));
            values.push(array_of(ArrayType::Bytes, self.keys.iter().map(|key| key.message_hash.clone())));
            NO_KEY_STANDS
        });
        let as_left = tree.as_left_statement(no_key_stands, &mut values);
        let parts = self.parts(tree, Some("exists (select from as_left)"), &mut values)?;
        let parts = common(&parts);
        let sql = format!("with as_left as ({as_left}), {parts} select true as written from as_left");
        Ok((sql, values))
    }

    /// Statements of PostgreSQL that insert everything, with their names; where a condition is given, only where it holds.
    fn parts(
        &self,
        tree: &Tree,
        condition: Option<&str>,
        values: &mut Vec<Value>,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let backend = DbBackend::Postgres;
        let only = condition.map(|holds| format!("where {holds} ")).unwrap_or_default();
        // Where nobody looked for keys, one that stands refuses all.
        let keys = condition.map_or(KEY_STANDS, |_| &only);
        let mut parts = vec![
            ("new_key", insertion::<disclosure_key::Entity>(backend, &self.keys, keys, values) + " returning 1"),
            ("new_row", insertion::<disclosure::Entity>(backend, &self.rows, &only, values)),
            ("new_tile", tree.tiles_statement(backend, &self.leaves, condition, values)?),
        ];
        if !self.tallies.is_empty() {
            let cells = format!("{only}{CELL_STANDS}");
            parts.push(("new_cell", insertion::<tally::Entity>(backend, &self.tallies, &cells, values)));
        }
        Ok(parts)
    }

    /// Inserts table after table, for SQLite's statements write one each.
    pub(super) async fn insert_in_turn(
        &self,
        txn: &DatabaseTransaction,
        tree: Tree,
    ) -> Result<(u64, LastChange), Error> {
        let new_keys = insert_all::<disclosure_key::Entity>(txn, &self.keys, KEY_STANDS).await?;
        insert_all::<disclosure::Entity>(txn, &self.rows, "").await?;
        insert_all::<tally::Entity>(txn, &self.tallies, CELL_STANDS).await?;
        tree.append(txn, &self.leaves).await?;
        Ok((new_keys, last_change(txn).await?))
    }
}

/// Parts of a statement that come before what it answers.
fn common(parts: &[(&str, String)]) -> String {
    let parts: Vec<String> = parts.iter().map(|(name, part)| format!("{name} as ({part})")).collect();
    parts.join(", ")
}
