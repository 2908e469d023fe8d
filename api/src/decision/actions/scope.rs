//! Acts on scopes, and what stands in the way of each.

use std::collections::BTreeMap;

use entity::vocabulary::{
    AgreementAction, AgreementSide, BasisRole, Channel, Day, DecisionReasonCode, Instant, ScopeStatus,
    helsinki_midnight,
};

use super::AllowedAction;
use crate::{
    decision::{
        Content, Difference, Horizon, Reason, agreed, beyond, cited, conditions, is_alive, item_reasons, standing,
    },
    facts::{Catalogue, Dossier, Facts, ScopePart},
};

/// Acts of one side on the scopes of an agreement: each once, with what stands in the way of the scope that lacks least.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if !runs(dossier, side, at) {
        return Vec::new();
    }
    let mut least = BTreeMap::from([(AgreementAction::DefineScope, definable(facts, dossier, at))]);
    for action in dossier.scopes.iter().flat_map(|scope| scope_actions(facts, dossier, scope, side, at)) {
        let standing = least.entry(action.code).or_insert_with(|| action.blocked_by.clone());
        if action.blocked_by.len() < standing.len() {
            *standing = action.blocked_by;
        }
    }
    least.into_iter().map(|(code, blocked_by)| AllowedAction { code, blocked_by }).collect()
}

/// Acts of one side on one scope in its present status.
pub fn scope_actions(
    facts: &Facts,
    dossier: &Dossier,
    scope: &ScopePart,
    side: AgreementSide,
    at: Instant,
) -> Vec<AllowedAction> {
    let Some(status) = scope.status.at(at).filter(|_| runs(dossier, side, at)) else { return Vec::new() };
    let free = |code| AllowedAction { code, blocked_by: Vec::new() };
    let is_newest = newest_scope(dossier, scope.row.channel).is_some_and(|newest| newest.row.id == scope.row.id);
    let next = match status {
        ScopeStatus::Defined => Some(free(AgreementAction::MarkScopeImplemented)),
        ScopeStatus::Implemented => Some(free(AgreementAction::MarkScopeTested)),
        ScopeStatus::Tested if is_newest => {
            let blocked_by = scope_openable(facts, dossier, scope, at);
            Some(AllowedAction { code: AgreementAction::OpenScope, blocked_by })
        }
        ScopeStatus::Open => Some(free(AgreementAction::SuspendScope)),
        ScopeStatus::Suspended if open_scope(dossier, scope.row.channel).is_none() => {
            let blocked_by = scope_resumable(facts, dossier, scope, at);
            Some(AllowedAction { code: AgreementAction::ResumeScope, blocked_by })
        }
        ScopeStatus::Tested | ScopeStatus::Suspended => None,
        ScopeStatus::Closed => return Vec::new(),
    };
    next.into_iter().chain([free(AgreementAction::CloseScope)]).collect()
}

/// Whether a side runs the scopes of an agreement, and it lives.
fn runs(dossier: &Dossier, side: AgreementSide, at: Instant) -> bool {
    side != AgreementSide::Recipient && dossier.status.at(at).is_some_and(is_alive)
}

/// Newest version of a channel that is not closed.
pub fn newest_scope(dossier: &Dossier, channel: Channel) -> Option<&ScopePart> {
    let of_channel = dossier.scopes.iter().filter(|scope| scope.row.channel == channel);
    of_channel.filter(|scope| scope.row.status != ScopeStatus::Closed).max_by_key(|scope| scope.row.version)
}

/// Open version of a channel.
pub fn open_scope(dossier: &Dossier, channel: Channel) -> Option<&ScopePart> {
    dossier.scopes.iter().find(|scope| scope.row.channel == channel && scope.row.status == ScopeStatus::Open)
}

/// What a new scope needs of its agreement: a right to rest on (R40), for a recipient that is no authority a right to
/// process too, reviewed or not yet (R32; 906/2019 24 §), and a term that has not run out.
pub fn definable(facts: &Facts, dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let mut horizon = Horizon::new(at);
    let may_process = conditions::is_authority(facts, dossier.row.recipient_id, &mut horizon)
        || conditions::may_have_basis(facts, dossier, BasisRole::RightToProcess, &mut horizon);
    let lacking = (!conditions::has_right(dossier)).then_some(DecisionReasonCode::NoLegalBasis);
    let ended = standing::has_ended(dossier, at).then_some(DecisionReasonCode::AgreementNotInForce);
    let mut reasons: Vec<Reason> = lacking.into_iter().chain(ended).map(conditions::reason).collect();
    reasons.extend((!may_process).then(|| cited(facts, DecisionReasonCode::ProcessingRightMissing, at)));
    standing::tidy(reasons)
}

