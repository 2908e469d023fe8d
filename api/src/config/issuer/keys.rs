//! Where the keys of an issuer are, and for how long they are believed.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use reqwest::Url;

use super::super::setting::{Setting, duration};

pub(in super::super) const ISSUER_KEYS_REFRESH: Setting = Setting {
    name: "ISSUER_KEYS_REFRESH",
    // With the ten seconds two answers may take, a key taken back is refused within a minute.
    default: "45s",
    allowed: "duration from `1s` to `1h`",
};
pub(in super::super) const ISSUER_KEYS_COOL_DOWN: Setting = Setting {
    name: "ISSUER_KEYS_COOL_DOWN",
    // Anyone can make tokens with unknown keys; an issuer bears one more question in ten seconds.
    default: "10s",
    allowed: "duration from `1s` to `1h`",
};
pub(in super::super) const ISSUER_KEYS_MAX_AGE: Setting = Setting {
    name: "ISSUER_KEYS_MAX_AGE",
    // A night's outage stops nobody.
    default: "24h",
    allowed: "duration from `1s` to `168h`, not shorter than `ISSUER_KEYS_REFRESH`",
};

/// Where the keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Key set at an address; https, but for loopback addresses.
    Url(Url),
    /// Key set in a file.
    File(PathBuf),
    /// Key set at the address that the issuer, at this one, says it has.
    Discovered(Url),
}

/// When keys are fetched, and how long they are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyTimes {
    /// `ISSUER_KEYS_REFRESH`: longest pause between two fetches.
    pub refresh: Duration,
    /// `ISSUER_KEYS_COOL_DOWN`: shortest pause between two fetches that unknown keys ask for.
    pub cool_down: Duration,
    /// `ISSUER_KEYS_MAX_AGE`: age from which keys are not believed, because their issuer does not answer.
    pub age_max: Duration,
}

/// Longest `ISSUER_KEYS_REFRESH` and `ISSUER_KEYS_COOL_DOWN`.
const PAUSE_MAX: Duration = Duration::from_hours(1);

/// Longest `ISSUER_KEYS_MAX_AGE`.
const AGE_MAX: Duration = Duration::from_hours(168);

impl KeyTimes {
    pub(in super::super) fn pause(text: &str) -> Result<Duration, String> {
        within(text, PAUSE_MAX)
    }

    pub(in super::super) fn age(text: &str) -> Result<Duration, String> {
        within(text, AGE_MAX)
    }
}

fn within(text: &str, longest: Duration) -> Result<Duration, String> {
    let given = duration(text)?;
    if (Duration::from_secs(1)..=longest).contains(&given) { Ok(given) } else { Err("is out of bounds".to_owned()) }
}

/// Address at which keys may be fetched.
///
/// # Errors
/// Why not there.
pub fn key_set_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is no address")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user or password");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err("is not https"),
    }
}

/// Whether an address leads to this machine only.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
