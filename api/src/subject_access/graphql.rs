//! How a person's disclosures are asked and said.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::vocabulary::{
    Channel, DisclosureGround, DisclosureId, DisclosureOutcome, Language, OnwardRecipientKind, Operation,
};
use zeroize::Zeroizing;

use super::{
    Report,
    rules::{self, LookupDraft, PersonDraft},
};
use crate::{
    Error,
    auth::policy::PersonSight,
    context::View,
    disclosure::{
        Recorded, Recorder,
        graphql::{OtherPersonIdentifierInput, party, purpose, register},
        row,
        withholding::withheld_until,
    },
    facts::global_id,
    graphql::{
        connections::{Connection, Page, asked_of_nodes},
        long::Long,
        request::{beside, request},
        said::Said,
        scalars::{DateTime, ItemCode, PersonalIdentityCode},
    },
    journal::leaf::{EntryKind, Part, canonical, hex, leaf_hash, part_salt},
    legal_basis::graphql::LegalBasis,
    organisation::graphql::Organisation,
    register::graphql::{Purpose, Register},
    scope::graphql::laws,
    transparency_log::{TransparencyLog, graphql::InclusionProof},
};

/// Person whose disclosures are looked up; give exactly one.
#[derive(OneofObject)]
pub enum PersonInput {
    /// Personal identity code. Only in variables of a POST; never stored, logged or answered.
    PersonalIdentityCode(PersonalIdentityCode),
    /// Identifier of a person in another system.
    OtherPersonIdentifier(OtherPersonIdentifierInput),
}

impl From<PersonInput> for PersonDraft {
    fn from(person: PersonInput) -> Self {
        match person {
            PersonInput::PersonalIdentityCode(code) => Self::PersonalIdentityCode(code.into_text()),
            PersonInput::OtherPersonIdentifier(other) => {
                Self::OtherPersonIdentifier { system: other.system, value: Zeroizing::new(other.value) }
            }
        }
    }
}

/// Look-up of one person's disclosures.
#[derive(InputObject)]
pub struct SubjectDisclosuresInput {
    /// Person.
    subject: PersonInput,
    /// Identifiers the person had before, such as a personal identity code that was changed; at most 10.
    former_subjects: Option<Vec<PersonInput>>,
    /// Why it is looked up, at most 500 characters; stands in the journal. Never a personal identity code.
    reason: String,
    /// Given at this instant or later.
    occurred_from: Option<DateTime>,
    /// Given before this instant, which is later than `occurredFrom`.
    occurred_until: Option<DateTime>,
}

impl From<SubjectDisclosuresInput> for LookupDraft {
    fn from(input: SubjectDisclosuresInput) -> Self {
        Self {
            subject: input.subject.into(),
            former: input.former_subjects.into_iter().flatten().map(Into::into).collect(),
            reason: input.reason,
            occurred_from: input.occurred_from.map(String::from),
            occurred_until: input.occurred_until.map(String::from),
        }
    }
}

/// Disclosure as its subject may see it.
pub struct SubjectDisclosure {
    view: View,
    recorded: Recorded,
    proof: Option<crate::transparency_log::InclusionProof>,
    /// Whether the viewer also sees what is withheld from the person.
    sees_withheld: bool,
}

/// Disclosure of data about one person, as the person may see it: when, by whom, to whom, what, for what and on which law.
/// Who of the recipient's people asked is never shown (C-579/21).
#[Object]
impl SubjectDisclosure {
    /// Global identifier of the row in the discloser's log.
    async fn id(&self) -> ID {
        global_id(self.recorded.row.id).into()
    }

    /// Instant the data was given, UTC.
    async fn occurred_at(&self) -> DateTime {
        self.recorded.row.occurred_at.into()
    }

    /// Instant of recording, UTC.
    async fn recorded_at(&self) -> DateTime {
        self.recorded.row.recorded_at.into()
    }

    /// Discloser.
    async fn discloser(&self) -> Result<Organisation, Error> {
        party(&self.view, self.recorded.row.discloser_id)
    }

