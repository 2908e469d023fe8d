//! Pseudonyms of persons and users: keyed hashes that join within one discloser and nowhere else.
//!
//! The key of a discloser is HKDF-SHA-256(master, info = `pseudonym:v1:` ‖ business id), so that the pseudonyms of two
//! disclosers for one person have nothing in common; the code itself is never kept (1050/2018 29 §, GDPR 25).

use std::fmt;

use aws_lc_rs::{hkdf, hmac};
use entity::vocabulary::{BusinessId, PersonalIdentityCode, WebhookId};
use quick_cache::sync::Cache;
use zeroize::Zeroizing;

use super::{KEY_ADDED, KeysError, hex};
use crate::clock;

/// Bytes of a master key and of a pseudonym.
const BYTES: usize = 32;

/// Keys of disclosers kept derived; one database holds a few hundred disclosers, and deriving one takes microseconds.
const DISCLOSER_KEYS_MAX: usize = 4_096;

/// Between two parts of a message, so that no two messages run together; inputs refuse control characters.
const SEPARATOR: &[u8] = b"\x1f";

/// Maker of pseudonyms: one master key for each live version. Its `Debug` shows the versions only.
pub struct Pseudonyms {
    masters: Vec<Master>,
    versions: Vec<i32>,
    derived: Cache<(i32, BusinessId), hmac::Key>,
}

struct Master {
    version: i32,
    secret: Zeroizing<[u8; BYTES]>,
}

impl Pseudonyms {
    pub(super) fn generate() -> Result<Self, KeysError> {
        Ok(Self::of(vec![Master::generate(1)?]))
    }

    /// Reads the files of all versions, each 32 bytes in hexadecimal; fails with the version that is malformed.
    pub(super) fn parse(files: &[(i32, Zeroizing<Vec<u8>>)]) -> Result<Self, i32> {
        let masters: Result<Vec<_>, i32> =
            files.iter().map(|(version, content)| Master::parse(*version, content).ok_or(*version)).collect();
        // A gateway without any master could make no pseudonym: version 1 is made with every database.
        masters.and_then(|masters| if masters.is_empty() { Err(1) } else { Ok(Self::of(masters)) })
    }

    pub(super) fn rotated(mut self) -> Result<Self, KeysError> {
        self.masters.push(Master::generate(self.current_version().saturating_add(1))?);
        Ok(Self::of(self.masters))
    }

    fn of(mut masters: Vec<Master>) -> Self {
        masters.sort_by_key(|master| master.version);
        let versions = masters.iter().map(|master| master.version).collect();
        Self { masters, versions, derived: Cache::new(DISCLOSER_KEYS_MAX) }
    }

    /// Versions a look-up tries, oldest first.
    pub fn live_versions(&self) -> &[i32] {
        &self.versions
    }

    /// Version of new pseudonyms: the newest.
    pub fn current_version(&self) -> i32 {
        self.versions.last().copied().unwrap_or_default()
    }

    /// Pseudonym of a person with a personal identity code.
    ///
    /// # Errors
    /// Internal when the version is not live.
    pub fn person(
        &self,
        discloser: BusinessId,
        version: i32,
        code: &PersonalIdentityCode,
    ) -> Result<[u8; BYTES], crate::Error> {
        self.key(discloser, version).map(|key| person(&key, code))
    }

    /// Pseudonym of a person known to a system by another identifier.
    ///
    /// # Errors
    /// Internal when the version is not live.
    pub fn other_person(
        &self,
        discloser: BusinessId,
        version: i32,
        system: &str,
        value: &str,
    ) -> Result<[u8; BYTES], crate::Error> {
        self.key(discloser, version).map(|key| other_person(&key, system, value))
    }

    /// Pseudonym of a user of a recipient, under the key of the scope's discloser; space around the name does not count.
    ///
    /// # Errors
    /// Internal when the version is not live.
    pub fn user(
        &self,
        discloser: BusinessId,
        version: i32,
        recipient: BusinessId,
        user: &str,
    ) -> Result<[u8; BYTES], crate::Error> {
        self.key(discloser, version)
            .map(|key| keyed(&key, &[b"user:v1:", recipient.as_str().as_bytes(), SEPARATOR, user.trim().as_bytes()]))
    }

