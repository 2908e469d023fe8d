//! Acts that end an agreement, and which of them each side may do: R36, R44.

use entity::vocabulary::{AgreementAction, AgreementSide, AgreementStatus, Instant};

use super::AllowedAction;
use crate::{
    decision::standing,
    facts::{Dossier, Facts, in_succession},
};

/// Acts of one side that end the agreement.
pub(super) fn actions(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> Vec<AllowedAction> {
    let mut codes = Vec::new();
    if is_preparing(dossier.row.status) {
        if side != AgreementSide::Recipient || dossier.row.status == AgreementStatus::Negotiation {
            codes.push(AgreementAction::Reject);
        }
        let discloser_drafted = in_succession(facts, dossier.row.drafted_by_id, dossier.row.discloser_id);
        if discloser_drafted == (side != AgreementSide::Recipient) {
            codes.push(AgreementAction::Withdraw);
        }
    }
    if is_terminable(dossier, at) {
        codes.push(AgreementAction::Terminate);
    }
    codes.into_iter().map(|code| AllowedAction { code, blocked_by: Vec::new() }).collect()
}

/// Whether an agreement is on its way to a signature, so that it may be refused or taken back.
pub fn is_preparing(status: AgreementStatus) -> bool {
    match status {
        AgreementStatus::Draft | AgreementStatus::BasisConfirmed | AgreementStatus::Negotiation => true,
        AgreementStatus::RegisteredIncomplete
        | AgreementStatus::Signed
        | AgreementStatus::Active
        | AgreementStatus::Suspended
        | AgreementStatus::Terminated
        | AgreementStatus::Superseded
        | AgreementStatus::Rejected
        | AgreementStatus::Withdrawn => false,
    }
}

/// Whether either party may give notice of an agreement: it is signed, and not over.
pub fn is_terminable(dossier: &Dossier, at: Instant) -> bool {
    let is_signed = standing::is_offered(dossier.row.status) && dossier.row.status != AgreementStatus::Negotiation;
    is_signed && !standing::is_over(dossier, at)
}
