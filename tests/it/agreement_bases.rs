//! From law to offer: what an agreement rests on is added, reviewed and confirmed, and its content put to the other side;
//! each guard refused and then met.

use api::{
    app,
    auth::Role::{Administrator, Auditor, Officer, System},
    world::WorldFile,
};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    contract::{DECISION, texts},
    house::{DVV, House, KELA, LVV, MIGRI, OMBUDSMAN, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, social_assistance, tried},
    reports::assert_whole,
};

const BASIS: &str = "basis { id role adequacy reviewedAt note legalBasis { citation } history { adequacy reason } }";

const AGREEMENT: &str = "agreement { status version effectiveStatus { state } history { status reason } }";

/// Draft whose only scope gives files regularly.
const DRAFT: &str = "world: 1
agreements:
  - number: KEL-2026-090
    discloser: 0246246-0
    recipient: 9900004-2
    register: KELMU
    status: DRAFT
    history: [{status: DRAFT, from: 2026-10-05, actor: kela-officer-1}]
    bases: [{legal_basis: 615/2020 13 § 1 mom, roles: [RIGHT_TO_RECEIVE], adequacy: ADEQUATE, reviewed_by: kela-lawyer-1, reviewed_at: 2026-10-19}]
    scopes:
      - channel: OTHER
        version: 1
        regularity: RECURRING_FIXED
        status: DEFINED
        necessity_check: CASE_REFERENCE
        admission: NONE
        defined_on: 2026-10-26
        purposes: [IMMIGRATION_MATTER]
        history: [{status: DEFINED, from: 2026-10-26, actor: kela-officer-1}]
        items: [{item: KEL.DECISION, operations: [READ], population: PENDING_MATTER, bases: [615/2020 13 § 1 mom]}]
";

/// Right of KEL-2023-014 over its interface.
const RIGHT: &str = "703/2023 64 § 1 mom";

/// Global id of an agreement.
pub async fn id_of(house: &House, number: &str) -> Value {
    let query = "query($number: String!) { agreement(number: $number) { id } }";
    house.data(&house.token(OMBUDSMAN, Auditor), query, json!({ "number": number })).await["agreement"]["id"].clone()
}

/// Global id of an agreement's basis.
async fn basis_id(house: &House, number: &str, citation: &str, role: &str) -> Value {
    let query = "query($number: String!) { agreement(number: $number) { bases { id role legalBasis { citation } } } }";
    let found = house.data(&house.token(OMBUDSMAN, Auditor), query, json!({ "number": number })).await;
    let bases = found["agreement"]["bases"].as_array().unwrap().clone();
    let of = |basis: &&Value| basis["role"] == role && basis["legalBasis"]["citation"] == citation;
    bases.iter().find(of).unwrap_or_else(|| panic!("no `{citation}` as {role}"))["id"].clone()
}

async fn add_basis(house: &House, token: &str, number: &str, (citation, role): (&str, &str)) -> Value {
    let input = json!({"id": id_of(house, number).await, "citation": citation, "role": role});
    house.data(token, &act("addAgreementBasis", BASIS), json!({ "input": input })).await
}

async fn review_basis(house: &House, token: &str, id: &Value, adequacy: &str, note: Option<&str>) -> Value {
    let input = json!({"id": id, "adequacy": adequacy, "note": note});
    house.data(token, &act("reviewAgreementBasis", BASIS), json!({ "input": input })).await
}

async fn step(house: &House, token: &str, name: &str, number: &str) -> Value {
    let input = json!({ "id": id_of(house, number).await });
    house.data(token, &act(name, AGREEMENT), json!({ "input": input })).await
}

/// Acts offered on an agreement, each with the codes of what stands in its way.
pub async fn offered(house: &House, token: &str, number: &str) -> Vec<(String, Vec<String>)> {
    let query = "query($number: String!) { agreement(number: $number) { allowedActions { code blockedBy { code } } } }";
    let found = house.data(token, query, json!({ "number": number })).await;
    let actions = found["agreement"]["allowedActions"].as_array().unwrap().clone();
    let said = |action: &Value| (action["code"].as_str().unwrap().to_owned(), texts(&action["blockedBy"], "code"));
    actions.iter().map(said).collect()
}

