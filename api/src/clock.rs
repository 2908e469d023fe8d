//! Time and chance, taken only here: what the rest of the house gets of them, it gets as values.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use entity::vocabulary::{Instant, RowId, truncated};
use uuid::Uuid;

/// Clock of the process. In tests it can be set.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
}

impl Clock {
    /// Instant of now, in whole microseconds.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> Instant {
        let offset = TimeDelta::microseconds(self.offset_micros.load(Ordering::Relaxed));
        truncated(Utc::now() + offset)
    }

    /// Moves the clock so that it is `at` now and runs on from there.
    pub fn set(&self, at: DateTime<Utc>) {
        let ahead = at - self.now();
        self.offset_micros.fetch_add(ahead.num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }
}

/// New row id; rises with time.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn fresh_id<I: RowId>() -> I {
    Uuid::now_v7().into()
}

/// Random bytes of the operating system's generator.
///
/// # Errors
/// Fails when the generator does; nothing may be written then.
#[expect(clippy::disallowed_methods, reason = "the one place that takes chance")]
pub fn random<const N: usize>() -> Result<[u8; N], crate::Error> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| crate::Error::internal("no randomness"))?;
    Ok(bytes)
}
