//! Webhooks: addresses of an organisation that are told what happens, as it happens.
//!
//! [`rules`] say what is registered, [`address`] where events may go, `signature` how they are signed, `schedule` when they are
//! tried again; `deliver` gives each webhook its turn, `tell` is the turn, `send` one attempt, `cursor` what is remembered.

pub mod address;
mod cursor;
mod deliver;
pub mod graphql;
pub mod rules;
mod schedule;
mod send;
mod signature;
mod tell;

use std::sync::Arc;

use entity::{vocabulary::WebhookId, webhook};

use crate::{
    Error, Violations,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
    journal::Changes,
};
use address::Reach;
pub use deliver::Deliveries;
pub use rules::{EndingInput, WebhookInput};
pub use tell::OUTCOMES;

/// What an act on a webhook came to: the view after it and the webhook; and its secret, where the act made one.
pub type Kept = (View, Option<(WebhookId, Option<String>)>);

/// Registers a webhook of the viewer's organisation. One that stands already tells no secret.
pub async fn register(ctx: &Context, input: WebhookInput, intent: Intent) -> Result<Kept, Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let organisation = policy::own_id(&ctx.view.facts, &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let version = ctx.gateway().keys.pseudonyms().current_version();
    let reach = Reach::of(ctx.gateway().config.webhook_private_addresses);
    let given = input.clone();
    let rule = move |facts: &Facts, _: &_| rules::register(facts, fresh, organisation, &given, (version, reach, now));
    let view = ctx.write(Act::ActFor { organisation }, intent, rule).await?;
    let made = view.facts.webhook.get(fresh).map(|row| row.id);
    let standing = || {
        let url = address::read(input.url.trim(), reach).ok()?;
        rules::registered(&view.facts, organisation, url.as_str()).map(|row| row.id)
    };
    let id = made.or_else(standing);
    let secret = told(ctx, &view, made, intent)?;
    Ok((view, id.map(|id| (id, secret))))
}

/// Pauses a webhook.
pub async fn pause(ctx: &Context, input: EndingInput, intent: Intent) -> Result<Kept, Error> {
    let now = ctx.now;
    keep(ctx, input.id.clone(), intent, move |facts, known| rules::pause(facts, known, &input, now)).await
}

/// Resumes a webhook.
pub async fn resume(ctx: &Context, id: String, intent: Intent) -> Result<Kept, Error> {
    let now = ctx.now;
    keep(ctx, id.clone(), intent, move |facts, known| rules::resume(facts, known, &id, now)).await
}

/// Gives a webhook a new secret.
pub async fn rotate(ctx: &Context, id: String, intent: Intent) -> Result<Kept, Error> {
    let (now, version) = (ctx.now, ctx.gateway().keys.pseudonyms().current_version());
    let rule = {
        let id = id.clone();
        move |facts: &Facts, known| rules::rotate(facts, known, &id, (version, now))
    };
    let (view, kept) = keep(ctx, id, intent, rule).await?;
    let id = kept.map(|(id, _)| id);
    let secret = told(ctx, &view, id, intent)?;
    Ok((view, id.map(|id| (id, secret))))
}

/// Retires a webhook.
pub async fn retire(ctx: &Context, input: EndingInput, intent: Intent) -> Result<Kept, Error> {
    let now = ctx.now;
    keep(ctx, input.id.clone(), intent, move |facts, known| rules::retire(facts, known, &input, now)).await
}

async fn keep<F>(ctx: &Context, id: String, intent: Intent, rule: F) -> Result<Kept, Error>
where
    F: FnOnce(&Facts, Option<WebhookId>) -> Result<Changes, Violations> + Send + 'static,
{
    let named = id.parse().ok();
    let rule = move |facts: &Facts, known, _: &str| rule(facts, known);
    let view = ctx.write_to(named, |webhook| Act::KeepWebhook { webhook }, intent, rule).await?;
    Ok((view, named.map(|id| (id, None))))
}

/// Secret an act made; none where nothing was done.
fn told(ctx: &Context, view: &View, made: Option<WebhookId>, intent: Intent) -> Result<Option<String>, Error> {
    let row = made.filter(|_| intent == Intent::Do).and_then(|id| view.facts.webhook.get(id));
    row.map(|row| signature::secret(ctx.gateway().keys.pseudonyms(), row)).transpose()
}

/// Webhooks the viewer may know of, oldest first.
pub fn seen(view: &View) -> Vec<&Arc<webhook::Model>> {
    let mut rows: Vec<_> =
        view.facts.webhook.all().filter(|row| policy::sees_webhook(view.present(), &view.viewer, row)).collect();
    rows.sort_by_key(|row| row.id);
    rows
}
