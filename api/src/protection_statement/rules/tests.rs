use entity::{
    contact, organisation, register, statement_answer,
    vocabulary::{
        AgreementId, AgreementStatus, ClosedEnum, Codes, ContactId, ContactRole, Language, Publicity,
        StatementAnswerKind,
    },
};
use uuid::Uuid;

use super::*;
use crate::{
    Violations,
    decision::{self, CATALOGUE_VERSION},
    document::DocumentInput,
    facts::{bare, global_id},
    journal::Changes,
};

const KELA: OrganisationId = OrganisationId(Uuid::from_u128(1));
const CITY: OrganisationId = OrganisationId(Uuid::from_u128(2));
const AGENCY: OrganisationId = OrganisationId(Uuid::from_u128(3));
const REGISTER: RegisterId = RegisterId(Uuid::from_u128(4));

fn now() -> Instant {
    "2026-06-01T09:00:00Z".parse().unwrap()
}

fn id(number: u128) -> ProtectionStatementId {
    ProtectionStatementId(Uuid::from_u128(number))
}

fn body(id: OrganisationId, business_id: &str) -> organisation::Model {
    organisation::Model { business_id: business_id.parse().ok(), ..bare::organisation(id) }
}

fn mailbox(number: u128, role: ContactRole) -> contact::Model {
    contact::Model {
        id: ContactId(Uuid::from_u128(number)),
        organisation_id: CITY,
        agreement_id: None,
        role,
        name_fi: "Tietosuoja".to_owned(),
        name_sv: None,
        name_en: None,
        email: Some("tietosuoja@kunta.example".to_owned()),
        phone: None,
        languages: Codes([Language::Fi].into()),
        priority: 2,
        escalates_to_id: None,
        publicity: Publicity::Public,
        confirmed_on: None,
        retired_on: None,
    }
}

fn world() -> Facts {
    let edits: Vec<Edit> = [body(KELA, "0246246-0"), body(CITY, "0211675-2"), body(AGENCY, "2229500-6")]
        .map(Edit::from)
        .into_iter()
        .chain([register::Model { code: "KELMU".to_owned(), ..bare::register(REGISTER, KELA) }.into()])
        .chain([mailbox(11, ContactRole::DataProtectionOfficer).into()])
        .chain([mailbox(12, ContactRole::InformationSecurityManager).into()])
        .collect();
    Facts::default().after(1, &edits)
}

fn answered(but: &[(&str, StatementAnswerKind)]) -> Vec<AnswerInput> {
    let answer = |question: &decision::CatalogueQuestion| {
        let other = but.iter().find(|(code, _)| *code == question.code).map(|(_, answer)| *answer);
        AnswerInput {
            question: question.code.to_owned(),
            answer: other.unwrap_or(StatementAnswerKind::Yes),
            text: (other.is_some() || question.asks_evidence).then(|| "Selitys.".to_owned()),
            document: None,
        }
    };
    decision::questions(CATALOGUE_VERSION).iter().map(answer).collect()
}

fn account() -> StatementInput {
    StatementInput {
        register: "KELMU".to_owned(),
        recipient: None,
        discloser: None,
        channel: Channel::TechnicalInterface,
        required_by: None,
        dated_on: "2026-06-01".to_owned(),
        catalogue_version: None,
        recipient_collects_logs: true,
        answers: answered(&[]),
        valid_until: None,
        next_review_on: None,
        publicity: Publicity::PublicationRestricted,
    }
}

fn submitted(facts: &Facts, number: u128, input: &StatementInput) -> Facts {
    let changes = submit(facts, id(number), Some(CITY), input, ("city-1", now())).unwrap();
    facts.after(facts.seq + 1, &changes.edits)
}

fn action(number: u128, action: ReviewAction) -> ReviewInput {
    ReviewInput {
        id: global_id(id(number)),
        action,
        decision_text: None,
        discloser_log_confirmed: None,
        accepted_exceptions: Vec::new(),
        valid_until: None,
        next_review_on: None,
    }
}

