//! How disclosures are counted and what of the counts may be shown; pure.
//!
//! A statistician sees closed days only, every number rounded, small cells not at all, and agreements that are not
//! public only together (I17).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months};
use entity::vocabulary::{
    AgreementId, Channel, ClosedEnum, Day, DisclosureOutcome, Instant, ItemCode, Language, LegalBasisId,
    OnwardRecipientKind, OrganisationId, OrganisationKind, Publicity, PurposeId, RegisterId, helsinki_day,
    helsinki_midnight,
};

use crate::{
    Fault, FaultCode, Violations,
    auth::policy::statistics::Sight,
    facts::{Facts, global_id},
};

/// Dimensions one question may group by.
pub const GROUP_BY_MAX: usize = 3;

/// What a statistician's numbers are rounded to, and the smallest number shown.
pub const ROUNDED_TO: i64 = 5;

/// Length of the periods of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Civil day.
    Day,
    /// Calendar month.
    Month,
    /// Calendar year.
    Year,
    /// Whole time asked about.
    Total,
}

/// What disclosures are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Discloser.
    Discloser,
    /// Recipient.
    Recipient,
    /// Kind of recipient, or to whom data travelled on.
    RecipientKind,
    /// Register.
    Register,
    /// Agreement.
    Agreement,
    /// Item; a disclosure counts under each of its items.
    Item,
    /// Provision; a disclosure counts under each of its provisions.
    LegalBasis,
    /// Purpose.
    Purpose,
    /// Channel.
    Channel,
    /// Outcome.
    Outcome,
}

impl Dimension {
    /// Every dimension with its code.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Discloser, "DISCLOSER"),
        (Self::Recipient, "RECIPIENT"),
        (Self::RecipientKind, "RECIPIENT_KIND"),
        (Self::Register, "REGISTER"),
        (Self::Agreement, "AGREEMENT"),
        (Self::Item, "ITEM"),
        (Self::LegalBasis, "LEGAL_BASIS"),
        (Self::Purpose, "PURPOSE"),
        (Self::Channel, "CHANNEL"),
        (Self::Outcome, "OUTCOME"),
    ];
}

/// Question about how much was disclosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsQuestion {
    /// First day, in Helsinki.
    pub from: Day,
    /// First day after, in Helsinki.
    pub until: Day,
    /// Length of the periods.
    pub interval: Interval,
    /// Dimensions, at most three, each once.
    pub group_by: Vec<Dimension>,
    /// Which disclosures.
    pub filter: StatisticsFilter,
}

/// Which disclosures are counted; an empty list does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatisticsFilter {
    /// Disclosers.
    pub disclosers: Vec<OrganisationId>,
    /// Recipients.
    pub recipients: Vec<OrganisationId>,
    /// Kinds of recipient.
    pub recipient_kinds: Vec<OrganisationKind>,
    /// Registers.
    pub registers: Vec<RegisterId>,
    /// Agreements.
    pub agreements: Vec<AgreementId>,
    /// Items; each means what is below it too.
    pub items: Vec<ItemCode>,
    /// Provisions.
    pub bases: Vec<LegalBasisId>,
    /// Purposes.
    pub purposes: Vec<PurposeId>,
    /// Channels.
    pub channels: Vec<Channel>,
    /// Outcomes.
    pub outcomes: Vec<DisclosureOutcome>,
}

/// Every fault of a question.
pub fn check(question: &StatisticsQuestion) -> Result<(), Violations> {
    let faults = violations(Some(question.from), Some(question.until), &question.group_by);
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Every fault of a question's days, as far as they could be read, and of its dimensions.
pub fn violations(from: Option<Day>, until: Option<Day>, group_by: &[Dimension]) -> Violations {
    let mut faults = Violations::new();
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        faults.push(Fault::new(FaultCode::PeriodReversed, "input.until", "not after `from`"));
    }
    if group_by.len() > GROUP_BY_MAX {
        let message = format!("more than {GROUP_BY_MAX} dimensions");
        faults.push(Fault::new(FaultCode::TooLong, "input.groupBy", message));
    }
    if group_by.iter().collect::<BTreeSet<_>>().len() < group_by.len() {
        faults.push(Fault::new(FaultCode::Malformed, "input.groupBy", "a dimension is named twice"));
    }
    faults
}

