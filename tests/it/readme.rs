//! The README keeps its word: every question it asks is asked here, and answered as it says.

use api::auth::Role;
use serde_json::Value;

use crate::{
    house::{House, KELA, PIRKANMAA},
    on_both_engines,
};

const README: &str = include_str!("../../README.md");

/// Questions of the README in their order: the token's name and the request.
fn questions() -> Vec<(&'static str, Value)> {
    README
        .lines()
        .filter_map(|line| {
            let (token, rest) = line.strip_prefix("ask \"$")?.split_once("\" '")?;
            Some((token, serde_json::from_str(rest.strip_suffix('\'')?).unwrap()))
        })
        .collect()
}

fn token(house: &House, name: &str) -> String {
    match name {
        "KELA_OFFICER" => house.token(KELA, Role::Officer),
        "KELA_SYSTEM" => house.token(KELA, Role::System),
        "PIRKANMAA_SYSTEM" => house.token(PIRKANMAA, Role::System),
        other => panic!("the README uses the token {other}, which this test does not know"),
    }
}

async fn answer(house: &House, (name, request): &(&str, Value)) -> Value {
    let variables = request.get("variables").cloned().unwrap_or_default();
    house.data(&token(house, name), request["query"].as_str().unwrap(), variables).await
}

on_both_engines! {
    async fn the_readme_is_answered_as_it_says(house: House) {
        let questions = questions();
        let [status, decision, recording, statistics] = questions.as_slice() else {
            panic!("the README asks {} questions, this test knows four", questions.len());
        };

        let agreement = &answer(&house, status).await["agreement"];
        assert_eq!(agreement["effectiveStatus"]["state"], "PREPARING");
        assert_eq!(agreement["effectiveStatus"]["blockers"][0]["code"], "NO_LEGAL_BASIS");

        let decided = &answer(&house, decision).await["accessDecision"];
        assert_eq!(decided["verdict"], "PERMITTED");
        assert_eq!(decided["grounds"][0]["citations"][0]["citation"], "703/2023 64 § 1 mom");

        let first = answer(&house, recording).await["recordDisclosures"]["disclosures"][0].clone();
        assert_eq!(first["coverage"], "COVERED");
        assert_eq!(first["agreement"]["number"], "KEL-2023-014");
        let again = answer(&house, recording).await["recordDisclosures"]["disclosures"][0].clone();
        assert_eq!(again, first, "a repeat answers as the first time");

        let rows = answer(&house, statistics).await["disclosureStatistics"]["rows"].as_array().cloned().unwrap();
        let pirkanmaa = rows.iter().find(|row| row["keys"][0]["value"] == PIRKANMAA).unwrap();
        assert!(pirkanmaa["disclosures"].as_i64().unwrap() > 0);
    }
}
