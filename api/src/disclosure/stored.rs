//! What the log already holds of the reports at hand: their repeats, the rows they correct, and whether those have been
//! corrected before.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::Datelike;
use entity::{
    disclosure, disclosure_key,
    vocabulary::{DisclosureId, Instant, InternedId, OrganisationId},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, Statement,
    sea_query::ArrayType,
};
use uuid::Uuid;

use super::{
    bulk::array_of,
    interned::InternedSets,
    prepare::Prepared,
    row::{correction_hash, message_hash, recorded_at},
    rules::Corrects,
};
use crate::{
    Error,
    database::{Reader, read_for},
};

/// Keys or ids asked for in one statement on SQLite.
const KEYS_PER_STATEMENT: usize = 1_000;

/// One message part of one discloser.
pub(super) type Key = (OrganisationId, [u8; 32]);

/// What the log already holds.
#[derive(Debug, Default)]
pub(super) struct Stored {
    keys: HashMap<Key, disclosure_key::Model>,
    rows: HashMap<DisclosureId, disclosure::Model>,
    corrected: HashSet<DisclosureId>,
    sets: HashMap<InternedId, Arc<str>>,
}

impl Stored {
    /// Reads it for reports of any disclosers.
    pub(super) async fn read(
        db: &DatabaseTransaction,
        sets: &InternedSets,
        reports: &[&Prepared],
    ) -> Result<Self, Error> {
        let mut stored = Self::default();
        let keys = reports.iter().flat_map(|report| std::iter::once(report.key()).chain(report.corrected_keys()));
        stored.keys = keys_of(db, keys.collect()).await?;
        let ids: BTreeSet<DisclosureId> = stored
            .keys
            .values()
            .map(|key| key.disclosure_id)
            .chain(reports.iter().filter_map(|report| report.corrected_row()))
            .collect();
        if ids.is_empty() {
            return Ok(stored);
        }
        // A message belongs to its discloser, but what it corrects may be another's that it took the place of.
        read_for(db, Reader::Log).await?;
        stored.rows = rows_of(db, &ids).await?;
        stored.corrected = stored.corrected_among(db, reports).await?;
        let used = stored.rows.values().flat_map(|row| [row.items_id, row.bases_id]);
        stored.sets = sets.read(db, used).await?;
        Ok(stored)
    }

    /// Row a message was recorded as, with its key.
    pub(super) fn message(&self, key: &Key) -> Option<(&disclosure_key::Model, &disclosure::Model)> {
        let key = self.keys.get(key)?;
        Some((key, self.rows.get(&key.disclosure_id)?))
    }

    /// Whether a message was recorded, whether or not its row still stands.
    pub(super) fn knows(&self, key: &Key) -> bool {
        self.keys.contains_key(key)
    }

    /// Whether a message was recorded and its row has since been dropped, its time having passed.
    pub(super) fn is_dropped(&self, key: &Key) -> bool {
        self.keys.get(key).is_some_and(|key| !self.rows.contains_key(&key.disclosure_id))
    }

    /// Row of an id.
    pub(super) fn row(&self, id: DisclosureId) -> Option<&disclosure::Model> {
        self.rows.get(&id)
    }

    /// Whether a row has been corrected.
    pub(super) fn is_corrected(&self, id: DisclosureId) -> bool {
        self.corrected.contains(&id)
    }

    /// Members of a set a row uses.
    pub(super) fn set(&self, id: InternedId) -> &str {
        self.sets.get(&id).map_or("", AsRef::as_ref)
    }

    async fn corrected_among(
        &self,
        db: &impl ConnectionTrait,
        reports: &[&Prepared],
    ) -> Result<HashSet<DisclosureId>, Error> {
        let targets: HashMap<Key, DisclosureId> = reports
            .iter()
            .flat_map(|report| {
                let by_message = report.corrected_keys().filter_map(|key| self.message(&key)).map(|(_, row)| row);
                report.corrected_row().and_then(|id| self.row(id)).into_iter().chain(by_message)
            })
            .map(|row| (correction_key(row), row.id))
            .collect();
        let found = keys_of(db, targets.keys().copied().collect()).await?;
        Ok(found.keys().filter_map(|key| targets.get(key)).copied().collect())
    }
}

