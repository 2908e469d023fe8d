//! Recording: the log never refuses the truth, says nothing twice, and holds no personal identity code.

use api::{auth::Role, journal::leaf::hex};
use async_graphql::parser::types::{FieldDefinition, TypeKind};
use chrono::TimeDelta;
use entity::vocabulary::{BusinessId, Instant, PersonalIdentityCode};
use serde_json::{Value, json};

use crate::{
    house::{Engine, House, KELA, LVV, OMBUDSMAN, PIRKANMAA, TAMPERE, THL, codes},
    on_both_engines,
    reports::{PERSON, RECORD, assert_whole, faults, report, with},
    schema,
};

const LIST: &str = "query List($filter: DisclosureFilter, $order: DisclosureOrder, $first: Int, $after: String) {
    disclosures(filter: $filter, orderBy: $order, first: $first, after: $after) {
        nodes { messageId outcome coverage subjectPseudonym userPseudonym discloser { businessId } recipient { businessId } }
        pageInfo { hasNextPage endCursor } } }";

impl House {
    async fn listed(&self, token: &str, filter: Value) -> Vec<Value> {
        let data = self.data(token, LIST, json!({ "filter": filter, "first": 100 })).await;
        data["disclosures"]["nodes"].as_array().unwrap().clone()
    }

