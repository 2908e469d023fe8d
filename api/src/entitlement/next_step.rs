//! What to do next to receive the data, and whose turn it is.

use std::sync::Arc;

use entity::{
    entitlement,
    vocabulary::{
        AdoptionStepCode, AdoptionStepState, AgreementId, AgreementSide, EffectiveState, Instant, NextStepCode,
        PurposeId, ScopeStatus,
    },
};

use super::rules::serving;
use crate::{
    decision::{self, Horizon, Standing},
    facts::{Dossier, Facts},
};

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextStep {
    /// What it is.
    pub code: NextStepCode,
    /// Agreement it is done in, where there is one.
    pub agreement: Option<AgreementId>,
    /// Step of adoption the agreement waits at.
    pub adoption_step: Option<AdoptionStepCode>,
    /// Side of the agreement whose turn it is.
    pub waits_for: Option<AgreementSide>,
}

impl NextStep {
    /// Step outside any agreement.
    pub fn of(code: NextStepCode) -> Self {
        Self { code, agreement: None, adoption_step: None, waits_for: None }
    }
}

/// Next step in an agreement that is alive, for a purpose or for any; `rights` is what the law gives at most for it.
pub(super) fn under_agreement(
    facts: &Facts,
    dossier: &Dossier,
    (standing, rights): (&Standing, &[Arc<entitlement::Model>]),
    purpose: Option<PurposeId>,
    at: Instant,
) -> NextStep {
    let of = |code, waits_for| NextStep { agreement: Some(dossier.row.id), waits_for, ..NextStep::of(code) };
    match (standing.state, purpose) {
        (EffectiveState::Suspended, _) => of(NextStepCode::AwaitResumption, Some(AgreementSide::Discloser)),
        (EffectiveState::NotStarted, _) => of(NextStepCode::AwaitStart, None),
        (EffectiveState::InForce | EffectiveState::PartlyInForce, None) => of(NextStepCode::AskDecision, None),
        (EffectiveState::InForce | EffectiveState::PartlyInForce, Some(purpose)) => {
            let (code, adoption_step, waits_for) = for_purpose(facts, dossier, rights, purpose, at);
            NextStep { adoption_step, ..of(code, waits_for) }
        }
        (EffectiveState::Blocked, _) if has_opened(dossier, at) => of(NextStepCode::ClearObstacles, None),
        (
            EffectiveState::Blocked
            | EffectiveState::Preparing
            | EffectiveState::Expired
            | EffectiveState::Ended
            | EffectiveState::Rejected
            | EffectiveState::NotInForce,
            _,
        ) => {
            let steps = decision::adoption_steps(facts, dossier, at);
            let step = steps
                .into_iter()
                .find(|step| !matches!(step.state, AdoptionStepState::Done | AdoptionStepState::NotRequired));
            let waits_for = step.as_ref().map(|step| step.responsible);
            NextStep { adoption_step: step.map(|step| step.code), ..of(NextStepCode::ContinueAgreement, waits_for) }
        }
    }
}

/// Next step for one purpose in an agreement in force, by how far its scopes for that purpose have come.
fn for_purpose(
    facts: &Facts,
    dossier: &Dossier,
    rights: &[Arc<entitlement::Model>],
    purpose: PurposeId,
    at: Instant,
) -> (NextStepCode, Option<AdoptionStepCode>, Option<AgreementSide>) {
    let discloser = Some(AgreementSide::Discloser);
    match reached(dossier, purpose, at) {
        Some(ScopeStatus::Open) if gives(facts, dossier, rights, purpose, at) => {
            (NextStepCode::AskDecision, None, None)
        }
        Some(ScopeStatus::Open) => (NextStepCode::ClearObstacles, None, None),
        Some(ScopeStatus::Suspended) => (NextStepCode::AwaitResumption, None, discloser),
        Some(status) => (NextStepCode::ContinueAgreement, after(status), discloser),
        None => (NextStepCode::WidenAgreement, None, None),
    }
}

/// Whether an open scope that serves the purpose holds anything the law gives for it, and nothing takes that away.
fn gives(
    facts: &Facts,
    dossier: &Dossier,
    rights: &[Arc<entitlement::Model>],
    purpose: PurposeId,
    at: Instant,
) -> bool {
    let open = serving(dossier, purpose, at).filter(|scope| scope.status.at(at) == Some(ScopeStatus::Open));
    open.flat_map(|scope| scope.items.iter().map(move |item| (scope, item))).any(|(scope, item)| {
        let code = &item.row.item_code;
        rights.iter().any(|right| right.item_code.covers_parts(code.node(), code.qualifier()))
            && decision::item_reasons(facts, dossier, scope, item, &mut Horizon::new(at)).is_empty()
    })
}

/// Whether a scope is open, or was and is only suspended.
fn has_opened(dossier: &Dossier, at: Instant) -> bool {
    dossier.scopes.iter().any(|scope| matches!(scope.status.at(at), Some(ScopeStatus::Open | ScopeStatus::Suspended)))
}

