//! When an event that could not be delivered is tried again: the schedule of Standard Webhooks.

use chrono::TimeDelta;
use entity::{
    vocabulary::{Instant, WebhookPause, WebhookStatus},
    webhook, webhook_cursor,
};

/// Waits after each attempt in vain but the last: 5 seconds, 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours; ten attempts in
/// three days and some.
const WAITS: [TimeDelta; 9] = [
    TimeDelta::seconds(5),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
    TimeDelta::hours(2),
    TimeDelta::hours(5),
    TimeDelta::hours(10),
    TimeDelta::hours(14),
    TimeDelta::hours(20),
    TimeDelta::hours(24),
];

/// Longest wait a receiver may ask for with `Retry-After`.
const ASKED_MAX: TimeDelta = TimeDelta::hours(24);

/// Status of an answer that says the receiver is there no more.
const GONE: u16 = 410;

/// What an attempt in vain comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again after this long.
    Later(TimeDelta),
    /// The webhook is paused.
    Pause(WebhookPause),
}

/// What follows an attempt in vain: the `attempts`th of its event, with the status of its answer and how long that asks to wait.
/// Waits differ by a tenth either way, by `chance`, so that those who failed together do not return together.
pub fn failed(attempts: i32, status: Option<u16>, asked: Option<TimeDelta>, chance: u8) -> Failed {
    if status == Some(GONE) {
        return Failed::Pause(WebhookPause::Gone);
    }
    let before = usize::try_from(attempts - 1).unwrap_or(0);
    let Some(wait) = WAITS.get(before) else { return Failed::Pause(WebhookPause::Failing) };
    let tenths = wait.num_milliseconds() / 10;
    let spread = tenths * (i64::from(chance) - 128) / 128;
    Failed::Later((*wait + TimeDelta::milliseconds(spread)).max(asked.unwrap_or_default().min(ASKED_MAX)))
}

/// Wait an answer asks for in `Retry-After`: seconds, or the instant to wait for.
pub fn asked(retry_after: &str, now: Instant) -> Option<TimeDelta> {
    let text = retry_after.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    Some(at.to_utc() - now).filter(|wait| *wait > TimeDelta::zero())
}

/// Attempts in vain that count: those before the webhook was resumed do not.
pub fn counted(row: &webhook::Model, cursor: &webhook_cursor::Model) -> i32 {
    if is_resumed(row, cursor) { 0 } else { cursor.attempts }
}

/// Whether a webhook is to be told now, as far as nobody else is telling it.
pub fn is_due(row: &webhook::Model, cursor: &webhook_cursor::Model, now: Instant) -> bool {
    row.status == WebhookStatus::Active && (cursor.next_at <= now || is_resumed(row, cursor))
}

fn is_resumed(row: &webhook::Model, cursor: &webhook_cursor::Model) -> bool {
    cursor.tried_at.is_some_and(|tried| tried < row.status_at)
}

#[cfg(test)]
mod tests {
    use entity::vocabulary::WebhookId;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::webhook::rules::tests::{instant, row};

    #[test]
    fn an_event_is_tried_ten_times_in_three_days_and_the_webhook_paused_then() {
        let waits: Vec<i64> = (1..=9)
            .map(|attempts| match failed(attempts, Some(500), None, 128) {
                Failed::Later(wait) => wait.num_seconds(),
                Failed::Pause(_) => panic!("{attempts}"),
            })
            .collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(failed(10, Some(500), None, 128), Failed::Pause(WebhookPause::Failing));
        assert_eq!(failed(1, Some(410), None, 128), Failed::Pause(WebhookPause::Gone));
    }

    #[test]
    fn receiver_may_ask_for_more_time_but_not_for_ever() {
        let now = instant("2026-03-02T10:00:00Z");
        for (text, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Mon, 02 Mar 2026 10:05:00 GMT", Some(300)),
            ("Mon, 02 Mar 2026 09:00:00 GMT", None),
            ("soon", None),
            ("-1", None),
            ("99999999999999", None),
        ] {
            assert_eq!(asked(text, now).map(|wait| wait.num_seconds()), seconds, "{text}");
        }
        let after = |seconds| failed(1, Some(503), Some(TimeDelta::seconds(seconds)), 128);
        assert_eq!(after(1), Failed::Later(TimeDelta::seconds(5)), "never sooner than the schedule");
        assert_eq!(after(60), Failed::Later(TimeDelta::seconds(60)));
        assert_eq!(after(10_000_000), Failed::Later(TimeDelta::hours(24)));
    }

    #[test]
    fn a_resumed_webhook_is_told_at_once_with_all_its_attempts() {
        let cursor = webhook_cursor::Model {
            webhook_id: WebhookId(Uuid::nil()),
            seq: 1,
            raised: 0,
            attempts: 9,
            next_at: instant("2026-03-03T00:00:00Z"),
            tried_at: Some(instant("2026-03-02T00:00:00Z")),
            holder: None,
            leased_until: None,
        };
        let now = instant("2026-03-02T10:00:00Z");
        assert_eq!((is_due(&row(), &cursor, now), counted(&row(), &cursor)), (false, 9));
        let resumed = webhook::Model { status_at: instant("2026-03-02T09:00:00Z"), ..row() };
        assert_eq!((is_due(&resumed, &cursor, now), counted(&resumed, &cursor)), (true, 0));
        let paused = webhook::Model { status: WebhookStatus::Paused, ..resumed };
        assert!(!is_due(&paused, &cursor, now));
    }

    proptest! {
        #[test]
        fn waits_differ_by_a_tenth_at_most_and_rise(attempts in 1..9_i32, chance: u8) {
            let wait = |attempts, chance| match failed(attempts, None, None, chance) {
                Failed::Later(wait) => wait,
                Failed::Pause(_) => TimeDelta::MAX,
            };
            let (plain, spread) = (wait(attempts, 128).num_milliseconds(), wait(attempts, chance).num_milliseconds());
            prop_assert!((spread - plain).abs() <= plain / 10);
            prop_assert!(wait(attempts, chance) < wait(attempts + 1, chance));
        }
    }
}
