//! Acts by which the parties come to stand by a content.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::Agreement;
use crate::{
    Error,
    agreement::{self, OnVersion, Proof, RevocationInput, SigningInput},
    context::Intent,
    document::graphql::DocumentInput,
    graphql::{errors::UserError, request::request},
};

/// Content to be accepted.
#[derive(InputObject)]
pub struct AcceptAgreementInput {
    /// Global identifier of the agreement.
    id: ID,
    /// Number of the version, which must be the present one.
    version: i32,
    /// Hash of the version's content, as read: 64 hexadecimal digits.
    content_hash: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to acceptAgreement.
#[derive(SimpleObject)]
pub struct AcceptAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Content to be signed.
#[derive(InputObject)]
pub struct SignAgreementInput {
    /// Global identifier of the agreement.
    id: ID,
    /// Number of the version, which must be the present one.
    version: i32,
    /// Hash of the version's content, as read: 64 hexadecimal digits.
    content_hash: String,
    /// What proves the signature.
    proof: SignatureProofInput,
    /// Whether the organisation commits itself to look after data protection by the version of the protection catalogue that
    /// the content names; the recipient must, for the discloser it means nothing. False when absent (R54).
    commits_to_data_protection: Option<bool>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Proof of a signature: exactly one.
#[derive(OneofObject)]
pub enum SignatureProofInput {
    /// Detached JSON Web Signature (RFC 7515, appendix F) over the content hash, by a confirmed key of the organisation or of
    /// one whose place it took; at most 4,096 characters. `docs/signing.md` says exactly what is signed.
    Jws(String),
    /// Document signed electronically elsewhere.
    ESignature(DocumentInput),
    /// Signed paper.
    Paper(DocumentInput),
}

impl From<SignatureProofInput> for Proof {
    fn from(proof: SignatureProofInput) -> Self {
        match proof {
            SignatureProofInput::Jws(jws) => Self::Jws(jws),
            SignatureProofInput::ESignature(document) => Self::ESignature(document.into()),
            SignatureProofInput::Paper(document) => Self::Paper(document.into()),
        }
    }
}

/// Answer to signAgreement.
#[derive(SimpleObject)]
pub struct SignAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// What is to be taken back.
#[derive(InputObject)]
pub struct RevokeSignatureInput {
    /// Global identifier of the agreement.
    id: ID,
    /// Number of the version; the newest on which one's side did anything when absent.
    version: Option<i32>,
    /// Why, in words, 1 to 4,000 characters. Never personal data.
    reason: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to revokeSignature.
#[derive(SimpleObject)]
pub struct RevokeSignaturePayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on the content of agreements.
#[derive(Default)]
pub struct SigningMutation;

#[Object]
impl SigningMutation {
    /// Accepts the present content for one's own side; either side's officer's act, in negotiation and, for what was changed
    /// later, until the end. What gives more takes effect once both have. Errors: FORBIDDEN. User errors: NOT_FOUND,
    /// MALFORMED, WRONG_STATUS, CONFLICT. Source: R43.
    async fn accept_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to accept.")] input: AcceptAgreementInput,
    ) -> Result<AcceptAgreementPayload, Error> {
        let request = request(ctx, "acceptAgreement")?;
        let intent = Intent::of(input.validate_only);
        let input = OnVersion { id: input.id.0, version: input.version, content_hash: input.content_hash };
        let outcome = agreement::accept(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(AcceptAgreementPayload { agreement, user_errors })
    }

    /// Signs the present content, which both sides have accepted, for one's own side; either side's officer's act, in
    /// negotiation. With the second side's signature the agreement is signed. Errors: FORBIDDEN. User errors: NOT_FOUND,
    /// MALFORMED, BLANK, TOO_LONG, WRONG_STATUS, CONFLICT, and the reason code of every condition that fails. Source: R35,
    /// R44, R54; 906/2019 24 §.
    async fn sign_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to sign, and what proves it.")] input: SignAgreementInput,
    ) -> Result<SignAgreementPayload, Error> {
        let request = request(ctx, "signAgreement")?;
        let intent = Intent::of(input.validate_only);
        let input = SigningInput {
            on: OnVersion { id: input.id.0, version: input.version, content_hash: input.content_hash },
            commits_to_data_protection: input.commits_to_data_protection == Some(true),
            proof: input.proof.into(),
        };
        let outcome = agreement::sign(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(SignAgreementPayload { agreement, user_errors })
    }

    /// Takes back one's own side's acceptance or signature; either side's officer's act. Before activation a signed agreement
    /// goes back into negotiation; afterwards only what was changed later can be taken back, until the other side has agreed
    /// to it. Errors: FORBIDDEN. User errors: NOT_FOUND, MALFORMED, BLANK, TOO_LONG, WRONG_STATUS.
    async fn revoke_signature(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to take back, and why.")] input: RevokeSignatureInput,
    ) -> Result<RevokeSignaturePayload, Error> {
        let request = request(ctx, "revokeSignature")?;
        let intent = Intent::of(input.validate_only);
        let input = RevocationInput { id: input.id.0, version: input.version, reason: input.reason };
        let outcome = agreement::revoke(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(RevokeSignaturePayload { agreement, user_errors })
    }
}
