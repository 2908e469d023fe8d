//! The recorder: one writer per process, fed by a bounded queue, that writes what waits in one transaction.
//!
//! Recording does not scale with the number of writers, for there is one tree; it scales with the batch.

use std::{io, sync::Arc, thread, time::Instant};

use entity::vocabulary::{ClosedEnum, OrganisationId};
use sea_orm::DatabaseTransaction;
use tokio::{
    runtime::Builder,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
};
use tracing::{Instrument, Span};

use super::{
    Answer, Authorised, DisclosureDraft, Recorded,
    batch::{Answers, Failure, Fatal, Months, Trace, Wary, Writer},
    coverage::{Door, Judged, OnPartial},
    interned::InternedSets,
    plan::Plan,
    prepare::{Call, Prepared, prepare},
    queue::{Batch, Job, Waiting},
    stored::Stored,
};
use crate::{
    Error, Fault, FaultCode, Violations,
    auth::policy::LogKeeper,
    clock::Clock,
    database::Database,
    facts::Facts,
    journal::Journal,
    keys::Keys,
    metrics::{self, BatchOutcome},
    telemetry::spans,
};

/// Rows one call may hold.
pub const RECORD_ROWS_MAX: usize = 1_000;

/// Reports a call works through before it lets others have the processor.
const REPORTS_PER_TURN: usize = 16;

/// How much waits and how much is written at once.
#[derive(Debug, Clone, Copy)]
pub struct RecordLimits {
    /// Rows that may wait; what comes beyond is told to come again.
    pub queue_rows_max: usize,
    /// Rows of one transaction, a single larger call aside.
    pub batch_rows_max: usize,
}

/// What the recorder works with.
pub struct Equipment {
    /// Database.
    pub database: Database,
    /// Facts and journal.
    pub journal: Journal,
    /// Time.
    pub clock: Clock,
    /// Pseudonym keys.
    pub keys: Arc<Keys>,
    /// Sets of codes seen.
    pub sets: InternedSets,
    /// Ends the process; must not return.
    pub fatal: Fatal,
}