/// Name of the list of rows a question is answered with, for its cursors: rows of other periods or dimensions are
/// another list.
pub fn list(question: &StatisticsQuestion) -> String {
    let interval = match question.interval {
        Interval::Day => "DAY".to_owned(),
        Interval::Month => "MONTH".to_owned(),
        Interval::Year => "YEAR".to_owned(),
        Interval::Total => period(question, question.from),
    };
    let code =
        |wanted: &Dimension| Dimension::ALL.iter().find(|(dimension, _)| dimension == wanted).map(|(_, code)| *code);
    let dimensions: Vec<_> = question.group_by.iter().filter_map(code).collect();
    format!("disclosureStatistics {interval} {}", dimensions.join(" "))
}

/// Whether some register has, or had, an item of the code.
pub fn is_item(facts: &Facts, code: &ItemCode) -> bool {
    facts.register.all().filter_map(|row| facts.catalogue(row.id)).any(|catalogue| catalogue.knows(code))
}

/// Days asked about that are answered: none of the future of a statistician's closed days.
pub fn answered_until(question: &StatisticsQuestion, sight: Sight, now: Instant) -> Day {
    match sight {
        Sight::Everything | Sight::Own(_) => question.until,
        Sight::Rounded => question.until.min(helsinki_day(now)),
    }
}

/// End of what is surely counted.
pub fn covered_until(question: &StatisticsQuestion, sight: Sight, now: Instant) -> Instant {
    helsinki_midnight(answered_until(question, sight, now)).min(now)
}

/// Days of a question by the grain that counts them: whole months by month, the edges by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edges {
    /// Days before the whole months, the end excluded.
    pub before: (Day, Day),
    /// Whole months, the end excluded.
    pub months: (Day, Day),
    /// Days after them, the end excluded.
    pub after: (Day, Day),
}

/// Divides the days between two into whole months and edges; by day nothing is a whole month.
pub fn edges(from: Day, until: Day, interval: Interval) -> Edges {
    let (first, last) = (month_at_or_after(from), month(until));
    if interval == Interval::Day || first >= last {
        let until = until.max(from);
        return Edges { before: (from, until), months: (until, until), after: (until, until) };
    }
    Edges { before: (from, first), months: (first, last), after: (last, until) }
}

fn month(day: Day) -> Day {
    day.with_day(1).unwrap_or(day)
}

fn month_at_or_after(day: Day) -> Day {
    let first = month(day);
    if first == day { day } else { first.checked_add_months(Months::new(1)).unwrap_or(Day::MAX) }
}

/// Name of the period a day falls into.
pub fn period(question: &StatisticsQuestion, day: Day) -> String {
    match question.interval {
        Interval::Day => day.format("%Y-%m-%d").to_string(),
        Interval::Month => day.format("%Y-%m").to_string(),
        Interval::Year => day.format("%Y").to_string(),
        Interval::Total => format!("{}/{}", question.from, question.until),
    }
}

/// Whether a number counts: denials and errors only where somebody asks for outcomes.
pub fn counted_outcomes(question: &StatisticsQuestion) -> Vec<DisclosureOutcome> {
    if !question.filter.outcomes.is_empty() {
        return question.filter.outcomes.clone();
    }
    if question.group_by.contains(&Dimension::Outcome) {
        return DisclosureOutcome::ALL.iter().map(|(outcome, ..)| *outcome).collect();
    }
    vec![DisclosureOutcome::Delivered, DisclosureOutcome::Empty]
}

/// Cells of the tallies alike in what the question asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// A day of its period.
    pub day: Day,
    /// Discloser, where asked.
    pub discloser: Option<OrganisationId>,
    /// Recipient, where asked.
    pub recipient: Option<OrganisationId>,
    /// To whom data travelled on, where asked.
    pub onward: Option<OnwardRecipientKind>,
    /// Register, where asked.
    pub register: Option<RegisterId>,
    /// Agreement, where asked.
    pub agreement: Option<AgreementId>,
    /// Items, where asked.
    pub items: Vec<ItemCode>,
    /// Provisions, where asked.
    pub bases: Vec<LegalBasisId>,
    /// Purpose, where asked.
    pub purpose: Option<PurposeId>,
    /// Channel, where asked.
    pub channel: Option<Channel>,
    /// Outcome, where asked.
    pub outcome: Option<DisclosureOutcome>,
    /// Rows.
    pub disclosures: i64,
    /// Sum of their subjects.
    pub subject_count: i64,
}

