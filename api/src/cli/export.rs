//! Handing out what stands in the registry.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use entity::vocabulary::Language;

use super::{CliError, say};
use crate::{
    app::{self, App},
    clock::Clock,
    config::Config,
    export::{Base, policy, records_of_processing},
    journal,
    world::{self, ExportForm},
};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct ExportArguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Directory to write to.
    #[arg(required = true)]
    directory: Option<PathBuf>,
    /// Form of the files.
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    format: Format,
    /// Also what only parties, auditors and administrators may read.
    #[arg(long)]
    include_restricted: bool,
}

#[derive(Subcommand)]
enum What {
    /// Print one agreement as an ODRL 2.2 policy with terms of the Data Privacy Vocabulary, in JSON-LD.
    Agreement {
        /// Its number.
        number: String,
        /// IRI under which the names of what stands here are made, such as `https://data.example`; `urn:` when absent.
        #[arg(long)]
        base: Option<String>,
    },
    /// Print an organisation's record of processing activities (GDPR article 30) as CSV.
    RecordsOfProcessing {
        /// Its business ID.
        organisation: String,
        /// Language of heads and names.
        #[arg(long, value_enum, default_value_t = Heads::Fi)]
        language: Heads,
    },
}

/// Form of exported files.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// YAML, for people.
    Yaml,
    /// JSON of the same keys.
    Json,
    /// One table of agreements.
    Csv,
}

/// Language of heads.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Heads {
    /// Finnish.
    Fi,
    /// Swedish.
    Sv,
    /// English.
    En,
}

pub(super) async fn export(config: Config, arguments: ExportArguments) -> Result<(), CliError> {
    match arguments {
        ExportArguments { what: Some(What::Agreement { number, base }), .. } => agreement(&config, &number, base).await,
        ExportArguments { what: Some(What::RecordsOfProcessing { organisation, language }), .. } => {
            records(&config, &organisation, language).await
        }
        ExportArguments { what: None, directory: Some(directory), format, include_restricted } => {
            registry(config, &directory, format, include_restricted).await
        }
        ExportArguments { what: None, directory: None, .. } => Err(CliError::Said("name a directory".to_owned())),
    }
}

async fn registry(config: Config, directory: &Path, format: Format, include_restricted: bool) -> Result<(), CliError> {
    let app = App::errand(super::unseeded(config), Clock::default()).await?;
    let (facts, fingerprints) = (app.gateway.journal.facts(), app.gateway.keys.pseudonym_fingerprints());
    let form = match format {
        Format::Yaml => ExportForm::Yaml,
        Format::Json => ExportForm::Json,
        Format::Csv => ExportForm::Csv,
    };
    let (files, omitted) = if include_restricted {
        (world::export_as(&facts, &fingerprints, form), 0)
    } else {
        let (public, omitted) = world::public_part(&facts);
        (world::export_as(&public, &fingerprints, form), omitted)
    };
    app.close().await;
    let failed = |path: &Path, source| CliError::File { path: path.display().to_string(), source };
    std::fs::create_dir_all(directory).map_err(|source| failed(directory, source))?;
    for file in &files {
        let path = directory.join(&file.name);
        std::fs::write(&path, &file.text).map_err(|source| failed(&path, source))?;
    }
    say(format!("{} files written to {}", files.len(), directory.display()))?;
    if omitted > 0 {
        say(format!("{omitted} restricted agreements, statements, contacts, documents and incidents left out"))?;
    }
    Ok(())
}

async fn agreement(config: &Config, number: &str, base: Option<String>) -> Result<(), CliError> {
    let base = match base {
        None => Base::default(),
        Some(iri) => Base::of(&iri).ok_or_else(|| CliError::Said("the base is no absolute http(s) IRI".to_owned()))?,
    };
    let facts = journal::load(&app::connect_to_existing(config).await?).await?;
    let row = facts.agreement.by_key(number).and_then(|row| facts.dossier(row.id));
    let dossier = row.ok_or_else(|| CliError::Said("no such agreement".to_owned()))?;
    let policy = policy(&facts, dossier, Clock::default().now(), &base);
    say(format!("{policy:#}"))
}

async fn records(config: &Config, organisation: &str, heads: Heads) -> Result<(), CliError> {
    let facts = journal::load(&app::connect_to_existing(config).await?).await?;
    let row = facts.organisation_of(organisation);
    let row = row.ok_or_else(|| CliError::Said("no such organisation; give its business ID".to_owned()))?;
    let language = match heads {
        Heads::Fi => Language::Fi,
        Heads::Sv => Language::Sv,
        Heads::En => Language::En,
    };
    let table = records_of_processing(&facts, row.id, Clock::default().now(), language)?;
    say(table.trim_end())
}
