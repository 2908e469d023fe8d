//! What is asked and what is answered.

use std::collections::{BTreeMap, BTreeSet};

use entity::vocabulary::{
    AgreementId, Channel, DecisionReasonCode, Instant, ItemCode, LegalBasisId, MandateThemeId, ObligationCode,
    OnwardRecipientKind, Operation, OrganisationId, PurposeId, RegisterId, ScopeId, Verdict,
};

/// Question whether data may be disclosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who would receive.
    pub recipient: OrganisationId,
    /// From which register.
    pub register: RegisterId,
    /// Which items; a node asks everything below it but identity codes. Never empty.
    pub items: Vec<ItemCode>,
    /// For what.
    pub purpose: PurposeId,
    /// Over which channel.
    pub channel: Channel,
    /// Doing what.
    pub operation: Operation,
    /// Mandate themes the end user holds.
    pub mandates: Vec<MandateThemeId>,
    /// End user; null when a system acts by itself.
    pub end_user: Option<EndUser>,
    /// Matter the data is needed for.
    pub case_reference: Option<String>,
    /// How many subjects.
    pub subject_count: u64,
    /// To whom the data would travel on; null for the recipient itself.
    pub onward_to: Option<OnwardRecipientKind>,
    /// The one agreement to judge; null for the one that permits most.
    pub agreement: Option<AgreementId>,
    /// Only agreements of this discloser, of one whose place it took, or of one that took its place; null for any.
    pub discloser: Option<OrganisationId>,
    /// Only agreements that name the processor who asks; null when no processor does.
    pub served: Option<BTreeSet<AgreementId>>,
}

/// End user as each discloser knows it: pseudonyms in hexadecimal under every live key version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndUser {
    /// Pseudonyms by discloser.
    pub pseudonyms: BTreeMap<OrganisationId, Vec<String>>,
}

/// Answer to a question, with every reason against and the grounds for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The answer.
    pub verdict: Verdict,
    /// Items of the question that may be disclosed, in its order.
    pub permitted_items: Vec<ItemCode>,
    /// What each permitted item rests on.
    pub grounds: Vec<Ground>,
    /// Every condition that failed.
    pub reasons: Vec<Reason>,
    /// Duties that come with what is permitted.
    pub obligations: Vec<Obligation>,
    /// Agreement it was judged on; null when there is none.
    pub agreement: Option<AgreementId>,
    /// Scope it was judged on; null when none is open.
    pub scope: Option<ScopeId>,
    /// Instant until which a permit holds if no fact changes; null when open-ended or nothing is permitted.
    pub valid_until: Option<Instant>,
    /// Next instant at which the answer may change by time alone; null when none is known.
    pub next_change_at: Option<Instant>,
    /// Journal position of the facts.
    pub facts_seq: i64,
}

/// Provisions a permitted item rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// Item as asked.
    pub item: ItemCode,
    /// Its provisions.
    pub bases: Vec<LegalBasisId>,
}

/// Condition that failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Which.
    pub code: DecisionReasonCode,
    /// Item as asked; null when it concerns all.
    pub item: Option<ItemCode>,
    /// Provisions concerned.
    pub bases: Vec<LegalBasisId>,
    /// What the message names, such as a mandate theme, a newer item or another agreement; may be nothing.
    pub about: About,
}

/// What a reason is about beyond its item.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Nothing more.
    #[default]
    Nothing,
    /// A mandate theme.
    MandateTheme(MandateThemeId),
    /// An item below the asked node.
    Item(ItemCode),
    /// Another agreement that would carry the item.
    Agreement(AgreementId),
}

/// Duty that comes with a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// Which.
    pub code: ObligationCode,
    /// Number of days, where the duty has one.
    pub days: Option<i32>,
}
