//! A provision proposed by one administrator, confirmed by another, and repealed; a question about it, answered.

use anyhow::Context;
use api::{
    auth::Role,
    facts::{Facts, citation_key, global_id},
};
use chrono::Days;
use entity::{legal_basis, vocabulary::helsinki_day};
use serde_json::json;

use super::{Act, Step};
use crate::{question, serve::Served};

/// Acts on a provision of a number of its own.
pub(super) fn steps(served: &Served, at: usize) -> Vec<Step<'static>> {
    let now = served.app.gateway.clock.now();
    let citation = format!("{}/1999 {} §", 1 + now.timestamp() % 9_000, at + 1);
    let (proposed, confirmed, repealed) = (citation.clone(), citation.clone(), citation);
    let administrator =
        |name, input| anyhow::Ok(Act { role: Role::Administrator, ..Act::of_officer(name, "0246246-0", input) });
    let proposed: Step = Box::new(move |_| {
        let from = now.checked_sub_days(Days::new(1)).context("no yesterday")?;
        let input = json!({ "citation": proposed, "title": { "fi": "Mittauslaki" }, "allowsElectronic": true,
            "overridesSecrecy": false, "checkedOn": helsinki_day(now), "evidence": "PRIMARY_TEXT", "validFrom": from });
        administrator("proposeLegalBasis", input)
    });
    let confirmed: Step = Box::new(move |facts| {
        let id = global_id(provision(facts, &confirmed)?.id);
        Ok(administrator("confirmLegalBasis", json!({ "id": id }))?.by_another())
    });
    let repealed: Step = Box::new(move |facts| {
        let id = global_id(provision(facts, &repealed)?.id);
        administrator("repealLegalBasis", json!({ "id": id, "note": "Mittaus." }))
    });
    let asked: Step = Box::new(move |facts| {
        let dossier = question::dossier(facts, at)?;
        let register = facts.register.get(dossier.row.register_id).context("no register")?;
        let (_, recipient) = question::parties(facts, at)?;
        let input = json!({ "register": register.code, "message": "Voimmeko saada tiedot?",
            "claimedProvisions": ["906/2019 22 § 1 mom"] });
        Ok(Act::of_officer("askLegalBasis", &recipient, input))
    });
    vec![proposed, confirmed, repealed, asked]
}

fn provision<'f>(facts: &'f Facts, citation: &str) -> anyhow::Result<&'f legal_basis::Model> {
    let mut wordings = facts.legal_basis.by_key_prefix(citation_key(citation));
    wordings.next().map(AsRef::as_ref).context("no such provision")
}
