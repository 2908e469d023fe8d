//! Importing a world: registry rows through the journal and disclosures through the recorder, in one transaction.

use std::collections::{BTreeMap, HashSet};

use entity::vocabulary::BusinessId;
use futures::FutureExt;

use crate::{
    Error, Fault,
    context::Gateway,
    disclosure::Recorder,
    facts::{Edit, Facts},
    journal::{Author, CHANGE_ROWS_MAX, Changes, Ending, leaf::hex},
    keys::Keys,
    world::{self, Admission, Circumstances, Origin, Survey, Unread, World, WorldFault, WorldFile},
};

/// Why a world was not imported. Nothing of it was written then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Faults of the files, each with its place.
    #[error("{} faults; nothing was written:\n{}", .0.len(), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<WorldFault>),
    /// The gateway could not.
    #[error("{}", detail(.0))]
    Gateway(#[from] Error),
}

impl From<Unread> for ImportError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Faults(faults) => Self::Faults(faults),
            Unread::Failed(error) => Self::Gateway(error),
        }
    }
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

/// Reads world files on the present facts and writes what is new or changed, all or nothing: rows and disclosures in
/// one transaction, during which nobody else records. A repeat finds everything there already.
pub async fn import(
    gateway: &Gateway,
    recorder: &Recorder,
    files: &[WorldFile],
    name: &str,
) -> Result<Imported, ImportError> {
    import_admitting(gateway, recorder, files, name, Admission::Whole).await
}

/// The same, where agreements that lack something may be admitted as registered incomplete.
pub async fn import_admitting(
    gateway: &Gateway,
    recorder: &Recorder,
    files: &[WorldFile],
    name: &str,
    admission: Admission,
) -> Result<Imported, ImportError> {
    written(gateway, recorder, files, (name, admission), Ending::Commit).await
}

/// Every fault and gap of world files, and how whole their agreements are; nothing is written. Disclosures are not compared
/// with the log, which [`rehearse`] does.
pub fn survey(gateway: &Gateway, files: &[WorldFile], admission: Admission) -> Result<Survey, Error> {
    let facts = gateway.journal.facts();
    with_keys(&gateway.keys, &facts, |pseudonyms, own_fingerprints| {
        let now = gateway.clock.now();
        world::survey(files, Circumstances { facts: &facts, now, pseudonyms, own_fingerprints, admission })
    })
}

/// Does all that an import does and takes it back: what an import would now write, or every fault it would name.
pub async fn rehearse(
    gateway: &Gateway,
    recorder: &Recorder,
    files: &[WorldFile],
    admission: Admission,
) -> Result<Imported, ImportError> {
    written(gateway, recorder, files, ("import", admission), Ending::RollBack).await
}

async fn written(
    gateway: &Gateway,
    recorder: &Recorder,
    files: &[WorldFile],
    (name, admission): (&str, Admission),
    ending: Ending,
) -> Result<Imported, ImportError> {
    let facts = gateway.journal.facts();
    let World { edits, disclosures } = with_keys(&gateway.keys, &facts, |pseudonyms, own_fingerprints| {
        let now = gateway.clock.now();
        world::read(files, Circumstances { facts: &facts, now, pseudonyms, own_fingerprints, admission })
    })?;
    let imported = Imported { rows: edits.len(), disclosures: disclosures.len() };
    let (seq, changes) = (facts.seq, changes(edits, name));
    let judge = move |fresh: &Facts| {
        if fresh.seq == seq {
            Ok(changes)
        } else {
            Err(Error::Unavailable("the registry changed meanwhile; import again"))
        }
    };
    let (origins, reports): (Vec<Origin>, Vec<_>) =
        disclosures.into_iter().map(|one| (one.origin, (one.discloser, one.draft))).unzip();
    let recorder = recorder.clone();
    let author = Author { actor: name.to_owned(), organisation: None };
    let outcome = gateway
        .journal
        .commit_with(
            author,
            judge,
            move |txn, facts| async move { recorder.record_within(txn, facts, reports).await }.boxed(),
            ending,
        )
        .await;
    match outcome {
        Ok(_) => Ok(imported),
        Err(Error::Invalid(faults)) => {
            let placed = faults.into_iter().filter_map(|fault| placed(&origins, fault)).collect();
            Err(ImportError::Faults(world::in_order(placed, files)))
        }
        Err(other) => Err(other.into()),
    }
}

/// Fault of a report at the place it came from; its path starts with its place in the order.
fn placed(origins: &[Origin], mut fault: Fault) -> Option<WorldFault> {
    let at: usize = fault.path.first()?.parse().ok()?;
    fault.path.remove(0);
    Some(origins.get(at)?.fault(&fault))
}

/// Does something with the pseudonyms of this gateway's keys and their fingerprints.
fn with_keys<T>(
    keys: &Keys,
    facts: &Facts,
    done: impl FnOnce(&world::Pseudonyms<'_>, &BTreeMap<i32, String>) -> T,
) -> T {
    let pseudonyms = keys.pseudonyms();
    // Who stands in a grant under an older key keeps that pseudonym, so that a file read again finds its row.
    let grants = facts.access_grant.all();
    let known: HashSet<&str> = grants.flat_map(|row| [row.user_pseudonym.as_str(), row.decided_by.as_str()]).collect();
    let pseudonym = |discloser: &BusinessId, recipient: &BusinessId, user: &str| {
        let mut newest = (String::new(), 0);
        for version in pseudonyms.live_versions() {
            newest = (hex(&pseudonyms.user(*discloser, *version, *recipient, user)?), *version);
            if known.contains(newest.0.as_str()) {
                break;
            }
        }
        Ok(newest)
    };
    done(&pseudonym, &keys.pseudonym_fingerprints())
}

/// One change per 1,000 rows: an import is one transaction, however large.
pub(super) fn changes(edits: Vec<Edit>, name: &str) -> Vec<Changes> {
    let mut rest = edits.into_iter().peekable();
    let mut changes = Vec::new();
    while rest.peek().is_some() {
        let edits: Vec<Edit> = rest.by_ref().take(CHANGE_ROWS_MAX).collect();
        changes.push(Changes { action: "import", subject: format!("world:{name}"), reason: None, edits });
    }
    changes
}
