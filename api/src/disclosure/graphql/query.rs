//! Pages of the log.

use std::collections::BTreeSet;

use async_graphql::{Context, Enum, InputObject, Object};
use entity::vocabulary::{Coverage, DisclosureId, DisclosureOutcome, OrganisationId};

use super::Disclosure;
use crate::{
    Error, FaultCode,
    auth::policy,
    checks::{Checks, REFERENCE_CHARACTERS_MAX},
    context,
    disclosure::{
        Recorder,
        list::{self, Excerpt, Filter, Order},
        shown::{Listed, columns_of},
    },
    graphql::{
        connections::{Connection, Page, asked_of_nodes},
        request::{beside, request},
        said::Said,
        scalars::{BusinessId, DateTime},
    },
};

/// Conditions a disclosure must meet to be listed; all that are given.
#[derive(InputObject, Default)]
pub struct DisclosureFilter {
    /// Business ID of the discloser.
    discloser: Option<BusinessId>,
    /// Business ID of the recipient.
    recipient: Option<BusinessId>,
    /// Number of the agreement that covered it.
    agreement: Option<String>,
    /// Code of the register.
    register: Option<String>,
    /// Outcome.
    outcome: Option<Said<DisclosureOutcome>>,
    /// Coverage.
    coverage: Option<Said<Coverage>>,
    /// Given at this instant or later.
    occurred_from: Option<DateTime>,
    /// Given before this instant, which is later than `occurredFrom`.
    occurred_until: Option<DateTime>,
    /// End user of the caller's own organisation, in the clear; at most 200 characters.
    end_user: Option<String>,
}

/// Order of disclosures. May grow.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum DisclosureOrder {
    /// Latest recorded first.
    NewestFirst,
    /// Earliest recorded first.
    OldestFirst,
}

/// Queries about disclosures.
#[derive(Default)]
pub struct DisclosureQuery;

#[Object]
impl DisclosureQuery {
    /// Disclosures one's own organisation gave or received; a processor's, those under the agreements that name it; every
    /// one for the data-protection authority's auditor. Errors: FORBIDDEN, INVALID_INPUT, UNAVAILABLE.
    async fn disclosures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions; everything the viewer may see when absent.")] filter: Option<DisclosureFilter>,
        #[graphql(desc = "Order of recording; newest first when absent.")] order_by: Option<DisclosureOrder>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Disclosure>, Error> {
        let request = request(ctx, "disclosures")?;
        let (order, name) = match order_by.unwrap_or(DisclosureOrder::NewestFirst) {
            DisclosureOrder::NewestFirst => (Order::NewestFirst, "disclosures NEWEST_FIRST"),
            DisclosureOrder::OldestFirst => (Order::OldestFirst, "disclosures OLDEST_FIRST"),
        };
        let page: Page<uuid::Uuid> = Page::of(name, first, after.as_deref(), request.page_size_max())?;
        let filter = read(request, filter.unwrap_or_default())?;
        if filter.users.is_some() {
            Box::pin(list::every_key_is_live(request.gateway().database.read(), request.keys())).await?;
        }
        let sets = beside::<Recorder>(ctx)?.sets();
        let columns = columns_of(&fields_of_nodes(ctx));
        let (after, first) = (page.after.map(DisclosureId), page.count);
        let excerpt = Excerpt { filter: &filter, order, after, first, now: request.now };
        let database = &request.gateway().database;
        let found = if order == Order::NewestFirst && filter.is_of_one_look() {
            Box::pin(list::shown(database.read(), sets, excerpt, &columns)).await?
        } else {
            // A page may take several statements: what is recorded between two of them would be passed over.
            let txn = database.read_snapshot().await?;
            let found = Box::pin(list::shown(&txn, sets, excerpt, &columns)).await?;
            txn.commit().await?;
            found
        };
        let node = |listed| Disclosure { view: request.view.clone(), listed };
        let keyed = |listed: Listed| Ok((listed.row.id.get()?.0, listed));
        let rows: Vec<_> = found.rows.into_iter().map(keyed).collect::<Result<_, Error>>()?;
        Ok(page.fetched(rows, found.has_next, node))
    }
}

/// Names of the fields that are asked of the entries of the page.
fn fields_of_nodes<'a>(ctx: &'a Context<'_>) -> BTreeSet<&'a str> {
    let nodes = asked_of_nodes(ctx).into_iter().flat_map(|nodes| nodes.selection_fields());
    nodes.flat_map(|node| node.selection_set().map(|field| field.name()).collect::<Vec<_>>()).collect()
}

/// Filter of an input over what the viewer sees, its references found.
fn read(request: &context::Context, filter: DisclosureFilter) -> Result<Filter, Error> {
    let (facts, viewer) = (&request.view.facts, &request.view.viewer);
    let rows = policy::rows(facts, viewer)?;
    let mut checks = Checks::default();
    let organisation = |checks: &mut Checks, path: &str, id: Option<&BusinessId>| {
        checks.organisation(facts, &format!("filter.{path}"), id?.as_str()).map(|row| row.id)
    };
    let (discloser, recipient) = (
        organisation(&mut checks, "discloser", filter.discloser.as_ref()),
        organisation(&mut checks, "recipient", filter.recipient.as_ref()),
    );
    let agreement = filter
        .agreement
        .and_then(|number| checks.found("filter.agreement", policy::agreement_of(facts, viewer, &number), "agreement"));
    let is_partys = agreement.is_some_and(|row| rows.are_of((row.discloser_id, row.recipient_id)));
    let register = filter
        .register
        .and_then(|code| checks.found("filter.register", facts.register.by_key(&code), "register").map(|row| row.id));
    let user = filter.end_user.as_deref();
    if let Some(user) = user {
        checks.text("filter.endUser", user, REFERENCE_CHARACTERS_MAX);
        checks.found("filter.endUser", policy::own_id(facts, viewer), "organisation of the end user");
    }
    let occurred_from = filter.occurred_from.and_then(|at| checks.instant("filter.occurredFrom", at.as_str()));
    let occurred_until = filter.occurred_until.and_then(|at| checks.instant("filter.occurredUntil", at.as_str()));
    if occurred_from.zip(occurred_until).is_some_and(|(from, until)| until <= from) {
        checks.fault(FaultCode::PeriodReversed, "filter.occurredUntil", "not after `occurredFrom`");
    }
    let filter = checks.done(|| {
        Some(Filter {
            discloser,
            recipient,
            agreement: agreement.map(|row| row.id),
            is_partys,
            register,
            outcome: filter.outcome.map(|outcome| outcome.0),
            coverage: filter.coverage.map(|coverage| coverage.0),
            occurred_from,
            occurred_until,
            ..Filter::default()
        })
    });
    let filter = filter.map_err(Error::Invalid)?;
    let users = user.map(|user| end_users(request, discloser, user)).transpose()?;
    Ok(Filter { rows, users, ..filter })
}

/// Pseudonyms of an end user of the viewer's organisation, and of those whose place it took.
fn end_users(
    request: &context::Context,
    discloser: Option<OrganisationId>,
    user: &str,
) -> Result<Vec<[u8; 32]>, Error> {
    let facts = &request.view.facts;
    let own = policy::own_id(facts, &request.view.viewer).map(|own| facts.lineage(own)).unwrap_or_default();
    let recipients = own.into_iter().filter_map(|id| facts.organisation.get(id)?.business_id);
    let pseudonyms: Vec<_> = recipients
        .map(|recipient| list::user_pseudonyms(facts, &request.gateway().keys, discloser, &recipient, user))
        .collect::<Result<_, _>>()?;
    Ok(pseudonyms.concat())
}
