//! Who may do what: the golden matrix of every root field, and what one sees of what one may ask.

use std::{collections::BTreeMap, fmt::Write};

use api::{
    auth::{
        Role::{self, Administrator, Auditor, Officer, Statistician, SubjectService, System},
        policy::MATRIX,
    },
    facts::global_id,
    journal::{Author, Changes},
};
use chrono::TimeDelta;
use entity::{
    access_grant, anomaly,
    vocabulary::{AgreementId, AnomalyRule, RevocationReason},
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::{
    contract::{AGREEMENT_STATUS, disclosure, texts},
    golden,
    house::{DVV, Engine, House, KELA, LVV, OMBUDSMAN, PIRKANMAA, TAMPERE, THL, codes},
    on_both_engines,
    registry_acts::{act, done},
    schema::root_fields,
    statement_life::{all_yes, answerable},
};

/// Agreement the columns are sides of. Its publication is restricted.
const AGREEMENT: &str = "SOT-2026-003";
const ENFORCEMENT: &str = "9900005-0";

/// Agency whose place LVV took.
const VALVIRA: &str = "9900002-6";

/// Sides of that agreement, each with an organisation on it.
const SIDES: [(&str, &str); 3] = [("recipient", ENFORCEMENT), ("discloser", LVV), ("stranger", THL)];

/// One operation of each root field, as the discloser would ask it. Names in angle brackets stand for ids.
pub const OPERATIONS: &[(&str, &str)] = &[
    ("node", r#"{ node(id: "<agreement>") { id } }"#),
    ("viewer", "{ viewer { factsSeq } }"),
    ("organisation", r#"{ organisation(businessId: "9900005-0") { id } }"#),
    ("organisations", "{ organisations { totalCount } }"),
    ("legalBasis", r#"{ legalBasis(citation: "906/2019 23 §") { id } }"#),
    ("legalBases", "{ legalBases { totalCount } }"),
    ("registers", "{ registers { totalCount } }"),
    ("purposes", "{ purposes { totalCount } }"),
    ("mandateThemes", "{ mandateThemes { nodes { code } } }"),
    ("mandatingRights", "{ mandatingRights { totalCount } }"),
    ("entitlements", r#"{ entitlements(input: {register: "SOTERI", organisation: "9900005-0"}) { nodes { id } } }"#),
    ("agreement", r#"{ agreement(number: "SOT-2026-003") { id } }"#),
    ("agreements", "{ agreements { totalCount } }"),
    ("accessScope", r#"{ accessScope(register: "SOTERI", organisation: "9900005-0") { at } }"#),
    (
        "accessDecision",
        r#"{ accessDecision(input: {recipient: "9900005-0", register: "SOTERI", items: ["SOT.UNIT"], purpose: "ENFORCEMENT", channel: TECHNICAL_INTERFACE}) { verdict } }"#,
    ),
    (
        "accessDecisions",
        r#"{ accessDecisions(inputs: [{recipient: "9900005-0", register: "SOTERI", items: ["SOT.UNIT"], purpose: "ENFORCEMENT", channel: TECHNICAL_INTERFACE}]) { verdict } }"#,
    ),
    ("expirations", "{ expirations(withinDays: 30) { nodes { label } } }"),
    ("protectionStatements", "{ protectionStatements { nodes { id } } }"),
    ("protectionCatalogue", "{ protectionCatalogue { version } }"),
    ("inquiries", "{ inquiries { nodes { id } } }"),
    ("incidents", "{ incidents { nodes { id } } }"),
    ("disclosures", "{ disclosures(first: 1) { nodes { id } } }"),
    (
        "disclosureStatistics",
        r#"{ disclosureStatistics(input: {from: "2026-01-01", until: "2026-02-01"}) { coveredUntil } }"#,
    ),
    (
        "subjectDisclosures",
        r#"{ subjectDisclosures(first: 1, input: {subject: {otherPersonIdentifier: {system: "X", value: "1"}}, reason: "matrix"}) { nodes { id } } }"#,
    ),
    ("log", "{ log { origin } }"),
    ("anomalies", "{ anomalies(first: 1) { nodes { id } } }"),
    (
        "simulate",
        "{ simulate(input: {changes: [{repeal: {legalBasis: \"703/2023 64 § 1 mom\"}}]}) { agreements(first: 1) { totalCount } } }",
    ),
    ("unusedScopeItems", "{ unusedScopeItems(first: 1) { nodes { item } } }"),
    ("changes", "{ changes(first: 1) { nodes { seq } } }"),
    ("anomalyRaised", r#"subscription { anomalyRaised(agreement: "<agreement>") { id } }"#),
    ("webhooks", "{ webhooks { totalCount } }"),
    (
        "registerWebhook",
        r#"mutation { registerWebhook(input: {url: "https://receiver.example.fi/events", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "pauseWebhook",
        r#"mutation { pauseWebhook(input: {id: "<webhook>", reason: "matrix", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "resumeWebhook",
        r#"mutation { resumeWebhook(input: {id: "<webhook>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "rotateWebhookSecret",
        r#"mutation { rotateWebhookSecret(input: {id: "<webhook>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "retireWebhook",
        r#"mutation { retireWebhook(input: {id: "<webhook>", reason: "matrix", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "accessScopeChanged",
        r#"subscription { accessScopeChanged(register: "SOTERI", organisation: "9900005-0") { at } }"#,
    ),
    ("agreementChanged", r#"subscription { agreementChanged(number: "SOT-2026-003") { id } }"#),
    (
        "registerOrganisation",
        r#"mutation { registerOrganisation(input: {businessId: "0116297-6", name: {fi: "Uusi"}, kind: STATE_AGENCY, authorityStatus: AUTHORITY, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "amendOrganisation",
        r#"mutation { amendOrganisation(input: {id: "<organisation>", businessId: "9900005-0", name: {fi: "Ulosotto"}, kind: ENFORCEMENT, authorityStatus: AUTHORITY, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "dissolveOrganisation",
        r#"mutation { dissolveOrganisation(input: {id: "<organisation>", dissolvedOn: "2026-10-31", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "proposeLegalBasis",
        r#"mutation { proposeLegalBasis(input: {citation: "741/2023 48 § 1 mom", title: {fi: "Laki"}, allowsElectronic: true, overridesSecrecy: false, validFrom: "2024-01-01", checkedOn: "2026-01-01", evidence: PRIMARY_TEXT, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "confirmLegalBasis",
        r#"mutation { confirmLegalBasis(input: {id: "legal_basis:01980000-0000-7000-8000-000000000000", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "repealLegalBasis",
        r#"mutation { repealLegalBasis(input: {id: "legal_basis:01980000-0000-7000-8000-000000000000", note: "matrix", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "proposeEntitlement",
        r#"mutation { proposeEntitlement(input: {legalBasis: "legal_basis:01980000-0000-7000-8000-000000000000", role: RIGHT_TO_RECEIVE, register: "SOTERI", recipient: "9900005-0", item: "SOT.UNIT", purpose: "ENFORCEMENT", channel: TECHNICAL_INTERFACE, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "confirmEntitlement",
        r#"mutation { confirmEntitlement(input: {id: "entitlement:01980000-0000-7000-8000-000000000000", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "endEntitlement",
        r#"mutation { endEntitlement(input: {id: "entitlement:01980000-0000-7000-8000-000000000000", note: "matrix", validateOnly: true}) { userErrors { code } } }"#,
    ),
    ("proposals", "{ proposals { totalCount } }"),
    (
        "rejectProposal",
        r#"mutation { rejectProposal(input: {id: "legal_basis:01980000-0000-7000-8000-000000000000", note: "matrix", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "proposeKey",
        r#"mutation { proposeKey(input: {organisation: "9900005-0", jwk: "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "confirmKey",
        r#"mutation { confirmKey(input: {id: "organisation_key:01980000-0000-7000-8000-000000000000", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "revokeKey",
        r#"mutation { revokeKey(input: {id: "organisation_key:01980000-0000-7000-8000-000000000000", note: "matrix", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "appointContact",
        r#"mutation { appointContact(input: {agreement: "SOT-2026-003", role: SUPERVISOR, topics: [SERVICE_USE], name: {fi: "Esihenkilö"}, email: "esihenkilo@virasto.example", languages: [FI], priority: 9, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "amendContact",
        r#"mutation { amendContact(input: {id: "<contact>", role: REGISTER_CONTROLLER, topics: [AGREEMENT, LEGAL_BASIS, SERVICE_USE], name: {fi: "Rekisterinpitäjä"}, email: "soteri@lvv.example", languages: [FI], priority: 1, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "confirmContact",
        r#"mutation { confirmContact(input: {id: "<contact>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "retireContact",
        r#"mutation { retireContact(input: {id: "<contact>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "offerRegister",
        r#"mutation { offerRegister(input: {code: "NEW", name: {fi: "Uusi"}, channels: [TECHNICAL_INTERFACE], validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "amendRegister",
        r#"mutation { amendRegister(input: {id: "<register>", name: {fi: "Soteri"}, channels: [TECHNICAL_INTERFACE, VIEWING_CONNECTION], validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "addDataItem",
        r#"mutation { addDataItem(input: {register: "SOTERI", code: "SOT.NEW", name: {fi: "Uusi"}, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "retireDataItem",
        r#"mutation { retireDataItem(input: {id: "<item>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "createAgreement",
        r#"mutation { createAgreement(input: {number: "SOT-2026-099", recipient: "9900011-4", register: "SOTERI", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "draftAgreement",
        r#"mutation { draftAgreement(input: {id: "<agreement>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "amendAgreement",
        r#"mutation { amendAgreement(input: {id: "<agreement>", caseRegisterId: "LVV 1/2026", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "addAgreementBasis",
        r#"mutation { addAgreementBasis(input: {id: "<agreement>", citation: "906/2019 22 § 2 mom", role: NECESSITY_THRESHOLD, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "reviewAgreementBasis",
        r#"mutation { reviewAgreementBasis(input: {id: "<basis>", adequacy: ADEQUATE, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "confirmAgreementBasis",
        r#"mutation { confirmAgreementBasis(input: {id: "<agreement>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "offerAgreement",
        r#"mutation { offerAgreement(input: {id: "<agreement>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "rejectAgreement",
        r#"mutation { rejectAgreement(input: {id: "<agreement>", reason: "Ei oikeutta.", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "withdrawAgreement",
        r#"mutation { withdrawAgreement(input: {id: "<agreement>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "terminateAgreement",
        r#"mutation { terminateAgreement(input: {id: "<agreement>", reason: NOTICE, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "renewAgreement",
        r#"mutation { renewAgreement(input: {id: "<agreement>", number: "SOT-2026-098", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "addAgreementParty",
        r#"mutation { addAgreementParty(input: {id: "<agreement>", organisation: "0245437-2", role: TECHNICAL_OPERATOR, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "suspendAgreement",
        r#"mutation { suspendAgreement(input: {id: "<agreement>", reason: MISUSE, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "resumeAgreement",
        r#"mutation { resumeAgreement(input: {id: "<agreement>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "defineScope",
        r#"mutation { defineScope(input: {agreement: "SOT-2026-003", channel: TECHNICAL_INTERFACE, regularity: AD_HOC, purposes: ["ENFORCEMENT"], items: [{item: "SOT.UNIT", population: PENDING_MATTER, bases: ["741/2023 47 § 1 mom 4 k"]}], necessityCheck: PENDING_MATTER_CHECK, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "markScopeImplemented",
        r#"mutation { markScopeImplemented(input: {id: "<scope>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "markScopeTested",
        r#"mutation { markScopeTested(input: {id: "<scope>", evidence: {title: "Raportti", sha256: "<sha256>", mediaType: "application/pdf"}, validateOnly: true}) { userErrors { code } } }"#,
    ),
    ("openScope", r#"mutation { openScope(input: {id: "<scope>", validateOnly: true}) { userErrors { code } } }"#),
    (
        "suspendScope",
        r#"mutation { suspendScope(input: {id: "<scope>", reason: MISUSE, validateOnly: true}) { userErrors { code } } }"#,
    ),
    ("resumeScope", r#"mutation { resumeScope(input: {id: "<scope>", validateOnly: true}) { userErrors { code } } }"#),
    (
        "closeScope",
        r#"mutation { closeScope(input: {id: "<scope>", note: "Ei enää tarpeen.", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "acceptAgreement",
        r#"mutation { acceptAgreement(input: {id: "<agreement>", version: 1, contentHash: "<content>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "signAgreement",
        r#"mutation { signAgreement(input: {id: "<agreement>", version: 1, contentHash: "<content>", commitsToDataProtection: true, proof: {paper: {title: "Sopimus", sha256: "<content>", mediaType: "application/pdf"}}, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "revokeSignature",
        r#"mutation { revokeSignature(input: {id: "<agreement>", reason: "Muutos", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "activateAgreement",
        r#"mutation { activateAgreement(input: {id: "<agreement>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "addOnwardRule",
        r#"mutation { addOnwardRule(input: {agreement: "SOT-2026-003", recipientKind: APPLICANT, purpose: "ENFORCEMENT", items: ["SOT.UNIT"], bases: ["741/2023 47 § 1 mom 4 k"], validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "endOnwardRule",
        r#"mutation { endOnwardRule(input: {id: "<rule>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "planAdoptionStep",
        r#"mutation { planAdoptionStep(input: {agreement: "SOT-2026-003", step: MODE_CONTENT_TIMETABLE_AGREED, plannedOn: "2099-01-01", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "declareAdoptionStep",
        r#"mutation { declareAdoptionStep(input: {agreement: "SOT-2026-003", step: EMPLOYEES_INSTRUCTED, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "submitProtectionStatement",
        r#"mutation { submitProtectionStatement(input: {recipient: "9900005-0", register: "SOTERI", channel: TECHNICAL_INTERFACE, datedOn: "2026-10-01", recipientCollectsLogs: true, answers: <answers>, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "reviewProtectionStatement",
        r#"mutation { reviewProtectionStatement(input: {id: "<statement>", action: START, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "withdrawProtectionStatement",
        r#"mutation { withdrawProtectionStatement(input: {id: "<statement>", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "reportIncident",
        r#"mutation { reportIncident(input: {agreement: "SOT-2026-003", kind: MISUSE, description: "Selvitetään.", occurredAt: "2026-10-02", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "recordAuthorityNotice",
        r#"mutation { recordAuthorityNotice(input: {id: "<incident>", notifiedAuthorityOn: "2026-10-02", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "closeIncident",
        r#"mutation { closeIncident(input: {id: "<incident>", outcome: "Selvitetty.", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "grantAccess",
        r#"mutation { grantAccess(input: {scope: "<scope>", endUser: "user-1", task: "Ulosotto", decidedBy: "supervisor-1", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "revokeAccess",
        r#"mutation { revokeAccess(input: {id: "<grant>", reason: TASK_ENDED, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "registerPurpose",
        r#"mutation { registerPurpose(input: {code: "NEW", name: {fi: "Uusi"}, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "registerMandateTheme",
        r#"mutation { registerMandateTheme(input: {code: "M9", name: {fi: "Uusi"}, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "advanceMandateTheme",
        r#"mutation { advanceMandateTheme(input: {id: "<theme>", status: HIDDEN, validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "applyMandatingRight",
        r#"mutation { applyMandatingRight(input: {themes: ["M1"], validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "decideMandatingRight",
        r#"mutation { decideMandatingRight(input: {id: "<right>", decision: REJECT, reason: "Ei.", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "askLegalBasis",
        r#"mutation { askLegalBasis(input: {register: "KELMU", claimedProvisions: ["705/2007 3 luku 64 §"], message: "Onko oikeus?", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "answerInquiry",
        r#"mutation { answerInquiry(input: {id: "<inquiry>", answer: "On.", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "reviewUsage",
        r#"mutation { reviewUsage(input: {agreement: "SOT-2026-003", fromOn: "2026-07-01", untilOn: "2026-09-30", sampleSize: 10, findings: "Ei huomautettavaa.", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "decideAnomaly",
        r#"mutation { decideAnomaly(input: {id: "<anomaly>", verdict: CONFIRMED, reason: "Selvitetty.", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "recordDisclosures",
        r#"mutation { recordDisclosures(input: {validateOnly: true, disclosures: [{messageId: "matrix-1", recipient: "9900009-3", register: "SOTERI", items: ["SOT.UNIT"], purpose: "ENFORCEMENT", channel: TECHNICAL_INTERFACE, clientSystem: "x", occurredAt: "2026-10-01", subject: {count: 1}}]}) { userErrors { code } } }"#,
    ),
    (
        "withholdDisclosure",
        r#"mutation { withholdDisclosure(input: {id: "<disclosure>", withheldUntil: "2099-01-01", legalBasis: "1050/2018 34 § 1 mom", reason: "matrix", validateOnly: true}) { userErrors { code } } }"#,
    ),
    (
        "authoriseDisclosure",
        r#"mutation { authoriseDisclosure(input: {validateOnly: true, disclosure: {messageId: "matrix-2", recipient: "9900009-3", register: "SOTERI", items: ["SOT.UNIT"], purpose: "ENFORCEMENT", channel: TECHNICAL_INTERFACE, clientSystem: "x", occurredAt: "<now>", subject: {count: 1}}}) { userErrors { code } } }"#,
    ),
];

on_both_engines! {
    async fn every_field_answers_every_role_as_the_golden_matrix_says(house: House) {
        let ids = ids(&house).await;
        let open = House::configured(Engine::Sqlite, |name| (name == "ANONYMOUS_READ").then(|| "true".to_owned())).await.unwrap();
        let mut columns: Vec<(String, &House, Option<String>)> = Vec::new();
        for (side, organisation) in SIDES {
            for role in Role::ALL {
                columns.push((format!("{} {side}", role.name()), &house, Some(house.token(organisation, role))));
            }
        }
        columns.push(("anonymous".to_owned(), &house, None));
        columns.push(("anonymous, ANONYMOUS_READ".to_owned(), &open, None));
        let mut matrix = HEAD.to_owned();
        for (at, (name, ..)) in columns.iter().enumerate() {
            writeln!(matrix, "{:>2}  {name}", at + 1).unwrap();
        }
        write!(matrix, "\n{:<28}", "").unwrap();
        for at in 1..=columns.len() {
            write!(matrix, "{at:>4}").unwrap();
        }
        for (_, field) in root_fields() {
            let operation = OPERATIONS.iter().find(|(name, _)| *name == field).map(|(_, operation)| *operation);
            let operation = operation.unwrap_or_else(|| panic!("`{field}` has no sample operation"));
            write!(matrix, "\n{field:<28}").unwrap();
            for (name, asked, token) in &columns {
                let cell = cell(asked, token.as_deref(), &filled(operation, &ids)).await.unwrap_or_else(|body| panic!("{field}, {name}: {body:#}"));
                write!(matrix, "{cell:>4}").unwrap();
            }
        }
        matrix.push('\n');
        golden::equals("tests/it/permissions.golden.txt", &matrix);
    }

    async fn who_is_not_admitted_by_the_matrix_is_forbidden(house: House) {
        let ids = ids(&house).await;
        for (field, operation) in OPERATIONS {
            let row = MATRIX.iter().find(|row| row.field == *field).unwrap();
            for role in Role::ALL.into_iter().filter(|role| !row.roles.contains(role)) {
                let token = house.token(LVV, role);
                assert_eq!(house.errors(&token, &filled(operation, &ids), json!({})).await, ["FORBIDDEN"], "{field}, {role:?}");
            }
        }
    }

    async fn stranger_sees_of_a_public_agreement_that_it_is_in_force_and_no_more(house: House) {
        for role in [Officer, System, Auditor, Statistician, SubjectService] {
            let token = house.token(THL, role);
            let agreement = house.data(&token, AGREEMENT_STATUS, json!({"number": "KEL-2023-014"})).await["agreement"].clone();
            assert_eq!(agreement["startsOn"], "2023-05-02");
            assert_eq!(agreement["discloser"]["businessId"], KELA);
            assert_eq!(agreement["effectiveStatus"], json!({"state": "IN_FORCE", "since": null, "until": null, "blockers": []}));
            for hidden in ["status", "adoptionSteps", "bases", "scopes", "contacts", "statements"] {
                assert_eq!(agreement[hidden], Value::Null, "{role:?} sees `{hidden}`");
            }
            assert_eq!(agreement["allowedActions"], json!([]));
            let more = "{ agreement(number: \"KEL-2023-014\") { caseRegisterId publicity version parties { role } terminationReason } }";
            let more = house.data(&token, more, json!({})).await["agreement"].clone();
            assert!(more.as_object().unwrap().values().all(Value::is_null), "{role:?}: {more}");
        }
    }

    async fn stranger_sees_every_other_state_as_not_in_force(house: House) {
        let token = house.token(THL, Officer);
        let query = "{ agreement(number: \"NUMBER\") { effectiveStatus { state blockers { code } } } }";
        for (number, state) in [("KEL-2021-031", "IN_FORCE"), ("KEL-2022-003", "NOT_IN_FORCE"), ("KEL-2020-009", "NOT_IN_FORCE"), ("KEL-2026-051", "NOT_IN_FORCE")] {
            let answer = house.data(&token, &query.replace("NUMBER", number), json!({})).await;
            assert_eq!(answer["agreement"]["effectiveStatus"], json!({"state": state, "blockers": []}), "{number}");
        }
        let listed = |state: &str| format!("{{ agreements(first: 100, filter: {{effectiveState: [{state}]}}) {{ nodes {{ number }} }} }}");
        let suspended = house.data(&token, &listed("SUSPENDED"), json!({})).await;
        assert_eq!(suspended["agreements"]["nodes"], json!([]), "a filter must not tell what the field hides");
        let in_force = house.data(&token, &listed("IN_FORCE"), json!({})).await;
        assert_eq!(texts(&in_force["agreements"]["nodes"], "number"), ["KEL-2021-031", "KEL-2023-014", "SOT-2026-001"]);
        for filter in ["{status: [SUSPENDED]}", "{basis: \"703/2023 64 § 1 mom\"}"] {
            let query = format!("{{ agreements(filter: {filter}) {{ totalCount nodes {{ number }} }} }}");
            assert_eq!(house.data(&token, &query, json!({})).await["agreements"], json!({"totalCount": 0, "nodes": []}), "{filter}");
        }
    }

    async fn stranger_cannot_tell_a_restricted_agreement_from_none(house: House) {
        let id = ids(&house).await["agreement"].clone();
        for role in [Officer, System, Auditor, Statistician, SubjectService] {
            let token = house.token(THL, role);
            for query in ["{ agreement(number: \"SOT-2026-003\") { id } }", "query($id: ID!) { agreement(id: $id) { id } }", "query($id: ID!) { node(id: $id) { id } }"] {
                let variables = if query.contains("$id") { json!({"id": id}) } else { json!({}) };
                assert_eq!(house.errors(&token, query, variables).await, ["NOT_FOUND"], "{role:?} {query}");
            }
            for filter in ["{name: \"SOT-2026-003\"}", "{party: \"9900005-0\"}", "{recipient: \"9900005-0\"}", "{effectiveState: [NOT_IN_FORCE], name: \"SOT-2026-003\"}"] {
                let query = format!("{{ agreements(filter: {filter}) {{ totalCount nodes {{ number }} }} }}");
                assert_eq!(house.data(&token, &query, json!({})).await["agreements"], json!({"totalCount": 0, "nodes": []}), "{role:?} {filter}");
            }
        }
        let mine = house.token(THL, Officer);
        let all = "{ agreements(first: 100) { totalCount nodes { number } } }";
        let (stranger, party) = (house.data(&mine, all, json!({})).await, house.data(&house.token(LVV, Officer), all, json!({})).await);
        assert!(!texts(&stranger["agreements"]["nodes"], "number").contains(&AGREEMENT.to_owned()));
        assert!(texts(&party["agreements"]["nodes"], "number").contains(&AGREEMENT.to_owned()));
        let statistics = "{ disclosureStatistics(input: {from: \"2026-01-01\", until: \"2026-02-01\", filter: {agreements: [\"NUMBER\"]}}) { rows { period } } }";
        for role in [Officer, Statistician] {
            let token = house.token(THL, role);
            let restricted = house.ask(&token, &statistics.replace("NUMBER", AGREEMENT), json!({})).await;
            let unknown = house.ask(&token, &statistics.replace("NUMBER", "SOT-1999-999"), json!({})).await;
            assert_eq!(codes(&restricted), ["INVALID_INPUT"]);
            assert_eq!(restricted["errors"], unknown["errors"], "the answer must not differ");
        }
        let number = json!({"input": {"number": "SOT-2026-099", "recipient": KELA, "register": "SOTERI", "supersedes": AGREEMENT}});
        let unknown = json!({"input": {"number": "SOT-2026-099", "recipient": KELA, "register": "SOTERI", "supersedes": "SOT-1999-999"}});
        let create = "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) { userErrors { code message path } } }";
        let refusals = |answer: Value| -> Vec<Value> {
            let errors = answer["createAgreement"]["userErrors"].as_array().unwrap().clone();
            errors.into_iter().filter(|error| error["path"] == json!(["input", "supersedes"])).collect()
        };
        assert_eq!(refusals(house.data(&mine, create, number).await), refusals(house.data(&mine, create, unknown).await));
    }

    async fn answers_of_a_protection_statement_are_for_officers_and_auditors(house: House) {
        let query = "{ agreement(number: \"SOT-2026-001\") { statements { status answers { question } } } }";
        let answers = |role: Role, organisation: &'static str| {
            let token = house.token(organisation, role);
            let house = &house;
            async move { house.data(&token, query, json!({})).await["agreement"]["statements"].clone() }
        };
        for (organisation, role) in [(KELA, Officer), (LVV, Officer), (LVV, Auditor), (OMBUDSMAN, Auditor)] {
            let statements = answers(role, organisation).await;
            assert!(statements[0]["answers"].as_array().is_some_and(|answers| !answers.is_empty()), "{organisation} {role:?}: {statements}");
        }
        for organisation in [KELA, LVV] {
            let statements = answers(System, organisation).await;
            assert!(statements.as_array().unwrap().iter().all(|statement| statement["answers"].is_null()), "{organisation}: {statements}");
        }
        assert_eq!(answers(Officer, THL).await, Value::Null);
        assert_eq!(answers(Administrator, KELA).await, Value::Null);
    }

    async fn recipient_sees_its_rows_without_the_subjects(house: House) {
        let query = "{ disclosures(first: 100, orderBy: OLDEST_FIRST) { nodes { subjectKind subjectPseudonym discloser { businessId } recipient { businessId } } } }";
        let rows = |token: String| {
            let house = &house;
            async move { house.data(&token, query, json!({})).await["disclosures"]["nodes"].as_array().unwrap().clone() }
        };
        let received = rows(house.token(PIRKANMAA, System)).await;
        assert_eq!(received.len(), 100);
        assert!(received.iter().all(|row| row["subjectPseudonym"].is_null() && row["recipient"]["businessId"] == PIRKANMAA));
        let given = rows(house.token(KELA, System)).await;
        let persons = |row: &&Value| row["subjectKind"] == "PERSON" && row["discloser"]["businessId"] == KELA;
        assert!(given.iter().filter(persons).count() > 50);
        assert!(given.iter().filter(persons).all(|row| row["subjectPseudonym"].as_str().is_some_and(|hex| hex.len() == 64)));
        assert!(rows(house.token(THL, Officer)).await.is_empty(), "a stranger has no rows");
        let taken_over = [LVV, VALVIRA].map(Value::from);
        let seen = rows(house.token(LVV, Auditor)).await;
        assert!(seen.iter().all(|row| taken_over.contains(&row["discloser"]["businessId"]) || taken_over.contains(&row["recipient"]["businessId"])));
        let inherited = format!("{{ disclosures(filter: {{discloser: \"{VALVIRA}\"}}) {{ nodes {{ id }} }} }}");
        let inherited = house.data(&house.token(LVV, Auditor), &inherited, json!({})).await["disclosures"]["nodes"].clone();
        assert!(!inherited.as_array().unwrap().is_empty(), "rows of the body whose place it took");
        let audited = rows(house.token(OMBUDSMAN, Auditor)).await;
        assert_eq!(audited.len(), 100, "the data-protection authority audits all");
        for role in [Administrator, Statistician, SubjectService] {
            assert_eq!(house.errors(&house.token(KELA, role), query, json!({})).await, ["FORBIDDEN"], "{role:?}");
        }
    }

    async fn recipient_finds_rows_by_its_own_end_users_only(house: House) {
        let query = "query($user: String!) { disclosures(first: 100, filter: {endUser: $user}) { nodes { recipient { businessId } } } }";
        let count = |organisation: &'static str, user: &'static str| {
            let token = house.token(organisation, Officer);
            let house = &house;
            async move { house.data(&token, query, json!({"user": user})).await["disclosures"]["nodes"].as_array().unwrap().len() }
        };
        assert!(count(PIRKANMAA, "pirha-user-5").await > 0);
        assert_eq!(count(PIRKANMAA, "pirha-user-nobody").await, 0);
        assert_eq!(count(TAMPERE, "pirha-user-5").await, 0);
    }

    async fn log_is_written_by_the_discloser_and_not_for_it(house: House) {
        let record = "mutation($input: RecordDisclosuresInput!) { recordDisclosures(input: $input) { disclosures { discloser { businessId } coverage } userErrors { code path } } }";
        let to_itself = json!({"input": {"disclosures": [disclosure("permissions-1")]}});
        let refused = house.data(&house.token(PIRKANMAA, System), record, to_itself.clone()).await["recordDisclosures"].clone();
        assert_eq!(refused["disclosures"], Value::Null, "the recipient of a disclosure is not its discloser: {refused}");
        assert!(!refused["userErrors"].as_array().unwrap().is_empty());
        let log = house.data(&house.token(KELA, System), "{ disclosures(first: 1) { nodes { messageId } } }", json!({})).await;
        assert_ne!(log["disclosures"]["nodes"][0]["messageId"], "permissions-1");
        let mut onward = disclosure("permissions-3");
        onward["recipient"] = json!(TAMPERE);
        let first_hand = house.data(&house.token(PIRKANMAA, System), record, json!({"input": {"disclosures": [onward.clone()]}})).await;
        let refusals = json!([{"code": "CONFLICT", "path": ["input", "disclosures", "0", "register"]}]);
        assert_eq!(first_hand["recordDisclosures"], json!({"disclosures": null, "userErrors": refusals}), "it is not the controller");
        onward["onwardTo"] = json!("APPEAL_BODY");
        let passed_on = house.data(&house.token(PIRKANMAA, System), record, json!({"input": {"disclosures": [onward]}})).await;
        let row = json!({"discloser": {"businessId": PIRKANMAA}, "coverage": "UNCOVERED"});
        assert_eq!(passed_on["recordDisclosures"], json!({"disclosures": [row], "userErrors": []}), "what was passed on is its own to record");
        for role in [Auditor, Administrator, Statistician, SubjectService] {
            assert_eq!(house.errors(&house.token(KELA, role), record, to_itself.clone()).await, ["FORBIDDEN"], "{role:?}");
        }
    }

    async fn processor_acts_only_under_agreements_it_is_a_party_of(house: House) {
        let number = |number: &str| json!({"number": number});
        let operator = house.token_of(PIRKANMAA, &[System], Some(DVV));
        let through = house.data(&operator, AGREEMENT_STATUS, number("KEL-2023-014")).await["agreement"].clone();
        assert_eq!(through["status"], "ACTIVE", "DVV is the technical operator");
        assert!(through["scopes"].is_array());
        let viewer = house.data(&operator, "{ viewer { processor organisation { businessId } } }", json!({})).await["viewer"].clone();
        assert_eq!(viewer, json!({"processor": DVV, "organisation": {"businessId": PIRKANMAA}}));
        let other = house.token_of(PIRKANMAA, &[System, Officer], Some(TAMPERE));
        let kept_out = house.data(&other, AGREEMENT_STATUS, number("KEL-2023-014")).await["agreement"].clone();
        assert_eq!((&kept_out["status"], &kept_out["scopes"]), (&Value::Null, &Value::Null), "Tampere is no party");
        let elsewhere = house.token_of(LVV, &[Officer], Some(DVV));
        assert_eq!(house.errors(&elsewhere, AGREEMENT_STATUS, number(AGREEMENT)).await, ["NOT_FOUND"]);
        let ask = "{ accessDecision(input: {register: \"KELMU\", items: [\"KEL.DECISION\"], purpose: \"SOCIAL_ASSISTANCE\", channel: TECHNICAL_INTERFACE}) { verdict } }";
        assert_eq!(house.data(&operator, ask, json!({})).await["accessDecision"]["verdict"], "DENIED");
        assert_eq!(house.errors(&other, ask, json!({})).await, ["FORBIDDEN"]);
        let record = json!({"input": {"disclosures": [disclosure("permissions-2")]}});
        let recording = "mutation($input: RecordDisclosuresInput!) { recordDisclosures(input: $input) { disclosures { id } userErrors { code } } }";
        assert_eq!(house.errors(&house.token_of(KELA, &[System], Some(THL)), recording, record).await, ["FORBIDDEN"]);
    }

    async fn processor_keeps_the_log_only_of_agreements_it_is_a_party_of(house: House) {
        let operator = house.token_of(KELA, &[System], Some(DVV));
        let record = "mutation($input: RecordDisclosuresInput!) { recordDisclosures(input: $input) {
            disclosures { messageId discloser { businessId } processor { businessId } } userErrors { code path } } }";
        let under = house.data(&operator, record, json!({"input": {"disclosures": [disclosure("processor-1")]}})).await;
        let row = json!({"messageId": "processor-1", "discloser": {"businessId": KELA}, "processor": {"businessId": DVV}});
        assert_eq!(under["recordDisclosures"], json!({"disclosures": [row], "userErrors": []}));
        let mut elsewhere = disclosure("processor-2");
        elsewhere["recipient"] = json!(TAMPERE);
        let refused = house.data(&operator, record, json!({"input": {"disclosures": [elsewhere]}})).await;
        let refusals = json!([{"code": "NOT_FOUND", "path": ["input", "disclosures", "0", "agreement"]}]);
        assert_eq!(refused["recordDisclosures"], json!({"disclosures": null, "userErrors": refusals}));
        let list = "{ disclosures(first: 100) { nodes { processor { businessId } agreement { number } } } }";
        let seen = house.data(&operator, list, json!({})).await["disclosures"]["nodes"].clone();
        let seen = seen.as_array().unwrap();
        assert_eq!(seen[0]["processor"]["businessId"], DVV);
        assert!(seen.len() > 1 && seen.iter().all(|row| row["agreement"]["number"] == "KEL-2023-014"), "{seen:?}");
    }

    async fn processor_knows_nothing_of_its_principal_beyond_their_agreements(house: House) {
        let lists = ["protectionStatements", "inquiries", "incidents", "changes"];
        for principal in [KELA, OMBUDSMAN] {
            let token = house.token_of(principal, &[Officer, System, Auditor], Some(THL));
            for list in lists {
                let answer = house.data(&token, &format!("{{ {list}(first: 100) {{ edges {{ cursor }} }} }}"), json!({})).await;
                assert_eq!(answer[list]["edges"], json!([]), "{principal}: {list}");
            }
            let ends = house.data(&token, "{ expirations(withinDays: 3660) { nodes { label } } }", json!({})).await;
            assert_eq!(ends["expirations"]["nodes"], json!([]), "{principal}");
            let status = house.data(&token, "{ agreement(number: \"KEL-2023-014\") { status bases { role } } }", json!({})).await;
            assert_eq!(status["agreement"], json!({"status": null, "bases": null}), "{principal}");
            assert_eq!(house.errors(&token, "{ agreement(number: \"KEL-2026-050\") { id } }", json!({})).await, ["NOT_FOUND"]);
            for query in ["{ disclosures { nodes { id } } }", "{ disclosureStatistics(input: {from: \"2026-01-01\", until: \"2026-02-01\"}) { coveredUntil } }"] {
                assert_eq!(house.errors(&token, query, json!({})).await, ["FORBIDDEN"], "{principal}");
            }
        }
    }

    async fn data_protection_authority_audits_every_agreement(house: House) {
        let token = house.token(OMBUDSMAN, Auditor);
        let all = house.data(&token, "{ agreements(first: 100) { totalCount nodes { number status scopes { id } } } }", json!({})).await["agreements"].clone();
        assert_eq!(all["totalCount"], 13);
        assert!(all["nodes"].as_array().unwrap().iter().all(|agreement| agreement["status"].is_string() && agreement["scopes"].is_array()));
        assert_eq!(all["nodes"].as_array().unwrap().iter().filter(|agreement| agreement["number"] == AGREEMENT).count(), 1);
        let officer = house.token(OMBUDSMAN, Officer);
        assert_eq!(house.errors(&officer, AGREEMENT_STATUS, json!({"number": AGREEMENT})).await, ["NOT_FOUND"], "only its auditor");
    }

    async fn administrator_sees_metadata_and_no_disclosures(house: House) {
        let token = house.token(DVV, Administrator);
        let agreement = house.data(&token, AGREEMENT_STATUS, json!({"number": AGREEMENT})).await["agreement"].clone();
        assert_eq!(agreement["status"], "NEGOTIATION");
        for hidden in ["adoptionSteps", "bases", "scopes", "contacts", "statements"] {
            assert_eq!(agreement[hidden], Value::Null, "{hidden}");
        }
        for query in ["{ disclosures { nodes { id } } }", "{ disclosureStatistics(input: {from: \"2026-01-01\", until: \"2026-02-01\"}) { coveredUntil } }"] {
            assert_eq!(house.errors(&token, query, json!({})).await, ["FORBIDDEN"]);
        }
    }

    async fn statistician_sees_rounded_numbers_and_no_small_ones(house: House) {
        let query = "{ disclosureStatistics(first: 100, input: {from: \"2025-05-01\", until: \"2026-11-01\", interval: MONTH, groupBy: [RECIPIENT]}) { rows { disclosures subjectCount suppressed } } }";
        let rows = house.data(&house.token(THL, Statistician), query, json!({})).await["disclosureStatistics"]["rows"].clone();
        let rows = rows.as_array().unwrap();
        assert!(rows.len() > 20);
        for row in rows {
            for count in [&row["disclosures"], &row["subjectCount"]] {
                assert!(count.as_i64().is_none_or(|count| count >= 5 && count % 5 == 0), "{row}");
            }
            assert_eq!(row["suppressed"], json!(row["disclosures"].is_null()), "{row}");
        }
        let exact = house.data(&house.token(KELA, Officer), query, json!({})).await["disclosureStatistics"]["rows"].clone();
        assert!(exact.as_array().unwrap().iter().any(|row| row["disclosures"].as_i64().unwrap() % 5 != 0), "parties see exact numbers");
        let strangers = house.data(&house.token(THL, Officer), query, json!({})).await["disclosureStatistics"]["rows"].clone();
        assert_eq!(strangers, json!([]));
    }

    async fn contacts_that_are_not_public_are_for_the_other_side(house: House) {
        let query = "{ organisation(businessId: \"0246246-0\") { contacts { email } } }";
        let seen = |organisation: &'static str| {
            let token = house.token(organisation, Officer);
            let house = &house;
            async move { texts(&house.data(&token, query, json!({})).await["organisation"]["contacts"], "email") }
        };
        let hidden = "tietoturva@kela.example".to_owned();
        for organisation in [KELA, PIRKANMAA, LVV] {
            assert!(seen(organisation).await.contains(&hidden), "{organisation}");
        }
        assert!(!seen(THL).await.contains(&hidden));
        assert!(seen(THL).await.contains(&"tietosuoja@kela.example".to_owned()));
    }
}

/// Words above the matrix.
const HEAD: &str = "\
Who may do what, as the gateway answered. Written by `GOLDEN=update cargo test -p tests permissions`.
Rows are the root fields of the schema, each with one sample operation about agreement SOT-2026-003 (restricted) and
what belongs to it; acts with `validateOnly`. Columns are roles on each side of that agreement.

  ✔   answered, or allowed by policy though not in this status
  –   allowed by policy; a rule refuses this sample from this side
  ✘   FORBIDDEN
  401 UNAUTHENTICATED
  404 NOT_FOUND: one may not know that it exists

";

/// What an operation came to for a caller; the whole answer where that is none of the cells.
async fn cell(house: &House, token: Option<&str>, operation: &str) -> Result<&'static str, Value> {
    let body = house.reply(token, operation, json!({})).await.body;
    let refusals: Vec<String> = match &body["data"] {
        Value::Object(data) => data
            .values()
            .flat_map(|field| field["userErrors"].as_array().cloned().unwrap_or_default())
            .map(|error| error["code"].as_str().unwrap_or_default().to_owned())
            .collect(),
        _ => Vec::new(),
    };
    let (errors, refusals): (Vec<_>, Vec<_>) = (codes(&body), refusals.iter().map(String::as_str).collect());
    match (errors.first().map(String::as_str), refusals.first()) {
        (Some("FORBIDDEN"), _) => Ok("✘"),
        (Some("UNAUTHENTICATED"), _) => Ok("401"),
        (Some("NOT_FOUND"), _) | (None, Some(&"NOT_FOUND")) => Ok("404"),
        (None, None | Some(&("WRONG_STATUS" | "ACCEPTANCE_MISSING"))) => Ok("✔"),
        (None, Some(&"CONFLICT")) => Ok("–"),
        _ => Err(body),
    }
}

/// Ids the operations speak of.
pub async fn ids(house: &House) -> BTreeMap<&'static str, String> {
    let token = house.token(LVV, Officer);
    let query =
        "{ agreement(number: \"SOT-2026-003\") { id contentHash scopes { id } bases { id role } recipient { id } discloser { contacts { id role } }
        register { id items(first: 100) { nodes { id code } } } } }";
    let agreement = house.data(&token, query, json!({})).await["agreement"].clone();
    let ruled = "{ agreement(number: \"SOT-2026-001\") { onwardRules { id } } }";
    let ruled = house.data(&token, ruled, json!({})).await;
    let found = |list: &Value, field: &str, value: &str| -> String {
        let entry = list
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry[field] == value)
            .unwrap_or_else(|| panic!("no `{value}`"));
        entry["id"].as_str().unwrap().to_owned()
    };
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let of_agreement = agreement["id"].as_str().unwrap().parse().unwrap();
    BTreeMap::from([
        ("agreement", id(&agreement["id"])),
        ("scope", id(&agreement["scopes"][0]["id"])),
        ("sha256", "ab".repeat(32)),
        ("content", id(&agreement["contentHash"])),
        ("basis", found(&agreement["bases"], "role", "PROCEDURE")),
        ("rule", id(&ruled["agreement"]["onwardRules"][0]["id"])),
        ("organisation", id(&agreement["recipient"]["id"])),
        ("register", id(&agreement["register"]["id"])),
        ("contact", found(&agreement["discloser"]["contacts"], "role", "REGISTER_CONTROLLER")),
        ("item", found(&agreement["register"]["items"]["nodes"], "code", "SOT.PLANS")),
        ("disclosure", disclosure_of(house, LVV).await),
        ("anomaly", anomaly_under(house, of_agreement).await),
        ("answers", answers_literal()),
        ("statement", statement_between_the_sides(house).await),
        ("incident", incident_by_the_recipient(house).await),
        ("scope", scope_of(house, of_agreement)),
        ("grant", grant_once_revoked(house, of_agreement).await),
        ("inquiry", inquiry_to_the_discloser(house).await),
        ("theme", theme(house).await),
        ("right", right_of_the_recipient(house).await),
        ("webhook", webhook_of_the_discloser(house).await),
        ("now", entity::vocabulary::instant_text(house.app.gateway.clock.now())),
    ])
}

/// Webhook of the discloser of the agreement.
async fn webhook_of_the_discloser(house: &House) -> String {
    let register = act("registerWebhook", "webhook { id }");
    let input = json!({"url": "https://receiver.example.fi/matrix"});
    let registered = house.data(&house.token(LVV, Officer), &register, json!({ "input": input })).await;
    done(registered)["webhook"]["id"].as_str().unwrap().to_owned()
}

/// Answers to the protection catalogue as they stand in a document.
fn answers_literal() -> String {
    let answers = all_yes();
    let answers = answers.as_array().unwrap().iter();
    let said =
        answers.map(|answer| format!("{{question: {}, answer: YES, text: {}}}", answer["question"], answer["text"]));
    format!("[{}]", said.collect::<Vec<_>>().join(", "))
}

/// Statement the recipient of the agreement gives to its discloser.
async fn statement_between_the_sides(house: &House) -> String {
    let token = house.token(ENFORCEMENT, Officer);
    answerable(house, &token).await;
    let submit = act("submitProtectionStatement", "statement { id }");
    let input = json!({"register": "SOTERI", "channel": "TECHNICAL_INTERFACE", "datedOn": "2026-10-01", "recipientCollectsLogs": true, "answers": all_yes()});
    done(house.data(&token, &submit, json!({ "input": input })).await)["statement"]["id"].as_str().unwrap().to_owned()
}

/// Incident the recipient of the agreement reports.
async fn incident_by_the_recipient(house: &House) -> String {
    let report = act("reportIncident", "incident { id }");
    let input =
        json!({"agreement": AGREEMENT, "kind": "MISUSE", "description": "Selvitetään.", "occurredAt": "2026-10-01"});
    let reported = house.data(&house.token(ENFORCEMENT, Officer), &report, json!({ "input": input })).await;
    done(reported)["incident"]["id"].as_str().unwrap().to_owned()
}

/// First scope of an agreement.
fn scope_of(house: &House, agreement: AgreementId) -> String {
    global_id(house.app.gateway.journal.facts().scope.of(agreement).next().unwrap().id)
}

/// Access to that scope, past the rules: given and revoked.
async fn grant_once_revoked(house: &House, agreement: AgreementId) -> String {
    let (journal, now) = (&house.app.gateway.journal, house.app.gateway.clock.now());
    let row = access_grant::Model {
        id: uuid::Uuid::from_u128(2).into(),
        scope_id: journal.facts().scope.of(agreement).next().unwrap().id,
        user_pseudonym: "user".to_owned(),
        key_version: 1,
        task: "Ulosotto".to_owned(),
        decided_by: "supervisor".to_owned(),
        granted_at: Some(now),
        valid_from: now,
        valid_until: None,
        revoked_at: Some(now),
        revocation_reason: Some(RevocationReason::JobChange),
    };
    let id = global_id(row.id);
    let changes = Changes { action: "test", subject: id.clone(), reason: None, edits: vec![row.into()] };
    journal.commit(Author::operator(), move |_| Ok(vec![changes])).await.unwrap();
    id
}

/// Inquiry the recipient of the agreement makes to its discloser.
async fn inquiry_to_the_discloser(house: &House) -> String {
    let ask = act("askLegalBasis", "inquiry { id }");
    let input =
        json!({"register": "SOTERI", "claimedProvisions": ["741/2023 47 § 1 mom 4 k"], "message": "Onko oikeus?"});
    let asked = house.data(&house.token(ENFORCEMENT, Officer), &ask, json!({ "input": input })).await;
    done(asked)["inquiry"]["id"].as_str().unwrap().to_owned()
}

/// Mandate theme whose keeper is on no side of the agreement.
async fn theme(house: &House) -> String {
    let themes =
        house.data(&house.token(LVV, Officer), "{ mandateThemes(first: 1) { nodes { id } } }", json!({})).await;
    themes["mandateThemes"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

/// Application of the recipient of the agreement for the right to grant mandates.
async fn right_of_the_recipient(house: &House) -> String {
    let apply = act("applyMandatingRight", "rights { id }");
    let applied = house.data(&house.token(ENFORCEMENT, Officer), &apply, json!({"input": {"themes": ["M4"]}})).await;
    done(applied)["rights"][0]["id"].as_str().unwrap().to_owned()
}

/// First disclosure a discloser recorded.
async fn disclosure_of(house: &House, discloser: &str) -> String {
    let query = "query($id: BusinessId!) { disclosures(first: 1, filter: {discloser: $id}) { nodes { id } } }";
    let found = house.data(&house.token(discloser, Officer), query, json!({ "id": discloser })).await;
    found["disclosures"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

/// Anomaly of an agreement, raised past the rules.
async fn anomaly_under(house: &House, agreement_id: AgreementId) -> String {
    let at = house.app.gateway.clock.now();
    let row = anomaly::Model {
        id: uuid::Uuid::from_u128(1).into(),
        rule: AnomalyRule::AgreementBurst,
        agreement_id,
        scope_id: None,
        window_from: at - TimeDelta::hours(1),
        window_until: at,
        observed: 20_000,
        expected: 10_000,
        detected_at: at,
        raised: 0,
    };
    let insert = anomaly::Entity::insert(row.clone().into_active_model().reset_all());
    insert.exec_without_returning(house.app.gateway.database.write()).await.unwrap();
    row.id.to_string()
}

pub fn filled(operation: &str, ids: &BTreeMap<&'static str, String>) -> String {
    ids.iter().fold(operation.to_owned(), |text, (name, id)| text.replace(&format!("<{name}>"), id))
}
