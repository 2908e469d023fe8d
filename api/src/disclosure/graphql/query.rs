//! Pages of the log.

use async_graphql::{Context, Enum, InputObject, Object};
use entity::vocabulary::{Coverage, DisclosureId, DisclosureOutcome};

use super::Disclosure;
use crate::{
    Error, Violations,
    auth::policy,
    checks::Checks,
    context,
    disclosure::{
        Recorder,
        list::{self, Filter, Order, Served},
    },
    graphql::{
        connections::{Connection, Page},
        request::request,
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
    /// Given before this instant.
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
        let page: Page<uuid::Uuid> = Page::of(first, after.as_deref(), request.page_size_max())?;
        let filter = read(request, filter.unwrap_or_default()).map_err(Error::Invalid)?;
        let filter = own_rows(request, filter)?;
        let order = match order_by.unwrap_or(DisclosureOrder::NewestFirst) {
            DisclosureOrder::NewestFirst => Order::NewestFirst,
            DisclosureOrder::OldestFirst => Order::OldestFirst,
        };
        let sets = ctx.data_opt::<Recorder>().ok_or_else(|| Error::internal("no recorder"))?.sets();
        let last = page.after.map(DisclosureId);
        let found = list::page(request.gateway.database.read(), sets, &filter, order, last, page.count).await?;
        let node = |recorded| Disclosure { view: request.view.clone(), recorded };
        let rows = found.rows.into_iter().map(|recorded| (recorded.row.id.0, recorded));
        Ok(page.fetched(rows, found.has_next, node))
    }
}

/// Rows of the viewer's own organisation; of a processor, those under the agreements that name it and those it recorded;
/// for the auditor of all, every row.
fn own_rows(request: &context::Context, filter: Filter) -> Result<Filter, Error> {
    let (facts, viewer) = (&request.view.facts, &request.view.viewer);
    if policy::audits_all(facts, viewer) {
        return Ok(filter);
    }
    let keeper = policy::log_keeper(facts, viewer)?;
    let served = keeper.processor.map(|processor| Served {
        agreements: policy::served(facts, keeper.organisation, processor).collect(),
        processor,
    });
    Ok(Filter { party: Some(keeper.organisation), served, ..filter })
}

fn read(request: &context::Context, filter: DisclosureFilter) -> Result<Filter, Violations> {
    let facts = &request.view.facts;
    let mut checks = Checks::default();
    let organisation = |checks: &mut Checks, path: &str, id: Option<&BusinessId>| {
        let known = facts.organisation_of(id?.as_str());
        checks.found(&format!("filter.{path}"), known, "organisation").map(|row| row.id)
    };
    let (discloser, recipient) = (
        organisation(&mut checks, "discloser", filter.discloser.as_ref()),
        organisation(&mut checks, "recipient", filter.recipient.as_ref()),
    );
    let agreement = filter.agreement.and_then(|number| {
        let known = facts.agreement.by_key(&number);
        let known = known.filter(|row| policy::sight(facts, &request.view.viewer, row).is_some());
        checks.found("filter.agreement", known, "agreement").map(|row| row.id)
    });
    let register = filter
        .register
        .and_then(|code| checks.found("filter.register", facts.register.by_key(&code), "register").map(|row| row.id));
    let users = filter.end_user.and_then(|user| {
        let own = checks.found("filter.endUser", request.view.viewer.organisation, "organisation of the end user")?;
        list::user_pseudonyms(facts, &request.gateway.keys, discloser, &own, &user).ok()
    });
    let occurred_from = filter.occurred_from.and_then(|at| at.instant("filter.occurredFrom", checks.faults()));
    let occurred_until = filter.occurred_until.and_then(|at| at.instant("filter.occurredUntil", checks.faults()));
    checks.done(|| {
        Some(Filter {
            discloser,
            recipient,
            agreement,
            register,
            outcome: filter.outcome.map(|outcome| outcome.0),
            coverage: filter.coverage.map(|coverage| coverage.0),
            occurred_from,
            occurred_until,
            users,
            ..Filter::default()
        })
    })
}
