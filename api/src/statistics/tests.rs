//! Periods, positions, pooling and rounding.

use std::collections::BTreeSet;

use chrono::Datelike;
use entity::vocabulary::{
    AgreementId, Channel, ClosedEnum, Day, DisclosureOutcome, LegalBasisId, OnwardRecipientKind, OrganisationId,
    OrganisationKind, Publicity, PurposeId, RegisterId, helsinki_midnight,
};
use proptest::prelude::*;

use super::rules::*;
use crate::facts::Facts;

fn day(text: &str) -> Day {
    text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn question(from: &str, until: &str, interval: Interval, group_by: &[Dimension]) -> StatisticsQuestion {
    StatisticsQuestion {
        from: day(from),
        until: day(until),
        interval,
        group_by: group_by.to_vec(),
        filter: StatisticsFilter::default(),
    }
}

fn cell(channel: Channel, disclosures: i64) -> Cell {
    Cell {
        day: day("2026-03-01"),
        discloser: None,
        recipient: None,
        onward: None,
        register: None,
        agreement: None,
        items: Vec::new(),
        bases: Vec::new(),
        purpose: None,
        channel: Some(channel),
        outcome: None,
        disclosures,
        subject_count: disclosures,
    }
}

fn key_value() -> impl Strategy<Value = KeyValue> {
    let value = proptest::string::string_regex("[ -~]{0,3}").unwrap_or_else(|fault| panic!("{fault}"));
    prop_oneof![Just(KeyValue::Nothing), Just(KeyValue::Restricted), value.prop_map(KeyValue::Value)]
}

#[test]
fn whole_months_are_counted_by_month_and_the_edges_by_day() {
    let edges = edges(day("2026-01-15"), day("2026-04-10"), Interval::Total, Sight::Everything);
    assert_eq!(edges.before, (day("2026-01-15"), day("2026-02-01")));
    assert_eq!(edges.months, (day("2026-02-01"), day("2026-04-01")));
    assert_eq!(edges.after, (day("2026-04-01"), day("2026-04-10")));
}

#[test]
fn a_question_within_one_month_is_counted_by_day() {
    let edges = edges(day("2026-01-15"), day("2026-01-20"), Interval::Month, Sight::Everything);
    assert_eq!(edges.before, (day("2026-01-15"), day("2026-01-20")));
    assert_eq!(edges.months.0, edges.months.1);
}

#[test]
fn denials_are_counted_only_where_outcomes_are_asked_about() {
    let plain = question("2026-01-01", "2026-02-01", Interval::Total, &[]);
    assert_eq!(counted_outcomes(&plain), [DisclosureOutcome::Delivered, DisclosureOutcome::Empty]);
    let grouped = question("2026-01-01", "2026-02-01", Interval::Total, &[Dimension::Outcome]);
    assert_eq!(counted_outcomes(&grouped).len(), 4);
}

#[test]
fn every_fault_of_a_question_is_named() {
    let all = Dimension::ALL.map(|(dimension, _)| dimension);
    let mut wrong = question("2026-02-01", "2026-01-01", Interval::Total, &all);
    wrong.group_by[1] = Dimension::Discloser;
    assert_eq!(check(&wrong).map_err(|faults| faults.len()), Err(3));
    assert!(check(&question("2026-01-01", "2026-01-02", Interval::Day, &all[..3])).is_ok());
}

#[test]
fn statistician_sees_closed_days_only() -> Result<(), chrono::ParseError> {
    let question = question("2026-01-01", "2027-01-01", Interval::Total, &[]);
    // Half past midnight in Helsinki.
    let now = "2026-03-09T22:30:00Z".parse::<chrono::DateTime<chrono::Utc>>()?;
    assert_eq!(answered_until(&question, Sight::Rounded, now), day("2026-03-10"));
    assert_eq!(covered_until(&question, Sight::Rounded, now, now), helsinki_midnight(day("2026-03-10")));
    assert_eq!(covered_until(&question, Sight::Everything, now, now), now);
    let last = now - chrono::TimeDelta::hours(1);
    assert_eq!(covered_until(&question, Sight::Everything, now, last), last);
    Ok(())
}

#[test]
fn groups_of_nothing_but_small_cells_rounded_down_are_suppressed() {
    let question = question("2026-03-01", "2026-04-01", Interval::Month, &[Dimension::Channel]);
    let cells = [cell(Channel::TechnicalInterface, rounded(4, 4)), cell(Channel::ViewingConnection, rounded(13, 2))];
    let rows = rows(&Facts::default(), &question, Sight::Rounded, &cells);
    assert!(rows[0].suppressed && rows[0].disclosures.is_none() && rows[0].subject_count.is_none());
    assert_eq!((rows[1].suppressed, rows[1].disclosures), (false, Some(15)));
    assert_eq!(rows[1].position(), ["2026-03", "=VIEWING_CONNECTION"]);
}

#[test]
fn party_sees_its_own_numbers_exactly() {
    let question = question("2026-03-01", "2026-04-01", Interval::Total, &[]);
    let rows =
        rows(&Facts::default(), &question, Sight::Everything, &[cell(Channel::Other, 3), cell(Channel::Other, -1)]);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].disclosures, rows[0].suppressed), (Some(2), false));
    assert_eq!(rows[0].period, "2026-03-01/2026-04-01");
}

