//! Role mailboxes of organisations: whom to ask, on what, in which order.

pub mod graphql;
pub mod rules;

use entity::vocabulary::{ContactId, OrganisationId, helsinki_day};

use crate::{
    Error, Violations,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
    journal::Changes,
};
pub use rules::ContactInput;

/// Appoints a contact of the viewer's organisation, for all matters or for the agreement of a number.
pub async fn appoint(
    ctx: &Context,
    agreement: Option<String>,
    input: ContactInput,
    intent: Intent,
) -> Result<(View, Option<ContactId>), Error> {
    let fresh = clock::fresh_id();
    let organisation = policy::own_id(ctx.view.present(), &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let key = (agreement.clone(), input.clone());
    let view = ctx
        .write(Act::KeepContacts { organisation }, intent, move |facts, _| {
            rules::appoint(facts, fresh, organisation, agreement.as_deref(), &input)
        })
        .await?;
    let agreement = key.0.and_then(|number| view.facts.agreement.by_key(&number)).map(|row| row.id);
    let id = rules::appointed(&view.facts, organisation, agreement, &key.1).map_or(fresh, |row| row.id);
    Ok((view, Some(id)))
}

/// Amends a contact.
pub async fn amend(
    ctx: &Context,
    id: String,
    input: ContactInput,
    intent: Intent,
) -> Result<(View, Option<ContactId>), Error> {
    keep(ctx, id, intent, move |facts, id, organisation| rules::amend(facts, id, organisation, &input)).await
}

/// Confirms that a contact still holds.
pub async fn confirm(ctx: &Context, id: String, intent: Intent) -> Result<(View, Option<ContactId>), Error> {
    let today = helsinki_day(ctx.now);
    keep(ctx, id, intent, move |facts, id, organisation| rules::confirm(facts, id, organisation, today)).await
}

/// Retires a contact after its last day; at once when none is given.
pub async fn retire(
    ctx: &Context,
    id: String,
    last_day: Option<String>,
    intent: Intent,
) -> Result<(View, Option<ContactId>), Error> {
    let today = helsinki_day(ctx.now);
    keep(ctx, id, intent, move |facts, id, organisation| {
        rules::retire(facts, id, organisation, last_day.as_ref(), today)
    })
    .await
}

/// Does something to a contact of an id, for the organisation whose it is.
async fn keep<F>(ctx: &Context, id: String, intent: Intent, rule: F) -> Result<(View, Option<ContactId>), Error>
where
    F: FnOnce(&Facts, &str, OrganisationId) -> Result<Changes, Violations> + Send + 'static,
{
    let named = id.parse().ok();
    let organisation = keeper(ctx, named)?;
    let act = Act::KeepContacts { organisation };
    let view = ctx.write(act, intent, move |facts, _| rule(facts, &id, organisation)).await?;
    Ok((view, named))
}

/// Whose contact it is; the viewer's own organisation stands for one it may not know, and will not find it there.
fn keeper(ctx: &Context, id: Option<ContactId>) -> Result<OrganisationId, Error> {
    let View { facts, viewer, .. } = &ctx.view;
    let known = id.and_then(|id| facts.contact.get(id)).filter(|row| policy::sees_contact(facts, viewer, row));
    known.map(|row| row.organisation_id).or_else(|| policy::own_id(facts, viewer)).ok_or(Error::Forbidden)
}
