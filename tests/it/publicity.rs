//! What is restricted is not there for outsiders: everything the schema answers is asked, by everyone who is no party, with
//! and without a restricted agreement; nothing tells it, and nothing moves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use api::{
    app,
    auth::Role::{Administrator, Auditor, Officer, Statistician, SubjectService, System},
    world::WorldFile,
};
use async_graphql::parser::types::{FieldDefinition, TypeKind};
use serde_json::{Value, json};

use crate::{
    house::{DVV, Engine, House, KELA, TAMPERE, THL},
    permissions::{OPERATIONS, filled, ids},
    registry_acts::{act, done},
    schema::{root_fields, types},
    statement_life::all_yes,
};

/// Number of the agreement nobody else may know of.
const NUMBER: &str = "KEL-2026-900";

/// Stands in every text of it that is for its parties.
const FOR_PARTIES: &str = "SALAISUUS-OSAPUOLILLE";

/// Stands in every text of it that is for the officers of both sides and their auditors.
const FOR_OFFICE: &str = "SALAISUUS-VIRKAILIJOILLE";

/// The agreement with all its parts, and a statement of its recipient.
const RESTRICTED: &str = "world: 1
agreements:
  - number: KEL-2026-900
    case_register_id: SALAISUUS-OSAPUOLILLE
    kind: AGREEMENT
    discloser: 0246246-0
    recipient: 0211675-2
    register: KELMU
    status: ACTIVE
    signed_on: 2026-01-10
    starts_on: 2026-02-01
    publicity: PUBLICITY
    version: 1
    history: [{status: ACTIVE, from: 2026-02-01, actor: kela-officer-1, reason: SALAISUUS-OSAPUOLILLE}]
    bases:
      - {legal_basis: 1128/1996 24 § 1 mom, roles: [RIGHT_TO_DISCLOSE], adequacy: ADEQUATE, reviewed_by: kela-officer-1, reviewed_at: 2026-01-05, note: SALAISUUS-OSAPUOLILLE}
    documents:
      - {title: SALAISUUS-VIRKAILIJOILLE, ordinal: 1, owner: 0246246-0, sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, media_type: application/pdf, publicity: PUBLICITY}
    scopes:
      - channel: VIEWING_CONNECTION
        version: 1
        regularity: AD_HOC
        status: OPEN
        necessity_check: CASE_REFERENCE
        admission: NONE
        defined_on: 2026-01-05
        purposes: [CHILD_CARE_ALLOWANCE]
        history: [{status: OPEN, from: 2026-02-01, actor: kela-officer-1, reason: SALAISUUS-OSAPUOLILLE}]
        items: [{item: KEL.CHILDCARE_LIST, operations: [READ], population: OWN_CLIENTS, bases: [1128/1996 24 § 1 mom]}]
    incidents:
      - {reporter: 0246246-0, kind: DATA_PROTECTION, status: REPORTED, description: SALAISUUS-VIRKAILIJOILLE, occurred_at: 2026-03-01, reported_at: 2026-03-02, publicity: PUBLIC}
    usage_reviews: [{from_on: 2026-02-01, until_on: 2026-05-31, sample_size: 5, findings: SALAISUUS-VIRKAILIJOILLE, reviewed_on: 2026-06-01}]
protection_statements:
  - register: KELMU
    recipient: 0211675-2
    discloser: 0246246-0
    channel: VIEWING_CONNECTION
    status: APPROVED
    dated_on: 2026-01-10
    recipient_collects_logs: true
    discloser_log_confirmed: true
    publicity: PUBLICITY
    decision_text: SALAISUUS-VIRKAILIJOILLE
    history: [{status: APPROVED, from: 2026-01-20, actor: kela-officer-1, reason: SALAISUUS-VIRKAILIJOILLE}]
    answers:
      - {question: C4_MONITORING, answer: PARTIAL, text: SALAISUUS-VIRKAILIJOILLE, document: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, exception_accepted_by: kela-officer-1}
contacts:
  - {organisation: 0211675-2, agreement: KEL-2026-900, role: SUPERVISOR, name: {fi: SALAISUUS-OSAPUOLILLE}, email: kunta@tampere.example, languages: [FI], priority: 9, topics: [SERVICE_USE], publicity: PUBLIC}
