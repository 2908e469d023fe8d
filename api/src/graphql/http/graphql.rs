//! `/graphql`: one request, from its bytes to its answer, as the specification of GraphQL over HTTP says.
//!
//! Queries come by GET or POST, mutations by POST alone. Only JSON is read, and only as it is: a form of another site could
//! send anything else in a caller's name, and what is compressed may be a thousand times its size.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{ObjectType, Response as Answer, SubscriptionType, parser::types::OperationType};
use axum::{
    extract::{Extension, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, ALLOW},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use tokio::time::timeout;
use tracing::Instrument;
use uuid::Uuid;

use super::{
    Arrival, Doors, Entered, Known, RequestId,
    accept::{asks_for_page, preferred},
    answer::{Media, Refusal, Said, json, of_text, written},
    body::{Sent, is_json, is_plain},
    envelope::{self, Calls, malformed},
    graphiql, kept,
    language::preferred_language,
    observe::Kind,
    watch::Watch,
};
use crate::{
    Error,
    auth::{Caller, Viewer},
    graphql::{
        documents::{Asking, Call, Introspection, Named, Prepared, QUERY},
        errors,
        trusted::Admission,
    },
    metrics,
    server::{Place, Work},
    telemetry::spans,
    trail,
};

/// Journal position: of the facts an answer rests on, or those a request waits for.
pub const FACTS_SEQ: HeaderName = HeaderName::from_static("facts-seq");

/// Marks an answer from facts older than `FACTS_MAX_AGE`: seconds since they were last known to be current.
pub(super) const FACTS_STALE: HeaderName = HeaderName::from_static("facts-stale");

/// How long a request waits for the facts to reach its position: a replica's follower is behind by less.
pub const FACTS_WAIT_MAX: Duration = Duration::from_secs(1);

/// What this address can be asked by.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");

/// Request whose caller is known, before what it asks is.
struct Asked {
    arrival: Arrival,
    place: Arc<Place>,
    introspection: Introspection,
    media: Media,
    by: Method,
}

/// How an operation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Get,
    Post,
}

pub(super) async fn options() -> impl IntoResponse {
    (StatusCode::NO_CONTENT, [(ALLOW, METHODS)])
}

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
    let Some(media) = preferred(&parts.headers) else { return not_acceptable(request_id) };
    let served = async {
        is_json(&parts.headers)?;
        is_plain(&parts.headers)?;
        let asked = asked(&doors, &parts, media, Method::Post, request_id).await?;
        let sent = doors.bodies.read(&parts.headers, body, &asked.place).await?;
        let known = known(&doors, &asked, &sent.bytes);
        if let Some(response) = again(&doors, &asked, &known) {
            return Ok(response);
        }
        match calls(&doors, sent, &asked).await.map_err(|error| refusal(error, media))? {
            // Boxed, so that an answer given again does not carry what making one takes.
            Calls::One(asking) => Box::pin(answered(doors, asked, asking, known)).await,
            Calls::Batch(askings) => Box::pin(answered_all(doors, asked, askings)).await,
        }
    };
    match served.await {
        Ok(response) => response,
        Err(refusal) => {
            let mut response = refusal.answer(media, request_id);
            if refusal.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                response.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            response
        }
    }
}

/// A query in the URL; the page for a browser that asks nothing.
pub(super) async fn get<Q, M, S, C>(
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
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let has_page = doors.trusted.admission() == Admission::Any;
    if has_page && !envelope::asks(query) && asks_for_page(&parts.headers) {
        return graphiql::page();
    }
    let Some(media) = preferred(&parts.headers) else { return not_acceptable(request_id) };
    let served = async {
        let asked = asked(&doors, &parts, media, Method::Get, request_id).await?;
        let asking = envelope::of_url(query, &doors.request_limits).map_err(|error| refusal(error, media))?;
        let terms =
            kept::Terms { is_anonymous: asked.arrival.viewer.subject.is_none(), time_max: doors.anonymous_time_max };
        let is_by_hash = matches!(asking.document, Named::Hash(_));
        let known = known(&doors, &asked, query.as_bytes());
        let response = match again(&doors, &asked, &known) {
            Some(response) => response,
            None => Box::pin(answered(doors, asked, asking, known)).await?,
        };
        if is_by_hash { Ok(kept::kept(response, &parts.headers, terms)?) } else { Ok::<_, Refusal>(response) }
    };
    match served.await {
        Ok(response) => response,
        Err(refusal) => {
            let mut response = refusal.answer(media, request_id);
            if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            }
            response
        }
    }
}

