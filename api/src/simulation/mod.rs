//! What would be, if: the registry with some changes supposed, judged by the same rules, and nothing written.
//!
//! What is supposed is done by the rules of the acts that would do it, on a picture of its own. What it comes to is read
//! off the two pictures: which agreements and decisions change, whom to tell, and how many disclosures of a time that has
//! passed would not have been permitted.

mod effects;
pub mod graphql;
mod supposing;
mod window;

use std::{collections::BTreeSet, sync::Arc};

use entity::vocabulary::{AgreementId, Instant};

pub use effects::{Decided, Effect};
pub use supposing::{Narrowing, Supposed};
pub use window::{Counted, EXAMINED_MAX, Looked, Window};

use crate::{
    Error, Fault,
    auth::{Sight, policy},
    context::{Context, View},
    disclosure::interned::InternedSets,
    facts::{Edit, Facts, Row},
};
use effects::{Pictures, backdated, effects};
use window::Ground;

/// Changes that may be supposed together.
pub const CHANGES_MAX: usize = 20;

/// What is supposed, and when it is looked at.
#[derive(Debug, Clone)]
pub struct Supposition {
    /// The changes, each on what the one before left.
    pub changes: Vec<Supposed>,
    /// Instant to look at; that at which all of them show when absent.
    pub at: Option<Instant>,
    /// Time whose disclosures are judged.
    pub window: Option<Window>,
}

/// What it comes to.
pub struct Simulated {
    /// As it is, at the instant looked at.
    pub before: View,
    /// As it would be.
    pub after: View,
    /// Agreements that change, of those whose side or auditor the viewer is, in the order of their numbers.
    pub effects: Vec<Effect>,
    /// Disclosures of the window; null when none was asked about.
    pub window: Option<Looked>,
}

/// Supposes changes and looks what they come to.
///
/// # Errors
/// Invalid with every fault of the first change that could not be made; unavailable when the database does not answer.
pub async fn simulate(ctx: &Context, sets: &InternedSets, asked: &Supposition) -> Result<Simulated, Error> {
    ctx.fresh()?;
    let (view, now) = (&ctx.view, ctx.now);
    let (mut supposed, edits) = supposed(&view.facts, &asked.changes, now).map_err(Error::Invalid)?;
    // Of two acts on one thing the later enters its history after the earlier.
    let entered = edits.iter().filter_map(|edit| match edit {
        Edit::Put(Row::StatusEntry(entry)) => Some(entry.from_at),
        _ => None,
    });
    let shown = asked.changes.iter().map(|change| change.shows_from(now)).chain(entered).fold(now, Instant::max);
    let at = asked.at.unwrap_or(shown);
    let seen = seen(view, &asked.changes, &supposed);
    supposed.seq = view.facts.seq;
    let is_seen = |id| is_seen(view, id);
    let pictures = Pictures { before: &view.facts, after: &supposed, is_seen: &is_seen };
    let mut found: Vec<Effect> = effects(&pictures, seen.iter().copied(), at).collect();
    let number = |id: AgreementId| view.facts.agreement.get(id).map(|row| row.number.clone());
    found.sort_by_cached_key(|effect| number(effect.agreement));
    let window = match asked.window {
        None => None,
        Some(window) => {
            let mut seen: Vec<AgreementId> = seen.into_iter().collect();
            seen.sort_by_cached_key(|id| number(*id));
            let earlier = backdated(&view.facts, &edits, window.from);
            let ground = Ground {
                gateway: ctx.gateway(),
                sets,
                rows: policy::rows(view.present(), &view.viewer)?,
                pictures: Pictures {
                    before: &view.facts,
                    after: &view.facts.after(view.facts.seq, &earlier),
                    is_seen: &is_seen,
                },
            };
            Some(looked(&ground, &seen, window).await?)
        }
    };
    Ok(Simulated {
        before: View { at, ..view.clone() },
        after: view.before(Arc::new(supposed), at),
        effects: found,
        window,
    })
}

async fn looked(ground: &Ground<'_>, agreements: &[AgreementId], window: Window) -> Result<Looked, Error> {
    let mut looked = Looked { window, agreements: Vec::new(), is_complete: true };
    let mut left = EXAMINED_MAX;
    for id in agreements {
        let (counted, is_whole) = ground.count(*id, window, left).await?;
        left = left.saturating_sub(usize::try_from(counted.examined).unwrap_or(usize::MAX));
        looked.is_complete &= is_whole;
        if counted.examined > 0 {
            looked.agreements.push((*id, counted));
        }
    }
    Ok(looked)
}

/// Picture after the changes, one after another, and what they did. Each stands at a position of its own, so that the picture
/// tells what they touched.
fn supposed(facts: &Facts, changes: &[Supposed], now: Instant) -> Result<(Facts, Vec<Edit>), Vec<Fault>> {
    let (mut picture, mut edits) = (facts.clone(), Vec::new());
    for (at, change) in changes.iter().enumerate() {
        let placed = |fault: Fault| change.placed(at, fault);
        let done = change.edits(&picture, now).map_err(|faults| faults.into_iter().map(placed).collect::<Vec<_>>())?;
        picture = picture.after(picture.seq + 1, &done);
        edits.extend(done);
    }
    Ok((picture, edits))
}

/// Agreements that may change and that the viewer sees as their sides do.
fn seen(view: &View, changes: &[Supposed], supposed: &Facts) -> BTreeSet<AgreementId> {
    let facts = &view.facts;
    let merged = changes.iter().filter_map(|change| match change {
        Supposed::Merge { organisation, .. } => facts.organisation_of(organisation.as_str()),
        _ => None,
    });
    let merged = merged.flat_map(|body| facts.agreements_of(body.id)).map(|row| row.id);
    let may_change = supposed.changed_since(facts.seq).into_iter().chain(merged);
    may_change.filter(|id| is_seen(view, *id)).collect()
}

/// Whether the viewer sees an agreement as its sides do.
fn is_seen(view: &View, id: AgreementId) -> bool {
    let row = view.facts.agreement.get(id);
    row.is_some_and(|row| policy::sight(view.present(), &view.viewer, row) >= Some(Sight::Party))
}