async fn answered(house: &House, question: &Value) -> (String, Vec<String>) {
    let answer = house.data(&house.token(KELA, System), DECISION, json!({ "input": question })).await;
    let decision = &answer["accessDecision"];
    (decision["verdict"].as_str().unwrap().to_owned(), texts(&decision["reasons"], "code"))
}

/// What SOT-2026-001 permits one user of Kela's.
fn units() -> Value {
    json!({"recipient": KELA, "register": "SOTERI", "items": ["SOT.UNIT"], "purpose": "TARIFF_SETTING",
        "channel": "VIEWING_CONNECTION", "endUser": "kela-user-1", "caseReference": "KELA/2026/1"})
}

fn blocked(actions: &[(String, Vec<String>)], code: &str) -> Option<Vec<String>> {
    actions.iter().find(|(action, _)| action == code).map(|(_, blocked_by)| blocked_by.clone())
}

on_both_engines! {
    async fn agreement_goes_from_no_law_to_an_offer(house: House) {
        let (kela, fund) = (house.token(KELA, Officer), house.token("9900006-9", Officer));
        assert_eq!(refusals(&step(&house, &kela, "confirmAgreementBasis", "KEL-2026-051").await), ["NO_LEGAL_BASIS input.id", "PROCESSING_RIGHT_MISSING input.id"]);
        let process = done(add_basis(&house, &kela, "KEL-2026-051", ("1224/2004 19 luku 6 §", "RIGHT_TO_PROCESS")).await)["basis"]["id"].clone();
        done(review_basis(&house, &kela, &process, "ADEQUATE", None).await);
        assert_eq!(refusals(&step(&house, &kela, "confirmAgreementBasis", "KEL-2026-051").await), ["NO_LEGAL_BASIS input.id"]);
        assert_eq!(blocked(&offered(&house, &kela, "KEL-2026-051").await, "CONFIRM_BASIS").unwrap(), ["NO_LEGAL_BASIS"]);
        assert_eq!(refusals(&step(&house, &kela, "offerAgreement", "KEL-2026-051").await), ["WRONG_STATUS input.id"]);

        let added = done(add_basis(&house, &kela, "KEL-2026-051", ("1224/2004 19 luku 6 §", "RIGHT_TO_DISCLOSE")).await)["basis"].clone();
        assert_eq!((&added["adequacy"], &added["history"]), (&json!("UNREVIEWED"), &json!([{"adequacy": "UNREVIEWED", "reason": null}])));
        assert_eq!(refusals(&step(&house, &kela, "confirmAgreementBasis", "KEL-2026-051").await), ["BASIS_NOT_ADEQUATE input.id", "NO_LEGAL_BASIS input.id"]);
        let narrow = done(review_basis(&house, &kela, &added["id"], "TOO_NARROW", Some("Ei kata.")).await)["basis"].clone();
        assert_eq!((&narrow["adequacy"], &narrow["note"]), (&json!("TOO_NARROW"), &json!("Ei kata.")));
        assert_eq!(refusals(&step(&house, &kela, "confirmAgreementBasis", "KEL-2026-051").await), ["BASIS_NOT_ADEQUATE input.id", "NO_LEGAL_BASIS input.id"]);
        done(review_basis(&house, &kela, &added["id"], "ADEQUATE", None).await);
        assert_eq!(blocked(&offered(&house, &kela, "KEL-2026-051").await, "CONFIRM_BASIS").unwrap(), Vec::<String>::new());
        let confirmed = done(step(&house, &kela, "confirmAgreementBasis", "KEL-2026-051").await)["agreement"].clone();
        assert_eq!(confirmed["status"], "BASIS_CONFIRMED");

        let missing = ["SCOPE_MISSING", "TIMETABLE_MISSING"];
        assert_eq!(refusals(&step(&house, &kela, "offerAgreement", "KEL-2026-051").await), ["SCOPE_MISSING input.id", "TIMETABLE_MISSING input.id"]);
        assert_eq!(blocked(&offered(&house, &kela, "KEL-2026-051").await, "OFFER").unwrap(), missing);
        assert_eq!(offered(&house, &fund, "KEL-2026-051").await.iter().filter(|(code, _)| code.ends_with("BASIS") || code == "OFFER").count(), 0);
        done(review_basis(&house, &kela, &added["id"], "DISPUTED", Some("Lausunto pyydetty.")).await);
        let doubted = refusals(&step(&house, &kela, "offerAgreement", "KEL-2026-051").await);
        assert_eq!(doubted, ["BASIS_NOT_ADEQUATE input.id", "NO_LEGAL_BASIS input.id", "SCOPE_MISSING input.id", "TIMETABLE_MISSING input.id"], "doubt after the confirmation counts");
        assert_whole(&house.app).await;
    }

    async fn secrecy_stands_where_the_provisions_are_found_not_to_override_it(house: House) {
        let (kela, city) = (house.token(KELA, Officer), house.token(PIRKANMAA, System));
        let question = json!({"register": "KELMU", "items": ["KEL.DECISION"], "purpose": "SOCIAL_WELFARE", "channel": "TECHNICAL_INTERFACE",
            "caseReference": "PIRHA/2026/1", "mandates": ["M1"]});
        let heard = async || {
            let answer = house.data(&city, DECISION, json!({ "input": question })).await["accessDecision"].clone();
            (answer["verdict"].as_str().unwrap().to_owned(), texts(&answer["reasons"], "code"))
        };
        let permitted = ("PERMITTED".to_owned(), vec![]);
        assert_eq!(heard().await, permitted);
        let [one, other] = ["703/2023 64 § 1 mom", "703/2023 64 § 3 mom"];
        let one = basis_id(&house, "KEL-2023-014", one, "SECRECY_OVERRIDE").await;
        let other = basis_id(&house, "KEL-2023-014", other, "SECRECY_OVERRIDE").await;
        let assistance = basis_id(&house, "KEL-2023-014", "1412/1997 18 b § 1 mom", "RIGHT_TO_DISCLOSE").await;
        done(review_basis(&house, &kela, &assistance, "DISPUTED", Some("Vain toimeentulotuki.")).await);
        done(review_basis(&house, &kela, &one, "TOO_NARROW", Some("Ei kata salassa pidettävää.")).await);
        assert_eq!(heard().await, permitted, "the other overrides it");
        done(review_basis(&house, &kela, &other, "DISPUTED", Some("Lausunto pyydetty.")).await);
        assert_eq!(heard().await, ("DENIED".to_owned(), vec!["SECRECY_NOT_OVERRIDDEN".to_owned()]), "though both still give the right");
        done(review_basis(&house, &kela, &one, "ADEQUATE", None).await);
        assert_eq!(heard().await, permitted);
        assert_whole(&house.app).await;
    }

    async fn offer_freezes_the_first_version_of_the_content(house: House) {
        let kela = house.token(KELA, Officer);
        assert_eq!(refusals(&step(&house, &kela, "offerAgreement", "KEL-2026-052").await), ["WRONG_STATUS input.id"]);
        done(step(&house, &kela, "confirmAgreementBasis", "KEL-2026-052").await);
        let before = seq(&house).await;
        let trial = tried(&json!({ "id": id_of(&house, "KEL-2026-052").await }));
        assert_eq!(done(house.data(&kela, &act("offerAgreement", AGREEMENT), trial).await)["agreement"]["status"], "NEGOTIATION");
        assert_eq!(seq(&house).await, before, "tried, not done");
        let offered = done(step(&house, &kela, "offerAgreement", "KEL-2026-052").await)["agreement"].clone();
        assert_eq!((&offered["status"], &offered["version"]), (&json!("NEGOTIATION"), &json!(1)));
        assert_eq!(refusals(&step(&house, &kela, "offerAgreement", "KEL-2026-052").await), ["WRONG_STATUS input.id"], "offered once");
        done(add_basis(&house, &kela, "KEL-2026-052", ("906/2019 23 §", "MODE")).await);
        let query = "{ agreement(number: \"KEL-2026-052\") { version bases { adequacy } } }";
        let seen = house.data(&house.token(MIGRI, Officer), query, json!({})).await["agreement"].clone();
        assert_eq!(seen["version"], 2, "what changes after the offer is another version");
        done(add_basis(&house, &kela, "KEL-2026-052", ("906/2019 23 §", "MODE")).await);
        let again = house.data(&house.token(MIGRI, Officer), query, json!({})).await["agreement"].clone();
        assert_eq!(again, seen, "the same again is no change");
        assert_whole(&house.app).await;
    }

    async fn recipient_that_is_no_authority_needs_a_right_to_process(house: House) {
        let kela = house.token(KELA, Officer);
        let refused = step(&house, &kela, "confirmAgreementBasis", "KEL-2026-044").await;
        assert_eq!(refusals(&refused), ["PROCESSING_RIGHT_MISSING input.id"]);
        let cited = act("confirmAgreementBasis", "agreement { id }").replace("code message path", "citations { citation }");
        let input = json!({"input": {"id": id_of(&house, "KEL-2026-044").await}});
        let cited = house.data(&kela, &cited, input).await["confirmAgreementBasis"]["userErrors"].clone();
        assert_eq!(cited, json!([{"citations": [{"citation": "906/2019 24 §"}]}]));
        let define = async || blocked(&offered(&house, &kela, "KEL-2026-044").await, "DEFINE_SCOPE").unwrap();
        assert_eq!(define().await, ["PROCESSING_RIGHT_MISSING"]);
        let right = ("1290/2002 13 luku 1 § 1 mom 1 k", "RIGHT_TO_PROCESS");
        let added = done(add_basis(&house, &kela, "KEL-2026-044", right).await)["basis"]["id"].clone();
        assert_eq!(refusals(&step(&house, &kela, "confirmAgreementBasis", "KEL-2026-044").await), ["PROCESSING_RIGHT_MISSING input.id"], "unreviewed");
        assert_eq!(define().await, Vec::<String>::new(), "a draft may hold what its law may yet be found to carry");
        done(review_basis(&house, &kela, &added, "ADEQUATE", None).await);
        assert_eq!(done(step(&house, &kela, "confirmAgreementBasis", "KEL-2026-044").await)["agreement"]["status"], "BASIS_CONFIRMED");
    }

    async fn only_confirmed_law_in_force_is_rested_on(house: House) {
        let kela = house.token(KELA, Officer);
        let add = act("addAgreementBasis", BASIS);
        let id = id_of(&house, "KEL-2026-051").await;
        for (input, expected) in [
            (json!({"id": "x", "citation": "nonsense", "role": "MODE"}), &["MALFORMED input.citation", "MALFORMED input.id"][..]),
            (json!({"id": id, "role": "MODE"}), &["BLANK input.citation"]),
            (json!({"id": id, "citation": "906/2019 22 § 1 mom", "legalBasis": "legal_basis:x", "role": "MODE"}), &["CONFLICT input.legalBasis"]),
            (json!({"id": id, "legalBasis": id, "role": "MODE"}), &["MALFORMED input.legalBasis"]),
            (json!({"id": id, "citation": "1/2026 1 §", "role": "MODE"}), &["NOT_FOUND input.citation"]),
            (json!({"id": id, "citation": "812/2000 20 §", "role": "RIGHT_TO_RECEIVE"}), &["BASIS_REPEALED input.citation"]),
        ] {
            assert_eq!(refusals(&house.data(&kela, &add, json!({ "input": input })).await), expected, "{input}");
        }
        let naming = add.replace("code message path", "citations { citation }");
        let repealed = json!({"input": {"id": id, "citation": "812/2000 20 §", "role": "RIGHT_TO_RECEIVE"}});
        let told = house.data(&kela, &naming, repealed).await["addAgreementBasis"]["userErrors"][0]["citations"].clone();
        assert_eq!(texts(&told, "citation"), [RIGHT, "812/2000 20 §"], "the refusal names what took its place");
        let law = house.data(&kela, "{ legalBasis(citation: \"703/2023 64 § 1 mom\") { id } }", json!({})).await["legalBasis"]["id"].clone();
        let by_id = json!({"input": {"id": id, "legalBasis": law, "role": "RIGHT_TO_RECEIVE"}});
        let first = done(house.data(&kela, &add, by_id.clone()).await);
        assert_eq!(first["basis"]["legalBasis"]["citation"], RIGHT);
        let before = seq(&house).await;
        assert_eq!(done(add_basis(&house, &kela, "KEL-2026-051", (RIGHT, "RIGHT_TO_RECEIVE")).await), first, "however it is named");
        assert_eq!(done(house.data(&kela, &add, by_id).await), first);
        assert_eq!(seq(&house).await, before);
        assert_ne!(done(add_basis(&house, &kela, "KEL-2026-051", (RIGHT, "SECRECY_OVERRIDE")).await), first, "another role is another basis");
    }

    async fn review_says_what_it_found_and_why(house: House) {
        let kela = house.token(KELA, Officer);
        let repealed = basis_id(&house, "KEL-2023-014", "812/2000 20 §", "RIGHT_TO_RECEIVE").await;
        let right = basis_id(&house, "KEL-2023-014", RIGHT, "RIGHT_TO_RECEIVE").await;
        for (id, adequacy, note, expected) in [
            (&json!("x"), "ADEQUATE", Some("131052-308T"), &["MALFORMED input.id", "MALFORMED input.note"][..]),
            (&right, "UNREVIEWED", None, &["CONFLICT input.adequacy"]),
            (&right, "DEFINITION_ONLY", None, &["BLANK input.note"]),
            (&right, "TOO_NARROW", Some(" "), &["BLANK input.note"]),
            (&right, "DISPUTED", None, &["BLANK input.note"]),
            (&right, "REPEALED", None, &["CONFLICT input.adequacy"]),
            (&repealed, "ADEQUATE", None, &["BASIS_REPEALED input.adequacy"]),
        ] {
            assert_eq!(refusals(&review_basis(&house, &kela, id, adequacy, note).await), expected, "{adequacy}");
        }
        let first = done(review_basis(&house, &kela, &repealed, "REPEALED", Some("Kumottu.")).await);
        let before = seq(&house).await;
        assert_eq!(done(review_basis(&house, &kela, &repealed, "REPEALED", Some("Kumottu.")).await), first);
        assert_eq!(seq(&house).await, before, "the same review by the same reviewer is one");
        let ended = basis_id(&house, "DVV-2025-201", "661/2009 29 §", "RIGHT_TO_DISCLOSE").await;
        let dvv = house.token(DVV, Officer);
        assert_eq!(refusals(&review_basis(&house, &dvv, &ended, "DISPUTED", Some("Epäselvä.")).await), ["WRONG_STATUS input.id"]);
        let expired = basis_id(&house, "KEL-2020-009", "615/2020 13 § 1 mom", "RIGHT_TO_RECEIVE").await;
        assert_eq!(refusals(&review_basis(&house, &kela, &expired, "DISPUTED", Some("Epäselvä.")).await), ["WRONG_STATUS input.id"]);
    }

    async fn provision_found_wanting_closes_at_once_what_rests_on_it(house: House) {
        let kela = house.token(KELA, Officer);
        let question = social_assistance();
        assert_eq!(answered(&house, &question).await.0, "PERMITTED");
        let right = basis_id(&house, "KEL-2023-014", RIGHT, "RIGHT_TO_RECEIVE").await;
        done(review_basis(&house, &kela, &right, "DISPUTED", Some("Oikeuskansleri selvittää.")).await);
        assert_eq!(answered(&house, &question).await.0, "PERMITTED", "what rests on another provision too stays");

        let lvv = house.token(LVV, Officer);
        let units = units();
        assert_eq!(answered(&house, &units).await.0, "PERMITTED");
        let alone = basis_id(&house, "SOT-2026-001", "741/2023 47 § 1 mom 1 k", "RIGHT_TO_DISCLOSE").await;
        done(review_basis(&house, &lvv, &alone, "TOO_NARROW", Some("Ei kata taksoja.")).await);
        let (verdict, reasons) = answered(&house, &units).await;
        assert_eq!((verdict.as_str(), reasons.contains(&"BASIS_NOT_ADEQUATE".to_owned())), ("DENIED", true), "{reasons:?}");
        let told = "{ agreement(number: \"SOT-2026-001\") { effectiveStatus { blockers { code } } } }";
        let told = house.data(&kela, told, json!({})).await["agreement"]["effectiveStatus"]["blockers"].clone();
        assert!(texts(&told, "code").contains(&"BASIS_NOT_ADEQUATE".to_owned()), "the other side sees it too");
        done(review_basis(&house, &lvv, &alone, "ADEQUATE", None).await);
        assert_eq!(answered(&house, &units).await.0, "PERMITTED", "both agreed on it");
        assert_whole(&house.app).await;
    }

    async fn law_added_after_the_signing_carries_nothing_on_one_sides_word(house: House) {
        let lvv = house.token(LVV, Officer);
        let question = units();
        let before = answered(&house, &question).await;
        let added = done(add_basis(&house, &lvv, "SOT-2026-001", ("741/2023 47 § 1 mom 5 k", "RIGHT_TO_DISCLOSE")).await)["basis"]["id"].clone();
        assert_eq!(answered(&house, &question).await, before);
        let query = "{ agreement(number: \"SOT-2026-001\") { version status } }";
        let seen = house.data(&house.token(KELA, Officer), query, json!({})).await["agreement"].clone();
        assert_eq!(seen, json!({"version": 2, "status": "ACTIVE"}));
        assert_eq!(refusals(&review_basis(&house, &lvv, &added, "ADEQUATE", None).await), ["CONTENT_NOT_AGREED input.id"]);
        done(review_basis(&house, &lvv, &added, "DISPUTED", Some("Odottaa hyväksyntää.")).await);
        let agreed = basis_id(&house, "SOT-2026-001", "741/2023 47 § 1 mom 1 k", "RIGHT_TO_DISCLOSE").await;
        done(review_basis(&house, &lvv, &agreed, "ADEQUATE", Some("Tarkistettu.")).await);
        assert_eq!(answered(&house, &question).await, before);
        assert_whole(&house.app).await;
    }

    async fn offer_needs_justified_means_and_a_day(house: House) {
        let kela = house.token(KELA, Officer);
        let file = WorldFile { name: "draft.yaml".to_owned(), text: DRAFT.to_owned() };
        app::import(&house.app.gateway, &house.app.recorder, &[file], "import").await.unwrap();
        done(step(&house, &kela, "confirmAgreementBasis", "KEL-2026-090").await);
        let lacking = ["MODE_NOT_JUSTIFIED input.id", "TIMETABLE_MISSING input.id"];
        assert_eq!(refusals(&step(&house, &kela, "offerAgreement", "KEL-2026-090").await), lacking);
        done(step(&house, &kela, "confirmAgreementBasis", "KEL-2026-052").await);
        done(step(&house, &kela, "offerAgreement", "KEL-2026-052").await);
    }

    async fn only_the_disclosers_officers_run_an_agreement(house: House) {
        let id = id_of(&house, "KEL-2026-052").await;
        let basis = basis_id(&house, "KEL-2026-052", "615/2020 13 § 1 mom", "RIGHT_TO_RECEIVE").await;
        let acts = [
            (act("addAgreementBasis", "basis { id }"), json!({"id": id, "citation": "906/2019 23 §", "role": "MODE"})),
            (act("reviewAgreementBasis", "basis { id }"), json!({"id": basis, "adequacy": "ADEQUATE"})),
            (act("confirmAgreementBasis", "agreement { id }"), json!({"id": id})),
            (act("offerAgreement", "agreement { id }"), json!({"id": id})),
        ];
        for (query, input) in &acts {
            for (organisation, role) in [(MIGRI, Officer), (THL, Officer), (KELA, System), (KELA, Administrator), (OMBUDSMAN, Auditor)] {
                assert_eq!(house.errors(&house.token(organisation, role), query, json!({ "input": input })).await, ["FORBIDDEN"], "{organisation} {role:?}");
            }
        }
        let hidden = id_of(&house, "SOT-2026-003").await;
        let hidden_basis = basis_id(&house, "SOT-2026-003", "741/2023 47 § 2 mom", "PROCEDURE").await;
        let stranger = house.token(THL, Officer);
        for (query, mut input) in acts {
            input["id"] = if query.contains("review") { hidden_basis.clone() } else { hidden.clone() };
            assert_eq!(refusals(&house.data(&stranger, &query, json!({ "input": input })).await), ["NOT_FOUND input.id"]);
        }
    }

    async fn two_officers_confirm_and_offer_once(house: House) {
        let kela = house.token(KELA, Officer);
        for name in ["confirmAgreementBasis", "offerAgreement"] {
            let racing = (0..8).map(|_| step(&house, &kela, name, "KEL-2026-052"));
            let answers = join_all(racing).await;
            let mut refused: Vec<_> = answers.iter().map(refusals).collect();
            refused.sort();
            assert_eq!((refused[0].len(), refused[1..].iter().all(|one| one == &["WRONG_STATUS input.id"])), (0, true), "{refused:?}");
        }
        assert_whole(&house.app).await;
    }
}
