//! The row of a disclosure in its canonical forms: what makes a repeat the same, and what the log commits to.
//!
//! `docs/log-format.md` says the same in words, with an example that a test recomputes.

use chrono::TimeDelta;
use entity::{
    disclosure,
    vocabulary::{
        ClosedEnum, DisclosureId, Instant, InternedId, ItemCode, LegalBasisId, OrganisationId, SubjectKind,
        instant_text,
    },
};
use serde::Serialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    coverage::{Door, Judged, OnPartial},
    rules::{Checked, Corrects, Subject},
};
use crate::{
    Error,
    facts::{Facts, global_id},
    journal::leaf::{Commitments, hex, hmac_sha256, sha256},
};

/// Version of the canonical forms.
const VERSION: u8 = 1;

/// Hash of a message id and part: what a repeat is found by.
pub fn message_hash(message_id: &str, part: i32) -> [u8; 32] {
    sha256(&[b"message:v1:", &part.to_be_bytes(), message_id.as_bytes()])
}

/// Hash that stands for "this row has been corrected": a row is corrected once, its correction is corrected next.
pub fn correction_hash(corrected: DisclosureId) -> [u8; 32] {
    sha256(&[b"corrects:v1:", corrected.0.as_bytes()])
}

/// Hash of a normalised input under a row's salt; without the salt the input cannot be guessed.
pub fn content_hash(salt: &[u8], input: &[u8]) -> [u8; 32] {
    hmac_sha256(salt, &[b"content:v1", input])
}

/// Id of a row: UUID version 7 whose instant is that of recording, to the microsecond, so that ids rise as the log does.
pub fn disclosure_id(recorded_at: Instant, noise: [u8; 8]) -> DisclosureId {
    let milliseconds = u64::try_from(recorded_at.timestamp_millis()).unwrap_or(0);
    let microseconds = recorded_at.timestamp_subsec_micros() % 1_000;
    let [_, _, high, low] = microseconds.to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    bytes[6] = 0x70 | high;
    bytes[7] = low;
    bytes[8..].copy_from_slice(&noise);
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    Uuid::from_bytes(bytes).into()
}

/// Instant of recording a row's id holds; none for an id no row can have.
pub fn recorded_at(id: DisclosureId) -> Option<Instant> {
    let bytes = id.0.as_bytes();
    let milliseconds = bytes[..6].iter().fold(0_i64, |sum, byte| sum << 8 | i64::from(*byte));
    let microseconds = i64::from(bytes[6] & 0x0f) << 8 | i64::from(bytes[7]);
    let is_ours = id.0.get_version_num() == 7 && microseconds < 1_000;
    let instant = Instant::from_timestamp_millis(milliseconds).filter(|_| is_ours)?;
    Some(instant + TimeDelta::microseconds(microseconds))
}

