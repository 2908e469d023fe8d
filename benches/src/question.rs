//! What is asked of the large world, in process and over HTTP.

use anyhow::Context;
use api::{
    decision::{EndUser, Question},
    facts::{Dossier, Facts},
    scale::{ITEM, NODE, PURPOSES, number},
};
use entity::vocabulary::{Channel, Operation};
use serde_json::{Value, json};

/// What clients ask to see whether data may be disclosed.
pub(crate) const DECISION: &str = "query Decision($input: AccessDecisionInput!) { accessDecision(input: $input) { \
    verdict permittedItems grounds { item citations { citation eli } } \
    reasons { code message item citations { citation eli } } \
    obligations { code message } agreement { number } scope { id } validUntil nextChangeAt factsSeq } }";

/// What clients ask to see how an agreement stands.
pub(crate) const STATUS: &str = "query AgreementStatus($number: String!) { agreement(number: $number) { \
    id number status signedOn startsOn endsOn \
    effectiveStatus { state since until blockers { code message citations { citation eli } } } \
    adoptionSteps { code state responsible plannedOn doneOn blockedBy { code message } } \
    allowedActions { code blockedBy { code message } } \
    discloser { id businessId name } recipient { id businessId name } register { code name } \
    bases { role adequacy legalBasis { citation name } } \
    scopes { id channel status effectiveStatus { state blockers { code message } } items { code name } \
    purposes { code name } mandates { code uri name } } \
    contacts { side role topics email priority } statements { channel status validUntil } } }";

/// What officers ask to see which agreements wait for them.
const QUEUE: &str = "query Queue { agreements(filter: { waitsForMe: true }, first: 20) { totalCount \
    nodes { id number status allowedActions { code blockedBy { code } } } } }";

/// What disclosers send after the fact.
pub(crate) const RECORD: &str = "mutation Record($input: RecordDisclosuresInput!) { recordDisclosures(input: $input) { \
    disclosures { id messageId part recordedAt leafIndex coverage outcome agreement { number } } \
    userErrors { code message path citations { citation } } } }";

/// Agreement made as such, with its parts.
pub(crate) fn dossier(facts: &Facts, at: usize) -> anyhow::Result<&Dossier> {
    let row = facts.agreement.by_key(&number(at)).context("the large world is not loaded; see `benches load`")?;
    facts.dossier(row.id).map(AsRef::as_ref).context("no such agreement")
}

/// Question that an agreement permits.
pub(crate) fn permitted(facts: &Facts, at: usize, item: &str) -> anyhow::Result<Question> {
    let row = &dossier(facts, at)?.row;
    Ok(Question {
        recipient: row.recipient_id,
        register: row.register_id,
        items: vec![item.parse()?],
        purpose: facts.purpose.by_key(PURPOSES[0]).context("no such purpose")?.id,
        channel: Channel::TechnicalInterface,
        operation: Operation::Read,
        mandates: vec![facts.mandate_theme.by_key("M1").context("no mandate theme M1")?.id],
        end_user: None,
        case_reference: Some("1/2026".to_owned()),
        subject_count: 1,
        onward_to: None,
        agreement: None,
        discloser: None,
        served: None,
    })
}

/// Question of four items that fails on everything a caller can get wrong at once.
pub(crate) fn denied(facts: &Facts, at: usize) -> anyhow::Result<Question> {
    let items = [NODE, "KEL.PAYMENT", "KEL.INSURANCE", "KEL.LMS_LIST"];
    Ok(Question {
        items: items.iter().map(|item| item.parse()).collect::<Result<_, _>>()?,
        purpose: facts.purpose.by_key("STATISTICS").context("no such purpose")?.id,
        channel: Channel::ViewingConnection,
        mandates: Vec::new(),
        end_user: Some(EndUser::default()),
        case_reference: None,
        subject_count: 5,
        onward_to: Some(entity::vocabulary::OnwardRecipientKind::Applicant),
        ..permitted(facts, at, ITEM)?
    })
}

/// The same permitted question over HTTP, asked by the recipient about itself.
pub(crate) fn decision_body(facts: &Facts, at: usize) -> anyhow::Result<Value> {
    let register = facts.register.get(dossier(facts, at)?.row.register_id).context("no such register")?;
    let input = json!({
        "register": register.code, "items": [ITEM], "purpose": PURPOSES[0], "channel": "TECHNICAL_INTERFACE",
        "mandates": ["M1"], "caseReference": "1/2026",
    });
    Ok(json!({ "query": DECISION, "variables": { "input": input } }))
}

/// The same question as AuthZEN asks it.
pub(crate) fn evaluation_body(facts: &Facts, at: usize) -> anyhow::Result<Value> {
    let register = facts.register.get(dossier(facts, at)?.row.register_id).context("no such register")?;
    let (_, recipient) = parties(facts, at)?;
    Ok(json!({
        "subject": { "type": "organization", "id": recipient },
        "action": { "name": "read", "properties": { "purpose": PURPOSES[0], "channel": "TECHNICAL_INTERFACE" } },
        "resource": { "type": "register", "id": register.code, "properties": { "items": [ITEM] } },
        "context": { "mandates": ["M1"], "caseReference": "1/2026" },
    }))
}

/// So many of them in one request, each said whole.
pub(crate) fn evaluations_body(facts: &Facts, count: usize) -> anyhow::Result<Value> {
    Ok(json!({ "evaluations": vec![evaluation_body(facts, 0)?; count] }))
}

/// Question how an agreement stands, over HTTP.
pub(crate) fn status_body(at: usize) -> Value {
    json!({ "query": STATUS, "variables": { "number": number(at) } })
}

/// Question which agreements wait for the viewer, over HTTP.
pub(crate) fn queue_body() -> Value {
    json!({ "query": QUEUE })
}

/// Business id of the discloser or the recipient of an agreement.
pub(crate) fn parties(facts: &Facts, at: usize) -> anyhow::Result<(String, String)> {
    let row = &dossier(facts, at)?.row;
    let id = |id| facts.organisation.get(id).and_then(|row| row.business_id).map(|id| id.to_string());
    Ok((id(row.discloser_id).context("no discloser")?, id(row.recipient_id).context("no recipient")?))
}
