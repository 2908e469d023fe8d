//! Figures of the process, for whoever watches over it: how much, how fast, how often refused. Nothing about anybody.
//!
//! A figure is counted through a function of this module, by handles made once. What is a state rather than an event is read
//! when the figures are asked for ([`Sample`]).

mod catalogue;
mod exporter;
mod family;
mod process;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub use catalogue::METRICS;
pub use family::{Kind, Metric};

use catalogue::{
    ACTS, ANSWERS_KEPT, ANSWERS_KEPT_BYTES, ANSWERS_SOUGHT, BATCH_ROWS, BATCH_SECONDS, BATCHES, BUILD, CPU, DECISIONS,
    DISCLOSURES, ERRORS, FACTS_AGE, FACTS_AGE_MAX, FOLLOW_FAILURES, HTTP_REQUESTS, HTTP_SECONDS, JOURNAL_SEQ,
    KEY_SET_AGE, KEY_SETS, LIMITS, LOG_CONTRADICTED, LOG_ENTRIES, LOG_SIGNED_AGO, LOG_UNSIGNED, OPEN,
    OPERATION_SECONDS, OPERATIONS, PANICS, POOL, QUEUE_ROWS, QUEUE_ROWS_MAX, READY, RECONNECTS, REPLICA_LAG,
    SIGN_FAILURES, SLOW_OPERATIONS, SPANS, TOKENS, TRUSTED_DOCUMENTS, WEBHOOK_ATTEMPTS, WEBHOOK_LAG, WEBHOOK_SECONDS,
    WEBHOOKS_BEHIND,
};
use exporter::EXPORTER;

/// Content type of the text.
pub const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How often values of histograms are gathered where nobody asks for the figures: until then each takes its eight bytes.
pub const UPKEEP: Duration = Duration::from_secs(5);

/// Names made label values, at most: routes and configured issuers are fewer.
const NAMES_MAX: usize = 256;

/// What came of a token that was believed.
const ACCEPTED: &str = "accepted";

/// What came of asking an issuer for its keys, and of handing spans to a collector.
const FETCHED: &str = "fetched";
const EXPORTED: &str = "exported";
const FAILED: &str = "failed";

/// Name of a route no request matched, and of whatever is beyond [`NAMES_MAX`].
const OTHER: &str = "other";

/// Texts of the configuration and of the router that became label values. Each is kept for ever, so they must be few.
struct Names(Mutex<BTreeSet<&'static str>>);

impl Names {
    const fn new() -> Self {
        Self(Mutex::new(BTreeSet::new()))
    }

    fn kept(&self, name: &str) -> &'static str {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return known;
        }
        if names.len() >= NAMES_MAX {
            return OTHER;
        }
        let name: &'static str = Box::leak(name.into());
        names.insert(name);
        name
    }
}

fn kept(name: &str) -> &'static str {
    static NAMES: Names = Names::new();
    NAMES.kept(name)
}

/// Route as a label value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route(&'static str);

impl Route {
    /// Route of the router's own pattern; never of a path.
    pub fn matched(pattern: Option<&str>) -> Self {
        thread_local! {
            /// Routes this thread has met, so that no request waits for another.
            static MET: std::cell::RefCell<Vec<&'static str>> = const { std::cell::RefCell::new(Vec::new()) };
        }
        let Some(pattern) = pattern else { return Self(OTHER) };
        MET.with_borrow_mut(|met| {
            if let Some(known) = met.iter().find(|known| **known == pattern) {
                return Self(known);
            }
            let known = kept(pattern);
            if known != OTHER {
                met.push(known);
            }
            Self(known)
        })
    }
}

/// Client as a label value: the name of its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(&'static str);

impl Client {
    /// Client the configuration names; never one that names itself.
    pub fn of_configuration(name: &str) -> Self {
        let client = Self(kept(name));
        TRUSTED_DOCUMENTS.show([client.0]);
        client
    }
}

/// A request was answered.
pub fn answered(route: Route, method: &'static str, status: u16, elapsed: Duration) {
    let class = match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    HTTP_REQUESTS.add([route.0, method, class], 1);
    HTTP_SECONDS.record([route.0], elapsed.as_secs_f64());
}

