//! The disclosures of a generated world: the same parties, instants and items every time, in the order they were given.

use chrono::TimeDelta;
use entity::vocabulary::{Channel, Day, DisclosureGround, DisclosureOutcome, Instant, Operation};

use super::{PURPOSES, REGISTERS, Size, agreement::parties_of, business_id, day, midnight, noise, register_code};
use crate::{
    Error,
    disclosure::{DisclosureDraft, RECORD_ROWS_MAX, SubjectDraft},
};

/// Days over which disclosures spread, up to [`last_day`]: five years with their leap day.
const DAYS: i64 = 1_826;

/// What agreements are asked for, each always for the same: the sets of items an interface sends are few.
const ITEMS: [&[&str]; 5] = [
    &["KEL.DECISION.AMOUNT"],
    &["KEL.DECISION", "KEL.PENDING"],
    &["KEL.PENDING"],
    &["KEL.PAYMENT"],
    &["KEL.DECISION", "KEL.PAYMENT", "KEL.PENDING"],
];

/// Of this many calls of a register, one holds corrections.
const CORRECTING_EVERY: usize = 10;

/// Of this many rows of such a call, one corrects the row before it.
const CORRECTION_EVERY: usize = 50;

/// Disclosures that stand for one person.
const DISCLOSURES_PER_PERSON: u64 = 5;

/// Day after the last disclosure: fixed, so that the same is generated whenever it is done.
fn last_day() -> Day {
    day(2026, 11, 1)
}

/// Disclosures of one discloser that are recorded together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Business ID of the discloser.
    pub discloser: String,
    /// What it reports, at most as much as one call may.
    pub drafts: Vec<DisclosureDraft>,
}

/// Every call of a generated world, in the order of time; made one at a time, so that the memory is the same for any
/// number.
#[derive(Debug, Clone)]
pub struct Calls {
    disclosures: u64,
    /// Recipients of each register with their agreements' numbers.
    parties: Vec<Vec<(usize, usize)>>,
    next: u64,
}

impl Calls {
    /// Calls of so many disclosures under a registry of some size.
    pub fn new(size: Size, disclosures: u64) -> Self {
        let mut parties = vec![Vec::new(); REGISTERS];
        for at in 0..size.agreements {
            let (register, recipient) = parties_of(at, size.recipients());
            parties[register].push((recipient, at));
        }
        Self { disclosures, parties, next: 0 }
    }

    /// Disclosures of a group: every register makes a full call of its share.
    fn group() -> u64 {
        (RECORD_ROWS_MAX * REGISTERS) as u64
    }

    /// Next call with anything in it; null after the last.
    ///
    /// # Errors
    /// Internal when the generator has run out of identifiers.
    pub fn take_next(&mut self) -> Result<Option<Call>, Error> {
        let registers = REGISTERS as u64;
        loop {
            let (group, register) = (self.next / registers, self.next % registers);
            let first = group * Self::group();
            if first >= self.disclosures {
                return Ok(None);
            }
            self.next += 1;
            let until = (first + Self::group()).min(self.disclosures);
            let numbers: Vec<u64> = (first + register..until).step_by(REGISTERS).collect();
            if !numbers.is_empty() {
                return self.call(group, position(register), &numbers).map(Some);
            }
        }
    }

    fn call(&self, group: u64, register: usize, numbers: &[u64]) -> Result<Call, Error> {
        let corrects = position(group).is_multiple_of(CORRECTING_EVERY);
        let mut drafts = Vec::with_capacity(numbers.len());
        for (at, number) in numbers.iter().enumerate() {
            let is_correction = corrects && at % CORRECTION_EVERY == CORRECTION_EVERY - 1;
            drafts.push(match drafts.last() {
                Some(corrected) if is_correction => correction(corrected, *number),
                _ => self.draft(register, *number)?,
            });
        }
        Ok(Call { discloser: id(register)?, drafts })
    }

    /// Disclosure with a number. Everything about it is reckoned from that.
    fn draft(&self, register: usize, number: u64) -> Result<DisclosureDraft, Error> {
        let chance = Chance(noise(number));
        let parties = &self.parties[register];
        let (recipient, agreement) = parties[chance.skewed(parties.len())];
        let is_viewing = agreement.is_multiple_of(4) && chance.of(1, 10) < 2;
        let outcome = match chance.of(2, 1_000) {
            0..=939 => DisclosureOutcome::Delivered,
            940..=989 => DisclosureOutcome::Empty,
            990..=994 => DisclosureOutcome::Error,
            _ => DisclosureOutcome::Denied,
        };
        Ok(DisclosureDraft {
            message_id: message(number),
            part: 0,
            recipient: Some(id(REGISTERS + recipient)?),
            register: register_code(register),
            items: ITEMS[agreement % ITEMS.len()].iter().map(|item| (*item).to_owned()).collect(),
            purpose: PURPOSES[agreement % PURPOSES.len()].to_owned(),
            channel: if is_viewing { Channel::ViewingConnection } else { Channel::TechnicalInterface },
            operation: Operation::Read,
            occurred_at: self.instant(number).to_rfc3339(),
            subject: self.subject(chance, is_viewing),
            case_reference: Some(format!("{}/2026", chance.of(3, 10_000))),
            end_user: is_viewing.then(|| format!("user-{recipient}-{}", chance.of(4, 20))),
            client_system: Some("client".to_owned()),
            mandates: vec!["M1".to_owned()],
            outcome,
            ground: DisclosureGround::Statute,
            consent_reference: None,
            onward_to: None,
            agreement: None,
            withheld_until: None,
            withholding_basis: None,
            corrects: None,
        })
    }

