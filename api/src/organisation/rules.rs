//! What an organisation must be like, and how the list of them is kept.

use std::sync::Arc;

use entity::{
    agreement, organisation,
    vocabulary::{
        AgreementStatus, AuthorityStatus, BusinessId, CountyCode, DecisionReasonCode, IdentifierSource, Instant,
        MunicipalityCode, Oid, OrganisationId, OrganisationKind, OvtCode, helsinki_day,
    },
};

use uuid::Uuid;

use crate::{
    FaultCode, Violations,
    checks::{Checks, NamesInput},
    decision,
    facts::{Edit, Facts, global_id, in_succession, stands_for},
    journal::Changes,
};

/// Most subsystems of one organisation on the data exchange layer.
pub const SUBSYSTEMS_MAX: usize = 100;

/// Organisation as given.
#[derive(Debug, Clone)]
pub struct OrganisationInput {
    /// Business ID.
    pub business_id: Option<String>,
    /// OVT code.
    pub ovt_code: Option<String>,
    /// Object identifier.
    pub oid: Option<String>,
    /// Names.
    pub name: NamesInput,
    /// Kind.
    pub kind: OrganisationKind,
    /// Authority status.
    pub authority_status: AuthorityStatus,
    /// Country; Finland when absent.
    pub country: Option<String>,
    /// Municipality.
    pub municipality_code: Option<String>,
    /// Wellbeing services county.
    pub county_code: Option<String>,
}

/// Row of an input; `prior` gives what the input does not speak of.
fn row(
    checks: &mut Checks,
    id: OrganisationId,
    input: &OrganisationInput,
    prior: Option<&organisation::Model>,
) -> organisation::Model {
    let (name_fi, name_sv, name_en) = checks.names("name", &input.name);
    let business_id: Option<BusinessId> = checks.parsed_if("businessId", input.business_id.as_ref());
    let municipality_code: Option<MunicipalityCode> =
        checks.parsed_if("municipalityCode", input.municipality_code.as_ref());
    let county_code: Option<CountyCode> = checks.parsed_if("countyCode", input.county_code.as_ref());
    let country = input.country.clone().unwrap_or_else(|| "FI".to_owned());
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        checks.fault(FaultCode::Malformed, "country", "not a two-letter country code in capitals (ISO 3166-1)");
    }
    if country == "FI" && input.business_id.is_none() {
        checks.fault(FaultCode::Blank, "businessId", "a Finnish organisation has a business ID");
    }
    let is_municipality = matches!(input.kind, OrganisationKind::Municipality | OrganisationKind::AlandMunicipality);
    if is_municipality && input.municipality_code.is_none() {
        checks.fault(FaultCode::Blank, "municipalityCode", "a municipality has a municipality number");
    }
    if input.kind == OrganisationKind::WellbeingCounty && input.county_code.is_none() {
        checks.fault(FaultCode::Blank, "countyCode", "a wellbeing services county has a county code");
    }
    organisation::Model {
        id,
        business_id,
        ovt_code: checks.parsed_if::<OvtCode>("ovtCode", input.ovt_code.as_ref()),
        oid: checks.parsed_if::<Oid>("oid", input.oid.as_ref()),
        name_fi,
        name_sv,
        name_en,
        kind: input.kind,
        authority_status: input.authority_status,
        country,
        municipality_code,
        county_code,
        identifier_source: prior.map_or(IdentifierSource::PublicSource, |row| row.identifier_source),
        dissolved_on: prior.and_then(|row| row.dissolved_on),
        successor_id: prior.and_then(|row| row.successor_id),
    }
}

/// Registers an organisation. The same business ID with the same content changes nothing; with other content it is a
/// conflict.
pub fn register(facts: &Facts, id: OrganisationId, input: &OrganisationInput) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let prior = input.business_id.as_deref().and_then(|id| facts.organisation_of(id));
    let row = row(&mut checks, prior.map_or(id, |prior| prior.id), input, prior.map(AsRef::as_ref));
    let repeated = prior.is_some_and(|prior| **prior == row);
    if prior.is_some() && !repeated {
        checks.fault(FaultCode::Conflict, "businessId", "another organisation is registered with this business ID");
    }
    let edits = if repeated { Vec::new() } else { vec![Edit::from(row.clone())] };
    checks.done(|| Some(changes("registerOrganisation", row.id, edits)))
}

