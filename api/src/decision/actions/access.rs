//! Acts on the access of a recipient's end users: its own officers', for its supervisors decide (R21).

use entity::vocabulary::{AgreementAction, AgreementSide, Instant};

use super::AllowedAction;
use crate::{
    decision::grants::{grant_barrier, grant_stands},
    facts::{Dossier, Facts, ScopePart},
};

/// Granting where a scope admits by grants, and revoking where one stands.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    if side != AgreementSide::Recipient {
        return Vec::new();
    }
    let stands = |scope: &ScopePart| facts.access_grant.of(scope.row.id).any(|grant| grant_stands(grant, at));
    let mut scopes = dossier.scopes.iter().filter(|scope| grant_barrier(dossier, scope, at).is_none()).peekable();
    let grant = scopes.peek().is_some().then_some(AgreementAction::GrantAccess);
    let revoke = scopes.any(stands).then_some(AgreementAction::RevokeAccess);
    grant.into_iter().chain(revoke).map(|code| AllowedAction { code, blocked_by: Vec::new() }).collect()
}