fn reviewed(facts: &Facts, number: u128, input: &ReviewInput) -> Facts {
    let changes = review(facts, Some(id(number)), input, ("kela-1", now())).unwrap();
    facts.after(facts.seq + 1, &changes.edits)
}

fn returned(facts: &Facts, number: u128) -> Facts {
    let input = ReviewInput { decision_text: Some("Täydennä.".to_owned()), ..action(number, ReviewAction::Return) };
    reviewed(facts, number, &input)
}

fn status(facts: &Facts, number: u128) -> StatementStatus {
    facts.protection_statement.get(id(number)).unwrap().status
}

fn faults(outcome: Result<Changes, Violations>) -> Vec<String> {
    let said = |code: FaultCode| match code {
        FaultCode::Reason(code) => code.code().to_owned(),
        code => format!("{code:?}"),
    };
    let faults = outcome.err().unwrap_or_default();
    faults.into_iter().map(|fault| format!("{} {}", said(fault.code), fault.path.join("."))).collect()
}

fn given(facts: &Facts, input: &StatementInput) -> Vec<String> {
    faults(submit(facts, id(99), Some(CITY), input, ("city-1", now())))
}

fn decided(facts: &Facts, input: &ReviewInput) -> Vec<String> {
    faults(review(facts, input.id.parse().ok(), input, ("kela-1", now())))
}

#[test]
fn every_question_is_answered_once_and_anything_but_yes_in_words() {
    let facts = world();
    assert_eq!(given(&facts, &account()), Vec::<String>::new());
    let mut answers =
        answered(&[("POLICY", StatementAnswerKind::No), ("TRAINING", StatementAnswerKind::NotApplicable)]);
    answers.remove(0);
    answers[0].question = "C9_UNKNOWN".to_owned();
    answers.push(answers[5].clone());
    for answer in answers.iter_mut().filter(|answer| answer.answer != StatementAnswerKind::Yes) {
        answer.text = None;
    }
    let refusals = given(&facts, &StatementInput { answers, ..account() });
    assert_eq!(
        refusals,
        [
            "NotFound answers.0.question",
            "Blank answers.8.text",
            "Blank answers.9.text",
            "Conflict answers.12.question",
            "Blank answers",
            "Blank answers",
        ]
    );
    let mut bare = answered(&[]);
    bare[1].text = None;
    assert_eq!(given(&facts, &StatementInput { answers: bare.clone(), ..account() }), ["Blank answers.1.text"]);
    bare[1].document = Some(DocumentInput {
        title: "Tietoturvaohje".to_owned(),
        sha256: "ab".repeat(32),
        media_type: "application/pdf".to_owned(),
        location: None,
    });
    let borne_out = StatementInput { answers: bare, ..account() };
    assert_eq!(given(&facts, &borne_out), Vec::<String>::new());
    let many = StatementInput { answers: vec![answered(&[])[0].clone(); ANSWERS_MAX + 1], ..account() };
    assert_eq!(given(&facts, &many), ["TooLong answers"]);
}

