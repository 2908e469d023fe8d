//! Minimisation: what may be asked for and is not (GDPR article 5(1)(c)).

pub mod graphql;
pub mod rules;

use std::{collections::HashMap, sync::Arc};

use entity::{
    tally,
    vocabulary::{AgreementId, Channel, Day, DisclosureOutcome, InternedId, TallyGrain},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, sea_query::Expr};

pub use rules::{Place, Unused, Use};

use crate::{
    Error,
    auth::{Sight, policy},
    context::View,
    disclosure::interned::{self, InternedSets},
    facts::Dossier,
};

/// Agreements whose use is read in one statement.
const AGREEMENTS_PER_STATEMENT: usize = 50;

/// Items of open scopes that were not asked for since a day, of the agreements the viewer is a side of or audits, after a
/// place in the list; at most `first`, and whether more follow.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn unused(
    db: &impl ConnectionTrait,
    sets: &InternedSets,
    view: &View,
    asked: Asked<'_>,
    first: usize,
) -> Result<(Vec<Unused>, bool), Error> {
    let candidates = candidates(view, asked);
    let mut found = Vec::new();
    for dossiers in candidates.chunks(AGREEMENTS_PER_STATEMENT) {
        let ids: Vec<AgreementId> = dossiers.iter().map(|dossier| dossier.row.id).collect();
        let uses = uses(db, sets, &ids).await?;
        for dossier in dossiers {
            let uses = uses.get(&dossier.row.id).map_or(&[][..], Vec::as_slice);
            let unused = rules::unused(dossier, uses, asked.since, view.at);
            found.extend(unused.into_iter().filter(|unused| asked.after.is_none_or(|place| unused.place > *place)));
        }
        if found.len() > first {
            break;
        }
    }
    let has_next = found.len() > first;
    found.truncate(first);
    Ok((found, has_next))
}

/// Agreements with open scopes the viewer is a side of or audits, in the order of their numbers.
fn candidates<'a>(view: &'a View, asked: Asked<'_>) -> Vec<&'a Arc<Dossier>> {
    let facts = &view.facts;
    let from = asked.after.map_or("", |place| place.number.as_str());
    facts
        .agreement
        .by_key_prefix(String::new())
        .filter(|row| row.number.as_str() >= from && asked.agreement.is_none_or(|only| row.id == only))
        .filter(|row| policy::sight(facts, &view.viewer, row) >= Some(Sight::Party))
        .filter_map(|row| facts.dossier(row.id))
        .filter(|dossier| rules::has_open_scope(dossier, view.at))
        .collect()
}

/// What of the unused is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// First day of which a use counts.
    pub since: Day,
    /// Only this agreement's.
    pub agreement: Option<AgreementId>,
    /// Only what follows this place.
    pub after: Option<&'a Place>,
}

/// What was asked for under agreements, and when last. Answered from tallies, so the cost follows their cells.
async fn uses(
    db: &impl ConnectionTrait,
    sets: &InternedSets,
    agreements: &[AgreementId],
) -> Result<HashMap<AgreementId, Vec<Use>>, Error> {
    use tally::Column;
    let rows: Vec<(AgreementId, Channel, InternedId, Day)> = tally::Entity::find()
        .select_only()
        .columns([Column::AgreementId, Column::Channel, Column::ItemsId])
        .expr_as(Expr::col(Column::PeriodOn).max(), "last_on")
        .filter(Column::AgreementId.is_in(agreements.iter().copied()))
        .filter(Column::Grain.eq(TallyGrain::Day))
        .filter(Column::Outcome.ne(DisclosureOutcome::Denied))
        // What was corrected away was not asked for.
        .filter(Column::Disclosures.gt(0))
        .group_by(Column::AgreementId)
        .group_by(Column::Channel)
        .group_by(Column::ItemsId)
        .into_tuple()
        .all(db)
        .await?;
    let members = sets.read(db, rows.iter().map(|row| row.2)).await?;
    let mut uses: HashMap<AgreementId, Vec<Use>> = HashMap::new();
    for (agreement, channel, items, last_on) in rows {
        let items = interned::items(members.get(&items).map_or("", AsRef::as_ref));
        uses.entry(agreement).or_default().push(Use { channel, items, last_on });
    }
    Ok(uses)
}
