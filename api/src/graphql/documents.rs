//! Documents seen before: parsed and validated once, executed many times.
//!
//! Parsing and validating are most of a request's cost. The same roots stand in two schemas: the strict one judges a
//! document at first sight, the fast one executes what is known. Whatever depends on variables is judged anew at each
//! request by the gate; an error that is not a use-case's own sends a query back to the strict schema.

use std::{any::Any, fmt, hash::Hash, sync::Arc};

use async_graphql::{
    ObjectType, Request, Response, Schema, SchemaBuilder, SubscriptionType, ValidationMode, Variables,
    parser::types::OperationType,
};
use futures::stream::BoxStream;
use quick_cache::{Equivalent, Weighter, sync::Cache};

use super::{
    errors::are_ours,
    gate::{Admitted, Gate, Limits},
};
use crate::{Error, Fault, FaultCode, metrics::Client};

/// Bytes a parsed document takes for each byte of its text, about.
const BYTES_PER_CHARACTER: u64 = 24;
/// Bytes of an entry besides its document, about.
const ENTRY_BYTES: u64 = 512;

/// Fields a document may answer before anything is known of it and still count as light: some three milliseconds.
const COMPLEXITY_UNSEEN_MAX: u64 = 2_000;

/// Name of the kind of operation that reads.
pub const QUERY: &str = "query";

/// Name of no operation, for it is no name.
const NOBODY: &str = "-";

/// How much the cache of documents keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLimits {
    /// `DOCUMENT_CACHE_ENTRIES_MAX`: documents.
    pub documents: usize,
    /// `DOCUMENT_CACHE_BYTES_MAX`: bytes of all documents together, about.
    pub bytes: u64,
}

/// Request as a client sends it. Its `Debug` shows nothing, for it may hold anything.
pub struct Call {
    /// Text of the document.
    pub query: String,
    /// Operation of it; null when there is one.
    pub operation_name: Option<String>,
    /// Values of its variables; may hold personal identity codes.
    pub variables: Variables,
    /// Client whose manifest holds the document; null for any other.
    pub client: Option<Client>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call(…)")
    }
}

/// Document as a request names it.
pub enum Named {
    /// By its text.
    Text(String),
    /// By its SHA-256.
    Hash([u8; 32]),
    /// By what is no SHA-256, so that nobody knows it.
    Unknown,
}

/// Request as it names its document. Its `Debug` shows nothing, for it may hold anything.
pub struct Asking {
    /// Document.
    pub document: Named,
    /// Operation of it; null when there is one.
    pub operation_name: Option<String>,
    /// Values of its variables; may hold personal identity codes.
    pub variables: Variables,
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asking(…)")
    }
}

/// Whether the schema may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Introspection {
    /// By this caller, yes.
    Open,
    /// Not without a token.
    Closed,
}

/// Request that may be executed.
#[derive(Debug, Clone)]
pub struct Prepared {
    document: Arc<Admitted>,
    sight: Sight,
    complexity: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    First,
    Known,
}

impl Prepared {
    /// Whether it reads, writes or subscribes.
    pub fn kind(&self) -> OperationType {
        self.document.kind
    }

    /// Whether its answer will probably take long to reckon: by experience with its document, at first sight by what it may
    /// answer.
    pub fn is_heavy(&self) -> bool {
        match self.sight {
            Sight::First => self.document.complexity > COMPLEXITY_UNSEEN_MAX,
            Sight::Known => self.document.effort.is_heavy(),
        }
    }

    /// Whether its operation has a variable of this name.
    pub fn declares(&self, variable: &str) -> bool {
        let operation = self.document.document.operations.iter().find(|(name, _)| {
            self.document.operation.as_deref().is_none_or(|wanted| name.is_some_and(|name| name == wanted))
        });
        operation.is_some_and(|(_, operation)| {
            operation.node.variable_definitions.iter().any(|defined| defined.node.name.node == variable)
        })
    }

    /// Name of what it does: one of three.
    pub fn kind_name(&self) -> &'static str {
        match self.kind() {
            OperationType::Query => QUERY,
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        }
    }

    /// SHA-256 of the document's text.
    pub fn document_hash(&self) -> [u8; 32] {
        self.document.hash
    }

    /// Fields it may answer, each page full.
    pub fn complexity(&self) -> u64 {
        self.complexity
    }
}

