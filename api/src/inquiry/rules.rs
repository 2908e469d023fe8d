//! How an organisation asks whether it has a right, naming the law it relies on, and how it is answered once (R34, R65).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::{
    inquiry,
    vocabulary::{
        Citation, DecisionReasonCode, InquiryId, InquiryStatus, Instant, OrganisationId, PurposeId, RegisterId,
        StatusSubject,
    },
};

use super::PROVISIONS_MAX;
use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    decision::{self, Horizon},
    facts::{Edit, Facts, global_id, in_succession},
    journal::Changes,
    legal_basis::rules::{wording_at, wordings},
    status,
};

/// Question as asked, in texts.
#[derive(Debug, Clone)]
pub struct AskInput {
    /// Business ID of the asker; the acting organisation when absent.
    pub organisation: Option<String>,
    /// Code of the register.
    pub register: String,
    /// Code of the purpose.
    pub purpose: Option<String>,
    /// Citations of the provisions the asker relies on.
    pub claimed_provisions: Vec<String>,
    /// Question in words.
    pub message: String,
}

/// Answer as given, in texts.
#[derive(Debug, Clone)]
pub struct AnswerInput {
    /// Global id of the inquiry.
    pub id: String,
    /// Answer in words.
    pub answer: String,
    /// Citations of the provisions that give the right.
    pub provisions: Vec<String>,
}

/// Asks whether an organisation has a right to the data of a register; `known` is the asker as far as the viewer acts for
/// it. The law relied on must be named, though it need not be known here (R65). The same question again changes nothing.
pub fn ask(
    facts: &Facts,
    fresh: InquiryId,
    known: Option<OrganisationId>,
    input: &AskInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let asker = match &input.organisation {
        Some(text) => checks.organisation(facts, "organisation", text).map(|row| row.id),
        None => known,
    };
    let asker = asker.filter(|id| known == Some(*id));
    let register = register(&mut checks, facts, &input.register, asker, by.1);
    let purpose = input.purpose.as_ref().map(|code| checks.found("purpose", facts.purpose.by_key(code), "purpose"));
    if input.claimed_provisions.is_empty() {
        let message = "name at least one provision the right may rest on (R65)";
        checks.fault(FaultCode::Blank, "claimedProvisions", message);
    }
    let provisions = citations(&mut checks, "claimedProvisions", &input.claimed_provisions);
    let claimed = provisions.iter().map(|(_, citation)| citation);
    let message = checks.prose("message", &input.message, TEXT_CHARACTERS_MAX, BLANK);
    checks.done(|| {
        let (organisation_id, register_id, message) = (asker?, register?, message?);
        let purpose_id = purpose.flatten().map(|row| row.id);
        let changes =
            |id: InquiryId, edits| Changes { action: "askLegalBasis", subject: global_id(id), reason: None, edits };
        if let Some(prior) = asked(facts, (organisation_id, register_id, purpose_id), claimed, &message) {
            return Some(changes(prior.id, Vec::new()));
        }
        let row = inquiry::Model {
            id: fresh,
            organisation_id,
            register_id,
            purpose_id,
            claimed_provisions: lines(&provisions),
            message,
            status: InquiryStatus::Open,
            asked_at: after_others(facts, (organisation_id, register_id), by.1),
            answer: None,
            answer_provisions: None,
            answered_at: None,
        };
        Some(changes(fresh, moved(facts, row, by)))
    })
}

/// Register asked about: another body's, which is there to answer.
fn register(
    checks: &mut Checks,
    facts: &Facts,
    code: &str,
    asker: Option<OrganisationId>,
    now: Instant,
) -> Option<RegisterId> {
    let row = checks.found("register", facts.register.by_key(code), "register")?;
    if asker.is_some_and(|asker| in_succession(facts, asker, row.controller_id)) {
        checks.fault(FaultCode::Conflict, "register", "the organisation controls the register itself");
    }
    if !decision::party_active(facts, row.controller_id, &mut Horizon::new(now)) {
        let message = "the controller has ceased to exist without a successor; nobody answers";
        checks.fault(FaultCode::Reason(DecisionReasonCode::PartyNotActive), "register", message);
    }
    Some(row.id)
}

