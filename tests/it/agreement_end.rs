//! How an agreement ends: refused, taken back, or by notice of either party; and that what has ended stays ended.

use api::{
    app,
    auth::Role::{Administrator, Auditor, Officer, System},
    journal::{Author, Changes},
    world,
};
use chrono::TimeDelta;
use entity::{organisation, vocabulary::helsinki_day};
use futures::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    agreement_bases::{id_of, offered},
    contract::{DECISION, texts},
    house::{DVV, House, KELA, LVV, MIGRI, OMBUDSMAN, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, social_assistance, tried},
    reports::{assert_whole, with},
};

const ENFORCEMENT: &str = "9900005-0";

const AGREEMENT: &str = "agreement { status endsOn version terminationReason effectiveStatus { state }
    history { status reason } scopes { status } notice { givenBy { businessId } reason note endsOn } }";

async fn ended(house: &House, token: &str, name: &str, number: &str, others: &Value) -> Value {
    let mut input = json!({ "id": id_of(house, number).await });
    input.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    house.data(token, &act(name, AGREEMENT), json!({ "input": input })).await
}

async fn renew(house: &House, token: &str, number: &str, input: &Value) -> Value {
    let answer = "agreement { id status recipient { businessId } supersedes { number } parties { role organisation { businessId } }
        bases { role adequacy legalBasis { citation } } scopes { status version plannedOn } } differences { kind path earlier later }";
    let input = with(json!({ "id": id_of(house, number).await }), input.clone());
    house.data(token, &act("renewAgreement", answer), json!({ "input": input })).await
}

/// Verdict on Pirkanmaa's question over the interface.
async fn verdict_now(house: &House) -> String {
    let answer = house.data(&house.token(KELA, System), DECISION, json!({"input": social_assistance()})).await;
    answer["accessDecision"]["verdict"].as_str().unwrap().to_owned()
}

/// Whether the database itself refuses to change an agreement.
async fn is_immutable(house: &House, number: &str) -> bool {
    let txn = house.app.gateway.database.write().begin().await.unwrap();
    let sql = format!("update agreement set publicity = 'SECRET', status = 'DRAFT' where number = '{number}'");
    let refused = txn.execute_unprepared(&sql).await.is_err();
    txn.rollback().await.unwrap();
    refused
}