";

/// Fields within fields that are asked.
const DEPTH: usize = 6;

/// Root fields that move whatever is written, for they say where the journal and the log stand; and the one that writes its
/// own look-up to the journal.
const MOVING: [&str; 3] = ["viewer", "log", "subjectDisclosures"];

/// Names of what an answer says of its own instant.
const OF_THE_INSTANT: [&str; 4] = ["at", "factsSeq", "coveredUntil", "until"];

type Fields = BTreeMap<String, Vec<FieldDefinition>>;

/// Types that have fields.
fn fields() -> Fields {
    types()
        .into_iter()
        .filter_map(|ty| match ty.kind {
            TypeKind::Object(object) => {
                Some((ty.name.node.to_string(), object.fields.into_iter().map(|field| field.node).collect()))
            }
            _ => None,
        })
        .collect()
}

fn type_name(field: &FieldDefinition) -> String {
    field.ty.node.to_string().replace(['[', ']', '!'], "")
}

/// Whether a field can be asked without arguments.
fn is_free(field: &FieldDefinition) -> bool {
    field.arguments.iter().all(|argument| argument.node.ty.node.nullable || argument.node.default_value.is_some())
}

/// Everything a type answers, to a depth; no type below itself.
fn selection(fields: &Fields, of: &str, above: &mut Vec<String>, depth: usize) -> String {
    let mut said = String::new();
    above.push(of.to_owned());
    for field in fields[of].iter().filter(|field| is_free(field)) {
        let (name, answer) = (&field.name.node, type_name(field));
        if !fields.contains_key(&answer) {
            let is_interface = answer == "Node";
            write!(said, " {name}{}", if is_interface { " { id }" } else { "" }).unwrap();
        } else if depth > 1 && !above.contains(&answer) {
            let below = selection(fields, &answer, above, depth - 1);
            if !below.trim().is_empty() {
                let pages = if field.arguments.iter().any(|argument| argument.node.name.node == "first") {
                    "(first: 4)"
                } else {
                    ""
                };
                write!(said, " {name}{pages} {{{below} }}").unwrap();
            }
        }
    }
    above.pop();
    said
}

/// Arguments of a root field in its sample operation.
fn arguments<'a>(operation: &'a str, field: &str) -> &'a str {
    let (_, after) = operation.split_once(field).unwrap();
    if !after.starts_with('(') {
        return "";
    }
    let mut open = 0;
    let end = after.find(|character| {
        open += i32::from(character == '(') - i32::from(character == ')');
        open == 0
    });
    &after[..=end.unwrap()]
}

/// One query for each root field, asking all it can answer to a depth.
pub fn queries(ids: &BTreeMap<&'static str, String>, depth: usize) -> Vec<(String, String)> {
    let fields = fields();
    let root = &fields["Query"];
    root_fields()
        .into_iter()
        .filter(|(kind, field)| *kind == "query" && !MOVING.contains(&field.as_str()))
        .map(|(_, field)| {
            let definition = root.iter().find(|root| root.name.node == field).unwrap();
            let (_, sample) = OPERATIONS.iter().find(|(name, _)| *name == field).unwrap();
            let has_pages = definition.arguments.iter().any(|argument| argument.node.name.node == "first");
            let said = match arguments(sample, &field) {
                _ if is_free(definition) && has_pages => "(first: 20)".to_owned(),
                given => filled(given, ids),
            };
            let answer = type_name(definition);
            let below = match answer.as_str() {
                "Node" => " __typename id".to_owned(),
                _ => selection(&fields, &answer, &mut Vec::new(), depth),
            };
            (field.clone(), format!("{{ {field}{said} {{{below} }} }}"))
        })
        .collect()
}

