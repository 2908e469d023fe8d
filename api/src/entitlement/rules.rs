//! What the law allows an organisation at most, and what it still lacks on the way (R31–R36).

use std::{collections::BTreeSet, sync::Arc};

use entity::{
    entitlement,
    vocabulary::{
        AuthorityStatus, BasisRole, DecisionReasonCode, EffectiveState, Instant, LegalBasisId, NextStepCode,
        OrganisationId, OrganisationKind, ProposalStatus, PurposeId, RegisterId, ScopeStatus,
    },
};

use super::next_step::{NextStep, under_agreement};
use crate::{
    decision::{self, About, Horizon, Reason, Standing},
    facts::{Dossier, Facts, ScopePart},
};

/// Question what the law allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who would receive.
    pub recipient: Recipient,
    /// From which register.
    pub register: RegisterId,
    /// For what; null for any purpose.
    pub purpose: Option<PurposeId>,
    /// How much of the recipient's agreements may be said.
    pub insight: Insight,
}

/// Who would receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// An organisation.
    Organisation(OrganisationId),
    /// Any organisation of a kind and status.
    Kind(OrganisationKind, AuthorityStatus),
}

/// How much of the recipient's agreements may be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insight {
    /// Nothing: only what the law itself says.
    Law,
    /// Whatever stands in the way.
    Agreements,
}

/// Answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements {
    /// Entitlements in force, by item, purpose, channel and operation.
    pub nodes: Vec<Arc<entitlement::Model>>,
    /// What is missing.
    pub missing: Vec<Reason>,
    /// What to do next.
    pub next_step: NextStep,
}

/// What the confirmed law in force allows the recipient at most, what it lacks, and what to do next.
pub fn find(facts: &Facts, question: &Question, at: Instant) -> Entitlements {
    let Some((id, kind, status)) = recipient(facts, question.recipient) else {
        let next_step = NextStep::of(NextStepCode::NameSuccessor);
        return Entitlements { nodes: Vec::new(), missing: Vec::new(), next_step };
    };
    let mut nodes: Vec<_> = facts
        .entitlement
        .of(question.register)
        .filter(|row| row.register_id == question.register && decision::is_for(facts, row, id, kind, status))
        .filter(|row| question.purpose.is_none_or(|purpose| row.purpose_id == purpose))
        .filter(|row| holds(facts, row, at))
        .cloned()
        .collect();
    nodes.sort_by(|a, b| order(a).cmp(&order(b)));
    let (missing, next_step) = judged(facts, question, status, &nodes, at);
    Entitlements { nodes, missing, next_step }
}

fn recipient(
    facts: &Facts,
    recipient: Recipient,
) -> Option<(Option<OrganisationId>, OrganisationKind, AuthorityStatus)> {
    match recipient {
        Recipient::Kind(kind, status) => Some((None, kind, status)),
        Recipient::Organisation(id) => facts.organisation.get(id).map(|row| (Some(id), row.kind, row.authority_status)),
    }
}

/// Whether an entitlement and its provision are confirmed and in force.
fn holds(facts: &Facts, row: &entitlement::Model, at: Instant) -> bool {
    let mut horizon = Horizon::new(at);
    row.status == ProposalStatus::Confirmed
        && horizon.within(row.valid_from, row.valid_until)
        && facts.law(row.legal_basis_id).is_some_and(|law| decision::law_in_force(law, &mut horizon))
}

fn order(row: &entitlement::Model) -> impl Ord + use<'_> {
    (&row.item_code, row.purpose_id, row.channel, row.operation, row.id)
}

