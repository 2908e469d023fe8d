//! The journal as a list: who did what, when and why.

pub mod graphql;

use entity::{
    change, protection_statement,
    vocabulary::{AccessGrantId, AgreementId, OrganisationId, ProtectionStatementId, RowId, ScopeId},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    Error,
    auth::{Sight, policy},
    context::{Context, View},
    facts::{Facts, global_id},
};

/// Most agreements of one viewer whose changes are listed by subject; beyond it only those its organisation made.
const SUBJECTS_MAX: usize = 10_000;

/// Changes after a position that the viewer may see, in the order of the journal.
///
/// A party sees what was done to its agreements and what its own people did; an administrator and the data-protection
/// authority's auditor see that every change was made.
pub async fn list(ctx: &Context, after: i64, count: u64) -> Result<Vec<change::Model>, Error> {
    let view = &ctx.view;
    let mut condition = Condition::all().add(change::Column::Seq.gt(after));
    if !policy::sees_every_change(&view.facts, &view.viewer) {
        condition = condition.add(own(view));
    }
    let rows = change::Entity::find().filter(condition).order_by_asc(change::Column::Seq).limit(count);
    Ok(rows.all(ctx.gateway.database.read()).await?)
}

/// What was done by the viewer's own people or those whose place its organisation took, to it, to its keys and to its
/// agreements.
fn own(view: &View) -> Condition {
    let (facts, viewer) = (&view.facts, &view.viewer);
    let bodies = |own: Option<OrganisationId>| own.map(|id| facts.lineage(id)).unwrap_or_default();
    let people = bodies(policy::own_people(facts, viewer));
    let acted = people.iter().filter_map(|id| facts.organisation.get(*id)?.business_id).map(|id| id.to_string());
    let parties = bodies(policy::own_id(facts, viewer));
    let agreements = parties.into_iter().flat_map(|party| facts.agreement.of(party));
    let subjects = agreements
        .filter(|row| policy::sight(facts, viewer, row) >= Some(Sight::Party))
        .take(SUBJECTS_MAX)
        .map(|row| global_id(row.id))
        .chain(people.iter().copied().map(global_id))
        .chain(people.iter().flat_map(|id| facts.organisation_key.of(*id)).map(|row| global_id(row.id)));
    Condition::any().add(change::Column::ActorOrganisation.is_in(acted)).add(change::Column::Subject.is_in(subjects))
}

/// Table and id of what a change was done to; none where that is no one thing.
fn subject(text: &str) -> Option<(&str, Uuid)> {
    let (table, id) = text.split_once(':')?;
    Some((table, Uuid::try_parse(id).ok()?))
}

/// Agreement a change was done to, itself or one of its scopes.
fn agreement(facts: &Facts, text: &str) -> Option<AgreementId> {
    let (table, id) = subject(text)?;
    match table {
        AgreementId::TABLE => Some(id.into()),
        ScopeId::TABLE => facts.scope.get(id.into()).map(|scope| scope.agreement_id),
        AccessGrantId::TABLE => {
            let grant = facts.access_grant.get(id.into())?;
            facts.scope.get(grant.scope_id).map(|scope| scope.agreement_id)
        }
        _ => None,
    }
}

/// Protection statement a change was done to.
fn statement<'a>(facts: &'a Facts, text: &str) -> Option<&'a protection_statement::Model> {
    let (table, id) = subject(text)?;
    let row = facts.protection_statement.get(id.into());
    row.map(AsRef::as_ref).filter(|_| table == ProtectionStatementId::TABLE)
}
