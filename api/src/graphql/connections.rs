//! Connections: pages of a list in a stated order, forward from a cursor.
//!
//! A cursor holds the name of its list and the sort key of its entry, so that a page begins where the last one ended
//! whatever came in between, and no cursor is taken for one of another list or another order.

use std::borrow::Cow;

use async_graphql::{Context, Lookahead, Object, ObjectType, OutputType, SimpleObject, TypeName};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use super::plain::{Plain, PlainList};
use crate::{Error, Fault, FaultCode};

/// Entries of a page when the caller does not say.
pub const PAGE_SIZE_DEFAULT: u32 = 20;

/// Characters of a cursor; ours are shorter, with three texts of 200 characters outside ASCII.
const CURSOR_CHARACTERS_MAX: usize = 4_000;

/// Page asked for: entries after a sort key, and how many.
///
/// The key orders the list and ends in what makes it unique, such as the row's id; for a descending order wrap it in
/// [`std::cmp::Reverse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<K> {
    list: String,
    /// Key of the last entry before the page; null for the first page.
    pub after: Option<K>,
    /// Entries of the page.
    pub count: usize,
}

impl<K: Ord + Serialize + DeserializeOwned> Page<K> {
    /// Page of the arguments `first` and `after` in a list, named with whatever its order rests on.
    ///
    /// # Errors
    /// Limit exceeded above `PAGE_SIZE_MAX`, here `count_max`; invalid for a page of nothing or a foreign cursor.
    pub fn of(list: impl Into<String>, first: Option<i32>, after: Option<&str>, count_max: u32) -> Result<Self, Error> {
        let list = list.into();
        let count = match first.map(u32::try_from) {
            None => PAGE_SIZE_DEFAULT.min(count_max),
            Some(Ok(count)) if count > count_max => {
                let allowed = u64::from(count_max);
                return Err(Error::LimitExceeded { limit: "PAGE_SIZE_MAX", allowed, retry_after_seconds: None });
            }
            Some(Ok(count)) if count > 0 => count,
            Some(_) => return Err(invalid("first", &format!("must be 1 to {count_max}"))),
        };
        let after = match after {
            None => None,
            Some(cursor) => Some(decode(&list, cursor).ok_or_else(|| invalid("after", "is no cursor of this list"))?),
        };
        Ok(Self { list, after, count: count as usize })
    }

    /// Entries to fetch: those of the page and one more, which tells whether there is a next page.
    pub fn fetch(&self) -> u64 {
        self.count as u64 + 1
    }

    /// Connection of entries in the order of their keys; those up to the cursor are passed over. Nodes are made only of
    /// the entries on the page.
    pub fn connection<A, T: OutputType>(
        &self,
        entries: impl IntoIterator<Item = (K, A)>,
        mut node: impl FnMut(A) -> T,
    ) -> Connection<T> {
        let passed = |key: &K| self.after.as_ref().is_some_and(|after| key <= after);
        let mut entries = entries.into_iter().skip_while(|(key, _)| passed(key));
        let page: Vec<_> = entries.by_ref().take(self.count).collect();
        self.fetched(page, entries.next().is_some(), &mut node)
    }

    /// Connection of the page's own entries, fetched in the order of their keys.
    pub fn fetched<A, T: OutputType>(
        &self,
        entries: impl IntoIterator<Item = (K, A)>,
        has_next_page: bool,
        mut node: impl FnMut(A) -> T,
    ) -> Connection<T> {
        let edges: Vec<_> =
            entries.into_iter().map(|(key, entry)| Edge { cursor: self.cursor(&key), node: node(entry) }).collect();
        let page_info = PageInfo {
            has_next_page,
            has_previous_page: self.after.is_some(),
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Connection { edges, page_info, total_count: None }
    }

    /// Where a page of entries between two keys stands.
    pub fn info(&self, first: Option<&K>, last: Option<&K>, has_next_page: bool) -> PageInfo {
        PageInfo {
            has_next_page,
            has_previous_page: self.after.is_some(),
            start_cursor: first.map(|key| self.cursor(key)),
            end_cursor: last.map(|key| self.cursor(key)),
        }
    }

    fn cursor(&self, key: &K) -> String {
        // INVARIANT: keys are texts, numbers, days and ids, which JSON always holds.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(&self.list, key)).unwrap_or_default())
    }
}

/// Page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    page_info: PageInfo,
    total_count: Option<usize>,
}

