//! What a change concerns: the agreements and protection statements its rows are parts of, and the organisations that are
//! sides of those, own the rows or acted. Written with each change, so that a history is an index away.

use std::collections::{BTreeSet, HashMap};

use entity::{
    change, change_concern, change_row,
    vocabulary::{AgreementId, ProtectionStatementId, RowId, StatusSubject},
};
use futures::TryStreamExt;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryOrder, StreamTrait,
};
use uuid::Uuid;

use super::{Lock, lock_registry};
use crate::{
    Error,
    database::Database,
    facts::{Edit, Facts, Row, Tables},
};

/// Rows written by one statement.
const ROWS_PER_STATEMENT: usize = 500;

/// What rows concern; `found` finds the rows they are parts of.
pub fn concerned(found: impl Fn(&str, Uuid) -> Option<Row>, rows: impl IntoIterator<Item = Row>) -> BTreeSet<Uuid> {
    let mut concerned = BTreeSet::new();
    for row in rows {
        let mut part = Some(row);
        while let Some(row) = part {
            concerned.extend(owners(&row));
            if [AgreementId::TABLE, ProtectionStatementId::TABLE].contains(&row.table()) {
                concerned.insert(row.id());
            }
            part = whole(&row).and_then(|(table, id)| found(table, id));
        }
    }
    concerned
}

/// What the edits of a change concern, on the facts before and after it.
pub(super) fn of_edits(before: &Facts, after: &Facts, edits: &[Edit]) -> BTreeSet<Uuid> {
    let found = |table: &str, id| after.tables().row(table, id).or_else(|| before.tables().row(table, id));
    let rows = edits.iter().filter_map(|edit| match edit {
        Edit::Put(row) => Some(row.clone()),
        Edit::Remove(table, id) => before.tables().row(table, *id),
    });
    concerned(found, rows)
}

/// Organisation that acted, as far as the registry knows it.
pub(super) fn author(tables: &Tables, business_id: Option<&str>) -> Option<Uuid> {
    tables.organisation.by_key(business_id?).map(|row| row.id.0)
}

/// Writes what a change concerns.
pub(super) async fn write(txn: &impl ConnectionTrait, seq: i64, subjects: BTreeSet<Uuid>) -> Result<(), Error> {
    let rows: Vec<_> = subjects
        .into_iter()
        .map(|subject_id| change_concern::Model { subject_id, seq }.into_active_model().reset_all())
        .collect();
    for rows in rows.chunks(ROWS_PER_STATEMENT) {
        change_concern::Entity::insert_many(rows.iter().cloned()).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// Writes what changes concern that were made before anyone wrote it; nothing where that stands.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn index(database: &Database) -> Result<(), Error> {
    // Asked before the lock is taken, so that an ordinary start waits for no act of another process, nor one for it.
    if !lacks_index(database.primary()).await? {
        return Ok(());
    }
    let txn = database.begin().await?;
    lock_registry(&txn, Lock::Exclusive).await?;
    if lacks_index(&txn).await? {
        for (seq, subjects) in told(&txn).await? {
            write(&txn, seq, subjects).await?;
        }
    }
    txn.commit().await?;
    Ok(())
}

/// Whether there are changes, and of none is written what it concerns.
async fn lacks_index(db: &impl ConnectionTrait) -> Result<bool, Error> {
    Ok(change_concern::Entity::find().one(db).await?.is_none() && change::Entity::find().one(db).await?.is_some())
}

/// Changes that do not stand with what their rows concern, and how many do; for `verify`.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn differing(db: &(impl ConnectionTrait + StreamTrait)) -> Result<(Vec<i64>, u64), Error> {
    let mut written: HashMap<i64, BTreeSet<Uuid>> = HashMap::new();
    let mut rows = change_concern::Entity::find().stream(db).await?;
    while let Some(row) = rows.try_next().await? {
        written.entry(row.seq).or_default().insert(row.subject_id);
    }
    drop(rows);
    let differs =
        |(seq, told): (i64, BTreeSet<Uuid>)| (written.remove(&seq).unwrap_or_default() != told).then_some(seq);
    let mut differing: Vec<i64> = told(db).await?.into_iter().filter_map(differs).collect();
    differing.extend(written.into_keys());
    differing.sort_unstable();
    Ok((differing, change_concern::Entity::find().count(db).await?))
}

/// What every change concerns, as its rows in the journal tell.
async fn told(db: &(impl ConnectionTrait + StreamTrait)) -> Result<Vec<(i64, BTreeSet<Uuid>)>, Error> {
    let mut rows_of: HashMap<i64, Vec<Row>> = HashMap::new();
    let mut known: HashMap<Uuid, Row> = HashMap::new();
    let mut organisations: HashMap<String, Uuid> = HashMap::new();
    let ordered = change_row::Entity::find().order_by_asc(change_row::Column::Seq);
    let mut images = ordered.order_by_asc(change_row::Column::Ordinal).stream(db).await?;
    while let Some(row) = images.try_next().await? {
        let image = match &row.image {
            None => known.get(&row.row_id).cloned(),
            Some(image) => Some(
                Row::from_image(&row.table_name, row.shape, image)
                    .map_err(|error| Error::internal(error.to_string()))?,
            ),
        };
        let Some(image) = image else { continue };
        if let Row::Organisation(row) = &image
            && let Some(business_id) = row.business_id
        {
            organisations.insert(business_id.to_string(), row.id.0);
        }
        known.insert(row.row_id, image.clone());
        rows_of.entry(row.seq).or_default().push(image);
    }
    drop(images);
    let found = |table: &str, id| known.get(&id).filter(|row| row.table() == table).cloned();
    let changes = change::Entity::find().order_by_asc(change::Column::Seq).all(db).await?;
    let concerns = changes.into_iter().map(|change| {
        let mut concerned = concerned(found, rows_of.remove(&change.seq).unwrap_or_default());
        concerned.extend(change.actor_organisation.and_then(|id| organisations.get(&id).copied()));
        (change.seq, concerned)
    });
    Ok(concerns.collect())
}

