//! How long a disclosure is kept, and which months of the log are due; pure.
//!
//! A disclosure is kept for the longest of the rules of its register that apply to what it rests on: a rule with a
//! provision to rows that rest on it, in whichever wording, one without to all of the register. What no rule applies to is
//! kept for ever. Years count from the day the data was given (703/2023 annex); where a law counts from the start of the
//! next year (661/2009 56 §), its rule has one year more. The log goes by whole months of recording: a month is due when
//! it has ended and every row in it has passed its time.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use chrono::{Months, NaiveTime};
use entity::{
    dropped_month, retention_rule,
    vocabulary::{Day, DroppedMonthId, Instant, LegalBasisId, RegisterId, RetentionRuleId, day_end, helsinki_day},
};

use crate::{
    disclosure::row::recorded_at,
    facts::{Edit, Facts},
    journal::{CHANGE_ROWS_MAX, Changes},
};

const MONTHS_PER_YEAR: u32 = 12;

/// Rows of one month that share register and provisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheaf {
    /// Register.
    pub register: RegisterId,
    /// Provisions they rest on; none where nothing covered them.
    pub bases: Vec<LegalBasisId>,
    /// How many.
    pub rows: i64,
    /// When the last of them was given.
    pub last_occurred_at: Instant,
}

/// Month of recording, in UTC, as the log holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub on: Day,
    /// Whether the log has gone on past its end, so that no row can be added to it.
    pub is_closed: bool,
    /// Position of its first row in the transparency log.
    pub first_leaf_index: i64,
    /// Position of its last row.
    pub last_leaf_index: i64,
    /// Its rows.
    pub sheaves: Vec<Sheaf>,
}

impl Month {
    /// Rows of the month.
    pub fn rows(&self) -> i64 {
        self.sheaves.iter().map(|sheaf| sheaf.rows).sum()
    }
}

/// Rows of one month and register that the same rule keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Register.
    pub register: RegisterId,
    /// The rule; null where none applies.
    pub rule: Option<Arc<retention_rule::Model>>,
    /// How many.
    pub rows: i64,
    /// When the last of them has passed its time; null for never.
    pub kept_until: Option<Instant>,
}

impl Part {
    /// Whether all of it has passed its time.
    pub fn is_past(&self, at: Instant) -> bool {
        self.kept_until.is_some_and(|until| until <= at)
    }
}

/// First instant of a month and the first after it, in UTC.
pub fn bounds(month_on: Day) -> (Instant, Instant) {
    let midnight = |day: Day| day.and_time(NaiveTime::MIN).and_utc();
    (midnight(month_on), month_on.checked_add_months(Months::new(1)).map_or(Instant::MAX_UTC, midnight))
}

/// Longest of the rules that apply to a register's disclosures under some provisions; none where none does.
pub fn rule<'f>(
    facts: &'f Facts,
    register: RegisterId,
    bases: &[LegalBasisId],
) -> Option<&'f Arc<retention_rule::Model>> {
    let bases: BTreeSet<LegalBasisId> = bases.iter().map(|basis| newest(facts, *basis)).collect();
    let applies = |rule: &&Arc<retention_rule::Model>| {
        rule.legal_basis_id.is_none_or(|basis| bases.contains(&newest(facts, basis)))
    };
    facts.retention_rule.of(register).filter(applies).max_by_key(|rule| (rule.years, rule.id))
}

/// Newest wording of a provision, or what took its place: by it wordings are known as one.
fn newest(facts: &Facts, basis: LegalBasisId) -> LegalBasisId {
    let mut seen = BTreeSet::from([basis]);
    let later = |id: &LegalBasisId| facts.legal_basis.get(*id).and_then(|row| row.superseded_by_id);
    std::iter::successors(Some(basis), later).skip(1).take_while(|id| seen.insert(*id)).last().unwrap_or(basis)
}

/// First instant at which what was given at `occurred_at` has passed its time: a term in years ends with the day of the
/// same number, or the last of its month (150/1930 3 §). Null beyond the calendar.
pub fn kept_until(occurred_at: Instant, years: i32) -> Option<Instant> {
    let months = u32::try_from(years).ok()?.checked_mul(MONTHS_PER_YEAR)?;
    helsinki_day(occurred_at).checked_add_months(Months::new(months)).map(day_end)
}

