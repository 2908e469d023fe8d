//! Settings from the command line: shown, or tried.

use clap::{Args, Subcommand};

use super::{CliError, say};
use crate::{
    app::{self, Examined},
    auth,
    config::Config,
    server::Tls,
};

/// What to do about the settings.
#[derive(Args)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    command: Option<ConfigCommand>,
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Try everything the settings name, as a start would meet it, and change nothing: key sets, certificate, manifests of
    /// trusted documents, databases and the keys in DATA_DIR.
    Check,
}

pub(super) async fn execute(config: &Config, arguments: &ConfigArguments) -> Result<(), CliError> {
    match arguments.command {
        None => config.describe().iter().try_for_each(say),
        Some(ConfigCommand::Check) => check(config).await,
    }
}

/// What was tried, and what came of it.
struct Tried {
    setting: String,
    outcome: Result<String, String>,
}

impl Tried {
    fn new(setting: impl Into<String>, outcome: Result<String, impl ToString>) -> Self {
        Self { setting: setting.into(), outcome: outcome.map_err(|fault| fault.to_string()) }
    }
}

async fn check(config: &Config) -> Result<(), CliError> {
    let mut tried = vec![Tried::new("settings", Ok::<_, String>(format!("all {} are sound", config.describe().len())))];
    for (issuer, keys) in auth::key_sets(config).await {
        tried.push(Tried::new(format!("ISSUERS {issuer}"), keys.map(|count| format!("{count} keys for signatures"))));
    }
    if config.is_development() {
        tried.push(Tried::new(
            "ISSUERS",
            Ok::<_, String>("none: the gateway signs its own tokens, for development only".to_owned()),
        ));
    }
    if let Some(files) = &config.serving.tls {
        let opened = Tls::open(files.clone()).await.map(|_| "certificate and key fit".to_owned());
        tried.push(Tried::new("TLS_CERTIFICATE_FILE", opened));
    }
    if config.serving.trusted_documents.is_some() {
        let trusted = app::trusted_documents(config).await;
        tried.push(Tried::new(
            "TRUSTED_DOCUMENTS",
            trusted.map(|trusted| format!("{} documents are sound", trusted.count())),
        ));
    }
    tried.push(Tried::new("DATABASE_URL", app::examine(config).await.map(said)));
    for Tried { setting, outcome } in &tried {
        match outcome {
            Ok(found) => say(format!("ok     {setting}: {found}"))?,
            Err(fault) => say(format!("FAULT  {setting}: {fault}"))?,
        }
    }
    let faults = tried.iter().filter(|tried| tried.outcome.is_err()).count();
    if faults == 0 { Ok(()) } else { Err(CliError::NotToBeHad(faults)) }
}

fn said(examined: Examined) -> String {
    match examined {
        Examined::Absent => "no database yet: the first start makes it",
        Examined::ToBeMigrated { on_start: true } => "an older version's, or none: the start migrates it",
        Examined::ToBeMigrated { on_start: false } => "an older version's, or none: run `migrate` first",
        Examined::WithoutKeys => "this version's, and new: the first start makes its keys",
        Examined::Whole => "this version's, and the keys in DATA_DIR are its own",
        Examined::Newer => "a newer version's, beside which this one still runs; the keys in DATA_DIR are its own",
    }
    .to_owned()
}