/// Value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyValue {
    /// Disclosures without one, such as those under no agreement.
    Nothing,
    /// Everything of agreements that are not public, together.
    Restricted,
    /// Value as others know it: a code, a business id, a number, a citation.
    Value(String),
}

/// Counts of one period and one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsRow {
    /// Name of the period.
    pub period: String,
    /// Values in the order of the question's dimensions.
    pub keys: Vec<(Dimension, KeyValue)>,
    /// Disclosures; null when suppressed.
    pub disclosures: Option<i64>,
    /// Sum of their subjects; null when suppressed.
    pub subject_count: Option<i64>,
    /// Whether the numbers are too small to be shown.
    pub suppressed: bool,
}

impl StatisticsRow {
    /// Place of the row in its answer, whose order it keeps; a page goes on after it.
    pub fn position(&self) -> Vec<String> {
        let key = |(_, value): &(Dimension, KeyValue)| match value {
            KeyValue::Nothing => String::new(),
            KeyValue::Restricted => "!".to_owned(),
            KeyValue::Value(value) => format!("={value}"),
        };
        std::iter::once(self.period.clone()).chain(self.keys.iter().map(key)).collect()
    }
}

/// Value of a dimension in words: a name where the value has one.
pub fn label(facts: &Facts, dimension: Dimension, value: &KeyValue, language: Language) -> String {
    let value = match value {
        KeyValue::Nothing => return "–".to_owned(),
        KeyValue::Restricted => return restricted_label(language).to_owned(),
        KeyValue::Value(value) => value,
    };
    let name = match dimension {
        Dimension::Discloser | Dimension::Recipient => facts
            .organisation_of(value)
            .map(|row| said(language, &row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())),
        Dimension::Register => facts
            .register
            .by_key(value)
            .map(|row| said(language, &row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())),
        Dimension::Purpose => facts
            .purpose
            .by_key(value)
            .map(|row| said(language, &row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())),
        Dimension::RecipientKind
        | Dimension::Agreement
        | Dimension::Item
        | Dimension::LegalBasis
        | Dimension::Channel
        | Dimension::Outcome => None,
    };
    name.unwrap_or_else(|| value.clone())
}

fn restricted_label(language: Language) -> &'static str {
    match language {
        Language::Fi => "julkaisu rajoitettu",
        Language::Sv => "begränsad publicering",
        Language::En => "publication restricted",
    }
}

fn said(language: Language, fi: &str, sv: Option<&String>, en: Option<&String>) -> String {
    let name = match language {
        Language::Fi => None,
        Language::Sv => sv,
        Language::En => en,
    };
    name.map_or_else(|| fi.to_owned(), Clone::clone)
}

/// Rows of an answer, ordered by period and values.
pub fn rows(facts: &Facts, question: &StatisticsQuestion, sight: Sight, cells: &[Cell]) -> Vec<StatisticsRow> {
    let mut sums: BTreeMap<(String, Vec<KeyValue>), (i64, i64)> = BTreeMap::new();
    for cell in cells {
        let restricted = sight == Sight::Rounded && is_restricted(facts, cell);
        if !matches(facts, &question.filter, cell, restricted) {
            continue;
        }
        for keys in keys(facts, question, cell, restricted) {
            let sum = sums.entry((period(question, cell.day), keys)).or_default();
            sum.0 += cell.disclosures;
            sum.1 += cell.subject_count;
        }
    }
    sums.into_iter()
        .filter(|(_, (disclosures, _))| *disclosures != 0)
        .map(|((period, keys), counts)| {
            let keys = question.group_by.iter().copied().zip(keys).collect();
            shown(
                sight,
                StatisticsRow {
                    period,
                    keys,
                    disclosures: Some(counts.0),
                    subject_count: Some(counts.1),
                    suppressed: false,
                },
            )
        })
        .collect()
}

