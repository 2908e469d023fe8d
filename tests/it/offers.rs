//! What an agreement offers and what its acts answer are one: an act succeeds exactly when it is offered with nothing in
//! its way.

use std::collections::BTreeSet;

use api::auth::Role::{Auditor, Officer, System};
use entity::vocabulary::{AdoptionStepCode, AgreementAction, ClosedEnum};
use serde_json::{Value, json};

use crate::{
    agreement_bases::offered,
    contract::texts,
    house::{House, KELA, LVV, OMBUDSMAN, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, tried},
    reports::with,
    signing::paper,
};

/// Authority that is no party of the sample's agreements.
const STRANGER: &str = "0119343-0";

/// Acts that need more to be told than what they are done to; each has tests of its own.
const OTHERS: [&str; 7] = [
    "ADD_BASIS",
    "REVIEW_BASIS",
    "DEFINE_SCOPE",
    "MARK_SCOPE_TESTED",
    "ADD_ONWARD_RULE",
    "GRANT_ACCESS",
    "REVOKE_ACCESS",
];

/// What the acts on an agreement need to be told.
const TARGET: &str = "number id version contentHash discloser { businessId } recipient { businessId }
    versions { nodes { number } } signatures { nodes { act } } scopes { id } onwardRules { id }";

/// Acts that need no more than what they are done to, each with its payload and every input worth trying.
fn acts(target: &Value) -> Vec<(&'static str, &'static str, &'static str, Vec<Value>)> {
    let whole = |others: Value| vec![with(json!({"id": target["id"]}), others)];
    let each = |parts: &str, others: Value| {
        let parts = target[parts].as_array().unwrap();
        parts.iter().map(|part| with(json!({"id": part["id"]}), others.clone())).collect()
    };
    let versions = target["versions"]["nodes"].as_array().unwrap();
    let version = versions.last().map_or(&target["version"], |version| &version["number"]);
    let on_present = json!({"version": version, "contentHash": target["contentHash"]});
    let signing = with(on_present.clone(), json!({"proof": paper("a"), "commitsToDataProtection": true}));
    let steps = |others: Value| {
        let of = |code: &AdoptionStepCode| {
            with(json!({"agreement": target["number"], "step": code.to_string()}), others.clone())
        };
        AdoptionStepCode::ALL.iter().map(|(code, _, _)| of(code)).collect()
    };
    let signed = "agreement { signatures { nodes { act } } }";
    let (agreement, scope) = ("agreement { id }", "scope { id }");
    vec![
        ("DRAFT", "draftAgreement", agreement, whole(json!({}))),
        ("AMEND", "amendAgreement", agreement, whole(json!({}))),
        ("CONFIRM_BASIS", "confirmAgreementBasis", agreement, whole(json!({}))),
        ("OFFER", "offerAgreement", agreement, whole(json!({}))),
        ("ACCEPT", "acceptAgreement", signed, whole(on_present)),
        ("SIGN", "signAgreement", signed, whole(signing)),
        ("REVOKE_SIGNATURE", "revokeSignature", signed, whole(json!({"reason": "Muutostarve."}))),
        ("REJECT", "rejectAgreement", agreement, whole(json!({"reason": "Ei tarvita."}))),
        ("WITHDRAW", "withdrawAgreement", agreement, whole(json!({}))),
        ("ACTIVATE", "activateAgreement", agreement, whole(json!({}))),
        ("SUSPEND", "suspendAgreement", agreement, whole(json!({"reason": "MISUSE"}))),
        ("RESUME", "resumeAgreement", agreement, whole(json!({}))),
        ("TERMINATE", "terminateAgreement", agreement, whole(json!({"reason": "NOTICE"}))),
        ("RENEW", "renewAgreement", agreement, whole(json!({"number": "KEL-2099-001"}))),
        ("ADD_PARTY", "addAgreementParty", agreement, whole(json!({"organisation": STRANGER, "role": "PROCESSOR"}))),
        ("PLAN_ADOPTION_STEP", "planAdoptionStep", agreement, steps(json!({"plannedOn": "2099-01-01"}))),
        ("DECLARE_ADOPTION_STEP", "declareAdoptionStep", agreement, steps(json!({}))),
        ("MARK_SCOPE_IMPLEMENTED", "markScopeImplemented", scope, each("scopes", json!({}))),
        ("OPEN_SCOPE", "openScope", scope, each("scopes", json!({}))),
        ("SUSPEND_SCOPE", "suspendScope", scope, each("scopes", json!({"reason": "MISUSE"}))),
        ("RESUME_SCOPE", "resumeScope", scope, each("scopes", json!({}))),
        ("CLOSE_SCOPE", "closeScope", scope, each("scopes", json!({"note": "Ei tarvita."}))),
        ("END_ONWARD_RULE", "endOnwardRule", "rule { id }", each("onwardRules", json!({}))),
    ]
}

