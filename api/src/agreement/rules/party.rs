//! Who else takes part in an agreement: processors, operators and joint controllers.

use entity::{
    agreement_party,
    vocabulary::{AgreementId, AgreementPartyId, Instant, OrganisationId, PartyRole},
};

use super::{PARTIES_MAX, amendable, check_exists};
use crate::{
    FaultCode, Violations,
    checks::Checks,
    facts::{Facts, global_id},
    journal::Changes,
    version,
};

/// Further party, in the texts given.
#[derive(Debug, Clone)]
pub struct PartyInput {
    /// Global id of the agreement.
    pub id: String,
    /// Business id of the organisation.
    pub organisation: String,
    /// Its role.
    pub role: PartyRole,
}

/// Names a further party in one role; the same again changes nothing. `known` is what the id names, as far as the asker may
/// know it.
pub fn add(
    facts: &Facts,
    fresh: AgreementPartyId,
    known: Option<AgreementId>,
    input: &PartyInput,
    by: (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let dossier = amendable(&mut checks, facts, (&input.id, known), by.1);
    let organisation = checks.organisation(facts, "organisation", &input.organisation);
    let organisation_id = organisation.map(|row| row.id);
    if let Some(organisation) = organisation {
        check_exists(&mut checks, "organisation", organisation, by.1);
    }
    if let (Some(dossier), Some(id)) = (dossier, organisation_id)
        && [dossier.row.discloser_id, dossier.row.recipient_id].contains(&id)
    {
        checks.fault(FaultCode::Conflict, "organisation", "is discloser or recipient already");
    }
    let prior = dossier.zip(organisation_id).and_then(|(dossier, id)| of_role(facts, dossier.row.id, (id, input.role)));
    let count = |id| facts.agreement_party.of(id).filter(|row| row.agreement_id == id).count();
    if prior.is_none() && dossier.is_some_and(|dossier| count(dossier.row.id) >= PARTIES_MAX) {
        checks.fault(FaultCode::TooLong, "id", format!("an agreement has at most {PARTIES_MAX} further parties"));
    }
    let repeated = prior.is_some();
    checks.done(|| {
        let (agreement_id, organisation_id) = (dossier?.row.id, organisation_id?);
        let row = agreement_party::Model { id: fresh, agreement_id, organisation_id, role: input.role };
        let edits = if repeated { Vec::new() } else { version::frozen(facts, agreement_id, vec![row.into()]) };
        Some(Changes { action: "addAgreementParty", subject: global_id(agreement_id), reason: None, edits })
    })
}

/// Party of an agreement in a role.
fn of_role(
    facts: &Facts,
    agreement: AgreementId,
    (organisation, role): (OrganisationId, PartyRole),
) -> Option<&agreement_party::Model> {
    let mut rows = facts.agreement_party.of(agreement).map(AsRef::as_ref);
    rows.find(|row| (row.agreement_id, row.organisation_id, row.role) == (agreement, organisation, role))
}
