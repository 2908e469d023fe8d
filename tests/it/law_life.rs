//! Keys, provisions and entitlements from their proposal to their end: two administrators keep them, and what rests on them
//! goes with them.

use api::auth::Role::{Administrator, Auditor, Officer, System};
use chrono::TimeDelta;
use entity::vocabulary::instant_text;
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{DVV, House, KELA, LVV, PIRKANMAA},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, social_assistance, tried},
    reports::assert_whole,
};

const BASIS: &str =
    "legalBasis { id citation number year section moment status validFrom validUntil proposedBy confirmedBy
    supersedes { id } supersededBy { id } }";

const KEY: &str = "key { id kid jwk status validFrom validUntil proposedBy confirmedBy }";

/// Key of RFC 8037, A.2, and its thumbprint.
const EDWARDS: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig"}"#;
const EDWARDS_KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// Key of RFC 7517, A.1.
const CURVE: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

/// Two administrators.
pub fn administrators(house: &House) -> (String, String) {
    let token = |subject| house.token_as(subject, DVV, &[Administrator], None);
    (token("admin-one"), token("admin-two"))
}

/// Key of an organisation, proposed by one administrator and confirmed by another; its id.
pub async fn confirmed_key(house: &House, organisation: &str, jwk: &str) -> Value {
    let (one, two) = administrators(house);
    let input = json!({"organisation": organisation, "jwk": jwk});
    let key = done(house.data(&one, &act("proposeKey", KEY), json!({ "input": input })).await);
    done(house.data(&two, &act("confirmKey", KEY), json!({"input": {"id": key["key"]["id"]}})).await)["key"]["id"]
        .clone()
}

async fn keys(house: &House, token: &str, organisation: &str) -> Value {
    let query =
        "query($id: BusinessId!) { organisation(businessId: $id) { keys { kid status proposedBy validUntil } } }";
    house.data(token, query, json!({ "id": organisation })).await["organisation"]["keys"].clone()
}

