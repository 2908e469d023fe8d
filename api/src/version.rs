//! Versions of an agreement's content: an act that changes it after it was offered leaves a new one.

use std::sync::Arc;

use entity::{agreement, agreement_version, vocabulary::AgreementId};

use crate::{
    clock,
    decision::{self, Content, content_hash, versions},
    facts::{Edit, Facts, Row},
};

/// Edits of an act, with the content version they lead to where they change what has been offered.
///
/// Before an offer content has no versions, and after its end it changes no more. What was signed or accepted before the
/// gateway kept versions is first stored as it stood.
pub fn frozen(facts: &Facts, agreement: AgreementId, mut edits: Vec<Edit>) -> Vec<Edit> {
    let after = facts.after(facts.seq, &edits);
    let Some(dossier) = after.dossier(agreement).filter(|dossier| decision::is_offered(dossier.row.status)) else {
        return edits;
    };
    let mut last = versions(facts, agreement).last().map(|row| (row.version, row.content_hash.clone()));
    let acted_on = || facts.signature.of(agreement).next().is_some();
    let before = facts.dossier(agreement).filter(|before| before.row.signed_on.is_some() || acted_on());
    if let (None, Some(before)) = (&last, before) {
        let first = stored(&Content::of(facts, before), agreement, before.row.version);
        last = Some((first.version, first.content_hash.clone()));
        edits.push(first.into());
    }
    let content = Content::of(&after, dossier);
    let hash = content_hash(&content.canonical());
    // A draft made anew from an old agreement has stepped past what was signed of that, which must not count again.
    let floor = facts.dossier(agreement).map_or(dossier.row.version, |before| before.row.version);
    let number = match last {
        Some((version, last)) if last == hash && floor <= version => version,
        last => {
            let number = last.map_or(dossier.row.version, |(version, _)| floor.max(version + 1));
            edits.push(stored(&content, agreement, number).into());
            number
        }
    };
    let row = agreement::Model { version: number, content_hash: Some(hash), ..dossier.row.as_ref().clone() };
    if row != *dossier.row {
        put(&mut edits, row);
    }
    edits
}

/// Content as it is stored.
fn stored(content: &Content, agreement: AgreementId, number: i32) -> agreement_version::Model {
    let content = content.canonical();
    agreement_version::Model {
        id: clock::fresh_id(),
        agreement_id: agreement,
        version: number,
        content_hash: content_hash(&content),
        content,
    }
}

/// Puts an agreement's row once, however many edits it comes from.
fn put(edits: &mut Vec<Edit>, row: agreement::Model) {
    let standing = edits.iter_mut().find_map(|edit| match edit {
        Edit::Put(Row::Agreement(standing)) if standing.id == row.id => Some(standing),
        _ => None,
    });
    match standing {
        Some(standing) => *standing = Arc::new(row),
        None => edits.push(row.into()),
    }
}
