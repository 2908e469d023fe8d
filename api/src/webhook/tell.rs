//! One webhook's turn: what there is to tell it is read, judged and sent, one event after another.

use std::time::{Duration, Instant as Timer};

use entity::{
    vocabulary::{ClosedEnum, EventTopic, Instant, WebhookId, WebhookPause, WebhookStatus},
    webhook, webhook_cursor, webhook_delivery,
};
use uuid::Uuid;

use super::{
    cursor,
    deliver::is_current,
    rules,
    schedule::{self, Failed},
    send::{Attempt, Message, Sender},
    signature,
};
use crate::{
    Error, clock,
    context::Gateway,
    events::{self, Position, Told},
    journal::Author,
    metrics,
};

/// Events read at once.
const EVENTS_PER_LOOK: u64 = 20;

/// How long a turn may take before it leaves its place to others: as long as one answer.
const TURN_TIME_MAX: Duration = Duration::from_secs(15);

/// Events of one turn; whoever has more waits for the next, as the others do.
const EVENTS_PER_TURN: usize = 100;

/// Positions passed over without an event before that is written down, so that they are not read again for ever.
const PASSED_OVER_MAX: i64 = 1_000;

/// Name under which the gateway pauses what cannot be told.
const DELIVERIES: &str = "webhook-deliveries";

/// What an answered attempt comes to in the figures: taken, or refused.
pub const OUTCOMES: [&str; 2] = ["taken", "refused"];

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything up to here has been told.
    Told(Position),
    /// There is more.
    More,
    /// The next event, recorded then, was not taken.
    InVain(Instant),
    /// Another process tells it, or nobody may any more.
    Elsewhere,
}

/// Tells one webhook.
pub struct Teller {
    /// The gateway.
    pub gateway: Gateway,
    /// Sends.
    pub sender: Sender,
    /// Name of this process in leases.
    pub holder: Uuid,
    /// Which webhook.
    pub id: WebhookId,
}

impl Teller {
    /// Tells what follows a cursor, as far as one turn goes.
    ///
    /// # Errors
    /// Unavailable when the database does not answer, or a key is not known to this process.
    pub async fn tell(self, cursor: webhook_cursor::Model) -> Result<Outcome, Error> {
        let mut has_turn = false;
        let outcome = self.turn(cursor, &mut has_turn).await;
        if has_turn {
            let reached = if let Ok(Outcome::Told(reached)) = &outcome { Some(*reached) } else { None };
            cursor::release(self.gateway.database.write(), self.id, self.holder, reached).await?;
        }
        outcome
    }

    async fn turn(&self, mut cursor: webhook_cursor::Model, has_turn: &mut bool) -> Result<Outcome, Error> {
        let mut position = Position { seq: cursor.seq, raised: cursor.raised };
        let (mut told, begun) = (0, Timer::now());
        loop {
            let facts = self.gateway.journal.facts();
            let Some(row) = facts.webhook.get(self.id).filter(|row| row.status == WebhookStatus::Active) else {
                return Ok(Outcome::Elsewhere);
            };
            let organisation = facts.organisation.get(row.organisation_id);
            let organisation = organisation.ok_or_else(|| Error::internal("a webhook without its organisation"))?;
            let topics: Vec<EventTopic> = row.topics.0.iter().copied().collect();
            let news = events::after(&self.gateway, organisation, &topics, (position, EVENTS_PER_LOOK)).await?;
            for event in &news.events {
                let db = self.gateway.database.write();
                if !is_current(&self.gateway) || !cursor::lease(db, &cursor, self.holder, self.now()).await? {
                    return Ok(Outcome::Elsewhere);
                }
                *has_turn = true;
                match self.attempt(row, &cursor, event).await? {
                    Some(moved) => cursor = moved,
                    None => return Ok(Outcome::InVain(event.at)),
                }
                position = event.position;
                told += 1;
                // What the rest is about may be another matter since; and a slow receiver leaves its place to others.
                if self.gateway.journal.facts().seq != news.facts_seq || begun.elapsed() >= TURN_TIME_MAX {
                    break;
                }
            }
            let is_through = news.events.last().is_none_or(|last| last.position == position);
            if is_through {
                position = news.reached;
                if !news.has_more {
                    *has_turn |= self.passes_over(&cursor, position).await?;
                    return Ok(Outcome::Told(position));
                }
            }
            if told >= EVENTS_PER_TURN || begun.elapsed() >= TURN_TIME_MAX {
                return Ok(Outcome::More);
            }
        }
    }

