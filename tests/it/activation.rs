//! How a signed agreement comes into force: everything it needs, named at once, and the end of what it takes the place of.

use api::{
    auth::Role::{Administrator, Auditor, Officer, System},
    facts::Facts,
    status,
};
use chrono::Days;
use entity::{
    agreement, agreement_basis, scope, statement_answer, status_entry,
    vocabulary::{Adequacy, AgreementId, Instant, ScopeStatus, StatementAnswerKind, StatusSubject, helsinki_day},
};
use serde_json::{Value, json};

use crate::{
    house::{House, KELA, LVV, OMBUDSMAN, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{act, done, refusals, seq},
    reports::assert_whole,
    signing::newest_scope,
    statement_life::assert_exported,
};

/// Signed: its scope is implemented, its protection statement given.
const SIGNED: &str = "SOT-2026-002";

const SEEN: &str = "agreement { status startsOn effectiveStatus { state } history { status reason } awaits
    adoptionSteps { code state } supersedes { number status terminationReason scopes { status } history { status reason } } }";

impl House {
    async fn activates(&self, token: &str, number: &str) -> Value {
        let input = json!({"id": self.content_seen(token, number).await["id"], "note": "Otetaan käyttöön."});
        self.data(token, &act("activateAgreement", SEEN), json!({"input": input})).await
    }

    /// What stands in the way, by the act and by what is offered: the same.
    async fn activation_blocked(&self, number: &str) -> Vec<String> {
        let lvv = self.officer_of(LVV);
        let seen = self.content_seen(&lvv, number).await;
        let actions = seen["allowedActions"].as_array().unwrap();
        let activate = actions.iter().find(|action| action["code"] == "ACTIVATE").expect("it is offered");
        let mut offered: Vec<_> = activate["blockedBy"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| format!("{} input.id", reason["code"].as_str().unwrap()))
            .collect();
        offered.sort_unstable();
        let input = json!({"input": {"id": seen["id"], "validateOnly": true}});
        let refused = refusals(&self.data(&lvv, &act("activateAgreement", "agreement { id }"), input).await);
        assert_eq!(refused, offered);
        refused
    }

    async fn approves_statement(&self) {
        let lvv = self.officer_of(LVV);
        let query = "{ agreement(number: \"SOT-2026-002\") { statements { id } } }";
        let id = self.data(&lvv, query, json!({})).await["agreement"]["statements"][0]["id"].clone();
        let review = act("reviewProtectionStatement", "statement { status }");
        let approve = json!({"id": id, "action": "APPROVE", "discloserLogConfirmed": true});
        done(self.data(&lvv, &review, json!({"input": approve})).await);
    }

    async fn tests_scope(&self, number: &str) {
        let now = self.app.gateway.clock.now();
        let tested = move |facts: &Facts, agreement: AgreementId| {
            let row = newest_scope(facts, agreement);
            let entry: status_entry::Model =
                status::entry(facts, (StatusSubject::Scope, row.id.0), ScopeStatus::Tested, ("tester", now), None);
            vec![scope::Model { status: ScopeStatus::Tested, ..row }.into(), entry.into()]
        };
        self.amend_rows(number, tested).await;
    }

    async fn made_ready(&self) {
        self.approves_statement().await;
        self.tests_scope(SIGNED).await;
        assert_eq!(self.activation_blocked(SIGNED).await, Vec::<String>::new());
    }
}