    /// Instants rise with the numbers, evenly over the years.
    fn instant(&self, number: u64) -> Instant {
        let whole = i128::from(DAYS) * 24 * 3_600 * 1_000_000;
        let since = whole * i128::from(number) / i128::from(self.disclosures.max(1));
        first_instant() + TimeDelta::microseconds(i64::try_from(since).unwrap_or_default())
    }

    /// Mostly persons; now and then an undertaking, or a number of people nobody names.
    fn subject(&self, chance: Chance, is_viewing: bool) -> SubjectDraft {
        match chance.of(5, 100) {
            0 if !is_viewing => SubjectDraft::Count(i64::try_from(2 + chance.of(6, 40)).unwrap_or(2)),
            _ => {
                let persons = (self.disclosures / DISCLOSURES_PER_PERSON).max(1);
                SubjectDraft::PersonalIdentityCode(identity_code(position(chance.of(7, persons))).into())
            }
        }
    }
}

/// What was delivered proves to have been empty, as its discloser finds out.
fn correction(corrected: &DisclosureDraft, number: u64) -> DisclosureDraft {
    DisclosureDraft {
        message_id: message(number),
        outcome: DisclosureOutcome::Empty,
        corrects: Some(corrected.message_id.clone()),
        ..corrected.clone()
    }
}

fn message(number: u64) -> String {
    format!("scale-{number}")
}

fn first_instant() -> Instant {
    midnight(last_day() - TimeDelta::days(DAYS))
}

fn id(organisation: usize) -> Result<String, Error> {
    let id = business_id(organisation).ok_or_else(|| Error::internal("no business id left"))?;
    Ok(id.to_string())
}

fn position(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Chance of one disclosure, drawn on by number.
#[derive(Clone, Copy)]
struct Chance(u64);

impl Chance {
    /// One of so many, alike in all; every `draw` is another.
    fn of(self, draw: u64, many: u64) -> u64 {
        noise(self.0.wrapping_add(draw)) % many.max(1)
    }

    /// One of so many, the first more often than the last: a few recipients ask much and many ask little.
    fn skewed(self, many: usize) -> usize {
        let (a, b) = (self.of(8, many as u64), self.of(9, many as u64));
        position(a.min(b))
    }
}

/// Personal identity code of nobody: its individual number is one of those kept for tests, 900 to 999.
pub fn identity_code(at: usize) -> String {
    const CHECK: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (day, month, year, individual) = (1 + at % 28, 1 + at / 28 % 12, at / 336 % 100, 900 + at / 33_600 % 100);
    let reckoned = ((day * 100 + month) * 100 + year) * 1_000 + individual;
    format!("{day:02}{month:02}{year:02}-{individual}{}", char::from(CHECK[reckoned % CHECK.len()]))
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::PersonalIdentityCode;

    use super::*;

    fn all(disclosures: u64) -> Vec<Call> {
        let mut calls = Calls::new(Size::fitting(disclosures), disclosures);
        std::iter::from_fn(|| calls.take_next().unwrap()).collect()
    }

    #[test]
    fn identity_codes_are_well_formed_and_nobodys() {
        for at in (0..5_000_000).step_by(997) {
            assert!(PersonalIdentityCode::parse(&identity_code(at)).is_ok(), "{}", identity_code(at));
        }
    }

    #[test]
    fn as_many_disclosures_are_generated_as_were_asked_for_and_the_same_each_time() {
        for disclosures in [1, 7, 20, 4_001, 17_003] {
            let calls = all(disclosures);
            assert_eq!(calls.iter().map(|call| call.drafts.len() as u64).sum::<u64>(), disclosures);
            assert!(calls.iter().all(|call| (1..=RECORD_ROWS_MAX).contains(&call.drafts.len())));
            assert_eq!(calls, all(disclosures));
        }
    }

    #[test]
    fn disclosures_lie_within_five_years_and_few_are_corrections() {
        let calls = all(20_000);
        let drafts: Vec<&DisclosureDraft> = calls.iter().flat_map(|call| &call.drafts).collect();
        let instants: Vec<Instant> = drafts.iter().map(|draft| draft.occurred_at.parse().unwrap()).collect();
        let (first, last) = (*instants.iter().min().unwrap(), *instants.iter().max().unwrap());
        assert_eq!(first, midnight(day(2021, 11, 1)));
        assert!(last < midnight(last_day()) && last > midnight(day(2026, 10, 30)));
        let corrections = drafts.iter().filter(|draft| draft.corrects.is_some()).count();
        assert!((10..400).contains(&corrections), "{corrections}");
    }

    #[test]
    fn a_registry_grows_with_its_disclosures_within_bounds() {
        assert_eq!(Size::fitting(1).agreements, 20);
        assert_eq!(Size::fitting(500_000).agreements, 500);
        assert_eq!(Size::fitting(5_000_000), super::super::NATION);
        assert_eq!(Size::fitting(100_000_000), super::super::NATION);
    }
}
