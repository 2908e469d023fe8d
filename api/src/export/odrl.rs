//! An agreement as an ODRL 2.2 policy with terms of the Data Privacy Vocabulary, in JSON-LD.
//!
//! It permits what would be permitted now and nothing else: items that rest on adequate law in force, for the purposes their
//! own provisions give, over open channels of an agreement in force. Whatever it does not permit is forbidden, and passing
//! the data on by name.

use entity::{
    legal_basis, organisation,
    vocabulary::{
        AuthorityStatus, BasisRole, Channel, EffectiveState, Instant, LegalBasisId, OnwardRecipientKind, Operation,
        OrganisationId, PurposeId, instant_text,
    },
};
use serde_json::{Map, Value, json};

use super::Base;
use crate::{
    decision::{self, Horizon},
    facts::{Dossier, Facts, ItemPart, OnwardPart, ScopePart},
};

/// Terms besides those of ODRL.
fn vocabulary() -> Value {
    json!({
        "dct": "http://purl.org/dc/terms/",
        "dpv": "https://w3id.org/dpv#",
        "eli": "http://data.europa.eu/eli/ontology#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    })
}

/// An agreement as a policy at an instant.
pub fn policy(facts: &Facts, dossier: &Dossier, at: Instant, base: &Base) -> Value {
    let said = Said { facts, dossier, at, base };
    let row = &dossier.row;
    let mut policy = json!({
        "@context": ["http://www.w3.org/ns/odrl.jsonld", vocabulary()],
        "@type": "Agreement",
        "uid": base.row(row.id),
        "dct:identifier": row.number,
        "dct:created": typed("dateTime", instant_text(at)),
        "assigner": said.party(row.discloser_id),
        "assignee": said.party(row.recipient_id),
        "target": said.register(),
        "conflict": "perm",
        "permission": said.permissions(),
        "prohibition": [said.onward_forbidden()],
        "obligation": [said.log()],
        "dpv:hasLegalBasis": said.laws(dossier.bases.iter().map(|basis| basis.row.legal_basis_id)),
    });
    let days = [("dct:issued", row.signed_on), ("eli:first_date_entry_in_force", row.starts_on)];
    if let Value::Object(policy) = &mut policy {
        for (name, day) in days {
            put(policy, name, day.map(|day| typed("date", day.to_string())));
        }
        put(policy, "eli:date_no_longer_in_force", row.ends_on.map(|day| typed("date", day.to_string())));
        put(policy, "dct:replaces", row.supersedes_id.map(|id| node(base.row(id))));
    }
    policy
}

fn put(object: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value);
    }
}

fn node(iri: impl Into<String>) -> Value {
    json!({ "@id": iri.into() })
}

fn typed(kind: &str, text: impl Into<String>) -> Value {
    json!({ "@type": format!("xsd:{kind}"), "@value": text.into() })
}

fn constraint(left: &str, operator: &str, right: Value) -> Value {
    let mut constraint = json!({ "@type": "Constraint", "leftOperand": left, "operator": operator });
    constraint["rightOperand"] = right;
    constraint
}

struct Said<'a> {
    facts: &'a Facts,
    dossier: &'a Dossier,
    at: Instant,
    base: &'a Base,
}

