//! Histories of statuses: oldest first, the last entry is the status itself.

use std::collections::BTreeMap;

use entity::{
    status_entry,
    vocabulary::{ClosedEnum, DocumentId, Instant, SharedText, StatusSubject},
};
use uuid::Uuid;

use super::{Reader, unset};
use crate::{FaultCode, world::fields::Fields};

/// Row whose status has a history.
#[derive(Clone, Copy)]
pub(super) struct Subject<S> {
    pub kind: StatusSubject,
    pub id: Uuid,
    /// Key of the status in the file.
    pub key: &'static str,
    /// Status the row has.
    pub now: S,
}

/// Entry of a history as a file gives it.
pub(super) struct Event<'a, S> {
    fields: Fields<'a>,
    status: S,
    from_at: Instant,
    actor: String,
    reason: Option<String>,
    document: Option<DocumentId>,
}

impl<'a> Reader<'a> {
    /// Reads `history` and takes it in for one subject.
    pub(super) fn history<S: ClosedEnum>(&mut self, fields: &Fields<'a>, subject: Subject<S>) {
        let events = self.events(fields);
        self.chronicle(fields, subject, &events);
    }

    /// Entries of `history`.
    pub(super) fn events<S: ClosedEnum>(&self, fields: &Fields<'a>) -> Vec<Event<'a, S>> {
        let entries = fields.maps("history").into_iter();
        entries
            .map(|fields| {
                let event = Event {
                    status: fields.choice("status"),
                    from_at: fields.instant("from"),
                    actor: fields.text("actor"),
                    reason: fields.maybe_prose("reason"),
                    document: fields.optional("document", |text| self.document((None, None), text)),
                    fields,
                };
                event.fields.finish();
                event
            })
            .collect()
    }

    /// Takes the entries in for one subject.
    pub(super) fn chronicle<S: ClosedEnum>(
        &mut self,
        fields: &Fields<'a>,
        subject: Subject<S>,
        events: &[Event<'a, S>],
    ) {
        for pair in events.windows(2) {
            if pair[1].from_at < pair[0].from_at && pair[1].fields.is_clean() {
                pair[1].fields.fault("from", FaultCode::PeriodReversed, "is before the entry above; oldest first");
            }
        }
        if let Some(last) = events.last()
            && last.status != subject.now
            && last.fields.is_clean()
        {
            let message = format!("is not the last of `history`, {}", last.status.code());
            fields.fault(subject.key, FaultCode::WrongStatus, message);
        }
        let standing = self.base.status_entry.of(subject.id).filter(|row| row.subject_kind == subject.kind);
        let standing: BTreeMap<i32, Option<DocumentId>> = standing.map(|row| (row.ordinal, row.document_id)).collect();
        if standing.len() > events.len() {
            fields.fault("history", FaultCode::Conflict, "the registry's own history goes on after the last entry");
        }
        for (ordinal, event) in (1..).zip(events) {
            let document_id = self.document_of(event.document, standing.get(&ordinal).copied().flatten());
            self.put(&event.fields, status_entry::Model { document_id, ..entry(subject, ordinal, event) });
        }
    }

    /// Takes in that an agreement is registered now, or was by an earlier import; what it was before is not known.
    pub(super) fn registered_once<S: ClosedEnum>(&mut self, fields: &Fields<'a>, subject: Subject<S>) {
        // Asked for, so that it is no unknown key.
        fields.given("history");
        let standing = self.base.status_entry.of(subject.id).map(|entry| (entry.from_at, entry.actor.clone())).min();
        let (from_at, actor) = standing.unwrap_or_else(|| (self.now, "import".into()));
        self.chronicle_once(fields, subject, from_at, actor);
    }

    /// Takes in the one entry a file leaves unsaid.
    pub(super) fn chronicle_once<S: ClosedEnum>(
        &mut self,
        fields: &Fields<'a>,
        subject: Subject<S>,
        from_at: Instant,
        actor: SharedText,
    ) {
        let standing = self.base.status_entry.of(subject.id).filter(|row| row.subject_kind == subject.kind).count();
        if standing > 1 {
            fields.fault("history", FaultCode::Conflict, "the registry's own history is longer");
        }
        let row = status_entry::Model {
            id: unset(),
            subject_kind: subject.kind,
            subject_id: subject.id,
            ordinal: 1,
            status: subject.now.code().into(),
            from_at,
            actor,
            reason: None,
            document_id: None,
        };
        self.put(fields, row);
    }
}

fn entry<S: ClosedEnum>(subject: Subject<S>, ordinal: i32, event: &Event<'_, S>) -> status_entry::Model {
    status_entry::Model {
        id: unset(),
        subject_kind: subject.kind,
        subject_id: subject.id,
        ordinal,
        status: event.status.code().into(),
        from_at: event.from_at,
        actor: event.actor.as_str().into(),
        reason: event.reason.as_deref().map(Into::into),
        document_id: event.document,
    }
}
