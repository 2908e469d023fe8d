//! `POST /access/v1/evaluation` and `/access/v1/evaluations`: AuthZEN over HTTP, `docs/authzen.md`.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Extension, Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
        request::Parts,
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::{
    Error,
    access_decision::authzen::{self, Asked, Object},
    answers::Answers,
    auth::{Caller, policy},
    context::Context,
    graphql::http::{
        Arrival, AtPresent, Authenticate, Bodies, Enter, FACTS_SEQ, Known, REQUEST_ID, Refusal, RequestId,
        VariablesLimits, is_json, is_plain, min_seq, object, preferred_language, status_of,
    },
    server::Work,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Items decided at once where they are asked: more takes longer than anybody else shall wait for.
const LIGHT_ITEMS_MAX: usize = 200;

const EVALUATION: &str = "/access/v1/evaluation";
const EVALUATIONS: &str = "/access/v1/evaluations";

/// What the doors need.
#[derive(Clone)]
pub(super) struct Door {
    /// Who asks.
    pub authenticate: Authenticate,
    /// Context of a request.
    pub enter: Enter<Context>,
    /// How bodies are read.
    pub bodies: Bodies,
    /// Answers given before.
    pub answers: Arc<Answers>,
    /// The facts and the time as they are.
    pub at_present: AtPresent,
    /// What one request may hold.
    pub limits: VariablesLimits,
    /// Address by which clients know the gateway; null when that is not known.
    pub address: Option<String>,
}

/// How one of the two addresses reads what it is asked.
type Read = fn(&Object) -> Result<Asked, Error>;

/// Routes of the doors.
pub(super) fn doors(door: Door) -> Router {
    let address: Option<Arc<str>> = door.address.as_deref().map(Into::into);
    Router::new()
        .route(EVALUATION, post(evaluation))
        .route(EVALUATIONS, post(evaluations))
        .with_state(Arc::new(door))
        .route("/.well-known/authzen-configuration", get(move || async move { metadata(address.as_deref()) }))
}

async fn evaluation(
    State(door): State<Arc<Door>>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
) -> Response {
    answered(&door, id, request, (EVALUATION, authzen::one)).await
}

async fn evaluations(
    State(door): State<Arc<Door>>,
    Extension(RequestId(id)): Extension<RequestId>,
    request: Request,
) -> Response {
    answered(&door, id, request, (EVALUATIONS, authzen::several)).await
}

async fn answered(
    door: &Door,
    request_id: uuid::Uuid,
    request: Request,
    (address, read): (&'static str, Read),
) -> Response {
    let (parts, body) = request.into_parts();
    let served = async {
        is_json(&parts.headers).and_then(|()| is_plain(&parts.headers)).map_err(as_malformed)?;
        let Caller { viewer, place, .. } = (door.authenticate)((&parts).into()).await?;
        policy::admit(&viewer, "accessDecision")?;
        let sent = door.bodies.read(&parts.headers, body, &place).await?;
        let arrival = Arrival {
            viewer,
            language: preferred_language(&parts.headers),
            min_seq: min_seq(&parts.headers)?,
            request_id,
        };
        let known = Known::new(&door.answers, address, &arrival, &sent.bytes);
        if let Some((text, facts_seq)) = known.again(&door.at_present, arrival.min_seq) {
            return Ok(of_text(text, facts_seq));
        }
        let (length, limits) = (sent.bytes.len(), door.limits);
        let asked = door.bodies.understood(&place, length, move || read(&object(&sent.bytes, &limits)?)).await?;
        let entered = (door.enter)(arrival).await?;
        let context = entered.context;
        let answer = match asked {
            Ok(asked) if asked.items() > LIGHT_ITEMS_MAX => {
                let work = async move { authzen::decided(&context, asked, status) };
                door.bodies.in_time(door.bodies.lane.run(Work::Performing, &place, work)).await??
            }
            Ok(asked) => authzen::decided(&context, asked, status)?,
            Err(error) => authzen::unread(error, status)?,
        };
        let text = Bytes::from(serde_json::to_vec(&answer).map_err(|fault| Error::internal(fault.to_string()))?);
        if answer.is_decided() {
            known.keep(&entered.footing, &text);
        }
        Ok::<_, Refusal>(of_text(text, entered.facts_seq))
    };
    let mut response = served.await.unwrap_or_else(|refusal| refusal.text(request_id));
    give_back(&parts, &mut response);
    response
}

fn status(error: &Error) -> u16 {
    status_of(error).as_u16()
}

/// The form a request is sent in is part of it here: 400, as the certification asks.
fn as_malformed(refusal: Refusal) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, ..refusal }
}

fn of_text(text: Bytes, facts_seq: i64) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(FACTS_SEQ, facts_seq.into());
    response
}

/// The identifier an enforcement point gave its request, on the answer. It is written nowhere else, for it may say anything.
fn give_back(parts: &Parts, response: &mut Response) {
    if let Some(given) = parts.headers.get(REQUEST_ID) {
        response.headers_mut().insert(REQUEST_ID, given.clone());
    }
}

/// What the gateway offers, at the address it was told is its own: never one that a request names.
fn metadata(address: Option<&str>) -> Response {
    let Some(address) = address else {
        return (StatusCode::NOT_FOUND, "PUBLIC_URL is not set: the gateway does not know its own address\n")
            .into_response();
    };
    let said = serde_json::json!({
        "policy_decision_point": address,
        "access_evaluation_endpoint": format!("{address}{EVALUATION}"),
        "access_evaluations_endpoint": format!("{address}{EVALUATIONS}"),
    });
    let headers = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))];
    (headers, said.to_string()).into_response()
}
