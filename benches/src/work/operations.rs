//! The six operations as requests of front ends and partners.

use std::{collections::BTreeMap, path::Path};

use api::{
    auth::Role,
    clock::Clock,
    scale::{ITEM, NODE, PURPOSES, identity_code},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    asked::{AGREEMENTS, Asked, DISCLOSURES},
    check::Right,
};
use crate::{generate::request_to, question::RECORD, start::token};

/// Where a request has a number of its own.
pub(crate) const NUMBER: &str = "@@@@@@@@@@@@@@@@@@@@@@@@";

const AGREEMENT: &str = "query Agreement($id: ID!) { agreement(id: $id) { id number status signedOn startsOn endsOn \
    discloser { id businessId name contacts { role name email phone priority } } \
    recipient { id businessId name contacts { role name email phone priority } } \
    scopes { id channel version status regularity admission definedOn } } }";

const PAGE: &str = "query Agreements($after: String, $first: Int) { \
    agreements(filter: { status: [ACTIVE] }, first: $first, after: $after) { nodes { id number status startsOn endsOn \
    recipient { id businessId name } scopes { id channel version status } } pageInfo { hasNextPage endCursor } } }";

const DECISION: &str = "query Decision($input: AccessDecisionInput!) { accessDecision(input: $input) { \
    verdict permittedItems reasons { code } agreement { number } validUntil factsSeq } }";

const STATISTICS: &str = "query Statistics($input: DisclosureStatisticsInput!) { \
    disclosureStatistics(input: $input, first: 100) { rows { period keys { value label } disclosures subjectCount } \
    coveredUntil } }";

const LOG: &str = "query Log($agreement: String!, $after: String, $first: Int) { \
    disclosures(filter: { agreement: $agreement }, first: $first, after: $after) { nodes { id messageId occurredAt \
    recordedAt outcome coverage channel subjectKind subjectCount caseReference items recipient { businessId name } \
    purpose { code } } pageInfo { hasNextPage endCursor } } }";

/// Categories asked about: the first four are opened by every agreement, the others by none.
const ITEMS: [&str; 6] = [ITEM, NODE, "KEL.PENDING", "KEL.PAYMENT", "KEL.INSURANCE", "KEL.RECOVERY"];

/// How many of them are.
const OPEN_ITEMS: usize = 4;

/// One request, and when its answer is right.
pub(crate) struct Request {
    pub(crate) text: String,
    pub(crate) right: Right,
}

/// One of the six, through one door.
pub(crate) struct Operation {
    /// Work it is, `W1` to `W6`.
    pub(crate) work: &'static str,
    pub(crate) name: &'static str,
    pub(crate) requests: Vec<Request>,
    /// Connections it is asked over, each measured.
    pub(crate) connections: &'static [u64],
    /// Whether an answer may be kept whole.
    pub(crate) is_kept: bool,
}

