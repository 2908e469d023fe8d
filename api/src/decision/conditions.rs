//! Conditions of law every disclosure must meet, each in one function; whoever asks, asks these.

use entity::{
    entitlement, organisation,
    vocabulary::{
        Adequacy, AgreementStatus, AuthorityStatus, BasisRole, Channel, DecisionReasonCode, Instant, LegalBasisId,
        MandateThemeId, MandateThemeStatus, MandatingRightStatus, Operation, OrganisationId, OrganisationKind,
        ProposalStatus, PurposeId, Regularity, ScopeStatus, StatementStatus, day_end,
    },
};

use super::{About, Horizon, Reason};
use crate::facts::{BasisPart, Dossier, Facts, ItemPart, Law, ScopePart, stands_for, successors};

/// Reason without an item or provision.
pub(super) fn reason(code: DecisionReasonCode) -> Reason {
    Reason { code, item: None, bases: Vec::new(), about: About::Nothing }
}

/// Agreement signed, activated, started and not ended; its parties alive or succeeded (R44).
pub(super) fn agreement(facts: &Facts, dossier: &Dossier, horizon: &mut Horizon, reasons: &mut Vec<Reason>) {
    if !in_force(dossier, horizon) {
        reasons.push(reason(DecisionReasonCode::AgreementNotInForce));
    }
    for party in [dossier.row.discloser_id, dossier.row.recipient_id] {
        if !party_active(facts, party, horizon) {
            reasons.push(reason(DecisionReasonCode::PartyNotActive));
            return;
        }
    }
}

/// Whether an agreement is active within its term; its days are civil days in Helsinki, the last one included.
pub fn in_force(dossier: &Dossier, horizon: &mut Horizon) -> bool {
    horizon.end(dossier.status.next_after(horizon.at()));
    let active = dossier.status.at(horizon.at()) == Some(AgreementStatus::Active);
    let Some(starts_at) = dossier.starts_at else { return false };
    horizon.within(starts_at, dossier.ends_at) && active
}

/// Whether an organisation itself exists at an instant, whoever takes its place later; its last day is included.
pub fn exists(organisation: &organisation::Model, at: Instant) -> bool {
    organisation.dissolved_on.is_none_or(|day| at < day_end(day))
}

/// Whether an organisation exists, or another took its place.
pub fn party_active(facts: &Facts, id: OrganisationId, horizon: &mut Horizon) -> bool {
    let Some(row) = facts.party(id) else { return false };
    let Some(day) = row.dissolved_on else { return true };
    let mut latest = day_end(day);
    for heir in successors(facts, id) {
        let Some(row) = facts.party(heir) else { return false };
        let Some(day) = row.dissolved_on else { return true };
        latest = latest.max(day_end(day));
    }
    horizon.end(Some(latest));
    horizon.at() < latest
}

/// Organisation that acts in the place of a party: itself as long as it exists, then whoever took its place. What the law
/// asks of a party is asked of that.
pub fn acting<'a>(facts: &'a Facts, id: OrganisationId, horizon: &mut Horizon) -> Option<&'a organisation::Model> {
    let mut acting = facts.party(id)?;
    if acting.dissolved_on.is_none() {
        return Some(acting);
    }
    for heir in successors(facts, id) {
        let Some(day) = acting.dissolved_on else { break };
        horizon.end(Some(day_end(day)));
        if horizon.at() < day_end(day) {
            break;
        }
        acting = facts.party(heir)?;
    }
    Some(acting)
}

/// Why an agreement could not go on: a party has ceased without a successor, or its term is over (R44).
pub(super) fn lasting(facts: &Facts, dossier: &Dossier, horizon: &mut Horizon, reasons: &mut Vec<Reason>) {
    for party in [dossier.row.discloser_id, dossier.row.recipient_id] {
        if !party_active(facts, party, horizon) {
            reasons.push(reason(DecisionReasonCode::PartyNotActive));
        }
    }
    horizon.end(dossier.ends_at);
    if dossier.ends_at.is_some_and(|end| end <= horizon.at()) {
        reasons.push(reason(DecisionReasonCode::AgreementNotInForce));
    }
}

/// Scope open over its channel, carried by an approved statement, and its means justified.
pub(super) fn scope(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    horizon: &mut Horizon,
    reasons: &mut Vec<Reason>,
) {
    if !is_open(scope, horizon) {
        reasons.push(reason(DecisionReasonCode::ChannelNotOpen));
    }
    openable(facts, dossier, scope, horizon, reasons);
}

/// Whether a scope is open.
pub(super) fn is_open(scope: &ScopePart, horizon: &mut Horizon) -> bool {
    horizon.end(scope.status.next_after(horizon.at()));
    scope.status.at(horizon.at()) == Some(ScopeStatus::Open)
}

