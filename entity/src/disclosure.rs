//! One recorded disclosure or denial; append-only.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    AgreementId, BusinessId, Channel, Coverage, DisclosureGround, DisclosureId, DisclosureOutcome, Instant, InternedId,
    LegalBasisId, OnwardRecipientKind, Operation, OrganisationId, PurposeId, RegisterId, ScopeId, SubjectKind,
};

/// One recorded disclosure or denial; append-only.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "disclosure")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DisclosureId,
    /// Instant of recording; partitions follow it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub recorded_at: Instant,
    /// Instant the data was given.
    pub occurred_at: Instant,
    /// Position in the transparency log.
    pub leaf_index: i64,
    /// Discloser.
    pub discloser_id: OrganisationId,
    /// Processor that recorded it for the discloser; null when the discloser did itself.
    pub processor_id: Option<OrganisationId>,
    /// Recipient; null only for onward disclosure to an applicant.
    pub recipient_id: Option<OrganisationId>,
    /// Register.
    pub register_id: RegisterId,
    /// Agreement it is covered by.
    pub agreement_id: Option<AgreementId>,
    /// Scope it is covered by.
    pub scope_id: Option<ScopeId>,
    /// Provisions, as a set of legal basis ids.
    pub bases_id: InternedId,
    /// Purpose.
    pub purpose_id: PurposeId,
    /// Channel.
    pub channel: Channel,
    /// Operation.
    pub operation: Operation,
    /// Items, as a set of codes.
    pub items_id: InternedId,
    /// Whom it concerns.
    pub subject_kind: SubjectKind,
    /// Keyed pseudonym of the person; null after erasure and for other kinds.
    pub subject_pseudonym: Option<Vec<u8>>,
    /// Version of the pseudonym key.
    pub subject_key_version: Option<i32>,
    /// Business ID in the clear.
    pub subject_business_id: Option<BusinessId>,
    /// Number of subjects.
    pub subject_count: i64,
    /// Statute, consent or the person's own request.
    pub ground: DisclosureGround,
    /// Reference of the consent.
    pub consent_reference: Option<String>,
    /// Matter the data was needed for.
    pub case_reference: Option<String>,
    /// Keyed pseudonym of the end user.
    pub user_pseudonym: Option<Vec<u8>>,
    /// Version of the pseudonym key.
    pub user_key_version: Option<i32>,
    /// System that fetched the data.
    pub client_system: Option<String>,
    /// Message identifier given by the caller.
    pub message_id: String,
    /// Part of the message, from 0.
    pub part: i32,
    /// What came of it.
    pub outcome: DisclosureOutcome,
    /// Whether an agreement covered it.
    pub coverage: Coverage,
    /// Reason codes of a denial or of missing coverage, separated by spaces.
    pub reasons: String,
    /// Journal position of the facts it was judged on.
    pub decided_seq: i64,
    /// To whom it travelled on; null for a first disclosure.
    pub onward_recipient_kind: Option<OnwardRecipientKind>,
    /// Instant until which the subject does not see it.
    pub withheld_until: Option<Instant>,
    /// Provision that allows withholding.
    pub withholding_basis_id: Option<LegalBasisId>,
    /// Row this one corrects.
    pub corrects_id: Option<DisclosureId>,
    /// Row salt of the commitments; null after erasure.
    pub salt: Option<Vec<u8>>,
    /// Commitment of the part the subject may see.
    pub subject_commitment: Vec<u8>,
    /// Commitment of the rest.
    pub restricted_commitment: Vec<u8>,
    /// Journal position of the erasure; null while whole.
    pub erased_seq: Option<i64>,
    /// Codes of the mandate themes it was judged with, in their order, separated by spaces; `-` where none was given,
    /// null where it was recorded before they were kept.
    pub mandates: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
