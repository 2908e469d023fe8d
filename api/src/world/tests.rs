use std::collections::BTreeMap;

use super::{Unread, WorldFault, WorldFile, export, natural::natural_key, read, sample};
use crate::{
    Error, FaultCode,
    disclosure::SubjectDraft,
    facts::{Edit, Facts, Tables},
};
use entity::vocabulary::{BusinessId, DecisionReasonCode, Instant, helsinki_day, helsinki_midnight};

const FINGERPRINT: &str = "5f1e";

fn pseudonym(discloser: &BusinessId, recipient: &BusinessId, user: &str) -> Result<(String, i32), Error> {
    if user == "nobody" {
        return Err(Error::internal("no key"));
    }
    let bytes: Vec<String> =
        format!("{discloser}{recipient}{user}").bytes().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes.concat(), 1))
}

fn read_into(files: &[WorldFile], facts: &Facts) -> Result<super::World, Vec<WorldFault>> {
    read_with(files, facts, FINGERPRINT)
}

fn fingerprints(first: &str) -> BTreeMap<i32, String> {
    BTreeMap::from([(1, first.to_owned())])
}

fn now() -> Instant {
    "2026-12-01T10:00:00Z".parse().unwrap_or_default()
}

fn read_with(files: &[WorldFile], facts: &Facts, fingerprint: &str) -> Result<super::World, Vec<WorldFault>> {
    let own_fingerprints = &fingerprints(fingerprint);
    let (now, pseudonyms, admission) = (now(), &pseudonym as &super::Pseudonyms<'_>, super::Admission::Whole);
    read(files, super::Circumstances { facts, now, pseudonyms, own_fingerprints, admission }).map_err(|unread| {
        match unread {
            Unread::Faults(faults) => faults,
            Unread::Failed(error) => panic!("{error}"),
        }
    })
}

fn shown(faults: &[WorldFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn world(files: &[WorldFile], facts: &Facts) -> super::World {
    read_into(files, facts).unwrap_or_else(|faults| panic!("{}", shown(&faults)))
}

fn empty() -> Facts {
    Facts::of(0, Tables::default())
}

/// Sample with some text of one file replaced.
fn sample_with(file: &str, from: &str, to: &str) -> Vec<WorldFile> {
    let mut files = sample();
    let Some(file) = files.iter_mut().find(|world| world.name.contains(file)) else { panic!("no file {file}") };
    assert!(file.text.contains(from), "{from}");
    file.text = file.text.replacen(from, to, 1);
    files
}

fn faults(files: &[WorldFile]) -> Vec<WorldFault> {
    read_into(files, &empty()).err().unwrap_or_default()
}

fn file(text: &str) -> WorldFile {
    WorldFile { name: "test.yaml".to_owned(), text: text.to_owned() }
}

#[test]
fn names_and_numbers_are_one_line_and_days_lie_in_years_of_four_digits() {
    for (from, to) in [
        ("number: KEL-2023-014", r#"number: "KEL-2023\n-014""#),
        ("number: KEL-2023-014", r#"number: "KEL-2023\0-014""#),
        ("starts_on: 2023-05-02", "starts_on: 0023-05-02"),
    ] {
        let found = faults(&sample_with("06-agreements", from, to));
        assert!(found.iter().any(|fault| fault.code == FaultCode::Malformed), "{to}: {}", shown(&found));
    }
    let names = r#"name: {fi: "Kansan\neläkelaitos""#;
    let found = faults(&sample_with("01-organisations", "name: {fi: Kansaneläkelaitos", names));
    assert_eq!(found.iter().map(|fault| fault.code).collect::<Vec<_>>(), [FaultCode::Malformed], "{}", shown(&found));
}

/// Agreements with all their parts, each asked for.
fn compiled(facts: &Facts) -> Vec<String> {
    facts.agreement.all().map(|row| format!("{:?}", facts.dossier(row.id))).collect()
}

#[test]
fn agreement_asked_for_after_each_row_is_as_when_it_is_asked_for_once() {
    let edits = world(&sample(), &empty()).edits;
    let mut asked = empty();
    for edit in &edits {
        asked = asked.after(1, [edit]);
        asked.compile_all();
    }
    let earlier = compiled(&asked);
    assert!(earlier.len() > 5, "{}", earlier.len());
    assert_eq!(earlier, compiled(&Facts::of(1, asked.tables().clone())));
    // And backwards: each row taken out again, by whoever asked before and by whoever did not.
    let whole = Facts::of(1, asked.tables().clone());
    let mut unasked = whole.clone();
    let kept = |edit: &&Edit| matches!(edit.table(), "organisation" | "legal_basis" | "register" | "agreement");
    for edit in edits.iter().rev().filter(|edit| !kept(edit)) {
        let gone = Edit::Remove(edit.table(), edit.id());
        (asked, unasked) = (asked.after(2, [&gone]), unasked.after(2, [&gone]));
        asked.compile_all();
    }
    let later = compiled(&asked);
    assert_eq!(later, compiled(&unasked));
    assert_ne!(later, earlier);
    assert_eq!(compiled(&whole), earlier, "what is shared was compiled by later tables");
}

#[test]
fn sample_stands_without_fault_and_its_rows_refer_to_rows_before_them() {
    let world = world(&sample(), &empty());
    assert!(world.edits.len() > 500);
    assert!(world.disclosures.len() > 2_000);
    let tables: Vec<_> =
        world.edits.iter().map(|edit| crate::facts::TABLES.iter().position(|table| *table == edit.table())).collect();
    assert!(tables.is_sorted());
    let predecessor = |edits: &[Edit], name: &str| {
        edits.iter().position(|edit| matches!(edit, Edit::Put(crate::facts::Row::Organisation(row)) if row.business_id.is_some_and(|id| id.to_string() == name)))
    };
    assert!(predecessor(&world.edits, "9900001-8") < predecessor(&world.edits, "9900002-6"));
}

#[test]
fn files_read_twice_change_nothing() {
    let first = world(&sample(), &empty());
    let facts = empty().after(1, &first.edits);
    let second = world(&sample(), &facts);
    assert_eq!(second.edits, Vec::new());
    assert_eq!(second.disclosures, first.disclosures);
}

#[test]
fn changed_row_keeps_its_id_and_comes_alone() {
    let facts = empty().after(1, &world(&sample(), &empty()).edits);
    let changed = world(&sample_with("01-", "fi: Verohallinto", "fi: Verohallinto uusi"), &facts);
    let [Edit::Put(row)] = changed.edits.as_slice() else { panic!("{:?}", changed.edits) };
    assert_eq!(facts.organisation_of("0245458-3").map(|row| row.id.0), Some(row.id()));
}

#[test]
fn export_read_against_its_own_facts_changes_nothing() {
    let facts = empty().after(1, &world(&sample(), &empty()).edits);
    let files = export(&facts, &fingerprints(FINGERPRINT));
    let edits = world(&files, &facts).edits;
    assert!(edits.is_empty(), "{edits:?}");
}

#[test]
fn export_read_into_nothing_gives_the_same_rows_but_for_their_ids() {
    let facts = empty().after(1, &world(&sample(), &empty()).edits);
    let files = export(&facts, &fingerprints(FINGERPRINT));
    let copy = empty().after(1, &world(&files, &empty()).edits);
    let count = |facts: &Facts| {
        let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
        for row in facts.tables().rows() {
            assert!(natural_key(&row).is_some());
            *rows.entry(row.table()).or_default() += 1;
        }
        rows
    };
    assert_eq!(count(&copy), count(&facts));
    assert_eq!(export(&copy, &fingerprints(FINGERPRINT)), files);
}

#[test]
fn export_names_no_end_user_and_fits_only_the_key_it_was_made_with() {
    let facts = empty().after(1, &world(&sample(), &empty()).edits);
    let files = export(&facts, &fingerprints(FINGERPRINT));
    assert!(!files.iter().any(|file| file.text.contains("kela-user-1")));
    let others = read_with(&files, &empty(), "another").err().unwrap_or_default();
    assert!(!others.is_empty());
    assert!(others.iter().all(|fault| fault.path.ends_with("key_fingerprint")), "{}", shown(&others));
}

#[test]
fn every_fault_of_every_file_is_named_with_its_line() {
    let organisations = "world: 2
organisations:
  - business_id: 9900001-1
    name: {fi: A}
    knid: TAX
    kind: TAXES
    authority_status: AUTHORITY
    identifier_source: SYNTHETIC
  - {business_id: 9900001-8, name: {fi: B}, kind: TAX, authority_status: AUTHORITY, identifier_source: SYNTHETIC}
  - {business_id: 9900001-8, name: {fi: C 131052-308T}, kind: TAX, authority_status: AUTHORITY}
purposes:
  - {code: lower, name: {sv: X}}
registres: []
registers:
  - code: R
    name: {fi: R}
    controller: 9900002-6
    channels: [FAX]
    items: [{code: R.A, name: {fi: A}, valid_from: 2026-13-01}]
";
    let files = [file(organisations), WorldFile { name: "broken.yaml".to_owned(), text: "a: [1\n".to_owned() }];
    let found = faults(&files);
    let lines: Vec<(usize, &str, FaultCode)> = found
        .iter()
        .filter(|fault| fault.file == "test.yaml")
        .map(|fault| (fault.line, fault.path.as_str(), fault.code))
        .collect();
    let expected = [
        (1, "world", FaultCode::Malformed),
        (3, "organisations.0.business_id", FaultCode::Malformed),
        (5, "organisations.0.knid", FaultCode::Malformed),
        (6, "organisations.0.kind", FaultCode::Malformed),
        (10, "organisations.2.identifier_source", FaultCode::Blank),
        (10, "organisations.2.name.fi", FaultCode::Malformed),
        (12, "purposes.0.code", FaultCode::Malformed),
        (12, "purposes.0.name", FaultCode::Blank),
        (13, "registres", FaultCode::Malformed),
        (17, "registers.0.controller", FaultCode::NotFound),
        (18, "registers.0.channels.0", FaultCode::Malformed),
        (19, "registers.0.items.0.valid_from", FaultCode::Malformed),
    ];
    assert_eq!(lines, expected, "{}", shown(&found));
    let text = shown(&found);
    assert!(text.contains("unknown key `registres`; did you mean `registers`?"), "{text}");
    assert!(text.contains("unknown key `knid`; did you mean `kind`?"), "{text}");
    assert!(text.contains("broken.yaml:"), "{text}");
    assert!(!text.contains("131052"), "{text}");
}

#[test]
fn same_natural_key_twice_is_a_fault_at_the_second_place() {
    let text = "purposes:
  - {code: TAXATION, name: {fi: A}}
  - {code: TAXATION, name: {fi: B}}
";
    let found = faults(&[file(text)]);
    assert_eq!(shown(&found), "test.yaml:3:5: purposes.1: stands already at test.yaml:2");
}

#[test]
fn rules_of_law_are_faults_at_the_key_they_break() {
    let reason = |code| FaultCode::Reason(code);
    for (name, from, to, path, code) in [
        ("02-", "confirmed_by: admin-2", "confirmed_by: admin-1", "legal_bases.0.confirmed_by", FaultCode::Conflict),
        ("02-", "\n    confirmed_by: admin-2", "", "legal_bases.0.confirmed_by", FaultCode::Blank),
        ("06-", "ends_on: 2025-12-31", "ends_on: 1999-12-31", "ends_on", FaultCode::PeriodReversed),
        ("06-", "status: SUPERSEDED\n", "status: ACTIVE\n", "agreements.0.status", FaultCode::WrongStatus),
        ("06-", "from: 2024-02-12", "from: 2023-02-12", "history.1.from", FaultCode::PeriodReversed),
        ("06-", "operations: [READ]", "operations: [LIST]", "operations", reason(DecisionReasonCode::ListByViewing)),
        ("06-", "items: [SOT.PROVIDER.NAME,", "items: [SOT.NOTHING,", "items.0", FaultCode::NotFound),
        ("06-", "items: [SOT.PROVIDER.NAME,", "items: [SOT.PROVIDER.NAME@NOTHING,", "items.0", FaultCode::NotFound),
        ("06-", "bases: [741/2023 47 § 1 mom 1 k]", "bases: [906/2019 23 §]", "bases.0", FaultCode::NotFound),
        ("06-", "recipient: 0246246-0", "recipient: 9900002-6", "recipient", FaultCode::Conflict),
        ("06-", "discloser: 9900002-6", "discloser: 0245458-3", "discloser", FaultCode::Conflict),
        ("06-", "decided_by: kela-supervisor-1", "decided_by: kela-user-1", "decided_by", FaultCode::Conflict),
        ("08-", "agreement: KEL-2023-014", "agreement: SOT-2026-001", "organisation", FaultCode::Conflict),
        ("08-", "priority: 2", "priority: 10", "contacts.0.priority", FaultCode::Malformed),
        ("08-", "priority: 2", "priority: 1", "priority", FaultCode::Conflict),
        ("08-", "+358 20 555 0100", "020 555 0100", "phone", FaultCode::Malformed),
        ("08-", "email: tietosuoja@kela.example", "email: tietosuoja@kela", "email", FaultCode::Malformed),
        ("08-", "topics: [DATA_PROTECTION]", "topics: []", "contacts.0.topics", FaultCode::Blank),
        (
            "08-",
            "publicity: PUBLIC\n",
            "escalates_to: 0246246-0/tekninen.tuki@kela.example\n    publicity: PUBLIC\n",
            "contacts.0.escalates_to",
            FaultCode::Conflict,
        ),
        ("09-", "until: 2026-10-31", "until: 2027-10-31", "disclosure_series.0.until", FaultCode::Malformed),
        (
            "09-",
            "{personal_identity_code: 010594Y9021}",
            "{personal_identity_cod: 010594Y9021}",
            "subject.personal_identity_cod",
            FaultCode::Malformed,
        ),
    ] {
        let found = faults(&sample_with(name, from, to));
        let named = found.iter().any(|fault| fault.path.ends_with(path) && fault.code == code && fault.line > 1);
        assert!(named, "{to} at {path}:\n{}", shown(&found));
        assert!(!shown(&found).contains("010594Y9021"));
    }
}

#[test]
fn agreement_beyond_draft_without_basis_and_two_open_scopes_are_faults() {
    let agreement = |status: &str, rest: &str| {
        let signed = if status == "DRAFT" { "" } else { "    signed_on: 2026-01-01\n" };
        file(&format!(
            "agreements:
  - number: X-1
    discloser: 9900001-8
    recipient: 0246246-0
    register: SOTERI
    status: {status}
{signed}{rest}"
        ))
    };
    let scope = |version: u32, status: &str| {
        format!(
            "      - {{channel: VIEWING_CONNECTION, version: {version}, regularity: AD_HOC, status: {status}, \
             necessity_check: CASE_REFERENCE, admission: NONE, defined_on: 2026-01-01, purposes: [APPEAL]}}\n"
        )
    };
    let with = |status: &str, rest: &str| {
        let mut files = sample();
        files.push(agreement(status, rest));
        faults(&files)
    };
    let unbased = with("SIGNED", "");
    assert_eq!(unbased.len(), 1, "{}", shown(&unbased));
    assert_eq!(unbased[0].code, FaultCode::Reason(DecisionReasonCode::NoLegalBasis));
    assert!(with("DRAFT", "").is_empty());
    let signed = with("DRAFT", "    signed_on: 2026-01-01\n");
    assert_eq!(signed.len(), 1, "{}", shown(&signed));
    assert_eq!((signed[0].code, signed[0].path.as_str()), (FaultCode::Conflict, "agreements.0.signed_on"));
    let early = with("DRAFT", &format!("    scopes:\n{}", scope(1, "OPEN")));
    assert_eq!(early.len(), 1, "{}", shown(&early));
    assert_eq!((early[0].code, early[0].path.as_str()), (FaultCode::WrongStatus, "agreements.0.scopes"));
    let twice = with("DRAFT", &format!("    scopes:\n{}{}", scope(1, "OPEN"), scope(2, "OPEN")));
    assert_eq!(twice.len(), 2, "and more than one is open: {}", shown(&twice));
    assert!(with("DRAFT", &format!("    scopes:\n{}", scope(1, "DEFINED"))).is_empty());
}

#[test]
fn agreement_of_a_body_with_whose_place_it_had_taken_is_a_fault() {
    let agreement = |day: &str| {
        let mut files = sample();
        files.push(file(&format!(
            "agreements:
  - number: X-1
    discloser: 9900001-8
    recipient: 9900002-6
    register: SOTERI
    status: DRAFT
    history: [{{status: DRAFT, from: {day}, actor: a}}]
"
        )));
        faults(&files)
    };
    let found = agreement("2026-01-01");
    assert_eq!(found.len(), 1, "{}", shown(&found));
    assert_eq!((found[0].code, found[0].path.as_str()), (FaultCode::Conflict, "agreements.0.recipient"));
    assert!(agreement("2025-12-31").is_empty(), "two bodies that were to become one");
}

#[test]
fn version_that_is_not_what_its_hash_says_is_a_fault() {
    let with = |content: &str| {
        let mut files = sample();
        files.push(file(&RARE.replace("[1, \"b\"]", content)));
        faults(&files)
    };
    assert!(with("[1, \"b\"]").is_empty());
    let found = with("[1, \"c\"]");
    assert_eq!(found.len(), 1, "{}", shown(&found));
    assert_eq!((found[0].code, found[0].path.as_str()), (FaultCode::Malformed, "agreements.0.versions.0.content_hash"));
}

#[test]
fn whole_that_no_answer_holds_is_a_fault_where_the_files_add_to_it() {
    let lines = |lines: Vec<String>| lines.join("\n");
    let qualifiers = |count: usize| {
        let qualifiers = lines((0..count).map(|at| format!("      - {{code: Q{at}, name: {{fi: Q}}}}")).collect());
        sample_with("03-", "    qualifiers: []\n", &format!("    qualifiers:\n{qualifiers}\n"))
    };
    assert!(faults(&qualifiers(100)).is_empty());
    let found = faults(&qualifiers(101));
    assert_eq!(found.len(), 1, "{}", shown(&found));
    assert_eq!((found[0].code, found[0].line > 400), (FaultCode::TooLong, true));
    let facts = empty().after(1, &world(&qualifiers(100), &empty()).edits);
    let added = read_into(&qualifiers(101), &facts).err().unwrap_or_default();
    assert_eq!(added.len(), 1, "{}", shown(&added));
    let purposes: Vec<String> = (0..21).map(|at| format!("P{at}")).collect();
    let named = lines(purposes.iter().map(|code| format!("  - {{code: {code}, name: {{fi: P}}}}")).collect());
    let mut files = sample_with("06-", "purposes: [", &format!("purposes: [{}, ", purposes.join(", ")));
    files.push(file(&format!("purposes:\n{named}")));
    let found = faults(&files);
    assert!(found.iter().any(|fault| fault.code == FaultCode::TooLong), "{}", shown(&found));
}

#[test]
fn faults_of_the_rows_of_a_series_are_said_once_at_its_own_keys() {
    // A viewing connection is used by a person, and no row of this series has one.
    let series = "disclosure_series:
  - name: S
    discloser: 0246246-0
    recipient: 3221308-6
    register: KELMU
    items: [KEL.DECISION]
    purposes: [SOCIAL_ASSISTANCE]
    channel: VIEWING_CONNECTION
    from: 2026-05-04
    until: 2026-05-08
    count: 40
    outcomes: {DELIVERED: 1}
    subjects: [010594Y9032, 010594Y9033]
";
    let mut files = sample();
    files.push(file(series));
    let found = faults(&files);
    let places: Vec<_> = found.iter().map(|fault| (fault.line, fault.path.as_str(), fault.code)).collect();
    let expected = [
        (2, "disclosure_series.0.end_users", FaultCode::Blank),
        (13, "disclosure_series.0.subjects", FaultCode::Malformed),
    ];
    assert_eq!(places, expected, "{}", shown(&found));
    assert!(!shown(&found).contains("010594Y90"));
}

#[test]
fn pseudonym_that_cannot_be_made_is_no_fault_of_the_files() {
    let files = sample_with("06-", "user: kela-user-1", "user: nobody");
    let (facts, own_fingerprints) = (&empty(), &fingerprints(FINGERPRINT));
    let (now, pseudonyms, admission) = (now(), &pseudonym as &super::Pseudonyms<'_>, super::Admission::Whole);
    let unread = read(&files, super::Circumstances { facts, now, pseudonyms, own_fingerprints, admission });
    assert!(matches!(unread, Err(Unread::Failed(Error::Internal { .. }))));
}

#[test]
fn written_history_is_never_rewritten() {
    let facts = empty().after(1, &world(&sample(), &empty()).edits);
    let other =
        sample_with("06-", "from: 2024-02-12, actor: valvira-officer-1", "from: 2024-02-13, actor: valvira-officer-1");
    let found = read_into(&other, &facts).err().unwrap_or_default();
    assert_eq!(found.len(), 1, "{}", shown(&found));
    assert_eq!((found[0].path.as_str(), found[0].code), ("agreements.0.history.1", FaultCode::Conflict));
}

#[test]
fn series_spreads_its_rows_over_office_hours_and_bursts_within_theirs() {
    use chrono::Datelike;
    let world = world(&sample(), &empty());
    let rows = |name: &str| -> Vec<_> {
        let prefix = format!("{name}-");
        let drafts = world.disclosures.iter().map(|one| &one.draft);
        drafts.filter(|draft| draft.message_id.starts_with(&prefix)).collect()
    };
    let spread = rows("PIRHA-API");
    assert_eq!(spread.len(), 380);
    assert_eq!(spread[0].message_id, "PIRHA-API-0001");
    for draft in &spread {
        let at: Instant = draft.occurred_at.parse().unwrap_or_default();
        let day = helsinki_day(at);
        let hour = (at - helsinki_midnight(day)).num_hours();
        assert!((8..16).contains(&hour) && day.weekday().number_from_monday() <= 5, "{at}");
        assert!(matches!(draft.subject, SubjectDraft::PersonalIdentityCode(_)));
    }
    let burst = rows("HEL-BURST");
    assert_eq!(burst.len(), 900);
    assert!(burst.iter().all(|draft| draft.occurred_at.starts_with("2026-09-16T13:")));
}

/// What the sample has no use for: several wordings, roles by name, documents as evidence, keys, a body without an ID.
const RARE: &str = r#"
organisations:
  - {name: {fi: Skatteverket}, kind: FOREIGN_AUTHORITY, authority_status: AUTHORITY, country: SE, identifier_source: MEMORY}
organisation_keys:
  - organisation: Skatteverket
    kid: kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k
    jwk: '{"kty":"OKP", "crv":"Ed25519", "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
    proposed_by: admin-1
    confirmed_by: admin-2
    valid_from: 2026-01-01T12:00:00.000001Z
legal_bases:
  - citation: 1/2020 1 §
    title: {fi: "Laki: ensimmäinen #1"}
    allows_electronic: true
    overrides_secrecy: false
    valid_from: 2020-01-01
    valid_until: 2022-01-01
    superseded_by: 1/2020 1 §
    checked_on: 2026-01-01
    evidence: MEMORY
    status: PROPOSED
    proposed_by: admin-1
  - {citation: 1/2020 1 §, title: {fi: Laki}, allows_electronic: true, overrides_secrecy: false, valid_from: 2022-01-01,
     checked_on: 2026-01-01, evidence: MEMORY, status: PROPOSED, proposed_by: admin-1}
agreements:
  - number: RARE-1
    discloser: 9900001-8
    recipient: Skatteverket
    register: SOTERI
    status: SIGNED
    signed_on: 2026-01-02
    drafted_by: Skatteverket
    content_hash: 23f59675776208ec8cd3f8c20c36b9e64c6a012c38c5d490b982112fb5cc3f72
    history: [{status: SIGNED, from: 2026-01-02, actor: a, document: "aa00000000000000000000000000000000000000000000000000000000000000"}]
    parties: [{organisation: 0246246-0, role: PROCESSOR}]
    bases:
      - {legal_basis: 1/2020 1 § @2021-06-01, roles: [RIGHT_TO_RECEIVE, RIGHT_TO_DISCLOSE], adequacy: REPEALED,
         note: "kaksi\n\triviä"}
      - {legal_basis: 1/2020 1 §, roles: [RIGHT_TO_RECEIVE, RIGHT_TO_DISCLOSE, ONWARD], adequacy: ADEQUATE, reviewed_at: 2026-01-01}
    versions: [{version: 1, content: '{"a": [1, "b"]}', content_hash: 23f59675776208ec8cd3f8c20c36b9e64c6a012c38c5d490b982112fb5cc3f72}]
    signatures:
      - {organisation: 9900001-8, act: SIGNED, evidence: PAPER, signed_at: 2026-01-02, actor: a,
         document: "aa00000000000000000000000000000000000000000000000000000000000000"}
    documents:
      - {title: "Liite: yes", owner: Skatteverket, media_type: application/pdf, publicity: SECRET,
         sha256: "aa00000000000000000000000000000000000000000000000000000000000000"}
    scopes:
      - channel: OTHER
        regularity: AD_HOC
        status: DEFINED
        necessity_check: CONSENT_CHECK
        admission: NONE
        defined_on: 2026-01-02
        purposes: [APPEAL]
        items:
          - {item: SOT.UNIT, operations: [READ, LIST], population: ALL, bases: [1/2020 1 § (RIGHT_TO_DISCLOSE)]}
          - {items: [SOT.SERVICE], look_back_days: 30, population: ALL, bases: [1/2020 1 § @2021-06-01]}
          - {items: [SOT.PROVIDER], population: ALL, bases: ["1/2020 1 § @2022-01-01 (RIGHT_TO_RECEIVE)"], mandates: [M1, M2]}
    onward_rules:
      - {recipient_kind: APPLICANT, purpose: APPEAL, items: [SOT.UNIT], bases: [1/2020 1 §], valid_from: 2026-01-02}
contacts:
  - {organisation: Skatteverket, role: LEGAL_OFFICER, name: {fi: Lakimies}, phone: "+46 8 555 0100", topics: [LEGAL_BASIS], escalates_to: Skatteverket/SUPERVISOR}
  - organisation: Skatteverket
    agreement: RARE-1
    role: SUPERVISOR
    name: {fi: "Valvoja: 'yksi', \"kaksi\""}
    email: a@b.example
    topics: [AGREEMENT]
    priority: 3
documents:
  - {title: "091", owner: 0246246-0, media_type: text/plain, publicity: PUBLIC, location: "a, b",
     sha256: "bb00000000000000000000000000000000000000000000000000000000000000"}
"#;

#[test]
fn export_keeps_what_is_rare() {
    let mut files = sample();
    files.push(file(RARE));
    let facts = empty().after(1, &world(&files, &empty()).edits);
    let exported = export(&facts, &fingerprints(FINGERPRINT));
    let edits = world(&exported, &facts).edits;
    assert!(edits.is_empty(), "{edits:?}");
    let copy = empty().after(1, &world(&exported, &empty()).edits);
    assert_eq!(export(&copy, &fingerprints(FINGERPRINT)), exported);
    let agreement = copy.agreement.by_key("RARE-1").map(|row| row.id);
    let Some(dossier) = agreement.and_then(|id| copy.dossier(id)) else { panic!("no agreement") };
    let bases: Vec<usize> = dossier.scopes[0].items.iter().map(|item| item.bases.len()).collect();
    assert_eq!(bases, [1, 2, 2, 2]);
}
