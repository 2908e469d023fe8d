//! Access of a recipient's end users to a viewing connection: the supervisor decides, for a task, and takes it away when
//! the task is over (R19–R21, R53).
//!
//! Users are named in the clear only while an act is asked for; what is written and shown are pseudonyms under the key of
//! the scope's discloser, the same by which decisions find the grants.

pub mod graphql;
pub mod rules;

use entity::{
    agreement,
    vocabulary::{AccessGrantId, AgreementId, ScopeId},
};

use crate::{
    Error,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
    journal::leaf::hex,
    keys::{KEY_ADDED, Keys},
};
pub use rules::{GrantInput, Persons, RevocationInput, User};

/// Grants an end user access to a scope.
pub async fn grant(ctx: &Context, input: GrantInput, intent: Intent) -> Result<(View, Option<AccessGrantId>), Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let named = named_scope(&ctx.view, &input.scope);
    let persons = named.map(|(_, agreement)| persons(ctx, agreement, &input)).transpose()?.flatten();
    let (given, known_persons) = (input.clone(), persons.clone());
    let rule = move |facts: &Facts, known: Option<(ScopeId, AgreementId)>, _: &str| {
        rules::grant(facts, fresh, known.map(|(scope, _)| scope), known_persons.as_ref(), &given, now)
    };
    let view = ctx.write_to(named, |(_, agreement)| Act::UseAgreement { agreement }, intent, rule).await?;
    let id = view.facts.access_grant.get(fresh).map(|row| row.id);
    let standing = || rules::standing(&view.facts, named?.0, &persons.as_ref()?.user, &input.task, now);
    let id = id.or_else(|| standing().map(|row| row.id));
    Ok((view, id))
}

/// Revokes an end user's access.
pub async fn revoke(
    ctx: &Context,
    input: RevocationInput,
    intent: Intent,
) -> Result<(View, Option<AccessGrantId>), Error> {
    let (now, named) = (ctx.now, named_grant(&ctx.view, &input.id));
    let rule = move |facts: &Facts, known: Option<(AccessGrantId, AgreementId)>, _: &str| {
        rules::revoke(facts, known.map(|(grant, _)| grant), &input, now)
    };
    let view = ctx.write_to(named, |(_, agreement)| Act::UseAgreement { agreement }, intent, rule).await?;
    Ok((view, named.map(|(grant, _)| grant)))
}

/// Scope of an id with its agreement, as far as the viewer may know of it.
fn named_scope(view: &View, id: &str) -> Option<(ScopeId, AgreementId)> {
    let row = view.facts.scope.get(id.parse().ok()?)?;
    policy::sees_grants(view.present(), &view.viewer, row.agreement_id).then_some((row.id, row.agreement_id))
}

fn named_grant(view: &View, id: &str) -> Option<(AccessGrantId, AgreementId)> {
    let row = view.facts.access_grant.get(id.parse().ok()?)?;
    let scope = view.facts.scope.get(row.scope_id)?;
    policy::sees_grants(view.present(), &view.viewer, scope.agreement_id).then_some((row.id, scope.agreement_id))
}

/// User and supervisor under the agreement; null where a party has no business ID to name its users under.
fn persons(ctx: &Context, agreement: AgreementId, input: &GrantInput) -> Result<Option<Persons>, Error> {
    let View { facts, viewer, .. } = &ctx.view;
    let Some(agreement) = facts.agreement.get(agreement) else { return Ok(None) };
    let known = |name: &str| user_of(facts, ctx.keys(), agreement, name);
    let (user, supervisor) = (known(&input.end_user)?, known(&input.decided_by)?);
    let acts = viewer.subject.as_deref().is_some_and(|subject| rules::is_same(subject, &input.end_user));
    Ok(user.zip(supervisor).map(|(user, supervisor)| Persons { user, supervisor, acts }))
}

/// User of an agreement's recipient as its discloser knows it, under every live key; null where a party has no business ID.
///
/// # Errors
/// Unavailable when a grant was given under a key added since this process started.
pub fn user_of(facts: &Facts, keys: &Keys, agreement: &agreement::Model, name: &str) -> Result<Option<User>, Error> {
    let keys = keys.pseudonyms();
    if facts.newest_grant_key() > keys.current_version() {
        return Err(KEY_ADDED);
    }
    let business_id = |id| facts.organisation.get(id).and_then(|row| row.business_id);
    let parties = business_id(agreement.discloser_id).zip(business_id(agreement.recipient_id));
    let Some((discloser, recipient)) = parties else { return Ok(None) };
    let pseudonym = |version: &i32| keys.user(discloser, *version, recipient, name.trim()).map(|bytes| hex(&bytes));
    let pseudonyms = keys.live_versions().iter().map(pseudonym).collect::<Result<_, _>>()?;
    Ok(Some(User { pseudonyms, key_version: keys.current_version() }))
}
