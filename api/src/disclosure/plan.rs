//! Which reports of a batch are new rows, which are repeats and which contradict what stands; pure.
//!
//! A call is all or none: one conflict stops all of it, and none of the other calls.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use chrono::TimeDelta;
use entity::{
    disclosure, disclosure_key,
    vocabulary::{DisclosureId, Instant},
};

use super::{
    coverage::Door,
    prepare::{Call, Prepared},
    row::content_hash,
    rules::{Corrects, fault_at},
    stored::{Key, Stored},
};
use crate::{Fault, FaultCode, Violations};

/// How long a repeated authorisation is answered as the first; an old permit cannot serve for ever.
pub const AUTHORISATION_REPEAT_MAX: TimeDelta = TimeDelta::seconds(60);

/// What a report comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Row number so much of this batch, written for this report.
    New(usize),
    /// The same, already written for an earlier report of this batch.
    NewRepeated(usize),
    /// Row that stood before.
    Stored(DisclosureId),
}

/// Row to be written.
pub(super) struct Entry<'a> {
    pub report: &'a Prepared,
    pub corrects: Option<Corrected>,
}

/// Row a new row corrects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Corrected {
    /// Earlier row of this batch.
    New(usize),
    /// Row that stood before.
    Stored(DisclosureId),
}

/// Rows to be written, in order.
pub(super) struct Plan<'a> {
    stored: &'a Stored,
    /// The rows.
    pub entries: Vec<Entry<'a>>,
    by_key: HashMap<Key, (usize, Door)>,
    corrected: HashSet<Corrected>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(stored: &'a Stored) -> Self {
        Self { stored, entries: Vec::new(), by_key: HashMap::new(), corrected: HashSet::new() }
    }

    /// Takes in one call, or leaves everything as it was.
    ///
    /// # Errors
    /// Every conflict and every unknown row to correct.
    pub(super) fn take(&mut self, call: Call, reports: &'a [Prepared]) -> Result<Vec<Source>, Violations> {
        let kept = self.entries.len();
        let mut sources = Vec::with_capacity(reports.len());
        let mut faults = Vec::new();
        for report in reports {
            match self.take_one(call, report) {
                Ok(source) => sources.push(source),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            return Ok(sources);
        }
        for entry in self.entries.drain(kept..) {
            self.by_key.remove(&entry.report.key());
            if let Some(corrected) = entry.corrects {
                self.corrected.remove(&corrected);
            }
        }
        Err(faults)
    }

    fn take_one(&mut self, call: Call, report: &'a Prepared) -> Result<Source, Fault> {
        let key = report.key();
        if let Some((at, door)) = self.by_key.get(&key) {
            let same = *door == call.door && *self.entries[*at].report.input == *report.input;
            return if same { Ok(Source::NewRepeated(*at)) } else { Err(conflict(report, OTHER_CONTENT)) };
        }
        if let Some((key, row)) = self.stored.message(&key) {
            return repeat(call, report, key, row).map(|()| Source::Stored(row.id));
        }
        if self.stored.is_dropped(&key) {
            return Err(conflict(report, "this message id stood in the log and was dropped when its time had passed"));
        }
        let corrects = self.corrects(report)?;
        let at = self.entries.len();
        self.entries.push(Entry { report, corrects });
        self.by_key.insert(key, (at, call.door));
        self.corrected.extend(corrects);
        Ok(Source::New(at))
    }

    fn corrects(&self, report: &Prepared) -> Result<Option<Corrected>, Fault> {
        let found = match &report.checked.corrects {
            None => return Ok(None),
            Some(Corrects::Row(id)) => self.own(report, *id),
            Some(Corrects::Message(_)) => self.by_message(report)?,
        };
        let Some(found) = found else {
            return Err(fault_at(&report.path, "corrects", FaultCode::NotFound, "no such disclosure"));
        };
        let again = match found {
            Corrected::Stored(id) => self.stored.is_corrected(id),
            Corrected::New(_) => false,
        };
        if again || self.corrected.contains(&found) {
            let message = "that row has been corrected already; correct its correction";
            return Err(fault_at(&report.path, "corrects", FaultCode::Conflict, message));
        }
        Ok(Some(found))
    }

    fn own(&self, report: &Prepared, id: DisclosureId) -> Option<Corrected> {
        let row = self.stored.row(id).filter(|row| report.checked.corrected_disclosers.contains(&row.discloser_id))?;
        Some(Corrected::Stored(row.id))
    }

    /// Row of the message named: the discloser's own, or else that of the one body among those whose place it took.
    fn by_message(&self, report: &Prepared) -> Result<Option<Corrected>, Fault> {
        let mut standing = report.corrected_keys().filter_map(|key| Some((key, self.standing(&key)?)));
        let Some(((discloser, _), found)) = standing.next() else { return Ok(None) };
        if discloser != report.checked.discloser && standing.next().is_some() {
            let message = "this message id stands in the logs of several predecessors; name the row by its id";
            return Err(fault_at(&report.path, "corrects", FaultCode::Conflict, message));
        }
        Ok(Some(found))
    }

    fn standing(&self, key: &Key) -> Option<Corrected> {
        let new = self.by_key.get(key).map(|(at, _)| Corrected::New(*at));
        new.or_else(|| self.stored.message(key).map(|(_, row)| Corrected::Stored(row.id)))
    }
}

const OTHER_CONTENT: &str = "this message id stands with other content";

fn conflict(report: &Prepared, message: &str) -> Fault {
    fault_at(&report.path, "messageId", FaultCode::Conflict, message)
}

/// A repeat of a stored row: the same content, and for an authorisation also soon and still so decided. After erasure
/// nothing can be compared, so every repeat is a conflict.
fn repeat(call: Call, report: &Prepared, key: &disclosure_key::Model, row: &disclosure::Model) -> Result<(), Fault> {
    let Some(salt) = &row.salt else { return Err(conflict(report, "this message id stands with erased content")) };
    if verify_slices_are_equal(&content_hash(salt, &report.input), &key.content_hash).is_err() {
        return Err(conflict(report, OTHER_CONTENT));
    }
    match call.door {
        Door::Record => Ok(()),
        Door::Authorise(_) => authorised_still(call.now, report, row),
    }
}

fn authorised_still(now: Instant, report: &Prepared, row: &disclosure::Model) -> Result<(), Fault> {
    // Either way: a clock that stepped back must not prolong what was permitted before it did.
    if (now - row.recorded_at).abs() > AUTHORISATION_REPEAT_MAX {
        return Err(conflict(report, "this message id was not authorised within the last minute; use a new one"));
    }
    let same_items = report.items.id == row.items_id;
    if report.judged.outcome != row.outcome || !same_items {
        return Err(conflict(report, "this message id was decided otherwise before; use a new one"));
    }
    Ok(())
}
