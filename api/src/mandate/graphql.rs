//! How mandate themes and the rights to grant them are said.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use entity::{
    mandate_theme, mandating_right,
    vocabulary::{Language, MandateThemeStatus, MandatingRightStatus},
};

use crate::{
    Error,
    context::View,
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        request::{named, request},
        said::Said,
        scalars::{Date, DateTime},
    },
    organisation::graphql::Organisation,
};

/// Mandate theme at the instant of a view.
pub struct MandateTheme {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<mandate_theme::Model>,
}

/// Suomi.fi mandate theme: the matter an employee is mandated for.
#[Object]
impl MandateTheme {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Stable code.
    async fn code(&self) -> &str {
        &self.row.code
    }

    /// Theme URI; null until the mandate register has given one.
    async fn uri(&self) -> Option<&str> {
        self.row.uri.as_deref()
    }

    /// Name.
    async fn name(
        &self,
        #[graphql(desc = "Language; that of the request when absent. Falls back to Finnish.")] language: Option<
            Said<Language>,
        >,
    ) -> String {
        named(&self.view, language, &self.row.name_fi, self.row.name_sv.as_ref(), self.row.name_en.as_ref())
    }

    /// Where its definition stands.
    async fn status(&self) -> Said<MandateThemeStatus> {
        let history = self.view.facts.theme_history(self.row.id);
        history.and_then(|history| history.at(self.view.at)).unwrap_or(self.row.status).into()
    }

    /// Body that keeps the mandate register; null when it is not recorded.
    async fn owner(&self) -> Option<Organisation> {
        Organisation::of(&self.view, self.row.owner_id?)
    }

    /// Right of the caller's organisation to grant mandates of this theme, the newest application; null when it has not
    /// applied, and for a caller without an organisation.
    async fn own_right(&self) -> Option<MandatingRight> {
        let own = self.view.own_id()?;
        let rights = self.view.facts.mandating_right.of(own).filter(|right| right.mandate_theme_id == self.row.id);
        let row = Arc::clone(rights.max_by_key(|right| (right.applied_on, right.id))?);
        Some(MandatingRight { view: self.view.clone(), row })
    }
}

/// Right to grant mandates.
pub struct MandatingRight {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<mandating_right::Model>,
}

/// Organisation's right to grant its employees mandates of one theme.
#[Object]
impl MandatingRight {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Organisation.
    async fn organisation(&self) -> Result<Organisation, Error> {
        Organisation::of(&self.view, self.row.organisation_id)
            .ok_or_else(|| Error::internal("a mandating right without its organisation"))
    }

    /// Theme.
    async fn theme(&self) -> Result<MandateTheme, Error> {
        let row = self.view.facts.mandate_theme.get(self.row.mandate_theme_id);
        let row = row.ok_or_else(|| Error::internal("a mandating right without its theme"))?;
        Ok(MandateTheme { view: self.view.clone(), row: Arc::clone(row) })
    }

    /// Where it stands.
    async fn status(&self) -> Said<MandatingRightStatus> {
        let rights = self.view.facts.rights(self.row.organisation_id, self.row.mandate_theme_id);
        let right = rights.iter().find(|right| right.row.id == self.row.id);
        right.and_then(|right| right.status.at(self.view.at)).unwrap_or(self.row.status).into()
    }

    /// Day of the application.
    async fn applied_on(&self) -> Date {
        self.row.applied_on.into()
    }

    /// Day of the decision; null while applied for.
    async fn decided_on(&self) -> Option<Date> {
        self.row.decided_on.map(Date::from)
    }

    /// Instant at which it ends, UTC, exclusive; null when open-ended.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }
}

/// Queries about mandate themes.
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
}