fn shown(sight: Sight, row: StatisticsRow) -> StatisticsRow {
    if sight != Sight::Rounded {
        return row;
    }
    if row.disclosures.is_none_or(is_small) || row.subject_count.is_none_or(is_small) {
        return StatisticsRow { disclosures: None, subject_count: None, suppressed: true, ..row };
    }
    StatisticsRow { disclosures: row.disclosures.map(rounded), subject_count: row.subject_count.map(rounded), ..row }
}

/// Whether a number could point at somebody.
pub fn is_small(count: i64) -> bool {
    count < ROUNDED_TO
}

/// Nearest multiple; with an odd step no number stands halfway.
pub fn rounded(count: i64) -> i64 {
    (count + ROUNDED_TO / 2).div_euclid(ROUNDED_TO) * ROUNDED_TO
}

fn is_restricted(facts: &Facts, cell: &Cell) -> bool {
    let agreement = cell.agreement.and_then(|id| facts.agreement.get(id));
    agreement.is_some_and(|row| match row.publicity {
        Publicity::Public => false,
        Publicity::PublicationRestricted | Publicity::Secret => true,
    })
}

/// Whether a filter asks for values of a dimension in which restricted agreements are counted together.
fn narrows_pooled(filter: &StatisticsFilter) -> bool {
    let StatisticsFilter {
        disclosers,
        recipients,
        recipient_kinds,
        registers,
        agreements,
        items,
        bases,
        purposes,
        channels: _,
        outcomes: _,
    } = filter;
    !(disclosers.is_empty()
        && recipients.is_empty()
        && recipient_kinds.is_empty()
        && registers.is_empty()
        && agreements.is_empty()
        && items.is_empty()
        && bases.is_empty()
        && purposes.is_empty())
}

/// Whether a cell is asked about, beyond what the tables filter themselves. What is restricted answers to no filter but
/// that of channels and outcomes, for any other would tell what it is.
fn matches(facts: &Facts, filter: &StatisticsFilter, cell: &Cell, restricted: bool) -> bool {
    if restricted && narrows_pooled(filter) {
        return false;
    }
    let kind = || recipient_kind(facts, cell);
    let by_kind =
        filter.recipient_kinds.is_empty() || kind().is_some_and(|kind| filter.recipient_kinds.contains(&kind));
    let by_item = filter.items.is_empty() || cell.items.iter().any(|item| item_asked(filter, item));
    let by_basis = filter.bases.is_empty() || cell.bases.iter().any(|basis| filter.bases.contains(basis));
    by_kind && by_item && by_basis
}

fn item_asked(filter: &StatisticsFilter, item: &ItemCode) -> bool {
    filter.items.is_empty() || filter.items.iter().any(|asked| asked.covers(item))
}

fn recipient_kind(facts: &Facts, cell: &Cell) -> Option<OrganisationKind> {
    cell.recipient.and_then(|id| facts.organisation.get(id)).map(|row| row.kind)
}

/// Every combination of values the cell counts under.
fn keys(facts: &Facts, question: &StatisticsQuestion, cell: &Cell, restricted: bool) -> Vec<Vec<KeyValue>> {
    let mut combinations = vec![Vec::new()];
    for dimension in &question.group_by {
        let values = values(facts, question, cell, *dimension, restricted);
        combinations = combinations
            .into_iter()
            .flat_map(|keys: Vec<KeyValue>| {
                values.iter().map(move |value| keys.iter().cloned().chain([value.clone()]).collect())
            })
            .collect();
    }
    combinations
}

