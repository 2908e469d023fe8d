//! One transaction: the calls of a batch judged on the newest facts, their new rows, keys, tallies and leaves written
//! together.
//!
//! A batch is tried in up to three ways, each of which writes everything or nothing and says where it does not apply: on
//! PostgreSQL in one statement, where nobody else has appended since our last batch; behind a lock, where its messages are new
//! and its facts stand; and behind a lock and a look at the log, whatever it holds.
//!
//! **Invariant:** registry → tree → rows. Nothing is answered before the commit.

use std::{
    collections::BTreeSet,
    slice,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use entity::{
    disclosure,
    vocabulary::{ClosedEnum, Day, Instant},
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, Statement};
use tracing::Instrument;

use super::{
    Answer, Recorded,
    bulk::insert_all,
    interned::{self, InternedSets},
    partitions,
    plan::{Plan, Source},
    prepare::{Call, Prepared},
    queue::Job,
    stored::Stored,
    tally::month_of,
    written::{LastChange, Repeats, Written},
};
use crate::{
    Error, Violations,
    clock::Clock,
    database::{Database, Server},
    error::cause,
    facts::Facts,
    journal::{Journal, Left, Lock, Tree},
    keys::Keys,
    metrics,
    telemetry::spans,
};

/// Why a batch was not written.
pub(super) enum Failure {
    /// Nothing was committed.
    Refused(Error),
    /// The commit was not answered.
    Unknown(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// What a batch is judged and planned on.
#[derive(Clone, Copy)]
struct Ground<'a> {
    facts: &'a Facts,
    /// What the log holds of the batch; null where it is assumed to hold nothing of it.
    stored: Option<&'a Stored>,
}

/// What ends the process when it cannot go on: SQLite did not say whether it committed.
pub type Fatal = Box<dyn Fn(&str) + Send + Sync>;

/// The writer's side.
pub(super) struct Writer {
    /// For whoever only reads.
    pub database: Database,
    /// For batches.
    pub apart: Database,
    pub journal: Journal,
    pub clock: Clock,
    pub keys: Arc<Keys>,
    pub sets: InternedSets,
    /// Months whose partitions stand.
    pub months: Months,
    pub trace: Trace,
    pub wary: Wary,
    pub fatal: Fatal,
}

/// How the last batch left the log, guarded; null before the first.
#[derive(Default)]
pub(super) struct Trace(Mutex<Option<LeftBehind>>);

impl Trace {
    /// As it stands; it is replaced whole.
    fn lock(&self) -> MutexGuard<'_, Option<LeftBehind>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Batches that look for repeats, once one came: whoever got no answer sends again, and seldom one message alone.
const WARY_BATCHES: usize = 256;

/// How many of the coming batches look for repeats before they are written.
#[derive(Default)]
pub(super) struct Wary(AtomicUsize);

impl Wary {
    /// A repeat came.
    fn begin(&self) {
        self.0.store(WARY_BATCHES, Relaxed);
    }

    /// For the next batch. There is one writer.
    fn next(&self) -> Repeats {
        let left = self.0.load(Relaxed);
        self.0.store(left.saturating_sub(1), Relaxed);
        if left > 0 { Repeats::LookedFor } else { Repeats::NotExpected }
    }
}

/// How a batch left the log.
#[derive(Debug, Clone, Copy)]
struct LeftBehind {
    tree: Left,
    last: LastChange,
    /// Whether it found the log as the one before had left it: then nobody else is writing.
    is_alone: bool,
}

/// Months, guarded.
#[derive(Default)]
pub(super) struct Months(Mutex<BTreeSet<Day>>);

impl Months {
    /// Months as they stand; a set of days cannot be left half-written.
    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeSet<Day>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) type Answers = Vec<Result<Vec<Answer>, Error>>;

/// What came of a batch in one statement.
enum Alone {
    Written(Answers),
    /// One of its messages, or what one corrects by, stands in the log.
    Repeated,
    /// The log, the registry or the facts are not what was taken for granted.
    Elsewise,
}

impl Writer {
    /// Writes a batch; one answer for each call.
    pub(super) async fn attempt(&self, jobs: &mut [Job]) -> Result<Answers, Failure> {
        let mut server = self.apart.server();
        let same = server.clone();
        let written = async {
            if !self.database.is_sqlite() {
                match self.attempt_alone(&same, jobs).await? {
                    Alone::Written(answers) => return Ok(answers),
                    Alone::Repeated => return self.attempt_known(&same, jobs).await,
                    Alone::Elsewise => {}
                }
            }
            match self.attempt_new(&same, jobs).await? {
                Some(answers) => Ok(answers),
                None => self.attempt_known(&same, jobs).await,
            }
        };
        server.answered(written).await
    }

    /// Writes a batch as [`Self::attempt_new`] does, in one statement that is a transaction of its own, for whoever is alone:
    /// where the log stands as our last batch left it, nothing need be locked and looked at first. Where it stands
    /// otherwise, or a message stands in it, nothing is written; then two batches that look first come before the next that does
    /// not.
    async fn attempt_alone(&self, server: &Server, jobs: &[Job]) -> Result<Alone, Failure> {
        let Some(left) = self.trace.lock().filter(|left| left.is_alone) else { return Ok(Alone::Elsewise) };
        if self.facts_of_new(jobs).is_none_or(|facts| (facts.seq, facts.mark) != left.last) {
            return Ok(Alone::Elsewise);
        }
        let (stored, mut tree) = (Stored::default(), Tree::as_left(&left.tree));
        let mut plan = Plan::new(&stored);
        let sources = planned(&mut plan, jobs, none_refused(jobs));
        if sources.iter().any(Result::is_err) {
            return Ok(Alone::Elsewise);
        }
        let written = Written::build(&mut tree, &stored, &plan.entries)?;
        let sets_stand = written.sets.keys().all(|id| self.sets.get(*id).is_some());
        let month_stands = last_month(&written.rows).is_some_and(|month| self.months.lock().contains(&month));
        if !sets_stand || !month_stands {
            return Ok(Alone::Elsewise);
        }
        let (sql, values) = written.insertion_as_left(&tree, self.wary.next())?;
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        // All rows are read, though there is at most one: the last that is read is how the commit went.
        let mut server = server.clone();
        let written_alone =
            server.answered(self.apart.write().query_all_raw(statement)).instrument(spans::commit()).await;
        let unwritten = match written_alone {
            Ok(found) => found.is_empty().then_some(Alone::Elsewise),
            Err(unasked) if is_unasked(&unasked) => return Err(unasked.into()),
            Err(refused) if is_refusal(&refused) => {
                tracing::debug!(error = %refused, "a batch was refused in one statement");
                Some(if stands_already(&refused) { Alone::Repeated } else { Alone::Elsewise })
            }
            Err(unanswered) => return Err(Failure::Unknown(unanswered.into())),
        };
        *self.trace.lock() = unwritten.is_none().then(|| LeftBehind { tree: tree.left(), ..left });
        if let Some(unwritten) = unwritten {
            return Ok(unwritten);
        }
        self.committed(&written);
        Ok(Alone::Written(answers(jobs, sources, written, &stored)))
    }

    /// The facts, where every message of a batch may be new and was judged on them.
    fn facts_of_new(&self, jobs: &[Job]) -> Option<Arc<Facts>> {
        let facts = self.journal.facts();
        let corrects = |job: &Job| job.reports.iter().any(|report| report.checked.corrects.is_some());
        (!jobs.iter().any(|job| job.judged_seq != facts.seq || corrects(job))).then_some(facts)
    }

    /// Writes a batch of messages not sent before, judged on facts that still stand; null, with nothing written, for any
    /// other. Nearly every batch is of that kind, so nothing is read first: the write itself tells.
    async fn attempt_new(&self, server: &Server, jobs: &[Job]) -> Result<Option<Answers>, Failure> {
        let Some(facts) = self.facts_of_new(jobs) else { return Ok(None) };
        let txn = self.apart.begin().await?;
        let tree = Tree::lock_with_registry(&txn, &self.clock, Lock::Shared).await?;
        let ground = Ground { facts: &facts, stored: None };
        self.attempt_on(server, txn, tree, ground, jobs, none_refused(jobs)).await
    }

    /// Writes a batch whatever it holds: the journal and the log are read first.
    async fn attempt_known(&self, server: &Server, jobs: &mut [Job]) -> Result<Answers, Failure> {
        let txn = self.apart.begin().await?;
        let tree = Tree::lock_with_registry(&txn, &self.clock, Lock::Shared).await?;
        let facts = self.fresh_facts(&txn).await?;
        let refused = renew(&facts, &self.keys, jobs, tree.now().max(self.clock.now()));
        let reports: Vec<&Prepared> = jobs.iter().flat_map(|job| &job.reports).collect();
        let stored = Stored::read(&txn, &self.sets, &reports).await?;
        if reports.iter().any(|report| stored.knows(&report.key())) {
            self.wary.begin();
        }
        let ground = Ground { facts: &facts, stored: Some(&stored) };
        let answers = self.attempt_on(server, txn, tree, ground, jobs, refused).await?;
        answers.ok_or_else(|| Failure::Refused(Error::internal("a batch met what it had not read")))
    }

    /// Plans, writes and commits; null, with nothing written, where the ground proves to be another than was assumed.
    async fn attempt_on(
        &self,
        server: &Server,
        txn: DatabaseTransaction,
        mut tree: Tree,
        ground: Ground<'_>,
        jobs: &[Job],
        refused: Vec<Option<Error>>,
    ) -> Result<Option<Answers>, Failure> {
        let (facts, nothing) = (ground.facts, Stored::default());
        let stored = ground.stored.unwrap_or(&nothing);
        let mut plan = Plan::new(stored);
        let sources = planned(&mut plan, jobs, refused);
        // A call that is refused is told every fault, also those that only the log knows.
        if ground.stored.is_none() && sources.iter().any(Result::is_err) {
            txn.rollback().await?;
            return Ok(None);
        }
        let written = Written::build(&mut tree, stored, &plan.entries)?;
        let before = *self.trace.lock();
        let left = LeftBehind {
            tree: tree.left(),
            last: (facts.seq, facts.mark),
            is_alone: before.is_some_and(|before| tree.was_left(&before.tree)),
        };
        let stands = written.rows.is_empty() || self.write(&txn, &self.sets, tree, &written, facts).await?;
        if written.rows.is_empty() || !stands {
            txn.rollback().await?;
        } else {
            let mut server = server.clone();
            let commit = server.answered(txn.commit()).instrument(spans::commit());
            commit.await.map_err(|error| Failure::Unknown(error.into()))?;
            *self.trace.lock() = Some(left);
            self.committed(&written);
        }
        Ok(stands.then(|| answers(jobs, sources, written, stored)))
    }

    /// The facts as they stand while the registry is locked.
    async fn fresh_facts(&self, txn: &DatabaseTransaction) -> Result<Arc<Facts>, Error> {
        let facts = self.journal.facts();
        match self.journal.catch_up(txn, &facts).await? {
            None => Ok(facts),
            Some(later) => {
                self.journal.publish(later);
                Ok(self.journal.facts())
            }
        }
    }

    /// Writes reports into a transaction that holds the registry and ends elsewhere; the faults of those left out. What
    /// the writer remembers has been committed, so nothing of this is remembered.
    pub(super) async fn write_within(
        &self,
        txn: &DatabaseTransaction,
        facts: &Facts,
        reports: &[(Call, Prepared)],
    ) -> Result<Violations, Error> {
        let sets = InternedSets::default();
        let mut tree = Tree::lock(txn, &self.clock).await?;
        let all: Vec<&Prepared> = reports.iter().map(|(_, report)| report).collect();
        let stored = Stored::read(txn, &sets, &all).await?;
        let mut plan = Plan::new(&stored);
        let mut faults = Violations::new();
        for (call, report) in reports {
            if let Err(more) = plan.take(*call, slice::from_ref(report)) {
                faults.extend(more);
            }
        }
        let written = Written::build(&mut tree, &stored, &plan.entries)?;
        if written.rows.is_empty() || self.write(txn, &sets, tree, &written, facts).await? {
            return Ok(faults);
        }
        Err(Error::internal("an import met what it had not read"))
    }

    /// Writes what was built; whether all its messages were new and the journal stands at the last change of the
    /// facts. Otherwise nothing of the transaction may be committed.
    async fn write(
        &self,
        txn: &DatabaseTransaction,
        sets: &InternedSets,
        tree: Tree,
        written: &Written,
        facts: &Facts,
    ) -> Result<bool, Error> {
        self.ensure_partition(txn, &written.rows).await?;
        let new_sets: Vec<entity::interned::Model> = written
            .sets
            .iter()
            .filter(|(id, _)| sets.get(**id).is_none())
            .map(|(id, members)| entity::interned::Model { id: *id, members: members.to_string() })
            .collect();
        insert_all::<entity::interned::Entity>(txn, &new_sets, "on conflict (id) do nothing").await?;
        let (new_keys, (seq, mark)) = if txn.get_database_backend() == DbBackend::Postgres {
            written.insert_at_once(txn, &tree).await?
        } else {
            written.insert_in_turn(txn, tree).await?
        };
        if seq < facts.seq || seq == facts.seq && mark != facts.mark {
            return Err(self.journal.lost(facts));
        }
        Ok(new_keys == written.keys.len() as u64 && seq == facts.seq)
    }

    /// Counts and remembers what was committed.
    fn committed(&self, written: &Written) {
        for row in &written.rows {
            metrics::disclosure(row.coverage.code(), row.outcome.code());
        }
        for (id, members) in &written.sets {
            self.sets.keep(*id, members);
        }
        if let Some(month) = last_month(&written.rows) {
            self.months.lock().insert(month);
        }
    }

    /// A month's partition stands before its first row is written: it was made months ago, unless nobody could.
    async fn ensure_partition(&self, txn: &DatabaseTransaction, rows: &[disclosure::Model]) -> Result<(), Error> {
        let Some(month) = last_month(rows) else { return Ok(()) };
        if txn.get_database_backend() != DbBackend::Postgres || self.months.lock().contains(&month) {
            return Ok(());
        }
        partitions::make(txn, month).await
    }
}

/// Judges anew what was judged on older facts, as of `at`: what was changed since the call was changed before that, so an
/// authorisation under way meets a suspension that was acknowledged meanwhile. For each call, why it can no longer be
/// written. A call that is refused stays one of the older facts, so that no later attempt takes its judgement for a fresh
/// one.
fn renew(facts: &Facts, keys: &Keys, jobs: &mut [Job], at: Instant) -> Vec<Option<Error>> {
    jobs.iter_mut()
        .map(|job| {
            if job.judged_seq >= facts.seq {
                return None;
            }
            job.call.now = job.call.now.max(at);
            let refused = renew_call(facts, keys, job);
            if refused.is_none() {
                job.judged_seq = facts.seq;
            }
            refused
        })
        .collect()
}

fn renew_call(facts: &Facts, keys: &Keys, job: &mut Job) -> Option<Error> {
    let mut faults = Violations::new();
    for report in &mut job.reports {
        match report.renew(facts, keys, job.call) {
            Ok(()) => {}
            Err(Error::Invalid(more)) => faults.extend(more),
            Err(other) => return Some(other),
        }
    }
    (!faults.is_empty()).then_some(Error::Invalid(faults))
}

fn last_month(rows: &[disclosure::Model]) -> Option<Day> {
    rows.last().map(|row| month_of(row.recorded_at.date_naive()))
}

/// Whether there was no connection to ask the database over.
fn is_unasked(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(RuntimeErr::SqlxError(_)))
}

/// Whether the database itself says that it did not do it. If it should say so of what it did, the next way finds the keys.
fn is_refusal(error: &DbErr) -> bool {
    matches!(cause(error), Some(sqlx::Error::Database(_)))
}

/// Whether it does not because something stands already.
fn stands_already(error: &DbErr) -> bool {
    matches!(cause(error), Some(sqlx::Error::Database(said)) if said.is_unique_violation())
}

/// Where the rows of a call come from, or why it is refused.
type Sources = Result<Vec<Source>, Error>;

/// No refusal for any call.
fn none_refused(jobs: &[Job]) -> Vec<Option<Error>> {
    jobs.iter().map(|_| None).collect()
}

/// Takes every call into a plan that is not refused already.
fn planned<'a>(plan: &mut Plan<'a>, jobs: &'a [Job], refused: Vec<Option<Error>>) -> Vec<Sources> {
    let plan_one = |(job, refused): (&'a Job, Option<Error>)| match refused {
        Some(error) => Err(error),
        None => plan.take(job.call, &job.reports).map_err(Error::Invalid),
    };
    jobs.iter().zip(refused).map(plan_one).collect()
}

/// One answer for each call. What was written is given away, but for rows that several calls are answered with.
fn answers(jobs: &[Job], sources: Vec<Sources>, written: Written, stored: &Stored) -> Answers {
    let of_calls = sources.iter().flatten().flatten();
    let shared: BTreeSet<usize> =
        of_calls.filter_map(|source| if let Source::NewRepeated(at) = source { Some(*at) } else { None }).collect();
    let mut rows: Vec<Option<disclosure::Model>> = written.rows.into_iter().map(Some).collect();
    let mut new = |at: usize| if shared.contains(&at) { rows[at].clone() } else { rows[at].take() };
    let own_set = |id| written.sets.get(&id).map_or("", AsRef::as_ref);
    let mut answer = |report: &Prepared, source: Source| {
        let repeated = !matches!(source, Source::New(_));
        let row = match source {
            Source::New(at) | Source::NewRepeated(at) => new(at),
            Source::Stored(id) => stored.row(id).cloned(),
        }?;
        let set = |id| if let Source::Stored(_) = source { stored.set(id) } else { own_set(id) };
        let (items, bases) = (interned::items(set(row.items_id)), interned::bases(set(row.bases_id)));
        Some(Answer { recorded: Recorded { row, items, bases, repeated }, decision: report.decision.clone() })
    };
    let answered = jobs.iter().zip(sources).map(|(job, sources)| {
        let reports = job.reports.iter().zip(sources?);
        Ok(reports.filter_map(|(report, source)| answer(report, source)).collect())
    });
    answered.collect()
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::{
        disclosure::{
            coverage::{Door, OnPartial},
            tests::{KELMU, called_at, facts, instant, job, new_keys},
        },
        facts::Edit,
    };

    #[test]
    fn authorisation_is_judged_again_as_of_the_writing_and_a_report_as_of_the_giving() -> Result<(), Error> {
        let (keys, later) = (new_keys()?, facts().after(2, &[]));
        let (arrived, written) = (instant("2026-03-02T09:00:00Z"), instant("2026-03-02T09:00:03Z"));
        let given = |jobs: &[Job]| jobs[0].reports[0].checked.occurred_at;
        let mut authorised = [called_at(&keys, Door::Authorise(OnPartial::Deny), arrived)?];
        assert_eq!(given(&authorised), arrived);
        assert!(matches!(renew(&later, &keys, &mut authorised, written)[..], [None]));
        assert_eq!(given(&authorised), written);
        let mut reported = [called_at(&keys, Door::Record, arrived)?];
        assert!(matches!(renew(&later, &keys, &mut reported, written)[..], [None]));
        assert_eq!(given(&reported), arrived);
        Ok(())
    }

    #[test]
    fn refused_call_is_refused_again_however_often_it_is_tried() -> Result<(), Error> {
        let (keys, earlier) = (new_keys()?, facts());
        let mut jobs = [job(&keys, &["m"])?];
        let gone = earlier.after(2, &[Edit::Remove("register", KELMU.0)]);
        for _ in 0..2 {
            assert!(matches!(
                renew(&gone, &keys, &mut jobs, instant("2026-03-02T09:00:01Z"))[..],
                [Some(Error::Invalid(_))]
            ));
            assert_eq!(jobs[0].judged_seq, earlier.seq);
        }
        let later = earlier.after(3, &[]);
        assert!(matches!(renew(&later, &keys, &mut jobs, instant("2026-03-02T09:00:02Z"))[..], [None]));
        assert_eq!(jobs[0].judged_seq, 3);
        Ok(())
    }

    #[test]
    fn so_many_batches_look_for_repeats_after_the_last_that_came() {
        let wary = Wary::default();
        let looking = || iter::repeat_with(|| wary.next()).take_while(|next| *next == Repeats::LookedFor).count();
        assert_eq!(looking(), 0);
        wary.begin();
        assert_eq!((looking(), looking()), (WARY_BATCHES, 0));
        wary.begin();
        wary.next();
        wary.begin();
        assert_eq!(looking(), WARY_BATCHES);
    }
}
