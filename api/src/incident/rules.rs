//! How misuse and breaches are reported and closed (R18; GDPR article 33).

use entity::{
    incident,
    vocabulary::{
        AgreementId, Day, IncidentId, IncidentKind, IncidentStatus, Instant, OrganisationId, Publicity, StatusSubject,
        helsinki_day,
    },
};

use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    facts::{Facts, global_id},
    journal::Changes,
    status,
};

/// Incident as reported, in the texts given.
#[derive(Debug, Clone)]
pub struct ReportInput {
    /// Number of the agreement.
    pub agreement: String,
    /// Kind.
    pub kind: IncidentKind,
    /// What happened.
    pub description: String,
    /// Instant it happened.
    pub occurred_at: String,
    /// Instant it became known; when it happened if absent.
    pub known_at: Option<String>,
    /// Day on which the supervisory authority was told.
    pub notified_authority_on: Option<String>,
    /// Who may know of it.
    pub publicity: Publicity,
}

/// Closing as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct ClosingInput {
    /// Global id of the incident.
    pub id: String,
    /// What was found and done.
    pub outcome: String,
    /// Day on which the supervisory authority was told.
    pub notified_authority_on: Option<String>,
}

/// Notice to the authority as recorded, in the texts given.
#[derive(Debug, Clone)]
pub struct NoticeInput {
    /// Global id of the incident.
    pub id: String,
    /// Day on which the supervisory authority was told.
    pub notified_authority_on: String,
}

