//! Queries about protection statements.

use std::sync::Arc;

use async_graphql::{Context, Object};
use entity::{
    protection_statement,
    vocabulary::{AgreementSide, StatementStatus},
};

use super::{ProtectionCatalogue, ProtectionStatement};
use crate::{
    Error,
    auth::policy,
    context::View,
    decision::CATALOGUE_VERSION,
    graphql::{
        connections::{Connection, Page},
        request::request,
        said::Said,
    },
    protection_statement::rules,
};

/// Queries about protection statements.
#[derive(Default)]
pub struct ProtectionStatementQuery;

#[Object]
impl ProtectionStatementQuery {
    /// Protection statements of one's own organisation, given or received, oldest first. Errors: FORBIDDEN, INVALID_INPUT.
    async fn protection_statements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this status.")] status: Option<Said<StatementStatus>>,
        #[graphql(desc = "Only those that wait for an act of the caller's side; all when absent or false.")]
        waits_for_me: Option<bool>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<ProtectionStatement>, Error> {
        let request = request(ctx, "protectionStatements")?;
        let view = &request.view;
        let page = Page::of("protectionStatements", first, after.as_deref(), request.page_size_max())?;
        let rows = view
            .facts
            .protection_statement
            .all()
            .filter(|row| policy::sees_statement(view.present(), &view.viewer, row))
            .filter(|row| status.is_none_or(|status| row.status == status.0))
            .filter(|row| waits_for_me != Some(true) || waits_for_viewer(view, row));
        let rows: Vec<_> = rows.map(|row| (row.id.0, row)).collect();
        let total = rows.len();
        let node =
            |row: &Arc<protection_statement::Model>| ProtectionStatement { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows, node).of_total(total))
    }

    /// Questions of a version of the protection catalogue, the newest when absent; what is submitted from now on answers
    /// that. Null, with NOT_FOUND, for a version that does not exist. Errors: NOT_FOUND.
    async fn protection_catalogue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Version, from 1.")] version: Option<i32>,
    ) -> Option<Result<ProtectionCatalogue, Error>> {
        let found = request(ctx, "protectionCatalogue").and_then(|request| {
            let version = version.unwrap_or(CATALOGUE_VERSION);
            ProtectionCatalogue::of(&request.view, version).ok_or(Error::NotFound("protection catalogue"))
        });
        Some(found)
    }
}

fn waits_for_viewer(view: &View, row: &protection_statement::Model) -> bool {
    let acts_for = |party| policy::acts_for(view.present(), &view.viewer, party);
    match rules::waits_for(&view.facts, row, view.at) {
        Some(AgreementSide::Discloser) => acts_for(row.discloser_id),
        Some(AgreementSide::Recipient) => acts_for(row.recipient_id),
        Some(AgreementSide::Both) => acts_for(row.discloser_id) || acts_for(row.recipient_id),
        None => false,
    }
}
