//! Where values come from: flag, environment, file, default; the first that says something wins.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use super::{
    database::{DATABASE_LIMITS, DATABASE_SETTINGS},
    database_url::masked,
    limits::{LIMITS, Limit},
    serving::SERVING_LIMITS,
    setting::{DATABASE_READ_URL, DATABASE_URL, SETTINGS, Setting},
};

/// Settings given on the command line, and the file with further ones.
#[derive(Clone, Default, clap::Args)]
pub struct Flags {
    /// TOML file with settings, in lower case.
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, global = true, value_name = "IP:PORT")]
    pub listen_addr: Option<String>,
    /// Database: `sqlite://PATH` or `postgres://…`; better given in the environment when it holds a password.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Streaming replica to read the log from.
    #[arg(long, global = true, value_name = "URL")]
    pub database_read_url: Option<String>,
    /// Directory of keys and of the embedded database.
    #[arg(long, global = true, value_name = "PATH")]
    pub data_dir: Option<String>,
    /// What a new database is filled with: `sample` or `none`.
    #[arg(long, global = true, value_name = "SEED")]
    pub seed: Option<String>,
    /// Token issuers, as a JSON list.
    #[arg(long, global = true, value_name = "JSON")]
    pub issuers: Option<String>,
    /// Age from which facts decide nothing, such as `5s`.
    #[arg(long, global = true, value_name = "DURATION")]
    pub facts_max_age: Option<String>,
    /// Which log lines are written, such as `info`.
    #[arg(long, global = true, value_name = "FILTER")]
    pub rust_log: Option<String>,
    /// How log lines are written: `auto`, `text` or `json`.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Whether public parts are shown without a token: `true` or `false`.
    #[arg(long, global = true, value_name = "BOOL")]
    pub anonymous_read: Option<String>,
}

impl Flags {
    fn value(&self, name: &str) -> Option<&String> {
        match name {
            "LISTEN_ADDR" => self.listen_addr.as_ref(),
            "DATABASE_URL" => self.database_url.as_ref(),
            "DATABASE_READ_URL" => self.database_read_url.as_ref(),
            "DATA_DIR" => self.data_dir.as_ref(),
            "SEED" => self.seed.as_ref(),
            "ISSUERS" => self.issuers.as_ref(),
            "FACTS_MAX_AGE" => self.facts_max_age.as_ref(),
            "RUST_LOG" => self.rust_log.as_ref(),
            "LOG_FORMAT" => self.log_format.as_ref(),
            "ANONYMOUS_READ" => self.anonymous_read.as_ref(),
            _ => None,
        }
    }
}

/// Value of an environment variable. Text that is not Unicode comes out damaged, so that it is refused, not overlooked.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing was said.
    Default,
    /// TOML file.
    File(PathBuf),
    /// Environment variable.
    Environment,
    /// Flag of the command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// Setting as it stands in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Name of the setting.
    pub name: &'static str,
    /// Value, secrets masked; empty when there is none.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.name, self.value, self.source)
    }
}

/// One fault of the configuration. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// Name of the setting, or what else was given.
    pub setting: String,
    /// Where its value came from.
    pub source: Source,
    /// What is wrong.
    pub problem: String,
    /// What may be given.
    pub allowed: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}; allowed: {}", self.setting, self.source, self.problem, self.allowed)
    }
}

/// Every fault of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is refused")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for ConfigFaults {}

/// All that was said, and what was found of it so far.
pub(super) struct Layers<'a> {
    flags: &'a Flags,
    environment: &'a dyn Fn(&str) -> Option<String>,
    file: BTreeMap<String, String>,
    described: Vec<Described>,
    faults: Vec<ConfigFault>,
}

impl<'a> Layers<'a> {
    pub(super) fn new(flags: &'a Flags, environment: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let mut layers = Self { flags, environment, file: BTreeMap::new(), described: Vec::new(), faults: Vec::new() };
        layers.read_file();
        layers
    }

    /// Value of a setting, or none when it is faulty.
    pub(super) fn read<T>(&mut self, setting: &Setting, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        self.read_or(setting, None, parse)
    }

    /// As [`Layers::read`], with a default that follows from another setting.
    pub(super) fn read_or<T>(
        &mut self,
        setting: &Setting,
        default: Option<&str>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (text, source) = self
            .given(setting.name)
            .unwrap_or_else(|| (default.unwrap_or(setting.default).to_owned(), Source::Default));
        let value = self.parsed(setting, &text, source.clone(), parse);
        self.describe(setting.name, &text, source);
        value
    }