/// An operation was executed.
pub fn operation(kind: &'static str, elapsed: Duration) {
    OPERATIONS.add([kind], 1);
    OPERATION_SECONDS.record([kind], elapsed.as_secs_f64());
}

/// A subscription has begun; how long it lasts is its client's affair.
pub fn subscribed() {
    OPERATIONS.add(["subscription"], 1);
}

/// An operation took longer than `SLOW_OPERATION`.
pub fn slow_operation(kind: &'static str) {
    SLOW_OPERATIONS.add([kind], 1);
}

/// A document of this client's manifest was looked up for a request.
pub fn trusted_document(of: Client) {
    TRUSTED_DOCUMENTS.add([of.0], 1);
}

/// An error was told, by its code.
pub fn error(code: &'static str) {
    ERRORS.add([code], 1);
}

/// A limit was met, by its name.
pub fn limit_exceeded(limit: &'static str) {
    LIMITS.add([limit], 1);
}

/// Panics caught so far in this process.
static CAUGHT: AtomicU64 = AtomicU64::new(0);

/// A panic was caught: a fault of ours that one caller met and the others did not.
pub fn panicked() {
    PANICS.with([], |panics| panics.absolute(CAUGHT.fetch_add(1, Ordering::Relaxed) + 1));
}

/// Panics caught so far in this process.
pub fn panics() -> u64 {
    CAUGHT.load(Ordering::Relaxed)
}

/// A question of access was decided.
pub fn decision(door: &'static str, verdict: &'static str) {
    DECISIONS.add([door, verdict], 1);
}

/// A kept answer was looked for.
pub fn answer_sought(outcome: &'static str) {
    ANSWERS_SOUGHT.add([outcome], 1);
}

/// So many answers are kept.
pub fn answers_kept(answers: usize, bytes: u64) {
    ANSWERS_KEPT.set([], count(answers));
    ANSWERS_KEPT_BYTES.set([], whole(i64::try_from(bytes).unwrap_or(i64::MAX)));
}

/// A disclosure was written.
pub fn disclosure(coverage: &'static str, outcome: &'static str) {
    DISCLOSURES.add([coverage, outcome], 1);
}

/// How a transaction of the recorder ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchOutcome {
    /// All of it stands.
    Written,
    /// None of it does.
    Refused,
    /// The database did not say.
    Unknown,
}

impl BatchOutcome {
    const ALL: [Self; 3] = [Self::Written, Self::Refused, Self::Unknown];