on_both_engines! {
    async fn key_signs_once_another_administrator_has_confirmed_it(house: House) {
        let (one, two) = administrators(&house);
        let (propose, confirm) = (act("proposeKey", KEY), act("confirmKey", KEY));
        let input = json!({"organisation": KELA, "jwk": EDWARDS, "validUntil": "2099-01-01"});
        let before = seq(&house).await;
        done(house.data(&one, &propose, tried(&input)).await);
        assert_eq!(seq(&house).await, before, "a trial writes nothing");
        let key = done(house.data(&one, &propose, json!({ "input": input })).await)["key"].clone();
        assert_eq!((&key["kid"], &key["status"], &key["proposedBy"]), (&json!(EDWARDS_KID), &json!("PROPOSED"), &json!("admin-one")));
        assert!(!key["jwk"].as_str().unwrap().contains("use"), "only what the key is made of is kept");
        let again = done(house.data(&two, &propose, json!({ "input": input })).await)["key"].clone();
        assert_eq!((&again, seq(&house).await), (&key, before + 1), "the same content answers as the first time");
        let elsewhere = json!({"organisation": LVV, "jwk": EDWARDS, "validUntil": "2099-01-01"});
        assert_eq!(refusals(&house.data(&one, &propose, json!({ "input": elsewhere })).await), ["CONFLICT input.jwk"]);

        let named = json!({"input": {"id": key["id"]}});
        let processor = house.token_as("admin-one", DVV, &[Administrator], Some(LVV));
        for own in [&one, &processor] {
            assert_eq!(refusals(&house.data(own, &confirm, named.clone()).await), ["CONFLICT input.id"], "two pairs of eyes");
        }
        for role in [Officer, System, Auditor] {
            assert_eq!(house.errors(&house.token(KELA, role), &confirm, named.clone()).await, ["FORBIDDEN"]);
        }
        let confirmed = done(house.data(&two, &confirm, named.clone()).await)["key"].clone();
        assert_eq!((&confirmed["status"], &confirmed["confirmedBy"]), (&json!("CONFIRMED"), &json!("admin-two")));
        assert_eq!(done(house.data(&two, &confirm, named.clone()).await)["key"], confirmed);
        let third = house.token_as("admin-three", DVV, &[Administrator], None);
        assert_eq!(refusals(&house.data(&third, &confirm, named).await), ["WRONG_STATUS input.id"]);

        let seen = keys(&house, &house.token(PIRKANMAA, Officer), KELA).await;
        let seen = seen.as_array().unwrap().iter().find(|key| key["kid"] == EDWARDS_KID).unwrap().clone();
        assert_eq!((&seen["status"], &seen["proposedBy"]), (&json!("CONFIRMED"), &Value::Null), "who proposed is the administrators'");
    }

    async fn revoked_key_does_not_return(house: House) {
        let (one, _) = administrators(&house);
        let (propose, revoke) = (act("proposeKey", KEY), act("revokeKey", KEY));
        let proposed = json!({"input": {"organisation": KELA, "jwk": CURVE}});
        let key = done(house.data(&one, &propose, proposed.clone()).await)["key"].clone();
        let lost = |note: &str| json!({"input": {"id": key["id"], "note": note}});
        assert_eq!(refusals(&house.data(&one, &revoke, lost("hukattu")).await), ["WRONG_STATUS input.id"], "a proposal is not in effect");
        let id = confirmed_key(&house, KELA, CURVE).await;
        assert_eq!(id, key["id"]);
        assert_eq!(refusals(&house.data(&one, &revoke, lost(" ")).await), ["BLANK input.note"]);
        let revoked = done(house.data(&one, &revoke, lost("hukattu")).await)["key"].clone();
        assert_eq!(revoked["status"], "REVOKED");
        assert!(revoked["validUntil"].is_string());
        assert_eq!(refusals(&house.data(&one, &revoke, lost("hukattu")).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.data(&one, &propose, proposed).await), ["CONFLICT input.jwk"]);
        let changes = "{ changes(first: 100) { nodes { action subjectId } } }";
        let mut after = house.data(&house.token(KELA, Officer), changes, json!({})).await;
        let acts: Vec<Value> = after["changes"]["nodes"].take().as_array().unwrap().iter().filter(|change| change["subjectId"] == id).map(|change| change["action"].clone()).collect();
        assert_eq!(acts, ["proposeKey", "confirmKey", "revokeKey"], "its holder sees what was done to its keys");
    }

    async fn key_with_a_private_member_is_refused_and_told_to_nobody(house: House) {
        let (one, _) = administrators(&house);
        let propose = act("proposeKey", KEY);
        let private = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#;
        let answer = house.ask(&one, &propose, json!({"input": {"organisation": KELA, "jwk": private}})).await;
        assert_eq!(refusals(&answer["data"]), ["MALFORMED input.jwk"]);
        assert!(!answer.to_string().contains("nWGxne"));
        let weak = json!({"organisation": "0246246-1", "jwk": "{\"kty\":\"oct\"}", "validFrom": "2020-01-01", "validUntil": "2019-01-01"});
        assert_eq!(refusals(&house.data(&one, &propose, json!({ "input": weak })).await), [
            "MALFORMED input.jwk", "MALFORMED input.organisation", "MALFORMED input.validFrom", "PERIOD_REVERSED input.validUntil",
        ]);
    }

    async fn of_two_who_confirm_at_once_one_does(house: House) {
        let (one, _) = administrators(&house);
        let key = done(house.data(&one, &act("proposeKey", KEY), json!({"input": {"organisation": KELA, "jwk": CURVE}})).await)["key"].clone();
        let confirm = act("confirmKey", KEY);
        let tokens: Vec<_> = (0..8).map(|at| house.token_as(&format!("admin-racing-{at}"), DVV, &[Administrator], None)).collect();
        let named = json!({"input": {"id": key["id"]}});
        let answers = futures::future::join_all(tokens.iter().map(|token| house.data(token, &confirm, named.clone()))).await;
        let refused: Vec<_> = answers.iter().map(refusals).filter(|refusals| !refusals.is_empty()).collect();
        assert_eq!(refused, vec![["WRONG_STATUS input.id"]; 7]);
    }
}

