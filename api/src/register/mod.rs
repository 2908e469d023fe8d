//! Registers as offered for disclosure: what they hold, over which channels, and for which purposes data is asked.

pub mod graphql;
pub mod items;
pub mod rules;

use entity::vocabulary::{DataItemId, RegisterId};

use crate::{
    Error, Fault, FaultCode,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::data_item_key,
};
pub use items::DataItemInput;
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
    let controller = policy::own_id(&ctx.view.facts, &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let view = ctx
        .write(Act::OfferRegister { controller }, intent, move |facts, _| {
            rules::offer(facts, fresh, controller, &code, &input)
        })
        .await?;
    let id = view.facts.register.by_key(&key).map(|row| row.id);
    Ok((view, id))
}

/// Amends a register.
pub async fn amend(ctx: &Context, id: RegisterId, input: RegisterInput, intent: Intent) -> Result<View, Error> {
    if ctx.view.facts.register.get(id).is_none() {
        return Err(unknown("id", "register"));
    }
    ctx.write(Act::KeepRegister { register: id }, intent, move |facts, _| rules::amend(facts, id, &input)).await
}

/// Adds a data item to a register.
pub async fn add_data_item(
    ctx: &Context,
    input: DataItemInput,
    intent: Intent,
) -> Result<(View, Option<DataItemId>), Error> {
    let fresh = clock::fresh_id();
    let register = ctx.view.facts.register.by_key(&input.register).ok_or_else(|| unknown("register", "register"))?.id;
    let (now, key) = (ctx.now, data_item_key(register, &input.code));
    let view = ctx
        .write(Act::KeepRegister { register }, intent, move |facts, _| items::add(facts, fresh, &input, now))
        .await?;
    let id = view.facts.data_item.by_key(&key).map(|row| row.id);
    Ok((view, id))
}

/// Retires a data item.
pub async fn retire_data_item(ctx: &Context, id: DataItemId, intent: Intent) -> Result<View, Error> {
    let register = items::register_of(&ctx.view.facts, id).ok_or_else(|| unknown("id", "data item"))?;
    let now = ctx.now;
    ctx.write(Act::KeepRegister { register }, intent, move |facts, _| items::retire(facts, id, now)).await
}

fn unknown(path: &str, what: &str) -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::NotFound, path, format!("no such {what}"))])
}
