//! Two pairs of eyes: what one administrator proposes another confirms, and it has no effect before.

use entity::vocabulary::ProposalStatus;

use crate::{FaultCode, checks::Checks};

/// What a caller is told who would confirm what it proposed itself.
const OWN_PROPOSAL: &str = "was proposed by you: another administrator confirms it (two pairs of eyes)";

/// Where a proposal stands, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Proposal<'a> {
    /// Status.
    pub status: ProposalStatus,
    /// Who proposed it.
    pub proposed_by: &'a str,
    /// Who confirmed it.
    pub confirmed_by: Option<&'a str>,
}

impl Proposal<'_> {
    /// Whether it waits for a confirmation that somebody may give.
    pub fn waits_for(&self, actor: &str) -> bool {
        self.status == ProposalStatus::Proposed && !is_same(self.proposed_by, actor)
    }
}

/// Whether confirming a proposal changes anything: a repeat by who confirmed it does not. The proposer may not confirm, and
/// nobody what is no longer a proposal.
pub fn confirms(checks: &mut Checks, proposal: Proposal<'_>, actor: &str) -> bool {
    match proposal.status {
        ProposalStatus::Proposed if is_same(proposal.proposed_by, actor) => {
            checks.fault(FaultCode::Conflict, "id", OWN_PROPOSAL);
        }
        ProposalStatus::Proposed => return true,
        ProposalStatus::Confirmed if proposal.confirmed_by == Some(actor) => {}
        ProposalStatus::Confirmed => checks.fault(FaultCode::WrongStatus, "id", "has been confirmed already"),
        ProposalStatus::Revoked => checks.fault(FaultCode::WrongStatus, "id", "has been revoked"),
    }
    false
}

/// Whether what stands may be ended or revoked: only what was confirmed is in effect.
pub fn stands(checks: &mut Checks, status: ProposalStatus) -> bool {
    match status {
        ProposalStatus::Confirmed => return true,
        ProposalStatus::Proposed => {
            checks.fault(FaultCode::WrongStatus, "id", "is only proposed: a proposal is rejected");
        }
        ProposalStatus::Revoked => checks.fault(FaultCode::WrongStatus, "id", "has been revoked already"),
    }
    false
}

/// Whether two actors are one person: who acts through a processor is the same as without.
pub fn is_same(one: &str, other: &str) -> bool {
    fn person(actor: &str) -> &str {
        actor.split_once(" via ").map_or(actor, |(person, _)| person)
    }
    person(one) == person(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: ProposalStatus, confirmed_by: Option<&str>, actor: &str) -> (bool, Vec<FaultCode>) {
        let mut checks = Checks::default();
        let fresh = confirms(&mut checks, Proposal { status, proposed_by: "a", confirmed_by }, actor);
        (fresh, checks.faults().iter().map(|fault| fault.code).collect())
    }

    #[test]
    fn another_confirms_what_one_proposed_and_once() {
        use ProposalStatus::{Confirmed, Proposed, Revoked};
        assert_eq!(outcome(Proposed, None, "b"), (true, vec![]));
        for own in ["a", "a via 0246246-0"] {
            assert_eq!(outcome(Proposed, None, own), (false, vec![FaultCode::Conflict]));
        }
        assert_eq!(outcome(Confirmed, Some("b"), "b"), (false, vec![]), "a repeat answers as the first time");
        assert_eq!(outcome(Confirmed, Some("b"), "c"), (false, vec![FaultCode::WrongStatus]));
        assert_eq!(outcome(Confirmed, Some("b"), "a"), (false, vec![FaultCode::WrongStatus]));
        assert_eq!(outcome(Revoked, Some("b"), "b"), (false, vec![FaultCode::WrongStatus]));
    }

    #[test]
    fn proposal_waits_for_all_but_its_proposer() {
        let waits = |status, actor| Proposal { status, proposed_by: "a", confirmed_by: None }.waits_for(actor);
        assert!(waits(ProposalStatus::Proposed, "b") && !waits(ProposalStatus::Proposed, "a"));
        assert!(!waits(ProposalStatus::Confirmed, "b"));
    }

    #[test]
    fn person_is_the_same_through_whatever_processor() {
        assert!(is_same("officer-1 via 0245437-2", "officer-1"));
        assert!(!is_same("officer-1 via 0245437-2", "officer-2 via 0245437-2"));
    }
}
