//! What ends: soonest first, each thing once for every agreement it ends for, page by page.

use api::{
    app,
    auth::Role,
    world::{self, WorldFile},
};
use chrono::TimeDelta;
use entity::vocabulary::{helsinki_day, instant_text};
use serde_json::{Value, json};

use crate::{
    house::{DVV, House, KELA, LVV, MIGRI, OMBUDSMAN, PIRKANMAA, TAMPERE, THL},
    on_both_engines,
    registry_acts::{act, done, refusals},
};

const EXPIRATIONS: &str = "query Ends($first: Int, $after: String, $kinds: [ExpirationKind!]) {
    expirations(withinDays: 3660, first: $first, after: $after, kinds: $kinds) {
        nodes { kind at subjectId label agreement { number } } pageInfo { hasNextPage endCursor } } }";

const DUE: &str = "query Due($days: Int!, $kinds: [ExpirationKind!], $overdue: Boolean) {
    expirations(withinDays: $days, first: 100, kinds: $kinds, includeOverdue: $overdue) {
        nodes { kind at isOverdue subjectId label agreement { number } } } }";

impl House {
    async fn ends(&self, token: &str, first: u32, kinds: &Value) -> Vec<Value> {
        let (mut ends, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "first": first, "after": after, "kinds": kinds });
            let page = self.data(token, EXPIRATIONS, variables).await["expirations"].clone();
            ends.extend(page["nodes"].as_array().unwrap().iter().cloned());
            if page["pageInfo"]["hasNextPage"] == false {
                return ends;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

impl House {
    /// What of a kind is due within some days, and what is overdue.
    async fn falls_due(&self, token: &str, kind: &str, days: u32) -> Vec<Value> {
        let variables = json!({"days": days, "kinds": [kind], "overdue": true});
        let nodes = self.data(token, DUE, variables).await["expirations"]["nodes"].as_array().unwrap().clone();
        assert!(nodes.iter().all(|node| node["kind"] == kind));
        nodes
    }
}

/// The sample's entitlements, with an end of what the counties may receive for social welfare.
fn ending_entitlement() -> WorldFile {
    let file = world::sample().into_iter().find(|file| file.name.starts_with("04-")).unwrap();
    let (before, after) = file.text.split_once("- legal_basis: 703/2023 64 § 1 mom\n").unwrap();
    let after = after.replacen("valid_from: 2024-01-01\n", "valid_from: 2024-01-01\n    valid_until: 2027-06-01\n", 1);
    WorldFile { text: format!("{before}- legal_basis: 703/2023 64 § 1 mom\n{after}"), ..file }
}

/// The sample's law, with an end of the provision that most agreements rest on.
fn ending_law() -> WorldFile {
    let law = world::sample().into_iter().find(|file| file.name.starts_with("02-")).unwrap();
    let (before, after) = law.text.split_once("citation: 906/2019 22 § 1 mom\n").unwrap();
    let after = after.replacen("valid_from: 2020-01-01\n", "valid_from: 2020-01-01\n    valid_until: 2027-06-01\n", 1);
    WorldFile { text: format!("{before}citation: 906/2019 22 § 1 mom\n{after}"), ..law }
}

on_both_engines! {
    async fn a_provision_that_ends_for_several_agreements_is_listed_for_each_on_one_page_only(house: House) {
        app::import(&house.app.gateway, &house.app.recorder, &[ending_law()], "import").await.unwrap();
        let kela = house.token(KELA, Role::Officer);
        for kinds in [Value::Null, json!(["LEGAL_BASIS"])] {
            let whole = house.ends(&kela, 100, &kinds).await;
            assert!(whole.is_sorted_by_key(|one| one["at"].as_str().unwrap().to_owned()));
            let same = whole.iter().filter(|one| one["label"] == "906/2019 22 § 1 mom").count();
            assert!(same > 2, "{whole:#?}");
            for first in [1, 2, 7] {
                assert_eq!(house.ends(&kela, first, &kinds).await, whole, "pages of {first}");
            }
        }
    }

    async fn what_the_law_gives_at_most_ends_for_the_agreements_that_rest_on_it(house: House) {
        let kela = house.token(KELA, Role::Officer);
        assert_eq!(house.ends(&kela, 100, &json!(["ENTITLEMENT"])).await, Vec::<Value>::new());
        app::import(&house.app.gateway, &house.app.recorder, &[ending_entitlement()], "import").await.unwrap();
        let ends = house.ends(&kela, 100, &json!(["ENTITLEMENT"])).await;
        assert!(ends.iter().any(|end| end["agreement"]["number"] == "KEL-2023-014" && end["label"] == "703/2023 64 § 1 mom"), "{ends:#?}");
        assert!(ends.iter().all(|end| end["at"] == "2027-05-31T21:00:00.000000Z"));
        let stranger = house.ends(&house.token(THL, Role::Officer), 100, &json!(["ENTITLEMENT"])).await;
        assert_eq!(stranger, Vec::<Value>::new());
    }

    async fn recipient_s_review_of_its_use_is_due_a_year_after_the_last(house: House) {
        let of = |nodes: Vec<Value>| nodes.into_iter().find(|node| node["agreement"]["number"] == "KEL-2021-031");
        let (city, kela) = (house.token(TAMPERE, Role::Officer), house.token(KELA, Role::Officer));
        for token in [&city, &kela] {
            assert_eq!(of(house.falls_due(token, "USAGE_REVIEW", 30).await).unwrap()["isOverdue"], true, "never reviewed since 2021");
        }
        let hidden = json!({"days": 30, "kinds": ["USAGE_REVIEW"]});
        assert!(of(house.data(&city, DUE, hidden).await["expirations"]["nodes"].as_array().unwrap().clone()).is_none(), "only where it is asked for");
        for (organisation, role) in [(TAMPERE, Role::System), (THL, Role::Officer), (DVV, Role::Administrator)] {
            assert!(of(house.falls_due(&house.token(organisation, role), "USAGE_REVIEW", 3_660).await).is_none(), "{organisation} {role:?}");
        }
        let review = act("reviewUsage", "usageReview { reviewedOn }");
        let reviewed = json!({"agreement": "KEL-2021-031", "fromOn": "2026-01-01", "untilOn": "2026-10-31", "sampleSize": 20, "findings": "Ei huomautettavaa."});
        done(house.data(&city, &review, json!({"input": reviewed})).await);
        assert!(of(house.falls_due(&city, "USAGE_REVIEW", 30).await).is_none());
        let due = of(house.falls_due(&city, "USAGE_REVIEW", 400).await).unwrap();
        assert_eq!((&due["isOverdue"], &due["at"]), (&json!(false), &json!("2027-10-31T22:00:00.000000Z")));
    }

    async fn grants_are_looked_at_again_by_the_two_sides_and_nobody_else(house: House) {
        let of_scope = |nodes: Vec<Value>| nodes.into_iter().filter(|node| node["agreement"]["number"] == "SOT-2026-001").count();
        let count = |organisation: &'static str, role| {
            let house = &house;
            async move {
                let token = house.token(organisation, role);
                let review = house.falls_due(&token, "GRANT_REVIEW", 3_660).await;
                of_scope(review) + of_scope(house.falls_due(&token, "ACCESS_GRANT", 3_660).await)
            }
        };
        let granted = count(KELA, Role::Officer).await;
        assert!(granted > 0);
        assert_eq!(count(LVV, Role::Officer).await, granted);
        for (organisation, role) in [(KELA, Role::System), (THL, Role::Officer), (DVV, Role::Administrator)] {
            assert_eq!(count(organisation, role).await, 0, "{organisation} {role:?}");
        }
    }

    async fn planned_step_of_adoption_is_told_to_both_sides_until_it_is_done(house: House) {
        for organisation in [KELA, MIGRI] {
            let planned = house.falls_due(&house.token(organisation, Role::Officer), "ADOPTION_STEP", 3_660).await;
            let opening = planned.iter().find(|node| node["label"] == "KEL-2026-052 CONNECTION_OPENED").unwrap();
            assert_eq!((&opening["at"], &opening["isOverdue"]), (&json!("2027-02-01T22:00:00.000000Z"), &json!(false)), "the day is included");
            assert!(planned.iter().all(|node| node["agreement"]["number"] != "KEL-2023-014"), "all its steps are done");
        }
        assert_eq!(house.falls_due(&house.token(OMBUDSMAN, Role::Officer), "ADOPTION_STEP", 3_660).await, Vec::<Value>::new());
    }

    async fn authority_is_told_within_72_hours_and_the_queue_says_when(house: House) {
        let (county, kela) = (house.token(PIRKANMAA, Role::Officer), house.token(KELA, Role::Officer));
        let at = house.app.gateway.clock.now() - TimeDelta::hours(1);
        let report = act("reportIncident", "incident { id notifyBy }");
        let breach = json!({"agreement": "KEL-2023-014", "kind": "DATA_PROTECTION", "description": "Tuloste hukassa.", "occurredAt": instant_text(at)});
        let incident = done(house.data(&county, &report, json!({"input": breach})).await)["incident"].clone();
        for token in [&county, &kela] {
            let due = house.falls_due(token, "INCIDENT_NOTICE", 3).await;
            assert_eq!((due.len(), &due[0]["at"], &due[0]["subjectId"]), (1, &incident["notifyBy"], &incident["id"]));
        }
        for (organisation, role) in [(PIRKANMAA, Role::System), (THL, Role::Officer), (DVV, Role::Administrator)] {
            assert_eq!(house.falls_due(&house.token(organisation, role), "INCIDENT_NOTICE", 3_660).await, Vec::<Value>::new(), "{organisation} {role:?}");
        }
        let record = act("recordAuthorityNotice", "incident { status notifiedAuthorityOn isOverdue closedAt }");
        let told = |day: &str| json!({"input": {"id": incident["id"], "notifiedAuthorityOn": day}});
        let today = helsinki_day(house.app.gateway.clock.now()).to_string();
        for (day, refusal) in [
            ("2999-01-01", "MALFORMED input.notifiedAuthorityOn"), ("2020-01-01", "PERIOD_REVERSED input.notifiedAuthorityOn"),
            ("eilen", "MALFORMED input.notifiedAuthorityOn"),
        ] {
            assert_eq!(refusals(&house.data(&county, &record, told(day)).await), [refusal]);
        }
        let stranger = house.token(THL, Role::Officer);
        assert_eq!(refusals(&house.data(&stranger, &record, told(&today)).await), ["NOT_FOUND input.id"], "one may not know of it");
        let noted = done(house.data(&county, &record, told(&today)).await)["incident"].clone();
        assert_eq!(noted, json!({"status": "REPORTED", "notifiedAuthorityOn": today, "isOverdue": false, "closedAt": null}), "and stays open");
        assert_eq!(done(house.data(&kela, &record, told(&today)).await)["incident"], noted, "the same day again");
        assert_eq!(house.falls_due(&kela, "INCIDENT_NOTICE", 3).await, Vec::<Value>::new());
        let close = act("closeIncident", "incident { status notifiedAuthorityOn }");
        let closed = json!({"input": {"id": incident["id"], "outcome": "Tuloste löytyi."}});
        assert_eq!(done(house.data(&kela, &close, closed).await)["incident"], json!({"status": "CLOSED", "notifiedAuthorityOn": today}));
        let other = json!({"agreement": "KEL-2023-014", "kind": "MISUSE", "description": "Haku ilman perustetta.", "occurredAt": instant_text(at)});
        let other = done(house.data(&county, &report, json!({"input": other})).await)["incident"]["id"].clone();
        done(house.data(&kela, &close, json!({"input": {"id": other, "outcome": "Selvitetty."}})).await);
        let late = json!({"input": {"id": other, "notifiedAuthorityOn": today}});
        assert_eq!(refusals(&house.data(&kela, &record, late).await), ["WRONG_STATUS input.id"], "closing said it all");
    }
}
