//! The task that tells webhooks what happens: one of each process, and of all processes one at a time for each webhook.
//!
//! It keeps no queue. What is to be told is read from the journal when it is told, from where the cursor stands; the cursor
//! moves only once the receiver has answered 2xx. A process that dies in between leaves an event that is sent again, under the
//! same id.

use std::{
    collections::HashMap,
    time::{Duration, Instant as Timer},
};

use entity::{
    vocabulary::{Instant, WebhookDeliveryId, WebhookId, WebhookStatus},
    webhook, webhook_cursor,
};
use tokio::{
    sync::oneshot,
    task::{Id, JoinError, JoinHandle, JoinSet},
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{
    address::Reach,
    cursor, schedule,
    send::Sender,
    tell::{Outcome, Teller},
};
use crate::{
    Error, clock,
    context::Gateway,
    decision,
    events::{self, Position},
    metrics,
};

/// Time between two looks where nothing is heard of: at webhooks that wait to be tried again, or that another process tells.
const LOOK: Duration = Duration::from_secs(1);

/// Webhooks told at once. A receiver that hangs takes one place for 15 seconds, and then waits longer than that.
const WEBHOOKS_AT_ONCE: usize = 256;

/// How long a stop waits for attempts under way; what is cut is sent again.
const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// How long a webhook is left alone after a fault of ours, so that a process that cannot tell it leaves it to one that can.
const FAULT_PAUSE: Duration = Duration::from_secs(30);

/// Time between two looks for attempts too old to be kept.
const FORGET: Duration = Duration::from_hours(1);

/// The task, and the way to stop it.
#[derive(Debug)]
pub struct Deliveries {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Deliveries {
    /// Starts to tell.
    pub fn start(gateway: &Gateway) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop, task: tokio::spawn(Dispatcher::new(gateway.clone()).run(stopped)) }
    }

    /// Takes up no more, and lets attempts under way be finished.
    pub async fn stop(self) {
        drop(self.stop);
        if self.task.await.is_err() {
            tracing::error!("the deliveries of webhooks ended early");
        }
    }
}

struct Dispatcher {
    gateway: Gateway,
    /// Name of this process in leases.
    holder: Uuid,
    /// Made once there is anybody to tell.
    sender: Option<Sender>,
    running: JoinSet<Result<Outcome, Error>>,
    told_by: HashMap<Id, WebhookId>,
    /// Webhooks that have been told everything up to here.
    idle: HashMap<WebhookId, Position>,
    /// Webhooks whose turn ended with a fault of ours, and when: they are left alone for a while.
    faulty: HashMap<WebhookId, Timer>,
    /// Webhooks whose next event could not be delivered, and when that was recorded.
    behind: HashMap<WebhookId, Instant>,
    forgot: Option<Timer>,
}

