//! Mandate themes and rights to grant them.

use entity::{mandate_theme, mandating_right, vocabulary::StatusSubject};

use super::{Reader, history::Subject, unset};
use crate::world::{parse, rules};

impl Reader<'_> {
    pub(super) fn read_mandates(&mut self) {
        for fields in self.section("mandate_themes") {
            let (name_fi, name_sv, name_en) = fields.names("name");
            let row = mandate_theme::Model {
                id: unset(),
                code: fields.required("code", parse::code).unwrap_or_default(),
                uri: fields.maybe_text("uri"),
                name_fi,
                name_sv,
                name_en,
                status: fields.choice("status"),
                owner_id: fields.optional("owner", |text| self.organisation(text)),
            };
            let now = row.status;
            let id = self.put(&fields, row);
            self.history(&fields, Subject { kind: StatusSubject::MandateTheme, id: id.into(), key: "status", now });
            fields.finish();
        }
        self.settle();
        self.read_mandating_rights();
    }

    fn read_mandating_rights(&mut self) {
        for fields in self.section("mandating_rights") {
            let row = mandating_right::Model {
                id: unset(),
                organisation_id: fields.refer("organisation", |text| self.organisation(text)),
                mandate_theme_id: fields.refer("theme", |text| self.theme(text)),
                application: fields.maybe_prose("application"),
                status: fields.choice("status"),
                applied_on: fields.day("applied_on"),
                decided_on: fields.optional("decided_on", parse::day),
                valid_until: fields.optional("valid_until", parse::instant),
            };
            let now = row.status;
            let breaches = rules::mandating_right(&row);
            let id = self.put(&fields, row);
            self.history(&fields, Subject { kind: StatusSubject::MandatingRight, id: id.into(), key: "status", now });
            if fields.finish() {
                fields.note(breaches);
            }
        }
        self.settle();
    }
}
