//! What the rules look at in the log, and what they find: pure, so the same rows in whatever order make the same anomalies.

use std::{collections::BTreeMap, ops::Range};

use chrono::{Datelike, TimeDelta, Weekday};
use entity::{
    anomaly,
    vocabulary::{
        AgreementId, AnomalyId, AnomalyRule, Channel, ClosedEnum, Instant, ScopeId, helsinki_day, helsinki_midnight,
    },
};
use uuid::Uuid;

use super::{
    rules::limit,
    window::{Counted, Counts, FullHour, Recent, WINDOW},
};
use crate::journal::leaf::sha256;

/// Hours of the day, in Helsinki, between which nobody but those on call views anything.
const OFFICE_HOURS: Range<i64> = 6..22;

/// How long a count is kept that nothing is added to; at the latest after twice as long it is forgotten. Rows of one hour
/// reported further apart are not counted together.
pub const KEPT: TimeDelta = TimeDelta::hours(1);

/// Anomalies remembered as raised.
const RAISED_MAX: usize = 100_000;

/// What of a row of the log is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Instant of recording.
    pub recorded_at: Instant,
    /// Instant the data was given.
    pub occurred_at: Instant,
    /// Agreement it was judged on.
    pub agreement: Option<AgreementId>,
    /// Scope it was judged on.
    pub scope: Option<ScopeId>,
    /// Channel.
    pub channel: Channel,
    /// Pseudonym of the end user.
    pub user: Option<Vec<u8>>,
    /// Pseudonym of the person.
    pub subject: Option<Vec<u8>>,
    /// Whether it corrects a row, which was looked at in its place.
    pub is_correction: bool,
}

/// Unusual retrieval, to be raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Anomaly it is: the same rule, whoever it looked at and the same day are the same anomaly.
    pub id: AnomalyId,
    /// Rule.
    pub rule: AnomalyRule,
    /// Agreement.
    pub agreement: AgreementId,
    /// Scope; null for the agreement as a whole.
    pub scope: Option<ScopeId>,
    /// Start of the hour.
    pub from: Instant,
    /// Disclosures in it.
    pub observed: u64,
}

impl Finding {
    /// The same as a row, the raising of a number, at an instant.
    pub fn row(&self, raised: i64, detected_at: Instant) -> anomaly::Model {
        anomaly::Model {
            id: self.id,
            rule: self.rule,
            agreement_id: self.agreement,
            scope_id: self.scope,
            window_from: self.from,
            window_until: self.from + WINDOW,
            observed: i64::try_from(self.observed).unwrap_or(i64::MAX),
            expected: i64::try_from(limit(self.rule)).unwrap_or(i64::MAX),
            detected_at,
            raised,
        }
    }
}

/// Whoever watches the log: rows in, findings out.
#[derive(Debug)]
pub struct Watch {
    counts: Counts,
    raised: Recent<AnomalyId, u64>,
    aged_at: Option<Instant>,
}

impl Default for Watch {
    fn default() -> Self {
        Self { counts: Counts::default(), raised: Recent::new(RAISED_MAX / 2), aged_at: None }
    }
}

impl Watch {
    /// Counts rows as they follow one another in the log. What they make unusual: new, or twice what it was when it was
    /// raised.
    pub fn see(&mut self, rows: &[Seen]) -> Vec<Finding> {
        let mut found: BTreeMap<AnomalyId, Finding> = BTreeMap::new();
        for row in rows {
            self.age(row.recorded_at);
            for look in looks(row) {
                for hour in self.counts.add(look.counted(), row.occurred_at, limit(look.rule)) {
                    let finding = look.finding(hour);
                    let kept = found.entry(finding.id).or_insert(finding);
                    if finding.observed > kept.observed {
                        *kept = finding;
                    }
                }
            }
        }
        found.into_values().filter(|finding| self.raise(finding)).collect()
    }

    fn raise(&mut self, finding: &Finding) -> bool {
        let raised = self.raised.entry(finding.id);
        let is_news = finding.observed >= raised.saturating_mul(2);
        if is_news {
            *raised = finding.observed;
        }
        is_news
    }

