//! A disclosure as somebody reports it, before anything about it has been checked.

use entity::vocabulary::{Channel, DisclosureGround, DisclosureOutcome, OnwardRecipientKind, Operation};
use zeroize::Zeroizing;

/// Disclosure as reported; texts are raw so that every fault can be named at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisclosureDraft {
    /// Message identifier, the caller's own.
    pub message_id: String,
    /// Part of the message, from 0.
    pub part: i32,
    /// Business ID of the recipient; null only for onward disclosure to an applicant.
    pub recipient: Option<String>,
    /// Register code.
    pub register: String,
    /// Item codes.
    pub items: Vec<String>,
    /// Purpose code.
    pub purpose: String,
    /// Channel.
    pub channel: Channel,
    /// Operation.
    pub operation: Operation,
    /// Instant, RFC 3339.
    pub occurred_at: String,
    /// Whom it concerns.
    pub subject: SubjectDraft,
    /// Matter.
    pub case_reference: Option<String>,
    /// End user, in the clear; becomes a pseudonym.
    pub end_user: Option<String>,
    /// System that fetched the data.
    pub client_system: Option<String>,
    /// Mandate themes the end user held, by code or URI.
    pub mandates: Vec<String>,
    /// Outcome.
    pub outcome: DisclosureOutcome,
    /// Ground.
    pub ground: DisclosureGround,
    /// Reference of the consent.
    pub consent_reference: Option<String>,
    /// To whom it travelled on.
    pub onward_to: Option<OnwardRecipientKind>,
    /// Number of the agreement, to pin it.
    pub agreement: Option<String>,
    /// Instant until which the subject does not see it.
    pub withheld_until: Option<String>,
    /// Citation that allows withholding.
    pub withholding_basis: Option<String>,
    /// Row it corrects: global id, or the message id of an earlier row of the same discloser.
    pub corrects: Option<String>,
}

/// Whom a disclosure concerns, as reported. Secrets are wiped from memory and never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum SubjectDraft {
    /// Personal identity code.
    PersonalIdentityCode(Zeroizing<String>),
    /// Identifier of a person in another system.
    OtherPersonIdentifier {
        /// System.
        system: String,
        /// Identifier.
        value: Zeroizing<String>,
    },
    /// Business ID.
    BusinessId(String),
    /// Nobody identified; only how many.
    Count(i64),
}

impl std::fmt::Debug for SubjectDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PersonalIdentityCode(_) => "PersonalIdentityCode(…)",
            Self::OtherPersonIdentifier { .. } => "OtherPersonIdentifier(…)",
            Self::BusinessId(_) => "BusinessId(…)",
            Self::Count(_) => "Count(…)",
        })
    }
}