impl Prepared {
    /// Key of the report itself.
    pub(super) fn key(&self) -> Key {
        (self.checked.discloser, self.message_hash)
    }

    /// Keys the message it corrects may have, where it names one: its own discloser's first.
    pub(super) fn corrected_keys(&self) -> impl Iterator<Item = Key> {
        let message = match &self.checked.corrects {
            Some(Corrects::Message(message_id)) => Some(message_hash(message_id, self.checked.part)),
            Some(Corrects::Row(_)) | None => None,
        };
        let disclosers = self.checked.corrected_disclosers.iter();
        disclosers.filter_map(move |discloser| Some((*discloser, message?)))
    }

    fn corrected_row(&self) -> Option<DisclosureId> {
        match self.checked.corrects {
            Some(Corrects::Row(id)) => Some(id),
            Some(Corrects::Message(_)) | None => None,
        }
    }
}

/// Key that stands for "this row has been corrected": its discloser's, whoever corrects it.
pub(super) fn correction_key(row: &disclosure::Model) -> Key {
    (row.discloser_id, correction_hash(row.id))
}

async fn keys_of(db: &impl ConnectionTrait, keys: Vec<Key>) -> Result<HashMap<Key, disclosure_key::Model>, Error> {
    let mut found = HashMap::new();
    if keys.is_empty() {
        return Ok(found);
    }
    if db.get_database_backend() == DbBackend::Postgres {
        // The lateral join keeps to the index, however small the planner thinks the table is.
        let sql = "select k.* from unnest($1::uuid[], $2::bytea[]) as asked (discloser_id, message_hash) \
                   cross join lateral (select * from disclosure_key where disclosure_key.discloser_id = asked.discloser_id \
                   and disclosure_key.message_hash = asked.message_hash limit 1) as k";
        let disclosers = array_of(ArrayType::Uuid, keys.iter().map(|(discloser, _)| Uuid::from(*discloser)));
        let hashes = array_of(ArrayType::Bytes, keys.iter().map(|(_, hash)| hash.to_vec()));
        let asked = Statement::from_sql_and_values(DbBackend::Postgres, sql, [disclosers, hashes]);
        keep(&mut found, disclosure_key::Entity::find().from_raw_sql(asked).all(db).await?);
        return Ok(found);
    }
    for keys in keys.chunks(KEYS_PER_STATEMENT) {
        let disclosers: BTreeSet<OrganisationId> = keys.iter().map(|(discloser, _)| *discloser).collect();
        let hashes = keys.iter().map(|(_, hash)| hash.to_vec());
        let asked = disclosure_key::Entity::find()
            .filter(disclosure_key::Column::DiscloserId.is_in(disclosers))
            .filter(disclosure_key::Column::MessageHash.is_in(hashes));
        keep(&mut found, asked.all(db).await?);
    }
    Ok(found)
}

fn keep(found: &mut HashMap<Key, disclosure_key::Model>, rows: Vec<disclosure_key::Model>) {
    for row in rows {
        if let Ok(hash) = row.message_hash.as_slice().try_into() {
            found.insert((row.discloser_id, hash), row);
        }
    }
}

/// Rows of ids, month by month, for each month is a partition of its own.
async fn rows_of(
    db: &impl ConnectionTrait,
    ids: &BTreeSet<DisclosureId>,
) -> Result<HashMap<DisclosureId, disclosure::Model>, Error> {
    let dated: Vec<(DisclosureId, Instant)> = ids.iter().filter_map(|id| Some((*id, recorded_at(*id)?))).collect();
    let mut found = HashMap::new();
    let months = dated.chunk_by(|(_, a), (_, b)| (a.year(), a.month()) == (b.year(), b.month()));
    for ids in months.flat_map(|month| month.chunks(KEYS_PER_STATEMENT)) {
        // Ids rise with the instant they hold.
        let (Some((_, first)), Some((_, last))) = (ids.first(), ids.last()) else { continue };
        let rows = disclosure::Entity::find()
            .filter(disclosure::Column::Id.is_in(ids.iter().map(|(id, _)| *id)))
            .filter(disclosure::Column::RecordedAt.between(*first, *last));
        found.extend(rows.all(db).await?.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}