/// Reports an incident under an agreement; `known` is what the number names, as far as the asker may know it. The same
/// kind at the same instant by the same reporter is the same incident: with the same content it changes nothing.
pub fn report(
    facts: &Facts,
    fresh: IncidentId,
    (known, reporter): (Option<AgreementId>, OrganisationId),
    input: &ReportInput,
    (actor, now): (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let agreement = checks.found("agreement", known, "agreement");
    let description = checks.prose("description", &input.description, TEXT_CHARACTERS_MAX, BLANK);
    let occurred_at = checks.instant("occurredAt", &input.occurred_at);
    let known_at = checks.instant_if("knownAt", input.known_at.as_ref());
    for (path, instant) in [("occurredAt", occurred_at), ("knownAt", known_at)] {
        if instant.is_some_and(|instant| instant > now) {
            checks.fault(FaultCode::Malformed, path, "must not be later than now");
        }
    }
    if known_at.zip(occurred_at).is_some_and(|(known_at, occurred_at)| known_at < occurred_at) {
        checks.fault(FaultCode::PeriodReversed, "knownAt", "is before it happened");
    }
    let notified_authority_on = notified(&mut checks, input.notified_authority_on.as_ref(), occurred_at, now);
    let row = agreement.zip(occurred_at).map(|(agreement_id, occurred_at)| incident::Model {
        id: fresh,
        agreement_id,
        reporter_id: reporter,
        kind: input.kind,
        status: IncidentStatus::Reported,
        description: description.unwrap_or_default(),
        occurred_at,
        known_at,
        reported_at: now,
        closed_at: None,
        notified_authority_on,
        outcome: None,
        publicity: input.publicity,
    });
    let prior = row.as_ref().and_then(|row| reported(facts, (row.agreement_id, reporter), input.kind, row.occurred_at));
    if let (Some(prior), Some(row)) = (prior, &row)
        && !same_report(prior, row)
    {
        checks.fault(FaultCode::Conflict, "occurredAt", "this kind was reported at this instant with other content");
    }
    checks.done(|| {
        let changes =
            |id: IncidentId, edits| Changes { action: "reportIncident", subject: global_id(id), reason: None, edits };
        if let Some(prior) = prior {
            return Some(changes(prior.id, Vec::new()));
        }
        let row = row?;
        let entry = status::entry(facts, (StatusSubject::Incident, fresh.0), row.status, (actor, now), None);
        Some(changes(fresh, vec![row.into(), entry.into()]))
    })
}

/// Incident a reporter has reported of a kind and instant.
pub fn reported(
    facts: &Facts,
    (agreement, reporter): (AgreementId, OrganisationId),
    kind: IncidentKind,
    occurred_at: Instant,
) -> Option<&incident::Model> {
    let same = |row: &&incident::Model| (row.reporter_id, row.kind, row.occurred_at) == (reporter, kind, occurred_at);
    facts.incident.of(agreement).map(AsRef::as_ref).find(same)
}

/// Whether a report says what stands; what was done about it since does not matter.
fn same_report(prior: &incident::Model, row: &incident::Model) -> bool {
    (&prior.description, prior.known_at, prior.publicity) == (&row.description, row.known_at, row.publicity)
        && row.notified_authority_on.is_none_or(|day| prior.notified_authority_on == Some(day))
}

/// Closes an incident with its outcome; `known` is what the id names, as far as the asker may know it.
pub fn close(
    facts: &Facts,
    known: Option<IncidentId>,
    input: &ClosingInput,
    (actor, now): (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let outcome = checks.prose("outcome", &input.outcome, TEXT_CHARACTERS_MAX, BLANK);
    let row = open(&mut checks, facts, &input.id, known);
    let occurred_at = row.as_ref().map(|row| row.occurred_at);
    let told = notified(&mut checks, input.notified_authority_on.as_ref(), occurred_at, now);
    let before = row.as_ref().and_then(|row| row.notified_authority_on);
    if before.zip(told).is_some_and(|(before, told)| before != told) {
        checks.fault(FaultCode::Conflict, "notifiedAuthorityOn", "another day stands already");
    }
    checks.done(|| {
        let row = row?;
        let status = IncidentStatus::Closed;
        let entry = status::entry(facts, (StatusSubject::Incident, row.id.0), status, (actor, now), None);
        let row = incident::Model {
            status,
            outcome,
            closed_at: Some(now.max(row.reported_at)),
            notified_authority_on: told.or(before),
            ..row
        };
        let subject = global_id(row.id);
        Some(Changes { action: "closeIncident", subject, reason: None, edits: vec![row.into(), entry.into()] })
    })
}

/// Records that the supervisory authority was told of an open incident, so that its 72 hours need not be closed to be kept;
/// `known` is what the id names, as far as the asker may know it. The same day again changes nothing.
pub fn record_notice(
    facts: &Facts,
    known: Option<IncidentId>,
    input: &NoticeInput,
    now: Instant,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let id: Option<IncidentId> = checks.parsed("id", &input.id);
    let row = id.and_then(|id| {
        let row = facts.incident.get(id).filter(|row| known == Some(row.id));
        checks.found("id", row, "incident").map(|row| row.as_ref().clone())
    });
    let occurred_at = row.as_ref().map(|row| row.occurred_at);
    let told = notified(&mut checks, Some(&input.notified_authority_on), occurred_at, now);
    let before = row.as_ref().and_then(|row| row.notified_authority_on);
    let stands = told.is_some() && before == told;
    if before.is_some() && told.is_some() && !stands {
        checks.fault(FaultCode::Conflict, "notifiedAuthorityOn", "another day stands already");
    }
    if !stands && row.as_ref().is_some_and(|row| row.status == IncidentStatus::Closed) {
        checks.fault(FaultCode::WrongStatus, "id", "the incident is closed");
    }
    checks.done(|| {
        let row = incident::Model { notified_authority_on: told, ..row? };
        let subject = global_id(row.id);
        let edits = if stands { Vec::new() } else { vec![row.into()] };
        Some(Changes { action: "recordAuthorityNotice", subject, reason: None, edits })
    })
}

fn open(checks: &mut Checks, facts: &Facts, id: &str, known: Option<IncidentId>) -> Option<incident::Model> {
    let id = checks.parsed::<IncidentId>("id", id)?;
    let row = checks.found("id", facts.incident.get(id).filter(|row| known == Some(row.id)), "incident")?;
    if row.status == IncidentStatus::Closed {
        checks.fault(FaultCode::WrongStatus, "id", "the incident is closed");
    }
    Some(row.as_ref().clone())
}

/// Day on which the authority was told: not before it happened, and not to come.
fn notified(checks: &mut Checks, text: Option<&String>, occurred_at: Option<Instant>, now: Instant) -> Option<Day> {
    let day = checks.day_if("notifiedAuthorityOn", text)?;
    if day > helsinki_day(now) {
        checks.fault(FaultCode::Malformed, "notifiedAuthorityOn", "must not be later than today");
    }
    if occurred_at.is_some_and(|at| day < helsinki_day(at)) {
        checks.fault(FaultCode::PeriodReversed, "notifiedAuthorityOn", "is before it happened");
    }
    Some(day)
}
