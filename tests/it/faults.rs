//! Whoever sends everything wrong at once is told everything at once: each fault with its code and its place.

use api::auth::Role;
use serde_json::{Value, json};

use crate::{
    contract::DECISION,
    house::{DVV, House, KELA, OMBUDSMAN, PIRKANMAA, codes},
    on_both_engines,
    registry_acts::faults_of,
    reports::{faults, report, with},
};

/// Id of an agreement that is not there.
const NO_AGREEMENT: &str = "agreement:01980000-0000-7000-8000-000000000000";

/// Person's code where none may stand.
const CODE: &str = "131052-308T";

/// A text no scalar is as long as.
fn long() -> String {
    "A".repeat(10_000)
}

/// Faults of an act as `CODE path`, in order of the alphabet; nothing was done.
async fn refused(house: &House, token: &str, name: &str, input: Value) -> Vec<String> {
    let type_name = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let query =
        format!("mutation($input: {type_name}!) {{ {name}(input: $input) {{ userErrors {{ code message path }} }} }}");
    let data = house.data(token, &query, json!({ "input": input })).await;
    assert!(!data.to_string().contains(CODE), "{data:#}");
    sorted(faults(&data[name]).into_iter().map(|(code, path)| format!("{code} {}", path.trim_start_matches("input."))))
}

/// Faults of a question as `CODE path`, in order of the alphabet.
async fn misasked(house: &House, token: &str, query: &str, variables: Value) -> Vec<String> {
    let answer = house.ask(token, query, variables).await;
    assert_eq!(codes(&answer), ["INVALID_INPUT"], "{answer:#}");
    faults_of(&answer)
}

fn sorted(faults: impl Iterator<Item = String>) -> Vec<String> {
    let mut faults: Vec<_> = faults.collect();
    faults.sort_unstable();
    faults
}

