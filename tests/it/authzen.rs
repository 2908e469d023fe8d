//! AuthZEN as an enforcement point meets it: the form of the standard, the scenario of its certification as far as it asks about
//! form, and the same answers as over GraphQL.

use std::{collections::HashMap, sync::Arc, time::Duration};

use api::auth::Role;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use entity::vocabulary::{Channel, ClosedEnum, OnwardRecipientKind, Operation};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    contract::texts,
    ext_authz::QUESTION,
    house::{DVV, Engine, House, KELA, LVV, PIRKANMAA, Reply, codes},
    known_answers, on_both_engines,
    postgres::{Cluster, Durability},
    random_worlds::chance::Chance,
};

const ONE: &str = "/access/v1/evaluation";
const SEVERAL: &str = "/access/v1/evaluations";

/// Questions asked here and over GraphQL; some of them malformed, or not for the asker.
const QUESTIONS: usize = 10_000;

/// Questions of one call.
pub const AT_ONCE: usize = 100;

/// What the doors say of a decision, in one form.
const DECISIONS: &str = "query($inputs: [AccessDecisionInput!]!) {
  accessDecisions(inputs: $inputs) {
    verdict permittedItems grounds { item citations { citation eli } } reasons { code message item citations { citation eli } }
    obligations { code message days } agreement { number } validUntil nextChangeAt factsSeq
  }
}";

impl House {
    async fn evaluate(&self, token: &str, at: &str, body: &Value) -> Reply {
        self.evaluate_text(Some(token), at, "application/json", body.to_string()).await
    }

