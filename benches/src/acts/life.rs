//! The whole life of an agreement: a new municipality comes into Kela's benefit service, and leaves it.

use anyhow::Context;
use api::{
    auth::Role,
    decision::{CATALOGUE_VERSION, CatalogueQuestion, questions},
    facts::{Dossier, Facts, global_id},
    scale::{NATION, business_id},
};
use entity::vocabulary::helsinki_day;
use serde_json::{Value, json};

use super::{Act, Step};
use crate::serve::Served;

/// Kela, which discloses.
const KELA: &str = "0246246-0";

/// Keeper of the mandate themes.
const DVV: &str = "0245437-2";

/// Right to disclose, and what overrides secrecy.
const BASES: [(&str, &str); 2] =
    [("1128/1996 24 § 1 mom", "RIGHT_TO_DISCLOSE"), ("621/1999 29 § 1 mom 1 k", "SECRECY_OVERRIDE")];

/// Lives that one database has room for.
const LIVES_MAX: usize = 100_000;

/// One agreement and its parties.
#[derive(Clone)]
struct Life {
    number: String,
    city: String,
    today: String,
    later: String,
}

impl Life {
    fn dossier<'f>(&self, facts: &'f Facts) -> anyhow::Result<&'f Dossier> {
        let row = facts.agreement.by_key(&self.number).context("no such agreement")?;
        facts.dossier(row.id).map(AsRef::as_ref).context("no such agreement")
    }

    fn id(&self, facts: &Facts) -> anyhow::Result<Value> {
        Ok(json!({ "id": global_id(self.dossier(facts)?.row.id) }))
    }

    /// Scope with some further members.
    fn scope(&self, facts: &Facts, members: &Value) -> anyhow::Result<Value> {
        let scope = self.dossier(facts)?.scopes.last().context("no scope")?;
        Ok(with(json!({ "id": global_id(scope.row.id) }), members))
    }

    /// Present content with some further members.
    fn content(&self, facts: &Facts, members: &Value) -> anyhow::Result<Value> {
        let row = &self.dossier(facts)?.row;
        let input = json!({ "id": global_id(row.id), "version": row.version, "contentHash": row.content_hash });
        Ok(with(input, members))
    }
}

fn with(mut input: Value, members: &Value) -> Value {
    if let (Some(input), Some(members)) = (input.as_object_mut(), members.as_object()) {
        input.extend(members.clone());
    }
    input
}

fn evidence(digit: &str) -> Value {
    json!({ "title": "Allekirjoitettu sopimus", "sha256": digit.repeat(64), "mediaType": "application/pdf" })
}

/// Every act of one life, in its order.
pub(super) fn steps(served: &Served, at: usize) -> anyhow::Result<Vec<Step<'static>>> {
    let facts = served.app.gateway.journal.facts();
    let unknown = |at: &usize| business_id(*at).is_some_and(|id| facts.organisation_of(&id.to_string()).is_none());
    let mut ids = NATION.organisations..NATION.organisations + LIVES_MAX;
    let free = ids.find(unknown).and_then(business_id).context("no business id left")?;
    let today = helsinki_day(served.app.gateway.clock.now());
    let later = today.checked_add_days(chrono::Days::new(30)).context("no day")?;
    let life = Life {
        number: format!("BENCH-{free}-{at}"),
        city: free.to_string(),
        today: today.to_string(),
        later: later.to_string(),
    };
    let mut steps = preparing(&life);
    steps.extend(agreeing(&life));
    steps.extend(opening(&life));
    steps.extend(ending(&life));
    Ok(steps)
}

fn step(
    life: &Life,
    name: &'static str,
    organisation: &str,
    input: impl Fn(&Life, &Facts) -> anyhow::Result<Value> + 'static,
) -> Step<'static> {
    let (life, organisation) = (life.clone(), organisation.to_owned());
    Box::new(move |facts| Ok(Act::of_officer(name, &organisation, input(&life, facts)?)))
}

/// The city, the draft, the law and the content, up to the offer.
fn preparing(life: &Life) -> Vec<Step<'static>> {
    let city = life.city.clone();
    let registered: Step = Box::new(move |_| {
        let input = json!({ "businessId": city, "name": { "fi": format!("Kunta {city}") }, "kind": "MUNICIPALITY",
            "authorityStatus": "AUTHORITY", "municipalityCode": "853" });
        Ok(Act { role: Role::Administrator, ..Act::of_officer("registerOrganisation", KELA, input) })
    });
    let mut steps = vec![
        registered,
        step(life, "createAgreement", KELA, |life, _| {
            Ok(json!({ "number": life.number, "recipient": life.city, "register": "KELMU", "startsOn": life.today }))
        }),
    ];
    for (citation, role) in BASES {
        steps.push(step(life, "addAgreementBasis", KELA, move |life, facts| {
            Ok(with(life.id(facts)?, &json!({ "citation": citation, "role": role })))
        }));
    }
    for at in 0..BASES.len() {
        steps.push(step(life, "reviewAgreementBasis", KELA, move |life, facts| {
            let basis = life.dossier(facts)?.bases.get(at).context("no basis")?;
            Ok(json!({ "id": global_id(basis.row.id), "adequacy": "ADEQUATE", "note": "Tarkistettu sanamuoto." }))
        }));
    }
    steps.extend([
        step(life, "confirmAgreementBasis", KELA, Life::id),
        step(life, "defineScope", KELA, |life, _| {
            let item = json!({ "item": "KEL.CHILDCARE_LIST", "operation": "LIST", "population": "OWN_MUNICIPALITY",
                "bases": [BASES[0].0], "mandates": ["M3"] });
            Ok(json!({ "agreement": life.number, "channel": "TECHNICAL_INTERFACE", "regularity": "RECURRING_FIXED",
                "purposes": ["CHILD_CARE_ALLOWANCE"], "necessityCheck": "CASE_REFERENCE", "admission": "MANDATE",
                "plannedOn": life.later, "items": [item] }))
        }),
        step(life, "planAdoptionStep", KELA, |life, _| {
            Ok(json!({ "agreement": life.number, "step": "CONTENT_IMPLEMENTED", "plannedOn": life.later }))
        }),
        step(life, "offerAgreement", KELA, Life::id),
    ]);
    steps
}

