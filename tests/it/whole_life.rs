//! The two ways of the source documents, played by officers of both sides from nothing to open and back: Kela comes to see
//! the register of care providers, a city comes into Kela's benefit service. At each step somebody tries the next one early.

use api::{
    auth::Role::{Administrator, Officer, System},
    clock::Clock,
};
use chrono::Days;
use entity::vocabulary::helsinki_day;
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{DVV, House, KELA, LVV},
    on_both_engines,
    registry_acts::{act, done, refusals},
    reports::assert_whole,
    signing::paper,
    statement_life::{all_yes, answerable, assert_exported},
};

/// City that is not in the sample world.
const TURKU: &str = "0204819-8";

/// Document of evidence whose hash is one digit, repeated.
fn evidence(title: &str, digit: &str) -> Value {
    json!({"title": title, "sha256": digit.repeat(64), "mediaType": "application/pdf"})
}

fn days_from_now(days: u64) -> Value {
    json!(helsinki_day(Clock::default().now()).checked_add_days(Days::new(days)).unwrap())
}

impl House {
    /// Payload of an act that is not refused.
    pub async fn does(&self, token: &str, name: &str, answer: &str, input: Value) -> Value {
        done(self.data(token, &act(name, answer), json!({ "input": input })).await)
    }

    /// Codes by which an act is refused.
    async fn may_not(&self, token: &str, name: &str, answer: &str, input: Value) -> Vec<String> {
        let body = self.ask(token, &act(name, answer), json!({ "input": input })).await;
        if body["errors"].as_array().is_some_and(|errors| !errors.is_empty()) {
            return crate::house::codes(&body);
        }
        let refused = refusals(&body["data"]);
        refused.iter().map(|refusal| refusal.split(' ').next().unwrap().to_owned()).collect()
    }

    async fn id_of(&self, token: &str, number: &str) -> Value {
        let query = "query($number: String!) { agreement(number: $number) { id } }";
        self.data(token, query, json!({ "number": number })).await["agreement"]["id"].clone()
    }

    /// State an agreement amounts to, and what blocks it.
    async fn state(&self, token: &str, number: &str) -> (String, Vec<String>) {
        let query =
            "query($number: String!) { agreement(number: $number) { effectiveStatus { state blockers { code } } } }";
        let seen = self.data(token, query, json!({ "number": number })).await;
        let status = &seen["agreement"]["effectiveStatus"];
        (status["state"].as_str().unwrap().to_owned(), texts(&status["blockers"], "code"))
    }

    /// Steps of adoption that are done.
    async fn steps_done(&self, token: &str, number: &str) -> Vec<String> {
        let query = "query($number: String!) { agreement(number: $number) { adoptionSteps { code state } } }";
        let seen = self.data(token, query, json!({ "number": number })).await;
        let steps = seen["agreement"]["adoptionSteps"].as_array().unwrap();
        let done = steps.iter().filter(|step| step["state"] == "DONE");
        done.map(|step| step["code"].as_str().unwrap().to_owned()).collect()
    }

    /// Verdict and reasons a recipient hears.
    async fn heard(&self, organisation: &str, question: &Value) -> (String, Vec<String>) {
        let answer = self.data(&self.token(organisation, System), DECISION, json!({ "input": question })).await;
        let decision = &answer["accessDecision"];
        let mut reasons = texts(&decision["reasons"], "code");
        reasons.dedup();
        (decision["verdict"].as_str().unwrap().to_owned(), reasons)
    }

    /// Provisions put under an agreement, and each found adequate.
    async fn rests_on(&self, officer: &str, agreement: &Value, bases: &[(&str, &str)]) {
        for (citation, role) in bases {
            let input = json!({"id": agreement, "citation": citation, "role": role});
            let added = self.does(officer, "addAgreementBasis", "basis { id }", input).await;
            let review = json!({"id": added["basis"]["id"], "adequacy": "ADEQUATE", "note": "Tarkistettu sanamuoto."});
            self.does(officer, "reviewAgreementBasis", "basis { adequacy }", review).await;
        }
    }

