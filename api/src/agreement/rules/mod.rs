//! Acts on agreements: what each needs, and what it does. Status histories grow; terminal statuses never change.

pub mod activation;
pub mod amendment;
pub mod basis;
pub mod ending;
mod jws;
pub mod offer;
pub mod party;
pub mod registration;
pub mod renewal;
pub mod signing;

use std::sync::Arc;

use entity::{
    agreement, organisation,
    vocabulary::{
        AgreementId, AgreementKind, AgreementStatus, Day, DecisionReasonCode, Instant, OrganisationId, Publicity,
        StatusSubject, SuspensionReason, day_end,
    },
};

use crate::{
    FaultCode, Violations,
    auth::policy,
    checks::{Checks, REFERENCE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX},
    decision::{self, About, Reason},
    facts::{Dossier, Facts, global_id, in_succession, stands_for},
    journal::Changes,
    status,
};

/// Most parties of one agreement besides its two sides.
pub const PARTIES_MAX: usize = 20;

/// Most provisions one agreement rests on, each role counted.
pub const BASES_MAX: usize = 50;

/// Agreement as drafted, in the texts given.
#[derive(Debug, Clone)]
pub struct AgreementInput {
    /// Number.
    pub number: String,
    /// Identifier in the discloser's case register.
    pub case_register_id: Option<String>,
    /// Kind.
    pub kind: AgreementKind,
    /// Business ID of the recipient.
    pub recipient: String,
    /// Code of the register.
    pub register: String,
    /// First day.
    pub starts_on: Option<String>,
    /// Last day, included.
    pub ends_on: Option<String>,
    /// Number of the agreement it is to replace.
    pub supersedes: Option<String>,
    /// Publicity.
    pub publicity: Publicity,
}

/// Suspension as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct SuspensionInput {
    /// Global id of the agreement.
    pub id: String,
    /// Why.
    pub reason: SuspensionReason,
    /// The same in words.
    pub note: Option<String>,
}

/// Resumption as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct ResumptionInput {
    /// Global id of the agreement.
    pub id: String,
    /// Why, in words.
    pub note: Option<String>,
}

/// Drafts an agreement of the discloser's register. The same number with the same content changes nothing; with other
/// content it is a conflict. The controller drafts, since the law is always recorded in its agreement (R35).
pub fn create(
    facts: &Facts,
    id: AgreementId,
    discloser: OrganisationId,
    input: &AgreementInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let number = checks.text("number", &input.number, REFERENCE_CHARACTERS_MAX);
    let case_register_id = checks.text_if("caseRegisterId", input.case_register_id.as_ref(), REFERENCE_CHARACTERS_MAX);
    let recipient_row = checks.organisation(facts, "recipient", &input.recipient);
    let recipient = recipient_row.map(|row| row.id);
    let register = checks.found("register", facts.register.by_key(&input.register), "register").cloned();
    if register.as_ref().is_some_and(|row| !stands_for(facts, discloser, row.controller_id)) {
        checks.fault(FaultCode::Conflict, "register", "only the controller of a register discloses from it");
    }
    let starts_on = checks.day_if("startsOn", input.starts_on.as_ref());
    let ends_on = checks.day_if("endsOn", input.ends_on.as_ref());
    check_order(&mut checks, "endsOn", (starts_on, ends_on));
    let supersedes = input.supersedes.as_ref().and_then(|number| {
        let known = facts.agreement.by_key(number).filter(|row| policy::knows_of(facts, discloser, row));
        checks.found("supersedes", known, "agreement").cloned()
    });
    if let (Some(earlier), Some(recipient), Some(register)) = (&supersedes, recipient, &register)
        && !same_parties(facts, earlier, discloser, recipient, register.id)
    {
        checks.fault(FaultCode::Conflict, "supersedes", "its parties or register are others");
    }
    let prior = facts.agreement.by_key(&number);
    let row = recipient.zip(register).map(|(recipient_id, register)| agreement::Model {
        id: prior.map_or(id, |prior| prior.id),
        number,
        case_register_id,
        kind: input.kind,
        discloser_id: discloser,
        recipient_id,
        register_id: register.id,
        status: AgreementStatus::Draft,
        signed_on: None,
        starts_on,
        ends_on,
        termination_reason: None,
        supersedes_id: supersedes.map(|row| row.id),
        drafted_by_id: discloser,
        catalogue_version: decision::CATALOGUE_VERSION,
        publicity: input.publicity,
        version: 1,
        content_hash: None,
    });
    let repeated = prior.filter(|prior| row.as_ref().is_some_and(|row| same_draft(prior, row))).map(|prior| prior.id);
    if repeated.is_none() {
        check_end(&mut checks, ends_on, by.1);
        if let Some(recipient) = recipient_row {
            check_recipient(&mut checks, facts, discloser, recipient, by.1);
        }
        if prior.is_some() && row.is_some() {
            checks.fault(FaultCode::Conflict, "number", "another agreement has this number");
        }
    }
    checks.done(|| {
        let changes = |edits| Changes {
            action: "createAgreement",
            subject: global_id(repeated.unwrap_or(id)),
            reason: None,
            edits,
        };
        if repeated.is_some() {
            return Some(changes(Vec::new()));
        }
        let row = row?;
        let entry = status::entry(facts, (StatusSubject::Agreement, id.0), row.status, by, None);
        Some(changes(vec![row.into(), entry.into()]))
    })
}

