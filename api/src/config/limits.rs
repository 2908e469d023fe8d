//! Limits: each has a name, a unit, a default and a reason, and can be set like any other setting.

use super::layers::Layers;

/// One limit. Its name is what an error `LIMIT_EXCEEDED` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Name of the setting.
    pub name: &'static str,
    /// What is counted.
    pub unit: &'static str,
    /// Value when nothing is said.
    pub default: u64,
    /// Largest value that may be set; the smallest is 1.
    pub largest: u64,
    /// Why there is a limit, and why this one.
    pub reason: &'static str,
}

/// Bytes of a document.
pub const QUERY_BYTES_MAX: Limit = Limit {
    name: "QUERY_BYTES_MAX",
    unit: "bytes of one document",
    default: 131_072,
    largest: 67_108_864,
    reason: "the parser goes through each character of a text, some 0.1 µs; long texts are variables, and 2,000 tokens fit",
};

/// Tokens of a document, counted on the raw text.
pub const QUERY_TOKENS_MAX: Limit = Limit {
    name: "QUERY_TOKENS_MAX",
    unit: "tokens of one document",
    default: 2_000,
    largest: 100_000,
    reason: "parsing is half the cost of a request; the longest query of the documentation has under 400",
};

/// Brackets within brackets of a document.
pub const QUERY_NESTING_MAX: Limit = Limit {
    name: "QUERY_NESTING_MAX",
    unit: "brackets within brackets, and selections within selections",
    default: 32,
    largest: 32,
    reason: "the engine's own limit on recursion; introspection of a client tool needs 15",
};

/// Fields within fields.
pub const QUERY_DEPTH_MAX: Limit = Limit {
    name: "QUERY_DEPTH_MAX",
    unit: "levels of fields",
    default: 12,
    largest: 64,
    reason: "the graph of the schema points backwards and is 9 deep at most",
};

/// Fields with all fragments expanded.
pub const QUERY_FIELDS_MAX: Limit = Limit {
    name: "QUERY_FIELDS_MAX",
    unit: "fields, fragments expanded",
    default: 500,
    largest: 10_000,
    reason: "every selected field is one future per object; fragments multiply them",
};

/// Aliases with all fragments expanded.
pub const QUERY_ALIASES_MAX: Limit = Limit {
    name: "QUERY_ALIASES_MAX",
    unit: "aliases, fragments expanded",
    default: 30,
    largest: 1_000,
    reason: "an alias asks the same field again; no page needs more",
};

/// Fields of the operation itself.
pub const QUERY_ROOT_FIELDS_MAX: Limit = Limit {
    name: "QUERY_ROOT_FIELDS_MAX",
    unit: "fields of the operation itself",
    default: 20,
    largest: 200,
    reason: "each is a use-case of its own",
};

/// Cost of a document, lists counted by their page size.
pub const QUERY_COMPLEXITY_MAX: Limit = Limit {
    name: "QUERY_COMPLEXITY_MAX",
    unit: "fields answered at most",
    default: 20_000,
    largest: 1_000_000,
    reason: "a full page of agreements with all their parts costs about 15,000",
};

/// Nodes of one page.
pub const PAGE_SIZE_MAX: Limit = Limit {
    name: "PAGE_SIZE_MAX",
    unit: "nodes of one page",
    default: 100,
    largest: 1_000,
    reason: "bounds the size of an answer; clients page by cursor",
};

/// Bytes of one request body.
pub const BODY_BYTES_MAX: Limit = Limit {
    name: "BODY_BYTES_MAX",
    unit: "bytes of one request body",
    default: 1_048_576,
    largest: 67_108_864,
    reason: "1,000 disclosures of about 600 bytes fit",
};

/// Bytes of the variables of one operation.
pub const VARIABLES_BYTES_MAX: Limit = Limit {
    name: "VARIABLES_BYTES_MAX",
    unit: "bytes of the variables of one operation, as they are sent",
    default: 1_000_000,
    largest: 67_108_864,
    reason: "1,000 disclosures of about 600 bytes fit; what is left of the body is for the document",
};

/// Lists and objects within one another in variables.
pub const VARIABLES_DEPTH_MAX: Limit = Limit {
    name: "VARIABLES_DEPTH_MAX",
    unit: "lists and objects within one another, in variables",
    default: 16,
    largest: 64,
    reason: "the deepest input of the schema has 6; reading goes one frame deeper for each",
};

/// Values in variables.
pub const VARIABLES_VALUES_MAX: Limit = Limit {
    name: "VARIABLES_VALUES_MAX",
    unit: "values in the variables of one operation, lists and objects included",
    default: 100_000,
    largest: 1_000_000,
    reason: "1,000 disclosures with 20 items each have some 50,000; a value of two bytes takes forty times that in memory",
};

/// Operations of one body.
pub const BATCH_OPERATIONS_MAX: Limit = Limit {
    name: "BATCH_OPERATIONS_MAX",
    unit: "operations in one body; 1 takes no lists",
    default: 1,
    largest: 50,
    reason: "a list multiplies every other limit; clients that need one are few",
};