/// Inquiry an organisation has made of the same content, the order of the provisions aside.
pub fn asked<'a, 'b>(
    facts: &'a Facts,
    (organisation, register, purpose): (OrganisationId, RegisterId, Option<PurposeId>),
    provisions: impl IntoIterator<Item = &'b Citation>,
    message: &str,
) -> Option<&'a inquiry::Model> {
    let claimed: BTreeSet<String> = provisions.into_iter().map(Citation::to_string).collect();
    let of_asker = facts.inquiry.of(organisation).map(AsRef::as_ref).filter(|row| row.organisation_id == organisation);
    of_asker
        .filter(|row| (row.register_id, row.purpose_id) == (register, purpose) && row.message == message)
        .find(|row| row.claimed_provisions.lines().map(str::to_owned).collect::<BTreeSet<_>>() == claimed)
}

/// Instant of a question: no two of one asker on one register share theirs.
fn after_others(facts: &Facts, (organisation, register): (OrganisationId, RegisterId), now: Instant) -> Instant {
    let others = facts.inquiry.of(organisation);
    let others = others.filter(|row| (row.organisation_id, row.register_id) == (organisation, register));
    let last = others.map(|row| row.asked_at + TimeDelta::microseconds(1)).max();
    last.map_or(now, |earliest| now.max(earliest))
}

/// Answers an inquiry; `known` is what the id names, as far as the asker may know it. What is said to give the right must be
/// law in force. One answer stands: the same again changes nothing, another is refused.
pub fn answer(
    facts: &Facts,
    known: Option<InquiryId>,
    input: &AnswerInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let answer = checks.prose("answer", &input.answer, TEXT_CHARACTERS_MAX, BLANK);
    let provisions = citations(&mut checks, "provisions", &input.provisions);
    for (at, citation) in &provisions {
        checks.found(&format!("provisions.{at}"), wording_at(facts, citation, by.1), "provision in force");
    }
    let answer_provisions = Some(lines(&provisions)).filter(|lines| !lines.is_empty());
    let id: Option<InquiryId> = checks.parsed("id", &input.id);
    let row = id.and_then(|id| {
        let row = facts.inquiry.get(id).filter(|row| known == Some(row.id));
        checks.found("id", row, "inquiry").map(|row| row.as_ref().clone())
    });
    let given = (answer, answer_provisions);
    if let Some(row) = row.as_ref().filter(|row| row.status == InquiryStatus::Answered) {
        if checks.is_clean() && (&row.answer, &row.answer_provisions) == (&given.0, &given.1) {
            return Ok(answered(row.id, Vec::new()));
        }
        checks.fault(FaultCode::WrongStatus, "id", "the inquiry has been answered");
    }
    checks.done(|| {
        let row = row?;
        let row = inquiry::Model {
            status: InquiryStatus::Answered,
            answer: given.0,
            answer_provisions: given.1,
            answered_at: Some(by.1.max(row.asked_at)),
            ..row
        };
        Some(answered(row.id, moved(facts, row, by)))
    })
}

fn answered(id: InquiryId, edits: Vec<Edit>) -> Changes {
    Changes { action: "answerInquiry", subject: global_id(id), reason: None, edits }
}

/// Row and the entry of its history.
fn moved(facts: &Facts, row: inquiry::Model, by: (&str, Instant)) -> Vec<Edit> {
    let entry = status::entry(facts, (StatusSubject::Inquiry, row.id.0), row.status, by, None);
    vec![row.into(), entry.into()]
}

/// Citations of a list with their places in it, each named once.
fn citations(checks: &mut Checks, path: &str, texts: &[String]) -> Vec<(usize, Citation)> {
    if texts.len() > PROVISIONS_MAX {
        checks.fault(FaultCode::TooLong, path, format!("more than {PROVISIONS_MAX} provisions"));
        return Vec::new();
    }
    let mut found: Vec<(usize, Citation)> = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let path = format!("{path}.{at}");
        let Some(citation) = checks.parsed::<Citation>(&path, text) else { continue };
        if found.iter().any(|(_, other)| *other == citation) {
            checks.fault(FaultCode::Conflict, &path, "is named twice");
        }
        found.push((at, citation));
    }
    found
}

fn lines(provisions: &[(usize, Citation)]) -> String {
    provisions.iter().map(|(_, citation)| citation.to_string()).collect::<Vec<_>>().join("\n")
}

/// Whether the registry holds a wording of a provision, in force or not.
pub fn is_known(facts: &Facts, citation: &str) -> bool {
    citation.parse().is_ok_and(|citation: Citation| wordings(facts, &citation).next().is_some())
}
