//! The life of a scope: defined within the law, implemented, tested by another, opened, suspended, narrowed and closed;
//! each guard refused and then met.

use api::{
    auth::Role::{Administrator, Auditor, Officer, System},
    journal::CHANGE_ROWS_MAX,
    status,
};
use entity::vocabulary::{ScopeId, StatusSubject};
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{House, KELA, LVV, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, social_assistance, tried},
    reports::{assert_whole, with},
    statement_life::{all_yes, assert_exported},
};

pub const SCOPE: &str = "scope { id channel version status definedOn plannedOn admission retentionDays structureVersion
    purposes { code } items { code operation lookBackDays population citations { citation } mandates { code } }
    effectiveStatus { state } }";

/// Next version of the interface by which Kela is to see units.
pub fn units() -> Value {
    json!({"agreement": "SOT-2026-001", "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED",
        "purposes": ["BENEFIT_DECISION", "TARIFF_SETTING"], "necessityCheck": "CASE_REFERENCE", "plannedOn": "2099-01-01",
        "items": [{"item": "SOT.UNIT", "population": "ALL", "bases": ["741/2023 47 § 1 mom 1 k"]}]})
}

/// What Kela sees over the viewing connection, with fewer items.
fn fewer() -> Value {
    json!({"agreement": "SOT-2026-001", "channel": "VIEWING_CONNECTION", "regularity": "RECURRING_FIXED",
        "purposes": ["TARIFF_SETTING"], "necessityCheck": "CASE_REFERENCE", "modeJustification": "TECHNICALLY_INAPPROPRIATE",
        "modeJustificationText": "Rajapinta toteutetaan toisessa vaiheessa; sitä ennen tietoja katsotaan yksittäisin hauin.", "admission": "GRANT",
        "items": [{"item": "SOT.UNIT", "population": "ALL", "bases": ["741/2023 47 § 1 mom 1 k"]}]})
}

impl House {
    pub async fn define(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("defineScope", SCOPE), json!({ "input": input })).await
    }

    /// Scopes of an agreement as an officer of a side sees them.
    pub async fn scopes(&self, token: &str, number: &str) -> Vec<Value> {
        let query =
            "query($number: String!) { agreement(number: $number) { version scopes { id channel version status } } }";
        let seen = self.data(token, query, json!({ "number": number })).await;
        seen["agreement"]["scopes"].as_array().unwrap().clone()
    }

    /// Versions and statuses of an agreement's scopes over one channel.
    pub async fn versions(&self, token: &str, number: &str, channel: &str) -> Vec<String> {
        let scopes = self.scopes(token, number).await;
        let of_channel = scopes.iter().filter(|scope| scope["channel"] == channel);
        of_channel.map(|scope| format!("{} {}", scope["version"], scope["status"].as_str().unwrap())).collect()
    }

    /// Verdict and reasons of a question of the recipient's system.
    pub async fn answered(&self, organisation: &str, question: &Value) -> (String, Vec<String>) {
        let answer = self.data(&self.token(organisation, System), DECISION, json!({ "input": question })).await;
        let decision = &answer["accessDecision"];
        let mut reasons = texts(&decision["reasons"], "code");
        reasons.dedup();
        (decision["verdict"].as_str().unwrap().to_owned(), reasons)
    }

    /// Act an agreement offers, with what stands in its way; none when it is not offered.
    pub async fn offered(&self, token: &str, number: &str, action: &str) -> Option<Vec<String>> {
        let query =
            "query($number: String!) { agreement(number: $number) { allowedActions { code blockedBy { code } } } }";
        let seen = self.data(token, query, json!({ "number": number })).await;
        let actions = seen["agreement"]["allowedActions"].as_array().unwrap().clone();
        actions.iter().find(|offered| offered["code"] == action).map(|offered| texts(&offered["blockedBy"], "code"))
    }
}

impl House {
    /// Token of another officer of an organisation than the usual one.
    pub fn second_officer(&self, organisation: &str) -> String {
        self.token_of(organisation, &[System, Officer], None)
    }

    pub async fn scope_act(&self, token: &str, name: &str, input: &Value) -> Value {
        self.data(token, &act(name, SCOPE), json!({ "input": input })).await
    }

    async fn tested(&self, token: &str, id: &Value, evidence: &Value) -> Value {
        self.scope_act(token, "markScopeTested", &json!({"id": id, "evidence": evidence})).await
    }

    /// Scope defined, implemented by one officer and tested by another: its id.
    pub async fn ready(&self, officer: &str, tester: &str, input: &Value) -> Value {
        let id = done(self.define(officer, input).await)["scope"]["id"].clone();
        done(self.scope_act(officer, "markScopeImplemented", &json!({ "id": id })).await);
        let report = json!({"title": "Testausraportti", "sha256": "cd".repeat(32), "mediaType": "application/pdf"});
        done(self.tested(tester, &id, &report).await);
        id
    }

    /// Kela's account of data protection over the interface, approved by the agency.
    async fn approve_statement(&self, kela: &str, lvv: &str) {
        let account = json!({"register": "SOTERI", "discloser": LVV, "channel": "TECHNICAL_INTERFACE", "datedOn": "2026-10-01", "recipientCollectsLogs": true, "answers": all_yes()});
        let given = done(
            self.data(kela, &act("submitProtectionStatement", "statement { id }"), json!({ "input": account })).await,
        );
        let review = json!({"id": given["statement"]["id"], "action": "APPROVE"});
        done(self.data(lvv, &act("reviewProtectionStatement", "statement { id }"), json!({ "input": review })).await);
    }

