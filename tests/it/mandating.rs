//! Mandate themes from need to use, and the right to grant mandates from application to revocation, as the applicant, the
//! keeper of the themes and the decisions see it (R42, R47–R53).

use api::{
    app,
    auth::Role::{Administrator, Auditor, Officer, Statistician, System},
    world,
};
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{DVV, House, KELA, OMBUDSMAN, PIRKANMAA, TAMPERE, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, social_assistance, tried},
    reports::assert_whole,
};

const THEME: &str = "theme { id code uri name status owner { businessId } }";

const RIGHT: &str = "{ id status application appliedOn decidedOn validUntil decisionReason theme { code } organisation { businessId } }";

impl House {
    async fn theme_id(&self, code: &str) -> Value {
        let token = self.token(DVV, Administrator);
        let themes = self.data(&token, "{ mandateThemes(first: 100) { nodes { id code } } }", json!({})).await;
        let themes = themes["mandateThemes"]["nodes"].as_array().unwrap().clone();
        themes.iter().find(|theme| theme["code"] == code).unwrap()["id"].clone()
    }

    async fn advance_theme(&self, input: &Value) -> Value {
        let token = self.token(DVV, Administrator);
        self.data(&token, &act("advanceMandateTheme", THEME), json!({ "input": input })).await
    }

    async fn apply_right(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("applyMandatingRight", &format!("rights {RIGHT}")), json!({ "input": input })).await
    }

    async fn decide_right(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("decideMandatingRight", &format!("right {RIGHT}")), json!({ "input": input })).await
    }

    async fn rights(&self, token: &str, filter: &str) -> Vec<Value> {
        let query = format!("{{ mandatingRights(first: 100{filter}) {{ totalCount nodes {RIGHT} }} }}");
        let found = self.data(token, &query, json!({})).await["mandatingRights"].clone();
        let nodes = found["nodes"].as_array().unwrap().clone();
        assert_eq!(found["totalCount"], nodes.len());
        nodes
    }

    /// Id of the one right of an organisation for a theme.
    async fn right_of(&self, organisation: &str, theme: &str) -> Value {
        let found = self.rights(&self.token(DVV, Officer), &format!(", organisation: \"{organisation}\"")).await;
        let found: Vec<_> = found.into_iter().filter(|right| right["theme"]["code"] == theme).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0]["id"].clone()
    }

    /// Reasons against Pirkanmaa's question with the mandates named; none where it is permitted.
    async fn against(&self, mandates: &[&str]) -> Vec<String> {
        let mut question = social_assistance();
        question["mandates"] = json!(mandates);
        let answer = self.data(&self.token(KELA, System), DECISION, json!({ "input": question })).await;
        let decision = &answer["accessDecision"];
        let mut reasons = texts(&decision["reasons"], "code");
        reasons.sort();
        reasons.dedup();
        assert_eq!(decision["verdict"] == "PERMITTED", reasons.is_empty(), "{decision:#}");
        reasons
    }

    async fn assert_exports(&self) {
        let gateway = &self.app.gateway;
        let files = world::export(&gateway.journal.facts(), &gateway.keys.pseudonym_fingerprints());
        let imported = app::import(gateway, &self.app.recorder, &files, "import").await;
        assert_eq!(imported.unwrap_or_else(|error| panic!("{error:?}")).rows, 0);
    }
}

