//! Acts on agreements.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::vocabulary::{AgreementId, AgreementKind, Publicity, SuspensionReason};

use super::Agreement;
use crate::{
    Error,
    agreement::{self, AgreementInput},
    checks::Checks,
    context::{Intent, View},
    graphql::{
        errors::UserError,
        request::{request, row_id},
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
    /// Business ID of the recipient.
    recipient: BusinessId,
    /// Code of the register.
    register: String,
    /// First day of validity; null until agreed.
    starts_on: Option<Date>,
    /// Last day of validity, included; null for open-ended.
    ends_on: Option<Date>,
    /// Number of the agreement it is to replace.
    supersedes: Option<String>,
    /// Who may know of it; everyone when absent.
    publicity: Option<Said<Publicity>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
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
    /// PERIOD_REVERSED, NOT_FOUND, CONFLICT.
    async fn create_agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to draft.")] input: CreateAgreementInput,
    ) -> Result<CreateAgreementPayload, Error> {
        let request = request(ctx, "createAgreement")?;
        let intent = Intent::of(input.validate_only);
        let outcome = match draft(input) {
            Ok(input) => agreement::create(request, input, intent).await,
            Err(error) => Err(error),
        };
        let (agreement, user_errors) = UserError::split(&request.view.facts, outcome)?;
        Ok(CreateAgreementPayload {
            agreement: agreement.and_then(|(view, id)| Agreement::of(&view, id?)),
            user_errors,
        })
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
        let outcome = match row_id::<AgreementId>(&input.id, "id") {
            Ok(id) => agreement::suspend(request, id, input.reason.0, input.note, intent).await.map(|view| (view, id)),
            Err(error) => Err(error),
        };
        let (agreement, user_errors) = shown(&request.view, outcome)?;
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
        let outcome = match row_id::<AgreementId>(&input.id, "id") {
            Ok(id) => agreement::resume(request, id, input.note, intent).await.map(|view| (view, id)),
            Err(error) => Err(error),
        };
        let (agreement, user_errors) = shown(&request.view, outcome)?;
        Ok(ResumeAgreementPayload { agreement, user_errors })
    }
}

fn shown(
    view: &View,
    outcome: Result<(View, AgreementId), Error>,
) -> Result<(Option<Agreement>, Vec<UserError>), Error> {
    let (done, user_errors) = UserError::split(&view.facts, outcome)?;
    Ok((done.and_then(|(view, id)| Agreement::of(&view, id)), user_errors))
}

fn draft(input: CreateAgreementInput) -> Result<AgreementInput, Error> {
    let mut checks = Checks::default();
    let starts_on = input.starts_on.and_then(|day| day.day("startsOn", checks.faults()));
    let ends_on = input.ends_on.and_then(|day| day.day("endsOn", checks.faults()));
    let recipient: Option<entity::vocabulary::BusinessId> = input.recipient.business_id("recipient", checks.faults());
    checks
        .done(|| {
            Some(AgreementInput {
                number: input.number,
                case_register_id: input.case_register_id,
                kind: input.kind.map_or(AgreementKind::Agreement, |kind| kind.0),
                recipient: recipient?.to_string(),
                register: input.register,
                starts_on,
                ends_on,
                supersedes: input.supersedes,
                publicity: input.publicity.map_or(Publicity::Public, |publicity| publicity.0),
            })
        })
        .map_err(Error::Invalid)
}
