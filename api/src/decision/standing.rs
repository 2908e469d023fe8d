//! What an agreement or scope amounts to at an instant: computed, never stored.

use entity::vocabulary::{
    AgreementStatus, BasisRole, DecisionReasonCode, EffectiveState, Instant, PurposeId, ScopeStatus,
};

use super::{
    Horizon, Reason, conditions,
    conditions::{Footing, Use},
};
use crate::facts::{Dossier, Facts, ItemPart, ScopePart};

/// State at an instant, since when, until when by time alone, and what stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: EffectiveState,
    /// Instant from which it holds, where that is recorded.
    pub since: Option<Instant>,
    /// Next instant at which it may change by time alone.
    pub until: Option<Instant>,
    /// Conditions that fail.
    pub blockers: Vec<Reason>,
}

/// Whether an agreement has been offered and has not ended by an act: both sides have to do with its content and with what
/// it rests on.
pub fn is_offered(status: AgreementStatus) -> bool {
    match status {
        AgreementStatus::Negotiation
        | AgreementStatus::Signed
        | AgreementStatus::Active
        | AgreementStatus::Suspended => true,
        AgreementStatus::RegisteredIncomplete
        | AgreementStatus::Draft
        | AgreementStatus::BasisConfirmed
        | AgreementStatus::Terminated
        | AgreementStatus::Superseded
        | AgreementStatus::Rejected
        | AgreementStatus::Withdrawn => false,
    }
}

/// Whether what an agreement holds may still be worked on: it has not ended by an act, and an incomplete one has been taken
/// on as a draft.
pub fn is_alive(status: AgreementStatus) -> bool {
    matches!(status, AgreementStatus::Draft | AgreementStatus::BasisConfirmed) || is_offered(status)
}

/// What an agreement amounts to.
pub fn of_agreement(facts: &Facts, dossier: &Dossier, at: Instant) -> Standing {
    let mut horizon = Horizon::new(at);
    let status = dossier.status.at(at).unwrap_or(AgreementStatus::Draft);
    horizon.change(dossier.status.next_after(at));
    horizon.change(dossier.starts_at);
    horizon.change(dossier.ends_at);
    let mut blockers = Vec::new();
    let state = match status {
        AgreementStatus::Terminated | AgreementStatus::Superseded | AgreementStatus::Withdrawn => EffectiveState::Ended,
        AgreementStatus::Rejected => EffectiveState::Rejected,
        _ if has_ended(dossier, at) && has_run(dossier, at) => EffectiveState::Expired,
        AgreementStatus::Suspended => {
            conditions::agreement(facts, dossier, &mut horizon, &mut blockers);
            EffectiveState::Suspended
        }
        AgreementStatus::Signed | AgreementStatus::Active if starts_later(dossier, at) => EffectiveState::NotStarted,
        AgreementStatus::Active => active(facts, dossier, &mut horizon, &mut blockers),
        AgreementStatus::Signed
        | AgreementStatus::RegisteredIncomplete
        | AgreementStatus::Draft
        | AgreementStatus::BasisConfirmed
        | AgreementStatus::Negotiation => {
            preparing(facts, dossier, &mut horizon, &mut blockers);
            EffectiveState::Preparing
        }
    };
    let since = match state {
        EffectiveState::Expired => dossier.ends_at,
        _ => dossier.status.since(at).max(started(dossier, at)),
    };
    Standing { state, since, until: horizon.next_change(), blockers: tidy(blockers) }
}

fn started(dossier: &Dossier, at: Instant) -> Option<Instant> {
    dossier.starts_at.filter(|start| *start <= at)
}

/// Whether an agreement is over, by an act or by its term: nothing is done to it any more.
pub fn is_over(dossier: &Dossier, at: Instant) -> bool {
    use AgreementStatus::{
        Active, BasisConfirmed, Draft, Negotiation, RegisteredIncomplete, Rejected, Signed, Superseded, Suspended,
        Terminated, Withdrawn,
    };
    match dossier.row.status {
        Terminated | Superseded | Rejected | Withdrawn => true,
        RegisteredIncomplete | Draft | BasisConfirmed | Negotiation => false,
        Signed | Active | Suspended => has_ended(dossier, at),
    }
}