/// Normalised input; members in the order of RFC 8785, the person in the clear, so it lives in memory only.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    accept_part: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case_reference: Option<&'a str>,
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_system: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<String>,
    discloser: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_user: Option<&'a str>,
    ground: &'static str,
    items: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mandates: Vec<&'a str>,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onward_to: Option<&'static str>,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    part: i32,
    purpose: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<String>,
    register: &'a str,
    subject: InputSubject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withholding_basis: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum InputSubject<'a> {
    PersonalIdentityCode(&'a str),
    OtherPersonIdentifier { system: &'a str, value: &'a str },
    BusinessId(&'a str),
    Count(i64),
}

/// Normalised input of a disclosure in canonical JSON. An authorisation has neither instant nor outcome, for its repeat
/// comes later; it has `acceptPart` instead.
///
/// # Errors
/// Never for what has been checked.
pub fn input(facts: &Facts, checked: &Checked, door: Door) -> Result<Zeroizing<Vec<u8>>, Error> {
    let reported = door == Door::Record;
    let mut items: Vec<&str> = checked.items.iter().map(ItemCode::as_str).collect();
    items.sort_unstable();
    let input = Input {
        accept_part: match door {
            Door::Record => None,
            Door::Authorise(on_partial) => Some(on_partial == OnPartial::AcceptPart),
        },
        agreement: checked.agreement.and_then(|id| facts.agreement.get(id)).map(|row| row.number.as_str()),
        case_reference: checked.case_reference.as_deref(),
        channel: checked.channel.code(),
        client_system: checked.client_system.as_deref(),
        consent_reference: checked.consent_reference.as_deref(),
        corrects: checked.corrects.as_ref().map(|corrects| match corrects {
            Corrects::Row(id) => global_id(*id),
            Corrects::Message(message_id) => message_id.clone(),
        }),
        discloser: organisation(facts, checked.discloser),
        end_user: checked.end_user.as_deref(),
        ground: checked.ground.code(),
        items,
        mandates: mandates(facts, checked),
        message_id: &checked.message_id,
        occurred_at: reported.then(|| instant_text(checked.occurred_at)),
        onward_to: checked.onward_to.map(ClosedEnum::code),
        operation: checked.operation.code(),
        outcome: reported.then(|| checked.outcome.code()),
        part: checked.part,
        purpose: facts.purpose.get(checked.purpose).map_or("", |row| &row.code),
        recipient: checked.recipient.map(|id| organisation(facts, id)),
        register: facts.register.get(checked.register).map_or("", |row| &row.code),
        subject: match &checked.subject {
            Subject::Person(code) => InputSubject::PersonalIdentityCode(code.expose()),
            Subject::OtherPerson(person) => {
                InputSubject::OtherPersonIdentifier { system: &person.system, value: &person.value }
            }
            Subject::Business(id) => InputSubject::BusinessId(id.as_str()),
            Subject::Count(count) => InputSubject::Count(*count),
        },
        withheld_until: checked.withheld.map(|(until, _)| instant_text(until)),
        withholding_basis: checked.withheld.and_then(|(_, id)| citation(facts, id)),
    };
    // Room for everything at once: a buffer that grows would leave the code behind in the memory it left.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, &input)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, &input)?;
    Ok(bytes)
}

struct Length(usize);

impl std::io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Business id of an organisation; its global id where it has none.
fn organisation(facts: &Facts, id: OrganisationId) -> String {
    let business_id = facts.organisation.get(id).and_then(|row| row.business_id);
    business_id.map_or_else(|| global_id(id), |business_id| business_id.to_string())
}

fn citation(facts: &Facts, id: LegalBasisId) -> Option<&str> {
    facts.legal_basis.get(id).map(|row| row.citation.as_str())
}

/// Place of a row in the log.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Identifier.
    pub id: DisclosureId,
    /// Instant of recording.
    pub recorded_at: Instant,
    /// Position in the transparency log.
    pub leaf_index: i64,
}

/// Keyed pseudonym of a person, with the version of its key.
#[derive(Debug, Clone, Copy)]
pub struct Pseudonym {
    /// HMAC-SHA-256.
    pub bytes: [u8; 32],
    /// Version of the pseudonym key.
    pub key_version: i32,
}

/// What a row holds of persons.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pseudonyms {
    /// Of the subject.
    pub subject: Option<Pseudonym>,
    /// Of the end user.
    pub user: Option<Pseudonym>,
}

/// Sets of codes a row shares with others.
#[derive(Debug, Clone, Copy)]
pub struct Sets {
    /// Its items.
    pub items: InternedId,
    /// Its provisions.
    pub bases: InternedId,
}

/// Stands where no mandate theme was given: an absent text is one recorded before they were kept.
const NO_MANDATES: &str = "-";

/// Codes of the mandate themes a row was judged with, of what it keeps of them; null in one recorded before they were kept.
pub fn mandates_kept(kept: Option<&str>) -> Option<impl Iterator<Item = &str>> {
    let kept = kept?;
    Some(kept.split_whitespace().filter(|code| *code != NO_MANDATES))
}

/// Codes of the mandate themes of a disclosure, each once.
fn mandates<'a>(facts: &'a Facts, checked: &Checked) -> Vec<&'a str> {
    sorted(checked.mandates.iter().filter_map(|id| facts.mandate_theme.get(*id)).map(|row| row.code.as_str()))
}

