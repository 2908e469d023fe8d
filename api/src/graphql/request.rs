//! What every resolver begins with: the request it answers, and the few arguments that recur.

use std::{
    any::Any,
    str::FromStr,
    sync::{Arc, OnceLock},
};

use async_graphql::ID;
use entity::vocabulary::{Language, Malformed, RowId};

use super::said::Said;
use crate::{
    Error, Fault, FaultCode,
    auth::policy,
    context::{Context, View},
};

/// The request, once the matrix admits its viewer to a root field.
///
/// # Errors
/// Unauthenticated without a token, forbidden for another role.
pub fn request<'a>(ctx: &'a async_graphql::Context<'_>, field: &'static str) -> Result<&'a Context, Error> {
    let request = within(ctx)?;
    policy::admit(&request.view.viewer, field)?;
    Ok(request)
}

/// The request, below a root field that admitted its viewer.
///
/// # Errors
/// Internal when there is none, which no request lacks.
pub fn within<'a>(ctx: &'a async_graphql::Context<'_>) -> Result<&'a Context, Error> {
    ctx.data_opt::<Context>().ok_or_else(|| Error::internal("a request without its context"))
}

/// Where a part of the gateway is that resolvers reach beside the facts. A schema is made with it before the part is there.
#[derive(Debug)]
pub struct Beside<T>(Arc<OnceLock<T>>);

impl<T> Beside<T> {
    /// Puts the part where [`beside`] finds it. The first stays.
    pub fn put(&self, part: T) {
        self.0.get_or_init(|| part);
    }
}

impl<T> Clone for Beside<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Beside<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

/// Part of the gateway beside the facts. An answer that needs it is made anew each time.
///
/// # Errors
/// Internal when there is none, which no request lacks.
pub fn beside<'a, T: Any + Send + Sync>(ctx: &'a async_graphql::Context<'_>) -> Result<&'a T, Error> {
    within(ctx)?.footing.note_elsewhere();
    let part = ctx.data_opt::<Beside<T>>().and_then(|part| part.0.get());
    part.ok_or_else(|| Error::internal("a request without a part of the gateway"))
}

/// Row of a global id.
///
/// # Errors
/// Invalid when it is malformed or of another table.
pub fn row_id<I: RowId + FromStr<Err = Malformed>>(id: &ID, path: &str) -> Result<I, Error> {
    id.parse().map_err(|fault| Error::Invalid(vec![Fault::malformed(path, &fault)]))
}

/// Exactly one of some arguments must be given.
///
/// # Errors
/// Invalid when none or several are.
pub fn one_of(arguments: &[(&str, bool)]) -> Result<(), Error> {
    if arguments.iter().filter(|(_, is_given)| *is_given).count() == 1 {
        return Ok(());
    }
    let names: Vec<_> = arguments.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = format!("give exactly one of {}", names.join(", "));
    Err(Error::Invalid(
        arguments.iter().map(|(name, _)| Fault::new(FaultCode::Malformed, name, message.clone())).collect(),
    ))
}

/// Name in the language asked for, else in that of the request, else in Finnish.
pub fn named(
    view: &View,
    language: Option<Said<Language>>,
    fi: &str,
    sv: Option<&String>,
    en: Option<&String>,
) -> String {
    language.map_or(view.language, |language| language.0).choose(fi, sv, en)
}
