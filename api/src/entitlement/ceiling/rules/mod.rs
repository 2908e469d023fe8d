//! What an entitlement must be like, and how it comes and ends (R33, R40; two pairs of eyes).

use std::sync::Arc;

use entity::{
    entitlement, legal_basis,
    vocabulary::{
        AuthorityStatus, BasisRole, Channel, EntitlementId, Instant, ItemCode, LegalBasisId, Operation,
        OrganisationKind, ProposalStatus, RegisterId,
    },
};

use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    confirmation::{self, Proposal},
    facts::{Edit, Facts, global_id},
    journal::Changes,
    legal_basis::rules as law,
    register::rules::web_address,
};

/// Entitlement as proposed, in the texts given.
#[derive(Debug, Clone)]
pub struct CeilingInput {
    /// Global id of the provision.
    pub legal_basis: String,
    /// Role in which it gives the right.
    pub role: BasisRole,
    /// Code of the register.
    pub register: String,
    /// Kind of recipient.
    pub recipient_kind: Option<OrganisationKind>,
    /// Business ID of the one recipient.
    pub recipient: Option<String>,
    /// Status the recipient must have.
    pub authority_status: Option<AuthorityStatus>,
    /// Highest node that may be given.
    pub item: String,
    /// Code of the purpose.
    pub purpose: String,
    /// Channel.
    pub channel: Channel,
    /// Operation.
    pub operation: Operation,
    /// Instructions for recipients.
    pub guide_url: Option<String>,
    /// Instant from which it holds; that from which the provision is in force when absent.
    pub valid_from: Option<String>,
    /// Instant at which it ends.
    pub valid_until: Option<String>,
}

/// End as asked for, in the texts given.
#[derive(Debug, Clone)]
pub struct EndInput {
    /// Global id of the entitlement.
    pub id: String,
    /// Instant from which it no longer holds; now when absent.
    pub on: Option<String>,
    /// Why.
    pub note: String,
}

/// Proposes an entitlement. The same ceiling with the same content changes nothing; with another validity or guide it is a
/// conflict while it holds or waits.
pub fn propose(
    facts: &Facts,
    fresh: EntitlementId,
    input: &CeilingInput,
    (actor, now): (&str, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let row = row(&mut checks, facts, fresh, input, (actor, now));
    let prior = row.as_ref().and_then(|row| twin(facts, row, now));
    if let (Some(prior), Some(row)) = (prior, &row)
        && (&prior.guide_url, prior.valid_from, prior.valid_until) != (&row.guide_url, row.valid_from, row.valid_until)
    {
        checks.fault(FaultCode::Conflict, "item", "this ceiling stands with another validity or guide");
    }
    checks.done(|| match prior {
        Some(prior) => Some(changes("proposeEntitlement", prior.id, None, Vec::new())),
        None => Some(changes("proposeEntitlement", fresh, None, vec![row?.into()])),
    })
}

/// Entitlement an input proposes again.
pub fn standing<'a>(facts: &'a Facts, input: &CeilingInput, now: Instant) -> Option<&'a Arc<entitlement::Model>> {
    let row = row(&mut Checks::default(), facts, EntitlementId(uuid::Uuid::nil()), input, ("", now))?;
    twin(facts, &row, now)
}

/// Same ceiling of the same provision that waits or has not ended.
fn twin<'a>(facts: &'a Facts, row: &entitlement::Model, now: Instant) -> Option<&'a Arc<entitlement::Model>> {
    let ceiling = |of: &entitlement::Model| entitlement::Model {
        id: row.id,
        guide_url: None,
        valid_from: row.valid_from,
        valid_until: None,
        status: ProposalStatus::Proposed,
        proposed_by: String::new(),
        confirmed_by: None,
        ..of.clone()
    };
    let wanted = ceiling(row);
    facts
        .entitlement
        .of(row.legal_basis_id)
        .filter(|other| other.status != ProposalStatus::Revoked && other.valid_until.is_none_or(|until| until > now))
        .find(|other| ceiling(other) == wanted)
}

fn row(
    checks: &mut Checks,
    facts: &Facts,
    id: EntitlementId,
    input: &CeilingInput,
    (actor, now): (&str, Instant),
) -> Option<entitlement::Model> {
    let provision = provision(checks, facts, &input.legal_basis, now);
    let register = checks.found("register", facts.register.by_key(&input.register), "register").map(|row| row.id);
    if input.recipient.is_some() && input.recipient_kind.is_some() {
        checks.fault(FaultCode::Conflict, "recipient", "stands beside `recipientKind`; give one of them");
    }
    let recipient = input.recipient.as_ref().and_then(|text| checks.organisation(facts, "recipient", text));
    let (recipient_id, status) = (recipient.map(|row| row.id), recipient.map(|row| row.authority_status));
    if input.authority_status.zip(status).is_some_and(|(required, status)| required != status) {
        checks.fault(FaultCode::Conflict, "authorityStatus", "the recipient named has another status");
    }
    let item_code = item(checks, facts, register, &input.item);
    let purpose = checks.found("purpose", facts.purpose.by_key(&input.purpose), "purpose").map(|row| row.id);
    let guide_url = web_address(checks, "guideUrl", input.guide_url.as_ref());
    let given = checks.instant_if("validFrom", input.valid_from.as_ref());
    let valid_from = if input.valid_from.is_some() { given } else { provision.map(|row| row.valid_from) };
    let valid_until = checks.instant_if("validUntil", input.valid_until.as_ref());
    if valid_from.zip(valid_until).is_some_and(|(from, until)| until <= from) {
        checks.fault(FaultCode::PeriodReversed, "validUntil", "is not after `validFrom`");
    }
    if valid_from.zip(provision).is_some_and(|(from, row)| from < row.valid_from) {
        checks.fault(FaultCode::Conflict, "validFrom", "is before the provision is in force");
    }
    Some(entitlement::Model {
        id,
        legal_basis_id: provision?.id,
        role: input.role,
        register_id: register?,
        recipient_kind: input.recipient_kind,
        recipient_id,
        authority_status: input.authority_status,
        item_code: item_code?,
        purpose_id: purpose?,
        channel: input.channel,
        operation: input.operation,
        guide_url,
        valid_from: valid_from?,
        valid_until,
        status: ProposalStatus::Proposed,
        proposed_by: actor.to_owned(),
        confirmed_by: None,
    })
}