    /// Value of a setting that may be absent; none too when it is faulty.
    pub(super) fn read_optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.given(setting.name).is_some() {
            return self.read(setting, parse);
        }
        self.describe(setting.name, "", Source::Default);
        None
    }

    /// Value of a limit, or none when it is faulty.
    pub(super) fn read_limit(&mut self, limit: &Limit) -> Option<u64> {
        let (text, source) = self.given(limit.name).unwrap_or_else(|| (limit.default.to_string(), Source::Default));
        let value = text.parse().ok().filter(|value| (1..=limit.largest).contains(value));
        if value.is_none() {
            let allowed = format!("whole number from 1 to {} ({})", limit.largest, limit.unit);
            self.fault(limit.name, source.clone(), "is no such number", &allowed);
        }
        self.describe(limit.name, &text, source);
        value
    }

    /// Notes a fault that shows only together with another setting.
    pub(super) fn refuse(&mut self, setting: &Setting, problem: &str) {
        let source = self.given(setting.name).map_or(Source::Default, |(_, source)| source);
        self.fault(setting.name, source, problem, setting.allowed);
    }

    /// All settings as read, or every fault.
    pub(super) fn finish(self) -> Result<Vec<Described>, ConfigFaults> {
        if self.faults.is_empty() { Ok(self.described) } else { Err(ConfigFaults(self.faults)) }
    }

    fn given(&self, name: &str) -> Option<(String, Source)> {
        let of_file = || {
            let path = self.flags.config.clone().unwrap_or_default();
            self.file.get(&name.to_lowercase()).map(|text| (text.clone(), Source::File(path)))
        };
        let of_environment = || (self.environment)(name).map(|text| (text, Source::Environment));
        self.flags.value(name).map(|text| (text.clone(), Source::Flag)).or_else(of_environment).or_else(of_file)
    }

    fn parsed<T>(
        &mut self,
        setting: &Setting,
        text: &str,
        source: Source,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        // An empty variable is more often a failed substitution than a wish, and an issuer list that vanishes so must
        // not open a development gateway.
        let value = if text.trim().is_empty() { Err("is empty".to_owned()) } else { parse(text) };
        value.map_err(|problem| self.fault(setting.name, source, &problem, setting.allowed)).ok()
    }

    fn describe(&mut self, name: &'static str, text: &str, source: Source) {
        let is_address = [DATABASE_URL.name, DATABASE_READ_URL.name].contains(&name);
        let value = if is_address { masked(text) } else { text.to_owned() };
        self.described.push(Described { name, value, source });
    }

    fn fault(&mut self, setting: &str, source: Source, problem: &str, allowed: &str) {
        let (setting, problem, allowed) = (setting.to_owned(), problem.to_owned(), allowed.to_owned());
        self.faults.push(ConfigFault { setting, source, problem, allowed });
    }

    fn read_file(&mut self) {
        let Some(path) = self.flags.config.clone() else { return };
        match std::fs::read_to_string(&path).map_err(|error| error.to_string()).and_then(|text| table(&text)) {
            Ok(table) => table.into_iter().for_each(|(key, value)| self.read_key(&path, key, value)),
            Err(problem) => self.fault("--config", Source::File(path), &problem, "TOML file of settings in lower case"),
        }
    }

    fn read_key(&mut self, path: &std::path::Path, key: String, value: toml::Value) {
        let limits = LIMITS.iter().chain(&SERVING_LIMITS).chain(&DATABASE_LIMITS).map(|limit| limit.name);
        let settings = SETTINGS.iter().chain(&DATABASE_SETTINGS).map(|setting| setting.name);
        let mut names = settings.chain(limits);
        if names.any(|name| name.to_lowercase() == key) {
            self.file.insert(key, text_of(value));
        } else {
            self.fault(&key, Source::File(path.to_owned()), "is no setting", "settings of docs/configuration.md");
        }
    }
}

/// Table of a TOML text. The fault names the line but does not quote it, for it may hold a password.
fn table(text: &str) -> Result<toml::Table, String> {
    text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        format!("is not TOML at line {}", before.matches('\n').count() + 1)
    })
}

fn text_of(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        other => serde_json::to_string(&other).unwrap_or_default(),
    }
}
