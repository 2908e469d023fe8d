//! What the parties stand by: their acts on a content version, what both agreed on, and what goes beyond it (R43).

use std::{collections::BTreeSet, sync::Arc};

use entity::{
    agreement_version, signature,
    vocabulary::{AgreementId, AgreementSide, Channel, Instant, SignatureAct},
};

use super::{Content, Difference, content_hash, differences, onward_content};
use crate::{
    decision::is_offered,
    facts::{Catalogue, Dossier, Facts, OnwardPart, in_succession},
};

/// Both sides of an agreement.
pub const SIDES: [AgreementSide; 2] = [AgreementSide::Discloser, AgreementSide::Recipient];

/// Content the parties act on, in its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Number of the version, from 1.
    pub number: i32,
    /// Canonical JSON.
    pub canonical: String,
    /// Hash of it, which acts name and signatures are made over.
    pub content_hash: String,
}

/// Content the parties of an agreement act on now: the newest stored version. Where none is stored yet, which an agreement
/// from before the gateway may lack, it is the content as it stands, and the first act on it stores it.
pub fn present(facts: &Facts, dossier: &Dossier) -> Present {
    if let Some(row) = versions(facts, dossier.row.id).last() {
        let (canonical, content_hash) = (row.content.clone(), row.content_hash.clone());
        return Present { number: row.version, canonical, content_hash };
    }
    let canonical = Content::of(facts, dossier).canonical();
    Present { number: dossier.row.version, content_hash: content_hash(&canonical), canonical }
}

/// Number of the version the parties act on now.
pub fn present_number(facts: &Facts, dossier: &Dossier) -> i32 {
    versions(facts, dossier.row.id).last().map_or(dossier.row.version, |row| row.version)
}

/// Acts of a side on a content version, oldest first. A successor goes on from what its predecessor did. An act that names
/// another hash than the stored version's is on another content; one from before the gateway names none.
fn acts<'a>(facts: &'a Facts, dossier: &Dossier, side: AgreementSide, version: i32) -> Vec<&'a Arc<signature::Model>> {
    let party = match side {
        AgreementSide::Discloser => dossier.row.discloser_id,
        AgreementSide::Recipient | AgreementSide::Both => dossier.row.recipient_id,
    };
    let stored = facts.agreement_version.of(dossier.row.id).find(|row| row.version == version);
    let is_on = |row: &signature::Model| {
        row.content_hash.is_empty() || stored.is_none_or(|stored| stored.content_hash == row.content_hash)
    };
    let rows = facts.signature.of(dossier.row.id).filter(|row| row.version == version && is_on(row));
    let mut own: Vec<_> = rows.filter(|row| in_succession(facts, row.organisation_id, party)).collect();
    own.sort_by_key(|row| (row.signed_at, row.id));
    own
}

/// What a side did last with a content version; null when nothing.
pub fn last_act<'a>(
    facts: &'a Facts,
    dossier: &Dossier,
    side: AgreementSide,
    version: i32,
) -> Option<&'a signature::Model> {
    acts(facts, dossier, side, version).pop().map(AsRef::as_ref)
}

/// The same, as the act alone.
pub fn side_act(facts: &Facts, dossier: &Dossier, side: AgreementSide, version: i32) -> Option<SignatureAct> {
    last_act(facts, dossier, side, version).map(|row| row.act)
}

/// Whether a side stands by a content version: it accepted or signed it, and took neither back.
pub fn stands_by(facts: &Facts, dossier: &Dossier, side: AgreementSide, version: i32) -> bool {
    side_act(facts, dossier, side, version).is_some_and(agrees)
}

fn agrees(act: SignatureAct) -> bool {
    match act {
        SignatureAct::Accepted | SignatureAct::Signed => true,
        SignatureAct::Rejected | SignatureAct::Revoked => false,
    }
}

/// First instant at which both sides stood by one content version, as it was seen at an instant; null while they do not.
pub fn agreed_at(facts: &Facts, dossier: &Dossier, at: Instant) -> Option<Instant> {
    let since = |side, version| {
        let mut seen = acts(facts, dossier, side, version);
        seen.retain(|row| row.signed_at <= at);
        let taken_back = seen.iter().rposition(|row| !agrees(row.act)).map_or(0, |last| last + 1);
        seen.get(taken_back).map(|row| row.signed_at)
    };
    let numbers = acted_on(facts, dossier.row.id).into_iter();
    let by_both = numbers.filter_map(|version| {
        let [discloser, recipient] = SIDES.map(|side| since(side, version));
        discloser.zip(recipient).map(|(discloser, recipient)| discloser.max(recipient))
    });
    by_both.min()
}