#[test]
fn every_fault_of_a_statement_is_named_at_once() {
    let wrong = StatementInput {
        register: "NOWHERE".to_owned(),
        discloser: Some("0246246-1".to_owned()),
        required_by: Some("741/2023 47 § 2 mom".to_owned()),
        dated_on: "2026-06-02".to_owned(),
        catalogue_version: Some(CATALOGUE_VERSION + 1),
        valid_until: Some("soon".to_owned()),
        next_review_on: Some("2026-02-30".to_owned()),
        ..account()
    };
    assert_eq!(
        given(&world(), &wrong),
        [
            "NotFound register",
            "Malformed discloser",
            "NotFound requiredBy",
            "Malformed datedOn",
            "Conflict catalogueVersion",
            "Malformed validUntil",
            "Malformed nextReviewOn",
        ]
    );
    let past = StatementInput {
        valid_until: Some("2026-06-01T09:00:00Z".to_owned()),
        next_review_on: Some("2026-06-01".to_owned()),
        channel: Channel::ViewingConnection,
        ..account()
    };
    assert_eq!(
        given(&world(), &past),
        ["Conflict channel", "PeriodReversed validUntil", "PeriodReversed nextReviewOn"]
    );
    let far = |day: &str| StatementInput { next_review_on: Some(day.to_owned()), ..account() };
    assert_eq!(given(&world(), &far("2029-06-02")), ["TooLong nextReviewOn"]);
    assert_eq!(given(&world(), &far("2029-06-01")), Vec::<String>::new(), "36 months to the day");
}

#[test]
fn only_who_discloses_from_the_register_is_told() {
    let facts = world();
    let told = |facts: &Facts, discloser: &str| {
        given(facts, &StatementInput { discloser: Some(discloser.to_owned()), ..account() })
    };
    assert_eq!(told(&facts, "0246246-0"), Vec::<String>::new());
    assert_eq!(told(&facts, "2229500-6"), ["Conflict discloser"]);
    assert_eq!(told(&facts, "0211675-2"), ["Conflict discloser", "Conflict discloser"], "itself, and no discloser");
    let joint = bare::agreement(AgreementId(Uuid::from_u128(20)), AGENCY, CITY, REGISTER);
    assert_eq!(told(&facts.after(2, &[joint.into()]), "2229500-6"), Vec::<String>::new());
    let gone = organisation::Model {
        dissolved_on: "2025-12-31".parse().ok(),
        successor_id: Some(AGENCY),
        ..body(KELA, "0246246-0")
    };
    assert_eq!(told(&facts.after(2, &[gone.into()]), "0246246-0"), ["PARTY_NOT_ACTIVE discloser"]);
}

#[test]
fn recipient_has_mailboxes_for_data_protection_and_security() {
    let retired = |number, role| contact::Model { retired_on: "2026-05-31".parse().ok(), ..mailbox(number, role) };
    let facts = world().after(2, &[retired(11, ContactRole::DataProtectionOfficer).into()]);
    assert_eq!(given(&facts, &account()), ["ContactMissing "]);
    let facts = facts.after(3, &[retired(12, ContactRole::InformationSecurityManager).into()]);
    assert_eq!(given(&facts, &account()), ["ContactMissing ", "ContactMissing "]);
}

#[test]
fn the_same_statement_again_changes_nothing_and_another_waits_for_the_first() {
    let document = DocumentInput {
        title: "Tietoturvapolitiikka".to_owned(),
        sha256: "a".repeat(64),
        media_type: "application/pdf".to_owned(),
        location: None,
    };
    let mut input = account();
    input.answers[9].document = Some(document.clone());
    input.answers[10].document = Some(document);
    let facts = submitted(&world(), 1, &input);
    assert_eq!((facts.document.len(), status(&facts, 1)), (1, StatementStatus::Submitted));
    let again = submit(&facts, id(2), Some(CITY), &input, ("city-2", now())).unwrap();
    assert_eq!((again.subject, again.edits), (global_id(id(1)), Vec::new()));
    let other = StatementInput { recipient_collects_logs: false, ..input.clone() };
    assert_eq!(given(&facts, &other), ["Conflict register"]);
    let proposed = StatementInput { next_review_on: Some("2027-06-01".to_owned()), ..input.clone() };
    assert_eq!(given(&facts, &proposed), ["Conflict register"], "a proposal is part of what is under review");

    let approve = ReviewInput { next_review_on: Some("2027-01-01".to_owned()), ..action(1, ReviewAction::Approve) };
    let approved = reviewed(&facts, 1, &approve);
    assert!(submit(&approved, id(2), Some(CITY), &input, ("city-1", now())).unwrap().edits.is_empty());
    let renewed = StatementInput { dated_on: "2026-05-31".to_owned(), ..input.clone() };
    let renewed = submitted(&approved, 2, &renewed);
    assert_eq!((status(&renewed, 1), status(&renewed, 2)), (StatementStatus::Approved, StatementStatus::Submitted));
    assert_eq!(renewed.protection_statement.get(id(2)).unwrap().version, 2);
    let replaced = reviewed(&renewed, 2, &action(2, ReviewAction::Approve));
    assert_eq!((status(&replaced, 1), status(&replaced, 2)), (StatementStatus::Superseded, StatementStatus::Approved));
}

