//! What an operator may say to the gateway, read once when it starts.
//!
//! A value is taken from the first of: flag, environment, TOML file, default. Every fault is named at once, with the
//! setting, where its value came from and what is allowed; nothing starts on a wrong or unknown setting.

mod certificate;
mod database;
mod database_url;
mod issuer;
mod layers;
mod limits;
mod observability;
mod origins;
mod server;
mod serving;
mod setting;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use certificate::CertificateHeader;
pub use database::{Connecting, DATABASE_READ_CONNECTIONS_MAX, DATABASE_WRITE_CONNECTIONS_MAX};
pub use database_url::DatabaseUrl;
pub use issuer::{Claims, Issuer, KeySource, KeyTimes, Roles, TokenType, is_loopback, key_set_address};
pub use layers::{ConfigFault, ConfigFaults, Described, Flags, Source, environment};
pub use limits::*;
pub use observability::Observability;
pub use origins::Origins;
pub use server::TrustedProxies;
pub use serving::*;
pub use setting::{LogFormat, Seed, Setting, duration};

use certificate::CLIENT_CERTIFICATE_HEADER;
use entity::vocabulary::AnomalyRule;
use issuer::{ISSUER_KEYS_COOL_DOWN, ISSUER_KEYS_MAX_AGE, ISSUER_KEYS_REFRESH};
use layers::Layers;
use observability::METRICS_ADDR;
use server::TRUSTED_PROXIES;
use setting::{
    ANOMALY_SUSPENDS, ANONYMOUS_READ, CORS_ORIGINS, DATA_DIR, DATABASE_READ_URL, DATABASE_URL, FACTS_MAX_AGE, ISSUERS,
    LISTEN_ADDR, LOG_FORMAT, PUBLIC_URL, RUST_LOG, SEED, WEBHOOK_PRIVATE_ADDRESSES,
};

/// Settings of the process. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port to listen on.
    pub listen_addr: SocketAddr,
    /// Database to write to.
    pub database_url: DatabaseUrl,
    /// Streaming replica for reading the log; null when the log is read from the one database.
    pub database_read_url: Option<DatabaseUrl>,
    /// Directory of keys, of the last checkpoint, and of the embedded database.
    pub data_dir: PathBuf,
    /// What a new database is filled with; null to choose by [`Config::seed_of_new_database`].
    pub seed: Option<Seed>,
    /// Token issuers believed; none in development.
    pub issuers: Vec<Issuer>,
    /// When the keys of issuers are fetched, and how long they are believed.
    pub key_times: KeyTimes,
    /// Age from which facts decide nothing.
    pub facts_max_age: Duration,
    /// Which log lines are written.
    pub rust_log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Whether public parts are shown without a token.
    pub anonymous_read: bool,
    /// Address of the gateway as its clients know it; null when nothing is said.
    pub public_url: Option<String>,
    /// Web origins whose pages may call; none unless said.
    pub cors_origins: Origins,
    /// Rules whose anomalies suspend the agreement; none unless said.
    pub anomaly_suspends: Vec<AnomalyRule>,
    /// Whether events may be sent to private addresses and over plain http.
    pub webhook_private_addresses: bool,
    /// Proxies whose word is taken; none unless said.
    pub trusted_proxies: TrustedProxies,
    /// Where they say which certificate a client showed; null where they do not.
    pub certificate_header: Option<CertificateHeader>,
    /// How connections to the database are held.
    pub connecting: Connecting,
    /// How the process may be watched.
    pub observability: Observability,
    /// Limits.
    pub limits: Limits,
    /// How clients are served over the network.
    pub serving: Serving,
    described: Vec<Described>,
}

