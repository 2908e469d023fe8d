//! Acts on scopes, and what stands in the way of each.

use entity::vocabulary::{AgreementAction, AgreementSide, DecisionReasonCode, Instant};

use super::AllowedAction;
use crate::{
    decision::{Reason, conditions, is_alive, standing},
    facts::{Dossier, Facts},
};

/// Acts of one side on the scopes of an agreement as they stand.
pub(super) fn actions(_: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    let runs = side != AgreementSide::Recipient && dossier.status.at(at).is_some_and(is_alive);
    if !runs {
        return Vec::new();
    }
    vec![AllowedAction { code: AgreementAction::DefineScope, blocked_by: definable(dossier, at) }]
}

/// What a new scope needs of its agreement: law to rest on (R40), and a term that has not run out.
pub fn definable(dossier: &Dossier, at: Instant) -> Vec<Reason> {
    let lacking = dossier.bases.is_empty().then_some(DecisionReasonCode::NoLegalBasis);
    let ended = standing::has_ended(dossier, at).then_some(DecisionReasonCode::AgreementNotInForce);
    lacking.into_iter().chain(ended).map(conditions::reason).collect()
}
