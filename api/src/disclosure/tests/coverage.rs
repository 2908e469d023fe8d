use entity::vocabulary::{Coverage, DecisionReasonCode, Verdict};

use super::*;
use crate::{
    decision::{About, Decision, Ground, Reason},
    disclosure::{
        OnPartial,
        coverage::{Door, Judged, decision, judged},
        rules::{Checked, check},
    },
};

fn checked(discloser: OrganisationId) -> Checked {
    check(&facts(), instant("2026-03-02T08:00:00Z"), discloser, &draft("m"), "").unwrap()
}

/// Decision that permits one of the two items, each or none.
fn decided(verdict: Verdict) -> Decision {
    let report = checked(KELA);
    let permitted = match verdict {
        Verdict::Permitted => 2,
        Verdict::Partial => 1,
        Verdict::Denied => 0,
    };
    let items = report.items[..permitted].to_vec();
    let reason =
        |item| Reason { code: DecisionReasonCode::ItemNotInScope, item, bases: Vec::new(), about: About::Nothing };
    Decision {
        verdict,
        grounds: items.iter().map(|item| Ground { item: item.clone(), bases: vec![BASIS] }).collect(),
        reasons: report.items[permitted..].iter().map(|item| reason(Some(item.clone()))).collect(),
        permitted_items: items,
        obligations: Vec::new(),
        agreement: Some(AgreementId(Uuid::from_u128(8))),
        scope: None,
        valid_until: None,
        next_change_at: None,
        facts_seq: 1,
    }
}

fn judge(door: Door, verdict: Verdict) -> Judged {
    judged(&facts(), &checked(KELA), door, Some(&decided(verdict)))
}

#[test]
fn what_is_permitted_is_covered_and_cites_its_provisions_once() {
    let judged = judge(Door::Record, Verdict::Permitted);
    assert_eq!((judged.coverage, judged.bases.as_slice()), (Coverage::Covered, [BASIS].as_slice()));
    assert!(judged.reasons.is_empty());
}

#[test]
fn what_happened_is_recorded_whole_though_only_a_part_was_permitted() {
    let judged = judge(Door::Record, Verdict::Partial);
    assert_eq!(judged.coverage, Coverage::Uncovered);
    assert_eq!((judged.items.len(), judged.outcome), (2, DisclosureOutcome::Delivered));
    assert_eq!(judged.reasons, [DecisionReasonCode::ItemNotInScope]);
    assert!(judged.bases.is_empty());
}

#[test]
fn part_is_denied_unless_it_is_accepted() {
    let denied = judge(Door::Authorise(OnPartial::Deny), Verdict::Partial);
    assert_eq!(
        (denied.outcome, denied.coverage, denied.items.len()),
        (DisclosureOutcome::Denied, Coverage::Uncovered, 2)
    );
    let part = judge(Door::Authorise(OnPartial::AcceptPart), Verdict::Partial);
    assert_eq!((part.outcome, part.coverage, part.items.len()), (DisclosureOutcome::Delivered, Coverage::Covered, 1));
    let nothing = judge(Door::Authorise(OnPartial::AcceptPart), Verdict::Denied);
    assert_eq!((nothing.outcome, nothing.coverage), (DisclosureOutcome::Denied, Coverage::Uncovered));
}

#[test]
fn agreement_of_the_discloser_is_the_one_judged() {
    let facts = facts();
    let own = decision(&facts, &checked(KELA), None);
    assert_eq!(own.agreement, Some(AgreementId(Uuid::from_u128(8))));
    let other = decision(&facts, &Checked { discloser: LVV, ..checked(KELA) }, None);
    assert_eq!((other.agreement, other.reasons[0].code), (None, DecisionReasonCode::NoAgreement));
}

#[test]
fn disclosure_of_the_successor_is_judged_by_the_agreements_it_took_over() {
    let kela = facts().organisation.get(KELA).unwrap().as_ref().clone();
    let gone = organisation::Model {
        dissolved_on: Some(instant("2026-01-01T00:00:00Z").date_naive()),
        successor_id: Some(LVV),
        ..kela
    };
    let facts = facts().after(2, &[gone.into()]);
    for discloser in [KELA, LVV] {
        let judged = decision(&facts, &Checked { discloser, ..checked(KELA) }, None);
        assert_eq!(judged.agreement, Some(AgreementId(Uuid::from_u128(8))), "{discloser}");
    }
}

#[test]
fn disclosure_of_a_processor_rests_on_no_agreement_that_does_not_name_it() {
    let facts = facts();
    let served = |agreements: &[u128]| {
        let named = agreements.iter().map(|id| AgreementId(Uuid::from_u128(*id))).collect();
        decision(&facts, &Checked { served: Some(named), ..checked(KELA) }, None).agreement
    };
    assert_eq!(served(&[8]), Some(AgreementId(Uuid::from_u128(8))));
    assert_eq!(served(&[9]), None);
}

#[test]
fn agreement_without_a_first_day_is_named_after_those_that_have_one() {
    let later = agreement::Model {
        id: AgreementId(Uuid::from_u128(10)),
        number: "KEL-2".to_owned(),
        starts_on: Some(instant("2027-01-01T00:00:00Z").date_naive()),
        ..agreement()
    };
    let facts = facts().after(2, &[later.into()]);
    assert_eq!(decision(&facts, &checked(KELA), None).agreement, Some(AgreementId(Uuid::from_u128(10))));
}