    /// Account of data protection given by the recipient and approved by the discloser, after it returned it once.
    async fn is_accounted_for(&self, recipient: &str, discloser: &str, account: Value) {
        const STATEMENT: &str = "statement { id status }";
        answerable(self, recipient).await;
        let given = self.does(recipient, "submitProtectionStatement", STATEMENT, account.clone()).await;
        let id = given["statement"]["id"].clone();
        let own = self
            .may_not(recipient, "reviewProtectionStatement", STATEMENT, json!({"id": id, "action": "APPROVE"}))
            .await;
        assert_eq!(own, ["FORBIDDEN"], "nobody reviews its own account");
        let returned = json!({"id": id, "action": "RETURN", "decisionText": "Liite puuttuu."});
        self.does(discloser, "reviewProtectionStatement", STATEMENT, returned).await;
        let mut completed = account;
        completed["datedOn"] = days_from_now(0);
        let again = self.does(recipient, "submitProtectionStatement", STATEMENT, completed).await;
        let approve = json!({"id": again["statement"]["id"], "action": "APPROVE", "discloserLogConfirmed": true});
        let approved = self.does(discloser, "reviewProtectionStatement", STATEMENT, approve).await;
        assert_eq!(approved["statement"]["status"], "APPROVED");
    }

    /// Scope implemented by one officer and tested by another.
    async fn is_built(&self, officer: &str, tester: &str, scope: &Value) {
        const SCOPE: &str = "scope { status }";
        let report = evidence("Testausraportti", "7");
        let early = json!({"id": scope, "evidence": report});
        assert_eq!(self.may_not(tester, "markScopeTested", SCOPE, early.clone()).await, ["WRONG_STATUS"]);
        self.does(officer, "markScopeImplemented", SCOPE, json!({"id": scope, "structureVersion": "1.3"})).await;
        assert_eq!(
            self.may_not(officer, "markScopeTested", SCOPE, early.clone()).await,
            ["CONFLICT"],
            "who built it does not test it"
        );
        self.does(tester, "markScopeTested", SCOPE, early).await;
    }
}