/// Facts with one agreement that is not public, and a cell of it with every value.
fn restricted() -> (Facts, Cell) {
    use crate::facts::bare;
    use entity::{agreement, vocabulary::AgreementStatus};
    let (id, party) = (AgreementId(uuid::Uuid::from_u128(1)), OrganisationId(uuid::Uuid::from_u128(2)));
    let agreement = agreement::Model {
        number: "SOT-1".to_owned(),
        status: AgreementStatus::Active,
        publicity: Publicity::PublicationRestricted,
        ..bare::agreement(id, party, OrganisationId(uuid::Uuid::from_u128(3)), RegisterId(uuid::Uuid::from_u128(4)))
    };
    let facts = Facts::default().after(1, &[agreement.into()]);
    let cell = Cell {
        agreement: Some(id),
        discloser: Some(party),
        onward: Some(OnwardRecipientKind::EcecProvider),
        items: vec!["SOT.UNIT".parse().unwrap_or_else(|fault| panic!("{fault}"))],
        outcome: Some(DisclosureOutcome::Delivered),
        ..cell(Channel::Other, 7)
    };
    (facts, cell)
}

#[test]
fn restricted_agreements_are_one_group_in_every_dimension_but_channel_and_outcome() {
    let (facts, cell) = restricted();
    for (dimension, code) in Dimension::ALL {
        let question = question("2026-03-01", "2026-04-01", Interval::Month, &[dimension]);
        let rows = rows(&facts, &question, Sight::Rounded, std::slice::from_ref(&cell));
        let is_told = matches!(dimension, Dimension::Channel | Dimension::Outcome);
        assert_eq!(rows[0].keys[0].1 != KeyValue::Restricted, is_told, "{code}");
        let exact = super::rules::rows(&facts, &question, Sight::Everything, std::slice::from_ref(&cell));
        assert_ne!(exact[0].keys[0].1, KeyValue::Restricted, "{code}");
    }
}

#[test]
fn filter_on_what_is_pooled_does_not_reach_restricted_agreements() {
    let (facts, cell) = restricted();
    let reaches = |filter: StatisticsFilter| {
        let question = StatisticsQuestion { filter, ..question("2026-03-01", "2026-04-01", Interval::Total, &[]) };
        !rows(&facts, &question, Sight::Rounded, std::slice::from_ref(&cell)).is_empty()
    };
    let none = StatisticsFilter::default;
    assert!(reaches(none()));
    assert!(reaches(StatisticsFilter { channels: vec![Channel::Other], ..none() }));
    assert!(reaches(StatisticsFilter { outcomes: vec![DisclosureOutcome::Delivered], ..none() }));
    let id = uuid::Uuid::from_u128;
    for filter in [
        StatisticsFilter { disclosers: vec![OrganisationId(id(2))], ..none() },
        StatisticsFilter { recipients: vec![OrganisationId(id(3))], ..none() },
        StatisticsFilter { recipient_kinds: OrganisationKind::ALL.iter().map(|kind| kind.0).collect(), ..none() },
        StatisticsFilter { registers: vec![RegisterId(id(4))], ..none() },
        StatisticsFilter { agreements: vec![AgreementId(id(1))], ..none() },
        StatisticsFilter { items: cell.items.clone(), ..none() },
        StatisticsFilter { bases: vec![LegalBasisId(id(5))], ..none() },
        StatisticsFilter { purposes: vec![PurposeId(id(6))], ..none() },
    ] {
        assert!(!reaches(filter.clone()), "{filter:?}");
    }
}

#[test]
fn rows_of_other_periods_or_dimensions_are_another_list() {
    let asked =
        |until: &str, interval, group_by: &[Dimension]| list(&question("2026-01-01", until, interval, group_by));
    let month = asked("2026-03-01", Interval::Month, &[Dimension::Purpose, Dimension::Channel]);
    assert_eq!(month, "disclosureStatistics MONTH PURPOSE CHANNEL");
    assert_eq!(month, asked("2026-04-01", Interval::Month, &[Dimension::Purpose, Dimension::Channel]));
    for other in [
        asked("2026-03-01", Interval::Month, &[Dimension::Channel, Dimension::Purpose]),
        asked("2026-03-01", Interval::Day, &[Dimension::Purpose, Dimension::Channel]),
        asked("2026-03-01", Interval::Month, &[]),
    ] {
        assert_ne!(month, other);
    }
    let total = |until| asked(until, Interval::Total, &[]);
    assert_ne!(total("2026-03-01"), total("2026-04-01"), "the whole time is what a row is named by");
}

