//! What an event says: that something was done, to what, under which agreement and when. Never why, by whom or about whom.

use entity::{
    agreement, anomaly, change,
    vocabulary::{AnomalyId, EventTopic, RowId, instant_text, table_and_row},
};
use serde::Serialize;

use crate::{
    auth::{Viewer, policy},
    facts::{Facts, global_id},
    journal,
};

/// Beginning of the type of every event.
const TYPE_PREFIX: &str = "fi.disclosuregateway";

/// Name of the act of whoever watches the log.
const RAISED: &str = "raiseAnomaly";

/// Digits of a sequence: as many as the largest has, so that texts are ordered as numbers are.
const SEQUENCE_DIGITS: usize = 19;

/// Event as it is sent: CloudEvents 1.0 in its JSON format, with the extension `sequence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    specversion: &'static str,
    /// Identifier; the same whenever and to whomever it is sent.
    pub id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    datacontenttype: &'static str,
    sequence: String,
    data: Data,
}

/// What is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts_seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Named {
    id: String,
    number: String,
}

impl From<&agreement::Model> for Named {
    fn from(row: &agreement::Model) -> Self {
        Self { id: global_id(row.id), number: row.number.clone() }
    }
}

impl Event {
    /// Event of a change its receiver may know of.
    pub fn of_change(facts: &Facts, viewer: &Viewer, change: &change::Model, gateway: &str) -> Self {
        let subject = table_and_row(&change.subject);
        let agreement = subject.and_then(|(table, id)| {
            let row = facts.tables().row(table, id)?;
            let concerned = journal::concerned(|table, id| facts.tables().row(table, id), [row]);
            let agreement = concerned.into_iter().find_map(|id| facts.agreement.get(id.into()))?;
            policy::sight(facts, viewer, agreement).map(|_| Named::from(agreement.as_ref()))
        });
        Self {
            specversion: "1.0",
            id: format!("change-{}", change.seq),
            source: format!("{gateway}/changes"),
            kind: kind(subject.map_or("registry", |(table, _)| table), &change.action),
            subject: subject.map(|_| change.subject.clone()),
            time: instant_text(change.recorded_at),
            datacontenttype: "application/json",
            sequence: sequence(change.seq),
            data: Data { action: change.action.clone(), agreement, facts_seq: Some(change.seq), rule: None },
        }
    }

    /// Event of an anomaly its receiver may see.
    pub fn of_anomaly(facts: &Facts, row: &anomaly::Model, gateway: &str) -> Self {
        let agreement = facts.agreement.get(row.agreement_id).map(|agreement| Named::from(agreement.as_ref()));
        Self {
            specversion: "1.0",
            id: format!("anomaly-{}", row.raised),
            source: format!("{gateway}/anomalies"),
            kind: kind(AnomalyId::TABLE, RAISED),
            subject: Some(global_id(row.id)),
            time: instant_text(row.detected_at),
            datacontenttype: "application/json",
            sequence: sequence(row.raised),
            data: Data { action: RAISED.to_owned(), agreement, facts_seq: None, rule: Some(row.rule.to_string()) },
        }
    }
}

fn kind(table: &str, action: &str) -> String {
    format!("{TYPE_PREFIX}.{table}.{action}.v1")
}

fn sequence(number: i64) -> String {
    format!("{number:0SEQUENCE_DIGITS$}")
}

