//! The life of an end user's access: the supervisor decides, the recipient's officer grants and revokes, decisions follow
//! at once, and nobody's name stays anywhere.

use api::{
    auth::Role::{Administrator, Auditor, Officer, System},
    journal::{Author, Changes},
};
use chrono::{Days, TimeDelta};
use entity::{
    agreement,
    vocabulary::{helsinki_day, instant_text},
};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{Engine, House, KELA, KELA_OFFICER, LVV, OMBUDSMAN, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, tried},
    reports::{assert_whole, with},
};

const GRANT: &str = "accessGrant { id userPseudonym decidedByPseudonym task grantedAt validFrom validUntil revokedAt
    revocationReason isInForce }";

const NUMBER: &str = "SOT-2026-001";

fn wanted(scope: &str, others: Value) -> Value {
    with(json!({"scope": scope, "endUser": "kela-user-2", "task": "Taksat", "decidedBy": "kela-supervisor-1"}), others)
}

impl House {
    /// Id of the scope of an agreement's channel, as its recipient sees it.
    async fn scope_id(&self, number: &str, channel: &str) -> String {
        let query = "query($number: String!) { agreement(number: $number) { scopes { id channel } } }";
        let seen = self.data(&self.token(KELA, Officer), query, json!({"number": number})).await;
        let scopes = seen["agreement"]["scopes"].as_array().unwrap();
        scopes.iter().find(|scope| scope["channel"] == channel).unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn viewing(&self) -> String {
        self.scope_id(NUMBER, "VIEWING_CONNECTION").await
    }

    async fn grant(&self, token: &str, input: Value) -> Value {
        self.data(token, &act("grantAccess", GRANT), json!({ "input": input })).await
    }

    async fn revoke(&self, token: &str, id: &Value, reason: &str) -> Value {
        let input = json!({"id": id, "reason": reason});
        self.data(token, &act("revokeAccess", GRANT), json!({ "input": input })).await
    }

    /// Verdict and reasons of a user's question about units.
    async fn units_for(&self, user: &str) -> (String, Vec<String>) {
        let question = json!({"register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING",
            "channel": "VIEWING_CONNECTION", "endUser": user});
        let answer = self.data(&self.token(KELA, System), DECISION, json!({ "input": question })).await;
        let decision = &answer["accessDecision"];
        (decision["verdict"].as_str().unwrap().to_owned(), texts(&decision["reasons"], "code"))
    }

    /// Grants of a scope, as a viewer asks for them; null where they are not for the viewer.
    async fn grants(&self, token: &str, scope: &str, arguments: &str) -> Value {
        let query = format!(
            "query($id: ID!) {{ node(id: $id) {{ ... on Scope {{ grants{arguments} {{ totalCount
             nodes {{ id userPseudonym task isInForce revocationReason }} }} }} }} }}"
        );
        self.data(token, &query, json!({ "id": scope })).await["node"]["grants"].clone()
    }

    async fn access_offered(&self, token: &str) -> Vec<String> {
        let query = "query($number: String!) { agreement(number: $number) { allowedActions { code } } }";
        let seen = self.data(token, query, json!({ "number": NUMBER })).await;
        let offered = texts(&seen["agreement"]["allowedActions"], "code");
        offered.into_iter().filter(|code| code.ends_with("_ACCESS")).collect()
    }

    /// Puts an agreement's row as it would be after an act that is not this file's.
    async fn as_if(&self, number: &str, change: impl FnOnce(agreement::Model) -> agreement::Model) {
        let journal = &self.app.gateway.journal;
        let row = journal.facts().agreement.by_key(number).unwrap().as_ref().clone();
        let edits = vec![change(row).into()];
        let changes = Changes { action: "test", subject: "world:test".to_owned(), reason: None, edits };
        journal.commit(Author::operator(), move |_| Ok(vec![changes])).await.unwrap();
    }
}

fn denied() -> (String, Vec<String>) {
    ("DENIED".to_owned(), vec!["ACCESS_GRANT_MISSING".to_owned()])
}

