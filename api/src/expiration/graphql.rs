//! How expirations are said.

use async_graphql::{Context, Enum, ID, Object};

use super::rules;
use crate::{
    Error, Fault, FaultCode,
    agreement::graphql::Agreement,
    context::View,
    graphql::{
        connections::{Connection, Page},
        request::request,
        scalars::DateTime,
    },
};

/// Longest look ahead, in days.
const DAYS_MAX: i32 = 3_660;

/// What ends. May grow.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "rules::ExpirationKind")]
pub enum ExpirationKind {
    /// An agreement's last day.
    Agreement,
    /// A provision an agreement rests on ceases to be in force.
    LegalBasis,
    /// Approval of a protection statement lapses.
    ProtectionStatement,
    /// A protection statement is due for review.
    StatementReview,
    /// A right to grant mandates ends.
    MandatingRight,
    /// An organisation's signing key ends.
    OrganisationKey,
    /// A contact is due to be confirmed again, a year after the last time.
    Contact,
    /// What a provision an agreement rests on gives at most ends.
    Entitlement,
    /// An end user's access grant ends; for the officers of both sides and their auditors.
    AccessGrant,
    /// An end user's access grant without an end is due to be looked at again, a year after it was given (R53); for the
    /// officers of both sides and their auditors.
    GrantReview,
    /// The recipient's review of its own use is due, a year after the last (R60); for the officers of both sides and their
    /// auditors.
    UsageReview,
    /// The supervisory authority is due to be told of a personal data breach (GDPR article 33); for the officers of both
    /// sides and their auditors.
    IncidentNotice,
    /// A step of adoption has an agreed day and is not done; for both sides (R43).
    AdoptionStep,
}

/// Something that ends.
pub struct Expiration {
    view: View,
    expiration: rules::Expiration,
}

/// Something that ends by time alone.
#[Object]
impl Expiration {
    /// What sort of thing.
    async fn kind(&self) -> ExpirationKind {
        self.expiration.kind.into()
    }

    /// Instant it ends at, or is due, UTC.
    async fn at(&self) -> DateTime {
        self.expiration.at.into()
    }

    /// Whether it should have been done by now.
    async fn is_overdue(&self) -> bool {
        self.expiration.at <= self.view.at
    }

    /// Global identifier of the thing; for a step of adoption and a usage review, of the agreement.
    async fn subject_id(&self) -> ID {
        self.expiration.subject.clone().into()
    }

    /// Its number, citation, code or name; the agreement's number for its parts, and for a step of adoption also its code.
    async fn label(&self) -> &str {
        &self.expiration.label
    }

    /// Agreement concerned; null where it concerns no single one.
    async fn agreement(&self) -> Option<Agreement> {
        Agreement::of(&self.view, self.expiration.agreement?)
    }
}

/// Queries about what ends.
#[derive(Default)]
pub struct ExpirationQuery;

#[Object]
impl ExpirationQuery {
    /// What ends, or is due, within a number of days of what one answers for, soonest first. Errors: FORBIDDEN,
    /// INVALID_INPUT.
    async fn expirations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Days ahead, 1 to 3,660.")] within_days: i32,
        #[graphql(desc = "Only of these kinds; all when absent.")] kinds: Option<Vec<ExpirationKind>>,
        #[graphql(desc = "Also what should have been done before now and was not; not so when absent or false.")]
        include_overdue: Option<bool>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Expiration>, Error> {
        let request = request(ctx, "expirations")?;
        // Reckoned in days from now.
        request.footing.note_elsewhere();
        let view = &request.view;
        let page = Page::<rules::Position>::of("expirations", first, after.as_deref(), request.page_size_max())?;
        if !(1..=DAYS_MAX).contains(&within_days) {
            let message = format!("must be 1 to {DAYS_MAX}");
            return Err(Error::Invalid(vec![Fault::new(FaultCode::Malformed, "withinDays", message)]));
        }
        let kinds: Option<Vec<rules::ExpirationKind>> = kinds.map(|all| all.into_iter().map(Into::into).collect());
        let overdue = if include_overdue == Some(true) { rules::Overdue::Shown } else { rules::Overdue::Hidden };
        let found = rules::expirations(view, i64::from(within_days), kinds.as_deref(), overdue);
        let entries = found.into_iter().map(|one| (one.position(), one));
        Ok(page.connection(entries, |expiration| Expiration { view: view.clone(), expiration }))
    }
}