/// Whether what an agreement says may still be changed: it is at least a draft, and not over.
pub fn is_amendable(dossier: &Dossier, at: Instant) -> bool {
    is_alive(dossier.row.status) && !is_over(dossier, at)
}

/// Whether the parties may still agree on the content of an agreement: it has been offered, and its term has not ended.
pub fn is_negotiable(dossier: &Dossier, at: Instant) -> bool {
    is_offered(dossier.row.status) && !has_ended(dossier, at)
}

/// Whether an agreement's last day has passed.
pub fn has_ended(dossier: &Dossier, at: Instant) -> bool {
    dossier.ends_at.is_some_and(|end| end <= at)
}

fn has_run(dossier: &Dossier, at: Instant) -> bool {
    matches!(
        dossier.status.at(at),
        Some(AgreementStatus::Active | AgreementStatus::Suspended | AgreementStatus::Signed)
    )
}

fn starts_later(dossier: &Dossier, at: Instant) -> bool {
    dossier.starts_at.is_none_or(|start| start > at)
}

/// Everything, part or nothing of what the scopes that have been opened hold may be disclosed. A flagged provision takes
/// away only what rests on it alone.
fn active(facts: &Facts, dossier: &Dossier, horizon: &mut Horizon, blockers: &mut Vec<Reason>) -> EffectiveState {
    let mut common = Vec::new();
    conditions::agreement(facts, dossier, horizon, &mut common);
    let (mut carried, mut held) = (0, 0);
    for scope in opened(dossier, horizon.at()) {
        let (scope_carried, scope_held) = contents(facts, dossier, scope, horizon, blockers);
        carried += scope_carried;
        held += scope_held;
    }
    if held == 0 {
        blockers.push(conditions::reason(DecisionReasonCode::ChannelNotOpen));
    }
    if !common.is_empty() {
        carried = 0;
        blockers.append(&mut common);
    }
    match carried {
        0 => EffectiveState::Blocked,
        some if some == held => EffectiveState::InForce,
        _ => EffectiveState::PartlyInForce,
    }
}

/// Scopes that are, or were and no longer are, open without being closed.
fn opened(dossier: &Dossier, at: Instant) -> impl Iterator<Item = &ScopePart> {
    dossier
        .scopes
        .iter()
        .filter(move |scope| matches!(scope.status.at(at), Some(ScopeStatus::Open | ScopeStatus::Suspended)))
}

/// How many of a scope's items may be disclosed for some purpose of the scope, and how many it holds.
fn contents(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    horizon: &mut Horizon,
    blockers: &mut Vec<Reason>,
) -> (usize, usize) {
    let mut common = Vec::new();
    conditions::scope(facts, dossier, scope, horizon, &mut common);
    let mut carried = 0;
    for item in &scope.items {
        let reasons = item_reasons(facts, dossier, scope, item, horizon);
        carried += usize::from(common.is_empty() && reasons.is_empty());
        blockers.extend(reasons);
    }
    blockers.append(&mut common);
    (carried, scope.items.len())
}

/// Why an item of a scope may not be disclosed for any of its purposes.
pub fn item_reasons(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    item: &ItemPart,
    horizon: &mut Horizon,
) -> Vec<Reason> {
    let code = &item.row.item_code;
    let is_secret = facts
        .catalogue(dossier.row.register_id)
        .is_some_and(|catalogue| catalogue.below(code).any(|below| below.is_secret));
    let footing = conditions::footing(facts, dossier, item, is_secret, horizon);
    let mut reasons: Vec<Reason> = footing
        .reasons
        .iter()
        .map(|(code, bases)| Reason { bases: bases.clone(), ..conditions::reason(*code) })
        .collect();
    let entitled =
        scope.purposes.iter().any(|purpose| carries_for(facts, dossier, scope, item, (&footing, *purpose), horizon));
    if !entitled && !footing.laws.is_empty() {
        let uses = scope.purposes.iter().map(|purpose| wanted(item, *purpose));
        reasons.extend(conditions::unentitled(facts, dossier, scope, &footing, &uses, horizon.at()));
    }
    conditions::mandates(facts, dossier, item, horizon, &mut reasons);
    for reason in &mut reasons {
        reason.item = Some(code.clone());
    }
    reasons
}