/// What a scope needs besides being open: statement (R5, R8) and justified means (906/2019 22 § 1 mom).
pub fn openable(facts: &Facts, dossier: &Dossier, scope: &ScopePart, horizon: &mut Horizon, reasons: &mut Vec<Reason>) {
    statement(dossier, scope.row.channel, horizon, reasons);
    if !mode_justified(facts, dossier, scope, horizon) {
        reasons.push(reason(DecisionReasonCode::ModeNotJustified));
    }
}

/// Approved statement for the channel that has not lapsed; an overdue review only warns.
fn statement(dossier: &Dossier, channel: Channel, horizon: &mut Horizon, reasons: &mut Vec<Reason>) {
    let mut lapsed = false;
    for statement in dossier.statements.iter().filter(|statement| statement.row.channel == channel) {
        horizon.end(statement.status.next_after(horizon.at()));
        if statement.status.at(horizon.at()) != Some(StatementStatus::Approved) {
            continue;
        }
        match statement.row.valid_until {
            Some(until) if until <= horizon.at() => lapsed = true,
            until => return horizon.end(until),
        }
    }
    let code = if lapsed { DecisionReasonCode::StatementLapsed } else { DecisionReasonCode::StatementMissing };
    reasons.push(reason(code));
}

/// Recurring disclosure between authorities must use the interface unless another means is justified.
pub fn mode_justified(facts: &Facts, dossier: &Dossier, scope: &ScopePart, horizon: &mut Horizon) -> bool {
    scope.row.channel == Channel::TechnicalInterface
        || scope.row.regularity == Regularity::AdHoc
        || scope.row.mode_justification.is_some()
        || !is_authority(facts, dossier.row.recipient_id, horizon)
        || !is_authority(facts, dossier.row.discloser_id, horizon)
}

/// Whether 906/2019 treats a party, or who acts in its place, as an authority.
pub(super) fn is_authority(facts: &Facts, id: OrganisationId, horizon: &mut Horizon) -> bool {
    acting(facts, id, horizon).is_some_and(|row| row.authority_status == AuthorityStatus::Authority)
}

/// Provisions of an item that carry it, and why the others do not.
#[derive(Debug, Default)]
pub(super) struct Footing<'a> {
    /// Adequate rights in force.
    pub(super) laws: Vec<&'a Law>,
    /// Rights that were repealed.
    repealed: Vec<&'a Law>,
    /// Rights that were not found adequate.
    inadequate: Vec<&'a Law>,
    /// Why there is none, or why what there is does not suffice.
    pub(super) reasons: Vec<(DecisionReasonCode, Vec<LegalBasisId>)>,
}

/// Rights among some provisions that carry: adequate, in force, electronic; and why there is none (R31, R35).
pub(super) fn rights<'a, 'b>(
    facts: &'a Facts,
    bases: impl Iterator<Item = &'b BasisPart>,
    horizon: &mut Horizon,
) -> Footing<'a> {
    let mut footing = Footing::default();
    let mut paper_only = Vec::new();
    for basis in bases.filter(|basis| is_right(basis.row.role)) {
        let Some(law) = facts.law(basis.row.legal_basis_id) else { continue };
        let in_force = law_in_force(law, horizon);
        let ceased = law.row.status == ProposalStatus::Confirmed
            && law.row.valid_until.is_some_and(|until| until <= horizon.at());
        let adequacy = adequacy(basis, horizon);
        if ceased || adequacy == Adequacy::Repealed {
            footing.repealed.push(law);
        } else if adequacy != Adequacy::Adequate {
            footing.inadequate.push(law);
        } else if !in_force {
            // Proposed, or not in force yet: neither repealed nor inadequate, only not there.
        } else if law.row.allows_electronic {
            footing.laws.push(law);
        } else {
            paper_only.push(law.row.id);
        }
    }
    if footing.laws.is_empty() {
        if paper_only.is_empty() {
            footing.reasons.push((DecisionReasonCode::NoLegalBasis, Vec::new()));
        }
        let [repealed, inadequate] = [&footing.repealed, &footing.inadequate].map(|laws| ids(laws));
        for (code, bases) in [
            (DecisionReasonCode::BasisRepealed, repealed),
            (DecisionReasonCode::BasisNotAdequate, inadequate),
            (DecisionReasonCode::ElectronicNotAllowed, paper_only),
        ] {
            if !bases.is_empty() {
                footing.reasons.push((code, bases));
            }
        }
    }
    footing
}

