//! The life of a protection statement from its first version to its lapse, of an incident and of a usage review: as both
//! sides live it, each guard refused and then met.

use api::{
    app,
    auth::Role::{Administrator, Auditor, Officer, System},
    world,
};
use chrono::{DateTime, TimeDelta, Utc};
use entity::vocabulary::{helsinki_day, instant_text};
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{DVV, House, KELA, LVV, OMBUDSMAN, PIRKANMAA, TAMPERE, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, social_assistance, tried},
    reports::assert_whole,
};

const ENFORCEMENT: &str = "9900005-0";
const HELSINKI: &str = "0201256-6";

const STATEMENT: &str = "statement { id version status datedOn channel waitsFor nextReviewOn validUntil decisionText
    recipientCollectsLogs discloserLogConfirmed catalogueVersion publicity requiredBy { citation }
    recipient { businessId } discloser { businessId } gaps { code } exceptions { question }
    documents { title sha256 mediaType } history { status reason } }";

const INCIDENT: &str =
    "incident { id status kind notifyBy isOverdue occurredAt knownAt reportedAt notifiedAuthorityOn closedAt
    outcome publicity reporter { businessId } agreement { number } }";

/// Every question of the newest catalogue answered with yes.
pub fn all_yes() -> Value {
    let codes = [
        "C1_RESPONSIBLE_PERSON",
        "C2_SECURITY_INSTRUCTIONS",
        "C3_ACCESS_MANAGEMENT",
        "C3A_TASK_BOUND",
        "C3B_REMOVAL",
        "C4_MONITORING",
        "C5_CIA",
        "C6_CLIENTS_INFORMED",
        "C7_MISUSE_SANCTIONS",
        "POLICY",
        "TRAINING",
        "CONFIDENTIALITY",
        "USAGE_CONTROL",
    ];
    codes.iter().map(|code| json!({"question": code, "answer": "YES", "text": "Ohje on laadittu."})).collect()
}

/// Gives the caller's organisation the mailboxes an account needs.
pub async fn answerable(house: &House, token: &str) {
    let appoint = act("appointContact", "contact { id }");
    for (role, topic, email) in [
        ("DATA_PROTECTION_OFFICER", "DATA_PROTECTION", "tietosuoja@virasto.example"),
        ("INFORMATION_SECURITY_MANAGER", "SECURITY", "tietoturva@virasto.example"),
    ] {
        let input = json!({"role": role, "topics": [topic], "name": {"fi": "Postilaatikko"}, "email": email, "languages": ["FI"], "priority": 9});
        done(house.data(token, &appoint, json!({ "input": input })).await);
    }
}

/// Account Pirkanmaa gives Kela over the technical interface.
fn account() -> Value {
    json!({"register": "KELMU", "channel": "TECHNICAL_INTERFACE", "requiredBy": "1412/1997 18 b § 2 mom", "datedOn": "2026-10-01",
        "recipientCollectsLogs": true, "answers": all_yes()})
}

fn with(input: Value, others: &Value) -> Value {
    let Value::Object(mut input) = input else { panic!("an object") };
    input.extend(others.as_object().unwrap().clone());
    Value::Object(input)
}

fn answering(code: &str, answer: &Value) -> Value {
    let Value::Array(mut answers) = all_yes() else { panic!("a list") };
    for given in answers.iter_mut().filter(|given| given["question"] == code) {
        *given = with(given.clone(), answer);
    }
    Value::Array(answers)
}

/// What the acts wrote is exported, and read again without a difference.
pub async fn assert_exported(house: &House) {
    let gateway = &house.app.gateway;
    let files = world::export(&gateway.journal.facts(), &gateway.keys.pseudonym_fingerprints());
    let imported = app::import(gateway, &house.app.recorder, &files, "import").await;
    assert_eq!(imported.unwrap_or_else(|error| panic!("{error:?}")).rows, 0);
}

