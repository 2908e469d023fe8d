//! How a recipient gives its account: every question answered once, a new version each time, never over one under review.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    document, organisation, protection_statement, statement_answer,
    vocabulary::{
        Channel, ContactRole, Day, DecisionReasonCode, DocumentId, Instant, OrganisationId, ProtectionStatementId,
        Publicity, RegisterId, StatementAnswerId, StatementAnswerKind, StatementStatus, helsinki_day,
    },
};

use super::{ANSWERS_MAX, STATEMENTS_MAX, dates, moved, newest, to_come};
use crate::{
    FaultCode, Violations,
    checks::{Checks, TEXT_CHARACTERS_MAX},
    clock,
    contact::rules::serving,
    decision::{self, CATALOGUE_VERSION},
    document::{DocumentInput, Holder, rules::named},
    facts::{Edit, Facts, global_id, stands_for, successors},
    journal::Changes,
    legal_basis::rules::wording_at,
};

/// Roles whose mailboxes a recipient must have before it gives an account (R11, R55).
const ANSWERABLE: [ContactRole; 2] = [ContactRole::DataProtectionOfficer, ContactRole::InformationSecurityManager];

/// Statement as given, in texts.
#[derive(Debug, Clone)]
pub struct StatementInput {
    /// Code of the register.
    pub register: String,
    /// Business ID of the recipient; the acting organisation when absent.
    pub recipient: Option<String>,
    /// Business ID of the discloser; the register's controller when absent.
    pub discloser: Option<String>,
    /// Channel.
    pub channel: Channel,
    /// Citation of the provision that requires it; null when given voluntarily.
    pub required_by: Option<String>,
    /// Date on the statement.
    pub dated_on: String,
    /// Version of the catalogue answered; the newest when absent.
    pub catalogue_version: Option<i32>,
    /// Whether the recipient collects logs of its users' access.
    pub recipient_collects_logs: bool,
    /// Answers.
    pub answers: Vec<AnswerInput>,
    /// Proposed end of approval.
    pub valid_until: Option<String>,
    /// Proposed day of the next review.
    pub next_review_on: Option<String>,
    /// Who may read it.
    pub publicity: Publicity,
}

/// Answer as given, in texts.
#[derive(Debug, Clone)]
pub struct AnswerInput {
    /// Code of the question.
    pub question: String,
    /// Answer.
    pub answer: StatementAnswerKind,
    /// Explanation.
    pub text: Option<String>,
    /// Evidence.
    pub document: Option<DocumentInput>,
}

/// Answer by the code of its question.
type Answers = BTreeMap<&'static str, (StatementAnswerKind, Option<String>, Option<DocumentId>)>;

/// Gives a statement; `known` is the recipient as far as the asker acts for it. The same content again changes nothing. A
/// new version takes the place of one that was returned; one that is with the discloser must be withdrawn first, and an
/// approved one carries on until the new one is approved.
pub fn submit(
    facts: &Facts,
    fresh: ProtectionStatementId,
    known: Option<OrganisationId>,
    input: &StatementInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let recipient = recipient(&mut checks, facts, known, input.recipient.as_deref());
    let row = read(&mut checks, facts, (fresh, recipient), input, by.1);
    let mut documents = Vec::new();
    let holder = recipient.map(|owner| Holder { owner, agreement: None, publicity: input.publicity });
    let answers = answers(&mut checks, facts, &input.answers, holder, &mut documents);
    let prior = row.as_ref().and_then(|row| newest(facts, super::line(row)));
    if let (true, Some(row), Some(prior)) = (checks.is_clean(), &row, prior)
        && repeats(facts, prior, row, &answers)
    {
        return Ok(changes(prior.id, Vec::new()));
    }
    if let Some(row) = &row {
        guards(&mut checks, facts, row, prior, by.1);
    }
    checks.done(|| {
        let row = row?;
        let mut edits: Vec<Edit> = documents.into_iter().map(Edit::from).collect();
        if let Some(prior) = prior.filter(|prior| is_replaced(prior.status)) {
            edits.extend(moved(facts, prior.clone(), StatementStatus::Superseded, by, None));
        }
        let version = prior.map_or(1, |prior| prior.version + 1);
        edits.extend(moved(
            facts,
            protection_statement::Model { version, ..row },
            StatementStatus::Submitted,
            by,
            None,
        ));
        edits.extend(answers.into_iter().map(|(question, given)| answer_row(fresh, question, given).into()));
        Some(changes(fresh, edits))
    })
}

fn changes(id: ProtectionStatementId, edits: Vec<Edit>) -> Changes {
    Changes { action: "submitProtectionStatement", subject: global_id(id), reason: None, edits }
}

