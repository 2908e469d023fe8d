//! The door of gateways that ask before they let a request through: who is believed what, what is answered, what is written.

use api::auth::Role;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    authzen::{AT_ONCE, World},
    contract::DECISION,
    house::{DVV, Engine, House, KELA, LVV, PIRKANMAA, Reply, TAMPERE, codes},
    on_both_engines,
    random_worlds::chance::Chance,
    reports::faults,
};

/// Questions asked here and over GraphQL.
const QUESTIONS: usize = 10_000;

/// What the service of the example gives, in the headers it says so by.
pub const QUESTION: [(&str, &str); 6] = [
    ("disclosure-register", "KELMU"),
    ("disclosure-items", "KEL.DECISION"),
    ("disclosure-purpose", "SOCIAL_ASSISTANCE"),
    ("disclosure-channel", "TECHNICAL_INTERFACE"),
    ("disclosure-mandates", "M1"),
    ("disclosure-case-reference", "PIRHA/2026/1"),
];

/// Headers with some changed; those that are null are taken away.
fn but<'a>(changes: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    let mut headers = QUESTION.to_vec();
    for (name, value) in changes {
        headers.retain(|(known, _)| known != name);
        headers.extend(value.map(|value| (*name, value)));
    }
    headers
}

impl House {
    /// Asks as an enforcement point does, for a client.
    async fn check(&self, point: Option<&str>, client: Option<&str>, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::get("/ext_authz/decisions/1?x=y");
        if let Some(point) = point {
            request = request.header("enforcement-authorization", format!("Bearer {point}"));
        }
        if let Some(client) = client {
            request = request.header(header::AUTHORIZATION, format!("Bearer {client}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }
}

fn said<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

on_both_engines! {
    async fn client_is_let_through_as_the_decision_says(house: House) {
        let (kela, pirkanmaa) = (house.token(KELA, Role::System), house.token(PIRKANMAA, Role::System));
        let before = house.log_size().await;
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &QUESTION).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        assert_eq!(said(&reply, "disclosure-decision"), "PERMITTED");
        assert_eq!(said(&reply, "disclosure-agreement"), "KEL-2023-014");
        let duties: Vec<_> = said(&reply, "disclosure-obligations").split(", ").map(|duty| duty.split('=').next().unwrap()).collect();
        assert!(duties.contains(&"LOG") && duties.contains(&"NO_ONWARD_DISCLOSURE"), "{duties:?}");
        assert!(reply.headers.contains_key("facts-seq") && !reply.headers.contains_key("disclosure-reasons"));
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &but(&[("disclosure-mandates", None), ("disclosure-case-reference", None)])).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN);
        assert_eq!(said(&reply, "disclosure-reasons"), "CASE_REFERENCE_MISSING, MANDATE_MISSING");
        assert!(reply.body.as_str().unwrap().lines().count() == 2 && !reply.headers.contains_key("disclosure-obligations"));
        // A part is not the whole.
        let part = but(&[("disclosure-items", Some("KEL.DECISION, KEL.LMS_LIST"))]);
        assert_eq!(house.check(Some(&kela), Some(&pirkanmaa), &part).await.status, StatusCode::FORBIDDEN);
        assert_eq!(house.log_size().await, before, "deciding writes nothing");
    }

    async fn nobody_is_believed_but_a_system_of_the_controller_and_the_clients_own_token(house: House) {
        let (kela, pirkanmaa) = (house.token(KELA, Role::System), house.token(PIRKANMAA, Role::System));
        // The recipient cannot be its own enforcement point, nor can an officer, another authority, or nobody.
        for point in [
            Some(pirkanmaa.clone()), Some(house.token(KELA, Role::Officer)), Some(house.token(LVV, Role::System)),
            Some(format!("{kela}x")), None,
        ] {
            let reply = house.check(point.as_deref(), Some(&pirkanmaa), &QUESTION).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{}", reply.body);
        }
        let reply = house.check(Some(&kela), Some(&format!("{pirkanmaa}x")), &QUESTION).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(said(&reply, "www-authenticate").starts_with("Bearer error=\"invalid_token\""));
        let reply = house.check(Some(&kela), None, &QUESTION).await;
        assert_eq!((reply.status, said(&reply, "www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
        for path in ["/ext_authz", "/ext_authz/"] {
            assert_ne!(house.send(Request::get(path).body(Body::empty()).unwrap()).await.status, StatusCode::NOT_FOUND);
        }
        // Another recipient has no such agreement; no header makes it one that has.
        let dvv = house.token(DVV, Role::System);
        assert_eq!(house.check(Some(&kela), Some(&dvv), &QUESTION).await.status, StatusCode::FORBIDDEN);
        let named = but(&[("disclosure-recipient", Some(PIRKANMAA))]);
        let reply = house.check(Some(&kela), Some(&dvv), &named).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert!(reply.body.as_str().unwrap().starts_with("disclosure-recipient: names another organisation"));
        assert_eq!(house.check(Some(&kela), None, &named).await.status, StatusCode::OK, "as the enforcement point says");
        let subsystem = format!("FI/GOV/{PIRKANMAA}/apotti");
        let x_road = but(&[
            ("x-road-client", Some(&subsystem)), ("disclosure-case-reference", None), ("x-road-issue", Some("PIRHA/2026/1")),
        ]);
        assert_eq!(house.check(Some(&kela), None, &x_road).await.status, StatusCode::OK, "as X-Road says");
        // A processor is served only where an agreement names it.
        for (processor, status) in [(DVV, StatusCode::OK), (TAMPERE, StatusCode::FORBIDDEN)] {
            let token = house.token_of(PIRKANMAA, &[Role::System], Some(processor));
            assert_eq!(house.check(Some(&kela), Some(&token), &QUESTION).await.status, status, "{processor}");
        }
    }

    async fn what_is_asked_wrongly_is_400_with_its_header(house: House) {
        let (kela, pirkanmaa) = (house.token(KELA, Role::System), house.token(PIRKANMAA, Role::System));
        for (changes, line) in [
            (vec![("disclosure-register", None)], "disclosure-register: is required"),
            (vec![("disclosure-register", Some("NONE"))], "disclosure-register: no such register"),
            (vec![("disclosure-items", Some("KEL.DECISION, kel"))], "disclosure-items.1: "),
            (vec![("disclosure-items", Some(","))], "disclosure-items: "),
            (vec![("disclosure-channel", Some("PIGEON"))], "disclosure-channel: must be `TECHNICAL_INTERFACE`"),
            (vec![("disclosure-operation", Some("read"))], "disclosure-operation: must be `READ`"),
            (vec![("disclosure-mandates", Some("M1,M99"))], "disclosure-mandates.1: "),
            (vec![("disclosure-subject-count", Some("some"))], "disclosure-subject-count: must be a whole number"),
            (vec![("disclosure-case-reference", Some("131052 308T"))], "disclosure-case-reference: "),
            (vec![("disclosure-mode", Some("maybe"))], "disclosure-mode: must be `decide` or `record`"),
            (vec![("disclosure-mode", Some("record"))], "disclosure-message-id: is required"),
            (vec![("x-road-client", Some("FI/GOV/3221308-6"))], "x-road-client: is no"),
            (vec![("x-road-client", Some("EE/GOV/3221308-6/apotti"))], "x-road-client: is of another instance"),
        ] {
            let reply = house.check(Some(&kela), Some(&pirkanmaa), &but(&changes)).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{changes:?}: {}", reply.body);
            let said = reply.body.as_str().unwrap();
            assert!(said.starts_with(line) && !said.contains("131052"), "{changes:?}: {said}");
        }
        let twice: Vec<_> = QUESTION.iter().copied().chain([("disclosure-purpose", "TAXATION")]).collect();
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &twice).await;
        assert_eq!(reply.body, "disclosure-purpose: is given twice\n");
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &but(&[("facts-seq", Some("999999999"))])).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    }

    async fn what_is_recorded_is_let_through_once(house: House) {
        let (kela, pirkanmaa) = (house.token(KELA, Role::System), house.token(PIRKANMAA, Role::System));
        let before = house.log_size().await;
        let record = |message: &'static str, more: &[(&'static str, Option<&'static str>)]| {
            let mut changes = vec![
                ("disclosure-mode", Some("record")), ("disclosure-message-id", Some(message)),
                ("disclosure-subject-code", Some("010594Y9032")),
            ];
            changes.extend(more);
            but(&changes)
        };
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-1", &[])).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        let row = house.rows().await.into_iter().find(|row| row.message_id == "ext-1").unwrap();
        assert_eq!(said(&reply, "disclosure-leaf-index"), row.leaf_index.to_string());
        assert_eq!(row.client_system.as_deref(), Some("3221308-6-system"), "as its token says");
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-1", &[])).await;
        assert_eq!((reply.status, said(&reply, "disclosure-reasons")), (StatusCode::FORBIDDEN, "ALREADY_EXISTS"));
        // A denial is written too; the message of another row is none to use again.
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-2", &[("disclosure-mandates", None)])).await;
        assert_eq!((reply.status, said(&reply, "disclosure-reasons")), (StatusCode::FORBIDDEN, "MANDATE_MISSING"));
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-2", &[])).await;
        assert_eq!((reply.status, said(&reply, "disclosure-reasons")), (StatusCode::FORBIDDEN, "ALREADY_EXISTS"));
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-1", &[("disclosure-items", Some("KEL.DECISION.AMOUNT"))])).await;
        assert_eq!((reply.status, said(&reply, "disclosure-reasons")), (StatusCode::FORBIDDEN, "ALREADY_EXISTS"));
        for (changes, line) in [
            (vec![("disclosure-subject-code", None)], "disclosure-subject-code: is required to record"),
            (vec![("disclosure-subject-count", Some("5"))], "disclosure-subject-count: is 1"),
            (vec![("disclosure-subject-business-id", Some(KELA))], "disclosure-subject-business-id: cannot"),
            (vec![("disclosure-onward-to", Some("APPLICANT"))], "disclosure-onward-to: is only decided"),
        ] {
            let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-5", &changes)).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{changes:?}: {}", reply.body);
            assert!(reply.body.as_str().unwrap().starts_with(line), "{changes:?}: {}", reply.body);
        }
        assert_eq!(house.log_size().await, before + 2);
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-3", &[("disclosure-subject-code", Some("010594Y903X"))])).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert!(!reply.body.to_string().contains("010594Y"), "{}", reply.body);
        let id = house.agreement_id("KEL-2023-014").await;
        assert_eq!(faults(&house.suspend(&id).await.body["data"]["suspendAgreement"]), []);
        let reply = house.check(Some(&kela), Some(&pirkanmaa), &record("ext-4", &[])).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "suspended");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ext_authz_answers_random_questions_like_graphql() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let world = World::of(&house);
    let (mut permitted, mut written) = (0, 0);
    for seed in 0..QUESTIONS.div_ceil(AT_ONCE) as u64 {
        let mut chance = Chance::new(seed);
        let (register, controller, items) = chance.pick(&world.registers);
        let (officer, point) = (house.token(&controller, Role::Officer), house.token(&controller, Role::System));
        for _ in 0..AT_ONCE {
            let mut question = world.question(&mut chance, (&register, &items));
            question.as_object_mut().unwrap().remove("at");
            let answer = house.ask(&officer, DECISION, json!({ "input": question })).await;
            let headers = as_headers(&question);
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let reply = house.check(Some(&point), None, &headers).await;
            let decision = &answer["data"]["accessDecision"];
            match decision["verdict"].as_str() {
                None => {
                    assert_eq!(codes(&answer), ["INVALID_INPUT"], "{question:#}");
                    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{question:#}");
                }
                Some(verdict) => {
                    assert_eq!(reply.status == StatusCode::OK, verdict == "PERMITTED", "{question:#}: {}", reply.body);
                    permitted += usize::from(verdict == "PERMITTED");
                    let mut expected: Vec<&str> = Vec::new();
                    for reason in decision["reasons"].as_array().unwrap() {
                        expected.push(reason["code"].as_str().unwrap());
                    }
                    expected.dedup();
                    assert_eq!(said(&reply, "disclosure-reasons"), expected.join(", "), "{question:#}");
                    assert_eq!(
                        said(&reply, "disclosure-agreement"),
                        decision["agreement"]["number"].as_str().unwrap_or_default()
                    );
                    if question.get("onwardTo").is_none() && chance.percent(1) {
                        let message = format!("random {seed} {}", chance.below(1_000_000_000));
                        let mut headers = headers.clone();
                        headers.extend([("disclosure-mode", "record"), ("disclosure-message-id", message.as_str())]);
                        headers.push(("disclosure-client-system", "random"));
                        if question.get("subjectCount").is_none() {
                            headers.push(("disclosure-subject-count", "1"));
                        }
                        let recorded = house.check(Some(&point), None, &headers).await;
                        // A viewing connection without its user is no report, for one.
                        if recorded.status != StatusCode::BAD_REQUEST {
                            assert_eq!(recorded.status, reply.status, "{question:#}: {}", recorded.body);
                            assert_eq!(said(&recorded, "disclosure-reasons"), said(&reply, "disclosure-reasons"));
                            written += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(permitted > QUESTIONS / 10 && written > QUESTIONS / 200, "{permitted} permitted, {written} recorded");
}

/// The same question in headers.
fn as_headers(question: &Value) -> Vec<(String, String)> {
    let name = |member: &str| {
        let spaced: String = member
            .chars()
            .map(|c| if c.is_uppercase() { format!("-{}", c.to_lowercase()) } else { c.to_string() })
            .collect();
        format!("disclosure-{spaced}")
    };
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(|value| value.as_str().unwrap()).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    };
    question.as_object().unwrap().iter().map(|(member, value)| (name(member), text(value))).collect()
}
