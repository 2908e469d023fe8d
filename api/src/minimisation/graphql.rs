//! How unused items are said and listed.

use async_graphql::{Context, Object};
use chrono::Days;
use entity::vocabulary::{Operation, helsinki_day};

use super::{
    Asked, Place, Unused,
    rules::{UNUSED_DAYS_DEFAULT, UNUSED_DAYS_MAX},
};
use crate::{
    Error, FaultCode,
    agreement::graphql::Agreement,
    auth::policy,
    checks::Checks,
    context::View,
    disclosure::Recorder,
    graphql::{
        connections::{Connection, Page},
        request::{beside, request},
        said::Said,
        scalars::{Date, ItemCode},
    },
    scope::graphql::Scope,
};

/// Item that nobody asks for.
pub struct UnusedScopeItem {
    view: View,
    unused: Unused,
}

/// Item of an open scope that was not asked for in the time asked about: a narrower scope would do (GDPR article 5(1)(c)).
#[Object]
impl UnusedScopeItem {
    /// Agreement.
    async fn agreement(&self) -> Result<Agreement, Error> {
        let scope = self.view.facts.scope.get(self.unused.scope);
        let agreement = scope.and_then(|row| Agreement::of(&self.view, row.agreement_id));
        agreement.ok_or_else(|| Error::internal("an item without its agreement"))
    }

    /// Scope.
    async fn scope(&self) -> Result<Scope, Error> {
        let scope = self.view.facts.scope.get(self.unused.scope).and_then(|row| Scope::of(&self.view, row));
        scope.ok_or_else(|| Error::internal("an item without its scope"))
    }

    /// Code of the item.
    async fn item(&self) -> ItemCode {
        ItemCode::from(&self.unused.item)
    }

    /// What the scope lets be done with it.
    async fn operation(&self) -> Said<Operation> {
        self.unused.operation.into()
    }

    /// Civil day in Helsinki on which it was last asked for over the scope's channel, whatever was done with it; null when
    /// it never was.
    async fn last_used_on(&self) -> Option<Date> {
        self.unused.last_used_on.map(Date::from)
    }
}

/// Queries about minimisation.
#[derive(Default)]
pub struct MinimisationQuery;

#[Object]
impl MinimisationQuery {
    /// Items of open scopes that were not asked for in so many days, of the agreements one's own organisation is a side of,
    /// and for auditors of those they audit; by agreement number, channel, version and item. Denials are no use; scopes
    /// opened within that time are left out. Errors: FORBIDDEN, INVALID_INPUT, UNAVAILABLE. Source: GDPR article 5(1)(c).
    async fn unused_scope_items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Days without use, 1 to 3,650; 365 when absent.")] within_days: Option<i32>,
        #[graphql(desc = "Number of an agreement, to list only its items.")] agreement: Option<String>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<UnusedScopeItem>, Error> {
        let request = request(ctx, "unusedScopeItems")?;
        let view = &request.view;
        let mut checks = Checks::default();
        let days = within_days.unwrap_or(UNUSED_DAYS_DEFAULT);
        if !(1..=UNUSED_DAYS_MAX).contains(&days) {
            checks.fault(FaultCode::Malformed, "withinDays", format!("must be 1 to {UNUSED_DAYS_MAX}"));
        }
        let agreement = agreement.and_then(|number| {
            let known = policy::agreement_of(view.present(), &view.viewer, &number);
            checks.found("agreement", known, "agreement").map(|row| row.id)
        });
        let since = checks.done(|| helsinki_day(view.at).checked_sub_days(Days::new(days.unsigned_abs().into())));
        let since = since.map_err(Error::Invalid)?;
        let list = format!("unusedScopeItems {days}");
        let page: Page<Place> = Page::of(list, first, after.as_deref(), request.page_size_max())?;
        let sets = beside::<Recorder>(ctx)?.sets();
        let asked = Asked { since, agreement, after: page.after.as_ref() };
        let (rows, has_next) =
            Box::pin(super::unused(request.gateway().database.read(), sets, view, asked, page.count)).await?;
        let node = |unused| UnusedScopeItem { view: view.clone(), unused };
        Ok(page.fetched(rows.into_iter().map(|unused| (unused.place.clone(), unused)), has_next, node))
    }
}
