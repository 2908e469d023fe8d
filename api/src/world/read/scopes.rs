//! Scopes with their items and access grants, and onward rules.

use entity::{
    access_grant, onward_rule, onward_rule_basis, onward_rule_item, scope, scope_item, scope_item_basis,
    scope_item_mandate, scope_purpose,
    vocabulary::{BasisRole, Channel, Operation, ScopeId, ScopeStatus, StatusSubject},
};

use super::{Reader, agreements::Frame, history::Subject, unset};
use crate::{
    FaultCode,
    world::{fields::Fields, parse, rules},
};

/// Roles that give or allow data.
const DISCLOSING_ROLES: [BasisRole; 2] = [BasisRole::RightToReceive, BasisRole::RightToDisclose];

impl<'a> Reader<'a> {
    pub(super) fn read_scopes(&mut self, fields: &Fields<'a>, frame: &Frame) {
        for fields in fields.maps("scopes") {
            let row = scope::Model {
                id: unset(),
                agreement_id: frame.id,
                channel: fields.choice("channel"),
                version: fields.number_or("version", 1),
                regularity: fields.choice("regularity"),
                status: fields.choice("status"),
                necessity_check: fields.choice("necessity_check"),
                mode_justification: fields.optional("mode_justification", parse::choice),
                mode_justification_text: fields.maybe_prose("mode_justification_text").map(Into::into),
                admission: fields.choice("admission"),
                structure_version: fields.maybe_text("structure_version").map(Into::into),
                defined_on: fields.day("defined_on"),
                planned_on: fields.optional("planned_on", parse::day),
                retention_days: fields.optional("retention_days", parse::number),
            };
            let row = if frame.is_demoted { scope::Model { status: ScopeStatus::Defined, ..row } } else { row };
            let (channel, now, breaches) = (row.channel, row.status, rules::scope(&row));
            let id = self.put(&fields, row);
            let subject = Subject { kind: StatusSubject::Scope, id: id.into(), key: "status", now };
            if frame.is_demoted {
                self.registered_once(&fields, subject);
            } else {
                self.history(&fields, subject);
            }
            for purpose_id in fields.some_unless(frame.may_lack, "purposes", |text| self.purpose(text)) {
                self.put(&fields, scope_purpose::Model { id: unset(), scope_id: id, purpose_id });
            }
            for item in fields.maps("items") {
                self.read_scope_item(&item, frame, (id, channel));
            }
            self.read_grants(&fields, frame, id);
            if fields.finish() {
                fields.note(breaches);
            }
        }
    }

    /// Items and operations stand for every combination of their members.
    fn read_scope_item(&mut self, fields: &Fields<'a>, frame: &Frame, (scope_id, channel): (ScopeId, Channel)) {
        let find = |text: &str| self.item(frame.register, text);
        let codes = if fields.given("item") { fields.each("item", find) } else { fields.some("items", find) };
        let operations: Vec<Operation> = fields.each("operations", parse::choice);
        let look_back_days = fields.optional("look_back_days", parse::number);
        let population = fields.choice("population");
        let bases =
            fields.some_unless(frame.may_lack, "bases", |text| frame.bases_of(text, &DISCLOSING_ROLES)).concat();
        let mandates = fields.each("mandates", |text| self.theme(text));
        let clean = fields.finish();
        let operations = if operations.is_empty() { vec![Operation::Read] } else { operations };
        for item_code in codes {
            for operation in &operations {
                let item_code = item_code.clone();
                let row = scope_item::Model {
                    id: unset(),
                    scope_id,
                    item_code,
                    operation: *operation,
                    look_back_days,
                    population,
                };
                if clean {
                    fields.note(rules::scope_item(channel, &row));
                }
                let scope_item_id = self.put(fields, row);
                for agreement_basis_id in &bases {
                    let agreement_basis_id = *agreement_basis_id;
                    self.put(fields, scope_item_basis::Model { id: unset(), scope_item_id, agreement_basis_id });
                }
                for mandate_theme_id in &mandates {
                    let mandate_theme_id = *mandate_theme_id;
                    self.put(fields, scope_item_mandate::Model { id: unset(), scope_item_id, mandate_theme_id });
                }
            }
        }
    }