/// Row of a disclosure that has no place in the log yet, corrects nothing and commits to nothing; [`Place::given_to`] completes
/// it.
pub fn model(
    facts: &Facts,
    checked: &Checked,
    judged: &Judged,
    pseudonyms: Pseudonyms,
    sets: Sets,
) -> disclosure::Model {
    let (subject_kind, business_id) = match &checked.subject {
        Subject::Person(_) => (SubjectKind::Person, None),
        Subject::OtherPerson(_) => (SubjectKind::OtherPerson, None),
        Subject::Business(id) => (SubjectKind::Business, Some(*id)),
        Subject::Count(_) => (SubjectKind::Count, None),
    };
    let reasons: Vec<&str> = judged.reasons.iter().map(|code| code.code()).collect();
    disclosure::Model {
        id: Uuid::nil().into(),
        recorded_at: Instant::UNIX_EPOCH,
        occurred_at: checked.occurred_at,
        leaf_index: 0,
        discloser_id: checked.discloser,
        processor_id: checked.processor,
        recipient_id: checked.recipient,
        register_id: checked.register,
        agreement_id: judged.agreement,
        scope_id: judged.scope,
        bases_id: sets.bases,
        purpose_id: checked.purpose,
        channel: checked.channel,
        operation: checked.operation,
        items_id: sets.items,
        subject_kind,
        subject_pseudonym: pseudonyms.subject.map(|pseudonym| pseudonym.bytes.to_vec()),
        subject_key_version: pseudonyms.subject.map(|pseudonym| pseudonym.key_version),
        subject_business_id: business_id,
        subject_count: checked.subject.count(),
        ground: checked.ground,
        consent_reference: checked.consent_reference.clone(),
        case_reference: checked.case_reference.clone(),
        user_pseudonym: pseudonyms.user.map(|pseudonym| pseudonym.bytes.to_vec()),
        user_key_version: pseudonyms.user.map(|pseudonym| pseudonym.key_version),
        client_system: checked.client_system.clone(),
        message_id: checked.message_id.clone(),
        part: checked.part,
        outcome: judged.outcome,
        coverage: judged.coverage,
        reasons: reasons.join(" "),
        decided_seq: judged.decided_seq,
        onward_recipient_kind: checked.onward_to,
        withheld_until: checked.withheld.map(|(until, _)| until),
        withholding_basis_id: checked.withheld.map(|(_, basis)| basis),
        corrects_id: None,
        salt: None,
        subject_commitment: Vec::new(),
        restricted_commitment: Vec::new(),
        erased_seq: None,
        mandates: Some(match &*mandates(facts, checked) {
            [] => NO_MANDATES.to_owned(),
            codes => codes.join(" "),
        }),
    }
}

impl Place {
    /// The row at this place, correcting another or none.
    pub fn given_to(self, row: disclosure::Model, corrects: Option<DisclosureId>) -> disclosure::Model {
        let Self { id, recorded_at, leaf_index } = self;
        disclosure::Model { id, recorded_at, leaf_index, corrects_id: corrects, ..row }
    }
}

/// What the registry calls what a row refers to.
#[derive(Debug)]
pub struct Names {
    agreement: Option<String>,
    discloser: String,
    items: Vec<String>,
    processor: Option<String>,
    provisions: Vec<String>,
    purpose: String,
    recipient: Option<String>,
    register: String,
    scope: Option<String>,
    withholding_basis: Option<String>,
}

impl Names {
    /// Names of what a row refers to, wherever it stands in the log.
    pub fn of(facts: &Facts, row: &disclosure::Model, items: &[ItemCode], bases: &[LegalBasisId]) -> Self {
        let scope = row.scope_id.and_then(|id| facts.scope.get(id));
        Self {
            agreement: row
                .agreement_id
                .and_then(|id| facts.agreement.get(id))
                .map(|agreement| agreement.number.clone()),
            discloser: organisation(facts, row.discloser_id),
            items: sorted(items.iter().map(ToString::to_string)),
            processor: row.processor_id.map(|id| organisation(facts, id)),
            provisions: sorted(bases.iter().filter_map(|id| citation(facts, *id)).map(str::to_owned)),
            purpose: facts.purpose.get(row.purpose_id).map_or_else(String::new, |purpose| purpose.code.clone()),
            recipient: row.recipient_id.map(|id| organisation(facts, id)),
            register: facts.register.get(row.register_id).map_or_else(String::new, |register| register.code.clone()),
            scope: scope.map(|scope| format!("{}/{}", scope.channel.code(), scope.version)),
            withholding_basis: row.withholding_basis_id.and_then(|id| citation(facts, id)).map(str::to_owned),
        }
    }
}