/// What the recipient lacks: a right first, then an agreement, then whatever stands in the way of the best one it has; and
/// the first of it that can be done.
fn judged(
    facts: &Facts,
    question: &Question,
    status: AuthorityStatus,
    nodes: &[Arc<entitlement::Model>],
    at: Instant,
) -> (Vec<Reason>, NextStep) {
    let mut reasons = Vec::new();
    let mut steps = Vec::new();
    if is_gone(facts, question.recipient, at) {
        reasons.push(reason(DecisionReasonCode::PartyNotActive));
        steps.push(NextStep::of(NextStepCode::NameSuccessor));
    }
    let rights: Vec<_> =
        nodes.iter().filter(|row| decision::is_right(row.role)).map(|row| row.legal_basis_id).collect();
    if rights.is_empty() {
        reasons.push(reason(DecisionReasonCode::NoLegalBasis));
        steps.push(NextStep::of(NextStepCode::AskLegalBasis));
    } else if !rights.iter().any(|id| is_electronic(facts, *id)) {
        let bases = rights.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        reasons.push(Reason { bases, ..reason(DecisionReasonCode::ElectronicNotAllowed) });
        steps.push(NextStep::of(NextStepCode::TakeAnotherWay));
    }
    let best = match (question.recipient, question.insight) {
        (Recipient::Organisation(id), Insight::Agreements) => {
            let best = best(facts, id, question, at);
            reasons.extend(best.is_none().then(|| reason(DecisionReasonCode::NoAgreement)));
            best
        }
        _ => None,
    };
    let processes = nodes.iter().any(|row| row.role == BasisRole::RightToProcess);
    if best.is_none() && status != AuthorityStatus::Authority && !processes {
        reasons.push(reason(DecisionReasonCode::ProcessingRightMissing));
        steps.push(NextStep::of(NextStepCode::FindRightToProcess));
    }
    match best {
        Some((dossier, standing)) => {
            steps.push(under_agreement(facts, dossier, (&standing, nodes), question.purpose, at));
            reasons.extend(obstacles(dossier, standing, question.purpose, at));
        }
        None => steps.push(NextStep::of(NextStepCode::MakeAgreement)),
    }
    reasons.sort();
    reasons.dedup();
    // INVARIANT: one step at least was found, with an agreement or without one.
    let next_step = steps.into_iter().next().unwrap_or(NextStep::of(NextStepCode::AskLegalBasis));
    (reasons, next_step)
}

fn is_electronic(facts: &Facts, id: LegalBasisId) -> bool {
    facts.law(id).is_some_and(|law| law.row.allows_electronic)
}

/// Whether an organisation has been dissolved and nobody alive stands in its place.
fn is_gone(facts: &Facts, recipient: Recipient, at: Instant) -> bool {
    match recipient {
        Recipient::Organisation(id) => !decision::party_active(facts, id, &mut Horizon::new(at)),
        Recipient::Kind(..) => false,
    }
}

/// Agreement of the recipient or its predecessors on the register that comes nearest to serving the purpose: one with a
/// scope for it first, then the nearest to being in force; null when none is alive.
fn best<'a>(
    facts: &'a Facts,
    recipient: OrganisationId,
    question: &Question,
    at: Instant,
) -> Option<(&'a Arc<Dossier>, Standing)> {
    facts
        .lineage(recipient)
        .into_iter()
        .flat_map(|party| facts.received(party, question.register))
        .map(|dossier| (dossier, decision::of_agreement(facts, dossier, at)))
        .filter(|(_, standing)| {
            !matches!(standing.state, EffectiveState::Ended | EffectiveState::Rejected | EffectiveState::Expired)
        })
        .min_by_key(|(dossier, standing)| {
            let distance = match standing.state {
                EffectiveState::InForce => 0,
                EffectiveState::PartlyInForce => 1,
                _ => 2,
            };
            let serves = question.purpose.is_none_or(|purpose| serving(dossier, purpose, at).next().is_some());
            (!serves, distance, standing.blockers.len(), dossier.row.number.clone())
        })
}

/// Scopes of an agreement that serve a purpose and have not been closed.
pub(super) fn serving(dossier: &Dossier, purpose: PurposeId, at: Instant) -> impl Iterator<Item = &ScopePart> {
    let scopes = dossier.scopes.iter().filter(move |scope| scope.purposes.contains(&purpose));
    scopes.filter(move |scope| scope.status.at(at) != Some(ScopeStatus::Closed))
}

fn obstacles(dossier: &Dossier, standing: Standing, purpose: Option<PurposeId>, at: Instant) -> Vec<Reason> {
    let mut reasons = standing.blockers;
    match standing.state {
        EffectiveState::InForce | EffectiveState::PartlyInForce | EffectiveState::Blocked => {
            let serves =
                |purpose| serving(dossier, purpose, at).any(|scope| scope.status.at(at) == Some(ScopeStatus::Open));
            if purpose.is_some_and(|purpose| !serves(purpose)) {
                reasons.push(reason(DecisionReasonCode::PurposeNotInScope));
            }
        }
        _ => reasons.push(reason(DecisionReasonCode::AgreementNotInForce)),
    }
    reasons
}

fn reason(code: DecisionReasonCode) -> Reason {
    Reason { code, item: None, bases: Vec::new(), about: About::Nothing }
}

#[cfg(test)]
pub(super) mod tests {
    use entity::{
        agreement, legal_basis, organisation, register,
        vocabulary::{AgreementId, AgreementStatus, Channel, EntitlementId, LegalBasisId, Operation, Publicity},
    };
    use uuid::Uuid;

    use super::*;
    use crate::facts::{Edit, bare};

