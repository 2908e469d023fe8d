//! Scopes: how large one may be, how it is defined, and how it comes into use and out of it (R38–R43).

pub mod bases;
mod definition;
mod item;
mod narrowing;

pub use definition::{DefinitionInput, define, newest};
pub use item::ItemInput;

use entity::{
    scope,
    vocabulary::{Instant, ScopeStatus, StatusSubject},
};

use crate::{
    facts::{Dossier, Edit, Facts},
    status,
};

/// Most scopes of one agreement, over every channel and version: an answer holds all of them.
pub const SCOPES_MAX: usize = 50;

/// Most purposes of one scope.
pub const PURPOSES_MAX: usize = 20;

/// Most items of one scope.
pub const ITEMS_MAX: usize = 1_000;

/// Most provisions one item rests on.
pub const CITATIONS_MAX: usize = 20;

/// Most mandate themes the items of one scope require together.
pub const THEMES_MAX: usize = 20;

/// Scope as it stands afterwards, and the entry of its history.
fn moved(
    facts: &Facts,
    row: scope::Model,
    status: ScopeStatus,
    by: (&str, Instant),
    reason: Option<String>,
) -> [Edit; 2] {
    let entry = status::entry(facts, (StatusSubject::Scope, row.id.0), status, by, reason);
    [scope::Model { status, ..row }.into(), entry.into()]
}

/// Closes the versions of a channel that another takes the place of.
fn replaced_by(
    facts: &Facts,
    dossier: &Dossier,
    successor: &scope::Model,
    gives_way: impl Fn(ScopeStatus) -> bool,
    by: (&str, Instant),
) -> Vec<Edit> {
    let others = dossier.scopes.iter().map(|scope| scope.row.as_ref()).filter(|row| row.id != successor.id);
    let of_channel = others.filter(|row| row.channel == successor.channel && row.status != ScopeStatus::Closed);
    let earlier = of_channel.filter(|row| gives_way(row.status));
    let reason = format!("replaced by version {}", successor.version);
    earlier.flat_map(|row| moved(facts, row.clone(), ScopeStatus::Closed, by, Some(reason.clone()))).collect()
}
