//! How data comes to travel on from its recipient: by a rule with law of its own, within a scope, and agreed by both.

use api::auth::Role::{Officer, System};
use serde_json::{Value, json};

use crate::{
    house::{House, KELA, LVV, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, tried},
    reports::{assert_whole, with},
    statement_life::assert_exported,
};

const RULE: &str =
    "rule { id recipientKind purpose { code } items threshold validFrom validUntil citations { citation } }";

/// Rule by which Kela may tell a provider of day care of its site.
fn site() -> Value {
    json!({"agreement": "SOT-2026-001", "recipientKind": "ECEC_PROVIDER", "purpose": "CHILD_CARE_ALLOWANCE", "items": ["SOT.ECEC_SITE"],
        "threshold": "NECESSARY", "bases": ["1128/1996 23 § 3 mom"]})
}

impl House {
    async fn add_rule(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("addOnwardRule", RULE), json!({ "input": input })).await
    }

    /// An officer of a side accepts the present content.
    async fn stood_by(&self, token: &str) {
        let present = "{ agreement(number: \"SOT-2026-001\") { id version contentHash } }";
        let input = self.data(token, present, json!({})).await["agreement"].clone();
        done(self.data(token, &act("acceptAgreement", "agreement { id }"), json!({ "input": input })).await);
    }

    /// Whether Kela may tell the provider of the site.
    async fn travels_on(&self) -> (String, Vec<String>) {
        let question = json!({"register": "SOTERI", "items": ["SOT.ECEC_SITE"], "purpose": "CHILD_CARE_ALLOWANCE", "channel": "VIEWING_CONNECTION",
            "endUser": "kela-user-1", "onwardTo": "ECEC_PROVIDER"});
        self.answered(KELA, &question).await
    }
}

