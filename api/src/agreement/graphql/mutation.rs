//! Acts on agreements.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{AgreementKind, Publicity, SuspensionReason};

use super::Agreement;
use crate::{
    Error,
    agreement::{self, AgreementInput, ResumptionInput, SuspensionInput},
    context::Intent,
    graphql::{
        errors::UserError,
        request::request,
        said::Said,
        scalars::{BusinessId, Date},
    },
};

/// Agreement to be drafted. The discloser is the caller's organisation, the register's controller.
#[derive(InputObject)]
pub struct CreateAgreementInput {
    /// Agreement number, 1 to 200 characters; the same number with the same content answers as the first time.
    number: String,
    /// Identifier in the discloser's case register, at most 200 characters.
    case_register_id: Option<String>,
    /// Agreement or permit; an agreement when absent.
    kind: Option<Said<AgreementKind>>,
    /// Business ID of the recipient: an organisation that exists, neither the discloser nor one whose place it took.
    recipient: BusinessId,
    /// Code of the register.
    register: String,
    /// First day of validity; null until agreed.
    starts_on: Option<Date>,
    /// Last day of validity, included, today or later; null for open-ended.
    ends_on: Option<Date>,
    /// Number of the agreement it is to replace.
    supersedes: Option<String>,
    /// Who may know of it; everyone when absent.
    publicity: Option<Said<Publicity>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

impl From<CreateAgreementInput> for AgreementInput {
    fn from(input: CreateAgreementInput) -> Self {
        Self {
            number: input.number,
            case_register_id: input.case_register_id,
            kind: input.kind.map_or(AgreementKind::Agreement, |kind| kind.0),
            recipient: input.recipient.into(),
            register: input.register,
            starts_on: input.starts_on.map(String::from),
            ends_on: input.ends_on.map(String::from),
            supersedes: input.supersedes,
            publicity: input.publicity.map_or(Publicity::Public, |publicity| publicity.0),
        }
    }
}

/// Answer to createAgreement.
#[derive(SimpleObject)]
pub struct CreateAgreementPayload {
    /// Draft; null when the input has faults.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Agreement to be suspended.
#[derive(InputObject)]
pub struct SuspendAgreementInput {
    /// Global identifier.
    id: ID,
    /// Why.
    reason: Said<SuspensionReason>,
    /// The same in words, at most 4,000 characters; needed for OTHER. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to suspendAgreement.
#[derive(SimpleObject)]
pub struct SuspendAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Agreement to be resumed.
#[derive(InputObject)]
pub struct ResumeAgreementInput {
    /// Global identifier.
    id: ID,
    /// Why, in words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to resumeAgreement.
#[derive(SimpleObject)]
pub struct ResumeAgreementPayload {
    /// Agreement as it stands now; null when the act was refused.
    agreement: Option<Agreement>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on agreements.
#[derive(Default)]
pub struct AgreementMutation;

#[Object]
impl AgreementMutation {
    /// Drafts an agreement; the discloser's officer's act. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED,
    /// PERIOD_REVERSED, NOT_FOUND, CONFLICT, PARTY_NOT_ACTIVE.
    async fn create_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to draft.")] input: CreateAgreementInput,
    ) -> Result<CreateAgreementPayload, Error> {
        let request = request(ctx, "createAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::create(request, input.into(), intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(CreateAgreementPayload { agreement, user_errors })
    }

    /// Suspends an agreement in force: nothing may be disclosed by it from the answer on. The discloser's officer's act.
    /// Errors: FORBIDDEN. User errors: NOT_FOUND, WRONG_STATUS, BLANK, TOO_LONG, MALFORMED.
    async fn suspend_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to suspend and why.")] input: SuspendAgreementInput,
    ) -> Result<SuspendAgreementPayload, Error> {
        let request = request(ctx, "suspendAgreement")?;
        let intent = Intent::of(input.validate_only);
        let input = SuspensionInput { id: input.id.0, reason: input.reason.0, note: input.note };
        let outcome = agreement::suspend(request, input, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(SuspendAgreementPayload { agreement, user_errors })
    }

    /// Resumes a suspended agreement once what it needs is in place. The discloser's officer's act. Errors: FORBIDDEN.
    /// User errors: NOT_FOUND, WRONG_STATUS, TOO_LONG, MALFORMED, and the reason code of every condition that fails.
    async fn resume_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to resume.")] input: ResumeAgreementInput,
    ) -> Result<ResumeAgreementPayload, Error> {
        let request = request(ctx, "resumeAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = agreement::resume(request, ResumptionInput { id: input.id.0, note: input.note }, intent).await;
        let (agreement, user_errors) = UserError::shown(&request.view, outcome, Agreement::of)?;
        Ok(ResumeAgreementPayload { agreement, user_errors })
    }
}
