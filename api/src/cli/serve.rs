//! Serving, from the first line printed to the last request answered.

use std::io;

use entity::vocabulary::BusinessId;
use tokio::signal::unix::{SignalKind, signal};

use super::CliError;
use crate::{
    app::App,
    auth::{Grant, Role, mint},
    clock::Clock,
    config::Config,
};

/// How long the printed tokens are valid.
const PRINTED_TOKENS_VALID: std::time::Duration = std::time::Duration::from_hours(12);

/// Tokens printed at the start: name, organisation of the sample world, role.
const PRINTED_TOKENS: [(&str, &str, Role); 9] = [
    ("KELA_OFFICER", "0246246-0", Role::Officer),
    ("KELA_SYSTEM", "0246246-0", Role::System),
    ("PIRKANMAA_OFFICER", "3221308-6", Role::Officer),
    ("PIRKANMAA_SYSTEM", "3221308-6", Role::System),
    ("LVV_OFFICER", "9900001-8", Role::Officer),
    ("AUDITOR", "9900011-4", Role::Auditor),
    ("STATISTICIAN", "2229500-6", Role::Statistician),
    ("SUBJECT_SERVICE", "0245437-2", Role::SubjectService),
    ("ADMINISTRATOR", "0245437-2", Role::Administrator),
];

/// Serves until SIGTERM or Ctrl-C, then finishes what is under way.
pub(super) async fn serve(config: Config) -> Result<(), CliError> {
    let listener = tokio::net::TcpListener::bind(config.listen_addr).await.map_err(|source| {
        CliError::Said(format!("LISTEN_ADDR `{}` cannot be listened on: {source}", config.listen_addr))
    })?;
    let address = listener.local_addr().map_err(|source| CliError::Said(source.to_string()))?;
    let app = App::open(config, Clock::default()).await?;
    let router = app.router().await.map_err(|fault| CliError::Said(fault.to_string()))?;
    // Before it says that it is ready: whoever waits for that may stop it at once.
    let stopped = stopped().map_err(|source| CliError::Said(source.to_string()))?;
    announce(&app, &address.to_string())?;
    axum::serve(listener, router)
        .with_graceful_shutdown(stopped)
        .await
        .map_err(|source| CliError::Said(source.to_string()))?;
    app.close().await;
    Ok(())
}

/// SIGTERM or Ctrl-C, listened for from here on.
///
/// # Errors
/// When the process cannot listen for signals.
pub(super) fn stopped() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn announce(app: &App, address: &str) -> Result<(), CliError> {
    println!("Disclosure Gateway is ready at http://{address}/graphql (GraphiQL in a browser)");
    let Some(key) = app.gateway.keys.development() else { return Ok(()) };
    println!();
    println!("No issuer is configured: this gateway signs its own tokens. Never run it so in production; set ISSUERS.");
    println!("Tokens for the next 12 hours, ready to paste into a shell:");
    println!();
    let now = app.gateway.clock.now();
    for (name, organisation, role) in PRINTED_TOKENS {
        let organisation: BusinessId =
            organisation.parse().map_err(|fault: entity::vocabulary::Malformed| CliError::Said(fault.to_string()))?;
        let grant = Grant {
            organisation,
            roles: vec![role],
            subject: name.to_lowercase().replace('_', "-"),
            processor: None,
            time_to_live: PRINTED_TOKENS_VALID,
        };
        println!("export {name}={}", mint(key, &grant, now)?);
    }
    println!();
    Ok(())
}
