//! A disclosure decided again from its row: on the facts it was judged on, or on others.
//!
//! The row holds what was asked but for the persons, of whom it holds pseudonyms, so an end user is known to the agreement
//! only where the pseudonym was made as its grants are: by the same discloser, of the same recipient, under the same key.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    disclosure,
    vocabulary::{
        ClosedEnum, Coverage, DecisionReasonCode, MandateThemeId, ReplayComparison, ReplayDifference, Verdict,
    },
};

use super::{Recorded, coverage::is_decided, row::mandates_kept, rules::served};
use crate::{
    decision::{Decision, EndUser, Question, decide},
    facts::Facts,
    journal::leaf::hex,
};

/// Disclosure decided again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// What is decided now.
    pub decision: Decision,
    /// In what that differs from the row.
    pub differences: Vec<ReplayDifference>,
    /// What that comes to.
    pub comparison: ReplayComparison,
}

/// Question a row answers. It is pinned to the agreement it was judged on, which its discloser may have named; an
/// organisation that receives nothing itself stands for its own disclosure.
pub fn question(facts: &Facts, recorded: &Recorded) -> Question {
    let row = &recorded.row;
    let recipient = match row.onward_recipient_kind {
        Some(_) => row.discloser_id,
        None => row.recipient_id.unwrap_or(row.discloser_id),
    };
    let is_onward = row.onward_recipient_kind.is_some();
    Question {
        recipient,
        register: row.register_id,
        items: recorded.items.clone(),
        purpose: row.purpose_id,
        channel: row.channel,
        operation: row.operation,
        mandates: mandates(facts, row),
        end_user: end_user(row),
        case_reference: row.case_reference.clone(),
        subject_count: u64::try_from(row.subject_count).unwrap_or(1),
        onward_to: row.onward_recipient_kind,
        agreement: row.agreement_id,
        discloser: (!is_onward).then_some(row.discloser_id),
        served: row
            .processor_id
            .map(|processor| served(facts, (processor, row.discloser_id), recipient, row.register_id, is_onward)),
    }
}

fn mandates(facts: &Facts, row: &disclosure::Model) -> Vec<MandateThemeId> {
    let codes = mandates_kept(row.mandates.as_deref()).into_iter().flatten();
    codes.filter_map(|code| facts.mandate_theme.by_key(code)).map(|theme| theme.id).collect()
}

fn end_user(row: &disclosure::Model) -> Option<EndUser> {
    let pseudonym = hex(row.user_pseudonym.as_deref()?);
    Some(EndUser { pseudonyms: BTreeMap::from([(row.discloser_id, vec![pseudonym])]) })
}

/// Decides a row again; null for what needed no decision.
pub fn replay(facts: &Facts, recorded: &Recorded) -> Option<Replay> {
    if !is_decided(recorded.row.ground) {
        return None;
    }
    let decision = decide(facts, &question(facts, recorded), recorded.row.occurred_at);
    let differences = differences(recorded, &decision);
    let comparison = if differences.is_empty() {
        ReplayComparison::Same
    } else if is_explained(facts, recorded, &decision) {
        ReplayComparison::Undecidable
    } else {
        ReplayComparison::Different
    };
    Some(Replay { decision, differences, comparison })
}

fn differences(recorded: &Recorded, decision: &Decision) -> Vec<ReplayDifference> {
    let row = &recorded.row;
    let is_covered = decision.verdict == Verdict::Permitted;
    let bases: BTreeSet<_> = decision.grounds.iter().flat_map(|ground| &ground.bases).collect();
    let has_other_bases = is_covered && bases != recorded.bases.iter().collect();
    let has_other_reasons = !is_covered && codes(decision) != recorded_codes(row);
    [
        (is_covered != (row.coverage == Coverage::Covered), ReplayDifference::Coverage),
        (decision.agreement != row.agreement_id, ReplayDifference::Agreement),
        (decision.scope != row.scope_id, ReplayDifference::Scope),
        (has_other_bases, ReplayDifference::Provisions),
        (has_other_reasons, ReplayDifference::Reasons),
    ]
    .into_iter()
    .filter_map(|(differs, difference)| differs.then_some(difference))
    .collect()
}

fn codes(decision: &Decision) -> BTreeSet<DecisionReasonCode> {
    decision.reasons.iter().map(|reason| reason.code).collect()
}

fn recorded_codes(row: &disclosure::Model) -> BTreeSet<DecisionReasonCode> {
    row.reasons.split_whitespace().filter_map(DecisionReasonCode::from_code).collect()
}

/// Whether what is decided now would be what is recorded, but for reasons that only what the row lacks could tell.
fn is_explained(facts: &Facts, recorded: &Recorded, decision: &Decision) -> bool {
    let row = &recorded.row;
    let unknown = [
        (row.mandates.is_none(), DecisionReasonCode::MandateMissing),
        (!knows_user(facts, row, decision), DecisionReasonCode::AccessGrantMissing),
    ];
    let unknown: BTreeSet<_> =
        unknown.into_iter().filter_map(|(is_unknown, code)| is_unknown.then_some(code)).collect();
    let (now, then) = (codes(decision), recorded_codes(row));
    let differs = now.symmetric_difference(&then).copied().collect::<BTreeSet<_>>();
    !differs.is_empty() && differs.is_subset(&unknown)
}

/// Whether the end user is known to the agreement as it was when the row was judged.
fn knows_user(facts: &Facts, row: &disclosure::Model, decision: &Decision) -> bool {
    if row.erased_seq.is_some() {
        return false;
    }
    let Some(version) = row.user_key_version else { return true };
    let agreement = decision.agreement.and_then(|id| facts.agreement.get(id));
    let is_named_alike = agreement.is_none_or(|agreement| {
        agreement.discloser_id == row.discloser_id && Some(agreement.recipient_id) == row.recipient_id
    });
    let mut grants = decision.scope.into_iter().flat_map(|scope| facts.access_grant.of(scope));
    is_named_alike && grants.all(|grant| grant.key_version == version)
}