/// Seconds until a socket is greeted.
pub const SOCKET_INIT_SECONDS_MAX: Limit = Limit {
    name: "SOCKET_INIT_SECONDS_MAX",
    unit: "seconds from a socket's opening to its connection_init",
    default: 10,
    largest: 300,
    reason: "a client greets at once; until then nobody knows whose socket it is",
};

/// Seconds without a word from a socket.
pub const SOCKET_SILENCE_SECONDS_MAX: Limit = Limit {
    name: "SOCKET_SILENCE_SECONDS_MAX",
    unit: "seconds without a word from a socket's client, which is pinged in half that time",
    default: 60,
    largest: 3_600,
    reason: "a client that is gone without a word holds its place no longer; proxies cut what is silent for a minute",
};

/// Operations of one socket at once.
pub const SUBSCRIPTIONS_MAX: Limit = Limit {
    name: "SUBSCRIPTIONS_MAX",
    unit: "subscriptions and other operations under way on one socket",
    default: 20,
    largest: 1_000,
    reason: "a front end has one for what it shows; each is asked at every change of the registry",
};

/// Seconds one operation may take.
pub const OPERATION_SECONDS_MAX: Limit = Limit {
    name: "OPERATION_SECONDS_MAX",
    unit: "seconds of one operation",
    default: 10,
    largest: 300,
    reason: "longer than any answer from memory and any page of the log; callers give up about then",
};

/// Validated documents kept.
pub const DOCUMENT_CACHE_ENTRIES_MAX: Limit = Limit {
    name: "DOCUMENT_CACHE_ENTRIES_MAX",
    unit: "documents kept",
    default: 1_000,
    largest: 100_000,
    reason: "front ends and partner systems send a few hundred distinct documents; one takes some 20 kB",
};

/// Bytes of validated documents kept.
pub const DOCUMENT_CACHE_BYTES_MAX: Limit = Limit {
    name: "DOCUMENT_CACHE_BYTES_MAX",
    unit: "bytes of documents kept, about",
    default: 32 * 1024 * 1024,
    largest: 1024 * 1024 * 1024,
    reason: "a thousand documents of usual length; a few huge ones must not take the process's memory",
};

/// Bytes of whole answers kept.
pub const ANSWER_CACHE_BYTES_MAX: Limit = Limit {
    name: "ANSWER_CACHE_BYTES_MAX",
    unit: "bytes of answers kept, about; 1 keeps none",
    default: 32 * 1024 * 1024,
    largest: 16 * 1024 * 1024 * 1024,
    reason: "ten thousand answers of usual length, given again while nothing they rest on has changed",
};

/// Verified tokens kept.
pub const TOKEN_CACHE_ENTRIES_MAX: Limit = Limit {
    name: "TOKEN_CACHE_ENTRIES_MAX",
    unit: "verified tokens kept",
    default: 10_000,
    largest: 1_000_000,
    reason: "a verification costs some 90 µs, a hit a fraction of one; 10,000 tokens take about 10 MB",
};

/// Disclosures that wait to be written.
pub const RECORD_QUEUE_MAX: Limit = Limit {
    name: "RECORD_QUEUE_MAX",
    unit: "disclosures waiting to be written",
    default: 16_384,
    largest: 1_000_000,
    reason: "sixteen full calls, under a second of writing; a caller beyond it is told to wait rather than kept waiting",
};

/// Disclosures of one transaction of the writer; a call alone may hold as many as the contract lets it.
pub const RECORD_BATCH_MAX: Limit = Limit {
    name: "RECORD_BATCH_MAX",
    unit: "disclosures of one transaction, a larger call alone aside",
    default: 1_000,
    largest: 1_000,
    reason: "larger batches write no faster, and whoever waits for one waits longer",
};

/// Values of the limits in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// [`QUERY_BYTES_MAX`].
    pub query_bytes_max: usize,
    /// [`QUERY_TOKENS_MAX`].
    pub query_tokens_max: usize,
    /// [`QUERY_NESTING_MAX`].
    pub query_nesting_max: usize,
    /// [`QUERY_DEPTH_MAX`].
    pub query_depth_max: usize,
    /// [`QUERY_FIELDS_MAX`].
    pub query_fields_max: usize,
    /// [`QUERY_ALIASES_MAX`].
    pub query_aliases_max: usize,
    /// [`QUERY_ROOT_FIELDS_MAX`].
    pub query_root_fields_max: usize,
    /// [`QUERY_COMPLEXITY_MAX`].
    pub query_complexity_max: usize,
    /// [`PAGE_SIZE_MAX`].
    pub page_size_max: usize,
    /// [`BODY_BYTES_MAX`].
    pub body_bytes_max: usize,
    /// [`VARIABLES_BYTES_MAX`].
    pub variables_bytes_max: usize,
    /// [`VARIABLES_DEPTH_MAX`].
    pub variables_depth_max: usize,
    /// [`VARIABLES_VALUES_MAX`].
    pub variables_values_max: usize,
    /// [`BATCH_OPERATIONS_MAX`].
    pub batch_operations_max: usize,
    /// [`SOCKET_INIT_SECONDS_MAX`].
    pub socket_init_seconds_max: usize,
    /// [`SOCKET_SILENCE_SECONDS_MAX`].
    pub socket_silence_seconds_max: usize,
    /// [`SUBSCRIPTIONS_MAX`].
    pub subscriptions_max: usize,
    /// [`OPERATION_SECONDS_MAX`].
    pub operation_seconds_max: u64,
    /// [`DOCUMENT_CACHE_ENTRIES_MAX`].
    pub document_cache_entries_max: usize,
    /// [`DOCUMENT_CACHE_BYTES_MAX`].
    pub document_cache_bytes_max: usize,
    /// [`ANSWER_CACHE_BYTES_MAX`].
    pub answer_cache_bytes_max: usize,
    /// [`TOKEN_CACHE_ENTRIES_MAX`].
    pub token_cache_entries_max: usize,
    /// [`RECORD_QUEUE_MAX`].
    pub record_queue_max: usize,
    /// [`RECORD_BATCH_MAX`].
    pub record_batch_max: usize,
}

