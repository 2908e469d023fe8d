//! What the parties plan and declare of the way from law to use (R43, R47, R52, R69).

use api::auth::Role::{Auditor, Officer, System};
use serde_json::{Value, json};

use crate::{
    house::{House, KELA, LVV, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq, tried},
    reports::{assert_whole, with},
    statement_life::assert_exported,
};

const STEPS: &str = "agreement { adoptionSteps { code state plannedOn doneOn } }";
const FUND: &str = "9900008-5";

impl House {
    async fn step_act(&self, token: &str, name: &str, input: &Value) -> Value {
        self.data(token, &act(name, STEPS), json!({ "input": input })).await
    }

    /// The agency approves the institute's account and tests what it has implemented.
    async fn tested_and_approved(&self) {
        let (lvv, query) = (
            self.second_officer(LVV),
            "{ agreement(number: \"SOT-2026-002\") { scopes { id } statements { id gaps { code } } } }",
        );
        let agreement = self.data(&lvv, query, json!({})).await["agreement"].clone();
        let report = json!({"title": "Testausraportti", "sha256": "ef".repeat(32), "mediaType": "application/pdf"});
        done(
            self.scope_act(&lvv, "markScopeTested", &json!({"id": agreement["scopes"][0]["id"], "evidence": report}))
                .await,
        );
        let statement = &agreement["statements"][0];
        let gaps: Vec<_> = statement["gaps"].as_array().unwrap().iter().map(|gap| gap["code"].clone()).collect();
        let review = json!({"id": statement["id"], "action": "APPROVE", "discloserLogConfirmed": true, "decisionText": "Riittää.", "acceptedExceptions": gaps});
        done(
            self.data(&lvv, &act("reviewProtectionStatement", "statement { status }"), json!({ "input": review }))
                .await,
        );
    }
}

fn step<'a>(payload: &'a Value, code: &str) -> &'a Value {
    payload["agreement"]["adoptionSteps"].as_array().unwrap().iter().find(|step| step["code"] == code).unwrap()
}

