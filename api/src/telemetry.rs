//! Log lines of the process, to standard error.
//!
//! Nothing secret is given to a log line in the first place: types that hold a code, a token or a key do not show it.

use std::{
    io::{self, IsTerminal},
    panic::{self, PanicHookInfo},
};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Config, LogFormat};

/// Starts log lines as configured, and names panics in them. Called once, by `main`.
///
/// # Errors
/// When the filter is not one, or log lines were started before.
pub fn install(config: &Config) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let filter = EnvFilter::builder().parse(&config.rust_log)?;
    let lines = fmt().with_env_filter(filter).with_writer(io::stderr);
    match config.log_format {
        LogFormat::Auto if io::stderr().is_terminal() => lines.try_init()?,
        LogFormat::Text => lines.try_init()?,
        LogFormat::Auto | LogFormat::Json => lines.json().flatten_event(true).try_init()?,
    }
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, message = message(panic), "panic");
    }));
    Ok(())
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