impl Config {
    /// Reads every setting.
    ///
    /// # Errors
    /// All faults found, each with its setting.
    pub fn load(flags: &Flags, environment: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigFaults> {
        let mut layers = Layers::new(flags, &environment);
        let config = read(&mut layers);
        match (config, layers.finish()) {
            (Some(config), Ok(described)) => Ok(Self { described, ..config }),
            (_, Err(faults)) => Err(faults),
            (None, Ok(_)) => Err(ConfigFaults(Vec::new())),
        }
    }

    /// Every setting with its value, secrets masked, and where it came from; in the order of the documentation.
    pub fn describe(&self) -> &[Described] {
        &self.described
    }

    /// Whether the gateway issues its own tokens, because no issuer is configured.
    pub fn is_development(&self) -> bool {
        self.issuers.is_empty()
    }

    /// Address by which clients know the gateway: what is said, else where it listens, if only this machine can reach that.
    /// Null when neither tells.
    pub fn address(&self) -> Option<String> {
        let listens = self.listen_addr;
        let is_own = listens.ip().is_loopback() && listens.port() != 0 && self.serving.tls.is_none();
        self.public_url.clone().or_else(|| is_own.then(|| format!("http://{listens}")))
    }

    /// What a new database is filled with.
    pub fn seed_of_new_database(&self) -> Seed {
        self.seed.unwrap_or(if self.is_development() { Seed::Sample } else { Seed::None })
    }
}

/// Reads all settings before it gives up on any, so that every fault is found.
fn read(layers: &mut Layers<'_>) -> Option<Config> {
    let listen_addr = layers.read(&LISTEN_ADDR, setting::listen_addr);
    let data_dir = layers.read(&DATA_DIR, |text| Ok(PathBuf::from(text)));
    let database = data_dir.as_ref().map(|directory| format!("sqlite://{}/disclosure-gateway.db", directory.display()));
    let database_url = layers.read_or(&DATABASE_URL, database.as_deref(), DatabaseUrl::parse);
    let database_read_url = layers.read_optional(&DATABASE_READ_URL, DatabaseUrl::parse_replica);
    let seed = layers.read_optional(&SEED, Seed::parse);
    let issuers = layers.read(&ISSUERS, issuer::parse);
    let key_times = key_times(layers);
    let facts_max_age = layers.read(&FACTS_MAX_AGE, setting::facts_max_age);
    let rust_log = layers.read(&RUST_LOG, setting::rust_log);
    let log_format = layers.read(&LOG_FORMAT, LogFormat::parse);
    let anonymous_read = layers.read(&ANONYMOUS_READ, setting::truth);
    let public_url = layers.read_optional(&PUBLIC_URL, origins::public_url);
    let cors_origins = layers.read_optional(&CORS_ORIGINS, Origins::parse).unwrap_or_default();
    let anomaly_suspends = layers.read_optional(&ANOMALY_SUSPENDS, setting::anomaly_rules).unwrap_or_default();
    let webhook_private_addresses = layers.read(&WEBHOOK_PRIVATE_ADDRESSES, setting::truth);
    let trusted_proxies = layers.read_optional(&TRUSTED_PROXIES, TrustedProxies::parse).unwrap_or_default();
    let certificate_header = layers.read_optional(&CLIENT_CERTIFICATE_HEADER, CertificateHeader::parse);
    if certificate_header.is_some() && trusted_proxies.is_empty() {
        layers.refuse(&CLIENT_CERTIFICATE_HEADER, "is believed from nobody, for TRUSTED_PROXIES names none");
    }
    let connecting = Connecting::read(layers);
    let observability = Observability::read(layers);
    let limits = Limits::read(layers);
    let serving = Serving::read(layers);
    let database_url = database_url?;
    if database_read_url.is_some() && database_url.is_sqlite() {
        layers.refuse(&DATABASE_READ_URL, "the embedded database has no replica");
    }
    let is_taken = |metrics: SocketAddr| metrics.port() != 0 && Some(metrics) == listen_addr;
    if observability.as_ref().and_then(|observability| observability.metrics_addr).is_some_and(is_taken) {
        layers.refuse(&METRICS_ADDR, "is LISTEN_ADDR");
    }
    Some(Config {
        listen_addr: listen_addr?,
        database_url,
        database_read_url,
        data_dir: data_dir?,
        seed,
        issuers: issuers?,
        key_times: key_times?,
        facts_max_age: facts_max_age?,
        rust_log: rust_log?,
        log_format: log_format?,
        anonymous_read: anonymous_read?,
        public_url,
        cors_origins,
        anomaly_suspends,
        webhook_private_addresses: webhook_private_addresses?,
        trusted_proxies,
        certificate_header,
        connecting: connecting?,
        observability: observability?,
        limits: limits?,
        serving: serving?,
        described: Vec::new(),
    })
}

fn key_times(layers: &mut Layers<'_>) -> Option<KeyTimes> {
    let refresh = layers.read(&ISSUER_KEYS_REFRESH, KeyTimes::pause);
    let cool_down = layers.read(&ISSUER_KEYS_COOL_DOWN, KeyTimes::pause);
    let age_max = layers.read(&ISSUER_KEYS_MAX_AGE, KeyTimes::age);
    let times = KeyTimes { refresh: refresh?, cool_down: cool_down?, age_max: age_max? };
    if times.age_max < times.refresh {
        layers.refuse(&ISSUER_KEYS_MAX_AGE, "is shorter than ISSUER_KEYS_REFRESH");
    }
    Some(times)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn load(environment: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
        load_with(&Flags::default(), environment)
    }

    fn load_with(flags: &Flags, environment: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
        let environment: HashMap<_, _> = environment.iter().copied().collect();
        Config::load(flags, |name| environment.get(name).map(|value| (*value).to_owned()))
    }

    fn faults(environment: &[(&str, &str)]) -> Vec<String> {
        let faults = load(environment).expect_err("must be refused");
        faults.0.iter().map(ToString::to_string).collect()
    }

    fn file(content: &str) -> (tempfile::TempDir, Flags) {
        let directory = tempfile::tempdir().expect("directory");
        let path = directory.path().join("gateway.toml");
        std::fs::write(&path, content).expect("file");
        (directory, Flags { config: Some(path), ..Flags::default() })
    }

    #[test]
    fn nothing_said_means_an_embedded_development_gateway() {
        let config = load(&[]).expect("defaults");
        assert_eq!(config.listen_addr.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database_url.expose(), "sqlite://data/disclosure-gateway.db");
        assert_eq!(config.facts_max_age, Duration::from_secs(5));
        assert_eq!(config.seed_of_new_database(), Seed::Sample);
        assert!(config.is_development() && !config.anonymous_read);
        assert_eq!(config.limits.query_tokens_max, 2_000);
        assert!(config.describe().iter().all(|described| described.source == Source::Default));
    }

    #[test]
    fn embedded_database_follows_the_data_directory() {
        let config = load(&[("DATA_DIR", "/var/lib/gateway")]).expect("config");
        assert_eq!(config.database_url.expose(), "sqlite:///var/lib/gateway/disclosure-gateway.db");
    }

    #[test]
    fn flag_wins_over_environment_and_environment_over_file() {
        let (_directory, flags) = file("listen_addr = '127.0.0.1:1'\ndata_dir = 'file'\nquery_depth_max = 9\n");
        let flags = Flags { listen_addr: Some("127.0.0.1:3".to_owned()), ..flags };
        let config = load_with(&flags, &[("LISTEN_ADDR", "127.0.0.1:2"), ("DATA_DIR", "environment")]).expect("config");
        assert_eq!(config.listen_addr.port(), 3);
        assert_eq!(config.data_dir, PathBuf::from("environment"));
        assert_eq!(config.limits.query_depth_max, 9);
        let source = |name| config.describe().iter().find(|described| described.name == name).map(|d| d.source.clone());
        assert_eq!(source("LISTEN_ADDR"), Some(Source::Flag));
        assert_eq!(source("DATA_DIR"), Some(Source::Environment));
        assert!(matches!(source("QUERY_DEPTH_MAX"), Some(Source::File(_))));
    }

    #[test]
    fn every_fault_is_named_at_once_with_its_setting_and_source() {
        let found = faults(&[("LISTEN_ADDR", "here"), ("QUERY_DEPTH_MAX", "0"), ("SEED", "all"), ("ISSUERS", "{}")]);
        assert_eq!(found.len(), 4, "{found:#?}");
        for (fault, setting) in found.iter().zip(["LISTEN_ADDR", "SEED", "ISSUERS", "QUERY_DEPTH_MAX"]) {
            assert!(fault.starts_with(&format!("{setting} (environment): ")) && fault.contains("allowed: "), "{fault}");
        }
    }

    #[test]
    fn unknown_key_of_the_file_is_named() {
        let (_directory, flags) = file("listen_adr = '127.0.0.1:1'\n[limits]\nquery_depth_max = 3\n");
        let found = load_with(&flags, &[]).expect_err("unknown keys").to_string();
        assert!(found.contains("listen_adr") && found.contains("limits"), "{found}");
    }

    #[test]
    fn file_that_is_not_there_or_not_toml_is_refused_without_quoting_it() {
        let missing = Flags { config: Some(PathBuf::from("/nowhere/gateway.toml")), ..Flags::default() };
        assert!(load_with(&missing, &[]).expect_err("missing").to_string().contains("--config"));
        let (_directory, flags) = file("database_url = postgres://u:hunter2@h/d\n");
        let found = load_with(&flags, &[]).expect_err("not toml").to_string();
        assert!(found.contains("line 1") && !found.contains("hunter2"), "{found}");
    }

    #[test]
    fn empty_variable_is_refused_rather_than_taken_for_a_default() {
        assert!(faults(&[("ISSUERS", "")])[0].contains("empty"));
    }

    #[test]
    fn password_shows_in_neither_debug_nor_description_nor_fault() {
        let url = "postgres://gateway:hunter2@db/gateway?sslmode=require&password=hunter2";
        let config = load(&[("DATABASE_URL", url), ("DATABASE_READ_URL", url)]).expect("config");
        let shown = format!("{config:?}{:?}{}", config.describe(), config.describe()[2]);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("sslmode=require"), "{shown}");
        assert!(!faults(&[("DATABASE_URL", "mysql://gateway:hunter2@db")])[0].contains("hunter2"));
    }

