//! Serving, from the first line printed to the last request answered.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use entity::vocabulary::BusinessId;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};

use super::CliError;
use crate::{
    app::{App, DoorsError, Drawn, Routers},
    auth::{Grant, Role, mint},
    clock::{Clock, random},
    config::{Config, Serving},
    server::{self, Stop, Tls},
};

/// How long the printed tokens are valid.
const PRINTED_TOKENS_VALID: Duration = Duration::from_hours(12);

/// How long the end of the writer and the signer is waited for, once nothing asks them any more: the longest write and then
/// some. A call that was cut may hold them.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(10);

/// Exit code of a process that was told twice, as a shell has it for one that SIGINT ended.
const EXIT_AT_ONCE: i32 = 130;

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

/// Serves until SIGTERM or Ctrl-C, then finishes what is under way. A second one ends it at once.
pub(super) async fn serve(config: Config) -> Result<(), CliError> {
    // The first random number gathers what all are seeded with, which takes some 20 ms of the processor: beside the
    // connecting, which mostly waits. Whoever needs a number hears of a fault itself.
    tokio::task::spawn_blocking(random::<1>);
    let drawn = Drawn::begin(&config);
    let listener = listen("LISTEN_ADDR", config.listen_addr).await?;
    let figures = match config.observability.metrics_addr {
        Some(address) => Some(listen("METRICS_ADDR", address).await?),
        None => None,
    };
    let address = listener.local_addr().map_err(|source| CliError::Said(source.to_string()))?;
    let serving = config.serving.clone();
    let tls = tls(&serving).await?;
    let app = App::open(config, Clock::default()).await?;
    let drawn = drawn.await.map_err(|fault| CliError::Said(fault.to_string()))?;
    let drawn = drawn.map_err(|fault| CliError::Said(DoorsError::from(fault).to_string()))?;
    let Routers { main, metrics } = app.routers(drawn).await.map_err(|fault| CliError::Said(fault.to_string()))?;
    // Before it says that it is ready: whoever waits for that may stop it at once.
    let signals = Signals::heard().map_err(|source| CliError::Said(source.to_string()))?;
    announce(&app, &format!("{}://{address}", if tls.is_some() { "https" } else { "http" }))?;
    if let (Some(listener), Some(router)) = (figures, metrics) {
        let address = listener.local_addr().map_err(|source| CliError::Said(source.to_string()))?;
        println!("Figures are shown at http://{address}/metrics");
        let (serving, stopping) = (serving.clone(), app.stop.stopping());
        tokio::spawn(async move { server::serve(listener, router, &serving, None, stopping).await });
    }
    tokio::spawn(stopped(signals, app.stop.clone(), serving.stop_delay));
    server::serve(listener, main, &serving, tls, app.stop.stopping()).await;
    if timeout(CLOSE_TIME_MAX, app.close()).await.is_err() {
        tracing::warn!("the process ends before all of its parts have: something still held the log");
    }
    Ok(())
}

async fn listen(setting: &str, address: SocketAddr) -> Result<TcpListener, CliError> {
    let refused = |source| CliError::Said(format!("{setting} `{address}` cannot be listened on: {source}"));
    TcpListener::bind(address).await.map_err(refused)
}

/// TLS where it is configured, kept fresh for as long as the process runs.
async fn tls(serving: &Serving) -> Result<Option<Tls>, CliError> {
    let Some(files) = serving.tls.clone() else { return Ok(None) };
    let tls = Tls::open(files).await.map_err(|fault| CliError::Said(fault.to_string()))?;
    tokio::spawn(tls.keep_fresh(serving.tls_reload_time));
    Ok(Some(tls))
}

/// Signals that ask for an end.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens for them from here on.
    ///
    /// # Errors
    /// When the process cannot listen for signals.
    pub(super) fn heard() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// At the first signal the stop is announced and, after its delay, begun; a second one waits for nothing.
async fn stopped(mut signals: Signals, stop: Stop, delay: Duration) {
    signals.next().await;
    stop.announce();
    let second = async {
        tokio::time::sleep(delay).await;
        stop.begin();
        pending::<()>().await;
    };
    tokio::select! {
        () = signals.next() => {}
        () = second => {}
    }
    tracing::warn!("the process ends at once: it was told to a second time");
    std::process::exit(EXIT_AT_ONCE);
}

fn announce(app: &App, address: &str) -> Result<(), CliError> {
    println!("Disclosure Gateway is ready at {address}/graphql (GraphiQL in a browser)");
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