/// Every operation the world has something for, in the order in which they are measured: what changes the log comes last.
pub(crate) fn operations(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Operation>> {
    let mut all = vec![
        operation("W1", "agreement by id", agreements(asked, tokens)?),
        operation("W2", "50 agreements of a status", pages(asked, tokens)?),
        operation("W3", "`accessDecision`", decisions(asked, tokens)?),
        operation("W3", "AuthZEN evaluation", evaluations(asked, tokens)?),
        Operation {
            is_kept: false,
            ..operation("W5", "statistics by month and recipient", statistics(asked, tokens)?)
        },
        Operation { is_kept: false, ..operation("W6", "100 disclosures of an agreement", log(asked, tokens)?) },
        Operation {
            is_kept: false,
            connections: &[32, 128],
            ..operation("W4", "record one disclosure", records(asked, tokens)?)
        },
    ];
    all.retain(|operation| !operation.requests.is_empty());
    Ok(all)
}

fn operation(work: &'static str, name: &'static str, requests: Vec<Request>) -> Operation {
    Operation { work, name, requests, connections: &[32], is_kept: true }
}

/// Tokens of officers and systems, by business id.
pub(crate) struct Tokens(BTreeMap<(String, bool), String>);

impl Tokens {
    /// Tokens of the disclosers as an operator makes them.
    pub(crate) fn made(gateway: &Path, place: (&Path, Option<&str>), disclosers: &[String]) -> anyhow::Result<Self> {
        let mut tokens = BTreeMap::new();
        for discloser in disclosers {
            for role in [Role::Officer, Role::System] {
                tokens.insert((discloser.clone(), role == Role::System), token(gateway, place, discloser, role)?);
            }
        }
        Ok(Self(tokens))
    }

    fn officer(&self, organisation: &str) -> anyhow::Result<&str> {
        self.of(organisation, false)
    }

    fn system(&self, organisation: &str) -> anyhow::Result<&str> {
        self.of(organisation, true)
    }

    fn of(&self, organisation: &str, is_system: bool) -> anyhow::Result<&str> {
        let token = self.0.get(&(organisation.to_owned(), is_system));
        token.map(String::as_str).ok_or_else(|| anyhow::anyhow!("no token of {organisation}"))
    }
}

fn graphql(token: &str, query: &str, variables: &Value, right: Right) -> Request {
    let body = json!({ "query": query, "variables": variables }).to_string();
    Request { text: request_to("/graphql", token, &body), right }
}

fn agreements(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Request>> {
    let one = |agreement: &super::asked::Agreement| {
        let variables = json!({ "id": format!("agreement:{}", agreement.id) });
        Ok(graphql(tokens.officer(&agreement.discloser)?, AGREEMENT, &variables, Right::Agreement))
    };
    asked.agreements.iter().map(one).collect()
}

fn pages(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Request>> {
    let one = |start: &super::asked::Start| {
        let after = cursor(&json!(["agreements NUMBER", [null, start.number]]));
        let variables = json!({ "after": after, "first": AGREEMENTS });
        Ok(graphql(tokens.officer(&start.discloser)?, PAGE, &variables, Right::Agreements))
    };
    asked.pages.iter().map(one).collect()
}

/// Recipients and categories, each of one with some of the other, asked by the systems of those who disclose.
fn questions(asked: &Asked) -> impl Iterator<Item = (&super::asked::Agreement, &'static str, bool)> {
    let items = |at: usize| [at, at + 1, at + 2].map(|item| item % ITEMS.len());
    asked.agreements.iter().enumerate().flat_map(move |(at, agreement)| {
        let receives = move |item: usize| agreement.receives && item < OPEN_ITEMS;
        items(at).into_iter().map(move |item| (agreement, ITEMS[item], receives(item)))
    })
}

fn decisions(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Request>> {
    let one = |(agreement, item, permitted): (&super::asked::Agreement, &str, bool)| {
        let input = json!({
            "recipient": agreement.recipient, "register": agreement.register, "items": [item], "purpose": PURPOSES[0],
            "channel": "TECHNICAL_INTERFACE", "mandates": ["M1"], "caseReference": "1/2026",
        });
        let token = tokens.system(&agreement.discloser)?;
        Ok(graphql(token, DECISION, &json!({ "input": input }), Right::Verdict(permitted)))
    };
    questions(asked).map(one).collect()
}

fn evaluations(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Request>> {
    let one = |(agreement, item, permitted): (&super::asked::Agreement, &str, bool)| {
        let body = json!({
            "subject": { "type": "organization", "id": agreement.recipient },
            "action": { "name": "read", "properties": { "purpose": PURPOSES[0], "channel": "TECHNICAL_INTERFACE" } },
            "resource": { "type": "register", "id": agreement.register, "properties": { "items": [item] } },
            "context": { "mandates": ["M1"], "caseReference": "1/2026" },
        });
        let token = tokens.system(&agreement.discloser)?;
        let text = request_to("/access/v1/evaluation", token, &body.to_string());
        Ok(Request { text, right: Right::Decision(permitted) })
    };
    questions(asked).map(one).collect()
}

fn records(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Request>> {
    let occurred_at = Clock::default().now().to_rfc3339();
    let one = |(at, agreement): (usize, &super::asked::Agreement)| {
        let disclosure = json!({
            "messageId": NUMBER, "recipient": agreement.recipient, "register": agreement.register, "items": [ITEM],
            "purpose": PURPOSES[0], "channel": "TECHNICAL_INTERFACE", "occurredAt": occurred_at,
            "subject": { "personalIdentityCode": identity_code(at * 37) }, "caseReference": "1/2026",
            "clientSystem": "client", "mandates": ["M1"],
        });
        let variables = json!({ "input": { "disclosures": [disclosure] } });
        Ok(graphql(tokens.system(&agreement.discloser)?, RECORD, &variables, Right::Recorded))
    };
    let active = asked.agreements.iter().filter(|agreement| agreement.status == "ACTIVE");
    active.enumerate().map(one).collect()
}

fn statistics(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Request>> {
    let one = |discloser: &String| {
        let input = json!({ "from": "2021-11-01", "until": "2026-11-01", "interval": "MONTH", "groupBy": ["RECIPIENT"],
            "filter": { "disclosers": [discloser] } });
        Ok(graphql(tokens.officer(discloser)?, STATISTICS, &json!({ "input": input }), Right::Counts))
    };
    asked.disclosers.iter().map(one).collect()
}

fn log(asked: &Asked, tokens: &Tokens) -> anyhow::Result<Vec<Request>> {
    let one = |start: &super::asked::Start| {
        let after = cursor(&json!(["disclosures NEWEST_FIRST", start.id]));
        let variables = json!({ "agreement": start.number, "after": after, "first": DISCLOSURES });
        Ok(graphql(tokens.officer(&start.discloser)?, LOG, &variables, Right::Disclosures))
    };
    asked.starts.iter().map(one).collect()
}

/// Cursor of a place in a list, as the gateway makes them.
fn cursor(of: &Value) -> String {
    URL_SAFE_NO_PAD.encode(of.to_string())
}