    #[test]
    fn embedded_database_has_no_replica() {
        assert!(faults(&[("DATABASE_READ_URL", "postgres://replica/gateway")])[0].starts_with("DATABASE_READ_URL"));
    }

    #[test]
    fn keys_are_believed_until_the_next_refresh_at_least() {
        let times = load(&[]).expect("defaults").key_times;
        assert_eq!(times.refresh, Duration::from_secs(45));
        assert_eq!((times.cool_down, times.age_max), (Duration::from_secs(10), Duration::from_hours(24)));
        let found = faults(&[("ISSUER_KEYS_REFRESH", "10s"), ("ISSUER_KEYS_MAX_AGE", "9s")]);
        assert!(found[0].starts_with("ISSUER_KEYS_MAX_AGE (environment): is shorter"), "{found:?}");
        for (setting, value) in
            [("ISSUER_KEYS_REFRESH", "2h"), ("ISSUER_KEYS_COOL_DOWN", "0s"), ("ISSUER_KEYS_MAX_AGE", "169h")]
        {
            assert!(faults(&[(setting, value)])[0].contains("out of bounds"), "{setting}");
        }
    }

    #[test]
    fn certificates_are_believed_from_somebody_or_not_asked_for() {
        let found = faults(&[("CLIENT_CERTIFICATE_HEADER", "client-cert")]);
        assert!(found[0].starts_with("CLIENT_CERTIFICATE_HEADER (environment): is believed from nobody"), "{found:?}");
        let config = load(&[("CLIENT_CERTIFICATE_HEADER", "client-cert"), ("TRUSTED_PROXIES", "10.0.0.1")]);
        assert_eq!(config.expect("config").certificate_header, Some(CertificateHeader::ClientCert));
    }