    /// Messages of all pages of a list.
    async fn paged(&self, token: &str, filter: &Value, order: &str, first: usize) -> Vec<String> {
        let (mut messages, mut after) = (Vec::new(), Value::Null);
        loop {
            let asked = json!({ "filter": filter, "order": order, "first": first, "after": after });
            let page = self.data(token, LIST, asked).await["disclosures"].clone();
            let found = texts(page["nodes"].as_array().unwrap(), "messageId");
            assert!(!found.is_empty(), "a page of nothing follows another");
            messages.extend(found);
            if page["pageInfo"]["hasNextPage"] == false {
                return messages;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    fn now(&self) -> Instant {
        self.app.gateway.clock.now()
    }

    /// Report of what is about to be given.
    fn about_to(&self, message_id: &str, others: Value) -> Value {
        with(with(report(message_id), json!({ "occurredAt": self.now().to_rfc3339() })), others)
    }
}

fn texts(rows: &[Value], member: &str) -> Vec<String> {
    rows.iter().map(|row| row[member].as_str().unwrap_or("null").to_owned()).collect()
}

/// Every field of a disclosure, and how it is asked for; of objects their type, for what they are is theirs to say.
fn fields_of_a_disclosure() -> Vec<(String, String)> {
    let types = schema::types();
    let is_object = |name: &str| {
        types.iter().any(|ty| ty.name.node == *name && matches!(ty.kind, TypeKind::Object(_) | TypeKind::Interface(_)))
    };
    let asked = |field: FieldDefinition| {
        let name = field.name.node.to_string();
        let of = field.ty.node.to_string().replace(['[', ']', '!'], "");
        let asked = if is_object(&of) { format!("{name} {{ __typename }}") } else { name.clone() };
        (name, asked)
    };
    schema::fields_of("Disclosure").into_iter().map(asked).collect()
}

on_both_engines! {
    async fn covered_uncovered_and_denied_disclosures_all_stand_in_the_log(house: House) {
        let outside = json!({ "items": ["KEL.VETERAN_LIST"] });
        let rows = house.recorded(&house.kela(), &[
            report("covered"),
            with(report("uncovered"), outside.clone()),
            with(with(report("denied"), outside), json!({ "outcome": "DENIED" })),
            with(report("without mandate"), json!({ "mandates": null, "outcome": "DENIED" })),
            with(report("empty"), json!({ "outcome": "EMPTY" })),
            with(report("failed"), json!({ "outcome": "ERROR" })),
            with(report("by consent"), json!({ "ground": "CONSENT", "consentReference": "S-1", "items": ["KEL.ABROAD_COSTS"] })),
            with(report("to oneself"), json!({ "ground": "SELF", "items": ["KEL.ABROAD_COSTS"] })),
        ]).await;
        let coverage = ["COVERED", "UNCOVERED", "UNCOVERED", "UNCOVERED", "COVERED", "COVERED", "NOT_REQUIRED", "NOT_REQUIRED"];
        assert_eq!(texts(&rows, "coverage"), coverage);
        let outcome = ["DELIVERED", "DELIVERED", "DENIED", "DENIED", "EMPTY", "ERROR", "DELIVERED", "DELIVERED"];
        assert_eq!(texts(&rows, "outcome"), outcome);
        assert_eq!(rows[0]["agreement"]["number"], "KEL-2023-014");
        assert_eq!((&rows[0]["reasons"], &rows[1]["reasons"]), (&json!([]), &json!(["ITEM_NOT_IN_SCOPE"])));
        assert_eq!(rows[3]["reasons"], json!(["MANDATE_MISSING"]));
        let indexes: Vec<i64> = rows.iter().map(|row| row["leafIndex"].as_i64().unwrap()).collect();
        assert!(indexes.is_sorted_by(|a, b| a + 1 == *b), "{indexes:?}");
        assert!(texts(&rows, "recordedAt").is_sorted());
        assert_whole(&house.app).await;
    }

    async fn pages_pass_no_month_of_the_log_over_in_either_order(house: House) {
        let mut house = house;
        for year in 1..=2 {
            house = house.years_later(year).await;
            let rows = [0, 1, 2].map(|at| house.about_to(&format!("{year}/{at}"), json!({})));
            house.recorded(&house.kela(), &rows).await;
        }
        let agreement = house.app.gateway.journal.facts().agreement.by_key("KEL-2023-014").unwrap().id;
        let own: Vec<String> =
            house.rows().await.into_iter().filter(|row| row.agreement_id == Some(agreement)).map(|row| row.message_id).collect();
        assert!(own.len() > 20, "{}", own.len());
        let newest: Vec<String> = own.iter().rev().cloned().collect();
        let filter = json!({ "agreement": "KEL-2023-014" });
        for first in [2, 7, 100] {
            assert_eq!(house.paged(&house.kela(), &filter, "OLDEST_FIRST", first).await, own, "{first}");
            assert_eq!(house.paged(&house.kela(), &filter, "NEWEST_FIRST", first).await, newest, "{first}");
        }
        let all = house.paged(&house.kela(), &json!({}), "NEWEST_FIRST", 100).await;
        assert_eq!(all[..6], ["2/2", "2/1", "2/0", "1/2", "1/1", "1/0"]);
        let oldest = house.paged(&house.kela(), &json!({}), "OLDEST_FIRST", 100).await;
        assert!(oldest.len() > 2_000 && oldest.iter().rev().eq(&all));
    }

    async fn a_field_asked_by_itself_says_what_it_says_beside_all_others(house: House) {
        house.recorded(&house.kela(), &[
            with(report("given"), json!({ "caseReference": "KELA/1", "withheldUntil": "2099-01-01", "withholdingBasis": "1050/2018 34 § 1 mom" })),
            with(report("corrected"), json!({ "corrects": "given", "outcome": "EMPTY" })),
        ]).await;
        let fields = fields_of_a_disclosure();
        assert!(fields.len() > 30, "{fields:?}");
        let ask = async |entries: &str, rest: &str, order: &str| {
            let query = format!("{{ disclosures(first: 5, orderBy: {order}) {{ {entries} }} }} {rest}");
            let page = house.data(&house.kela(), &query, json!({})).await["disclosures"].clone();
            let entries = page["nodes"].as_array().or(page["edges"].as_array()).unwrap();
            entries.iter().map(|entry| entry.get("node").unwrap_or(entry).clone()).collect::<Vec<_>>()
        };
        let every = fields.iter().map(|(_, asked)| asked.as_str()).collect::<Vec<_>>().join(" ");
        for order in ["NEWEST_FIRST", "OLDEST_FIRST"] {
            let all = ask(&format!("nodes {{ {every} }}"), "", order).await;
            assert_eq!(all.len(), 5);
            for (name, asked) in &fields {
                let fragment = format!("fragment F on Disclosure {{ {asked} }}");
                let ways = [
                    (ask(&format!("nodes {{ {asked} }}"), "", order).await, name.as_str()),
                    (ask("edges { node { ...F } }", &fragment, order).await, name),
                    (ask(&format!("nodes {{ ... on Disclosure {{ other: {asked} }} }}"), "", order).await, "other"),
                ];
                for (way, said_as) in ways {
                    assert_eq!(way.len(), all.len(), "{name}");
                    for (alone, beside) in way.iter().zip(&all) {
                        assert_eq!(alone, &json!({ said_as: beside[name] }), "{name}");
                    }
                }
            }
        }
    }

    async fn a_repeat_answers_as_the_first_time(house: House) {
        let first = house.recorded(&house.kela(), &[report("once"), report("new")]).await;
        let size = house.log_size().await;
        let again = house.recorded(&house.kela(), &[report("new"), report("newer"), report("once")]).await;
        assert_eq!((&again[0], &again[2]), (&first[1], &first[0]));
        assert_eq!(house.log_size().await, size + 1);
        // The same instant in another zone is the same content, in other words.
        let same = with(report("once"), json!({ "occurredAt": "2026-11-02T10:00:00+02:00", "part": 0 }));
        assert_eq!(house.recorded(&house.kela(), &[same]).await[0], first[0]);
        let part = house.recorded(&house.kela(), &[with(report("once"), json!({ "part": 1 }))]).await;
        assert_ne!(part[0]["leafIndex"], first[0]["leafIndex"]);
    }

    async fn a_call_that_contradicts_itself_and_the_log_is_told_every_conflict(house: House) {
        let empty = |message_id: &str| with(report(message_id), json!({ "outcome": "EMPTY" }));
        house.recorded(&house.kela(), &[empty("one"), report("two")]).await;
        let size = house.log_size().await;
        let refused = house.record(&house.kela(), &[report("one"), empty("one"), empty("two")]).await;
        let conflict = |at: usize| ("CONFLICT".to_owned(), format!("input.disclosures.{at}.messageId"));
        assert_eq!(faults(&refused), [conflict(0), conflict(2)]);
        assert_eq!(house.log_size().await, size);
    }

    async fn conflicts_are_told_beside_the_faults_of_other_rows(house: House) {
        house.recorded(&house.kela(), &[report("taken"), report("wrong")]).await;
        let refused = house.record(&house.kela(), &[
            report("new"),
            with(report("taken"), json!({ "outcome": "EMPTY" })),
            with(report("malformed"), json!({ "register": "NOTHING" })),
            with(report("right"), json!({ "corrects": "malformed" })),
        ]).await;
        let fault = |code: &str, at: &str| (code.to_owned(), format!("input.disclosures.{at}"));
        assert_eq!(faults(&refused), [fault("NOT_FOUND", "2.register"), fault("CONFLICT", "1.messageId")]);
    }

    async fn the_same_message_with_other_content_is_a_conflict(house: House) {
        house.recorded(&house.kela(), &[report("taken")]).await;
        let size = house.log_size().await;
        for other in [
            json!({ "items": ["KEL.PAYMENT"] }),
            json!({ "subject": { "personalIdentityCode": "010594Y9021" } }),
            json!({ "endUser": "pirha-user-2" }),
            json!({ "occurredAt": "2026-11-02T08:00:00.000001Z" }),
            json!({ "outcome": "EMPTY" }),
        ] {
            let answer = house.record(&house.kela(), &[report("fresh"), with(report("taken"), other)]).await;
            assert_eq!(faults(&answer), [("CONFLICT".to_owned(), "input.disclosures.1.messageId".to_owned())]);
            assert_eq!(answer["disclosures"], Value::Null);
        }
        assert_eq!(house.log_size().await, size, "a conflict stops all of the call");
        // Another discloser's message of that name is another message.
        let theirs = json!({
            "recipient": KELA, "register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING",
            "channel": "VIEWING_CONNECTION", "endUser": "kela-user-1", "subject": { "businessId": "9900010-6" },
        });
        let row = house.recorded(&house.token(LVV, Role::System), &[with(report("taken"), theirs)]).await;
        assert_eq!((&row[0]["coverage"], &row[0]["agreement"]["number"]), (&json!("COVERED"), &json!("SOT-2026-001")));
    }

    async fn a_message_twice_in_one_call_is_recorded_once(house: House) {
        let size = house.log_size().await;
        let rows = house.recorded(&house.kela(), &[report("twice"), report("other"), report("twice")]).await;
        assert_eq!((&rows[0]["leafIndex"], &rows[0]["id"]), (&rows[2]["leafIndex"], &rows[2]["id"]));
        assert_eq!(house.log_size().await, size + 2);
        let answer = house.record(&house.kela(), &[report("unlike"), with(report("unlike"), json!({ "outcome": "EMPTY" }))]).await;
        assert_eq!(faults(&answer), [("CONFLICT".to_owned(), "input.disclosures.1.messageId".to_owned())]);
        assert_eq!(house.log_size().await, size + 2);
    }

    async fn a_call_is_all_or_none_and_names_every_fault(house: House) {
        let size = house.log_size().await;
        let wrong = json!({
            "items": ["kel decision", "KEL.DECISION", "KEL.NOTHING"], "purpose": "NOTHING", "recipient": "3221308-7",
            "subject": { "personalIdentityCode": "010594Y9033" }, "caseReference": "", "endUser": PERSON,
            "mandates": ["M1", "M99"], "occurredAt": "yesterday",
        });
        let future = (house.now() + TimeDelta::minutes(10)).to_rfc3339();
        let answer = house.record(&house.kela(), &[
            report("good"),
            with(report("far ahead"), json!({ "occurredAt": future, "recipient": KELA, "clientSystem": null })),
            report("good too"),
            with(report("wrong"), wrong),
            with(report("consent"), json!({ "ground": "CONSENT", "recipient": null, "items": [] })),
        ]).await;
        assert_eq!(answer["disclosures"], Value::Null);
        let mut found = faults(&answer);
        found.sort();
        let expected = [
            ("BLANK", "1.clientSystem"), ("BLANK", "3.caseReference"), ("BLANK", "4.consentReference"), ("BLANK", "4.items"),
            ("BLANK", "4.recipient"), ("CONFLICT", "1.recipient"), ("MALFORMED", "1.occurredAt"), ("MALFORMED", "3.endUser"),
            ("MALFORMED", "3.items.0"), ("MALFORMED", "3.occurredAt"), ("MALFORMED", "3.recipient"),
            ("MALFORMED", "3.subject.personalIdentityCode"), ("NOT_FOUND", "3.items.2"), ("NOT_FOUND", "3.mandates.1"),
            ("NOT_FOUND", "3.purpose"),
        ];
        assert_eq!(found, expected.map(|(code, path)| (code.to_owned(), format!("input.disclosures.{path}"))));
        assert!(!answer.to_string().contains("010594Y903"), "{answer:#}");
        assert_eq!(house.log_size().await, size);
        let none = house.record(&house.kela(), &[]).await;
        assert_eq!(faults(&none), [("BLANK".to_owned(), "input.disclosures".to_owned())]);
    }

    async fn racing_requests_with_one_message_record_once(house: House) {
        let (token, size) = (house.kela(), house.log_size().await);
        let racing = (0..20).map(|_| house.recorded(&token, std::slice::from_ref(&RACED)));
        let rows = futures::future::join_all(racing).await.concat();
        assert!(rows.iter().all(|row| row["id"] == rows[0]["id"] && row["leafIndex"] == rows[0]["leafIndex"]));
        assert_eq!(house.log_size().await, size + 1);
        // As authorisations too: one is the first, the others say that they repeat it.
        let input = json!({ "disclosure": house.about_to("authorised once", json!({})) });
        let racing = (0..20).map(|_| house.authorise(&token, input.clone()));
        let answers = futures::future::join_all(racing).await;
        assert!(answers.iter().all(|answer| answer["disclosure"] == answers[0]["disclosure"]), "{answers:#?}");
        assert_eq!(answers.iter().filter(|answer| answer["repeated"] == false).count(), 1);
        assert_eq!(house.log_size().await, size + 2);
        assert_whole(&house.app).await;
    }

    async fn an_authorisation_is_decided_and_recorded_in_one_step(house: House) {
        let kela = house.kela();
        let permitted = house.authorise(&kela, json!({ "disclosure": house.about_to("permitted", json!({})) })).await;
        assert_eq!(permitted["decision"]["verdict"], "PERMITTED", "{permitted:#}");
        assert_eq!((&permitted["disclosure"]["outcome"], &permitted["disclosure"]["coverage"]), (&json!("DELIVERED"), &json!("COVERED")));
        let without = house.about_to("without mandate", json!({ "mandates": null }));
        let denied = house.authorise(&kela, json!({ "disclosure": without })).await;
        assert_eq!(denied["decision"]["reasons"], json!([{ "code": "MANDATE_MISSING" }]));
        assert_eq!((&denied["disclosure"]["outcome"], &denied["disclosure"]["reasons"]), (&json!("DENIED"), &json!(["MANDATE_MISSING"])));

        // A part is not the whole, unless one says so.
        let items = json!({ "items": ["KEL.DECISION", "KEL.VETERAN_LIST"] });
        let partly = house.authorise(&kela, json!({ "disclosure": house.about_to("partly", items.clone()) })).await;
        assert_eq!((&partly["decision"]["verdict"], &partly["disclosure"]["outcome"]), (&json!("PARTIAL"), &json!("DENIED")));
        assert_eq!(partly["disclosure"]["items"], json!(["KEL.DECISION", "KEL.VETERAN_LIST"]));
        let part = json!({ "disclosure": house.about_to("a part", items), "acceptPartial": true });
        let part = house.authorise(&kela, part).await;
        assert_eq!((&part["disclosure"]["outcome"], &part["disclosure"]["items"]), (&json!("DELIVERED"), &json!(["KEL.DECISION"])));
        // Four rows; each answer is the row.
        let stored: Vec<String> = house.rows().await.iter().rev().take(4).map(|row| row.message_id.clone()).collect();
        assert_eq!(stored, ["a part", "partly", "without mandate", "permitted"]);
    }

    async fn an_authorisation_answers_again_for_a_minute_and_then_no_more(house: House) {
        let kela = house.kela();
        let disclosure = |message_id: &str| json!({ "disclosure": house.about_to(message_id, json!({})) });
        let first = house.authorise(&kela, disclosure("short")).await;
        let (now, size) = (house.now(), house.log_size().await);
        house.app.gateway.clock.set(now + TimeDelta::seconds(50));
        let again = house.authorise(&kela, disclosure("short")).await;
        assert_eq!((&again["repeated"], &again["disclosure"]), (&json!(true), &first["disclosure"]));
        house.app.gateway.clock.set(now + TimeDelta::seconds(62));
        let later = house.authorise(&kela, disclosure("short")).await;
        assert_eq!(faults(&later), [("CONFLICT".to_owned(), "input.disclosure.messageId".to_owned())]);
        assert_eq!((&later["disclosure"], &later["decision"]), (&Value::Null, &Value::Null));
        assert_eq!(house.log_size().await, size);
    }

    async fn an_old_instant_opens_no_door_that_is_closed_now(house: House) {
        // KEL-2022-003 was in force on this day and is suspended since.
        let then = json!({ "recipient": "0201256-6", "occurredAt": "2026-09-01T09:00:00Z", "clientSystem": "hel-asiakastieto" });
        let input = json!({ "disclosure": with(report("backdated"), then) });
        let answer = house.authorise(&house.kela(), input).await;
        assert_ne!(answer["disclosure"]["outcome"], "DELIVERED", "{answer:#}");
        assert_eq!(faults(&answer), [("MALFORMED".to_owned(), "input.disclosure.occurredAt".to_owned())]);
    }

    async fn subjects_of_every_kind_are_recorded_and_the_code_is_nowhere(house: House) {
        let subjects = [
            json!({ "personalIdentityCode": PERSON }),
            json!({ "otherPersonIdentifier": { "system": "UMA", "value": "secret-4711" } }),
            json!({ "businessId": "9900010-6" }),
            json!({ "count": 412 }),
        ];
        let reports: Vec<Value> =
            subjects.iter().enumerate().map(|(at, subject)| with(report(&format!("subject {at}")), json!({ "subject": subject }))).collect();
        let rows = house.recorded(&house.kela(), &reports).await;
        assert_eq!(texts(&rows, "subjectKind"), ["PERSON", "OTHER_PERSON", "BUSINESS", "COUNT"]);
        let counts: Vec<i64> = rows.iter().map(|row| row["subjectCount"].as_i64().unwrap()).collect();
        assert_eq!(counts, [1, 1, 1, 412]);
        assert_eq!(rows[2]["subjectBusinessId"], "9900010-6");

        let keys = house.app.gateway.keys.pseudonyms();
        let (kela, version): (BusinessId, i32) = (KELA.parse().unwrap(), keys.current_version());
        let person = keys.person(kela, version, &PersonalIdentityCode::parse(PERSON).unwrap()).unwrap();
        let other = keys.other_person(kela, version, "UMA", "secret-4711").unwrap();
        let user = keys.user(kela, version, PIRKANMAA.parse().unwrap(), "pirha-user-1").unwrap();
        let stored = house.rows().await;
        let stored = &stored[stored.len() - 4..];
        let pseudonyms: Vec<_> = stored.iter().map(|row| row.subject_pseudonym.as_deref()).collect();
        assert_eq!(pseudonyms, [Some(&person[..]), Some(&other[..]), None, None]);
        assert!(stored.iter().all(|row| row.user_pseudonym.as_deref() == Some(&user[..])));
        assert_eq!((&rows[0]["subjectPseudonym"], &rows[2]["subjectPseudonym"]), (&json!(hex(&person)), &Value::Null));
        // Another discloser's pseudonym of the same person is another.
        let elsewhere = keys.person(LVV.parse().unwrap(), version, &PersonalIdentityCode::parse(PERSON).unwrap()).unwrap();
        assert_ne!(elsewhere, person);

        for secret in [PERSON, "secret-4711", "pirha-user-1"] {
            assert!(!everything_stored(&house).await.contains(secret), "{secret} is stored");
        }
    }

    async fn a_correction_follows_the_row_it_corrects(house: House) {
        let kela = house.kela();
        let correction = |message_id: &str, of: &str| with(report(message_id), json!({ "outcome": "EMPTY", "corrects": of }));
        let wrong = house.recorded(&kela, &[report("wrong")]).await;
        let right = house.recorded(&kela, &[correction("right", "wrong")]).await;
        assert_eq!(right[0]["correctsId"], wrong[0]["id"]);
        let again = house.record(&kela, &[correction("right again", "wrong")]).await;
        assert_eq!(faults(&again), [("CONFLICT".to_owned(), "input.disclosures.0.corrects".to_owned())]);
        let id = right[0]["id"].as_str().unwrap();
        let better = house.recorded(&kela, &[correction("better", id), report("first"), correction("second", "first")]).await;
        assert_eq!((&better[0]["correctsId"], &better[2]["correctsId"]), (&right[0]["id"], &better[1]["id"]));
        let unknown = house.record(&kela, &[correction("of nothing", "never said")]).await;
        assert_eq!(faults(&unknown), [("NOT_FOUND".to_owned(), "input.disclosures.0.corrects".to_owned())]);
        // Nobody corrects what another disclosed.
        let theirs = json!({
            "recipient": KELA, "register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING",
            "channel": "VIEWING_CONNECTION", "endUser": "kela-user-1", "subject": { "businessId": "9900010-6" }, "corrects": id,
        });
        let strangers = house.record(&house.token(LVV, Role::System), &[with(report("theirs"), theirs)]).await;
        assert_eq!(faults(&strangers), [("NOT_FOUND".to_owned(), "input.disclosures.0.corrects".to_owned())]);
        assert_whole(&house.app).await;
    }

    async fn onward_disclosure_is_the_recipients_and_needs_a_rule(house: House) {
        let onward = |message_id: &str, to: &str, recipient: Value| with(report(message_id), json!({
            "recipient": recipient, "register": "SOTERI", "items": ["SOT.ECEC_SITE"], "purpose": "CHILD_CARE_ALLOWANCE",
            "channel": "VIEWING_CONNECTION", "endUser": "kela-user-1", "mandates": null, "onwardTo": to,
        }));
        let rows = house.recorded(&house.kela(), &[
            onward("to the applicant", "APPLICANT", Value::Null),
            onward("to the provider", "ECEC_PROVIDER", json!(TAMPERE)),
        ]).await;
        assert_eq!(texts(&rows, "coverage"), ["COVERED", "UNCOVERED"]);
        assert_eq!((&rows[1]["reasons"], &rows[0]["onwardTo"]), (&json!(["ONWARD_FORBIDDEN"]), &json!("APPLICANT")));
        assert_eq!(rows[0]["agreement"]["number"], "SOT-2026-001");
        let stored = house.rows().await;
        let kela = house.app.gateway.journal.facts().organisation_of(KELA).unwrap().id;
        assert!(stored.iter().rev().take(2).all(|row| row.discloser_id == kela));
        let nobody = house.record(&house.kela(), &[onward("to nobody", "ECEC_PROVIDER", Value::Null)]).await;
        assert_eq!(faults(&nobody), [("BLANK".to_owned(), "input.disclosures.0.recipient".to_owned())]);
    }

    async fn validation_judges_and_writes_nothing(house: House) {
        let size = house.log_size().await;
        house.recorded(&house.kela(), &[report("stands")]).await;
        let reports = [report("would be covered"), with(report("would not"), json!({ "items": ["KEL.VETERAN_LIST"] }))];
        let input = json!({ "input": { "disclosures": reports, "validateOnly": true } });
        let data = house.data(&house.kela(), RECORD, input).await;
        let judged = &data["recordDisclosures"];
        assert_eq!((&judged["disclosures"], &judged["userErrors"]), (&Value::Null, &json!([])));
        assert_eq!(judged["judgements"], json!([
            { "coverage": "COVERED", "outcome": "DELIVERED", "reasons": [] },
            { "coverage": "UNCOVERED", "outcome": "DELIVERED", "reasons": ["ITEM_NOT_IN_SCOPE"] },
        ]));
        let conflict = json!({ "disclosures": [with(report("stands"), json!({ "outcome": "EMPTY" }))], "validateOnly": true });
        let conflict = house.data(&house.kela(), RECORD, json!({ "input": conflict })).await;
        assert_eq!(faults(&conflict["recordDisclosures"])[0].0, "CONFLICT");
        let authorisation = json!({ "disclosure": house.about_to("tried", json!({})), "validateOnly": true });
        let tried = house.authorise(&house.kela(), authorisation).await;
        assert_eq!((&tried["decision"]["verdict"], &tried["disclosure"]), (&json!("PERMITTED"), &Value::Null));
        assert_eq!(house.log_size().await, size + 1);
    }

    async fn each_side_lists_its_own_rows_and_only_the_discloser_sees_pseudonyms_of_subjects(house: House) {
        house.recorded(&house.kela(), &[
            report("by user 1"),
            with(report("by user 2"), json!({ "endUser": "pirha-user-2" })),
            with(report("to Tampere"), json!({ "recipient": TAMPERE, "endUser": "pirha-user-1" })),
        ]).await;
        let pirkanmaa = house.token(PIRKANMAA, Role::Officer);
        let own = house.listed(&pirkanmaa, json!({ "occurredFrom": "2026-11-02T00:00:00Z" })).await;
        assert_eq!(texts(&own, "messageId"), ["by user 2", "by user 1"]);
        assert!(own.iter().all(|row| row["subjectPseudonym"].is_null()), "{own:#?}");
        let one = house.listed(&pirkanmaa, json!({ "occurredFrom": "2026-11-02T00:00:00Z", "endUser": "pirha-user-1" })).await;
        assert_eq!(texts(&one, "messageId"), ["by user 1"]);
        let all = house.listed(&pirkanmaa, json!({})).await;
        assert!(all.iter().all(|row| row["recipient"]["businessId"] == PIRKANMAA || row["discloser"]["businessId"] == PIRKANMAA));

        let kela = house.listed(&house.kela(), json!({ "occurredFrom": "2026-11-02T00:00:00Z" })).await;
        assert_eq!(texts(&kela, "messageId"), ["to Tampere", "by user 2", "by user 1"]);
        assert!(kela.iter().all(|row| row["subjectPseudonym"].is_string()));
        // The end users of another are not the discloser's to name.
        assert!(house.listed(&house.kela(), json!({ "endUser": "pirha-user-1" })).await.is_empty());
        let theirs = house.listed(&house.token(TAMPERE, Role::Officer), json!({ "endUser": "pirha-user-1" })).await;
        assert!(theirs.iter().all(|row| row["recipient"]["businessId"] == TAMPERE));

        // A filter that cannot be read is refused and never left out.
        for user in [String::new(), "x".repeat(201), PERSON.to_owned()] {
            let refused = house.ask(&pirkanmaa, LIST, json!({ "filter": { "endUser": user } })).await;
            assert_eq!(codes(&refused), ["INVALID_INPUT"]);
            assert!(!refused.to_string().contains(PERSON), "nothing of it is said back");
        }

        let authority = house.listed(&house.token(OMBUDSMAN, Role::Auditor), json!({ "occurredFrom": "2026-11-02T00:00:00Z" })).await;
        assert_eq!(authority.len(), 3);
        assert!(authority.iter().all(|row| row["subjectPseudonym"].is_null()));
        let statistician = house.ask(&house.token(THL, Role::Statistician), LIST, json!({})).await;
        assert_eq!(codes(&statistician), ["FORBIDDEN"]);
    }

    async fn pages_of_the_log_join_without_gap_or_repeat(house: House) {
        let (kela, mut after, mut seen) = (house.kela(), Value::Null, Vec::new());
        loop {
            let page = house.data(&kela, LIST, json!({ "first": 97, "after": after, "filter": { "register": "SOTERI" } })).await;
            let page = &page["disclosures"];
            seen.extend(texts(page["nodes"].as_array().unwrap(), "messageId"));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let facts = house.app.gateway.journal.facts();
        let (own, register) = (facts.organisation_of(KELA).unwrap().id, facts.register.by_key("SOTERI").unwrap().id);
        let rows = house.rows().await;
        let rows = rows.iter().rev().filter(|row| row.register_id == register);
        let expected: Vec<String> = rows
            .filter(|row| row.discloser_id == own || row.recipient_id == Some(own))
            .map(|row| row.message_id.clone())
            .collect();
        assert!(expected.len() > 300);
        assert_eq!(seen, expected);
    }
}

static RACED: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| report("raced"));

/// Every text and every byte of the tables that a report touches, as text.
async fn everything_stored(house: &House) -> String {
    use sea_orm::EntityTrait;
    let database = house.app.gateway.database.primary();
    let rows = house.rows().await;
    let sets = entity::interned::Entity::find().all(database).await.unwrap();
    let keys = entity::disclosure_key::Entity::find().all(database).await.unwrap();
    let images = entity::change_row::Entity::find().all(database).await.unwrap();
    let mut text = format!("{rows:?}{sets:?}{keys:?}{images:?}");
    if house.database_url.starts_with("sqlite:") {
        for entry in std::fs::read_dir(house.directory.path()).unwrap() {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()));
        }
    }
    text
}

mod a_small_queue {
    use super::*;

