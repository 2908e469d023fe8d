//! Acts on agreements of the large world that are in force.

use anyhow::Context;
use api::facts::{Facts, global_id};
use serde_json::json;

use super::{Act, Step};
use crate::{question, serve::Served};

/// Acts on the agreement of a number: suspended and resumed, an incident in it, a review of its use.
pub(super) fn steps(served: &Served, at: usize) -> Vec<Step<'static>> {
    // Of fifty agreements the last is suspended from the start.
    let place = at + at / 49;
    let now = served.app.gateway.clock.now().timestamp();
    let standing = move |facts: &Facts| {
        let row = &question::dossier(facts, place)?.row;
        let (discloser, recipient) = question::parties(facts, place)?;
        anyhow::Ok((global_id(row.id), row.number.clone(), discloser, recipient))
    };
    let suspended: Step = Box::new(move |facts| {
        let (id, _, discloser, _) = standing(facts)?;
        Ok(Act::of_officer("suspendAgreement", &discloser, json!({ "id": id, "reason": "MISUSE" })))
    });
    let resumed: Step = Box::new(move |facts| {
        let (id, _, discloser, _) = standing(facts)?;
        Ok(Act::of_officer("resumeAgreement", &discloser, json!({ "id": id })))
    });
    let reported: Step = Box::new(move |facts| {
        let (_, number, discloser, _) = standing(facts)?;
        let occurred = format!("2026-10-{:02}T08:00:{:02}Z", 1 + now % 28, (now / 28) % 60);
        let input =
            json!({ "agreement": number, "kind": "MISUSE", "description": "Selvitetään.", "occurredAt": occurred });
        Ok(Act::of_officer("reportIncident", &discloser, input))
    });
    let reviewed: Step = Box::new(move |facts| {
        let (_, number, _, recipient) = standing(facts)?;
        let until = format!("2026-{:02}-{:02}", 8 + now % 2, 1 + (now / 2) % 28);
        let input = json!({ "agreement": number, "fromOn": "2026-07-01", "untilOn": until, "sampleSize": 10,
            "findings": "Ei huomautettavaa." });
        Ok(Act::of_officer("reviewUsage", &recipient, input))
    });
    let renewed: Step = Box::new(move |facts| {
        let (id, number, discloser, _) = standing(facts)?;
        let input = json!({ "id": id, "number": format!("{number}/{now}"), "startsOn": "2027-01-01" });
        Ok(Act::of_officer("renewAgreement", &discloser, input))
    });
    let withdrawn: Step = Box::new(move |facts| {
        let (_, number, discloser, _) = standing(facts)?;
        let draft = facts.agreement.by_key(&format!("{number}/{now}")).context("no draft of a renewal")?;
        let input = json!({ "id": global_id(draft.id), "note": "Mittaus." });
        Ok(Act::of_officer("withdrawAgreement", &discloser, input))
    });
    vec![suspended, resumed, reported, reviewed, renewed, withdrawn]
}