    fn age(&mut self, recorded_at: Instant) {
        let since = *self.aged_at.get_or_insert(recorded_at);
        if recorded_at - since >= KEPT {
            self.counts.age();
            self.raised.age();
            self.aged_at = Some(recorded_at);
        }
    }
}

/// What one rule looks at in a row.
#[derive(Debug, Clone, Copy)]
struct Look<'a> {
    rule: AnomalyRule,
    agreement: AgreementId,
    scope: Option<ScopeId>,
    user: &'a [u8],
    subject: &'a [u8],
}

impl Look<'_> {
    fn place(&self) -> Uuid {
        self.scope.map_or(self.agreement.0, |scope| scope.0)
    }

    fn counted(&self) -> Counted {
        let rule = self.rule.code().as_bytes();
        let hash = sha256(&[b"counted:v1:", rule, self.place().as_bytes(), self.user, self.subject]);
        hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// Finding of a full hour. Whom the same user came back to does not matter to what anomaly it is. A pseudonym cannot be
    /// told from the id: it is 32 bytes under a key, and gone from the log after erasure.
    fn finding(&self, hour: FullHour) -> Finding {
        let (rule, day) = (self.rule.code().as_bytes(), hour.day.num_days_from_ce().to_be_bytes());
        let id = first_half(&sha256(&[b"anomaly:v1:", rule, self.place().as_bytes(), self.user, &day]));
        Finding {
            id: Uuid::from_bytes(id).into(),
            rule: self.rule,
            agreement: self.agreement,
            scope: self.scope,
            from: hour.from,
            observed: hour.count,
        }
    }
}

fn first_half(hash: &[u8; 32]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes
}

/// What the rules look at in a row; nothing in one that no agreement was found for, and in a correction. Denials count like
/// others: whoever asks in vain asks.
fn looks(row: &Seen) -> impl Iterator<Item = Look<'_>> {
    let agreement = row.agreement.filter(|_| !row.is_correction);
    let whole = agreement.map(|agreement| Look {
        rule: AnomalyRule::AgreementBurst,
        agreement,
        scope: None,
        user: &[],
        subject: &[],
    });
    let of_user = whole.zip(row.scope).zip(row.user.as_deref()).map(|((whole, scope), user)| Look {
        rule: AnomalyRule::UserBurst,
        scope: Some(scope),
        user,
        ..whole
    });
    let at_night = of_user
        .filter(|_| row.channel == Channel::ViewingConnection && is_off_hours(row.occurred_at))
        .map(|look| Look { rule: AnomalyRule::OffHours, ..look });
    let of_subject = of_user.zip(row.subject.as_deref()).map(|(look, subject)| Look {
        rule: AnomalyRule::SubjectRepeats,
        subject,
        ..look
    });
    [whole, of_user, at_night, of_subject].into_iter().flatten()
}