on_both_engines! {
    async fn decisions_follow_a_grant_and_its_revocation_at_once(house: House) {
        let (kela, scope) = (house.token(KELA, Officer), house.viewing().await);
        assert_eq!(house.units_for("kela-user-2").await, denied());
        let before = seq(&house).await;
        let tentative = done(house.data(&kela, &act("grantAccess", GRANT), tried(&wanted(&scope, json!({})))).await);
        assert_eq!((&tentative["accessGrant"]["isInForce"], seq(&house).await), (&json!(true), before), "tried only");
        assert_eq!(house.units_for("kela-user-2").await, denied());

        let first = done(house.grant(&kela, wanted(&scope, json!({}))).await)["accessGrant"].clone();
        assert_eq!((&first["isInForce"], &first["grantedAt"]), (&json!(true), &first["validFrom"]));
        assert_eq!(first["userPseudonym"].as_str().unwrap().len(), 64);
        assert_ne!(first["userPseudonym"], first["decidedByPseudonym"]);
        assert_eq!(house.units_for("kela-user-2").await.0, "PERMITTED");
        assert_eq!(house.units_for(" kela-user-2 ").await.0, "PERMITTED", "space around a name does not count, asked or granted");
        let again = done(house.grant(&kela, wanted(&scope, json!({"endUser": " kela-user-2 "}))).await);
        assert_eq!((&again["accessGrant"], seq(&house).await), (&first, before + 1), "the same content answers the same");

        let revoked = done(house.revoke(&kela, &first["id"], "JOB_CHANGE").await)["accessGrant"].clone();
        assert_eq!((&revoked["isInForce"], &revoked["revocationReason"]), (&json!(false), &json!("JOB_CHANGE")));
        assert_eq!(house.units_for("kela-user-2").await, denied());
        assert_eq!(done(house.revoke(&kela, &first["id"], "JOB_CHANGE").await)["accessGrant"], revoked, "a repeat is no second act");
        assert_eq!(refusals(&house.revoke(&kela, &first["id"], "MISUSE").await), ["WRONG_STATUS input.id"]);
        assert_eq!(seq(&house).await, before + 2);

        let anew = done(house.grant(&kela, wanted(&scope, json!({}))).await)["accessGrant"].clone();
        assert_ne!(anew["id"], first["id"], "there is no way back from a revocation");
        assert_eq!(house.units_for("kela-user-2").await.0, "PERMITTED");
        assert_whole(&house.app).await;
    }

    async fn every_fault_of_a_grant_is_named_and_its_neighbour_passes(house: House) {
        let (kela, scope) = (house.token(KELA, Officer), house.viewing().await);
        let wrong = json!({"scope": "scope:01980000-0000-7000-8000-000000000000", "endUser": "131052-308T", "task": " ",
            "decidedBy": "x".repeat(201), "validFrom": "2020-01-01", "validUntil": "2019-01-01"});
        assert_eq!(refusals(&house.grant(&kela, wrong).await), [
            "BLANK input.task", "MALFORMED input.endUser", "MALFORMED input.validFrom", "NOT_FOUND input.scope",
            "PERIOD_REVERSED input.validUntil", "TOO_LONG input.decidedBy",
        ]);
        let interface = house.scope_id(NUMBER, "TECHNICAL_INTERFACE").await;
        let closed = house.scope_id("SOT-2024-001", "VIEWING_CONNECTION").await;
        let refused = [
            (json!({"decidedBy": "KELA-user-2 "}), "CONFLICT input.decidedBy"),
            (json!({"endUser": KELA_OFFICER}), "CONFLICT input.endUser"),
            (json!({"scope": interface}), "CONFLICT input.scope"),
            (json!({"scope": closed}), "WRONG_STATUS input.scope"),
            (json!({"scope": "agreement:01980000-0000-7000-8000-000000000000"}), "MALFORMED input.scope"),
            (json!({"validUntil": instant_text(house.app.gateway.clock.now())}), "PERIOD_REVERSED input.validUntil"),
        ];
        for (others, fault) in refused {
            assert_eq!(refusals(&house.grant(&kela, wanted(&scope, others.clone())).await), [fault], "{others}");
        }
        assert_eq!(house.units_for("kela-user-2").await, denied());

        let now = house.app.gateway.clock.now();
        let (today, tomorrow) = (helsinki_day(now), helsinki_day(now) + Days::new(1));
        let until = json!({"decidedBy": KELA_OFFICER, "validFrom": today.to_string(), "validUntil": tomorrow.to_string()});
        let granted = done(house.grant(&kela, wanted(&scope, until.clone())).await)["accessGrant"].clone();
        assert_eq!(done(house.grant(&kela, wanted(&scope, until)).await)["accessGrant"], granted, "a day begun is from now");
        assert_eq!(refusals(&house.grant(&kela, wanted(&scope, json!({}))).await), ["CONFLICT input.task"], "another decision stands");
        done(house.grant(&kela, wanted(&scope, json!({"task": "Lastenhoidon tuet"}))).await);

        let later = wanted(&scope, json!({"endUser": "kela-user-3", "validFrom": tomorrow.to_string()}));
        let later_one = done(house.grant(&kela, later.clone()).await)["accessGrant"].clone();
        assert_eq!((&later_one["isInForce"], house.units_for("kela-user-3").await), (&json!(false), denied()));
        done(house.revoke(&kela, &later_one["id"], "TASK_ENDED").await);
        assert_eq!(refusals(&house.grant(&kela, later).await), ["CONFLICT input.validFrom"], "what was revoked does not come back");
    }

    async fn access_ends_at_its_instant_and_with_its_agreement(house: House) {
        let (kela, scope) = (house.token(KELA, Officer), house.viewing().await);
        let until = house.app.gateway.clock.now() + TimeDelta::minutes(5);
        let short = wanted(&scope, json!({"validUntil": instant_text(until)}));
        let short = done(house.grant(&kela, short).await)["accessGrant"].clone();
        house.app.gateway.clock.set(until);
        assert_eq!(house.units_for("kela-user-2").await, denied());
        assert_eq!(refusals(&house.revoke(&kela, &short["id"], "TASK_ENDED").await), ["WRONG_STATUS input.id"], "it has ended");

        let id = house.agreement_id(NUMBER).await;
        let suspension = json!({"id": id, "reason": "MISUSE", "note": "Selvitys kesken."});
        house.done(&house.token(LVV, Officer), "suspendAgreement", suspension).await;
        let granted = done(house.grant(&kela, wanted(&scope, json!({}))).await)["accessGrant"].clone();
        assert_eq!(granted["isInForce"], true, "a suspension takes nobody's grant");
        assert_eq!(house.access_offered(&kela).await, ["GRANT_ACCESS", "REVOKE_ACCESS"]);
        let yesterday = helsinki_day(house.app.gateway.clock.now()) - Days::new(1);
        house.as_if(NUMBER, |row| agreement::Model { ends_on: Some(yesterday), ..row }).await;
        let listed = house.grants(&kela, &scope, "(isInForce: true)").await;
        assert_eq!(listed, json!({"totalCount": 0, "nodes": []}), "every grant is void with its agreement");
        assert_eq!(house.access_offered(&kela).await, Vec::<String>::new());
        assert_eq!(refusals(&house.grant(&kela, wanted(&scope, json!({}))).await), ["WRONG_STATUS input.scope"]);
        assert_eq!(refusals(&house.revoke(&kela, &granted["id"], "MISUSE").await), ["WRONG_STATUS input.id"]);
        house.as_if(NUMBER, |row| agreement::Model { ends_on: None, ..row }).await;
        done(house.revoke(&kela, &granted["id"], "MISUSE").await);
    }

    async fn recipients_officers_grant_and_both_sides_offices_see(house: House) {
        let (kela, scope) = (house.token(KELA, Officer), house.viewing().await);
        let granted = done(house.grant(&kela, wanted(&scope, json!({}))).await)["accessGrant"].clone();
        let input = wanted(&scope, json!({"endUser": "kela-user-9"}));
        let grant = act("grantAccess", GRANT);
        for (organisation, role) in [(LVV, Officer), (KELA, System), (KELA, Auditor), (KELA, Administrator)] {
            let token = house.token(organisation, role);
            assert_eq!(house.errors(&token, &grant, json!({"input": input})).await, ["FORBIDDEN"], "{organisation} {role:?}");
        }
        let revoke = act("revokeAccess", GRANT);
        let revocation = json!({"input": {"id": granted["id"], "reason": "MISUSE"}});
        assert_eq!(house.errors(&house.token(LVV, Officer), &revoke, revocation).await, ["FORBIDDEN"]);
        for stranger in [THL, PIRKANMAA] {
            let stranger = house.token(stranger, Officer);
            assert_eq!(refusals(&house.grant(&stranger, input.clone()).await), ["NOT_FOUND input.scope"]);
            assert_eq!(refusals(&house.revoke(&stranger, &granted["id"], "MISUSE").await), ["NOT_FOUND input.id"]);
        }
        for (organisation, role, sees) in [
            (KELA, Officer, true), (LVV, Officer, true), (OMBUDSMAN, Auditor, true), (KELA, Auditor, true), (KELA, System, false), (LVV, System, false),
        ] {
            let token = house.token(organisation, role);
            let seen = house.grants(&token, &scope, "").await;
            assert_eq!(seen["totalCount"] == 3, sees, "{organisation} {role:?}: {seen}");
            let node = house.ask(&token, "query($id: ID!) { node(id: $id) { id } }", json!({"id": granted["id"]})).await;
            assert_eq!(node["data"]["node"]["id"] == granted["id"], sees, "{organisation} {role:?}: {node}");
        }
        assert_eq!(house.access_offered(&kela).await, ["GRANT_ACCESS", "REVOKE_ACCESS"]);
        assert_eq!(house.access_offered(&house.token(LVV, Officer)).await, Vec::<String>::new());
        let found = house.grants(&kela, &scope, "(endUser: \"kela-user-2\")").await;
        assert_eq!((&found["totalCount"], &found["nodes"][0]["id"]), (&json!(1), &granted["id"]), "who leaves is found by name");
        assert_eq!(house.grants(&kela, &scope, "(endUser: \"kela-user-nobody\")").await["totalCount"], 0);
        let ended = house.grants(&kela, &scope, "(isInForce: false)").await;
        assert_eq!(texts(&ended["nodes"], "revocationReason"), ["JOB_CHANGE"]);
    }

    async fn of_two_officers_who_revoke_or_decide_otherwise_one_wins(house: House) {
        let (kela, scope) = (house.token(KELA, Officer), house.viewing().await);
        let supervisors = ["kela-supervisor-1", "kela-supervisor-2"].map(|name| wanted(&scope, json!({"decidedBy": name})));
        let [one, other] = supervisors.map(|input| house.grant(&kela, input));
        let (one, other) = tokio::join!(one, other);
        let mut outcomes = [refusals(&one), refusals(&other)];
        outcomes.sort();
        assert_eq!(outcomes, [Vec::new(), vec!["CONFLICT input.task".to_owned()]]);
        let granted = [one, other].into_iter().find(|answer| refusals(answer).is_empty()).unwrap();
        let id = &granted["grantAccess"]["accessGrant"]["id"];
        let (one, other) = tokio::join!(house.revoke(&kela, id, "JOB_CHANGE"), house.revoke(&kela, id, "EMPLOYMENT_ENDED"));
        let mut outcomes = [refusals(&one), refusals(&other)];
        outcomes.sort();
        assert_eq!(outcomes, [Vec::new(), vec!["WRONG_STATUS input.id".to_owned()]]);
    }

    async fn nobodys_name_stands_in_the_journal_or_an_answer(house: House) {
        let (kela, scope) = (house.token(KELA, Officer), house.viewing().await);
        let names = json!({"endUser": "secret-end-user-77", "decidedBy": "secret-supervisor-77"});
        let answer = house.grant(&kela, wanted(&scope, names.clone())).await;
        let again = house.grant(&kela, wanted(&scope, with(names.clone(), json!({"validUntil": "2020-01-01"})))).await;
        let himself = house.grant(&kela, wanted(&scope, with(names, json!({"decidedBy": "secret-end-user-77"})))).await;
        for answer in [answer, again, himself] {
            assert!(!answer.to_string().contains("secret"), "{answer:#}");
        }
        let rows = entity::change_row::Entity::find().all(house.app.gateway.database.read()).await.unwrap();
        let images = rows.iter().filter_map(|row| row.image.as_deref());
        assert!(images.clone().count() > 1_000 && images.clone().all(|image| !image.contains("secret-") && !image.contains("kela-user-1")));
        let granted = rows.iter().filter(|row| row.table_name == "access_grant").count();
        assert!(granted >= 4, "the grant stands there by pseudonym");
    }
}