impl Limits {
    pub(super) fn read(layers: &mut Layers<'_>) -> Option<Self> {
        let mut values = LIMITS.map(|limit| layers.read_limit(limit)).into_iter();
        let mut count = || values.next().flatten().and_then(|value| usize::try_from(value).ok());
        Some(Self {
            query_bytes_max: count()?,
            query_tokens_max: count()?,
            query_nesting_max: count()?,
            query_depth_max: count()?,
            query_fields_max: count()?,
            query_aliases_max: count()?,
            query_root_fields_max: count()?,
            query_complexity_max: count()?,
            page_size_max: count()?,
            body_bytes_max: count()?,
            variables_bytes_max: count()?,
            variables_depth_max: count()?,
            variables_values_max: count()?,
            batch_operations_max: count()?,
            socket_init_seconds_max: count()?,
            socket_silence_seconds_max: count()?,
            subscriptions_max: count()?,
            operation_seconds_max: u64::try_from(count()?).ok()?,
            document_cache_entries_max: count()?,
            document_cache_bytes_max: count()?,
            answer_cache_bytes_max: count()?,
            token_cache_entries_max: count()?,
            record_queue_max: count()?,
            record_batch_max: count()?,
        })
    }
}

/// Every limit, in the order of the fields of [`Limits`].
pub const LIMITS: [&Limit; 24] = [
    &QUERY_BYTES_MAX,
    &QUERY_TOKENS_MAX,
    &QUERY_NESTING_MAX,
    &QUERY_DEPTH_MAX,
    &QUERY_FIELDS_MAX,
    &QUERY_ALIASES_MAX,
    &QUERY_ROOT_FIELDS_MAX,
    &QUERY_COMPLEXITY_MAX,
    &PAGE_SIZE_MAX,
    &BODY_BYTES_MAX,
    &VARIABLES_BYTES_MAX,
    &VARIABLES_DEPTH_MAX,
    &VARIABLES_VALUES_MAX,
    &BATCH_OPERATIONS_MAX,
    &SOCKET_INIT_SECONDS_MAX,
    &SOCKET_SILENCE_SECONDS_MAX,
    &SUBSCRIPTIONS_MAX,
    &OPERATION_SECONDS_MAX,
    &DOCUMENT_CACHE_ENTRIES_MAX,
    &DOCUMENT_CACHE_BYTES_MAX,
    &ANSWER_CACHE_BYTES_MAX,
    &TOKEN_CACHE_ENTRIES_MAX,
    &RECORD_QUEUE_MAX,
    &RECORD_BATCH_MAX,
];

#[cfg(test)]
mod tests {
    use super::super::{Config, Flags};
    use super::*;

    #[test]
    fn each_limit_sets_its_own_value() {
        for limit in LIMITS {
            let config = Config::load(&Flags::default(), |name| (name == limit.name).then(|| "7".to_owned()));
            let shown = format!("{:?}", config.expect("config").limits);
            assert!(shown.contains(&format!(" {}: 7", limit.name.to_lowercase())), "{shown}");
            assert_eq!(shown.matches(": 7").count(), 1, "{shown}");
        }
    }

    #[test]
    fn limit_out_of_bounds_is_refused_with_what_is_allowed() {
        for (limit, value) in LIMITS.iter().flat_map(|limit| [(limit, 0), (limit, limit.largest + 1)]) {
            let faults = Config::load(&Flags::default(), |name| (name == limit.name).then(|| value.to_string()))
                .expect_err("fault");
            let fault = faults.to_string();
            assert!(fault.contains(limit.name) && fault.contains(&format!("1 to {}", limit.largest)), "{fault}");
        }
    }

    #[test]
    fn defaults_are_within_bounds() {
        assert!(LIMITS.iter().all(|limit| (1..=limit.largest).contains(&limit.default)));
    }
}
