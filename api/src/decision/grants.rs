//! End users' access to a scope that admits by grants: where one can be given, and until when it holds (R19–R21).

use entity::{
    access_grant,
    vocabulary::{Admission, AgreementStatus, Instant, ScopeStatus},
};

use crate::facts::{Dossier, ScopePart};

/// Why access to a scope can be neither granted nor revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantBarrier {
    /// The scope does not admit by grants.
    NotByGrant,
    /// Its agreement is not signed yet: nobody has agreed what would be seen.
    NotSigned,
    /// The scope is closed.
    ScopeClosed,
    /// The agreement has ended, and every grant under it with it.
    AgreementEnded,
}

/// What stands in the way of granting and revoking access to a scope at an instant; none where nothing does.
pub fn grant_barrier(dossier: &Dossier, scope: &ScopePart, at: Instant) -> Option<GrantBarrier> {
    if scope.row.admission != Admission::Grant {
        return Some(GrantBarrier::NotByGrant);
    }
    let of_agreement = match dossier.status.at(at) {
        Some(AgreementStatus::Signed | AgreementStatus::Active | AgreementStatus::Suspended) => {
            dossier.ends_at.is_some_and(|end| end <= at).then_some(GrantBarrier::AgreementEnded)
        }
        Some(
            AgreementStatus::Terminated
            | AgreementStatus::Superseded
            | AgreementStatus::Rejected
            | AgreementStatus::Withdrawn,
        ) => Some(GrantBarrier::AgreementEnded),
        Some(
            AgreementStatus::RegisteredIncomplete
            | AgreementStatus::Draft
            | AgreementStatus::BasisConfirmed
            | AgreementStatus::Negotiation,
        )
        | None => Some(GrantBarrier::NotSigned),
    };
    let is_closed = scope.status.at(at) == Some(ScopeStatus::Closed);
    of_agreement.or_else(|| is_closed.then_some(GrantBarrier::ScopeClosed))
}

/// Instant at which a grant ends by itself or was revoked; null while neither is in sight.
pub fn grant_until(grant: &access_grant::Model) -> Option<Instant> {
    match (grant.valid_until, grant.revoked_at) {
        (Some(until), Some(revoked)) => Some(until.min(revoked)),
        (until, revoked) => until.or(revoked),
    }
}

/// Whether a grant has neither ended nor been revoked, so that it can be.
pub fn grant_stands(grant: &access_grant::Model, at: Instant) -> bool {
    grant_until(grant).is_none_or(|until| at < until)
}

/// Whether a grant holds: begun, neither ended nor revoked, and not void with its scope or agreement.
pub fn grant_holds(dossier: &Dossier, scope: &ScopePart, grant: &access_grant::Model, at: Instant) -> bool {
    grant.valid_from <= at && grant_stands(grant, at) && grant_barrier(dossier, scope, at).is_none()
}
