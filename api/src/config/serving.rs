//! How clients are served over the network: connections, their time, TLS, the end.

use std::{path::PathBuf, time::Duration};

use super::{
    layers::Layers,
    limits::Limit,
    setting::{Setting, duration, truth},
};

/// Seconds in which the header of a request must be whole.
pub const HEADER_SECONDS_MAX: Limit = Limit {
    name: "HEADER_SECONDS_MAX",
    unit: "seconds for the header of one request, and for a TLS handshake",
    default: 10,
    largest: 300,
    reason: "a header is one or two packets; whoever drips it holds a connection that others need",
};

/// Bytes of a request's header.
pub const HEADER_BYTES_MAX: Limit = Limit {
    name: "HEADER_BYTES_MAX",
    unit: "bytes of one request's header; at least 8,192 are taken",
    default: 32 * 1024,
    largest: 1024 * 1024,
    reason: "a token has 8 KiB at most, a certificate a proxy passes on some more",
};

/// Fields of a request's header.
pub const HEADER_FIELDS_MAX: Limit = Limit {
    name: "HEADER_FIELDS_MAX",
    unit: "fields of one request's header",
    default: 100,
    largest: 1_000,
    reason: "browsers and proxies together send under 40",
};

/// Seconds in which the body of a request must be whole.
pub const BODY_SECONDS_MAX: Limit = Limit {
    name: "BODY_SECONDS_MAX",
    unit: "seconds for the body of one request, from the end of its header",
    default: 30,
    largest: 600,
    reason: "the largest body in that time is 280 kbit a second",
};

/// Seconds a connection is kept for its next request.
pub const IDLE_SECONDS_MAX: Limit = Limit {
    name: "IDLE_SECONDS_MAX",
    unit: "seconds between an answer and the next request of its connection",
    default: 75,
    largest: 3_600,
    reason: "longer than the 60 seconds of common load balancers, so that they close first and lose no request",
};

/// Seconds in which a client must take the next 64 KiB of its answer.
pub const SEND_SECONDS_MAX: Limit = Limit {
    name: "SEND_SECONDS_MAX",
    unit: "seconds in which a client takes the next 64 KiB of its answer, or the rest",
    default: 30,
    largest: 600,
    reason: "whoever does not read must not hold an answer in memory for ever",
};

/// Connections at once.
pub const CONNECTIONS_MAX: Limit = Limit {
    name: "CONNECTIONS_MAX",
    unit: "connections at once, WebSockets among them",
    default: 10_000,
    largest: 1_000_000,
    reason: "an idle one takes some 10 kB; beyond them newcomers wait, and who asks nothing is closed for them",
};

/// Seconds of a stop.
pub const STOP_SECONDS_MAX: Limit = Limit {
    name: "STOP_SECONDS_MAX",
    unit: "seconds a stop waits for requests under way",
    default: 30,
    largest: 3_600,
    reason: "three times the longest operation; what then still runs is cut",
};

/// Seconds between two looks at the files of TLS.
pub const TLS_RELOAD_SECONDS: Limit = Limit {
    name: "TLS_RELOAD_SECONDS",
    unit: "seconds between two looks at the files of TLS",
    default: 60,
    largest: 86_400,
    reason: "a renewed certificate is shown soon, and two small files are read a minute",
};

/// Requests one caller begins in a second.
pub const CALLER_REQUESTS_PER_SECOND_MAX: Limit = Limit {
    name: "CALLER_REQUESTS_PER_SECOND_MAX",
    unit: "requests one caller begins in a second, as many of them at once",
    default: 100_000,
    largest: 4_000_000_000,
    reason: "twice what two cores answer, so that no honest caller meets it; who shares a gateway among many sets less",
};