impl House {
    async fn submit(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("submitProtectionStatement", STATEMENT), json!({ "input": input })).await
    }

    async fn review(&self, token: &str, id: &Value, others: &Value) -> Value {
        let input = with(json!({ "id": id }), others);
        self.data(token, &act("reviewProtectionStatement", STATEMENT), json!({ "input": input })).await
    }

    async fn report(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("reportIncident", INCIDENT), json!({ "input": input })).await
    }

    async fn close_incident(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("closeIncident", INCIDENT), json!({ "input": input })).await
    }

    /// Ids of what waits for an act of the caller's side in a queue.
    async fn waiting(&self, token: &str, queue: &str) -> Vec<String> {
        let query = format!("{{ {queue}(first: 100, waitsForMe: true) {{ totalCount nodes {{ id }} }} }}");
        let found = self.data(token, &query, json!({})).await[queue].clone();
        let ids = texts(&found["nodes"], "id");
        assert_eq!(found["totalCount"], ids.len());
        ids
    }

    /// Verdict and reasons of Pirkanmaa's question over the interface, at an instant or now.
    async fn decided(&self, at: Option<DateTime<Utc>>) -> (String, Vec<String>) {
        let question = with(social_assistance(), &json!({ "at": at.map(instant_text) }));
        let answer = self.data(&self.token(KELA, System), DECISION, json!({ "input": question })).await;
        let decision = &answer["accessDecision"];
        (decision["verdict"].as_str().unwrap().to_owned(), texts(&decision["reasons"], "code"))
    }
}

