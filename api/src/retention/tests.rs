//! What is kept how long, asked of random rules.

use entity::{
    disclosure_withholding, legal_basis, retention_rule,
    vocabulary::{
        Day, DisclosureWithholdingId, DroppedMonthId, Instant, LegalBasisId, OrganisationId, RegisterId,
        RetentionRuleId,
    },
};
use proptest::prelude::*;
use uuid::Uuid;

use super::rules::{Month, Sheaf, bounds, drop_due, is_due, kept_until, parts, rule};
use crate::{
    disclosure::row::disclosure_id,
    facts::{Edit, Facts, bare},
};

const REGISTER: RegisterId = RegisterId(Uuid::from_u128(1));
const OTHER: RegisterId = RegisterId(Uuid::from_u128(2));
const OLD: LegalBasisId = LegalBasisId(Uuid::from_u128(11));
const NEW: LegalBasisId = LegalBasisId(Uuid::from_u128(12));
const SEPARATE: LegalBasisId = LegalBasisId(Uuid::from_u128(13));

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

fn law(id: LegalBasisId, superseded_by_id: Option<LegalBasisId>) -> legal_basis::Model {
    legal_basis::Model {
        number: 661,
        year: 2009,
        section: id.0.as_u128().to_string(),
        citation: format!("661/2009 {} §", id.0.as_u128()),
        valid_from: instant("2010-03-01T00:00:00Z"),
        superseded_by_id,
        ..bare::legal_basis(id)
    }
}

fn rule_of(number: usize, basis: Option<LegalBasisId>, years: i32) -> Edit {
    let id = RetentionRuleId(Uuid::from_u128(100 + number as u128));
    retention_rule::Model { id, register_id: REGISTER, legal_basis_id: basis, years, source: "law".to_owned() }.into()
}

fn facts(rules: &[(Option<LegalBasisId>, i32)]) -> Facts {
    let keeper = OrganisationId(Uuid::from_u128(3));
    let mut edits = vec![
        bare::organisation(keeper).into(),
        bare::register(REGISTER, keeper).into(),
        bare::register(OTHER, keeper).into(),
        law(NEW, None).into(),
        law(OLD, Some(NEW)).into(),
        law(SEPARATE, None).into(),
    ];
    edits.extend(rules.iter().enumerate().map(|(number, (basis, years))| rule_of(number, *basis, *years)));
    Facts::default().after(1, &edits)
}

fn month(on: &str, sheaves: Vec<Sheaf>) -> Month {
    Month { on: on.parse().unwrap(), is_closed: true, first_leaf_index: 5, last_leaf_index: 90, sheaves }
}

fn sheaf(register: RegisterId, bases: &[LegalBasisId], rows: i64, last: &str) -> Sheaf {
    Sheaf { register, bases: bases.to_vec(), rows, last_occurred_at: instant(last) }
}

fn years(facts: &Facts, bases: &[LegalBasisId]) -> Option<i32> {
    rule(facts, REGISTER, bases).map(|rule| rule.years)
}

#[test]
fn the_longest_rule_that_applies_keeps() {
    let facts = facts(&[(None, 5), (Some(NEW), 12), (Some(SEPARATE), 2)]);
    assert_eq!(years(&facts, &[]), Some(5));
    assert_eq!(years(&facts, &[SEPARATE]), Some(5));
    assert_eq!(years(&facts, &[SEPARATE, NEW]), Some(12));
    assert_eq!(rule(&facts, OTHER, &[NEW]), None);
}

#[test]
fn a_rule_on_a_provision_applies_to_all_its_wordings() {
    for named in [OLD, NEW] {
        let facts = facts(&[(Some(named), 12)]);
        assert_eq!(
            (years(&facts, &[OLD]), years(&facts, &[NEW]), years(&facts, &[SEPARATE])),
            (Some(12), Some(12), None)
        );
    }
}

#[test]
fn a_term_ends_with_the_day_of_its_number_in_helsinki() {
    for (given, years, until) in [
        ("2026-03-02T08:00:00Z", 12, "2038-03-02T22:00:00Z"),
        ("2026-07-31T21:30:00Z", 2, "2028-08-01T21:00:00Z"),
        ("2028-02-29T08:00:00Z", 1, "2029-02-28T22:00:00Z"),
    ] {
        assert_eq!(kept_until(instant(given), years), Some(instant(until)), "{given}");
    }
    assert_eq!(kept_until(instant("2026-03-02T08:00:00Z"), i32::MAX), None);
}