/// Bytes of large bodies and messages of one caller that are understood in a second.
pub const CALLER_BYTES_PER_SECOND_MAX: Limit = Limit {
    name: "CALLER_BYTES_PER_SECOND_MAX",
    unit: "bytes of bodies and messages above 16 KiB of one caller that are understood in a second, as many of them at once; more waits",
    default: 33_554_432,
    largest: 4_000_000_000_000,
    reason: "some 80,000 reports a second in full batches, and less than half a core for bodies that are refused",
};

/// Requests one caller has under way.
pub const CALLER_OPERATIONS_MAX: Limit = Limit {
    name: "CALLER_OPERATIONS_MAX",
    unit: "requests one caller has under way at once",
    default: 256,
    largest: 1_000_000,
    reason: "twice the connections at which recording is fastest; more only wait for one another",
};

/// WebSockets of one caller.
pub const CALLER_SOCKETS_MAX: Limit = Limit {
    name: "CALLER_SOCKETS_MAX",
    unit: "WebSockets of one caller that are open at once; until a client has said who it is, of one address",
    default: 1_000,
    largest: 1_000_000,
    reason: "a tenth of all connections; each socket follows many subscriptions, and is never closed for a newcomer",
};

/// Tokens of one address that are refused in a second.
pub const FAILED_AUTHENTICATIONS_PER_SECOND_MAX: Limit = Limit {
    name: "FAILED_AUTHENTICATIONS_PER_SECOND_MAX",
    unit: "tokens of one address that are not believed in a second",
    default: 1_000,
    largest: 1_000_000,
    reason: "each costs some 90 µs, so an address takes a tenth of one core; a client with an expired token sends a few",
};

/// Operations at once that take long to reckon.
pub const HEAVY_OPERATIONS_MAX: Limit = Limit {
    name: "HEAVY_OPERATIONS_MAX",
    unit: "operations at once that reckon for more than a millisecond of processor time, of one caller half as many",
    default: 2,
    largest: 1_000,
    reason: "they run beside the threads that answer everybody else; as many as there are cores take half the machine",
};

/// Limits of the server, in the order of the fields of [`Serving`].
pub const SERVING_LIMITS: [&Limit; 15] = [
    &HEADER_SECONDS_MAX,
    &HEADER_BYTES_MAX,
    &HEADER_FIELDS_MAX,
    &BODY_SECONDS_MAX,
    &IDLE_SECONDS_MAX,
    &SEND_SECONDS_MAX,
    &CONNECTIONS_MAX,
    &STOP_SECONDS_MAX,
    &TLS_RELOAD_SECONDS,
    &CALLER_REQUESTS_PER_SECOND_MAX,
    &CALLER_BYTES_PER_SECOND_MAX,
    &CALLER_OPERATIONS_MAX,
    &CALLER_SOCKETS_MAX,
    &FAILED_AUTHENTICATIONS_PER_SECOND_MAX,
    &HEAVY_OPERATIONS_MAX,
];

pub(super) const TLS_CERTIFICATE_FILE: Setting = Setting {
    name: "TLS_CERTIFICATE_FILE",
    default: "",
    allowed: "path of a PEM file, the server's certificate first; together with TLS_PRIVATE_KEY_FILE",
};
pub(super) const TLS_PRIVATE_KEY_FILE: Setting = Setting {
    name: "TLS_PRIVATE_KEY_FILE",
    default: "",
    allowed: "path of a PEM file; together with TLS_CERTIFICATE_FILE",
};
pub(super) const STOP_DELAY: Setting =
    Setting { name: "STOP_DELAY", default: "0s", allowed: "duration from `0s` to `5m`" };

pub(super) const TRUSTED_DOCUMENTS: Setting = Setting {
    name: "TRUSTED_DOCUMENTS",
    default: "",
    allowed: "path of a manifest, `CLIENT.json`, or of a directory of manifests",
};
pub(super) const TRUSTED_DOCUMENTS_ONLY: Setting = Setting {
    name: "TRUSTED_DOCUMENTS_ONLY",
    default: "false",
    allowed: "`true`, together with TRUSTED_DOCUMENTS, or `false`",
};