impl<T> Connection<T> {
    /// The same, with the number of all entries that match.
    #[must_use]
    pub fn of_total(self, count: usize) -> Self {
        Self { total_count: Some(count), ..self }
    }
}

/// Page of a list in its stated order.
#[Object(name_type)]
impl<T: ObjectType> Connection<T> {
    /// Entries of the page.
    async fn nodes(&self) -> PlainList<&T> {
        PlainList(self.edges.iter().map(|edge| &edge.node).collect())
    }

    /// Entries of the page with their cursors.
    async fn edges(&self) -> PlainList<&Edge<T>> {
        PlainList(self.edges.iter().collect())
    }

    /// Where the page stands in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// Number of all entries that match; null where counting them would cost more than the page.
    async fn total_count(&self) -> Option<usize> {
        self.total_count
    }
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// Entry of a page with its cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge<T> {
    cursor: String,
    node: T,
}

/// Entry of a page with its cursor.
#[Object(name_type)]
impl<T: ObjectType> Edge<T> {
    /// Opaque place of the entry, for `after`; stays good when entries come and go.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// Entry itself.
    async fn node(&self) -> Plain<&T> {
        Plain(&self.node)
    }
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, SimpleObject)]
pub struct PageInfo {
    /// Whether entries follow the page.
    has_next_page: bool,
    /// Whether the page began after a cursor.
    has_previous_page: bool,
    /// Cursor of the first entry; null for an empty page.
    start_cursor: Option<String>,
    /// Cursor of the last entry, for `after` of the next page; null for an empty page.
    end_cursor: Option<String>,
}

/// What is asked of the entries of the connection a field answers with, by either way to them.
pub fn asked_of_nodes<'a>(ctx: &'a Context<'_>) -> [Lookahead<'a>; 2] {
    let look = ctx.look_ahead();
    [look.field("nodes"), look.field("edges").field("node")]
}

/// Key of a cursor of the list.
fn decode<K: DeserializeOwned>(list: &str, cursor: &str) -> Option<K> {
    let cursor = Some(cursor).filter(|cursor| cursor.len() <= CURSOR_CHARACTERS_MAX)?;
    let (of, key): (String, K) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    (of == list).then_some(key)
}