    async fn refuses_what_it_could_never_hold(engine: Engine) {
        let small = |name: &str| (name == "RECORD_QUEUE_MAX").then(|| "2".to_owned());
        let Some(house) = House::configured(engine, small).await else { return };
        let size = house.log_size().await;
        let reports = ["one", "two", "three"].map(report);
        let refused = house.ask(&house.kela(), RECORD, json!({ "input": { "disclosures": reports } })).await;
        assert_eq!(codes(&refused), ["LIMIT_EXCEEDED"]);
        let extensions = &refused["errors"][0]["extensions"];
        // Waiting would not help, so nobody is told to wait.
        assert_eq!((&extensions["limit"], extensions.get("retryAfterSeconds")), (&json!("RECORD_QUEUE_MAX"), None));
        assert_eq!(house.log_size().await, size);
        // The queue gives back what was refused and what was written.
        for message_id in ["one", "two", "three"] {
            house.recorded(&house.kela(), &[report(message_id), report("again")]).await;
        }
        assert_eq!(house.log_size().await, size + 4);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn refuses_what_it_could_never_hold_on_sqlite() {
        refuses_what_it_could_never_hold(Engine::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn refuses_what_it_could_never_hold_on_postgres() {
        refuses_what_it_could_never_hold(Engine::Postgres).await;
    }
}