fn recipient(
    checks: &mut Checks,
    facts: &Facts,
    known: Option<OrganisationId>,
    text: Option<&str>,
) -> Option<OrganisationId> {
    let named = match text {
        Some(text) => checks.organisation(facts, "recipient", text).map(|row| row.id),
        None => known,
    };
    named.filter(|id| known == Some(*id))
}

/// Row of an input, as version 0 of a draft.
fn read(
    checks: &mut Checks,
    facts: &Facts,
    (id, recipient): (ProtectionStatementId, Option<OrganisationId>),
    input: &StatementInput,
    now: Instant,
) -> Option<protection_statement::Model> {
    let register = checks.found("register", facts.register.by_key(&input.register), "register").cloned();
    if register.as_ref().is_some_and(|row| !row.channels.0.contains(&input.channel)) {
        checks.fault(FaultCode::Conflict, "channel", "the register is not offered over this channel");
    }
    let discloser = match &input.discloser {
        Some(text) => checks.organisation(facts, "discloser", text).cloned(),
        None => register.as_ref().and_then(|row| facts.organisation.get(row.controller_id)).cloned(),
    };
    let required_by_id = input.required_by.as_ref().and_then(|text| {
        let citation = checks.parsed("requiredBy", text)?;
        checks.found("requiredBy", wording_at(facts, &citation, now), "provision in force").map(|row| row.id)
    });
    let dated_on = dated(checks, &input.dated_on, helsinki_day(now));
    if input.catalogue_version.is_some_and(|version| version != CATALOGUE_VERSION) {
        let message = format!("the catalogue stands in version {CATALOGUE_VERSION}");
        checks.fault(FaultCode::Conflict, "catalogueVersion", message);
    }
    let (valid_until, next_review_on) = dates(checks, (input.valid_until.as_ref(), input.next_review_on.as_ref()));
    let (register, discloser, recipient_id) = (register?, discloser?, recipient?);
    discloses(checks, facts, (&discloser, recipient_id), (register.id, register.controller_id), now);
    Some(protection_statement::Model {
        id,
        register_id: register.id,
        recipient_id,
        discloser_id: discloser.id,
        channel: input.channel,
        required_by_id,
        version: 0,
        status: StatementStatus::Draft,
        dated_on,
        catalogue_version: CATALOGUE_VERSION,
        recipient_collects_logs: input.recipient_collects_logs,
        discloser_log_confirmed: false,
        valid_until,
        next_review_on,
        publicity: input.publicity,
        decision_text: None,
    })
}

fn dated(checks: &mut Checks, text: &str, today: Day) -> Option<Day> {
    let day = checks.day("datedOn", text)?;
    if day > today {
        checks.fault(FaultCode::Malformed, "datedOn", "must not be later than today");
    }
    Some(day)
}

/// Who is told is another body that exists, and the register's controller or one that discloses from it to the recipient.
fn discloses(
    checks: &mut Checks,
    facts: &Facts,
    (discloser, recipient): (&organisation::Model, OrganisationId),
    (register, controller): (RegisterId, OrganisationId),
    now: Instant,
) {
    if stands_for(facts, discloser.id, recipient) || stands_for(facts, recipient, discloser.id) {
        checks.fault(FaultCode::Conflict, "discloser", "discloser and recipient are the same organisation");
    }
    if !decision::exists(discloser, now) {
        let message = "the organisation has ceased to exist; tell its successor";
        checks.fault(FaultCode::Reason(DecisionReasonCode::PartyNotActive), "discloser", message);
    }
    let agreed = || {
        facts.agreement.of(discloser.id).any(|row| {
            (row.discloser_id, row.register_id) == (discloser.id, register)
                && stands_for(facts, recipient, row.recipient_id)
        })
    };
    if !stands_for(facts, discloser.id, controller) && !agreed() {
        checks.fault(FaultCode::Conflict, "discloser", "does not disclose from this register");
    }
}

/// Every question of the newest catalogue answered once; anything but yes in words too, and a yes that asks for evidence
/// with some.
fn answers(
    checks: &mut Checks,
    facts: &Facts,
    given: &[AnswerInput],
    holder: Option<Holder>,
    documents: &mut Vec<document::Model>,
) -> Answers {
    let questions = decision::questions(CATALOGUE_VERSION);
    if given.len() > ANSWERS_MAX {
        checks.fault(FaultCode::TooLong, "answers", format!("more than {ANSWERS_MAX} answers"));
        return Answers::new();
    }
    let (mut found, mut seen) = (Answers::new(), BTreeSet::new());
    for (at, answer) in given.iter().enumerate() {
        let path = |member: &str| format!("answers.{at}.{member}");
        let text = checks.prose_if(&path("text"), answer.text.as_ref(), TEXT_CHARACTERS_MAX);
        if text.is_none() && answer.answer != StatementAnswerKind::Yes {
            checks.fault(FaultCode::Blank, &path("text"), "say in words what is not so and why");
        }
        let document = answer
            .document
            .as_ref()
            .zip(holder)
            .and_then(|(document, holder)| named(checks, facts, (&path("document"), document), holder, documents));
        let question = questions.iter().find(|question| question.code == answer.question);
        let Some(question) = checks.found(&path("question"), question, "question of the catalogue") else { continue };
        if !seen.insert(question.code) {
            checks.fault(FaultCode::Conflict, &path("question"), "is answered twice");
        }
        if text.is_none() && answer.answer == StatementAnswerKind::Yes && question.asks_evidence && document.is_none() {
            let message = format!("bear the yes out in words or by a document ({}, R64)", question.source);
            checks.fault(FaultCode::Blank, &path("text"), message);
        }
        found.insert(question.code, (answer.answer, text, document));
    }
    for question in questions.iter().filter(|question| !seen.contains(question.code)) {
        let message = format!("`{}` is not answered ({})", question.code, question.source);
        checks.fault(FaultCode::Blank, "answers", message);
    }
    found
}

