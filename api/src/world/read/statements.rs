//! Accounts of data protection with their answers.

use entity::{
    protection_statement, statement_answer,
    vocabulary::{OrganisationId, ProtectionStatementId, Publicity, StatusSubject},
};

use super::{Reader, history::Subject, unset};
use crate::world::{fields::Fields, parse, rules};

impl<'a> Reader<'a> {
    pub(super) fn read_statements(&mut self) {
        for fields in self.section("protection_statements") {
            let row = protection_statement::Model {
                id: unset(),
                register_id: fields.refer("register", |text| self.register(text)),
                recipient_id: fields.refer("recipient", |text| self.organisation(text)),
                discloser_id: fields.refer("discloser", |text| self.organisation(text)),
                channel: fields.choice("channel"),
                required_by_id: fields.optional("required_by", |text| self.legal_basis(text)),
                version: fields.number_or("version", 1),
                status: fields.choice("status"),
                dated_on: fields.optional("dated_on", parse::day),
                catalogue_version: fields.number_or("catalogue_version", 1),
                recipient_collects_logs: fields.flag("recipient_collects_logs"),
                discloser_log_confirmed: fields.flag("discloser_log_confirmed"),
                valid_until: fields.optional("valid_until", parse::instant),
                next_review_on: fields.optional("next_review_on", parse::day),
                publicity: fields.choice_or("publicity", Publicity::PublicationRestricted),
                decision_text: fields.maybe_prose("decision_text"),
            };
            let (now, breaches) = (row.status, rules::statement(&row));
            let recipient = row.recipient_id;
            let id = self.put(&fields, row);
            let subject = Subject { kind: StatusSubject::ProtectionStatement, id: id.into(), key: "status", now };
            self.history(&fields, subject);
            self.read_answers(&fields, id, recipient);
            if fields.finish() {
                fields.note(breaches);
            }
        }
        self.settle();
    }

    fn read_answers(&mut self, fields: &Fields<'a>, statement: ProtectionStatementId, recipient: OrganisationId) {
        for fields in fields.maps("answers") {
            let question_code = fields.required("question", parse::code).unwrap_or_default();
            let found = fields.optional("document", |text| self.document((None, Some(recipient)), text));
            let standing = self.base.statement_answer.of(statement).find(|row| row.question_code == question_code);
            let row = statement_answer::Model {
                id: unset(),
                protection_statement_id: statement,
                question_code,
                answer: fields.choice("answer"),
                text: fields.maybe_prose("text"),
                document_id: self.document_of(found, standing.and_then(|row| row.document_id)),
                exception_accepted_by: fields.maybe_text("exception_accepted_by"),
            };
            fields.finish();
            self.put(&fields, row);
        }
    }
}
