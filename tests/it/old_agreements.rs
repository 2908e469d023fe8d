//! Old agreements: they come in as they were found, permit nothing, say what they lack, and become drafts by an officer.

use api::{
    app,
    auth::Role::{Administrator, Auditor, Officer, System},
    world::{Admission, ExportForm, WorldFile, export_as},
};
use futures::future::join;
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{Engine, House, KELA, LVV, OMBUDSMAN, PIRKANMAA, THL},
    on_both_engines,
    process::{closed, run, settings, text},
    registry_acts::{act, done, refusals, seq, tried},
    reports::assert_whole,
};

/// Old agreement of which little is known: signed on paper, one item on no provision.
const OLD: &str = "agreements:
  - number: KEL-2009-117
    discloser: 0246246-0
    recipient: 2229500-6
    register: KELMU
    status: REGISTERED_INCOMPLETE
    signed_on: 2009-03-02
    history:
      - {status: REGISTERED_INCOMPLETE, from: 2026-11-01, actor: import}
    signatures:
      - {organisation: 0246246-0, act: SIGNED, evidence: PAPER, signed_at: 2009-03-02, actor: import, content_hash: paper}
      - {organisation: 2229500-6, act: SIGNED, evidence: PAPER, signed_at: 2009-03-02, actor: import, content_hash: paper}
    scopes:
      - channel: OTHER
        regularity: RECURRING_FIXED
        status: DEFINED
        necessity_check: CASE_REFERENCE
        admission: NONE
        defined_on: 2009-03-02
        items:
          - {item: KEL.DECISION, population: ALL}
";

fn file(text: &str) -> WorldFile {
    WorldFile { name: "old.yaml".to_owned(), text: text.to_owned() }
}

/// Old agreements as a table: one of which the paper tells all, and one of which it tells little.
const TABLE: &str = "number;case_register_id;discloser;recipient;register;signed_on;starts_on;provisions;items;purposes;channel;discloser_contact;recipient_contact
KEL-2009-117;Kela 1/2009;0246246-0;2229500-6;KELMU;2009-03-02;2009-04-01;\"703/2023 64 § 1 mom; 906/2019 22 § 1 mom (MODE)\";KEL.DECISION;STATISTICS;OTHER;sopimukset@kela.example;kirjaamo@thl.example
KEL-2010-004;;0246246-0;2229500-6;KELMU;;;;\"KEL.DECISION; KEL.DECISION.AMOUNT\";;TECHNICAL_INTERFACE;;
";

async fn take_in(house: &House, text: &str, admission: Admission) -> Result<usize, String> {
    let files = [WorldFile { name: "old.csv".to_owned(), text: text.to_owned() }];
    let imported = app::import_admitting(&house.app.gateway, &house.app.recorder, &files, "import", admission).await;
    imported.map(|imported| imported.rows).map_err(|error| error.to_string())
}

async fn import(house: &House, text: &str) -> Result<usize, String> {
    let files = [file(text)];
    let imported = app::import(&house.app.gateway, &house.app.recorder, &files, "import").await;
    imported.map(|imported| imported.rows).map_err(|error| error.to_string())
}

async fn agreement(house: &House, token: &str, number: &str, fields: &str) -> Value {
    let query = format!("query($number: String!) {{ agreement(number: $number) {{ {fields} }} }}");
    house.data(token, &query, json!({ "number": number })).await["agreement"].clone()
}

const COMPLETENESS: &str = "completeness { score missing { code message } }";

async fn lacks(house: &House, token: &str, number: &str) -> (i64, Vec<String>) {
    let said = agreement(house, token, number, COMPLETENESS).await["completeness"].clone();
    let missing = said["missing"].as_array().unwrap();
    assert!(missing.iter().all(|gap| gap["message"].as_str().is_some_and(|text| !text.is_empty())), "{said}");
    (said["score"].as_i64().unwrap(), texts(&said["missing"], "code"))
}

