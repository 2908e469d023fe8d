//! Keys, provisions and entitlements from their proposal to their end: two administrators keep them, and what rests on them
//! goes with them.

use api::auth::Role::{Administrator, Auditor, Officer, System};
use serde_json::{Value, json};

use crate::{
    house::{DVV, House, KELA, LVV, PIRKANMAA},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, tried},
};

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
