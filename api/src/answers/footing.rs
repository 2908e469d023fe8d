//! What one answer rests on.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use entity::vocabulary::Instant;

use crate::{
    facts::{Facts, Span},
    metrics::{self, Client},
};

/// What is counted of one answer; one that tells of more is made each time.
const COUNTED_MAX: usize = 1_024;

/// What is counted each time an answer is given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counted {
    /// Decision it tells of: the door it was asked at, and the verdict.
    Decision(&'static str, &'static str),
    /// Document of a client's manifest.
    Document(Client),
}

impl Counted {
    pub(super) fn count(self) {
        match self {
            Self::Decision(door, verdict) => metrics::decision(door, verdict),
            Self::Document(client) => metrics::trusted_document(client),
        }
    }
}

/// How far an answer holds.
#[derive(Debug)]
pub(super) struct Holding {
    /// Position of the facts.
    pub(super) seq: i64,
    /// Span in which time changes nothing.
    pub(super) span: Span,
    /// What is counted each time it is given.
    pub(super) counted: Box<[Counted]>,
}

/// What an answer in the making rests on: the facts at an instant, and whatever else is read for it.
#[derive(Debug)]
pub struct Footing {
    facts: Arc<Facts>,
    at: Instant,
    rests_elsewhere: AtomicBool,
    counted: Mutex<Vec<Counted>>,
}

impl Footing {
    /// On the present facts at an instant; firm where they are known to be current.
    pub fn new(facts: Arc<Facts>, at: Instant, is_firm: bool) -> Self {
        Self { facts, at, rests_elsewhere: AtomicBool::new(!is_firm), counted: Mutex::default() }
    }

    /// Notes that something else is read: the database, the log, another picture, a time reckoned from now.
    pub fn note_elsewhere(&self) {
        self.rests_elsewhere.store(true, Ordering::Relaxed);
    }

    /// Counts a decision that was made for it, now and each time the answer is given.
    pub fn decided(&self, door: &'static str, verdict: &'static str) {
        let decision = Counted::Decision(door, verdict);
        decision.count();
        self.count(decision);
    }

    /// Notes that it was asked for with a document of a client's manifest.
    pub fn asked_with(&self, client: Client) {
        self.count(Counted::Document(client));
    }

    fn count(&self, what: Counted) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() < COUNTED_MAX {
            counted.push(what);
        } else {
            self.note_elsewhere();
        }
    }

    /// How far the answer holds; none where that is not known.
    pub(super) fn holding(&self) -> Option<Holding> {
        if self.rests_elsewhere.load(Ordering::Relaxed) {
            return None;
        }
        let span = self.facts.still(self.at)?;
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Some(Holding { seq: self.facts.seq, span, counted: counted.into() })
    }
}