/// The schema, strict and fast, with the documents it knows.
pub struct Schemas<Q, M, S> {
    strict: Schema<Q, M, S>,
    fast: Schema<Q, M, S>,
    gate: Gate,
    known: Cache<Key, Arc<Admitted>, ByText>,
}

impl<Q, M, S> Schemas<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    /// Builds the schema twice from the same roots.
    ///
    /// # Errors
    /// Internal when its SDL cannot be read back.
    pub fn new(build: impl Fn() -> SchemaBuilder<Q, M, S>, limits: Limits, cache: CacheLimits) -> Result<Self, Error> {
        let strict = build().validation_mode(ValidationMode::Strict).finish();
        let fast = build().validation_mode(ValidationMode::Fast).finish();
        let gate = Gate::new(limits, &strict.sdl())?;
        Ok(Self { strict, fast, gate, known: Cache::with_weighter(cache.documents, cache.bytes, ByText) })
    }

    /// The schema as clients read it.
    pub fn sdl(&self) -> String {
        self.strict.sdl()
    }

    /// Whether a request's document has been judged before, so that judging it again takes no time.
    pub fn knows(&self, call: &Call) -> bool {
        self.known.contains_key(&KeyOf { text: &call.query, operation: call.operation_name.as_deref() })
    }

    /// Judges a document before anyone asks with it, but for the values of its variables, which it does not have yet.
    ///
    /// # Errors
    /// As of a request with it; invalid when it has several operations.
    pub async fn judge(&self, text: &str) -> Result<(), Error> {
        let mut request = Request::new("").operation_name(NOBODY);
        request.set_parsed_query(self.gate.judge(text)?);
        // The engine validates before it looks for the operation, and none has this name: nothing is executed.
        let errors = self.strict.execute(request).await.errors;
        let not_found = format!("Unknown operation named \"{NOBODY}\"");
        let faults = errors.into_iter().map(|error| error.message).filter(|message| *message != not_found);
        let faults: Vec<_> = faults.map(|message| Fault::new(FaultCode::Malformed, "query", message)).collect();
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    /// Judges a request before anything is executed.
    ///
    /// # Errors
    /// Limit exceeded, naming the limit; invalid when the document or its variables are; unauthenticated when it asks for
    /// a schema that is closed to the caller.
    pub fn prepare(&self, call: &Call, introspection: Introspection) -> Result<Prepared, Error> {
        let prepared = self.look_up(call)?;
        if prepared.document.introspects && introspection == Introspection::Closed {
            return Err(Error::without_token("the schema is told to callers with a token"));
        }
        Ok(prepared)
    }

    fn look_up(&self, call: &Call) -> Result<Prepared, Error> {
        let operation = call.operation_name.as_deref();
        if let Some(document) = self.known.get(&KeyOf { text: &call.query, operation }) {
            let complexity = self.gate.readmit(&document, &call.variables)?;
            return Ok(Prepared { document, sight: Sight::Known, complexity });
        }
        let document = Arc::new(self.gate.admit(&call.query, operation, &call.variables)?);
        let complexity = document.complexity;
        Ok(Prepared { document, sight: Sight::First, complexity })
    }

    /// Executes a query or a mutation. `context` is what its resolvers read.
    ///
    /// A known document runs fast: what its validation cannot know, the values of its variables, the gate has judged
    /// against the same shapes. Where a mutation puts variables into a literal, the gate sees the parts and not the whole,
    /// so that is validated each time. A mutation never runs twice.
    pub async fn execute<C>(&self, prepared: Prepared, call: Call, context: C) -> Response
    where
        C: Any + Clone + Send + Sync,
    {
        let document = Arc::clone(&prepared.document);
        document.effort.of(self.executed(prepared, call, context)).await
    }

    async fn executed<C>(&self, prepared: Prepared, call: Call, context: C) -> Response
    where
        C: Any + Clone + Send + Sync,
    {
        let Prepared { document, sight, complexity: _ } = prepared;
        let is_mutation = document.kind == OperationType::Mutation;
        if sight == Sight::Known && is_mutation && !document.mixes_variables {
            return self.fast.execute(request(&document, call.variables, context)).await;
        }
        if sight == Sight::Known && !is_mutation {
            let request = request(&document, call.variables.clone(), context.clone());
            let response = self.fast.execute(request).await;
            if are_ours(&response.errors) {
                return response;
            }
        }
        let response = self.strict.execute(request(&document, call.variables, context)).await;
        if sight == Sight::First && are_ours(&response.errors) {
            let key = Key { text: call.query.into(), operation: call.operation_name.map(Into::into) };
            self.known.insert(key, document);
        }
        response
    }
}