/// Provision that gives it: confirmed, for a proposal is no law, and not ceased.
fn provision<'a>(checks: &mut Checks, facts: &'a Facts, id: &str, now: Instant) -> Option<&'a Arc<legal_basis::Model>> {
    let id: LegalBasisId = checks.parsed("legalBasis", id)?;
    let row = checks.found("legalBasis", facts.legal_basis.get(id), "legal basis")?;
    if row.status != ProposalStatus::Confirmed {
        checks.fault(FaultCode::Conflict, "legalBasis", "has not been confirmed: a proposal is no law");
    } else if law::is_repealed(row, now) {
        checks.fault(FaultCode::Conflict, "legalBasis", "has been repealed, and gives nothing any more");
    }
    Some(row)
}

/// Node of the register, with a qualifier it knows; the register's own first segment stands for all of it.
fn item(checks: &mut Checks, facts: &Facts, register: Option<RegisterId>, text: &str) -> Option<ItemCode> {
    let code: ItemCode = checks.parsed("item", text)?;
    let catalogue = facts.catalogue(register?)?;
    let qualified = |wanted: &str| catalogue.qualifiers.iter().any(|qualifier| qualifier.code == wanted);
    if catalogue.below(&code).next().is_none() || !code.qualifier().is_none_or(qualified) {
        checks.fault(FaultCode::NotFound, "item", "the register has no such item");
    }
    Some(code)
}

/// Confirms an entitlement; from then on it is law's ceiling, within its validity.
pub fn confirm(facts: &Facts, id: &str, (actor, now): (&str, Instant)) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let Some(row) = named(&mut checks, facts, id) else { return checks.done(|| None) };
    let fresh = confirmation::confirms(&mut checks, proposal(row), actor);
    let provision = facts.legal_basis.get(row.legal_basis_id);
    let stands = provision.is_some_and(|law| law.status == ProposalStatus::Confirmed && !law::is_repealed(law, now));
    if fresh && !stands {
        checks.fault(FaultCode::WrongStatus, "id", "its provision is not confirmed, or has been repealed");
    }
    checks.done(|| {
        let (status, confirmed_by) = (ProposalStatus::Confirmed, Some(actor.to_owned()));
        let confirmed = entitlement::Model { status, confirmed_by, ..row.as_ref().clone() };
        let edits = if fresh { vec![confirmed.into()] } else { Vec::new() };
        Some(changes("confirmEntitlement", row.id, None, edits))
    })
}

/// Ends an entitlement from an instant on, now or later; what rested on it alone closes then by itself. An end that stands
/// may be brought forward until it comes, never put off.
pub fn end(facts: &Facts, input: &EndInput, now: Instant) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let row = named(&mut checks, facts, &input.id);
    let end = law::end(&mut checks, input.on.as_ref(), now);
    let note = checks.prose("note", &input.note, TEXT_CHARACTERS_MAX, BLANK);
    let mut repeated = false;
    if let Some(row) = row
        && confirmation::stands(&mut checks, row.status)
    {
        repeated = input.on.is_some() && end.is_some() && row.valid_until == end;
        if !repeated {
            law::ending(&mut checks, (row.valid_from, row.valid_until), end, now);
        }
    }
    checks.done(|| {
        let row = row?;
        if repeated {
            return Some(changes("endEntitlement", row.id, None, Vec::new()));
        }
        let ended = entitlement::Model { valid_until: end, ..row.as_ref().clone() };
        Some(changes("endEntitlement", row.id, note, vec![ended.into()]))
    })
}

/// Entitlement as a proposal.
pub fn proposal(row: &entitlement::Model) -> Proposal<'_> {
    Proposal { status: row.status, proposed_by: &row.proposed_by, confirmed_by: row.confirmed_by.as_deref() }
}

fn named<'a>(checks: &mut Checks, facts: &'a Facts, id: &str) -> Option<&'a Arc<entitlement::Model>> {
    let id: EntitlementId = checks.parsed("id", id)?;
    checks.found("id", facts.entitlement.get(id), "entitlement")
}

fn changes(action: &'static str, id: EntitlementId, reason: Option<String>, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason, edits }
}

#[cfg(test)]
mod tests;
