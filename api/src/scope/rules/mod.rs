//! Scopes: how large one may be, how it is defined, and how it comes into use and out of it (R38–R43).

pub mod bases;
mod definition;
mod item;
mod narrowing;
mod progress;
mod standing;

pub use definition::{DefinitionInput, as_reviewed, define};
pub use item::ItemInput;
pub use progress::{ImplementationInput, TestInput, mark_implemented, mark_tested};
pub use standing::{StandingInput, SuspensionInput, close, open, resume, suspend};

use entity::{
    scope, status_entry,
    vocabulary::{AgreementId, Instant, ScopeId, ScopeStatus, StatusSubject},
};

use crate::{
    FaultCode,
    checks::Checks,
    decision,
    facts::{Dossier, Edit, Facts, ScopePart},
    status,
};

/// Most scopes of one agreement that are not closed, over every channel and version.
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
) -> (scope::Model, status_entry::Model) {
    let entry = status::entry(facts, (StatusSubject::Scope, row.id.0), status, by, reason);
    (scope::Model { status, ..row }, entry)
}

/// Scope of an id in one of some statuses, in an agreement that lives; `known` is its agreement, as far as the asker may
/// know its scopes.
fn in_status<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    (id, known): (&str, Option<AgreementId>),
    statuses: &[ScopeStatus],
) -> Option<(&'a Dossier, &'a ScopePart)> {
    let id = checks.parsed::<ScopeId>("id", id)?;
    let dossier = known.and_then(|agreement| facts.dossier(agreement)).map(AsRef::as_ref);
    let found = dossier.and_then(|dossier| Some((dossier, dossier.scope(id)?)));
    let (dossier, scope) = checks.found("id", found, "scope")?;
    let refused = if !decision::is_alive(dossier.row.status) {
        format!("the agreement is {}", dossier.row.status)
    } else if !statuses.contains(&scope.row.status) {
        format!("the scope is {}", scope.row.status)
    } else {
        return Some((dossier, scope));
    };
    checks.fault(FaultCode::WrongStatus, "id", refused);
    None
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
    let closed = earlier.map(|row| moved(facts, row.clone(), ScopeStatus::Closed, by, Some(reason.clone())));
    closed.flat_map(|(row, entry)| [row.into(), entry.into()]).collect()
}