impl<Q, M, S> Schemas<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    /// Events of a subscription, validated in full: it is begun once and lasts.
    pub fn subscribe<C>(&self, prepared: &Prepared, call: Call, context: C) -> BoxStream<'static, Response>
    where
        C: Any + Clone + Send + Sync,
    {
        self.strict.execute_stream(request(&prepared.document, call.variables, context))
    }
}

fn request<C: Any + Send + Sync>(document: &Admitted, variables: Variables, context: C) -> Request {
    let mut request = Request::new("").variables(variables).data(context);
    if let Some(name) = &document.operation {
        request = request.operation_name(name.as_str());
    }
    request.set_parsed_query(document.document.clone());
    request
}

/// Text and operation a document is known by: of one text, each operation is another document.
struct Key {
    text: Box<str>,
    operation: Option<Box<str>>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.borrowed() == other.borrowed()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl Key {
    fn borrowed(&self) -> KeyOf<'_> {
        KeyOf { text: &self.text, operation: self.operation.as_deref() }
    }
}

/// The same, borrowed for looking up.
#[derive(PartialEq, Eq, Hash)]
struct KeyOf<'a> {
    text: &'a str,
    operation: Option<&'a str>,
}

impl Equivalent<Key> for KeyOf<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.borrowed()
    }
}

#[derive(Clone)]
struct ByText;