/// Whether the law an item of a scope rests on lets it serve a purpose.
pub fn serves(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    item: &ItemPart,
    purpose: PurposeId,
    horizon: &mut Horizon,
) -> bool {
    let footing = conditions::footing(facts, dossier, item, false, horizon);
    carries_for(facts, dossier, scope, item, (&footing, purpose), horizon)
}

fn carries_for(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    item: &ItemPart,
    (footing, purpose): (&Footing<'_>, PurposeId),
    horizon: &mut Horizon,
) -> bool {
    let wanted = wanted(item, purpose);
    footing.laws.iter().any(|law| conditions::entitles(facts, dossier, scope, law, wanted, horizon))
}

/// What an item of a scope is used for.
fn wanted(item: &ItemPart, purpose: PurposeId) -> Use<'_> {
    let code = &item.row.item_code;
    Use { node: code.node(), qualifier: code.qualifier(), purpose, operation: item.row.operation }
}

/// What is still missing on the way: the legal basis first, then what opening needs.
fn preparing(facts: &Facts, dossier: &Dossier, horizon: &mut Horizon, blockers: &mut Vec<Reason>) {
    basis_reasons(facts, dossier, horizon, blockers);
    if dossier.scopes.is_empty() {
        blockers.push(conditions::reason(DecisionReasonCode::ChannelNotOpen));
    }
    let at = horizon.at();
    for scope in dossier.scopes.iter().filter(|scope| scope.status.at(at) != Some(ScopeStatus::Closed)) {
        contents(facts, dossier, scope, horizon, blockers);
    }
}

/// Why the legal basis does not suffice to go on (R31, R35; 906/2019 24 § for a non-authority).
pub fn basis_reasons(facts: &Facts, dossier: &Dossier, horizon: &mut Horizon, reasons: &mut Vec<Reason>) {
    let rights = || dossier.bases.iter().filter(|basis| conditions::is_right(basis.row.role));
    let suffices = rights().any(|basis| {
        conditions::carries(facts, basis, horizon)
            && facts.law(basis.row.legal_basis_id).is_some_and(|law| law.row.allows_electronic)
    });
    if !suffices {
        let bases = rights().map(|basis| basis.row.legal_basis_id).collect();
        reasons.push(Reason { bases, ..conditions::reason(DecisionReasonCode::NoLegalBasis) });
    }
    if !conditions::is_authority(facts, dossier.row.recipient_id, horizon)
        && !conditions::has_basis(facts, dossier, BasisRole::RightToProcess, horizon)
    {
        reasons.push(conditions::reason(DecisionReasonCode::ProcessingRightMissing));
    }
}

/// What a scope amounts to within its agreement.
pub fn of_scope(facts: &Facts, dossier: &Dossier, scope: &ScopePart, at: Instant) -> Standing {
    let mut horizon = Horizon::new(at);
    let whole = of_agreement(facts, dossier, at);
    horizon.change(whole.until);
    horizon.change(scope.status.next_after(at));
    let mut blockers = Vec::new();
    let (carried, held) = contents(facts, dossier, scope, &mut horizon, &mut blockers);
    conditions::agreement(facts, dossier, &mut horizon, &mut blockers);
    let state = match (scope.status.at(at), whole.state) {
        (Some(ScopeStatus::Closed), _) => EffectiveState::Ended,
        (
            _,
            EffectiveState::Ended | EffectiveState::Rejected | EffectiveState::Expired | EffectiveState::NotStarted,
        ) => whole.state,
        (Some(ScopeStatus::Suspended), _) | (_, EffectiveState::Suspended) => EffectiveState::Suspended,
        (
            Some(ScopeStatus::Open),
            EffectiveState::InForce | EffectiveState::PartlyInForce | EffectiveState::Blocked,
        ) => match carried {
            0 => EffectiveState::Blocked,
            some if some == held => EffectiveState::InForce,
            _ => EffectiveState::PartlyInForce,
        },
        _ => EffectiveState::Preparing,
    };
    if matches!(
        state,
        EffectiveState::InForce | EffectiveState::Ended | EffectiveState::Rejected | EffectiveState::Expired
    ) {
        blockers.clear();
    }
    Standing { state, since: scope.status.since(at), until: horizon.next_change(), blockers: tidy(blockers) }
}

/// Each reason once, in order.
pub(super) fn tidy(mut blockers: Vec<Reason>) -> Vec<Reason> {
    blockers.sort();
    blockers.dedup();
    blockers
}
