//! What clients already rely on: the four operations word for word, names in three languages, ids, pages and filters.

use api::auth::Role;
use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use crate::{
    house::{DVV, KELA, LVV, MIGRI, PIRKANMAA, TAMPERE, codes},
    on_both_engines,
};

pub const AGREEMENT_STATUS: &str = "query AgreementStatus($number: String!) {
  agreement(number: $number) {
    id number status signedOn startsOn endsOn
    effectiveStatus { state since until blockers { code message citations { citation eli } } }
    adoptionSteps { code state responsible plannedOn doneOn blockedBy { code message } }
    allowedActions { code blockedBy { code message } }
    discloser { id businessId name } recipient { id businessId name } register { code name }
    bases { role adequacy legalBasis { citation name } }
    scopes { id channel status effectiveStatus { state blockers { code message } } items { code name } purposes { code name } mandates { code uri name } }
    contacts { side role topics email priority }
    statements { channel status validUntil }
  }
}";

pub const DECISION: &str = "query Decision($input: AccessDecisionInput!) {
  accessDecision(input: $input) {
    verdict permittedItems
    grounds { item citations { citation eli } }
    reasons { code message item citations { citation eli } }
    obligations { code message } agreement { number } scope { id } validUntil nextChangeAt factsSeq
  }
}";

pub const RECORD: &str = "mutation Record($input: RecordDisclosuresInput!) {
  recordDisclosures(input: $input) {
    disclosures { id messageId part recordedAt leafIndex coverage outcome agreement { number } }
    userErrors { code message path citations { citation } }
  }
}";

pub const STATISTICS: &str = "query Statistics($input: DisclosureStatisticsInput!) {
  disclosureStatistics(input: $input, first: 100) {
    rows { period keys { dimension value label } disclosures subjectCount suppressed } coveredUntil pageInfo { hasNextPage endCursor }
  }
}";