/// Whether a repeated number brings what was drafted under it; what has come to it since does not matter.
fn same_draft(prior: &agreement::Model, draft: &agreement::Model) -> bool {
    let drafted = agreement::Model {
        status: draft.status,
        signed_on: draft.signed_on,
        termination_reason: draft.termination_reason,
        catalogue_version: draft.catalogue_version,
        version: draft.version,
        content_hash: draft.content_hash.clone(),
        ..prior.clone()
    };
    drafted == *draft
}

/// The recipient of a new agreement is another body than the discloser, and exists.
fn check_recipient(
    checks: &mut Checks,
    facts: &Facts,
    discloser: OrganisationId,
    recipient: &organisation::Model,
    at: Instant,
) {
    if in_succession(facts, discloser, recipient.id) {
        checks.fault(FaultCode::Conflict, "recipient", "an agreement has two parties");
    }
    check_exists(checks, "recipient", recipient, at);
}

/// Nobody who has ceased to exist becomes a party, whoever took its place.
fn check_exists(checks: &mut Checks, member: &str, organisation: &organisation::Model, at: Instant) {
    if !decision::exists(organisation, at) {
        let code = DecisionReasonCode::PartyNotActive;
        checks.reasons(member, [Reason { code, item: None, bases: Vec::new(), about: About::Nothing }]);
    }
}

/// A term does not end before it starts; `member` is the day that was given last.
fn check_order(checks: &mut Checks, member: &str, (starts_on, ends_on): (Option<Day>, Option<Day>)) {
    if starts_on.zip(ends_on).is_some_and(|(starts_on, ends_on)| ends_on < starts_on) {
        checks.fault(FaultCode::PeriodReversed, member, "ends before it starts");
    }
}

/// A term that is drafted has not ended already.
fn check_end(checks: &mut Checks, ends_on: Option<Day>, at: Instant) {
    if ends_on.is_some_and(|day| day_end(day) <= at) {
        checks.fault(FaultCode::PeriodReversed, "endsOn", "has passed");
    }
}

/// Parties are the same when each is, or took the place of, the earlier one.
fn same_parties(
    facts: &Facts,
    earlier: &agreement::Model,
    discloser: OrganisationId,
    recipient: OrganisationId,
    register: entity::vocabulary::RegisterId,
) -> bool {
    earlier.register_id == register
        && stands_for(facts, discloser, earlier.discloser_id)
        && stands_for(facts, recipient, earlier.recipient_id)
}

/// Suspends an agreement in force, with its reason; `known` is what the id names, as far as the asker may know it.
pub fn suspend(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &SuspensionInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let said = status::suspension(&mut checks, input.reason, input.note.as_ref());
    let row = in_status(&mut checks, facts, (&input.id, known), AgreementStatus::Active);
    let active = row.as_ref().filter(|row| row.status == AgreementStatus::Active);
    let dossier = active.and_then(|row| facts.dossier(row.id));
    if let Some(dossier) = dossier.filter(|dossier| decision::is_over(dossier, by.1)) {
        wrong_status(&mut checks, dossier, by.1);
    }
    checks.done(|| Some(moved(facts, &row?, AgreementStatus::Suspended, "suspendAgreement", Some(said), by)))
}

/// Resumes a suspended agreement once what it needs is in place again; `known` as for [`suspend`].
pub fn resume(
    facts: &Facts,
    known: Option<AgreementId>,
    input: &ResumptionInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note = checks.prose_if("note", input.note.as_ref(), TEXT_CHARACTERS_MAX);
    let row = in_status(&mut checks, facts, (&input.id, known), AgreementStatus::Suspended);
    if let (Some(dossier), true) = (row.as_ref().and_then(|row| facts.dossier(row.id)), checks.is_clean()) {
        checks.reasons("id", decision::resumable(facts, dossier, by.1));
    }
    checks.done(|| Some(moved(facts, &row?, AgreementStatus::Active, "resumeAgreement", note, by)))
}

