//! For whom an agreement waits: whose turn it is on the way to use.

use entity::vocabulary::{AgreementAction, AgreementSide, AgreementStatus, Channel, Instant, StatementStatus};

use super::{AllowedAction, allowed_actions, basis};
use crate::{
    decision::{conditions, standing, steps},
    facts::{Dossier, Facts},
};

/// Whether an agreement waits for a side: a step towards use is its to take, and nothing stands in its way.
pub fn waits_for(facts: &Facts, dossier: &Dossier, side: AgreementSide, at: Instant) -> bool {
    let is_turn = |action: AllowedAction| action.blocked_by.is_empty() && is_next_step(dossier, action.code, at);
    (side == AgreementSide::Recipient && awaits_statement(dossier, at))
        || allowed_actions(facts, dossier, side, at).into_iter().any(is_turn)
}

/// Whether an act takes an agreement on towards use, so that it waits for who may do it. Other acts are offered at any
/// time, and nothing waits for them; nor does a review of what has been reviewed, nor a basis or a scope more.
fn is_next_step(dossier: &Dossier, action: AgreementAction, at: Instant) -> bool {
    use AgreementAction::{
        Accept, Activate, AddBasis, AddOnwardRule, AddParty, Amend, CloseScope, ConfirmBasis, DeclareAdoptionStep,
        DefineScope, Draft, EndOnwardRule, GrantAccess, MarkScopeImplemented, MarkScopeTested, Offer, OpenScope,
        PlanAdoptionStep, Reject, Renew, Resume, ResumeScope, ReviewBasis, RevokeAccess, RevokeSignature, Sign,
        Suspend, SuspendScope, Terminate, Withdraw,
    };
    match action {
        ReviewBasis => basis::awaits_review(dossier, at),
        AddBasis => dossier.row.status == AgreementStatus::Draft && dossier.bases.is_empty(),
        DefineScope => awaits_scope(dossier, at),
        Draft | ConfirmBasis | Offer | Accept | Sign | Activate | Resume | MarkScopeImplemented | MarkScopeTested
        | OpenScope | ResumeScope | DeclareAdoptionStep => true,
        Reject | Withdraw | RevokeSignature | Suspend | Terminate | Renew | SuspendScope | CloseScope
        | AddOnwardRule | EndOnwardRule | PlanAdoptionStep | GrantAccess | RevokeAccess | AddParty | Amend => false,
    }
}

/// Whether what is drafted has a right, and nothing to disclose by it.
fn awaits_scope(dossier: &Dossier, at: Instant) -> bool {
    matches!(dossier.row.status, AgreementStatus::Draft | AgreementStatus::BasisConfirmed)
        && conditions::has_right(dossier)
        && steps::live_scopes(dossier, at).next().is_none()
}

/// Whether a signed or active agreement lacks the recipient's account of how it protects the data over the channel of a
/// scope that is not closed (R5, R8).
fn awaits_statement(dossier: &Dossier, at: Instant) -> bool {
    matches!(dossier.row.status, AgreementStatus::Signed | AgreementStatus::Active)
        && !standing::has_ended(dossier, at)
        && steps::live_scopes(dossier, at).any(|scope| !is_accounted_for(dossier, scope.row.channel, at))
}

/// Whether the recipient has done its part over a channel: its account is approved and has not lapsed, or is with the
/// discloser, and no other is taken while it is.
fn is_accounted_for(dossier: &Dossier, channel: Channel, at: Instant) -> bool {
    let mut of_channel = dossier.statements.iter().filter(|statement| statement.row.channel == channel);
    of_channel.any(|statement| match statement.status.at(at) {
        Some(StatementStatus::Approved) => statement.row.valid_until.is_none_or(|until| at < until),
        Some(StatementStatus::Submitted | StatementStatus::UnderReview) => true,
        Some(
            StatementStatus::Draft
            | StatementStatus::Returned
            | StatementStatus::Rejected
            | StatementStatus::Superseded
            | StatementStatus::Withdrawn,
        )
        | None => false,
    })
}

