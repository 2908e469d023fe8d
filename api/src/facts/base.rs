//! Rows of one table as they were read: in one block, shared by every later picture and never changed.
//!
//! A registry is read whole at each start and changes little afterwards, so nearly every row stands here: a pointer in
//! the order of ids, and four bytes for each parent.

use std::sync::Arc;

use uuid::Uuid;

use super::registered::Registered;

/// Rows that were read together.
#[derive(Debug)]
pub(super) struct Base<M: Registered> {
    /// In the order of ids.
    rows: Vec<Arc<M>>,
    /// Each parent with the place of its first row in `children`, in the order of parents.
    parents: Vec<(Uuid, u32)>,
    /// Places in `rows`, parent after parent.
    children: Vec<u32>,
    /// Natural keys with places in `rows`, in the order of keys.
    keys: Vec<(Box<str>, u32)>,
}

impl<M: Registered> Default for Base<M> {
    fn default() -> Self {
        Self { rows: Vec::new(), parents: Vec::new(), children: Vec::new(), keys: Vec::new() }
    }
}

impl<M: Registered> Base<M> {
    /// Block of rows in any order; their ids differ.
    pub(super) fn of(mut rows: Vec<Arc<M>>) -> Self {
        rows.sort_unstable_by_key(|row| row.id());
        rows.shrink_to_fit();
        let placed = || rows.iter().zip(0_u32..);
        let mut links: Vec<(Uuid, u32)> =
            placed().flat_map(|(row, place)| row.parents().map(move |parent| (parent, place))).collect();
        links.sort_unstable();
        links.dedup();
        let parents = links.chunk_by(|a, b| a.0 == b.0).scan(0_u32, |first, of_one| {
            let parent = (of_one[0].0, *first);
            *first += u32::try_from(of_one.len()).unwrap_or(u32::MAX);
            Some(parent)
        });
        let mut parents: Vec<_> = parents.collect();
        parents.shrink_to_fit();
        // By reference: collected out of `links` itself, they would keep its room, which is five times theirs.
        let children = links.iter().map(|(_, place)| *place).collect();
        let mut keys: Vec<(Box<str>, u32)> =
            placed().filter_map(|(row, place)| Some((row.key()?.into_boxed_str(), place))).collect();
        keys.sort_unstable();
        keys.shrink_to_fit();
        Self { rows, parents, children, keys }
    }

    pub(super) fn get(&self, id: M::Id) -> Option<&Arc<M>> {
        self.rows.binary_search_by_key(&id, |row| row.id()).ok().map(|place| &self.rows[place])
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Every row, in the order of ids.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<M>> {
        self.rows.iter()
    }

    /// Rows of a parent, in the order of ids.
    pub(super) fn of_parent(&self, parent: Uuid) -> impl Iterator<Item = &Arc<M>> {
        let found = self.parents.binary_search_by_key(&parent, |(parent, _)| *parent).ok();
        let children = found.map_or(&[][..], |at| {
            let first = |at: usize| self.parents.get(at).map_or(self.children.len(), |(_, first)| *first as usize);
            &self.children[first(at)..first(at + 1)]
        });
        children.iter().map(|place| &self.rows[*place as usize])
    }

    /// Rows whose key is not before `key`, in the order of keys, each with its key.
    pub(super) fn at_and_after<'a>(&'a self, key: &str) -> impl Iterator<Item = (&'a str, &'a Arc<M>)> + use<'a, M> {
        let first = self.keys.partition_point(|(other, _)| other.as_ref() < key);
        self.keys[first..].iter().map(|(key, place)| (key.as_ref(), &self.rows[*place as usize]))
    }
}
