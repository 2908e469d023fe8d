//! One registry table in memory, with its natural key and its parents as indexes.

use std::sync::Arc;

use entity::vocabulary::RowId;
use imbl::{OrdMap, OrdSet};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Row of the registry: what the facts need to know of every table.
pub trait Registered: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its identifier.
    type Id: RowId;

    /// Identifier of the row.
    fn id(&self) -> Self::Id;

    /// Rows it belongs to or points at, by which it is looked up.
    fn parents(&self) -> Vec<Uuid> {
        Vec::new()
    }

    /// Natural key; null where the row has none.
    fn key(&self) -> Option<String> {
        None
    }
}

/// Rows of one table in the order of their ids. Cloning shares everything.
#[derive(Debug)]
pub struct Table<M: Registered> {
    rows: OrdMap<M::Id, Arc<M>>,
    by_parent: OrdSet<(Uuid, M::Id)>,
    by_key: OrdMap<String, M::Id>,
}

impl<M: Registered> Clone for Table<M> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), by_parent: self.by_parent.clone(), by_key: self.by_key.clone() }
    }
}

impl<M: Registered> Default for Table<M> {
    fn default() -> Self {
        Self { rows: OrdMap::new(), by_parent: OrdSet::new(), by_key: OrdMap::new() }
    }
}

impl<M: Registered> Table<M> {
    /// Row of an id.
    pub fn get(&self, id: M::Id) -> Option<&Arc<M>> {
        self.rows.get(&id)
    }

    /// Row of a natural key.
    pub fn by_key(&self, key: &str) -> Option<&Arc<M>> {
        self.by_key.get(key).and_then(|id| self.rows.get(id))
    }

    /// Rows whose natural key starts with `prefix`, in the order of their keys.
    pub fn by_key_prefix(&self, prefix: String) -> impl Iterator<Item = &Arc<M>> {
        self.by_key
            .range(prefix.clone()..)
            .take_while(move |(key, _)| key.starts_with(&prefix))
            .filter_map(|(_, id)| self.rows.get(id))
    }

    /// Rows that belong to or point at `parent`, in the order of their ids.
    pub fn of(&self, parent: impl Into<Uuid>) -> impl Iterator<Item = &Arc<M>> {
        let parent = parent.into();
        let (first, last) = (M::Id::from(Uuid::nil()), M::Id::from(Uuid::max()));
        self.by_parent.range((parent, first)..=(parent, last)).filter_map(|(_, id)| self.rows.get(id))
    }

    /// Every row, in the order of ids.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = &Arc<M>> {
        self.rows.values()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts a row in the place of the one with its id; the earlier row, if any.
    pub(super) fn put(&mut self, row: Arc<M>) -> Option<Arc<M>> {
        let id = row.id();
        let earlier = self.remove(id);
        for parent in row.parents() {
            self.by_parent.insert((parent, id));
        }
        if let Some(key) = row.key() {
            self.by_key.insert(key, id);
        }
        self.rows.insert(id, row);
        earlier
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, id: M::Id) -> Option<Arc<M>> {
        let earlier = self.rows.remove(&id)?;
        for parent in earlier.parents() {
            self.by_parent.remove(&(parent, id));
        }
        if let Some(key) = earlier.key()
            && self.by_key.get(&key) == Some(&id)
        {
            self.by_key.remove(&key);
        }
        Some(earlier)
    }
}

impl<M: Registered + PartialEq> PartialEq for Table<M> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}
