//! How the gateway holds its connections to PostgreSQL; on SQLite only the waiting for a connection counts.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    layers::Layers,
    limits::Limit,
    setting::{Setting, duration, truth},
};

/// Connections that may write.
pub const DATABASE_WRITE_CONNECTIONS_MAX: Limit = Limit {
    name: "DATABASE_WRITE_CONNECTIONS_MAX",
    unit: "connections for writing, of one process",
    default: 6,
    largest: 100,
    reason: "acts take turns under one lock, and the follower, the signer and the listener have one each; more would only wait",
};

/// Connections that only read.
pub const DATABASE_READ_CONNECTIONS_MAX: Limit = Limit {
    name: "DATABASE_READ_CONNECTIONS_MAX",
    unit: "connections for reading the log, of one process",
    default: 4,
    largest: 500,
    reason: "the registry is read from memory; about twice the database's cores serve pages of the log, and more only wait for \
             one another; two exports may hold two",
};

/// Every limit of connections.
pub(super) const DATABASE_LIMITS: [&Limit; 2] = [&DATABASE_WRITE_CONNECTIONS_MAX, &DATABASE_READ_CONNECTIONS_MAX];

pub(super) const DATABASE_ACQUIRE_MAX: Setting =
    Setting { name: "DATABASE_ACQUIRE_MAX", default: "5s", allowed: "duration from `100ms` to `1m`" };
pub(super) const DATABASE_CONNECT_MAX: Setting =
    Setting { name: "DATABASE_CONNECT_MAX", default: "2s", allowed: "duration from `100ms` to `1m`" };
pub(super) const DATABASE_SILENCE_MAX: Setting =
    Setting { name: "DATABASE_SILENCE_MAX", default: "5s", allowed: "duration from `1s` to `1h`" };
pub(super) const DATABASE_STATEMENT_CACHE: Setting =
    Setting { name: "DATABASE_STATEMENT_CACHE", default: "100", allowed: "whole number from 0 to 10000" };
pub(super) const DATABASE_READ_LAG_MAX: Setting =
    Setting { name: "DATABASE_READ_LAG_MAX", default: "30s", allowed: "duration from `1s` to `24h`" };
pub(super) const MIGRATE_ON_START: Setting =
    Setting { name: "MIGRATE_ON_START", default: "true", allowed: "`true` or `false`" };

/// Every setting of connections that is not a limit.
pub(super) const DATABASE_SETTINGS: [&Setting; 6] = [
    &DATABASE_ACQUIRE_MAX,
    &DATABASE_CONNECT_MAX,
    &DATABASE_SILENCE_MAX,
    &DATABASE_STATEMENT_CACHE,
    &DATABASE_READ_LAG_MAX,
    &MIGRATE_ON_START,
];

/// Statements one connection may keep prepared.
const STATEMENTS_MAX: usize = 10_000;

/// How connections are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connecting {
    /// [`DATABASE_WRITE_CONNECTIONS_MAX`].
    pub write_connections_max: u32,
    /// [`DATABASE_READ_CONNECTIONS_MAX`].
    pub read_connections_max: u32,
    /// How long a caller waits for a connection before it is told that the database does not answer.
    pub acquire_max: Duration,
    /// How long one host may take to open a connection and say what it is.
    pub connect_max: Duration,
    /// How long the primary may be silent before it is taken for gone, with every call it has not answered.
    pub silence_max: Duration,
    /// Statements a connection keeps prepared; 0 where connections are handed on after each transaction.
    pub statement_cache: usize,
    /// How far a replica may be behind and still be read.
    pub read_lag_max: Duration,
    /// Whether a start brings the database to this version's tables.
    pub migrates_on_start: bool,
}

impl Default for Connecting {
    fn default() -> Self {
        Self {
            write_connections_max: 6,
            read_connections_max: 4,
            acquire_max: Duration::from_secs(5),
            connect_max: Duration::from_secs(2),
            silence_max: Duration::from_secs(5),
            statement_cache: 100,
            read_lag_max: Duration::from_secs(30),
            migrates_on_start: true,
        }
    }
}

impl Connecting {
    /// Reads all before it gives up on any.
    pub(super) fn read(layers: &mut Layers<'_>) -> Option<Self> {
        let count = |value: Option<u64>| value.and_then(|value| u32::try_from(value).ok());
        let write_connections_max = count(layers.read_limit(&DATABASE_WRITE_CONNECTIONS_MAX));
        let read_connections_max = count(layers.read_limit(&DATABASE_READ_CONNECTIONS_MAX));
        let short = Duration::from_millis(100)..=Duration::from_mins(1);
        let acquire_max = layers.read(&DATABASE_ACQUIRE_MAX, |text| within(text, &short));
        let connect_max = layers.read(&DATABASE_CONNECT_MAX, |text| within(text, &short));
        let silent = Duration::from_secs(1)..=Duration::from_hours(1);
        let silence_max = layers.read(&DATABASE_SILENCE_MAX, |text| within(text, &silent));
        let statement_cache = layers.read(&DATABASE_STATEMENT_CACHE, statements);
        let behind = Duration::from_secs(1)..=Duration::from_hours(24);
        let read_lag_max = layers.read(&DATABASE_READ_LAG_MAX, |text| within(text, &behind));
        let migrates_on_start = layers.read(&MIGRATE_ON_START, truth);
        Some(Self {
            write_connections_max: write_connections_max?,
            read_connections_max: read_connections_max?,
            acquire_max: acquire_max?,
            connect_max: connect_max?,
            silence_max: silence_max?,
            statement_cache: statement_cache?,
            read_lag_max: read_lag_max?,
            migrates_on_start: migrates_on_start?,
        })
    }
}

fn within(text: &str, allowed: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let given = duration(text)?;
    if allowed.contains(&given) { Ok(given) } else { Err("is out of bounds".to_owned()) }
}

fn statements(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count <= STATEMENTS_MAX).ok_or_else(|| "is no such number".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Flags};
    use super::*;

    #[test]
    fn defaults_are_those_documented() {
        let config = Config::load(&Flags::default(), |_| None).expect("defaults");
        assert_eq!(config.connecting, Connecting::default());
    }

    #[test]
    fn times_out_of_bounds_are_refused_by_name() {
        for (name, value) in [
            ("DATABASE_ACQUIRE_MAX", "10ms"),
            ("DATABASE_CONNECT_MAX", "2m"),
            ("DATABASE_SILENCE_MAX", "0s"),
            ("DATABASE_STATEMENT_CACHE", "-1"),
            ("DATABASE_READ_LAG_MAX", "25h"),
            ("MIGRATE_ON_START", "yes"),
            ("DATABASE_WRITE_CONNECTIONS_MAX", "0"),
        ] {
            let given = Config::load(&Flags::default(), |asked| (asked == name).then(|| value.to_owned()));
            assert!(given.expect_err(name).to_string().contains(name));
        }
    }
}
