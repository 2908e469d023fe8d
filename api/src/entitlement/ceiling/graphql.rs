//! Acts on entitlements.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{AuthorityStatus, BasisRole, Channel, Operation, OrganisationKind};

use super::{CeilingInput, EndInput};
use crate::{
    Error,
    context::Intent,
    entitlement::graphql::Entitlement,
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{BusinessId, DateTime, ItemCode},
    },
};

/// Entitlement to be proposed.
#[derive(InputObject)]
pub struct ProposeEntitlementInput {
    /// Global identifier of the confirmed provision that gives it.
    legal_basis: ID,
    /// Role in which the provision gives the right.
    role: Said<BasisRole>,
    /// Code of the register it reaches.
    register: String,
    /// Kind of recipient; any kind when both this and `recipient` are absent.
    recipient_kind: Option<Said<OrganisationKind>>,
    /// Business ID of the one recipient.
    recipient: Option<BusinessId>,
    /// Status the recipient must have; any when absent.
    authority_status: Option<Said<AuthorityStatus>>,
    /// Highest node that may be given; everything below it too, but identity codes only by their own name.
    item: ItemCode,
    /// Code of the purpose.
    purpose: String,
    /// Channel. The technical interface also carries others under a MODE basis (906/2019 22 § 1 mom).
    channel: Said<Channel>,
    /// Operation; READ when absent.
    #[graphql(default_with = "Said(Operation::Read)")]
    operation: Said<Operation>,
    /// Web address of instructions for recipients, `https` and at most 200 characters.
    guide_url: Option<String>,
    /// Instant from which it holds, not before the provision is in force; from that instant on when absent.
    valid_from: Option<DateTime>,
    /// Instant at which it ends; no end known when absent.
    valid_until: Option<DateTime>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

impl From<ProposeEntitlementInput> for CeilingInput {
    fn from(input: ProposeEntitlementInput) -> Self {
        Self {
            legal_basis: input.legal_basis.0,
            role: input.role.0,
            register: input.register,
            recipient_kind: input.recipient_kind.map(|kind| kind.0),
            recipient: input.recipient.map(String::from),
            authority_status: input.authority_status.map(|status| status.0),
            item: input.item.into(),
            purpose: input.purpose,
            channel: input.channel.0,
            operation: input.operation.0,
            guide_url: input.guide_url,
            valid_from: input.valid_from.map(String::from),
            valid_until: input.valid_until.map(String::from),
        }
    }
}

/// Answer to proposeEntitlement.
#[derive(SimpleObject)]
pub struct ProposeEntitlementPayload {
    /// Entitlement as it stands now; null when the input has faults.
    entitlement: Option<Entitlement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Entitlement to be confirmed.
#[derive(InputObject)]
pub struct ConfirmEntitlementInput {
    /// Global identifier.
    id: ID,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to confirmEntitlement.
#[derive(SimpleObject)]
pub struct ConfirmEntitlementPayload {
    /// Entitlement as it stands now; null when the act was refused.
    entitlement: Option<Entitlement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Entitlement to be ended.
#[derive(InputObject)]
pub struct EndEntitlementInput {
    /// Global identifier.
    id: ID,
    /// Instant from which it no longer holds, now or later; now when absent. An end that stands may be brought forward until
    /// it comes.
    on: Option<DateTime>,
    /// Why, at most 4,000 characters. Never personal data.
    note: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to endEntitlement.
#[derive(SimpleObject)]
pub struct EndEntitlementPayload {
    /// Entitlement as it stands now; null when the act was refused.
    entitlement: Option<Entitlement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on entitlements.
#[derive(Default)]
pub struct EntitlementMutation;

#[Object]
impl EntitlementMutation {
    /// Proposes what a confirmed provision gives at most; the administrator's act. It gives nothing before another
    /// administrator confirms it. The same ceiling with the same content answers as the first time. Errors: FORBIDDEN. User
    /// errors: TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT.
    async fn propose_entitlement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What may be given, to whom, for what, on which provision.")] input: ProposeEntitlementInput,
    ) -> Result<ProposeEntitlementPayload, Error> {
        let request = request(ctx, "proposeEntitlement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::propose(request, input.into(), intent).await;
        let (entitlement, user_errors) = UserError::shown(&request.view, outcome, Entitlement::of)?;
        Ok(ProposeEntitlementPayload { entitlement, user_errors })
    }

    /// Confirms an entitlement that another administrator proposed; the same confirmation again answers as the first time.
    /// Errors: FORBIDDEN. User errors: MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn confirm_entitlement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entitlement.")] input: ConfirmEntitlementInput,
    ) -> Result<ConfirmEntitlementPayload, Error> {
        let request = request(ctx, "confirmEntitlement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::confirm(request, input.id.0, intent).await;
        let (entitlement, user_errors) = UserError::shown(&request.view, outcome, Entitlement::of)?;
        Ok(ConfirmEntitlementPayload { entitlement, user_errors })
    }

    /// Ends an entitlement, now or from a later instant on; the administrator's act. What rests on it alone is no longer
    /// given from then on, in any agreement. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED,
    /// NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn end_entitlement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entitlement, when and why.")] input: EndEntitlementInput,
    ) -> Result<EndEntitlementPayload, Error> {
        let request = request(ctx, "endEntitlement")?;
        let intent = Intent::of(input.validate_only);
        let input = EndInput { id: input.id.0, on: input.on.map(String::from), note: input.note };
        let outcome = super::end(request, input, intent).await;
        let (entitlement, user_errors) = UserError::shown(&request.view, outcome, Entitlement::of)?;
        Ok(EndEntitlementPayload { entitlement, user_errors })
    }
}