fn values(
    facts: &Facts,
    question: &StatisticsQuestion,
    cell: &Cell,
    dimension: Dimension,
    restricted: bool,
) -> Vec<KeyValue> {
    let is_pooled = !matches!(dimension, Dimension::Channel | Dimension::Outcome);
    if restricted && is_pooled {
        return vec![KeyValue::Restricted];
    }
    let filter = &question.filter;
    let one = |value: Option<String>| vec![value.map_or(KeyValue::Nothing, KeyValue::Value)];
    match dimension {
        Dimension::Discloser => one(cell.discloser.map(|id| organisation(facts, id))),
        Dimension::Recipient => one(cell.recipient.map(|id| organisation(facts, id))),
        Dimension::RecipientKind => {
            let kind = recipient_kind(facts, cell).map(ClosedEnum::code);
            one(kind.or(cell.onward.map(ClosedEnum::code)).map(str::to_owned))
        }
        Dimension::Register => one(cell.register.and_then(|id| facts.register.get(id)).map(|row| row.code.clone())),
        Dimension::Agreement => {
            one(cell.agreement.and_then(|id| facts.agreement.get(id)).map(|row| row.number.clone()))
        }
        Dimension::Item => many(cell.items.iter().filter(|item| item_asked(filter, item)).map(ToString::to_string)),
        Dimension::LegalBasis => many(
            cell.bases
                .iter()
                .filter(|id| filter.bases.is_empty() || filter.bases.contains(id))
                .filter_map(|id| facts.legal_basis.get(*id))
                .map(|row| row.citation.clone()),
        ),
        Dimension::Purpose => one(cell.purpose.and_then(|id| facts.purpose.get(id)).map(|row| row.code.clone())),
        Dimension::Channel => one(cell.channel.map(|channel| channel.code().to_owned())),
        Dimension::Outcome => one(cell.outcome.map(|outcome| outcome.code().to_owned())),
    }
}

fn many(values: impl Iterator<Item = String>) -> Vec<KeyValue> {
    let values: BTreeSet<String> = values.collect();
    if values.is_empty() { vec![KeyValue::Nothing] } else { values.into_iter().map(KeyValue::Value).collect() }
}

fn organisation(facts: &Facts, id: OrganisationId) -> String {
    let business_id = facts.organisation.get(id).and_then(|row| row.business_id);
    business_id.map_or_else(|| global_id(id), |business_id| business_id.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        let edges = edges(day("2026-01-15"), day("2026-04-10"), Interval::Total);
        assert_eq!(edges.before, (day("2026-01-15"), day("2026-02-01")));
        assert_eq!(edges.months, (day("2026-02-01"), day("2026-04-01")));
        assert_eq!(edges.after, (day("2026-04-01"), day("2026-04-10")));
    }

    #[test]
    fn a_question_within_one_month_is_counted_by_day() {
        let edges = edges(day("2026-01-15"), day("2026-01-20"), Interval::Month);
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
        assert_eq!(covered_until(&question, Sight::Rounded, now), helsinki_midnight(day("2026-03-10")));
        assert_eq!(covered_until(&question, Sight::Everything, now), now);
        Ok(())
    }

    #[test]
    fn small_cells_are_suppressed_and_others_rounded() {
        let question = question("2026-03-01", "2026-04-01", Interval::Month, &[Dimension::Channel]);
        let cells = [cell(Channel::TechnicalInterface, 4), cell(Channel::ViewingConnection, 13)];
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
            let exact = super::rows(&facts, &question, Sight::Everything, std::slice::from_ref(&cell));
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
        fn rounding_moves_a_number_by_at_most_two(count in 0_i64..1_000_000) {
            let shown = rounded(count);
            prop_assert_eq!(shown % ROUNDED_TO, 0);
            prop_assert!((shown - count).abs() <= 2);
        }

        #[test]
        fn rounding_keeps_the_order_of_numbers(a in 0_i64..1_000_000, b in 0_i64..1_000_000) {
            prop_assert!(a > b || rounded(a) <= rounded(b));
        }

        #[test]
        fn edges_hold_every_day_exactly_once(start in 735_000_i32..740_000, days in 1_i32..800) {
            let from = Day::from_num_days_from_ce_opt(start).unwrap_or_default();
            let until = Day::from_num_days_from_ce_opt(start + days).unwrap_or_default();
            let edges = edges(from, until, Interval::Total);
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
            let cells: Vec<Cell> = counts.iter().map(|count| cell(Channel::Other, *count)).collect();
            for row in rows(&Facts::default(), &question, Sight::Rounded, &cells) {
                prop_assert_eq!(row.suppressed, counts.iter().sum::<i64>() < ROUNDED_TO);
                prop_assert!(row.disclosures.is_none_or(|shown| shown >= ROUNDED_TO && shown % ROUNDED_TO == 0));
            }
        }
    }
}
