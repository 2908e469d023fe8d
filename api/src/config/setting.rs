//! Settings that are not limits: names, defaults, and how each is read.

use std::{net::SocketAddr, time::Duration};

use entity::vocabulary::AnomalyRule;

use super::observability::{METRICS_ADDR, OTLP_ENDPOINT, SLOW_OPERATION};
use super::{
    certificate::CLIENT_CERTIFICATE_HEADER,
    issuer::{ISSUER_KEYS_COOL_DOWN, ISSUER_KEYS_MAX_AGE, ISSUER_KEYS_REFRESH},
    server::TRUSTED_PROXIES,
    serving::{STOP_DELAY, TLS_CERTIFICATE_FILE, TLS_PRIVATE_KEY_FILE, TRUSTED_DOCUMENTS, TRUSTED_DOCUMENTS_ONLY},
};

/// One setting an operator may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Name in the environment; in the file the same in lower case.
    pub name: &'static str,
    /// Value when nothing is said; empty when there is none.
    pub default: &'static str,
    /// What may be given.
    pub allowed: &'static str,
}

pub(super) const LISTEN_ADDR: Setting =
    Setting { name: "LISTEN_ADDR", default: "127.0.0.1:8080", allowed: "IP address and port, `127.0.0.1:8080`" };
pub(super) const DATA_DIR: Setting = Setting { name: "DATA_DIR", default: "data", allowed: "path of a directory" };
pub(super) const DATABASE_URL: Setting = Setting {
    name: "DATABASE_URL",
    default: "sqlite://data/disclosure-gateway.db",
    allowed: "`sqlite://PATH` or `postgres://USER:PASSWORD@HOST[:PORT][,HOST[:PORT]…]/DATABASE`",
};
pub(super) const DATABASE_READ_URL: Setting =
    Setting { name: "DATABASE_READ_URL", default: "", allowed: "`postgres://…` of a streaming replica" };
pub(super) const SEED: Setting = Setting { name: "SEED", default: "", allowed: "`sample` or `none`" };
pub(super) const ISSUERS: Setting = Setting {
    name: "ISSUERS",
    default: "[]",
    allowed: "list of `{\"issuer\", \"audience\", …}` as in docs/identity.md; https, but for loopback addresses",
};
pub(super) const FACTS_MAX_AGE: Setting =
    Setting { name: "FACTS_MAX_AGE", default: "5s", allowed: "duration from `1s` to `1h`" };
pub(super) const RUST_LOG: Setting =
    Setting { name: "RUST_LOG", default: "info", allowed: "level, or list of `target=level`" };
pub(super) const LOG_FORMAT: Setting =
    Setting { name: "LOG_FORMAT", default: "auto", allowed: "`auto`, `text` or `json`" };
pub(super) const ANONYMOUS_READ: Setting =
    Setting { name: "ANONYMOUS_READ", default: "false", allowed: "`true` or `false`" };
pub(super) const PUBLIC_URL: Setting = Setting {
    name: "PUBLIC_URL",
    default: "",
    allowed: "`https://HOST` or `https://HOST:PORT`; http only for loopback addresses",
};
pub(super) const CORS_ORIGINS: Setting = Setting {
    name: "CORS_ORIGINS",
    default: "",
    allowed: "list of `https://HOST` or `https://HOST:PORT` as browsers send them, separated by commas",
};
pub(super) const ANOMALY_SUSPENDS: Setting = Setting {
    name: "ANOMALY_SUSPENDS",
    default: "",
    allowed: "list of `USER_BURST`, `AGREEMENT_BURST`, `OFF_HOURS`, `SUBJECT_REPEATS`, separated by commas",
};

pub(super) const WEBHOOK_PRIVATE_ADDRESSES: Setting =
    Setting { name: "WEBHOOK_PRIVATE_ADDRESSES", default: "false", allowed: "`true` or `false`" };

/// Every setting that is not a limit.
pub(super) const SETTINGS: &[&Setting] = &[
    &LISTEN_ADDR,
    &DATA_DIR,
    &DATABASE_URL,
    &DATABASE_READ_URL,
    &SEED,
    &ISSUERS,
    &ISSUER_KEYS_REFRESH,
    &ISSUER_KEYS_COOL_DOWN,
    &ISSUER_KEYS_MAX_AGE,
    &FACTS_MAX_AGE,
    &RUST_LOG,
    &LOG_FORMAT,
    &ANONYMOUS_READ,
    &PUBLIC_URL,
    &CORS_ORIGINS,
    &ANOMALY_SUSPENDS,
    &WEBHOOK_PRIVATE_ADDRESSES,
    &TRUSTED_PROXIES,
    &CLIENT_CERTIFICATE_HEADER,
    &TLS_CERTIFICATE_FILE,
    &TLS_PRIVATE_KEY_FILE,
    &STOP_DELAY,
    &TRUSTED_DOCUMENTS,
    &TRUSTED_DOCUMENTS_ONLY,
    &METRICS_ADDR,
    &OTLP_ENDPOINT,
    &SLOW_OPERATION,
];

/// What a new database is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// Sample world.
    Sample,
    /// Nothing.
    None,
}

impl Seed {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "sample" => Ok(Self::Sample),
            "none" => Ok(Self::None),
            _ => Err("no such seed".to_owned()),
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("no such format".to_owned()),
        }
    }
}

/// Duration of a text such as `500ms`, `5s`, `1m` or `2h`.
///
/// # Errors
/// Says what is wrong when the text is of another form or too long a time.
pub fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or("has no unit: ms, s, m or h")?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().map_err(|_| "is not a whole number and a unit")?;
    let milliseconds = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => return Err("has no unit of ms, s, m or h".to_owned()),
    };
    milliseconds.map(Duration::from_millis).ok_or_else(|| "is too long".to_owned())
}

pub(super) fn facts_max_age(text: &str) -> Result<Duration, String> {
    let age = duration(text)?;
    let allowed = Duration::from_secs(1)..=Duration::from_hours(1);
    if allowed.contains(&age) { Ok(age) } else { Err("is out of bounds".to_owned()) }
}

pub(super) fn listen_addr(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "is not an IP address and port".to_owned())
}

pub(super) fn truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "is neither true nor false".to_owned())
}

pub(super) fn anomaly_rules(text: &str) -> Result<Vec<AnomalyRule>, String> {
    text.split(',').map(|rule| rule.trim().parse().map_err(|_| "names a rule that is none".to_owned())).collect()
}

pub(super) fn rust_log(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a filter of log lines".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_whole_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("1m"), Ok(Duration::from_mins(1)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        for text in ["", "5", "s", "5 s", "-5s", "1.5s", "5d", "99999999999999999999s", "18446744073709551615h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn facts_may_be_neither_always_stale_nor_never() {
        assert!(facts_max_age("0s").is_err() && facts_max_age("2h").is_err());
        assert!(facts_max_age("999ms").is_err() && facts_max_age("1s").is_ok() && facts_max_age("1h").is_ok());
    }

    #[test]
    fn rules_are_a_list_of_known_ones() {
        let both = Ok(vec![AnomalyRule::UserBurst, AnomalyRule::OffHours]);
        assert_eq!(anomaly_rules("USER_BURST, OFF_HOURS"), both);
        for text in ["USER_BURST,", "user_burst", "NONE"] {
            assert!(anomaly_rules(text).is_err(), "{text}");
        }
    }
}
