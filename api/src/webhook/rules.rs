//! How an organisation has itself told of what happens: addresses registered, paused, resumed and retired.

use entity::{
    vocabulary::{
        Codes, EventTopic, Instant, OrganisationId, WebhookId, WebhookPause, WebhookStatus,
        contains_personal_identity_code,
    },
    webhook,
};
use percent_encoding::percent_decode_str;

use super::address::{self, Reach, URL_CHARACTERS_MAX};
use crate::{
    FaultCode, Violations,
    checks::{BLANK, Checks, TEXT_CHARACTERS_MAX},
    facts::{Edit, Facts, global_id},
    journal::Changes,
};

/// Webhooks of one organisation that are not retired: each is told of everything, so ten is ten times the work.
pub const WEBHOOKS_MAX: usize = 10;

/// Name of the act from which on a webhook is told.
pub const REGISTERED: &str = "registerWebhook";

/// Webhook as asked for.
#[derive(Debug, Clone)]
pub struct WebhookInput {
    /// Address events are sent to.
    pub url: String,
    /// What it is told about; everything when null.
    pub topics: Option<Vec<EventTopic>>,
}

/// Pause or end of a webhook, as asked for.
#[derive(Debug, Clone)]
pub struct EndingInput {
    /// Global id of the webhook.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Registers a webhook of an organisation. One address is one webhook: with the same topics it changes nothing.
pub fn register(
    facts: &Facts,
    fresh: WebhookId,
    organisation: OrganisationId,
    input: &WebhookInput,
    (key_version, reach, now): (i32, Reach, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let given = checks.text("url", &input.url, URL_CHARACTERS_MAX);
    let url = if given.is_empty() {
        None
    } else {
        address::read(&given, reach).map_err(|why| checks.fault(FaultCode::Malformed, "url", why)).ok()
    };
    // What is written in percents is read by its receiver, and stands in the journal for good.
    let meant = percent_decode_str(&given).decode_utf8_lossy();
    if contains_personal_identity_code(&meant) && checks.is_clean() {
        checks.fault(FaultCode::Malformed, "url", "holds a personal identity code");
    }
    let url = url.map(String::from);
    if url.as_ref().is_some_and(|url| url.chars().count() > URL_CHARACTERS_MAX) && checks.is_clean() {
        checks.fault(FaultCode::TooLong, "url", format!("longer than {URL_CHARACTERS_MAX} characters as it is sent"));
    }
    if input.topics.as_ref().is_some_and(Vec::is_empty) {
        checks.fault(FaultCode::Blank, "topics", "names nothing; leave it out to be told of everything");
    }
    let topics: Codes<EventTopic> = input.topics.iter().flatten().copied().collect();
    let prior = url.as_ref().and_then(|url| registered(facts, organisation, url));
    if let Some(prior) = prior {
        if prior.topics != topics {
            checks.fault(FaultCode::Conflict, "url", "is registered with other topics: retire that webhook first");
        }
        return checks.done(|| Some(changes(REGISTERED, prior.id, None, Vec::new())));
    }
    if facts.webhook.of(organisation).filter(|row| row.status != WebhookStatus::Retired).count() >= WEBHOOKS_MAX {
        checks.fault(FaultCode::TooLong, "url", format!("there are {WEBHOOKS_MAX} webhooks, the most there may be"));
    }
    checks.done(|| {
        let row = webhook::Model {
            id: fresh,
            organisation_id: organisation,
            url: url?,
            topics,
            status: WebhookStatus::Active,
            pause: None,
            key_version,
            generation: 1,
            previous_key_version: None,
            registered_at: now,
            rotated_at: None,
            status_at: now,
        };
        Some(changes(REGISTERED, fresh, None, vec![row.into()]))
    })
}

/// Webhook an organisation has at an address, unless it is retired.
pub fn registered<'a>(facts: &'a Facts, organisation: OrganisationId, url: &str) -> Option<&'a webhook::Model> {
    let of = facts.webhook.of(organisation).map(AsRef::as_ref);
    of.into_iter().find(|row| row.url == url && row.status != WebhookStatus::Retired)
}

/// Pauses a webhook on its officer's word: events wait. One that is paused already stays as it is; `known` is what the id
/// names, as far as the asker may know it.
pub fn pause(
    facts: &Facts,
    known: Option<WebhookId>,
    input: &EndingInput,
    now: Instant,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose("reason", &input.reason, TEXT_CHARACTERS_MAX, BLANK);
    let row = standing(&mut checks, facts, &input.id, known);
    checks.done(|| {
        let row = row?;
        let edits = if row.status == WebhookStatus::Active {
            vec![moved(row, WebhookStatus::Paused, Some(WebhookPause::Officer), now)]
        } else {
            Vec::new()
        };
        Some(changes("pauseWebhook", row.id, reason, edits))
    })
}

/// Pauses a webhook that cannot be told, so that nobody's queue grows unseen; nothing where it is not active any more.
pub fn give_up(facts: &Facts, id: WebhookId, why: WebhookPause, now: Instant) -> Option<Changes> {
    let row = facts.webhook.get(id).filter(|row| row.status == WebhookStatus::Active)?;
    let paused = moved(row, WebhookStatus::Paused, Some(why), now);
    Some(changes("pauseWebhook", id, Some(why.to_string()), vec![paused]))
}

