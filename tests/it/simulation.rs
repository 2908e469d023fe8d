//! What would be, if: each supposed change comes to what the act itself would, and nothing is written.

use api::auth::Role::{Administrator, Auditor, Officer, System};
use serde_json::{Value, json};

use crate::{
    agreement_bases::id_of,
    contract::texts,
    house::{DVV, House, KELA, OMBUDSMAN, PIRKANMAA, THL},
    on_both_engines,
    registry_acts::{faults_of, seq, social_assistance},
    reports::assert_whole,
};

const NUMBER: &str = "KEL-2023-014";

const LAW: &str = "703/2023 64 § 1 mom";

const SIMULATE: &str = "query($input: SimulationInput!) { simulate(input: $input) { at factsSeq
    agreements(first: 100) { totalCount nodes { decisionCount
        before { number effectiveStatus { state blockers { code } } scopes { channel effectiveStatus { state blockers { code } } } }
        after { number effectiveStatus { state blockers { code } } scopes { channel effectiveStatus { state blockers { code } } } }
        decisions { item operation purpose { code } scope { channel }
            before { verdict reasons { code } factsSeq } after { verdict reasons { code } agreement { number } } } } }
    notify { organisation { businessId } agreements contacts { email } }
    window { examined notPermitted isComplete agreements { agreement { number } examined notPermitted } } } }";

const STANDING: &str = "query($number: String!, $asOf: AsOf) { agreement(number: $number, asOf: $asOf) { number
    effectiveStatus { state blockers { code } } scopes { channel effectiveStatus { state blockers { code } } } } }";

impl House {
    async fn simulated(&self, token: &str, changes: Value) -> Value {
        self.simulated_with(token, json!({ "changes": changes })).await
    }

    async fn simulated_with(&self, token: &str, input: Value) -> Value {
        self.data(token, SIMULATE, json!({ "input": input })).await["simulate"].clone()
    }

    /// Faults of a simulation, as `CODE path`.
    async fn unsupposed(&self, token: &str, input: Value) -> Vec<String> {
        faults_of(&self.ask(token, SIMULATE, json!({ "input": input })).await)
    }

    async fn standing(&self, number: &str) -> Value {
        let variables = json!({"number": number, "asOf": null});
        self.data(&self.token(KELA, Officer), STANDING, variables).await["agreement"].clone()
    }

    /// Verdict of the sample's question over the interface.
    async fn verdict(&self) -> Value {
        let query = "query($input: AccessDecisionInput!) { accessDecision(input: $input) { verdict } }";
        let variables = json!({"input": social_assistance()});
        self.data(&self.token(KELA, System), query, variables).await["accessDecision"]["verdict"].clone()
    }
}

