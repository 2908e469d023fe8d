//! Every figure, once: its name, its labels and what it says. `docs/metrics.md` lists the same, and a test compares.
//!
//! **Invariant:** a label has few values, all of the program: never a subject, an organisation, an agreement, the name of an
//! operation or anything else a caller writes.

use ::metrics::{Counter, Gauge, Histogram};

use super::family::{Family, Kind, Metric};

/// Seconds up to which an answer is counted: from one out of memory to one cut by `OPERATION_SECONDS_MAX`.
const SECONDS: &[f64] = &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Rows up to which a batch is counted; `RECORD_BATCH_MAX` is 1,000 at most.
const ROWS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0];

pub(super) static HTTP_REQUESTS: Family<Counter, 3> = Family::counter(
    "gateway_http_requests_total",
    &["route", "method", "status"],
    "Requests answered, by route as matched, method among the known, and class of the status.",
);
pub(super) static HTTP_SECONDS: Family<Histogram, 1> = Family::histogram(
    "gateway_http_request_duration_seconds",
    &["route"],
    SECONDS,
    "Time from a request's head to the head of its answer.",
);
pub(super) static OPERATIONS: Family<Counter, 1> = Family::counter(
    "gateway_graphql_operations_total",
    &["kind"],
    "Operations executed, by kind: query, mutation or subscription.",
);
pub(super) static OPERATION_SECONDS: Family<Histogram, 1> = Family::histogram(
    "gateway_graphql_operation_duration_seconds",
    &["kind"],
    SECONDS,
    "Time an operation took to be executed, by kind.",
);
pub(super) static SLOW_OPERATIONS: Family<Counter, 1> = Family::counter(
    "gateway_graphql_slow_operations_total",
    &["kind"],
    "Operations that took longer than SLOW_OPERATION, by kind; each has a log line.",
);
pub(super) static TRUSTED_DOCUMENTS: Family<Counter, 1> = Family::counter(
    "gateway_trusted_documents_total",
    &["client"],
    "Requests with a trusted document that was looked up, by the client whose manifest it is in.",
);
pub(super) static ERRORS: Family<Counter, 1> =
    Family::counter("gateway_errors_total", &["code"], "Errors told to callers, by their code.");
pub(super) static LIMITS: Family<Counter, 1> =
    Family::counter("gateway_limit_exceeded_total", &["limit"], "Requests that met a limit, by its name.");
pub(super) static PANICS: Family<Counter, 0> =
    Family::counter("gateway_panics_total", &[], "Panics caught; each has a log line with its place.");
pub(super) static DECISIONS: Family<Counter, 2> = Family::counter(
    "gateway_decisions_total",
    &["door", "verdict"],
    "Decisions of access, by the door they were asked at and by verdict.",
);
pub(super) static ANSWERS_SOUGHT: Family<Counter, 1> = Family::counter(
    "gateway_answers_sought_total",
    &["outcome"],
    "Requests for which a kept answer was looked for, mutations among them: kept where one was given again, made where there was none.",
);
pub(super) static ANSWERS_KEPT: Family<Gauge, 0> =
    Family::gauge("gateway_answers_kept", &[], "Whole answers kept to be given again.");
pub(super) static ANSWERS_KEPT_BYTES: Family<Gauge, 0> =
    Family::gauge("gateway_answers_kept_bytes", &[], "Bytes of the answers kept, about; long ones count as packed.");
pub(super) static DISCLOSURES: Family<Counter, 2> = Family::counter(
    "gateway_disclosures_recorded_total",
    &["coverage", "outcome"],
    "Disclosures written to the log by this process, by coverage and outcome.",
);
pub(super) static BATCH_ROWS: Family<Histogram, 0> =
    Family::histogram("gateway_record_batch_rows", &[], ROWS, "Disclosures of one transaction of the recorder.");
pub(super) static BATCH_SECONDS: Family<Histogram, 0> = Family::histogram(
    "gateway_record_batch_duration_seconds",
    &[],
    SECONDS,
    "Time a transaction of the recorder took, its commit included.",
);
pub(super) static BATCHES: Family<Counter, 1> = Family::counter(
    "gateway_record_batches_total",
    &["outcome"],
    "Transactions of the recorder: written, refused by the database, or of unknown outcome.",
);
pub(super) static QUEUE_ROWS: Family<Gauge, 0> =
    Family::gauge("gateway_record_queue_rows", &[], "Disclosures that wait to be written or are being written.");