    /// Takes the turn only to move on, where nothing was told for long.
    async fn passes_over(&self, cursor: &webhook_cursor::Model, reached: Position) -> Result<bool, Error> {
        if reached.seq - cursor.seq <= PASSED_OVER_MAX && reached.raised - cursor.raised <= PASSED_OVER_MAX {
            return Ok(false);
        }
        cursor::lease(self.gateway.database.write(), cursor, self.holder, self.now()).await
    }

    /// Sends one event once and writes what came of it; the cursor beyond it, where it was taken.
    async fn attempt(
        &self,
        row: &webhook::Model,
        cursor: &webhook_cursor::Model,
        event: &Told,
    ) -> Result<Option<webhook_cursor::Model>, Error> {
        let (at, timer) = (self.now(), Timer::now());
        let keys = self.gateway.keys.pseudonyms();
        let signature = signature::signatures(keys, row, (&event.id, at, &event.body))?;
        let message = Message { id: &event.id, at, signature: &signature, body: &event.body };
        let attempt = self.sender.send(&row.url, message).await;
        let elapsed = timer.elapsed();
        metrics::webhook_attempt(outcome(attempt), elapsed);

        let (attempts, now) = (schedule::counted(row, cursor).saturating_add(1), self.now());
        let (status, fault, asked) = match attempt {
            Attempt::Answered(status, asked) => (Some(status), None, asked),
            Attempt::Unanswered(fault) => (None, Some(fault), None),
        };
        let tried = webhook_cursor::Model { next_at: now, tried_at: Some(at), ..cursor.clone() };
        let (cursor, failed) = if attempt.is_taken() {
            let Position { seq, raised } = event.position;
            (webhook_cursor::Model { seq, raised, attempts: 0, ..tried }, None)
        } else {
            let [chance] = clock::random()?;
            let failed = schedule::failed(attempts, status, asked, chance);
            let wait = if let Failed::Later(wait) = failed { wait } else { chrono::TimeDelta::zero() };
            (webhook_cursor::Model { attempts, next_at: now + wait, ..tried }, Some(failed))
        };
        let delivery = webhook_delivery::Model {
            id: clock::fresh_id(),
            webhook_id: row.id,
            event_id: event.id.clone(),
            attempt: attempts,
            at,
            milliseconds: i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX),
            status: status.map(i32::from),
            fault,
        };
        let is_ours = cursor::tried(&self.gateway, self.holder, &cursor, delivery).await?;
        cursor::trim(self.gateway.database.write(), row.id).await?;
        if let Some(Failed::Pause(why)) = failed {
            self.give_up(why).await?;
        }
        Ok(Some(cursor).filter(|_| is_ours && failed.is_none()))
    }

    /// Pauses the webhook, through the journal, so that its organisation sees that it is told nothing.
    async fn give_up(&self, why: WebhookPause) -> Result<(), Error> {
        let (id, now) = (self.id, self.now());
        tracing::warn!(webhook = %id, why = why.code(), "a webhook is paused");
        let author = Author { actor: DELIVERIES.to_owned(), organisation: None };
        let follows = move |facts: &crate::facts::Facts| Ok(rules::give_up(facts, id, why, now).into_iter().collect());
        self.gateway.journal.commit(author, follows).await.map(|_| ())
    }

    fn now(&self) -> Instant {
        self.gateway.clock.now()
    }
}

/// Name of what an attempt came to, for the figures.
fn outcome(attempt: Attempt) -> &'static str {
    let [taken, refused] = OUTCOMES;
    match attempt {
        _ if attempt.is_taken() => taken,
        Attempt::Answered(..) => refused,
        Attempt::Unanswered(fault) => fault.code(),
    }
}