/// Who asks and how, before anything of what is asked is read.
async fn asked<Q, M, S, C>(
    doors: &Doors<Q, M, S, C>,
    parts: &Parts,
    media: Media,
    by: Method,
    request_id: Uuid,
) -> Result<Asked, Refusal> {
    let headers = &parts.headers;
    let Caller { viewer, place, .. } = (doors.authenticate)(parts.into()).await?;
    let introspection = introspection(&viewer);
    let arrival = Arrival { viewer, language: preferred_language(headers), min_seq: min_seq(headers)?, request_id };
    Ok(Asked { arrival, place, introspection, media, by })
}

/// What is asked, where it may have been asked before.
fn known<Q, M, S, C>(doors: &Doors<Q, M, S, C>, asked: &Asked, text: &[u8]) -> Known {
    let door = match (asked.by, asked.media) {
        (Method::Get, Media::Json) => "get json",
        (Method::Get, Media::GraphqlJson) => "get graphql",
        (Method::Post, Media::Json) => "post json",
        (Method::Post, Media::GraphqlJson) => "post graphql",
    };
    Known::new(&doors.answers, door, &asked.arrival, text)
}

/// Answer given before to the same question, where it holds; only queries have such.
fn again<Q, M, S, C>(doors: &Doors<Q, M, S, C>, asked: &Asked, known: &Known) -> Option<Response> {
    let start = Instant::now();
    let (text, facts_seq) = known.again(&doors.at_present, asked.arrival.min_seq)?;
    let mut response = of_text(StatusCode::OK, asked.media, text.clone());
    if asked.by == Method::Get {
        response.extensions_mut().insert(kept::Sound(text));
    }
    mark(response.headers_mut(), facts_seq, None);
    response.extensions_mut().insert(Kind(QUERY));
    spans::operation(QUERY).in_scope(|| metrics::operation(QUERY, start.elapsed()));
    Some(response)
}

/// What a body asks, read in the lane where that may take long.
async fn calls<Q, M, S, C>(doors: &Arc<Doors<Q, M, S, C>>, sent: Sent, asked: &Asked) -> Result<Calls, Error>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let limits = doors.request_limits;
    let length = sent.bytes.len();
    doors.bodies.understood(&asked.place, length, move || envelope::of_body(&sent.bytes, &limits)).await?
}

/// Judges each request: at once where all documents are known, in the lane where one is seen for the first time.
pub(super) async fn judged<Q, M, S, C>(
    doors: &Arc<Doors<Q, M, S, C>>,
    askings: Vec<Asking>,
    place: &Place,
    introspection: Introspection,
) -> Result<Vec<Result<(Call, Prepared), Error>>, Error>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let own = Arc::clone(doors);
    let calls: Vec<_> = askings.into_iter().map(|asking| doors.trusted.found(asking)).collect();
    let is_known = calls.iter().flatten().all(|call| doors.schemas.knows(call));
    let judge = move || {
        let judge = |call: Result<Call, Error>| {
            let call = call?;
            let prepared = own.schemas.prepare(&call, introspection)?;
            Ok((call, prepared))
        };
        calls.into_iter().map(judge).collect()
    };
    if is_known {
        return Ok(judge());
    }
    doors.bodies.in_time(doors.bodies.lane.run(Work::Reading, place, async move { judge() })).await
}