pub(super) static QUEUE_ROWS_MAX: Family<Gauge, 0> =
    Family::gauge("gateway_record_queue_rows_max", &[], "RECORD_QUEUE_MAX: disclosures that may wait.");
pub(super) static ACTS: Family<Counter, 1> = Family::counter(
    "gateway_acts_committed_total",
    &["action"],
    "Changes this process wrote to the journal, by the act.",
);
pub(super) static JOURNAL_SEQ: Family<Gauge, 0> =
    Family::gauge("gateway_journal_seq", &[], "Position of the journal this process has reached.");
pub(super) static FACTS_AGE: Family<Gauge, 0> = Family::gauge(
    "gateway_facts_age_seconds",
    &[],
    "How long ago the facts were last known to be current; from FACTS_MAX_AGE on nothing is decided.",
);
pub(super) static FACTS_AGE_MAX: Family<Gauge, 0> =
    Family::gauge("gateway_facts_age_max_seconds", &[], "FACTS_MAX_AGE: age from which facts decide nothing.");
pub(super) static FOLLOW_FAILURES: Family<Counter, 0> =
    Family::counter("gateway_journal_follow_failures_total", &[], "Looks at the journal that failed.");
pub(super) static READY: Family<Gauge, 0> = Family::gauge("gateway_ready", &[], "Whether /readyz answers 200: 1 or 0.");
pub(super) static LOG_ENTRIES: Family<Gauge, 0> =
    Family::gauge("gateway_log_entries", &[], "Entries of the transparency log, as the signer last saw it.");
pub(super) static LOG_UNSIGNED: Family<Gauge, 0> =
    Family::gauge("gateway_log_unsigned_entries", &[], "Entries beyond the last checkpoint this process shows.");
pub(super) static LOG_SIGNED_AGO: Family<Gauge, 0> = Family::gauge(
    "gateway_log_checkpoint_age_seconds",
    &[],
    "How long ago the last checkpoint was signed; absent before the first. A log without news is not signed again.",
);
pub(super) static LOG_CONTRADICTED: Family<Gauge, 0> = Family::gauge(
    "gateway_log_contradicted",
    &[],
    "Whether the log contradicts what was signed of it, and so is signed no more: 1 or 0.",
);
pub(super) static SIGN_FAILURES: Family<Counter, 0> =
    Family::counter("gateway_log_sign_failures_total", &[], "Attempts to sign the log that failed.");
pub(super) static TOKENS: Family<Counter, 1> = Family::counter(
    "gateway_token_verifications_total",
    &["outcome"],
    "Tokens judged, by what came of it: accepted, or the fault.",
);
pub(super) static KEY_SETS: Family<Counter, 2> = Family::counter(
    "gateway_key_set_refreshes_total",
    &["issuer", "outcome"],
    "Attempts to fetch an issuer's key set, by issuer as configured.",
);
pub(super) static KEY_SET_AGE: Family<Gauge, 1> = Family::gauge(
    "gateway_key_set_age_seconds",
    &["issuer"],
    "How long ago an issuer's key set was last fetched, or since the start where it never was, by issuer as configured.",
);
pub(super) static OPEN: Family<Gauge, 1> = Family::gauge(
    "gateway_open",
    &["what"],
    "What is open now: connections but for websockets, requests under way, websockets, subscriptions.",
);
pub(super) static POOL: Family<Gauge, 2> = Family::gauge(
    "gateway_database_connections",
    &["pool", "state"],
    "Connections to the database, by pool and state: in_use, idle, or max, which is how many there may be.",
);
pub(super) static RECONNECTS: Family<Counter, 0> = Family::counter(
    "gateway_database_reconnects_total",
    &[],
    "Times every connection was made anew, where the primary is.",
);
pub(super) static REPLICA_LAG: Family<Gauge, 0> = Family::gauge(
    "gateway_replica_lag_seconds",
    &[],
    "How far the replica of DATABASE_READ_URL is behind; infinite while it is not read, absent without one.",
);
pub(super) static SPANS: Family<Counter, 1> = Family::counter(
    "gateway_trace_spans_total",
    &["outcome"],
    "Spans of traces handed to the collector of OTLP_ENDPOINT: exported or failed.",
);
pub(super) static WEBHOOK_ATTEMPTS: Family<Counter, 1> = Family::counter(
    "gateway_webhook_attempts_total",
    &["outcome"],
    "Attempts to deliver an event, by what came of it: taken, refused by an answer that is not 2xx, or why there was none.",
);
pub(super) static WEBHOOK_SECONDS: Family<Histogram, 0> = Family::histogram(
    "gateway_webhook_attempt_duration_seconds",
    &[],
    SECONDS,
    "Time from an attempt to deliver an event to the head of its answer, or to its end without one.",
);
pub(super) static WEBHOOKS_BEHIND: Family<Gauge, 0> = Family::gauge(
    "gateway_webhooks_behind",
    &[],
    "Webhooks whose next event this process tried to deliver in vain and will try again.",
);
pub(super) static WEBHOOK_LAG: Family<Gauge, 0> = Family::gauge(
    "gateway_webhook_lag_seconds",
    &[],
    "How long ago the oldest of those events was recorded; 0 where there is none.",
);
pub(super) static BUILD: Family<Gauge, 1> =
    Family::gauge("gateway_build_info", &["version"], "Version of the gateway; always 1.");