#[test]
fn one_row_keeps_its_month_alive_and_is_named() {
    let facts = facts(&[(None, 2)]);
    let (late, at) = ("2020-05-20T08:00:00Z", instant("2022-05-21T00:00:00Z"));
    let due =
        month("2020-05-01", vec![sheaf(REGISTER, &[], 3, "2020-05-02T08:00:00Z"), sheaf(REGISTER, &[NEW], 1, late)]);
    assert!(is_due(&facts, &due, at) && !is_due(&facts, &due, instant("2022-05-20T12:00:00Z")));
    assert_eq!(parts(&facts, &due).len(), 1);
    let mut kept = due.clone();
    kept.sheaves.push(sheaf(OTHER, &[], 1, "2010-01-01T08:00:00Z"));
    assert!(!is_due(&facts, &kept, at));
    let alive: Vec<_> = parts(&facts, &kept).into_iter().filter(|part| !part.is_past(at)).collect();
    assert!(matches!(&alive[..], [part] if part.register == OTHER && part.rule.is_none() && part.rows == 1));
    assert!(!is_due(&facts, &Month { is_closed: false, ..due }, at));
}

#[test]
fn a_run_names_what_it_drops_once_and_takes_the_decisions_about_it_along() {
    let (from, until) = bounds("2020-05-01".parse::<Day>().unwrap());
    let withholding = |number: u128, recorded_at: Instant| -> Edit {
        disclosure_withholding::Model {
            id: DisclosureWithholdingId(Uuid::from_u128(number)),
            disclosure_id: disclosure_id(recorded_at, [0; 8]),
            withheld_until: None,
            legal_basis_id: NEW,
            decided_at: recorded_at,
            reason: "x".to_owned(),
        }
        .into()
    };
    let facts = facts(&[(None, 2)]).after(2, &[withholding(31, from), withholding(32, until)]);
    let at = instant("2030-01-01T00:00:00Z");
    let months = [(
        month("2020-05-01", vec![sheaf(REGISTER, &[], 3, "2020-05-02T08:00:00Z")]),
        DroppedMonthId(Uuid::from_u128(41)),
    )];
    let changes = drop_due(&facts, &months, at);
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].action, changes[0].edits.len()), ("runRetention", 2));
    let reason = changes[0].reason.clone().unwrap_or_default();
    assert!(reason.starts_with("2020-05: 3 rows, leaves 5 to 90 (") && reason.contains("2 years: law"), "{reason}");
    let after = facts.after(3, &changes[0].edits);
    assert_eq!(after.disclosure_withholding.all().count(), 1);
    assert_eq!(after.dropped_month.all().map(|row| row.disclosures).collect::<Vec<_>>(), [3]);
    assert_eq!(drop_due(&after, &months, at), Vec::new());
}

fn a_basis() -> impl Strategy<Value = LegalBasisId> {
    prop::sample::select(vec![OLD, NEW, SEPARATE])
}

fn some_rules() -> impl Strategy<Value = Vec<(Option<LegalBasisId>, i32)>> {
    prop::collection::vec((prop::option::of(a_basis()), 1..20_i32), 0..5)
}

fn an_instant() -> impl Strategy<Value = Instant> {
    (0..2_000_000_000_i64).prop_map(|seconds| Instant::from_timestamp(seconds, 0).unwrap_or_default())
}

proptest! {
    #[test]
    fn another_rule_never_shortens_what_one_already_keeps(
        rules in some_rules(), more in (prop::option::of(a_basis()), 1..20_i32), bases in prop::collection::vec(a_basis(), 0..3),
    ) {
        let before = years(&facts(&rules), &bases);
        let after = years(&facts(&[&rules[..], &[more]].concat()), &bases);
        prop_assert!(before.is_none() || after >= before, "{before:?} {after:?}");
    }

    #[test]
    fn what_is_due_stays_due(
        rules in some_rules(), given in an_instant(), bases in prop::collection::vec(a_basis(), 0..3), at in an_instant(),
        later in 0..1_000_000_000_i64,
    ) {
        let facts = facts(&rules);
        let sheaf = Sheaf { register: REGISTER, bases, rows: 1, last_occurred_at: given };
        let month = month("2001-01-01", vec![sheaf]);
        let later = at + chrono::TimeDelta::seconds(later);
        prop_assert!(!is_due(&facts, &month, at) || is_due(&facts, &month, later));
    }

    #[test]
    fn a_row_added_never_makes_a_month_due(
        rules in some_rules(), given in an_instant(), more in an_instant(), basis in a_basis(), at in an_instant(),
    ) {
        let facts = facts(&rules);
        let sheaf = |bases: Vec<LegalBasisId>, last_occurred_at| Sheaf { register: REGISTER, bases, rows: 1, last_occurred_at };
        let fewer = month("2001-01-01", vec![sheaf(Vec::new(), given)]);
        let all = month("2001-01-01", vec![sheaf(Vec::new(), given), sheaf(vec![basis], more)]);
        prop_assert!(!is_due(&facts, &all, at) || is_due(&facts, &fewer, at));
    }
}