async fn provision_of(house: &House, token: &str, citation: &str) -> Value {
    let query =
        "query($c: Citation!) { legalBasis(citation: $c) { id citation status validUntil supersededBy { citation } } }";
    house.data(token, query, json!({ "c": citation })).await["legalBasis"].clone()
}

/// Provision nobody has proposed yet, as an administrator would propose it.
fn provision(citation: &str, from: &str) -> Value {
    json!({"citation": citation, "eli": "http://data.finlex.fi/eli/sd/2023/703/alkup", "title": {"fi": "Laki sosiaali- ja terveydenhuollon asiakastietojen käsittelystä"},
        "summary": {"fi": "Uusi sanamuoto."}, "threshold": "NECESSARY", "allowsElectronic": true, "overridesSecrecy": true,
        "validFrom": from, "checkedOn": "2026-01-02", "evidence": "PRIMARY_TEXT"})
}

/// What is decided of items for a purpose, as `VERDICT` and its reasons in order.
async fn decided(house: &House, items: &[&str], purpose: &str) -> (String, Vec<String>) {
    let mut question = social_assistance();
    question["items"] = json!(items);
    question["purpose"] = json!(purpose);
    let decision =
        house.data(&house.token(KELA, System), DECISION, json!({ "input": question })).await["accessDecision"].clone();
    let mut reasons = texts(&decision["reasons"], "code");
    reasons.sort_unstable();
    reasons.dedup();
    (decision["verdict"].as_str().unwrap().to_owned(), reasons)
}

fn permitted() -> (String, Vec<String>) {
    ("PERMITTED".to_owned(), Vec::new())
}

fn denied(reasons: &[&str]) -> (String, Vec<String>) {
    ("DENIED".to_owned(), reasons.iter().map(ToString::to_string).collect())
}

/// State of Pirkanmaa's agreement as one side sees it, and what stands in its way.
async fn state(house: &House, organisation: &str) -> (String, Vec<String>) {
    let query = "{ agreement(number: \"KEL-2023-014\") { effectiveStatus { state blockers { code } } } }";
    let status =
        house.data(&house.token(organisation, Officer), query, json!({})).await["agreement"]["effectiveStatus"].clone();
    let mut blockers: Vec<String> = texts(&status["blockers"], "code");
    blockers.sort_unstable();
    blockers.dedup();
    (status["state"].as_str().unwrap().to_owned(), blockers)
}