    fn name(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// A batch of so many rows has ended.
pub fn batch(outcome: BatchOutcome, rows: usize, elapsed: Duration) {
    BATCHES.add([outcome.name()], 1);
    if outcome == BatchOutcome::Written {
        BATCH_ROWS.record([], count(rows));
        BATCH_SECONDS.record([], elapsed.as_secs_f64());
    }
}

/// A change was committed, by its action.
pub fn act(action: &'static str) {
    ACTS.add([action], 1);
}

/// The journal could not be followed.
pub fn follow_failed() {
    FOLLOW_FAILURES.add([], 1);
}

/// The log has so many entries.
pub fn log_entries(size: i64) {
    LOG_ENTRIES.set([], whole(size));
}

/// The log could not be signed.
pub fn sign_failed() {
    SIGN_FAILURES.add([], 1);
}

/// A token was believed.
pub fn token_accepted() {
    TOKENS.add([ACCEPTED], 1);
}

/// A token was refused: which of the few faults it has.
pub fn token_refused(fault: &impl Debug) {
    TOKENS.add([kept(&format!("{fault:?}"))], 1);
}

/// An issuer of the configuration was asked for its key set.
pub fn key_set_refreshed(issuer: &str, outcome: Result<(), ()>) {
    let issuer = kept(issuer);
    if outcome.is_ok() {
        fetched().insert(issuer, Instant::now());
    }
    KEY_SETS.add([issuer, if outcome.is_ok() { FETCHED } else { FAILED }], 1);
}

/// When the key set of each issuer was last fetched; of one that never was, when its figures were first shown.
fn fetched() -> MutexGuard<'static, BTreeMap<&'static str, Instant>> {
    static FETCHED: Mutex<BTreeMap<&'static str, Instant>> = Mutex::new(BTreeMap::new());
    FETCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spans were handed to the collector.
pub fn spans(outcome: Result<(), ()>, count: usize) {
    SPANS.add([if outcome.is_ok() { EXPORTED } else { FAILED }], count as u64);
}

/// An event was tried to be delivered.
pub fn webhook_attempt(outcome: &'static str, elapsed: Duration) {
    WEBHOOK_ATTEMPTS.add([outcome], 1);
    WEBHOOK_SECONDS.record([], elapsed.as_secs_f64());
}

/// So many webhooks wait to be tried again, the longest for this long.
pub fn webhooks_behind(webhooks: usize, lag: Duration) {
    WEBHOOKS_BEHIND.set([], count(webhooks));
    WEBHOOK_LAG.set([], lag.as_secs_f64());
}

/// Every connection to the database was given up, to be made anew where the primary is.
pub fn database_reconnected() {
    RECONNECTS.add([], 1);
}

/// The replica is so far behind; null where it is not read, because it is away or too far behind.
pub fn replica_lag(lag: Option<Duration>) {
    REPLICA_LAG.set([], lag.map_or(f64::INFINITY, |lag| lag.as_secs_f64()));
}

/// What may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Connection to a client.
    Connection,
    /// Request under way.
    Request,
    /// Websocket.
    Socket,
    /// Subscription of a websocket.
    Subscription,
}

impl Open {
    const ALL: [Self; 4] = [Self::Connection, Self::Request, Self::Socket, Self::Subscription];

    fn name(self) -> &'static str {
        match self {
            Self::Connection => "connections",
            Self::Request => "requests",
            Self::Socket => "sockets",
            Self::Subscription => "subscriptions",
        }
    }
}

/// Something that is open until this is dropped.
#[derive(Debug)]
pub struct Opened(Open);

/// Counts something as open until the value is dropped.
#[must_use = "it counts as closed when this is dropped"]
pub fn opened(what: Open) -> Opened {
    OPEN.with([what.name()], |gauge| gauge.increment(1.0));
    Opened(what)
}

impl Drop for Opened {
    fn drop(&mut self) {
        OPEN.with([self.0.name()], |gauge| gauge.decrement(1.0));
    }
}

/// Connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSample {
    /// Which pool.
    pub pool: &'static str,
    /// Connections that are open.
    pub open: u32,
    /// Those of them nobody uses.
    pub idle: usize,
    /// How many there may be.
    pub max: u32,
}

/// States as they are when the figures are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Whether the gateway can serve.
    pub is_ready: bool,
    /// Position of the journal.
    pub journal_seq: i64,
    /// How long ago the facts were known to be current.
    pub facts_age: Duration,
    /// `FACTS_MAX_AGE`.
    pub facts_max_age: Duration,
    /// Rows that wait to be written.
    pub queue_rows: usize,
    /// Rows that may wait.
    pub queue_rows_max: usize,
    /// Entries of the log that are not signed yet.
    pub log_unsigned: i64,
    /// How long ago the last checkpoint was signed; null before the first.
    pub log_signed_ago: Option<Duration>,
    /// Whether the log contradicts what was signed.
    pub log_contradicted: bool,
    /// Pools of connections.
    pub pools: Vec<PoolSample>,
}

/// Label values that are known before anything is counted.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// Codes of errors.
    pub errors: Vec<&'static str>,
    /// Verdicts of decisions.
    pub verdicts: Vec<&'static str>,
    /// Coverages of disclosures.
    pub coverages: Vec<&'static str>,
    /// Outcomes of disclosures.
    pub outcomes: Vec<&'static str>,
    /// What attempts to deliver an event come to.
    pub attempts: Vec<&'static str>,
    /// Issuers as configured.
    pub issuers: Vec<&'a str>,
}

