//! Whether the statistics count what stands in the log: every row counted anew, as the recorder counted it, and compared
//! with the tallies cell by cell.
//!
//! Rows are streamed in the order of their ids. Only so many cells are held at once; where there are more, the log is read
//! again for the next share of them, so the memory is the same for any log.
//!
//! Rows that were dropped when their time was over keep their tallies, which nothing proves any more: cells of periods they
//! may have counted in are left out, and everything later is compared.

use std::collections::HashMap;

use entity::{
    disclosure, tally,
    vocabulary::{Day, TallyGrain, TallyId},
};
use futures::TryStreamExt;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryOrder, Statement, StreamTrait};

use crate::{
    Error,
    disclosure::tally::{Counted, cell_id},
};

/// Cells held at once: some 100 megabytes.
const CELLS_HELD_MAX: u64 = 1_000_000;

/// Differing cells named; how many there are is always told.
pub const DIFFERING_NAMED_MAX: usize = 100;

/// Rows that were corrected, whoever corrected them.
const CORRECTED: &str = "select corrected.occurred_at, corrected.discloser_id, corrected.recipient_id, \
     corrected.onward_recipient_kind, corrected.register_id, corrected.agreement_id, corrected.items_id, corrected.bases_id, \
     corrected.purpose_id, corrected.channel, corrected.outcome, corrected.subject_count \
     from disclosure as correction join disclosure as corrected on corrected.id = correction.corrects_id";

/// What a recount found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recount {
    /// Rows of the log.
    pub rows: u64,
    /// Cells that were compared: those tallied and those counted.
    pub cells: u64,
    /// Cells of periods whose rows may have been dropped; they were not compared.
    pub left_out: u64,
    /// Cells that differ.
    pub differing: u64,
    /// The first of them.
    pub named: Vec<Difference>,
}

/// Cell whose tally is not what the log counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its id.
    pub id: TallyId,
    /// Its grain and period, where it stands.
    pub period: Option<(TallyGrain, Day)>,
    /// Rows and subjects as tallied; null where the cell is absent or not that of its dimensions.
    pub tallied: Option<Counts>,
    /// Rows and subjects as counted.
    pub counted: Counts,
}

/// Rows, corrections deducted, and the sum of their subjects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub disclosures: i64,
    /// Subjects.
    pub subject_count: i64,
}

/// Counts the log anew and compares, from a day on or all of it. `db` sees one state throughout.
///
/// # Errors
/// Unavailable when the database does not answer.
pub async fn recount<C: ConnectionTrait + StreamTrait>(db: &C, since: Option<Day>) -> Result<Recount, Error> {
    recount_holding(db, since, CELLS_HELD_MAX).await
}

/// The same, holding at most about so many cells.
pub async fn recount_holding<C: ConnectionTrait + StreamTrait>(
    db: &C,
    since: Option<Day>,
    cells_max: u64,
) -> Result<Recount, Error> {
    let stand = tally::Entity::find().count(db).await?;
    let shares = stand / cells_max.max(1) + 1;
    let mut recount = Recount::default();
    for share in 0..shares {
        let share = Shares { share, of: shares, since };
        let mut counted = HashMap::new();
        recount.rows = share.counted(db, &mut counted).await?;
        share.compare(db, counted, &mut recount).await?;
    }
    Ok(recount)
}

/// One share of all cells, by the end of their ids, which is as good as chance.
#[derive(Debug, Clone, Copy)]
struct Shares {
    share: u64,
    of: u64,
    since: Option<Day>,
}

impl Shares {
    /// Whether every row that counted in a cell still stands.
    fn is_provable(self, cell: &tally::Model) -> bool {
        self.since.is_none_or(|since| cell.period_on >= since)
    }

    fn holds(self, id: TallyId) -> bool {
        id.0.as_u64_pair().1 % self.of == self.share
    }

    /// Counts the rows of the log in their cells, and takes those that were corrected out again; how many rows.
    async fn counted<C: ConnectionTrait + StreamTrait>(
        self,
        db: &C,
        cells: &mut HashMap<TallyId, Counts>,
    ) -> Result<u64, Error> {
        let mut rows = 0;
        let mut all = disclosure::Entity::find()
            .order_by_asc(disclosure::Column::Id)
            .into_partial_model::<Counted>()
            .stream(db)
            .await?;
        while let Some(row) = all.try_next().await? {
            rows += 1;
            self.count(&row, 1, cells);
        }
        drop(all);
        let statement = Statement::from_string(ConnectionTrait::get_database_backend(db), CORRECTED);
        let mut corrected = Counted::find_by_statement(statement).stream(db).await?;
        while let Some(row) = corrected.try_next().await? {
            self.count(&row, -1, cells);
        }
        Ok(rows)
    }

    fn count(self, row: &Counted, sign: i64, cells: &mut HashMap<TallyId, Counts>) {
        for cell in row.cells() {
            if self.holds(cell.id) && self.is_provable(&cell) {
                let counts = cells.entry(cell.id).or_default();
                counts.disclosures += sign;
                counts.subject_count += sign * row.subject_count;
            }
        }
    }

    async fn compare<C: ConnectionTrait + StreamTrait>(
        self,
        db: &C,
        mut counted: HashMap<TallyId, Counts>,
        recount: &mut Recount,
    ) -> Result<(), Error> {
        let mut tallied = tally::Entity::find().stream(db).await?;
        while let Some(cell) = tallied.try_next().await? {
            if !self.holds(cell.id) {
                continue;
            }
            if !self.is_provable(&cell) {
                recount.left_out += 1;
                continue;
            }
            recount.cells += 1;
            let counts = Counts { disclosures: cell.disclosures, subject_count: cell.subject_count };
            let is_its_own = cell_id(&cell) == cell.id;
            let expected = counted.remove(&cell.id).unwrap_or_default();
            if !is_its_own || counts != expected {
                let tallied = is_its_own.then_some(counts);
                let period = Some((cell.grain, cell.period_on));
                recount.differs(Difference { id: cell.id, period, tallied, counted: expected });
            }
        }
        let mut absent: Vec<_> = counted.into_iter().filter(|(_, counts)| *counts != Counts::default()).collect();
        absent.sort_unstable_by_key(|(id, _)| *id);
        for (id, counted) in absent {
            recount.cells += 1;
            recount.differs(Difference { id, period: None, tallied: None, counted });
        }
        Ok(())
    }
}

impl Recount {
    fn differs(&mut self, difference: Difference) {
        self.differing += 1;
        if self.named.len() < DIFFERING_NAMED_MAX {
            self.named.push(difference);
        }
    }
}
