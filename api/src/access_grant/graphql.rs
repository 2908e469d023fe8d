//! How access grants are said, and the acts on them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    access_grant,
    vocabulary::{AccessGrantId, RevocationReason, ScopeId},
};

use super::{GrantInput, RevocationInput, user_of};
use crate::{
    Error,
    auth::policy,
    checks::{Checks, REFERENCE_CHARACTERS_MAX},
    context::{Intent, View},
    decision,
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        errors::UserError,
        request::{request, within},
        said::Said,
        scalars::DateTime,
    },
};

/// Access grant.
pub struct AccessGrant {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<access_grant::Model>,
}

impl AccessGrant {
    /// Grant of an id; null for all but the officers of both sides and their auditors.
    pub fn of(view: &View, id: AccessGrantId) -> Option<Self> {
        let row = view.facts.access_grant.get(id)?;
        let agreement = view.facts.scope.get(row.scope_id)?.agreement_id;
        policy::sees_grants(view.present(), &view.viewer, agreement)
            .then(|| Self { view: view.clone(), row: Arc::clone(row) })
    }

    fn holds(&self) -> bool {
        let facts = &self.view.facts;
        let dossier = facts.scope.get(self.row.scope_id).and_then(|row| facts.dossier(row.agreement_id));
        let scope = dossier.and_then(|dossier| dossier.scopes.iter().find(|part| part.row.id == self.row.scope_id));
        dossier
            .zip(scope)
            .is_some_and(|(dossier, scope)| decision::grant_holds(dossier, scope, &self.row, self.view.at))
    }
}

/// End user's access to a scope that admits by grants, decided by the user's supervisor for a work task. Source:
/// 906/2019 16 §.
#[Object]
impl AccessGrant {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Pseudonym of the user under the discloser's key, 64 hexadecimal digits; the same as in the discloser's log while the
    /// key is the same.
    async fn user_pseudonym(&self) -> &str {
        &self.row.user_pseudonym
    }

    /// Pseudonym of the supervisor who decided, another than the user's.
    async fn decided_by_pseudonym(&self) -> &str {
        &self.row.decided_by
    }

    /// Version of the pseudonym key.
    async fn key_version(&self) -> i32 {
        self.row.key_version
    }

    /// Work task it is for.
    async fn task(&self) -> &str {
        &self.row.task
    }

    /// Instant at which it was given, UTC; null for one that came with an import which did not say.
    async fn granted_at(&self) -> Option<DateTime> {
        self.row.granted_at.map(DateTime::from)
    }

    /// Instant from which it holds, UTC.
    async fn valid_from(&self) -> DateTime {
        self.row.valid_from.into()
    }

    /// Instant at which it ends, UTC; null when open-ended.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }

    /// Instant of revocation, UTC; null while it was not revoked.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.row.revoked_at.map(DateTime::from)
    }

    /// Why it was revoked; null while it was not.
    async fn revocation_reason(&self) -> Option<Said<RevocationReason>> {
        self.row.revocation_reason.map(Said)
    }

    /// Whether it holds now: begun, neither ended nor revoked, and not void, for a grant ends with its scope and with the
    /// agreement. What else stands in the way of a disclosure, accessDecision tells.
    async fn is_in_force(&self) -> bool {
        self.holds()
    }
}

/// Grants of a scope, as the viewer asks for them.
///
/// # Errors
/// Invalid for a malformed user or page; unavailable when a pseudonym key was added since this process started.
pub fn grants_of(
    ctx: &Context<'_>,
    (view, scope): (&View, ScopeId),
    (end_user, is_in_force): (Option<&str>, Option<bool>),
    (first, after): (Option<i32>, Option<&str>),
) -> Result<Option<Connection<AccessGrant>>, Error> {
    let facts = &view.facts;
    let agreement = facts.scope.get(scope).and_then(|row| facts.agreement.get(row.agreement_id));
    let Some(agreement) = agreement.filter(|row| policy::sees_grants(view.present(), &view.viewer, row.id)) else {
        return Ok(None);
    };
    let request = within(ctx)?;
    let page = Page::of("grants", first, after, request.page_size_max())?;
    let user = end_user.map(|name| {
        let mut checks = Checks::default();
        let name = checks.text("endUser", name, REFERENCE_CHARACTERS_MAX);
        checks.done(|| Some(())).map_err(Error::Invalid)?;
        user_of(facts, request.keys(), agreement, &name)
    });
    let user = user.transpose()?;
    let of_user = |grant: &AccessGrant| match &user {
        None => true,
        Some(user) => user.as_ref().is_some_and(|user| user.is(&grant.row.user_pseudonym)),
    };
    let grants = facts.access_grant.of(scope).map(|row| AccessGrant { view: view.clone(), row: Arc::clone(row) });
    let grants = grants.filter(of_user).filter(|grant| is_in_force.is_none_or(|asked| grant.holds() == asked));
    let grants: Vec<_> = grants.map(|grant| (grant.row.id.0, grant)).collect();
    let total = grants.len();
    Ok(Some(page.connection(grants, |grant| grant).of_total(total)))
}

