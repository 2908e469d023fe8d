//! Series of disclosures written out: the same file gives the same rows, for chance is drawn from the series' name.

use chrono::{Datelike, TimeDelta, Weekday};
use entity::vocabulary::{
    BusinessId, Channel, Day, DisclosureGround, DisclosureOutcome, Instant, ItemCode, Operation, helsinki_day,
    helsinki_midnight, instant_text,
};

use super::Reader;
use crate::{
    FaultCode,
    disclosure::{DisclosureDraft, SubjectDraft},
    world::{WorldDisclosure, fields::Fields, origin::Form, parse},
};

/// Most rows one series stands for.
const ROWS_MAX: i32 = 100_000;
/// Longest series, in days.
const DAYS_MAX: i64 = 3_660;
/// Office hours in Helsinki.
const OPENS_HOUR: i64 = 8;
const CLOSES_HOUR: i64 = 16;
const HOUR_SECONDS: i64 = 3_600;

impl<'a> Reader<'a> {
    pub(super) fn read_series(&mut self) {
        for fields in self.section("disclosure_series") {
            let discloser = self.discloser(&fields);
            let series = self.one_series(&fields);
            if fields.finish()
                && let Some(discloser) = discloser
                && let Some(times) = series.times(&fields)
            {
                let origin = fields.origin(Form::Series);
                let rows = series.written_out(&times).into_iter();
                self.disclosures.extend(rows.map(|draft| WorldDisclosure { discloser, draft, origin: origin.clone() }));
            }
        }
    }

    fn one_series(&self, fields: &Fields<'a>) -> Series {
        let register = fields.required("register", |text| self.register(text).map(|id| (id, text.to_owned())));
        let item = |text: &str| match &register {
            Some((id, _)) => self.item(*id, text),
            None => parse::identifier::<ItemCode>(text),
        };
        let items = fields.lists("items", item);
        let outcomes = fields.map("outcomes").map(|outcomes| {
            let weights = outcomes.weights();
            outcomes.finish();
            weights
        });
        Series {
            name: fields.text("name"),
            recipient: self.business_id(fields, "recipient"),
            items: items.iter().map(|items| items.iter().map(ToString::to_string).collect()).collect(),
            register: register.map(|(_, code)| code).unwrap_or_default(),
            purposes: fields.some("purposes", |text| self.purpose_code(text)),
            channel: fields.choice("channel"),
            operation: fields.choice_or("operation", Operation::Read),
            from: fields.instant("from"),
            until: fields.optional("until", parse::instant),
            count: fields.number("count"),
            per_hour: fields.optional("per_hour", parse::number),
            outcomes: outcomes.unwrap_or_default(),
            subjects: subjects(fields),
            end_users: fields.secrets("end_users").iter().map(|user| user.as_str().to_owned()).collect(),
            client_system: fields.maybe_text("client_system"),
            case_reference_prefix: fields.maybe_text("case_reference_prefix"),
            mandates: fields.each("mandates", |text| self.theme(text).map(|_| text.to_owned())),
        }
    }
}

struct Series {
    name: String,
    recipient: Option<String>,
    register: String,
    items: Vec<Vec<String>>,
    purposes: Vec<String>,
    channel: Channel,
    operation: Operation,
    from: Instant,
    until: Option<Instant>,
    count: i32,
    per_hour: Option<i32>,
    outcomes: Vec<(DisclosureOutcome, u32)>,
    subjects: Vec<SubjectDraft>,
    end_users: Vec<String>,
    client_system: Option<String>,
    case_reference_prefix: Option<String>,
    mandates: Vec<String>,
}

impl Series {
    /// When each row happened, oldest first.
    fn times(&self, fields: &Fields<'_>) -> Option<Vec<Instant>> {
        if !(1..=ROWS_MAX).contains(&self.count) {
            fields.fault("count", FaultCode::Malformed, format!("is not a number from 1 to {ROWS_MAX}"));
            return None;
        }
        let count = i64::from(self.count);
        let mut chance = Chance::of(&format!("{} times", self.name));
        if let Some(per_hour) = self.per_hour {
            if per_hour < 1 {
                fields.fault("per_hour", FaultCode::Malformed, "is not a number from 1");
                return None;
            }
            let seconds = count * HOUR_SECONDS / i64::from(per_hour);
            return Some(chance.spread(count, seconds).into_iter().map(|at| self.from + at).collect());
        }
        let Some(until) = self.until else {
            fields.fault("until", FaultCode::Blank, "is missing");
            return None;
        };
        if until <= self.from || until - self.from > TimeDelta::days(DAYS_MAX) {
            let message = format!("is not after `from`, or more than {DAYS_MAX} days after it");
            fields.fault("until", FaultCode::PeriodReversed, message);
            return None;
        }
        let hours = office_hours(self.from, until);
        let seconds = hours.iter().map(|(from, until)| (*until - *from).num_seconds()).sum();
        if seconds == 0 {
            fields.fault("until", FaultCode::Malformed, "leaves no working hours in Helsinki");
            return None;
        }
        Some(chance.spread(count, seconds).into_iter().filter_map(|at| within(&hours, at)).collect())
    }

