//! Organisations, keys, mandates, statements, contacts and inquiries written out.

use entity::vocabulary::StatusSubject;

use super::{Writer, code, emit::Entry};

impl Writer<'_> {
    pub(super) fn organisations(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.organisation.all().collect();
        rows.sort_by_key(|row| (row.business_id, &row.name_fi));
        rows.into_iter()
            .map(|row| {
                let mut xroad: Vec<_> =
                    self.facts.organisation_xroad.of(row.id).map(|row| row.xroad_id.to_string()).collect();
                xroad.sort();
                Entry::default()
                    .maybe("business_id", row.business_id.map(|id| id.to_string()))
                    .names("name", Some(&row.name_fi), row.name_sv.as_ref(), row.name_en.as_ref())
                    .with("kind", code(row.kind))
                    .with("authority_status", code(row.authority_status))
                    .maybe("country", (row.country != "FI").then_some(&row.country))
                    .maybe("municipality_code", row.municipality_code.map(|code| code.to_string()))
                    .maybe("county_code", row.county_code.map(|code| code.to_string()))
                    .maybe("ovt_code", row.ovt_code.as_ref().map(ToString::to_string))
                    .maybe("oid", row.oid.as_ref().map(ToString::to_string))
                    .list("xroad", xroad)
                    .with("identifier_source", code(row.identifier_source))
                    .maybe("dissolved_on", row.dissolved_on)
                    .maybe("successor", row.successor_id.map(|id| self.organisation(id)))
            })
            .collect()
    }

    pub(super) fn keys(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.organisation_key.all().collect();
        rows.sort_by_key(|row| &row.kid);
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("organisation", self.organisation(row.organisation_id))
                    .with("kid", &row.kid)
                    .with("jwk", &row.jwk)
                    .with("status", code(row.status))
                    .with("proposed_by", &row.proposed_by)
                    .maybe("confirmed_by", row.confirmed_by.as_ref())
                    .with("valid_from", row.valid_from)
                    .maybe("valid_until", row.valid_until)
            })
            .collect()
    }

    pub(super) fn themes(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.mandate_theme.all().collect();
        rows.sort_by_key(|row| &row.code);
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("code", &row.code)
                    .maybe("uri", row.uri.as_ref())
                    .names("name", Some(&row.name_fi), row.name_sv.as_ref(), row.name_en.as_ref())
                    .with("status", code(row.status))
                    .maybe("owner", row.owner_id.map(|id| self.organisation(id)))
                    .list("history", self.history(StatusSubject::MandateTheme, row.id))
            })
            .collect()
    }

    pub(super) fn mandating_rights(&self) -> Vec<Entry> {
        let rows = self.facts.mandating_right.all();
        let mut entries: Vec<_> = rows
            .map(|row| {
                Entry::default()
                    .with("organisation", self.organisation(row.organisation_id))
                    .with("theme", self.theme(row.mandate_theme_id))
                    .maybe("application", row.application.as_ref())
                    .with("status", code(row.status))
                    .with("applied_on", row.applied_on)
                    .maybe("decided_on", row.decided_on)
                    .maybe("valid_until", row.valid_until)
                    .list("history", self.history(StatusSubject::MandatingRight, row.id))
            })
            .collect();
        entries.sort();
        entries
    }

    pub(super) fn statements(&self) -> Vec<Entry> {
        let rows = self.facts.protection_statement.all();
        let mut entries: Vec<_> = rows
            .map(|row| {
                let mut answers: Vec<_> = self.facts.statement_answer.of(row.id).collect();
                answers.sort_by_key(|answer| &answer.question_code);
                let answers = answers.into_iter().map(|answer| {
                    Entry::default()
                        .with("question", &answer.question_code)
                        .with("answer", code(answer.answer))
                        .maybe("text", answer.text.as_ref())
                        .maybe("document", answer.document_id.and_then(|id| self.document(id)))
                        .maybe("exception_accepted_by", answer.exception_accepted_by.as_ref())
                });
                Entry::default()
                    .with("register", self.register(row.register_id))
                    .with("recipient", self.organisation(row.recipient_id))
                    .with("discloser", self.organisation(row.discloser_id))
                    .with("channel", code(row.channel))
                    .with("version", row.version)
                    .maybe("required_by", row.required_by_id.map(|id| self.basis(id)))
                    .with("status", code(row.status))
                    .maybe("dated_on", row.dated_on)
                    .with("catalogue_version", row.catalogue_version)
                    .with("recipient_collects_logs", row.recipient_collects_logs)
                    .with("discloser_log_confirmed", row.discloser_log_confirmed)
                    .maybe("valid_until", row.valid_until)
                    .maybe("next_review_on", row.next_review_on)
                    .with("publicity", code(row.publicity))
                    .maybe("decision_text", row.decision_text.as_ref())
                    .list("history", self.history(StatusSubject::ProtectionStatement, row.id))
                    .list("answers", answers)
            })
            .collect();
        entries.sort();
        entries
    }

    pub(super) fn contacts(&self) -> Vec<Entry> {
        let rows = self.facts.contact.all();
        let mut entries: Vec<_> = rows
            .map(|row| {
                let mut topics: Vec<_> = self.facts.contact_topic.of(row.id).map(|topic| topic.topic).collect();
                topics.sort();
                Entry::default()
                    .with("organisation", self.organisation(row.organisation_id))
                    .maybe("agreement", row.agreement_id.map(|id| self.agreement(id)))
                    .with("role", code(row.role))
                    .names("name", Some(&row.name_fi), row.name_sv.as_ref(), row.name_en.as_ref())
                    .maybe("email", row.email.as_ref())
                    .maybe("phone", row.phone.as_ref())
                    .list("languages", row.languages.0.iter().map(|language| code(*language)))
                    .with("priority", row.priority)
                    .list("topics", topics.into_iter().map(code))
                    .maybe("escalates_to", row.escalates_to_id.map(|id| self.contact(row.agreement_id, id)))
                    .with("publicity", code(row.publicity))
                    .maybe("confirmed_on", row.confirmed_on)
                    .maybe("retired_on", row.retired_on)
            })
            .collect();
        entries.sort();
        entries
    }

    pub(super) fn inquiries(&self) -> Vec<Entry> {
        let mut rows: Vec<_> = self.facts.inquiry.all().collect();
        rows.sort_by_key(|row| (row.asked_at, self.organisation(row.organisation_id), self.register(row.register_id)));
        rows.into_iter()
            .map(|row| {
                Entry::default()
                    .with("organisation", self.organisation(row.organisation_id))
                    .with("register", self.register(row.register_id))
                    .maybe("purpose", row.purpose_id.map(|id| self.purpose(id)))
                    .list("claimed_provisions", row.claimed_provisions.lines())
                    .with("message", &row.message)
                    .with("status", code(row.status))
                    .with("asked_at", row.asked_at)
                    .maybe("answer", row.answer.as_ref())
                    .list("answer_provisions", row.answer_provisions.iter().flat_map(|provisions| provisions.lines()))
                    .maybe("answered_at", row.answered_at)
                    .list("history", self.history(StatusSubject::Inquiry, row.id))
            })
            .collect()
    }
}
