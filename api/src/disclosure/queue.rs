//! Calls that wait for the writer, and which of them it takes together.

use std::time::Duration;

use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::timeout,
};
use tracing::Span;

use super::{
    Answer,
    prepare::{Call, Prepared},
};
use crate::Error;

/// How long a batch waits for those who were answered lately; about what a batch of one row takes.
const LINGER_MAX: Duration = Duration::from_millis(1);

/// One call waiting to be written.
pub(super) struct Job {
    pub call: Call,
    pub reports: Vec<Prepared>,
    /// Journal position of the facts it was judged on.
    pub judged_seq: i64,
    pub reply: oneshot::Sender<Result<Vec<Answer>, Error>>,
    /// Its share of the queue.
    pub share: OwnedSemaphorePermit,
    /// What waits for it, for the traces.
    pub span: Span,
}

/// Calls written together.
pub(super) struct Batch {
    pub jobs: Vec<Job>,
    /// Rows of all of them.
    pub rows: usize,
}

/// Calls that wait for the writer.
pub(super) struct Waiting {
    queue: mpsc::UnboundedReceiver<Job>,
    /// Call that did not fit into the last batch.
    carried: Option<Job>,
    batch_rows_max: usize,
}

impl Waiting {
    pub(super) fn new(queue: mpsc::UnboundedReceiver<Job>, batch_rows_max: usize) -> Self {
        Self { queue, carried: None, batch_rows_max }
    }

    /// Next batch: what waits, and what comes within [`LINGER_MAX`] where fewer rows than `wished` do. None when nobody
    /// may send any more.
    pub(super) async fn batch(&mut self, wished: usize) -> Option<Batch> {
        let first = match self.carried.take() {
            Some(job) => job,
            None => self.queue.recv().await?,
        };
        let mut batch = Batch { rows: first.reports.len(), jobs: vec![first] };
        self.take_waiting(&mut batch);
        if batch.rows < wished {
            // Whether the wish is met or the time is over, what has come is written.
            let _ = timeout(LINGER_MAX, self.take_wished(&mut batch, wished)).await;
        }
        Some(batch)
    }

    async fn take_wished(&mut self, batch: &mut Batch, wished: usize) {
        while self.carried.is_none() && batch.rows < wished.min(self.batch_rows_max) {
            let Some(job) = self.queue.recv().await else { return };
            self.take(batch, job);
        }
        self.take_waiting(batch);
    }

    fn take_waiting(&mut self, batch: &mut Batch) {
        while self.carried.is_none()
            && batch.rows < self.batch_rows_max
            && let Ok(job) = self.queue.try_recv()
        {
            self.take(batch, job);
        }
    }

    fn take(&mut self, batch: &mut Batch, job: Job) {
        if batch.rows + job.reports.len() > self.batch_rows_max {
            self.carried = Some(job);
        } else {
            batch.rows += job.reports.len();
            batch.jobs.push(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::disclosure::tests::{job, new_keys};

    fn waiting(calls: &[&[&str]], batch_rows_max: usize) -> Result<(mpsc::UnboundedSender<Job>, Waiting), Error> {
        let (sender, queue) = mpsc::unbounded_channel();
        let keys = new_keys()?;
        for messages in calls {
            sender.send(job(&keys, messages)?).map_err(|_| Error::internal("no queue"))?;
        }
        Ok((sender, Waiting::new(queue, batch_rows_max)))
    }

    async fn sizes(waiting: &mut Waiting, wished: usize) -> Vec<usize> {
        let jobs = waiting.batch(wished).await.map(|batch| batch.jobs).unwrap_or_default();
        jobs.iter().map(|job| job.reports.len()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_takes_what_waits_and_lingers_only_for_those_it_misses() -> Result<(), Error> {
        let (sender, mut waiting) = waiting(&[&["a"], &["b", "c"]], 100)?;
        let started = Instant::now();
        assert_eq!(sizes(&mut waiting, 3).await, [1, 2]);
        assert_eq!(started.elapsed(), Duration::ZERO);
        sender.send(job(&new_keys()?, &["d"])?).map_err(|_| Error::internal("no queue"))?;
        assert_eq!(sizes(&mut waiting, 2).await, [1]);
        assert!((LINGER_MAX..2 * LINGER_MAX).contains(&started.elapsed()), "{:?}", started.elapsed());
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_does_not_fit_comes_first_in_the_next_batch() -> Result<(), Error> {
        let (sender, mut waiting) = waiting(&[&["a", "b"], &["c", "d", "e", "f", "g"], &["h"]], 3)?;
        drop(sender);
        assert_eq!(sizes(&mut waiting, 3).await, [2]);
        assert_eq!(sizes(&mut waiting, 0).await, [5]);
        assert_eq!(sizes(&mut waiting, 0).await, [1]);
        assert!(waiting.batch(0).await.is_none());
        Ok(())
    }
}