/// Part of a row its subject may see; members in the order of RFC 8785.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubjectPart<'a> {
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrects: Option<String>,
    discloser: &'a str,
    ground: &'static str,
    items: &'a [String],
    occurred_at: String,
    operation: &'static str,
    outcome: &'static str,
    provisions: &'a [String],
    purpose: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    recorded_at: String,
    register: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_key_version: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_pseudonym: Option<String>,
    v: u8,
}

/// Rest of a row; members in the order of RFC 8785.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestrictedPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    case_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_system: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_reference: Option<&'a str>,
    coverage: &'static str,
    decided_seq: i64,
    id: String,
    leaf_index: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mandates: Vec<&'a str>,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    onward_to: Option<&'static str>,
    part: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    processor: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_business_id: Option<String>,
    subject_count: i64,
    subject_kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_key_version: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_pseudonym: Option<String>,
    v: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withholding_basis: Option<&'a str>,
}

/// The two parts of a row, as anyone who holds the row and the registry can make them again.
pub fn parts<'a>(row: &'a disclosure::Model, names: &'a Names) -> (SubjectPart<'a>, RestrictedPart<'a>) {
    let subject = SubjectPart {
        channel: row.channel.code(),
        corrects: row.corrects_id.map(global_id),
        discloser: &names.discloser,
        ground: row.ground.code(),
        items: &names.items,
        occurred_at: instant_text(row.occurred_at),
        operation: row.operation.code(),
        outcome: row.outcome.code(),
        provisions: &names.provisions,
        purpose: &names.purpose,
        recipient: names.recipient.as_deref(),
        recorded_at: instant_text(row.recorded_at),
        register: &names.register,
        subject_key_version: row.subject_key_version,
        subject_pseudonym: row.subject_pseudonym.as_deref().map(hex),
        v: VERSION,
    };
    let restricted = RestrictedPart {
        agreement: names.agreement.as_deref(),
        case_reference: row.case_reference.as_deref(),
        client_system: row.client_system.as_deref(),
        consent_reference: row.consent_reference.as_deref(),
        coverage: row.coverage.code(),
        decided_seq: row.decided_seq,
        id: global_id(row.id),
        leaf_index: row.leaf_index,
        mandates: sorted(mandates_kept(row.mandates.as_deref()).into_iter().flatten()),
        message_id: &row.message_id,
        onward_to: row.onward_recipient_kind.map(ClosedEnum::code),
        part: row.part,
        processor: names.processor.as_deref(),
        reasons: sorted(row.reasons.split_whitespace()),
        scope: names.scope.as_deref(),
        subject_business_id: row.subject_business_id.map(|id| id.to_string()),
        subject_count: row.subject_count,
        subject_kind: row.subject_kind.code(),
        user_key_version: row.user_key_version,
        user_pseudonym: row.user_pseudonym.as_deref().map(hex),
        v: VERSION,
        withheld_until: row.withheld_until.map(instant_text),
        withholding_basis: names.withholding_basis.as_deref(),
    };
    (subject, restricted)
}

/// What the entry of a row commits to.
///
/// # Errors
/// Internal when what stands there is no hash.
pub fn commitments_of(row: &disclosure::Model) -> Result<Commitments, Error> {
    Commitments::stored(&row.subject_commitment, &row.restricted_commitment)
}

/// Texts in their order, each once.
fn sorted<T: Ord>(texts: impl Iterator<Item = T>) -> Vec<T> {
    let mut texts: Vec<T> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}