#[cfg(test)]
mod tests {
    use entity::{
        agreement, agreement_basis, protection_statement, scope,
        vocabulary::{Adequacy, BasisRole, LegalBasisId, ProtectionStatementId, Publicity, RowId, ScopeStatus},
    };
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Edit, bare};

    const NOW: Instant = Instant::UNIX_EPOCH;

    fn id<I: RowId>(number: u128) -> I {
        Uuid::from_u128(number).into()
    }

    /// Facts of one agreement in a status between two authorities, with more rows.
    fn facts(status: AgreementStatus, rows: Vec<Edit>) -> Facts {
        let agreement = agreement::Model { status, ..bare::agreement(id(20), id(1), id(2), id(30)) };
        let parties = [1, 2].map(|number| bare::organisation(id(number)).into());
        let law = bare::legal_basis(id(40)).into();
        let whole =
            [agreement.into(), bare::register(id(30), id(1)).into(), law].into_iter().chain(parties).chain(rows);
        Facts::default().after(1, &whole.collect::<Vec<_>>())
    }

    fn scope(status: ScopeStatus) -> Edit {
        scope::Model { status, ..bare::scope(id(50), id(20)) }.into()
    }

    fn basis(role: BasisRole) -> Edit {
        let row = agreement_basis::Model {
            id: id(60),
            agreement_id: id(20),
            legal_basis_id: id::<LegalBasisId>(40),
            role,
            adequacy: Adequacy::TooNarrow,
            reviewed_by: None,
            reviewed_at: None,
            note: None,
        };
        row.into()
    }

    fn statement(status: StatementStatus, channel: Channel, valid_until: Option<Instant>) -> Edit {
        let row = protection_statement::Model {
            id: id::<ProtectionStatementId>(70),
            register_id: id(30),
            recipient_id: id(2),
            discloser_id: id(1),
            channel,
            required_by_id: None,
            version: 1,
            status,
            dated_on: None,
            catalogue_version: 1,
            recipient_collects_logs: true,
            discloser_log_confirmed: true,
            valid_until,
            next_review_on: None,
            publicity: Publicity::Public,
            decision_text: None,
        };
        row.into()
    }

    fn waits(facts: &Facts, side: AgreementSide) -> bool {
        waits_for(facts, facts.dossier(id(20)).unwrap(), side, NOW)
    }

    #[test]
    fn draft_waits_for_its_discloser_until_it_has_law_and_a_scope() {
        use AgreementStatus::{BasisConfirmed, Draft, Negotiation};
        let right = || basis(BasisRole::RightToReceive);
        for (status, rows, expected) in [
            (Draft, vec![], true),
            (Draft, vec![basis(BasisRole::Mode)], false),
            (Draft, vec![right()], true),
            (BasisConfirmed, vec![right()], true),
            (Draft, vec![right(), scope(ScopeStatus::Closed)], true),
        ] {
            let said = format!("{status} {rows:?}");
            let facts = facts(status, rows);
            assert_eq!(waits(&facts, AgreementSide::Discloser), expected, "{said}");
            assert!(!waits(&facts, AgreementSide::Recipient), "{said}");
        }
        let whole = facts(Draft, vec![right(), scope(ScopeStatus::Tested)]);
        let dossier = whole.dossier(id(20)).unwrap();
        assert!(!is_next_step(dossier, AgreementAction::DefineScope, NOW), "a scope more is no next step");
        assert!(!is_next_step(dossier, AgreementAction::AddBasis, NOW), "nor is a basis more");
        let offered = facts(Negotiation, vec![right()]);
        let dossier = offered.dossier(id(20)).unwrap();
        assert!(!is_next_step(dossier, AgreementAction::DefineScope, NOW), "its content is offered as it is");
    }

    #[test]
    fn agreement_waits_for_the_account_of_its_recipient_until_it_is_with_the_discloser() {
        use AgreementStatus::{Active, Signed, Suspended};
        use StatementStatus::{Approved, Draft, Rejected, Returned, Submitted, Superseded, UnderReview, Withdrawn};
        let interface = Channel::TechnicalInterface;
        for (status, expected) in [
            (Draft, true),
            (Submitted, false),
            (UnderReview, false),
            (Returned, true),
            (Approved, false),
            (Rejected, true),
            (Superseded, true),
            (Withdrawn, true),
        ] {
            let facts = facts(Signed, vec![scope(ScopeStatus::Defined), statement(status, interface, None)]);
            assert_eq!(awaits_statement(facts.dossier(id(20)).unwrap(), NOW), expected, "{status}");
            assert!(!expected || waits(&facts, AgreementSide::Recipient), "{status}");
        }
        let approved = |channel, until| statement(Approved, channel, until);
        for (status, rows, expected) in [
            (Active, vec![scope(ScopeStatus::Open)], true),
            (Active, vec![scope(ScopeStatus::Closed)], false),
            (Suspended, vec![scope(ScopeStatus::Open)], false),
            (Active, vec![scope(ScopeStatus::Open), approved(interface, Some(NOW))], true),
            (Active, vec![scope(ScopeStatus::Open), approved(Channel::ViewingConnection, None)], true),
        ] {
            let said = format!("{status} {rows:?}");
            let facts = facts(status, rows);
            assert_eq!(awaits_statement(facts.dossier(id(20)).unwrap(), NOW), expected, "{said}");
        }
    }
}
