//! How anomalies are said, listed and decided.

mod subscription;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    anomaly, anomaly_decision,
    vocabulary::{AnomalyRule, AnomalyStatus, AnomalyVerdict},
};

pub use subscription::AnomalySubscription;

use super::{DecisionInput, Filter, Position, position, rules};
use crate::{
    Error,
    agreement::graphql::Agreement,
    auth::policy,
    checks::Checks,
    context::{Intent, View},
    facts::global_id,
    graphql::{
        connections::{Connection, Page},
        errors::UserError,
        long::Long,
        request::{request, within},
        said::Said,
        scalars::DateTime,
    },
    scope::graphql::Scope,
};

/// Anomaly as its discloser sees it.
pub struct Anomaly {
    view: View,
    row: anomaly::Model,
}

impl Anomaly {
    /// Anomaly of an id; null when there is none the viewer sees.
    pub async fn of(ctx: &Context<'_>, view: &View, id: uuid::Uuid) -> Result<Option<Self>, Error> {
        let row = Box::pin(super::one(within(ctx)?.gateway().database.read(), view, id.into())).await?;
        Ok(row.map(|row| Self { view: view.clone(), row }))
    }

    fn standing(&self) -> (AnomalyStatus, Option<&anomaly_decision::Model>) {
        rules::standing(&self.view.facts, &self.row)
    }
}

/// Unusual retrieval, found without anyone asking (906/2019 23 § 2 mom). One rule finds one anomaly a day of one end user
/// over one scope, or of one agreement. Whose retrieval it was stands in the disclosures of the hour.
#[Object]
impl Anomaly {
    /// Global identifier.
    pub async fn id(&self) -> ID {
        global_id(self.row.id).into()
    }

    /// Rule that found it.
    async fn rule(&self) -> Said<AnomalyRule> {
        self.row.rule.into()
    }

    /// Agreement.
    async fn agreement(&self) -> Result<Agreement, Error> {
        Agreement::of(&self.view, self.row.agreement_id)
            .ok_or_else(|| Error::internal("an anomaly without its agreement"))
    }

    /// Scope; null where the rule looks at the agreement as a whole.
    async fn scope(&self) -> Option<Scope> {
        Scope::of(&self.view, self.view.facts.scope.get(self.row.scope_id?)?)
    }

    /// Start of the fullest hour of the day, by when the data was given, UTC, inclusive.
    async fn window_from(&self) -> DateTime {
        self.row.window_from.into()
    }

    /// End of that hour, UTC, exclusive.
    async fn window_until(&self) -> DateTime {
        self.row.window_until.into()
    }

    /// Disclosures in that hour when it was last raised; for SUBJECT_REPEATS those about one person.
    async fn observed(&self) -> Long {
        self.row.observed.into()
    }

    /// Most the rule takes for usual in an hour.
    async fn expected(&self) -> Long {
        self.row.expected.into()
    }

    /// Instant it was last raised, UTC: when it was found, and again each time what was seen had doubled.
    async fn detected_at(&self) -> DateTime {
        self.row.detected_at.into()
    }

    /// Where it stands. One that is raised again after a decision is open again.
    async fn status(&self) -> Said<AnomalyStatus> {
        self.standing().0.into()
    }

    /// Latest decision; null when nobody has decided.
    async fn decision(&self) -> Option<AnomalyDecision> {
        self.standing().1.map(|row| AnomalyDecision {
            verdict: row.verdict.into(),
            reason: row.reason.clone(),
            decided_at: row.decided_at.into(),
        })
    }
}

/// Decision on an anomaly. The later one wins.
#[derive(SimpleObject)]
pub struct AnomalyDecision {
    /// Verdict.
    verdict: Said<AnomalyVerdict>,
    /// Why.
    reason: String,
    /// Instant of the decision, UTC.
    decided_at: DateTime,
}

/// Conditions an anomaly must meet to be listed; all that are given.
#[derive(InputObject, Default)]
pub struct AnomalyFilter {
    /// Number of the agreement.
    agreement: Option<String>,
    /// Rule.
    rule: Option<Said<AnomalyRule>>,
    /// Where it stands.
    status: Option<Said<AnomalyStatus>>,
}

/// Queries about anomalies.
#[derive(Default)]
pub struct AnomalyQuery;

#[Object]
impl AnomalyQuery {
    /// Anomalies under the agreements one's own organisation discloses by, for its officers; for auditors those of the
    /// agreements they audit. Last raised first. Errors: FORBIDDEN, INVALID_INPUT, UNAVAILABLE. Source: 906/2019 23 §
    /// 2 mom.
    async fn anomalies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions; everything the viewer may see when absent.")] filter: Option<AnomalyFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Anomaly>, Error> {
        let request = request(ctx, "anomalies")?;
        let view = &request.view;
        let page: Page<Position> = Page::of("anomalies", first, after.as_deref(), request.page_size_max())?;
        let filter = read(view, filter.unwrap_or_default())?;
        let (rows, has_next) =
            Box::pin(super::page(request.gateway().database.read(), view, &filter, page.after, page.count)).await?;
        let node = |row| Anomaly { view: view.clone(), row };
        Ok(page.fetched(rows.into_iter().map(|row| (position(&row), row)), has_next, node))
    }
}

fn read(view: &View, filter: AnomalyFilter) -> Result<Filter, Error> {
    let mut checks = Checks::default();
    let agreement = filter.agreement.and_then(|number| {
        let known = policy::agreement_of(view.present(), &view.viewer, &number);
        checks.found("filter.agreement", known, "agreement").map(|row| row.id)
    });
    let (rule, status) = (filter.rule.map(|rule| rule.0), filter.status.map(|status| status.0));
    checks.done(|| Some(Filter { agreement, rule, status })).map_err(Error::Invalid)
}

/// Anomaly to be decided.
#[derive(InputObject)]
pub struct DecideAnomalyInput {
    /// Global identifier.
    id: ID,
    /// Verdict.
    verdict: Said<AnomalyVerdict>,
    /// Why, 1 to 4,000 characters. Never personal data.
    reason: String,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to decideAnomaly.
#[derive(SimpleObject)]
pub struct DecideAnomalyPayload {
    /// Anomaly as it stands now; null when the act was refused.
    anomaly: Option<Anomaly>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on anomalies.
#[derive(Default)]
pub struct AnomalyMutation;

#[Object]
impl AnomalyMutation {
    /// Decides what an anomaly was; the discloser's officer's act. The later decision wins; the one that stands, given
    /// again, changes nothing. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, NOT_FOUND. Source: 906/2019
    /// 23 § 2 mom.
    async fn decide_anomaly(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which anomaly, and what it was.")] input: DecideAnomalyInput,
    ) -> Result<DecideAnomalyPayload, Error> {
        let request = request(ctx, "decideAnomaly")?;
        let intent = Intent::of(input.validate_only);
        let input = DecisionInput { id: input.id.0, verdict: input.verdict.0, reason: input.reason };
        let outcome = super::decide(request, input, intent).await;
        let seen = |view: &View, row| Some(Anomaly { view: view.clone(), row });
        let (anomaly, user_errors) = UserError::shown(&request.view, outcome, seen)?;
        Ok(DecideAnomalyPayload { anomaly, user_errors })
    }
}