async fn answered<Q, M, S, C>(
    doors: Arc<Doors<Q, M, S, C>>,
    asked: Asked,
    asking: Asking,
    known: Known,
) -> Result<Response, Refusal>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let Asked { arrival, place, introspection, media, by } = asked;
    let judged =
        judged(&doors, vec![asking], &place, introspection).await.map_err(|error| refusal(error, media))?.pop();
    let judged = judged.ok_or_else(|| Error::internal("a call was lost"))?;
    let request_id = arrival.request_id;
    let (call, prepared) = judged.map_err(|error| Refusal { status: media.request_error(&error), error })?;
    is_for(by, &prepared, media)?;
    let entered = (doors.enter)(arrival).await?;

    let (kind, stale_for, footing) = (prepared.kind_name(), entered.stale_for, Arc::clone(&entered.footing));
    let is_query = prepared.kind() == OperationType::Query;
    if let Some(client) = call.client {
        footing.asked_with(client);
    }
    let said = move |answer| {
        let answer = errors::finished(answer, request_id, introspection);
        let (status, text) = written(media.executed(&answer), &Said::of(&answer));
        let is_sound = status == StatusCode::OK && answer.is_ok() && stale_for.is_none();
        let mut response = of_text(status, media, text.clone());
        if is_sound && is_query {
            known.keep(&footing, &text);
        }
        if is_sound {
            response.extensions_mut().insert(kept::Sound(text));
        }
        response
    };
    let left = doors.bodies.time_max;
    let executed = executed(doors, prepared, call, entered, left, &place, said).await;
    let (mut response, facts_seq) = executed.map_err(|error| refusal(error, media))?;
    mark(response.headers_mut(), facts_seq, stale_for);
    response.extensions_mut().insert(Kind(kind));
    Ok(response)
}

/// Answers a list in its order, one after the other, for one caller at one instant: each on the same picture, each under
/// every limit, and all together within the time of one. What stops one operation is told in its place.
async fn answered_all<Q, M, S, C>(
    doors: Arc<Doors<Q, M, S, C>>,
    asked: Asked,
    askings: Vec<Asking>,
) -> Result<Response, Refusal>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
{
    let Asked { arrival, place, introspection, media, by } = asked;
    let request_id = arrival.request_id;
    // The first was counted when it was let in.
    askings.iter().skip(1).try_for_each(|_| place.count())?;
    let judged = judged(&doors, askings, &place, introspection).await.map_err(|error| refusal(error, media))?;
    for (_, prepared) in judged.iter().flatten() {
        is_for(by, prepared, media)?;
    }
    let entered = (doors.enter)(arrival).await?;
    let (mut facts_seq, stale_for) = (entered.facts_seq, entered.stale_for);
    let deadline = tokio::time::Instant::now() + doors.bodies.time_max;
    let mut answers = Vec::with_capacity(judged.len());
    for judged in judged {
        let answer = match judged {
            Ok((call, prepared)) => {
                let left = deadline.saturating_duration_since(tokio::time::Instant::now());
                let finished = move |answer| errors::finished(answer, request_id, introspection);
                executed(Arc::clone(&doors), prepared, call, entered.clone(), left, &place, finished).await
            }
            Err(error) => Err(error),
        };
        answers.push(match answer {
            Ok((answer, seq)) => {
                facts_seq = facts_seq.max(seq);
                answer
            }
            Err(error) => errors::refusal(&error, request_id),
        });
    }
    let said: Vec<_> = answers.iter().map(Said::of).collect();
    let mut response = json(StatusCode::OK, media, &said);
    mark(response.headers_mut(), facts_seq, stale_for);
    Ok(response)
}

fn mark(headers: &mut HeaderMap, facts_seq: i64, stale_for: Option<Duration>) {
    headers.insert(FACTS_SEQ, facts_seq.into());
    if let Some(age) = stale_for {
        headers.insert(FACTS_STALE, age.as_secs().into());
    }
}

/// A query may come in a URL, which links and prefetching browsers follow unasked; an act may not.
fn is_for(by: Method, prepared: &Prepared, media: Media) -> Result<(), Refusal> {
    match (prepared.kind(), by) {
        (OperationType::Query, Method::Get | Method::Post) | (OperationType::Mutation, Method::Post) => Ok(()),
        (OperationType::Mutation, Method::Get) => Err(Refusal {
            status: StatusCode::METHOD_NOT_ALLOWED,
            error: malformed("method", "mutations are served by POST"),
        }),
        (OperationType::Subscription, Method::Get | Method::Post) => {
            let error = not_executed();
            Err(Refusal { status: media.request_error(&error), error })
        }
    }
}