    fn read_grants(&mut self, fields: &Fields<'a>, frame: &Frame, scope_id: ScopeId) {
        for fields in fields.maps("grants") {
            let (user_pseudonym, key_version) = self.pseudonym(&fields, frame, ("user", "user_pseudonym"));
            let (decided_by, _) = self.pseudonym(&fields, frame, ("decided_by", "decided_by_pseudonym"));
            let row = access_grant::Model {
                id: unset(),
                scope_id,
                user_pseudonym,
                key_version,
                task: fields.text("task"),
                decided_by,
                granted_at: fields.optional("granted_at", parse::instant),
                valid_from: fields.instant("valid_from"),
                valid_until: fields.optional("valid_until", parse::instant),
                revoked_at: fields.optional("revoked_at", parse::instant),
                revocation_reason: fields.optional("revocation_reason", parse::choice),
            };
            if fields.finish() {
                fields.note(rules::grant(&row));
            }
            self.put(&fields, row);
        }
    }

    /// Pseudonym of an end user given in the clear, or as another export wrote it under our own key.
    fn pseudonym(
        &self,
        fields: &Fields<'a>,
        frame: &Frame,
        (clear, kept): (&'static str, &'static str),
    ) -> (String, i32) {
        let given = fields.optional(kept, parse::text);
        let key_version = fields.optional("key_version", parse::number);
        let fingerprint = fields.optional("key_fingerprint", parse::text);
        let user = fields.secret(clear);
        match (given, user, frame.discloser.as_ref().zip(frame.recipient.as_ref())) {
            (Some(_), Some(_), _) => {
                fields.fault(kept, FaultCode::Conflict, format!("stands beside `{clear}`; give one of them"));
            }
            (Some(_), None, _) if key_version.is_none() => fields.fault("key_version", FaultCode::Blank, "is missing"),
            (Some(_), None, _)
                if key_version
                    .and_then(|version| self.own_fingerprints.get(&version))
                    .is_none_or(|own| fingerprint.as_ref() != Some(own)) =>
            {
                let message = "is not the fingerprint of this gateway's key, so the pseudonyms are nobody's here";
                fields.fault("key_fingerprint", FaultCode::Conflict, message);
            }
            (Some(given), None, _) => return (given, key_version.unwrap_or_default()),
            (None, Some(user), Some((discloser, recipient))) => match (self.pseudonyms)(discloser, recipient, &user) {
                Ok(pseudonym) => return pseudonym,
                Err(error) => self.fail(error),
            },
            (None, Some(_), None) => {
                fields.fault(clear, FaultCode::Blank, "a pseudonym needs the business IDs of both parties");
            }
            (None, None, _) => fields.fault(clear, FaultCode::Blank, "is missing"),
        }
        (String::new(), 0)
    }

    pub(super) fn read_onward_rules(&mut self, fields: &Fields<'a>, frame: &Frame) {
        for fields in fields.maps("onward_rules") {
            let row = onward_rule::Model {
                id: unset(),
                agreement_id: frame.id,
                recipient_kind: fields.choice("recipient_kind"),
                purpose_id: fields.refer("purpose", |text| self.purpose(text)),
                threshold: fields.optional("threshold", parse::choice),
                valid_from: fields.instant("valid_from"),
                valid_until: fields.optional("valid_until", parse::instant),
            };
            let items = fields.some("items", |text| self.item(frame.register, text));
            let bases = fields.some("bases", |text| frame.bases_of(text, &[BasisRole::Onward])).concat();
            if fields.finish() {
                fields.note(rules::period(row.valid_from, row.valid_until));
            }
            let onward_rule_id = self.put(&fields, row);
            for item_code in items {
                self.put(&fields, onward_rule_item::Model { id: unset(), onward_rule_id, item_code });
            }
            for agreement_basis_id in bases {
                self.put(&fields, onward_rule_basis::Model { id: unset(), onward_rule_id, agreement_basis_id });
            }
        }
    }
}
