//! How keys are said.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    organisation_key,
    vocabulary::{OrganisationKeyId, ProposalStatus},
};

use super::{KeyInput, RevocationInput};
use crate::{
    Error,
    auth::policy,
    context::{Intent, View},
    facts::global_id,
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{BusinessId, DateTime},
    },
};

/// Key of an organisation.
pub struct OrganisationKey {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<organisation_key::Model>,
}

impl OrganisationKey {
    /// Key of an id; null when there is none.
    pub fn of(view: &View, id: OrganisationKeyId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.organisation_key.get(id)?) })
    }
}

/// Public key by which an organisation signs agreements. Only what is CONFIRMED, within its validity, is accepted for a new
/// signature; signatures made by it before stand.
#[Object]
impl OrganisationKey {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Key identifier: its thumbprint (RFC 7638, SHA-256), base64url; the same for the same key everywhere.
    async fn kid(&self) -> &str {
        &self.row.kid
    }

    /// JSON Web Key (RFC 7517) as JSON text, its required public members only.
    async fn jwk(&self) -> &str {
        &self.row.jwk
    }

    /// Whether another administrator has confirmed it; it signs nothing before, and nothing new once revoked.
    async fn status(&self) -> Said<ProposalStatus> {
        self.row.status.into()
    }

    /// Instant from which signatures by it are accepted, UTC, inclusive.
    async fn valid_from(&self) -> DateTime {
        self.row.valid_from.into()
    }

    /// Instant from which new signatures by it are refused, UTC, exclusive; null while no end is known. What was signed
    /// before stands.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }

    /// Who proposed it; null for all but administrators.
    async fn proposed_by(&self) -> Option<&str> {
        policy::keeps_law(&self.view.viewer).then_some(&self.row.proposed_by)
    }

    /// Who confirmed it; null while nobody has, and for all but administrators.
    async fn confirmed_by(&self) -> Option<&str> {
        self.row.confirmed_by.as_deref().filter(|_| policy::keeps_law(&self.view.viewer))
    }
}

/// Key to be proposed.
#[derive(InputObject)]
pub struct ProposeKeyInput {
    /// Business ID of the organisation that holds its private part.
    organisation: BusinessId,
    /// Public JSON Web Key (RFC 7517) as JSON text, at most 4,096 characters: EC of P-256, OKP of Ed25519, or RSA of 2,048
    /// to 8,192 bits. Never a private member.
    jwk: String,
    /// Instant from which signatures are accepted, from today on; now when absent.
    valid_from: Option<DateTime>,
    /// Instant from which they are refused; no end when absent.
    valid_until: Option<DateTime>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to proposeKey.
#[derive(SimpleObject)]
pub struct ProposeKeyPayload {
    /// Key as it stands now; null when the input has faults.
    key: Option<OrganisationKey>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Key to be confirmed.
#[derive(InputObject)]
pub struct ConfirmKeyInput {
    /// Global identifier.
    id: ID,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to confirmKey.
#[derive(SimpleObject)]
pub struct ConfirmKeyPayload {
    /// Key as it stands now; null when the act was refused.
    key: Option<OrganisationKey>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Key to be revoked.
#[derive(InputObject)]
pub struct RevokeKeyInput {
    /// Global identifier.
    id: ID,
    /// Why, at most 4,000 characters. Never personal data.
    note: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to revokeKey.
#[derive(SimpleObject)]
pub struct RevokeKeyPayload {
    /// Key as it stands now; null when the act was refused.
    key: Option<OrganisationKey>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on the keys of organisations.
#[derive(Default)]
pub struct OrganisationKeyMutation;

#[Object]
impl OrganisationKeyMutation {
    /// Proposes a public key by which an organisation signs; the administrator's act. It has no effect before another
    /// administrator confirms it. The same key with the same content answers as the first time; a revoked key does not
    /// return. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT.
    async fn propose_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which key, and whose.")] input: ProposeKeyInput,
    ) -> Result<ProposeKeyPayload, Error> {
        let request = request(ctx, "proposeKey")?;
        let intent = Intent::of(input.validate_only);
        let input = KeyInput {
            organisation: input.organisation.into(),
            jwk: input.jwk,
            valid_from: input.valid_from.map(String::from),
            valid_until: input.valid_until.map(String::from),
        };
        let outcome = super::propose(request, input, intent).await;
        let (key, user_errors) = UserError::shown(&request.view, outcome, OrganisationKey::of)?;
        Ok(ProposeKeyPayload { key, user_errors })
    }

    /// Confirms a key that another administrator proposed; the same confirmation again answers as the first time. Errors:
    /// FORBIDDEN. User errors: MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS.
    async fn confirm_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which key.")] input: ConfirmKeyInput,
    ) -> Result<ConfirmKeyPayload, Error> {
        let request = request(ctx, "confirmKey")?;
        let intent = Intent::of(input.validate_only);
        let outcome = super::confirm(request, input.id.0, intent).await;
        let (key, user_errors) = UserError::shown(&request.view, outcome, OrganisationKey::of)?;
        Ok(ConfirmKeyPayload { key, user_errors })
    }

    /// Revokes a key at once; one administrator's act, for a lost key does not wait. New signatures by it are refused;
    /// earlier ones stand. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, WRONG_STATUS.
    async fn revoke_key(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which key, and why.")] input: RevokeKeyInput,
    ) -> Result<RevokeKeyPayload, Error> {
        let request = request(ctx, "revokeKey")?;
        let intent = Intent::of(input.validate_only);
        let input = RevocationInput { id: input.id.0, note: input.note };
        let outcome = super::revoke(request, input, intent).await;
        let (key, user_errors) = UserError::shown(&request.view, outcome, OrganisationKey::of)?;
        Ok(RevokeKeyPayload { key, user_errors })
    }
}
