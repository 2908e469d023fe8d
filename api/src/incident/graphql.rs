//! The queue of incidents, and the acts on them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{
    incident,
    vocabulary::{IncidentKind, IncidentStatus, Publicity},
};

use super::{ClosingInput, NoticeInput, ReportInput};
use crate::{
    Error,
    agreement::graphql::Incident,
    auth::policy,
    checks::Checks,
    context::{Intent, View},
    graphql::{
        connections::{Connection, Page},
        errors::UserError,
        request::request,
        said::Said,
        scalars::{Date, DateTime},
    },
};

/// Queries about incidents.
#[derive(Default)]
pub struct IncidentQuery;

#[Object]
impl IncidentQuery {
    /// Incidents of one's own agreements, oldest first. Errors: FORBIDDEN, INVALID_INPUT.
    async fn incidents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of this status.")] status: Option<Said<IncidentStatus>>,
        #[graphql(desc = "Only those under the agreement of this number.")] agreement: Option<String>,
        #[graphql(desc = "Only open ones that the caller may close; all when absent or false.")] waits_for_me: Option<
            bool,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Cursor after which to go on.")] after: Option<String>,
    ) -> Result<Connection<Incident>, Error> {
        let request = request(ctx, "incidents")?;
        let view = &request.view;
        let page = Page::of("incidents", first, after.as_deref(), request.page_size_max())?;
        let mut checks = Checks::default();
        let agreement = agreement.and_then(|number| {
            let known = policy::agreement_of(view.present(), &view.viewer, &number);
            checks.found("agreement", known, "agreement").map(|row| row.id)
        });
        let agreement = checks.done(|| Some(agreement)).map_err(Error::Invalid)?;
        let rows = view
            .facts
            .incident
            .all()
            .filter(|row| agreement.is_none_or(|id| row.agreement_id == id))
            .filter(|row| policy::sees_incident(view.present(), &view.viewer, row))
            .filter(|row| status.is_none_or(|status| row.status == status.0))
            .filter(|row| waits_for_me != Some(true) || waits_for_viewer(view, row));
        let rows: Vec<_> = rows.map(|row| (row.id.0, row)).collect();
        let total = rows.len();
        let node = |row: &Arc<incident::Model>| Incident { view: view.clone(), row: Arc::clone(row) };
        Ok(page.connection(rows, node).of_total(total))
    }
}

fn waits_for_viewer(view: &View, row: &incident::Model) -> bool {
    row.status != IncidentStatus::Closed && policy::closes_incident(view.present(), &view.viewer, row)
}