on_both_engines! {
    async fn every_fault_of_an_act_on_organisations_is_named(house: House) {
        let token = house.token(KELA, Role::Administrator);
        let wrong = json!({"businessId": long(), "ovtCode": long(), "oid": "x", "name": {"fi": "a\u{0}b", "sv": CODE, "en": "a\nb"},
            "kind": "MUNICIPALITY", "authorityStatus": "AUTHORITY", "country": "fi", "municipalityCode": "1", "countyCode": "1"});
        let content = [
            "MALFORMED businessId", "MALFORMED country", "MALFORMED countyCode", "MALFORMED municipalityCode", "MALFORMED name.en",
            "MALFORMED name.fi", "MALFORMED name.sv", "MALFORMED oid", "MALFORMED ovtCode",
        ];
        assert_eq!(refused(&house, &token, "registerOrganisation", wrong.clone()).await, content);
        let amended = with(wrong, json!({"id": "x"}));
        let expected = sorted(content.into_iter().chain(["MALFORMED id"]).map(str::to_owned));
        assert_eq!(refused(&house, &token, "amendOrganisation", amended).await, expected);
        let dissolved = json!({"id": NO_AGREEMENT, "dissolvedOn": "2025-02-29", "successor": "nope"});
        assert_eq!(refused(&house, &token, "dissolveOrganisation", dissolved).await, ["MALFORMED dissolvedOn", "MALFORMED id", "MALFORMED successor"]);
    }

    async fn business_id_never_changes(house: House) {
        let token = house.token(KELA, Role::Administrator);
        let kela = house.data(&token, "{ organisation(businessId: \"0246246-0\") { id } }", json!({})).await["organisation"]["id"].clone();
        let other = json!({"id": kela, "businessId": "0116297-6", "name": {"fi": "Kansaneläkelaitos"},
            "kind": "SOCIAL_INSURANCE_INSTITUTION", "authorityStatus": "AUTHORITY"});
        assert_eq!(refused(&house, &token, "amendOrganisation", other.clone()).await, ["CONFLICT businessId"]);
        let without = with(other, json!({"businessId": null, "country": "SE"}));
        assert_eq!(refused(&house, &token, "amendOrganisation", without).await, ["CONFLICT businessId"]);
        let foreign = json!({"name": {"fi": "Försäkringskassan"}, "kind": "STATE_AGENCY", "authorityStatus": "AUTHORITY", "country": "SE"});
        let register = "mutation($input: RegisterOrganisationInput!) { registerOrganisation(input: $input) { organisation { id } } }";
        let id = house.data(&token, register, json!({"input": foreign})).await["registerOrganisation"]["organisation"]["id"].clone();
        let added = with(foreign, json!({"id": id, "businessId": "0116297-6"}));
        assert_eq!(refused(&house, &token, "amendOrganisation", added).await, Vec::<String>::new(), "one is added where there was none");
    }

    async fn every_fault_of_an_act_on_contacts_is_named(house: House) {
        let token = house.token(PIRKANMAA, Role::Officer);
        let wrong = json!({"role": "SUPERVISOR", "topics": [], "name": {"fi": " ", "sv": "a\u{7}b"}, "email": "a\u{0}b", "phone": "12",
            "languages": [], "priority": 0, "escalatesTo": "x"});
        let content = [
            "BLANK languages", "BLANK name.fi", "BLANK topics", "MALFORMED email", "MALFORMED email", "MALFORMED escalatesTo",
            "MALFORMED name.sv", "MALFORMED phone", "MALFORMED priority",
        ];
        let appointed = with(wrong.clone(), json!({"agreement": "NO"}));
        let expected = sorted(content.into_iter().chain(["NOT_FOUND agreement"]).map(str::to_owned));
        assert_eq!(refused(&house, &token, "appointContact", appointed).await, expected);
        let expected = sorted(content.into_iter().chain(["MALFORMED id"]).map(str::to_owned));
        assert_eq!(refused(&house, &token, "amendContact", with(wrong, json!({"id": NO_AGREEMENT}))).await, expected);
        assert_eq!(refused(&house, &token, "confirmContact", json!({"id": "x"})).await, ["MALFORMED id"]);
        let retired = json!({"id": "x", "retiredOn": "9999-12-31"});
        assert_eq!(refused(&house, &token, "retireContact", retired).await, ["MALFORMED id", "MALFORMED retiredOn"]);
    }

    async fn contacts_of_an_agreement_are_of_its_two_sides(house: House) {
        // DVV operates the interface of the agreement and is on no side of it.
        let contact = json!({"agreement": "KEL-2023-014", "role": "TECHNICAL_SUPPORT", "topics": ["SERVICE_USE"], "name": {"fi": "Tuki"},
            "email": "tuki@dvv.example", "languages": ["FI"], "priority": 9});
        assert_eq!(refused(&house, &house.token(DVV, Role::Officer), "appointContact", contact.clone()).await, ["NOT_FOUND agreement"]);
        for side in [KELA, PIRKANMAA] {
            assert_eq!(refused(&house, &house.token(side, Role::Officer), "appointContact", contact.clone()).await, Vec::<String>::new(), "{side}");
        }
    }

    async fn every_fault_of_an_act_on_registers_is_named(house: House) {
        let token = house.token(KELA, Role::Officer);
        let wrong = json!({"name": {"fi": ""}, "channels": [], "structureVersion": "3\n0", "structureUrl": "http://x",
            "alternatives": [{"kind": "CONSENT", "guideUrl": "x"}, {"kind": "CONSENT"}],
            "qualifiers": [{"code": "a", "name": {"fi": "a\u{0}b"}}]});
        let content = [
            "BLANK channels", "BLANK name.fi", "CONFLICT alternatives.1.kind", "MALFORMED alternatives.0.guideUrl",
            "MALFORMED qualifiers.0.code", "MALFORMED qualifiers.0.name.fi", "MALFORMED structureUrl", "MALFORMED structureVersion",
        ];
        for (act, key, value, fault) in [
            ("offerRegister", "code", "no", "MALFORMED code"),
            ("amendRegister", "id", "no", "MALFORMED id"),
            ("amendRegister", "id", "register:01980000-0000-7000-8000-000000000000", "NOT_FOUND id"),
        ] {
            let expected = sorted(content.into_iter().chain([fault]).map(str::to_owned));
            assert_eq!(refused(&house, &token, act, with(wrong.clone(), json!({key: value}))).await, expected);
        }
        let item = json!({"register": "NO", "code": long(), "name": {"fi": " "}, "secrecyBasis": long(), "specialCategory": true});
        assert_eq!(refused(&house, &token, "addDataItem", item).await, [
            "BLANK name.fi", "CONFLICT isPersonal", "CONFLICT secrecyBasis", "MALFORMED code", "MALFORMED secrecyBasis", "NOT_FOUND register",
        ]);
        assert_eq!(refused(&house, &token, "retireDataItem", json!({"id": long()})).await, ["MALFORMED id"]);
    }

    async fn every_fault_of_an_act_on_agreements_is_named(house: House) {
        let token = house.token(KELA, Role::Officer);
        let wrong = json!({"number": "", "recipient": "3221308-7", "register": "NO", "startsOn": "2026-02-30", "endsOn": "0000-01-01",
            "supersedes": "NO", "caseRegisterId": CODE});
        assert_eq!(refused(&house, &token, "createAgreement", wrong).await, [
            "BLANK number", "MALFORMED caseRegisterId", "MALFORMED endsOn", "MALFORMED recipient", "MALFORMED startsOn",
            "NOT_FOUND register", "NOT_FOUND supersedes",
        ]);
        for number in ["Z-\u{0}1", "a\nb", "a\u{9b}b"] {
            let new = json!({"number": number, "recipient": PIRKANMAA, "register": "KELMU"});
            assert_eq!(refused(&house, &token, "createAgreement", new).await, ["MALFORMED number"], "{number:?}");
        }
        for (id, fault) in [("x", "MALFORMED id"), (NO_AGREEMENT, "NOT_FOUND id")] {
            let input = json!({"id": id, "note": format!("a\u{0}b {CODE}")});
            let expected = [fault, "MALFORMED note", "MALFORMED note"].map(str::to_owned);
            assert_eq!(refused(&house, &token, "resumeAgreement", input.clone()).await, sorted(expected.into_iter()));
            let other = with(input, json!({"reason": "OTHER", "note": " "}));
            assert_eq!(refused(&house, &token, "suspendAgreement", other).await, ["BLANK note", fault]);
        }
        let agreement = house.data(&token, "{ agreement(number: \"KEL-2023-014\") { id } }", json!({})).await["agreement"]["id"].clone();
        let noted = |note: &str| json!({"id": agreement, "reason": "MISUSE", "note": note});
        assert_eq!(refused(&house, &token, "suspendAgreement", noted("a\u{0}b")).await, ["MALFORMED note"]);
        assert_eq!(refused(&house, &token, "suspendAgreement", noted("one line\nand another")).await, Vec::<String>::new());
    }

    async fn every_fault_of_a_recording_is_named_however_long_the_values(house: House) {
        let size = house.log_size().await;
        let all = json!({
            "messageId": long(), "recipient": long(), "register": long(), "items": [long(), "KEL.DECISION"], "purpose": long(),
            "occurredAt": long(), "subject": { "businessId": long() }, "caseReference": long(), "endUser": "a\u{0}b", "clientSystem": " ",
            "mandates": [long()], "withheldUntil": long(), "withholdingBasis": long(), "corrects": long(), "agreement": long(), "part": -1,
        });
        let expected = [
            "BLANK clientSystem", "MALFORMED endUser", "MALFORMED items.0", "MALFORMED occurredAt", "MALFORMED part", "MALFORMED recipient",
            "MALFORMED subject.businessId", "MALFORMED withheldUntil", "MALFORMED withholdingBasis",
            "NOT_FOUND agreement", "NOT_FOUND mandates.0", "NOT_FOUND purpose", "NOT_FOUND register", "TOO_LONG caseReference",
            "TOO_LONG corrects", "TOO_LONG messageId",
        ];
        let under = |path: &str| expected.map(|fault| fault.replacen(' ', &format!(" {path}."), 1));
        let long_code = json!({ "subject": { "personalIdentityCode": long() }, "occurredAt": "0000-01-01" });
        let third = ["occurredAt", "subject.personalIdentityCode"].map(|path| format!("MALFORMED disclosures.2.{path}"));
        let rows = [with(report("first"), all.clone()), report("good"), with(report("third"), long_code)];
        let found = refused(&house, &house.kela(), "recordDisclosures", json!({ "disclosures": rows })).await;
        assert_eq!(found, sorted(under("disclosures.0").into_iter().chain(third)));
        let authorised = json!({ "disclosure": with(report("first"), all) });
        assert_eq!(refused(&house, &house.kela(), "authoriseDisclosure", authorised).await, under("disclosure"));
        assert_eq!(house.log_size().await, size);
    }

    async fn every_fault_of_a_question_of_access_is_named(house: House) {
        let token = house.token(KELA, Role::System);
        let wrong = json!({"recipient": "1-1", "register": "no", "items": ["x", "", long()], "purpose": "n", "channel": "OTHER",
            "at": "2026-02-30", "agreement": "no", "subjectCount": 0, "mandates": ["M99"], "caseReference": "a\nb", "endUser": CODE});
        let expected = [
            "MALFORMED at", "MALFORMED caseReference", "MALFORMED endUser", "MALFORMED items.0", "MALFORMED items.1", "MALFORMED items.2",
            "MALFORMED recipient", "MALFORMED subjectCount", "NOT_FOUND agreement", "NOT_FOUND mandates.0", "NOT_FOUND purpose",
            "NOT_FOUND register",
        ];
        let under = |path: &str| expected.map(|fault| fault.replacen(' ', &format!(" {path}."), 1));
        assert_eq!(misasked(&house, &token, DECISION, json!({"input": wrong})).await, under("input"));
        let several = "query($inputs: [AccessDecisionInput!]!) { accessDecisions(inputs: $inputs) { verdict } }";
        let found = misasked(&house, &token, several, json!({"inputs": [wrong, wrong]})).await;
        assert_eq!(found, sorted(under("inputs.0").into_iter().chain(under("inputs.1"))));
        let scope = "query($o: BusinessId, $r: String!, $at: DateTime) { accessScope(organisation: $o, register: $r, at: $at) { at } }";
        let found = misasked(&house, &token, scope, json!({"o": long(), "r": "no", "at": "9999-01-01"})).await;
        assert_eq!(found, ["MALFORMED at", "MALFORMED organisation", "NOT_FOUND register"]);
    }

    async fn every_fault_of_a_filter_of_the_log_is_named(house: House) {
        let list = "query($filter: DisclosureFilter) { disclosures(filter: $filter) { nodes { id } } }";
        let wrong = json!({"discloser": "0246246-1", "recipient": "1234567-1", "agreement": "NO", "register": "NO",
            "occurredFrom": "2026-02-30", "occurredUntil": "0000-01-01T00:00:00Z"});
        assert_eq!(misasked(&house, &house.kela(), list, json!({"filter": wrong})).await, [
            "MALFORMED filter.discloser", "MALFORMED filter.occurredFrom", "MALFORMED filter.occurredUntil",
            "NOT_FOUND filter.agreement", "NOT_FOUND filter.recipient", "NOT_FOUND filter.register",
        ]);
        for until in ["2026-05-31", "2026-06-01"] {
            let reversed = json!({"filter": {"occurredFrom": "2026-06-01", "occurredUntil": until}});
            assert_eq!(misasked(&house, &house.kela(), list, reversed).await, ["PERIOD_REVERSED filter.occurredUntil"]);
        }
    }

    async fn days_and_instants_lie_in_years_of_four_digits(house: House) {
        let kela = house.kela();
        for occurred_at in ["0000-01-01", "1799-12-31T23:59:59Z", "9999-01-01T00:00:00Z", "9998-12-31T23:59:59-01:00"] {
            let answer = house.record(&kela, &[with(report("when"), json!({ "occurredAt": occurred_at }))]).await;
            assert_eq!(faults(&answer), [("MALFORMED".to_owned(), "input.disclosures.0.occurredAt".to_owned())], "{occurred_at}");
        }
        house.recorded(&kela, &[with(report("long ago"), json!({ "occurredAt": "1800-01-01T00:00:00Z" }))]).await;
        let first = "{ disclosures(first: 1) { nodes { occurredAt } } }";
        let row = house.data(&kela, first, json!({})).await["disclosures"]["nodes"][0].clone();
        assert_eq!(row["occurredAt"], "1800-01-01T00:00:00.000000Z");
    }

    async fn cursor_of_another_list_or_order_is_refused(house: House) {
        let token = house.token(OMBUDSMAN, Role::Auditor);
        let lists = [
            "agreements(orderBy: NUMBER, PAGE)", "agreements(orderBy: STARTS_ON, PAGE)", "agreements(orderBy: ENDS_ON, PAGE)",
            "organisations(orderBy: NAME, PAGE)", "organisations(orderBy: BUSINESS_ID, PAGE)", "registers(PAGE)", "purposes(PAGE)",
            "mandateThemes(PAGE)", "legalBases(PAGE)", "changes(PAGE)", "disclosures(orderBy: NEWEST_FIRST, PAGE)",
            "disclosures(orderBy: OLDEST_FIRST, PAGE)", "expirations(withinDays: 3660, PAGE)", "protectionStatements(PAGE)",
            "inquiries(PAGE)", "incidents(PAGE)",
        ];
        let asked = |list: &str, page: &str| format!("{{ {} {{ pageInfo {{ endCursor }} }} }}", list.replace("PAGE", page));
        let mut cursors = Vec::new();
        for list in lists {
            let page = house.data(&token, &asked(list, "first: 1"), json!({})).await;
            let page = page.as_object().unwrap().values().next().unwrap()["pageInfo"]["endCursor"].clone();
            assert!(page.is_string(), "{list} is empty");
            cursors.push(page);
        }
        for (at, list) in lists.iter().enumerate() {
            for (of, cursor) in cursors.iter().enumerate() {
                let query = format!("query($after: String) {}", asked(list, "first: 1, after: $after"));
                let answer = house.ask(&token, &query, json!({ "after": cursor })).await;
                let expected = if at == of { Vec::new() } else { vec!["INVALID_INPUT"] };
                assert_eq!(codes(&answer), expected, "{list} after a cursor of {}", lists[of]);
            }
        }
    }
}
