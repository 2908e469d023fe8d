//! How mandate themes and the rights to grant them are said.

mod query;
mod right;
mod theme;

use std::sync::Arc;

use async_graphql::{ID, Object};
use entity::{
    mandate_theme, mandating_right,
    vocabulary::{Language, MandateThemeId, MandateThemeStatus, MandatingRightId, MandatingRightStatus, StatusSubject},
};

pub use query::MandateQuery;
pub use right::MandatingRightMutation;
pub use theme::MandateThemeMutation;

use crate::{
    Error,
    auth::policy,
    context::View,
    facts::global_id,
    graphql::{
        request::named,
        said::Said,
        scalars::{Date, DateTime},
    },
    organisation::graphql::Organisation,
    status,
};

/// Mandate theme at the instant of a view.
pub struct MandateTheme {
    /// What is seen.
    pub view: View,
    /// The row.
    pub row: Arc<mandate_theme::Model>,
}

impl MandateTheme {
    /// Theme of an id; null when there is none.
    pub fn of(view: &View, id: MandateThemeId) -> Option<Self> {
        Some(Self { view: view.clone(), row: Arc::clone(view.facts.mandate_theme.get(id)?) })
    }
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

impl MandatingRight {
    /// Right of an id; null for those outside its holder and the keeper of its theme, but for auditors and administrators.
    pub fn of(view: &View, id: MandatingRightId) -> Option<Self> {
        let row = view.facts.mandating_right.get(id)?;
        let sees = policy::sees_mandating_right(view.present(), &view.viewer, row);
        sees.then(|| Self { view: view.clone(), row: Arc::clone(row) })
    }
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
        MandateTheme::of(&self.view, self.row.mandate_theme_id)
            .ok_or_else(|| Error::internal("a mandating right without its theme"))
    }

    /// Where it stands.
    async fn status(&self) -> Said<MandatingRightStatus> {
        let rights = self.view.facts.rights(self.row.organisation_id, self.row.mandate_theme_id);
        let right = rights.iter().find(|right| right.row.id == self.row.id);
        right.and_then(|right| right.status.at(self.view.at)).unwrap_or(self.row.status).into()
    }

    /// Reference of the application, which may cover several themes; null when none was given.
    async fn application(&self) -> Option<&str> {
        self.row.application.as_deref()
    }

    /// Day of the application.
    async fn applied_on(&self) -> Date {
        self.row.applied_on.into()
    }

    /// Day of the last decision; null while applied for.
    async fn decided_on(&self) -> Option<Date> {
        self.row.decided_on.map(Date::from)
    }

    /// Why it was decided so; null while applied for, when no reason was given, and for those who may not see the right in
    /// `mandatingRights`.
    async fn decision_reason(&self) -> Option<String> {
        let (facts, viewer) = (&self.view.facts, &self.view.viewer);
        let last = status::entries(facts, (StatusSubject::MandatingRight, self.row.id.0)).into_iter().next_back()?;
        let reason = last.reason.as_deref();
        reason.filter(|_| policy::sees_mandating_right(self.view.present(), viewer, &self.row)).map(Into::into)
    }

    /// Instant at which it ends, UTC, exclusive; null when open-ended.
    async fn valid_until(&self) -> Option<DateTime> {
        self.row.valid_until.map(DateTime::from)
    }
}
