//! Registers as offered for disclosure: what they hold, over which channels, and for which purposes data is asked.

pub mod graphql;
pub mod items;
pub mod purposes;
pub mod rules;

use entity::vocabulary::{DataItemId, PurposeId, RegisterId};

use crate::{
    Error,
    auth::{Act, Permit, policy},
    clock,
    context::{Context, Intent, View},
    facts::{Facts, data_item_key},
};
pub use items::DataItemInput;
pub use purposes::PurposeInput;
pub use rules::{AlternativeInput, QualifierInput, RegisterInput};

/// Offers a register of the viewer's organisation, its controller.
pub async fn offer(
    ctx: &Context,
    code: String,
    input: RegisterInput,
    intent: Intent,
) -> Result<(View, Option<RegisterId>), Error> {
    let fresh = clock::fresh_id();
    let key = code.clone();
    let controller = policy::own_id(ctx.view.present(), &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let view = ctx
        .write(Act::OfferRegister { controller }, intent, move |facts, _| {
            rules::offer(facts, fresh, controller, &code, &input)
        })
        .await?;
    let id = view.facts.register.by_key(&key).map(|row| row.id);
    Ok((view, id))
}

/// Amends a register.
pub async fn amend(
    ctx: &Context,
    id: String,
    input: RegisterInput,
    intent: Intent,
) -> Result<(View, Option<RegisterId>), Error> {
    let named = id.parse().ok();
    let rule = move |facts: &Facts, _, _: &str| rules::amend(facts, &id, &input);
    let view = ctx.write_to(named, |register| Act::KeepRegister { register }, intent, rule).await?;
    Ok((view, named))
}

/// Adds a data item to a register.
pub async fn add_data_item(
    ctx: &Context,
    input: DataItemInput,
    intent: Intent,
) -> Result<(View, Option<DataItemId>), Error> {
    let fresh = clock::fresh_id();
    let register = ctx.view.facts.register.by_key(&input.register).map(|row| row.id);
    let (now, key) = (ctx.now, register.map(|register| data_item_key(register, &input.code)));
    let rule = move |facts: &Facts, _, _: &str| items::add(facts, fresh, &input, now);
    let view = ctx.write_to(register, |register| Act::KeepRegister { register }, intent, rule).await?;
    let id = key.and_then(|key| view.facts.data_item.by_key(&key)).map(|row| row.id);
    Ok((view, id))
}

/// Retires a data item.
pub async fn retire_data_item(ctx: &Context, id: String, intent: Intent) -> Result<(View, Option<DataItemId>), Error> {
    let named: Option<DataItemId> = id.parse().ok();
    let register = named.and_then(|id| items::register_of(&ctx.view.facts, id));
    let now = ctx.now;
    let rule = move |facts: &Facts, _, _: &str| items::retire(facts, &id, now);
    let view = ctx.write_to(register, |register| Act::KeepRegister { register }, intent, rule).await?;
    Ok((view, named))
}

/// Registers a purpose data may be asked for.
pub async fn register_purpose(
    ctx: &Context,
    input: PurposeInput,
    intent: Intent,
) -> Result<(View, Option<PurposeId>), Error> {
    let (fresh, code) = (clock::fresh_id(), input.code.clone());
    let rule = move |facts: &Facts, _: &Permit| purposes::register(facts, fresh, &input);
    let view = ctx.write(Act::KeepLaw, intent, rule).await?;
    let id = view.facts.purpose.by_key(&code).map(|row| row.id);
    Ok((view, id))
}
