//! Exports: the same registry again, an agreement as a policy others can read, and an organisation's record of processing;
//! nobody learns more from them than over GraphQL.

use api::{
    app::{self, ImportError},
    auth::Role::{Administrator, Auditor, Officer, Statistician, SubjectService, System},
    world::{self, ExportForm, WorldFile},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};

use crate::{
    house::{Engine, House, KELA, LVV, OMBUDSMAN, PIRKANMAA, Reply, THL, codes},
    on_both_engines,
    process::{closed, run, settings, text},
    registry_acts::{act, done},
};

const RESTRICTED: &str = "SOT-2026-003";
const ENFORCEMENT: &str = "9900005-0";

/// Terms of ODRL's own context that a policy may use.
const ODRL: [&str; 20] = [
    "uid",
    "assigner",
    "assignee",
    "target",
    "action",
    "permission",
    "prohibition",
    "obligation",
    "duty",
    "constraint",
    "leftOperand",
    "operator",
    "rightOperand",
    "conflict",
    "partOf",
    "unit",
    "profile",
    "refinement",
    "consequence",
    "status",
];

const TYPES: [&str; 14] = [
    "Agreement",
    "Party",
    "Asset",
    "AssetCollection",
    "Permission",
    "Prohibition",
    "Duty",
    "Constraint",
    "dpv:GovernmentalOrganisation",
    "dpv:Organisation",
    "dpv:PersonalData",
    "dpv:LegalBasis",
    "xsd:date",
    "xsd:dateTime",
];

impl House {
    async fn export_of(&self, token: Option<&str>, path: &str, language: &str) -> Reply {
        let mut request = Request::get(format!("/export/{path}")).header(header::ACCEPT_LANGUAGE, language);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn policy(&self, token: &str, number: &str) -> Value {
        let reply = self.export_of(Some(token), &format!("agreements/{number}"), "fi").await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/ld+json");
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
        reply.body
    }

    fn world(&self, form: ExportForm) -> Vec<WorldFile> {
        let (facts, fingerprints) = (self.app.gateway.journal.facts(), self.app.gateway.keys.pseudonym_fingerprints());
        world::export_as(&facts, &fingerprints, form)
    }

    async fn import_all(&self, files: &[WorldFile]) -> Result<app::Imported, ImportError> {
        app::import(&self.app.gateway, &self.app.recorder, files, "import").await
    }
}

/// Every key is a term of ODRL's context or of a prefix the policy declares, every name an absolute IRI.
fn expandable(value: &Value, prefixes: &[String], under: &str) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| expandable(value, prefixes, under)),
        Value::Object(members) => {
            for (key, value) in members {
                let is_ours =
                    key.split_once(':').is_some_and(|(prefix, _)| prefixes.iter().any(|known| known == prefix));
                assert!(is_ours || key.starts_with('@') || ODRL.contains(&key.as_str()), "`{key}` is no known term");
                if key == "@type" {
                    let types = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                    for kind in types {
                        let known = kind.as_str().is_some_and(|kind| TYPES.contains(&kind) || kind == "xsd:duration");
                        assert!(known, "type {kind} is not known");
                    }
                }
                if key == "uid" || key == "@id" || key == "partOf" {
                    let iri = value.as_str().unwrap();
                    let absolute = ["urn:", "http://", "https://", "dpv:"].iter().any(|scheme| iri.starts_with(scheme));
                    assert!(absolute && !iri.contains(char::is_whitespace), "`{iri}` is relative");
                }
                if key != "@context" {
                    expandable(value, prefixes, key);
                }
            }
        }
        Value::String(text) if matches!(under, "target" | "assignee" | "assigner") => {
            assert!(text.starts_with("urn:") || text.starts_with("http"), "`{text}` is relative");
        }
        _ => {}
    }
}

fn prefixes(policy: &Value) -> Vec<String> {
    assert_eq!(policy["@context"][0], "http://www.w3.org/ns/odrl.jsonld");
    let declared = policy["@context"][1].as_object().unwrap();
    assert!(declared.values().all(|iri| iri.as_str().is_some_and(|iri| iri.starts_with("http"))));
    declared.keys().cloned().collect()
}

fn permitted(policy: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let permissions = policy["permission"].as_array().unwrap().iter();
    permissions.map(|one| (text(&one["target"]["dct:identifier"]), text(&one["dct:type"]))).collect()
}

