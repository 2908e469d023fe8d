//! The cells of the tallies a question is made of, summed by the database over all it does not ask about.

use std::collections::{BTreeSet, HashMap};

use entity::{
    tally,
    vocabulary::{
        Channel, Day, DisclosureOutcome, InternedId, OnwardRecipientKind, OrganisationId, PurposeId, RegisterId,
        TallyGrain,
    },
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, IdenStatic, QueryFilter, QueryResult, QuerySelect,
    TryGetable,
    sea_query::{Alias, Expr},
};

use super::{
    Asked,
    rules::{self, Cell, Dimension, Interval, ROUNDED_TO, Sight, StatisticsQuestion},
};
use crate::{
    Error,
    disclosure::interned::{self, InternedSets},
};

/// Cells one statement may find; a narrower question has fewer.
pub const STATISTICS_CELLS_MAX: usize = 200_000;

/// Cells of the days between two.
///
/// # Errors
/// Limit exceeded when there are more than one answer is made of; unavailable when the database does not answer.
pub(super) async fn cells(
    db: &impl ConnectionTrait,
    sets: &InternedSets,
    asked: Asked<'_>,
    (from, until): (Day, Day),
) -> Result<Vec<Cell>, Error> {
    let columns = columns(asked.question, asked.sight);
    let mut select = tally::Entity::find().select_only().filter(condition(asked, from, until));
    for column in &columns {
        select = select.column(*column).group_by(*column);
    }
    let select = select
        .expr_as(sum(tally::Column::Disclosures, asked.sight), "disclosures_sum")
        .expr_as(sum(tally::Column::SubjectCount, asked.sight), "subject_count_sum")
        .limit(STATISTICS_CELLS_MAX as u64 + 1);
    let found = db.query_all(&sea_orm::QueryTrait::into_query(select)).await?;
    if found.len() > STATISTICS_CELLS_MAX {
        return Err(Error::LimitExceeded {
            limit: "STATISTICS_CELLS_MAX",
            allowed: STATISTICS_CELLS_MAX as u64,
            retry_after_seconds: None,
        });
    }
    let names = columns.iter().map(IdenStatic::as_str).collect();
    let read = Read { names, from };
    let cells: Vec<_> = found.iter().filter_map(|row| read.cell(row).transpose()).collect::<Result<_, _>>()?;
    let used: Vec<_> = cells.iter().flat_map(|(_, items, bases)| [*items, *bases]).flatten().collect();
    let members = sets.read(db, used).await?;
    Ok(with_sets(cells, &members))
}

/// Sum of a column; for a statistician of what each cell is rounded to, as [`rules::rounded`] does.
fn sum(column: tally::Column, sight: Sight) -> Expr {
    let count = match sight {
        Sight::Everything | Sight::Own(_) => Expr::col(column),
        Sight::Rounded => {
            let raised = Expr::col(column).add(ROUNDED_TO - 1).sub(Expr::col(tally::Column::RoundsAbove));
            raised.div(ROUNDED_TO).mul(ROUNDED_TO)
        }
    };
    // PostgreSQL sums bigints to a decimal.
    count.sum().cast_as(Alias::new("bigint"))
}

/// Columns a question needs; what it does not ask about is summed by the database.
fn columns(question: &StatisticsQuestion, sight: Sight) -> Vec<tally::Column> {
    use tally::Column;
    let by = |dimension| question.group_by.contains(&dimension);
    let recipient =
        by(Dimension::Recipient) || by(Dimension::RecipientKind) || !question.filter.recipient_kinds.is_empty();
    [
        (question.interval != Interval::Total, Column::PeriodOn),
        (by(Dimension::Discloser), Column::DiscloserId),
        (recipient, Column::RecipientId),
        (recipient, Column::OnwardRecipientKind),
        (by(Dimension::Register), Column::RegisterId),
        (by(Dimension::Agreement) || sight == Sight::Rounded, Column::AgreementId),
        (by(Dimension::Item) || !question.filter.items.is_empty(), Column::ItemsId),
        (by(Dimension::LegalBasis) || !question.filter.bases.is_empty(), Column::BasesId),
        (by(Dimension::Purpose), Column::PurposeId),
        (by(Dimension::Channel), Column::Channel),
        (by(Dimension::Outcome), Column::Outcome),
    ]
    .into_iter()
    .filter_map(|(needed, column)| needed.then_some(column))
    .collect()
}