/// Rows of a month by register and rule.
pub fn parts(facts: &Facts, month: &Month) -> Vec<Part> {
    let mut parts: BTreeMap<(RegisterId, Option<RetentionRuleId>), Part> = BTreeMap::new();
    for sheaf in &month.sheaves {
        let rule = rule(facts, sheaf.register, &sheaf.bases);
        let until = rule.and_then(|rule| kept_until(sheaf.last_occurred_at, rule.years));
        let part = parts.entry((sheaf.register, rule.map(|rule| rule.id))).or_insert_with(|| Part {
            register: sheaf.register,
            rule: rule.cloned(),
            rows: 0,
            kept_until: until,
        });
        part.rows += sheaf.rows;
        part.kept_until = part.kept_until.zip(until).map(|(one, other)| one.max(other));
    }
    parts.into_values().collect()
}

/// Whether a month may go, and so must (906/2019 21 §, GDPR 5(1)(e)).
pub fn is_due(facts: &Facts, month: &Month, at: Instant) -> bool {
    month.is_closed && parts(facts, month).iter().all(|part| part.is_past(at))
}

/// What a run does: the due months are dropped, and with their rows the decisions to withhold them. Nothing where no month
/// is due or another run has dropped it.
pub fn drop_due(facts: &Facts, months: &[(Month, DroppedMonthId)], at: Instant) -> Vec<Changes> {
    let stands = |month: &Month| facts.dropped_month.by_key(&month.on.to_string()).is_none();
    let due: Vec<&(Month, DroppedMonthId)> =
        months.iter().filter(|(month, _)| stands(month) && is_due(facts, month, at)).collect();
    let mut edits: Vec<Edit> = due.iter().map(|(month, id)| dropped(month, *id, at).into()).collect();
    let within = |instant: Instant| {
        due.iter().map(|(month, _)| bounds(month.on)).any(|(from, until)| from <= instant && instant < until)
    };
    let decisions = facts.disclosure_withholding.all().filter(|row| recorded_at(row.disclosure_id).is_some_and(within));
    if !edits.is_empty() {
        edits.extend(decisions.map(|row| Edit::Remove("disclosure_withholding", row.id.0)));
    }
    let mut reason = due.iter().map(|(month, _)| account(facts, month)).collect::<Vec<_>>().join("; ");
    edits
        .chunks(CHANGE_ROWS_MAX)
        .map(|edits| Changes {
            action: "runRetention",
            subject: "log:retention".to_owned(),
            reason: Some(std::mem::take(&mut reason)).filter(|reason| !reason.is_empty()),
            edits: edits.to_vec(),
        })
        .collect()
}

fn dropped(month: &Month, id: DroppedMonthId, at: Instant) -> dropped_month::Model {
    dropped_month::Model {
        id,
        month_on: month.on,
        disclosures: month.rows(),
        first_leaf_index: month.first_leaf_index,
        last_leaf_index: month.last_leaf_index,
        dropped_at: at,
    }
}

/// Positions of the log between which rows were dropped, in their order: months follow each other, and so do their rows.
pub fn dropped_positions(facts: &Facts) -> Vec<Range<i64>> {
    let mut ranges: Vec<Range<i64>> =
        facts.dropped_month.all().map(|row| row.first_leaf_index..row.last_leaf_index + 1).collect();
    ranges.sort_unstable_by_key(|range| range.start);
    ranges
}

/// Rows that runs have told to be dropped.
pub fn dropped_rows(facts: &Facts) -> i64 {
    facts.dropped_month.all().map(|row| row.disclosures).sum()
}

/// First day of the months in which no dropped row can have been counted: data may be given some minutes after it was
/// recorded to be given. Null where nothing was dropped.
pub fn provable_since(facts: &Facts) -> Option<Day> {
    let last = facts.dropped_month.all().map(|row| row.month_on).max()?;
    last.checked_add_months(Months::new(2))
}

/// What goes and under which rules, in words, for the journal and whoever runs it.
pub fn account(facts: &Facts, month: &Month) -> String {
    let parts: Vec<String> = parts(facts, month).iter().map(|part| kept(facts, part)).collect();
    let (on, first, last) = (month.on.format("%Y-%m"), month.first_leaf_index, month.last_leaf_index);
    format!("{on}: {} rows, leaves {first} to {last} ({})", month.rows(), parts.join(", "))
}

/// Rows of a part and what keeps them, in words.
pub fn kept(facts: &Facts, part: &Part) -> String {
    let register = facts.register.get(part.register).map_or("?", |row| row.code.as_str());
    let basis = |rule: &retention_rule::Model| facts.legal_basis.get(rule.legal_basis_id?).map(|row| &row.citation);
    let rule = part.rule.as_ref().map_or_else(
        || "no rule applies".to_owned(),
        |rule| match basis(rule) {
            Some(citation) => format!("{} years on {citation}: {}", rule.years, rule.source),
            None => format!("{} years: {}", rule.years, rule.source),
        },
    );
    format!("{register} {} rows, {rule}", part.rows)
}
