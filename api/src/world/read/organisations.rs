//! Organisations, their X-Road identifiers and keys.

use entity::{
    organisation, organisation_key, organisation_xroad,
    vocabulary::{OrganisationId, ProposalStatus},
};

use super::{Reader, unset};
use crate::{
    FaultCode,
    facts::successors,
    world::{fields::Fields, parse, rules},
};

impl<'a> Reader<'a> {
    pub(super) fn read_organisations(&mut self) {
        let rows: Vec<_> =
            self.section("organisations").into_iter().map(|fields| self.read_organisation(fields)).collect();
        self.settle();
        for (row, fields) in &rows {
            let successor_id = fields.optional("successor", |text| self.organisation(text));
            fields.finish();
            self.amend(fields, organisation::Model { successor_id, ..row.clone() });
        }
        self.settle();
        for (row, fields) in &rows {
            let ends = successors(self.facts.tables(), row.id).last();
            let ends = ends.and_then(|id| self.facts.organisation.get(id));
            if ends.is_some_and(|last| last.successor_id.is_some())
                || self.facts.organisation.get(row.id).is_some_and(|after| after.successor_id == Some(row.id))
            {
                fields.fault("successor", FaultCode::Conflict, "the succession goes round in a circle");
            }
        }
        self.read_organisation_keys();
    }

    fn read_organisation(&mut self, fields: Fields<'a>) -> (organisation::Model, Fields<'a>) {
        let (name_fi, name_sv, name_en) = fields.names("name");
        let row = organisation::Model {
            id: unset(),
            business_id: fields.optional("business_id", parse::identifier),
            ovt_code: fields.optional("ovt_code", parse::identifier),
            oid: fields.optional("oid", parse::identifier),
            name_fi,
            name_sv,
            name_en,
            kind: fields.choice("kind"),
            authority_status: fields.choice("authority_status"),
            country: fields.optional("country", parse::country).unwrap_or_else(|| "FI".to_owned()),
            municipality_code: fields.optional("municipality_code", parse::identifier),
            county_code: fields.optional("county_code", parse::identifier),
            identifier_source: fields.choice("identifier_source"),
            dissolved_on: fields.optional("dissolved_on", parse::day),
            successor_id: None,
        };
        let id = self.put(&fields, row.clone());
        self.read_xroad(&fields, id);
        (organisation::Model { id, ..row }, fields)
    }

    fn read_xroad(&mut self, fields: &Fields<'a>, organisation_id: OrganisationId) {
        for xroad_id in fields.each("xroad", parse::identifier) {
            self.put(fields, organisation_xroad::Model { id: unset(), organisation_id, xroad_id });
        }
    }

    fn read_organisation_keys(&mut self) {
        for fields in self.section("organisation_keys") {
            let row = organisation_key::Model {
                id: unset(),
                organisation_id: fields.refer("organisation", |text| self.organisation(text)),
                kid: fields.text("kid"),
                jwk: fields.prose("jwk"),
                status: fields.choice_or("status", ProposalStatus::Confirmed),
                proposed_by: fields.text("proposed_by"),
                confirmed_by: fields.maybe_text("confirmed_by"),
                valid_from: fields.instant("valid_from"),
                valid_until: fields.optional("valid_until", parse::instant),
            };
            if fields.finish() {
                fields.note(rules::key(&row));
                fields.note(rules::period(row.valid_from, row.valid_until));
                fields.note(rules::confirmation(row.status, &row.proposed_by, row.confirmed_by.as_deref()));
            }
            self.put(&fields, row);
        }
    }
}
