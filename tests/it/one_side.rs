//! An agreement has two sides: one side's word gives the other nothing, nobody speaks for both, and what is taken back
//! carries nothing.

use api::auth::Role::{Administrator, Officer, System};
use serde_json::{Value, json};

use crate::{
    agreement_bases::id_of,
    house::{DVV, House, KELA, LVV, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done, refusals},
    reports::assert_whole,
    signing::paper,
    statement_life::{all_yes, answerable, assert_exported},
};

/// Signed and not in force, between THL and LVV.
const SIGNED: &str = "SOT-2026-002";

/// In negotiation between the enforcement authority and LVV: the discloser has accepted.
const NEGOTIATED: &str = "SOT-2026-003";

const ENFORCEMENT: &str = "9900005-0";

impl House {
    /// Why an act is refused.
    async fn is_refused(&self, token: &str, name: &str, answer: &str, input: Value) -> Vec<String> {
        refusals(&self.data(token, &act(name, answer), json!({ "input": input })).await)
    }

    /// Names a processor, as the discloser does.
    async fn names(&self, token: &str, number: &str, processor: &str) {
        let input = json!({"id": id_of(self, number).await, "organisation": processor, "role": "PROCESSOR"});
        self.does(token, "addAgreementParty", "agreement { version }", input).await;
    }

    /// Content an agreement shows, or null.
    async fn content_of(&self, token: &str, number: &str) -> Value {
        let query = "query($number: String!) { agreement(number: $number) { contentHash } }";
        self.data(token, query, json!({ "number": number })).await["agreement"]["contentHash"].clone()
    }

    /// Accepts a content that another has seen.
    async fn accepts_as_seen_by(&self, token: &str, other: &str, number: &str) -> Vec<String> {
        let seen = self.content_seen(other, number).await;
        let input = json!({"id": seen["id"], "version": seen["version"], "contentHash": seen["contentHash"]});
        self.is_refused(token, "acceptAgreement", "agreement { id }", input).await
    }

    async fn revokes(&self, token: &str, number: &str, version: i32) -> Value {
        let input = json!({"id": id_of(self, number).await, "version": version, "reason": "Muutostarve."});
        self.does(token, "revokeSignature", "agreement { status awaits }", input).await["agreement"].clone()
    }
}