fn invalid(path: &str, message: &str) -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Malformed, path, message)])
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::prelude::*;

    use super::*;

    type Key = (String, u32);

    fn keys(names: &[&str]) -> Vec<(Key, u32)> {
        names.iter().zip(0..).map(|(name, id)| (((*name).to_owned(), id), id)).collect()
    }

    fn nodes(connection: &Connection<u32>) -> Vec<u32> {
        connection.edges.iter().map(|edge| edge.node).collect()
    }

    #[test]
    fn pages_follow_one_another_through_the_whole_list() {
        let list = keys(&["a", "a", "b", "c", "d"]);
        let mut after: Option<String> = None;
        let mut seen = Vec::new();
        loop {
            let page = Page::<Key>::of("list", Some(2), after.as_deref(), 100).unwrap();
            let connection = page.connection(list.clone(), |id| id);
            assert_eq!(connection.page_info.has_previous_page, after.is_some());
            seen.extend(nodes(&connection));
            after = connection.page_info.end_cursor;
            if !connection.page_info.has_next_page {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn cursor_keeps_its_place_when_entries_come_and_go() {
        let first = Page::<Key>::of("list", Some(2), None, 100).unwrap().connection(keys(&["a", "b", "c"]), |id| id);
        let later = [("a", 0), ("aa", 9), ("bb", 8), ("c", 2)].map(|(name, id)| ((name.to_owned(), id), id));
        let page = Page::<Key>::of("list", None, first.page_info.end_cursor.as_deref(), 100).unwrap();
        assert_eq!(nodes(&page.connection(later, |id| id)), [8, 2]);
    }

    #[test]
    fn descending_list_pages_by_reversed_keys() {
        let list = || [30_u32, 20, 10].map(|key| (Reverse(key), key));
        let first = Page::<Reverse<u32>>::of("list", Some(1), None, 100).unwrap().connection(list(), |id| id);
        let page = Page::<Reverse<u32>>::of("list", Some(9), first.page_info.end_cursor.as_deref(), 100).unwrap();
        assert_eq!(nodes(&page.connection(list(), |id| id)), [20, 10]);
    }

    #[test]
    fn page_of_nothing_or_of_too_much_is_refused() {
        for first in [0, -1, i32::MIN] {
            assert!(matches!(Page::<u32>::of("list", Some(first), None, 100), Err(Error::Invalid(_))), "{first}");
        }
        assert!(matches!(
            Page::<u32>::of("list", Some(101), None, 100),
            Err(Error::LimitExceeded { allowed: 100, .. })
        ));
        assert_eq!(Page::<u32>::of("list", Some(100), None, 100).unwrap().count, 100);
        assert_eq!(Page::<u32>::of("list", None, None, 100).unwrap().count, 20);
    }

    #[test]
    fn foreign_cursor_is_refused_at_its_place() {
        let long = "A".repeat(4_001);
        for cursor in ["", "!", "MQ==", "bnVsbA", &long] {
            let Err(Error::Invalid(faults)) = Page::<Key>::of("list", None, Some(cursor), 100) else {
                panic!("{cursor}")
            };
            assert_eq!(faults[0].path, ["after"]);
        }
    }

    #[test]
    fn cursor_of_another_order_is_refused() {
        let first = Page::<Key>::of("list NUMBER", Some(1), None, 100).unwrap().connection(keys(&["a", "b"]), |id| id);
        let cursor = first.page_info.end_cursor;
        assert!(Page::<Key>::of("list NUMBER", None, cursor.as_deref(), 100).is_ok());
        for list in ["list ENDS_ON", "list", ""] {
            let Err(Error::Invalid(faults)) = Page::<Key>::of(list, None, cursor.as_deref(), 100) else {
                panic!("{list}")
            };
            assert_eq!(faults[0].message, "is no cursor of this list");
        }
    }

    #[test]
    fn cursor_of_the_longest_texts_is_read() {
        let longest = || (vec!["𐍈".repeat(200); 3], ());
        let first = Page::of("list", Some(1), None, 100).unwrap().connection([longest()], |()| 0);
        let page = Page::of("list", Some(1), first.page_info.end_cursor.as_deref(), 100);
        assert_eq!(page.map(|page| page.after).ok().flatten(), Some(longest().0));
    }

    #[test]
    fn empty_list_is_an_empty_page() {
        let connection = Page::<u32>::of("list", None, None, 100).unwrap().connection([], |id: u32| id).of_total(0);
        assert_eq!(connection.page_info.end_cursor, None);
        assert!(!connection.page_info.has_next_page);
        assert_eq!(connection.total_count, Some(0));
    }

    proptest! {
        #[test]
        fn every_entry_is_on_exactly_one_page(mut keys in proptest::collection::vec(0..1_000_u32, 0..60), size in 1..9_i32) {
            keys.sort_unstable();
            keys.dedup();
            let (mut seen, mut after, mut more) = (Vec::new(), None, true);
            while more {
                let page = Page::<u32>::of("list", Some(size), after.as_deref(), 100).unwrap();
                let connection = page.connection(keys.iter().map(|key| (*key, *key)), |key| key);
                seen.extend(nodes(&connection));
                (after, more) = (connection.page_info.end_cursor, connection.page_info.has_next_page);
            }
            prop_assert_eq!(seen, keys);
        }
    }
}
