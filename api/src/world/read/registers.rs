//! Registers with their items, qualifiers, alternatives and retention, and the entitlements over them.

use entity::{
    data_item, data_item_qualifier, entitlement, register, register_alternative, retention_rule,
    vocabulary::{
        BasisRole, Channel, ItemCode, LegalBasisId, Operation, OrganisationKind, ProposalStatus, PurposeId, RegisterId,
    },
};

use super::{Reader, unset};
use crate::{
    FaultCode,
    world::{fields::Fields, parse, rules},
};

impl<'a> Reader<'a> {
    pub(super) fn read_registers(&mut self) {
        for fields in self.section("registers") {
            let (name_fi, name_sv, name_en) = fields.names("name");
            let row = register::Model {
                id: unset(),
                code: fields.required("code", parse::code).unwrap_or_default(),
                name_fi,
                name_sv,
                name_en,
                controller_id: fields.refer("controller", |text| self.organisation(text)),
                channels: fields.codes("channels"),
                structure_version: fields.maybe_text("structure_version"),
                structure_url: fields.maybe_text("structure_url"),
            };
            let id = self.put(&fields, row);
            self.read_alternatives(&fields, id);
            self.read_qualifiers(&fields, id);
            self.read_items(&fields, id);
            self.read_retention(&fields, id);
            fields.finish();
        }
        self.settle();
    }

    fn read_alternatives(&mut self, fields: &Fields<'a>, register_id: RegisterId) {
        for fields in fields.maps("alternatives") {
            let kind = fields.choice("kind");
            let row = register_alternative::Model {
                id: unset(),
                register_id,
                kind,
                guide_url: fields.maybe_text("guide_url"),
            };
            fields.finish();
            self.put(&fields, row);
        }
    }

    fn read_qualifiers(&mut self, fields: &Fields<'a>, register_id: RegisterId) {
        for fields in fields.maps("qualifiers") {
            let (name_fi, name_sv, name_en) = fields.names("name");
            let code = fields.required("code", parse::code).unwrap_or_default();
            fields.finish();
            let row = data_item_qualifier::Model { id: unset(), register_id, code, name_fi, name_sv, name_en };
            self.put(&fields, row);
        }
    }

    fn read_items(&mut self, fields: &Fields<'a>, register_id: RegisterId) {
        for fields in fields.maps("items") {
            let code: Option<ItemCode> = fields.required("code", parse::identifier);
            let (name_fi, name_sv, name_en) = fields.names("name");
            let (is_personal, is_secret) = (fields.flag_or_false("is_personal"), fields.flag_or_false("is_secret"));
            let is_identity_code = fields.flag_or_false("is_identity_code");
            let special_category = fields.flag_or_false("special_category");
            let is_public = fields.flag_or_false("is_public");
            let secrecy_basis_id = fields.optional("secrecy_basis", |text| self.legal_basis(text));
            let valid_from = fields.instant("valid_from");
            let valid_until = fields.optional("valid_until", parse::instant);
            let clean = fields.finish();
            let Some(code) = code else { continue };
            let row = data_item::Model {
                id: unset(),
                register_id,
                code,
                name_fi,
                name_sv,
                name_en,
                is_personal,
                is_secret,
                is_identity_code,
                special_category,
                is_public,
                secrecy_basis_id,
                valid_from,
                valid_until,
            };
            if clean {
                fields.note(rules::item(&row));
            }
            self.put(&fields, row);
        }
    }

    fn read_retention(&mut self, fields: &Fields<'a>, register_id: RegisterId) {
        for fields in fields.maps("retention_rules") {
            let row = retention_rule::Model {
                id: unset(),
                register_id,
                legal_basis_id: fields.optional("legal_basis", |text| self.legal_basis(text)),
                years: fields.number("years"),
                source: fields.text("source"),
            };
            if fields.finish() && row.years < 1 {
                fields.fault("years", FaultCode::Malformed, "is not a number of years from 1");
            }
            self.put(&fields, row);
        }
    }

    pub(super) fn read_entitlements(&mut self) {
        for fields in self.section("entitlements") {
            self.read_entitlement(&fields);
        }
        self.settle();
    }

    /// Lists stand for every combination of their members.
    fn read_entitlement(&mut self, fields: &Fields<'a>) {
        let register_id = fields.refer("register", |text| self.register(text));
        let legal_basis_id = fields.refer("legal_basis", |text| self.legal_basis(text));
        let role = fields.choice("role");
        let kinds: Vec<OrganisationKind> = fields.each("recipient_kinds", parse::choice);
        let items = fields.some("items", |text| self.item(register_id, text));
        let purposes = fields.some("purposes", |text| self.purpose(text));
        let channels = fields.some("channels", parse::choice);
        let operations = fields.some("operations", parse::choice);
        let Ok(stand_in) = parse::identifier("NONE") else { return };
        let pattern = entitlement::Model {
            recipient_kind: kinds.first().copied(),
            ..self.entitlement_row(fields, (legal_basis_id, role, register_id), stand_in)
        };
        if fields.finish() {
            fields.note(rules::entitlement(&pattern));
        }
        let kinds: Vec<_> = if kinds.is_empty() { vec![None] } else { kinds.into_iter().map(Some).collect() };
        for item_code in items {
            let row = entitlement::Model { item_code, ..pattern.clone() };
            for (recipient_kind, (purpose_id, channel, operation)) in product(&kinds, &purposes, &channels, &operations)
            {
                let row = entitlement::Model { recipient_kind, purpose_id, channel, operation, ..row.clone() };
                self.put(fields, row);
            }
        }
    }

    fn entitlement_row(
        &self,
        fields: &Fields<'a>,
        (legal_basis_id, role, register_id): (LegalBasisId, BasisRole, RegisterId),
        item_code: ItemCode,
    ) -> entitlement::Model {
        entitlement::Model {
            id: unset(),
            legal_basis_id,
            role,
            register_id,
            recipient_kind: None,
            recipient_id: fields.optional("recipient", |text| self.organisation(text)),
            authority_status: fields.optional("authority_status", parse::choice),
            item_code,
            purpose_id: unset(),
            channel: Channel::Other,
            operation: Operation::Read,
            guide_url: fields.maybe_text("guide_url"),
            valid_from: fields.instant("valid_from"),
            valid_until: fields.optional("valid_until", parse::instant),
            status: fields.choice_or("status", ProposalStatus::Confirmed),
            proposed_by: fields.text("proposed_by"),
            confirmed_by: fields.maybe_text("confirmed_by"),
        }
    }
}

type Combination = (Option<OrganisationKind>, (PurposeId, Channel, Operation));

fn product(
    kinds: &[Option<OrganisationKind>],
    purposes: &[PurposeId],
    channels: &[Channel],
    operations: &[Operation],
) -> Vec<Combination> {
    let mut combinations = Vec::new();
    for kind in kinds {
        for purpose in purposes {
            for channel in channels {
                combinations.extend(operations.iter().map(|operation| (*kind, (*purpose, *channel, *operation))));
            }
        }
    }
    combinations
}