    async fn evaluate_text(&self, token: Option<&str>, at: &str, form: &str, body: String) -> Reply {
        let mut request = Request::post(at).header(header::CONTENT_TYPE, form).header("x-request-id", "of the caller");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

fn permitted() -> Value {
    json!({
        "subject": { "type": "organization", "id": PIRKANMAA },
        "action": { "name": "read", "properties": { "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE" } },
        "resource": { "type": "register", "id": "KELMU", "properties": { "items": ["KEL.DECISION"] } },
        "context": { "mandates": ["M1"], "caseReference": "PIRHA/2026/1" },
    })
}

/// The request with one member changed, by its pointer; taken away where it is null.
fn but(mut request: Value, pointer: &str, value: Value) -> Value {
    let (of, name) = pointer.rsplit_once('/').unwrap();
    let of = request.pointer_mut(of).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(of.remove(name)),
        value => drop(of.insert(name.to_owned(), value)),
    }
    request
}

fn decisions(reply: &Reply) -> Vec<bool> {
    let made = reply.body["evaluations"].as_array().unwrap_or_else(|| panic!("{}", reply.body));
    made.iter().map(|made| made["decision"].as_bool().unwrap()).collect()
}

on_both_engines! {
    async fn one_evaluation_is_the_decision_with_all_it_rests_on(house: House) {
        let pirkanmaa = house.token(PIRKANMAA, Role::System);
        let reply = house.evaluate(&pirkanmaa, ONE, &permitted()).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(reply.headers["x-request-id"], "of the caller");
        assert!(reply.headers.contains_key("facts-seq"));
        let context = &reply.body["context"];
        assert_eq!(reply.body["decision"], true);
        assert_eq!(context["permittedItems"], json!(["KEL.DECISION"]));
        assert_eq!(context["grounds"][0]["citations"][0]["citation"], "703/2023 64 § 1 mom");
        assert_eq!(context["agreement"], "KEL-2023-014");
        assert_eq!(texts(&context["obligations"], "code"), ["LIMIT_LOOK_BACK", "LOG", "NO_ONWARD_DISCLOSURE"]);

        let without = but(permitted(), "/context/mandates", Value::Null);
        let reply = house.evaluate(&pirkanmaa, ONE, &without).await;
        assert_eq!((reply.status, &reply.body["decision"]), (StatusCode::OK, &json!(false)));
        assert_eq!(texts(&reply.body["context"]["reasons"], "code"), ["MANDATE_MISSING"]);
        // A part that is permitted is not a permit of the whole.
        let more = but(permitted(), "/resource/properties/items", json!(["KEL.DECISION", "KEL.LMS_LIST"]));
        let reply = house.evaluate(&pirkanmaa, ONE, &more).await;
        assert_eq!((&reply.body["decision"], &reply.body["context"]["verdict"]), (&json!(false), &json!("PARTIAL")));
        assert_eq!(reply.body["context"]["permittedItems"], json!(["KEL.DECISION"]));
    }

    async fn user_is_an_end_user_of_its_organisation(house: House) {
        let ask = |user: &str, organisation: Option<&str>| {
            let request = json!({
                "subject": { "type": "user", "id": user },
                "action": { "name": "read", "properties": { "purpose": "TARIFF_SETTING", "channel": "VIEWING_CONNECTION" } },
                "resource": { "type": "register", "id": "SOTERI", "properties": { "items": ["SOT.UNIT"] } },
            });
            match organisation {
                Some(id) => but(request, "/subject/properties", json!({ "organization": id })),
                None => request,
            }
        };
        let (kela, lvv) = (house.token(KELA, Role::System), house.token(LVV, Role::System));
        for (token, user, organisation, decision) in [
            (&kela, "kela-user-1", None, true),
            (&kela, "kela-user-1", Some(KELA), true),
            (&kela, "kela-user-2", None, false),
            (&lvv, "kela-user-1", Some(KELA), true),
        ] {
            let reply = house.evaluate(token, ONE, &ask(user, organisation)).await;
            assert_eq!(reply.body["decision"], decision, "{user}: {}", reply.body);
        }
        let both = but(ask("kela-user-1", None), "/context", json!({ "endUser": "kela-user-1" }));
        assert_eq!(house.evaluate(&kela, ONE, &both).await.status, StatusCode::BAD_REQUEST);
    }

    async fn malformed_member_is_400_with_its_place_and_unknown_ones_are_passed_over(house: House) {
        let token = house.token(PIRKANMAA, Role::System);
        for (pointer, value, line) in [
            ("/subject", Value::Null, "subject: is required"),
            ("/action", Value::Null, "action: is required"),
            ("/resource", Value::Null, "resource: is required"),
            ("/subject", json!("alice"), "subject: must be an object"),
            ("/subject/type", Value::Null, "subject.type: is required"),
            ("/subject/id", Value::Null, "subject.id: is required"),
            ("/subject/id", json!(7), "subject.id: must be a text"),
            ("/subject/id", json!("3221308-7"), "subject.id: "),
            ("/subject/properties", json!([]), "subject.properties: must be an object"),
            ("/action/name", Value::Null, "action.name: is required"),
            ("/action/name", json!(123), "action.name: must be a text"),
            ("/action/properties/purpose", Value::Null, "action.properties.purpose: is required"),
            ("/action/properties/channel", json!("PIGEON"), "action.properties.channel: must be `TECHNICAL_INTERFACE`"),
            ("/resource/type", json!(""), "resource.type: is required"),
            ("/resource/id", Value::Null, "resource.id: is required"),
            ("/resource/properties", Value::Null, "resource.properties.items: is required"),
            ("/resource/properties/items", json!("KEL.DECISION"), "resource.properties.items: must be a list of texts"),
            ("/resource/properties/items", json!([]), "resource.properties.items: "),
            ("/resource/properties/items", json!(["KEL.DECISION", "kel"]), "resource.properties.items.1: "),
            ("/resource/properties/items", json!([null]), "resource.properties.items.0: must be a text"),
            ("/context", json!(1), "context: must be an object"),
            ("/context/mandates", json!({}), "context.mandates: must be a list of texts"),
            ("/context/caseReference", json!("131052-308T"), "context.caseReference: "),
            ("/context/subjectCount", json!(0), "context.subjectCount: at least 1"),
            ("/context/subjectCount", json!(1.5), "context.subjectCount: must be a whole number"),
            ("/context/onwardTo", json!("EVERYBODY"), "context.onwardTo: must be `APPLICANT`"),
            ("/context/at", json!("yesterday"), "context.at: "),
        ] {
            let reply = house.evaluate(&token, ONE, &but(permitted(), pointer, value.clone())).await;
            let said = reply.body.as_str().unwrap_or_default().to_owned();
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{pointer} {value}: {}", reply.body);
            assert!(said.starts_with(line), "{pointer} {value}: {said}");
            assert!(!said.contains("131052"));
            assert_eq!(reply.headers["x-request-id"], "of the caller");
            assert_eq!(reply.headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        }
        let faulty = but(but(permitted(), "/subject/id", Value::Null), "/action/name", json!(1));
        let said = house.evaluate(&token, ONE, &faulty).await.body;
        assert_eq!(said, "subject.id: is required\naction.name: must be a text\n", "every fault at once");
        let more = json!({ "foo": "bar", "futureField": { "nested": true }, "evaluations": 1, "options": [] });
        let mut request = permitted();
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        request = but(request, "/subject/properties", json!({ "department": "Sales" }));
        assert_eq!(house.evaluate(&token, ONE, &request).await.body["decision"], true);
    }

    async fn question_about_what_nobody_knows_is_denied_and_says_why(house: House) {
        let token = house.token(PIRKANMAA, Role::System);
        let alice = json!({
            "subject": { "type": "user", "id": "alice" }, "action": { "name": "write" },
            "resource": { "type": "record", "id": "record-1" }, "context": { "ip": "192.168.1.1" },
        });
        for (request, places) in [
            (alice, vec!["resource.type", "action.name"]),
            (but(permitted(), "/subject/type", json!("spaceship")), vec!["subject.type"]),
            (but(permitted(), "/resource/id", json!("NONE")), vec!["resource.id"]),
            (but(permitted(), "/action/properties/purpose", json!("NONE")), vec!["action.properties.purpose"]),
            (but(permitted(), "/context/agreement", json!("NONE")), vec!["context.agreement"]),
        ] {
            let reply = house.evaluate(&token, ONE, &request).await;
            assert_eq!((reply.status, &reply.body["decision"]), (StatusCode::OK, &json!(false)), "{}", reply.body);
            let error = &reply.body["context"]["error"];
            assert_eq!((&error["status"], &error["code"]), (&json!(404), &json!("NOT_FOUND")));
            let paths: Vec<_> = error["faults"].as_array().unwrap().iter().map(|fault| texts_of(&fault["path"])).collect();
            assert_eq!(paths, places, "{}", reply.body);
        }
    }

    async fn several_are_answered_in_order_with_defaults_and_until_the_semantic_ends_them(house: House) {
        let token = house.token(PIRKANMAA, Role::System);
        let resource = |item: &str| json!({ "type": "register", "id": "KELMU", "properties": { "items": [item] } });
        let (yes, no) = (json!({ "resource": resource("KEL.DECISION") }), json!({ "resource": resource("KEL.CHILDCARE_LIST") }));
        let ask = |evaluations: &[&Value], semantic: Option<&str>| {
            let request = but(but(permitted(), "/resource", Value::Null), "/evaluations", json!(evaluations));
            match semantic {
                Some(semantic) => but(request, "/options", json!({ "evaluations_semantic": semantic })),
                None => request,
            }
        };
        for (evaluations, semantic, expected) in [
            (vec![&yes, &no, &yes], None, vec![true, false, true]),
            (vec![&yes, &no, &yes], Some("execute_all"), vec![true, false, true]),
            (vec![&yes, &no, &yes], Some("deny_on_first_deny"), vec![true, false]),
            (vec![&no, &yes, &no], Some("permit_on_first_permit"), vec![false, true]),
            (vec![&yes, &yes], Some("deny_on_first_deny"), vec![true, true]),
        ] {
            let reply = house.evaluate(&token, SEVERAL, &ask(&evaluations, semantic)).await;
            assert_eq!((reply.status, decisions(&reply)), (StatusCode::OK, expected), "{semantic:?}");
            assert!(reply.body.get("decision").is_none());
        }
        // What identifies a part is taken from its default, the rest never is; a context replaces the whole.
        let partly = json!({ "resource": { "id": "KELMU", "properties": { "items": ["KEL.DECISION"] } } });
        let bare = json!({ "resource": { "id": "KELMU" } });
        let other = json!({ "resource": resource("KEL.DECISION"), "context": { "mandates": ["M1"] } });
        let mut request = ask(&[&partly, &bare, &other, &json!({}), &json!(7)], None);
        request = but(request, "/resource", json!({ "type": "register", "properties": { "items": ["KEL.DECISION"] } }));
        let reply = house.evaluate(&token, SEVERAL, &request).await;
        assert_eq!(decisions(&reply), [true, false, false, false, false], "{}", reply.body);
        let error = |index: usize| reply.body["evaluations"][index]["context"]["error"].clone();
        assert_eq!(error(1)["faults"][0]["path"], json!(["resource", "properties", "items"]));
        assert_eq!(texts(&reply.body["evaluations"][2]["context"]["reasons"], "code"), ["CASE_REFERENCE_MISSING"]);
        assert_eq!(error(3)["faults"][0]["path"], json!(["resource", "id"]));
        assert_eq!((&error(4)["status"], &error(4)["code"]), (&json!(400), &json!("INVALID_INPUT")));
        // An evaluation about somebody else hinders no other.
        let foreign = json!({ "subject": { "type": "organization", "id": DVV }, "resource": resource("KEL.DECISION") });
        let reply = house.evaluate(&token, SEVERAL, &ask(&[&foreign, &yes], None)).await;
        assert_eq!(decisions(&reply), [false, true]);
        assert_eq!(reply.body["evaluations"][0]["context"]["error"]["status"], 403);
    }

    async fn none_of_several_is_one_and_what_is_wrong_with_the_whole_is_400(house: House) {
        let token = house.token(PIRKANMAA, Role::System);
        for request in [permitted(), but(permitted(), "/evaluations", json!([]))] {
            let reply = house.evaluate(&token, SEVERAL, &request).await;
            assert_eq!((reply.status, &reply.body["decision"]), (StatusCode::OK, &json!(true)), "{}", reply.body);
        }
        let many = |count: usize| json!({ "evaluations": vec![permitted(); count] });
        // Defaults make much of little.
        let mut multiplied = but(permitted(), "/evaluations", json!(vec![json!({}); 100]));
        multiplied = but(multiplied, "/resource/properties/items", json!(vec!["KEL.DECISION"; 21]));
        assert_eq!(decisions(&house.evaluate(&token, SEVERAL, &many(100)).await).len(), 100);
        for (request, status, line) in [
            (but(permitted(), "/evaluations", json!({})), 400, "evaluations: must be a list"),
            (json!({ "subject": "alice", "evaluations": [permitted()] }), 400, "subject: must be an object"),
            (json!({ "evaluations": [permitted()], "options": { "evaluations_semantic": "any" } }), 400, "options.evaluations_semantic: must be"),
            (json!({ "evaluations": [permitted()], "options": 1 }), 400, "options: must be an object"),
            (json!({}), 400, "subject: is required"),
            (many(101), 413, "EVALUATIONS_MAX is limited to 100"),
            (multiplied, 413, "EVALUATED_ITEMS_MAX is limited to 2000"),
        ] {
            let reply = house.evaluate(&token, SEVERAL, &request).await;
            assert_eq!(reply.status.as_u16(), status, "{}", reply.body);
            assert!(reply.body.as_str().unwrap().starts_with(line), "{}", reply.body);
        }
    }

    async fn request_of_another_form_is_400_and_of_nobody_401(house: House) {
        let token = house.token(PIRKANMAA, Role::System);
        for (form, body) in [
            ("text/plain", permitted().to_string()),
            ("application/json", String::new()),
            ("application/json", "{".to_owned()),
            ("application/json", "[]".to_owned()),
            ("application/json", r#"{"subject":{},"subject":{}}"#.to_owned()),
        ] {
            for at in [ONE, SEVERAL] {
                let reply = house.evaluate_text(Some(&token), at, form, body.clone()).await;
                assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{form} {body}: {}", reply.body);
                assert!(!reply.body.as_str().unwrap().is_empty());
            }
        }
        let deep = format!(r#"{{"subject":{}1{}}}"#, "[".repeat(40), "]".repeat(40));
        let reply = house.evaluate_text(Some(&token), ONE, "application/json", deep).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", reply.body);
        let reply = house.evaluate_text(None, ONE, "application/json", permitted().to_string()).await;
        assert_eq!((reply.status, &reply.headers[header::WWW_AUTHENTICATE]), (StatusCode::UNAUTHORIZED, &"Bearer".parse().unwrap()));
        let statistician = house.token(KELA, Role::Statistician);
        assert_eq!(house.evaluate(&statistician, ONE, &permitted()).await.status, StatusCode::FORBIDDEN);
        let dvv = house.token(DVV, Role::System);
        assert_eq!(house.evaluate(&dvv, ONE, &permitted()).await.status, StatusCode::FORBIDDEN, "about somebody else");
        let read = Request::get(ONE).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let reply = house.send(read.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

fn texts_of(path: &Value) -> String {
    path.as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(".")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_is_of_the_configured_address_whatever_a_request_says() {
    let at = |url: &'static str| move |name: &str| (name == "PUBLIC_URL").then(|| url.to_owned());
    let ask = |host: &str| {
        let request = Request::get("/.well-known/authzen-configuration").header(header::HOST, host.to_owned());
        request.header("x-forwarded-host", "evil.example").body(Body::empty()).unwrap()
    };
    let house = House::configured(Engine::Sqlite, at("https://pdp.example:8443")).await.unwrap();
    let reply = house.send(ask("evil.example")).await;
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(
        reply.body,
        json!({
            "policy_decision_point": "https://pdp.example:8443",
            "access_evaluation_endpoint": "https://pdp.example:8443/access/v1/evaluation",
            "access_evaluations_endpoint": "https://pdp.example:8443/access/v1/evaluations",
        })
    );
}

fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/authzen.schema.json")).unwrap()
}

/// One of the published forms.
fn form(name: &str) -> jsonschema::Validator {
    let of = json!({ "$ref": format!("#/$defs/{name}"), "$defs": schema()["$defs"] });
    jsonschema::draft202012::new(&of).unwrap()
}

#[test]
fn examples_of_the_documentation_are_of_the_published_form() {
    let schema = schema();
    let examples: Vec<Value> = include_str!("../../docs/authzen.md")
        .split("```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap()).unwrap())
        .collect();
    assert_eq!(examples.len(), 3);
    assert_eq!(examples[0], permitted());
    for (example, name) in examples.iter().zip(["evaluation", "evaluated", "evaluations"]) {
        assert!(form(name).is_valid(example), "{example:#}");
    }
    assert!(!form("evaluation").is_valid(&but(permitted(), "/subject", Value::Null)));
    assert!(!form("evaluation").is_valid(&but(permitted(), "/action/properties/channel", json!("PIGEON"))));
    let codes = |pointer: &str| schema["$defs"].pointer(pointer).unwrap().clone();
    let all = |codes: Vec<&str>| json!(codes);
    assert_eq!(codes("/action/properties/properties/properties/channel/enum"), all(codes_of::<Channel>()));
    assert_eq!(codes("/context/properties/onwardTo/enum"), all(codes_of::<OnwardRecipientKind>()));
    let operations: Vec<_> = codes_of::<Operation>().iter().map(|code| code.to_lowercase()).collect();
    assert_eq!(codes("/action/properties/name/enum"), json!(operations));
}

fn codes_of<E: ClosedEnum>() -> Vec<&'static str> {
    E::ALL.iter().map(|(_, code, _)| *code).collect()
}

/// What questions may be made of.
pub struct World {
    pub recipients: Vec<String>,
    /// Items by register, with its controller.
    pub registers: Vec<(String, String, Vec<String>)>,
    purposes: Vec<String>,
    mandates: Vec<String>,
    agreements: Vec<String>,
}

impl World {
    pub fn of(house: &House) -> Self {
        let facts = house.app.gateway.journal.facts();
        let business_id = |id| facts.organisation.get(id).and_then(|row| row.business_id).map(|id| id.to_string());
        let mut items: HashMap<_, Vec<String>> = HashMap::new();
        for row in facts.data_item.all() {
            items.entry(row.register_id).or_default().push(row.code.to_string());
        }
        let registers = facts
            .register
            .all()
            .filter_map(|row| Some((row.code.clone(), business_id(row.controller_id)?, items.remove(&row.id)?)));
        Self {
            registers: registers.collect(),
            recipients: facts.organisation.all().filter_map(|row| Some(row.business_id?.to_string())).collect(),
            purposes: facts.purpose.all().map(|row| row.code.clone()).collect(),
            mandates: facts.mandate_theme.all().map(|row| row.code.clone()).collect(),
            agreements: facts.agreement.all().map(|row| row.number.clone()).collect(),
        }
    }

    /// A question as GraphQL takes it, by a discloser about a recipient: one with a known answer, of which some parts are
    /// others, or one of chance alone.
    pub fn question(&self, chance: &mut Chance, (register, items): (&str, &[String])) -> Value {
        let known: Vec<_> =
            known_answers::QUESTIONS.iter().filter(|known| known["ask"]["register"] == register).collect();
        let is_known = chance.percent(60) && !known.is_empty();
        let mut question = if is_known {
            let known = chance.pick(&known);
            but(known["ask"].clone(), "/recipient", known["by"].clone())
        } else {
            json!({ "register": register })
        };
        let rarely = if is_known { 6 } else { 50 };
        let mut sometimes = |percent: usize, name: &str, value: &mut dyn FnMut(&mut Chance) -> Value| {
            if chance.percent(percent) {
                let value = value(chance);
                question[name] = value;
            }
        };
        let needed = if is_known { 6 } else { 100 };
        sometimes(needed, "recipient", &mut |chance| json!(chance.pick(&self.recipients)));
        sometimes(needed, "items", &mut |chance| (0..=chance.below(3)).map(|_| chance.pick(items)).collect());
        sometimes(needed, "purpose", &mut |chance| json!(chance.pick(&self.purposes)));
        sometimes(needed, "channel", &mut |chance| json!(chance.pick(&codes_of::<Channel>())));
        sometimes(rarely, "operation", &mut |chance| json!(chance.pick(&codes_of::<Operation>())));
        sometimes(rarely, "mandates", &mut |chance| json!([chance.pick(&self.mandates)]));
        sometimes(rarely, "caseReference", &mut |_| json!("CASE/1"));
        sometimes(rarely, "endUser", &mut |chance| json!(chance.pick(&["kela-user-1", "kela-user-2", "pirha-user-5"])));
        sometimes(rarely, "subjectCount", &mut |chance| json!(chance.between(1, 3)));
        sometimes(2, "onwardTo", &mut |chance| json!(chance.pick(&codes_of::<OnwardRecipientKind>())));
        let instant =
            |chance: &mut Chance| format!("202{}-0{}-15T10:00:00Z", chance.between(2, 7), chance.between(1, 9));
        sometimes(rarely, "at", &mut |chance| json!(instant(chance)));
        sometimes(2, "agreement", &mut |chance| json!(chance.pick(&self.agreements)));
        question
    }
}

/// The same question to AuthZEN.
fn as_evaluation(question: &Value) -> Value {
    let mut context = question.clone();
    let of_context = context.as_object_mut().unwrap();
    of_context.retain(|name, _| {
        ["mandates", "caseReference", "endUser", "subjectCount", "onwardTo", "agreement", "at"].contains(&name.as_str())
    });
    let operation = question["operation"].as_str().unwrap_or("READ").to_lowercase();
    json!({
        "subject": { "type": "organization", "id": question["recipient"] },
        "action": { "name": operation, "properties": { "purpose": question["purpose"], "channel": question["channel"] } },
        "resource": { "type": "register", "id": question["register"], "properties": { "items": question["items"] } },
        "context": context,
    })
}

/// A decision without what is null, which AuthZEN leaves out.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(values) => values.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authzen_answers_ten_thousand_questions_like_graphql() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let (world, published) = (World::of(&house), form("allEvaluated"));
    let (mut asked, mut permitted, mut refused) = (0, 0, 0);
    for seed in 0.. {
        if asked >= QUESTIONS {
            break;
        }
        let mut chance = Chance::new(seed);
        let (register, controller, items) = chance.pick(&world.registers);
        let token = house.token(&controller, Role::Officer);
        let questions: Vec<_> = (0..AT_ONCE).map(|_| world.question(&mut chance, (&register, &items))).collect();
        let evaluations: Vec<_> = questions.iter().map(as_evaluation).collect();
        let reply = house.evaluate(&token, SEVERAL, &json!({ "evaluations": evaluations })).await;
        let evaluated = reply.body["evaluations"].as_array().unwrap_or_else(|| panic!("{}", reply.body));
        assert_eq!(evaluated.len(), questions.len());
        assert!(published.is_valid(&reply.body), "of another form than the published one");
        let failed = |evaluated: &Value| evaluated["context"].get("error").is_some();
        let sound: Vec<_> = questions.iter().zip(evaluated).filter(|(_, evaluated)| !failed(evaluated)).collect();
        let inputs: Vec<_> = sound.iter().map(|(question, _)| *question).collect();
        let decided = house.data(&token, DECISIONS, json!({ "inputs": inputs })).await;
        for ((question, evaluated), decision) in sound.iter().zip(decided["accessDecisions"].as_array().unwrap()) {
            let mut said = evaluated["context"].clone();
            assert!(said.as_object_mut().unwrap().remove("at").is_some());
            let mut expected = without_nulls(decision);
            if let Some(number) = expected.pointer("/agreement/number").cloned() {
                expected["agreement"] = number;
            }
            assert_eq!(said, expected, "{question:#}");
            assert_eq!(evaluated["decision"], decision["verdict"] == "PERMITTED");
            permitted += usize::from(evaluated["decision"] == true);
        }
        // What is refused here is refused there, by the same faults.
        for (question, evaluated) in questions.iter().zip(evaluated).filter(|(_, evaluated)| failed(evaluated)).take(5)
        {
            let answer = house.ask(&token, DECISIONS, json!({ "inputs": [question] })).await;
            let error = &evaluated["context"]["error"];
            let told = |faults: &Value| texts(faults, "message");
            match error["status"].as_u64() {
                Some(403) => assert_eq!(codes(&answer), ["FORBIDDEN"]),
                _ => assert_eq!(
                    told(&error["faults"]),
                    told(&answer["errors"][0]["extensions"]["faults"]),
                    "{question:#}"
                ),
            }
            refused += 1;
        }
        asked += questions.len();
    }
    assert!(permitted > QUESTIONS / 10 && refused > 50, "{permitted} permitted, {refused} refused of {asked}");
    println!("{asked} questions, {permitted} permitted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_facts_are_503_at_every_door_of_decisions_and_never_a_denial() {
    let Some(cluster) = Cluster::start(Durability::Test).await else { return };
    let url = cluster.url(&cluster.create_database(None).await);
    let short = |name: &str| (name == "FACTS_MAX_AGE").then(|| "1s".to_owned());
    let house = House::open(Arc::new(tempfile::tempdir().unwrap()), url, short).await;
    let (kela, pirkanmaa) = (house.token(KELA, Role::System), house.token(PIRKANMAA, Role::System));
    let check = || {
        let mut request = Request::get("/ext_authz").header("enforcement-authorization", format!("Bearer {kela}"));
        request = request.header(header::AUTHORIZATION, format!("Bearer {pirkanmaa}"));
        for (name, value) in QUESTION {
            request = request.header(name, value);
        }
        house.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(check().await.status, StatusCode::OK);
    cluster.stop();
    sleep(Duration::from_millis(1_500)).await;
    let several = json!({ "evaluations": [permitted()] });
    for reply in [
        house.evaluate(&pirkanmaa, ONE, &permitted()).await,
        house.evaluate(&pirkanmaa, SEVERAL, &several).await,
        check().await,
    ] {
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.body);
        assert_eq!(reply.headers[header::RETRY_AFTER], "1");
    }
}