    /// Recipient; null for onward disclosure to an applicant.
    async fn recipient(&self) -> Option<Result<Organisation, Error>> {
        self.recorded.row.recipient_id.map(|id| party(&self.view, id))
    }

    /// To whom the data travelled on; null for a first disclosure.
    async fn onward_to(&self) -> Option<Said<OnwardRecipientKind>> {
        self.recorded.row.onward_recipient_kind.map(Said)
    }

    /// Register the data came from.
    async fn register(&self) -> Result<Register, Error> {
        register(&self.view, self.recorded.row.register_id)
    }

    /// Items, at most 100.
    async fn items(
        &self,
        #[graphql(desc = "Language of names; that of the request when absent. Falls back to Finnish.")]
        language: Option<Said<Language>>,
    ) -> Vec<SubjectDisclosureItem> {
        let items = &self.recorded.items;
        let language = language.map_or(self.view.language, |language| language.0);
        let names = rules::items(&self.view.facts, self.recorded.row.register_id, items, language);
        let named = items.iter().map(ItemCode::from).zip(names);
        named.map(|(code, name)| SubjectDisclosureItem { code, name }).collect()
    }

    /// Purpose.
    async fn purpose(&self) -> Result<Purpose, Error> {
        purpose(&self.view, self.recorded.row.purpose_id)
    }

    /// Provisions it rested on, at most 50; empty for a consent, a denial, and what no law covered.
    async fn citations(&self) -> Vec<LegalBasis> {
        laws(&self.view, &self.recorded.bases)
    }

    /// Channel.
    async fn channel(&self) -> Said<Channel> {
        self.recorded.row.channel.into()
    }

    /// Operation.
    async fn operation(&self) -> Said<Operation> {
        self.recorded.row.operation.into()
    }

    /// Ground.
    async fn ground(&self) -> Said<DisclosureGround> {
        self.recorded.row.ground.into()
    }

    /// What came of it.
    async fn outcome(&self) -> Said<DisclosureOutcome> {
        self.recorded.row.outcome.into()
    }

    /// Global identifier of the row it corrects; null when it corrects none.
    async fn corrects_id(&self) -> Option<ID> {
        self.recorded.row.corrects_id.map(|id| global_id(id).into())
    }

    /// All of it in plain words, times in Helsinki.
    async fn explanation(
        &self,
        #[graphql(desc = "Language; that of the request when absent.")] language: Option<Said<Language>>,
    ) -> String {
        let language = language.map_or(self.view.language, |language| language.0);
        rules::explanation(&self.view.facts, &self.recorded, language)
    }

    /// Instant until which the person does not see it, UTC; null when it is not withheld, and always for the subject
    /// service, which is not shown what is.
    async fn withheld_until(&self) -> Option<DateTime> {
        let until = withheld_until(&self.view.facts, self.recorded.row.id, self.recorded.row.withheld_until)
            .filter(|_| self.sees_withheld);
        until.filter(|until| *until > self.view.at).map(DateTime::from)
    }

    /// Entry of the transparency log, by which the person can check that this is what was recorded.
    async fn entry(&self) -> Result<SubjectDisclosureEntry, Error> {
        SubjectDisclosureEntry::of(&self.view, &self.recorded, self.proof.clone())
    }
}

/// Item of a disclosure.
#[derive(SimpleObject)]
pub struct SubjectDisclosureItem {
    /// Code, with a qualifier where the right is narrower.
    code: ItemCode,
    /// Name.
    name: String,
}

/// What a person needs to check that a disclosure stands in the transparency log as it is shown. The subject commitment is
/// HMAC-SHA-256 of `subjectPart` under `partSalt`; `leafHash` is SHA-256 of a zero byte, bytes 1 and 1, that commitment and
/// `restrictedCommitment`; `inclusionProof` leads from it to the root of a signed checkpoint.
#[derive(SimpleObject)]
pub struct SubjectDisclosureEntry {
    /// Position in the log, from 0.
    leaf_index: Long,
    /// What the person may see, in canonical JSON (RFC 8785).
    subject_part: String,
    /// Salt of that part, 64 hexadecimal digits.
    part_salt: String,
    /// Commitment of the rest, 64 hexadecimal digits.
    restricted_commitment: String,
    /// Hash of the entry, 64 hexadecimal digits.
    leaf_hash: String,
    /// Proof that the entry stands in the tree of the last checkpoint; null until that is signed, within a second.
    inclusion_proof: Option<InclusionProof>,
}

