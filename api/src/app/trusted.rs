//! Manifests of trusted documents, read from where the settings say and judged against schema and limits before anyone asks.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use async_graphql::Schema;

use super::doors::{cache, limits};
use crate::{
    Error,
    config::Config,
    graphql::{
        documents::Schemas,
        schema::{Mutation, Query, Subscription},
        trusted::{Admission, Manifest, TrustedDocuments},
    },
    journal::leaf::hex,
};

/// How the files of a directory that are manifests end.
const ENDING: &str = "json";

/// Characters of a client's name: it stands in figures.
const NAME_CHARACTERS_MAX: usize = 60;

/// What is wrong with manifests: all of it, each with its file and hash.
#[derive(Debug, thiserror::Error)]
#[error("TRUSTED_DOCUMENTS cannot be used:\n{}", .0.join("\n"))]
pub struct ManifestFaults(pub Vec<String>);

/// Documents of the manifests the settings name, each judged as a request with it would be.
///
/// # Errors
/// Every fault of every manifest.
pub async fn trusted_documents(config: &Config) -> Result<TrustedDocuments, ManifestFaults> {
    let Some(path) = &config.serving.trusted_documents else { return Ok(TrustedDocuments::default()) };
    let files = files(path).map_err(|fault| ManifestFaults(vec![format!("`{}`: {fault}", path.display())]))?;
    let build = || Schema::build(Query::default(), Mutation::default(), Subscription::default());
    let schemas = Schemas::new(build, limits(config), cache(config));
    let schemas = schemas.map_err(|fault| ManifestFaults(vec![fault.to_string()]))?;
    let (mut manifests, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        let at = |fault: String| format!("`{}`: {fault}", file.display());
        match manifest(&file) {
            Ok(manifest) => {
                for (hash, text) in &manifest.documents {
                    if let Err(fault) = schemas.judge(text).await {
                        faults.push(at(format!("{}: {}", hex(hash), said(&fault))));
                    }
                }
                manifests.push(manifest);
            }
            Err(found) => faults.extend(found.into_iter().map(at)),
        }
    }
    if !faults.is_empty() {
        return Err(ManifestFaults(faults));
    }
    let admission = if config.serving.trusted_documents_only { Admission::TrustedOnly } else { Admission::Any };
    Ok(TrustedDocuments::new(admission, manifests))
}

/// The file itself, or the manifests of the directory by name.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut files: Vec<_> =
        entries.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == ENDING)).collect();
    files.sort();
    if files.is_empty() {
        return Err(io::Error::other("holds no manifest, `CLIENT.json`"));
    }
    Ok(files)
}

fn manifest(file: &Path) -> Result<Manifest, Vec<String>> {
    let text = fs::read(file).map_err(|fault| vec![fault.to_string()])?;
    let client = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if client.is_empty() || client.len() > NAME_CHARACTERS_MAX || !client.bytes().all(is_name) {
        let why = format!("its name is a client's: 1 to {NAME_CHARACTERS_MAX} of A-Z a-z 0-9 - _ .");
        return Err(vec![why]);
    }
    Manifest::read(client, &text)
}

fn said(error: &Error) -> String {
    match error {
        Error::Invalid(faults) => faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}
