//! Questions with known answers: each permitted case beside its nearest denied neighbours.

use std::sync::LazyLock;

use api::auth::Role;
use entity::vocabulary::BusinessId;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Map, Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{House, KELA, LVV, THL},
    on_both_engines,
};

/// The questions, of `questions.yaml`.
pub static QUESTIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let documents = Yaml::load_from_str(include_str!("questions.yaml")).expect("YAML");
    let Value::Array(questions) = value(&documents[0]) else { panic!("a list of questions") };
    questions
});

/// What a question must come to. What is null is not asked about.
struct Expected<'a> {
    verdict: &'a str,
    reasons: Vec<String>,
    agreement: &'a Value,
    grounds: &'a Value,
    obligations: &'a Value,
}

on_both_engines! {
    async fn each_question_has_its_known_answer_and_so_has_each_neighbour(house: House) {
        let nothing = Value::Null;
        for question in QUESTIONS.iter() {
            let (law, by, ask) = (text(&question["law"]), text(&question["by"]), &question["ask"]);
            let expected = Expected {
                verdict: "PERMITTED",
                reasons: Vec::new(),
                agreement: &question["agreement"],
                grounds: &question["grounds"],
                obligations: &question["obligations"],
            };
            check(&house, law, (by, ask.clone()), &expected).await;
            for neighbour in question["neighbours"].as_array().unwrap() {
                let reasons = neighbour["reasons"].as_array().cloned().unwrap_or_default();
                let expected = Expected {
                    verdict: neighbour["verdict"].as_str().unwrap_or("DENIED"),
                    reasons: reasons.iter().map(|code| text(code).to_owned()).collect(),
                    agreement: &nothing,
                    grounds: &nothing,
                    obligations: &nothing,
                };
                let name = format!("{law}, but {}", text(&neighbour["but"]));
                check(&house, &name, (by, changed(ask, &neighbour["with"])), &expected).await;
            }
        }
    }

    async fn nobody_receives_without_an_agreement_and_nothing_before_it_is_active(house: House) {
        let nothing = Value::Null;
        let denied = |codes: &[&str]| Expected {
            verdict: "DENIED",
            reasons: codes.iter().map(ToString::to_string).collect(),
            agreement: &nothing,
            grounds: &nothing,
            obligations: &nothing,
        };
        let kelmu = json!({"register": "KELMU", "items": ["KEL.DECISION"], "purpose": "STATISTICS", "channel": "TECHNICAL_INTERFACE"});
        check(&house, "without an agreement", (THL, kelmu), &denied(&["NO_AGREEMENT"])).await;
        let soteri = json!({"register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "STATISTICS", "channel": "TECHNICAL_INTERFACE"});
        let before = denied(&["AGREEMENT_NOT_IN_FORCE", "CHANNEL_NOT_OPEN", "STATEMENT_MISSING"]);
        check(&house, "signed, but not active", (THL, soteri), &before).await;
    }

    async fn discloser_and_recipient_hear_the_same_answer(house: House) {
        let question = &QUESTIONS[0];
        let mut ask = question["ask"].clone();
        let own = decision(&house, text(&question["by"]), ask.clone()).await;
        ask["recipient"] = question["by"].clone();
        assert_eq!(decision(&house, KELA, ask).await, own);
    }

    async fn several_questions_are_answered_in_their_order(house: House) {
        let asks: Vec<Value> = QUESTIONS.iter().filter(|question| question["by"] == KELA).map(|question| question["ask"].clone()).collect();
        let query = "query($inputs: [AccessDecisionInput!]!) { accessDecisions(inputs: $inputs) { verdict agreement { number } } }";
        let token = house.token(KELA, Role::System);
        let answers = house.data(&token, query, json!({"inputs": asks})).await["accessDecisions"].clone();
        let agreements: Vec<_> = answers.as_array().unwrap().iter().map(|answer| text(&answer["agreement"]["number"]).to_owned()).collect();
        assert_eq!(agreements, ["SOT-2026-001", "SOT-2026-001", "DVV-2025-201"]);
        assert!(answers.as_array().unwrap().iter().all(|answer| answer["verdict"] == "PERMITTED"));
        let too_many = vec![asks[0].clone(); 101];
        assert_eq!(house.errors(&token, query, json!({"inputs": too_many})).await.len(), 1);
    }

    async fn each_sample_agreement_amounts_to_what_its_history_says(house: House) {
        let query = "query($number: String!) { agreement(number: $number) { status effectiveStatus { state blockers { code } } } }";
        for (number, discloser, state) in [
            ("SOT-2024-001", KELA, "ENDED"),
            ("SOT-2026-001", LVV, "IN_FORCE"),
            ("SOT-2026-002", LVV, "PREPARING"),
            ("SOT-2026-003", LVV, "PREPARING"),
            ("KEL-2023-014", KELA, "IN_FORCE"),
            ("KEL-2022-003", KELA, "SUSPENDED"),
            ("KEL-2021-031", KELA, "PARTLY_IN_FORCE"),
            ("KEL-2020-009", KELA, "EXPIRED"),
            ("KEL-2026-052", KELA, "PREPARING"),
            ("KEL-2026-044", KELA, "PREPARING"),
            ("KEL-2026-050", KELA, "REJECTED"),
            ("KEL-2026-051", KELA, "PREPARING"),
            ("DVV-2025-201", KELA, "ENDED"),
        ] {
            let token = house.token(discloser, Role::Officer);
            let agreement = house.data(&token, query, json!({"number": number})).await["agreement"].clone();
            assert_eq!(agreement["effectiveStatus"]["state"], state, "{number}: {agreement:#}");
            let blockers = texts(&agreement["effectiveStatus"]["blockers"], "code");
            match number {
                "KEL-2021-031" => assert_eq!(blockers, ["BASIS_NOT_ADEQUATE", "NO_LEGAL_BASIS"]),
                "KEL-2026-051" => assert!(blockers.contains(&"NO_LEGAL_BASIS".to_owned()), "{blockers:?}"),
                "KEL-2026-044" => assert!(blockers.contains(&"PROCESSING_RIGHT_MISSING".to_owned()), "{blockers:?}"),
                "SOT-2026-002" => assert!(blockers.contains(&"STATEMENT_MISSING".to_owned()), "{blockers:?}"),
                _ if ["IN_FORCE", "ENDED", "EXPIRED", "REJECTED"].contains(&state) => assert!(blockers.is_empty(), "{number}: {blockers:?}"),
                _ => {}
            }
        }
    }
}

/// Asks a question and compares: the only function that knows how questions are asked.
async fn check(house: &House, law: &str, (by, ask): (&str, Value), expected: &Expected<'_>) {
    let decision = decision(house, by, ask.clone()).await;
    let said = format!("{law}\nasked: {ask:#}\nanswered: {decision:#}");
    assert_eq!(decision["verdict"], expected.verdict, "{said}");
    let mut reasons = texts(&decision["reasons"], "code");
    reasons.dedup();
    assert_eq!(reasons, expected.reasons, "{said}");
    for reason in decision["reasons"].as_array().unwrap() {
        assert_ne!(reason["message"], "", "{said}");
    }
    if expected.verdict == "PERMITTED" {
        assert_eq!(decision["permittedItems"], ask["items"], "{said}");
        assert!(decision["scope"]["id"].is_string(), "{said}");
    }
    if expected.verdict == "DENIED" {
        assert_eq!((&decision["permittedItems"], &decision["grounds"]), (&json!([]), &json!([])), "{said}");
    }
    if !expected.agreement.is_null() {
        assert_eq!(&decision["agreement"]["number"], expected.agreement, "{said}");
    }
    if !expected.grounds.is_null() {
        for ground in decision["grounds"].as_array().unwrap() {
            assert_eq!(texts(&ground["citations"], "citation"), sorted(expected.grounds), "{said}");
        }
    }
    if !expected.obligations.is_null() {
        assert_eq!(texts(&decision["obligations"], "code"), sorted(expected.obligations), "{said}");
    }
}

async fn decision(house: &House, by: &str, ask: Value) -> Value {
    assert!(by.parse::<BusinessId>().is_ok(), "{by}");
    house.data(&house.token(by, Role::System), DECISION, json!({"input": ask})).await["accessDecision"].clone()
}

fn sorted(list: &Value) -> Vec<String> {
    let mut texts: Vec<_> = list.as_array().unwrap().iter().map(|entry| text(entry).to_owned()).collect();
    texts.sort_unstable();
    texts
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The question with some things changed; null takes one away.
fn changed(ask: &Value, with: &Value) -> Value {
    let mut ask: Map<String, Value> = ask.as_object().unwrap().clone();
    for (name, value) in with.as_object().unwrap() {
        ask.insert(name.clone(), value.clone());
    }
    ask.retain(|_, value| !value.is_null());
    Value::Object(ask)
}

/// YAML as JSON. Only null and whole numbers are not texts.
fn value(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Sequence(list) => list.iter().map(value).collect(),
        Yaml::Mapping(map) => {
            map.iter().map(|(key, of)| (key.as_str().expect("a name").to_owned(), value(of))).collect()
        }
        other if other.is_null() => Value::Null,
        other => other.as_integer().map_or_else(|| json!(other.as_str().expect("a text")), |number| json!(number)),
    }
}