/// Resumes a webhook: what waited is delivered, from where it stood. One that is active already stays as it is.
pub fn resume(facts: &Facts, known: Option<WebhookId>, id: &str, now: Instant) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let row = standing(&mut checks, facts, id, known);
    checks.done(|| {
        let row = row?;
        let resumed = moved(row, WebhookStatus::Active, None, now);
        let edits = if row.status == WebhookStatus::Paused { vec![resumed] } else { Vec::new() };
        Some(changes("resumeWebhook", row.id, None, edits))
    })
}

/// Gives a webhook a new secret, of the newest key; the one before signs for another day.
pub fn rotate(
    facts: &Facts,
    known: Option<WebhookId>,
    id: &str,
    (key_version, now): (i32, Instant),
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let row = standing(&mut checks, facts, id, known);
    checks.done(|| {
        let row = row?;
        let rotated = webhook::Model {
            key_version,
            generation: row.generation.checked_add(1)?,
            previous_key_version: Some(row.key_version),
            rotated_at: Some(now),
            ..row.clone()
        };
        Some(changes("rotateWebhookSecret", row.id, None, vec![rotated.into()]))
    })
}

/// Ends a webhook for good; what waits is not delivered any more. One that has ended already stays as it is.
pub fn retire(
    facts: &Facts,
    known: Option<WebhookId>,
    input: &EndingInput,
    now: Instant,
) -> Result<Changes, Violations> {
    let mut checks = Checks::default();
    let reason = checks.prose("reason", &input.reason, TEXT_CHARACTERS_MAX, BLANK);
    let row = named(&mut checks, facts, &input.id, known);
    checks.done(|| {
        let row = row?;
        let retired = moved(row, WebhookStatus::Retired, None, now);
        let edits = if row.status == WebhookStatus::Retired { Vec::new() } else { vec![retired] };
        Some(changes("retireWebhook", row.id, reason, edits))
    })
}

/// Webhook in another status from now on.
fn moved(row: &webhook::Model, status: WebhookStatus, pause: Option<WebhookPause>, now: Instant) -> Edit {
    webhook::Model { status, pause, status_at: now, ..row.clone() }.into()
}

fn standing<'a>(
    checks: &mut Checks,
    facts: &'a Facts,
    id: &str,
    known: Option<WebhookId>,
) -> Option<&'a webhook::Model> {
    let row = named(checks, facts, id, known)?;
    if row.status == WebhookStatus::Retired {
        checks.fault(FaultCode::WrongStatus, "id", "the webhook is retired");
    }
    Some(row)
}

fn named<'a>(checks: &mut Checks, facts: &'a Facts, id: &str, known: Option<WebhookId>) -> Option<&'a webhook::Model> {
    let id: WebhookId = checks.parsed("id", id)?;
    checks.found("id", facts.webhook.get(id).filter(|row| known == Some(row.id)), "webhook").map(AsRef::as_ref)
}

