//! Count of disclosures alike in every dimension on one day or in one month.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::vocabulary::{
    AgreementId, Channel, Day, DisclosureOutcome, InternedId, OnwardRecipientKind, OrganisationId, PurposeId,
    RegisterId, TallyGrain, TallyId,
};

/// Count of disclosures alike in every dimension on one day or in one month.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, Deserialize)]
#[sea_orm(table_name = "tally")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TallyId,
    /// Day or month.
    pub grain: TallyGrain,
    /// First day of the period, in Helsinki.
    pub period_on: Day,
    /// Discloser.
    pub discloser_id: OrganisationId,
    /// Recipient.
    pub recipient_id: Option<OrganisationId>,
    /// Kind of onward recipient.
    pub onward_recipient_kind: Option<OnwardRecipientKind>,
    /// Register.
    pub register_id: RegisterId,
    /// Agreement.
    pub agreement_id: Option<AgreementId>,
    /// Items.
    pub items_id: InternedId,
    /// Provisions.
    pub bases_id: InternedId,
    /// Purpose.
    pub purpose_id: PurposeId,
    /// Channel.
    pub channel: Channel,
    /// Outcome.
    pub outcome: DisclosureOutcome,
    /// Rows, corrections deducted.
    pub disclosures: i64,
    /// Sum of their subjects.
    pub subject_count: i64,
    /// Rest of a count by five above which it is rounded up for statisticians, 0 to 4; drawn by chance and told nobody.
    pub rounds_above: i32,
}

impl ActiveModelBehavior for ActiveModel {}
