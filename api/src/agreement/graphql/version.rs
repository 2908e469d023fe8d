//! How the content of an agreement is said: its versions, in what they differ, and who has done what with them.

use std::sync::Arc;

use async_graphql::{Enum, Object, SimpleObject};
use entity::{
    signature,
    vocabulary::{AgreementSide, SignatureAct, SignatureEvidence},
};

use crate::{
    Error, Fault, FaultCode,
    auth::Sight,
    context::View,
    decision::{self, Content, Present},
    document::graphql::Document,
    facts::{Dossier, in_succession},
    graphql::{said::Said, scalars::DateTime},
    organisation::graphql::Organisation,
};

/// Version of an agreement's content.
pub struct AgreementVersion {
    view: View,
    dossier: Arc<Dossier>,
    sight: Sight,
    version: Present,
}

impl AgreementVersion {
    /// Versions of an agreement by number. Where none is stored yet, the content both act on is the only one.
    pub fn all(view: &View, dossier: &Arc<Dossier>, sight: Sight) -> Vec<(i32, Self)> {
        let stored = decision::versions(&view.facts, dossier.row.id);
        let mut versions: Vec<Present> = stored
            .into_iter()
            .map(|row| Present {
                number: row.version,
                canonical: row.content.clone(),
                content_hash: row.content_hash.clone(),
            })
            .collect();
        if versions.is_empty() && (decision::is_offered(dossier.row.status) || dossier.row.signed_on.is_some()) {
            versions.push(decision::present(&view.facts, dossier));
        }
        let of = |version: Present| Self { view: view.clone(), dossier: Arc::clone(dossier), sight, version };
        versions.into_iter().map(|version| (version.number, of(version))).collect()
    }

    /// Hash of the content.
    pub fn hash(&self) -> &str {
        &self.version.content_hash
    }

    /// Content of an earlier version: the one named, else the one before this one; null for the first.
    fn earlier(&self, from: Option<i32>) -> Result<Option<Content>, Error> {
        let stored = decision::versions(&self.view.facts, self.dossier.row.id);
        let before = |number: i32| number < self.version.number;
        let row = match from {
            Some(from) => {
                let row = stored.iter().find(|row| row.version == from && before(from));
                row.ok_or_else(|| invalid("from", "no such earlier version"))?
            }
            None => match stored.iter().rev().find(|row| before(row.version)) {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        Ok(Content::read(row))
    }
}

fn invalid(path: &str, message: &str) -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Malformed, path, message)])
}

/// Content of an agreement in one version: parties, register, provisions, scopes with their limits, onward rules, term and
/// version of the protection catalogue; neither statuses nor contacts. It never changes.
#[Object]
impl AgreementVersion {
    /// Number, from 1.
    async fn number(&self) -> i32 {
        self.version.number
    }

    /// Hash of the content that acts name and signatures are made over: SHA-256 of `content` in UTF-8, 64 hexadecimal
    /// digits in lower case.
    async fn content_hash(&self) -> &str {
        &self.version.content_hash
    }

    /// Content as text: canonical JSON (RFC 8785).
    async fn content(&self) -> &str {
        &self.version.canonical
    }

    /// Whether both parties stand by it: the newest such version says what may be opened at most.
    async fn is_agreed(&self) -> bool {
        let (facts, dossier) = (&self.view.facts, &self.dossier);
        match decision::agreed_version(facts, dossier) {
            Some(agreed) => agreed.version == self.version.number,
            None => dossier.row.signed_on.is_some(),
        }
    }

    /// What both sides have done with it, oldest first; at most 100, the newest.
    async fn signatures(&self) -> Vec<AgreementSignature> {
        let mut signatures = AgreementSignature::all(&self.view, &self.dossier, self.sight);
        signatures.retain(|signature| signature.row.version == self.version.number);
        let more = signatures.len().saturating_sub(SIGNATURES_MAX);
        signatures.split_off(more)
    }

    /// In what it differs from an earlier version, by place; empty for the first one, and from one whose content is not in
    /// this form. A part that is wholly new or gone is one difference. At most 10,000. Errors: INVALID_INPUT.
    async fn differences(
        &self,
        #[graphql(desc = "Number of the earlier version; the one before this one when absent.")] from: Option<i32>,
    ) -> Result<Vec<ContentDifference>, Error> {
        let Some(earlier) = self.earlier(from)? else { return Ok(Vec::new()) };
        let Ok(later) = serde_json::from_str::<Content>(&self.version.canonical) else { return Ok(Vec::new()) };
        let catalogue = self.view.facts.catalogue(self.dossier.row.register_id).map(AsRef::as_ref);
        let found = decision::differences(&earlier, &later, catalogue);
        Ok(ContentDifference::shown(found))
    }
}