fn changes(action: &'static str, id: WebhookId, reason: Option<String>, edits: Vec<Edit>) -> Changes {
    Changes { action, subject: global_id(id), reason, edits }
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;

    const OWNER: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const ID: WebhookId = WebhookId(Uuid::from_u128(2));
    const URL: &str = "https://receiver.example.fi/events";

    pub fn instant(text: &str) -> Instant {
        text.parse().expect(text)
    }

    /// A webhook that is told.
    pub fn row() -> webhook::Model {
        webhook::Model {
            id: ID,
            organisation_id: OWNER,
            url: URL.to_owned(),
            topics: Codes::default(),
            status: WebhookStatus::Active,
            pause: None,
            key_version: 1,
            generation: 1,
            previous_key_version: None,
            registered_at: now(),
            rotated_at: None,
            status_at: now(),
        }
    }

    fn now() -> Instant {
        instant("2026-03-01T00:00:00Z")
    }

    fn facts(rows: impl IntoIterator<Item = webhook::Model>) -> Facts {
        let edits: Vec<Edit> = rows.into_iter().map(Edit::from).collect();
        Facts::default().after(1, &edits)
    }

    fn asked(url: &str, topics: Option<Vec<EventTopic>>) -> WebhookInput {
        WebhookInput { url: url.to_owned(), topics }
    }

    fn registering(facts: &Facts, input: &WebhookInput) -> Result<usize, Vec<(FaultCode, String)>> {
        let fresh = WebhookId(Uuid::from_u128(99));
        register(facts, fresh, OWNER, input, (1, Reach::Public, now()))
            .map(|changes| changes.edits.len())
            .map_err(|faults| faults.into_iter().map(|fault| (fault.code, fault.path.join("."))).collect())
    }

    fn fault(code: FaultCode, path: &str) -> Result<usize, Vec<(FaultCode, String)>> {
        Err(vec![(code, path.to_owned())])
    }

    #[test]
    fn one_address_is_one_webhook() {
        let facts = facts([row()]);
        assert_eq!(registering(&facts, &asked(URL, None)), Ok(0));
        assert_eq!(
            registering(&facts, &asked("HTTPS://Receiver.Example.fi:443/events", None)),
            Ok(0),
            "the same address"
        );
        assert_eq!(registering(&facts, &asked(URL, Some(vec![EventTopic::Scope]))), fault(FaultCode::Conflict, "url"));
        assert_eq!(registering(&facts, &asked(&format!("{URL}/2"), None)), Ok(1));
        let retired = webhook::Model { status: WebhookStatus::Retired, ..row() };
        assert_eq!(registering(&self::facts([retired]), &asked(URL, None)), Ok(1), "a retired one is another");
    }

    #[test]
    fn what_is_no_address_or_too_much_is_refused() {
        let none = facts([]);
        for (url, code) in [
            ("", FaultCode::Blank),
            ("http://receiver.example.fi/", FaultCode::Malformed),
            ("https://10.0.0.1/", FaultCode::Malformed),
            ("https://receiver.example.fi/131052-308T", FaultCode::Malformed),
        ] {
            assert_eq!(registering(&none, &asked(url, None)), fault(code, "url"), "{url}");
        }
        let long = format!("{URL}/{}", "x".repeat(URL_CHARACTERS_MAX));
        assert_eq!(registering(&none, &asked(&long, None)), fault(FaultCode::TooLong, "url"));
        let grows = format!("{URL}/{}", "ä".repeat(200));
        assert_eq!(registering(&none, &asked(&grows, None)), fault(FaultCode::TooLong, "url"), "as it is sent");
        assert_eq!(registering(&none, &asked(URL, Some(Vec::new()))), fault(FaultCode::Blank, "topics"));
        let rows = (0..WEBHOOKS_MAX).map(|at| webhook::Model {
            id: WebhookId(Uuid::from_u128(10 + at as u128)),
            url: format!("{URL}/{at}"),
            ..row()
        });
        let full = facts(rows);
        assert_eq!(registering(&full, &asked(URL, None)), fault(FaultCode::TooLong, "url"));
        let [some, ..] = [webhook::Model { url: format!("{URL}/0"), id: WebhookId(Uuid::from_u128(10)), ..row() }];
        let retired = Edit::from(webhook::Model { status: WebhookStatus::Retired, ..some });
        assert_eq!(registering(&full.after(2, &[retired]), &asked(URL, None)), Ok(1));
    }

    #[test]
    fn pausing_and_resuming_again_changes_nothing_and_a_retired_one_stays_so() {
        let later = instant("2026-03-02T00:00:00Z");
        let input = || EndingInput { id: ID.to_string(), reason: "Huolto".to_owned() };
        let active = facts([row()]);
        let after = |facts: &Facts, changes: &Changes| facts.after(facts.seq + 1, &changes.edits);
        let paused = after(&active, &pause(&active, Some(ID), &input(), later).expect("paused"));
        let stands = |facts: &Facts| facts.webhook.get(ID).map(|row| (row.status, row.pause, row.status_at));
        assert_eq!(stands(&paused), Some((WebhookStatus::Paused, Some(WebhookPause::Officer), later)));
        assert_eq!(pause(&paused, Some(ID), &input(), later).expect("again").edits, []);
        assert_eq!(give_up(&paused, ID, WebhookPause::Failing, later), None);
        assert!(give_up(&active, ID, WebhookPause::Gone, later).is_some());
        let resumed = after(&paused, &resume(&paused, Some(ID), &ID.to_string(), later).expect("resumed"));
        assert_eq!(stands(&resumed), Some((WebhookStatus::Active, None, later)));
        assert_eq!(resume(&resumed, Some(ID), &ID.to_string(), later).expect("again").edits, []);
        let retired = after(&resumed, &retire(&resumed, Some(ID), &input(), later).expect("retired"));
        assert_eq!(retire(&retired, Some(ID), &input(), later).expect("again").edits, []);
        let codes = |faults: Violations| faults.into_iter().map(|fault| fault.code).collect::<Vec<_>>();
        for refused in [
            pause(&retired, Some(ID), &input(), later),
            resume(&retired, Some(ID), &ID.to_string(), later),
            rotate(&retired, Some(ID), &ID.to_string(), (1, later)),
        ] {
            assert_eq!(refused.map_err(codes), Err(vec![FaultCode::WrongStatus]));
        }
        assert_eq!(resume(&resumed, None, &ID.to_string(), later).map_err(codes), Err(vec![FaultCode::NotFound]));
    }

    #[test]
    fn a_new_secret_is_of_the_next_generation_and_the_newest_key() {
        let later = instant("2026-03-02T00:00:00Z");
        let changed = rotate(&facts([row()]), Some(ID), &ID.to_string(), (4, later)).expect("rotated");
        let expected = webhook::Model {
            key_version: 4,
            generation: 2,
            previous_key_version: Some(1),
            rotated_at: Some(later),
            ..row()
        };
        assert_eq!(changed.edits, [Edit::from(expected)]);
    }
}