on_both_engines! {
    async fn registry_exported_as_json_is_the_same_registry(house: House) {
        let files = house.world(ExportForm::Json);
        assert!(files.iter().all(|file| serde_json::from_str::<Value>(&file.text).is_ok() && file.name.contains(".json")));
        assert_eq!(house.import_all(&files).await.unwrap().rows, 0, "an export changes nothing where it was made");
        assert_eq!(house.import_all(&house.world(ExportForm::Yaml)).await.unwrap().rows, 0);
    }

    async fn export_for_everyone_leaves_out_what_is_restricted_and_all_that_belongs_to_it(house: House) {
        let facts = house.app.gateway.journal.facts();
        let (public, omitted) = world::public_part(&facts);
        assert!(omitted > 1);
        let files = world::export(&public, &house.app.gateway.keys.pseudonym_fingerprints());
        let all: String = files.iter().map(|file| file.text.as_str()).collect();
        assert!(!all.contains(RESTRICTED) && all.contains("KEL-2023-014"));
        assert!(!all.contains("PUBLICATION_RESTRICTED"));
        assert_eq!(house.import_all(&files).await.map(|imported| imported.rows).map_err(|error| error.to_string()), Ok(0));
    }

    async fn agreement_is_a_policy_of_known_terms_and_absolute_names(house: House) {
        let kela = house.token(KELA, Officer);
        for number in ["KEL-2023-014", "KEL-2022-003", "KEL-2026-051", "KEL-2021-031", "KEL-2020-009"] {
            let policy = house.policy(&kela, number).await;
            expandable(&policy, &prefixes(&policy), "");
            assert_eq!((&policy["@type"], &policy["dct:identifier"]), (&json!("Agreement"), &json!(number)));
            assert_eq!(policy["prohibition"][0]["action"], "distribute", "data travels on by no other way (R27)");
        }
        let policy = house.policy(&kela, "KEL-2023-014").await;
        assert_eq!(policy["assigner"]["dct:identifier"], KELA);
        assert_eq!(policy["assignee"]["dct:identifier"], PIRKANMAA);
        assert!(permitted(&policy).iter().any(|(item, operation)| item == "KEL.DECISION" && operation == "READ"));
        for permission in policy["permission"].as_array().unwrap() {
            assert!(!permission["dpv:hasLegalBasis"].as_array().unwrap().is_empty(), "{permission}");
            let purpose = permission["constraint"].as_array().unwrap().iter().find(|one| one["leftOperand"] == "purpose").unwrap();
            assert!(!purpose["rightOperand"].as_array().unwrap().is_empty(), "{permission}");
        }
        assert_eq!(house.policy(&house.token(PIRKANMAA, System), "KEL-2023-014").await["permission"], policy["permission"], "both sides read the same");
        assert_eq!(house.policy(&house.token(OMBUDSMAN, Auditor), "KEL-2023-014").await["permission"], policy["permission"]);
    }

    async fn policy_permits_nothing_that_would_not_be_decided_so(house: House) {
        let kela = house.token(KELA, Officer);
        for number in ["KEL-2022-003", "KEL-2026-044", "KEL-2026-051", "KEL-2020-009"] {
            assert_eq!(permitted(&house.policy(&kela, number).await), [], "{number}");
        }
        let list = permitted(&house.policy(&kela, "KEL-2021-031").await);
        assert!(list.iter().all(|(item, _)| item != "KEL.LMS_LIST"), "what nobody has reviewed: {list:?}");
        assert!(list.iter().any(|(item, operation)| item == "KEL.CHILDCARE_LIST" && operation == "LIST"), "{list:?}");
        let id = house.data(&kela, "{ agreement(number: \"KEL-2023-014\") { id } }", json!({})).await["agreement"]["id"].clone();
        assert!(!permitted(&house.policy(&kela, "KEL-2023-014").await).is_empty());
        done(house.data(&kela, &act("suspendAgreement", "agreement { status }"), json!({"input": {"id": id, "reason": "MISUSE"}})).await);
        assert_eq!(permitted(&house.policy(&kela, "KEL-2023-014").await), [], "a suspended agreement permits nothing");
    }

    async fn policy_is_for_parties_and_a_restricted_agreement_is_not_found(house: House) {
        let status = |token: Option<String>, number: &'static str| {
            let house = &house;
            async move {
                let reply = house.export_of(token.as_deref(), &format!("agreements/{number}"), "fi").await;
                (reply.status, codes(&reply.body))
            }
        };
        for role in [Officer, System, Auditor, Statistician, SubjectService] {
            let stranger = Some(house.token(THL, role));
            assert_eq!(status(stranger.clone(), "KEL-2023-014").await.0, StatusCode::FORBIDDEN, "{role:?}");
            let (restricted, unknown) = (status(stranger.clone(), RESTRICTED).await, status(stranger, "SOT-1999-999").await);
            assert_eq!(restricted.0, StatusCode::NOT_FOUND, "{role:?}");
            assert_eq!(restricted, unknown, "one may not know which of them exists");
        }
        assert_eq!(status(Some(house.token(KELA, Administrator)), "KEL-2023-014").await.0, StatusCode::FORBIDDEN);
        assert_eq!(status(None, "KEL-2023-014").await.0, StatusCode::UNAUTHORIZED);
        for party in [LVV, ENFORCEMENT] {
            assert_eq!(status(Some(house.token(party, Officer)), RESTRICTED).await.0, StatusCode::OK);
        }
    }

    async fn record_of_processing_is_the_organisations_own_in_three_languages(house: House) {
        let path = "records-of-processing";
        let kela = house.token(KELA, Officer);
        for (language, head) in [("fi", "Sopimus,Tila,Asema,"), ("sv", "Avtal,Status,Roll,"), ("en", "Agreement,Status,Role,")] {
            let reply = house.export_of(Some(&kela), path, language).await;
            assert_eq!(reply.status, StatusCode::OK);
            let table = reply.body.as_str().unwrap().to_owned();
            let mut lines = table.lines();
            assert!(lines.next().unwrap().starts_with("# records_of_processing: 1; organisation: 0246246-0; as_of: "));
            assert!(lines.next().unwrap().starts_with(head), "{table}");
            let own = table.lines().find(|line| line.starts_with("KEL-2023-014,ACTIVE,DISCLOSER,")).unwrap();
            assert!(own.contains("703/2023 64 § 1 mom") && own.contains(PIRKANMAA), "{own}");
            assert!(table.lines().any(|line| line.starts_with("SOT-2026-001,") && line.contains(",RECIPIENT,")), "{table}");
            assert!(!table.contains(RESTRICTED), "another's agreement");
        }
        let of = |organisation: &str| format!("{path}?organisation={organisation}");
        for (token, asked, expected) in [
            (house.token(KELA, Auditor), of(KELA), StatusCode::OK),
            (house.token(OMBUDSMAN, Auditor), of(KELA), StatusCode::OK),
            (house.token(KELA, System), path.to_owned(), StatusCode::OK),
            (house.token(THL, Officer), of(KELA), StatusCode::FORBIDDEN),
            (house.token(KELA, Administrator), of(KELA), StatusCode::FORBIDDEN),
            (house.token(KELA, Statistician), path.to_owned(), StatusCode::FORBIDDEN),
            (house.token(KELA, Officer), of("1234567-1"), StatusCode::BAD_REQUEST),
            (house.token(KELA, Officer), format!("{path}?nothing=1"), StatusCode::BAD_REQUEST),
        ] {
            let reply = house.export_of(Some(&token), &asked, "en").await;
            assert_eq!(reply.status, expected, "{asked}: {}", reply.body);
        }
        assert_eq!(house.export_of(None, path, "en").await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_command_line_exports_files_policies_and_records() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let settings = settings(directory.path(), &url);
    let files = tempfile::tempdir().unwrap();
    let (public, whole) = (files.path().join("public"), files.path().join("whole"));
    let output = run(&settings, &["export", "--format", "json", public.to_str().unwrap()]).await;
    assert!(output.status.success() && text(&output.stdout).contains("left out"), "{}", text(&output.stderr));
    let agreements = std::fs::read_to_string(public.join("06-agreements.json")).unwrap();
    assert!(!agreements.contains(RESTRICTED));
    let output = run(&settings, &["export", "--include-restricted", whole.to_str().unwrap()]).await;
    assert!(output.status.success() && !text(&output.stdout).contains("left out"), "{}", text(&output.stderr));
    assert!(std::fs::read_to_string(whole.join("06-agreements.yaml")).unwrap().contains(RESTRICTED));
    for directory in [&public, &whole] {
        let output = run(&settings, &["import", directory.to_str().unwrap()]).await;
        assert!(text(&output.stdout).starts_with("0 registry rows written"), "{}", text(&output.stderr));
    }

    let output = run(&settings, &["export", "agreement", "KEL-2023-014", "--base", "https://data.example/"]).await;
    let policy: Value = serde_json::from_slice(&output.stdout).unwrap();
    expandable(&policy, &prefixes(&policy), "");
    assert!(policy["uid"].as_str().unwrap().starts_with("https://data.example/id/agreement/"));
    for arguments in
        [["export", "agreement", "KEL-1999-001"].as_slice(), &["export", "agreement", "KEL-2023-014", "--base", "x"]]
    {
        assert_eq!(run(&settings, arguments).await.status.code(), Some(1), "{arguments:?}");
    }
    let output = run(&settings, &["export", "records-of-processing", LVV, "--language", "sv"]).await;
    assert!(text(&output.stdout).contains("Avtal,Status,Roll"), "{}", text(&output.stderr));
    let table = files.path().join("table");
    let output = run(&settings, &["export", "--format", "csv", "--include-restricted", table.to_str().unwrap()]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let output = run(&settings, &["import", table.to_str().unwrap()]).await;
    assert!(
        text(&output.stdout).starts_with("0 registry rows written"),
        "what officers run is left alone: {}",
        text(&output.stderr)
    );
}