#[tokio::test]
async fn no_byte_of_the_database_file_names_a_user_or_supervisor() {
    let house = House::sample(Engine::Sqlite).await.unwrap();
    let (kela, scope) = (house.token(KELA, Officer), house.viewing().await);
    let names = json!({"endUser": "secret-end-user-78", "decidedBy": "secret-supervisor-78"});
    let granted = done(house.grant(&kela, wanted(&scope, names)).await)["accessGrant"].clone();
    done(house.revoke(&kela, &granted["id"], "EMPLOYMENT_ENDED").await);
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let is_told = bytes.windows(b"secret-".len()).any(|window| window == b"secret-");
        assert!(!is_told, "{}", path.display());
    }
}

on_both_engines! {
    async fn successor_of_a_recipient_grants_in_its_place(house: House) {
        let scope = house.viewing().await;
        let administrator = house.token(KELA, Administrator);
        let query = "query($id: BusinessId!) { organisation(businessId: $id) { id } }";
        let id = house.data(&administrator, query, json!({"id": KELA})).await["organisation"]["id"].clone();
        let dissolved = json!({"id": id, "dissolvedOn": "2026-10-31", "successor": THL});
        done(house.data(&administrator, &act("dissolveOrganisation", "organisation { id }"), json!({"input": dissolved})).await);
        let heir = house.token(THL, Officer);
        done(house.grant(&heir, wanted(&scope, json!({}))).await);
        let question = json!({"register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING",
            "channel": "VIEWING_CONNECTION", "endUser": "kela-user-2"});
        let answer = house.data(&house.token(THL, System), DECISION, json!({"input": question})).await;
        assert_eq!(answer["accessDecision"]["verdict"], "PERMITTED");
    }
}
