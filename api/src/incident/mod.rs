//! Incidents: misuse and breaches (R18).

pub mod graphql;
pub mod rules;

use entity::vocabulary::{AgreementId, IncidentId, OrganisationId, read_instant};

use crate::{
    Error,
    auth::{Act, policy},
    clock,
    context::{Context, Intent, View},
    facts::Facts,
};
pub use rules::{ClosingInput, NoticeInput, ReportInput};

/// Reports an incident under an agreement, for the viewer's organisation.
pub async fn report(ctx: &Context, input: ReportInput, intent: Intent) -> Result<(View, Option<IncidentId>), Error> {
    let (fresh, now) = (clock::fresh_id(), ctx.now);
    let reporter = policy::own_id(ctx.view.present(), &ctx.view.viewer).ok_or(Error::Forbidden)?;
    let named = ctx.view.facts.agreement.by_key(&input.agreement).map(|row| row.id);
    let given = input.clone();
    let rule =
        move |facts: &Facts, known, actor: &str| rules::report(facts, fresh, (known, reporter), &given, (actor, now));
    let view = ctx.write_to(named, |agreement| Act::JoinAgreement { agreement }, intent, rule).await?;
    let id = view.facts.incident.get(fresh).map(|row| row.id);
    let id = id.or_else(|| standing(&view.facts, (named?, reporter), &input));
    Ok((view, id))
}

/// Incident an input reports again.
fn standing(facts: &Facts, of: (AgreementId, OrganisationId), input: &ReportInput) -> Option<IncidentId> {
    rules::reported(facts, of, input.kind, read_instant(&input.occurred_at)?).map(|row| row.id)
}

/// Closes an incident.
pub async fn close(ctx: &Context, input: ClosingInput, intent: Intent) -> Result<(View, Option<IncidentId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, actor: &str| rules::close(facts, known, &input, (actor, now));
    let view = ctx.write_to(named, |incident| Act::CloseIncident { incident }, intent, rule).await?;
    Ok((view, named))
}

/// Records that the supervisory authority was told of an incident.
pub async fn record_notice(
    ctx: &Context,
    input: NoticeInput,
    intent: Intent,
) -> Result<(View, Option<IncidentId>), Error> {
    let (now, named) = (ctx.now, input.id.parse().ok());
    let rule = move |facts: &Facts, known, _: &str| rules::record_notice(facts, known, &input, now);
    let view = ctx.write_to(named, |incident| Act::CloseIncident { incident }, intent, rule).await?;
    Ok((view, named))
}