/// The one way into the log. Cloning shares it.
#[derive(Clone)]
pub struct Recorder {
    writer: Arc<Writer>,
    queue: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
    rows_max: u64,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("room", &self.room.available_permits()).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Starts the writer on a thread of its own, so that a hundred callers with work to do are not all served before it is
    /// its turn. It ends, and says so, when every recorder is dropped and the queue is empty. A month of the log that was not
    /// made before is made with its first row.
    ///
    /// # Errors
    /// Internal when there is no thread to be had.
    pub async fn start(equipment: Equipment, limits: RecordLimits) -> Result<(Self, oneshot::Receiver<()>), Error> {
        let Equipment { database, journal, clock, keys, sets, fatal } = equipment;
        let no_thread = |error: io::Error| Error::internal(format!("no thread for the recorder: {error}"));
        let (queue, jobs) = mpsc::unbounded_channel();
        let (ready, writer) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let work = move || {
            // Whoever does not wait to hear of the start or the end need not.
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(ready.send(Err(no_thread(error)))),
            };
            runtime.block_on(async move {
                let apart = database.apart();
                let (months, trace, wary) = (Months::default(), Trace::default(), Wary::default());
                let writer = Writer { database, apart, journal, clock, keys, sets, months, trace, wary, fatal };
                let writer = Arc::new(writer);
                drop(ready.send(Ok(Arc::clone(&writer))));
                run(writer, jobs, limits.batch_rows_max).await;
            });
            let _ = end.send(());
        };
        thread::Builder::new().name("recorder".to_owned()).spawn(work).map_err(no_thread)?;
        let writer = writer.await.map_err(|_| Error::internal("the recorder ended at its start"))??;
        let room = Arc::new(Semaphore::new(limits.queue_rows_max));
        Ok((Self { writer, queue, room, rows_max: limits.queue_rows_max as u64 }, ended))
    }

    /// Records disclosures that happened: all or none. The answer stands in the order of the reports.
    ///
    /// # Errors
    /// Every fault of form, unknown reference and conflict; unavailable when the queue is full or the outcome is unknown,
    /// and then the same call may be repeated.
    pub async fn record(
        &self,
        keeper: impl Into<LogKeeper>,
        drafts: Vec<DisclosureDraft>,
    ) -> Result<Vec<Recorded>, Error> {
        let answers = self.submit(keeper.into(), Door::Record, reported(drafts)?).await?;
        Ok(answers.into_iter().map(|answer| answer.recorded).collect())
    }

    /// Decides and records in one step. A repeat answers as the first for a minute.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn authorise(
        &self,
        keeper: impl Into<LogKeeper>,
        draft: DisclosureDraft,
        on_partial: OnPartial,
    ) -> Result<Authorised, Error> {
        let drafts = vec![(draft, "disclosure".to_owned())];
        let answers = self.submit(keeper.into(), Door::Authorise(on_partial), drafts).await?;
        let authorised = answers
            .into_iter()
            .next()
            .and_then(|answer| Some(Authorised { recorded: answer.recorded, decision: answer.decision? }));
        let authorised = authorised.ok_or_else(|| Error::internal("an authorisation without decision"))?;
        metrics::decision("authoriseDisclosure", authorised.decision.verdict.code());
        Ok(authorised)
    }

    /// What [`Self::record`] would write, without writing it.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn validate(
        &self,
        keeper: impl Into<LogKeeper>,
        drafts: Vec<DisclosureDraft>,
    ) -> Result<Vec<Judged>, Error> {
        let reports = self.rehearse(keeper.into(), Door::Record, reported(drafts)?).await?;
        Ok(reports.into_iter().map(|report| report.judged).collect())
    }

    /// What [`Self::authorise`] would decide and write, without writing it.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn validate_authorisation(
        &self,
        keeper: impl Into<LogKeeper>,
        draft: DisclosureDraft,
        on_partial: OnPartial,
    ) -> Result<(Judged, crate::decision::Decision), Error> {
        let drafts = vec![(draft, "disclosure".to_owned())];
        let reports = self.rehearse(keeper.into(), Door::Authorise(on_partial), drafts).await?;
        let first = reports.into_iter().next().and_then(|report| Some((report.judged, report.decision?)));
        first.ok_or_else(|| Error::internal("an authorisation without decision"))
    }

    /// Records disclosures inside a transaction of another that holds the registry: all or none, with it. `facts` are
    /// those of the transaction. They stand in the log in the order given, one that corrects after the corrected.
    ///
    /// # Errors
    /// Every fault of form, unknown reference and conflict, each under the place of its report in the order, such as
    /// `3.corrects`; then the transaction must not be committed.
    pub async fn record_within(
        &self,
        txn: &DatabaseTransaction,
        facts: &Facts,
        reports: Vec<(OrganisationId, DisclosureDraft)>,
    ) -> Result<(), Error> {
        let now = self.writer.clock.now();
        let mut faults = Violations::new();
        let mut reports = reports.into_iter().enumerate().peekable();
        while reports.peek().is_some() {
            let mut prepared = Vec::with_capacity(RECORD_ROWS_MAX);
            for (at, (discloser, draft)) in reports.by_ref().take(RECORD_ROWS_MAX) {
                let call = Call { keeper: discloser.into(), door: Door::Record, now };
                match prepare(facts, &self.writer.keys, call, draft, at.to_string()) {
                    Ok(report) => prepared.push((call, report)),
                    Err(Error::Invalid(more)) => faults.extend(more),
                    Err(other) => return Err(other),
                }
            }
            faults.extend(self.writer.write_within(txn, facts, &prepared).await?);
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    /// Sets of codes seen, for whoever reads rows.
    pub fn sets(&self) -> &InternedSets {
        &self.writer.sets
    }

    /// The queue as whoever only watches sees it.
    pub fn queue(&self) -> QueueSight {
        QueueSight { queue: self.queue.downgrade(), room: Arc::clone(&self.room), rows_max: self.rows_max }
    }

    async fn submit(
        &self,
        keeper: LogKeeper,
        door: Door,
        drafts: Vec<(DisclosureDraft, String)>,
    ) -> Result<Vec<Answer>, Error> {
        let share = self.share(drafts.len())?;
        let Ready { call, judged_seq, reports } = self.prepare(keeper, door, drafts).await?;
        let (reply, answer) = oneshot::channel();
        let job = Job { call, reports, judged_seq, reply, share, span: Span::current() };
        self.queue.send(job).map_err(|_| Error::Unavailable("recording has ended"))?;
        answer.await.map_err(|_| Error::Unavailable("recording ended early; repeat the call"))?
    }

    /// Room in the queue for so many rows.
    fn share(&self, rows: usize) -> Result<OwnedSemaphorePermit, Error> {
        let rows = u32::try_from(rows).ok().filter(|rows| u64::from(*rows) <= self.rows_max);
        let rows = rows.ok_or(Error::LimitExceeded {
            limit: "RECORD_QUEUE_MAX",
            allowed: self.rows_max,
            retry_after_seconds: None,
        })?;
        Arc::clone(&self.room)
            .try_acquire_many_owned(rows)
            .map_err(|_| Error::Unavailable("the recording queue is full (RECORD_QUEUE_MAX)"))
    }

    async fn rehearse(
        &self,
        keeper: LogKeeper,
        door: Door,
        drafts: Vec<(DisclosureDraft, String)>,
    ) -> Result<Vec<Prepared>, Error> {
        let Ready { call, reports, .. } = self.prepare(keeper, door, drafts).await?;
        let faults = self.contradictions(call, &reports).await?;
        if faults.is_empty() { Ok(reports) } else { Err(Error::Invalid(faults)) }
    }

    /// Checks every report on one picture of the facts, so that all faults are named at once. The instant of the call is
    /// read after the picture: whatever the picture tells of is past then.
    async fn prepare(
        &self,
        keeper: LogKeeper,
        door: Door,
        drafts: Vec<(DisclosureDraft, String)>,
    ) -> Result<Ready, Error> {
        let facts = self.writer.journal.facts();
        let call = Call { keeper, door, now: self.writer.clock.now() };
        let mut reports = Vec::with_capacity(drafts.len());
        let mut faults = Violations::new();
        for (at, (draft, path)) in drafts.into_iter().enumerate() {
            if at % REPORTS_PER_TURN == REPORTS_PER_TURN - 1 {
                tokio::task::yield_now().await;
            }
            match prepare(&facts, &self.writer.keys, call, draft, path) {
                Ok(report) => reports.push(report),
                Err(Error::Invalid(more)) => faults.extend(more),
                Err(other) => return Err(other),
            }
        }
        if faults.is_empty() {
            return Ok(Ready { call, judged_seq: facts.seq, reports });
        }
        // Conflicts of the sound reports are told with the faults of the others; a row that only those could have written
        // is not missed. Where the database is away, the faults are told without.
        let contradictions = self.contradictions(call, &reports).await.unwrap_or_default();
        faults.extend(contradictions.into_iter().filter(|fault| fault.code == FaultCode::Conflict));
        Err(Error::Invalid(faults))
    }

    /// What the log, as it stands, has against a call.
    async fn contradictions(&self, call: Call, reports: &[Prepared]) -> Result<Violations, Error> {
        let all: Vec<&Prepared> = reports.iter().collect();
        let txn = self.writer.database.snapshot().await?;
        let stored = Stored::read(&txn, &self.writer.sets, &all).await?;
        txn.commit().await?;
        Ok(Plan::new(&stored).take(call, reports).err().unwrap_or_default())
    }
}

/// The queue of a recorder, watched: the writer ends whether or not somebody still looks.
#[derive(Debug, Clone)]
pub struct QueueSight {
    queue: mpsc::WeakUnboundedSender<Job>,
    room: Arc<Semaphore>,
    rows_max: u64,
}

impl QueueSight {
    /// Rows that wait to be written or are being written, and how many may.
    pub fn rows(&self) -> (usize, usize) {
        let rows_max = usize::try_from(self.rows_max).unwrap_or(usize::MAX);
        (rows_max.saturating_sub(self.room.available_permits()), rows_max)
    }

    /// Whether the writer takes calls.
    pub fn is_open(&self) -> bool {
        self.queue.upgrade().is_some_and(|queue| !queue.is_closed())
    }
}

/// Call that may be queued.
struct Ready {
    call: Call,
    /// Journal position of the facts it was judged on.
    judged_seq: i64,
    reports: Vec<Prepared>,
}

fn reported(drafts: Vec<DisclosureDraft>) -> Result<Vec<(DisclosureDraft, String)>, Error> {
    let fault = match drafts.len() {
        0 => Fault::new(FaultCode::Blank, "disclosures", "nothing given"),
        1..=RECORD_ROWS_MAX => {
            let paths = (0..drafts.len()).map(|at| format!("disclosures.{at}"));
            return Ok(drafts.into_iter().zip(paths).collect());
        }
        _ => Fault::new(FaultCode::TooLong, "disclosures", format!("more than {RECORD_ROWS_MAX} disclosures")),
    };
    Err(Error::Invalid(vec![fault]))
}

/// Drains the queue for as long as anyone may send.
async fn run(writer: Arc<Writer>, queue: mpsc::UnboundedReceiver<Job>, batch_rows_max: usize) {
    let kept = Arc::clone(&writer);
    let mut waiting = Waiting::new(queue, batch_rows_max);
    let mut last_rows = 0;
    // Those who were answered together come again one by one. Whoever is first would be written alone and make all others
    // wait for one row; when half of them are here, they are written while the others work.
    while let Some(Batch { jobs, rows }) = waiting.batch(last_rows / 2).await {
        last_rows = rows;
        // In a task of its own: a fault of ours in one batch must not end the writer; its callers are told to repeat.
        let writer = Arc::clone(&writer);
        if tokio::spawn(async move { writer.write_batch(jobs).await }).await.is_err() {
            metrics::panicked();
            tracing::error!("a batch of disclosures ended early");
        }
    }
    kept.apart.close_apart().await;
}

impl Writer {
    /// Writes a batch. Where the database refuses it as a whole, each call is written alone, so that one bad call stops
    /// only itself.
    async fn write_batch(&self, mut jobs: Vec<Job>) {
        match self.timed(&mut jobs).await {
            Ok(answers) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    answered(job, answer);
                }
            }
            Err(Failure::Refused(error)) if jobs.len() > 1 && matches!(error, Error::Internal { .. }) => {
                tracing::warn!(calls = jobs.len(), "the database refused a batch; its calls are written one by one");
                for job in jobs {
                    self.write_alone(job).await;
                }
            }
            Err(failure) => self.fail(jobs, failure),
        }
    }

    async fn write_alone(&self, job: Job) {
        let mut jobs = vec![job];
        match self.timed(&mut jobs).await {
            Ok(answers) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    answered(job, answer);
                }
            }
            Err(failure) => self.fail(jobs, failure),
        }
    }

    async fn timed(&self, jobs: &mut [Job]) -> Result<Answers, Failure> {
        let (start, rows) = (Instant::now(), jobs.iter().map(|job| job.reports.len()).sum());
        let span = spans::batch(rows, jobs.iter().map(|job| &job.span));
        let answers = self.attempt(jobs).instrument(span).await;
        let outcome = match &answers {
            Ok(_) => BatchOutcome::Written,
            Err(Failure::Refused(_)) => BatchOutcome::Refused,
            Err(Failure::Unknown(_)) => BatchOutcome::Unknown,
        };
        metrics::batch(outcome, rows, start.elapsed());
        answers
    }

    fn fail(&self, jobs: Vec<Job>, failure: Failure) {
        let error = match failure {
            Failure::Refused(error) => error,
            Failure::Unknown(error) => {
                tracing::error!(%error, "the commit of a batch was not answered");
                if self.database.is_sqlite() {
                    (self.fatal)(
                        "SQLite did not say whether a batch of disclosures was committed; start again to recover",
                    );
                }
                Error::Unavailable("the outcome of the commit is unknown; repeat the call")
            }
        };
        for job in jobs {
            let error = match &error {
                Error::Unavailable(why) => Error::Unavailable(why),
                other => Error::internal(detail(other)),
            };
            answered(job, Err(error));
        }
    }
}

fn detail(error: &Error) -> String {
    match error {
        Error::Internal { detail } => detail.clone(),
        other => other.to_string(),
    }
}

/// Answers a call and gives its share of the queue back; a caller who went away is not missed.
fn answered(job: Job, answer: Result<Vec<Answer>, Error>) {
    let Job { reply, share, .. } = job;
    drop(share);
    drop(reply.send(answer));
}