/// Versions anyone has acted on.
fn acted_on(facts: &Facts, agreement: AgreementId) -> BTreeSet<i32> {
    facts.signature.of(agreement).map(|row| row.version).collect()
}

/// Newest version a side has acted on, whatever it did; null when there is none.
pub fn newest_acted_on(facts: &Facts, dossier: &Dossier, side: AgreementSide) -> Option<i32> {
    let numbers = acted_on(facts, dossier.row.id);
    numbers.into_iter().rev().find(|version| side_act(facts, dossier, side, *version).is_some())
}

/// Newest version both sides have signed; null when there is none.
pub fn signed_by_both(facts: &Facts, dossier: &Dossier) -> Option<i32> {
    let signed = |side, version| side_act(facts, dossier, side, version) == Some(SignatureAct::Signed);
    let numbers = acted_on(facts, dossier.row.id);
    numbers.into_iter().rev().find(|version| SIDES.into_iter().all(|side| signed(side, *version)))
}

/// Stored versions of an agreement's content, oldest first.
pub fn versions(facts: &Facts, agreement: AgreementId) -> Vec<&Arc<agreement_version::Model>> {
    let mut versions: Vec<_> = facts.agreement_version.of(agreement).collect();
    versions.sort_by_key(|row| row.version);
    versions
}

/// Stored version both parties stand by; null when there is none. What was signed before the gateway kept versions is the
/// one first stored.
pub fn agreed_version<'a>(facts: &'a Facts, dossier: &Dossier) -> Option<&'a Arc<agreement_version::Model>> {
    agreed_version_at(facts, dossier, Instant::MAX_UTC)
}

/// The same by what had been done until an instant.
fn agreed_version_at<'a>(
    facts: &'a Facts,
    dossier: &Dossier,
    at: Instant,
) -> Option<&'a Arc<agreement_version::Model>> {
    let versions = versions(facts, dossier.row.id);
    let stood_by = |side, version| {
        let acts = acts(facts, dossier, side, version);
        acts.iter().rev().find(|row| row.signed_at <= at).is_some_and(|row| agrees(row.act))
    };
    let by_both = |version: i32| SIDES.into_iter().all(|side| stood_by(side, version));
    let newest = versions.iter().rev().find(|row| by_both(row.version));
    newest.or_else(|| versions.first().filter(|_| dossier.row.signed_on.is_some())).copied()
}

/// Content both parties stand by; null when there is none. What was signed before the gateway kept versions stands as it
/// is, or was first stored.
pub fn agreed(facts: &Facts, dossier: &Dossier) -> Option<Content> {
    if facts.agreement_version.of(dossier.row.id).next().is_none() {
        return dossier.row.signed_on.map(|_| Content::of(facts, dossier));
    }
    Content::read(agreed_version(facts, dossier)?)
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

/// Sides that have yet to agree on the present content: none where it gives nothing beyond what both stand by, for giving
/// less needs no agreement (R43), and none before an offer or after the end.
pub fn awaited(facts: &Facts, dossier: &Dossier) -> Vec<AgreementSide> {
    if !is_offered(dossier.row.status) || is_agreed(facts, dossier) {
        return Vec::new();
    }
    let number = present_number(facts, dossier);
    SIDES.into_iter().filter(|side| !stands_by(facts, dossier, *side, number)).collect()
}

/// Whether the present content gives nothing beyond what both parties stand by.
fn is_agreed(facts: &Facts, dossier: &Dossier) -> bool {
    let versions = versions(facts, dossier.row.id);
    let Some(last) = versions.last() else { return dossier.row.signed_on.is_some() };
    let Some(agreed) = agreed_version(facts, dossier) else { return false };
    agreed.version == last.version || {
        let catalogue = facts.catalogue(dossier.row.register_id).map(AsRef::as_ref);
        let both = Content::read(agreed).zip(Content::read(last));
        both.is_some_and(|(agreed, last)| !differences(&agreed, &last, catalogue).iter().any(Difference::gives_more))
    }
}

/// Whether both parties stood by an onward rule, as it is, at an instant (R43). What stands without any stored version stands
/// as it is.
pub fn onward_agreed(facts: &Facts, dossier: &Dossier, rule: &OnwardPart, at: Instant) -> bool {
    if facts.agreement_version.of(dossier.row.id).next().is_none() {
        return true;
    }
    let Some(agreed) = agreed_version_at(facts, dossier, at).and_then(|row| Content::read(row)) else { return false };
    let alone = Content { onward_rules: vec![onward_content(facts, dossier, rule)], ..agreed.clone() };
    !differences(&agreed, &alone, None).iter().any(Difference::gives_more)
}