#[test]
fn a_new_version_takes_the_place_of_one_that_was_returned() {
    let facts = returned(&submitted(&world(), 1, &account()), 1);
    assert_eq!(given(&facts, &account()), Vec::<String>::new());
    assert!(submit(&facts, id(2), Some(CITY), &account(), ("city-1", now())).unwrap().edits.is_empty(), "unchanged");
    let completed = StatementInput { recipient_collects_logs: false, ..account() };
    let facts = submitted(&facts, 2, &completed);
    assert_eq!((status(&facts, 1), status(&facts, 2)), (StatementStatus::Superseded, StatementStatus::Submitted));
    assert_eq!(decided(&facts, &action(1, ReviewAction::Approve)), ["WrongStatus id"], "what was replaced is over");
}

#[test]
fn withdrawn_statement_may_be_given_again_and_a_rejected_one_not_withdrawn() {
    let facts = submitted(&world(), 1, &account());
    let taken = WithdrawalInput { id: global_id(id(1)), note: None };
    let changes = withdraw(&facts, Some(id(1)), &taken, ("city-1", now())).unwrap();
    let facts = facts.after(9, &changes.edits);
    assert_eq!(faults(withdraw(&facts, Some(id(1)), &taken, ("city-1", now()))), ["WrongStatus id"]);
    let facts = submitted(&facts, 2, &account());
    assert_eq!(facts.protection_statement.get(id(2)).unwrap().version, 2);
    let reject = ReviewInput { decision_text: Some("Ei.".to_owned()), ..action(2, ReviewAction::Reject) };
    let facts = reviewed(&facts, 2, &reject);
    let late = WithdrawalInput { id: global_id(id(2)), note: None };
    assert_eq!(faults(withdraw(&facts, Some(id(2)), &late, ("city-1", now()))), ["WrongStatus id"]);
    assert!(submit(&facts, id(3), Some(CITY), &account(), ("city-1", now())).unwrap().edits.is_empty());
}

#[test]
fn approval_needs_every_question_settled_and_somebody_who_logs() {
    let gaps = [("C4_MONITORING", StatementAnswerKind::Partial), ("CONFIDENTIALITY", StatementAnswerKind::No)];
    let input = StatementInput { answers: answered(&gaps), recipient_collects_logs: false, ..account() };
    let facts = submitted(&world(), 1, &input);
    let approve = action(1, ReviewAction::Approve);
    assert_eq!(
        decided(&facts, &approve),
        [
            "Blank discloserLogConfirmed",
            "CHECKLIST_INCOMPLETE acceptedExceptions",
            "CHECKLIST_INCOMPLETE acceptedExceptions",
        ]
    );
    let some = ReviewInput {
        discloser_log_confirmed: Some(true),
        accepted_exceptions: ["C4_MONITORING", "POLICY", "NOTHING"].map(str::to_owned).to_vec(),
        valid_until: Some("2026-06-01".to_owned()),
        ..approve.clone()
    };
    assert_eq!(
        decided(&facts, &some),
        [
            "PeriodReversed validUntil",
            "Blank decisionText",
            "Conflict acceptedExceptions.1",
            "NotFound acceptedExceptions.2",
            "CHECKLIST_INCOMPLETE acceptedExceptions",
        ]
    );
    let all = ReviewInput {
        accepted_exceptions: ["C4_MONITORING", "CONFIDENTIALITY"].map(str::to_owned).to_vec(),
        decision_text: Some("Poikkeukset perusteltu.".to_owned()),
        valid_until: None,
        ..some
    };
    let facts = reviewed(&facts, 1, &all);
    let row = facts.protection_statement.get(id(1)).unwrap();
    assert_eq!((row.status, row.discloser_log_confirmed), (StatementStatus::Approved, true));
    assert_eq!(row.next_review_on, "2029-06-01".parse().ok(), "at the latest in 36 months");
    assert!(decision::gaps(&facts, row).is_empty());
    let excepted = |row: &&statement_answer::Model| row.exception_accepted_by.as_deref() == Some("kela-1");
    assert_eq!(facts.statement_answer.of(id(1)).map(AsRef::as_ref).filter(excepted).count(), 2);
}

