//! `POST /graphql`: one request, from its bytes to its answer.

use std::{sync::Arc, time::Duration};

use async_graphql::{ObjectType, Response as Answer, SubscriptionType, parser::types::OperationType};
use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header::CONTENT_LENGTH, header::CONTENT_TYPE, request::Parts},
    response::Response,
};
use futures::StreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    Arrival, Doors, Entered, RequestId,
    answer::{Media, Refusal, json},
    language::preferred_language,
    observe::OperationName,
};
use crate::{
    Error, Fault, FaultCode,
    auth::Viewer,
    graphql::{
        documents::{Call, Introspection, Prepared},
        errors,
    },
    server::BodyTooSlow,
};

/// Journal position: of the facts an answer rests on, or those a request waits for.
pub const FACTS_SEQ: HeaderName = HeaderName::from_static("facts-seq");

/// Marks an answer from facts older than `FACTS_MAX_AGE`: seconds since they were last known to be current.
pub(super) const FACTS_STALE: HeaderName = HeaderName::from_static("facts-stale");

/// How long a request waits for the facts to reach its position: a replica's follower is behind by less.
pub const FACTS_WAIT_MAX: Duration = Duration::from_secs(1);

pub(super) async fn post<Q, M, S, C>(
    State(doors): State<Arc<Doors<Q, M, S, C>>>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    request: Request,
) -> Response
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let (parts, body) = request.into_parts();
    let media = Media::of(&parts.headers);
    match served(doors, &parts, body, media, request_id).await {
        Ok(response) => response,
        Err(refusal) => refusal.answer(media, request_id),
    }
}

async fn served<Q, M, S, C>(
    doors: Arc<Doors<Q, M, S, C>>,
    parts: &Parts,
    body: Body,
    media: Media,
    request_id: Uuid,
) -> Result<Response, Refusal>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let headers = &parts.headers;
    is_json(headers)?;
    let viewer = (doors.authenticate)(parts.into()).await?.viewer;
    let min_seq = min_seq(headers)?;
    let call = parsed(&read(headers, body, doors.body_bytes_max).await?)?;
    let introspection = introspection(&doors, &viewer);
    let prepared = doors.schemas.prepare(&call, introspection);
    let prepared = prepared.map_err(|error| Refusal { status: media.request_error(&error), error })?;
    let arrival = Arrival { viewer, language: preferred_language(headers), min_seq, request_id };
    let entered = timeout(FACTS_WAIT_MAX, (doors.enter)(arrival)).await;
    let entered = entered.map_err(|_| Error::Unavailable("the facts have not reached Facts-Seq"))??;

    let operation = prepared.operation().map(|name| OperationName(name.to_owned()));
    let stale_for = entered.stale_for;
    let (answer, facts_seq) = executed(doors, prepared, call, entered).await?;
    let answer = errors::finished(answer, request_id);
    let mut response = json(media.executed(&answer), media, answer);
    response.headers_mut().insert(FACTS_SEQ, facts_seq.into());
    if let Some(age) = stale_for {
        response.headers_mut().insert(FACTS_STALE, age.as_secs().into());
    }
    if let Some(operation) = operation {
        response.extensions_mut().insert(operation);
    }
    Ok(response)
}

/// A query is cut when it takes too long. A mutation runs in its own task: neither time nor a dropped connection may cut
/// what it has begun.
async fn executed<Q, M, S, C>(
    doors: Arc<Doors<Q, M, S, C>>,
    prepared: Prepared,
    call: Call,
    entered: Entered<C>,
) -> Result<(Answer, i64), Error>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let Entered { context, facts_seq, stale_for: _ } = entered;
    match prepared.kind() {
        OperationType::Query => {
            let answer = timeout(doors.operation_time_max, doors.schemas.execute(prepared, call, context)).await;
            Ok((answer.map_err(|_| too_slow(doors.operation_time_max))?, facts_seq))
        }
        OperationType::Mutation => {
            let task = tokio::spawn(async move {
                let answer = doors.schemas.execute(prepared, call, context).await;
                (answer, (doors.current_seq)())
            });
            task.await.map_err(|_| Error::internal("a mutation panicked"))
        }
        OperationType::Subscription => Err(invalid("query", "there are no subscriptions")),
    }
}

fn introspection<Q, M, S, C>(doors: &Doors<Q, M, S, C>, viewer: &Viewer) -> Introspection {
    if viewer.subject.is_none() { doors.anonymous_introspection } else { Introspection::Open }
}

/// Only JSON is read: a form of another site could send anything else with the caller's credentials.
fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let form = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = form.split(';').next().unwrap_or_default().trim();
    let is_json =
        ["application/json", "application/graphql-response+json"].iter().any(|known| known.eq_ignore_ascii_case(form));
    if is_json {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        error: invalid("content-type", "must be application/json"),
    })
}

fn min_seq(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(FACTS_SEQ) else { return Ok(None) };
    let seq = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|seq| *seq >= 0);
    seq.map(Some).ok_or_else(|| invalid("facts-seq", "is no position of the journal"))
}

/// Whole body, unless it is too large or takes too long; a declared length is believed only to refuse.
async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    let too_large =
        Error::LimitExceeded { limit: "BODY_BYTES_MAX", allowed: bytes_max as u64, retry_after_seconds: None };
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > bytes_max) {
        return Err(too_large.into());
    }
    let mut bytes = Vec::with_capacity(declared.unwrap_or_default());
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|fault| unread(&fault))?;
        if bytes.len() + chunk.len() > bytes_max {
            return Err(too_large.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Why a body could not be read: it took too long, or the client broke off.
fn unread(fault: &axum::Error) -> Refusal {
    match BodyTooSlow::is_cause_of(fault) {
        Some(BodyTooSlow { allowed }) => Refusal {
            status: StatusCode::REQUEST_TIMEOUT,
            error: Error::LimitExceeded {
                limit: "BODY_SECONDS_MAX",
                allowed: allowed.as_secs(),
                retry_after_seconds: None,
            },
        },
        None => invalid("body", "ended too early").into(),
    }
}

/// Fault of a body tells its place only, for what stands there may be anything.
fn parsed(bytes: &[u8]) -> Result<Call, Error> {
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(invalid("body", "batches are not served; send one request at a time"));
    }
    serde_json::from_slice(bytes).map_err(|fault| {
        let (line, column) = (fault.line(), fault.column());
        invalid("body", &format!("is no JSON object with a text `query`: line {line}, column {column}"))
    })
}

/// What is said of an operation that took longer than `OPERATION_SECONDS_MAX`.
pub fn too_slow(allowed: Duration) -> Error {
    Error::LimitExceeded { limit: "OPERATION_SECONDS_MAX", allowed: allowed.as_secs(), retry_after_seconds: None }
}

fn invalid(path: &str, message: &str) -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Malformed, path, message)])
}
