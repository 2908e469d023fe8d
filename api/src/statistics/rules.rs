//! How disclosures are counted and what of the counts may be shown; pure.
//!
//! A statistician sees closed days only, every number rounded, small cells not at all, and agreements that are not
//! public only together (I17). What is rounded are not the sums but the cells of the tallies they are made of, each once
//! and for all: whatever is asked, and however answers are added and subtracted, nothing comes out that the rounded cells
//! do not say, and no rounded cell says what it was made of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Months;
use entity::vocabulary::{
    AgreementId, Channel, ClosedEnum, Day, DisclosureOutcome, Instant, ItemCode, Language, LegalBasisId,
    OnwardRecipientKind, OrganisationId, OrganisationKind, Publicity, PurposeId, RegisterId, helsinki_day,
    helsinki_midnight,
};

use crate::{
    Fault, FaultCode, Violations,
    disclosure::tally::month_of,
    facts::{Facts, global_id},
};
pub use crate::{auth::policy::statistics::Sight, disclosure::tally::ROUNDED_TO};

/// Dimensions one question may group by.
pub const GROUP_BY_MAX: usize = 3;

/// Length of the periods of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

impl Interval {
    /// Every interval with its code.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Day, "DAY"), (Self::Month, "MONTH"), (Self::Year, "YEAR"), (Self::Total, "TOTAL")];
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

    /// Its code.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(dimension, _)| *dimension == self).map_or("", |(_, code)| code)
    }
}

/// Question about how much was disclosed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
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
    let faults = violations("", Some(question.from), Some(question.until), &question.group_by);
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Every fault of a question's days, as far as they could be read, and of its dimensions; their paths start with `path`.
pub fn violations(path: &str, from: Option<Day>, until: Option<Day>, group_by: &[Dimension]) -> Violations {
    let mut faults = Violations::new();
    let mut fault =
        |code, field: &str, message: String| faults.push(Fault::new(code, &format!("{path}{field}"), message));
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        fault(FaultCode::PeriodReversed, "until", "not after `from`".to_owned());
    }
    if group_by.len() > GROUP_BY_MAX {
        fault(FaultCode::TooLong, "groupBy", format!("more than {GROUP_BY_MAX} dimensions"));
    }
    if group_by.iter().collect::<BTreeSet<_>>().len() < group_by.len() {
        fault(FaultCode::Malformed, "groupBy", "a dimension is named twice".to_owned());
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
    let dimensions: Vec<_> = question.group_by.iter().map(|dimension| dimension.code()).collect();
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

/// Instant until which everything recorded is counted: that of the last entry of the log that stood when the counts were
/// read, for entries rise with their instants and each counts when it stands; never later than the days answered for.
pub fn covered_until(question: &StatisticsQuestion, sight: Sight, now: Instant, last_entry: Instant) -> Instant {
    helsinki_midnight(answered_until(question, sight, now)).min(last_entry)
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

/// Divides the days between two into whole months and edges. By day nothing is a whole month; nor is it for a
/// statistician, for a month rounded as one and its days rounded each would together tell more than the days do.
pub fn edges(from: Day, until: Day, interval: Interval, sight: Sight) -> Edges {
    let (first, last) = (month_at_or_after(from), month_of(until));
    if interval == Interval::Day || sight == Sight::Rounded || first >= last {
        let until = until.max(from);
        return Edges { before: (from, until), months: (until, until), after: (until, until) };
    }
    Edges { before: (from, first), months: (first, last), after: (last, until) }
}

fn month_at_or_after(day: Day) -> Day {
    let first = month_of(day);
    if first == day { day } else { first.checked_add_months(Months::new(1)).unwrap_or(Day::MAX) }
}

/// First day of the period of a name, within the days asked about; null where it names none.
pub fn period_start(question: &StatisticsQuestion, name: &str) -> Option<Day> {
    let day = match question.interval {
        Interval::Day => name.parse(),
        Interval::Month => format!("{name}-01").parse(),
        Interval::Year => format!("{name}-01-01").parse(),
        Interval::Total => return Some(question.from),
    };
    day.ok().map(|day: Day| day.max(question.from))
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
    /// Rows; for a statistician the sum of the rounded cells of the tallies.
    pub disclosures: i64,
    /// Sum of their subjects; for a statistician that of the rounded cells.
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
            .map(|row| language.choose(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())),
        Dimension::Register => facts
            .register
            .by_key(value)
            .map(|row| language.choose(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())),
        Dimension::Purpose => facts
            .purpose
            .by_key(value)
            .map(|row| language.choose(&row.name_fi, row.name_sv.as_ref(), row.name_en.as_ref())),
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

/// Rows of an answer, ordered by period and values. What is asked for exactly and has been corrected away is no row; what
/// a statistician asks for is one wherever something was counted, be it ever so little.
pub fn rows(facts: &Facts, question: &StatisticsQuestion, sight: Sight, cells: &[Cell]) -> Vec<StatisticsRow> {
    let mut sums: BTreeMap<(String, Vec<KeyValue>), (i64, i64)> = BTreeMap::new();
    let mut periods: BTreeMap<Day, String> = BTreeMap::new();
    for cell in cells {
        let restricted = sight == Sight::Rounded && is_restricted(facts, cell);
        if !matches(facts, &question.filter, cell, restricted) {
            continue;
        }
        let period = periods.entry(cell.day).or_insert_with_key(|day| period(question, *day));
        for keys in keys(facts, question, cell, restricted) {
            let sum = sums.entry((period.clone(), keys)).or_default();
            sum.0 += cell.disclosures;
            sum.1 += cell.subject_count;
        }
    }
    sums.into_iter()
        .filter(|(_, (disclosures, _))| sight == Sight::Rounded || *disclosures != 0)
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
    row
}

/// Whether a number could point at somebody.
pub fn is_small(count: i64) -> bool {
    count < ROUNDED_TO
}

/// Count of one cell of the tallies as statisticians' numbers are made of it: up where its rest exceeds what was drawn for
/// the cell, else down. As every rest is drawn as often, it is right on the average.
pub fn rounded(count: i64, rounds_above: i32) -> i64 {
    (count + ROUNDED_TO - 1 - i64::from(rounds_above)).div_euclid(ROUNDED_TO) * ROUNDED_TO
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

/// Organisation as others know it: by its business id, where it has one.
pub fn organisation(facts: &Facts, id: OrganisationId) -> String {
    let business_id = facts.organisation.get(id).and_then(|row| row.business_id);
    business_id.map_or_else(|| global_id(id), |business_id| business_id.to_string())
}