on_both_engines! {
    async fn proposed_provision_is_no_law_before_another_administrator_confirms_it(house: House) {
        let (one, two) = administrators(&house);
        let (propose, confirm) = (act("proposeLegalBasis", BASIS), act("confirmLegalBasis", BASIS));
        let wrong = json!({"citation": "703/23 64 §", "eli": "finlex", "title": {"fi": " "}, "summary": {"fi": "131052-308T"}, "allowsElectronic": true,
            "overridesSecrecy": true, "validFrom": "2024-02-30", "validUntil": "x", "checkedOn": "2099-01-01", "evidence": "MEMORY", "supersedes": "nope"});
        assert_eq!(refusals(&house.data(&one, &propose, json!({ "input": wrong })).await), [
            "BLANK input.title.fi", "MALFORMED input.checkedOn", "MALFORMED input.citation", "MALFORMED input.eli", "MALFORMED input.summary.fi",
            "MALFORMED input.supersedes", "MALFORMED input.validFrom", "MALFORMED input.validUntil",
        ]);
        let input = provision("703/2023 65 §:n 1 momentti", "2024-01-01");
        let before = seq(&house).await;
        done(house.data(&one, &propose, tried(&input)).await);
        assert_eq!(seq(&house).await, before);
        let proposed = done(house.data(&one, &propose, json!({ "input": input })).await)["legalBasis"].clone();
        assert_eq!((&proposed["citation"], &proposed["status"]), (&json!("703/2023 65 § 1 mom"), &json!("PROPOSED")));
        assert_eq!(done(house.data(&two, &propose, json!({ "input": input })).await)["legalBasis"], proposed);
        let mut other = input.clone();
        other["overridesSecrecy"] = json!(false);
        assert_eq!(refusals(&house.data(&two, &propose, json!({ "input": other })).await), ["CONFLICT input.citation"]);

        let in_force = "{ legalBases(first: 100, filter: {citation: \"703/2023 65\", inForceAt: \"2026-06-01\"}) { nodes { id } } }";
        let listed = house.data(&one, in_force, json!({})).await;
        assert_eq!(listed["legalBases"]["nodes"], json!([]), "a proposal is in force nowhere");
        let ceiling = json!({"legalBasis": proposed["id"], "role": "RIGHT_TO_RECEIVE", "register": "KELMU", "recipientKind": "WELLBEING_COUNTY",
            "item": "KEL.INSURANCE", "purpose": "FEE_DETERMINATION", "channel": "TECHNICAL_INTERFACE"});
        let propose_ceiling = act("proposeEntitlement", "entitlement { id status validFrom }");
        assert_eq!(refusals(&house.data(&one, &propose_ceiling, json!({ "input": ceiling })).await), ["CONFLICT input.legalBasis"], "nothing rests on a proposal");
        let secret = json!({"register": "KELMU", "code": "KEL.DECISION.SECRET", "name": {"fi": "Salainen"}, "isSecret": true, "secrecyBasis": "703/2023 65 § 1 mom"});
        let add = act("addDataItem", "item { code }");
        assert_eq!(refusals(&house.data(&house.token(KELA, Officer), &add, json!({ "input": secret })).await), ["CONFLICT input.secrecyBasis"]);

        let named = json!({"input": {"id": proposed["id"]}});
        assert_eq!(refusals(&house.data(&one, &confirm, named.clone()).await), ["CONFLICT input.id"], "two pairs of eyes");
        assert_eq!(house.errors(&house.token(KELA, Officer), &confirm, named.clone()).await, ["FORBIDDEN"]);
        let confirmed = done(house.data(&two, &confirm, named.clone()).await)["legalBasis"].clone();
        assert_eq!((&confirmed["status"], &confirmed["confirmedBy"]), (&json!("CONFIRMED"), &json!("admin-two")));
        assert_eq!(done(house.data(&two, &confirm, named).await)["legalBasis"], confirmed);
        assert_eq!(house.data(&one, in_force, json!({})).await["legalBases"]["nodes"][0]["id"], proposed["id"]);
        let given = done(house.data(&one, &propose_ceiling, json!({ "input": ceiling })).await)["entitlement"].clone();
        assert_eq!((&given["status"], &given["validFrom"]), (&json!("PROPOSED"), &confirmed["validFrom"]));
        let seen = provision_of(&house, &house.token(PIRKANMAA, Officer), "703/2023 65 § 1 mom").await;
        assert_eq!(seen["status"], "CONFIRMED");
        assert_whole(&house.app).await;
    }

    async fn repeal_closes_what_rests_on_the_provision_alone_and_nothing_else(house: House) {
        let (one, _) = administrators(&house);
        let repeal = act("repealLegalBasis", BASIS);
        let law = provision_of(&house, &one, "703/2023 64 § 1 mom").await;
        let other = provision_of(&house, &one, "703/2023 64 § 3 mom").await;
        assert_eq!(state(&house, KELA).await, ("IN_FORCE".to_owned(), vec![]));
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, permitted());

        let input = |on: Value, successor: Value| json!({"input": {"id": law["id"], "on": on, "successor": successor, "note": "kumottu lailla 1/2026"}});
        assert_eq!(refusals(&house.data(&one, &repeal, input(json!("2026-01-01"), law["id"].clone())).await), ["CONFLICT input.successor", "MALFORMED input.on"]);
        assert_eq!(house.errors(&house.token(KELA, Officer), &repeal, input(Value::Null, Value::Null)).await, ["FORBIDDEN"]);

        let in_a_year = instant_text(house.app.gateway.clock.now() + TimeDelta::days(365));
        let coming = done(house.data(&one, &repeal, input(json!(in_a_year), other["id"].clone())).await)["legalBasis"].clone();
        assert_eq!((&coming["validUntil"], &coming["supersededBy"]["id"]), (&json!(in_a_year), &other["id"]));
        for side in [KELA, PIRKANMAA] {
            let query = "{ expirations(withinDays: 366, kinds: [LEGAL_BASIS], first: 100) { nodes { label agreement { number } } } }";
            let ends = house.data(&house.token(side, Officer), query, json!({})).await["expirations"]["nodes"].clone();
            let own = json!({"label": "703/2023 64 § 1 mom", "agreement": {"number": "KEL-2023-014"}});
            assert!(ends.as_array().unwrap().contains(&own), "{side} sees it coming: {ends}");
        }
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, permitted(), "until it comes");
        assert_eq!(refusals(&house.data(&one, &repeal, input(json!("2099-01-01"), other["id"].clone())).await), ["CONFLICT input.on"]);

        done(house.data(&one, &repeal, input(Value::Null, other["id"].clone())).await);
        assert_eq!(refusals(&house.data(&one, &repeal, input(Value::Null, other["id"].clone())).await), ["WRONG_STATUS input.id"]);
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_ASSISTANCE").await, permitted(), "another adequate provision carries it");
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "FEE_DETERMINATION").await, permitted());
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, denied(&["BASIS_REPEALED", "NOT_ENTITLED"]), "the others do not reach so far");
        assert_eq!(decided(&house, &["KEL.INSURANCE"], "SOCIAL_ASSISTANCE").await, denied(&["BASIS_REPEALED", "NO_LEGAL_BASIS"]));
        let (seen, blockers) = state(&house, KELA).await;
        assert_eq!(seen, "PARTLY_IN_FORCE");
        assert!(blockers.contains(&"BASIS_REPEALED".to_owned()), "{blockers:?}");
        assert_eq!(state(&house, PIRKANMAA).await, (seen, blockers), "both sides see why");
        let found = provision_of(&house, &one, "703/2023 64 § 1 mom").await;
        assert_eq!(found["supersededBy"]["citation"], "703/2023 64 § 3 mom");
        assert_whole(&house.app).await;
    }

    async fn new_wording_takes_the_place_of_the_earlier_one_when_it_begins(house: House) {
        let (one, two) = administrators(&house);
        let (propose, confirm) = (act("proposeLegalBasis", BASIS), act("confirmLegalBasis", BASIS));
        let law = provision_of(&house, &one, "703/2023 64 § 1 mom").await;
        let mut input = provision("703/2023 64 § 1 mom", "2098-01-01");
        assert_eq!(refusals(&house.data(&one, &propose, json!({ "input": input })).await), ["BLANK input.supersedes"]);
        input["supersedes"] = law["id"].clone();
        let next = done(house.data(&one, &propose, json!({ "input": input })).await)["legalBasis"].clone();
        assert_eq!(next["supersedes"]["id"], law["id"]);
        assert_eq!(provision_of(&house, &one, "703/2023 64 § 1 mom").await, law, "a proposal ends nothing, and is not found in its place");
        done(house.data(&two, &confirm, json!({"input": {"id": next["id"]}})).await);
        let ended = provision_of(&house, &one, "703/2023 64 § 1 mom").await;
        assert_eq!((&ended["id"], &ended["validUntil"]), (&law["id"], &json!("2097-12-31T22:00:00.000000Z")));
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, permitted());
        assert_whole(&house.app).await;
    }

    async fn ended_entitlement_narrows_at_once_and_a_confirmed_one_widens(house: House) {
        let (one, two) = administrators(&house);
        let (end, propose) = (act("endEntitlement", "entitlement { id validUntil }"), act("proposeEntitlement", "entitlement { id status proposedBy confirmedBy }"));
        let confirm = act("confirmEntitlement", "entitlement { id status proposedBy confirmedBy }");
        let question = "{ entitlements(input: {register: \"KELMU\", organisation: \"3221308-6\", purpose: \"SOCIAL_WELFARE\"}) { nodes { id item operation status legalBasis { id citation } } } }";
        let nodes = house.data(&one, question, json!({})).await["entitlements"]["nodes"].clone();
        let given = nodes.as_array().unwrap().iter().find(|node| node["item"] == "KEL.DECISION").unwrap().clone();
        assert_eq!((&given["legalBasis"]["citation"], &given["status"]), (&json!("703/2023 64 § 1 mom"), &json!("CONFIRMED")));
        let input = |on: Value| json!({"input": {"id": given["id"], "on": on, "note": "supistettu"}});
        assert_eq!(refusals(&house.data(&one, &end, input(json!("2026-01-01"))).await), ["MALFORMED input.on"]);
        done(house.data(&one, &end, input(json!("2098-01-01"))).await);
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, permitted(), "until it comes");
        done(house.data(&one, &end, input(Value::Null)).await);
        assert_eq!(refusals(&house.data(&one, &end, input(Value::Null)).await), ["WRONG_STATUS input.id"]);
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, denied(&["NOT_ENTITLED"]));
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_ASSISTANCE").await, permitted());

        let wrong = json!({"legalBasis": given["legalBasis"]["id"], "role": "RIGHT_TO_RECEIVE", "register": "NOWHERE", "recipientKind": "WELLBEING_COUNTY",
            "recipient": "0246246-1", "item": "kel", "purpose": "NONE", "channel": "TECHNICAL_INTERFACE", "guideUrl": "ftp://x", "validFrom": "1990-01-01", "validUntil": "1989-01-01"});
        assert_eq!(refusals(&house.data(&one, &propose, json!({ "input": wrong })).await), [
            "CONFLICT input.recipient", "CONFLICT input.validFrom", "MALFORMED input.guideUrl", "MALFORMED input.item", "MALFORMED input.recipient",
            "NOT_FOUND input.purpose", "NOT_FOUND input.register", "PERIOD_REVERSED input.validUntil",
        ]);
        let anew = json!({"legalBasis": given["legalBasis"]["id"], "role": "RIGHT_TO_RECEIVE", "register": "KELMU", "recipientKind": "WELLBEING_COUNTY",
            "authorityStatus": "AUTHORITY", "item": "KEL.DECISION", "purpose": "SOCIAL_WELFARE", "channel": "TECHNICAL_INTERFACE"});
        let before = seq(&house).await;
        done(house.data(&one, &propose, tried(&anew)).await);
        assert_eq!(seq(&house).await, before);
        let proposed = done(house.data(&one, &propose, json!({ "input": anew })).await)["entitlement"].clone();
        assert_eq!(done(house.data(&two, &propose, json!({ "input": anew })).await)["entitlement"], proposed);
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, denied(&["NOT_ENTITLED"]), "a proposal gives nothing");
        let named = json!({"input": {"id": proposed["id"]}});
        assert_eq!(refusals(&house.data(&one, &confirm, named.clone()).await), ["CONFLICT input.id"], "two pairs of eyes");
        let confirmed = done(house.data(&two, &confirm, named.clone()).await)["entitlement"].clone();
        assert_eq!((&confirmed["status"], &confirmed["confirmedBy"]), (&json!("CONFIRMED"), &json!("admin-two")));
        assert_eq!(done(house.data(&two, &confirm, named).await)["entitlement"], confirmed);
        assert_eq!(decided(&house, &["KEL.DECISION.AMOUNT"], "SOCIAL_WELFARE").await, permitted());
        assert_whole(&house.app).await;
    }

    async fn proposals_wait_for_another_and_a_rejected_one_is_gone(house: House) {
        let (one, two) = administrators(&house);
        let basis = done(house.data(&one, &act("proposeLegalBasis", BASIS), json!({"input": provision("703/2023 66 §", "2024-01-01")})).await)["legalBasis"]["id"].clone();
        let key = done(house.data(&two, &act("proposeKey", KEY), json!({"input": {"organisation": KELA, "jwk": EDWARDS}})).await)["key"]["id"].clone();
        let queue = |waiting: bool| format!("{{ proposals(waitsForMe: {waiting}) {{ totalCount nodes {{ proposedBy waitsForMe organisation {{ businessId }}
            subject {{ __typename ... on LegalBasis {{ id }} ... on Entitlement {{ id }} ... on OrganisationKey {{ id }} }} }} }} }}");
        let all = house.data(&one, &queue(false), json!({})).await["proposals"].clone();
        assert_eq!(all["totalCount"], 2);
        assert_eq!((&all["nodes"][0]["subject"]["id"], &all["nodes"][0]["waitsForMe"]), (&basis, &json!(false)), "the oldest first");
        assert_eq!((&all["nodes"][1]["subject"]["id"], &all["nodes"][1]["organisation"]["businessId"]), (&key, &json!(KELA)));
        for (token, mine) in [(&one, &key), (&two, &basis)] {
            let mine_alone = house.data(token, &queue(true), json!({})).await["proposals"]["nodes"].clone();
            assert_eq!((mine_alone.as_array().unwrap().len(), &mine_alone[0]["subject"]["id"]), (1, mine));
        }
        assert_eq!(house.errors(&house.token(KELA, Officer), &queue(false), json!({})).await, ["FORBIDDEN"]);

        let reject = act("rejectProposal", "rejectedId");
        let input = |id: &Value, note: &str| json!({"input": {"id": id, "note": note}});
        assert_eq!(refusals(&house.data(&two, &reject, input(&basis, " ")).await), ["BLANK input.note"]);
        for (id, fault) in [("register:x", "MALFORMED input.id"), ("legal_basis:01980000-0000-7000-8000-000000000000", "NOT_FOUND input.id")] {
            assert_eq!(refusals(&house.data(&two, &reject, input(&json!(id), "väärä")).await), [fault]);
        }
        let law = provision_of(&house, &one, "703/2023 64 § 1 mom").await["id"].clone();
        assert_eq!(refusals(&house.data(&two, &reject, input(&law, "väärä")).await), ["WRONG_STATUS input.id"], "law is repealed");
        for (id, token) in [(&basis, &one), (&key, &one)] {
            assert_eq!(done(house.data(token, &reject, input(id, "väärä")).await)["rejectedId"], *id);
            assert_eq!(refusals(&house.data(token, &reject, input(id, "väärä")).await), ["NOT_FOUND input.id"]);
        }
        assert_eq!(house.data(&one, &queue(false), json!({})).await["proposals"]["totalCount"], 0);
        let mut corrected = provision("703/2023 66 §", "2024-01-01");
        corrected["allowsElectronic"] = json!(false);
        done(house.data(&one, &act("proposeLegalBasis", BASIS), json!({ "input": corrected })).await);
        let elsewhere = json!({"organisation": LVV, "jwk": EDWARDS});
        done(house.data(&one, &act("proposeKey", KEY), json!({ "input": elsewhere })).await);
        assert_whole(&house.app).await;
    }
}