    /// Act a scope offers, with what stands in its way; none when it is not offered.
    async fn offered_on(&self, token: &str, id: &Value, action: &str) -> Option<Vec<String>> {
        let query = "query($id: ID!) { node(id: $id) { ... on Scope { allowedActions { code blockedBy { code } } } } }";
        let actions = self.data(token, query, json!({ "id": id })).await["node"]["allowedActions"].clone();
        let actions = actions.as_array().unwrap();
        actions.iter().find(|offered| offered["code"] == action).map(|offered| texts(&offered["blockedBy"], "code"))
    }
}

fn resting(item: &str, basis: &str) -> Value {
    json!({"item": item, "population": "ALL", "bases": [basis]})
}

on_both_engines! {
    async fn every_fault_of_a_definition_is_named(house: House) {
        let lvv = house.token(LVV, Officer);
        let wrong = json!({"agreement": "SOT-2026-001", "channel": "VIEWING_CONNECTION", "regularity": "RECURRING_FIXED",
            "purposes": ["BENEFIT_DECISION", "NOWHERE", "BENEFIT_DECISION"], "necessityCheck": "CASE_REFERENCE", "admission": "MANDATE",
            "modeJustificationText": "131052-308T", "plannedOn": "2020-01-01", "retentionDays": 0, "replaces": "scope:01980000-0000-7000-8000-000000000000",
            "items": [
                {"item": "SOT.UNIT", "population": "ALL", "bases": ["741/2023 47 § 1 mom 1 k"]},
                {"item": "SOT.UNIT", "population": "ALL", "bases": [], "lookBackDays": 0},
                {"item": "sot.unit", "population": "ALL", "bases": ["9999/2023 1 §", "laki"]},
                {"item": "SOT.NOWHERE", "population": "ALL", "bases": ["906/2019 23 §"]},
                {"item": "SOT.SERVICE@NOWHERE", "population": "ALL", "bases": ["agreement_basis:01980000-0000-7000-8000-000000000000"], "operation": "LIST", "mandates": ["M9"]},
            ]});
        assert_eq!(refusals(&house.define(&lvv, &wrong).await), [
            "BLANK input.items.1.bases", "BLANK input.modeJustification", "CONFLICT input.admission", "CONFLICT input.items.1.item",
            "CONFLICT input.items.3.bases.0", "CONFLICT input.purposes.2", "LIST_BY_VIEWING input.items.4.operation",
            "MALFORMED input.items.1.lookBackDays", "MALFORMED input.items.2.bases.1", "MALFORMED input.items.2.item",
            "MALFORMED input.modeJustificationText", "MALFORMED input.retentionDays", "NOT_FOUND input.items.2.bases.0",
            "NOT_FOUND input.items.3.item", "NOT_FOUND input.items.4.bases.0", "NOT_FOUND input.items.4.item", "NOT_FOUND input.items.4.mandates.0",
            "NOT_FOUND input.purposes.1", "NOT_FOUND input.replaces", "PERIOD_REVERSED input.plannedOn",
        ]);
        let empty = with(units(), json!({"purposes": [], "items": [], "channel": "OTHER"}));
        assert_eq!(refusals(&house.define(&lvv, &empty).await), ["BLANK input.items", "BLANK input.purposes", "CONFLICT input.channel"]);
        let many: Vec<_> = (0..=1_000).map(|at| resting(&format!("SOT.UNIT.N{at}"), "741/2023 47 § 1 mom 1 k")).collect();
        let citations = vec!["741/2023 47 § 1 mom 1 k"; 21];
        let large = with(units(), json!({"items": many}));
        assert_eq!(refusals(&house.define(&lvv, &large).await), ["TOO_LONG input.items"]);
        let large = with(units(), json!({"purposes": vec!["TARIFF_SETTING"; 21], "items": [{"item": "SOT.UNIT", "population": "ALL", "bases": citations}]}));
        assert_eq!(refusals(&house.define(&lvv, &large).await), ["TOO_LONG input.items.0.bases", "TOO_LONG input.purposes"]);
        let justified = with(units(), json!({"modeJustification": "BOTH", "modeJustificationText": "Ei tarvita."}));
        assert_eq!(refusals(&house.define(&lvv, &justified).await), ["CONFLICT input.modeJustification"]);
    }

    async fn each_item_stays_within_the_entitlements_of_its_own_law(house: House) {
        let lvv = house.token(LVV, Officer);
        let for_care = with(units(), json!({"purposes": ["CHILD_CARE_ALLOWANCE"], "items": [resting("SOT.UNIT", "741/2023 47 § 1 mom 1 k"), resting("SOT.ECEC_SITE", "540/2018 47 § 4 mom")]}));
        assert_eq!(refusals(&house.define(&lvv, &for_care).await), ["NOT_ENTITLED input.items.0.item"], "the law of units does not serve the allowance");
        let crossed = with(units(), json!({"items": [resting("SOT.UNIT", "540/2018 47 § 4 mom"), resting("SOT.RESPONSIBLE", "741/2023 47 § 1 mom 1 k")]}));
        assert_eq!(refusals(&house.define(&lvv, &crossed).await), ["NOT_ENTITLED input.items.0.item", "NOT_ENTITLED input.items.1.item"]);
        let listed = with(units(), json!({"items": [with(resting("SOT.UNIT", "741/2023 47 § 1 mom 1 k"), json!({"operation": "LIST"}))]}));
        assert_eq!(refusals(&house.define(&lvv, &listed).await), ["NOT_ENTITLED input.items.0.item"]);
        let idle = with(units(), json!({"purposes": ["TARIFF_SETTING", "CHILD_CARE_ALLOWANCE"]}));
        assert_eq!(refusals(&house.define(&lvv, &idle).await), ["NOT_ENTITLED input.purposes.1"], "no item serves it");
        let both = with(idle, json!({"items": [resting("SOT.UNIT", "741/2023 47 § 1 mom 1 k"), resting("SOT.ECEC_SITE", "540/2018 47 § 4 mom")]}));
        done(house.data(&lvv, &act("defineScope", SCOPE), tried(&both)).await);

        let kela = house.token(KELA, Officer);
        let repealed = json!({"agreement": "KEL-2023-014", "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED", "purposes": ["SOCIAL_WELFARE"],
            "necessityCheck": "CASE_REFERENCE", "items": [resting("KEL.DECISION", "812/2000 20 §")]});
        assert_eq!(refusals(&house.define(&kela, &repealed).await), ["BASIS_REPEALED input.items.0.bases", "NO_LEGAL_BASIS input.items.0.bases"]);
        let in_force = with(repealed, json!({"items": [resting("KEL.DECISION", "703/2023 64 § 1 mom")]}));
        done(house.data(&kela, &act("defineScope", SCOPE), tried(&in_force)).await);
    }

    async fn channel_is_one_the_law_admits(house: House) {
        let (lvv, kela) = (house.token(LVV, Officer), house.token(KELA, Officer));
        let unjustified = with(fewer(), json!({"modeJustification": null, "modeJustificationText": null}));
        let refused = house.define(&lvv, &unjustified).await;
        assert_eq!(refusals(&refused), ["MODE_NOT_JUSTIFIED input.modeJustification", "NOT_ENTITLED input.items.0.item"]);
        let cited = "mutation($input: DefineScopeInput!) { defineScope(input: $input) { userErrors { code citations { citation } } } }";
        let cited = house.data(&lvv, cited, json!({"input": unjustified})).await["defineScope"]["userErrors"].clone();
        let mode = cited.as_array().unwrap().iter().find(|error| error["code"] == "MODE_NOT_JUSTIFIED").unwrap();
        assert_eq!(mode["citations"], json!([{"citation": "906/2019 22 § 1 mom"}]));
        done(house.data(&lvv, &act("defineScope", SCOPE), tried(&fewer())).await);
        let list = with(fewer(), json!({"items": [with(resting("SOT.UNIT", "741/2023 47 § 1 mom 1 k"), json!({"operation": "LIST"}))]}));
        assert_eq!(refusals(&house.define(&lvv, &list).await), ["LIST_BY_VIEWING input.items.0.operation"]);

        let fund = json!({"agreement": "KEL-2026-044", "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED", "purposes": ["UNEMPLOYMENT_BENEFIT"], "admission": "MANDATE",
            "necessityCheck": "PENDING_MATTER_CHECK", "items": [with(resting("KEL.DECISION@CHILD_HOME_CARE", "1290/2002 13:1.1 §"), json!({"bases": ["1290/2002 13 luku 1 § 1 mom 1 k"], "mandates": ["M5"]}))]});
        assert_eq!(refusals(&house.define(&kela, &fund).await), ["PROCESSING_RIGHT_MISSING input.agreement"], "a non-authority needs a right to process; the theme may follow");
    }

    async fn scope_is_defined_by_the_discloser_while_the_agreement_lives(house: House) {
        let (lvv, kela) = (house.token(LVV, Officer), house.token(KELA, Officer));
        for (organisation, role) in [(KELA, Officer), (THL, Officer), (LVV, System), (LVV, Auditor), (LVV, Administrator)] {
            let token = house.token(organisation, role);
            assert_eq!(house.errors(&token, &act("defineScope", SCOPE), json!({"input": units()})).await, ["FORBIDDEN"], "{organisation} {role:?}");
        }
        let restricted = with(units(), json!({"agreement": "SOT-2026-003"}));
        let refused = refusals(&house.define(&house.token(THL, Officer), &restricted).await);
        assert_eq!(refused, refusals(&house.define(&house.token(THL, Officer), &with(units(), json!({"agreement": "SOT-1999-999"}))).await));
        assert_eq!(refused, ["NOT_FOUND input.agreement"]);

        let kelmu = |number: &str, item: &str, basis: &str| json!({"agreement": number, "channel": "TECHNICAL_INTERFACE", "regularity": "AD_HOC",
            "purposes": ["IMMIGRATION_MATTER"], "necessityCheck": "CASE_REFERENCE", "items": [resting(item, basis)]});
        let ended = kelmu("KEL-2020-009", "KEL.DECISION", "615/2020 13 § 1 mom");
        assert_eq!(refusals(&house.define(&kela, &ended).await), ["AGREEMENT_NOT_IN_FORCE input.agreement"], "its last day has passed");
        assert_eq!(house.offered(&kela, "KEL-2020-009", "DEFINE_SCOPE").await, Some(vec!["AGREEMENT_NOT_IN_FORCE".to_owned()]));
        let rejected = kelmu("KEL-2026-050", "KEL.DECISION", "615/2020 13 § 1 mom");
        assert!(refusals(&house.define(&kela, &rejected).await).contains(&"WRONG_STATUS input.agreement".to_owned()));
        assert_eq!(house.offered(&kela, "KEL-2026-050", "DEFINE_SCOPE").await, None);
        let without_law = kelmu("KEL-2026-051", "KEL.DECISION", "615/2020 13 § 1 mom");
        assert_eq!(refusals(&house.define(&kela, &without_law).await), ["NOT_FOUND input.items.0.bases.0", "NO_LEGAL_BASIS input.agreement", "PROCESSING_RIGHT_MISSING input.agreement"], "its recipient is no authority");
        let renewal = kelmu("KEL-2026-052", "KEL.DECISION", "615/2020 13 § 1 mom");
        let defined = done(house.define(&kela, &renewal).await)["scope"].clone();
        assert_eq!((&defined["version"], &defined["status"]), (&json!(2), &json!("DEFINED")));
        assert_eq!(house.versions(&kela, "KEL-2026-052", "TECHNICAL_INTERFACE").await, ["1 CLOSED", "2 DEFINED"]);
        assert_eq!(house.offered(&lvv, "SOT-2026-001", "DEFINE_SCOPE").await, Some(Vec::new()));
        assert_eq!(house.offered(&kela, "SOT-2026-001", "DEFINE_SCOPE").await, None, "the recipient defines nothing");
    }

    async fn definition_is_a_version_of_its_channel_and_of_the_content(house: House) {
        let lvv = house.token(LVV, Officer);
        let before = seq(&house).await;
        done(house.data(&lvv, &act("defineScope", SCOPE), tried(&units())).await);
        assert_eq!(seq(&house).await, before, "nothing was written");
        let first = done(house.define(&lvv, &units()).await)["scope"].clone();
        assert_eq!((&first["version"], &first["status"], &first["plannedOn"]), (&json!(2), &json!("DEFINED"), &json!("2099-01-01")));
        assert_eq!(first["items"], json!([{"code": "SOT.UNIT", "operation": "READ", "lookBackDays": null, "population": "ALL",
            "citations": [{"citation": "741/2023 47 § 1 mom 1 k"}], "mandates": []}]));
        assert_eq!(done(house.define(&lvv, &units()).await)["scope"], first, "the same content answers the same");
        assert_eq!(seq(&house).await, before + 1);
        assert_eq!(house.versions(&lvv, "SOT-2026-001", "TECHNICAL_INTERFACE").await, ["1 CLOSED", "2 DEFINED"], "what was never opened gives way");
        assert_eq!(house.versions(&lvv, "SOT-2026-001", "VIEWING_CONNECTION").await, ["1 OPEN"]);
        let version = "{ agreement(number: \"SOT-2026-001\") { version } }";
        assert_eq!(house.data(&lvv, version, json!({})).await["agreement"]["version"], 2, "new content, for both to agree on");
        let question = json!({"register": "SOTERI", "items": ["SOT.SERVICE"], "purpose": "TARIFF_SETTING", "channel": "VIEWING_CONNECTION", "endUser": "kela-user-1", "caseReference": "KELA/1"});
        assert_eq!(house.answered(KELA, &question).await.0, "PERMITTED", "what is open stays open");
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn narrowing_takes_the_place_of_what_is_open_at_once(house: House) {
        let lvv = house.token(LVV, Officer);
        let open = house.scopes(&lvv, "SOT-2026-001").await.into_iter().find(|scope| scope["status"] == "OPEN").unwrap()["id"].clone();
        let narrow = with(fewer(), json!({"replaces": open}));
        let wider = with(narrow.clone(), json!({"items": [resting("SOT.UNIT", "741/2023 47 § 1 mom 1 k"), resting("SOT.STAFF", "741/2023 47 § 1 mom 1 k")]}));
        assert_eq!(refusals(&house.define(&lvv, &wider).await), ["CONTENT_NOT_AGREED input.replaces"], "what gives more needs both");
        let unguarded = with(narrow.clone(), json!({"admission": "NONE"}));
        assert_eq!(refusals(&house.define(&lvv, &unguarded).await), ["CONTENT_NOT_AGREED input.replaces"]);
        let elsewhere = with(units(), json!({"replaces": open}));
        assert_eq!(refusals(&house.define(&lvv, &elsewhere).await), ["CONFLICT input.replaces"]);

        let question = |item: &str, user: &str| json!({"register": "SOTERI", "items": [item], "purpose": "TARIFF_SETTING", "channel": "VIEWING_CONNECTION", "endUser": user, "caseReference": "KELA/1"});
        assert_eq!(house.answered(KELA, &question("SOT.SERVICE", "kela-user-1")).await.0, "PERMITTED");
        let before = seq(&house).await;
        let narrowed = done(house.define(&lvv, &narrow).await)["scope"].clone();
        assert_eq!((&narrowed["version"], &narrowed["status"], &narrowed["effectiveStatus"]["state"]), (&json!(2), &json!("OPEN"), &json!("IN_FORCE")));
        assert_eq!((&narrowed["definedOn"], &narrowed["structureVersion"]), (&json!("2026-01-12"), &json!("1.2")), "it covers nothing that has come to be since");
        assert_eq!(house.versions(&lvv, "SOT-2026-001", "VIEWING_CONNECTION").await, ["1 CLOSED", "2 OPEN"]);
        let facts = house.app.gateway.journal.facts();
        let id: ScopeId = narrowed["id"].as_str().unwrap().parse().unwrap();
        let history = status::entries(&facts, (StatusSubject::Scope, id.0));
        let statuses: Vec<_> = history.iter().map(|entry| entry.status.as_str()).collect();
        assert_eq!(statuses, ["DEFINED", "IMPLEMENTED", "TESTED", "OPEN"]);
        assert!(history.iter().all(|entry| *entry.actor == format!("{LVV}-officer")), "nobody else acted now: {history:?}");
        assert!(history[2].reason.as_ref().unwrap().starts_with("carried over from version 1, by "), "{history:?}");
        assert_eq!(house.answered(KELA, &question("SOT.UNIT", "kela-user-1")).await.0, "PERMITTED", "end users go on");
        assert_eq!(house.answered(KELA, &question("SOT.UNIT", "kela-user-4")).await, ("DENIED".to_owned(), vec!["ACCESS_GRANT_MISSING".to_owned()]));
        assert_eq!(house.answered(KELA, &question("SOT.SERVICE", "kela-user-1")).await, ("DENIED".to_owned(), vec!["ITEM_NOT_IN_SCOPE".to_owned()]));
        assert_eq!(done(house.define(&lvv, &narrow).await)["scope"], narrowed, "the same content answers the same");
        assert_eq!(seq(&house).await, before + 1);
        let again = with(narrow, json!({"purposes": ["BENEFIT_DECISION"]}));
        assert_eq!(refusals(&house.define(&lvv, &again).await), ["WRONG_STATUS input.replaces"], "it is closed");
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn scope_holds_no_item_that_came_to_be_after_it_on_the_same_day(house: House) {
        let (kela, tester) = (house.officer_of(KELA), house.token_as("tester-of-kela", KELA, &[Officer], None));
        let add = async |code: &str| {
            let item = json!({"register": "KELMU", "code": code, "name": {"fi": "Tieto"}});
            done(house.data(&kela, &act("addDataItem", "item { id }"), json!({ "input": item })).await);
        };
        add("KEL.DECISION.BEFORE").await;
        let next = json!({"agreement": "KEL-2023-014", "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED", "purposes": ["SOCIAL_WELFARE"], "admission": "MANDATE",
            "necessityCheck": "CASE_REFERENCE", "items": [{"item": "KEL.DECISION", "population": "OWN_CLIENTS", "lookBackDays": 30, "bases": ["703/2023 64 § 1 mom"], "mandates": ["M1"]}]});
        let id = house.ready(&kela, &tester, &next).await;
        add("KEL.DECISION.AFTER").await;
        for officer in [&kela, &house.officer_of(PIRKANMAA)] {
            done(house.accepts(officer, "KEL-2023-014").await);
        }
        done(house.scope_act(&kela, "openScope", &json!({ "id": id })).await);
        let question = |item: &str| json!({"register": "KELMU", "items": [item], "purpose": "SOCIAL_WELFARE", "channel": "TECHNICAL_INTERFACE",
            "caseReference": "PIRHA/2026/1", "mandates": ["M1"]});
        assert_eq!(house.answered(PIRKANMAA, &question("KEL.DECISION.BEFORE")).await.0, "PERMITTED");
        let later = ("DENIED".to_owned(), vec!["ITEM_NOT_IN_SCOPE".to_owned()]);
        assert_eq!(house.answered(PIRKANMAA, &question("KEL.DECISION.AFTER")).await, later);
        let narrower = with(next, json!({"replaces": id, "retentionDays": 30}));
        done(house.define(&kela, &narrower).await);
        assert_eq!(house.answered(PIRKANMAA, &question("KEL.DECISION.AFTER")).await, later, "nor does what narrows it");
        assert_eq!(house.answered(PIRKANMAA, &question("KEL.DECISION.BEFORE")).await.0, "PERMITTED");
        assert_whole(&house.app).await;
    }

    async fn of_two_who_define_the_same_version_one_does(house: House) {
        let (one, two) = (house.officer_of(LVV), house.token_as("lvv-officer-2", LVV, &[Officer], None));
        let wanted = |retention: i32| with(units(), json!({"version": 2, "retentionDays": retention}));
        let (days, weeks) = (wanted(30), wanted(70));
        let (first, second) = tokio::join!(house.define(&one, &days), house.define(&two, &weeks));
        let mut refused = [refusals(&first), refusals(&second)];
        refused.sort();
        assert_eq!(refused, [vec![], vec!["CONFLICT input.version".to_owned()]], "one winner");
        let (winner, input) = if refusals(&first).is_empty() { (first, &days) } else { (second, &weeks) };
        assert_eq!(done(house.define(&one, input).await), done(winner), "and the winner may repeat itself");
        assert_eq!(house.versions(&one, "SOT-2026-001", "TECHNICAL_INTERFACE").await, ["1 CLOSED", "2 DEFINED"]);
        assert_eq!(refusals(&house.define(&one, &wanted(90)).await), ["CONFLICT input.version"]);
        done(house.define(&one, &with(wanted(90), json!({"version": 3}))).await);
        assert_whole(&house.app).await;
    }

    async fn scope_of_more_rows_than_a_change_holds_is_several_changes_of_one_act(house: House) {
        let kela = house.token(KELA, Officer);
        let add = act("addDataItem", "item { id }");
        for at in 0..340 {
            let item = json!({"register": "KELMU", "code": format!("KEL.DECISION.N{at}"), "name": {"fi": "Tieto"}});
            done(house.data(&kela, &add, json!({ "input": item })).await);
        }
        let items: Vec<_> = (0..340)
            .map(|at| json!({"item": format!("KEL.DECISION.N{at}"), "population": "OWN_CLIENTS", "bases": ["703/2023 64 § 1 mom"], "mandates": ["M1"]}))
            .collect();
        assert!(3 * items.len() > CHANGE_ROWS_MAX);
        let large = json!({"agreement": "KEL-2023-014", "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED", "purposes": ["SOCIAL_WELFARE"],
            "necessityCheck": "CASE_REFERENCE", "admission": "MANDATE", "items": items});
        let before = seq(&house).await;
        let defined = done(house.define(&kela, &large).await)["scope"].clone();
        assert_eq!(defined["items"].as_array().unwrap().len(), 340);
        assert_eq!(seq(&house).await, before + 2);
        assert_eq!(done(house.define(&kela, &large).await)["scope"], defined);
        assert_eq!(house.versions(&kela, "KEL-2023-014", "TECHNICAL_INTERFACE").await.last().unwrap(), "4 DEFINED");
        let id = house.data(&kela, "{ agreement(number: \"KEL-2023-014\") { id } }", json!({})).await["agreement"]["id"].clone();
        let renewal = json!({"input": {"id": id, "number": "KEL-2026-090", "startsOn": "2099-01-01"}});
        done(house.data(&kela, &act("renewAgreement", "agreement { id }"), renewal).await);
        let facts = house.app.gateway.journal.facts();
        let renewed = facts.dossier(facts.agreement.by_key("KEL-2026-090").unwrap().id).unwrap();
        assert!(renewed.scopes.iter().any(|scope| scope.items.len() == 340), "as many rows in the renewal");
        assert_whole(&house.app).await;
    }

    async fn scope_comes_into_use_in_order_each_step_with_its_evidence(house: House) {
        let (lvv, tester) = (house.token(LVV, Officer), house.second_officer(LVV));
        // Units alone, which both parties already agreed to.
        let id = done(house.define(&lvv, &units()).await)["scope"]["id"].clone();
        let evidence = json!({"title": "Testausraportti", "sha256": "cd".repeat(32), "mediaType": "application/pdf"});
        assert_eq!(refusals(&house.tested(&tester, &id, &evidence).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.scope_act(&lvv, "openScope", &json!({"id": id})).await), ["WRONG_STATUS input.id"]);
        let wrong = json!({"id": id, "structureVersion": "x".repeat(201), "evidence": {"title": "", "sha256": "x", "mediaType": "pdf"}, "note": "131052-308T"});
        assert_eq!(refusals(&house.scope_act(&lvv, "markScopeImplemented", &wrong).await), [
            "BLANK input.evidence.title", "MALFORMED input.evidence.mediaType", "MALFORMED input.evidence.sha256", "MALFORMED input.note", "TOO_LONG input.structureVersion",
        ]);
        let implemented = done(house.scope_act(&lvv, "markScopeImplemented", &json!({"id": id})).await)["scope"].clone();
        assert_eq!((&implemented["status"], &implemented["structureVersion"]), (&json!("IMPLEMENTED"), &json!("1.2")), "pinned to the register's");
        assert_eq!(refusals(&house.scope_act(&lvv, "markScopeImplemented", &json!({"id": id})).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.tested(&lvv, &id, &evidence).await), ["CONFLICT input.id"], "who implemented it does not test it");
        let malformed = json!({"title": "Raportti", "sha256": "cd", "mediaType": "application/pdf"});
        assert_eq!(refusals(&house.tested(&tester, &id, &malformed).await), ["MALFORMED input.evidence.sha256"]);
        assert_eq!(done(house.tested(&tester, &id, &evidence).await)["scope"]["status"], "TESTED");
        let history = "query($id: ID!) { node(id: $id) { ... on Scope { history { status reason evidence { sha256 } } } } }";
        let expected = json!([{"status": "DEFINED", "reason": null, "evidence": null}, {"status": "IMPLEMENTED", "reason": null, "evidence": null},
            {"status": "TESTED", "reason": null, "evidence": {"sha256": "cd".repeat(32)}}]);
        assert_eq!(house.data(&lvv, history, json!({ "id": id })).await["node"]["history"], expected);
        let by_system = house.data(&house.token(KELA, System), history, json!({ "id": id })).await;
        assert_eq!(by_system["node"]["history"][2]["evidence"], Value::Null, "documents are the office's");

        let open = json!({ "id": id });
        assert_eq!(refusals(&house.scope_act(&lvv, "openScope", &open).await), ["STATEMENT_MISSING input.id"], "no account of data protection over the interface");
        assert_eq!(house.offered_on(&lvv, &id, "OPEN_SCOPE").await, Some(vec!["STATEMENT_MISSING".to_owned()]), "the offer says the same");
        assert_eq!(house.offered_on(&house.token(KELA, Officer), &id, "OPEN_SCOPE").await, None);
        house.approve_statement(&house.token(KELA, Officer), &lvv).await;
        let opened = done(house.scope_act(&lvv, "openScope", &open).await)["scope"].clone();
        assert_eq!((&opened["status"], &opened["effectiveStatus"]["state"]), (&json!("OPEN"), &json!("IN_FORCE")));
        assert_eq!(house.answered(KELA, &interface("SOT.UNIT")).await.0, "PERMITTED");
        assert_eq!(house.versions(&lvv, "SOT-2026-001", "VIEWING_CONNECTION").await, ["1 OPEN"], "another channel is another matter");
        assert_eq!(refusals(&house.scope_act(&lvv, "openScope", &open).await), ["WRONG_STATUS input.id"]);
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn what_gives_more_than_both_agreed_is_not_opened(house: House) {
        let (lvv, tester) = (house.token(LVV, Officer), house.second_officer(LVV));
        house.approve_statement(&house.token(KELA, Officer), &lvv).await;
        let wider = with(units(), json!({"items": [resting("SOT.UNIT", "741/2023 47 § 1 mom 1 k"), resting("SOT.STAFF", "741/2023 47 § 1 mom 1 k")]}));
        let id = house.ready(&lvv, &tester, &wider).await;
        assert_eq!(refusals(&house.scope_act(&lvv, "openScope", &json!({ "id": id })).await), ["CONTENT_NOT_AGREED input.id"]);
        assert_eq!(house.answered(KELA, &interface("SOT.UNIT")).await.0, "DENIED");
        let within = house.ready(&lvv, &tester, &units()).await;
        assert_eq!(refusals(&house.scope_act(&lvv, "openScope", &json!({ "id": id })).await), ["WRONG_STATUS input.id"], "a newer version took its place");
        done(house.scope_act(&lvv, "openScope", &json!({ "id": within })).await);
        assert_eq!(house.answered(KELA, &interface("SOT.UNIT")).await.0, "PERMITTED");
        assert_eq!(house.answered(KELA, &interface("SOT.STAFF")).await.1, ["ITEM_NOT_IN_SCOPE"]);
    }

    async fn opening_closes_the_version_open_before(house: House) {
        let (kela, tester) = (house.token(KELA, Officer), house.second_officer(KELA));
        let next = json!({"agreement": "KEL-2023-014", "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED", "purposes": ["SOCIAL_WELFARE"], "admission": "MANDATE",
            "necessityCheck": "CASE_REFERENCE", "items": [{"item": "KEL.DECISION", "population": "OWN_CLIENTS", "lookBackDays": 30, "bases": ["703/2023 64 § 1 mom"], "mandates": ["M1"]}]});
        let id = house.ready(&kela, &tester, &next).await;
        assert_eq!(house.versions(&kela, "KEL-2023-014", "TECHNICAL_INTERFACE").await, ["1 CLOSED", "2 CLOSED", "3 OPEN", "4 TESTED"]);
        done(house.scope_act(&kela, "openScope", &json!({ "id": id })).await);
        assert_eq!(house.versions(&kela, "KEL-2023-014", "TECHNICAL_INTERFACE").await, ["1 CLOSED", "2 CLOSED", "3 CLOSED", "4 OPEN"]);
        let open = house.scopes(&kela, "KEL-2023-014").await.into_iter().find(|scope| scope["version"] == 4).unwrap()["id"].clone();
        done(house.define(&kela, &with(next.clone(), json!({"replaces": open, "retentionDays": 30}))).await);
        assert_eq!(house.versions(&kela, "KEL-2023-014", "TECHNICAL_INTERFACE").await, ["1 CLOSED", "2 CLOSED", "3 CLOSED", "4 CLOSED", "5 OPEN"]);
        let grounds = json!({"register": "KELMU", "code": "KEL.DECISION.GROUNDS", "name": {"fi": "Perustelut"}, "isPersonal": true});
        done(house.data(&kela, &act("addDataItem", "item { id }"), json!({ "input": grounds })).await);
        let mut named = next["items"].as_array().unwrap().clone();
        named.push(with(named[0].clone(), json!({"item": "KEL.DECISION.GROUNDS"})));
        let wider = house.ready(&kela, &tester, &with(next, json!({"plannedOn": "2099-01-01", "items": named}))).await;
        let refused = refusals(&house.scope_act(&kela, "openScope", &json!({ "id": wider })).await);
        assert_eq!(refused, ["CONTENT_NOT_AGREED input.id"], "what has come to be since is more, though it is below the node");
    }

    async fn suspension_stops_a_channel_and_closing_ends_it(house: House) {
        let kela = house.token(KELA, Officer);
        let of = |channel: &'static str| {
            let (house, kela) = (&house, &kela);
            async move {
                let scopes = house.scopes(kela, "KEL-2023-014").await;
                scopes.into_iter().find(|scope| scope["channel"] == channel && scope["status"] == "OPEN").unwrap()["id"].clone()
            }
        };
        let (id, viewing) = (of("TECHNICAL_INTERFACE").await, of("VIEWING_CONNECTION").await);
        let question = social_assistance();
        let viewed = with(question.clone(), json!({"channel": "VIEWING_CONNECTION", "endUser": "pirha-user-1"}));
        assert_eq!(refusals(&house.scope_act(&kela, "resumeScope", &json!({ "id": id })).await), ["WRONG_STATUS input.id"]);
        assert_eq!(refusals(&house.scope_act(&kela, "suspendScope", &json!({"id": id, "reason": "OTHER"})).await), ["BLANK input.note"]);
        let suspend = json!({"id": id, "reason": "ANOMALY", "note": "Selvitetään."});
        assert_eq!(done(house.scope_act(&kela, "suspendScope", &suspend).await)["scope"]["status"], "SUSPENDED");
        assert_eq!(house.answered(PIRKANMAA, &question).await, ("DENIED".to_owned(), vec!["CHANNEL_NOT_OPEN".to_owned()]));
        assert_eq!(house.answered(PIRKANMAA, &viewed).await.0, "PERMITTED", "the other channel goes on");
        assert_eq!(refusals(&house.scope_act(&kela, "suspendScope", &suspend).await), ["WRONG_STATUS input.id"]);
        assert_eq!(house.offered(&kela, "KEL-2023-014", "RESUME_SCOPE").await, Some(Vec::new()));
        done(house.scope_act(&kela, "resumeScope", &json!({"id": id, "note": "Selvitetty."})).await);
        assert_eq!(house.answered(PIRKANMAA, &question).await.0, "PERMITTED");

        let agreement = house.data(&kela, "{ agreement(number: \"KEL-2022-003\") { id scopes { id status } } }", json!({})).await["agreement"].clone();
        let helsinki = agreement["scopes"].as_array().unwrap().iter().find(|scope| scope["status"] == "SUSPENDED").unwrap()["id"].clone();
        assert_eq!(refusals(&house.scope_act(&kela, "resumeScope", &json!({ "id": helsinki })).await), ["AGREEMENT_NOT_IN_FORCE input.id"], "its agreement is suspended");
        done(house.data(&kela, &act("resumeAgreement", "agreement { id }"), json!({"input": {"id": agreement["id"]}})).await);
        done(house.scope_act(&kela, "resumeScope", &json!({ "id": helsinki })).await);

        assert_eq!(refusals(&house.scope_act(&kela, "closeScope", &json!({"id": viewing, "note": " "})).await), ["BLANK input.note"]);
        let closed = done(house.scope_act(&kela, "closeScope", &json!({"id": viewing, "note": "Yksiköt liitettiin rajapintaan."})).await)["scope"].clone();
        assert_eq!((&closed["status"], &closed["effectiveStatus"]["state"]), (&json!("CLOSED"), &json!("ENDED")));
        assert_eq!(house.answered(PIRKANMAA, &viewed).await.0, "DENIED");
        for name in ["markScopeImplemented", "openScope", "resumeScope"] {
            assert_eq!(refusals(&house.scope_act(&kela, name, &json!({ "id": viewing })).await), ["WRONG_STATUS input.id"], "{name}: closed for good");
        }
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn scope_is_run_by_the_discloser_and_unknown_to_others(house: House) {
        let kela = house.token(KELA, Officer);
        let id = house.scopes(&kela, "KEL-2023-014").await[2]["id"].clone();
        let evidence = json!({"title": "Raportti", "sha256": "cd".repeat(32), "mediaType": "application/pdf"});
        for (name, input) in [
            ("markScopeImplemented", json!({ "id": id })),
            ("markScopeTested", json!({"id": id, "evidence": evidence})),
            ("openScope", json!({ "id": id })),
            ("suspendScope", json!({"id": id, "reason": "MISUSE"})),
            ("resumeScope", json!({ "id": id })),
            ("closeScope", json!({"id": id, "note": "Ei."})),
        ] {
            let document = act(name, SCOPE);
            assert_eq!(house.errors(&house.token(PIRKANMAA, Officer), &document, json!({ "input": input })).await, ["FORBIDDEN"], "{name}");
            let stranger = house.data(&house.token(THL, Officer), &document, json!({ "input": input })).await;
            assert_eq!(refusals(&stranger), ["NOT_FOUND input.id"], "{name}: scopes are the parties'");
            let nowhere = with(input, json!({"id": "scope:01980000-0000-7000-8000-000000000000"}));
            assert_eq!(refusals(&house.data(&kela, &document, json!({ "input": nowhere })).await), ["NOT_FOUND input.id"], "{name}");
        }
    }

    async fn of_two_officers_who_open_at_once_one_opens(house: House) {
        let (lvv, tester) = (house.token(LVV, Officer), house.second_officer(LVV));
        house.approve_statement(&house.token(KELA, Officer), &lvv).await;
        let id = house.ready(&lvv, &tester, &units()).await;
        let input = json!({ "id": id });
        let (one, other) = tokio::join!(house.scope_act(&lvv, "openScope", &input), house.scope_act(&tester, "openScope", &input));
        let mut outcomes = [refusals(&one), refusals(&other)];
        outcomes.sort();
        assert_eq!(outcomes, [vec![], vec!["WRONG_STATUS input.id".to_owned()]]);
    }
}

/// Question of Kela's system about an item over the interface.
fn interface(item: &str) -> Value {
    json!({"register": "SOTERI", "items": [item], "purpose": "TARIFF_SETTING", "channel": "TECHNICAL_INTERFACE", "caseReference": "KELA/1"})
}
