//! What the process says of itself while it runs: log lines to standard error, and spans to a collector.
//!
//! Nothing secret is given to a log line in the first place: types that hold a code, a token or a key do not show it.

mod collector;
pub mod spans;

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
};

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{EnvFilter, Layer, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Config, LogFormat};

pub use collector::{FLUSH_TIME_MAX, SEND_AFTER, SEND_TIME_MAX, SPANS_SENT_MAX, SPANS_WAITING_MAX};

/// What was started, and must be stopped last.
#[derive(Debug, Default)]
pub struct Telemetry {
    spans: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends the last spans. A collector that does not take them in [`FLUSH_TIME_MAX`] does without.
    pub async fn stop(self) {
        let Some(spans) = self.spans else { return };
        let stopped = tokio::task::spawn_blocking(move || spans.shutdown_with_timeout(FLUSH_TIME_MAX)).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("the last spans were not sent");
        }
    }
}

/// Starts log lines as configured, names panics in them, and starts spans where a collector is configured. Called once, on
/// the runtime of the process.
///
/// # Errors
/// When the filter is not one, spans cannot be sent at all, or log lines were started before.
pub fn install(config: &Config) -> Result<Telemetry, Box<dyn std::error::Error + Send + Sync>> {
    // Spans are for the collector alone.
    let filter = EnvFilter::builder().parse(format!("{},{}=off", config.rust_log, spans::TARGET))?;
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match config.log_format {
        LogFormat::Auto if io::stderr().is_terminal() => lines.boxed(),
        LogFormat::Text => lines.boxed(),
        LogFormat::Auto | LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let sent = config.observability.traces_url.as_ref().map(collector::start).transpose()?;
    let (provider, spans) = match sent {
        None => (None, None),
        Some((provider, tracer)) => {
            // Of events, which may say more, none; of spans, the few that are made for it.
            let ours = filter_fn(|metadata| metadata.is_span() && metadata.target() == spans::TARGET);
            let spans = tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_level(false)
                .with_tracked_inactivity(false)
                .with_context_activation(false);
            (Some(provider), Some(spans.with_filter(ours)))
        }
    };
    tracing_subscriber::registry().with(spans).with(lines.with_filter(filter)).try_init()?;
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, message = message(panic), "panic");
    }));
    Ok(Telemetry { spans: provider })
}

/// What a panic says, if it says a fixed sentence; one made of values could hold a caller's.
fn message(panic: &PanicHookInfo<'_>) -> &'static str {
    panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("a message with values, withheld")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn panic_shows_a_fixed_sentence_and_withholds_values() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let before = panic::take_hook();
        let sink = Arc::clone(&seen);
        panic::set_hook(Box::new(move |panic| sink.lock().expect("lock").push(message(panic))));
        let value = String::from("131052-308T");
        let panics = [panic::catch_unwind(|| panic!("out of order")), panic::catch_unwind(|| panic!("code {value}"))];
        panic::set_hook(before);
        assert!(panics.iter().all(Result::is_err));
        let seen = seen.lock().expect("lock");
        assert!(seen.contains(&"out of order") && seen.contains(&"a message with values, withheld"), "{seen:?}");
    }
}
