//! Single disclosures, as their discloser would report them.

use std::collections::HashMap;

use entity::vocabulary::{
    BusinessId, DisclosureGround, DisclosureOutcome, Instant, ItemCode, Operation, OrganisationId, instant_text,
};
use zeroize::Zeroizing;

use super::{Reader, references::CitationReference};
use crate::{
    Fault, FaultCode,
    disclosure::{self, DisclosureDraft, SubjectDraft, coverage::Door, row},
    journal::leaf::sha256,
    world::{WorldDisclosure, fault::Parsed, fields::Fields, origin::Form, parse},
};

impl<'a> Reader<'a> {
    pub(super) fn read_disclosures(&mut self) {
        for fields in self.section("disclosures") {
            let discloser = self.discloser(&fields);
            let draft = self.draft(&fields);
            if fields.finish()
                && let Some(discloser) = discloser
            {
                let origin = fields.origin(Form::Single);
                self.disclosures.push(WorldDisclosure { discloser, draft, origin });
            }
        }
    }

    /// Body that discloses; it has a business ID, under which its pseudonyms are made.
    pub(super) fn discloser(&self, fields: &Fields<'a>) -> Option<OrganisationId> {
        fields.required("discloser", |text| self.known_business_id(text).and_then(|_| self.organisation(text)))
    }

    /// The rules of a report, on the facts as they would stand. The same message twice is no fault, for a sender may
    /// repeat itself; with other content it is.
    pub(super) fn judge_disclosures(&self, now: Instant) {
        let mut contents = HashMap::new();
        for WorldDisclosure { discloser, draft, origin } in &self.disclosures {
            let checked = match disclosure::rules::check(&self.facts, now, *discloser, draft, "") {
                Ok(checked) => checked,
                Err(faults) => {
                    for fault in &faults {
                        self.faults.add(origin.fault(fault));
                    }
                    continue;
                }
            };
            match row::input(&self.facts, &checked, Door::Record) {
                Ok(input) => {
                    let content = sha256(&[&input]);
                    let key = (*discloser, row::message_hash(&draft.message_id, draft.part));
                    if *contents.entry(key).or_insert(content) != content {
                        let fault = Fault::new(FaultCode::Conflict, "messageId", "stands already with other content");
                        self.faults.add(origin.fault(&fault));
                    }
                }
                Err(error) => self.fail(error),
            }
        }
    }

    fn draft(&self, fields: &Fields<'a>) -> DisclosureDraft {
        let register = fields.required("register", |text| self.register(text).map(|id| (id, text.to_owned())));
        let item = |text: &str| -> Parsed<ItemCode> {
            register.as_ref().map_or_else(|| parse::identifier(text), |(id, _)| self.item(*id, text))
        };
        DisclosureDraft {
            message_id: fields.text("message_id"),
            part: fields.number_or("part", 0),
            recipient: self.maybe_business_id(fields, "recipient"),
            items: fields.some("items", item).iter().map(ToString::to_string).collect(),
            register: register.map(|(_, code)| code).unwrap_or_default(),
            purpose: fields.required("purpose", |text| self.purpose_code(text)).unwrap_or_default(),
            channel: fields.choice("channel"),
            operation: fields.choice_or("operation", Operation::Read),
            occurred_at: instant_text(fields.instant("occurred_at")),
            subject: subject(fields),
            case_reference: fields.maybe_text("case_reference"),
            end_user: secret(fields, "end_user"),
            client_system: fields.maybe_text("client_system"),
            mandates: fields.each("mandates", |text| self.theme(text).map(|_| text.to_owned())),
            outcome: fields.choice_or("outcome", DisclosureOutcome::Delivered),
            ground: fields.choice_or("ground", DisclosureGround::Statute),
            consent_reference: fields.maybe_text("consent_reference"),
            onward_to: fields.optional("onward_to", parse::choice),
            agreement: fields.optional("agreement", |text| self.agreement(text).map(|_| text.to_owned())),
            withheld_until: fields.optional("withheld_until", parse::instant).map(instant_text),
            withholding_basis: fields.optional("withholding_basis", |text| self.citation(text)),
            corrects: fields.maybe_text("corrects"),
        }
    }

    pub(super) fn purpose_code(&self, text: &str) -> Parsed<String> {
        self.purpose(text).map(|_| text.to_owned())
    }

    fn citation(&self, text: &str) -> Parsed<String> {
        self.legal_basis(text)?;
        CitationReference::parse(text).map(|reference| reference.citation)
    }

    /// Business ID of a body the registry knows.
    pub(super) fn business_id(&self, fields: &Fields<'a>, key: &'static str) -> Option<String> {
        fields.required(key, |text| self.known_business_id(text))
    }

    pub(super) fn maybe_business_id(&self, fields: &Fields<'a>, key: &'static str) -> Option<String> {
        fields.optional(key, |text| self.known_business_id(text))
    }

    fn known_business_id(&self, text: &str) -> Parsed<String> {
        let id: BusinessId = parse::identifier(text)?;
        self.organisation(text).map(|_| id.to_string())
    }
}

fn secret(fields: &Fields<'_>, key: &'static str) -> Option<String> {
    fields.secret(key).map(|text| text.as_str().to_owned())
}

/// Whom a disclosure concerns; exactly one way to say it.
fn subject(fields: &Fields<'_>) -> SubjectDraft {
    let Some(map) = fields.map("subject") else {
        fields.fault("subject", FaultCode::Blank, "is missing");
        return SubjectDraft::Count(0);
    };
    let person = map.secret("personal_identity_code").map(SubjectDraft::PersonalIdentityCode);
    let business = map.optional("business_id", parse::identifier::<BusinessId>);
    let business = business.map(|id| SubjectDraft::BusinessId(id.to_string()));
    let count = map.optional("count", parse::number).map(|count| SubjectDraft::Count(i64::from(count)));
    let other = map.map("other_person_identifier").map(|other| {
        let value = other.secret("value").unwrap_or_else(|| Zeroizing::new(String::new()));
        if value.is_empty() {
            other.fault("value", FaultCode::Blank, "is missing");
        }
        let draft = SubjectDraft::OtherPersonIdentifier { system: other.text("system"), value };
        other.finish();
        draft
    });
    map.finish();
    let mut given: Vec<SubjectDraft> = [person, other, business, count].into_iter().flatten().collect();
    if given.len() != 1 && map.is_clean() {
        let ways = "one of `personal_identity_code`, `other_person_identifier`, `business_id` and `count` is needed";
        fields.fault("subject", FaultCode::Malformed, ways);
    }
    given.pop().unwrap_or(SubjectDraft::Count(0))
}