on_both_engines! {
    async fn onward_rule_stays_within_a_scope_and_rests_on_law_of_its_own(house: House) {
        let lvv = house.token(LVV, Officer);
        let wrong = json!({"agreement": "SOT-2026-001", "recipientKind": "APPLICANT", "purpose": "NOWHERE", "items": ["sot", "SOT.NOWHERE", "SOT.UNIT", "SOT.UNIT"],
            "bases": ["741/2023 47 § 1 mom 1 k", "9999/2023 1 §", "laki"]});
        assert_eq!(refusals(&house.add_rule(&lvv, &wrong).await), [
            "CONFLICT input.bases.0", "CONFLICT input.items.3", "MALFORMED input.bases.2", "MALFORMED input.items.0", "NOT_FOUND input.bases.1",
            "NOT_FOUND input.items.1", "NOT_FOUND input.purpose",
        ]);
        let empty = with(site(), json!({"items": [], "bases": []}));
        assert_eq!(refusals(&house.add_rule(&lvv, &empty).await), ["BLANK input.bases", "BLANK input.items"]);
        let beyond = with(site(), json!({"items": ["SOT.ECEC_SITE", "SOT.STAFF", "SOT.UNIT"]}));
        assert_eq!(refusals(&house.add_rule(&lvv, &beyond).await), ["ITEM_NOT_IN_SCOPE input.items.1", "ITEM_NOT_IN_SCOPE input.items.2"], "units do not serve the allowance");
        let elsewhere = with(site(), json!({"purpose": "TAXATION"}));
        assert_eq!(refusals(&house.add_rule(&lvv, &elsewhere).await), ["PURPOSE_NOT_IN_SCOPE input.purpose"]);
        let defined = with(site(), json!({"bases": ["1128/1996 2 § 1 mom 2 k"]}));
        assert_eq!(refusals(&house.add_rule(&lvv, &defined).await), ["BASIS_NOT_ADEQUATE input.bases"], "a definition alone opens no door");
        let beside = with(site(), json!({"bases": ["1128/1996 2 § 1 mom 2 k", "1128/1996 23 § 3 mom"]}));
        done(house.data(&lvv, &act("addOnwardRule", RULE), tried(&beside)).await);
        for (organisation, number, expected) in [(THL, "SOT-2026-003", "NOT_FOUND input.agreement"), (LVV, "SOT-1999-999", "NOT_FOUND input.agreement")] {
            let refused = refusals(&house.add_rule(&house.token(organisation, Officer), &with(site(), json!({ "agreement": number }))).await);
            assert_eq!(refused, [expected]);
        }
        let uncarried = refusals(&house.add_rule(&lvv, &with(site(), json!({"agreement": "SOT-2026-002"}))).await);
        assert!(uncarried.contains(&"NO_LEGAL_BASIS input.agreement".to_owned()), "{uncarried:?}");
        assert_eq!(house.offered(&lvv, "SOT-2026-002", "ADD_ONWARD_RULE").await, Some(vec!["NO_LEGAL_BASIS".to_owned()]));
        assert_eq!(house.offered(&lvv, "SOT-2026-001", "ADD_ONWARD_RULE").await, Some(Vec::new()), "its law carries rules");
        for (organisation, role) in [(KELA, Officer), (THL, Officer), (LVV, System)] {
            assert_eq!(house.errors(&house.token(organisation, role), &act("addOnwardRule", RULE), json!({"input": site()})).await, ["FORBIDDEN"]);
        }
    }

    async fn data_travels_on_once_both_agreed_and_no_longer_than_the_rule(house: House) {
        let (lvv, kela) = (house.token(LVV, Officer), house.token(KELA, Officer));
        let forbidden = ("DENIED".to_owned(), vec!["ONWARD_FORBIDDEN".to_owned()]);
        assert_eq!(house.travels_on().await, forbidden, "the rule that stands rests on a definition");
        let before = seq(&house).await;
        done(house.data(&lvv, &act("addOnwardRule", RULE), tried(&site())).await);
        assert_eq!(seq(&house).await, before, "nothing was written");
        let rule = done(house.add_rule(&lvv, &site()).await)["rule"].clone();
        assert_eq!((&rule["items"], &rule["threshold"], &rule["validUntil"]), (&json!(["SOT.ECEC_SITE"]), &json!("NECESSARY"), &Value::Null));
        assert_eq!(rule["citations"], json!([{"citation": "1128/1996 23 § 3 mom"}]));
        assert_eq!(done(house.add_rule(&lvv, &site()).await)["rule"], rule, "the same content answers the same");
        assert_eq!(seq(&house).await, before + 1);
        assert_eq!(house.travels_on().await, forbidden, "on the discloser's word alone nothing travels on");
        house.stood_by(&lvv).await;
        assert_eq!(house.travels_on().await, forbidden);
        house.stood_by(&house.second_officer(KELA)).await;
        assert_eq!(house.travels_on().await.0, "PERMITTED");
        let rules = "{ agreement(number: \"SOT-2026-001\") { onwardRules { id recipientKind } } }";
        let seen = house.data(&kela, rules, json!({})).await["agreement"]["onwardRules"].clone();
        assert_eq!(seen.as_array().unwrap().last().unwrap(), &json!({"id": rule["id"], "recipientKind": "ECEC_PROVIDER"}));

        let end = act("endOnwardRule", RULE);
        let input = json!({"id": rule["id"], "note": "Ei enää tarpeen."});
        assert_eq!(house.errors(&kela, &end, json!({ "input": input })).await, ["FORBIDDEN"]);
        assert_eq!(refusals(&house.data(&house.token(THL, Officer), &end, json!({ "input": input })).await), ["NOT_FOUND input.id"]);
        let ended = done(house.data(&lvv, &end, json!({ "input": input })).await)["rule"].clone();
        assert!(ended["validUntil"].is_string());
        assert_eq!(house.travels_on().await, forbidden, "at once");
        assert_eq!(refusals(&house.data(&lvv, &end, json!({ "input": input })).await), ["WRONG_STATUS input.id"]);
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }
}