/// Settings of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// [`HEADER_SECONDS_MAX`].
    pub header_time_max: Duration,
    /// [`HEADER_BYTES_MAX`].
    pub header_bytes_max: usize,
    /// [`HEADER_FIELDS_MAX`].
    pub header_fields_max: usize,
    /// [`BODY_SECONDS_MAX`].
    pub body_time_max: Duration,
    /// [`IDLE_SECONDS_MAX`].
    pub idle_time_max: Duration,
    /// [`SEND_SECONDS_MAX`].
    pub send_time_max: Duration,
    /// [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// [`STOP_SECONDS_MAX`].
    pub stop_time_max: Duration,
    /// [`TLS_RELOAD_SECONDS`].
    pub tls_reload_time: Duration,
    /// [`CALLER_REQUESTS_PER_SECOND_MAX`].
    pub caller_requests_per_second_max: u64,
    /// [`CALLER_BYTES_PER_SECOND_MAX`].
    pub caller_bytes_per_second_max: u64,
    /// [`CALLER_OPERATIONS_MAX`].
    pub caller_operations_max: usize,
    /// [`CALLER_SOCKETS_MAX`].
    pub caller_sockets_max: usize,
    /// [`FAILED_AUTHENTICATIONS_PER_SECOND_MAX`].
    pub failed_authentications_per_second_max: u64,
    /// [`HEAVY_OPERATIONS_MAX`].
    pub heavy_operations_max: usize,
    /// How long `/readyz` says that the gateway stops before it takes no more connections.
    pub stop_delay: Duration,
    /// Files of TLS; null to serve in the clear.
    pub tls: Option<TlsFiles>,
    /// Manifest, or directory of manifests; null for none.
    pub trusted_documents: Option<PathBuf>,
    /// Whether their documents alone are admitted.
    pub trusted_documents_only: bool,
}

/// Where certificate and key of the server are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate with those that lead to its authority, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub private_key: PathBuf,
}

impl Serving {
    pub(super) fn read(layers: &mut Layers<'_>) -> Option<Self> {
        let tls = tls(layers);
        let stop_delay = layers.read(&STOP_DELAY, stop_delay);
        let (trusted_documents, trusted_documents_only) = trusted_documents(layers)?;
        let mut values = SERVING_LIMITS.map(|limit| layers.read_limit(limit)).into_iter();
        let mut number = || values.next().flatten();
        let count = |value: u64| usize::try_from(value).ok();
        Some(Self {
            header_time_max: Duration::from_secs(number()?),
            header_bytes_max: count(number()?)?,
            header_fields_max: count(number()?)?,
            body_time_max: Duration::from_secs(number()?),
            idle_time_max: Duration::from_secs(number()?),
            send_time_max: Duration::from_secs(number()?),
            connections_max: count(number()?)?,
            stop_time_max: Duration::from_secs(number()?),
            tls_reload_time: Duration::from_secs(number()?),
            caller_requests_per_second_max: number()?,
            caller_bytes_per_second_max: number()?,
            caller_operations_max: count(number()?)?,
            caller_sockets_max: count(number()?)?,
            failed_authentications_per_second_max: number()?,
            heavy_operations_max: count(number()?)?,
            stop_delay: stop_delay?,
            tls,
            trusted_documents,
            trusted_documents_only,
        })
    }
}

/// Both files, or neither.
fn tls(layers: &mut Layers<'_>) -> Option<TlsFiles> {
    let path = |text: &str| Ok(PathBuf::from(text));
    let certificate = layers.read_optional(&TLS_CERTIFICATE_FILE, path);
    let private_key = layers.read_optional(&TLS_PRIVATE_KEY_FILE, path);
    match (certificate, private_key) {
        (Some(certificate), Some(private_key)) => Some(TlsFiles { certificate, private_key }),
        (Some(_), None) => {
            layers.refuse(&TLS_PRIVATE_KEY_FILE, "is missing");
            None
        }
        (None, Some(_)) => {
            layers.refuse(&TLS_CERTIFICATE_FILE, "is missing");
            None
        }
        (None, None) => None,
    }
}