/// Whether an instant is at night or on a weekend in Helsinki. On the two Sundays on which the clock is changed the hours
/// are off anyway.
fn is_off_hours(at: Instant) -> bool {
    let day = helsinki_day(at);
    let hour = (at - helsinki_midnight(day)).num_hours();
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun) || !OFFICE_HOURS.contains(&hour)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const AGREEMENT: AgreementId = AgreementId(Uuid::from_u128(1));
    const SCOPE: ScopeId = ScopeId(Uuid::from_u128(2));

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// Search of a user for a person over the viewing connection.
    fn search(at: Instant, user: u8, subject: u8) -> Seen {
        Seen {
            recorded_at: instant("2026-03-10T12:00:00Z"),
            occurred_at: at,
            agreement: Some(AGREEMENT),
            scope: Some(SCOPE),
            channel: Channel::ViewingConnection,
            user: Some(vec![user; 32]),
            subject: Some(vec![subject; 32]),
            is_correction: false,
        }
    }

    /// Rules that find something, with what they see at last.
    fn found(findings: &[Finding]) -> BTreeMap<AnomalyRule, u64> {
        findings.iter().map(|finding| (finding.rule, finding.observed)).collect()
    }

    fn spread(count: usize, from: &str, within: TimeDelta) -> impl Iterator<Item = Instant> {
        let (from, count) = (instant(from), i32::try_from(count).unwrap());
        (0..count).map(move |at| from + within * at / count)
    }

    #[test]
    fn a_burst_of_900_searches_by_one_user_is_found_and_its_hour_named() {
        let times = spread(900, "2026-09-16T13:00:00Z", TimeDelta::hours(1));
        let rows: Vec<Seen> =
            times.zip(0..).map(|(at, number)| search(at, 7, u8::try_from(number % 100).unwrap())).collect();
        let findings = Watch::default().see(&rows);
        assert_eq!(found(&findings), BTreeMap::from([(AnomalyRule::UserBurst, 900)]));
        assert_eq!((findings[0].scope, findings[0].from), (Some(SCOPE), instant("2026-09-16T13:00:00Z")));
        let row = findings[0].row(1, instant("2026-09-16T14:00:01Z"));
        assert_eq!((row.expected, row.window_until), (300, instant("2026-09-16T14:00:00Z")));
    }

    #[test]
    fn a_burst_is_raised_when_it_begins_and_each_time_it_has_doubled() {
        let mut watch = Watch::default();
        let raised: Vec<u64> = spread(1_300, "2026-09-16T13:00:00Z", TimeDelta::minutes(50))
            .zip(0..)
            .flat_map(|(at, number)| watch.see(&[search(at, 7, u8::try_from(number % 200).unwrap())]))
            .map(|finding| finding.observed)
            .collect();
        assert_eq!(raised, [301, 602, 1_204]);
    }

    #[test]
    fn the_nearest_neighbour_of_each_anomaly_is_none() {
        let (weekday, night, saturday) = ("2026-03-02T09:00:00Z", "2026-03-02T20:00:00Z", "2026-03-07T09:00:00Z");
        for (rule, count, from, subjects) in [
            (AnomalyRule::UserBurst, 300, weekday, 200),
            (AnomalyRule::OffHours, 60, night, 200),
            (AnomalyRule::OffHours, 60, saturday, 200),
            (AnomalyRule::SubjectRepeats, 20, weekday, 1),
        ] {
            let rows = |count: usize| -> Vec<Seen> {
                let times = spread(count, from, TimeDelta::minutes(50)).zip(0..);
                times.map(|(at, number)| search(at, 7, u8::try_from(number % subjects).unwrap())).collect()
            };
            assert_eq!(found(&Watch::default().see(&rows(count))), BTreeMap::new(), "{rule} {from}");
            let one_more = BTreeMap::from([(rule, count as u64 + 1)]);
            assert_eq!(found(&Watch::default().see(&rows(count + 1))), one_more, "{rule} {from}");
        }
    }

    #[test]
    fn an_agreement_is_looked_at_as_a_whole_whoever_asks() {
        let rows = |count| -> Vec<Seen> {
            let times = spread(count, "2026-03-02T09:00:00Z", TimeDelta::minutes(50));
            times.map(|at| Seen { user: None, subject: None, ..search(at, 0, 0) }).collect()
        };
        assert_eq!(Watch::default().see(&rows(10_000)), []);
        let findings = Watch::default().see(&rows(10_001));
        assert_eq!(
            (found(&findings), findings[0].scope),
            (BTreeMap::from([(AnomalyRule::AgreementBurst, 10_001)]), None)
        );
    }

    #[test]
    fn corrections_and_what_no_agreement_was_found_for_are_not_looked_at() {
        let all = || spread(900, "2026-03-07T13:00:00Z", TimeDelta::hours(1)).map(|at| search(at, 7, 7));
        let corrections: Vec<Seen> = all().map(|row| Seen { is_correction: true, ..row }).collect();
        let elsewhere: Vec<Seen> = all().map(|row| Seen { agreement: None, ..row }).collect();
        let interface: Vec<Seen> = all().map(|row| Seen { channel: Channel::TechnicalInterface, ..row }).collect();
        assert_eq!(Watch::default().see(&[corrections, elsewhere].concat()), []);
        assert!(!found(&Watch::default().see(&interface)).contains_key(&AnomalyRule::OffHours));
    }

    #[test]
    fn night_and_weekend_are_those_of_helsinki() {
        for (at, is_off) in [
            ("2026-03-02T04:00:00Z", false),
            ("2026-03-02T03:59:59Z", true),
            ("2026-03-02T19:59:59Z", false),
            ("2026-03-02T20:00:00Z", true),
            ("2026-07-01T03:00:00Z", false),
            ("2026-07-01T19:00:00Z", true),
            ("2026-03-06T21:59:59Z", true),
            ("2026-03-07T10:00:00Z", true),
            ("2026-03-08T21:59:59Z", true),
            ("2026-03-30T03:00:00Z", false),
        ] {
            assert_eq!(is_off_hours(instant(at)), is_off, "{at}");
        }
    }

    /// Forty caseworkers with forty searches a day, two on call at night and on weekends, and an interface.
    #[test]
    fn a_quiet_month_raises_nothing() {
        let mut rows = Vec::new();
        for day in 0..30 {
            let midnight = instant("2026-03-01T22:00:00Z") + TimeDelta::days(day);
            let weekend = matches!(helsinki_day(midnight).weekday(), Weekday::Sat | Weekday::Sun);
            for (user, number) in (0..40_u8).flat_map(|user| (0..40).map(move |number| (user, number))) {
                let at = midnight + TimeDelta::minutes(8 * 60 + number * 12 + i64::from(user % 12));
                rows.extend((!weekend).then(|| search(at, user, u8::try_from(number / 3).unwrap())));
            }
            for (user, number) in [100, 101].into_iter().flat_map(|user| (0..24 * 20).map(move |number| (user, number)))
            {
                rows.push(search(midnight + TimeDelta::minutes(number * 3), user, u8::try_from(number % 250).unwrap()));
            }
            for number in 0..24 * 60 {
                let call = search(midnight + TimeDelta::minutes(number), 0, 0);
                rows.push(Seen { user: None, channel: Channel::TechnicalInterface, ..call });
            }
        }
        rows.sort_by_key(|row| row.occurred_at);
        let mut watch = Watch::default();
        for row in &mut rows {
            row.recorded_at = row.occurred_at;
        }
        assert_eq!(rows.chunks(500).flat_map(|page| watch.see(page)).collect::<Vec<_>>(), []);
    }

    /// The same by looking at every hour of every kind, one after another.
    fn naive(rows: &[Seen]) -> BTreeSet<AnomalyId> {
        let mut kinds: BTreeMap<Counted, Vec<(Look<'_>, i64)>> = BTreeMap::new();
        for row in rows {
            for look in looks(row) {
                kinds.entry(look.counted()).or_default().push((look, row.occurred_at.timestamp().div_euclid(300)));
            }
        }
        let mut ids = BTreeSet::new();
        for (look, from) in kinds.values().flatten() {
            let kind = &kinds[&look.counted()];
            let count = kind.iter().filter(|(_, slot)| (*from..from + 12).contains(slot)).count() as u64;
            if count > limit(look.rule) {
                let from = Instant::from_timestamp_secs(from * 300).unwrap();
                ids.insert(look.finding(FullHour { from, day: helsinki_day(from), count }).id);
            }
        }
        ids
    }

    proptest! {
        /// Around midnight in Helsinki, so that bursts begin on either day.
        #[test]
        fn rows_in_any_order_and_pages_of_any_size_make_the_same_anomalies(
            rows in prop::collection::vec((0..9_000_i64, 0..2_u8, 0..2_u8), 0..260),
            keys in prop::collection::vec(any::<u32>(), 260),
            page in 1..80_usize,
        ) {
            let midnight = instant("2026-03-02T22:00:00Z") - TimeDelta::seconds(4_500);
            let rows: Vec<Seen> = rows
                .into_iter()
                .map(|(second, user, subject)| search(midnight + TimeDelta::seconds(second), user, subject))
                .collect();
            let mut keyed: Vec<_> = keys.iter().zip(&rows).collect();
            keyed.sort_by_key(|(key, _)| **key);
            let shuffled: Vec<Seen> = keyed.into_iter().map(|(_, row)| row.clone()).collect();
            for order in [&rows, &shuffled] {
                let mut watch = Watch::default();
                let ids: BTreeSet<AnomalyId> =
                    order.chunks(page).flat_map(|page| watch.see(page)).map(|finding| finding.id).collect();
                prop_assert_eq!(&ids, &naive(&rows));
            }
        }
    }
}
