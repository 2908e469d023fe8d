//! What ends: soonest first, each thing once for every agreement it ends for, page by page.

use api::{
    app,
    auth::Role,
    world::{self, WorldFile},
};
use serde_json::{Value, json};

use crate::{
    house::{House, KELA},
    on_both_engines,
};

const EXPIRATIONS: &str = "query Ends($first: Int, $after: String, $kinds: [ExpirationKind!]) {
    expirations(withinDays: 3660, first: $first, after: $after, kinds: $kinds) {
        nodes { kind at subjectId label agreement { number } } pageInfo { hasNextPage endCursor } } }";

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
}
