//! One registry table in memory, with its natural key and its parents as indexes.

use std::{ops::Bound, sync::Arc};

use imbl::{OrdMap, OrdSet};
use uuid::Uuid;

use super::{base::Base, registered::Registered};

/// Rows of one table in the order of their ids. Cloning shares everything.
///
/// What was read stands in one block; what changed since stands over it in persistent maps.
#[derive(Debug)]
pub struct Table<M: Registered> {
    base: Arc<Base<M>>,
    /// Rows put since; none for one taken out that stands in the block.
    changed: OrdMap<M::Id, Option<Arc<M>>>,
    /// Parents and ids of the rows in `changed`; of all tables alike, so that the program has these maps once.
    by_parent: OrdSet<(Uuid, Uuid)>,
    /// Keys and ids of the rows in `changed`, as above.
    by_key: OrdMap<String, Uuid>,
    len: usize,
}

impl<M: Registered> Clone for Table<M> {
    fn clone(&self) -> Self {
        Self {
            base: Arc::clone(&self.base),
            changed: self.changed.clone(),
            by_parent: self.by_parent.clone(),
            by_key: self.by_key.clone(),
            len: self.len,
        }
    }
}

impl<M: Registered> Default for Table<M> {
    fn default() -> Self {
        Self::read(Vec::new())
    }
}

impl<M: Registered> Table<M> {
    /// Table of rows as they were read, in any order; their ids differ.
    pub(super) fn read(rows: Vec<Arc<M>>) -> Self {
        let base = Base::of(rows);
        let len = base.len();
        Self { base: base.into(), changed: OrdMap::new(), by_parent: OrdSet::new(), by_key: OrdMap::new(), len }
    }

    /// Row of an id.
    pub fn get(&self, id: M::Id) -> Option<&Arc<M>> {
        match self.changed.get(&id) {
            Some(row) => row.as_ref(),
            None => self.base.get(id),
        }
    }

    /// Row of a natural key.
    pub fn by_key(&self, key: &str) -> Option<&Arc<M>> {
        let changed = self.by_key.get(key).and_then(|id| self.put_since((*id).into()));
        changed.or_else(|| {
            let (found, row) = self.base.at_and_after(key).next()?;
            (found == key && self.stands(row)).then_some(row)
        })
    }

    /// Rows whose natural key starts with `prefix`, in the order of their keys.
    pub fn by_key_prefix(&self, prefix: String) -> impl Iterator<Item = &Arc<M>> {
        let (base_prefix, changed_prefix) = (prefix.clone(), prefix.clone());
        let base = self
            .base
            .at_and_after(&prefix)
            .take_while(move |(key, _)| key.starts_with(&base_prefix))
            .map(|(_, row)| row)
            .filter(|row| self.stands(row));
        let changed = self
            .by_key
            .range(prefix..)
            .take_while(move |(key, _)| key.starts_with(&changed_prefix))
            .filter_map(|(_, id)| self.put_since((*id).into()));
        merged(base, changed, M::key)
    }

    /// Rows whose natural key comes after one, in the order of their keys.
    pub fn after_key<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Arc<M>> {
        let base = self.base.at_and_after(key).skip_while(move |(own, _)| *own == key).map(|(_, row)| row);
        let changed = self.by_key.range((Bound::Excluded(key.to_owned()), Bound::Unbounded));
        let changed = changed.filter_map(|(_, id)| self.put_since((*id).into()));
        merged(base.filter(|row| self.stands(row)), changed, M::key)
    }

    /// Rows that belong to or point at `parent`, in the order of their ids.
    pub fn of(&self, parent: impl Into<Uuid>) -> impl Iterator<Item = &Arc<M>> {
        let parent = parent.into();
        let changed = self.by_parent.range((parent, Uuid::nil())..=(parent, Uuid::max()));
        merged(
            self.base.of_parent(parent).filter(|row| self.stands(row)),
            changed.filter_map(|(_, id)| self.put_since((*id).into())),
            M::id,
        )
    }

    /// Every row, in the order of ids.
    pub fn all(&self) -> impl Iterator<Item = &Arc<M>> {
        merged(self.base.all().filter(|row| self.stands(row)), self.changed.values().filter_map(Option::as_ref), M::id)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a row in the place of the one with its id; the earlier row, if any.
    pub(super) fn put(&mut self, row: Arc<M>) -> Option<Arc<M>> {
        let id = row.id();
        let earlier = self.unlinked(id);
        for parent in row.parents() {
            self.by_parent.insert((parent, id.into()));
        }
        if let Some(key) = row.key() {
            self.by_key.insert(key, id.into());
        }
        self.changed.insert(id, Some(row));
        self.len += usize::from(earlier.is_none());
        earlier
    }

    /// Takes a row out.
    pub(super) fn remove(&mut self, id: M::Id) -> Option<Arc<M>> {
        let earlier = self.unlinked(id)?;
        if self.base.get(id).is_some() {
            self.changed.insert(id, None);
        } else {
            self.changed.remove(&id);
        }
        self.len -= 1;
        Some(earlier)
    }

    /// Row put since the block was read.
    fn put_since(&self, id: M::Id) -> Option<&Arc<M>> {
        self.changed.get(&id).and_then(Option::as_ref)
    }

    /// Whether a row of the block has neither been replaced nor taken out.
    fn stands(&self, row: &M) -> bool {
        self.changed.is_empty() || !self.changed.contains_key(&row.id())
    }

    /// Row as it stands, no longer found by its parents and its key.
    fn unlinked(&mut self, id: M::Id) -> Option<Arc<M>> {
        let Some(changed) = self.changed.get(&id) else { return self.base.get(id).cloned() };
        let row = changed.clone()?;
        for parent in row.parents() {
            self.by_parent.remove(&(parent, id.into()));
        }
        if let Some(key) = row.key()
            && self.by_key.get(&key) == Some(&id.into())
        {
            self.by_key.remove(&key);
        }
        Some(row)
    }
}

/// Rows of the block and rows put since, each in one order, together in that order.
fn merged<'a, M: 'a, K: Ord>(
    base: impl Iterator<Item = &'a Arc<M>>,
    changed: impl Iterator<Item = &'a Arc<M>>,
    order: impl Fn(&M) -> K,
) -> impl Iterator<Item = &'a Arc<M>> {
    let (mut base, mut changed) = (base.peekable(), changed.peekable());
    std::iter::from_fn(move || match (base.peek(), changed.peek()) {
        (Some(read), Some(put)) if order(read) < order(put) => base.next(),
        (_, Some(_)) => changed.next(),
        (_, None) => base.next(),
    })
}

impl<M: Registered + PartialEq> PartialEq for Table<M> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.all().eq(other.all())
    }
}