/// Accepted and signed by both.
fn agreeing(life: &Life) -> Vec<Step<'static>> {
    let sides = [(KELA, "a"), (life.city.as_str(), "b")];
    let accepted =
        sides.map(|(party, _)| step(life, "acceptAgreement", party, |life, facts| life.content(facts, &json!({}))));
    let signed = sides.map(|(party, digit)| {
        step(life, "signAgreement", party, move |life, facts| {
            let proof = json!({ "proof": { "paper": evidence(digit) }, "commitsToDataProtection": true });
            life.content(facts, &proof)
        })
    });
    accepted.into_iter().chain(signed).collect()
}

/// Built and tested by two, accounted for, in force, mandated for, and opened.
fn opening(life: &Life) -> Vec<Step<'static>> {
    let city = life.city.as_str();
    let mut steps = vec![
        step(life, "markScopeImplemented", KELA, |life, facts| {
            life.scope(facts, &json!({ "structureVersion": "1.3" }))
        }),
        tested(life.clone()),
    ];
    for (role, topic) in [("DATA_PROTECTION_OFFICER", "DATA_PROTECTION"), ("INFORMATION_SECURITY_MANAGER", "SECURITY")]
    {
        steps.push(step(life, "appointContact", city, move |_, _| {
            Ok(json!({ "role": role, "topics": [topic], "name": { "fi": "Postilaatikko" },
                "email": "postilaatikko@virasto.example", "languages": ["FI"], "priority": 9 }))
        }));
    }
    steps.extend([
        step(life, "submitProtectionStatement", city, |life, _| {
            let answer =
                |asked: &CatalogueQuestion| json!({ "question": asked.code, "answer": "YES", "text": "Ohje on laadittu." });
            let answers: Vec<Value> = questions(CATALOGUE_VERSION).iter().map(answer).collect();
            Ok(json!({ "register": "KELMU", "discloser": KELA, "channel": "TECHNICAL_INTERFACE",
                "datedOn": life.today, "recipientCollectsLogs": true, "answers": answers }))
        }),
        step(life, "reviewProtectionStatement", KELA, |life, facts| {
            let city = facts.organisation_of(&life.city).context("no such city")?;
            let statement = facts.protection_statement.of(city.id).next().context("no statement")?;
            Ok(json!({ "id": global_id(statement.id), "action": "APPROVE", "discloserLogConfirmed": true }))
        }),
        step(life, "activateAgreement", KELA, Life::id),
        step(life, "applyMandatingRight", city, |_, _| {
            Ok(json!({ "themes": ["M3"], "application": "DVV/VALT/2026/9" }))
        }),
        step(life, "decideMandatingRight", DVV, |life, facts| {
            let city = facts.organisation_of(&life.city).context("no such city")?;
            let right = facts.mandating_right.of(city.id).next().context("no right")?;
            Ok(json!({ "id": global_id(right.id), "decision": "GRANT" }))
        }),
        step(life, "openScope", KELA, |life, facts| life.scope(facts, &json!({}))),
        step(life, "suspendScope", KELA, |life, facts| life.scope(facts, &json!({ "reason": "ANOMALY" }))),
        step(life, "resumeScope", KELA, |life, facts| life.scope(facts, &json!({}))),
    ]);
    steps
}

/// Who built it does not test it.
fn tested(life: Life) -> Step<'static> {
    Box::new(move |facts| {
        let input = life.scope(facts, &json!({ "evidence": evidence("c") }))?;
        Ok(Act::of_officer("markScopeTested", KELA, input).by_another())
    })
}

/// Closed, and ended by notice.
fn ending(life: &Life) -> Vec<Step<'static>> {
    vec![
        step(life, "closeScope", KELA, |life, facts| life.scope(facts, &json!({ "note": "Tarve päättyi." }))),
        step(life, "terminateAgreement", &life.city, |life, facts| {
            Ok(with(life.id(facts)?, &json!({ "reason": "NOTICE", "note": "Tarve päättyi." })))
        }),
    ]
}