/// Row a row is a part of, in its table.
fn whole(row: &Row) -> Option<(&'static str, Uuid)> {
    const AGREEMENT: &str = AgreementId::TABLE;
    let of = |table: &'static str, id: Uuid| Some((table, id));
    match row {
        Row::AgreementParty(row) => of(AGREEMENT, row.agreement_id.0),
        Row::AgreementNotice(row) => of(AGREEMENT, row.agreement_id.0),
        Row::AgreementVersion(row) => of(AGREEMENT, row.agreement_id.0),
        Row::AgreementBasis(row) => of(AGREEMENT, row.agreement_id.0),
        Row::Signature(row) => of(AGREEMENT, row.agreement_id.0),
        Row::Scope(row) => of(AGREEMENT, row.agreement_id.0),
        Row::OnwardRule(row) => of(AGREEMENT, row.agreement_id.0),
        Row::AdoptionPlan(row) => of(AGREEMENT, row.agreement_id.0),
        Row::Incident(row) => of(AGREEMENT, row.agreement_id.0),
        Row::UsageReview(row) => of(AGREEMENT, row.agreement_id.0),
        Row::Document(row) => of(AGREEMENT, row.agreement_id?.0),
        Row::Contact(row) => of(AGREEMENT, row.agreement_id?.0),
        Row::ContactTopic(row) => of("contact", row.contact_id.0),
        Row::ScopePurpose(row) => of("scope", row.scope_id.0),
        Row::ScopeItem(row) => of("scope", row.scope_id.0),
        Row::AccessGrant(row) => of("scope", row.scope_id.0),
        Row::ScopeItemBasis(row) => of("scope_item", row.scope_item_id.0),
        Row::ScopeItemMandate(row) => of("scope_item", row.scope_item_id.0),
        Row::OnwardRuleItem(row) => of("onward_rule", row.onward_rule_id.0),
        Row::OnwardRuleBasis(row) => of("onward_rule", row.onward_rule_id.0),
        Row::StatementAnswer(row) => of(ProtectionStatementId::TABLE, row.protection_statement_id.0),
        Row::StatusEntry(row) => of(subject_table(row.subject_kind), row.subject_id),
        Row::Organisation(_)
        | Row::OrganisationXroad(_)
        | Row::OrganisationKey(_)
        | Row::Purpose(_)
        | Row::LegalBasis(_)
        | Row::Register(_)
        | Row::RegisterAlternative(_)
        | Row::DataItemQualifier(_)
        | Row::DataItem(_)
        | Row::RetentionRule(_)
        | Row::Inquiry(_)
        | Row::Entitlement(_)
        | Row::MandateTheme(_)
        | Row::MandatingRight(_)
        | Row::Agreement(_)
        | Row::ProtectionStatement(_)
        | Row::DisclosureWithholding(_)
        | Row::AnomalyDecision(_)
        | Row::DroppedMonth(_)
        | Row::Webhook(_) => None,
    }
}

/// Table of what a status history is about.
pub fn subject_table(kind: StatusSubject) -> &'static str {
    match kind {
        StatusSubject::Agreement => AgreementId::TABLE,
        StatusSubject::Scope => "scope",
        StatusSubject::AgreementBasis => "agreement_basis",
        StatusSubject::ProtectionStatement => ProtectionStatementId::TABLE,
        StatusSubject::MandateTheme => "mandate_theme",
        StatusSubject::MandatingRight => "mandating_right",
        StatusSubject::Incident => "incident",
        StatusSubject::Inquiry => "inquiry",
    }
}

/// Organisations whose row it is; only those it stays with for good, so that what was written stays true.
fn owners(row: &Row) -> Vec<Uuid> {
    match row {
        Row::Organisation(row) => vec![row.id.0],
        Row::OrganisationXroad(row) => vec![row.organisation_id.0],
        Row::OrganisationKey(row) => vec![row.organisation_id.0],
        Row::Contact(row) => vec![row.organisation_id.0],
        Row::MandatingRight(row) => vec![row.organisation_id.0],
        Row::Inquiry(row) => vec![row.organisation_id.0],
        Row::Document(row) => vec![row.owner_id.0],
        Row::Webhook(row) => vec![row.organisation_id.0],
        Row::Agreement(row) => vec![row.discloser_id.0, row.recipient_id.0],
        Row::ProtectionStatement(row) => vec![row.discloser_id.0, row.recipient_id.0],
        _ => Vec::new(),
    }
}
