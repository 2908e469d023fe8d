//! Reports of disclosures as they come in.

use async_graphql::{InputObject, OneofObject};
use entity::vocabulary::{Channel, DisclosureGround, DisclosureOutcome, OnwardRecipientKind, Operation};
use zeroize::Zeroizing;

use crate::{
    disclosure::{DisclosureDraft, SubjectDraft},
    graphql::{
        said::Said,
        scalars::{BusinessId, Citation, DateTime, ItemCode, PersonalIdentityCode},
    },
};

/// Whom a disclosure concerns; give exactly one.
#[derive(OneofObject)]
pub enum SubjectInput {
    /// Personal identity code. Only in variables of a POST; kept as a keyed pseudonym.
    PersonalIdentityCode(PersonalIdentityCode),
    /// Identifier of a person in another system; kept as a keyed pseudonym.
    OtherPersonIdentifier(OtherPersonIdentifierInput),
    /// Business ID; kept as it is.
    BusinessId(BusinessId),
    /// Nobody is identified: how many subjects, 1 to 1,000,000,000.
    Count(i64),
}

/// Identifier of a person in another system.
#[derive(InputObject)]
pub struct OtherPersonIdentifierInput {
    /// System, 1 to 200 characters.
    pub system: String,
    /// Identifier within it, 1 to 200 characters.
    pub value: String,
}

/// Disclosure that happened, or is about to. One row a person; a count only where nobody is identified.
#[derive(InputObject)]
pub struct DisclosureInput {
    /// Message identifier, 1 to 200 characters; with the part it makes a repeat safe.
    message_id: String,
    /// Part of the message, from 0; 0 when absent.
    part: Option<i32>,
    /// Business ID of the recipient; null only for onward disclosure to an applicant.
    recipient: Option<BusinessId>,
    /// Code of the register.
    register: String,
    /// Items, 1 to 100.
    items: Vec<ItemCode>,
    /// Code of the purpose.
    purpose: String,
    /// Channel.
    channel: Said<Channel>,
    /// Operation; READ when absent.
    operation: Option<Said<Operation>>,
    /// Instant the data was given, at most 5 minutes ahead.
    occurred_at: DateTime,
    /// Whom it concerns.
    subject: SubjectInput,
    /// Matter the data was needed for, at most 200 characters. Never a personal identity code.
    case_reference: Option<String>,
    /// End user; kept as a keyed pseudonym. Needed for viewing.
    end_user: Option<String>,
    /// System that fetched the data; needed for the technical interface.
    client_system: Option<String>,
    /// Mandate themes the end user held, by code or URI, at most 20.
    mandates: Option<Vec<String>>,
    /// What came of it; DELIVERED when absent.
    outcome: Option<Said<DisclosureOutcome>>,
    /// Ground; STATUTE when absent.
    ground: Option<Said<DisclosureGround>>,
    /// Reference of the consent; needed on the ground CONSENT.
    consent_reference: Option<String>,
    /// To whom the data travelled on; null for a first disclosure.
    onward_to: Option<Said<OnwardRecipientKind>>,
    /// Number of the one agreement to judge it by; the one that permits most when absent.
    agreement: Option<String>,
    /// Instant until which the subject does not see it; needs the withholding basis.
    withheld_until: Option<DateTime>,
    /// Citation of the provision that allows withholding.
    withholding_basis: Option<Citation>,
    /// Global identifier, or message identifier, of the row it corrects: the discloser's own, or one of a body whose place
    /// it took.
    corrects: Option<String>,
}

impl From<SubjectInput> for SubjectDraft {
    fn from(subject: SubjectInput) -> Self {
        match subject {
            SubjectInput::PersonalIdentityCode(code) => Self::PersonalIdentityCode(code.into_text()),
            SubjectInput::OtherPersonIdentifier(other) => {
                Self::OtherPersonIdentifier { system: other.system, value: Zeroizing::new(other.value) }
            }
            SubjectInput::BusinessId(id) => Self::BusinessId(id.into()),
            SubjectInput::Count(count) => Self::Count(count),
        }
    }
}

impl From<DisclosureInput> for DisclosureDraft {
    fn from(input: DisclosureInput) -> Self {
        Self {
            message_id: input.message_id,
            part: input.part.unwrap_or(0),
            recipient: input.recipient.map(String::from),
            register: input.register,
            items: input.items.into_iter().map(String::from).collect(),
            purpose: input.purpose,
            channel: input.channel.0,
            operation: input.operation.map_or(Operation::Read, |operation| operation.0),
            occurred_at: input.occurred_at.into(),
            subject: input.subject.into(),
            case_reference: input.case_reference,
            end_user: input.end_user,
            client_system: input.client_system,
            mandates: input.mandates.unwrap_or_default(),
            outcome: input.outcome.map_or(DisclosureOutcome::Delivered, |outcome| outcome.0),
            ground: input.ground.map_or(DisclosureGround::Statute, |ground| ground.0),
            consent_reference: input.consent_reference,
            onward_to: input.onward_to.map(|kind| kind.0),
            agreement: input.agreement,
            withheld_until: input.withheld_until.map(String::from),
            withholding_basis: input.withholding_basis.map(String::from),
            corrects: input.corrects,
        }
    }
}