/// The same questions about the restricted agreement by its own names.
fn pointed(id: &str) -> Vec<(String, String)> {
    let named = |field: &str, arguments: &str, below: &str| {
        (field.to_owned(), format!("{{ {field}({arguments}) {{ {below} }} }}"))
    };
    let list = "totalCount nodes { id number }";
    vec![
        named("agreement", &format!("number: \"{NUMBER}\""), "id"),
        named("agreement", &format!("id: \"{id}\""), "id"),
        named("node", &format!("id: \"{id}\""), "id"),
        named("agreements", &format!("filter: {{name: \"{}\"}}", &NUMBER[4..]), list),
        named("agreements", "filter: {recipient: \"0211675-2\"}", list),
        named("agreements", "filter: {party: \"0211675-2\", effectiveState: [IN_FORCE, NOT_IN_FORCE]}", list),
        named("agreements", "filter: {basis: \"1128/1996 24 § 1 mom\"}", list),
        named("agreements", "filter: {waitsForMe: true}", list),
        named("agreements", "orderBy: STARTS_ON", list),
        named("organisation", "businessId: \"0211675-2\"", "contacts { name email } name"),
        named(
            "entitlements",
            "input: {register: \"KELMU\", organisation: \"0211675-2\"}",
            "missing { code message } nodes { id }",
        ),
        named("incidents", &format!("agreement: \"{NUMBER}\""), "totalCount"),
        named(
            "disclosureStatistics",
            &format!(
                "input: {{from: \"2026-01-01\", until: \"2026-11-01\", groupBy: [AGREEMENT], filter: {{agreements: [\"{NUMBER}\"]}}}}"
            ),
            "rows { keys { value label } disclosures }",
        ),
    ]
}

/// Answer without what it says of its own instant, and without words of errors that echo the question's own.
fn settled(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !OF_THE_INSTANT.contains(&name.as_str()));
                fields.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut answer);
    answer
}

impl House {
    /// Gateway whose gate lets everything be asked at once, and nobody in particular ask.
    pub async fn wide(engine: Engine) -> Option<Self> {
        let wide = |name: &str| match name {
            "ANONYMOUS_READ" => Some("true".to_owned()),
            "QUERY_COMPLEXITY_MAX" => Some("1000000".to_owned()),
            "OPERATION_SECONDS_MAX" => Some("60".to_owned()),
            "QUERY_TOKENS_MAX" => Some("100000".to_owned()),
            "QUERY_FIELDS_MAX" => Some("10000".to_owned()),
            _ => None,
        };
        Self::configured(engine, wide).await
    }

    async fn answers(&self, token: Option<&str>, queries: &[(String, String)]) -> Vec<Value> {
        let mut answers = Vec::new();
        for (field, query) in queries {
            let body = self.reply(token, query, json!({})).await.body;
            let refused = body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned();
            assert!(refused != "LIMIT_EXCEEDED" && refused != "INTERNAL", "{field}: {body:#}\n{query}");
            answers.push(settled(body));
        }
        answers
    }

    async fn import_restricted(&self, publicity: &str) {
        let text = RESTRICTED.replace("PUBLICITY", publicity);
        let file = WorldFile { name: "restricted.yaml".to_owned(), text };
        app::import(&self.app.gateway, &self.app.recorder, &[file], "import").await.unwrap();
    }

    /// Tokens of everyone who is neither party, nor auditor of one, nor administrator.
    fn outsiders(&self) -> Vec<(String, Option<String>)> {
        let roles = [Officer, System, Auditor, Statistician, SubjectService];
        let mut outsiders: Vec<_> =
            roles.map(|role| (format!("{role:?}"), Some(self.token(THL, role)))).into_iter().collect();
        outsiders.push(("processor".to_owned(), Some(self.token_of(KELA, &[Officer, System], Some(THL)))));
        outsiders.push(("nobody".to_owned(), None));
        outsiders
    }
}