/// Where manifests are, and whether nothing else is admitted, which would be nothing at all without any.
fn trusted_documents(layers: &mut Layers<'_>) -> Option<(Option<PathBuf>, bool)> {
    let path = layers.read_optional(&TRUSTED_DOCUMENTS, |text| Ok(PathBuf::from(text)));
    let is_only = layers.read(&TRUSTED_DOCUMENTS_ONLY, truth)?;
    if is_only && path.is_none() {
        layers.refuse(&TRUSTED_DOCUMENTS_ONLY, "admits nothing, for TRUSTED_DOCUMENTS names no manifests");
    }
    Some((path, is_only))
}

fn stop_delay(text: &str) -> Result<Duration, String> {
    let delay = duration(text)?;
    if delay <= Duration::from_mins(5) { Ok(delay) } else { Err("is out of bounds".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigFaults, Flags};
    use super::*;

    fn load(settings: &[(&str, &str)]) -> Result<Serving, ConfigFaults> {
        let given =
            |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Config::load(&Flags::default(), given).map(|config| config.serving)
    }

    #[test]
    fn each_limit_sets_its_own_value() {
        let plain = format!("{:?}", load(&[]).expect("defaults"));
        let mut seen = std::collections::BTreeSet::new();
        for limit in SERVING_LIMITS {
            let shown = format!("{:?}", load(&[(limit.name, "7")]).expect("config"));
            let changed: Vec<_> = shown.split(", ").zip(plain.split(", ")).filter(|(new, old)| new != old).collect();
            assert_eq!(changed.len(), 1, "{}: {changed:?}", limit.name);
            seen.insert(changed[0].0.split(':').next().map(str::to_owned));
        }
        assert_eq!(seen.len(), SERVING_LIMITS.len());
    }

    #[test]
    fn certificate_and_key_are_given_both_or_neither() {
        let files = load(&[("TLS_CERTIFICATE_FILE", "c.pem"), ("TLS_PRIVATE_KEY_FILE", "k.pem")]).expect("both");
        assert_eq!(files.tls, Some(TlsFiles { certificate: "c.pem".into(), private_key: "k.pem".into() }));
        for (given, missing) in
            [("TLS_CERTIFICATE_FILE", "TLS_PRIVATE_KEY_FILE"), ("TLS_PRIVATE_KEY_FILE", "TLS_CERTIFICATE_FILE")]
        {
            let faults = load(&[(given, "file.pem")]).expect_err("one of them").to_string();
            assert!(faults.contains(&format!("{missing} (default): is missing")), "{faults}");
        }
    }

    #[test]
    fn only_trusted_documents_are_admitted_where_there_are_some() {
        let faults = load(&[("TRUSTED_DOCUMENTS_ONLY", "true")]).expect_err("none").to_string();
        assert!(faults.contains("TRUSTED_DOCUMENTS_ONLY (environment): admits nothing"), "{faults}");
        let both = load(&[("TRUSTED_DOCUMENTS_ONLY", "true"), ("TRUSTED_DOCUMENTS", "documents")]).expect("both");
        assert_eq!((both.trusted_documents, both.trusted_documents_only), (Some("documents".into()), true));
        assert!(!load(&[("TRUSTED_DOCUMENTS", "documents")]).expect("one").trusted_documents_only);
    }

    #[test]
    fn a_stop_is_told_for_five_minutes_at_most() {
        assert_eq!(load(&[("STOP_DELAY", "5m")]).expect("config").stop_delay, Duration::from_mins(5));
        assert!(load(&[("STOP_DELAY", "301s")]).is_err());
    }
}