/// Whether an act would be done; one that would change nothing of who stands by what is not.
async fn succeeds(house: &House, token: &str, name: &str, payload: &str, target: &Value, input: &Value) -> bool {
    let body = house.ask(token, &act(name, payload), tried(input)).await;
    let done = &body["data"][name];
    if body.get("errors").is_some() || !refusals(&body["data"]).is_empty() {
        return false;
    }
    let signatures = &done["agreement"]["signatures"];
    signatures.is_null() || *signatures != target["signatures"]
}

#[test]
fn every_action_is_tried_or_has_tests_of_its_own() {
    let nothing = json!({"scopes": [], "onwardRules": [], "versions": {"nodes": []}});
    let known: BTreeSet<&str> = acts(&nothing).iter().map(|(code, ..)| *code).chain(OTHERS).collect();
    assert_eq!(known, AgreementAction::ALL.iter().map(|(_, code, _)| *code).collect());
}

on_both_engines! {
    async fn act_succeeds_exactly_when_it_is_offered_with_nothing_in_its_way(house: House) {
        let query = "{ agreements(first: 100) { nodes { number } } }";
        let ombudsman = house.token(OMBUDSMAN, Auditor);
        let numbers = texts(&house.data(&ombudsman, query, json!({})).await["agreements"]["nodes"], "number");
        assert!(numbers.len() > 10, "{numbers:?}");
        let (mut offers, mut wrong) = (0, Vec::new());
        for number in numbers {
            let query = format!("query($number: String!) {{ agreement(number: $number) {{ {TARGET} }} }}");
            let target = house.data(&ombudsman, &query, json!({ "number": number })).await["agreement"].clone();
            for side in ["discloser", "recipient"] {
                let token = house.token_as("officer-of-a-side", target[side]["businessId"].as_str().unwrap(), &[Officer], None);
                let open: Vec<_> = offered(&house, &token, &number).await.into_iter().filter(|(_, blocked_by)| blocked_by.is_empty()).map(|(code, _)| code).collect();
                for (code, name, payload, inputs) in acts(&target) {
                    let is_offered = open.iter().any(|open| open == code);
                    let mut is_done = false;
                    for input in &inputs {
                        is_done = is_done || succeeds(&house, &token, name, payload, &target, input).await;
                    }
                    offers += usize::from(is_offered);
                    if is_done != is_offered {
                        wrong.push(format!("{number} {side} {code}: offered {is_offered}, done {is_done}"));
                    }
                }
            }
        }
        assert!(offers > 50, "{offers}");
        assert_eq!(wrong, Vec::<String>::new());
    }

    async fn agreement_waits_for_its_draftsman_and_for_the_account_of_its_recipient(house: House) {
        let waits = async |organisation: &str, number: &str| {
            let query = "{ agreements(first: 100, filter: {waitsForMe: true}) { nodes { number } } }";
            let listed = house.data(&house.token(organisation, Officer), query, json!({})).await;
            texts(&listed["agreements"]["nodes"], "number").contains(&number.to_owned())
        };
        assert!(waits(KELA, "KEL-2026-051").await, "a draft rests on nothing yet");
        assert!(!waits("9900006-9", "KEL-2026-051").await, "which is its discloser's to mend");

        assert!(waits(KELA, "SOT-2026-001").await, "nobody has accounted for its interface");
        assert!(!waits("9900004-2", "KEL-2020-009").await, "what is over waits for nobody");
        assert!(!waits(THL, "SOT-2026-002").await, "the agency has the institute's account");
        let query = "{ agreement(number: \"SOT-2026-002\") { statements { id } } }";
        let lvv = house.token_of(LVV, &[System, Officer], None);
        let statement = house.data(&lvv, query, json!({})).await["agreement"]["statements"][0]["id"].clone();
        let returned = json!({"id": statement, "action": "RETURN", "decisionText": "Valvonta on kuvattava."});
        done(house.data(&lvv, &act("reviewProtectionStatement", "statement { status }"), json!({"input": returned})).await);
        assert!(waits(THL, "SOT-2026-002").await, "and has returned it");
    }
}