async fn nothing_tells_of_it(engine: Engine, publicity: &str) {
    let Some(house) = House::wide(engine).await else { return };
    let ids = ids(&house).await;
    let mut queries = queries(&ids, DEPTH);
    queries.extend(pointed("agreement:01980000-0000-7000-8000-000000000000"));
    let mut before = BTreeMap::new();
    for (who, token) in house.outsiders() {
        before.insert(who, house.answers(token.as_deref(), &queries).await);
    }
    house.import_restricted(publicity).await;
    let facts = house.app.gateway.journal.facts();
    let row = facts.agreement.by_key(NUMBER).unwrap();
    let statement = facts
        .protection_statement
        .of(row.recipient_id)
        .find(|row| row.decision_text.as_deref() == Some(FOR_OFFICE))
        .unwrap();
    let secret = [
        NUMBER.to_owned(),
        row.id.0.to_string(),
        statement.id.0.to_string(),
        FOR_PARTIES.to_owned(),
        FOR_OFFICE.to_owned(),
    ];
    let general = queries.len() - pointed("").len();
    queries.truncate(general);
    queries.extend(pointed(&row.id.to_string()));
    for (who, token) in house.outsiders() {
        let answers = house.answers(token.as_deref(), &queries).await;
        for (at, answer) in answers.iter().enumerate() {
            let (field, query) = &queries[at];
            assert_eq!(answer, &before[&who][at], "{who}: {field} moved\n{query}");
            for word in &secret {
                assert!(!answer.to_string().contains(word), "{who}: {field} tells {word}\n{query}");
            }
        }
    }
    for (who, token) in house.outsiders() {
        for (field, operation) in OPERATIONS {
            let asked = filled(operation, &ids).replace("SOT-2026-003", NUMBER);
            let answer = house.reply(token.as_deref(), &asked, json!({})).await.body.to_string();
            for word in &secret {
                assert!(!answer.contains(word), "{who}: {field} tells {word}\n{answer}");
            }
        }
    }
    let party = house.answers(Some(&house.token(TAMPERE, Officer)), &queries).await;
    let party = serde_json::to_string(&party).unwrap();
    for word in &secret {
        assert!(party.contains(word), "who is a party is told {word}: the questions reach it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_outsiders_of_a_restricted_agreement_on_sqlite() {
    nothing_tells_of_it(Engine::Sqlite, "PUBLICATION_RESTRICTED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_outsiders_of_a_restricted_agreement_on_postgres() {
    nothing_tells_of_it(Engine::Postgres, "PUBLICATION_RESTRICTED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_tells_outsiders_of_a_secret_agreement() {
    nothing_tells_of_it(Engine::Sqlite, "SECRET").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_officers_is_told_to_no_system_and_no_administrator() {
    let Some(house) = House::wide(Engine::Sqlite).await else { return };
    house.import_restricted("PUBLICATION_RESTRICTED").await;
    returned_for_a_reason(&house).await;
    let mut queries = queries(&ids(&house).await, DEPTH);
    let id = house.app.gateway.journal.facts().agreement.by_key(NUMBER).unwrap().id.to_string();
    queries.extend(pointed(&id));
    let branch = selection(&fields(), "Agreement", &mut Vec::new(), DEPTH);
    queries.push(("agreement".to_owned(), format!("{{ agreement(number: \"{NUMBER}\") {{{branch} }} }}")));
    let told = |organisation: &'static str, role| {
        let (house, queries) = (&house, &queries);
        async move {
            let answers = house.answers(Some(&house.token(organisation, role)), queries).await;
            let text = serde_json::to_string(&answers).unwrap();
            [NUMBER, FOR_PARTIES, FOR_OFFICE].into_iter().filter(|word| text.contains(word)).collect::<BTreeSet<_>>()
        }
    };
    assert_eq!(told(KELA, Officer).await.len(), 3);
    assert_eq!(told(TAMPERE, Auditor).await.len(), 3);
    assert_eq!(told(KELA, System).await, BTreeSet::from([NUMBER, FOR_PARTIES]));
    assert_eq!(told(DVV, Administrator).await, BTreeSet::from([NUMBER]));
}

/// A statement of the recipient that the discloser returned, saying why.
async fn returned_for_a_reason(house: &House) {
    let submit = act("submitProtectionStatement", "statement { id }");
    let input = json!({"register": "KELMU", "channel": "TECHNICAL_INTERFACE", "datedOn": "2026-10-01", "recipientCollectsLogs": true, "answers": all_yes()});
    let given = done(house.data(&house.token(TAMPERE, Officer), &submit, json!({ "input": input })).await);
    let review = act("reviewProtectionStatement", "statement { id }");
    let input = json!({"id": given["statement"]["id"], "action": "RETURN", "decisionText": FOR_OFFICE});
    done(house.data(&house.token(KELA, Officer), &review, json!({ "input": input })).await);
}