/// Rights an item rests on: adequate, in force, electronic; processing right of a non-authority; secrecy (R31, R32, R35).
pub(super) fn footing<'a>(
    facts: &'a Facts,
    dossier: &Dossier,
    item: &ItemPart,
    is_secret: bool,
    horizon: &mut Horizon,
) -> Footing<'a> {
    let mut footing = rights(facts, item.bases.iter().filter_map(|at| dossier.bases.get(*at)), horizon);
    if !is_authority(facts, dossier.row.recipient_id, horizon)
        && !has_basis(facts, dossier, BasisRole::RightToProcess, horizon)
    {
        footing.reasons.push((DecisionReasonCode::ProcessingRightMissing, Vec::new()));
    }
    if is_secret
        && !footing.laws.iter().any(|law| law.row.overrides_secrecy && !is_doubted(dossier, law, horizon))
        && !has_basis(facts, dossier, BasisRole::SecrecyOverride, horizon)
    {
        let bases = footing.laws.iter().map(|law| law.row.id).collect();
        footing.reasons.push((DecisionReasonCode::SecrecyNotOverridden, bases));
    }
    footing
}

/// Whether a provision has been found not to override secrecy in an agreement, whatever its wording says of that.
fn is_doubted(dossier: &Dossier, law: &Law, horizon: &mut Horizon) -> bool {
    let cited =
        |basis: &&BasisPart| basis.row.role == BasisRole::SecrecyOverride && basis.row.legal_basis_id == law.row.id;
    dossier.bases.iter().filter(cited).any(|basis| match adequacy(basis, horizon) {
        Adequacy::DefinitionOnly | Adequacy::TooNarrow | Adequacy::Disputed | Adequacy::Repealed => true,
        Adequacy::Adequate | Adequacy::Unreviewed => false,
    })
}

/// Whether a role gives a right to the data.
pub fn is_right(role: BasisRole) -> bool {
    matches!(role, BasisRole::RightToReceive | BasisRole::RightToDisclose)
}

/// Whether an agreement rests on a right to the data, reviewed or not yet.
pub(super) fn has_right(dossier: &Dossier) -> bool {
    dossier.bases.iter().any(|basis| is_right(basis.row.role))
}

fn adequacy(basis: &BasisPart, horizon: &mut Horizon) -> Adequacy {
    horizon.end(basis.adequacy.next_after(horizon.at()));
    basis.adequacy.at(horizon.at()).unwrap_or(Adequacy::Unreviewed)
}

/// Whether a provision is confirmed and in force.
pub fn law_in_force(law: &Law, horizon: &mut Horizon) -> bool {
    law.row.status == ProposalStatus::Confirmed && horizon.within(law.row.valid_from, law.row.valid_until)
}

/// Whether the agreement has an adequate provision in force in a role.
pub fn has_basis(facts: &Facts, dossier: &Dossier, role: BasisRole, horizon: &mut Horizon) -> bool {
    dossier.bases.iter().any(|basis| basis.row.role == role && carries(facts, basis, horizon))
}

/// Whether it has one, or will once what nobody has reviewed yet is found adequate.
pub(super) fn may_have_basis(facts: &Facts, dossier: &Dossier, role: BasisRole, horizon: &mut Horizon) -> bool {
    let may_carry = |basis: &BasisPart, horizon: &mut Horizon| {
        matches!(adequacy(basis, horizon), Adequacy::Adequate | Adequacy::Unreviewed)
            && facts.law(basis.row.legal_basis_id).is_some_and(|law| law_in_force(law, horizon))
    };
    dossier.bases.iter().any(|basis| basis.row.role == role && may_carry(basis, horizon))
}

/// Whether a basis is adequate and its provision in force.
pub fn carries(facts: &Facts, basis: &BasisPart, horizon: &mut Horizon) -> bool {
    adequacy(basis, horizon) == Adequacy::Adequate
        && facts.law(basis.row.legal_basis_id).is_some_and(|law| law_in_force(law, horizon))
}

/// What one item is to be used for, how and over which channel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use<'a> {
    pub(super) node: &'a str,
    pub(super) qualifier: Option<&'a str>,
    pub(super) purpose: PurposeId,
    pub(super) operation: Operation,
}

/// Whether a provision gives at least this much: item, purpose, operation, channel and recipient in one entitlement.
///
/// An entitlement for the technical interface also carries other means when the agreement has an adequate MODE basis and
/// the scope its justification (906/2019 22 § 1 mom, 23 §).
pub(super) fn entitles(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    law: &Law,
    wanted: Use<'_>,
    horizon: &mut Horizon,
) -> bool {
    let Some(recipient) = acting(facts, dossier.row.recipient_id, horizon) else { return false };
    law.entitlements.iter().any(|entitlement| {
        entitlement.register_id == dossier.row.register_id
            && entitlement.purpose_id == wanted.purpose
            && entitlement.operation == wanted.operation
            && entitlement.item_code.covers_parts(wanted.node, wanted.qualifier)
            && is_for(facts, entitlement, Some(recipient.id), recipient.kind, recipient.authority_status)
            && entitlement.status == ProposalStatus::Confirmed
            && horizon.within(entitlement.valid_from, entitlement.valid_until)
            && reaches(facts, dossier, scope, entitlement, horizon)
    })
}

