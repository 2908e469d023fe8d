//! Proposals: provisions, entitlements and keys that wait for a second administrator.

pub mod graphql;
pub mod rules;

use crate::{
    Error,
    auth::Act,
    context::{Context, Intent, View},
};
pub use rules::RejectionInput;

/// Rejects a proposal, or withdraws one's own.
pub async fn reject(ctx: &Context, input: RejectionInput, intent: Intent) -> Result<(View, Option<()>), Error> {
    let view = ctx.write(Act::KeepLaw, intent, move |facts, _| rules::reject(facts, &input)).await?;
    Ok((view, Some(())))
}
