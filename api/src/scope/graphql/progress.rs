//! Acts by which a scope is implemented, tested and opened.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Scope;
use crate::{
    Error,
    context::Intent,
    document::graphql::DocumentInput,
    graphql::{errors::UserError, request::request},
    scope::{self, ImplementationInput, StandingInput, TestInput},
};

/// Scope that has been implemented.
#[derive(InputObject)]
pub struct MarkScopeImplementedInput {
    /// Global identifier.
    id: ID,
    /// Version of the register's structure description it is implemented by, at most 200 characters; the register's present
    /// one when absent (906/2019 22 § 3 mom).
    structure_version: Option<String>,
    /// Document that bears it out.
    evidence: Option<DocumentInput>,
    /// In words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to markScopeImplemented.
#[derive(SimpleObject)]
pub struct MarkScopeImplementedPayload {
    /// Scope as it stands now; null when the act was refused.
    scope: Option<Scope>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Scope that has been tested.
#[derive(InputObject)]
pub struct MarkScopeTestedInput {
    /// Global identifier.
    id: ID,
    /// Report of the test.
    evidence: DocumentInput,
    /// In words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to markScopeTested.
#[derive(SimpleObject)]
pub struct MarkScopeTestedPayload {
    /// Scope as it stands now; null when the act was refused.
    scope: Option<Scope>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Scope to be opened.
#[derive(InputObject)]
pub struct OpenScopeInput {
    /// Global identifier.
    id: ID,
    /// In words, at most 4,000 characters. Never personal data.
    note: Option<String>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to openScope.
#[derive(SimpleObject)]
pub struct OpenScopePayload {
    /// Scope as it stands now; null when the act was refused.
    scope: Option<Scope>,
    /// Every fault of the input and every condition that fails; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts by which a scope comes into use.
#[derive(Default)]
pub struct ScopeProgressMutation;

#[Object]
impl ScopeProgressMutation {
    /// Marks a defined scope implemented; the discloser's officer's act. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG,
    /// MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS. Source: 906/2019 22 § 3 mom.
    async fn mark_scope_implemented(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which scope, and by what.")] input: MarkScopeImplementedInput,
    ) -> Result<MarkScopeImplementedPayload, Error> {
        let request = request(ctx, "markScopeImplemented")?;
        let intent = Intent::of(input.validate_only);
        let input = ImplementationInput {
            id: input.id.0,
            structure_version: input.structure_version,
            evidence: input.evidence.map(Into::into),
            note: input.note,
        };
        let outcome = scope::mark_implemented(request, input, intent).await;
        let (scope, user_errors) = UserError::shown(&request.view, outcome, Scope::of_id)?;
        Ok(MarkScopeImplementedPayload { scope, user_errors })
    }

    /// Marks an implemented scope tested; the act of an officer of the discloser other than the one who marked it
    /// implemented, else CONFLICT. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT,
    /// WRONG_STATUS.
    async fn mark_scope_tested(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which scope, and the report.")] input: MarkScopeTestedInput,
    ) -> Result<MarkScopeTestedPayload, Error> {
        let request = request(ctx, "markScopeTested")?;
        let intent = Intent::of(input.validate_only);
        let input = TestInput { id: input.id.0, evidence: input.evidence.into(), note: input.note };
        let outcome = scope::mark_tested(request, input, intent).await;
        let (scope, user_errors) = UserError::shown(&request.view, outcome, Scope::of_id)?;
        Ok(MarkScopeTestedPayload { scope, user_errors })
    }

    /// Opens a tested scope: disclosures may be made by it from the answer on. The discloser's officer's act. The version of
    /// its channel that was open before is closed by it; access grants are given anew for what they reach now. Errors:
    /// FORBIDDEN. User errors: TOO_LONG, MALFORMED, NOT_FOUND, CONFLICT, WRONG_STATUS, and the reason code of every
    /// condition that fails, CONTENT_NOT_AGREED among them. Source: 906/2019 22–24 §.
    async fn open_scope(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which scope.")] input: OpenScopeInput,
    ) -> Result<OpenScopePayload, Error> {
        let request = request(ctx, "openScope")?;
        let intent = Intent::of(input.validate_only);
        let outcome = scope::open(request, StandingInput { id: input.id.0, note: input.note }, intent).await;
        let (scope, user_errors) = UserError::shown(&request.view, outcome, Scope::of_id)?;
        Ok(OpenScopePayload { scope, user_errors })
    }
}