/// Why a tested scope may not be opened: agreement in force, statement approved (R5, R8), means justified (R6), each item
/// carried by its own law, themes and the rights to them there (R42, R50), and content both parties agreed (R43).
pub fn scope_openable(facts: &Facts, dossier: &Dossier, scope: &ScopePart, at: Instant) -> Vec<Reason> {
    let mut reasons = common(facts, dossier, scope, at);
    let mut horizon = Horizon::new(at);
    reasons.extend(scope.items.iter().flat_map(|item| item_reasons(facts, dossier, scope, item, &mut horizon)));
    if scope.items.is_empty() {
        reasons.push(conditions::reason(DecisionReasonCode::ScopeMissing));
    }
    standing::tidy(reasons)
}

/// Why a suspended scope may not be resumed: as for opening, but a flagged provision takes away only what rests on it.
pub fn scope_resumable(facts: &Facts, dossier: &Dossier, scope: &ScopePart, at: Instant) -> Vec<Reason> {
    let mut reasons = common(facts, dossier, scope, at);
    let mut horizon = Horizon::new(at);
    let of_items = scope.items.iter().map(|item| item_reasons(facts, dossier, scope, item, &mut horizon));
    let of_items: Vec<_> = of_items.collect();
    if of_items.iter().all(|reasons| !reasons.is_empty()) {
        reasons.extend(of_items.into_iter().flatten());
    }
    standing::tidy(reasons)
}

/// What opening and resuming need alike.
fn common(facts: &Facts, dossier: &Dossier, scope: &ScopePart, at: Instant) -> Vec<Reason> {
    let (mut horizon, mut reasons) = (Horizon::new(at), Vec::new());
    conditions::agreement(facts, dossier, &mut horizon, &mut reasons);
    conditions::openable(facts, dossier, scope, &mut horizon, &mut reasons);
    if !is_agreed(facts, dossier, scope) {
        reasons.push(conditions::reason(DecisionReasonCode::ContentNotAgreed));
    }
    for reason in &mut reasons {
        reason.bases.extend(cited(facts, reason.code, at).bases);
    }
    reasons
}

/// Whether a scope gives nothing beyond what both parties stand by.
fn is_agreed(facts: &Facts, dossier: &Dossier, scope: &ScopePart) -> bool {
    agreed(facts, dossier).is_some_and(|agreed| scope_beyond(&agreed, facts, dossier, scope).is_empty())
}

/// What a scope gives beyond a content. The day it was defined on gives more only where it covers more by that.
pub fn scope_beyond(earlier: &Content, facts: &Facts, dossier: &Dossier, scope: &ScopePart) -> Vec<Difference> {
    let mut content = Content::of(facts, dossier).with_scope(facts, dossier, scope);
    let catalogue = facts.catalogue(dossier.row.register_id).map(AsRef::as_ref);
    let channel = scope.row.channel;
    let since = earlier.scopes.iter().find(|scope| scope.channel == channel).map(|scope| scope.defined_on);
    if let (Some(since), Some(catalogue)) = (since, catalogue)
        && !has_grown(catalogue, scope, since)
    {
        for scope in content.scopes.iter_mut().filter(|scope| scope.channel == channel) {
            scope.defined_on = since;
        }
    }
    beyond(earlier, &content, channel, catalogue)
}

/// Whether a scope covers by its nodes what may have come to be since its like was defined on a day: at which instant of it
/// that was, a content does not say.
fn has_grown(catalogue: &Catalogue, scope: &ScopePart, since: Day) -> bool {
    scope.items.iter().map(|item| &item.row.item_code).any(|code| {
        let mut below = catalogue.below(code).filter(|item| item.code.node() != code.node() && !item.is_identity_code);
        below.any(|item| helsinki_midnight(since) <= item.valid_from && item.valid_from < scope.defined_until)
    })
}