/// Most acts on one version that are shown.
const SIGNATURES_MAX: usize = 100;

/// Most differences of two versions that are shown; 50 scopes of 1,000 items can differ in more.
const DIFFERENCES_MAX: usize = 10_000;

/// How two contents of an agreement differ at one place.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "decision::DifferenceKind")]
pub enum ContentDifferenceKind {
    /// Stands only in the later one and gives more: both parties must agree to it.
    Added,
    /// Stood only in the earlier one: less is given, at once.
    Removed,
    /// Gives more than before, or something else: both parties must agree to it.
    Widened,
    /// Gives less than before, at once.
    Narrowed,
}

/// One difference of two contents of an agreement.
#[derive(SimpleObject)]
pub struct ContentDifference {
    /// How it differs.
    kind: ContentDifferenceKind,
    /// Place in the content, such as `scopes`, `TECHNICAL_INTERFACE`, `purposes`, `TAXATION`.
    path: Vec<String>,
    /// What stood there; null where nothing did.
    earlier: Option<String>,
    /// What stands there; null where nothing does.
    later: Option<String>,
}

impl ContentDifference {
    /// Differences as they are said, as many as are shown.
    pub fn shown(differences: Vec<decision::Difference>) -> Vec<Self> {
        differences.into_iter().take(DIFFERENCES_MAX).map(Self::of).collect()
    }

    fn of(difference: decision::Difference) -> Self {
        let kind = difference.kind.into();
        Self { kind, path: difference.path, earlier: difference.before, later: difference.after }
    }
}

/// Act of a party on a content version.
pub struct AgreementSignature {
    view: View,
    dossier: Arc<Dossier>,
    sight: Sight,
    row: Arc<signature::Model>,
}

impl AgreementSignature {
    /// Acts on every version of an agreement, oldest first.
    pub fn all(view: &View, dossier: &Arc<Dossier>, sight: Sight) -> Vec<Self> {
        let mut rows: Vec<_> = view.facts.signature.of(dossier.row.id).cloned().collect();
        rows.sort_by_key(|row| (row.signed_at, row.id));
        let of = |row| Self { view: view.clone(), dossier: Arc::clone(dossier), sight, row };
        rows.into_iter().map(of).collect()
    }

    /// Key of its place among all.
    pub fn key(&self) -> (entity::vocabulary::Instant, uuid::Uuid) {
        (self.row.signed_at, self.row.id.0)
    }
}

/// What a party did with a content version: accepted, signed, rejected or took back. None is ever changed; the last of a
/// side counts.
#[Object]
impl AgreementSignature {
    /// What was done.
    async fn act(&self) -> Said<SignatureAct> {
        self.row.act.into()
    }

    /// Number of the version.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Hash of the content it was done on; null for an act from before the gateway that names none.
    async fn content_hash(&self) -> Option<&str> {
        Some(self.row.content_hash.as_str()).filter(|hash| !hash.is_empty())
    }

    /// Side that did it.
    async fn side(&self) -> Said<AgreementSide> {
        let discloser = self.dossier.row.discloser_id;
        let is_discloser = in_succession(&self.view.facts, self.row.organisation_id, discloser);
        if is_discloser { AgreementSide::Discloser.into() } else { AgreementSide::Recipient.into() }
    }

    /// Organisation whose officer did it: the party, its predecessor or its successor.
    async fn organisation(&self) -> Result<Organisation, Error> {
        let organisation = Organisation::of(&self.view, self.row.organisation_id);
        organisation.ok_or_else(|| Error::internal("a signature without its party"))
    }

    /// Instant of the act, UTC.
    async fn signed_at(&self) -> DateTime {
        self.row.signed_at.into()
    }

    /// Kind of proof; null for what was not signed, which the act itself proves.
    async fn evidence(&self) -> Option<Said<SignatureEvidence>> {
        (self.row.act == SignatureAct::Signed).then(|| self.row.evidence.into())
    }

    /// Detached JSON Web Signature over the content hash; null for another proof.
    async fn jws(&self) -> Option<&str> {
        self.row.jws.as_deref()
    }

    /// Document that proves it; null for another proof, and for all but the officers of both sides and their auditors.
    async fn document(&self) -> Option<Document> {
        let row = self.row.document_id.filter(|_| self.sight >= Sight::Office)?;
        self.view.facts.document.get(row).map(|row| Document { row: Arc::clone(row) })
    }
}