    pub(in crate::entitlement) const KELA: OrganisationId = OrganisationId(Uuid::from_u128(1));
    pub(in crate::entitlement) const COUNTY: OrganisationId = OrganisationId(Uuid::from_u128(2));
    pub(in crate::entitlement) const FUND: OrganisationId = OrganisationId(Uuid::from_u128(3));
    pub(in crate::entitlement) const REGISTER: RegisterId = RegisterId(Uuid::from_u128(4));
    pub(in crate::entitlement) const LAW: LegalBasisId = LegalBasisId(Uuid::from_u128(5));
    pub(in crate::entitlement) const ASSISTANCE: PurposeId = PurposeId(Uuid::from_u128(6));
    pub(in crate::entitlement) const WELFARE: PurposeId = PurposeId(Uuid::from_u128(7));

    pub(in crate::entitlement) fn now() -> Instant {
        "2026-06-01T09:00:00Z".parse().unwrap()
    }

    pub(in crate::entitlement) fn organisation(
        id: OrganisationId,
        kind: OrganisationKind,
        status: AuthorityStatus,
    ) -> organisation::Model {
        organisation::Model { kind, authority_status: status, ..bare::organisation(id) }
    }

    pub(in crate::entitlement) fn law() -> legal_basis::Model {
        legal_basis::Model {
            number: 703,
            year: 2023,
            section: "64".to_owned(),
            moment: Some(1),
            citation: "703/2023 64 § 1 mom".to_owned(),
            overrides_secrecy: true,
            valid_from: "2024-01-01T00:00:00Z".parse().unwrap(),
            ..bare::legal_basis(LAW)
        }
    }

    pub(in crate::entitlement) fn entitlement(number: u128, item: &str, purpose_id: PurposeId) -> entitlement::Model {
        entitlement::Model {
            id: EntitlementId(Uuid::from_u128(number)),
            legal_basis_id: LAW,
            role: BasisRole::RightToReceive,
            register_id: REGISTER,
            recipient_kind: Some(OrganisationKind::WellbeingCounty),
            recipient_id: None,
            authority_status: Some(AuthorityStatus::Authority),
            item_code: item.parse().unwrap(),
            purpose_id,
            channel: Channel::TechnicalInterface,
            operation: Operation::Read,
            guide_url: None,
            valid_from: "2024-01-01T00:00:00Z".parse().unwrap(),
            valid_until: None,
            status: ProposalStatus::Confirmed,
            proposed_by: "admin-1".to_owned(),
            confirmed_by: Some("admin-2".to_owned()),
        }
    }

    pub(in crate::entitlement) fn agreement(status: AgreementStatus) -> agreement::Model {
        agreement::Model {
            status,
            publicity: Publicity::Secret,
            ..bare::agreement(AgreementId(Uuid::from_u128(9)), KELA, COUNTY, REGISTER)
        }
    }

    pub(in crate::entitlement) fn world(more: impl IntoIterator<Item = Edit>) -> Facts {
        let register = register::Model { code: "KELMU".to_owned(), ..bare::register(REGISTER, KELA) };
        let edits: Vec<Edit> = [
            organisation(KELA, OrganisationKind::SocialInsuranceInstitution, AuthorityStatus::Authority).into(),
            organisation(COUNTY, OrganisationKind::WellbeingCounty, AuthorityStatus::Authority).into(),
            organisation(FUND, OrganisationKind::UnemploymentFund, AuthorityStatus::PublicTaskBody).into(),
            register.into(),
            law().into(),
            entitlement(20, "KEL.PAYMENT", ASSISTANCE).into(),
            entitlement(21, "KEL.DECISION", ASSISTANCE).into(),
            entitlement(22, "KEL.DECISION", WELFARE).into(),
        ]
        .into_iter()
        .chain(more)
        .collect();
        Facts::default().after(1, &edits)
    }

    pub(in crate::entitlement) fn question(recipient: Recipient, purpose: Option<PurposeId>) -> Question {
        Question { recipient, register: REGISTER, purpose, insight: Insight::Agreements }
    }

    fn codes(found: &Entitlements) -> Vec<DecisionReasonCode> {
        found.missing.iter().map(|reason| reason.code).collect()
    }

    fn items(found: &Entitlements) -> Vec<String> {
        found.nodes.iter().map(|row| row.item_code.to_string()).collect()
    }

    #[test]
    fn law_in_force_entitles_a_kind_of_recipient_for_its_purpose() {
        let county = Recipient::Kind(OrganisationKind::WellbeingCounty, AuthorityStatus::Authority);
        let found = find(&world([]), &question(county, Some(ASSISTANCE)), now());
        assert_eq!(items(&found), ["KEL.DECISION", "KEL.PAYMENT"]);
        assert_eq!(codes(&found), []);
        let found = find(&world([]), &question(Recipient::Organisation(COUNTY), None), now());
        assert_eq!(found.nodes.len(), 3);
    }