/// How far the scopes that serve a purpose have come: an open one first, then a suspended one, then the nearest to opening.
fn reached(dossier: &Dossier, purpose: PurposeId, at: Instant) -> Option<ScopeStatus> {
    let nearness = |status: &ScopeStatus| match status {
        ScopeStatus::Open => 0,
        ScopeStatus::Suspended => 1,
        ScopeStatus::Tested => 2,
        ScopeStatus::Implemented => 3,
        ScopeStatus::Defined => 4,
        ScopeStatus::Closed => 5,
    };
    serving(dossier, purpose, at).filter_map(|scope| scope.status.at(at)).min_by_key(nearness)
}

/// Step of adoption a scope waits at.
fn after(status: ScopeStatus) -> Option<AdoptionStepCode> {
    match status {
        ScopeStatus::Defined => Some(AdoptionStepCode::ContentImplemented),
        ScopeStatus::Implemented => Some(AdoptionStepCode::ContentTested),
        ScopeStatus::Tested => Some(AdoptionStepCode::ConnectionOpened),
        ScopeStatus::Open | ScopeStatus::Suspended | ScopeStatus::Closed => None,
    }
}

#[cfg(test)]
mod tests {
    use entity::{
        legal_basis, organisation,
        vocabulary::{AgreementStatus, AuthorityStatus, BasisRole, DecisionReasonCode, OrganisationKind},
    };

    use crate::{
        entitlement::{
            Insight, Question, Recipient,
            rules::{
                find,
                tests::{ASSISTANCE, COUNTY, FUND, agreement, entitlement, law, now, organisation, question, world},
            },
        },
        facts::Edit,
    };

    use super::*;

    fn county() -> Question {
        question(Recipient::Organisation(COUNTY), Some(ASSISTANCE))
    }

    fn next(edits: Vec<Edit>, question: &Question) -> NextStep {
        find(&world(edits), question, now()).next_step
    }

    #[test]
    fn who_has_no_right_asks_the_controller() {
        let fund = question(Recipient::Organisation(FUND), None);
        assert_eq!(next(Vec::new(), &fund), NextStep::of(NextStepCode::AskLegalBasis));
    }

    #[test]
    fn right_on_paper_only_takes_another_way_and_names_the_provision() {
        let paper = legal_basis::Model { allows_electronic: false, ..law() };
        let found = find(&world([paper.into()]), &county(), now());
        assert_eq!(found.next_step.code, NextStepCode::TakeAnotherWay);
        let paper = |reason: &&decision::Reason| reason.code == DecisionReasonCode::ElectronicNotAllowed;
        assert_eq!(found.missing.iter().find(paper).map(|reason| reason.bases.clone()), Some(vec![law().id]));
        assert_eq!(
            next(Vec::new(), &county()).code,
            NextStepCode::MakeAgreement,
            "an electronic one needs an agreement"
        );
    }

    #[test]
    fn who_is_no_authority_finds_a_right_to_process_before_an_agreement() {
        let kind = Some(OrganisationKind::UnemploymentFund);
        let for_funds = |number, role| entitlement::Model {
            recipient_kind: kind,
            authority_status: None,
            role,
            ..entitlement(number, "KEL.DECISION", ASSISTANCE)
        };
        let fund = question(Recipient::Organisation(FUND), Some(ASSISTANCE));
        let received = Edit::from(for_funds(30, BasisRole::RightToReceive));
        assert_eq!(next(vec![received.clone()], &fund).code, NextStepCode::FindRightToProcess);
        let processed = Edit::from(for_funds(31, BasisRole::RightToProcess));
        assert_eq!(next(vec![received, processed], &fund).code, NextStepCode::MakeAgreement);
    }

    #[test]
    fn agreement_on_its_way_tells_where_it_waits_and_for_whom() {
        let draft = next(vec![agreement(AgreementStatus::Draft).into()], &county());
        assert_eq!(
            draft,
            NextStep {
                code: NextStepCode::ContinueAgreement,
                agreement: Some(agreement(AgreementStatus::Draft).id),
                adoption_step: Some(AdoptionStepCode::LegalBasisChecked),
                waits_for: Some(AgreementSide::Discloser),
            }
        );
        let suspended = next(vec![agreement(AgreementStatus::Suspended).into()], &county());
        assert_eq!(
            (suspended.code, suspended.waits_for),
            (NextStepCode::AwaitResumption, Some(AgreementSide::Discloser))
        );
        let ended = next(vec![agreement(AgreementStatus::Terminated).into()], &county());
        assert_eq!(ended, NextStep::of(NextStepCode::MakeAgreement), "one that has ended is none");
    }

    #[test]
    fn stranger_is_told_the_same_with_an_agreement_and_without() {
        let stranger = Question { insight: Insight::Law, ..county() };
        for edits in [Vec::new(), vec![agreement(AgreementStatus::Draft).into()]] {
            assert_eq!(next(edits, &stranger), NextStep::of(NextStepCode::MakeAgreement));
        }
    }

    #[test]
    fn body_that_has_ceased_does_nothing_next() {
        let county_row = organisation(COUNTY, OrganisationKind::WellbeingCounty, AuthorityStatus::Authority);
        let gone = organisation::Model { dissolved_on: Some("2025-12-31".parse().unwrap()), ..county_row };
        assert_eq!(next(vec![gone.into()], &county()).code, NextStepCode::NameSuccessor);
    }
}