/// Amends what is known of an organisation. Its business ID may be added but never changes: messages, pseudonyms and
/// grants are known by it, and a new business ID is a new body.
pub fn amend(facts: &Facts, id: &str, input: &OrganisationInput) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let prior = named(&mut checks, facts, id);
    let id = prior.map_or_else(|| OrganisationId(Uuid::nil()), |row| row.id);
    let row = row(&mut checks, id, input, prior.map(AsRef::as_ref));
    let given: Option<BusinessId> = input.business_id.as_deref().and_then(|text| text.parse().ok());
    let is_other = |prior: BusinessId| given.is_some_and(|given| given != prior) || input.business_id.is_none();
    let namesake = given.and_then(|given| facts.organisation_of(given.as_str())).is_some_and(|other| other.id != id);
    if prior.and_then(|prior| prior.business_id).is_some_and(is_other) {
        let message = "a business ID never changes: register the new body and name it the successor";
        checks.fault(FaultCode::Conflict, "businessId", message);
    } else if prior.is_some() && namesake {
        checks.fault(FaultCode::Conflict, "businessId", "another organisation is registered with this business ID");
    }
    checks.done(|| Some(changes("amendOrganisation", id, vec![row.into()])))
}

/// Organisation of a global id.
fn named<'a>(checks: &mut Checks, facts: &'a Facts, id: &str) -> Option<&'a Arc<organisation::Model>> {
    let id: OrganisationId = checks.parsed("id", id)?;
    checks.found("id", facts.organisation.get(id), "organisation")
}

/// Dissolves an organisation on its last day, which has come, with the body its rights and duties pass to: who succeeds
/// acts from then on. Without one, its agreements must have ended.
pub fn dissolve(
    facts: &Facts,
    id: &str,
    dissolved_on: &str,
    successor: Option<&str>,
    now: Instant,
) -> Result<Changes, Violations> {
    dissolve_among(facts, id, dissolved_on, successor, now, &|_| true)
}

/// The same, told only of agreements that count: whoever may not know of one is not told that it stands in the way.
pub fn dissolve_among(
    facts: &Facts,
    id: &str,
    dissolved_on: &str,
    successor: Option<&str>,
    now: Instant,
    counts: &dyn Fn(&agreement::Model) -> bool,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let prior = named(&mut checks, facts, id).cloned();
    let id = prior.as_ref().map(|row| row.id);
    let dissolved_on = checks.day("dissolvedOn", dissolved_on);
    if dissolved_on.is_some_and(|day| helsinki_day(now) < day) {
        let message = "is still to come: an organisation is dissolved on its last day or later";
        checks.fault(FaultCode::PeriodReversed, "dissolvedOn", message);
    }
    let successor_row =
        successor.and_then(|business_id| checks.organisation(facts, "successor", business_id)).map(|row| row.id);
    if prior.as_ref().is_some_and(|row| row.dissolved_on.is_some()) {
        checks.fault(FaultCode::WrongStatus, "id", "the organisation has been dissolved already");
    }
    if let (Some(id), Some(next)) = (id, successor_row) {
        succeeds(&mut checks, facts, (id, next), now, counts);
    }
    let runs =
        |status| matches!(status, AgreementStatus::Active | AgreementStatus::Suspended | AgreementStatus::Signed);
    let running = id.map_or(0, |id| facts.agreements_of(id).filter(|agreement| runs(agreement.status)).count());
    if successor.is_none() && running > 0 {
        checks.fault(
            FaultCode::Conflict,
            "successor",
            format!("{running} agreements are running: name the successor, or end them first"),
        );
    }
    checks.done(|| {
        let row =
            organisation::Model { dissolved_on: Some(dissolved_on?), successor_id: successor_row, ..(*prior?).clone() };
        Some(changes("dissolveOrganisation", row.id, vec![row.into()]))
    })
}