on_both_engines! {
    async fn what_was_registered_incomplete_permits_nothing_and_says_what_it_lacks(house: House) {
        import(&house, OLD).await.unwrap();
        assert_eq!(import(&house, OLD).await, Ok(0), "the same file again changes nothing");
        let kela = house.token(KELA, Officer);
        let (score, missing) = lacks(&house, &kela, "KEL-2009-117").await;
        assert_eq!(missing, [
            "CASE_REGISTER_ID_MISSING", "ITEM_BASIS_MISSING", "MODE_NOT_JUSTIFIED", "PURPOSE_MISSING", "RIGHT_MISSING",
            "STATEMENT_MISSING", "TERM_MISSING", "TIMETABLE_MISSING",
        ]);
        assert!((1..60).contains(&score), "{score}");
        assert_eq!(lacks(&house, &house.token(THL, System), "KEL-2009-117").await.0, score, "both sides see the same");
        assert_eq!(lacks(&house, &house.token(OMBUDSMAN, Auditor), "KEL-2009-117").await.0, score);

        let question = json!({"recipient": THL, "register": "KELMU", "items": ["KEL.DECISION"], "purpose": "STATISTICS", "channel": "OTHER"});
        let decision = house.data(&house.token(KELA, System), DECISION, json!({ "input": question })).await["accessDecision"].clone();
        assert_eq!(decision["verdict"], "DENIED", "{decision}");
        let state = agreement(&house, &kela, "KEL-2009-117", "effectiveStatus { state blockers { code item } }").await;
        assert_eq!(state["effectiveStatus"]["state"], "PREPARING");
        assert!(texts(&state["effectiveStatus"]["blockers"], "code").contains(&"NO_LEGAL_BASIS".to_owned()), "{state}");
        assert_whole(&house.app).await;
    }

    async fn who_is_no_party_is_not_told_what_is_missing(house: House) {
        import(&house, OLD).await.unwrap();
        for token in [house.token(PIRKANMAA, Officer), house.token(LVV, Auditor), house.token(KELA, Administrator)] {
            assert_eq!(agreement(&house, &token, "KEL-2009-117", COMPLETENESS).await, json!({"completeness": null}));
        }
    }

    async fn whole_agreement_lacks_nothing_but_what_the_sample_leaves_out(house: House) {
        let kela = house.token(KELA, Officer);
        let (whole, missing) = lacks(&house, &kela, "KEL-2023-014").await;
        assert_eq!((whole, missing.is_empty()), (100, true), "{missing:?}");
        let (draft, missing) = lacks(&house, &kela, "KEL-2026-051").await;
        assert!(draft < whole && missing.contains(&"RIGHT_MISSING".to_owned()), "{draft} {missing:?}");
        let (_, missing) = lacks(&house, &kela, "KEL-2026-044").await;
        assert!(missing.contains(&"PROCESSING_RIGHT_MISSING".to_owned()), "{missing:?}");
    }

    async fn officer_of_the_discloser_drafts_anew_what_was_registered_incomplete(house: House) {
        import(&house, OLD).await.unwrap();
        let draft = act("draftAgreement", "agreement { id status signedOn version completeness { missing { code } } history { status reason } }");
        let (kela, thl) = (house.token(KELA, Officer), house.token(THL, Officer));
        let old = agreement(&house, &kela, "KEL-2009-117", "id allowedActions { code blockedBy { code } }").await;
        assert_eq!(old["allowedActions"], json!([{"code": "DRAFT", "blockedBy": []}]));
        assert_eq!(agreement(&house, &thl, "KEL-2009-117", "allowedActions { code }").await["allowedActions"], json!([]));
        let input = json!({"id": old["id"], "note": "Käydään läpi."});
        assert_eq!(house.errors(&thl, &draft, json!({"input": input})).await, ["FORBIDDEN"], "the recipient's officer may not");
        for (organisation, role) in [(KELA, System), (KELA, Auditor), (KELA, Administrator), (LVV, Officer)] {
            let refused = house.errors(&house.token(organisation, role), &draft, json!({"input": input})).await;
            assert_eq!(refused, ["FORBIDDEN"], "{organisation} {role:?}");
        }
        let before = seq(&house).await;
        assert_eq!(done(house.data(&kela, &draft, tried(&input)).await)["agreement"]["status"], "DRAFT");
        let with_code = json!({"id": old["id"], "note": "131052-308T"});
        assert_eq!(refusals(&house.data(&kela, &draft, json!({"input": with_code})).await), ["MALFORMED input.note"]);
        assert_eq!(seq(&house).await, before, "nothing was written");

        let drafted = done(house.data(&kela, &draft, json!({"input": input})).await)["agreement"].clone();
        assert_eq!((&drafted["status"], &drafted["signedOn"], &drafted["version"]), (&json!("DRAFT"), &Value::Null, &json!(2)));
        let last = drafted["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last, json!({"status": "DRAFT", "reason": "Käydään läpi.; registered as signed on 2009-03-02"}));
        let missing = texts(&drafted["completeness"]["missing"], "code");
        assert!(missing.contains(&"SIGNATURE_MISSING".to_owned()), "what the paper was signed for is not what will be offered");
        assert_eq!(refusals(&house.data(&kela, &draft, json!({"input": input})).await), ["WRONG_STATUS input.id"]);
        let steps = agreement(&house, &kela, "KEL-2009-117", "adoptionSteps { code state }").await["adoptionSteps"].clone();
        let signed = steps.as_array().unwrap().iter().find(|step| step["code"] == "AGREEMENT_SIGNED").unwrap().clone();
        assert_ne!(signed["state"], "DONE");
        assert_whole(&house.app).await;
    }

    async fn draft_of_an_old_agreement_is_given_the_case_and_the_term_it_lacks(house: House) {
        import(&house, OLD).await.unwrap();
        let kela = house.token(KELA, Officer);
        let id = agreement(&house, &kela, "KEL-2009-117", "id").await["id"].clone();
        let amend = act("amendAgreement", "agreement { caseRegisterId startsOn }");
        let members = json!({"id": id, "caseRegisterId": "Kela 1/2009", "startsOn": "2027-01-01"});
        assert_eq!(refusals(&house.data(&kela, &amend, json!({"input": members})).await), ["WRONG_STATUS input.id"], "it is no draft yet");
        done(house.data(&kela, &act("draftAgreement", "agreement { id }"), json!({"input": {"id": id}})).await);
        let asked = |missing: &[String]| ["CASE_REGISTER_ID_MISSING", "TERM_MISSING"].map(|code| missing.iter().any(|one| one == code));
        assert_eq!(asked(&lacks(&house, &kela, "KEL-2009-117").await.1), [true, true]);
        done(house.data(&kela, &amend, json!({"input": members})).await);
        assert_eq!(asked(&lacks(&house, &kela, "KEL-2009-117").await.1), [false, false]);
        assert_whole(&house.app).await;
    }

    async fn only_what_was_registered_incomplete_is_drafted_anew(house: House) {
        let draft = act("draftAgreement", "agreement { status }");
        for (number, organisation) in [("KEL-2026-044", KELA), ("KEL-2023-014", KELA), ("SOT-2026-002", LVV), ("KEL-2020-009", KELA)] {
            let token = house.token(organisation, Officer);
            let id = agreement(&house, &token, number, "id").await["id"].clone();
            assert_eq!(refusals(&house.data(&token, &draft, json!({"input": {"id": id}})).await), ["WRONG_STATUS input.id"], "{number}");
        }
        let hidden = agreement(&house, &house.token(LVV, Officer), "SOT-2026-003", "id").await["id"].clone();
        for id in [hidden, json!("agreement:01980000-0000-7000-8000-000000000000")] {
            let refused = house.data(&house.token(KELA, Officer), &draft, json!({"input": {"id": id}})).await;
            assert_eq!(refusals(&refused), ["NOT_FOUND input.id"]);
        }
    }

    async fn of_two_officers_who_draft_it_at_once_one_does(house: House) {
        import(&house, OLD).await.unwrap();
        let draft = act("draftAgreement", "agreement { status }");
        let token = house.token(KELA, Officer);
        let id = agreement(&house, &token, "KEL-2009-117", "id").await["id"].clone();
        let attempt = || house.data(&token, &draft, json!({"input": {"id": id}}));
        let (one, other) = join(attempt(), attempt()).await;
        let mut refused = [refusals(&one), refusals(&other)];
        refused.sort();
        assert_eq!(refused, [vec![], vec!["WRONG_STATUS input.id".to_owned()]]);
    }

    async fn file_opens_nothing_of_what_is_registered_incomplete(house: House) {
        let open = OLD.replace("status: DEFINED", "status: OPEN");
        let refused = import(&house, &open).await.unwrap_err();
        assert!(refused.contains("old.yaml:2:") || refused.contains("agreements.0.scopes"), "{refused}");
        let active = OLD.replace("REGISTERED_INCOMPLETE", "ACTIVE");
        let refused = import(&house, &active).await.unwrap_err();
        for place in ["agreements.0.bases", "agreements.0.scopes.0.purposes", "agreements.0.scopes.0.items.0.bases"] {
            assert!(refused.contains(place), "{place} in {refused}");
        }
    }

    async fn table_of_old_agreements_comes_in_as_it_was_found(house: House) {
        let refused = take_in(&house, TABLE, Admission::Whole).await.unwrap_err();
        for place in ["old.csv:3:6: signed_on: ", "old.csv:3:7: starts_on: ", "old.csv:3:8: provisions: "] {
            assert!(refused.contains(place), "{place} in {refused}");
        }
        assert!(!refused.contains("old.csv:2:"), "the paper of the first tells all: {refused}");
        let whole: Vec<&str> = TABLE.lines().take(2).collect();
        let whole = whole.join("\n");
        assert!(take_in(&house, &whole, Admission::Whole).await.unwrap() > 5);
        assert!(take_in(&house, TABLE, Admission::Incomplete).await.unwrap() > 3);
        assert_eq!(take_in(&house, TABLE, Admission::Incomplete).await, Ok(0), "the same table again changes nothing");

        let kela = house.token(KELA, Officer);
        let known = agreement(&house, &kela, "KEL-2009-117", "status signedOn bases { role adequacy } scopes { status items { code } } contacts { email }").await;
        assert_eq!((&known["status"], &known["signedOn"]), (&json!("REGISTERED_INCOMPLETE"), &json!("2009-03-02")));
        assert!(known["bases"].as_array().unwrap().iter().all(|basis| basis["adequacy"] == "UNREVIEWED"), "{known}");
        assert_eq!(known["scopes"], json!([{"status": "DEFINED", "items": [{"code": "KEL.DECISION"}]}]));
        assert!(texts(&known["contacts"], "email").contains(&"kirjaamo@thl.example".to_owned()));
        let (better, worse) = (lacks(&house, &kela, "KEL-2009-117").await, lacks(&house, &kela, "KEL-2010-004").await);
        assert!(better.0 > worse.0 && worse.1.contains(&"ITEM_BASIS_MISSING".to_owned()), "{better:?} {worse:?}");

        let more = TABLE.replace("KELMU;;;;", "KELMU;2010-01-04;;;");
        assert_eq!(take_in(&house, &more, Admission::Incomplete).await, Ok(2), "what became known is added");
        let id = agreement(&house, &kela, "KEL-2009-117", "id").await["id"].clone();
        done(house.data(&kela, &act("draftAgreement", "agreement { status }"), json!({"input": {"id": id}})).await);
        assert_eq!(take_in(&house, &more, Admission::Incomplete).await, Ok(0), "what an officer goes on with is left alone");
        assert_eq!(agreement(&house, &kela, "KEL-2009-117", "status").await["status"], "DRAFT");

        let gateway = &house.app.gateway;
        for form in [ExportForm::Yaml, ExportForm::Json, ExportForm::Csv] {
            let files = export_as(&gateway.journal.facts(), &gateway.keys.pseudonym_fingerprints(), form);
            let again = app::import_admitting(gateway, &house.app.recorder, &files, "import", Admission::Incomplete).await;
            assert_eq!(again.map(|imported| imported.rows).map_err(|error| error.to_string()), Ok(0), "{form:?}");
        }
        assert_whole(&house.app).await;
    }

    async fn row_that_means_another_agreement_of_its_number_is_a_conflict(house: House) {
        take_in(&house, TABLE, Admission::Incomplete).await.unwrap();
        let kela = house.token(KELA, Officer);
        let id = agreement(&house, &kela, "KEL-2009-117", "id").await["id"].clone();
        done(house.data(&kela, &act("draftAgreement", "agreement { id }"), json!({"input": {"id": id}})).await);
        let before = seq(&house).await;
        let gone_on = TABLE.replace("0246246-0;2229500-6;KELMU;2009-03-02", "9900001-8;3221308-6;SOTERI;2009-03-02");
        let refused = take_in(&house, &gone_on, Admission::Incomplete).await.unwrap_err();
        for place in ["old.csv:2:3: discloser", "old.csv:2:4: recipient", "old.csv:2:5: register"] {
            assert!(refused.contains(&format!("{place}: is another in the registry's agreement of this number")), "{place} in {refused}");
        }
        let incomplete = TABLE.replace("0246246-0;2229500-6;KELMU;;", "0246246-0;3221308-6;KELMU;;");
        let refused = take_in(&house, &incomplete, Admission::Incomplete).await.unwrap_err();
        assert!(refused.contains("old.csv:3:4: recipient") && !refused.contains("old.csv:2:"), "{refused}");
        assert_eq!(seq(&house).await, before, "nothing was written");
        let told_otherwise = TABLE.replace("Kela 1/2009", "Kela 2/2009");
        assert_eq!(take_in(&house, &told_otherwise, Admission::Incomplete).await, Ok(0), "an officer has gone on with it");
    }

    async fn every_unknown_name_of_a_table_is_told_at_once_and_no_secret(house: House) {
        let before = seq(&house).await;
        let faulty = "number,discloser,recipient,register,provisions,items,channel
KEL-1,1234567-1,2229500-6,NOTHING,999/1999 1 §,KEL.NOTHING,BY_MAIL
131052-308T,0246246-0,0246246-0,KELMU,131052-308T,131052-308T,OTHER
";
        let refused = take_in(&house, faulty, Admission::Incomplete).await.unwrap_err();
        for place in ["old.csv:2:2: discloser", "old.csv:2:4: register", "old.csv:2:5: provisions", "old.csv:2:7: channel", "old.csv:3:1: number"] {
            assert!(refused.contains(place), "{place} in {refused}");
        }
        assert!(!refused.contains("131052"), "{refused}");
        for (head, why) in [("number,discloser,recipient", "`register` is missing"), ("number,discloser,recipient,register,colour", "unknown column"), ("number,number,discloser,recipient,register", "stands twice")] {
            let refused = take_in(&house, &format!("{head}\n"), Admission::Incomplete).await.unwrap_err();
            assert!(refused.contains(why), "{why} in {refused}");
        }
        let short = "number,discloser,recipient,register\nKEL-1,0246246-0\n";
        assert!(take_in(&house, short, Admission::Incomplete).await.unwrap_err().contains("has 2 cells where the head has 4"));
        assert_eq!(seq(&house).await, before, "nothing was written");
    }

    async fn file_that_lacks_what_its_status_needs_comes_in_incomplete_where_that_is_admitted(house: House) {
        let active = OLD.replace("status: REGISTERED_INCOMPLETE", "status: ACTIVE").replace("status: DEFINED", "status: OPEN");
        assert!(import(&house, &active).await.is_err(), "and nowhere else");
        let files = [file(&active)];
        let (gateway, recorder) = (&house.app.gateway, &house.app.recorder);
        let survey = app::survey(gateway, &files, Admission::Incomplete).unwrap();
        assert!(survey.faults.is_empty(), "{:?}", survey.faults);
        assert!(survey.gaps.iter().any(|gap| gap.code.to_string() == "RIGHT_MISSING" && gap.place.line > 1), "{:?}", survey.gaps);
        assert_eq!(survey.scores.len(), 1);
        for rows in [1..=usize::MAX, 0..=0] {
            let imported = app::import_admitting(gateway, recorder, &files, "import", Admission::Incomplete).await.unwrap();
            assert!(rows.contains(&imported.rows), "{}", imported.rows);
        }
        let seen = agreement(&house, &house.token(KELA, Officer), "KEL-2009-117", "status history { status } scopes { status }").await;
        assert_eq!(seen, json!({"status": "REGISTERED_INCOMPLETE", "history": [{"status": "REGISTERED_INCOMPLETE"}], "scopes": [{"status": "DEFINED"}]}));
        assert_whole(&house.app).await;
    }
}

#[tokio::test]
async fn the_command_line_tells_every_fault_and_gap_before_anything_is_written() {
    let (directory, url) = closed(House::sample(Engine::Sqlite).await.unwrap()).await;
    let settings = settings(directory.path(), &url);
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("old.csv");
    std::fs::write(&path, TABLE).unwrap();
    let path = path.to_str().unwrap();
    let output = run(&settings, &["import", "--dry-run", path]).await;
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "a gap stops a table unless it is admitted");
    assert!(said.contains("ERROR") && said.contains("old.csv:3:6: signed_on"), "{said}");
    assert!(said.contains("KEL-2009-117 ") && said.contains("2 agreements, "), "{said}");
    let output = run(&settings, &["import", "--dry-run", "--incomplete", path]).await;
    let said = text(&output.stdout);
    assert!(output.status.success() && said.contains("GAP") && said.contains("(SIGNING_DAY_MISSING)"), "{said}");
    assert!(said.contains("registry rows would be written"), "{said}");
    let output = run(&settings, &["import", "--incomplete", path]).await;
    assert!(output.status.success() && !text(&output.stdout).starts_with("0 "), "{}", text(&output.stderr));
    let output = run(&settings, &["import", "--incomplete", path]).await;
    assert!(text(&output.stdout).starts_with("0 registry rows written"), "{}", text(&output.stderr));
}
