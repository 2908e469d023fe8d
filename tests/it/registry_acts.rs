//! Acts on the registry: every fault named with its place, tried without writing, repeated without harm, and in force at
//! once.

use api::auth::Role;
use chrono::TimeDelta;
use entity::vocabulary::helsinki_day;
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{House, KELA, KELA_OFFICER, LVV, OMBUDSMAN, PIRKANMAA, TAMPERE, THL},
    on_both_engines,
};

/// Body whose place LVV took.
const VALVIRA: &str = "9900002-6";

on_both_engines! {
    async fn organisation_is_registered_amended_and_dissolved(house: House) {
        let token = house.token(KELA, Role::Administrator);
        let register = act("registerOrganisation", "organisation { id businessId name country dissolvedOn successor { businessId } }");
        let wrong = json!({"businessId": "0116297-7", "ovtCode": "37", "oid": "1.2.x", "name": {"fi": " ", "sv": "x".repeat(201)},
            "kind": "MUNICIPALITY", "authorityStatus": "AUTHORITY", "country": "Suomi", "countyCode": "99"});
        assert_eq!(refusals(&house.data(&token, &register, json!({"input": wrong})).await), [
            "BLANK input.municipalityCode", "BLANK input.name.fi", "MALFORMED input.businessId", "MALFORMED input.country",
            "MALFORMED input.countyCode", "MALFORMED input.oid", "MALFORMED input.ovtCode", "TOO_LONG input.name.sv",
        ]);

        let new = json!({"businessId": "0116297-6", "name": {"fi": "Uusi virasto", "sv": "Nya verket"}, "kind": "STATE_AGENCY", "authorityStatus": "AUTHORITY"});
        let before = seq(&house).await;
        let tried = done(house.data(&token, &register, tried(&new)).await);
        assert_eq!(tried["organisation"]["name"], "Uusi virasto");
        assert_eq!(seq(&house).await, before, "nothing was written");
        let by_id = "{ organisation(businessId: \"0116297-6\") { id name } }";
        assert_eq!(house.errors(&token, by_id, json!({})).await, ["NOT_FOUND"]);

        let first = done(house.data(&token, &register, json!({"input": new})).await);
        let id = &first["organisation"]["id"];
        assert_eq!(seq(&house).await, before + 1);
        assert_eq!(done(house.data(&token, &register, json!({"input": new})).await), first, "the same content answers the same");
        assert_eq!(seq(&house).await, before + 1, "and changes nothing");
        let mut other = new.clone();
        other["name"]["fi"] = json!("Toinen virasto");
        assert_eq!(refusals(&house.data(&token, &register, json!({"input": other})).await), ["CONFLICT input.businessId"]);

        let amend = act("amendOrganisation", "organisation { id name }");
        let mut amended = other.clone();
        amended["id"] = id.clone();
        assert_eq!(done(house.data(&token, &amend, json!({"input": amended})).await)["organisation"]["name"], "Toinen virasto");
        amended["businessId"] = json!(KELA);
        assert_eq!(refusals(&house.data(&token, &amend, json!({"input": amended})).await), ["CONFLICT input.businessId"]);
        amended["id"] = json!("agreement:01980000-0000-7000-8000-000000000000");
        assert_eq!(refusals(&house.data(&token, &amend, json!({"input": amended})).await), ["MALFORMED input.id"]);

        let dissolve = act("dissolveOrganisation", "organisation { dissolvedOn successor { businessId } }");
        let faulty = json!({"id": id, "dissolvedOn": "2026-02-30"});
        assert_eq!(refusals(&house.data(&token, &dissolve, json!({"input": faulty})).await), ["MALFORMED input.dissolvedOn"]);
        let to_itself = json!({"id": id, "dissolvedOn": "2026-10-31", "successor": "0116297-6"});
        assert_eq!(refusals(&house.data(&token, &dissolve, json!({"input": to_itself})).await), ["CONFLICT input.successor"]);
        let unknown = json!({"id": id, "dissolvedOn": "2026-10-31", "successor": "1234567-1"});
        assert_eq!(refusals(&house.data(&token, &dissolve, json!({"input": unknown})).await), ["NOT_FOUND input.successor"]);
        let passed_on = json!({"id": id, "dissolvedOn": "2026-10-31", "successor": LVV});
        let dissolved = done(house.data(&token, &dissolve, json!({"input": passed_on})).await);
        assert_eq!(dissolved["organisation"], json!({"dissolvedOn": "2026-10-31", "successor": {"businessId": LVV}}));
        assert_eq!(refusals(&house.data(&token, &dissolve, json!({"input": passed_on})).await), ["WRONG_STATUS input.id"]);

        for role in [Role::Officer, Role::System, Role::Auditor] {
            assert_eq!(house.errors(&house.token(KELA, role), &register, json!({"input": new})).await, ["FORBIDDEN"]);
        }
    }

    async fn agreement_goes_on_with_the_successor_of_a_dissolved_party(house: House) {
        let token = house.token(KELA, Role::Administrator);
        let tampere = house.data(&token, "{ organisation(businessId: \"0211675-2\") { id } }", json!({})).await["organisation"]["id"].clone();
        let dissolve = act("dissolveOrganisation", "organisation { id }");
        let alone = json!({"id": tampere, "dissolvedOn": "2026-10-31"});
        assert_eq!(refusals(&house.data(&token, &dissolve, json!({"input": alone})).await), ["CONFLICT input.successor"]);
        let heir = house.founded("MUNICIPALITY").await;
        let list = json!({"recipient": heir, "register": "KELMU", "items": ["KEL.CHILDCARE_LIST"], "purpose": "CHILD_CARE_ALLOWANCE",
            "channel": "OTHER", "operation": "LIST", "mandates": ["M3"]});
        assert_eq!(verdict(&house, &list).await, "DENIED");
        let passed_on = json!({"id": tampere, "dissolvedOn": "2026-10-31", "successor": heir});
        done(house.data(&token, &dissolve, json!({"input": passed_on})).await);
        let heir = house.token(&heir, Role::Officer);
        let seen = house.data(&heir, "{ agreement(number: \"KEL-2021-031\") { status scopes { channel } } }", json!({})).await;
        assert_eq!(seen["agreement"]["status"], "ACTIVE", "the successor stands in the party's place");
        assert_eq!(verdict(&house, &list).await, "PERMITTED", "and receives what it received");
    }

    async fn contact_is_appointed_amended_confirmed_and_retired(house: House) {
        let token = house.token(PIRKANMAA, Role::Officer);
        let appoint = act("appointContact", "contact { id role email priority confirmedOn retiredOn topics }");
        let wrong = json!({"role": "SUPERVISOR", "topics": [], "name": {"fi": ""}, "email": "nobody", "phone": "12", "languages": [], "priority": 10, "agreement": "KEL-2021-031"});
        assert_eq!(refusals(&house.data(&token, &appoint, json!({"input": wrong})).await), [
            "BLANK input.languages", "BLANK input.name.fi", "BLANK input.topics", "MALFORMED input.email", "MALFORMED input.phone",
            "MALFORMED input.priority", "NOT_FOUND input.agreement",
        ]);
        let unreachable = json!({"role": "SUPERVISOR", "topics": ["SERVICE_USE"], "name": {"fi": "Esihenkilö"}, "languages": ["FI"], "priority": 5});
        assert_eq!(refusals(&house.data(&token, &appoint, json!({"input": unreachable})).await), ["BLANK input.email"]);

        let new = json!({"role": "SUPERVISOR", "topics": ["SERVICE_USE"], "name": {"fi": "Esihenkilöt"}, "email": "esihenkilot@pirha.example", "languages": ["FI", "SV"], "priority": 5});
        let before = seq(&house).await;
        done(house.data(&token, &appoint, tried(&new)).await);
        assert_eq!(seq(&house).await, before);
        let first = done(house.data(&token, &appoint, json!({"input": new})).await);
        assert_eq!(done(house.data(&token, &appoint, json!({"input": new})).await), first);
        assert_eq!(seq(&house).await, before + 1);
        let mut other = new.clone();
        other["priority"] = json!(6);
        assert_eq!(refusals(&house.data(&token, &appoint, json!({"input": other})).await), ["CONFLICT input.email"]);

        let id = &first["contact"]["id"];
        other["id"] = id.clone();
        let amend = act("amendContact", "contact { id priority }");
        assert_eq!(done(house.data(&token, &amend, json!({"input": other})).await)["contact"], json!({"id": id, "priority": 6}));
        other["escalatesTo"] = id.clone();
        assert_eq!(refusals(&house.data(&token, &amend, json!({"input": other})).await), ["CONFLICT input.escalatesTo"]);
        let confirm = act("confirmContact", "contact { confirmedOn }");
        assert!(done(house.data(&token, &confirm, json!({"input": {"id": id}})).await)["contact"]["confirmedOn"].is_string());

        let kela = house.token(KELA, Role::Officer);
        assert_eq!(house.errors(&kela, &confirm, json!({"input": {"id": id}})).await, ["FORBIDDEN"], "each keeps its own");
        let retire = act("retireContact", "contact { retiredOn }");
        assert!(done(house.data(&token, &retire, json!({"input": {"id": id}})).await)["contact"]["retiredOn"].is_string());
        for act in [&retire, &confirm] {
            assert_eq!(refusals(&house.data(&token, act, json!({"input": {"id": id}})).await), ["WRONG_STATUS input.id"]);
        }
        let listed = house.data(&token, "{ organisation(businessId: \"3221308-6\") { contacts { email } } }", json!({})).await;
        assert!(!listed.to_string().contains("esihenkilot@pirha.example"), "a retired contact is asked no more");
        assert_eq!(house.errors(&house.token(PIRKANMAA, Role::System), &appoint, json!({"input": new})).await, ["FORBIDDEN"]);
    }

    async fn technical_support_is_first_on_technical_matters(house: House) {
        let token = house.token(KELA, Role::Officer);
        let appoint = act("appointContact", "contact { id }");
        let first = json!({"role": "DATA_PROTECTION_OFFICER", "topics": ["DATA_PROTECTION"], "name": {"fi": "Tietosuoja"}, "email": "toinen.tietosuoja@kela.example", "languages": ["FI"], "priority": 1});
        let refused = refusals(&house.data(&token, &appoint, json!({"input": first})).await);
        assert!(!refused.is_empty() && refused.iter().all(|refusal| refusal == "CONFLICT input.priority"), "{refused:?}");
        let order = house.data(&token, "{ organisation(businessId: \"0246246-0\") { contacts(topic: DATA_PROTECTION) { role } } }", json!({})).await;
        assert_eq!(order["organisation"]["contacts"][0]["role"], "TECHNICAL_SUPPORT");
        assert_eq!(order["organisation"]["contacts"][1]["role"], "DATA_PROTECTION_OFFICER");
    }

    async fn register_is_offered_and_amended_by_its_controller(house: House) {
        let token = house.token(TAMPERE, Role::Officer);
        let offer = act("offerRegister", "register { id code channels controller { businessId } qualifiers { code } alternatives { kind } }");
        let wrong = json!({"code": "tampere", "name": {"fi": ""}, "channels": [], "structureUrl": "http://tampere.example",
            "alternatives": [{"kind": "CONSENT", "guideUrl": "ftp://x"}, {"kind": "CONSENT"}],
            "qualifiers": [{"code": "a", "name": {"fi": "A"}}, {"code": "B", "name": {"fi": " "}}]});
        assert_eq!(refusals(&house.data(&token, &offer, json!({"input": wrong})).await), [
            "BLANK input.channels", "BLANK input.name.fi", "BLANK input.qualifiers.1.name.fi", "CONFLICT input.alternatives.1.kind",
            "MALFORMED input.alternatives.0.guideUrl", "MALFORMED input.code", "MALFORMED input.qualifiers.0.code", "MALFORMED input.structureUrl",
        ]);
        let new = json!({"code": "TRE", "name": {"fi": "Varhaiskasvatuksen rekisteri"}, "channels": ["TECHNICAL_INTERFACE"],
            "alternatives": [{"kind": "WRITTEN_REQUEST"}], "qualifiers": [{"code": "PRIVATE", "name": {"fi": "Yksityinen"}}]});
        let before = seq(&house).await;
        done(house.data(&token, &offer, tried(&new)).await);
        assert_eq!(seq(&house).await, before);
        let first = done(house.data(&token, &offer, json!({"input": new})).await);
        assert_eq!(first["register"]["controller"]["businessId"], TAMPERE);
        assert_eq!(done(house.data(&token, &offer, json!({"input": new})).await), first);
        let mut other = new.clone();
        other["channels"] = json!(["OTHER"]);
        assert_eq!(refusals(&house.data(&token, &offer, json!({"input": other})).await), ["CONFLICT input.code"]);
        assert_eq!(refusals(&house.data(&house.token(THL, Role::Officer), &offer, json!({"input": new})).await), ["CONFLICT input.code"]);

        let amend = act("amendRegister", "register { channels alternatives { kind } qualifiers { code } }");
        let mut amended = json!({"id": first["register"]["id"], "name": {"fi": "Varhaiskasvatus"}, "channels": ["OTHER"]});
        let answer = done(house.data(&token, &amend, json!({"input": amended})).await);
        assert_eq!(answer["register"], json!({"channels": ["OTHER"], "alternatives": [], "qualifiers": []}));
        assert_eq!(house.errors(&house.token(KELA, Role::Officer), &amend, json!({"input": amended})).await, ["FORBIDDEN"]);
        amended["id"] = json!("register:01980000-0000-7000-8000-000000000000");
        assert_eq!(refusals(&house.data(&token, &amend, json!({"input": amended})).await), ["NOT_FOUND input.id"]);

        let kelmu = house.data(&token, "{ registers(filter: {code: \"KELMU\"}) { nodes { id } } }", json!({})).await["registers"]["nodes"][0]["id"].clone();
        let narrowed = json!({"id": kelmu, "name": {"fi": "Kelmu"}, "channels": ["TECHNICAL_INTERFACE", "OTHER"]});
        let refused = refusals(&house.data(&house.token(KELA, Role::Officer), &amend, json!({"input": narrowed})).await);
        assert!(refused.contains(&"CONFLICT input.channels".to_owned()), "viewing is open under an agreement: {refused:?}");
        assert!(refused.contains(&"CONFLICT input.qualifiers".to_owned()), "a scope uses a qualifier: {refused:?}");
    }

    async fn data_item_is_added_and_retired_and_opens_nothing_by_itself(house: House) {
        let token = house.token(KELA, Role::Officer);
        let add = act("addDataItem", "item { id code validFrom validUntil }");
        let wrong = json!({"register": "KELMU", "code": "KEL.NOWHERE.BELOW", "name": {"fi": ""}, "isSecret": true, "isPublic": true,
            "isIdentityCode": true, "secrecyBasis": "99/1999 1 §"});
        assert_eq!(refusals(&house.data(&token, &add, json!({"input": wrong})).await), [
            "BLANK input.name.fi", "CONFLICT input.isPersonal", "CONFLICT input.isPublic", "NOT_FOUND input.code", "NOT_FOUND input.secrecyBasis",
        ]);
        let qualified = json!({"register": "KELMU", "code": "KEL.DECISION.NEW@CHILD_HOME_CARE", "name": {"fi": "Uusi"}});
        assert_eq!(refusals(&house.data(&token, &add, json!({"input": qualified})).await), ["MALFORMED input.code"]);
        let elsewhere = json!({"register": "NOWHERE", "code": "X.Y", "name": {"fi": "Uusi"}});
        assert_eq!(refusals(&house.data(&token, &add, json!({"input": elsewhere})).await), ["NOT_FOUND input.register"]);

        let new = json!({"register": "KELMU", "code": "KEL.DECISION.GROUNDS", "name": {"fi": "Perustelut"}, "isPersonal": true});
        let before = seq(&house).await;
        done(house.data(&token, &add, tried(&new)).await);
        assert_eq!(seq(&house).await, before);
        let first = done(house.data(&token, &add, json!({"input": new})).await);
        assert_eq!(done(house.data(&token, &add, json!({"input": new})).await), first);
        let mut other = new.clone();
        other["isPersonal"] = json!(false);
        assert_eq!(refusals(&house.data(&token, &add, json!({"input": other})).await), ["CONFLICT input.code"]);
        for organisation in [PIRKANMAA, LVV] {
            assert_eq!(house.errors(&house.token(organisation, Role::Officer), &add, json!({"input": new})).await, ["FORBIDDEN"]);
        }
        let mut question = social_assistance();
        question["items"] = json!(["KEL.DECISION.GROUNDS"]);
        assert_eq!(verdict(&house, &question).await, "DENIED", "it did not exist when the content was defined");
        question["items"] = json!(["KEL.DECISION.AMOUNT"]);
        assert_eq!(verdict(&house, &question).await, "PERMITTED");

        let retire = act("retireDataItem", "item { code validUntil }");
        let retired = done(house.data(&token, &retire, json!({"input": {"id": first["item"]["id"]}})).await);
        assert!(retired["item"]["validUntil"].is_string());
        assert_eq!(refusals(&house.data(&token, &retire, json!({"input": {"id": first["item"]["id"]}})).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.data(&token, &add, json!({"input": new})).await), ["CONFLICT input.code"], "a retired code is never used again");
        let items = "{ registers(filter: {code: \"KELMU\"}) { nodes { items(first: 100, below: \"KEL.CLAIM\") { nodes { id code } } } } }";
        let claim = house.data(&token, items, json!({})).await["registers"]["nodes"][0]["items"]["nodes"][0]["id"].clone();
        assert_eq!(refusals(&house.data(&token, &retire, json!({"input": {"id": claim}})).await), ["CONFLICT input.id"], "an open scope names it");
    }

    async fn agreement_is_drafted_by_the_controller_of_the_register(house: House) {
        let token = house.token(KELA, Role::Officer);
        let create = act("createAgreement", "agreement { id number status effectiveStatus { state } discloser { businessId } supersedes { number } }");
        let wrong = json!({"number": " ", "recipient": "1234567-1", "register": "NOWHERE", "startsOn": "2027-02-01", "endsOn": "2027-01-31", "supersedes": "KEL-1999-001"});
        assert_eq!(refusals(&house.data(&token, &create, json!({"input": wrong})).await), [
            "BLANK input.number", "NOT_FOUND input.recipient", "NOT_FOUND input.register", "NOT_FOUND input.supersedes", "PERIOD_REVERSED input.endsOn",
        ]);
        let malformed = json!({"number": "KEL-2026-060", "recipient": "0246246-1", "register": "KELMU", "startsOn": "2027-02-30", "endsOn": "soon"});
        assert_eq!(refusals(&house.data(&token, &create, json!({"input": malformed})).await), ["MALFORMED input.endsOn", "MALFORMED input.recipient", "MALFORMED input.startsOn"]);
        let foreign = json!({"number": "KEL-2026-060", "recipient": KELA, "register": "SOTERI", "supersedes": "KEL-2020-009"});
        assert_eq!(refusals(&house.data(&token, &create, json!({"input": foreign})).await), ["CONFLICT input.recipient", "CONFLICT input.register", "CONFLICT input.supersedes"]);

        let new = json!({"number": "KEL-2026-060", "recipient": TAMPERE, "register": "KELMU", "startsOn": "2027-02-01", "supersedes": "KEL-2021-031"});
        let before = seq(&house).await;
        let tried = done(house.data(&token, &create, tried(&new)).await);
        assert_eq!(tried["agreement"]["status"], "DRAFT");
        assert_eq!(seq(&house).await, before);
        assert_eq!(house.errors(&token, "{ agreement(number: \"KEL-2026-060\") { id } }", json!({})).await, ["NOT_FOUND"]);
        let first = done(house.data(&token, &create, json!({"input": new})).await);
        assert_eq!(first["agreement"]["effectiveStatus"]["state"], "PREPARING");
        assert_eq!(first["agreement"]["supersedes"]["number"], "KEL-2021-031");
        assert_eq!(done(house.data(&token, &create, json!({"input": new})).await), first, "the same content answers the same");
        assert_eq!(seq(&house).await, before + 1);
        for (field, value) in [("startsOn", json!("2027-03-01")), ("supersedes", Value::Null), ("recipient", json!(THL)), ("kind", json!("PERMIT"))] {
            let mut other = new.clone();
            other[field] = value;
            if field == "recipient" {
                other["supersedes"] = Value::Null;
            }
            assert_eq!(refusals(&house.data(&token, &create, json!({"input": other})).await), ["CONFLICT input.number"], "{field}");
        }
        for (organisation, role) in [(KELA, Role::System), (KELA, Role::Administrator), (KELA, Role::Auditor)] {
            assert_eq!(house.errors(&house.token(organisation, role), &create, json!({"input": new})).await, ["FORBIDDEN"], "{role:?}");
        }
    }

    async fn agreement_is_drafted_with_another_body_that_exists_and_for_a_term_to_come(house: House) {
        let create = act("createAgreement", "agreement { id endsOn }");
        let now = house.app.gateway.clock.now();
        let day = |days| helsinki_day(now + TimeDelta::days(days)).to_string();
        let draft = |number: &str, recipient: &str, register: &str, ends_on: &str| {
            json!({"input": {"number": number, "recipient": recipient, "register": register, "endsOn": ends_on}})
        };
        let (kela, lvv) = (house.token(KELA, Role::Officer), house.token(LVV, Role::Officer));
        for (token, input, expected) in [
            (&kela, draft("KEL-2026-061", TAMPERE, "KELMU", &day(-1)), &["PERIOD_REVERSED input.endsOn"][..]),
            (&kela, draft("KEL-2026-061", VALVIRA, "KELMU", &day(1)), &["PARTY_NOT_ACTIVE input.recipient"]),
            (&lvv, draft("SOT-2026-061", VALVIRA, "SOTERI", &day(1)), &["CONFLICT input.recipient", "PARTY_NOT_ACTIVE input.recipient"]),
        ] {
            assert_eq!(refusals(&house.data(token, &create, input).await), expected);
        }
        done(house.data(&lvv, &create, draft("SOT-2026-061", KELA, "SOTERI", &day(1))).await);
        let today = draft("KEL-2026-061", TAMPERE, "KELMU", &day(0));
        let first = done(house.data(&kela, &create, today.clone()).await);
        house.app.gateway.clock.set(now + TimeDelta::days(2));
        let kela = house.token(KELA, Role::Officer);
        assert_eq!(done(house.data(&kela, &create, today).await), first, "a repeat answers as the first time");
    }

    async fn suspension_is_in_force_at_once_and_so_is_its_end(house: House) {
        let (kela, pirkanmaa) = (house.token(KELA, Role::Officer), house.token(PIRKANMAA, Role::Officer));
        let agreement = house.data(&kela, "{ agreement(number: \"KEL-2023-014\") { id } }", json!({})).await["agreement"]["id"].clone();
        let suspend = act("suspendAgreement", "agreement { status effectiveStatus { state } allowedActions { code } }");
        let resume = act("resumeAgreement", "agreement { status effectiveStatus { state } allowedActions { code } }");
        let stands = |answer: &Value, status: &str, state: &str, action: &str| {
            let agreement = &answer["agreement"];
            assert_eq!((&agreement["status"], &agreement["effectiveStatus"]["state"]), (&json!(status), &json!(state)));
            assert!(texts(&agreement["allowedActions"], "code").contains(&action.to_owned()), "{agreement}");
        };

        assert_eq!(refusals(&house.data(&kela, &resume, json!({"input": {"id": agreement}})).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.data(&kela, &suspend, json!({"input": {"id": agreement, "reason": "OTHER"}})).await), ["BLANK input.note"]);
        let long = json!({"input": {"id": agreement, "reason": "OTHER", "note": "x".repeat(4_001)}});
        assert_eq!(refusals(&house.data(&kela, &suspend, long).await), ["TOO_LONG input.note"]);
        let misuse = json!({"id": agreement, "reason": "MISUSE", "note": "selvitys kesken"});
        for token in [&pirkanmaa, &house.token(THL, Role::Officer), &house.token(KELA, Role::System), &house.token(KELA, Role::Administrator)] {
            assert_eq!(house.errors(token, &suspend, json!({"input": misuse})).await, ["FORBIDDEN"]);
        }

        let before = seq(&house).await;
        let tried = done(house.data(&kela, &suspend, tried(&misuse)).await);
        stands(&tried, "SUSPENDED", "SUSPENDED", "RESUME");
        assert_eq!((seq(&house).await, verdict(&house, &social_assistance()).await.as_str()), (before, "PERMITTED"), "and does nothing");

        let suspended = done(house.data(&kela, &suspend, json!({"input": misuse})).await);
        stands(&suspended, "SUSPENDED", "SUSPENDED", "RESUME");
        let denied = house.data(&pirkanmaa, DECISION, json!({"input": social_assistance()})).await["accessDecision"].clone();
        assert_eq!(denied["verdict"], "DENIED");
        assert_eq!(denied["reasons"][0]["code"], "AGREEMENT_NOT_IN_FORCE");
        assert_eq!(refusals(&house.data(&kela, &suspend, json!({"input": misuse})).await), ["WRONG_STATUS input.id"]);

        let resumed = done(house.data(&kela, &resume, json!({"input": {"id": agreement, "note": "selvitetty"}})).await);
        stands(&resumed, "ACTIVE", "IN_FORCE", "SUSPEND");
        assert_eq!(verdict(&house, &social_assistance()).await, "PERMITTED");

        let acts = |token: String| {
            let house = &house;
            let (agreement, query) = (agreement.clone(), "query($after: String) { changes(first: 100, after: $after) {
                nodes { seq action subjectId organisation actor reason leafIndex } pageInfo { endCursor hasNextPage } } }");
            async move {
                let (mut after, mut acts) = (Value::Null, Vec::new());
                loop {
                    let page = house.data(&token, query, json!({"after": after})).await["changes"].clone();
                    acts.extend(page["nodes"].as_array().unwrap().iter().filter(|change| change["subjectId"] == agreement).cloned());
                    after = page["pageInfo"]["endCursor"].clone();
                    if page["pageInfo"]["hasNextPage"] == false {
                        return acts;
                    }
                }
            }
        };
        let mine = acts(kela.clone()).await;
        let mine = &mine[mine.len() - 2..];
        assert_eq!((&mine[0]["action"], &mine[0]["reason"]), (&json!("suspendAgreement"), &json!("MISUSE: selvitys kesken")));
        assert_eq!((&mine[1]["action"], &mine[1]["reason"]), (&json!("resumeAgreement"), &json!("selvitetty")));
        assert_eq!((&mine[0]["actor"], &mine[0]["organisation"]), (&json!(KELA_OFFICER), &json!(KELA)));
        assert_eq!(mine[1]["seq"].as_i64(), mine[0]["seq"].as_i64().map(|seq| seq + 1));
        let theirs = acts(pirkanmaa).await;
        assert_eq!(theirs.last().map(|change| (&change["action"], &change["actor"])), Some((&json!("resumeAgreement"), &Value::Null)), "the other side sees the act, not who did it");
        let kept = acts(house.token(KELA, Role::Administrator)).await;
        let last = kept.last().map(|change| (&change["action"], &change["actor"], &change["reason"]));
        assert_eq!(last, Some((&json!("resumeAgreement"), &json!(KELA_OFFICER), &Value::Null)), "the reason is the parties', like the history");
        assert!(acts(house.token(THL, Role::Officer)).await.is_empty());
        assert!(acts(house.token(OMBUDSMAN, Role::Auditor)).await.len() >= 2);
        let first = "{ changes(first: 1) { nodes { action subjectId } } }";
        let first = house.data(&house.token(OMBUDSMAN, Role::Auditor), first, json!({})).await["changes"]["nodes"][0].clone();
        assert_eq!(first, json!({"action": "import", "subjectId": null}), "an import is done to many things");
    }

    async fn agreement_not_in_force_can_be_neither_suspended_nor_resumed(house: House) {
        let token = house.token(KELA, Role::Officer);
        let (suspend, resume) = (act("suspendAgreement", "agreement { status }"), act("resumeAgreement", "agreement { status }"));
        for number in ["KEL-2026-051", "KEL-2026-050", "KEL-2022-003"] {
            let query = format!("{{ agreement(number: \"{number}\") {{ id }} }}");
            let id = house.data(&token, &query, json!({})).await["agreement"]["id"].clone();
            assert_eq!(refusals(&house.data(&token, &suspend, json!({"input": {"id": id, "reason": "MISUSE"}})).await), ["WRONG_STATUS input.id"], "{number}");
            if number != "KEL-2022-003" {
                assert_eq!(refusals(&house.data(&token, &resume, json!({"input": {"id": id}})).await), ["WRONG_STATUS input.id"], "{number}");
            }
        }
        let restricted = house.data(&house.token(LVV, Role::Officer), "{ agreement(number: \"SOT-2026-003\") { id } }", json!({})).await["agreement"]["id"].clone();
        for id in [restricted, json!("agreement:01980000-0000-7000-8000-000000000000")] {
            let answer = house.data(&token, &suspend, json!({"input": {"id": id, "reason": "MISUSE"}})).await;
            assert_eq!(answer["suspendAgreement"]["agreement"], Value::Null);
            assert_eq!(refusals(&answer), ["NOT_FOUND input.id"], "one may not know which of them exists");
        }
    }

    async fn misspelt_member_of_an_input_is_refused_and_not_ignored(house: House) {
        let token = house.token(KELA, Role::Officer);
        let agreement = house.data(&token, "{ agreement(number: \"KEL-2023-014\") { id } }", json!({})).await["agreement"]["id"].clone();
        let suspend = act("suspendAgreement", "agreement { status }");
        let misspelt = json!({"input": {"id": agreement, "reason": "MISUSE", "validateonly": true}});
        assert_eq!(house.errors(&token, &suspend, misspelt).await, ["INVALID_INPUT"]);
        assert_eq!(verdict(&house, &social_assistance()).await, "PERMITTED");
    }
}