/// Topic of what was done to a thing of a global id.
pub fn topic(subject: &str) -> EventTopic {
    let table = table_and_row(subject).map(|(table, _)| table);
    match table.unwrap_or_default() {
        "agreement" | "agreement_basis" | "agreement_notice" | "agreement_party" | "agreement_version"
        | "signature" | "document" | "onward_rule" | "onward_rule_item" | "onward_rule_basis" | "adoption_plan"
        | "usage_review" => EventTopic::Agreement,
        "scope" | "scope_purpose" | "scope_item" | "scope_item_basis" | "scope_item_mandate" => EventTopic::Scope,
        "access_grant" => EventTopic::AccessGrant,
        "protection_statement" | "statement_answer" => EventTopic::ProtectionStatement,
        "incident" => EventTopic::Incident,
        "inquiry" => EventTopic::Inquiry,
        "organisation" | "organisation_key" | "organisation_xroad" | "contact" | "contact_topic"
        | "mandating_right" | "webhook" => EventTopic::Organisation,
        "disclosure" | "disclosure_withholding" | "subject_lookup" => EventTopic::Log,
        "anomaly" | "anomaly_decision" => EventTopic::Anomaly,
        _ => EventTopic::Registry,
    }
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::{AgreementId, AnomalyRule, ClosedEnum, Instant, OrganisationId, Publicity, RegisterId};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{
        auth::Role,
        facts::{Edit, TABLES, bare},
    };

    const AGREEMENT: AgreementId = AgreementId(Uuid::from_u128(1));
    const DISCLOSER: OrganisationId = OrganisationId(Uuid::from_u128(2));
    const RECIPIENT: OrganisationId = OrganisationId(Uuid::from_u128(3));

    fn facts() -> Facts {
        let agreement = agreement::Model {
            number: "KEL-1".to_owned(),
            publicity: Publicity::Secret,
            ..bare::agreement(AGREEMENT, DISCLOSER, RECIPIENT, RegisterId(Uuid::from_u128(4)))
        };
        let discloser =
            entity::organisation::Model { business_id: "0246246-0".parse().ok(), ..bare::organisation(DISCLOSER) };
        Facts::default().after(1, &[Edit::from(agreement), Edit::from(discloser)])
    }

    fn at() -> Instant {
        "2026-03-02T10:00:00Z".parse().unwrap()
    }

    fn change(subject: String) -> change::Model {
        change::Model {
            seq: 41,
            recorded_at: at(),
            actor: "matti.meikalainen".to_owned(),
            actor_organisation: Some("0246246-0".to_owned()),
            action: "suspendAgreement".to_owned(),
            subject,
            reason: Some("a reason".to_owned()),
            leaf_index: 7,
            salt: None,
            subject_commitment: Vec::new(),
            restricted_commitment: Vec::new(),
        }
    }

    fn officer() -> Viewer {
        Viewer {
            subject: Some("x".to_owned()),
            organisation: "0246246-0".parse().ok(),
            roles: vec![Role::Officer],
            processor: None,
        }
    }

    #[test]
    fn event_of_a_change_says_what_was_done_and_neither_why_nor_by_whom() {
        let event =
            Event::of_change(&facts(), &officer(), &change(AGREEMENT.to_string()), "https://gateway.example.fi");
        let said = json!({
            "specversion": "1.0", "id": "change-41", "source": "https://gateway.example.fi/changes",
            "type": "fi.disclosuregateway.agreement.suspendAgreement.v1", "subject": AGREEMENT.to_string(),
            "time": "2026-03-02T10:00:00.000000Z", "datacontenttype": "application/json",
            "sequence": "0000000000000000041",
            "data": {"action": "suspendAgreement", "agreement": {"id": AGREEMENT.to_string(), "number": "KEL-1"},
                "factsSeq": 41},
        });
        assert_eq!(serde_json::to_value(&event).unwrap(), said);
    }

    #[test]
    fn agreement_the_receiver_may_not_know_of_is_not_named() {
        let stranger = Viewer { organisation: "9900001-8".parse().ok(), ..officer() };
        let event = Event::of_change(&facts(), &stranger, &change(AGREEMENT.to_string()), "urn:x");
        assert_eq!(event.data.agreement, None);
        let import = Event::of_change(&facts(), &officer(), &change("world".to_owned()), "urn:x");
        assert_eq!((import.subject, import.kind.as_str()), (None, "fi.disclosuregateway.registry.suspendAgreement.v1"));
    }

    #[test]
    fn event_of_an_anomaly_names_rule_and_agreement() {
        let row = anomaly::Model {
            id: AnomalyId(Uuid::from_u128(9)),
            rule: AnomalyRule::AgreementBurst,
            agreement_id: AGREEMENT,
            scope_id: None,
            window_from: at(),
            window_until: at(),
            observed: 11_000,
            expected: 10_000,
            detected_at: at(),
            raised: 5,
        };
        let said = serde_json::to_value(Event::of_anomaly(&facts(), &row, "urn:x")).unwrap();
        assert_eq!((&said["id"], &said["source"]), (&json!("anomaly-5"), &json!("urn:x/anomalies")));
        let agreement = json!({"id": AGREEMENT.to_string(), "number": "KEL-1"});
        assert_eq!(said["data"], json!({"action": "raiseAnomaly", "agreement": agreement, "rule": "AGREEMENT_BURST"}));
    }

    #[test]
    fn every_table_has_a_topic_of_its_own_or_is_of_the_registry() {
        const REGISTRY: [&str; 10] = [
            "purpose",
            "legal_basis",
            "register",
            "register_alternative",
            "data_item_qualifier",
            "data_item",
            "entitlement",
            "mandate_theme",
            "retention_rule",
            "dropped_month",
        ];
        for table in TABLES.iter().filter(|table| **table != "status_entry") {
            let topic = topic(&format!("{table}:{}", Uuid::nil()));
            assert_eq!(topic == EventTopic::Registry, REGISTRY.contains(table), "{table}: {}", topic.code());
        }
        assert_eq!(topic("world"), EventTopic::Registry);
    }
}
