//! What the parties stand by: their acts on a content version, what both agreed on, and what goes beyond it (R43).

use entity::{
    agreement_version,
    vocabulary::{AgreementId, AgreementSide, Channel, SignatureAct},
};

use super::{Content, Difference, differences};
use crate::facts::{Catalogue, Dossier, Facts, in_succession};

/// What a side did last with a content version; null when nothing. A successor goes on from what its predecessor did.
pub fn side_act(facts: &Facts, dossier: &Dossier, side: AgreementSide, version: i32) -> Option<SignatureAct> {
    let party = match side {
        AgreementSide::Discloser => dossier.row.discloser_id,
        AgreementSide::Recipient | AgreementSide::Both => dossier.row.recipient_id,
    };
    let signatures = facts.signature.of(dossier.row.id);
    let own = signatures.filter(|row| row.version == version && in_succession(facts, row.organisation_id, party));
    own.max_by_key(|row| (row.signed_at, row.id)).map(|row| row.act)
}

/// Whether a side stands by a content version: it accepted or signed it, and took neither back.
pub fn stands_by(facts: &Facts, dossier: &Dossier, side: AgreementSide, version: i32) -> bool {
    matches!(side_act(facts, dossier, side, version), Some(SignatureAct::Accepted | SignatureAct::Signed))
}

/// Stored versions of an agreement's content, oldest first.
pub fn versions(facts: &Facts, agreement: AgreementId) -> Vec<&std::sync::Arc<agreement_version::Model>> {
    let mut versions: Vec<_> = facts.agreement_version.of(agreement).collect();
    versions.sort_by_key(|row| row.version);
    versions
}

/// Content both parties stand by; null when there is none. What was signed before the gateway kept versions stands as it
/// is, or was first stored.
pub fn agreed(facts: &Facts, dossier: &Dossier) -> Option<Content> {
    let versions = versions(facts, dossier.row.id);
    let by_both = versions.iter().rev().find(|row| {
        [AgreementSide::Discloser, AgreementSide::Recipient]
            .into_iter()
            .all(|side| stands_by(facts, dossier, side, row.version))
    });
    match (by_both, versions.first()) {
        (Some(version), _) => Content::read(version),
        (None, _) if dossier.row.signed_on.is_none() => None,
        (None, Some(first)) => Content::read(first),
        (None, None) => Some(Content::of(facts, dossier)),
    }
}

/// What a later content gives over one channel beyond an earlier one.
pub fn beyond(agreed: &Content, later: &Content, channel: Channel, catalogue: Option<&Catalogue>) -> Vec<Difference> {
    let over = |difference: &Difference| {
        difference.path.first().is_some_and(|part| part == "scopes")
            && difference.path.get(1).is_some_and(|part| *part == channel.to_string())
    };
    let mut found = differences(agreed, later, catalogue);
    found.retain(|difference| over(difference) && difference.gives_more());
    found
}