on_both_engines! {
    async fn purpose_and_theme_are_registered_once_and_the_theme_goes_on_in_order(house: House) {
        let token = house.token(DVV, Administrator);
        let purpose = act("registerPurpose", "purpose { id code name dpvIri }");
        let wrong = json!({"code": "a", "name": {"fi": " "}, "dpvIri": "dpv:Purpose"});
        assert_eq!(refusals(&house.data(&token, &purpose, json!({"input": wrong})).await), [
            "BLANK input.name.fi", "MALFORMED input.code", "MALFORMED input.dpvIri",
        ]);
        let new = json!({"code": "HOUSING_BENEFIT", "name": {"fi": "Asumistuki"}, "dpvIri": "https://w3id.org/dpv#FulfilmentOfObligation"});
        let before = seq(&house).await;
        done(house.data(&token, &purpose, tried(&new)).await);
        assert_eq!(seq(&house).await, before);
        let first = done(house.data(&token, &purpose, json!({"input": new})).await);
        assert_eq!(done(house.data(&token, &purpose, json!({"input": new})).await), first);
        let other = json!({"code": "HOUSING_BENEFIT", "name": {"fi": "Muu"}});
        assert_eq!(refusals(&house.data(&token, &purpose, json!({"input": other})).await), ["CONFLICT input.code"]);
        assert_eq!(house.errors(&house.token(KELA, Officer), &purpose, json!({"input": new})).await, ["FORBIDDEN"]);

        let register = act("registerMandateTheme", THEME);
        let new = json!({"code": "M7", "name": {"fi": "Asumistuen katselu"}, "owner": DVV});
        let theme = done(house.data(&token, &register, json!({"input": new})).await)["theme"].clone();
        assert_eq!((&theme["status"], &theme["owner"]["businessId"]), (&json!("IDENTIFIED"), &json!(DVV)));
        assert_eq!(done(house.data(&token, &register, json!({"input": new})).await)["theme"], theme);
        let wrong = json!({"code": "M7", "name": {"fi": "Muu"}, "owner": "9999999-9", "uri": "x"});
        assert_eq!(refusals(&house.data(&token, &register, json!({"input": wrong})).await), [
            "CONFLICT input.code", "MALFORMED input.owner", "MALFORMED input.uri",
        ]);
        let to = |status: &str| json!({"id": theme["id"], "status": status});
        assert_eq!(refusals(&house.advance_theme(&to("ACTIVE")).await), ["WRONG_STATUS input.status"], "in order");
        done(house.advance_theme(&to("REQUESTED")).await);
        let defined = json!({"id": theme["id"], "status": "DEFINED", "name": {"fi": "Asumistukitietojen katselu"}, "uri": "urn:example:mandates:7"});
        assert_eq!(done(house.advance_theme(&defined).await)["theme"]["name"], "Asumistukitietojen katselu");
        assert_eq!(done(house.advance_theme(&to("ACTIVE")).await)["theme"]["uri"], "urn:example:mandates:7");
        assert_eq!(refusals(&house.advance_theme(&to("DEFINED")).await), ["WRONG_STATUS input.status"], "and never back");
        let renamed = json!({"id": theme["id"], "status": "HIDDEN", "name": {"fi": "Toinen"}});
        assert_eq!(refusals(&house.advance_theme(&renamed).await), ["CONFLICT input.name"], "from activation on its content stands");
        assert_eq!(done(house.advance_theme(&to("HIDDEN")).await)["theme"]["status"], "HIDDEN");
        assert_eq!(done(house.advance_theme(&to("HIDDEN")).await)["theme"]["status"], "HIDDEN", "again changes nothing");
        house.assert_exports().await;
        assert_whole(&house.app).await;
    }

    async fn one_application_covers_several_themes_and_a_repeat_answers_as_the_first(house: House) {
        let city = house.token(TAMPERE, Officer);
        let wrong = json!({"themes": ["M1", "M1", "M99", "M3"], "application": "131052-308T"});
        assert_eq!(refusals(&house.apply_right(&city, &wrong).await), [
            "CONFLICT input.themes.1", "CONFLICT input.themes.3", "MALFORMED input.application", "NOT_FOUND input.themes.2",
        ], "M3 is held already");
        assert_eq!(refusals(&house.apply_right(&city, &json!({"themes": []})).await), ["BLANK input.themes"]);
        done(house.advance_theme(&json!({"id": house.theme_id("M6").await, "status": "HIDDEN"})).await);
        assert_eq!(refusals(&house.apply_right(&city, &json!({"themes": ["M6"]})).await), ["MANDATE_THEME_NOT_ACTIVE input.themes.0"], "R42");

        let before = seq(&house).await;
        let several = json!({"themes": ["M1", "M4", "M5"], "application": "DVV/VALT/2026/900"});
        done(house.data(&city, &act("applyMandatingRight", "rights { id }"), tried(&several)).await);
        assert_eq!(seq(&house).await, before);
        let applied = done(house.apply_right(&city, &several).await)["rights"].clone();
        assert_eq!(applied.as_array().unwrap().len(), 3, "R51");
        assert!(applied.as_array().unwrap().iter().all(|right| right["status"] == "APPLIED" && right["decidedOn"].is_null()));
        assert_eq!(done(house.apply_right(&city, &several).await)["rights"], applied);
        let one = done(house.apply_right(&city, &json!({"themes": ["M4"]})).await)["rights"].clone();
        assert_eq!(one[0], applied[1], "what is applied for stands");
        assert_eq!(seq(&house).await, before + 1);
        let elsewhere = json!({"themes": ["M1", "M2"], "application": "DVV/VALT/2026/901"});
        assert_eq!(refusals(&house.apply_right(&city, &elsewhere).await), ["CONFLICT input.themes.0", "CONFLICT input.themes.1"]);
        let for_another = json!({"organisation": PIRKANMAA, "themes": ["M2"]});
        assert_eq!(house.errors(&city, &act("applyMandatingRight", "rights { id }"), json!({"input": for_another})).await, ["FORBIDDEN"]);
        house.assert_exports().await;
        assert_whole(&house.app).await;
    }

    async fn application_is_decided_by_the_keeper_of_the_themes_and_granted_for_an_active_one_only(house: House) {
        let (city, keeper) = (house.token(TAMPERE, Officer), house.token(DVV, Officer));
        let applied = done(house.apply_right(&city, &json!({"themes": ["M1", "M4", "M5"]})).await)["rights"].clone();
        let waiting = house.rights(&keeper, ", waitsForMe: true").await;
        assert_eq!(json!(waiting), applied);
        assert_eq!(house.rights(&city, ", waitsForMe: true").await, Vec::<Value>::new(), "nobody decides its own");
        let decide = |at: usize, decision: &str| json!({"id": applied[at]["id"], "decision": decision});
        for token in [&city, &house.token(DVV, Administrator)] {
            let answer = house.errors(token, &act("decideMandatingRight", "right { id }"), json!({"input": decide(0, "GRANT")})).await;
            assert_eq!(answer, ["FORBIDDEN"], "the theme has its keeper");
        }
        assert_eq!(refusals(&house.decide_right(&house.token(THL, Officer), &decide(0, "GRANT")).await), ["NOT_FOUND input.id"]);
        assert_eq!(refusals(&house.decide_right(&keeper, &decide(2, "GRANT")).await), ["MANDATE_THEME_NOT_ACTIVE input.id"], "M5 is still requested");
        assert_eq!(refusals(&house.decide_right(&keeper, &decide(0, "REVOKE")).await), ["BLANK input.reason", "WRONG_STATUS input.id"]);
        let past = json!({"id": applied[0]["id"], "decision": "GRANT", "validUntil": "2020-01-01"});
        assert_eq!(refusals(&house.decide_right(&keeper, &past).await), ["MALFORMED input.validUntil"]);
        let granted = json!({"id": applied[0]["id"], "decision": "GRANT", "validUntil": "2031-01-01"});
        let right = done(house.decide_right(&keeper, &granted).await)["right"].clone();
        assert_eq!((&right["status"], &right["validUntil"]), (&json!("GRANTED"), &json!("2030-12-31T22:00:00.000000Z")));
        assert_eq!(done(house.decide_right(&keeper, &granted).await)["right"], right, "the same decision again");
        assert_eq!(refusals(&house.decide_right(&keeper, &decide(0, "REJECT")).await), ["BLANK input.reason", "WRONG_STATUS input.id"]);
        let rejected = json!({"id": applied[1]["id"], "decision": "REJECT", "reason": "Tehtävä ei kuulu kunnalle."});
        done(house.decide_right(&keeper, &rejected).await);
        let mine = house.rights(&city, ", status: REJECTED").await;
        assert_eq!(mine[0]["decisionReason"], "Tehtävä ei kuulu kunnalle.");
        assert_eq!(refusals(&house.apply_right(&city, &json!({"themes": ["M4"]})).await), ["CONFLICT input.themes.0"], "not twice on one day");
        assert_eq!(house.rights(&keeper, ", waitsForMe: true").await.len(), 1);

        for (at, status) in ["DEFINED", "ACTIVE"].into_iter().enumerate() {
            done(house.advance_theme(&json!({"id": house.theme_id("M5").await, "status": status})).await);
            let answer = house.decide_right(&keeper, &decide(2, "GRANT")).await;
            assert_eq!(refusals(&answer).is_empty(), at == 1, "granted once it is active: {answer:#}");
        }
        house.assert_exports().await;
        assert_whole(&house.app).await;
    }

    async fn rights_are_seen_by_their_holder_the_keeper_auditors_and_administrators(house: House) {
        let seen = |organisation: &'static str, role| {
            let house = &house;
            async move { house.rights(&house.token(organisation, role), "").await.len() }
        };
        for (organisation, role, count) in [
            (DVV, Officer, 7), (DVV, System, 7), (DVV, Administrator, 7), (OMBUDSMAN, Auditor, 7), (THL, Administrator, 7),
            (TAMPERE, Officer, 2), (TAMPERE, Auditor, 2), (PIRKANMAA, System, 3), (THL, Officer, 0), (KELA, Officer, 0),
        ] {
            assert_eq!(seen(organisation, role).await, count, "{organisation} {role:?}");
        }
        let query = "{ mandatingRights { totalCount } }";
        assert_eq!(house.errors(&house.token(DVV, Statistician), query, json!({})).await, ["FORBIDDEN"]);
        let id = house.right_of(TAMPERE, "M3").await;
        let node = "query($id: ID!) { node(id: $id) { __typename } }";
        assert_eq!(house.data(&house.token(TAMPERE, Officer), node, json!({"id": id})).await["node"]["__typename"], "MandatingRight");
        assert_eq!(house.errors(&house.token(THL, Officer), node, json!({"id": id})).await, ["NOT_FOUND"]);
        let served = house.token_of(TAMPERE, &[Officer, System], Some(THL));
        assert_eq!(house.rights(&served, "").await.len(), 0, "a processor knows nothing of its principal's rights");
    }

    async fn mandate_of_the_incomes_register_never_stands_for_one_of_benefits(house: House) {
        let (county, keeper) = (house.token(PIRKANMAA, Officer), house.token(DVV, Officer));
        assert_eq!(house.against(&["M1"]).await, Vec::<String>::new());
        assert_eq!(house.against(&["M6"]).await, ["MANDATE_MISSING"], "the names are close, the matters are not");
        let revoked = json!({"id": house.right_of(PIRKANMAA, "M1").await, "decision": "REVOKE", "reason": "Organisaatio luopui."});
        done(house.decide_right(&keeper, &revoked).await);
        assert_eq!(house.against(&["M1"]).await, ["MANDATING_RIGHT_MISSING"], "at once, though the right to M6 stands");
        assert_eq!(house.against(&["M6"]).await, ["MANDATE_MISSING", "MANDATING_RIGHT_MISSING"]);
        assert_eq!(refusals(&house.apply_right(&county, &json!({"themes": ["M6"]})).await), ["CONFLICT input.themes.0"], "held already");
        let again = done(house.apply_right(&county, &json!({"themes": ["M1"]})).await)["rights"][0]["id"].clone();
        assert_eq!(house.against(&["M1", "M6"]).await, ["MANDATING_RIGHT_MISSING"], "to have applied is no right");
        done(house.decide_right(&keeper, &json!({"id": again, "decision": "GRANT"})).await);
        assert_eq!(house.against(&["M1"]).await, Vec::<String>::new());
        assert_eq!(house.against(&["M6"]).await, ["MANDATE_MISSING"]);
        assert_whole(&house.app).await;
    }

    async fn hidden_theme_keeps_the_mandates_that_stand(house: House) {
        done(house.advance_theme(&json!({"id": house.theme_id("M1").await, "status": "HIDDEN"})).await);
        assert_eq!(house.against(&["M1"]).await, Vec::<String>::new());
    }

    async fn right_passes_with_the_duties_to_who_takes_the_place_of_its_holder(house: House) {
        let heir = house.founded("WELLBEING_COUNTY").await;
        house.succeed(PIRKANMAA, &heir).await;
        assert_eq!(house.against(&["M1"]).await, Vec::<String>::new(), "the agreement and the right stand");
        let revoked = json!({"id": house.right_of(PIRKANMAA, "M1").await, "decision": "REVOKE", "reason": "Seuraaja hakee omansa."});
        done(house.decide_right(&house.token(DVV, Officer), &revoked).await);
        assert_eq!(house.against(&["M1"]).await, ["MANDATING_RIGHT_MISSING"]);
        let heir = house.token(&heir, Officer);
        assert_eq!(refusals(&house.apply_right(&heir, &json!({"organisation": PIRKANMAA, "themes": ["M1"]})).await), ["PARTY_NOT_ACTIVE input.organisation"]);
        let applied = done(house.apply_right(&heir, &json!({"themes": ["M1"]})).await)["rights"][0]["id"].clone();
        done(house.decide_right(&house.token(DVV, Officer), &json!({"id": applied, "decision": "GRANT"})).await);
        assert_eq!(house.against(&["M1"]).await, Vec::<String>::new(), "the successor's own right serves its predecessor's agreement");
    }

    async fn of_two_decisions_at_once_one_stands(house: House) {
        let keeper = house.token(DVV, Officer);
        let applied = done(house.apply_right(&house.token(TAMPERE, Officer), &json!({"themes": ["M1"]})).await)["rights"][0]["id"].clone();
        let (grant, reject) = (json!({"id": applied, "decision": "GRANT"}), json!({"id": applied, "decision": "REJECT", "reason": "Ei."}));
        let (one, two) = tokio::join!(house.decide_right(&keeper, &grant), house.decide_right(&keeper, &reject));
        let mut refused = [refusals(&one), refusals(&two)].concat();
        refused.sort();
        assert_eq!(refused, ["WRONG_STATUS input.id"], "one winner");
        let theme = house.theme_id("M5").await;
        let (one, two) = (json!({"id": theme, "status": "DEFINED"}), json!({"id": theme, "status": "DEFINED"}));
        let (one, two) = tokio::join!(house.advance_theme(&one), house.advance_theme(&two));
        assert_eq!((done(one)["theme"]["status"].clone(), done(two)["theme"]["status"].clone()), (json!("DEFINED"), json!("DEFINED")));
    }
}
