//! The body of a request, which must be whole in time: whoever drips it is told so by the door that reads it.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// A body was not whole in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyTooSlow {
    /// `BODY_SECONDS_MAX`: the time it had.
    pub allowed: Duration,
}

impl BodyTooSlow {
    /// Whether this is why a body could not be read.
    pub fn is_cause_of(fault: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(fault);
        while let Some(fault) = cause {
            if let Some(slow) = fault.downcast_ref::<Self>() {
                return Some(*slow);
            }
            cause = fault.source();
        }
        None
    }
}

impl fmt::Display for BodyTooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body took longer than BODY_SECONDS_MAX")
    }
}

impl Error for BodyTooSlow {}

/// Body with its end of time. The timer is set only where the body does not come with its header.
pub(super) struct Timed {
    body: Incoming,
    allowed: Duration,
    until: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Timed {
    pub(super) fn new(body: Incoming, allowed: Duration) -> Self {
        Self { body, allowed, until: Instant::now() + allowed, alarm: None }
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let until = self.until;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(until)));
        ready!(alarm.as_mut().poll(cx));
        Poll::Ready(Some(Err(BodyTooSlow { allowed: self.allowed }.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