#[test]
fn return_and_rejection_say_why_and_decide_nothing_of_an_approval() {
    let facts = submitted(&world(), 1, &account());
    for refused in [ReviewAction::Return, ReviewAction::Reject] {
        assert_eq!(decided(&facts, &action(1, refused)), ["Blank decisionText"]);
    }
    let mixed = ReviewInput {
        discloser_log_confirmed: Some(true),
        accepted_exceptions: vec!["POLICY".to_owned()],
        valid_until: Some("2027-01-01".to_owned()),
        next_review_on: Some("2027-01-01".to_owned()),
        ..action(1, ReviewAction::Start)
    };
    assert_eq!(
        decided(&facts, &mixed),
        [
            "Conflict discloserLogConfirmed",
            "Conflict acceptedExceptions",
            "Conflict validUntil",
            "Conflict nextReviewOn",
        ]
    );
    let facts = reviewed(&facts, 1, &action(1, ReviewAction::Start));
    assert_eq!(decided(&facts, &action(1, ReviewAction::Start)), ["WrongStatus id"]);
    assert_eq!(status(&returned(&facts, 1), 1), StatementStatus::Returned);
}

#[test]
fn statement_waits_for_one_side_at_a_time_and_when_due_for_the_recipient_while_it_is_needed() {
    let waits = |facts: &Facts, number: u128, at: &str| {
        waits_for(facts, facts.protection_statement.get(id(number)).unwrap(), at.parse().unwrap())
    };
    let facts = submitted(&world(), 1, &account());
    assert_eq!(waits(&facts, 1, "2026-06-01T09:00:00Z"), Some(AgreementSide::Discloser));
    assert_eq!(waits(&returned(&facts, 1), 1, "2026-06-01T09:00:00Z"), Some(AgreementSide::Recipient));
    let approve = ReviewInput {
        next_review_on: Some("2027-06-01".to_owned()),
        valid_until: Some("2027-08-01".to_owned()),
        ..action(1, ReviewAction::Approve)
    };
    let facts = reviewed(&facts, 1, &approve);
    assert_eq!(waits(&facts, 1, "2027-06-01T09:00:00Z"), None, "nothing rests on it");
    let agreement = bare::agreement(AgreementId(Uuid::from_u128(20)), KELA, CITY, REGISTER);
    let active = entity::agreement::Model { status: AgreementStatus::Active, ..agreement };
    let facts = facts.after(20, &[active.into()]);
    assert_eq!(waits(&facts, 1, "2027-05-31T12:00:00Z"), None);
    assert_eq!(waits(&facts, 1, "2027-06-01T09:00:00Z"), Some(AgreementSide::Recipient), "due for review");
    let renewed = submitted(&facts, 2, &StatementInput { dated_on: "2026-05-31".to_owned(), ..account() });
    assert_eq!(waits(&renewed, 1, "2027-06-01T09:00:00Z"), None, "its next version is on the way");
}