/// Shows figures that count nothing yet, so that the first of each is seen as a rise.
pub fn show_unused(known: &Known<'_>) {
    for code in &known.errors {
        ERRORS.show([code]);
    }
    for verdict in &known.verdicts {
        for door in ["accessDecision", "authoriseDisclosure"] {
            DECISIONS.show([door, verdict]);
        }
    }
    for coverage in &known.coverages {
        for outcome in &known.outcomes {
            DISCLOSURES.show([coverage, outcome]);
        }
    }
    for issuer in &known.issuers {
        let issuer = kept(issuer);
        fetched().entry(issuer).or_insert_with(Instant::now);
        for outcome in [FETCHED, FAILED] {
            KEY_SETS.show([issuer, outcome]);
        }
    }
    for outcome in [EXPORTED, FAILED] {
        SPANS.show([outcome]);
    }
    for outcome in &known.attempts {
        WEBHOOK_ATTEMPTS.show([outcome]);
    }
    PANICS.show([]);
    FOLLOW_FAILURES.show([]);
    SIGN_FAILURES.show([]);
    RECONNECTS.show([]);
    TOKENS.show([ACCEPTED]);
    for outcome in BatchOutcome::ALL {
        BATCHES.show([outcome.name()]);
    }
    for open in Open::ALL {
        OPEN.show([open.name()]);
    }
    for kind in ["query", "mutation", "subscription"] {
        OPERATIONS.show([kind]);
        SLOW_OPERATIONS.show([kind]);
    }
    BUILD.set([env!("CARGO_PKG_VERSION")], 1.0);
}

/// All figures as text, with the states given.
pub fn text(sample: &Sample) -> String {
    READY.set([], truth(sample.is_ready));
    JOURNAL_SEQ.set([], whole(sample.journal_seq));
    FACTS_AGE.set([], sample.facts_age.as_secs_f64());
    FACTS_AGE_MAX.set([], sample.facts_max_age.as_secs_f64());
    QUEUE_ROWS.set([], count(sample.queue_rows));
    QUEUE_ROWS_MAX.set([], count(sample.queue_rows_max));
    LOG_UNSIGNED.set([], whole(sample.log_unsigned));
    if let Some(ago) = sample.log_signed_ago {
        LOG_SIGNED_AGO.set([], ago.as_secs_f64());
    }
    LOG_CONTRADICTED.set([], truth(sample.log_contradicted));
    for pool in &sample.pools {
        POOL.set([pool.pool, "in_use"], count((pool.open as usize).saturating_sub(pool.idle)));
        POOL.set([pool.pool, "idle"], count(pool.idle));
        POOL.set([pool.pool, "max"], f64::from(pool.max));
    }
    for (issuer, at) in fetched().iter() {
        KEY_SET_AGE.set([issuer], at.elapsed().as_secs_f64());
    }
    process::sample();
    let mut text = EXPORTER.text.render();
    if let Some(seconds) = process::processor_time() {
        text.push_str(&exporter::counted(&CPU, seconds));
    }
    text
}

/// Gathers values of histograms, for as long as the process lives.
pub async fn keep_up() {
    loop {
        tokio::time::sleep(UPKEEP).await;
        EXPORTER.text.run_upkeep();
    }
}

fn truth(value: bool) -> f64 {
    if value { 1.0 } else { 0.0 }
}