/// What a simulation says of one agreement.
fn of<'a>(simulation: &'a Value, number: &str) -> &'a Value {
    let nodes = simulation["agreements"]["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["before"]["number"] == number).unwrap_or_else(|| panic!("{number}: {simulation:#}"))
}

fn numbers(simulation: &Value) -> Vec<String> {
    let nodes = simulation["agreements"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["before"]["number"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn supposed_repeal_comes_to_what_the_repeal_comes_to(house: House) {
        let kela = house.token(KELA, Officer);
        let (before, position, log) = (house.standing(NUMBER).await, seq(&house).await, house.log_size().await);
        let simulation = house.simulated(&kela, json!([{"repeal": {"legalBasis": LAW}}])).await;
        let supposed = of(&simulation, NUMBER).clone();
        assert_eq!(supposed["before"], before);
        assert_ne!(supposed["after"], before);
        let lost = supposed["decisions"].as_array().unwrap();
        assert_eq!(supposed["decisionCount"], lost.len());
        assert!(!lost.is_empty());
        for decision in lost {
            assert_eq!(decision["before"]["verdict"], "PERMITTED", "{decision:#}");
            assert_eq!(decision["after"]["verdict"], "DENIED", "{decision:#}");
            assert_eq!(decision["before"]["factsSeq"], position);
            let reasons = texts(&decision["after"]["reasons"], "code");
            assert!(reasons.contains(&"BASIS_REPEALED".to_owned()), "{reasons:?}");
        }
        let notified = texts(&json!(simulation["notify"].as_array().unwrap().iter().map(|notice| notice["organisation"].clone()).collect::<Vec<_>>()), "businessId");
        assert!([KELA, PIRKANMAA].iter().all(|party| notified.contains(&(*party).to_owned())), "{notified:?}");
        assert!(simulation["notify"].as_array().unwrap().iter().any(|notice| !notice["contacts"].as_array().unwrap().is_empty()));
        // Nothing was done.
        assert_eq!((seq(&house).await, house.log_size().await, house.standing(NUMBER).await), (position, log, before));
        assert_whole(&house.app).await;
        // Then it is done, and comes to the same.
        let id = house.data(&kela, "query($citation: Citation!) { legalBasis(citation: $citation) { id } }", json!({"citation": LAW})).await["legalBasis"]["id"].clone();
        house.done(&house.token(DVV, Administrator), "repealLegalBasis", json!({"id": id, "note": "Kumottu."})).await;
        assert_eq!(house.standing(NUMBER).await, supposed["after"]);
    }

    async fn supposed_suspension_and_end_come_to_what_the_acts_come_to(house: House) {
        let kela = house.token(KELA, Officer);
        let id = id_of(&house, NUMBER).await;
        let suspended = house.simulated(&kela, json!([{"suspend": {"agreement": NUMBER}}])).await;
        assert_eq!(numbers(&suspended), [NUMBER]);
        assert_eq!(of(&suspended, NUMBER)["after"]["effectiveStatus"]["state"], "SUSPENDED");
        let ended = house.simulated(&kela, json!([{"end": {"agreement": NUMBER}}])).await;
        assert_eq!(of(&ended, NUMBER)["after"]["effectiveStatus"]["state"], "ENDED");
        let later = house.simulated(&kela, json!([{"end": {"agreement": NUMBER, "on": "2027-01-31"}}])).await;
        assert_eq!(later["at"], "2027-01-31T22:00:00.000000Z");
        assert_eq!(of(&later, NUMBER)["after"]["effectiveStatus"]["state"], "EXPIRED");
        let sooner = house.simulated_with(&kela, json!({"changes": [{"end": {"agreement": NUMBER, "on": "2027-01-31"}}], "at": "2027-01-31"})).await;
        assert_eq!(numbers(&sooner), Vec::<String>::new(), "its last day is included");
        // One after another, on what the one before left.
        let both = house.simulated(&kela, json!([{"suspend": {"agreement": NUMBER}}, {"end": {"agreement": NUMBER}}])).await;
        assert_eq!(of(&both, NUMBER)["after"]["effectiveStatus"]["state"], "ENDED");
        let twice = json!({"changes": [{"suspend": {"agreement": NUMBER}}, {"suspend": {"agreement": NUMBER}}]});
        assert_eq!(house.unsupposed(&kela, twice).await, ["WRONG_STATUS input.changes.1.suspend.agreement"]);
        assert_eq!(house.verdict().await, "PERMITTED");
        house.done(&kela, "suspendAgreement", json!({"id": id, "reason": "MISUSE"})).await;
        assert_eq!(house.standing(NUMBER).await, of(&suspended, NUMBER)["after"]);
        house.done(&kela, "terminateAgreement", json!({"id": id, "reason": "NOTICE"})).await;
        assert_eq!(house.standing(NUMBER).await, of(&ended, NUMBER)["after"]);
    }

    async fn lapse_takes_what_the_statement_carried_and_narrowing_what_is_taken_out(house: House) {
        let kela = house.token(KELA, Officer);
        let query = "{ agreement(number: \"KEL-2023-014\") { statements { id channel status } scopes { id channel status items { code } } } }";
        let agreement = house.data(&kela, query, json!({})).await["agreement"].clone();
        let over = |list: &Value, status: &str| {
            let stands = |one: &&Value| one["channel"] == "TECHNICAL_INTERFACE" && one["status"] == status;
            list.as_array().unwrap().iter().find(stands).unwrap_or_else(|| panic!("{agreement:#}")).clone()
        };
        let (statement, scope) = (over(&agreement["statements"], "APPROVED"), over(&agreement["scopes"], "OPEN"));
        let lapsed = house.simulated(&kela, json!([{"lapse": {"statement": statement["id"]}}])).await;
        let reasons: Vec<_> = of(&lapsed, NUMBER)["decisions"].as_array().unwrap().iter().map(|decision| {
            assert_eq!(decision["scope"]["channel"], "TECHNICAL_INTERFACE", "the statement over the other channel stands");
            texts(&decision["after"]["reasons"], "code")
        }).collect();
        assert!(!reasons.is_empty() && reasons.iter().all(|codes| codes.contains(&"STATEMENT_LAPSED".to_owned())), "{reasons:?}");
        let narrowed = house.simulated(&kela, json!([{"narrow": {"scope": scope["id"], "withoutItems": ["KEL.DECISION"]}}])).await;
        let gone = texts(&of(&narrowed, NUMBER)["decisions"], "item");
        assert!(!gone.is_empty() && gone.iter().all(|code| code.starts_with("KEL.DECISION")), "{gone:?}");
        let kept = texts(&scope["items"], "code").into_iter().filter(|code| !code.starts_with("KEL.DECISION")).count();
        assert!(kept > 0);
        let unknown = json!({"changes": [{"narrow": {"scope": scope["id"], "withoutItems": ["KEL.VETERAN_LIST"]}}]});
        assert_eq!(house.unsupposed(&kela, unknown).await, ["NOT_FOUND input.changes.0.narrow.withoutItems.0"]);
    }

    async fn merger_leaves_the_successor_in_the_place_of_the_merged(house: House) {
        let (kela, heir) = (house.token(KELA, Officer), house.founded("MUNICIPALITY").await);
        let merged = house.simulated(&kela, json!([{"merge": {"organisation": PIRKANMAA, "into": heir}}])).await;
        let supposed = of(&merged, NUMBER).clone();
        house.succeed(PIRKANMAA, &heir).await;
        assert_eq!(house.standing(NUMBER).await, supposed["after"], "a municipality is no wellbeing services county");
        let again = json!({"changes": [{"merge": {"organisation": PIRKANMAA, "into": heir}}]});
        let refused = house.unsupposed(&kela, again).await;
        assert!(refused.contains(&"WRONG_STATUS input.changes.0.merge.organisation".to_owned()), "{refused:?}");
    }

    async fn disclosures_of_a_window_are_judged_as_if_it_had_been_so_then(house: House) {
        let kela = house.token(KELA, Officer);
        let window = json!({"from": "2026-01-01", "until": "2026-11-01"});
        let asked = |changes: Value| json!({"changes": changes, "window": window});
        let listed = house.rows().await;
        let facts = house.app.gateway.journal.facts();
        let agreement = facts.agreement.by_key(NUMBER).unwrap();
        let covered = listed.iter().filter(|row| {
            let day = row.occurred_at.to_rfc3339();
            row.agreement_id == Some(agreement.id) && row.coverage.to_string() == "COVERED"
                && *"2025-12-31T22:00:00" <= *day && *day < *"2026-10-31T22:00:00"
        });
        let covered = covered.count();
        assert!(covered > 20, "{covered}");
        let suspended = house.simulated_with(&kela, asked(json!([{"suspend": {"agreement": NUMBER}}]))).await["window"].clone();
        assert_eq!((&suspended["examined"], &suspended["notPermitted"], &suspended["isComplete"]), (&json!(covered), &json!(covered), &json!(true)));
        assert_eq!(suspended["agreements"][0]["agreement"]["number"], NUMBER);
        let ended = house.simulated_with(&kela, asked(json!([{"end": {"agreement": NUMBER, "on": "2027-01-31"}}]))).await["window"].clone();
        assert_eq!(ended["notPermitted"], covered);
        // Of a repealed provision only what rested on it alone.
        let repealed = house.simulated_with(&kela, asked(json!([{"repeal": {"legalBasis": LAW}}]))).await["window"].clone();
        let lost = repealed["notPermitted"].as_i64().unwrap();
        assert!(0 < lost && lost <= repealed["examined"].as_i64().unwrap(), "{repealed:#}");
        let elsewhere = house.simulated_with(&kela, asked(json!([{"repeal": {"legalBasis": "741/2023 47 § 1 mom 1 k"}}]))).await["window"].clone();
        assert_eq!(texts(&json!([elsewhere["agreements"][0]["agreement"]]), "number"), ["SOT-2026-001"], "{elsewhere:#}");
        assert_eq!(elsewhere["agreements"].as_array().unwrap().len(), 1);
        // A later beginning, fewer of them.
        let later = json!({"changes": [{"suspend": {"agreement": NUMBER}}], "window": {"from": "2026-10-01", "until": "2026-11-01"}});
        let later = house.simulated_with(&kela, later).await["window"]["examined"].as_i64().unwrap();
        assert!(later < i64::try_from(covered).unwrap());
    }

    async fn every_fault_of_what_is_supposed_is_named(house: House) {
        let kela = house.token(KELA, Officer);
        let wrong = json!({"changes": [
            {"repeal": {"legalBasis": "laki", "from": "eilen", "successor": "x"}},
            {"suspend": {"agreement": "KEL-0000-000"}},
            {"end": {"agreement": "KEL-0000-000", "on": "2026-02-30"}},
            {"lapse": {"statement": "scope:1"}},
            {"narrow": {"scope": "x", "withoutItems": []}},
            {"merge": {"organisation": "1-1", "into": "x"}},
        ], "at": "nyt", "window": {"from": "2026-02-01", "until": "2026-01-01"}});
        assert_eq!(house.unsupposed(&kela, wrong).await, [
            "BLANK input.changes.4.narrow.withoutItems", "MALFORMED input.at", "MALFORMED input.changes.0.repeal.from",
            "MALFORMED input.changes.0.repeal.legalBasis", "MALFORMED input.changes.0.repeal.successor",
            "MALFORMED input.changes.2.end.on", "MALFORMED input.changes.3.lapse.statement", "MALFORMED input.changes.4.narrow.scope",
            "MALFORMED input.changes.5.merge.into", "MALFORMED input.changes.5.merge.organisation", "NOT_FOUND input.changes.1.suspend.agreement",
            "NOT_FOUND input.changes.2.end.agreement", "PERIOD_REVERSED input.window.until"]);
        assert_eq!(house.unsupposed(&kela, json!({"changes": []})).await, ["BLANK input.changes"]);
        let many = vec![json!({"suspend": {"agreement": NUMBER}}); 21];
        assert_eq!(house.unsupposed(&kela, json!({"changes": many})).await, ["TOO_LONG input.changes"]);
        let unknown = json!({"changes": [{"repeal": {"legalBasis": "1/1999 1 §"}}]});
        assert_eq!(house.unsupposed(&kela, unknown).await, ["NOT_FOUND input.changes.0.repeal.legalBasis"]);
        let over = json!({"changes": [{"end": {"agreement": "KEL-2020-009"}}]});
        assert_eq!(house.unsupposed(&kela, over).await, ["WRONG_STATUS input.changes.0.end.agreement"]);
    }

    async fn whoever_asks_sees_only_what_is_theirs(house: House) {
        let repeal = json!([{"repeal": {"legalBasis": LAW}}]);
        let theirs = house.simulated(&house.token(PIRKANMAA, Officer), repeal.clone()).await;
        assert_eq!(numbers(&theirs), [NUMBER]);
        assert_eq!(numbers(&house.simulated(&house.token(THL, Officer), repeal.clone()).await), Vec::<String>::new());
        let all = numbers(&house.simulated(&house.token(OMBUDSMAN, Auditor), repeal).await);
        assert!(all.contains(&NUMBER.to_owned()));
        let suspend = json!({"changes": [{"suspend": {"agreement": NUMBER}}]});
        assert_eq!(house.unsupposed(&house.token(THL, Officer), suspend).await, ["NOT_FOUND input.changes.0.suspend.agreement"]);
        // What stands between two others is told of no further than it may be known.
        let merge = json!({"changes": [{"merge": {"organisation": PIRKANMAA, "into": KELA}}]});
        let between = "CONFLICT input.changes.0.merge.into".to_owned();
        assert_eq!(house.unsupposed(&house.token(THL, Officer), merge.clone()).await, std::slice::from_ref(&between), "it is public");
        let id = id_of(&house, NUMBER).await;
        house.done(&house.token(KELA, Officer), "amendAgreement", json!({"id": id, "publicity": "PUBLICATION_RESTRICTED"})).await;
        assert_eq!(house.unsupposed(&house.token(KELA, Officer), merge.clone()).await, [between]);
        assert_eq!(numbers(&house.simulated_with(&house.token(THL, Officer), merge).await), Vec::<String>::new());
        assert_eq!(house.errors(&house.token(KELA, System), SIMULATE, json!({"input": {"changes": []}})).await, ["FORBIDDEN"]);
    }
}