/// Access to be granted.
#[derive(InputObject)]
pub struct GrantAccessInput {
    /// Global identifier of the scope, one that admits by grants.
    scope: ID,
    /// User in the clear, as questions and reports name it, at most 200 characters; kept as a pseudonym only. Never a
    /// personal identity code, and never who asks.
    end_user: String,
    /// Work task it is for, 1 to 200 characters. Never personal data.
    task: String,
    /// User's supervisor, who decided, in the clear, at most 200 characters; kept as a pseudonym only. Another than the
    /// user.
    decided_by: String,
    /// Instant from which it holds, not before today; now when absent.
    valid_from: Option<DateTime>,
    /// Instant at which it ends; open-ended when absent.
    valid_until: Option<DateTime>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to grantAccess.
#[derive(SimpleObject)]
pub struct GrantAccessPayload {
    /// Grant as it stands now; null when the input has faults.
    access_grant: Option<AccessGrant>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Access to be revoked.
#[derive(InputObject)]
pub struct RevokeAccessInput {
    /// Global identifier of the grant.
    id: ID,
    /// Why.
    reason: Said<RevocationReason>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to revokeAccess.
#[derive(SimpleObject)]
pub struct RevokeAccessPayload {
    /// Grant as it stands now; null when the act was refused.
    access_grant: Option<AccessGrant>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on access grants.
#[derive(Default)]
pub struct AccessGrantMutation;

#[Object]
impl AccessGrantMutation {
    /// Grants an end user access to a scope that admits by grants, from the answer on; the recipient's officer's act, on the
    /// decision of the user's supervisor. The same user and task with the same content answer as the first time. Errors:
    /// FORBIDDEN, UNAVAILABLE. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT,
    /// WRONG_STATUS. Source: 906/2019 16 §.
    async fn grant_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who gets access, to what and for what.")] input: GrantAccessInput,
    ) -> Result<GrantAccessPayload, Error> {
        let request = request(ctx, "grantAccess")?;
        let intent = Intent::of(input.validate_only);
        let input = GrantInput {
            scope: input.scope.0,
            end_user: input.end_user,
            task: input.task,
            decided_by: input.decided_by,
            valid_from: input.valid_from.map(String::from),
            valid_until: input.valid_until.map(String::from),
        };
        let outcome = super::grant(request, input, intent).await;
        let (access_grant, user_errors) = UserError::shown(&request.view, outcome, AccessGrant::of)?;
        Ok(GrantAccessPayload { access_grant, user_errors })
    }

    /// Revokes an end user's access for good: nothing may be seen by it from the answer on, and who needs access again is
    /// granted it anew. The recipient's officer's act; the same reason again answers as the first time. Errors: FORBIDDEN.
    /// User errors: MALFORMED, NOT_FOUND, WRONG_STATUS. Source: 906/2019 16 §.
    async fn revoke_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which grant, and why.")] input: RevokeAccessInput,
    ) -> Result<RevokeAccessPayload, Error> {
        let request = request(ctx, "revokeAccess")?;
        let intent = Intent::of(input.validate_only);
        let input = RevocationInput { id: input.id.0, reason: input.reason.0 };
        let outcome = super::revoke(request, input, intent).await;
        let (access_grant, user_errors) = UserError::shown(&request.view, outcome, AccessGrant::of)?;
        Ok(RevokeAccessPayload { access_grant, user_errors })
    }
}