on_both_engines! {
    async fn each_side_plans_its_own_steps(house: House) {
        let (lvv, thl) = (house.token(LVV, Officer), house.token(THL, Officer));
        let of = |step: &str, day: &str| json!({"agreement": "SOT-2026-002", "step": step, "plannedOn": day});
        let instruct = of("EMPLOYEES_INSTRUCTED", "2099-01-01");
        let before = seq(&house).await;
        done(house.data(&thl, &act("planAdoptionStep", STEPS), tried(&instruct)).await);
        assert_eq!(seq(&house).await, before, "nothing was written");
        let planned = done(house.step_act(&thl, "planAdoptionStep", &instruct).await);
        assert_eq!(step(&planned, "EMPLOYEES_INSTRUCTED")["plannedOn"], "2099-01-01");
        done(house.step_act(&thl, "planAdoptionStep", &instruct).await);
        assert_eq!(seq(&house).await, before + 1, "the same day again changes nothing");
        assert_eq!(refusals(&house.step_act(&lvv, "planAdoptionStep", &instruct).await), ["CONFLICT input.step"], "it is the recipient's");
        assert_eq!(refusals(&house.step_act(&thl, "planAdoptionStep", &of("CONTENT_TESTED", "2099-01-01")).await), ["CONFLICT input.step"]);
        let later = done(house.step_act(&lvv, "planAdoptionStep", &of("CONTENT_TESTED", "2099-02-01")).await);
        assert_eq!(step(&later, "CONTENT_TESTED")["plannedOn"], "2099-02-01", "in the place of the day planned before");
        assert_eq!(refusals(&house.step_act(&lvv, "planAdoptionStep", &of("CONTENT_TESTED", "2020-01-01")).await), ["PERIOD_REVERSED input.plannedOn"]);
        assert_eq!(refusals(&house.step_act(&lvv, "planAdoptionStep", &of("CONTENT_TESTED", "2099-02-30")).await), ["MALFORMED input.plannedOn"]);
        assert_eq!(refusals(&house.step_act(&lvv, "planAdoptionStep", &of("CONTENT_IMPLEMENTED", "2099-01-01")).await), ["WRONG_STATUS input.step"], "it is done");
        assert_eq!(house.offered(&thl, "SOT-2026-002", "PLAN_ADOPTION_STEP").await, Some(Vec::new()));

        for (organisation, role) in [(KELA, Officer), (THL, System), (LVV, Auditor)] {
            let document = act("planAdoptionStep", STEPS);
            assert_eq!(house.errors(&house.token(organisation, role), &document, json!({ "input": instruct })).await, ["FORBIDDEN"]);
        }
        let restricted = with(instruct.clone(), json!({"agreement": "SOT-2026-003"}));
        assert_eq!(refusals(&house.step_act(&thl, "planAdoptionStep", &restricted).await), ["NOT_FOUND input.agreement"]);
        let kela = house.token(KELA, Officer);
        let ended = with(of("CONTENT_TESTED", "2099-01-01"), json!({"agreement": "KEL-2026-050"}));
        assert_eq!(refusals(&house.step_act(&kela, "planAdoptionStep", &ended).await), ["WRONG_STATUS input.agreement"]);
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn step_is_declared_by_who_answers_for_it_and_in_its_order(house: House) {
        let (lvv, thl) = (house.token(LVV, Officer), house.token(THL, Officer));
        let of = |step: &str| json!({"agreement": "SOT-2026-002", "step": step});
        let instructed = of("EMPLOYEES_INSTRUCTED");
        assert_eq!(refusals(&house.step_act(&thl, "declareAdoptionStep", &instructed).await), ["WRONG_STATUS input.step"], "content is not tested and the account not approved");
        assert_eq!(house.offered(&thl, "SOT-2026-002", "DECLARE_ADOPTION_STEP").await, None);
        house.tested_and_approved().await;
        assert_eq!(house.offered(&thl, "SOT-2026-002", "DECLARE_ADOPTION_STEP").await, Some(Vec::new()));
        assert_eq!(house.offered(&lvv, "SOT-2026-002", "DECLARE_ADOPTION_STEP").await, None);
        assert_eq!(refusals(&house.step_act(&lvv, "declareAdoptionStep", &instructed).await), ["CONFLICT input.step"], "the recipient tells it");
        assert_eq!(refusals(&house.step_act(&thl, "declareAdoptionStep", &with(instructed.clone(), json!({"declaredOn": "2999-01-01"}))).await), ["MALFORMED input.declaredOn"]);
        assert_eq!(refusals(&house.step_act(&lvv, "declareAdoptionStep", &of("CONTENT_TESTED")).await), ["CONFLICT input.step"], "what stands tells it");
        assert_eq!(refusals(&house.step_act(&thl, "declareAdoptionStep", &of("MANDATES_GRANTED")).await), ["WRONG_STATUS input.step"], "no item requires a mandate");
        let before = seq(&house).await;
        let declared = done(house.step_act(&thl, "declareAdoptionStep", &instructed).await);
        assert_eq!(step(&declared, "EMPLOYEES_INSTRUCTED")["state"], "DONE");
        let done_on = step(&declared, "EMPLOYEES_INSTRUCTED")["doneOn"].clone();
        done(house.step_act(&thl, "declareAdoptionStep", &with(instructed.clone(), json!({ "declaredOn": done_on }))).await);
        assert_eq!(seq(&house).await, before + 1, "the same day again changes nothing");
        let other = with(instructed, json!({"declaredOn": "2026-06-01"}));
        assert_eq!(refusals(&house.step_act(&thl, "declareAdoptionStep", &other).await), ["WRONG_STATUS input.step"]);
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn employees_are_instructed_whom_to_ask_for_their_mandates(house: House) {
        let fund = house.token(FUND, Officer);
        let instructed = json!({"agreement": "KEL-2026-044", "step": "EMPLOYEES_INSTRUCTED"});
        let refused = refusals(&house.step_act(&fund, "declareAdoptionStep", &instructed).await);
        assert_eq!(refused, ["CONTACT_MISSING input.step", "WRONG_STATUS input.step"], "nobody grants them, and it is not their turn");
        let appoint = json!({"role": "MANDATE_GRANTOR", "topics": ["MANDATE"], "name": {"fi": "Valtuudet"}, "email": "valtuudet@kassa.example", "languages": ["FI"], "priority": 9});
        done(house.data(&fund, &act("appointContact", "contact { id }"), json!({ "input": appoint })).await);
        assert_eq!(refusals(&house.step_act(&fund, "declareAdoptionStep", &instructed).await), ["WRONG_STATUS input.step"]);
    }
}