impl Dispatcher {
    fn new(gateway: Gateway) -> Self {
        // An embedded database has one process: what the one before left is its own.
        let is_alone = gateway.database.is_sqlite();
        let holder = if is_alone { Uuid::nil() } else { clock::fresh_id::<WebhookDeliveryId>().0 };
        Self {
            gateway,
            holder,
            sender: None,
            running: JoinSet::new(),
            told_by: HashMap::new(),
            idle: HashMap::new(),
            faulty: HashMap::new(),
            behind: HashMap::new(),
            forgot: None,
        }
    }

    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let (mut positions, mut raised) = (self.gateway.journal.positions(), self.gateway.raised.subscribe());
        loop {
            tokio::select! {
                _ = &mut stopped => break,
                _ = positions.changed() => {}
                _ = raised.changed() => {}
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                () = sleep(LOOK) => {}
            }
            if let Err(error) = self.round().await {
                tracing::warn!(code = ?error.code(), "webhooks could not be looked at; trying again");
                sleep(LOOK).await;
            }
        }
        let finished = async { while self.running.join_next().await.is_some() {} };
        if timeout(STOP_TIME_MAX, finished).await.is_err() {
            tracing::info!("attempts to deliver events were cut; they are sent again");
        }
    }

    fn ended(&mut self, ended: Result<(Id, Result<Outcome, Error>), JoinError>) {
        let (task, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(Error::internal("the telling of a webhook ended early"))),
        };
        let Some(id) = self.told_by.remove(&task) else { return };
        match outcome {
            Ok(Outcome::Told(reached)) => {
                self.idle.insert(id, reached);
                self.behind.remove(&id);
            }
            Ok(Outcome::More) => {
                self.behind.remove(&id);
            }
            Ok(Outcome::InVain(at)) => {
                self.behind.insert(id, at);
            }
            Ok(Outcome::Elsewhere) => {}
            Err(error) => {
                tracing::warn!(webhook = %id, code = ?error.code(), "a webhook could not be told; trying again later");
                self.faulty.insert(id, Timer::now());
            }
        }
    }

    /// Looks at every webhook that may have something to be told, and starts to tell those whose turn it is.
    async fn round(&mut self) -> Result<(), Error> {
        let gateway = self.gateway.clone();
        let facts = gateway.journal.facts();
        let now = gateway.clock.now();
        // A body that has ceased is told nothing more: nobody of it could say to stop.
        let exists =
            |row: &webhook::Model| facts.party(row.organisation_id).is_some_and(|body| decision::exists(body, now));
        let is_active = |id: &WebhookId| {
            facts.webhook.get(*id).is_some_and(|row| row.status == WebhookStatus::Active && exists(row))
        };
        self.idle.retain(|id, _| is_active(id));
        self.behind.retain(|id, _| is_active(id));
        self.faulty.retain(|_, at| at.elapsed() < FAULT_PAUSE);
        self.show_lag();
        if facts.webhook.all().next().is_none() || !is_current(&gateway) {
            return Ok(());
        }
        if let Err(error) = self.forget().await {
            tracing::warn!(code = ?error.code(), "old attempts to deliver events could not be deleted");
        }
        let end = events::end(&gateway);
        let waiting: Vec<&webhook::Model> = facts
            .webhook
            .all()
            .map(AsRef::as_ref)
            .filter(|row| is_active(&row.id) && !self.faulty.contains_key(&row.id) && !self.is_told(row.id, end))
            .collect();
        if waiting.is_empty() {
            return Ok(());
        }
        for (row, cursor) in due(&gateway, &waiting, self.holder, now).await? {
            if self.running.len() >= WEBHOOKS_AT_ONCE {
                break;
            }
            self.start(row.id, cursor)?;
        }
        Ok(())
    }

    /// Whether a webhook is being told, or has been told everything there is.
    fn is_told(&self, id: WebhookId, end: Position) -> bool {
        let is_idle = |reached: &Position| reached.seq >= end.seq && reached.raised >= end.raised;
        self.told_by.values().any(|told| *told == id) || self.idle.get(&id).is_some_and(is_idle)
    }

    fn start(&mut self, id: WebhookId, cursor: webhook_cursor::Model) -> Result<(), Error> {
        let sender = if let Some(sender) = &self.sender {
            sender.clone()
        } else {
            let reach = Reach::of(self.gateway.config.webhook_private_addresses);
            let made = Sender::new(reach).map_err(|_| Error::internal("TLS for webhooks cannot be made ready"))?;
            self.sender.insert(made).clone()
        };
        let teller = Teller { gateway: self.gateway.clone(), sender, holder: self.holder, id };
        let task = self.running.spawn(teller.tell(cursor));
        self.told_by.insert(task.id(), id);
        Ok(())
    }

    async fn forget(&mut self) -> Result<(), Error> {
        if self.forgot.is_some_and(|at| at.elapsed() < FORGET) {
            return Ok(());
        }
        cursor::forget(self.gateway.database.write(), self.gateway.clock.now()).await?;
        self.forgot = Some(Timer::now());
        Ok(())
    }

    fn show_lag(&self) {
        let now = self.gateway.clock.now();
        let longest = self.behind.values().map(|at| (now - *at).to_std().unwrap_or_default()).max();
        metrics::webhooks_behind(self.behind.len(), longest.unwrap_or_default());
    }
}

/// Whether the facts may be judged on.
pub(super) fn is_current(gateway: &Gateway) -> bool {
    gateway.journal.fault().is_none() && gateway.journal.age() < gateway.config.facts_max_age
}

/// Webhooks whose turn it is, with their cursors; those that were tried longest ago first.
async fn due<'a>(
    gateway: &Gateway,
    waiting: &[&'a webhook::Model],
    holder: Uuid,
    now: Instant,
) -> Result<Vec<(&'a webhook::Model, webhook_cursor::Model)>, Error> {
    let db = gateway.database.primary();
    let ids: Vec<WebhookId> = waiting.iter().map(|row| row.id).collect();
    let mut cursors = by_id(cursor::of(db, &ids).await?);
    let new: Vec<&webhook::Model> = waiting.iter().filter(|row| !cursors.contains_key(&row.id)).copied().collect();
    for row in &new {
        cursor::begin(gateway, row).await?;
    }
    if !new.is_empty() {
        let ids: Vec<WebhookId> = new.iter().map(|row| row.id).collect();
        cursors.extend(by_id(cursor::of(db, &ids).await?));
    }
    let mut due: Vec<_> = waiting
        .iter()
        .filter_map(|row| Some((*row, cursors.remove(&row.id)?)))
        .filter(|(row, cursor)| schedule::is_due(row, cursor, now) && cursor::is_free(cursor, holder, now))
        .collect();
    due.sort_by_key(|(_, cursor)| cursor.tried_at);
    Ok(due)
}

fn by_id(cursors: Vec<webhook_cursor::Model>) -> HashMap<WebhookId, webhook_cursor::Model> {
    cursors.into_iter().map(|cursor| (cursor.webhook_id, cursor)).collect()
}