/// Agreement of an id, as far as the asker may know it.
fn of_id<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    (id, known): (&str, Option<AgreementId>),
) -> Option<&'a Arc<Dossier>> {
    let id = checks.parsed::<AgreementId>("id", id)?;
    checks.found("id", facts.dossier(id).filter(|dossier| known == Some(dossier.row.id)), "agreement")
}

/// The same, of one whose content may be changed.
fn amendable<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    of: (&str, Option<AgreementId>),
    at: Instant,
) -> Option<&'a Arc<Dossier>> {
    let dossier = of_id(checks, facts, of)?;
    check_amendable(checks, dossier, at);
    Some(dossier)
}

fn check_amendable(checks: &mut Checks, dossier: &Dossier, at: Instant) {
    if !decision::is_amendable(dossier, at) {
        wrong_status(checks, dossier, at);
    }
}

/// Refusal of an act that is not done to an agreement as it stands; it says where its term is why.
fn wrong_status(checks: &mut Checks, dossier: &Dossier, at: Instant) {
    let is_term = decision::is_offered(dossier.row.status) && decision::has_ended(dossier, at);
    let over = if is_term { ", and its term has ended" } else { "" };
    checks.fault(FaultCode::WrongStatus, "id", format!("the agreement is {}{over}", dossier.row.status));
}

fn in_status(
    checks: &mut Checks,
    facts: &Facts,
    of: (&str, Option<AgreementId>),
    status: AgreementStatus,
) -> Option<agreement::Model> {
    let row = &of_id(checks, facts, of)?.row;
    if row.status != status {
        checks.fault(FaultCode::WrongStatus, "id", format!("the agreement is {}, not {status}", row.status));
    }
    Some(row.as_ref().clone())
}

fn moved(
    facts: &Facts,
    row: &agreement::Model,
    status: AgreementStatus,
    action: &'static str,
    reason: Option<String>,
    by: (&str, Instant),
) -> Changes {
    let entry = status::entry(facts, (StatusSubject::Agreement, row.id.0), status, by, reason.clone());
    let row = agreement::Model { status, ..row.clone() };
    Changes { action, subject: global_id(row.id), reason, edits: vec![row.into(), entry.into()] }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn faults(outcome: Result<Changes, Violations>) -> Vec<(FaultCode, String)> {
        outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
    }

    fn malformed(path: &str) -> (FaultCode, String) {
        (FaultCode::Malformed, path.to_owned())
    }

    #[test]
    fn malformed_days_and_ids_hide_no_other_fault() {
        let input = AgreementInput {
            number: String::new(),
            case_register_id: Some("131052-308T".to_owned()),
            kind: AgreementKind::Agreement,
            recipient: "3221308-7".to_owned(),
            register: "NO".to_owned(),
            starts_on: Some("2026-02-30".to_owned()),
            ends_on: Some("2020-01-01".to_owned()),
            supersedes: Some("NO".to_owned()),
            publicity: Publicity::Public,
        };
        let (id, discloser) = (AgreementId(Uuid::nil()), OrganisationId(Uuid::nil()));
        let outcome = create(&Facts::default(), id, discloser, &input, ("officer", Instant::UNIX_EPOCH));
        assert_eq!(
            faults(outcome),
            [
                (FaultCode::Blank, "number".to_owned()),
                malformed("caseRegisterId"),
                malformed("recipient"),
                (FaultCode::NotFound, "register".to_owned()),
                malformed("startsOn"),
                (FaultCode::NotFound, "supersedes".to_owned()),
            ]
        );
    }

    #[test]
    fn suspension_of_nothing_is_refused_with_its_other_faults() {
        let by = ("officer", Instant::UNIX_EPOCH);
        let id = AgreementId(Uuid::nil());
        let input = |id: &str, note: &str| SuspensionInput {
            id: id.to_owned(),
            reason: SuspensionReason::Misuse,
            note: Some(note.to_owned()),
        };
        let outcome = suspend(&Facts::default(), None, &input("x", "131052-308T"), by);
        assert_eq!(faults(outcome), [malformed("note"), malformed("id")]);
        let outcome = suspend(&Facts::default(), Some(id), &input(&global_id(id), "a\u{0}b"), by);
        assert_eq!(faults(outcome), [malformed("note"), (FaultCode::NotFound, "id".to_owned())]);
    }
}