    #[test]
    fn figures_have_a_door_of_their_own_or_none() {
        let taken = [("LISTEN_ADDR", "127.0.0.1:9000"), ("METRICS_ADDR", "127.0.0.1:9000")];
        assert!(faults(&taken)[0].starts_with("METRICS_ADDR"));
        assert_eq!(load(&[]).expect("defaults").observability.metrics_addr, None);
    }

    #[test]
    fn issuers_may_be_written_as_a_toml_list() {
        let (_directory, flags) =
            file("[[issuers]]\nissuer = 'https://i.example'\naudience = 'g'\njwks_file = 'keys.json'\n");
        let config = load_with(&flags, &[]).expect("config");
        assert_eq!(config.issuers[0].keys, KeySource::File(PathBuf::from("keys.json")));
        assert_eq!(config.seed_of_new_database(), Seed::None);
    }

    #[test]
    fn documentation_lists_every_setting_with_its_default() {
        let page = include_str!("../../../docs/configuration.md");
        for described in load(&[]).expect("defaults").describe() {
            let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", described.name)));
            let value = if described.value.is_empty() { "–".to_owned() } else { format!("`{}`", described.value) };
            assert!(row.is_some_and(|row| row.contains(&format!("| {value} |"))), "{} {value}", described.name);
        }
    }
}
