//! Which items of a scope nobody asks for.

use entity::vocabulary::{
    Channel, ClosedEnum, Day, Instant, ItemCode, Operation, ScopeId, ScopeItemId, ScopeStatus, helsinki_midnight,
};
use serde::{Deserialize, Serialize};

use crate::facts::{Dossier, ScopePart};

/// Days without use after which an item counts as unused, when the question does not say: a yearly task needs it still.
pub const UNUSED_DAYS_DEFAULT: i32 = 365;

/// Most days that may be asked about: ten years, longer than anyone keeps an agreement unreviewed.
pub const UNUSED_DAYS_MAX: i32 = 3_650;

/// Items asked for together over a channel, and the last day they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Channel.
    pub channel: Channel,
    /// Items.
    pub items: Vec<ItemCode>,
    /// Last civil day in Helsinki.
    pub last_on: Day,
}

/// Place in the list: by agreement number, channel, version and item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Number of the agreement.
    pub number: String,
    channel: String,
    version: i32,
    item: String,
    operation: String,
    id: uuid::Uuid,
}

/// Item of an open scope that is not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// Its place in the list.
    pub place: Place,
    /// Its scope.
    pub scope: ScopeId,
    /// The item of the scope.
    pub scope_item: ScopeItemId,
    /// Its code.
    pub item: ItemCode,
    /// What may be done with it.
    pub operation: Operation,
    /// Last day it was asked for; null for never.
    pub last_used_on: Option<Day>,
}

/// Whether an agreement has a scope that is open.
pub fn has_open_scope(dossier: &Dossier, at: Instant) -> bool {
    dossier.scopes.iter().any(|scope| is_open(scope, at))
}

fn is_open(scope: &ScopePart, at: Instant) -> bool {
    scope.status.at(at) == Some(ScopeStatus::Open)
}

/// Items of an agreement's open scopes that were not asked for since a day, in the order of their places. A scope that was
/// opened later than that has had no time to be used.
pub fn unused(dossier: &Dossier, uses: &[Use], since: Day, at: Instant) -> Vec<Unused> {
    let opened = |scope: &ScopePart| scope.status.reached(ScopeStatus::Open);
    let is_old = |scope: &&ScopePart| opened(scope).is_none_or(|from| from < helsinki_midnight(since));
    let scopes = dossier.scopes.iter().filter(|scope| is_open(scope, at)).filter(is_old);
    let mut unused: Vec<Unused> = scopes
        .flat_map(|scope| of_scope(dossier, scope, uses).filter(|item| item.last_used_on < Some(since)))
        .collect();
    unused.sort_unstable_by(|a, b| a.place.cmp(&b.place));
    unused
}

fn of_scope<'a>(dossier: &'a Dossier, scope: &'a ScopePart, uses: &'a [Use]) -> impl Iterator<Item = Unused> + 'a {
    scope.items.iter().map(move |part| {
        let row = &part.row;
        let uses = uses.iter().filter(|used| used.channel == scope.row.channel);
        let uses = uses.filter(|used| used.items.iter().any(|asked| is_used_by(&row.item_code, asked)));
        Unused {
            place: Place {
                number: dossier.row.number.clone(),
                channel: scope.row.channel.code().to_owned(),
                version: scope.row.version,
                item: row.item_code.to_string(),
                operation: row.operation.code().to_owned(),
                id: row.id.0,
            },
            scope: scope.row.id,
            scope_item: row.id,
            item: row.item_code.clone(),
            operation: row.operation,
            last_used_on: uses.map(|used| used.last_on).max(),
        }
    })
}

/// Whether asking an item uses an item of a scope: one that covers what was asked, and one below it, for whoever asks a
/// node asks everything below.
fn is_used_by(item: &ItemCode, asked: &ItemCode) -> bool {
    item.covers(asked) || asked.covers(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_used_by_what_lies_below_it_and_by_what_it_lies_below() -> Result<(), entity::vocabulary::Malformed> {
        for (item, asked, is_used) in [
            ("KEL.DECISION", "KEL.DECISION", true),
            ("KEL.DECISION", "KEL.DECISION.AMOUNT@PENSION", true),
            ("KEL.DECISION.AMOUNT", "KEL.DECISION", true),
            ("KEL.DECISION.AMOUNT", "KEL.DECISION.DATE", false),
            ("KEL.DECISION@PENSION", "KEL.DECISION@CHILD_HOME_CARE", false),
            ("KEL.DECISION", "KEL.DECISIONS", false),
        ] {
            assert_eq!(is_used_by(&item.parse()?, &asked.parse()?), is_used, "{item} {asked}");
        }
        Ok(())
    }
}