/// A query is cut when it takes too long; where it reckons long, it and the saying of its answer have a lane of their own. A
/// mutation runs in its own task: neither time nor a dropped connection may cut what it has begun.
pub(super) async fn executed<Q, M, S, C, T>(
    doors: Arc<Doors<Q, M, S, C>>,
    prepared: Prepared,
    call: Call,
    entered: Entered<C>,
    left: Duration,
    place: &Arc<Place>,
    said: impl FnOnce(Answer) -> T + Send + 'static,
) -> Result<(T, i64), Error>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
{
    let watch = Watch::start(&prepared, doors.slow_from);
    let span = spans::operation(watch.kind);
    let performed = async move {
        let Entered { context, facts_seq, .. } = entered;
        match prepared.kind() {
            OperationType::Query => {
                let (lane, is_heavy, time_max) =
                    (doors.bodies.lane.clone(), prepared.is_heavy(), doors.bodies.time_max);
                let work = async move { timeout(left, doors.schemas.execute(prepared, call, context)).await.map(said) };
                let work = Box::pin(work);
                let answer = if is_heavy {
                    timeout(left, lane.run(Work::Performing, place, trail::carried(work).in_current_span())).await
                } else {
                    Ok(Ok(work.await))
                };
                let slow = |_| too_slow(time_max);
                Ok((answer.map_err(slow)??.map_err(slow)?, facts_seq))
            }
            OperationType::Mutation => {
                let place = Arc::clone(place);
                let work = async move {
                    let _place = place;
                    let answer = doors.schemas.execute(prepared, call, context).await;
                    (answer, (doors.current_seq)())
                };
                let task = tokio::spawn(trail::carried(work).in_current_span());
                let (answer, facts_seq) = task.await.map_err(|_| {
                    metrics::panicked();
                    Error::internal("a mutation panicked")
                })?;
                Ok((said(answer), facts_seq))
            }
            OperationType::Subscription => Err(not_executed()),
        }
    };
    let done = performed.instrument(span).await;
    watch.stop();
    done
}

/// Whether a caller may ask for the schema.
pub(super) fn introspection(viewer: &Viewer) -> Introspection {
    if viewer.subject.is_none() { Introspection::Closed } else { Introspection::Open }
}

/// What is said of a subscription where there is no socket.
fn not_executed() -> Error {
    malformed("query", "subscriptions are served over a WebSocket")
}

/// Refusal of a request that is not well-formed, which is never answered with 200; of one above a limit, which is
/// well-formed, as of a document above one.
fn refusal(error: Error, media: Media) -> Refusal {
    match &error {
        Error::LimitExceeded { .. } => Refusal { status: media.request_error(&error), error },
        _ => error.into(),
    }
}

fn not_acceptable(request_id: Uuid) -> Response {
    let why = "must allow application/graphql-response+json or application/json";
    let refusal = Refusal { status: StatusCode::NOT_ACCEPTABLE, error: malformed("accept", why) };
    refusal.answer(Media::Json, request_id)
}

/// Journal position a request waits for, if it names one.
///
/// # Errors
/// Invalid when it is no position.
pub fn min_seq(headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let Some(value) = headers.get(FACTS_SEQ) else { return Ok(None) };
    let seq = value.to_str().ok().and_then(|text| text.parse().ok()).filter(|seq| *seq >= 0);
    seq.map(Some).ok_or_else(|| malformed("facts-seq", "is no position of the journal"))
}

/// What is said of an operation that took longer than `OPERATION_SECONDS_MAX`.
pub fn too_slow(allowed: Duration) -> Error {
    Error::LimitExceeded { limit: "OPERATION_SECONDS_MAX", allowed: allowed.as_secs(), retry_after_seconds: None }
}
