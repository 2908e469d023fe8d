//! Succession: whoever took a body's place stands where it stood, in the registry, in decisions, in the log and in the
//! counts; and a processor only where an agreement names it.

use api::{auth::Role, scale::business_id};
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{DVV, House, KELA, LVV, PIRKANMAA, TAMPERE, THL, codes},
    on_both_engines,
    reports::{faults, report, with},
};

const LIST: &str = "query List($filter: DisclosureFilter) { disclosures(first: 100, filter: $filter) {
    nodes { messageId subjectKind subjectPseudonym discloser { businessId } recipient { businessId } } } }";

/// Question KEL-2021-031 permits its recipient.
fn childcare_list(recipient: &str) -> Value {
    json!({"recipient": recipient, "register": "KELMU", "items": ["KEL.CHILDCARE_LIST"], "purpose": "CHILD_CARE_ALLOWANCE",
        "channel": "OTHER", "operation": "LIST", "mandates": ["M3"]})
}

impl House {
    /// Dissolves an organisation whose place another takes.
    pub async fn succeed(&self, dissolved: &str, successor: &str) {
        assert_eq!(self.dissolved(dissolved, successor).await, Vec::<Value>::new());
    }

    /// Faults of dissolving an organisation.
    async fn dissolved(&self, dissolved: &str, successor: &str) -> Vec<Value> {
        let token = self.token(DVV, Role::Administrator);
        let id = format!("{{ organisation(businessId: \"{dissolved}\") {{ id }} }}");
        let id = self.data(&token, &id, json!({})).await["organisation"]["id"].clone();
        let dissolve = "mutation($input: DissolveOrganisationInput!) { dissolveOrganisation(input: $input) { userErrors { code path } } }";
        let input = json!({"input": {"id": id, "dissolvedOn": "2026-10-31", "successor": successor}});
        let payload = self.data(&token, dissolve, input).await["dissolveOrganisation"].clone();
        payload["userErrors"].as_array().unwrap().clone()
    }

    /// Registers a body of a kind; its business id.
    pub async fn founded(&self, kind: &str) -> String {
        let business_id = business_id(0).unwrap().to_string();
        let founded = json!({"businessId": business_id, "name": {"fi": "Uusi"}, "kind": kind, "authorityStatus": "AUTHORITY",
            "municipalityCode": (kind == "MUNICIPALITY").then_some("853"), "countyCode": (kind == "WELLBEING_COUNTY").then_some("04")});
        let administrator = self.token(DVV, Role::Administrator);
        self.does(&administrator, "registerOrganisation", "organisation { id }", founded).await;
        business_id
    }

    async fn decision(&self, token: &str, question: &Value) -> Value {
        self.data(token, DECISION, json!({"input": question})).await["accessDecision"].clone()
    }

    async fn rows_listed(&self, token: &str, filter: Value) -> Vec<Value> {
        let data = self.data(token, LIST, json!({"filter": filter})).await;
        data["disclosures"]["nodes"].as_array().unwrap().clone()
    }

    async fn count(&self, token: &str) -> Value {
        let query = "{ disclosureStatistics(input: {from: \"2025-01-01\", until: \"2027-01-01\", interval: TOTAL, groupBy: [REGISTER]}) {
            rows { keys { value } disclosures subjectCount } } }";
        self.data(token, query, json!({})).await["disclosureStatistics"]["rows"].clone()
    }
}

