//! How an officer of the discloser mends what an agreement says of its case, its term and who may know of it.

use api::auth::Role::{Administrator, Auditor, Officer, System};
use serde_json::{Value, json};

use crate::{
    agreement_bases::{id_of, offered},
    house::{House, KELA, LVV, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, tried},
    reports::assert_whole,
};

const AGREEMENT: &str = "agreement { status version caseRegisterId startsOn endsOn publicity }";

async fn amend(house: &House, token: &str, number: &str, mut input: Value) -> Value {
    input["id"] = id_of(house, number).await;
    house.data(token, &act("amendAgreement", AGREEMENT), json!({ "input": input })).await
}

async fn may_amend(house: &House, token: &str, number: &str) -> bool {
    offered(house, token, number).await.contains(&("AMEND".to_owned(), Vec::new()))
}

on_both_engines! {
    async fn draft_is_amended_by_the_officer_of_its_discloser(house: House) {
        let kela = house.token(KELA, Officer);
        assert!(may_amend(&house, &kela, "KEL-2026-051").await);
        for (members, expected) in [
            (json!({"caseRegisterId": " ", "startsOn": "soon", "endsOn": "2026-02-30"}), &["BLANK input.caseRegisterId", "MALFORMED input.endsOn", "MALFORMED input.startsOn"][..]),
            (json!({"caseRegisterId": "131052-308T"}), &["MALFORMED input.caseRegisterId"]),
            (json!({"caseRegisterId": "x".repeat(201)}), &["TOO_LONG input.caseRegisterId"]),
            (json!({"startsOn": "2030-01-01", "endsOn": "2029-12-31"}), &["PERIOD_REVERSED input.endsOn"]),
            (json!({"startsOn": null, "endsOn": "2026-10-31"}), &["PERIOD_REVERSED input.endsOn"]),
        ] {
            assert_eq!(refusals(&amend(&house, &kela, "KEL-2026-051", members).await), expected);
        }
        let id = id_of(&house, "KEL-2026-051").await;
        let members = json!({"id": id, "caseRegisterId": "Kela 51/2026", "startsOn": "2030-01-01", "endsOn": "2030-12-31", "publicity": "SECRET"});
        let query = act("amendAgreement", AGREEMENT);
        for (organisation, role) in [(KELA, System), (KELA, Auditor), (KELA, Administrator), (LVV, Officer)] {
            let token = house.token(organisation, role);
            assert_eq!(house.errors(&token, &query, json!({ "input": members })).await, ["FORBIDDEN"], "{organisation} {role:?}");
        }
        let before = seq(&house).await;
        done(house.data(&kela, &query, tried(&members)).await);
        assert_eq!(seq(&house).await, before, "nothing was written");
        let amended = done(house.data(&kela, &query, json!({ "input": members })).await);
        let expected = json!({"status": "DRAFT", "version": 1, "caseRegisterId": "Kela 51/2026", "startsOn": "2030-01-01", "endsOn": "2030-12-31", "publicity": "SECRET"});
        assert_eq!(amended["agreement"], expected);
        assert_eq!(done(house.data(&kela, &query, json!({ "input": members })).await), amended);
        assert_eq!(seq(&house).await, before + 1, "the same again changes nothing");
        assert_eq!(refusals(&amend(&house, &kela, "KEL-2026-051", json!({"startsOn": "2031-01-01"})).await), ["PERIOD_REVERSED input.startsOn"]);
        let open = done(amend(&house, &kela, "KEL-2026-051", json!({"startsOn": "2031-01-01", "endsOn": null})).await);
        let members = ["caseRegisterId", "publicity", "startsOn", "endsOn"].map(|member| open["agreement"][member].clone());
        let expected = [json!("Kela 51/2026"), json!("SECRET"), json!("2031-01-01"), Value::Null];
        assert_eq!(members, expected, "what is left out stays, what is null goes");
        assert_whole(&house.app).await;
    }

    async fn of_what_was_offered_only_what_nobody_agrees_on_is_amended(house: House) {
        let (kela, city) = (house.token(KELA, Officer), house.token(PIRKANMAA, Officer));
        assert!(may_amend(&house, &kela, "KEL-2023-014").await && !may_amend(&house, &city, "KEL-2023-014").await);
        let query = "{ agreement(number: \"KEL-2023-014\") { version contentHash startsOn endsOn } }";
        let content = house.data(&kela, query, json!({})).await;
        let refused = amend(&house, &kela, "KEL-2023-014", json!({"startsOn": null, "endsOn": "2040-12-31", "publicity": "SECRET"})).await;
        assert_eq!(refusals(&refused), ["WRONG_STATUS input.endsOn", "WRONG_STATUS input.startsOn"]);
        let stranger = house.token(THL, Officer);
        let known = "{ agreement(number: \"KEL-2023-014\") { number } }";
        assert_eq!(house.data(&stranger, known, json!({})).await["agreement"]["number"], "KEL-2023-014");
        let members = json!({"caseRegisterId": "Kela 14/2023", "publicity": "SECRET", "startsOn": content["agreement"]["startsOn"]});
        let amended = done(amend(&house, &kela, "KEL-2023-014", members).await)["agreement"].clone();
        assert_eq!((&amended["caseRegisterId"], &amended["publicity"]), (&json!("Kela 14/2023"), &json!("SECRET")));
        assert_eq!(house.data(&kela, query, json!({})).await, content, "what both agreed on is the same");
        assert_eq!(house.errors(&stranger, known, json!({})).await, ["NOT_FOUND"]);
        let input = json!({"input": {"id": id_of(&house, "KEL-2023-014").await, "publicity": "PUBLIC"}});
        assert_eq!(house.errors(&city, &act("amendAgreement", AGREEMENT), input).await, ["FORBIDDEN"], "the discloser's officer amends");
        assert_whole(&house.app).await;
    }

    async fn agreement_that_is_over_is_not_amended(house: House) {
        let kela = house.token(KELA, Officer);
        let members = json!({"caseRegisterId": "Kela 9/2020"});
        assert_eq!(refusals(&amend(&house, &kela, "KEL-2020-009", members.clone()).await), ["WRONG_STATUS input.id"], "its term has ended");
        assert!(!may_amend(&house, &kela, "KEL-2020-009").await);
        let reject = json!({"input": {"id": id_of(&house, "KEL-2026-051").await, "reason": "Oikeutta ei ole."}});
        done(house.data(&kela, &act("rejectAgreement", "agreement { id }"), reject).await);
        assert_eq!(refusals(&amend(&house, &kela, "KEL-2026-051", members).await), ["WRONG_STATUS input.id"]);
        assert!(!may_amend(&house, &kela, "KEL-2026-051").await);
    }
}