impl SubjectDisclosureEntry {
    fn of(
        view: &View,
        recorded: &Recorded,
        proof: Option<crate::transparency_log::InclusionProof>,
    ) -> Result<Self, Error> {
        let row = &recorded.row;
        let salt = row.salt.as_deref().and_then(|salt| salt.try_into().ok());
        let salt = salt.ok_or_else(|| Error::internal("an erased row was found by its subject"))?;
        let names = row::Names::of(&view.facts, row, &recorded.items, &recorded.bases);
        let (subject_part, _) = row::parts(row, &names);
        let subject_part = String::from_utf8(canonical(&subject_part)?)
            .map_err(|_| Error::internal("canonical JSON that is no text"))?;
        let committed = row::commitments_of(row)?;
        Ok(Self {
            leaf_index: row.leaf_index.into(),
            subject_part,
            part_salt: hex(&part_salt(&salt, Part::Subject)),
            restricted_commitment: hex(&committed.restricted),
            leaf_hash: hex(&leaf_hash(EntryKind::Disclosure, &committed)),
            inclusion_proof: proof.map(InclusionProof),
        })
    }
}

/// Queries about one person's disclosures.
#[derive(Default)]
pub struct SubjectAccessQuery;

#[Object]
impl SubjectAccessQuery {
    /// Disclosures of one person, latest recorded first. The subject service sees what the person may see: what is withheld
    /// leaves no trace. An officer sees its own organisation's log, an auditor what it sees of the log. Each look-up stands
    /// in the journal. Errors: FORBIDDEN, INVALID_INPUT, UNAVAILABLE. Source: GDPR 15; 703/2023 11 §.
    async fn subject_disclosures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Look-up.")] input: SubjectDisclosuresInput,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<SubjectDisclosure>, Error> {
        let request = request(ctx, "subjectDisclosures")?;
        let page: Page<uuid::Uuid> = Page::of("subjectDisclosures", first, after.as_deref(), request.page_size_max())?;
        let lookup = rules::lookup(input.into()).map_err(Error::Invalid)?;
        let recorder = beside::<Recorder>(ctx)?;
        let after = page.after.map(DisclosureId);
        let Report { rows, has_next, sight, view } =
            Box::pin(super::report(request, recorder, &lookup, after, page.count)).await?;
        let mut proofs = proofs(ctx, &rows).await?;
        let rows = rows.into_iter().map(|recorded| (recorded.row.id.0, recorded));
        let node = |recorded: Recorded| SubjectDisclosure {
            view: view.clone(),
            proof: proofs.remove(&recorded.row.leaf_index),
            sees_withheld: sight != PersonSight::Person,
            recorded,
        };
        Ok(page.fetched(rows, has_next, node))
    }
}

/// Proofs of the rows of a page, read together where they are asked for.
async fn proofs(
    ctx: &Context<'_>,
    rows: &[Recorded],
) -> Result<BTreeMap<i64, crate::transparency_log::InclusionProof>, Error> {
    if !asked_of_nodes(ctx).iter().any(|node| node.field("entry").field("inclusionProof").exists()) {
        return Ok(BTreeMap::new());
    }
    let log = beside::<TransparencyLog>(ctx)?;
    let leaf_indexes: Vec<i64> = rows.iter().map(|recorded| recorded.row.leaf_index).collect();
    let proofs = log.inclusion_proofs(&leaf_indexes).await?;
    Ok(leaf_indexes.into_iter().zip(proofs).filter_map(|(at, proof)| Some((at, proof?))).collect())
}