    /// Secret of a webhook, of one generation: HKDF-SHA-256 of the master key of a version with info `webhook:v1:` ‖ id ‖
    /// `:` ‖ generation. It is derived whenever it is needed and kept nowhere.
    ///
    /// # Errors
    /// Unavailable when this process lacks the version, which was added since it started.
    pub fn webhook_secret(
        &self,
        version: i32,
        webhook: WebhookId,
        generation: i32,
    ) -> Result<Zeroizing<[u8; BYTES]>, crate::Error> {
        let master = self.masters.iter().find(|master| master.version == version).ok_or(KEY_ADDED)?;
        let mut secret = Zeroizing::new([0; BYTES]);
        let text = format!("webhook:v1:{}:{generation}", webhook.0);
        let filled = master
            .extracted()
            .expand(&[text.as_bytes()], hmac::HMAC_SHA256)
            .and_then(|expanded| expanded.fill(secret.as_mut_slice()));
        filled.map_err(|_| crate::Error::internal("no secret of a webhook can be derived"))?;
        Ok(secret)
    }

    fn key(&self, discloser: BusinessId, version: i32) -> Result<hmac::Key, crate::Error> {
        let master = self.masters.iter().find(|master| master.version == version);
        let master = master.ok_or_else(|| crate::Error::internal(format!("no pseudonym key of version {version}")))?;
        self.derived.get_or_insert_with(&(version, discloser), || master.derived(discloser))
    }

    pub(super) fn fingerprints(&self) -> Vec<(i32, String)> {
        self.masters.iter().map(|master| (master.version, master.fingerprint())).collect()
    }

    /// Content of the key file of a version.
    pub(super) fn content(&self, version: i32) -> Zeroizing<String> {
        let master = self.masters.iter().find(|master| master.version == version);
        Zeroizing::new(master.map(|master| hex(master.secret.as_slice())).unwrap_or_default())
    }
}

impl Master {
    fn generate(version: i32) -> Result<Self, KeysError> {
        let secret = Zeroizing::new(clock::random().map_err(|_| KeysError::Refused)?);
        Ok(Self { version, secret })
    }

    fn parse(version: i32, content: &[u8]) -> Option<Self> {
        let text = content.trim_ascii();
        let mut secret = Zeroizing::new([0; BYTES]);
        if text.len() != 2 * BYTES {
            return None;
        }
        for (byte, pair) in secret.iter_mut().zip(text.chunks_exact(2)) {
            let [high, low] = [pair.first()?, pair.last()?].map(|digit| char::from(*digit).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
        }
        Some(Self { version, secret })
    }

    fn derived(&self, discloser: BusinessId) -> Result<hmac::Key, crate::Error> {
        let info = [b"pseudonym:v1:".as_slice(), discloser.as_str().as_bytes()];
        let extracted = self.extracted();
        let expanded = extracted.expand(&info, hmac::HMAC_SHA256);
        expanded.map(hmac::Key::from).map_err(|_| crate::Error::internal("no pseudonym key can be derived"))
    }

    fn extracted(&self) -> hkdf::Prk {
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(self.secret.as_slice())
    }

    /// Of a keyed hash, for a plain hash of the secret would be one more thing to guess from.
    fn fingerprint(&self) -> String {
        hex(&keyed(&hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_slice()), &[b"fingerprint"]))
    }
}

/// Pseudonym of a person under the raw key of a discloser.
pub(crate) fn person(key: &hmac::Key, code: &PersonalIdentityCode) -> [u8; BYTES] {
    keyed(key, &[b"hetu:v1:", code.expose().as_bytes()])
}

/// Pseudonym of an otherwise known person under the raw key of a discloser.
pub(crate) fn other_person(key: &hmac::Key, system: &str, value: &str) -> [u8; BYTES] {
    keyed(key, &[b"person:v1:", system.as_bytes(), SEPARATOR, value.as_bytes()])
}