on_both_engines! {
    async fn signed_agreement_is_activated_once_everything_is_in_place(house: House) {
        assert_eq!(house.activation_blocked(SIGNED).await, ["SCOPE_NOT_TESTED input.id", "STATEMENT_MISSING input.id"]);
        house.approves_statement().await;
        assert_eq!(house.activation_blocked(SIGNED).await, ["SCOPE_NOT_TESTED input.id"]);
        house.tests_scope(SIGNED).await;
        let lvv = house.officer_of(LVV);
        let waiting = "{ agreements(filter: {waitsForMe: true, register: \"SOTERI\"}, first: 100) { nodes { number } } }";
        assert!(house.data(&lvv, waiting, json!({})).await.to_string().contains(SIGNED));
        let before = seq(&house).await;
        let active = done(house.activates(&lvv, SIGNED).await)["agreement"].clone();
        assert_eq!((&active["status"], &active["startsOn"], &active["awaits"]), (&json!("ACTIVE"), &json!("2026-06-01"), &json!([])));
        assert_eq!(active["history"].as_array().unwrap().last().unwrap(), &json!({"status": "ACTIVE", "reason": "Otetaan käyttöön."}));
        assert_eq!(active["effectiveStatus"]["state"], "BLOCKED", "no scope is open yet");
        assert_eq!(seq(&house).await, before + 1);
        assert_eq!(refusals(&house.activates(&lvv, SIGNED).await), ["WRONG_STATUS input.id"]);
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }

    async fn each_guard_of_activation_refuses_by_itself(house: House) {
        house.made_ready().await;
        house.amend_rows(SIGNED, |facts, agreement| {
            let basis = &facts.dossier(agreement).unwrap().bases[0].row;
            facts.agreement_basis.of(agreement).filter(|row| row.legal_basis_id == basis.legal_basis_id).map(|row| {
                agreement_basis::Model { adequacy: Adequacy::Adequate, ..row.as_ref().clone() }.into()
            }).collect()
        }).await;
        assert_eq!(house.activation_blocked(SIGNED).await, Vec::<String>::new(), "nothing has changed");

        let row = house.agreement_row(SIGNED);
        let tomorrow = helsinki_day(house.app.gateway.clock.now()).checked_add_days(Days::new(1)).unwrap();
        for (starts_on, ends_on, refused) in [
            (Some(tomorrow), None, &["AGREEMENT_NOT_IN_FORCE input.id"][..]),
            (row.starts_on, row.starts_on, &["AGREEMENT_NOT_IN_FORCE input.id"]),
            (row.starts_on, None, &[]),
        ] {
            let changed = agreement::Model { starts_on, ends_on, ..house.agreement_row(SIGNED) };
            house.amend_rows(SIGNED, move |_, _| vec![changed.into()]).await;
            assert_eq!(house.activation_blocked(SIGNED).await, refused, "{starts_on:?} {ends_on:?}");
        }

        let answer = |kind: StatementAnswerKind| move |facts: &Facts, agreement: AgreementId| {
            let statement = facts.dossier(agreement).unwrap().statements[0].row.id;
            let row = facts.statement_answer.of(statement).find(|row| row.question_code == "POLICY").unwrap();
            vec![statement_answer::Model { answer: kind, ..row.as_ref().clone() }.into()]
        };
        house.amend_rows(SIGNED, answer(StatementAnswerKind::No)).await;
        assert_eq!(house.activation_blocked(SIGNED).await, ["CHECKLIST_INCOMPLETE input.id"]);
        house.amend_rows(SIGNED, answer(StatementAnswerKind::Yes)).await;

        house.widen_scope(SIGNED, "SUPERVISION").await;
        assert_eq!(house.activation_blocked(SIGNED).await, ["CONTENT_NOT_AGREED input.id"]);
        done(house.accepts(&house.officer_of(THL), SIGNED).await);
        assert_eq!(house.activation_blocked(SIGNED).await, ["CONTENT_NOT_AGREED input.id"]);
        done(house.accepts(&house.officer_of(LVV), SIGNED).await);
        assert_eq!(house.activation_blocked(SIGNED).await, Vec::<String>::new());

        let now: Instant = house.app.gateway.clock.now();
        house.amend_rows(SIGNED, move |facts, agreement| {
            let bases = facts.agreement_basis.of(agreement).flat_map(|row| {
                let entry = status::entry(facts, (StatusSubject::AgreementBasis, row.id.0), Adequacy::Disputed, ("lawyer", now), None);
                [agreement_basis::Model { adequacy: Adequacy::Disputed, ..row.as_ref().clone() }.into(), entry.into()]
            });
            bases.collect()
        }).await;
        assert!(house.activation_blocked(SIGNED).await.contains(&"NO_LEGAL_BASIS input.id".to_owned()));
    }

    async fn only_the_disclosers_officer_activates(house: House) {
        let id = house.content_seen(&house.officer_of(LVV), SIGNED).await["id"].clone();
        let (activate, input) = (act("activateAgreement", "agreement { id }"), json!({"input": {"id": id}}));
        for (organisation, role) in [(THL, Officer), (LVV, System), (LVV, Administrator), (OMBUDSMAN, Auditor), (KELA, Officer)] {
            assert_eq!(house.errors(&house.token(organisation, role), &activate, input.clone()).await, ["FORBIDDEN"], "{organisation} {role:?}");
        }
        let kela = house.officer_of(KELA);
        for number in ["KEL-2023-014", "KEL-2022-003", "KEL-2026-044"] {
            assert_eq!(refusals(&house.activates(&kela, number).await), ["WRONG_STATUS input.id"], "{number}");
        }
        let unknown = json!({"input": {"id": "agreement:01980000-0000-7000-8000-000000000000"}});
        assert_eq!(refusals(&house.data(&kela, &activate, unknown).await), ["NOT_FOUND input.id"]);
        assert_eq!(house.errors(&house.officer_of(PIRKANMAA), &activate, input).await, ["FORBIDDEN"]);
    }

    async fn agreement_takes_the_place_of_its_predecessor_in_one_act(house: House) {
        house.made_ready().await;
        let (earlier, signed) = (house.agreement_row("SOT-2026-001"), house.agreement_row(SIGNED));
        let renewal = agreement::Model { supersedes_id: Some(earlier.id), starts_on: None, ..signed };
        house.amend_rows(SIGNED, move |_, _| vec![renewal.into()]).await;
        let active = done(house.activates(&house.officer_of(LVV), SIGNED).await)["agreement"].clone();
        let today = helsinki_day(house.app.gateway.clock.now()).to_string();
        assert_eq!((&active["status"], &active["startsOn"]), (&json!("ACTIVE"), &json!(today)), "agreed without a first day, it starts today");
        assert_eq!(active["awaits"], json!([]));
        let old = &active["supersedes"];
        assert_eq!((&old["number"], &old["status"], &old["terminationReason"]), (&json!("SOT-2026-001"), &json!("SUPERSEDED"), &json!("REPLACED")));
        assert_eq!(old["scopes"], json!([{"status": "CLOSED"}, {"status": "CLOSED"}]));
        let last = old["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last, json!({"status": "SUPERSEDED", "reason": "superseded by SOT-2026-002"}));
        assert_whole(&house.app).await;
        assert_exported(&house).await;
    }
}
