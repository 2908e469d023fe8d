//! Importing a world: registry rows through the journal, disclosures through the writer.

use std::collections::BTreeMap;

use entity::vocabulary::BusinessId;

use crate::{
    Error, Fault,
    context::Gateway,
    disclosure::{DisclosureDraft, RECORD_ROWS_MAX, Recorder},
    facts::Edit,
    journal::{Author, CHANGE_ROWS_MAX, Changes},
    keys::Keys,
    world::{self, WorldFault, WorldFile},
};

/// Why a world was not imported. Nothing of its registry was written then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Faults of the files, each with its place.
    #[error("{} faults; nothing was written:\n{}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<WorldFault>),
    /// Faults the writer found in disclosures.
    #[error("disclosures of {discloser} were refused:\n{}", .faults.iter().map(|fault| format!("{}: {}", fault.path.join("."), fault.message)).collect::<Vec<_>>().join("\n"))]
    Disclosures {
        /// Whose log.
        discloser: String,
        /// Why.
        faults: Vec<Fault>,
    },
    /// The gateway could not.
    #[error("{}", detail(.0))]
    Gateway(#[from] Error),
}

fn detail(error: &Error) -> String {
    match error {
        Error::Internal { detail } => detail.clone(),
        other => other.to_string(),
    }
}

/// What an import wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Registry rows that are new or changed.
    pub rows: usize,
    /// Disclosures that stand in the log afterwards, repeats included.
    pub disclosures: usize,
}

/// Reads world files on the present facts and writes what is new or changed, all or nothing; then records their
/// disclosures, which a repeat finds already there.
pub async fn import(
    gateway: &Gateway,
    recorder: &Recorder,
    files: &[WorldFile],
    name: &str,
) -> Result<Imported, ImportError> {
    let facts = gateway.journal.facts();
    let world = read(&gateway.keys, files, &facts).map_err(ImportError::Faults)?;
    let rows = world.edits.len();
    let seq = facts.seq;
    let changes = changes(world.edits, name);
    let author = Author { actor: name.to_owned(), organisation: None };
    gateway
        .journal
        .commit(author, move |fresh| {
            if fresh.seq == seq {
                Ok(changes)
            } else {
                Err(Error::Unavailable("the registry changed meanwhile; import again"))
            }
        })
        .await?;
    let disclosures = record(gateway, recorder, world.disclosures).await?;
    Ok(Imported { rows, disclosures })
}

/// Reads world files on some facts.
pub fn read(keys: &Keys, files: &[WorldFile], facts: &crate::facts::Facts) -> Result<world::World, Vec<WorldFault>> {
    let pseudonym = |discloser: &BusinessId, recipient: &BusinessId, user: &str| {
        let version = keys.pseudonyms().current_version();
        let pseudonym = keys.pseudonyms().user(*discloser, version, *recipient, user).unwrap_or_default();
        (crate::journal::leaf::hex(&pseudonym), version)
    };
    world::read(files, facts, &pseudonym, &keys.pseudonym_fingerprint())
}

/// One change per 1,000 rows: an import is one transaction, however large.
fn changes(edits: Vec<Edit>, name: &str) -> Vec<Changes> {
    let mut rest = edits.into_iter().peekable();
    let mut changes = Vec::new();
    while rest.peek().is_some() {
        let edits: Vec<Edit> = rest.by_ref().take(CHANGE_ROWS_MAX).collect();
        changes.push(Changes { action: "import", subject: format!("world:{name}"), reason: None, edits });
    }
    changes
}

async fn record(
    gateway: &Gateway,
    recorder: &Recorder,
    drafts: Vec<(String, DisclosureDraft)>,
) -> Result<usize, ImportError> {
    let mut by_discloser: BTreeMap<String, Vec<DisclosureDraft>> = BTreeMap::new();
    for (discloser, draft) in drafts {
        by_discloser.entry(discloser).or_default().push(draft);
    }
    let facts = gateway.journal.facts();
    let mut count = 0;
    for (discloser, drafts) in by_discloser {
        let id = facts.organisation_of(&discloser).map(|row| row.id).ok_or(Error::NotFound("discloser"))?;
        for batch in drafts.chunks(RECORD_ROWS_MAX) {
            match recorder.record(id, batch.to_vec()).await {
                Ok(rows) => count += rows.len(),
                Err(Error::Invalid(faults)) => return Err(ImportError::Disclosures { discloser, faults }),
                Err(other) => return Err(other.into()),
            }
        }
    }
    Ok(count)
}