fn keyed(key: &hmac::Key, parts: &[&[u8]]) -> [u8; BYTES] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    let mut pseudonym = [0; BYTES];
    for (to, from) in pseudonym.iter_mut().zip(context.sign().as_ref()) {
        *to = *from;
    }
    pseudonym
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pseudonyms({:?})", self.versions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector_key() -> [u8; BYTES] {
        std::array::from_fn(|index| u8::try_from(index).expect("byte"))
    }

    fn code(text: &str) -> PersonalIdentityCode {
        PersonalIdentityCode::parse(text).expect("code")
    }

    fn id(text: &str) -> BusinessId {
        text.parse().expect("business id")
    }

    fn pseudonyms() -> Pseudonyms {
        Pseudonyms::of(vec![Master { version: 1, secret: Zeroizing::new(vector_key()) }])
    }

    #[test]
    fn vectors_of_the_domain_hold() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &vector_key());
        for (text, pseudonym) in [
            ("010594Y9032", "1992365efd8246e6a2bd2d09657c63acb9ca8dcc5da6478e4502d2c9a30ee063"),
            ("131052-308T", "cd499d1bcddbba4a690bf059bf5b69e1898e88b7f5f702a8123bb90660df9d48"),
        ] {
            assert_eq!(hex(&person(&key, &code(text))), pseudonym);
        }
    }

    #[test]
    fn key_of_a_discloser_is_hkdf_of_the_master_with_an_empty_salt() {
        // RFC 5869 written out: extract under 32 zero bytes, then the first block of expand.
        let extracted = keyed(&hmac::Key::new(hmac::HMAC_SHA256, &[0; BYTES]), &[&vector_key()]);
        let key = keyed(&hmac::Key::new(hmac::HMAC_SHA256, &extracted), &[b"pseudonym:v1:0246246-0", &[1]]);
        let expected = person(&hmac::Key::new(hmac::HMAC_SHA256, &key), &code("131052-308T"));
        let made = pseudonyms().person(id("0246246-0"), 1, &code("131052-308T")).expect("pseudonym");
        assert_eq!(made, expected);
    }

    #[test]
    fn pseudonyms_join_within_a_discloser_and_not_across() {
        let pseudonyms = pseudonyms();
        let of = |discloser, text| pseudonyms.person(id(discloser), 1, &code(text)).expect("pseudonym");
        assert_eq!(of("0246246-0", "131052-308T"), of("0246246-0", "131052-308t"));
        assert_ne!(of("0246246-0", "131052-308T"), of("0245437-2", "131052-308T"));
    }

    #[test]
    fn parts_of_a_message_do_not_run_together() {
        let pseudonyms = pseudonyms();
        let of = |system, value| pseudonyms.other_person(id("0246246-0"), 1, system, value).expect("pseudonym");
        assert_ne!(of("a", "bc"), of("ab", "c"));
        let user = |recipient, user| pseudonyms.user(id("0246246-0"), 1, id(recipient), user).expect("pseudonym");
        assert_ne!(user("0201256-6", "u"), user("2274586-3", "u"));
    }

    #[test]
    fn secret_of_a_webhook_is_hkdf_of_the_master_and_another_for_each_generation() {
        let webhook = WebhookId(uuid::Uuid::from_u128(7));
        let secret = |generation| pseudonyms().webhook_secret(1, webhook, generation).expect("secret");
        let extracted = keyed(&hmac::Key::new(hmac::HMAC_SHA256, &[0; BYTES]), &[&vector_key()]);
        let info = format!("webhook:v1:{}:1", webhook.0);
        let expected = keyed(&hmac::Key::new(hmac::HMAC_SHA256, &extracted), &[info.as_bytes(), &[1]]);
        assert_eq!(*secret(1), expected);
        assert_ne!(secret(1), secret(2));
        let later = pseudonyms().webhook_secret(2, webhook, 1);
        assert!(matches!(later, Err(crate::Error::Unavailable(_))), "a key added since the start");
    }

    #[test]
    fn version_that_is_not_live_is_an_error_of_ours() {
        assert!(pseudonyms().person(id("0246246-0"), 2, &code("131052-308T")).is_err());
    }
}