/// A successor exists, is another body, and is not the other party of what it would take over.
fn succeeds(
    checks: &mut Checks,
    facts: &Facts,
    (id, next): (OrganisationId, OrganisationId),
    now: Instant,
    counts: &dyn Fn(&agreement::Model) -> bool,
) {
    if stands_for(facts, id, next) {
        checks.fault(FaultCode::Conflict, "successor", "an organisation cannot succeed itself");
    }
    if facts.organisation.get(next).is_some_and(|row| !decision::exists(row, now)) {
        checks.reasons("successor", [decision::cited(facts, DecisionReasonCode::PartyNotActive, now)]);
    }
    let lives = |row: &agreement::Model| facts.dossier(row.id).is_some_and(|dossier| !decision::is_over(dossier, now));
    let between = facts.agreements_of(id).filter(|row| counts(row) && lives(row)).filter(|row| {
        [row.discloser_id, row.recipient_id]
            .into_iter()
            .all(|party| [id, next].iter().any(|one| in_succession(facts, *one, party)))
    });
    let between = between.count();
    if between > 0 {
        let message = format!("is the other party of {between} agreements: end them first");
        checks.fault(FaultCode::Conflict, "successor", message);
    }
}

fn changes(action: &'static str, id: OrganisationId, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason: None, edits }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: OrganisationId = OrganisationId(Uuid::from_u128(1));

    fn input(business_id: Option<&str>) -> OrganisationInput {
        OrganisationInput {
            business_id: business_id.map(str::to_owned),
            ovt_code: None,
            oid: None,
            name: NamesInput { fi: Some("Virasto".to_owned()), ..NamesInput::default() },
            kind: OrganisationKind::StateAgency,
            authority_status: AuthorityStatus::Authority,
            country: business_id.is_none().then(|| "SE".to_owned()),
            municipality_code: None,
            county_code: None,
        }
    }

    fn world(business_id: Option<&str>) -> Facts {
        let facts = Facts::default();
        let changes = register(&facts, ID, &input(business_id)).unwrap();
        facts.after(1, &changes.edits)
    }

    fn faults(outcome: Result<Changes, Violations>) -> Vec<(FaultCode, String)> {
        outcome.unwrap_err().into_iter().map(|fault| (fault.code, fault.path.join("."))).collect()
    }

    #[test]
    fn business_id_may_be_added_and_never_changes() {
        let id = global_id(ID);
        assert!(amend(&world(None), &id, &input(Some("0246246-0"))).is_ok());
        assert!(amend(&world(Some("0246246-0")), &id, &input(Some("0246246-0"))).is_ok());
        for other in [Some("0116297-6"), None] {
            let outcome = amend(&world(Some("0246246-0")), &id, &input(other));
            assert_eq!(faults(outcome), [(FaultCode::Conflict, "businessId".to_owned())], "{other:?}");
        }
        let malformed = amend(&world(Some("0246246-0")), &id, &input(Some("0246246-1")));
        assert_eq!(faults(malformed), [(FaultCode::Malformed, "businessId".to_owned())]);
    }

    #[test]
    fn business_id_of_another_is_not_added() {
        let other = OrganisationId(Uuid::from_u128(2));
        let facts = world(Some("0246246-0"));
        let changes = register(&facts, other, &input(None)).unwrap();
        let facts = facts.after(2, &changes.edits);
        let outcome = amend(&facts, &global_id(other), &input(Some("0246246-0")));
        assert_eq!(faults(outcome), [(FaultCode::Conflict, "businessId".to_owned())]);
    }

    fn now() -> Instant {
        "2026-10-31T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn organisation_is_dissolved_on_its_last_day_or_later() {
        let dissolved = |day| dissolve(&world(None), &global_id(ID), day, None, now());
        for day in ["2026-10-31", "2026-10-30"] {
            assert!(dissolved(day).is_ok(), "{day}");
        }
        assert_eq!(faults(dissolved("2026-11-01")), [(FaultCode::PeriodReversed, "dissolvedOn".to_owned())]);
    }

    #[test]
    fn malformed_id_hides_no_other_fault() {
        let outcome = dissolve(&world(None), "nope", "2025-02-29", Some("nope"), now());
        let expected = ["id", "dissolvedOn", "successor"].map(|path| (FaultCode::Malformed, path.to_owned()));
        assert_eq!(faults(outcome), expected);
        let faulty = OrganisationInput { name: NamesInput::default(), ..input(Some("0246246-0")) };
        let outcome = amend(&world(Some("0246246-0")), "nope", &faulty);
        assert_eq!(
            faults(outcome),
            [(FaultCode::Malformed, "id".to_owned()), (FaultCode::Blank, "name.fi".to_owned())]
        );
    }
}