impl Said<'_> {
    fn party(&self, id: OrganisationId) -> Value {
        let Some(row) = self.facts.organisation.get(id) else { return node(self.base.row(id)) };
        let mut party = json!({
            "@type": ["Party", kind(row)],
            "uid": self.base.row(id),
            "dct:title": names(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref()),
        });
        if let (Value::Object(party), Some(business_id)) = (&mut party, row.business_id) {
            party.insert("dct:identifier".to_owned(), json!(business_id.to_string()));
        }
        party
    }

    fn register(&self) -> Value {
        let id = self.dossier.row.register_id;
        let row = self.facts.register.get(id);
        json!({
            "@type": "AssetCollection",
            "uid": self.base.row(id),
            "dct:identifier": row.map(|row| row.code.clone()).unwrap_or_default(),
            "dct:title": row.map(|row| names(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())),
        })
    }

    /// Provisions, each once, by their European Legislation Identifier where they have one.
    fn laws(&self, ids: impl IntoIterator<Item = LegalBasisId>) -> Vec<Value> {
        let mut seen = Vec::new();
        for id in ids {
            if !seen.contains(&id) {
                seen.push(id);
            }
        }
        let laws = seen.into_iter().filter_map(|id| self.facts.legal_basis.get(id));
        let iri = |row: &legal_basis::Model| row.eli.as_deref().map_or_else(|| self.base.row(row.id), absolute);
        laws.map(|row| json!({ "@id": iri(row), "@type": "dpv:LegalBasis", "dct:identifier": row.citation })).collect()
    }

    fn permissions(&self) -> Vec<Value> {
        let mut permissions = Vec::new();
        for scope in &self.dossier.scopes {
            let standing = decision::of_scope(self.facts, self.dossier, scope, self.at);
            if matches!(standing.state, EffectiveState::InForce | EffectiveState::PartlyInForce) {
                permissions.extend(scope.items.iter().filter_map(|item| self.permission(scope, item)));
            }
        }
        if self.is_in_force() {
            permissions.extend(self.dossier.onward.iter().filter_map(|rule| self.onward(rule)));
        }
        permissions
    }

    fn is_in_force(&self) -> bool {
        decision::in_force(self.dossier, &mut Horizon::new(self.at))
    }

    /// One item of a scope, unless something stands in its way.
    fn permission(&self, scope: &ScopePart, item: &ItemPart) -> Option<Value> {
        let mut horizon = Horizon::new(self.at);
        if !decision::item_reasons(self.facts, self.dossier, scope, item, &mut horizon).is_empty() {
            return None;
        }
        let serves = |purpose: &PurposeId| {
            decision::serves(self.facts, self.dossier, scope, item, *purpose, &mut Horizon::new(self.at))
        };
        let purposes: Vec<PurposeId> = scope.purposes.iter().copied().filter(serves).collect();
        let right = |id: LegalBasisId| {
            self.facts.law(id).is_some_and(|law| decision::law_in_force(law, &mut Horizon::new(self.at)))
        };
        let bases = item.bases.iter().filter_map(|at| self.dossier.bases.get(*at));
        let bases = bases.map(|basis| basis.row.legal_basis_id).filter(|id| right(*id));
        let mut permission = json!({
            "@type": "Permission",
            "uid": self.base.row(item.row.id),
            "target": self.item(item.row.item_code.as_str()),
            "action": action(item.row.operation),
            "dct:type": item.row.operation.to_string(),
            "constraint": self.constraints(scope, &purposes),
            "dpv:hasLegalBasis": self.laws(bases.clone()),
        });
        let duties = self.duties(scope, bases);
        if let Value::Object(permission) = &mut permission {
            put(permission, "duty", (!duties.is_empty()).then(|| json!(duties)));
            let limit = item.row.look_back_days.map(|days| json!(format!("data of the last {days} days at most")));
            put(permission, "dct:description", limit);
        }
        Some(permission)
    }

    fn item(&self, code: &str) -> Value {
        let register = self.facts.register.get(self.dossier.row.register_id).map(|row| row.code.clone());
        let iri = self.base.code("item", &format!("{}:{code}", register.unwrap_or_default()));
        json!({ "@type": ["Asset", "dpv:PersonalData"], "uid": iri, "dct:identifier": code, "partOf": self.base.row(self.dossier.row.register_id) })
    }

    fn constraints(&self, scope: &ScopePart, purposes: &[PurposeId]) -> Vec<Value> {
        let mut constraints = vec![
            constraint("purpose", "isAnyOf", json!(self.purposes(purposes))),
            constraint("deliveryChannel", "eq", node(self.base.code("channel", &scope.row.channel.to_string()))),
        ];
        let day = |operator, day: Option<_>| day.map(|text| constraint("dateTime", operator, typed("dateTime", text)));
        constraints.extend(day("gteq", self.dossier.starts_at.map(instant_text)));
        constraints.extend(day("lt", self.dossier.ends_at.map(instant_text)));
        if scope.row.channel == Channel::ViewingConnection {
            constraints.push(constraint("count", "lteq", json!(1)));
        }
        constraints
    }

    fn purposes(&self, purposes: &[PurposeId]) -> Vec<Value> {
        let rows = purposes.iter().filter_map(|id| self.facts.purpose.get(*id));
        rows.map(|row| {
            let mut purpose =
                json!({ "@id": self.base.code("purpose", &row.code), "dct:title": names(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref()) });
            let broader = row.dpv_iri.as_deref().filter(|iri| iri.starts_with("https://") || iri.starts_with("http://"));
            if let (Value::Object(purpose), Some(broader)) = (&mut purpose, broader) {
                purpose.insert("dpv:hasPurpose".to_owned(), node(broader));
            }
            purpose
        })
        .collect()
    }

    fn duties(&self, scope: &ScopePart, mut bases: impl Iterator<Item = LegalBasisId>) -> Vec<Value> {
        let mut duties = Vec::new();
        if bases.any(|id| self.facts.law(id).is_some_and(|law| law.row.informs_subject_beforehand)) {
            duties.push(json!({ "@type": "Duty", "action": "inform" }));
        }
        if let Some(days) = scope.row.retention_days {
            let within = constraint("elapsedTime", "lteq", typed("duration", format!("P{days}D")));
            duties.push(json!({ "@type": "Duty", "action": "delete", "constraint": [within] }));
        }
        duties
    }

    /// Data may travel on only by a rule of the agreement (R27–R30).
    fn onward_forbidden(&self) -> Value {
        json!({ "@type": "Prohibition", "target": self.base.row(self.dossier.row.register_id), "action": "distribute" })
    }

    fn onward(&self, rule: &OnwardPart) -> Option<Value> {
        let row = &rule.row;
        let runs = row.valid_from <= self.at && row.valid_until.is_none_or(|until| self.at < until);
        let carrying: Vec<_> = rule
            .bases
            .iter()
            .filter_map(|at| self.dossier.bases.get(*at))
            .filter(|basis| basis.row.role == BasisRole::Onward)
            .filter(|basis| decision::carries(self.facts, basis, &mut Horizon::new(self.at)))
            .map(|basis| basis.row.legal_basis_id)
            .collect();
        if !runs || carrying.is_empty() || !decision::onward_agreed(self.facts, self.dossier, rule, self.at) {
            return None;
        }
        let recipient: OnwardRecipientKind = row.recipient_kind;
        let to = node(self.base.code("recipient", &recipient.to_string()));
        let mut constraints = vec![
            constraint("recipient", "eq", to),
            constraint("purpose", "isAnyOf", json!(self.purposes(&[row.purpose_id]))),
        ];
        let until = row.valid_until.map(|until| constraint("dateTime", "lt", typed("dateTime", instant_text(until))));
        constraints.extend(until);
        Some(json!({
            "@type": "Permission",
            "uid": self.base.row(row.id),
            "target": rule.items.iter().map(|item| self.item(item.as_str())).collect::<Vec<_>>(),
            "action": "distribute",
            "constraint": constraints,
            "dpv:hasLegalBasis": self.laws(carrying),
        }))
    }

    /// Every disclosure is written to a log by the discloser (R26).
    fn log(&self) -> Value {
        json!({
            "@type": "Duty",
            "assignee": self.base.row(self.dossier.row.discloser_id),
            "target": self.base.row(self.dossier.row.register_id),
            "action": node("dpv:Record"),
            "dct:description": "every disclosure is written to the disclosure log (906/2019 17 §)",
        })
    }
}

fn kind(row: &organisation::Model) -> &'static str {
    match row.authority_status {
        AuthorityStatus::Authority => "dpv:GovernmentalOrganisation",
        _ => "dpv:Organisation",
    }
}

/// Action of ODRL nearest to an operation, which `dct:type` tells exactly.
fn action(operation: Operation) -> &'static str {
    match operation {
        Operation::Read | Operation::List => "read",
        Operation::Notify | Operation::Claim => "use",
        Operation::Forward => "distribute",
    }
}

/// Identifier of a provision as an absolute IRI.
fn absolute(eli: &str) -> String {
    if eli.starts_with("http://") || eli.starts_with("https://") {
        eli.to_owned()
    } else {
        format!("http://data.finlex.fi/{}", eli.trim_start_matches('/'))
    }
}

fn names(fi: &str, sv: Option<&String>, en: Option<&String>) -> Vec<Value> {
    let said = |language: &str, text: &str| json!({ "@language": language, "@value": text });
    std::iter::once(said("fi", fi))
        .chain(sv.map(|text| said("sv", text)))
        .chain(en.map(|text| said("en", text)))
        .collect()
}
