//! `GET /export/agreements/{number}` and `GET /export/records-of-processing`: what a party reads over GraphQL, in the forms
//! others read. Who may ask and what one may know are the same.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Extension, Path, Query, State, rejection::QueryRejection},
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, VARY},
        request::Parts,
    },
    response::Response,
    routing::get,
};

use crate::{
    Error, Fault, FaultCode,
    auth::{Caller, policy},
    context::Context,
    export::{Base, policy as agreement_policy, records_of_processing},
    graphql::http::{Arrival, Authenticate, Enter, FACTS_SEQ, Media, Refusal, RequestId, preferred_language},
};

/// What the doors need.
#[derive(Clone)]
pub(super) struct Door {
    /// Who asks.
    pub authenticate: Authenticate,
    /// Context of a request.
    pub enter: Enter<Context>,
}

/// Text handed out, with the headers that say what it is.
struct Export {
    text: String,
    media_type: &'static str,
    file_name: String,
}

/// Routes of the doors.
pub(super) fn doors(door: Door) -> Router {
    Router::new()
        .route("/export/agreements/{number}", get(agreement))
        .route("/export/records-of-processing", get(records))
        .with_state(Arc::new(door))
}

async fn agreement(
    State(door): State<Arc<Door>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    parts: Parts,
    Path(number): Path<String>,
) -> Response {
    answered(&door, &parts, request_id, |context| policy_of(context, &number)).await
}

async fn records(
    State(door): State<Arc<Door>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    parts: Parts,
    parameters: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Response {
    answered(&door, &parts, request_id, |context| {
        let Query(parameters) = parameters.map_err(|_| malformed("", "the query is no list of names and values"))?;
        records_of(context, &parameters)
    })
    .await
}

/// A public agreement is known to everyone; what it holds, to its parties and auditors.
fn policy_of(context: &Context, number: &str) -> Result<Export, Error> {
    let (facts, viewer) = (&context.view.facts, &context.view.viewer);
    policy::admit(viewer, "agreement")?;
    let row = policy::agreement_of(facts, viewer, number).ok_or(Error::NotFound("agreement"))?;
    if policy::sight(facts, viewer, row) < Some(policy::Sight::Party) {
        return Err(Error::Forbidden);
    }
    context.fresh()?;
    let dossier = facts.dossier(row.id).ok_or_else(|| Error::internal("an agreement without its dossier"))?;
    let policy = agreement_policy(facts, dossier, context.view.at, &Base::default());
    let text = serde_json::to_string_pretty(&policy).map_err(|fault| Error::internal(fault.to_string()))?;
    Ok(Export { text, media_type: "application/ld+json", file_name: format!("{number}.jsonld") })
}

/// Record of the caller's own organisation, or of one it audits.
fn records_of(context: &Context, parameters: &[(String, String)]) -> Result<Export, Error> {
    let (facts, viewer) = (&context.view.facts, &context.view.viewer);
    policy::admit(viewer, "unusedScopeItems")?;
    if let Some((name, _)) = parameters.iter().find(|(name, _)| name != "organisation") {
        return Err(malformed(&name.escape_debug().to_string(), "is not known; give `organisation` or nothing"));
    }
    let named = parameters.first().map(|(_, business_id)| business_id);
    let organisation = match named {
        Some(named) => {
            let row = facts.organisation_of(named);
            row.map(|row| row.id).ok_or_else(|| fault("organisation", FaultCode::NotFound, "no such organisation"))?
        }
        None => policy::own_people(facts, viewer).ok_or(Error::Forbidden)?,
    };
    if !policy::keeps_records_of(facts, viewer, organisation) {
        return Err(Error::Forbidden);
    }
    let text = records_of_processing(facts, organisation, context.view.at, context.view.language)?;
    let media_type = "text/csv; charset=utf-8; header=present";
    Ok(Export { text, media_type, file_name: "records-of-processing.csv".to_owned() })
}

fn malformed(path: &str, why: &str) -> Error {
    fault(path, FaultCode::Malformed, why)
}

fn fault(path: &str, code: FaultCode, why: &str) -> Error {
    Error::Invalid(vec![Fault::new(code, path, why)])
}

async fn answered(
    door: &Door,
    parts: &Parts,
    request_id: uuid::Uuid,
    made: impl FnOnce(&Context) -> Result<Export, Error>,
) -> Response {
    let arrived = async {
        let Caller { viewer, place: _place, .. } = (door.authenticate)(parts.into()).await?;
        let arrival = Arrival { viewer, language: preferred_language(&parts.headers), min_seq: None, request_id };
        let entered = (door.enter)(arrival).await?;
        Ok::<_, Refusal>((made(&entered.context)?, entered.facts_seq))
    };
    match arrived.await {
        Ok((export, facts_seq)) => said(export, facts_seq),
        Err(refusal) => refusal.answer(Media::Json, request_id),
    }
}

fn said(export: Export, facts_seq: i64) -> Response {
    let mut response = Response::new(export.text.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(export.media_type));
    let is_plain = |character: &char| character.is_ascii_alphanumeric() || ".-_".contains(*character);
    let name: String = export.file_name.chars().filter(is_plain).collect();
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("authorization, accept-language"));
    headers.insert(FACTS_SEQ, facts_seq.into());
    response
}