/// Document of an act.
pub fn act(name: &str, answer: &str) -> String {
    let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {answer} userErrors {{ code message path }} }} }}")
}

/// Variables of an act that is only tried.
pub fn tried(input: &Value) -> Value {
    let mut input = input.clone();
    input["validateOnly"] = json!(true);
    json!({"input": input})
}

pub fn payload(data: &Value) -> &Value {
    data.as_object().and_then(|fields| fields.values().next()).expect("one field")
}

/// Refusals of an act as `CODE path`, in order of the alphabet; each says in words what is wrong.
pub fn refusals(data: &Value) -> Vec<String> {
    places(&payload(data)["userErrors"])
}

/// Faults of a request that was not executed, or of a question, in the same form.
pub fn faults_of(answer: &Value) -> Vec<String> {
    let faults = &answer["errors"][0]["extensions"]["faults"];
    assert!(faults.is_array(), "{answer:#}");
    places(faults)
}

fn places(faults: &Value) -> Vec<String> {
    let said = |fault: &Value| {
        assert!(fault["message"].as_str().is_some_and(|message| !message.is_empty()), "{fault}");
        let path: Vec<_> = fault["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        format!("{} {}", fault["code"].as_str().unwrap(), path.join("."))
    };
    let mut places: Vec<_> = faults.as_array().unwrap().iter().map(said).collect();
    places.sort_unstable();
    places
}

/// Payload of an act that was not refused.
#[expect(clippy::needless_pass_by_value, reason = "it closes a chain of calls")]
pub fn done(data: Value) -> Value {
    assert_eq!(refusals(&data), Vec::<String>::new(), "{data:#}");
    payload(&data).clone()
}

/// Position of the journal.
pub async fn seq(house: &House) -> i64 {
    let token = house.token(KELA, Role::Officer);
    house.data(&token, "{ viewer { factsSeq } }", json!({})).await["viewer"]["factsSeq"].as_i64().unwrap()
}

pub fn social_assistance() -> Value {
    json!({"recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION.AMOUNT"], "purpose": "SOCIAL_ASSISTANCE",
        "channel": "TECHNICAL_INTERFACE", "caseReference": "PIRHA/2026/1", "mandates": ["M1"]})
}

async fn verdict(house: &House, question: &Value) -> String {
    let token = house.token(KELA, Role::System);
    house.data(&token, DECISION, json!({"input": question})).await["accessDecision"]["verdict"]
        .as_str()
        .unwrap()
        .to_owned()
}
