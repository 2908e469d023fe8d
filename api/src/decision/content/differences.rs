//! In what two contents differ, place by place, and which differences give more than before.

use std::collections::BTreeMap;

use entity::vocabulary::{Channel, Day, ItemCode, helsinki_midnight};

use super::{
    Content, ItemContent,
    terms::{Term, Terms, Width, reach, terms},
};
use crate::facts::Catalogue;

/// How two contents differ at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Stands only in the later one; gives more.
    Added,
    /// Stood only in the earlier one; gives less.
    Removed,
    /// A limit gives more than before, or is simply another.
    Widened,
    /// A limit gives less than before.
    Narrowed,
}

/// One difference of two contents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Place, from the content on, such as `scopes`, `TECHNICAL_INTERFACE`, `purposes`, `TAXATION`.
    pub path: Vec<String>,
    /// How it differs.
    pub kind: DifferenceKind,
    /// What stood there; null where nothing did.
    pub before: Option<String>,
    /// What stands there; null where nothing does.
    pub after: Option<String>,
}

impl Difference {
    /// Whether it gives more, so that both parties must agree.
    pub fn gives_more(&self) -> bool {
        matches!(self.kind, DifferenceKind::Added | DifferenceKind::Widened)
    }
}

/// Differences of two contents of one register's catalogue, by place. A part that is wholly new or gone is one.
pub fn differences(earlier: &Content, later: &Content, catalogue: Option<&Catalogue>) -> Vec<Difference> {
    let (before, after) = (terms(earlier), terms(later));
    let items = items(later);
    let mut found = Vec::new();
    for (path, term) in &before {
        match after.get(path) {
            None if !has_ancestor(path, &before, &after) => found.push(gone(path, term)),
            Some(now) if now.said != term.said || now.width != term.width => found.push(changed(path, term, now)),
            _ => {}
        }
    }
    for (path, term) in &after {
        if !before.contains_key(path) && !has_ancestor(path, &after, &before) {
            found.push(new(path, term, (earlier, &items), catalogue));
        }
    }
    found.sort();
    found
}

/// Whether a part above a place stands in one content only.
fn has_ancestor(path: &[String], here: &Terms, there: &Terms) -> bool {
    (1..path.len()).any(|length| here.contains_key(&path[..length]) && !there.contains_key(&path[..length]))
}

fn gone(path: &[String], term: &Term) -> Difference {
    let kind = if term.width == Width::Restricts { DifferenceKind::Widened } else { DifferenceKind::Removed };
    Difference { path: path.to_vec(), kind, before: Some(term.said.clone()), after: None }
}

fn changed(path: &[String], before: &Term, after: &Term) -> Difference {
    let narrowed = matches!((before.width, after.width), (Width::Ordered(was), Width::Ordered(is)) if is < was);
    let kind = if narrowed { DifferenceKind::Narrowed } else { DifferenceKind::Widened };
    Difference { path: path.to_vec(), kind, before: Some(before.said.clone()), after: Some(after.said.clone()) }
}

fn new(
    path: &[String],
    term: &Term,
    (earlier, items): (&Content, &Items<'_>),
    catalogue: Option<&Catalogue>,
) -> Difference {
    let within = items.get(path).and_then(|(channel, part)| {
        let scope = earlier.scopes.iter().find(|scope| scope.channel == *channel)?;
        let mut wholes = scope.items.iter();
        wholes.find(|whole| gives((whole, scope.defined_on), part, catalogue)).map(|whole| whole.item.to_string())
    });
    let kind = match (term.width, &within) {
        (Width::Restricts, _) | (_, Some(_)) => DifferenceKind::Narrowed,
        _ => DifferenceKind::Added,
    };
    Difference { path: path.to_vec(), kind, before: within, after: Some(term.said.clone()) }
}

/// Items of a content by their places, with their channels.
type Items<'a> = BTreeMap<Vec<String>, (Channel, &'a ItemContent)>;

fn items(content: &Content) -> Items<'_> {
    let of_scopes = content.scopes.iter().flat_map(|scope| scope.items.iter().map(move |item| (scope.channel, item)));
    let place = |channel: Channel, item: &ItemContent| {
        let [channel, code, operation] = [channel.to_string(), item.item.to_string(), item.operation.to_string()];
        vec!["scopes".to_owned(), channel, "items".to_owned(), code, operation]
    };
    of_scopes.map(|(channel, item)| (place(channel, item), (channel, item))).collect()
}

/// Whether an item of a scope defined on a day gives all that another does: it covers it by code, the other stood in the
/// register before that day, and no limit of the other is wider.
fn gives((whole, since): (&ItemContent, Day), part: &ItemContent, catalogue: Option<&Catalogue>) -> bool {
    let is_shorter = match (whole.look_back_days, part.look_back_days) {
        (None, _) => true,
        (Some(whole), Some(part)) => part <= whole,
        (Some(_), None) => false,
    };
    let stood = || {
        catalogue
            .and_then(|catalogue| catalogue.item(&part.item))
            .is_some_and(|item| item.valid_from < helsinki_midnight(since))
    };
    whole.operation == part.operation
        && reaches(&whole.item, &part.item, catalogue)
        && (whole.item.node() == part.item.node() || stood())
        && is_shorter
        && reach(part.population) <= reach(whole.population)
        && part.bases.iter().all(|basis| whole.bases.contains(basis))
        && whole.mandates.iter().all(|mandate| part.mandates.contains(mandate))
}

/// Whether an item below another is what that already covers: identity codes never are, they are covered by name only.
pub fn reaches(item: &ItemCode, below: &ItemCode, catalogue: Option<&Catalogue>) -> bool {
    let by_name = item.node() == below.node();
    let named_only = catalogue.and_then(|catalogue| catalogue.item(below)).is_none_or(|item| item.is_identity_code);
    item.covers_parts(below.node(), below.qualifier()) && (by_name || !named_only)
}