/// Whether an entitlement is given to a recipient of a kind and status; `id` is null for any organisation of them. What the
/// law gives to one body by name passes with its duties.
pub fn is_for(
    facts: &Facts,
    entitlement: &entitlement::Model,
    id: Option<OrganisationId>,
    kind: OrganisationKind,
    status: AuthorityStatus,
) -> bool {
    entitlement.recipient_id.is_none_or(|named| id.is_some_and(|id| stands_for(facts, id, named)))
        && entitlement.recipient_kind.is_none_or(|recipients| recipients == kind)
        && entitlement.authority_status.is_none_or(|required| required == status)
}

fn ids(laws: &[&Law]) -> Vec<LegalBasisId> {
    laws.iter().map(|law| law.row.id).collect()
}

/// Why none of the rights an item stands on gives what is wanted: none reaches so far, and one that did has been repealed
/// or was not found adequate.
pub(super) fn unentitled<'a>(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    footing: &Footing<'_>,
    wanted: &(impl Iterator<Item = Use<'a>> + Clone),
    at: Instant,
) -> Vec<Reason> {
    let gave = |law: &&Law| {
        let mut uses = wanted.clone();
        uses.any(|wanted| entitles(facts, dossier, scope, law, wanted, &mut Horizon::new(at)))
    };
    let giving = |laws: &[&Law]| laws.iter().filter(|law| gave(law)).map(|law| law.row.id).collect();
    [
        (DecisionReasonCode::BasisRepealed, giving(&footing.repealed)),
        (DecisionReasonCode::BasisNotAdequate, giving(&footing.inadequate)),
        (DecisionReasonCode::NotEntitled, ids(&footing.laws)),
    ]
    .into_iter()
    .filter(|(_, bases): &(_, Vec<_>)| !bases.is_empty())
    .map(|(code, bases)| Reason { bases, ..reason(code) })
    .collect()
}

fn reaches(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    entitlement: &entitlement::Model,
    horizon: &mut Horizon,
) -> bool {
    entitlement.channel == scope.row.channel
        || (entitlement.channel == Channel::TechnicalInterface
            && scope.row.mode_justification.is_some()
            && has_basis(facts, dossier, BasisRole::Mode, horizon))
}

/// Mandate themes an item requires that are not active, or that the recipient may not mandate for (R42, R50).
pub(super) fn mandates(
    facts: &Facts,
    dossier: &Dossier,
    item: &ItemPart,
    horizon: &mut Horizon,
    reasons: &mut Vec<Reason>,
) {
    for theme in &item.mandates {
        let about = About::MandateTheme(*theme);
        if !theme_active(facts, *theme, horizon) {
            let code = DecisionReasonCode::MandateThemeNotActive;
            reasons.push(Reason { about: about.clone(), ..reason(code) });
        }
        if !may_mandate(facts, dossier.row.recipient_id, *theme, horizon) {
            let code = DecisionReasonCode::MandatingRightMissing;
            reasons.push(Reason { about, ..reason(code) });
        }
    }
}

/// A hidden theme admits no new mandates, but existing ones stay valid.
fn theme_active(facts: &Facts, theme: MandateThemeId, horizon: &mut Horizon) -> bool {
    let Some(history) = facts.theme_history(theme) else { return false };
    horizon.end(history.next_after(horizon.at()));
    matches!(history.at(horizon.at()), Some(MandateThemeStatus::Active | MandateThemeStatus::Hidden))
}

/// Whether a body may grant mandates of a theme: by its own right, or by one of a body whose place it took or that took its
/// place, for rights pass with the duties (R50).
fn may_mandate(facts: &Facts, organisation: OrganisationId, theme: MandateThemeId, horizon: &mut Horizon) -> bool {
    let mut held = |body| holds_right(facts, body, theme, horizon);
    held(organisation)
        || successors(facts, organisation).any(&mut held)
        || facts.predecessors(organisation).into_iter().any(held)
}

fn holds_right(facts: &Facts, organisation: OrganisationId, theme: MandateThemeId, horizon: &mut Horizon) -> bool {
    let mut held = false;
    for right in facts.rights(organisation, theme) {
        horizon.end(right.status.next_after(horizon.at()));
        if right.status.at(horizon.at()) == Some(MandatingRightStatus::Granted) {
            horizon.end(right.row.valid_until);
            held |= right.row.valid_until.is_none_or(|until| horizon.at() < until);
        }
    }
    held
}