pub(super) static RESIDENT: Family<Gauge, 0> =
    Family::gauge("process_resident_memory_bytes", &[], "Memory of the process that is resident.");
pub(super) static OPEN_FILES: Family<Gauge, 0> =
    Family::gauge("process_open_fds", &[], "File descriptors the process holds open.");
pub(super) static OPEN_FILES_MAX: Family<Gauge, 0> =
    Family::gauge("process_max_fds", &[], "File descriptors the process may hold open.");
/// Counters of the recorder hold whole numbers; this has hundredths, and is written without it.
pub(super) static CPU: Metric = Metric {
    name: "process_cpu_seconds_total",
    kind: Kind::Counter,
    help: "Processor time the process has used.",
    labels: &[],
};
pub(super) static THREADS: Family<Gauge, 0> = Family::gauge("process_threads", &[], "Threads of the process.");

/// Every figure there is.
pub static METRICS: &[&Metric] = &[
    &HTTP_REQUESTS.metric,
    &HTTP_SECONDS.metric,
    &OPERATIONS.metric,
    &OPERATION_SECONDS.metric,
    &SLOW_OPERATIONS.metric,
    &TRUSTED_DOCUMENTS.metric,
    &ERRORS.metric,
    &LIMITS.metric,
    &PANICS.metric,
    &DECISIONS.metric,
    &ANSWERS_SOUGHT.metric,
    &ANSWERS_KEPT.metric,
    &ANSWERS_KEPT_BYTES.metric,
    &DISCLOSURES.metric,
    &BATCHES.metric,
    &BATCH_ROWS.metric,
    &BATCH_SECONDS.metric,
    &QUEUE_ROWS.metric,
    &QUEUE_ROWS_MAX.metric,
    &ACTS.metric,
    &JOURNAL_SEQ.metric,
    &FACTS_AGE.metric,
    &FACTS_AGE_MAX.metric,
    &FOLLOW_FAILURES.metric,
    &READY.metric,
    &LOG_ENTRIES.metric,
    &LOG_UNSIGNED.metric,
    &LOG_SIGNED_AGO.metric,
    &LOG_CONTRADICTED.metric,
    &SIGN_FAILURES.metric,
    &TOKENS.metric,
    &KEY_SETS.metric,
    &KEY_SET_AGE.metric,
    &OPEN.metric,
    &POOL.metric,
    &RECONNECTS.metric,
    &REPLICA_LAG.metric,
    &SPANS.metric,
    &WEBHOOK_ATTEMPTS.metric,
    &WEBHOOK_SECONDS.metric,
    &WEBHOOKS_BEHIND.metric,
    &WEBHOOK_LAG.metric,
    &BUILD.metric,
    &RESIDENT.metric,
    &OPEN_FILES.metric,
    &OPEN_FILES_MAX.metric,
    &CPU,
    &THREADS.metric,
];