/// Whether an input says what the newest version said as it was given. What its reviewer decided since does not matter.
fn repeats(
    facts: &Facts,
    prior: &protection_statement::Model,
    row: &protection_statement::Model,
    answers: &Answers,
) -> bool {
    let is_open = match prior.status {
        StatementStatus::Submitted | StatementStatus::UnderReview => true,
        StatementStatus::Returned | StatementStatus::Approved | StatementStatus::Rejected => false,
        StatementStatus::Draft | StatementStatus::Superseded | StatementStatus::Withdrawn => return false,
    };
    let proposed = if is_open { row } else { prior };
    let given = protection_statement::Model {
        id: prior.id,
        version: prior.version,
        status: prior.status,
        discloser_log_confirmed: prior.discloser_log_confirmed,
        decision_text: prior.decision_text.clone(),
        valid_until: proposed.valid_until,
        next_review_on: proposed.next_review_on,
        ..row.clone()
    };
    let same = |answer: &statement_answer::Model| {
        answers.get(answer.question_code.as_str()).is_some_and(|(kind, text, document)| {
            (answer.answer, &answer.text, answer.document_id) == (*kind, text, *document)
        })
    };
    let standing: Vec<_> = facts.statement_answer.of(prior.id).collect();
    given == *prior && standing.len() == answers.len() && standing.into_iter().all(|answer| same(answer))
}

/// What keeps a statement from being given.
fn guards(
    checks: &mut Checks,
    facts: &Facts,
    row: &protection_statement::Model,
    prior: Option<&protection_statement::Model>,
    now: Instant,
) {
    to_come(checks, (row.valid_until, row.next_review_on), now);
    if let Some(prior) = prior.filter(|prior| is_with_discloser(prior.status)) {
        let message = format!("version {} is {}; withdraw it first", prior.version, prior.status);
        checks.fault(FaultCode::Conflict, "register", message);
    }
    let ours = facts.protection_statement.of(row.recipient_id).filter(|other| {
        (other.register_id, other.recipient_id, other.discloser_id)
            == (row.register_id, row.recipient_id, row.discloser_id)
    });
    if ours.count() >= STATEMENTS_MAX {
        let message = format!("more than {STATEMENTS_MAX} statements between two bodies on one register");
        checks.fault(FaultCode::TooLong, "register", message);
    }
    for role in ANSWERABLE.into_iter().filter(|role| !is_served(facts, row.recipient_id, *role, helsinki_day(now))) {
        let message = format!("no contact of the recipient for all matters is {role} (R11, R55)");
        checks.fault(FaultCode::ContactMissing, "", message);
    }
}

/// Whether an organisation, or who took its place, has a mailbox of a role for all matters.
fn is_served(facts: &Facts, organisation: OrganisationId, role: ContactRole, today: Day) -> bool {
    let bodies = std::iter::once(organisation).chain(successors(facts, organisation));
    bodies.flat_map(|body| serving(facts, body, None, None, today)).any(|contact| contact.role == role)
}

fn is_with_discloser(status: StatementStatus) -> bool {
    matches!(status, StatementStatus::Submitted | StatementStatus::UnderReview)
}

/// Whether a version gives way to a new one as soon as that is given.
fn is_replaced(status: StatementStatus) -> bool {
    matches!(status, StatementStatus::Draft | StatementStatus::Returned)
}

fn answer_row(
    protection_statement_id: ProtectionStatementId,
    question: &str,
    (answer, text, document_id): (StatementAnswerKind, Option<String>, Option<DocumentId>),
) -> statement_answer::Model {
    statement_answer::Model {
        id: clock::fresh_id::<StatementAnswerId>(),
        protection_statement_id,
        question_code: question.to_owned(),
        answer,
        text,
        document_id,
        exception_accepted_by: None,
    }
}