on_both_engines! {
    async fn recipient_refuses_what_it_was_offered_and_nothing_before(house: House) {
        let (kela, migri, lvv) = (house.token(KELA, Officer), house.token(MIGRI, Officer), house.token(LVV, Officer));
        let why = json!({"reason": "Tietosisältö on liian laaja."});
        assert_eq!(refusals(&ended(&house, &migri, "rejectAgreement", "KEL-2026-052", &why).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&ended(&house, &kela, "rejectAgreement", "KEL-2026-052", &json!({"reason": " "})).await), ["BLANK input.reason"]);
        assert_eq!(refusals(&ended(&house, &kela, "rejectAgreement", "KEL-2023-014", &why).await), ["WRONG_STATUS input.id"], "signed ones are given notice of");
        let enforcement = house.token(ENFORCEMENT, Officer);
        let actions: Vec<String> = offered(&house, &enforcement, "SOT-2026-003").await.into_iter().map(|(code, _)| code).collect();
        assert!(actions.contains(&"REJECT".to_owned()) && !actions.contains(&"WITHDRAW".to_owned()), "{actions:?}");
        let rejected = done(ended(&house, &enforcement, "rejectAgreement", "SOT-2026-003", &why).await)["agreement"].clone();
        assert_eq!((&rejected["status"], &rejected["effectiveStatus"]["state"]), (&json!("REJECTED"), &json!("REJECTED")));
        assert_eq!(texts(&rejected["scopes"], "status"), ["CLOSED"]);
        assert_eq!(rejected["history"].as_array().unwrap().last().unwrap()["reason"], "Tietosisältö on liian laaja.");
        assert!(is_immutable(&house, "SOT-2026-003").await);
        assert_eq!(offered(&house, &lvv, "SOT-2026-003").await, []);
        let drafted = done(ended(&house, &kela, "rejectAgreement", "KEL-2026-051", &json!({"reason": "Oikeutta ei ole."})).await);
        assert_eq!(drafted["agreement"]["status"], "REJECTED", "the discloser may refuse a draft for want of a right (R36)");
        assert_whole(&house.app).await;
    }

    async fn only_its_drafter_takes_an_agreement_back(house: House) {
        let (kela, migri) = (house.token(KELA, Officer), house.token(MIGRI, Officer));
        let withdraw = act("withdrawAgreement", AGREEMENT);
        let input = json!({"input": {"id": id_of(&house, "KEL-2026-052").await}});
        assert_eq!(house.errors(&migri, &withdraw, input.clone()).await, ["FORBIDDEN"]);
        let before = seq(&house).await;
        assert_eq!(done(house.data(&kela, &withdraw, tried(&input["input"])).await)["agreement"]["status"], "WITHDRAWN");
        assert_eq!(seq(&house).await, before);
        let withdrawn = done(house.data(&kela, &withdraw, input.clone()).await)["agreement"].clone();
        assert_eq!((&withdrawn["status"], &withdrawn["effectiveStatus"]["state"]), (&json!("WITHDRAWN"), &json!("ENDED")));
        assert_eq!(texts(&withdrawn["scopes"], "status"), ["CLOSED"]);
        assert_eq!(refusals(&house.data(&kela, &withdraw, input).await), ["WRONG_STATUS input.id"]);
        assert!(is_immutable(&house, "KEL-2026-052").await);
        let signed = json!({"input": {"id": id_of(&house, "KEL-2023-014").await}});
        assert_eq!(refusals(&house.data(&kela, &act("withdrawAgreement", AGREEMENT), signed).await), ["WRONG_STATUS input.id"]);
    }

    async fn either_party_ends_an_agreement_at_once(house: House) {
        let (kela, city) = (house.token(KELA, Officer), house.token(PIRKANMAA, Officer));
        assert_eq!(verdict_now(&house).await, "PERMITTED");
        for (others, expected) in [
            (json!({"reason": "REPLACED"}), &["CONFLICT input.reason"][..]),
            (json!({"reason": "PARTY_DISSOLVED"}), &["CONFLICT input.reason"]),
            (json!({"reason": "BREACH"}), &["BLANK input.note"]),
            (json!({"reason": "MUTUAL", "note": " "}), &["BLANK input.note"]),
            (json!({"reason": "NOTICE", "note": "131052-308T", "on": "2026-02-30"}), &["MALFORMED input.note", "MALFORMED input.on"]),
            (json!({"reason": "NOTICE", "on": "2026-01-01"}), &["MALFORMED input.on"]),
        ] {
            assert_eq!(refusals(&ended(&house, &city, "terminateAgreement", "KEL-2023-014", &others).await), expected, "{others}");
        }
        let gone = done(ended(&house, &city, "terminateAgreement", "KEL-2023-014", &json!({"reason": "NOTICE", "note": "Siirrymme toiseen palveluun."})).await)["agreement"].clone();
        assert_eq!((&gone["status"], &gone["effectiveStatus"]["state"], &gone["terminationReason"]), (&json!("TERMINATED"), &json!("ENDED"), &json!("NOTICE")));
        assert!(texts(&gone["scopes"], "status").iter().all(|status| status == "CLOSED"));
        let notice = json!({"givenBy": {"businessId": PIRKANMAA}, "reason": "NOTICE", "note": "Siirrymme toiseen palveluun.", "endsOn": null});
        assert_eq!(gone["notice"], notice);
        assert_eq!(verdict_now(&house).await, "DENIED", "at once");
        assert!(is_immutable(&house, "KEL-2023-014").await);
        let id = id_of(&house, "KEL-2023-014").await;
        for (name, input) in [
            ("terminateAgreement", json!({"id": id, "reason": "NOTICE"})), ("rejectAgreement", json!({"id": id, "reason": "x"})),
            ("withdrawAgreement", json!({"id": id})), ("suspendAgreement", json!({"id": id, "reason": "MISUSE"})), ("resumeAgreement", json!({"id": id})),
            ("addAgreementBasis", json!({"id": id, "citation": "906/2019 24 §", "role": "MODE"})), ("confirmAgreementBasis", json!({"id": id})),
            ("offerAgreement", json!({"id": id})), ("addAgreementParty", json!({"id": id, "organisation": THL, "role": "PROCESSOR"})),
        ] {
            let query = act(name, "__typename");
            assert_eq!(refusals(&house.data(&kela, &query, json!({ "input": input })).await), ["WRONG_STATUS input.id"], "{name}");
        }
        assert_eq!(offered(&house, &kela, "KEL-2023-014").await, []);
        assert_whole(&house.app).await;
    }

    async fn notice_brings_the_end_forward_and_never_back(house: House) {
        let (kela, city) = (house.token(KELA, Officer), house.token(PIRKANMAA, Officer));
        let now = house.app.gateway.clock.now();
        let day = |days: i64| helsinki_day(now + TimeDelta::days(days)).to_string();
        let notice = |days: i64| json!({"reason": "NOTICE", "note": "Irtisanomisaika.", "on": day(days)});
        let given = done(ended(&house, &city, "terminateAgreement", "KEL-2023-014", &notice(90)).await)["agreement"].clone();
        assert_eq!((&given["status"], &given["endsOn"], &given["terminationReason"]), (&json!("ACTIVE"), &json!(day(90)), &json!("NOTICE")));
        assert_eq!(given["effectiveStatus"]["state"], "IN_FORCE");
        assert_eq!(verdict_now(&house).await, "PERMITTED", "it stays in force until then");
        let query = "{ agreement(number: \"KEL-2023-014\") { notice { givenBy { businessId } endsOn } } }";
        let seen = json!({"agreement": {"notice": {"givenBy": {"businessId": PIRKANMAA}, "endsOn": day(90)}}});
        for token in [&kela, &city, &house.token(KELA, System), &house.token(OMBUDSMAN, Auditor)] {
            assert_eq!(house.data(token, query, json!({})).await, seen, "both sides see who gave notice");
        }
        for (organisation, role) in [(THL, Officer), (DVV, Administrator)] {
            assert_eq!(house.data(&house.token(organisation, role), query, json!({})).await["agreement"]["notice"], Value::Null);
        }
        let before = seq(&house).await;
        done(ended(&house, &city, "terminateAgreement", "KEL-2023-014", &notice(90)).await);
        assert_eq!(seq(&house).await, before, "the same notice again is no second one");
        for later in [notice(90), notice(91)] {
            assert_eq!(refusals(&ended(&house, &kela, "terminateAgreement", "KEL-2023-014", &later).await), ["CONFLICT input.on"]);
        }
        let sooner = done(ended(&house, &kela, "terminateAgreement", "KEL-2023-014", &notice(30)).await)["agreement"].clone();
        assert_eq!((&sooner["endsOn"], &sooner["notice"]["givenBy"]["businessId"]), (&json!(day(30)), &json!(KELA)));
        let suspend = act("suspendAgreement", "agreement { status }");
        let suspended = json!({"input": {"id": id_of(&house, "KEL-2023-014").await, "reason": "MISUSE"}});
        assert_eq!(done(house.data(&kela, &suspend, suspended).await)["agreement"]["status"], "SUSPENDED", "it can still be suspended");
        assert_whole(&house.app).await;

        let gateway = &house.app.gateway;
        let files = world::export(&gateway.journal.facts(), &gateway.keys.pseudonym_fingerprints());
        let imported = app::import(gateway, &house.app.recorder, &files, "import").await;
        assert_eq!(imported.unwrap_or_else(|error| panic!("{error:?}")).rows, 0, "what was written is exported and read again");

        house.app.gateway.clock.set(now + TimeDelta::days(31));
        let query = "{ agreement(number: \"KEL-2023-014\") { effectiveStatus { state } } }";
        let (kela, city) = (house.token(KELA, Officer), house.token(PIRKANMAA, Officer));
        assert_eq!(house.data(&kela, query, json!({})).await["agreement"]["effectiveStatus"]["state"], "EXPIRED");
        assert_eq!(refusals(&ended(&house, &city, "terminateAgreement", "KEL-2023-014", &json!({"reason": "NOTICE"})).await), ["WRONG_STATUS input.id"]);
    }

    async fn unsigned_and_expired_agreements_are_not_given_notice_of(house: House) {
        let (kela, thl) = (house.token(KELA, Officer), house.token(THL, Officer));
        for number in ["KEL-2026-052", "KEL-2020-009", "KEL-2026-050"] {
            assert_eq!(refusals(&ended(&house, &kela, "terminateAgreement", number, &json!({"reason": "NOTICE"})).await), ["WRONG_STATUS input.id"], "{number}");
        }
        let signed = done(ended(&house, &thl, "terminateAgreement", "SOT-2026-002", &json!({"reason": "NOTICE"})).await);
        assert_eq!(signed["agreement"]["status"], "TERMINATED", "one that is signed is");
        let repealed = json!({"reason": "BASIS_REPEALED"});
        assert_eq!(refusals(&ended(&house, &kela, "terminateAgreement", "KEL-2021-031", &repealed).await), ["CONFLICT input.reason"]);
        assert_eq!(done(ended(&house, &kela, "terminateAgreement", "KEL-2023-014", &repealed).await)["agreement"]["terminationReason"], "BASIS_REPEALED");
        for (organisation, role) in [(PIRKANMAA, Officer), (KELA, System), (KELA, Administrator)] {
            let input = json!({"input": {"id": id_of(&house, "KEL-2021-031").await, "reason": "NOTICE"}});
            assert_eq!(house.errors(&house.token(organisation, role), &act("terminateAgreement", "agreement { id }"), input).await, ["FORBIDDEN"]);
        }
    }

    async fn what_has_run_out_is_not_suspended(house: House) {
        let kela = house.token(KELA, Officer);
        let suspend = act("suspendAgreement", "agreement { status }");
        for (number, offered, refused) in [("KEL-2020-009", None, &["WRONG_STATUS input.id"][..]), ("KEL-2023-014", Some(Vec::new()), &[])] {
            let input = json!({"id": id_of(&house, number).await, "reason": "MISUSE"});
            assert_eq!(refusals(&house.data(&kela, &suspend, tried(&input)).await), refused, "{number}");
            assert_eq!(house.offered(&kela, number, "SUSPEND").await, offered, "{number}");
        }
    }

    async fn further_party_is_named_once_and_serves_when_both_agreed(house: House) {
        let kela = house.token(KELA, Officer);
        let add = act("addAgreementParty", "agreement { version parties { role organisation { businessId } } }");
        let id = id_of(&house, "KEL-2023-014").await;
        for (organisation, expected) in [(PIRKANMAA, "CONFLICT"), (KELA, "CONFLICT"), ("9900002-6", "PARTY_NOT_ACTIVE"), (THL, ""), ("1234567-1", "NOT_FOUND"), ("1", "MALFORMED")] {
            let input = json!({"id": id, "organisation": organisation, "role": "PROCESSOR"});
            let refused = refusals(&house.data(&kela, &add, tried(&input)).await);
            let expected: Vec<String> = Some(expected).filter(|code| !code.is_empty()).map(|code| format!("{code} input.organisation")).into_iter().collect();
            assert_eq!(refused, expected, "{organisation}");
        }
        let operator = json!({"input": {"id": id, "organisation": DVV, "role": "TECHNICAL_OPERATOR"}});
        let before = seq(&house).await;
        assert_eq!(done(house.data(&kela, &add, operator).await)["agreement"]["parties"].as_array().unwrap().len(), 1);
        assert_eq!(seq(&house).await, before, "it is named already");
        let processor = json!({"input": {"id": id, "organisation": THL, "role": "PROCESSOR"}});
        let named = done(house.data(&kela, &add, processor.clone()).await)["agreement"].clone();
        assert_eq!((&named["version"], named["parties"].as_array().unwrap().len()), (&json!(4), 2));
        let query = "{ agreement(number: \"KEL-2023-014\") { scopes { id } } }";
        let served = |processor| house.token_of(PIRKANMAA, &[System], Some(processor));
        assert!(house.data(&served(DVV), query, json!({})).await["agreement"]["scopes"].is_array());
        assert_eq!(house.data(&served(THL), query, json!({})).await["agreement"]["scopes"], Value::Null, "one side's word names no processor");
        assert_eq!(house.errors(&house.token(PIRKANMAA, Officer), &add, processor).await, ["FORBIDDEN"]);
        assert_whole(&house.app).await;
    }

    async fn renewal_holds_what_the_law_still_carries(house: House) {
        let (kela, migri) = (house.token(KELA, Officer), house.token(MIGRI, Officer));
        let renewal = |number: &str, others: Value| with(json!({"number": number, "startsOn": "2027-01-01", "endsOn": "2029-12-31"}), others);
        let refused = renew(&house, &kela, "KEL-2020-009", &renewal("KEL-2026-080", json!({}))).await;
        assert_eq!(refusals(&refused), ["CONFLICT input.id"], "KEL-2026-052 renews it already");
        assert_eq!(house.offered(&kela, "KEL-2020-009", "RENEW").await, None);
        assert_eq!(house.offered(&kela, "KEL-2023-014", "RENEW").await, Some(Vec::new()));
        let faulty = renewal(" ", json!({"startsOn": "2027-02-30", "plannedOn": "soon"}));
        assert_eq!(refusals(&renew(&house, &kela, "KEL-2023-014", &faulty).await), ["BLANK input.number", "MALFORMED input.plannedOn", "MALFORMED input.startsOn"]);
        let reversed = renewal("KEL-2026-081", json!({"endsOn": "2026-12-31"}));
        assert_eq!(refusals(&renew(&house, &kela, "KEL-2023-014", &reversed).await), ["PERIOD_REVERSED input.endsOn"]);
        let passed = renewal("KEL-2026-081", json!({"startsOn": "2026-01-01", "endsOn": "2026-01-31"}));
        assert_eq!(refusals(&renew(&house, &kela, "KEL-2023-014", &passed).await), ["PERIOD_REVERSED input.endsOn"]);
        for number in ["KEL-2026-052", "KEL-2026-050"] {
            assert_eq!(refusals(&renew(&house, &kela, number, &renewal("KEL-2026-081", json!({}))).await), ["WRONG_STATUS input.id"], "{number}");
        }
        let input = renewal("KEL-2026-081", json!({"plannedOn": "2027-01-04"}));
        let drafted = done(renew(&house, &kela, "KEL-2023-014", &input).await);
        let draft = &drafted["agreement"];
        assert_eq!((&draft["status"], &draft["supersedes"]["number"]), (&json!("DRAFT"), &json!("KEL-2023-014")));
        let bases: Vec<String> = draft["bases"].as_array().unwrap().iter().map(|basis| format!("{} {} {}", basis["legalBasis"]["citation"].as_str().unwrap(), basis["role"].as_str().unwrap(), basis["adequacy"].as_str().unwrap())).collect();
        assert!(bases.contains(&"703/2023 64 § 1 mom RIGHT_TO_RECEIVE ADEQUATE".to_owned()), "{bases:?}");
        assert!(!bases.iter().any(|basis| basis.starts_with("812/2000")), "repealed law does not go on: {bases:?}");
        assert_eq!(bases.iter().collect::<std::collections::BTreeSet<_>>().len(), bases.len(), "its successor stands once");
        let scopes: Vec<_> = draft["scopes"].as_array().unwrap().iter().map(|scope| (scope["status"].as_str().unwrap(), scope["version"].as_i64().unwrap(), scope["plannedOn"].as_str().unwrap())).collect();
        assert_eq!(scopes, [("DEFINED", 1, "2027-01-04"), ("DEFINED", 1, "2027-01-04")]);
        assert_eq!(draft["parties"], json!([{"role": "TECHNICAL_OPERATOR", "organisation": {"businessId": DVV}}]));
        let places: Vec<String> = drafted["differences"].as_array().unwrap().iter().map(|one| format!("{} {}", one["kind"].as_str().unwrap(), one["path"][0].as_str().unwrap())).collect();
        assert!(places.contains(&"REMOVED bases".to_owned()) && places.contains(&"NARROWED endsOn".to_owned()), "{places:?}");
        assert!(!places.iter().any(|place| place.starts_with("ADDED") || place == "WIDENED scopes"), "nothing comes to it: {places:?}");
        let before = seq(&house).await;
        assert_eq!(done(renew(&house, &kela, "KEL-2023-014", &input).await), drafted, "the same number with the same content");
        assert_eq!(seq(&house).await, before);
        assert_eq!(refusals(&renew(&house, &kela, "KEL-2023-014", &renewal("KEL-2026-081", json!({"endsOn": "2030-12-31"}))).await), ["CONFLICT input.number"]);
        assert_eq!(refusals(&renew(&house, &kela, "KEL-2023-014", &renewal("KEL-2026-082", json!({}))).await), ["CONFLICT input.id"], "one renewal at a time");
        for name in ["confirmAgreementBasis", "offerAgreement"] {
            let input = json!({"input": {"id": draft["id"]}});
            done(house.data(&kela, &act(name, "agreement { status }"), input).await);
        }
        let unheard = json!({"input": with(json!({"id": id_of(&house, "KEL-2020-009").await}), renewal("KEL-2026-083", json!({})))});
        assert_eq!(house.errors(&migri, &act("renewAgreement", "agreement { id }"), unheard).await, ["FORBIDDEN"]);
        assert_whole(&house.app).await;
    }

    async fn expired_agreement_is_renewed_with_the_scopes_its_end_closed(house: House) {
        let kela = house.token(KELA, Officer);
        done(ended(&house, &kela, "withdrawAgreement", "KEL-2026-052", &json!({})).await);
        assert_eq!(house.offered(&kela, "KEL-2020-009", "RENEW").await, Some(Vec::new()), "nothing else renews it any more");
        let drafted = done(renew(&house, &kela, "KEL-2020-009", &json!({"number": "KEL-2026-084"})).await);
        assert_eq!(texts(&drafted["agreement"]["scopes"], "status"), ["DEFINED"]);
        let actions = offered(&house, &kela, "KEL-2026-084").await;
        assert!(actions.contains(&("CONFIRM_BASIS".to_owned(), Vec::new())), "{actions:?}");
        done(house.data(&kela, &act("confirmAgreementBasis", "agreement { id }"), json!({"input": {"id": drafted["agreement"]["id"]}})).await);
        let offer = json!({"input": {"id": drafted["agreement"]["id"]}});
        assert_eq!(refusals(&house.data(&kela, &act("offerAgreement", "agreement { id }"), offer).await), ["TIMETABLE_MISSING input.id"]);
    }

    async fn renewal_is_between_those_who_took_the_places_of_the_parties(house: House) {
        let administrator = house.token(DVV, Administrator);
        let dissolved = house.data(&administrator, "{ organisation(businessId: \"0211675-2\") { id } }", json!({})).await["organisation"]["id"].clone();
        let passed_on = json!({"input": {"id": dissolved, "dissolvedOn": "2026-10-31", "successor": PIRKANMAA}});
        done(house.data(&administrator, &act("dissolveOrganisation", "organisation { id }"), passed_on).await);
        let drafted = done(renew(&house, &house.token(KELA, Officer), "KEL-2021-031", &json!({"number": "KEL-2026-085"})).await);
        assert_eq!(drafted["agreement"]["recipient"]["businessId"], PIRKANMAA);
        let unreviewed = drafted["agreement"]["bases"].as_array().unwrap().iter().filter(|basis| basis["adequacy"] == "UNREVIEWED").count();
        assert_eq!(unreviewed, 2, "what nobody has reviewed is not reviewed by going on");
        assert_whole(&house.app).await;
    }

    async fn agreement_whose_parties_became_one_is_read_again_and_not_renewed(house: House) {
        let administrator = house.token(DVV, Administrator);
        let dissolved = house.data(&administrator, "{ organisation(businessId: \"0211675-2\") { id } }", json!({})).await["organisation"]["id"].clone();
        let passed_on = json!({"input": {"id": dissolved, "dissolvedOn": "2026-10-31", "successor": KELA}});
        let refused = house.data(&administrator, &act("dissolveOrganisation", "organisation { id }"), passed_on).await;
        assert_eq!(refusals(&refused), ["CONFLICT input.successor"], "no act makes one of them");
        let journal = &house.app.gateway.journal;
        let facts = journal.facts();
        let [city, kela] = ["0211675-2", KELA].map(|id| facts.organisation_of(id).unwrap().as_ref().clone());
        let became = organisation::Model { dissolved_on: "2026-10-31".parse().ok(), successor_id: Some(kela.id), ..city };
        let changes = Changes { action: "test", subject: "world:test".to_owned(), reason: None, edits: vec![became.into()] };
        journal.commit(Author::operator(), move |_| Ok(vec![changes])).await.unwrap();
        let renewal = json!({"number": "KEL-2026-086"});
        assert_eq!(refusals(&renew(&house, &house.token(KELA, Officer), "KEL-2021-031", &renewal).await), ["PARTY_NOT_ACTIVE input.id"]);
        let gateway = &house.app.gateway;
        let files = world::export(&gateway.journal.facts(), &gateway.keys.pseudonym_fingerprints());
        let imported = app::import(gateway, &house.app.recorder, &files, "import").await;
        assert_eq!(imported.unwrap_or_else(|error| panic!("{error:?}")).rows, 0, "there were two parties when it was made");
    }

    async fn of_conflicting_acts_one_wins(house: House) {
        let (lvv, enforcement) = (house.token(LVV, Officer), house.token(ENFORCEMENT, Officer));
        let (withdrawn, why) = (json!({}), json!({"reason": "Ei tarvita."}));
        let racing = (0..8).map(|at| {
            let (token, name, others) =
                if at % 2 == 0 { (&lvv, "withdrawAgreement", &withdrawn) } else { (&enforcement, "rejectAgreement", &why) };
            ended(&house, token, name, "SOT-2026-003", others)
        });
        let mut refused: Vec<_> = join_all(racing).await.iter().map(refusals).collect();
        refused.sort();
        assert_eq!((refused[0].len(), refused[1..].iter().all(|one| one == &["WRONG_STATUS input.id"])), (0, true), "{refused:?}");
        assert_whole(&house.app).await;
    }
}
