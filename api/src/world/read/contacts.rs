//! Role mailboxes and questions about rights to information.

use entity::{
    contact, contact_topic, inquiry,
    vocabulary::{Language, Publicity, StatusSubject},
};

use super::{Reader, history::Subject, unset};
use crate::world::{fields::Fields, parse, rules};

impl<'a> Reader<'a> {
    pub(super) fn read_contacts(&mut self) {
        let rows: Vec<_> = self.section("contacts").into_iter().map(|fields| self.read_contact(fields)).collect();
        self.settle();
        for (row, fields) in rows {
            let escalates_to_id = fields.optional("escalates_to", |text| self.contact(row.agreement_id, text));
            let id = row.id;
            self.amend(&fields, contact::Model { escalates_to_id, ..row });
            if fields.finish() {
                self.contacts.push((id, fields));
            }
        }
        self.settle();
    }

    fn read_contact(&mut self, fields: Fields<'a>) -> (contact::Model, Fields<'a>) {
        let (name_fi, name_sv, name_en) = fields.names("name");
        let languages: Vec<Language> = fields.each("languages", parse::choice);
        let languages = if languages.is_empty() { vec![Language::Fi, Language::Sv] } else { languages };
        let row = contact::Model {
            id: unset(),
            organisation_id: fields.refer("organisation", |text| self.organisation(text)),
            agreement_id: fields.optional("agreement", |text| self.agreement(text)),
            role: fields.choice("role"),
            name_fi,
            name_sv,
            name_en,
            email: fields.maybe_text("email"),
            phone: fields.maybe_text("phone"),
            languages: languages.into_iter().collect(),
            priority: fields.number_or("priority", 1),
            escalates_to_id: None,
            publicity: fields.choice_or("publicity", Publicity::Public),
            confirmed_on: fields.optional("confirmed_on", parse::day),
            retired_on: fields.optional("retired_on", parse::day),
        };
        let id = self.put(&fields, row.clone());
        for topic in fields.each("topics", parse::choice) {
            self.put(&fields, contact_topic::Model { id: unset(), contact_id: id, topic });
        }
        (contact::Model { id, ..row }, fields)
    }

    pub(super) fn read_inquiries(&mut self) {
        for fields in self.section("inquiries") {
            let row = inquiry::Model {
                id: unset(),
                organisation_id: fields.refer("organisation", |text| self.organisation(text)),
                register_id: fields.refer("register", |text| self.register(text)),
                purpose_id: fields.optional("purpose", |text| self.purpose(text)),
                claimed_provisions: fields.each("claimed_provisions", parse::text).join("\n"),
                message: fields.prose("message"),
                status: fields.choice("status"),
                asked_at: fields.instant("asked_at"),
                answer: fields.maybe_prose("answer"),
                answer_provisions: Some(fields.each("answer_provisions", parse::text).join("\n"))
                    .filter(|provisions| !provisions.is_empty()),
                answered_at: fields.optional("answered_at", parse::instant),
            };
            let (now, breaches) = (row.status, rules::inquiry(&row));
            let id = self.put(&fields, row);
            self.history(&fields, Subject { kind: StatusSubject::Inquiry, id: id.into(), key: "status", now });
            if fields.finish() {
                fields.note(breaches);
            }
        }
    }
}
