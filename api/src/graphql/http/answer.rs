//! Answers as HTTP: status codes of errors, and the one form of a refusal.

use async_graphql::{Response as Answer, ServerError, Value};
use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::Response,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, ErrorCode, Proof, graphql::errors};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// Form of the answers of doors that say a line for each thing.
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const GRAPHQL_JSON: HeaderValue = HeaderValue::from_static("application/graphql-response+json; charset=utf-8");

/// Status of an error at a door that does not execute GraphQL.
pub fn status_of(error: &Error) -> StatusCode {
    match error.code() {
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::InvalidInput | ErrorCode::PersistedQueryNotFound | ErrorCode::DocumentNotTrusted => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::Conflict => StatusCode::CONFLICT,
        ErrorCode::LimitExceeded => match retry_after(error) {
            Some(_) => StatusCode::TOO_MANY_REQUESTS,
            None if is_too_slow(error) => StatusCode::SERVICE_UNAVAILABLE,
            None => StatusCode::PAYLOAD_TOO_LARGE,
        },
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn is_too_slow(error: &Error) -> bool {
    matches!(error, Error::LimitExceeded { limit: "OPERATION_SECONDS_MAX", .. })
}

/// Seconds after which the same request may do better; null where waiting does not help.
fn retry_after(error: &Error) -> Option<u32> {
    match error {
        Error::LimitExceeded { retry_after_seconds, .. } => *retry_after_seconds,
        Error::Unavailable(_) => Some(1),
        Error::Unauthenticated { .. }
        | Error::Forbidden
        | Error::NotFound(_)
        | Error::Invalid(_)
        | Error::Internal { .. }
        | Error::DocumentUnknown
        | Error::DocumentNotTrusted => None,
    }
}

/// What a caller is told to show (RFC 6750, 3): nothing more where it showed nothing, else what was wrong.
fn challenge(proof: Proof, reason: &str) -> HeaderValue {
    const BARE: HeaderValue = HeaderValue::from_static("Bearer");
    let code = match proof {
        Proof::Missing => return BARE,
        Proof::Unreadable => "invalid_request",
        Proof::Refused => "invalid_token",
    };
    HeaderValue::try_from(format!(r#"Bearer error="{code}", error_description="{reason}""#)).unwrap_or(BARE)
}

/// Request that is not executed, and why.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Status of the answer.
    pub status: StatusCode,
    /// What stopped it.
    pub error: Error,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { status: status_of(&error), error }
    }
}

impl Refusal {
    /// The refusal as an answer, in the form of a GraphQL error.
    pub fn answer(&self, media: Media, request_id: Uuid) -> Response {
        self.with_headers(json(self.status, media, &Said::of(&errors::refusal(&self.error, request_id))))
    }

    /// The refusal as an answer at a door of another form: a line of text for each thing that is wrong.
    pub fn text(&self, request_id: Uuid) -> Response {
        let mut response = Response::new(Body::from(errors::lines(&self.error, request_id)));
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, TEXT);
        self.with_headers(response)
    }

    fn with_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if let Error::Unauthenticated { proof, reason } = &self.error
            && self.status == StatusCode::UNAUTHORIZED
        {
            headers.insert(WWW_AUTHENTICATE, challenge(*proof, reason));
        }
        if let Some(seconds) = retry_after(&self.error) {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: a request error has status 200, as older clients expect.
    Json,
    /// `application/graphql-response+json`: a request error has its own status.
    GraphqlJson,
}

impl Media {
    /// Status of a well-formed request that is not executed.
    pub fn request_error(self, error: &Error) -> StatusCode {
        let is_of_the_document = matches!(
            error.code(),
            ErrorCode::InvalidInput
                | ErrorCode::LimitExceeded
                | ErrorCode::PersistedQueryNotFound
                | ErrorCode::DocumentNotTrusted
        );
        match (self, is_of_the_document) {
            (Self::Json, true) => StatusCode::OK,
            (Self::GraphqlJson, true) => StatusCode::BAD_REQUEST,
            (Self::Json | Self::GraphqlJson, false) => status_of(error),
        }
    }

    /// Status of an answer of the engine, which is a request error when nothing was executed.
    pub fn executed(self, answer: &Answer) -> StatusCode {
        match self {
            Self::GraphqlJson if is_refused(answer) => StatusCode::BAD_REQUEST,
            Self::GraphqlJson | Self::Json => StatusCode::OK,
        }
    }
}

/// Whether nothing was executed: then there is no data, not even null.
pub(super) fn is_refused(answer: &Answer) -> bool {
    !answer.errors.is_empty() && answer.data == Value::Null && answer.errors.iter().all(|error| error.path.is_empty())
}

/// Answer as it is written.
#[derive(Serialize)]
pub struct Said<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl<'a> Said<'a> {
    /// The answer of the engine.
    pub fn of(answer: &'a Answer) -> Self {
        Self { errors: &answer.errors, data: (!is_refused(answer)).then_some(&answer.data) }
    }
}

/// Answer in the form and with the status asked for.
pub fn json(status: StatusCode, media: Media, said: &impl Serialize) -> Response {
    let (status, text) = written(status, said);
    of_text(status, media, text)
}

/// Text of an answer, with its status.
pub(super) fn written(status: StatusCode, said: &impl Serialize) -> (StatusCode, Bytes) {
    match serde_json::to_vec(said) {
        Ok(text) => (status, text.into()),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Bytes::from_static(UNSAYABLE)),
    }
}

/// Answer that is written already.
pub(super) fn of_text(status: StatusCode, media: Media, text: Bytes) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let form = match media {
        Media::Json => JSON,
        Media::GraphqlJson => GRAPHQL_JSON,
    };
    response.headers_mut().insert(CONTENT_TYPE, form);
    response
}

/// Said instead of what cannot be written as JSON, which no value is known to be.
const UNSAYABLE: &[u8] = br#"{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}"#;
