//! Sets of codes many disclosures share, stored once and known by their content.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Display,
    sync::Arc,
};

use entity::{
    interned,
    vocabulary::{InternedId, ItemCode, LegalBasisId},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::{Error, journal::leaf::sha256};

/// Sets kept in memory; scopes have few distinct combinations, so this holds a nation's.
const CACHED_SETS_MAX: usize = 10_000;

/// Not every set a row shares could be read.
const SET_MISSING: Error = Error::Unavailable("what a disclosure consists of could not be read whole; ask again");

/// Ids asked for in one statement.
const IDS_PER_STATEMENT: usize = 500;

/// Set of codes with the id it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Its id.
    pub id: InternedId,
    /// Its members as stored.
    pub members: Arc<str>,
}

impl Set {
    /// Set of members as stored.
    pub fn of(members: String) -> Self {
        Self { id: interned_id(&members), members: members.into() }
    }
}

/// Members of a set as stored: sorted, separated by spaces.
pub fn members<T: Display>(members: impl IntoIterator<Item = T>) -> String {
    let members: BTreeSet<String> = members.into_iter().map(|member| member.to_string()).collect();
    members.into_iter().collect::<Vec<_>>().join(" ")
}

/// Members of a set of provisions.
pub fn basis_members(bases: &[LegalBasisId]) -> String {
    members(bases.iter().map(|id| id.0))
}

/// Id of a set: the first 16 bytes of the SHA-256 of its members.
pub fn interned_id(members: &str) -> InternedId {
    let hash = sha256(&[members.as_bytes()]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes).into()
}

/// Item codes of a set.
pub fn items(members: &str) -> Vec<ItemCode> {
    members.split_whitespace().filter_map(|code| code.parse().ok()).collect()
}

/// Provisions of a set.
pub fn bases(members: &str) -> Vec<LegalBasisId> {
    members.split_whitespace().filter_map(|id| Uuid::try_parse(id).ok()).map(LegalBasisId::from).collect()
}

/// Sets this process has seen. What stands here has been committed.
#[derive(Debug, Clone)]
pub struct InternedSets(Arc<quick_cache::sync::Cache<InternedId, Arc<str>>>);

impl Default for InternedSets {
    fn default() -> Self {
        Self(Arc::new(quick_cache::sync::Cache::new(CACHED_SETS_MAX)))
    }
}

impl InternedSets {
    /// Members of a set seen before.
    pub fn get(&self, id: InternedId) -> Option<Arc<str>> {
        self.0.get(&id)
    }

    /// Keeps a committed set.
    pub fn keep(&self, id: InternedId, members: &Arc<str>) {
        self.0.insert(id, Arc::clone(members));
    }

    /// Members of sets, read where they have not been seen.
    ///
    /// # Errors
    /// Unavailable when the database does not answer, or has not all of them.
    pub async fn read(
        &self,
        db: &impl ConnectionTrait,
        ids: impl IntoIterator<Item = InternedId>,
    ) -> Result<HashMap<InternedId, Arc<str>>, Error> {
        let ids: BTreeSet<InternedId> = ids.into_iter().collect();
        let mut found: HashMap<_, _> = ids.iter().filter_map(|id| Some((*id, self.get(*id)?))).collect();
        let wanted = ids.len();
        let unseen: Vec<InternedId> = ids.into_iter().filter(|id| !found.contains_key(id)).collect();
        for ids in unseen.chunks(IDS_PER_STATEMENT) {
            let rows = interned::Entity::find().filter(interned::Column::Id.is_in(ids.iter().copied())).all(db).await?;
            for row in rows {
                let members: Arc<str> = row.members.into();
                self.keep(row.id, &members);
                found.insert(row.id, members);
            }
        }
        // A row and its sets may be read over two connections, and the second may lead to a standby that is behind the first.
        if found.len() < wanted { Err(SET_MISSING) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_known_by_its_members_in_any_order() {
        assert_eq!(members(["B", "A", "B"]), "A B");
        assert_eq!(interned_id(&members(["B", "A"])), interned_id(&members(["A", "B"])));
        assert_ne!(interned_id("A"), interned_id("B"));
    }

    #[test]
    fn members_come_back_as_they_went_in() -> Result<(), entity::vocabulary::Malformed> {
        let codes: Vec<ItemCode> = vec!["KEL.DECISION".parse()?, "KEL.PENDING@X".parse()?];
        assert_eq!(items(&members(&codes)), codes);
        let ids = vec![LegalBasisId(Uuid::nil()), LegalBasisId(Uuid::max())];
        assert_eq!(bases(&basis_members(&ids)), ids);
        Ok(())
    }
}