proptest! {
    #[test]
    fn positions_rise_as_the_rows_do(mut keys in proptest::collection::vec(key_value(), 2..12)) {
        keys.sort();
        keys.dedup();
        let position = |key: &KeyValue| StatisticsRow {
            period: "2026".to_owned(),
            keys: vec![(Dimension::Recipient, key.clone())],
            disclosures: None,
            subject_count: None,
            suppressed: true,
        }.position();
        prop_assert!(keys.iter().map(position).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn rounding_moves_a_number_by_less_than_five(count in 0_i64..1_000_000, rounds_above in 0_i32..5) {
        let shown = rounded(count, rounds_above);
        prop_assert_eq!(shown % ROUNDED_TO, 0);
        prop_assert!((shown - count).abs() < ROUNDED_TO);
        prop_assert!(count % ROUNDED_TO != 0 || shown == count);
    }

    #[test]
    fn rounding_keeps_the_order_of_numbers(a in 0_i64..1_000_000, b in 0_i64..1_000_000, above in 0_i32..5) {
        prop_assert!(a > b || rounded(a, above) <= rounded(b, above));
    }

    #[test]
    fn edges_hold_every_day_exactly_once(start in 735_000_i32..740_000, days in 1_i32..800) {
        let from = Day::from_num_days_from_ce_opt(start).unwrap_or_default();
        let until = Day::from_num_days_from_ce_opt(start + days).unwrap_or_default();
        let edges = edges(from, until, Interval::Total, Sight::Everything);
        prop_assert_eq!(edges.before.0, from);
        prop_assert_eq!(edges.before.1, edges.months.0);
        prop_assert_eq!(edges.months.1, edges.after.0);
        prop_assert_eq!(edges.after.1, until);
        prop_assert!(edges.months.0 == edges.months.1 || edges.months.0.day() == 1 && edges.months.1.day() == 1);
        prop_assert!(edges.before.0 <= edges.before.1 && edges.after.0 <= edges.after.1);
    }

    #[test]
    fn nothing_a_statistician_sees_is_exact(counts in proptest::collection::vec(1_i64..50, 1..5)) {
        let question = question("2026-03-01", "2026-04-01", Interval::Total, &[]);
        let cells: Vec<Cell> = counts.iter().map(|count| cell(Channel::Other, rounded(*count, 3))).collect();
        let sum: i64 = cells.iter().map(|cell| cell.disclosures).sum();
        for row in rows(&Facts::default(), &question, Sight::Rounded, &cells) {
            prop_assert_eq!(row.suppressed, sum == 0);
            prop_assert!(row.disclosures.is_none_or(|shown| shown >= ROUNDED_TO && shown % ROUNDED_TO == 0));
        }
    }
}

/// Cell of the tallies as it stands, before it is rounded.
#[derive(Debug, Clone, Copy)]
struct Base {
    day: u32,
    channel: Channel,
    outcome: DisclosureOutcome,
    count: i64,
    rounds_above: i32,
}

impl Base {
    /// What the database sums for a statistician.
    fn rounded(self) -> Cell {
        Cell {
            day: Day::from_ymd_opt(2026, 3, self.day).unwrap_or_default(),
            outcome: Some(self.outcome),
            ..cell(self.channel, rounded(self.count, self.rounds_above))
        }
    }
}

fn base() -> impl Strategy<Value = Base> {
    let channels = proptest::sample::select(Channel::ALL.iter().map(|(channel, ..)| *channel).collect::<Vec<_>>());
    let outcomes =
        proptest::sample::select(DisclosureOutcome::ALL.iter().map(|(outcome, ..)| *outcome).collect::<Vec<_>>());
    (1_u32..29, channels, outcomes, 1_i64..30, 0_i32..5).prop_map(|(day, channel, outcome, count, rounds_above)| Base {
        day,
        channel,
        outcome,
        count,
        rounds_above,
    })
}

/// Questions of a statistician: any days, any periods, any groups, any conditions.
fn questions() -> impl Strategy<Value = Vec<(u32, u32, StatisticsQuestion)>> {
    let groups: Vec<Vec<Dimension>> = vec![
        vec![],
        vec![Dimension::Channel],
        vec![Dimension::Outcome],
        vec![Dimension::Channel, Dimension::Outcome],
        vec![Dimension::Recipient, Dimension::Outcome],
    ];
    let one = (
        1_u32..28,
        1_u32..28,
        proptest::sample::select(Interval::ALL.map(|(interval, _)| interval).to_vec()),
        proptest::sample::select(groups),
        proptest::sample::subsequence(Channel::ALL.iter().map(|(channel, ..)| *channel).collect::<Vec<_>>(), 0..=3),
    );
    let one = one.prop_map(|(from, days, interval, group_by, channels)| {
        let asked = question("2026-03-01", "2026-04-01", interval, &group_by);
        let filter = StatisticsFilter { channels, ..StatisticsFilter::default() };
        (from, from + days, StatisticsQuestion { filter, ..asked })
    });
    proptest::collection::vec(one, 1..40)
}

/// Answers to every question, as one who asks them all in turn is shown them.
fn answers(bases: &[Base], questions: &[(u32, u32, StatisticsQuestion)]) -> Vec<Vec<StatisticsRow>> {
    let facts = Facts::default();
    let asked = |(from, until, question): &(u32, u32, StatisticsQuestion)| {
        let channels = &question.filter.channels;
        let cells: Vec<Cell> = bases
            .iter()
            .filter(|base| (*from..*until).contains(&base.day))
            .filter(|base| channels.is_empty() || channels.contains(&base.channel))
            .map(|base| base.rounded())
            .collect();
        rows(&facts, question, Sight::Rounded, &cells)
    };
    questions.iter().map(asked).collect()
}

/// Another count that the same cell might as well hold, as far as anybody can tell who does not know where it rounds up.
fn alternatives(base: Base) -> Vec<Base> {
    let shown = rounded(base.count, base.rounds_above);
    (1..=base.count + 10)
        .flat_map(|count| (0..5).map(move |rounds_above| Base { count, rounds_above, ..base }))
        .filter(|other| other.count != base.count && rounded(other.count, other.rounds_above) == shown)
        .collect()
}

proptest! {
    /// Whoever is shown any number of answers, whatever they add or subtract, cannot tell the true counts from others:
    /// were every cell another, each answer would be the same.
    #[test]
    fn no_answers_together_tell_what_any_cell_holds(
        bases in proptest::collection::vec(base(), 1..40),
        choice in proptest::collection::vec(any::<proptest::sample::Index>(), 40),
        questions in questions(),
    ) {
        let others: Vec<Base> = bases
            .iter()
            .zip(&choice)
            .map(|(base, choice)| {
                let alternatives = alternatives(*base);
                alternatives[choice.index(alternatives.len())]
            })
            .collect();
        prop_assert!(bases.iter().zip(&others).all(|(base, other)| base.count != other.count));
        prop_assert_eq!(answers(&bases, &questions), answers(&others, &questions));
    }

    #[test]
    fn parts_add_up_to_the_whole(bases in proptest::collection::vec(base(), 1..40)) {
        let whole = |group_by: &[Dimension], interval| {
            let asked = [(1, 32, question("2026-03-01", "2026-04-01", interval, group_by))];
            answers(&bases, &asked)[0].iter().filter_map(|row| row.disclosures).sum::<i64>()
        };
        let total = whole(&[], Interval::Total);
        prop_assert_eq!(whole(&[Dimension::Channel], Interval::Day), total);
        prop_assert_eq!(whole(&[Dimension::Outcome], Interval::Month), total);
    }
}

/// A small cell is shown as nothing or as five, and each may be any of several counts.
#[test]
fn each_small_count_may_be_another() {
    for shown in [0, 5] {
        let counts: BTreeSet<i64> = (1..20)
            .flat_map(|count| (0..5).map(move |rounds_above| (count, rounded(count, rounds_above))))
            .filter(|(_, rounded)| *rounded == shown)
            .map(|(count, _)| count)
            .collect();
        let expected: Vec<i64> = if shown == 0 { (1..5).collect() } else { (1..10).collect() };
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
    }
}

/// Why not the sums are rounded: two groups suppressed because they are under five and a total of ten would tell that both
/// are four.
#[test]
fn rounded_sums_would_betray_what_is_suppressed() {
    let nearest = |count: i64| (count + 2) / 5 * 5;
    let may_be: Vec<(i64, i64)> =
        (1..5).flat_map(|a| (1..5).map(move |b| (a, b))).filter(|(a, b)| nearest(a + b) == 10).collect();
    assert_eq!(may_be, [(4, 4)]);
}

#[test]
fn rounding_is_right_on_the_average() {
    for count in 0..100 {
        let sum: i64 = (0..5).map(|rounds_above| rounded(count, rounds_above)).sum();
        assert_eq!(sum, 5 * count);
    }
}
