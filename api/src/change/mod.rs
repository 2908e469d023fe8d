//! The journal as a list: who did what, when, why, and what it changed.

pub mod graphql;
mod rows;
mod rules;

use std::collections::HashMap;

use entity::{
    change, change_concern,
    vocabulary::{AccessGrantId, AgreementId, Instant, RowId, ScopeId, table_and_row},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Statement, Value};
use uuid::Uuid;

use crate::{Error, auth::policy, context::View, facts::Facts};

/// Which changes are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those done to this, by its global id.
    pub subject: Option<String>,
    /// Those that concern this agreement.
    pub agreement: Option<AgreementId>,
    /// Those of this act.
    pub action: Option<String>,
    /// Those of this actor.
    pub actor: Option<String>,
    /// Those recorded at this instant or later.
    pub from: Option<Instant>,
    /// Those recorded before this instant.
    pub until: Option<Instant>,
}

/// Changes after a position that the viewer may see, in the order of the journal.
///
/// A party sees what was done to its agreements and to itself, and what its own people did; an administrator and the
/// data-protection authority's auditor see that every change was made. They are found by what they concern, never by
/// reading the journal whole.
///
/// **Invariant:** nothing beyond the viewer's present facts is told. A later change may concern what those do not know yet; passed
/// over now, it would lie behind whoever goes on after the last change told.
pub async fn list(
    db: &impl ConnectionTrait,
    view: &View,
    filter: &Filter,
    (after, count): (i64, u64),
) -> Result<Vec<change::Model>, Error> {
    let among = among(view, filter);
    let (mut found, mut after) = (Vec::new(), after);
    loop {
        let seqs = candidates(db, among.as_deref(), filter, (after, view.present().seq), count).await?;
        found.extend(seen(db, view, filter, &seqs).await?);
        match seqs.last() {
            Some(last) if (found.len() as u64) < count && seqs.len() as u64 == count => after = *last,
            _ => break,
        }
    }
    found.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    Ok(found)
}

/// What the changes asked for concern; null where every change is looked at.
fn among(view: &View, filter: &Filter) -> Option<Vec<Uuid>> {
    let facts = view.present();
    if let Some(agreement) = filter.agreement {
        let statements = facts.dossier(agreement).map(|dossier| dossier.statements.iter()).into_iter().flatten();
        return Some(std::iter::once(agreement.0).chain(statements.map(|part| part.row.id.0)).collect());
    }
    if policy::sees_every_change(facts, &view.viewer) {
        return None;
    }
    let own = policy::own_id(facts, &view.viewer).map(|own| facts.lineage(own)).unwrap_or_default();
    Some(own.into_iter().map(|id| id.0).collect())
}

/// Positions of the next changes that may be what is asked for, in order.
async fn candidates(
    db: &impl ConnectionTrait,
    among: Option<&[Uuid]>,
    filter: &Filter,
    (after, last): (i64, i64),
    count: u64,
) -> Result<Vec<i64>, Error> {
    let mut values: Vec<Value> = Vec::new();
    let sql = match among {
        None => {
            let conditions = conditions(filter, (after, last), &mut values);
            format!("select c.seq from change c where {conditions} order by c.seq limit {count}")
        }
        Some([]) => return Ok(Vec::new()),
        Some(subjects) => {
            let mut arm = |subject: &Uuid| {
                let conditions = conditions(filter, (after, last), &mut values);
                values.push((*subject).into());
                format!(
                    "select seq from (select c.seq from change_concern k join change c on c.seq = k.seq \
                     where k.subject_id = ${} and k.seq > {after} and k.seq <= {last} and {conditions} order by k.seq limit {count}) a",
                    values.len()
                )
            };
            let arms: Vec<String> = subjects.iter().map(&mut arm).collect();
            format!("select seq from ({}) u order by seq limit {count}", arms.join(" union "))
        }
    };
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    Ok(rows.iter().map(|row| row.try_get("", "seq")).collect::<Result<_, _>>()?)
}

/// Conditions of a filter on a change `c`.
fn conditions(filter: &Filter, (after, last): (i64, i64), values: &mut Vec<Value>) -> String {
    let mut conditions = format!("c.seq > {after} and c.seq <= {last}");
    let Filter { subject, agreement: _, action, actor, from, until } = filter;
    for (column, value) in [("subject", subject), ("action", action), ("actor", actor)] {
        if let Some(value) = value {
            values.push(value.clone().into());
            conditions = format!("{conditions} and c.{column} = ${}", values.len());
        }
    }
    for (comparison, instant) in [(">=", from), ("<", until)] {
        if let Some(instant) = instant {
            values.push((*instant).into());
            conditions = format!("{conditions} and c.recorded_at {comparison} ${}", values.len());
        }
    }
    conditions
}

/// Changes at some positions, as far as the viewer may know of them.
async fn seen(
    db: &impl ConnectionTrait,
    view: &View,
    filter: &Filter,
    seqs: &[i64],
) -> Result<Vec<change::Model>, Error> {
    let (facts, viewer) = (view.present(), &view.viewer);
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let seqs = || seqs.iter().copied();
    let changes = change::Entity::find().filter(change::Column::Seq.is_in(seqs())).order_by_asc(change::Column::Seq);
    let concerns = change_concern::Entity::find().filter(change_concern::Column::Seq.is_in(seqs())).all(db).await?;
    let mut concerned: HashMap<i64, Vec<Uuid>> = HashMap::new();
    for concern in concerns {
        concerned.entry(concern.seq).or_default().push(concern.subject_id);
    }
    let is_seen = |change: &change::Model| {
        let concerned = concerned.get(&change.seq).map(Vec::as_slice).unwrap_or_default();
        let may_be_named = || policy::names_actor(facts, viewer, change.actor_organisation.as_deref());
        policy::sees_change(facts, viewer, change, concerned) && (filter.actor.is_none() || may_be_named())
    };
    Ok(changes.all(db).await?.into_iter().filter(is_seen).collect())
}

/// Agreement a change was done to, itself, one of its scopes or access to one.
fn agreement(facts: &Facts, text: &str) -> Option<AgreementId> {
    let (table, id) = table_and_row(text)?;
    let of_scope = |id| facts.scope.get(id).map(|scope| scope.agreement_id);
    match table {
        AgreementId::TABLE => Some(id.into()),
        ScopeId::TABLE => of_scope(id.into()),
        AccessGrantId::TABLE => of_scope(facts.access_grant.get(id.into())?.scope_id),
        _ => None,
    }
}