on_both_engines! {
    async fn kela_comes_to_see_the_register_of_care_providers_and_leaves_it(house: House) {
        const NUMBER: &str = "SOT-2026-100";
        const AGREEMENT: &str = "agreement { id status }";
        let (kela, lvv) = (house.officer_of(KELA), house.officer_of(LVV));
        let tester = house.token_as("tester-of-lvv", LVV, &[Officer], None);
        let question = json!({"register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING", "channel": "VIEWING_CONNECTION",
            "caseReference": "Kela 12/2026", "endUser": "kela-user-9", "agreement": NUMBER});

        // Do we have a right? (R31–R36, R65)
        let asked = json!({"organisation": KELA, "register": "SOTERI", "purpose": "TARIFF_SETTING"});
        let rights = house.data(&kela, "query($input: EntitlementsInput!) { entitlements(input: $input) { nodes { legalBasis { citation } } contact { email } } }", json!({"input": asked})).await;
        let found = &rights["entitlements"]["nodes"];
        assert!(found.as_array().unwrap().iter().all(|node| node["legalBasis"]["citation"] == "741/2023 47 § 1 mom 1 k"), "{found}");
        let inquiry = json!({"register": "SOTERI", "purpose": "TARIFF_SETTING", "claimedProvisions": ["741/2023 47 § 1 mom 1 k"], "message": "Voimmeko katsella yksiköitä taksojen määräämistä varten?"});
        let inquiry = house.does(&kela, "askLegalBasis", "inquiry { id status }", inquiry).await["inquiry"].clone();
        let answer = json!({"id": inquiry["id"], "answer": "Kyllä, sopimus laaditaan.", "provisions": ["741/2023 47 § 1 mom 1 k"]});
        assert_eq!(house.may_not(&kela, "answerInquiry", "inquiry { status }", answer.clone()).await, ["FORBIDDEN"]);
        house.does(&lvv, "answerInquiry", "inquiry { status }", answer).await;

        // An agreement, and the law it rests on (R35, R44).
        let draft = json!({"number": NUMBER, "recipient": KELA, "register": "SOTERI", "startsOn": days_from_now(0)});
        house.does(&lvv, "createAgreement", AGREEMENT, draft).await;
        let id = house.id_of(&lvv, NUMBER).await;
        assert_eq!(house.may_not(&lvv, "confirmAgreementBasis", AGREEMENT, json!({"id": id})).await, ["NO_LEGAL_BASIS"]);
        house.rests_on(&lvv, &id, &[("741/2023 47 § 1 mom 1 k", "RIGHT_TO_DISCLOSE"), ("741/2023 47 § 1 mom 1 k", "SECRECY_OVERRIDE"),
            ("741/2023 47 § 2 mom", "PROCEDURE"), ("906/2019 22 § 1 mom", "MODE"), ("906/2019 23 §", "MODE")]).await;
        assert_eq!(house.may_not(&kela, "confirmAgreementBasis", AGREEMENT, json!({"id": id})).await, ["FORBIDDEN"], "the discloser records the law");
        house.does(&lvv, "confirmAgreementBasis", AGREEMENT, json!({"id": id})).await;

        // Content from the law, viewing at first (R6, R7, R39, R40, R43).
        assert!(house.may_not(&lvv, "offerAgreement", AGREEMENT, json!({"id": id})).await.contains(&"SCOPE_MISSING".to_owned()));
        let item = |code: &str| json!({"item": code, "population": "ALL", "bases": ["741/2023 47 § 1 mom 1 k"]});
        let viewing = json!({"agreement": NUMBER, "channel": "VIEWING_CONNECTION", "regularity": "RECURRING_FIXED", "purposes": ["TARIFF_SETTING"],
            "necessityCheck": "CASE_REFERENCE", "modeJustification": "TECHNICALLY_INAPPROPRIATE", "modeJustificationText": "Rajapintaa ei vielä ole.",
            "admission": "GRANT", "plannedOn": days_from_now(30), "items": [item("SOT.UNIT"), item("SOT.SERVICE")]});
        let mut too_much = viewing.clone();
        too_much["items"] = json!([item("SOT.UNIT"), item("SOT.RESPONSIBLE")]);
        assert!(house.may_not(&lvv, "defineScope", "scope { id }", too_much).await.contains(&"NOT_ENTITLED".to_owned()));
        let mut unjustified = viewing.clone();
        unjustified["modeJustification"] = Value::Null;
        unjustified["modeJustificationText"] = Value::Null;
        assert!(house.may_not(&lvv, "defineScope", "scope { id }", unjustified).await.contains(&"MODE_NOT_JUSTIFIED".to_owned()));
        let scope = house.does(&lvv, "defineScope", "scope { id }", viewing).await["scope"]["id"].clone();
        house.does(&lvv, "planAdoptionStep", "agreement { id }", json!({"agreement": NUMBER, "step": "CONTENT_IMPLEMENTED", "plannedOn": days_from_now(20)})).await;
        house.does(&lvv, "offerAgreement", AGREEMENT, json!({"id": id})).await;

        // Agreed and signed by both (R43, R54).
        assert_eq!(house.may_not(&lvv, "activateAgreement", AGREEMENT, json!({"id": id})).await, ["WRONG_STATUS"]);
        done(house.accepts(&lvv, NUMBER).await);
        done(house.accepts(&kela, NUMBER).await);
        done(house.signs(&lvv, NUMBER, &paper("a")).await);
        assert_eq!(house.state(&kela, NUMBER).await.0, "PREPARING");
        done(house.signs(&kela, NUMBER, &paper("b")).await);

        // Built and tested; the account of data protection, also for viewing (R5, R8, R41).
        house.is_built(&lvv, &tester, &scope).await;
        assert_eq!(house.may_not(&lvv, "openScope", "scope { id }", json!({"id": scope})).await.first().map(String::as_str), Some("AGREEMENT_NOT_IN_FORCE"));
        let account = json!({"register": "SOTERI", "discloser": LVV, "channel": "VIEWING_CONNECTION", "datedOn": "2026-10-01", "recipientCollectsLogs": false, "answers": all_yes()});
        house.is_accounted_for(&kela, &lvv, account).await;
        house.does(&lvv, "activateAgreement", AGREEMENT, json!({"id": id})).await;
        assert_eq!(house.heard(KELA, &question).await.0, "DENIED", "in force, and nothing is open yet");
        house.does(&lvv, "openScope", "scope { status }", json!({"id": scope})).await;
        assert_eq!(house.heard(KELA, &question).await, ("DENIED".to_owned(), vec!["ACCESS_GRANT_MISSING".to_owned()]));

        // The supervisor decides who sees (R19–R21).
        let grant = |user: &str, decided_by: &str| json!({"scope": scope, "endUser": user, "task": "Taksojen valmistelu", "decidedBy": decided_by});
        assert_eq!(house.may_not(&lvv, "grantAccess", "accessGrant { id }", grant("kela-user-9", "kela-supervisor-1")).await, ["FORBIDDEN"]);
        assert_eq!(house.may_not(&kela, "grantAccess", "accessGrant { id }", grant("kela-user-9", "kela-user-9")).await, ["CONFLICT"]);
        let granted = house.does(&kela, "grantAccess", "accessGrant { id }", grant("kela-user-9", "kela-supervisor-1")).await["accessGrant"]["id"].clone();
        assert_eq!(house.heard(KELA, &question).await, ("PERMITTED".to_owned(), vec![]));
        for (member, other) in [("purpose", "CHILD_CARE_ALLOWANCE"), ("endUser", "kela-user-8"), ("items", "SOT.STAFF")] {
            let mut neighbour = question.clone();
            neighbour[member] = if member == "items" { json!([other]) } else { json!(other) };
            assert_eq!(house.heard(KELA, &neighbour).await.0, "DENIED", "{member}");
        }

        // And back: the grant, the scope, the agreement (R20, R53).
        house.does(&kela, "revokeAccess", "accessGrant { id }", json!({"id": granted, "reason": "JOB_CHANGE"})).await;
        assert_eq!(house.heard(KELA, &question).await.1, ["ACCESS_GRANT_MISSING"]);
        house.does(&kela, "grantAccess", "accessGrant { id }", grant("kela-user-9", "kela-supervisor-2")).await;
        house.does(&lvv, "suspendScope", "scope { status }", json!({"id": scope, "reason": "ANOMALY"})).await;
        assert_eq!(house.heard(KELA, &question).await.1, ["CHANNEL_NOT_OPEN"]);
        house.does(&lvv, "resumeScope", "scope { status }", json!({"id": scope})).await;
        assert_eq!(house.heard(KELA, &question).await.0, "PERMITTED");
        house.does(&kela, "terminateAgreement", AGREEMENT, json!({"id": id, "reason": "NOTICE", "note": "Tarve päättyi."})).await;
        assert_eq!(house.heard(KELA, &question).await.0, "DENIED");
        assert_eq!(house.state(&lvv, NUMBER).await.0, "ENDED");
        for (name, input) in [("terminateAgreement", json!({"id": id, "reason": "NOTICE"})), ("activateAgreement", json!({"id": id})), ("suspendAgreement", json!({"id": id, "reason": "MISUSE"}))] {
            assert_eq!(house.may_not(&lvv, name, AGREEMENT, input).await, ["WRONG_STATUS"], "{name}");
        }
        assert_eq!(house.may_not(&lvv, "openScope", "scope { id }", json!({"id": scope})).await.first().map(String::as_str), Some("WRONG_STATUS"));
        assert_exported(&house).await;
        assert_whole(&house.app).await;
    }

    async fn city_comes_into_the_benefit_service_and_leaves_it(house: House) {
        const NUMBER: &str = "KEL-2026-200";
        const AGREEMENT: &str = "agreement { id status }";
        let administrator = house.token(KELA, Administrator);
        let city = json!({"businessId": TURKU, "name": {"fi": "Turun kaupunki", "sv": "Åbo stad"}, "kind": "MUNICIPALITY", "authorityStatus": "AUTHORITY", "municipalityCode": "853"});
        house.does(&administrator, "registerOrganisation", "organisation { id }", city).await;
        let (turku, kela, dvv) = (house.officer_of(TURKU), house.officer_of(KELA), house.officer_of(DVV));
        let tester = house.token_as("tester-of-kela", KELA, &[Officer], None);
        let question = json!({"register": "KELMU", "items": ["KEL.CHILDCARE_LIST.AMOUNT"], "operation": "LIST", "purpose": "CHILD_CARE_ALLOWANCE", "channel": "TECHNICAL_INTERFACE",
            "caseReference": "Turku 3/2026", "mandates": ["M3"]});
        assert_eq!(house.heard(TURKU, &question).await, ("DENIED".to_owned(), vec!["NO_AGREEMENT".to_owned()]));

        // A municipality has the lists, and no longer the rest (R33, R36, R39).
        let finder = "query($input: EntitlementsInput!) { entitlements(input: $input) { nodes { item } alternatives { kind } contact { email } } }";
        let asked = json!({"organisation": TURKU, "register": "KELMU", "purpose": "SOCIAL_ASSISTANCE"});
        let rights = house.data(&turku, finder, json!({"input": asked})).await["entitlements"].clone();
        assert_eq!(rights["nodes"], json!([]));
        assert!(!rights["alternatives"].as_array().unwrap().is_empty(), "{rights}");
        assert_eq!(rights["contact"]["email"], "tiedonvalitys@kela.example");

        let draft = json!({"number": NUMBER, "recipient": TURKU, "register": "KELMU", "startsOn": days_from_now(0)});
        assert_eq!(house.may_not(&turku, "createAgreement", AGREEMENT, draft.clone()).await, ["CONFLICT", "CONFLICT"], "the controller drafts");
        house.does(&kela, "createAgreement", AGREEMENT, draft).await;
        let id = house.id_of(&kela, NUMBER).await;
        house.rests_on(&kela, &id, &[("1128/1996 24 § 1 mom", "RIGHT_TO_DISCLOSE"), ("621/1999 29 § 1 mom 1 k", "SECRECY_OVERRIDE")]).await;
        house.does(&kela, "confirmAgreementBasis", AGREEMENT, json!({"id": id})).await;
        let list = |code: &str| json!({"item": code, "operation": "LIST", "population": "OWN_MUNICIPALITY", "bases": ["1128/1996 24 § 1 mom"], "mandates": ["M3"]});
        let lists = json!({"agreement": NUMBER, "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED", "purposes": ["CHILD_CARE_ALLOWANCE"],
            "necessityCheck": "CASE_REFERENCE", "admission": "MANDATE", "plannedOn": days_from_now(30), "items": [list("KEL.CHILDCARE_LIST")]});
        let mut too_much = lists.clone();
        too_much["items"] = json!([list("KEL.DECISION")]);
        assert!(house.may_not(&kela, "defineScope", "scope { id }", too_much).await.contains(&"NOT_ENTITLED".to_owned()));
        let scope = house.does(&kela, "defineScope", "scope { id }", lists).await["scope"]["id"].clone();
        house.does(&kela, "planAdoptionStep", "agreement { id }", json!({"agreement": NUMBER, "step": "CONTENT_IMPLEMENTED", "plannedOn": days_from_now(20)})).await;
        house.does(&kela, "offerAgreement", AGREEMENT, json!({"id": id})).await;
        for officer in [&turku, &kela] {
            done(house.accepts(officer, NUMBER).await);
        }
        for (officer, digit) in [(&turku, "c"), (&kela, "d")] {
            done(house.signs(officer, NUMBER, &paper(digit)).await);
        }
        house.is_built(&kela, &tester, &scope).await;
        let account = json!({"register": "KELMU", "discloser": KELA, "channel": "TECHNICAL_INTERFACE", "datedOn": "2026-10-01", "recipientCollectsLogs": true, "answers": all_yes()});
        house.is_accounted_for(&turku, &kela, account).await;
        house.does(&kela, "activateAgreement", AGREEMENT, json!({"id": id})).await;

        // The right to mandate, from the keeper of the theme (R42, R47–R52); a lookalike opens nothing.
        assert!(house.may_not(&kela, "openScope", "scope { id }", json!({"id": scope})).await.contains(&"MANDATING_RIGHT_MISSING".to_owned()));
        let applied = house.does(&turku, "applyMandatingRight", "rights { id theme { code } }", json!({"themes": ["M3", "M6"], "application": "DVV/VALT/2026/9"})).await;
        let rights = applied["rights"].as_array().unwrap().clone();
        for (theme, decision) in [("M6", "GRANT"), ("M3", "GRANT")] {
            let missing = house.may_not(&kela, "openScope", "scope { id }", json!({"id": scope, "validateOnly": true})).await;
            assert!(missing.contains(&"MANDATING_RIGHT_MISSING".to_owned()), "before {theme}");
            let right = rights.iter().find(|right| right["theme"]["code"] == theme).unwrap();
            let input = json!({"id": right["id"], "decision": decision});
            assert_eq!(house.may_not(&turku, "decideMandatingRight", "right { id }", input.clone()).await, ["FORBIDDEN"]);
            house.does(&dvv, "decideMandatingRight", "right { id }", input).await;
        }
        house.does(&kela, "openScope", "scope { status }", json!({"id": scope})).await;
        let instructed = json!({"agreement": NUMBER, "step": "EMPLOYEES_INSTRUCTED"});
        assert_eq!(house.may_not(&turku, "declareAdoptionStep", "agreement { id }", instructed.clone()).await, ["CONTACT_MISSING"]);
        let grantor = json!({"role": "MANDATE_GRANTOR", "topics": ["SERVICE_USE"], "name": {"fi": "Valtuudet"}, "email": "valtuudet@turku.example", "languages": ["FI"], "priority": 1});
        house.does(&turku, "appointContact", "contact { id }", grantor).await;
        house.does(&turku, "declareAdoptionStep", "agreement { id }", instructed).await;
        house.does(&turku, "declareAdoptionStep", "agreement { id }", json!({"agreement": NUMBER, "step": "MANDATES_GRANTED"})).await;
        assert_eq!(house.steps_done(&turku, NUMBER).await.len(), 12, "each of the twelve steps");
        assert_eq!(house.heard(TURKU, &question).await, ("PERMITTED".to_owned(), vec![]));
        for (member, other) in [("mandates", json!(["M6"])), ("items", json!(["KEL.DECISION"])), ("operation", json!("READ")), ("caseReference", Value::Null)] {
            let mut neighbour = question.clone();
            neighbour[member] = other;
            assert_eq!(house.heard(TURKU, &neighbour).await.0, "DENIED", "{member}");
        }

        // And back: a statement taken back blocks at that instant, notice ends it.
        house.does(&kela, "suspendAgreement", AGREEMENT, json!({"id": id, "reason": "MISUSE"})).await;
        assert_eq!(house.heard(TURKU, &question).await.1, ["AGREEMENT_NOT_IN_FORCE"]);
        house.does(&kela, "resumeAgreement", AGREEMENT, json!({"id": id})).await;
        let later = days_from_now(40);
        house.does(&turku, "terminateAgreement", "agreement { status endsOn }", json!({"id": id, "reason": "NOTICE", "on": later})).await;
        assert_eq!(house.heard(TURKU, &question).await.0, "PERMITTED", "until its last day");
        house.does(&kela, "terminateAgreement", AGREEMENT, json!({"id": id, "reason": "MUTUAL", "note": "Heti."})).await;
        assert_eq!(house.heard(TURKU, &question).await.0, "DENIED");
        assert_eq!(house.state(&turku, NUMBER).await.0, "ENDED");
        assert_exported(&house).await;
        assert_whole(&house.app).await;
    }
}