on_both_engines! {
    async fn successor_of_the_controller_discloses_decides_drafts_and_keeps_the_register(house: House) {
        house.succeed(KELA, THL).await;
        let (officer, system) = (house.token(THL, Role::Officer), house.token(THL, Role::System));
        let rows = house.recorded(&system, &[report("by the heir")]).await;
        assert_eq!((&rows[0]["coverage"], &rows[0]["agreement"]["number"]), (&json!("COVERED"), &json!("KEL-2023-014")));
        let now = house.app.gateway.clock.now().to_rfc3339();
        let about_to = with(report("about to"), json!({"occurredAt": now}));
        let authorised = house.authorise(&system, json!({"disclosure": about_to})).await;
        assert_eq!(authorised["disclosure"]["outcome"], "DELIVERED", "{authorised:#}");
        let late = house.recorded(&house.kela(), &[with(report("by the dissolved"), json!({"occurredAt": "2026-10-30T08:00:00Z"}))]).await;
        assert_eq!(late[0]["coverage"], "COVERED", "a late report of what it gave while it was");
        let stranger = house.record(&house.token(LVV, Role::System), &[report("by a stranger")]).await;
        assert_eq!(faults(&stranger), [("CONFLICT".to_owned(), "input.disclosures.0.register".to_owned())]);

        let question = json!({"recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_ASSISTANCE",
            "channel": "TECHNICAL_INTERFACE", "caseReference": "PIRHA/2026/1", "mandates": ["M1"]});
        assert_eq!(house.decision(&system, &question).await["verdict"], "PERMITTED");
        let scope = "{ accessScope(register: \"KELMU\", organisation: \"3221308-6\") { scopes { channel } } }";
        assert_eq!(house.data(&system, scope, json!({})).await["accessScope"]["scopes"].as_array().unwrap().len(), 2);
        let asked = house.ask(&house.token(LVV, Role::System), DECISION, json!({"input": question})).await;
        assert_eq!(codes(&asked), ["FORBIDDEN"]);

        let create = "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) {
            agreement { discloser { businessId } supersedes { number } } userErrors { code path } } }";
        let draft = json!({"input": {"number": "KEL-2026-071", "recipient": TAMPERE, "register": "KELMU", "supersedes": "KEL-2021-031"}});
        let drafted = house.data(&officer, create, draft).await["createAgreement"].clone();
        let agreement = json!({"discloser": {"businessId": THL}, "supersedes": {"number": "KEL-2021-031"}});
        assert_eq!(drafted, json!({"agreement": agreement, "userErrors": []}));
        let add = "mutation($input: AddDataItemInput!) { addDataItem(input: $input) { item { code } userErrors { code path } } }";
        let item = json!({"input": {"register": "KELMU", "code": "KEL.DECISION.GROUNDS", "name": {"fi": "Perustelut"}, "isPersonal": true}});
        assert_eq!(house.errors(&house.token(LVV, Role::Officer), add, item.clone()).await, ["FORBIDDEN"]);
        let added = house.data(&officer, add, item).await["addDataItem"].clone();
        assert_eq!(added, json!({"item": {"code": "KEL.DECISION.GROUNDS"}, "userErrors": []}));
    }

    async fn successor_corrects_what_its_predecessor_reported_and_nobody_corrects_twice(house: House) {
        let correction = |message_id: &str, of: &Value| with(report(message_id), json!({"outcome": "EMPTY", "corrects": of}));
        let wrong = house.recorded(&house.kela(), &[report("wrong"), report("wrong too")]).await;
        let counts = house.count(&house.token(KELA, Role::Officer)).await;
        house.succeed(KELA, THL).await;
        let heir = house.token(THL, Role::System);
        let right = house.recorded(&heir, &[correction("right", &json!("wrong")), correction("right too", &wrong[1]["id"])]).await;
        assert_eq!((&right[0]["correctsId"], &right[1]["correctsId"]), (&wrong[0]["id"], &wrong[1]["id"]));
        assert_eq!(house.count(&house.token(THL, Role::Officer)).await, counts, "the one is taken out where the other is put in");
        let earlier = json!({"occurredAt": "2026-10-30T08:00:00Z"});
        for (token, of) in [(&heir, json!("wrong")), (&house.kela(), wrong[1]["id"].clone())] {
            let again = house.record(token, &[with(correction("again", &of), earlier.clone())]).await;
            assert_eq!(faults(&again), [("CONFLICT".to_owned(), "input.disclosures.0.corrects".to_owned())]);
        }
        let back = house.record(&house.kela(), &[with(correction("back", &right[0]["id"]), earlier)]).await;
        assert_eq!(faults(&back), [("NOT_FOUND".to_owned(), "input.disclosures.0.corrects".to_owned())]);
    }

    async fn what_the_law_gives_to_a_kind_of_body_passes_only_to_such(house: House) {
        let list = |recipient: &str| childcare_list(recipient);
        assert_eq!(house.decision(&house.token(TAMPERE, Role::System), &list(TAMPERE)).await["verdict"], "PERMITTED");
        for (successor, code) in [("9900002-6", "PARTY_NOT_ACTIVE"), (KELA, "CONFLICT"), (TAMPERE, "CONFLICT")] {
            let refused = house.dissolved(TAMPERE, successor).await;
            assert!(refused.contains(&json!({"code": code, "path": ["input", "successor"]})), "{successor}: {refused:?}");
        }
        house.succeed(TAMPERE, "9900010-6").await;
        let heir = house.token("9900010-6", Role::System);
        let answer = house.decision(&heir, &list("9900010-6")).await;
        assert_eq!(answer["verdict"], "DENIED", "a company takes a city's duties, not what the law gives to cities");
        let reasons = texts(&answer["reasons"], "code");
        assert!(reasons.contains(&"NOT_ENTITLED".to_owned()) && reasons.contains(&"PROCESSING_RIGHT_MISSING".to_owned()), "{reasons:?}");
    }

    async fn message_id_of_two_predecessors_corrects_neither(house: House) {
        let theirs = json!({
            "recipient": KELA, "register": "VTJ", "items": ["VTJ.PERSON"], "purpose": "TARIFF_SETTING",
            "channel": "TECHNICAL_INTERFACE", "subject": { "count": 1 },
        });
        let wrong = house.recorded(&house.kela(), &[report("1")]).await;
        house.recorded(&house.token(DVV, Role::System), &[with(report("1"), theirs)]).await;
        house.succeed(KELA, THL).await;
        house.succeed(DVV, THL).await;
        let heir = house.token(THL, Role::System);
        let correction = |of: &Value| with(report("2"), json!({"outcome": "EMPTY", "corrects": of}));
        let refused = house.record(&heir, &[correction(&json!("1"))]).await;
        assert_eq!(faults(&refused), [("CONFLICT".to_owned(), "input.disclosures.0.corrects".to_owned())]);
        assert_eq!(house.recorded(&heir, &[correction(&wrong[0]["id"])]).await[0]["correctsId"], wrong[0]["id"]);
        let own = house.recorded(&heir, &[report("1"), with(report("3"), json!({"outcome": "EMPTY", "corrects": "1"}))]).await;
        assert_eq!(own[1]["correctsId"], own[0]["id"], "its own comes before all others");
    }

    async fn log_counts_and_journal_of_a_body_pass_to_its_successor(house: House) {
        house.recorded(&house.kela(), &[with(report("to the heir"), json!({"recipient": THL}))]).await;
        let (kela, thl) = (house.token(KELA, Role::Officer), house.token(THL, Role::Officer));
        let (log, counts) = (house.rows_listed(&kela, json!({})).await, house.count(&kela).await);
        assert_eq!(house.rows_listed(&thl, json!({})).await.len(), 1);
        house.succeed(KELA, THL).await;
        let inherited = house.rows_listed(&thl, json!({})).await;
        assert_eq!(inherited, log, "each row once, also what the one gave the other, and with its pseudonyms");
        assert!(inherited.iter().any(|row| row["subjectPseudonym"].is_string()));
        assert_eq!(house.count(&thl).await, counts);
        assert_eq!(house.count(&house.token(THL, Role::Auditor)).await, counts);
        let history = "{ agreement(number: \"KEL-2026-050\") { history { status } } }";
        let audited = house.data(&house.token(THL, Role::Auditor), history, json!({})).await;
        assert!(audited["agreement"]["history"].is_array(), "its auditors audit what it took over");
        let acts = "{ changes(first: 100) { nodes { subjectId } } }";
        let suspend = "mutation($input: SuspendAgreementInput!) { suspendAgreement(input: $input) { agreement { id } userErrors { code } } }";
        let id = house.data(&thl, "{ agreement(number: \"KEL-2021-031\") { id } }", json!({})).await["agreement"]["id"].clone();
        let suspended = house.data(&thl, suspend, json!({"input": {"id": id, "reason": "MISUSE"}})).await;
        assert_eq!(suspended["suspendAgreement"]["userErrors"], json!([]));
        let seen = house.data(&thl, acts, json!({})).await["changes"]["nodes"].clone();
        assert!(seen.as_array().unwrap().iter().any(|change| change["subjectId"] == id));
    }

    async fn grants_and_end_users_of_a_recipient_go_on_with_its_successor(house: House) {
        house.succeed(KELA, THL).await;
        let units = |user: &str| json!({"register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING",
            "channel": "VIEWING_CONNECTION", "endUser": user});
        let heir = house.token(THL, Role::System);
        let granted = house.decision(&heir, &units("kela-user-1")).await;
        assert_eq!((&granted["verdict"], &granted["agreement"]["number"]), (&json!("PERMITTED"), &json!("SOT-2026-001")));
        let other = house.decision(&heir, &units("kela-user-2")).await;
        assert_eq!((&other["verdict"], &other["reasons"][0]["code"]), (&json!("DENIED"), &json!("ACCESS_GRANT_MISSING")));
        let rows = house.rows_listed(&heir, json!({"endUser": "kela-user-1"})).await;
        assert!(!rows.is_empty() && rows.iter().all(|row| row["recipient"]["businessId"] == KELA), "{rows:#?}");
        assert!(house.rows_listed(&heir, json!({"endUser": "kela-user-nobody"})).await.is_empty());
    }

    async fn inherited_agreement_may_be_pinned_and_another_partys_may_not(house: House) {
        let turku = house.founded("MUNICIPALITY").await;
        house.succeed(TAMPERE, &turku).await;
        let pinned = |number: &str| with(childcare_list(&turku), json!({"agreement": number}));
        let heir = house.token(&turku, Role::Officer);
        let inherited = house.decision(&heir, &pinned("KEL-2021-031")).await;
        assert_eq!((&inherited["verdict"], &inherited["agreement"]["number"]), (&json!("PERMITTED"), &json!("KEL-2021-031")));
        for number in ["KEL-2020-009", "SOT-2026-001", "KEL-1999-001"] {
            let answer = house.ask(&heir, DECISION, json!({"input": pinned(number)})).await;
            assert_eq!(codes(&answer), ["INVALID_INPUT"], "{number}");
            assert_eq!(answer["errors"][0]["extensions"]["faults"][0]["path"], json!(["input", "agreement"]));
        }
    }

    async fn processor_rests_on_no_agreement_that_does_not_name_it(house: House) {
        // KEL-2023-014, which comes by succession, names the operator; KEL-2021-031 does not.
        house.succeed(PIRKANMAA, TAMPERE).await;
        let list = childcare_list(TAMPERE);
        assert_eq!(house.decision(&house.token(TAMPERE, Role::System), &list).await["verdict"], "PERMITTED");
        for principal in [TAMPERE, KELA] {
            let operator = house.token_of(principal, &[Role::System], Some(DVV));
            let through = house.decision(&operator, &list).await;
            assert_eq!((&through["verdict"], &through["agreement"]["number"]), (&json!("DENIED"), &json!("KEL-2023-014")), "{principal}");
            assert!(!through.to_string().contains("KEL-2021-031"), "{through:#}");
            let pinned = house.decision(&operator, &with(list.clone(), json!({"agreement": "KEL-2021-031"}))).await;
            assert_eq!((&pinned["reasons"][0]["code"], &pinned["scope"]), (&json!("NO_AGREEMENT"), &Value::Null), "{principal}");
            let scope = "{ accessScope(register: \"KELMU\", organisation: \"0211675-2\") { scopes { channel } } }";
            let scopes = house.data(&operator, scope, json!({})).await["accessScope"]["scopes"].clone();
            assert_eq!(texts(&scopes, "channel"), ["TECHNICAL_INTERFACE", "VIEWING_CONNECTION"], "{principal}");
        }
        let given = with(report("list"), json!({"recipient": TAMPERE, "items": ["KEL.CHILDCARE_LIST"], "purpose": "CHILD_CARE_ALLOWANCE",
            "channel": "OTHER", "operation": "LIST", "mandates": ["M3"], "subject": {"count": 3}}));
        let rows = house.recorded(&house.token_of(KELA, &[Role::System], Some(DVV)), std::slice::from_ref(&given)).await;
        assert_eq!((&rows[0]["coverage"], &rows[0]["agreement"]["number"]), (&json!("UNCOVERED"), &json!("KEL-2023-014")));
        let own = house.recorded(&house.kela(), &[with(given, json!({"messageId": "own list"}))]).await;
        assert_eq!((&own[0]["coverage"], &own[0]["agreement"]["number"]), (&json!("COVERED"), &json!("KEL-2021-031")));
    }
}