on_both_engines! {
    async fn agreement_status_is_answered_as_promised(house: House) {
        let token = house.token(KELA, Role::Officer);
        let agreement = house.data(&token, AGREEMENT_STATUS, json!({"number": "KEL-2023-014"})).await["agreement"].clone();
        assert!(agreement["id"].as_str().unwrap().starts_with("agreement:"));
        assert_eq!(agreement["number"], "KEL-2023-014");
        assert_eq!(agreement["status"], "ACTIVE");
        assert_eq!(agreement["signedOn"], "2023-04-12");
        assert_eq!(agreement["startsOn"], "2023-05-02");
        assert_eq!(agreement["endsOn"], Value::Null);
        assert_eq!(agreement["effectiveStatus"]["state"], "IN_FORCE");
        assert_eq!(agreement["effectiveStatus"]["since"], "2023-05-01T21:00:00.000000Z", "midnight in Helsinki");
        assert_eq!(agreement["effectiveStatus"]["blockers"], json!([]));
        assert_eq!(agreement["discloser"]["businessId"], KELA);
        assert_eq!(agreement["discloser"]["name"], "Kansaneläkelaitos");
        assert_eq!(agreement["recipient"]["businessId"], PIRKANMAA);
        assert_eq!(agreement["register"]["code"], "KELMU");

        let bases = agreement["bases"].as_array().unwrap();
        let repealed = bases.iter().find(|basis| basis["legalBasis"]["citation"] == "812/2000 20 §").unwrap();
        assert_eq!(repealed["adequacy"], "REPEALED");
        assert!(bases.iter().any(|basis| basis["role"] == "RIGHT_TO_RECEIVE"
            && basis["adequacy"] == "ADEQUATE" && basis["legalBasis"]["citation"] == "703/2023 64 § 1 mom"));

        let scopes = agreement["scopes"].as_array().unwrap();
        let states: Vec<_> = scopes.iter().map(triple).collect();
        assert_eq!(states, [
            ("TECHNICAL_INTERFACE", "CLOSED", "ENDED"),
            ("TECHNICAL_INTERFACE", "CLOSED", "ENDED"),
            ("TECHNICAL_INTERFACE", "OPEN", "IN_FORCE"),
            ("VIEWING_CONNECTION", "OPEN", "IN_FORCE"),
        ]);
        assert_eq!(texts(&scopes[2]["purposes"], "code"), ["FEE_DETERMINATION", "PAYMENT_CLAIM", "SOCIAL_ASSISTANCE", "SOCIAL_WELFARE"]);
        assert_eq!(texts(&scopes[2]["mandates"], "code"), ["M1", "M4"]);
        assert!(texts(&scopes[2]["items"], "code").contains(&"KEL.MEDCEILING".to_owned()));

        let steps = agreement["adoptionSteps"].as_array().unwrap();
        assert!(steps.iter().all(|step| ["DONE", "NOT_REQUIRED"].contains(&step["state"].as_str().unwrap())), "{steps:#?}");
        assert_eq!(step(&agreement, "EMPLOYEES_INSTRUCTED")["doneOn"], "2023-04-20");
        assert!(texts(&agreement["allowedActions"], "code").contains(&"SUSPEND".to_owned()));
        let contacts = agreement["contacts"].as_array().unwrap();
        for side in ["DISCLOSER", "RECIPIENT"] {
            let support = contacts.iter().find(|contact| contact["side"] == side && contact["role"] == "TECHNICAL_SUPPORT").unwrap();
            assert_eq!(support["priority"], 1);
            assert!(support["topics"].as_array().unwrap().contains(&json!("TECHNICAL")) && support["email"].is_string());
        }
        let statements = agreement["statements"].as_array().unwrap();
        assert_eq!(statements.len(), 2);
        assert!(statements.iter().all(|statement| statement["status"] == "APPROVED"));
    }

    async fn agreement_names_the_basis_it_lacks(house: House) {
        let token = house.token(KELA, Role::Officer);
        let agreement = house.data(&token, AGREEMENT_STATUS, json!({"number": "KEL-2026-051"})).await["agreement"].clone();
        assert_eq!(agreement["effectiveStatus"]["state"], "PREPARING");
        assert_eq!(agreement["effectiveStatus"]["blockers"][0]["code"], "NO_LEGAL_BASIS");
        assert_ne!(agreement["effectiveStatus"]["blockers"][0]["message"], "");
        assert_ne!(step(&agreement, "LEGAL_BASIS_CHECKED")["state"], "DONE");
        assert!(texts(&step(&agreement, "LEGAL_BASIS_CHECKED")["blockedBy"], "code").contains(&"NO_LEGAL_BASIS".to_owned()));
        assert_eq!(step(&agreement, "AGREEMENT_SIGNED")["doneOn"], Value::Null);
    }

    async fn decision_is_answered_as_promised(house: House) {
        let token = house.token(PIRKANMAA, Role::System);
        let question = json!({"register": "KELMU", "items": ["KEL.DECISION", "KEL.VETERAN_LIST"], "purpose": "SOCIAL_ASSISTANCE",
            "channel": "TECHNICAL_INTERFACE", "caseReference": "PIRHA/2026/1", "mandates": ["M1"]});
        let decision = house.data(&token, DECISION, json!({"input": question})).await["accessDecision"].clone();
        assert_eq!(decision["verdict"], "PARTIAL");
        assert_eq!(decision["permittedItems"], json!(["KEL.DECISION"]));
        let ground = &decision["grounds"][0];
        assert_eq!(ground["item"], "KEL.DECISION");
        assert_eq!(texts(&ground["citations"], "citation"), ["1412/1997 18 b § 1 mom", "703/2023 64 § 1 mom"]);
        assert!(ground["citations"].as_array().unwrap().iter().all(|law| law["eli"].as_str().is_some_and(|eli| eli.starts_with("http"))));
        let reason = &decision["reasons"][0];
        assert_eq!((reason["code"].as_str(), reason["item"].as_str()), (Some("ITEM_NOT_IN_SCOPE"), Some("KEL.VETERAN_LIST")));
        let obligations = texts(&decision["obligations"], "code");
        assert!(["LOG", "LIMIT_LOOK_BACK", "NO_ONWARD_DISCLOSURE"].iter().all(|code| obligations.contains(&(*code).to_owned())));
        assert_eq!(decision["agreement"]["number"], "KEL-2023-014");
        assert!(decision["scope"]["id"].as_str().unwrap().starts_with("scope:"));
        assert!(decision["factsSeq"].as_i64().unwrap() > 0);
    }

    async fn recording_is_answered_as_promised(house: House) {
        let token = house.token(KELA, Role::System);
        let input = json!({"disclosures": [disclosure("contract-1")]});
        let answer = house.data(&token, RECORD, json!({"input": input})).await["recordDisclosures"].clone();
        assert_eq!(answer["userErrors"], json!([]));
        let row = &answer["disclosures"][0];
        assert!(row["id"].as_str().unwrap().starts_with("disclosure:"));
        assert_eq!((row["messageId"].as_str(), row["part"].as_i64()), (Some("contract-1"), Some(0)));
        assert_eq!((row["coverage"].as_str(), row["outcome"].as_str()), (Some("COVERED"), Some("DELIVERED")));
        assert_eq!(row["agreement"]["number"], "KEL-2023-014");
        assert!(row["leafIndex"].as_i64().unwrap() > 0);
        let again = house.data(&token, RECORD, json!({"input": input})).await["recordDisclosures"].clone();
        assert_eq!(again, answer, "the same content answers as the first time");
        let other = json!({"disclosures": [{"messageId": "contract-1", "recipient": PIRKANMAA, "register": "KELMU",
            "items": ["KEL.PAYMENT"], "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE",
            "occurredAt": "2026-11-02T10:00:00Z", "subject": {"count": 1}, "clientSystem": "asiakastieto"}]});
        let conflict = house.data(&token, RECORD, json!({"input": other})).await["recordDisclosures"].clone();
        assert_eq!(conflict["disclosures"], Value::Null);
        assert_eq!(conflict["userErrors"][0]["code"], "CONFLICT");
        assert_eq!(conflict["userErrors"][0]["path"], json!(["input", "disclosures", "0", "messageId"]));
    }

    async fn statistics_are_answered_as_promised(house: House) {
        let token = house.token(KELA, Role::Officer);
        let ask = |interval: &str| json!({"input": {"from": "2026-01-01", "until": "2026-07-01", "interval": interval,
            "groupBy": ["RECIPIENT", "PURPOSE"], "filter": {"agreements": ["KEL-2023-014"]}}});
        let months = house.data(&token, STATISTICS, ask("MONTH")).await["disclosureStatistics"].clone();
        let rows = months["rows"].as_array().unwrap();
        assert_eq!(rows[0]["period"], "2026-01");
        assert_eq!(rows[0]["keys"][0], json!({"dimension": "RECIPIENT", "value": PIRKANMAA, "label": "Pirkanmaan hyvinvointialue"}));
        assert_eq!(rows[0]["suppressed"], false);
        let total = house.data(&token, STATISTICS, ask("TOTAL")).await["disclosureStatistics"].clone();
        assert_eq!(sum(&months, "disclosures"), sum(&total, "disclosures"));
        assert_eq!(sum(&months, "subjectCount"), sum(&total, "subjectCount"));
        assert!(sum(&total, "disclosures") > 100);
        assert_eq!(months["pageInfo"]["hasNextPage"], false);
        assert!(months["coveredUntil"].as_str().unwrap().starts_with("20"));
    }

    async fn names_are_said_in_the_language_asked_for(house: House) {
        let token = house.token(KELA, Role::Officer);
        let query = "{ agreement(number: \"SOT-2026-001\") {
            discloser { name fi: name(language: FI) sv: name(language: SV) en: name(language: EN) }
            scopes { purposes { name } } } }";
        for (accepted, name) in [
            ("", "Lupa- ja valvontavirasto"),
            ("sv-FI, en;q=0.5", "Tillstånds- och tillsynsverket"),
            ("de, en;q=0.8, fi;q=0.1", "Finnish Supervisory Agency"),
            ("de", "Lupa- ja valvontavirasto"),
        ] {
            let request = Request::post("/graphql")
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .header(header::ACCEPT_LANGUAGE, accepted)
                .body(Body::from(json!({"query": query}).to_string()))
                .unwrap();
            let answer = house.send(request).await.body;
            let discloser = &answer["data"]["agreement"]["discloser"];
            assert_eq!(discloser["name"], name, "{accepted}: {answer}");
            assert_eq!(discloser["fi"], "Lupa- ja valvontavirasto");
            assert_eq!(discloser["sv"], "Tillstånds- och tillsynsverket");
            assert_eq!(discloser["en"], "Finnish Supervisory Agency");
        }
    }

    async fn anything_with_an_id_is_found_again_by_it(house: House) {
        let token = house.token(KELA, Role::Officer);
        let query = "{ agreement(number: \"KEL-2023-014\") { id discloser { id } register { id } scopes { id purposes { id } mandates { id } }
            bases { legalBasis { id } } } }";
        let agreement = house.data(&token, query, json!({})).await["agreement"].clone();
        for (id, kind) in [
            (&agreement["id"], "Agreement"),
            (&agreement["discloser"]["id"], "Organisation"),
            (&agreement["register"]["id"], "Register"),
            (&agreement["scopes"][2]["id"], "Scope"),
            (&agreement["scopes"][2]["purposes"][0]["id"], "Purpose"),
            (&agreement["scopes"][2]["mandates"][0]["id"], "MandateTheme"),
            (&agreement["bases"][0]["legalBasis"]["id"], "LegalBasis"),
        ] {
            let node = house.data(&token, "query($id: ID!) { node(id: $id) { __typename id } }", json!({"id": id})).await;
            assert_eq!(node["node"], json!({"__typename": kind, "id": id}));
        }
        let by_id = "query($id: ID!) { agreement(id: $id) { number } }";
        assert_eq!(house.data(&token, by_id, json!({"id": agreement["id"]})).await["agreement"]["number"], "KEL-2023-014");
    }

    async fn id_of_another_kind_is_invalid_and_an_unknown_one_not_found(house: House) {
        let token = house.token(KELA, Role::Officer);
        let organisation = house.data(&token, "{ organisation(businessId: \"0246246-0\") { id } }", json!({})).await["organisation"]["id"].clone();
        let by_id = "query($id: ID!) { agreement(id: $id) { number } }";
        assert_eq!(house.errors(&token, by_id, json!({"id": organisation})).await, ["INVALID_INPUT"]);
        assert_eq!(house.errors(&token, by_id, json!({"id": "agreement:7"})).await, ["INVALID_INPUT"]);
        assert_eq!(house.errors(&token, "{ agreement { number } }", json!({})).await, ["INVALID_INPUT"]);
        let unknown = json!({"id": "agreement:01980000-0000-7000-8000-000000000000"});
        for query in [by_id, "query($id: ID!) { node(id: $id) { id } }"] {
            let answer = house.ask(&token, query, unknown.clone()).await;
            assert_eq!(codes(&answer), ["NOT_FOUND"]);
            assert!(answer["data"].as_object().unwrap().values().all(Value::is_null), "null with its reason: {answer}");
        }
        for query in [
            "{ agreement(number: \"KEL-1999-001\") { number } }",
            "{ organisation(businessId: \"1234567-1\") { id } }",
            "{ legalBasis(citation: \"1/2020 1 §\") { id } }",
            "{ node(id: \"disclosure:01980000-0000-7000-8000-000000000000\") { id } }",
        ] {
            assert_eq!(house.errors(&token, query, json!({})).await, ["NOT_FOUND"], "{query}");
        }
        assert_eq!(house.errors(&token, "{ organisation(businessId: \"0246246-1\") { id } }", json!({})).await, ["INVALID_INPUT"]);
    }

    async fn agreements_are_paged_without_gaps_or_repeats(house: House) {
        let token = house.token(KELA, Role::Officer);
        let query = "query($first: Int, $after: String, $orderBy: AgreementOrder) { agreements(first: $first, after: $after, orderBy: $orderBy) {
            totalCount nodes { number startsOn endsOn } edges { cursor node { number } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        for order in [Value::Null, json!("NUMBER"), json!("STARTS_ON"), json!("ENDS_ON")] {
            let all = house.data(&token, query, json!({"first": 100, "orderBy": order})).await["agreements"].clone();
            let (mut after, mut numbers) = (Value::Null, Vec::new());
            loop {
                let page = house.data(&token, query, json!({"first": 2, "after": after, "orderBy": order})).await["agreements"].clone();
                assert_eq!(page["totalCount"], all["totalCount"]);
                assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
                assert_eq!(page["pageInfo"]["endCursor"], page["edges"].as_array().unwrap().last().unwrap()["cursor"]);
                numbers.extend(texts_in_order(&page["nodes"], "number"));
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(numbers, texts_in_order(&all["nodes"], "number"), "{order}");
            assert_eq!(json!(numbers.len()), all["totalCount"]);
            let days = |field: &str| -> Vec<String> {
                let nodes = all["nodes"].as_array().unwrap().iter();
                nodes.map(|node| node[field].as_str().unwrap_or("9999").to_owned()).collect()
            };
            match order.as_str() {
                Some("STARTS_ON") => assert!(days("startsOn").is_sorted()),
                Some("ENDS_ON") => assert!(days("endsOn").is_sorted()),
                _ => assert!(numbers.is_sorted()),
            }
        }
        let foreign = json!({"first": 2, "after": "bm8gY3Vyc29y"});
        assert_eq!(house.errors(&token, query, foreign).await, ["INVALID_INPUT"]);
        assert_eq!(house.errors(&token, query, json!({"first": 0})).await, ["INVALID_INPUT"]);
    }

    async fn agreements_are_filtered_by_every_condition(house: House) {
        let token = house.token(KELA, Role::Officer);
        let query = "query($filter: AgreementFilter) { agreements(first: 100, filter: $filter) { totalCount nodes { number } } }";
        for (filter, numbers) in [
            (json!({"register": "SOTERI"}), &["SOT-2024-001", "SOT-2026-001", "SOT-2026-002"][..]),
            (json!({"party": MIGRI}), &["KEL-2020-009", "KEL-2026-052"]),
            (json!({"recipient": MIGRI, "register": "KELMU", "status": ["DRAFT"]}), &["KEL-2026-052"]),
            (json!({"discloser": DVV}), &["DVV-2025-201"]),
            (json!({"discloser": LVV, "recipient": KELA}), &["SOT-2026-001"]),
            (json!({"recipient": TAMPERE, "discloser": KELA}), &["KEL-2021-031"]),
            (json!({"status": ["SUSPENDED", "REJECTED"]}), &["KEL-2022-003", "KEL-2026-050"]),
            (json!({"effectiveState": ["EXPIRED", "SUSPENDED"]}), &["KEL-2020-009", "KEL-2022-003"]),
            (json!({"effectiveState": ["PARTLY_IN_FORCE"]}), &["KEL-2021-031"]),
            (json!({"basis": "615/2020 13 § 1 mom"}), &["KEL-2020-009", "KEL-2026-052"]),
            (json!({"basis": "812/2000 20 §"}), &["KEL-2022-003", "KEL-2023-014"]),
            (json!({"name": "tammerfors"}), &["KEL-2021-031"]),
            (json!({"name": "2026-05"}), &["KEL-2026-050", "KEL-2026-051", "KEL-2026-052"]),
            (json!({"expiringBefore": "2026-01-01"}), &["KEL-2020-009"]),
            (json!({"expiringBefore": "2025-12-31"}), &[]),
            (json!({"party": MIGRI, "effectiveState": ["IN_FORCE"]}), &[]),
        ] {
            let found = house.data(&token, query, json!({"filter": filter})).await["agreements"].clone();
            assert_eq!(texts(&found["nodes"], "number"), numbers, "{filter}");
            assert_eq!(found["totalCount"], numbers.len(), "{filter}");
        }
        let several = json!({"filter": {"party": "1234567-1", "register": "NOTHING", "expiringBefore": "2026-02-30"}});
        let answer = house.ask(&token, query, several).await;
        assert_eq!(codes(&answer), ["INVALID_INPUT"]);
        let faults = answer["errors"][0]["extensions"]["faults"].as_array().unwrap().clone();
        let mut said: Vec<_> = faults.iter().map(|fault| (fault["code"].as_str().unwrap(), fault["path"].clone())).collect();
        said.sort_by_key(|(_, path)| path.to_string());
        assert_eq!(said, [
            ("MALFORMED", json!(["filter", "expiringBefore"])),
            ("NOT_FOUND", json!(["filter", "party"])),
            ("NOT_FOUND", json!(["filter", "register"])),
        ]);
    }
}

/// Report of one disclosure that the sample's agreement with Pirkanmaa covers.
pub fn disclosure(message_id: &str) -> Value {
    json!({"messageId": message_id, "recipient": PIRKANMAA, "register": "KELMU", "items": ["KEL.DECISION"],
        "purpose": "SOCIAL_ASSISTANCE", "channel": "TECHNICAL_INTERFACE", "occurredAt": "2026-11-02T10:00:00Z",
        "subject": {"personalIdentityCode": "010594Y9032"}, "caseReference": "PIRHA/2026/1", "mandates": ["M1"],
        "clientSystem": "asiakastieto"})
}

/// Texts of a field over a list, in order of the alphabet.
pub fn texts(list: &Value, field: &str) -> Vec<String> {
    let mut texts = texts_in_order(list, field);
    texts.sort_unstable();
    texts
}

pub fn texts_in_order(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
}

fn triple(scope: &Value) -> (&str, &str, &str) {
    (text(&scope["channel"]), text(&scope["status"]), text(&scope["effectiveStatus"]["state"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn step<'a>(agreement: &'a Value, code: &str) -> &'a Value {
    agreement["adoptionSteps"].as_array().unwrap().iter().find(|step| step["code"] == code).unwrap()
}

fn sum(statistics: &Value, field: &str) -> i64 {
    statistics["rows"].as_array().unwrap().iter().map(|row| row[field].as_i64().unwrap()).sum()
}
