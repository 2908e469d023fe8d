//! Lists of mandate themes and of the rights to grant them.

use std::sync::Arc;

use async_graphql::{Context, Object};
use entity::{mandate_theme, mandating_right, vocabulary::MandatingRightStatus};

use super::{MandateTheme, MandatingRight};
use crate::{
    Error,
    auth::policy,
    checks::Checks,
    context::View,
    graphql::{
        connections::{Connection, Page},
        request::request,
        said::Said,
        scalars::BusinessId,
    },
};

/// Queries about mandate themes and the rights to grant them.
#[derive(Default)]
pub struct MandateQuery;

#[Object]
impl MandateQuery {
    /// Mandate themes, by code. Errors: INVALID_INPUT, LIMIT_EXCEEDED.
    async fn mandate_themes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<MandateTheme>, Error> {
        let request = request(ctx, "mandateThemes")?;
        let page = Page::of("mandateThemes", first, after.as_deref(), request.page_size_max())?;
        let view = &request.view;
        let mut rows: Vec<_> = view.facts.mandate_theme.all().collect();
        rows.sort_by(|a, b| a.code.cmp(&b.code));
        let total = rows.len();
        let node = |row: &Arc<mandate_theme::Model>| MandateTheme { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows.into_iter().map(|row| (row.code.clone(), row)), node).of_total(total))
    }

    /// Rights to grant mandates, oldest first: those of one's own organisation, and those of others for themes it keeps; an
    /// administrator sees all. Errors: FORBIDDEN, INVALID_INPUT, LIMIT_EXCEEDED.
    async fn mandating_rights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of the organisation of this business ID.")] organisation: Option<BusinessId>,
        #[graphql(desc = "Only those of this status.")] status: Option<Said<MandatingRightStatus>>,
        #[graphql(desc = "Only applications that the caller may decide; all when absent or false.")]
        waits_for_me: Option<bool>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<MandatingRight>, Error> {
        let request = request(ctx, "mandatingRights")?;
        let view = &request.view;
        let page = Page::of("mandatingRights", first, after.as_deref(), request.page_size_max())?;
        let mut checks = Checks::default();
        let holder =
            organisation.map(|id| checks.organisation(&view.facts, "organisation", id.as_str()).map(|row| row.id));
        let holder = checks.done(|| Some(holder.flatten())).map_err(Error::Invalid)?;
        let rows = view
            .facts
            .mandating_right
            .all()
            .filter(|row| holder.is_none_or(|id| row.organisation_id == id))
            .filter(|row| status.is_none_or(|status| row.status == status.0))
            .filter(|row| policy::sees_mandating_right(view.present(), &view.viewer, row))
            .filter(|row| waits_for_me != Some(true) || waits_for_viewer(view, row));
        let rows: Vec<_> = rows.map(|row| (row.id.0, row)).collect();
        let total = rows.len();
        let node = |row: &Arc<mandating_right::Model>| MandatingRight { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows, node).of_total(total))
    }
}

fn waits_for_viewer(view: &View, row: &mandating_right::Model) -> bool {
    row.status == MandatingRightStatus::Applied && policy::decides_mandating_right(view.present(), &view.viewer, row)
}
