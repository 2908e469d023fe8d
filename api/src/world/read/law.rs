//! Purposes and provisions.

use entity::{
    legal_basis, purpose,
    vocabulary::{Citation, Jurisdiction, ProposalStatus},
};

use super::{Reader, unset};
use crate::{
    legal_basis::rules::cited,
    world::{fields::Fields, parse, rules},
};

impl Reader<'_> {
    pub(super) fn read_law(&mut self) {
        self.read_purposes();
        let mut rows = Vec::new();
        for fields in self.section("legal_bases") {
            let Some(row) = basis_row(&fields) else {
                fields.optional("superseded_by", parse::text);
                fields.finish();
                continue;
            };
            let id = self.put(&fields, row.clone());
            rows.push((legal_basis::Model { id, ..row }, fields));
        }
        self.settle();
        for (row, fields) in rows {
            let superseded_by_id = fields.optional("superseded_by", |text| self.legal_basis(text));
            if fields.finish() {
                fields.note(rules::period(row.valid_from, row.valid_until));
                fields.note(rules::confirmation(row.status, &row.proposed_by, row.confirmed_by.as_deref()));
            }
            self.amend(&fields, legal_basis::Model { superseded_by_id, ..row });
        }
        self.settle();
    }

    fn read_purposes(&mut self) {
        for fields in self.section("purposes") {
            let (name_fi, name_sv, name_en) = fields.names("name");
            let row = purpose::Model {
                id: unset(),
                code: fields.required("code", parse::code).unwrap_or_default(),
                name_fi,
                name_sv,
                name_en,
                dpv_iri: fields.maybe_text("dpv_iri"),
            };
            fields.finish();
            self.put(&fields, row);
        }
        self.settle();
    }
}

fn basis_row(fields: &Fields<'_>) -> Option<legal_basis::Model> {
    let citation: Option<Citation> = fields.required("citation", parse::identifier);
    let (title_fi, title_sv, title_en) = fields.names("title");
    let summary = fields.maybe_descriptions("summary");
    let row = legal_basis::Model {
        id: unset(),
        jurisdiction: fields.choice_or("jurisdiction", Jurisdiction::Fi),
        number: 0,
        year: 0,
        chapter: None,
        section: String::new(),
        moment: None,
        item: None,
        subitem: None,
        citation: String::new(),
        eli: fields.maybe_text("eli"),
        title_fi,
        title_sv,
        title_en,
        summary_fi: summary.fi,
        summary_sv: summary.sv,
        summary_en: summary.en,
        threshold: fields.optional("threshold", parse::choice),
        allows_electronic: fields.flag("allows_electronic"),
        overrides_secrecy: fields.flag("overrides_secrecy"),
        informs_subject_beforehand: fields.flag_or_false("informs_subject_beforehand"),
        valid_from: fields.instant("valid_from"),
        valid_until: fields.optional("valid_until", parse::instant),
        superseded_by_id: None,
        checked_on: fields.day("checked_on"),
        evidence: fields.choice("evidence"),
        status: fields.choice_or("status", ProposalStatus::Confirmed),
        proposed_by: fields.text("proposed_by"),
        confirmed_by: fields.maybe_text("confirmed_by"),
    };
    citation.map(|citation| cited(row, &citation))
}