on_both_engines! {
    async fn statement_is_given_returned_completed_approved_and_lapses(house: House) {
        let (city, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        let wrong = json!({"register": "NOWHERE", "channel": "OTHER", "requiredBy": "812/2000 20 §", "datedOn": "2999-01-01", "catalogueVersion": 2,
            "recipientCollectsLogs": true, "answers": [{"question": "C1_RESPONSIBLE_PERSON", "answer": "NO"}, {"question": "C1_RESPONSIBLE_PERSON", "answer": "YES"},
            {"question": "C0", "answer": "YES", "document": {"title": "", "sha256": "x", "mediaType": "pdf"}}]});
        let faults = refusals(&house.submit(&city, &wrong).await);
        assert_eq!(faults.iter().filter(|fault| *fault == "BLANK input.answers").count(), 12, "each unanswered question");
        let others: Vec<_> = faults.iter().filter(|fault| *fault != "BLANK input.answers").collect();
        assert_eq!(others, [
            "BLANK input.answers.0.text", "BLANK input.answers.1.text", "BLANK input.answers.2.document.title", "CONFLICT input.answers.1.question", "CONFLICT input.catalogueVersion",
            "MALFORMED input.answers.2.document.mediaType", "MALFORMED input.answers.2.document.sha256", "MALFORMED input.datedOn",
            "NOT_FOUND input.answers.2.question", "NOT_FOUND input.register", "NOT_FOUND input.requiredBy",
        ]);

        let policy = json!({"title": "Tietoturvapolitiikka", "sha256": "AB".repeat(32), "mediaType": "application/pdf"});
        let first = with(account(), &json!({"answers": answering("POLICY", &json!({"document": policy}))}));
        let before = seq(&house).await;
        let submit = act("submitProtectionStatement", STATEMENT);
        done(house.data(&city, &submit, tried(&first)).await);
        assert_eq!(seq(&house).await, before, "nothing was written");
        let given = done(house.submit(&city, &first).await)["statement"].clone();
        assert_eq!((&given["version"], &given["status"], &given["waitsFor"]), (&json!(2), &json!("SUBMITTED"), &json!("DISCLOSER")));
        assert_eq!((&given["publicity"], &given["requiredBy"]["citation"]), (&json!("PUBLICATION_RESTRICTED"), &json!("1412/1997 18 b § 2 mom")));
        assert_eq!(given["documents"], json!([{"title": "Tietoturvapolitiikka", "sha256": "ab".repeat(32), "mediaType": "application/pdf"}]));
        assert_eq!(done(house.submit(&city, &first).await)["statement"], given, "the same content answers the same");
        assert_eq!(seq(&house).await, before + 1);
        let other = with(first.clone(), &json!({"recipientCollectsLogs": false}));
        assert_eq!(refusals(&house.submit(&city, &other).await), ["CONFLICT input.register"]);
        let id = given["id"].clone();
        assert!(house.waiting(&kela, "protectionStatements").await.contains(&id.as_str().unwrap().to_owned()));
        assert_eq!(house.waiting(&city, "protectionStatements").await, Vec::<String>::new());
        assert_eq!(house.decided(None).await.0, "PERMITTED", "the approved one carries on");

        let start = json!({"action": "START"});
        let under_review = done(house.review(&kela, &id, &start).await)["statement"].clone();
        assert_eq!(under_review["status"], "UNDER_REVIEW");
        assert_eq!(refusals(&house.review(&kela, &id, &start).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.review(&kela, &id, &json!({"action": "RETURN", "validUntil": "2999-01-01"})).await), ["BLANK input.decisionText", "CONFLICT input.validUntil"]);
        let returned = done(house.review(&kela, &id, &json!({"action": "RETURN", "decisionText": "Valvontamenettely kuvattava."})).await)["statement"].clone();
        assert_eq!((&returned["status"], &returned["waitsFor"]), (&json!("RETURNED"), &json!("RECIPIENT")));
        assert_eq!(house.waiting(&city, "protectionStatements").await, [id.as_str().unwrap()]);

        let monitoring = json!({"answer": "PARTIAL", "text": "Otanta neljännesvuosittain."});
        let completed = with(account(), &json!({"datedOn": "2026-10-15", "recipientCollectsLogs": false, "answers": answering("C4_MONITORING", &monitoring)}));
        let third = done(house.submit(&city, &completed).await)["statement"].clone();
        assert_eq!((&third["version"], &third["gaps"]), (&json!(3), &json!([{"code": "C4_MONITORING"}])));
        assert_eq!(house.waiting(&city, "protectionStatements").await, Vec::<String>::new(), "the returned one is replaced");
        let id = third["id"].clone();
        let approve = json!({"action": "APPROVE"});
        assert_eq!(refusals(&house.review(&kela, &id, &approve).await), ["BLANK input.discloserLogConfirmed", "CHECKLIST_INCOMPLETE input.acceptedExceptions"]);
        let approve = with(approve, &json!({"discloserLogConfirmed": true, "acceptedExceptions": ["C4_MONITORING", "POLICY"], "validUntil": "2020-01-01"}));
        assert_eq!(refusals(&house.review(&kela, &id, &approve).await), ["BLANK input.decisionText", "CONFLICT input.acceptedExceptions.1", "PERIOD_REVERSED input.validUntil"]);
        let lapse = house.app.gateway.clock.now() + TimeDelta::days(30);
        let approve = with(approve, &json!({"acceptedExceptions": ["C4_MONITORING"], "decisionText": "Otanta riittää.", "validUntil": instant_text(lapse)}));
        let approved = done(house.review(&kela, &id, &approve).await)["statement"].clone();
        assert_eq!((&approved["status"], &approved["discloserLogConfirmed"], &approved["waitsFor"]), (&json!("APPROVED"), &json!(true), &Value::Null));
        assert_eq!((&approved["gaps"], &approved["exceptions"]), (&json!([]), &json!([{"question": "C4_MONITORING"}])));
        assert_eq!(approved["history"], json!([{"status": "SUBMITTED", "reason": null}, {"status": "APPROVED", "reason": "Otanta riittää."}]));
        assert_eq!(refusals(&house.review(&kela, &id, &approve).await), ["WRONG_STATUS input.id"]);
        let all = house.data(&city, "{ agreement(number: \"KEL-2023-014\") { statements { channel version status } } }", json!({})).await;
        let interface: Vec<_> = all["agreement"]["statements"].as_array().unwrap().iter().filter(|one| one["channel"] == "TECHNICAL_INTERFACE").collect();
        assert_eq!(interface.iter().map(|one| one["status"].as_str().unwrap()).collect::<Vec<_>>(), ["SUPERSEDED", "SUPERSEDED", "APPROVED"], "one is approved");

        assert_eq!(house.decided(Some(lapse - TimeDelta::microseconds(1))).await.0, "PERMITTED");
        assert_eq!(house.decided(Some(lapse)).await, ("DENIED".to_owned(), vec!["STATEMENT_LAPSED".to_owned()]), "at that instant");
        house.app.gateway.clock.set(lapse + TimeDelta::seconds(1));
        let city = house.token(PIRKANMAA, Officer);
        assert_eq!(house.waiting(&city, "protectionStatements").await, [id.as_str().unwrap()], "a lapsed one waits for its next version");
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn who_took_the_place_of_a_recipient_gives_the_next_statement_in_its_place(house: House) {
        let administrator = house.token(KELA, Administrator);
        let tampere = house.data(&administrator, "{ organisation(businessId: \"0211675-2\") { id } }", json!({})).await["organisation"]["id"].clone();
        let next = json!({"register": "KELMU", "recipient": TAMPERE, "channel": "OTHER", "datedOn": "2026-11-01", "recipientCollectsLogs": true, "answers": all_yes()});
        let heir = house.token(PIRKANMAA, Officer);
        assert_eq!(house.errors(&heir, &act("submitProtectionStatement", STATEMENT), json!({"input": next})).await, ["FORBIDDEN"]);
        let dissolved = json!({"id": tampere, "dissolvedOn": "2026-10-31", "successor": PIRKANMAA});
        done(house.data(&administrator, &act("dissolveOrganisation", "organisation { id }"), json!({"input": dissolved})).await);
        let given = done(house.submit(&heir, &next).await)["statement"].clone();
        assert_eq!((&given["version"], &given["recipient"]["businessId"]), (&json!(2), &json!(TAMPERE)));
        done(house.review(&house.token(KELA, Officer), &given["id"], &json!({"action": "APPROVE"})).await);
        let seen = house.data(&heir, "{ agreement(number: \"KEL-2021-031\") { effectiveStatus { state } statements { version status } } }", json!({})).await;
        let statements = json!([{"version": 1, "status": "SUPERSEDED"}, {"version": 2, "status": "APPROVED"}]);
        assert_eq!(seen["agreement"]["statements"], statements, "it speaks for the agreement the heir goes on with");
    }

    async fn only_the_discloser_reviews_and_only_the_recipient_gives_and_withdraws(house: House) {
        let (city, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        for (organisation, role) in [(KELA, Officer), (THL, Officer), (PIRKANMAA, System), (PIRKANMAA, Administrator), (PIRKANMAA, Auditor)] {
            let for_the_city = with(account(), &json!({"recipient": PIRKANMAA}));
            assert_eq!(house.errors(&house.token(organisation, role), &act("submitProtectionStatement", STATEMENT), json!({"input": for_the_city})).await, ["FORBIDDEN"], "{organisation} {role:?}");
        }
        let to_itself = with(account(), &json!({"requiredBy": null}));
        assert_eq!(refusals(&house.submit(&kela, &to_itself).await), ["CONFLICT input.discloser"]);
        let to_another = with(account(), &json!({"discloser": LVV}));
        assert_eq!(refusals(&house.submit(&city, &to_another).await), ["CONFLICT input.discloser"]);
        let id = done(house.submit(&city, &account()).await)["statement"]["id"].clone();

        let review = act("reviewProtectionStatement", STATEMENT);
        let withdraw = act("withdrawProtectionStatement", STATEMENT);
        let start = json!({"input": {"id": id, "action": "START"}});
        let taken = json!({"input": {"id": id, "note": "Korjataan."}});
        assert_eq!(house.errors(&city, &review, start.clone()).await, ["FORBIDDEN"], "never the side that gave it");
        assert_eq!(house.errors(&kela, &withdraw, taken.clone()).await, ["FORBIDDEN"]);
        for (organisation, role) in [(KELA, System), (KELA, Administrator), (OMBUDSMAN, Auditor)] {
            assert_eq!(house.errors(&house.token(organisation, role), &review, start.clone()).await, ["FORBIDDEN"]);
        }
        for act in [&review, &withdraw] {
            let variables = if act == &review { &start } else { &taken };
            assert_eq!(refusals(&house.data(&house.token(THL, Officer), act, variables.clone()).await), ["NOT_FOUND input.id"], "who may not know of it");
        }
        let node = "query($id: ID!) { node(id: $id) { id ... on ProtectionStatement { status answers { question } } } }";
        assert_eq!(house.data(&house.token(OMBUDSMAN, Auditor), node, json!({"id": id})).await["node"]["answers"].as_array().unwrap().len(), 13);
        for (organisation, role) in [(THL, Officer), (PIRKANMAA, System), (DVV, Administrator)] {
            assert_eq!(house.errors(&house.token(organisation, role), node, json!({"id": id})).await, ["NOT_FOUND"]);
        }

        let withdrawn = done(house.data(&city, &withdraw, taken.clone()).await)["statement"].clone();
        assert_eq!((&withdrawn["status"], &withdrawn["waitsFor"]), (&json!("WITHDRAWN"), &Value::Null));
        assert_eq!(refusals(&house.data(&city, &withdraw, taken).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.data(&kela, &review, start).await), ["WRONG_STATUS input.id"]);
        assert_eq!(house.decided(None).await.0, "PERMITTED");
        let statements = "{ protectionStatements(status: APPROVED, first: 100) { nodes { id channel } } }";
        let approved = house.data(&city, statements, json!({})).await["protectionStatements"]["nodes"].clone();
        let approved = approved.as_array().unwrap().iter().find(|one| one["channel"] == "TECHNICAL_INTERFACE").unwrap()["id"].clone();
        done(house.data(&city, &withdraw, json!({"input": {"id": approved}})).await);
        assert_eq!(house.decided(None).await, ("DENIED".to_owned(), vec!["STATEMENT_MISSING".to_owned()]), "what is no longer true carries nothing");
    }

    async fn recipient_without_its_mailboxes_gives_no_statement(house: House) {
        let token = house.token(ENFORCEMENT, Officer);
        let input = json!({"register": "SOTERI", "channel": "TECHNICAL_INTERFACE", "datedOn": "2026-10-01", "recipientCollectsLogs": true, "answers": all_yes()});
        assert_eq!(refusals(&house.submit(&token, &input).await), ["CONTACT_MISSING input", "CONTACT_MISSING input"]);
        answerable(&house, &token).await;
        let given = done(house.submit(&token, &input).await)["statement"].clone();
        assert_eq!((&given["version"], &given["requiredBy"], &given["discloser"]["businessId"]), (&json!(1), &Value::Null, &json!(LVV)), "voluntary, to the controller");
    }

    async fn of_two_officers_at_once_one_decides_and_the_other_is_told(house: House) {
        let (city, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        let other = with(account(), &json!({"datedOn": "2026-10-02"}));
        let (first, account) = (account(), &other);
        let (one, two) = tokio::join!(house.submit(&city, &first), house.submit(&city, account));
        let mut outcomes = [refusals(&one), refusals(&two)];
        outcomes.sort();
        assert_eq!(outcomes, [Vec::new(), vec!["CONFLICT input.register".to_owned()]]);
        let given = if refusals(&one).is_empty() { done(one) } else { done(two) };
        let id = &given["statement"]["id"];
        let (approve, reject) = (json!({"action": "APPROVE"}), json!({"action": "REJECT", "decisionText": "Ei riitä."}));
        let (one, two) = tokio::join!(house.review(&kela, id, &approve), house.review(&kela, id, &reject));
        let mut outcomes = [refusals(&one), refusals(&two)];
        outcomes.sort();
        assert_eq!(outcomes, [Vec::new(), vec!["WRONG_STATUS input.id".to_owned()]]);
    }

    async fn catalogue_is_said_in_the_language_asked(house: House) {
        let query = "query($version: Int) { protectionCatalogue(version: $version) { version questions { code source fi: text(language: FI) sv: text(language: SV) } } }";
        let catalogue = house.data(&house.token(THL, Officer), query, json!({})).await["protectionCatalogue"].clone();
        let answered = all_yes();
        assert_eq!(texts(&catalogue["questions"], "code"), texts(&answered, "question"), "an account answers these");
        assert_eq!(catalogue["questions"][11]["sv"], "Har alla undertecknat en tystnadsförbindelse?");
        assert_eq!((&catalogue["version"], &catalogue["questions"][0]["source"]), (&json!(1), &json!("R55")));
        assert_eq!(house.errors(&house.token(THL, Officer), query, json!({"version": 2})).await, ["NOT_FOUND"]);
    }

    async fn breach_is_reported_by_either_side_and_the_authority_told_within_72_hours(house: House) {
        let (city, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        let now = house.app.gateway.clock.now();
        let ago = |hours| instant_text(now - TimeDelta::hours(hours));
        let wrong = json!({"agreement": "KEL-1999-001", "kind": "DATA_PROTECTION", "description": " ", "occurredAt": instant_text(now + TimeDelta::hours(1)),
            "knownAt": ago(1), "notifiedAuthorityOn": "2999-01-01"});
        assert_eq!(refusals(&house.report(&city, &wrong).await), [
            "BLANK input.description", "MALFORMED input.notifiedAuthorityOn", "MALFORMED input.occurredAt", "NOT_FOUND input.agreement", "PERIOD_REVERSED input.knownAt",
        ]);
        let new = json!({"agreement": "KEL-2023-014", "kind": "DATA_PROTECTION", "description": "Tuloste hukassa.", "occurredAt": ago(100), "knownAt": ago(2)});
        let before = seq(&house).await;
        let reported = done(house.report(&city, &new).await)["incident"].clone();
        assert_eq!((&reported["status"], &reported["reporter"]["businessId"], &reported["agreement"]["number"]), (&json!("REPORTED"), &json!(PIRKANMAA), &json!("KEL-2023-014")));
        assert_eq!((&reported["notifyBy"], &reported["isOverdue"]), (&json!(instant_text(now + TimeDelta::hours(70))), &json!(false)));
        assert_eq!(done(house.report(&city, &new).await)["incident"], reported);
        assert_eq!(seq(&house).await, before + 1);
        let otherwise = with(new.clone(), &json!({"description": "Tuloste löytyi."}));
        assert_eq!(refusals(&house.report(&city, &otherwise).await), ["CONFLICT input.occurredAt"]);
        let unsaid = with(new.clone(), &json!({"knownAt": null, "occurredAt": ago(73)}));
        let overdue = done(house.report(&city, &unsaid).await)["incident"].clone();
        assert_eq!((&overdue["isOverdue"], &overdue["knownAt"]), (&json!(true), &Value::Null), "known when it happened, unless said");
        let told = with(new.clone(), &json!({"knownAt": null, "occurredAt": ago(74), "notifiedAuthorityOn": helsinki_day(now).to_string()}));
        assert_eq!(done(house.report(&city, &told).await)["incident"]["isOverdue"], false);
        let misuse = with(new.clone(), &json!({"kind": "MISUSE"}));
        assert_eq!(done(house.report(&kela, &misuse).await)["incident"]["notifyBy"], Value::Null);
        assert_eq!(house.decided(None).await.0, "PERMITTED", "a report suspends nothing by itself");

        house.app.gateway.clock.set(now + TimeDelta::hours(71));
        let (city, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        let seen = "query($id: ID!) { node(id: $id) { ... on Incident { isOverdue } } }";
        assert_eq!(house.data(&kela, seen, json!({"id": reported["id"]})).await["node"]["isOverdue"], true);
        let id = &reported["id"];
        assert_eq!(refusals(&house.close_incident(&city, &json!({"id": id, "outcome": "", "notifiedAuthorityOn": "2020-01-01"})).await), ["BLANK input.outcome", "PERIOD_REVERSED input.notifiedAuthorityOn"]);
        let closed = done(house.close_incident(&city, &json!({"id": id, "outcome": "Tuloste löytyi; ei ilmoitusvelvollisuutta."})).await)["incident"].clone();
        assert_eq!((&closed["status"], &closed["isOverdue"]), (&json!("CLOSED"), &json!(false)));
        assert_eq!(refusals(&house.close_incident(&city, &json!({"id": id, "outcome": "Uudestaan."})).await), ["WRONG_STATUS input.id"]);
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn incident_is_closed_by_who_reported_it_or_by_the_discloser(house: House) {
        let (city, kela, stranger) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer), house.token(THL, Officer));
        let new = |occurred: &str| json!({"agreement": "KEL-2023-014", "kind": "INFORMATION_SECURITY", "description": "Tunnus jaettu.", "occurredAt": occurred});
        assert_eq!(refusals(&house.report(&stranger, &with(new("2026-10-01"), &json!({"agreement": "SOT-2026-003"}))).await), ["NOT_FOUND input.agreement"]);
        for token in [&stranger, &house.token(KELA, System), &house.token(OMBUDSMAN, Auditor)] {
            assert_eq!(house.errors(token, &act("reportIncident", INCIDENT), json!({"input": new("2026-10-01")})).await, ["FORBIDDEN"]);
        }
        let by_kela = done(house.report(&kela, &new("2026-10-01")).await)["incident"]["id"].clone();
        let by_city = done(house.report(&city, &new("2026-10-01")).await)["incident"]["id"].clone();
        assert_ne!(by_kela, by_city, "each side reports its own");
        assert_eq!(house.waiting(&city, "incidents").await, [by_city.as_str().unwrap()]);
        assert!(house.waiting(&kela, "incidents").await.contains(&by_city.as_str().unwrap().to_owned()));
        let close = |id: &Value| json!({"id": id, "outcome": "Tunnus suljettu."});
        let closing = act("closeIncident", INCIDENT);
        assert_eq!(house.errors(&city, &closing, json!({"input": close(&by_kela)})).await, ["FORBIDDEN"]);
        assert_eq!(refusals(&house.close_incident(&stranger, &close(&by_kela)).await), ["NOT_FOUND input.id"]);
        for (token, id) in [(&kela, &by_kela), (&kela, &by_city)] {
            done(house.close_incident(token, &close(id)).await);
        }
        assert_eq!(house.waiting(&city, "incidents").await, Vec::<String>::new());
        let query = "query($number: String!) { agreement(number: $number) { incidents(first: 2) { nodes { status } pageInfo { hasNextPage } } usageReviews { nodes { sampleSize } } } }";
        let office = house.data(&city, query, json!({"number": "KEL-2023-014"})).await["agreement"].clone();
        assert_eq!(office["incidents"], json!({"nodes": [{"status": "CLOSED"}, {"status": "CLOSED"}], "pageInfo": {"hasNextPage": true}}));
        for token in [&stranger, &house.token(PIRKANMAA, System), &house.token(DVV, Administrator)] {
            assert_eq!(house.data(token, query, json!({"number": "KEL-2023-014"})).await["agreement"], json!({"incidents": null, "usageReviews": null}));
        }
        let listed = "{ incidents(agreement: \"KEL-2022-003\") { totalCount } }";
        assert_eq!(house.data(&kela, listed, json!({})).await["incidents"]["totalCount"], 1);
        assert_eq!(house.errors(&stranger, &listed.replace("KEL-2022-003", "SOT-2026-003"), json!({})).await, ["INVALID_INPUT"]);
    }

    async fn recipient_reviews_its_own_use_once_a_period(house: House) {
        let city = house.token(PIRKANMAA, Officer);
        let review = act("reviewUsage", "usageReview { id fromOn untilOn sampleSize findings reviewedOn }");
        let wrong = json!({"agreement": "KEL-2023-014", "fromOn": "2999-02-01", "untilOn": "2999-01-31", "sampleSize": -1, "findings": " "});
        assert_eq!(refusals(&house.data(&city, &review, json!({"input": wrong})).await), [
            "BLANK input.findings", "MALFORMED input.sampleSize", "MALFORMED input.untilOn", "PERIOD_REVERSED input.untilOn",
        ]);
        let new = json!({"agreement": "KEL-2023-014", "fromOn": "2026-07-01", "untilOn": "2026-09-30", "sampleSize": 0, "findings": "Ei huomautettavaa."});
        let before = seq(&house).await;
        let first = done(house.data(&city, &review, json!({"input": new})).await);
        assert_eq!(done(house.data(&city, &review, json!({"input": new})).await), first);
        assert_eq!(seq(&house).await, before + 1);
        let other = with(new.clone(), &json!({"sampleSize": 80}));
        assert_eq!(refusals(&house.data(&city, &review, json!({"input": other})).await), ["CONFLICT input.fromOn"]);
        let next = with(other, &json!({"untilOn": "2026-10-31"}));
        done(house.data(&city, &review, json!({"input": next})).await);
        for (organisation, role) in [(KELA, Officer), (PIRKANMAA, System), (TAMPERE, Officer)] {
            assert_eq!(house.errors(&house.token(organisation, role), &review, json!({"input": new})).await, ["FORBIDDEN"], "{organisation} {role:?}");
        }
        let hidden = with(new, &json!({"agreement": "SOT-2026-003"}));
        assert_eq!(refusals(&house.data(&city, &review, json!({"input": hidden})).await), ["NOT_FOUND input.agreement"]);
        let query = "{ agreement(number: \"KEL-2023-014\") { usageReviews { nodes { fromOn untilOn } } } }";
        let listed = house.data(&house.token(KELA, Officer), query, json!({})).await["agreement"]["usageReviews"]["nodes"].clone();
        assert_eq!(texts(&listed, "untilOn"), ["2025-12-31", "2026-06-30", "2026-09-30", "2026-10-31"]);
    }

    async fn agreement_waits_for_the_side_whose_step_is_next(house: House) {
        let query = "{ agreements(first: 100, filter: {waitsForMe: true}) { nodes { number } } }";
        let waiting = |organisation: &'static str, role| {
            let token = house.token(organisation, role);
            let house = &house;
            async move { texts(&house.data(&token, query, json!({})).await["agreements"]["nodes"], "number") }
        };
        let suspended = "KEL-2022-003".to_owned();
        assert!(waiting(KELA, Officer).await.contains(&suspended), "its cause is cleared: the discloser may resume it");
        assert!(!waiting(KELA, Officer).await.contains(&"KEL-2023-014".to_owned()), "that it could be suspended waits for nobody");
        assert!(waiting(KELA, Officer).await.contains(&"KEL-2021-031".to_owned()), "a provision of it has not been reviewed");
        assert!(!waiting(HELSINKI, Officer).await.contains(&suspended));
        for (organisation, role) in [(OMBUDSMAN, Auditor), (KELA, System), (KELA, Administrator), (KELA, Auditor)] {
            assert_eq!(waiting(organisation, role).await, Vec::<String>::new(), "{organisation} {role:?} does no acts");
        }
    }
}