/// Cell whose sets of items and provisions are still to be read.
type Interned = (Cell, Option<InternedId>, Option<InternedId>);

fn with_sets(cells: Vec<Interned>, members: &HashMap<InternedId, std::sync::Arc<str>>) -> Vec<Cell> {
    let set = |id: Option<InternedId>| id.and_then(|id| members.get(&id)).map_or("", AsRef::as_ref);
    cells
        .into_iter()
        .map(|(cell, items, bases)| Cell {
            items: interned::items(set(items)),
            bases: interned::bases(set(bases)),
            ..cell
        })
        .collect()
}

fn condition(asked: Asked<'_>, from: Day, until: Day) -> Condition {
    use tally::Column;
    let (question, filter) = (asked.question, &asked.question.filter);
    let own = match asked.sight {
        Sight::Own(own) => {
            let own = asked.facts.lineage(own);
            Some(Condition::any().add(Column::DiscloserId.is_in(own.clone())).add(Column::RecipientId.is_in(own)))
        }
        Sight::Everything | Sight::Rounded => None,
    };
    // What has been corrected away whole is nothing that could be rounded or suppressed.
    let counted = (asked.sight == Sight::Rounded).then(|| Column::Disclosures.ne(0));
    Condition::all()
        .add(days(question.interval, asked.sight, from, until))
        .add(Column::Outcome.is_in(rules::counted_outcomes(question)))
        .add_option(own)
        .add_option(counted)
        .add_option(any_of(Column::DiscloserId, &filter.disclosers))
        .add_option(any_of(Column::RecipientId, &filter.recipients))
        .add_option(any_of(Column::RegisterId, &filter.registers))
        .add_option(any_of(Column::AgreementId, &filter.agreements))
        .add_option(any_of(Column::PurposeId, &filter.purposes))
        .add_option(any_of(Column::Channel, &filter.channels))
}

fn any_of<V: Copy + Into<sea_orm::Value>>(column: tally::Column, values: &[V]) -> Option<Expr> {
    (!values.is_empty()).then(|| column.is_in(values.iter().copied()))
}

fn days(interval: Interval, sight: Sight, from: Day, until: Day) -> Condition {
    use tally::Column;
    let edges = rules::edges(from, until, interval, sight);
    let between = |grain: TallyGrain, (from, until): (Day, Day)| {
        (from < until).then(|| {
            Condition::all()
                .add(Column::Grain.eq(grain))
                .add(Column::PeriodOn.gte(from))
                .add(Column::PeriodOn.lt(until))
        })
    };
    Condition::any()
        .add_option(between(TallyGrain::Day, edges.before))
        .add_option(between(TallyGrain::Month, edges.months))
        .add_option(between(TallyGrain::Day, edges.after))
}

/// Reads what was selected; what was not asked about is absent.
struct Read {
    names: BTreeSet<&'static str>,
    from: Day,
}

impl Read {
    /// Cell of a row; none of the one row of nulls that sums over nothing come to where nothing is grouped by.
    fn cell(&self, row: &QueryResult) -> Result<Option<Interned>, Error> {
        let (disclosures, subject_count) = (row.try_get("", "disclosures_sum")?, row.try_get("", "subject_count_sum")?);
        let (Some(disclosures), Some(subject_count)) = (disclosures, subject_count) else { return Ok(None) };
        let cell = Cell {
            day: self.optional(row, "period_on")?.unwrap_or(self.from),
            discloser: self.optional::<OrganisationId>(row, "discloser_id")?,
            recipient: self.optional::<OrganisationId>(row, "recipient_id")?,
            onward: self.optional::<OnwardRecipientKind>(row, "onward_recipient_kind")?,
            register: self.optional::<RegisterId>(row, "register_id")?,
            agreement: self.optional(row, "agreement_id")?,
            items: Vec::new(),
            bases: Vec::new(),
            purpose: self.optional::<PurposeId>(row, "purpose_id")?,
            channel: self.optional::<Channel>(row, "channel")?,
            outcome: self.optional::<DisclosureOutcome>(row, "outcome")?,
            disclosures,
            subject_count,
        };
        let items = self.optional(row, "items_id")?;
        Ok(Some((cell, items, self.optional(row, "bases_id")?)))
    }

    fn optional<T: TryGetable>(&self, row: &QueryResult, column: &str) -> Result<Option<T>, Error> {
        if self.names.contains(column) { Ok(row.try_get("", column)?) } else { Ok(None) }
    }
}