/// Incident to be reported.
#[derive(InputObject)]
pub struct ReportIncidentInput {
    /// Number of the agreement it concerns, one the caller's organisation is a side of.
    agreement: String,
    /// Kind.
    kind: Said<IncidentKind>,
    /// What happened, at most 4,000 characters. Never personal data.
    description: String,
    /// Instant it happened, not later than now.
    occurred_at: DateTime,
    /// Instant it became known to the caller's organisation, from which the 72 hours of GDPR article 33 run; when it
    /// happened if absent.
    known_at: Option<DateTime>,
    /// Day on which the supervisory authority was told, where it was already.
    notified_authority_on: Option<Date>,
    /// Mark of the report; PUBLICATION_RESTRICTED when absent.
    publicity: Option<Said<Publicity>>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to reportIncident.
#[derive(SimpleObject)]
pub struct ReportIncidentPayload {
    /// Incident as it stands now; null when the input has faults.
    incident: Option<Incident>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Incident to be closed.
#[derive(InputObject)]
pub struct CloseIncidentInput {
    /// Global identifier.
    id: ID,
    /// What was found and done, at most 4,000 characters; of a personal data breach also whether and why the supervisory
    /// authority need not be told. Never personal data.
    outcome: String,
    /// Day on which the supervisory authority was told; as it stands when absent.
    notified_authority_on: Option<Date>,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to closeIncident.
#[derive(SimpleObject)]
pub struct CloseIncidentPayload {
    /// Incident as it stands now; null when the act was refused.
    incident: Option<Incident>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Notice to the supervisory authority to be recorded.
#[derive(InputObject)]
pub struct RecordAuthorityNoticeInput {
    /// Global identifier of the incident.
    id: ID,
    /// Day on which the supervisory authority was told, from the day it happened to today in Helsinki.
    notified_authority_on: Date,
    /// Judge only and write nothing.
    validate_only: Option<bool>,
}

/// Answer to recordAuthorityNotice.
#[derive(SimpleObject)]
pub struct RecordAuthorityNoticePayload {
    /// Incident as it stands now; null when the act was refused.
    incident: Option<Incident>,
    /// Every fault of the input; empty when it was accepted.
    user_errors: Vec<UserError>,
}

/// Acts on incidents.
#[derive(Default)]
pub struct IncidentMutation;

#[Object]
impl IncidentMutation {
    /// Reports misuse or a breach under an agreement; either side's officer's act. It suspends nothing by itself. The same
    /// kind at the same instant with the same content answers as the first time. Errors: FORBIDDEN. User errors: BLANK,
    /// TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT. Source: GDPR article 33.
    async fn report_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What happened.")] input: ReportIncidentInput,
    ) -> Result<ReportIncidentPayload, Error> {
        let request = request(ctx, "reportIncident")?;
        let intent = Intent::of(input.validate_only);
        let input = ReportInput {
            agreement: input.agreement,
            kind: input.kind.0,
            description: input.description,
            occurred_at: input.occurred_at.into(),
            known_at: input.known_at.map(String::from),
            notified_authority_on: input.notified_authority_on.map(String::from),
            publicity: input.publicity.map_or(Publicity::PublicationRestricted, |publicity| publicity.0),
        };
        let outcome = super::report(request, input, intent).await;
        let (incident, user_errors) = UserError::shown(&request.view, outcome, Incident::of)?;
        Ok(ReportIncidentPayload { incident, user_errors })
    }

    /// Closes an incident with what was found and done; the act of an officer of the side that reported it, or of the
    /// discloser's. Errors: FORBIDDEN. User errors: BLANK, TOO_LONG, MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT,
    /// WRONG_STATUS. Source: GDPR article 33.
    async fn close_incident(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which incident, and its outcome.")] input: CloseIncidentInput,
    ) -> Result<CloseIncidentPayload, Error> {
        let request = request(ctx, "closeIncident")?;
        let intent = Intent::of(input.validate_only);
        let input = ClosingInput {
            id: input.id.0,
            outcome: input.outcome,
            notified_authority_on: input.notified_authority_on.map(String::from),
        };
        let outcome = super::close(request, input, intent).await;
        let (incident, user_errors) = UserError::shown(&request.view, outcome, Incident::of)?;
        Ok(CloseIncidentPayload { incident, user_errors })
    }

    /// Records that the supervisory authority was told of an incident while it is still open; the act of those who may close
    /// it. The gateway tells the authority nothing itself. The same day again changes nothing. Errors: FORBIDDEN. User
    /// errors: MALFORMED, PERIOD_REVERSED, NOT_FOUND, CONFLICT, WRONG_STATUS. Source: GDPR article 33.
    async fn record_authority_notice(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which incident, and when.")] input: RecordAuthorityNoticeInput,
    ) -> Result<RecordAuthorityNoticePayload, Error> {
        let request = request(ctx, "recordAuthorityNotice")?;
        let intent = Intent::of(input.validate_only);
        let input = NoticeInput { id: input.id.0, notified_authority_on: input.notified_authority_on.into() };
        let outcome = super::record_notice(request, input, intent).await;
        let (incident, user_errors) = UserError::shown(&request.view, outcome, Incident::of)?;
        Ok(RecordAuthorityNoticePayload { incident, user_errors })
    }
}