    #[test]
    fn other_kind_of_recipient_has_no_legal_basis() {
        let found = find(&world([]), &question(Recipient::Organisation(FUND), None), now());
        assert_eq!(found.nodes, []);
        let expected = [
            DecisionReasonCode::NoAgreement,
            DecisionReasonCode::NoLegalBasis,
            DecisionReasonCode::ProcessingRightMissing,
        ];
        assert_eq!(codes(&found), expected);
    }

    #[test]
    fn repealed_law_and_unconfirmed_entitlement_give_nothing() {
        let county = question(Recipient::Organisation(COUNTY), Some(WELFARE));
        let repealed = legal_basis::Model { valid_until: Some(now()), ..law() };
        assert_eq!(find(&world([repealed.into()]), &county, now()).nodes, []);
        let proposed = legal_basis::Model { status: ProposalStatus::Proposed, ..law() };
        assert_eq!(find(&world([proposed.into()]), &county, now()).nodes, []);
        let ceiling = entitlement(22, "KEL.DECISION", WELFARE);
        let revoked = entitlement::Model { status: ProposalStatus::Revoked, ..ceiling.clone() };
        assert_eq!(find(&world([revoked.into()]), &county, now()).nodes, []);
        let ended = entitlement::Model { valid_until: Some(now()), ..ceiling };
        assert_eq!(find(&world([ended.into()]), &county, now()).nodes, []);
    }

    #[test]
    fn entitlement_of_one_recipient_is_no_other_s() {
        let named = entitlement::Model { recipient_id: Some(COUNTY), ..entitlement(22, "KEL.DECISION", WELFARE) };
        let facts = world([named.into()]);
        let found = |recipient| find(&facts, &question(recipient, Some(WELFARE)), now()).nodes.len();
        assert_eq!(found(Recipient::Organisation(COUNTY)), 1);
        assert_eq!(found(Recipient::Kind(OrganisationKind::WellbeingCounty, AuthorityStatus::Authority)), 0);
    }

    #[test]
    fn entitled_organisation_without_agreement_is_told_so() {
        let county = question(Recipient::Organisation(COUNTY), None);
        assert_eq!(codes(&find(&world([]), &county, now())), [DecisionReasonCode::NoAgreement]);
        let ended = world([agreement(AgreementStatus::Terminated).into()]);
        assert_eq!(codes(&find(&ended, &county, now())), [DecisionReasonCode::NoAgreement]);
    }

    #[test]
    fn draft_agreement_tells_what_stands_in_its_way() {
        let facts = world([agreement(AgreementStatus::Draft).into()]);
        let found = codes(&find(&facts, &question(Recipient::Organisation(COUNTY), None), now()));
        for code in [
            DecisionReasonCode::AgreementNotInForce,
            DecisionReasonCode::NoLegalBasis,
            DecisionReasonCode::ChannelNotOpen,
        ] {
            assert!(found.contains(&code), "{code}");
        }
        assert!(!found.contains(&DecisionReasonCode::NoAgreement));
    }

    #[test]
    fn stranger_learns_nothing_of_agreements() {
        let county = question(Recipient::Organisation(COUNTY), None);
        let stranger = Question { insight: Insight::Law, ..county };
        for facts in [world([]), world([agreement(AgreementStatus::Draft).into()])] {
            assert_eq!(codes(&find(&facts, &stranger, now())), []);
        }
    }

    #[test]
    fn dissolved_organisation_without_successor_receives_nothing() {
        let county = organisation(COUNTY, OrganisationKind::WellbeingCounty, AuthorityStatus::Authority);
        let gone = organisation::Model { dissolved_on: Some("2025-12-31".parse().unwrap()), ..county };
        let found = find(&world([gone.into()]), &question(Recipient::Organisation(COUNTY), None), now());
        assert!(codes(&found).contains(&DecisionReasonCode::PartyNotActive));
    }

    #[test]
    fn dissolved_organisation_receives_for_as_long_as_somebody_alive_stands_in_its_place() {
        let gone = |id, successor_id| organisation::Model {
            dissolved_on: Some("2025-12-31".parse().unwrap()),
            successor_id,
            ..organisation(id, OrganisationKind::WellbeingCounty, AuthorityStatus::Authority)
        };
        let is_gone = |edits: Vec<Edit>| {
            let found = find(&world(edits), &question(Recipient::Organisation(COUNTY), None), now());
            codes(&found).contains(&DecisionReasonCode::PartyNotActive)
        };
        assert!(!is_gone(vec![gone(COUNTY, Some(FUND)).into()]));
        assert!(is_gone(vec![gone(COUNTY, Some(FUND)).into(), gone(FUND, None).into()]));
    }
}