    fn written_out(&self, times: &[Instant]) -> Vec<DisclosureDraft> {
        let mut chance = Chance::of(&self.name);
        times.iter().enumerate().map(|(at, time)| self.row(at, *time, &mut chance)).collect()
    }

    fn row(&self, at: usize, time: Instant, chance: &mut Chance) -> DisclosureDraft {
        let number = at + 1;
        let items = &self.items[at % self.items.len()];
        let purpose = &self.purposes[at / self.items.len() % self.purposes.len()];
        DisclosureDraft {
            message_id: format!("{}-{number:04}", self.name),
            part: 0,
            recipient: self.recipient.clone(),
            register: self.register.clone(),
            items: items.clone(),
            purpose: purpose.clone(),
            channel: self.channel,
            operation: self.operation,
            occurred_at: instant_text(time),
            subject: chance.one_of(&self.subjects).cloned().unwrap_or(SubjectDraft::Count(1)),
            case_reference: self.case_reference_prefix.as_ref().map(|prefix| format!("{prefix}{number:04}")),
            end_user: chance.one_of(&self.end_users).cloned(),
            client_system: self.client_system.clone(),
            mandates: self.mandates.clone(),
            outcome: chance.weighted(&self.outcomes).unwrap_or(DisclosureOutcome::Delivered),
            ground: DisclosureGround::Statute,
            consent_reference: None,
            onward_to: None,
            agreement: None,
            withheld_until: None,
            withholding_basis: None,
            corrects: None,
        }
    }
}

fn subjects(fields: &Fields<'_>) -> Vec<SubjectDraft> {
    let persons = fields.secrets("subjects").into_iter().map(SubjectDraft::PersonalIdentityCode);
    let businesses = fields.each("businesses", parse::identifier::<BusinessId>).into_iter();
    let counts = fields.each("subject_counts", parse::number).into_iter();
    let kinds = ["subjects", "businesses", "subject_counts"].iter().filter(|key| fields.given(key)).count();
    if kinds != 1 {
        fields.fault(
            "subjects",
            FaultCode::Malformed,
            "one of `subjects`, `businesses` and `subject_counts` is needed",
        );
    }
    let businesses = businesses.map(|id| SubjectDraft::BusinessId(id.to_string()));
    persons.chain(businesses).chain(counts.map(|count| SubjectDraft::Count(i64::from(count)))).collect()
}

/// Office hours of the working days of a period.
fn office_hours(from: Instant, until: Instant) -> Vec<(Instant, Instant)> {
    let mut hours = Vec::new();
    for day in helsinki_day(from).iter_days().take_while(|day| helsinki_midnight(*day) < until) {
        let open = at_hour(day, OPENS_HOUR).max(from);
        let close = at_hour(day, CLOSES_HOUR).min(until);
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && open < close {
            hours.push((open, close));
        }
    }
    hours
}

/// Hour of a working day; summer time begins and ends on Sundays.
fn at_hour(day: Day, hour: i64) -> Instant {
    helsinki_midnight(day) + TimeDelta::hours(hour)
}

/// Instant so many seconds into the hours.
fn within(hours: &[(Instant, Instant)], mut seconds: TimeDelta) -> Option<Instant> {
    for (from, until) in hours {
        if seconds < *until - *from {
            return Some(*from + seconds);
        }
        seconds -= *until - *from;
    }
    None
}

/// Chance that a name decides: `SplitMix64` seeded by the name's FNV-1a hash.
struct Chance(u64);

impl Chance {
    fn of(name: &str) -> Self {
        let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, hash))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Number from 0 to below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn one_of<'t, T>(&mut self, among: &'t [T]) -> Option<&'t T> {
        let at = self.below(among.len() as u64);
        usize::try_from(at).ok().and_then(|at| among.get(at))
    }

    fn weighted<T: Copy>(&mut self, among: &[(T, u32)]) -> Option<T> {
        let total = among.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut drawn = self.below(total);
        for (value, weight) in among {
            if drawn < u64::from(*weight) {
                return Some(*value);
            }
            drawn -= u64::from(*weight);
        }
        None
    }

    /// Rising moments, one in each of `count` equal parts of a stretch of seconds.
    fn spread(&mut self, count: i64, seconds: i64) -> Vec<TimeDelta> {
        let millis = seconds * 1_000;
        let part = (millis / count).max(1);
        (0..count)
            .map(|at| {
                let within = i64::try_from(self.below(part.unsigned_abs())).unwrap_or_default();
                TimeDelta::milliseconds((millis * at / count + within).min(millis - 1))
            })
            .collect()
    }
}
