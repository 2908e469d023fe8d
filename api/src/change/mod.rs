//! The journal as a list: who did what, when and why.

pub mod graphql;

use entity::change;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    Error,
    auth::{Role, Sight, policy},
    context::{Context, View},
    facts::global_id,
};

/// Most agreements of one viewer whose changes are listed by subject; beyond it only those its organisation made.
const SUBJECTS_MAX: usize = 10_000;

/// Changes after a position that the viewer may see, in the order of the journal.
///
/// A party sees what was done to its agreements and what its own people did; an administrator and the data-protection
/// authority's auditor see that every change was made.
pub async fn list(ctx: &Context, after: i64, count: u64) -> Result<Vec<change::Model>, Error> {
    let view = &ctx.view;
    let sees_all = view.viewer.is(Role::Administrator) || policy::audits_all(&view.facts, &view.viewer);
    let mut condition = Condition::all().add(change::Column::Seq.gt(after));
    if !sees_all {
        condition = condition.add(own(view));
    }
    let rows = change::Entity::find().filter(condition).order_by_asc(change::Column::Seq).limit(count);
    Ok(rows.all(ctx.gateway.database.read()).await?)
}

fn own(view: &View) -> Condition {
    let people = policy::own_people(&view.facts, &view.viewer);
    let organisation = view.viewer.organisation.filter(|_| people.is_some());
    let acted = organisation.map(|id| change::Column::ActorOrganisation.eq(id.to_string()));
    let agreements = view.own_id().into_iter().flat_map(|own| view.facts.agreement.of(own));
    let subjects: Vec<String> = agreements
        .filter(|row| policy::sight(&view.facts, &view.viewer, row).is_some_and(|sight| sight >= Sight::Party))
        .take(SUBJECTS_MAX)
        .map(|row| global_id(row.id))
        .chain(people.map(global_id))
        .collect();
    Condition::any().add_option(acted).add(change::Column::Subject.is_in(subjects))
}
