//! How an event proves that it comes from this gateway: the symmetric signature of Standard Webhooks.
//!
//! `HMAC-SHA-256(secret, id ‖ "." ‖ seconds ‖ "." ‖ body)`, base64, behind `v1,`. Where a secret was changed within a day, the
//! signature by the one before stands beside it, so that a receiver changes over without losing an event.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use entity::{
    vocabulary::{Instant, WebhookId},
    webhook,
};
use zeroize::Zeroizing;

use crate::{Error, keys::Pseudonyms};

/// How long the secret before still signs.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// Secret in the form receivers take, of a webhook as it stands.
///
/// # Errors
/// Unavailable where this process lacks the key it is derived from.
pub fn secret(keys: &Pseudonyms, row: &webhook::Model) -> Result<String, Error> {
    let secret = keys.webhook_secret(row.key_version, row.id, row.generation)?;
    Ok(format!("whsec_{}", STANDARD.encode(secret.as_slice())))
}

/// Value of `webhook-signature`: one signature for each secret that holds, the present one first.
///
/// # Errors
/// Unavailable where this process lacks a key a secret is derived from.
pub fn signatures(
    keys: &Pseudonyms,
    row: &webhook::Model,
    (event_id, at, body): (&str, Instant, &[u8]),
) -> Result<String, Error> {
    let mut signatures = Vec::new();
    for (version, generation) in holding(row, at) {
        signatures.push(signed(&of(keys, row.id, version, generation)?, (event_id, at, body)));
    }
    Ok(signatures.join(" "))
}

/// Versions and generations of the secrets that hold at an instant.
fn holding(row: &webhook::Model, at: Instant) -> impl Iterator<Item = (i32, i32)> {
    let before = row.rotated_at.filter(|rotated| at < *rotated + OVERLAP).and(row.previous_key_version);
    std::iter::once((row.key_version, row.generation)).chain(before.map(|version| (version, row.generation - 1)))
}

fn of(keys: &Pseudonyms, id: WebhookId, version: i32, generation: i32) -> Result<Zeroizing<[u8; 32]>, Error> {
    keys.webhook_secret(version, id, generation)
}

fn signed(secret: &Zeroizing<[u8; 32]>, (event_id, at, body): (&str, Instant, &[u8])) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()));
    context.update(format!("{event_id}.{}.", at.timestamp()).as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::rules::tests::{instant, row};

    #[test]
    fn signature_is_that_of_the_standard() {
        // Id, whole seconds and body joined by dots; that another library believes it is tried where webhooks are received.
        let secret = Zeroizing::new([7; 32]);
        let made = signed(&secret, ("change-7", instant("2026-03-02T10:00:00Z"), b"{}"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let expected = hmac::sign(&key, b"change-7.1772445600.{}");
        assert_eq!(made, format!("v1,{}", STANDARD.encode(expected.as_ref())));
    }

    #[test]
    fn both_secrets_hold_for_a_day_after_a_change() {
        let rotated = webhook::Model {
            generation: 2,
            rotated_at: Some(instant("2026-03-02T10:00:00Z")),
            previous_key_version: Some(1),
            key_version: 3,
            ..row()
        };
        let held = |at| holding(&rotated, instant(at)).collect::<Vec<_>>();
        assert_eq!(held("2026-03-03T09:59:59Z"), [(3, 2), (1, 1)]);
        assert_eq!(held("2026-03-03T10:00:00Z"), [(3, 2)]);
        assert_eq!(holding(&row(), instant("2026-03-02T10:00:00Z")).collect::<Vec<_>>(), [(1, 1)]);
    }
}
