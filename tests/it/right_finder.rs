//! From "do we have a right?" to the next step: what the law gives at most, what is missing, whom to ask, and the answer of
//! who keeps the register (R31–R37, R65).

use api::{
    app,
    auth::Role::{Administrator, Auditor, Officer, System},
    world,
};
use serde_json::{Value, json};

use crate::{
    contract::texts,
    house::{DVV, House, KELA, LVV, OMBUDSMAN, PIRKANMAA, TAMPERE, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, tried},
    reports::assert_whole,
};

const HELSINKI: &str = "0201256-6";
const FUND: &str = "9900008-5";
const DAY_CARE: &str = "9900010-6";
const PENSIONS: &str = "9900006-9";

const FINDER: &str = "query($input: EntitlementsInput!) { entitlements(input: $input) {
    nodes { item operation channel guideUrl role legalBasis { citation } purpose { code } }
    missing { code message citations { citation } }
    nextStep { code message agreement { number } adoptionStep waitsFor }
    alternatives { kind guideUrl } contact { role email } } }";

const INQUIRY: &str =
    "inquiry { id status organisation { businessId } register { code } purpose { code } claimedProvisions
    unknownProvisions message askedAt answer answerProvisions answeredAt }";

impl House {
    async fn finds(&self, token: &str, input: Value) -> Value {
        self.data(token, FINDER, json!({ "input": input })).await["entitlements"].clone()
    }

    /// Next step of an organisation's officer on Kelmu, as its code, agreement, step of adoption and side.
    async fn next_step(&self, organisation: &str, purpose: Option<&str>) -> [Value; 4] {
        let input = json!({"register": "KELMU", "purpose": purpose});
        let step = self.finds(&self.token(organisation, Officer), input).await["nextStep"].clone();
        assert!(step["message"].as_str().is_some_and(|message| !message.is_empty()), "{step}");
        [
            step["code"].clone(),
            step["agreement"]["number"].clone(),
            step["adoptionStep"].clone(),
            step["waitsFor"].clone(),
        ]
    }

    async fn inquire(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("askLegalBasis", INQUIRY), json!({ "input": input })).await
    }

    async fn answer(&self, token: &str, input: &Value) -> Value {
        self.data(token, &act("answerInquiry", INQUIRY), json!({ "input": input })).await
    }

    async fn inquiries(&self, token: &str, filter: &str) -> Vec<String> {
        let query = format!("{{ inquiries(first: 100{filter}) {{ totalCount nodes {{ id }} }} }}");
        let found = self.data(token, &query, json!({})).await["inquiries"].clone();
        let ids = texts(&found["nodes"], "id");
        assert_eq!(found["totalCount"], ids.len());
        ids
    }
}

fn question() -> Value {
    json!({"register": "KELMU", "purpose": "FEE_DETERMINATION", "claimedProvisions": ["703/2023 64 §:n 3 momentti", "734/1992 14 a §"],
        "message": "Voimmeko saada etuustiedot asiakasmaksua varten?"})
}

