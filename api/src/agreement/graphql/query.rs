//! Queries about agreements.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::vocabulary::Day;

use super::{
    Agreement,
    filter::{AgreementFilter, AgreementOrder, Wanted},
};
use crate::{
    Error, Fault, FaultCode,
    auth::{Sight, policy},
    context::View,
    facts::Dossier,
    graphql::{
        as_of::{AsOf, in_time},
        connections::{Connection, Page},
        request::{one_of, request, row_id},
    },
};

/// Queries about agreements.
#[derive(Default)]
pub struct AgreementQuery;

#[Object]
impl AgreementQuery {
    /// Agreement of an id or a number; give exactly one. Null, with NOT_FOUND, when there is none the viewer may know of.
    /// Errors: NOT_FOUND, INVALID_INPUT.
    async fn agreement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global identifier.")] id: Option<ID>,
        #[graphql(desc = "Agreement number.")] number: Option<String>,
        #[graphql(desc = "Where the question stands in time; now when absent.")] as_of: Option<AsOf>,
    ) -> Option<Result<Agreement, Error>> {
        let found = async {
            let request = in_time(request(ctx, "agreement")?, as_of.as_ref()).await?;
            find(&request.view, id.as_ref(), number.as_deref())
        };
        Some(found.await)
    }

    /// Agreements the viewer may know of. Errors: INVALID_INPUT.
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions; everything the viewer may know of when absent.")] filter: Option<AgreementFilter>,
        #[graphql(desc = "Order; by number when absent. Ties by number.")] order_by: Option<AgreementOrder>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
        #[graphql(desc = "Where the question stands in time; now when absent.")] as_of: Option<AsOf>,
    ) -> Result<Connection<Agreement>, Error> {
        let request = in_time(request(ctx, "agreements")?, as_of.as_ref()).await?;
        let view = &request.view;
        let order_by = order_by.unwrap_or(AgreementOrder::Number);
        let page: Page<Position> = Page::of(order_by.list(), first, after.as_deref(), request.page_size_max())?;
        let wanted = Wanted::read(view, filter.unwrap_or_default()).map_err(Error::Invalid)?;
        let node = |(dossier, sight): Seen<'_>| Agreement { view: view.clone(), dossier: Arc::clone(dossier), sight };
        let is_counted = ctx.look_ahead().field("totalCount").exists();
        // Where nobody asks how many there are, a full page in the order of numbers ends the search.
        let stands_in_order = order_by == AgreementOrder::Number && !wanted.has_index();
        if stands_in_order && !is_counted {
            let after = page.after.as_ref().map_or("", |(_, number)| number);
            let mut rows = view.facts.agreement.after_key(after).filter_map(|row| view.facts.dossier(row.id));
            let mut found = rows.by_ref().filter_map(|dossier| wanted.sees(view, dossier));
            let entries: Vec<_> = found.by_ref().take(page.count).map(|seen| (order(seen.0, order_by), seen)).collect();
            return Ok(page.fetched(entries, found.next().is_some(), node));
        }
        let candidates = wanted.candidates(view).into_iter();
        let mut entries: Vec<_> = candidates
            .filter_map(|dossier| wanted.sees(view, dossier))
            .map(|seen| (order(seen.0, order_by), seen))
            .collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let total = entries.len();
        Ok(page.connection(entries, node).of_total(total))
    }
}

/// Agreement, and how much of it the viewer may know.
type Seen<'a> = (&'a Arc<Dossier>, Sight);

impl Wanted {
    /// The agreement, where the viewer may know of it and it meets the filter.
    fn sees<'a>(&self, view: &View, dossier: &'a Arc<Dossier>) -> Option<Seen<'a>> {
        let sight = policy::sight(view.present(), &view.viewer, &dossier.row)?;
        let is_admitted = self.admits(view, dossier, sight >= Sight::Metadata, sight >= Sight::Party);
        is_admitted.then_some((dossier, sight))
    }
}

fn find(view: &View, id: Option<&ID>, number: Option<&str>) -> Result<Agreement, Error> {
    one_of(&[("id", id.is_some()), ("number", number.is_some())])?;
    let dossier = match (id, number) {
        (Some(id), _) => view.facts.dossier(row_id(id, "id")?),
        (None, Some(number)) => view.facts.agreement.by_key(number).and_then(|row| view.facts.dossier(row.id)),
        (None, None) => return Err(Error::Invalid(vec![Fault::new(FaultCode::Blank, "id", "give an id or a number")])),
    };
    dossier.and_then(|dossier| Agreement::seen(view, dossier)).ok_or(Error::NotFound("agreement"))
}

/// Where an agreement stands in an order.
type Position = (Option<Day>, String);

fn order(dossier: &Dossier, by: AgreementOrder) -> Position {
    let last = Some(Day::MAX);
    let day = match by {
        AgreementOrder::Number => None,
        AgreementOrder::StartsOn => dossier.row.starts_on.or(last),
        AgreementOrder::EndsOn => dossier.row.ends_on.or(last),
    };
    (day, dossier.row.number.clone())
}