impl Weighter<Key, Arc<Admitted>> for ByText {
    fn weight(&self, key: &Key, _: &Arc<Admitted>) -> u64 {
        key.text.len() as u64 * BYTES_PER_CHARACTER + ENTRY_BYTES
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_graphql::{Context, EmptySubscription, InputObject, Object, OneofObject};
    use serde_json::json;

    use super::*;
    use crate::graphql::gate::tests::LIMITS;

    /// What resolvers of the test schema count.
    #[derive(Clone, Default)]
    struct Runs(Arc<AtomicU32>);

    struct Query;

    #[derive(InputObject)]
    struct Filter {
        number: i32,
        note: Option<String>,
    }

    #[derive(OneofObject)]
    enum Either {
        Number(i32),
        Note(String),
    }

    struct Row(i32);

    #[Object]
    impl Row {
        async fn number(&self) -> i32 {
            self.0
        }

        async fn rows(&self, first: Option<i32>) -> Vec<Row> {
            (0..first.unwrap_or(2)).map(Row).collect()
        }
    }

    #[Object]
    impl Query {
        async fn row(&self, ctx: &Context<'_>, filter: Option<Filter>, number: Option<i32>) -> Result<Row, Error> {
            ctx.data_unchecked::<Runs>().0.fetch_add(1, Ordering::Relaxed);
            let note = filter.as_ref().and_then(|filter| filter.note.as_deref());
            let number = filter.as_ref().map(|filter| filter.number).or(number).unwrap_or_default();
            if number < 0 || note == Some("none") { Err(Error::NotFound("row")) } else { Ok(Row(number)) }
        }
    }

    struct Mutation;

    #[Object]
    impl Mutation {
        async fn rename(&self, ctx: &Context<'_>, filter: Filter) -> i32 {
            ctx.data_unchecked::<Runs>().0.fetch_add(1, Ordering::Relaxed);
            filter.number
        }

        async fn either(&self, ctx: &Context<'_>, one: Either) -> i32 {
            ctx.data_unchecked::<Runs>().0.fetch_add(1, Ordering::Relaxed);
            match one {
                Either::Number(number) => number,
                Either::Note(_) => 0,
            }
        }
    }

    type Tested = Schemas<Query, Mutation, EmptySubscription>;

    fn schemas() -> Tested {
        let build = || Schema::build(Query, Mutation, EmptySubscription);
        Schemas::new(build, LIMITS, CacheLimits { documents: 1_000, bytes: 10_000_000 }).unwrap()
    }

    fn call(query: &str, operation: Option<&str>, variables: serde_json::Value) -> Call {
        let (query, operation_name) = (query.to_owned(), operation.map(str::to_owned));
        Call { query, operation_name, variables: Variables::from_json(variables), client: None }
    }

    /// Answer or error as text, and how often resolvers ran.
    async fn run(schemas: &Tested, call: Call) -> (String, u32) {
        let runs = Runs::default();
        let prepared = match schemas.prepare(&call, Introspection::Open) {
            Ok(prepared) => prepared,
            Err(error) => return (crate::graphql::errors::code_name(error.code()).to_owned(), 0),
        };
        let response = schemas.execute(prepared, call, runs.clone()).await;
        let text = match response.errors.first() {
            None => response.data.into_json().unwrap().to_string(),
            Some(error) => error.message.clone(),
        };
        (text, runs.0.load(Ordering::Relaxed))
    }

    fn is_known(schemas: &Tested, text: &str) -> bool {
        schemas.known.get(&KeyOf { text, operation: None }).is_some()
    }

    #[tokio::test]
    async fn document_is_judged_whole_and_not_executed() {
        let schemas = schemas();
        for sound in [
            "query A($n: Int!) { row(number: $n) { number } }",
            "{ row(number: 1) { ...F } } fragment F on Row { number }",
            "mutation A($f: Filter!) { rename(filter: $f) }",
        ] {
            // Executing it would panic, for its resolvers look for what counts their runs.
            schemas.judge(sound).await.unwrap_or_else(|fault| panic!("{sound}: {fault:?}"));
        }
        for faulty in [
            "",
            "{ nothing }",
            "{ row { number } } fragment F on Row { number }",
            "query A($n: Int) { row { number } }",
            "query A { row { number } } query B { row { number } }",
            "mutation { rename(filter: {number: 1, nubmer: 2}) }",
        ] {
            assert!(schemas.judge(faulty).await.is_err(), "{faulty}");
        }
    }

    #[tokio::test]
    async fn known_query_answers_each_time_by_its_own_variables() {
        let schemas = schemas();
        let query = "query($n: Int, $first: Int) { row(number: $n) { number rows(first: $first) { number } } }";
        for (n, rows) in [(1, "[]"), (2, r#"[{"number":0}]"#)] {
            let variables = json!({"n": n, "first": n - 1});
            let expected = format!(r#"{{"row":{{"number":{n},"rows":{rows}}}}}"#);
            assert_eq!(run(&schemas, call(query, None, variables)).await, (expected, 1));
        }
        assert!(is_known(&schemas, query));
    }

    #[tokio::test]
    async fn misspelt_variable_is_refused_at_first_and_at_later_sight() {
        let schemas = schemas();
        let query = "query($f: Filter) { row(filter: $f) { number } }";
        let misspelt = || json!({"f": {"number": 1, "nóte": "x", "noet": "y"}});
        assert_eq!(run(&schemas, call(query, None, misspelt())).await, ("INVALID_INPUT".to_owned(), 0));
        assert_eq!(run(&schemas, call(query, None, json!({"f": {"number": 1}}))).await.1, 1);
        assert!(is_known(&schemas, query));
        for variables in [misspelt(), json!({"f": {}}), json!({"f": {"number": "1"}}), json!({"f": 1})] {
            assert_eq!(run(&schemas, call(query, None, variables)).await, ("INVALID_INPUT".to_owned(), 0));
        }
    }

    #[tokio::test]
    async fn operations_of_one_text_are_not_taken_for_one_another() {
        let schemas = schemas();
        let text = "query A { row(number: 1) { number } } query B { row(number: 2) { number } }";
        for _ in 0..3 {
            for (name, number) in [("A", 1), ("B", 2)] {
                let expected = format!(r#"{{"row":{{"number":{number}}}}}"#);
                assert_eq!(run(&schemas, call(text, Some(name), json!({}))).await.0, expected);
            }
            assert_eq!(run(&schemas, call(text, None, json!({}))).await.0, "INVALID_INPUT");
        }
    }

    #[tokio::test]
    async fn invalid_document_is_never_known() {
        let schemas = schemas();
        for query in ["{ nothing }", "{ row { number } } fragment Unused on Row { number }", "{ row(number: 1) }"] {
            for _ in 0..2 {
                let (message, runs) = run(&schemas, call(query, None, json!({}))).await;
                assert!(!message.starts_with('{'), "{message}");
                assert_eq!(runs, 0);
            }
            assert!(!is_known(&schemas, query), "{query}");
        }
    }

    #[tokio::test]
    async fn refusal_of_a_use_case_does_not_run_it_twice() {
        let schemas = schemas();
        let query = "query($n: Int) { row(number: $n) { number } }";
        for _ in 0..2 {
            assert_eq!(run(&schemas, call(query, None, json!({"n": -1}))).await, ("no such row".to_owned(), 1));
        }
        assert!(is_known(&schemas, query));
    }

    #[tokio::test]
    async fn mutation_is_judged_at_every_sight_and_known_like_a_query() {
        let schemas = schemas();
        let whole = "mutation($f: Filter!) { rename(filter: $f) }";
        assert_eq!(run(&schemas, call(whole, None, json!({"f": {"number": 1}}))).await.1, 1);
        assert!(is_known(&schemas, whole));
        let refused = ("INVALID_INPUT".to_owned(), 0);
        let beyond = json!({"number": 2_147_483_648_i64});
        for filter in
            [json!({"number": 1, "noet": "y"}), json!({}), json!({"number": "1"}), beyond, json!(1), json!(null)]
        {
            assert_eq!(run(&schemas, call(whole, None, json!({ "f": filter }))).await, refused);
        }
        assert_eq!(run(&schemas, call(whole, None, json!({}))).await, refused);
        let text = "mutation($n: Int!, $note: String) { rename(filter: {number: $n, note: $note}) }";
        for _ in 0..2 {
            assert_eq!(run(&schemas, call(text, None, json!({"n": 1}))).await, (r#"{"rename":1}"#.to_owned(), 1));
            assert_eq!(run(&schemas, call(text, None, json!({}))).await.1, 0);
        }
        let either =
            "mutation($a: Int, $b: String) { rename(filter: {number: 1}) either(one: {number: $a, note: $b}) }";
        assert_eq!(run(&schemas, call(either, None, json!({"a": 7}))).await.1, 2);
        let both = run(&schemas, call(either, None, json!({"a": 7, "b": "secret"}))).await;
        assert!(both.1 == 0 && !both.0.contains("secret"), "{both:?}");
        let misspelt = "mutation($note: String) { rename(filter: {number: 1, note: $note, nubmer: 2}) }";
        assert_eq!(run(&schemas, call(misspelt, None, json!({}))).await, ("INVALID_INPUT".to_owned(), 0));
    }

    #[tokio::test]
    async fn skipped_fields_follow_the_variables_of_each_request() {
        let schemas = schemas();
        let query = "query($x: Boolean!) { row { number @include(if: $x) rows @skip(if: $x) { number } } }";
        for (x, expected) in
            [(true, "{\"row\":{\"number\":0}}"), (false, "{\"row\":{\"rows\":[{\"number\":0},{\"number\":1}]}}")]
        {
            for _ in 0..2 {
                assert_eq!(run(&schemas, call(query, None, json!({"x": x}))).await.0, expected);
            }
        }
    }

    #[tokio::test]
    async fn schema_is_closed_to_those_without_a_token() {
        let schemas = schemas();
        let asked = call("{ ...F } fragment F on Query { __schema { queryType { name } } }", None, json!({}));
        assert!(matches!(schemas.prepare(&asked, Introspection::Closed), Err(Error::Unauthenticated { .. })));
        assert!(run(&schemas, asked).await.0.contains("Query"));
    }
}