on_both_engines! {
    async fn finder_says_what_the_law_gives_at_most_and_what_to_do_next(house: House) {
        let found = house.finds(&house.token(PIRKANMAA, Officer), json!({"register": "KELMU", "purpose": "SOCIAL_ASSISTANCE"})).await;
        let nodes = found["nodes"].as_array().unwrap();
        let decisions = nodes.iter().find(|node| node["item"] == "KEL.DECISION" && node["legalBasis"]["citation"] == "703/2023 64 § 1 mom").unwrap();
        assert_eq!((&decisions["operation"], &decisions["channel"]), (&json!("READ"), &json!("TECHNICAL_INTERFACE")));
        assert!(decisions["guideUrl"].as_str().unwrap().starts_with("https://www.kela.fi/"), "R33");
        assert!(nodes.iter().all(|node| node["purpose"]["code"] == "SOCIAL_ASSISTANCE" && node["legalBasis"]["citation"] != "812/2000 20 §"));
        assert_eq!(found["missing"], json!([]));
        assert_eq!(texts(&found["alternatives"], "kind"), ["CONSENT", "INCOMES_REGISTER", "PHONE_REQUEST", "WRITTEN_REQUEST"], "R36");
        assert_eq!(found["contact"], json!({"role": "DATA_EXCHANGE_DESK", "email": "tiedonvalitys@kela.example"}), "R34");

        let in_force = json!("KEL-2023-014");
        assert_eq!(house.next_step(PIRKANMAA, Some("SOCIAL_ASSISTANCE")).await, [json!("ASK_DECISION"), in_force, Value::Null, Value::Null]);
        assert_eq!(house.next_step(PIRKANMAA, Some("STATISTICS")).await[0], "ASK_LEGAL_BASIS", "no law gives it for this purpose");
        let suspended = house.next_step(HELSINKI, Some("SOCIAL_ASSISTANCE")).await;
        assert_eq!(suspended, [json!("AWAIT_RESUMPTION"), json!("KEL-2022-003"), Value::Null, json!("DISCLOSER")]);
        let unemployment = house.next_step(FUND, Some("UNEMPLOYMENT_BENEFIT")).await;
        assert_eq!(unemployment, [json!("CONTINUE_AGREEMENT"), json!("KEL-2026-044"), json!("LEGAL_BASIS_CHECKED"), json!("DISCLOSER")]);
        let list = house.next_step(TAMPERE, Some("LABOUR_SUBSIDY_INVOICE")).await;
        assert_eq!(list[..2], [json!("CLEAR_OBSTACLES"), json!("KEL-2021-031")], "its provision waits for a lawyer");
        assert_eq!(house.next_step(TAMPERE, Some("CHILD_CARE_ALLOWANCE")).await[0], "ASK_DECISION", "and takes nothing else away");
    }

    async fn finder_tells_who_is_no_authority_and_who_has_no_right_what_remains(house: House) {
        let ask = |organisation: &'static str, input: Value| {
            let house = &house;
            async move { house.finds(&house.token(organisation, Officer), input).await }
        };
        let none = ask(DAY_CARE, json!({"register": "KELMU"})).await;
        assert_eq!((&none["nodes"], &none["nextStep"]["code"]), (&json!([]), &json!("ASK_LEGAL_BASIS")));
        assert_eq!(texts(&none["missing"], "code"), ["NO_AGREEMENT", "NO_LEGAL_BASIS", "PROCESSING_RIGHT_MISSING"]);
        assert_eq!(none["alternatives"][0]["kind"], "CONSENT");
        assert!(none["alternatives"][0]["guideUrl"].is_string() && none["contact"]["email"].is_string(), "R34, R36, R37");

        let funds = ask(THL, json!({"register": "KELMU", "kind": "UNEMPLOYMENT_FUND", "authorityStatus": "PUBLIC_TASK_BODY"})).await;
        assert_eq!(funds["nextStep"]["code"], "FIND_RIGHT_TO_PROCESS");
        assert_eq!(texts(&funds["missing"], "code"), ["PROCESSING_RIGHT_MISSING"], "906/2019 24 §");
        assert!(funds["nextStep"]["message"].as_str().unwrap().contains("906/2019 24 §"));
        let counties = ask(THL, json!({"register": "KELMU", "kind": "WELLBEING_COUNTY"})).await;
        assert_eq!((&counties["nextStep"]["code"], &counties["missing"]), (&json!("MAKE_AGREEMENT"), &json!([])));
        let other = ask(THL, json!({"register": "KELMU", "organisation": PIRKANMAA})).await;
        assert_eq!((&other["nextStep"]["code"], &other["nextStep"]["agreement"]), (&json!("MAKE_AGREEMENT"), &Value::Null), "a stranger is told the law");
        let controller = ask(KELA, json!({"register": "KELMU", "organisation": PIRKANMAA})).await;
        assert_eq!(controller["nextStep"]["agreement"]["number"], "KEL-2023-014");
        let pensions = ask(PENSIONS, json!({"register": "KELMU", "purpose": "BENEFIT_DECISION"})).await;
        assert_eq!(pensions["nextStep"]["agreement"]["number"], "KEL-2026-051");
        let swedish = FINDER.replace("nextStep { code message", "nextStep { code message(language: SV)");
        let input = json!({"input": {"register": "KELMU", "kind": "WELLBEING_COUNTY"}});
        let said = house.data(&house.token(THL, Officer), &swedish, input).await["entitlements"]["nextStep"]["message"].clone();
        assert!(said.as_str().unwrap().starts_with("lagen ger rätten"), "{said}");
    }

    async fn desk_is_asked_first_about_rights_whatever_the_order_of_others(house: House) {
        let token = house.token(LVV, Officer);
        let appoint = act("appointContact", "contact { id }");
        let desk = json!({"role": "DATA_EXCHANGE_DESK", "topics": ["LEGAL_BASIS"], "name": {"fi": "Tietoluvat"}, "email": "tietoluvat@lvv.example",
            "languages": ["FI"], "priority": 7, "publicity": "PUBLIC"});
        let stranger = house.token(THL, Officer);
        let soteri = json!({"register": "SOTERI"});
        assert_eq!(house.finds(&stranger, soteri.clone()).await["contact"]["email"], "soteri@lvv.example");
        done(house.data(&token, &appoint, json!({ "input": desk })).await);
        assert_eq!(house.finds(&stranger, soteri).await["contact"]["email"], "tietoluvat@lvv.example", "R34, R46");
    }

    async fn right_is_asked_about_on_named_law_and_answered_once(house: House) {
        let (county, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        let wrong = json!({"register": "NOWHERE", "purpose": "NOTHING", "claimedProvisions": [], "message": " "});
        assert_eq!(refusals(&house.inquire(&county, &wrong).await), [
            "BLANK input.claimedProvisions", "BLANK input.message", "NOT_FOUND input.purpose", "NOT_FOUND input.register",
        ], "R65: the law relied on is named");
        let mut faulty = question();
        faulty["claimedProvisions"] = json!(["sosiaalihuoltolaki", "703/2023 64 § 3 mom", "703/2023 64 § 3 mom"]);
        faulty["message"] = json!("Asiakas 131052-308T");
        assert_eq!(refusals(&house.inquire(&county, &faulty).await), [
            "CONFLICT input.claimedProvisions.2", "MALFORMED input.claimedProvisions.0", "MALFORMED input.message",
        ]);
        faulty["claimedProvisions"] = (1..=21).map(|section| json!(format!("703/2023 {section} §"))).collect();
        faulty["message"] = json!("x".repeat(4_001));
        assert_eq!(refusals(&house.inquire(&county, &faulty).await), ["TOO_LONG input.claimedProvisions", "TOO_LONG input.message"]);

        let waiting = house.inquiries(&kela, ", waitsForMe: true").await;
        let before = seq(&house).await;
        done(house.data(&county, &act("askLegalBasis", INQUIRY), tried(&question())).await);
        assert_eq!(seq(&house).await, before);
        let asked = done(house.inquire(&county, &question()).await)["inquiry"].clone();
        assert_eq!(asked["claimedProvisions"], json!(["703/2023 64 § 3 mom", "734/1992 14 a §"]));
        assert_eq!(asked["unknownProvisions"], json!(["734/1992 14 a §"]), "taken, and told");
        assert_eq!((&asked["status"], &asked["organisation"]["businessId"]), (&json!("OPEN"), &json!(PIRKANMAA)));
        let mut turned = question();
        turned["claimedProvisions"].as_array_mut().unwrap().reverse();
        for same in [question(), turned] {
            assert_eq!(done(house.inquire(&county, &same).await)["inquiry"], asked, "the same question again");
        }
        assert_eq!(seq(&house).await, before + 1);

        let id = &asked["id"];
        let waits = house.inquiries(&kela, ", waitsForMe: true").await;
        assert_eq!((waits.len(), waits.last().map(String::as_str)), (waiting.len() + 1, id.as_str()));
        assert_eq!(house.inquiries(&county, ", waitsForMe: true").await, Vec::<String>::new(), "who asks does not answer");
        assert_eq!(refusals(&house.answer(&kela, &json!({"id": id, "answer": "", "provisions": ["812/2000 20 §", "1/1999 1 §", "x"]})).await), [
            "BLANK input.answer", "MALFORMED input.provisions.2", "NOT_FOUND input.provisions.0", "NOT_FOUND input.provisions.1",
        ], "what is repealed or unknown gives no right");
        let answer = json!({"id": id, "answer": "Kyllä: ilmoittakaa asiakkaalle ennalta.", "provisions": ["703/2023 64 § 3 mom"]});
        let answered = done(house.answer(&kela, &answer).await)["inquiry"].clone();
        assert_eq!((&answered["status"], &answered["answerProvisions"]), (&json!("ANSWERED"), &json!(["703/2023 64 § 3 mom"])));
        assert!(answered["answeredAt"].as_str().unwrap() >= answered["askedAt"].as_str().unwrap());
        assert_eq!(done(house.answer(&kela, &answer).await)["inquiry"], answered, "the same answer again");
        let other = json!({"id": id, "answer": "Ei."});
        assert_eq!(refusals(&house.answer(&kela, &other).await), ["WRONG_STATUS input.id"], "one answer stands");
        assert_eq!(done(house.inquire(&county, &question()).await)["inquiry"], answered, "who asks again is told the answer");
        assert_eq!(house.inquiries(&kela, ", waitsForMe: true").await, waiting);
        assert_eq!(house.inquiries(&county, ", status: ANSWERED, register: \"KELMU\"").await.len(), 1);
        assert_eq!(house.inquiries(&county, ", register: \"SOTERI\"").await.len(), 0);

        let files = world::export(&house.app.gateway.journal.facts(), &house.app.gateway.keys.pseudonym_fingerprints());
        let imported = app::import(&house.app.gateway, &house.app.recorder, &files, "import").await;
        assert_eq!(imported.unwrap_or_else(|error| panic!("{error:?}")).rows, 0);
        assert_whole(&house.app).await;
    }

    async fn inquiry_is_between_who_asks_and_who_keeps_the_register(house: House) {
        let (county, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        assert_eq!(refusals(&house.inquire(&kela, &question()).await), ["CONFLICT input.register"], "one's own register");
        let for_another = json!({"organisation": TAMPERE, "register": "KELMU", "claimedProvisions": ["703/2023 64 § 1 mom"], "message": "?"});
        assert_eq!(house.errors(&county, &act("askLegalBasis", INQUIRY), json!({"input": for_another})).await, ["FORBIDDEN"]);
        for role in [System, Auditor, Administrator] {
            let token = house.token(PIRKANMAA, role);
            assert_eq!(house.errors(&token, &act("askLegalBasis", INQUIRY), json!({"input": question()})).await, ["FORBIDDEN"], "{role:?}");
        }
        let id = done(house.inquire(&county, &question()).await)["inquiry"]["id"].clone();
        let node = "query($id: ID!) { node(id: $id) { __typename id } }";
        for token in [&county, &kela, &house.token(OMBUDSMAN, Auditor), &house.token(PIRKANMAA, Auditor)] {
            assert_eq!(house.data(token, node, json!({"id": id})).await["node"]["__typename"], "Inquiry");
            assert!(house.inquiries(token, "").await.contains(&id.as_str().unwrap().to_owned()));
        }
        let answer = json!({"id": id, "answer": "Kyllä."});
        for token in [&house.token(THL, Officer), &house.token(LVV, Officer)] {
            assert_eq!(house.errors(token, node, json!({"id": id})).await, ["NOT_FOUND"]);
            assert!(!house.inquiries(token, "").await.contains(&id.as_str().unwrap().to_owned()));
            assert_eq!(refusals(&house.answer(token, &answer).await), ["NOT_FOUND input.id"], "one may not know of it");
        }
        for token in [&house.token(KELA, System), &house.token(DVV, Administrator)] {
            assert_eq!(house.errors(token, node, json!({"id": id})).await, ["NOT_FOUND"]);
        }
        assert_eq!(house.errors(&county, &act("answerInquiry", INQUIRY), json!({"input": answer})).await, ["FORBIDDEN"], "nobody answers itself");
    }

    async fn of_two_answers_at_once_one_stands(house: House) {
        let (county, kela) = (house.token(PIRKANMAA, Officer), house.token(KELA, Officer));
        let id = done(house.inquire(&county, &question()).await)["inquiry"]["id"].clone();
        let (yes, no) = (json!({"id": id, "answer": "Kyllä."}), json!({"id": id, "answer": "Ei."}));
        let (one, two) = tokio::join!(house.answer(&kela, &yes), house.answer(&kela, &no));
        let mut refused = [refusals(&one), refusals(&two)].concat();
        refused.sort();
        assert_eq!(refused, ["WRONG_STATUS input.id"], "one winner");
        let soteri = json!({"register": "SOTERI", "claimedProvisions": ["741/2023 47 § 1 mom 1 k"], "message": "?"});
        let twice = tokio::join!(house.inquire(&county, &soteri), house.inquire(&county, &soteri));
        assert_eq!(done(twice.0)["inquiry"]["id"], done(twice.1)["inquiry"]["id"], "one question");
    }
}
