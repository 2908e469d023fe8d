//! Which keys an organisation may sign with, and how they come and go (R35; two pairs of eyes).

use std::sync::Arc;

use entity::{
    organisation_key,
    vocabulary::{Instant, OrganisationId, OrganisationKeyId, ProposalStatus, helsinki_day, helsinki_midnight},
};

use crate::{
    FaultCode, Violations,
    auth::{KeyFault, PublicKey},
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    confirmation::{self, Proposal},
    decision,
    facts::{Edit, Facts, global_id},
    journal::Changes,
};

/// Most keys of one organisation, revoked ones included.
pub const KEYS_MAX: usize = 100;

/// Characters of one key as given.
pub use crate::auth::JWK_CHARACTERS_MAX;

/// Key as given.
#[derive(Debug, Clone)]
pub struct KeyInput {
    /// Business ID of its holder.
    pub organisation: String,
    /// Public JSON Web Key.
    pub jwk: String,
    /// Instant from which signatures are accepted; now when absent.
    pub valid_from: Option<String>,
    /// Instant after which they are not.
    pub valid_until: Option<String>,
}

/// Revocation as asked for.
#[derive(Debug, Clone)]
pub struct RevocationInput {
    /// Global id of the key.
    pub id: String,
    /// Why.
    pub note: String,
}

/// Proposes a key of an organisation. One key is one proposal: with the same content it changes nothing.
pub fn propose(
    facts: &Facts,
    fresh: OrganisationKeyId,
    input: &KeyInput,
    (actor, now): (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let holder = holder(&mut checks, facts, &input.organisation, now);
    let key = key(&mut checks, &input.jwk);
    let valid_from = checks.instant_if("validFrom", input.valid_from.as_ref());
    let valid_until = checks.instant_if("validUntil", input.valid_until.as_ref());
    let prior = key.as_ref().and_then(|key| facts.organisation_key.by_key(&key.kid));
    if let Some(prior) = prior {
        let same = holder.is_none_or(|holder| holder == prior.organisation_id)
            && input.valid_from.as_ref().is_none_or(|_| valid_from.is_none_or(|from| from == prior.valid_from))
            && valid_until == prior.valid_until;
        if prior.status == ProposalStatus::Revoked {
            checks.fault(FaultCode::Conflict, "jwk", "this key has been revoked, and a revoked key does not return");
        } else if !same {
            checks.fault(FaultCode::Conflict, "jwk", "this key stands with another holder or another validity");
        }
        return checks.done(|| Some(changes("proposeKey", prior.id, None, Vec::new())));
    }
    validity(&mut checks, valid_from.unwrap_or(now), valid_until, now);
    if holder.is_some_and(|holder| facts.organisation_key.of(holder).count() >= KEYS_MAX) {
        checks.fault(FaultCode::TooLong, "organisation", format!("has {KEYS_MAX} keys, the most there may be"));
    }
    checks.done(|| {
        let key = key?;
        let row = organisation_key::Model {
            id: fresh,
            organisation_id: holder?,
            kid: key.kid,
            jwk: key.jwk,
            status: ProposalStatus::Proposed,
            proposed_by: actor.to_owned(),
            confirmed_by: None,
            valid_from: valid_from.unwrap_or(now),
            valid_until,
        };
        Some(changes("proposeKey", fresh, None, vec![row.into()]))
    })
}

/// Holder of a key: an organisation that exists.
fn holder(checks: &mut Checks, facts: &Facts, business_id: &str, now: Instant) -> Option<OrganisationId> {
    let row = checks.organisation(facts, "organisation", business_id)?;
    if !decision::exists(row, now) {
        checks.fault(FaultCode::Conflict, "organisation", "has ceased: its successor signs by a key of its own");
    }
    Some(row.id)
}

fn key(checks: &mut Checks, jwk: &str) -> Option<PublicKey> {
    if jwk.trim().is_empty() {
        checks.fault(FaultCode::Blank, "jwk", BLANK);
        return None;
    }
    if jwk.chars().nth(JWK_CHARACTERS_MAX).is_some() {
        checks.fault(FaultCode::TooLong, "jwk", format!("longer than {JWK_CHARACTERS_MAX} characters"));
        return None;
    }
    PublicKey::parse(jwk).map_err(|fault: KeyFault| checks.fault(FaultCode::Malformed, "jwk", fault.to_string())).ok()
}

/// An act does not backdate: a key is valid from today at the earliest, and for some time.
fn validity(checks: &mut Checks, from: Instant, until: Option<Instant>, now: Instant) {
    if from < helsinki_midnight(helsinki_day(now)) {
        checks.fault(FaultCode::Malformed, "validFrom", "is before today: an act does not backdate");
    }
    if until.is_some_and(|until| until <= from) {
        checks.fault(FaultCode::PeriodReversed, "validUntil", "is not after `validFrom`");
    } else if until.is_some_and(|until| until <= now) {
        checks.fault(FaultCode::Malformed, "validUntil", "must be later than now");
    }
}

/// Confirms a key; from then on signatures by it are accepted, within its validity.
pub fn confirm(facts: &Facts, id: &str, (actor, now): (&str, Instant)) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let Some(row) = named(&mut checks, facts, id) else { return checks.done(|| None) };
    let fresh = confirmation::confirms(&mut checks, proposal(row), actor);
    if fresh && row.valid_until.is_some_and(|until| until <= now) {
        checks.fault(FaultCode::WrongStatus, "id", "its validity has ended");
    }
    if fresh && facts.organisation.get(row.organisation_id).is_some_and(|holder| !decision::exists(holder, now)) {
        checks.fault(FaultCode::WrongStatus, "id", "its holder has ceased");
    }
    checks.done(|| {
        let (status, confirmed_by) = (ProposalStatus::Confirmed, Some(actor.to_owned()));
        let confirmed = organisation_key::Model { status, confirmed_by, ..row.as_ref().clone() };
        let edits = if fresh { vec![confirmed.into()] } else { Vec::new() };
        Some(changes("confirmKey", row.id, None, edits))
    })
}

/// Revokes a key at once: new signatures by it are refused, and earlier ones stand.
pub fn revoke(facts: &Facts, input: &RevocationInput, now: Instant) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let note =
        checks.prose("note", &input.note, TEXT_CHARACTERS_MAX, "say why: whoever holds the key must be able to tell");
    let row = named(&mut checks, facts, &input.id);
    if let Some(row) = row {
        confirmation::stands(&mut checks, row.status);
    }
    checks.done(|| {
        let row = row?;
        let until = row.valid_until.map_or(now, |until| until.min(now));
        let valid_until = if until > row.valid_from { Some(until) } else { row.valid_until };
        let revoked = organisation_key::Model { status: ProposalStatus::Revoked, valid_until, ..row.as_ref().clone() };
        Some(changes("revokeKey", row.id, note, vec![revoked.into()]))
    })
}

/// Key as a proposal.
pub fn proposal(row: &organisation_key::Model) -> Proposal<'_> {
    Proposal { status: row.status, proposed_by: &row.proposed_by, confirmed_by: row.confirmed_by.as_deref() }
}

fn named<'a>(checks: &mut Checks, facts: &'a Facts, id: &str) -> Option<&'a Arc<organisation_key::Model>> {
    let id: OrganisationKeyId = checks.parsed("id", id)?;
    checks.found("id", facts.organisation_key.get(id), "key")
}

fn changes(action: &'static str, id: OrganisationKeyId, reason: Option<String>, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason, edits }
}

#[cfg(test)]
mod tests;