fn count(value: usize) -> f64 {
    whole(i64::try_from(value).unwrap_or(i64::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "a figure beyond 2^53 need not be exact")]
fn whole(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sample {
        Sample {
            is_ready: true,
            journal_seq: 7,
            facts_age: Duration::from_millis(1_500),
            facts_max_age: Duration::from_secs(5),
            queue_rows: 3,
            queue_rows_max: 16_384,
            log_unsigned: 2,
            log_signed_ago: None,
            log_contradicted: false,
            pools: vec![PoolSample { pool: "read", open: 5, idle: 2, max: 8 }],
        }
    }

    #[test]
    fn every_figure_has_a_name_of_its_own_a_help_and_bounds_that_rise() {
        let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
        for metric in METRICS {
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            match metric.kind {
                Kind::Counter => assert!(metric.name.ends_with("_total"), "{}", metric.name),
                Kind::Gauge => assert!(!metric.name.ends_with("_total"), "{}", metric.name),
                Kind::Histogram(bounds) => assert!(!bounds.is_empty() && bounds.is_sorted(), "{}", metric.name),
            }
        }
    }

    #[test]
    fn what_was_counted_is_written_with_help_type_and_labels() {
        answered(Route::matched(Some("/log/tile/{*path}")), "GET", 404, Duration::from_millis(3));
        key_set_refreshed("https://issuer-of-figures.example", Ok(()));
        let text = text(&sample());
        for line in [
            "# TYPE gateway_http_requests_total counter",
            "gateway_http_requests_total{route=\"/log/tile/{*path}\",method=\"GET\",status=\"4xx\"} 1",
            "# TYPE gateway_http_request_duration_seconds histogram",
            "gateway_http_request_duration_seconds_bucket{route=\"/log/tile/{*path}\",le=\"0.005\"} 1",
            "gateway_journal_seq 7",
            "gateway_facts_age_seconds 1.5",
            "gateway_database_connections{pool=\"read\",state=\"in_use\"} 3",
            "gateway_key_set_refreshes_total{issuer=\"https://issuer-of-figures.example\",outcome=\"fetched\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains("# HELP gateway_http_requests_total Requests answered"), "{text}");
    }

    #[test]
    fn the_first_of_what_is_known_beforehand_is_seen_as_a_rise() {
        show_unused(&Known {
            errors: vec!["FIRST_OF_ERRORS"],
            verdicts: vec!["FIRST_OF_VERDICTS"],
            coverages: vec!["FIRST_OF_COVERAGES"],
            outcomes: vec!["ONE", "OTHER"],
            attempts: vec!["taken"],
            issuers: vec!["https://never-fetched.example"],
        });
        let text = text(&sample());
        for line in [
            "gateway_errors_total{code=\"FIRST_OF_ERRORS\"} 0",
            "gateway_decisions_total{door=\"authoriseDisclosure\",verdict=\"FIRST_OF_VERDICTS\"} 0",
            "gateway_disclosures_recorded_total{coverage=\"FIRST_OF_COVERAGES\",outcome=\"ONE\"} 0",
            "gateway_disclosures_recorded_total{coverage=\"FIRST_OF_COVERAGES\",outcome=\"OTHER\"} 0",
            "gateway_key_set_refreshes_total{issuer=\"https://never-fetched.example\",outcome=\"failed\"} 0",
            "gateway_trace_spans_total{outcome=\"failed\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains("gateway_key_set_age_seconds{issuer=\"https://never-fetched.example\"} "), "{text}");
    }

    #[test]
    fn processor_time_is_a_counter_with_parts_of_a_second() {
        let text = text(&sample());
        let lines: Vec<_> = text.lines().filter(|line| line.contains("process_cpu_seconds_total")).collect();
        let [help, kind, value] = lines[..] else { panic!("{lines:?}") };
        assert_eq!(help, "# HELP process_cpu_seconds_total Processor time the process has used.");
        assert_eq!(kind, "# TYPE process_cpu_seconds_total counter");
        assert!(value.rsplit_once(' ').is_some_and(|(_, seconds)| seconds.parse::<f64>().is_ok()), "{value}");
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn what_is_open_is_counted_until_it_is_dropped() {
        let open = || {
            let text = text(&sample());
            let line = text.lines().find(|line| line.starts_with("gateway_open{what=\"sockets\"}"));
            line.and_then(|line| line.rsplit_once(' ')).map(|(_, value)| value.to_owned())
        };
        let one = opened(Open::Socket);
        assert_eq!(open().as_deref(), Some("1"));
        drop(one);
        assert_eq!(open().as_deref(), Some("0"));
    }

    #[test]
    fn names_beyond_the_bound_are_one() {
        let names = Names::new();
        let kept: BTreeSet<_> = (0..2 * NAMES_MAX).map(|at| names.kept(&format!("name {at}"))).collect();
        assert_eq!(kept.len(), NAMES_MAX + 1);
        assert_eq!((names.kept("name 0"), names.kept("name 300")), ("name 0", OTHER));
    }
}
