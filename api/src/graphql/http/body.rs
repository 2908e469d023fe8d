//! Bodies of requests: read whole, within bounds of size, of time and of what one caller may cost the others.

use std::time::Duration;

use axum::{
    body::Body,
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use futures::StreamExt;
use tokio::{sync::OwnedSemaphorePermit, time::timeout};

use super::{answer::Refusal, envelope::malformed, graphql::too_slow};
use crate::{
    Error,
    server::{BodyTooSlow, Lane, Place, Work},
};

/// Bytes of a body that are read in no time: some 50 µs.
const LIGHT_BODY_BYTES_MAX: usize = 16 * 1024;

/// How bodies are read.
#[derive(Debug, Clone)]
pub struct Bodies {
    /// `BODY_BYTES_MAX`.
    pub bytes_max: usize,
    /// Where a large one is understood, as all that takes long.
    pub lane: Lane,
    /// `OPERATION_SECONDS_MAX`: how long what is understood in the lane may take, its wait included.
    pub time_max: Duration,
}

/// Body as it was sent, with the room a large one takes until it is understood.
pub struct Sent {
    /// All of it.
    pub bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Whole body, unless it is too large or takes too long; a declared length is believed only to refuse, and for the room a
    /// body takes once it is large. That waits for room among those of its caller.
    ///
    /// # Errors
    /// Limit exceeded, naming the limit; invalid when it ends too early.
    pub async fn read(&self, headers: &HeaderMap, body: Body, place: &Place) -> Result<Sent, Refusal> {
        let too_large =
            Error::LimitExceeded { limit: "BODY_BYTES_MAX", allowed: self.bytes_max as u64, retry_after_seconds: None };
        let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|bytes| bytes > self.bytes_max) {
            return Err(too_large.into());
        }
        let mut bytes = Vec::new();
        let mut room = None;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|fault| unread(&fault))?;
            if bytes.len() + chunk.len() > self.bytes_max {
                return Err(too_large.into());
            }
            if bytes.len() + chunk.len() > LIGHT_BODY_BYTES_MAX && room.is_none() {
                room = place.room().await;
                bytes.reserve_exact(declared.unwrap_or_default().saturating_sub(bytes.len()));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Sent { bytes, _room: room })
    }

    /// What is made of so many bytes: at once of a few; of many in the lane, when their caller may have so many read.
    ///
    /// # Errors
    /// Limit exceeded when that takes too long.
    pub async fn understood<T: Send + 'static>(
        &self,
        place: &Place,
        bytes: usize,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        if bytes <= LIGHT_BODY_BYTES_MAX {
            return Ok(read());
        }
        self.in_time(async {
            place.pace(bytes).await;
            self.lane.run(Work::Reading, place, async move { read() }).await
        })
        .await
    }

    /// What is done within the time of an operation.
    ///
    /// # Errors
    /// Those of the work; limit exceeded when it takes longer.
    pub async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        timeout(self.time_max, work).await.map_err(|_| too_slow(self.time_max))?
    }
}

/// Only JSON is read, in UTF-8: a form of another site could send anything else with the caller's credentials.
///
/// # Errors
/// 415 for anything else.
pub fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let form = given.next().and_then(|value| value.to_str().ok()).filter(|_| given.next().is_none());
    let mut parts = form.unwrap_or_default().split(';').map(str::trim);
    let named = parts.next().unwrap_or_default();
    let is_known =
        ["application/json", "application/graphql-response+json"].iter().any(|known| known.eq_ignore_ascii_case(named));
    let is_utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if is_known && is_utf8 {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        error: malformed("content-type", "must be application/json in UTF-8"),
    })
}

/// Nothing is decompressed.
///
/// # Errors
/// 415 for a coding.
pub fn is_plain(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    if codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Refusal {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        error: malformed("content-encoding", "must be identity: compressed bodies are not read"),
    })
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
        None => malformed("body", "ended too early").into(),
    }
}
