//! Entries of status histories: an act adds one, and none is ever changed.

use chrono::TimeDelta;
use entity::{
    status_entry,
    vocabulary::{ClosedEnum, Instant, StatusSubject, SuspensionReason},
};
use uuid::Uuid;

use crate::{
    FaultCode,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    clock,
    facts::Facts,
};

/// History of a row, the first entry first.
pub fn entries(facts: &Facts, (kind, id): (StatusSubject, Uuid)) -> Vec<&status_entry::Model> {
    let rows = facts.status_entry.of(id).map(AsRef::as_ref);
    let mut rows: Vec<&status_entry::Model> = rows.filter(|row| row.subject_kind == kind).collect();
    rows.sort_by_key(|row| row.ordinal);
    rows
}

/// Entry an act adds to a row's history. Its instant is the act's, and later than every earlier entry's.
pub fn entry(
    facts: &Facts,
    subject: (StatusSubject, Uuid),
    status: impl ClosedEnum,
    (actor, now): (&str, Instant),
    reason: Option<String>,
) -> status_entry::Model {
    let (subject_kind, subject_id) = subject;
    let last = facts.status_entry.of(subject_id).max_by_key(|entry| entry.ordinal);
    let earliest = last.map_or(now, |entry| entry.from_at + TimeDelta::microseconds(1));
    status_entry::Model {
        id: clock::fresh_id(),
        subject_kind,
        subject_id,
        ordinal: last.map_or(1, |entry| entry.ordinal + 1),
        status: status.code().into(),
        from_at: now.max(earliest),
        actor: actor.into(),
        reason: reason.map(Into::into),
        document_id: None,
    }
}

/// Reason of a suspension as histories say it: the code, and what is said in words, which another reason needs.
pub fn suspension(checks: &mut Checks, reason: SuspensionReason, note: Option<&String>) -> String {
    let note = checks.prose_if("note", note, TEXT_CHARACTERS_MAX);
    if reason == SuspensionReason::Other && note.is_none() {
        checks.fault(FaultCode::Blank, "note", "say the reason in words");
    }
    match note {
        Some(note) => format!("{reason}: {note}"),
        None => reason.to_string(),
    }
}