on_both_engines! {
    async fn provision_both_agreed_on_carries_nothing_once_one_takes_that_back(house: House) {
        const BASIS: &str = "basis { id adequacy history { adequacy } }";
        let (thl, lvv) = (house.officer_of(THL), house.officer_of(LVV));
        let added = json!({"id": id_of(&house, SIGNED).await, "citation": "1224/2004 19 luku 6 §", "role": "RIGHT_TO_PROCESS"});
        let basis = house.does(&lvv, "addAgreementBasis", BASIS, added).await["basis"]["id"].clone();
        let review = json!({"id": basis, "adequacy": "ADEQUATE", "note": "Kattaa käsittelyn."});
        let early = house.is_refused(&lvv, "reviewAgreementBasis", BASIS, review.clone()).await;
        assert_eq!(early, ["CONTENT_NOT_AGREED input.id"], "only one side has agreed to nothing more");
        done(house.accepts(&lvv, SIGNED).await);
        done(house.accepts(&thl, SIGNED).await);
        assert_eq!(house.does(&lvv, "reviewAgreementBasis", BASIS, review.clone()).await["basis"]["adequacy"], "ADEQUATE");

        let taken_back = house.revokes(&thl, SIGNED, 2).await;
        assert_eq!(taken_back, json!({"status": "SIGNED", "awaits": ["RECIPIENT"]}), "the first version stands signed");
        let query = "query($number: String!) { agreement(number: $number) { bases { role adequacy reviewedAt } } }";
        let seen = house.data(&lvv, query, json!({"number": SIGNED})).await;
        let adequacies: Vec<&Value> = seen["agreement"]["bases"].as_array().unwrap().iter().map(|basis| &basis["adequacy"]).collect();
        let unreviewed = seen["agreement"]["bases"].as_array().unwrap().iter().find(|basis| basis["role"] == "RIGHT_TO_PROCESS").unwrap();
        assert_eq!((&unreviewed["adequacy"], &unreviewed["reviewedAt"]), (&json!("UNREVIEWED"), &Value::Null));
        assert_eq!(adequacies.iter().filter(|adequacy| **adequacy == "UNREVIEWED").count(), 1, "and only that: {seen}");
        let again = house.is_refused(&lvv, "reviewAgreementBasis", BASIS, review.clone()).await;
        assert_eq!(again, ["CONTENT_NOT_AGREED input.id"]);
        done(house.accepts(&thl, SIGNED).await);
        assert_eq!(house.does(&lvv, "reviewAgreementBasis", BASIS, review).await["basis"]["history"], json!([
            {"adequacy": "UNREVIEWED"}, {"adequacy": "ADEQUATE"}, {"adequacy": "UNREVIEWED"}, {"adequacy": "ADEQUATE"},
        ]));
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn processor_named_by_the_discloser_serves_the_recipient_once_both_agreed(house: House) {
        let (bailiff, lvv) = (house.officer_of(ENFORCEMENT), house.officer_of(LVV));
        house.names(&lvv, NEGOTIATED, THL).await;
        let of_discloser = house.token_as("operator", LVV, &[Officer], Some(THL));
        let of_recipient = house.token_as("helper", ENFORCEMENT, &[Officer], Some(THL));
        assert!(house.content_of(&of_discloser, NEGOTIATED).await.is_string(), "who names it may let it act at once");
        let hidden = "query($number: String!) { agreement(number: $number) { id } }";
        let seen = house.ask(&of_recipient, hidden, json!({"number": NEGOTIATED})).await;
        assert_eq!(seen["data"]["agreement"], Value::Null, "the recipient has agreed to no processor: {seen}");
        assert_eq!(house.accepts_as_seen_by(&of_recipient, &bailiff, NEGOTIATED).await, ["NOT_FOUND input.id"]);
        done(house.accepts(&lvv, NEGOTIATED).await);
        done(house.accepts(&bailiff, NEGOTIATED).await);
        assert!(house.content_of(&of_recipient, NEGOTIATED).await.is_string());
        assert_eq!(done(house.signs(&of_recipient, NEGOTIATED, &paper("a")).await)["agreement"]["status"], "NEGOTIATION");
        assert_whole(&house.app).await;
    }

    async fn nobody_speaks_for_both_sides_not_even_through_a_processor(house: House) {
        let lvv = house.officer_of(LVV);
        house.names(&lvv, NEGOTIATED, THL).await;
        done(house.accepts(&house.token_as("matti", ENFORCEMENT, &[Officer], None), NEGOTIATED).await);
        let same = house.token_as("matti", LVV, &[Officer], Some(THL));
        assert_eq!(refusals(&house.accepts(&same, NEGOTIATED).await), ["CONFLICT input.id"]);
        let another = house.token_as("maija", LVV, &[Officer], Some(THL));
        assert_eq!(done(house.accepts(&another, NEGOTIATED).await)["agreement"]["awaits"], json!([]));
        assert_whole(&house.app).await;
    }

    async fn nobody_reviews_a_statement_that_they_submitted_for_the_other_side(house: House) {
        const STATEMENT: &str = "statement { id status }";
        let both = |organisation| house.token_as("matti", organisation, &[Officer], None);
        let (city, kela) = (both(PIRKANMAA), both(KELA));
        answerable(&house, &city).await;
        let account = json!({"register": "KELMU", "discloser": KELA, "channel": "TECHNICAL_INTERFACE", "datedOn": "2026-10-01", "recipientCollectsLogs": true, "answers": all_yes()});
        let id = house.does(&city, "submitProtectionStatement", STATEMENT, account).await["statement"]["id"].clone();
        for action in ["START", "APPROVE", "RETURN"] {
            let text = (action == "RETURN").then_some("Liite puuttuu.");
            let own = house.is_refused(&kela, "reviewProtectionStatement", STATEMENT, json!({"id": id, "action": action, "decisionText": text})).await;
            assert_eq!(own, ["CONFLICT input.id"], "{action}");
        }
        let approved = json!({"id": id, "action": "APPROVE"});
        assert_eq!(house.does(&house.officer_of(KELA), "reviewProtectionStatement", STATEMENT, approved).await["statement"]["status"], "APPROVED");
        assert_whole(&house.app).await;
    }

    async fn applicants_processor_decides_no_right_of_its_principal(house: House) {
        const RIGHT: &str = "right { id status }";
        let applied = json!({"themes": ["M1"], "application": "DVV/VALT/2026/9"});
        let tampere = house.officer_of("0211675-2");
        let rights = house.does(&tampere, "applyMandatingRight", "rights { id }", applied).await["rights"].clone();
        let decision = json!({"id": rights[0]["id"], "decision": "GRANT"});
        let through = house.token_as("matti", DVV, &[Officer], Some("0211675-2"));
        let refused = house.is_refused(&through, "decideMandatingRight", RIGHT, decision.clone()).await;
        assert_eq!(refused, ["NOT_FOUND input.id"], "a processor knows nothing of rights, whomever it serves");
        assert_eq!(house.does(&house.officer_of(DVV), "decideMandatingRight", RIGHT, decision).await["right"]["status"], "GRANTED");
    }

    async fn suspended_agreement_resumes_only_on_law_that_stands(house: House) {
        const AGREEMENT: &str = "agreement { status }";
        let (kela, number) = (house.officer_of(KELA), "KEL-2023-014");
        let id = json!({"id": id_of(&house, number).await});
        house.does(&kela, "suspendAgreement", AGREEMENT, json!({"id": id["id"], "reason": "MISUSE"})).await;
        let query = "{ agreement(number: \"KEL-2023-014\") { bases { role legalBasis { id } } } }";
        let bases = house.data(&kela, query, json!({})).await["agreement"]["bases"].clone();
        for basis in bases.as_array().unwrap().iter().filter(|basis| basis["role"].as_str().unwrap().starts_with("RIGHT_TO_")) {
            let repealed = json!({"id": basis["legalBasis"]["id"], "note": "Kumottu."});
            let refused = house.is_refused(&house.token(DVV, Administrator), "repealLegalBasis", "legalBasis { id }", repealed).await;
            assert!(refused.is_empty() || refused == ["WRONG_STATUS input.id"], "it is repealed, or had ended: {refused:?}");
        }
        let refused = house.is_refused(&kela, "resumeAgreement", AGREEMENT, id).await;
        assert_eq!(refused, ["NO_LEGAL_BASIS input.id"]);
        let state = "query($number: String!) { agreement(number: $number) { status } }";
        assert_eq!(house.data(&house.token(KELA, System), state, json!({"number": number})).await["agreement"]["status"], "SUSPENDED");
        assert_whole(&house.app).await;
    }

    async fn same_paper_held_by_both_sides_comes_in_again_as_it_went_out(house: House) {
        let (bailiff, lvv) = (house.officer_of(ENFORCEMENT), house.officer_of(LVV));
        done(house.accepts(&bailiff, NEGOTIATED).await);
        for officer in [&lvv, &bailiff] {
            done(house.signs(officer, NEGOTIATED, &paper("a")).await);
        }
        let owners = "query($number: String!) { agreement(number: $number) { signatures { nodes { act document { sha256 } } } } }";
        let seen = house.data(&lvv, owners, json!({"number": NEGOTIATED})).await;
        let signed = seen["agreement"]["signatures"]["nodes"].as_array().unwrap().iter().filter(|row| row["act"] == "SIGNED");
        assert_eq!(signed.filter(|row| row["document"]["sha256"] == "a".repeat(64)).count(), 2);
        assert_exported(&house).await;
        assert_whole(&house.app).await;
    }
}
