use std::fmt::Write;

use async_graphql::Value;
use serde_json::json;

use super::*;

pub(in crate::graphql) const LIMITS: Limits = Limits {
    bytes: 1_000_000,
    tokens: 5_000,
    nesting: 32,
    depth: 12,
    fields: 500,
    aliases: 50,
    root_fields: 20,
    complexity: 20_000,
    page_size: 100,
};

const SDL: &str = r"
enum Channel { INTERFACE VIEWING }
input Filter { number: String! channel: Channel = VIEWING days: [Int!] inner: Filter }
input Subject @oneOf { code: String count: Int }
type Item { name: String! items(first: Int, after: String): [Item!]! }
type Query { item(id: ID, filter: Filter, subject: Subject): Item items(first: Int, last: Int, filter: Filter): [Item!]! }
type Mutation { rename(input: Filter!): Item }
schema { query: Query mutation: Mutation }
";

fn variables(json: serde_json::Value) -> Variables {
    Variables::from_json(json)
}

fn admit(limits: Limits, text: &str, given: serde_json::Value) -> Result<Admitted, Error> {
    Gate::new(limits, SDL).unwrap().admit(text, None, &variables(given))
}

fn limit_of(limits: Limits, text: &str) -> Option<&'static str> {
    match admit(limits, text, json!({})) {
        Ok(_) => None,
        Err(Error::LimitExceeded { limit, .. }) => Some(limit),
        Err(error) => panic!("{text}: {error:?}"),
    }
}

fn faults_of(text: &str, given: serde_json::Value) -> Vec<(String, String)> {
    match admit(LIMITS, text, given) {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(faults)) => faults.into_iter().map(|fault| (fault.path.join("."), fault.message)).collect(),
        Err(error) => panic!("{text}: {error:?}"),
    }
}

#[test]
fn document_at_a_limit_passes_and_one_above_names_it() {
    let fragment = "query { item { ...F } } fragment F on Item { a: name b: name }";
    let paged = "{ items(first: 10) { items(first: 5) { name } } }";
    let unsaid = "{ items { items(first: 5) { name } } }";
    for (text, at, limit) in [
        ("{ item { name } }", Limits { bytes: 17, ..LIMITS }, "QUERY_BYTES_MAX"),
        ("{ item { name } }", Limits { tokens: 6, ..LIMITS }, "QUERY_TOKENS_MAX"),
        ("{ item { name } }", Limits { nesting: 2, ..LIMITS }, "QUERY_NESTING_MAX"),
        (fragment, Limits { nesting: 3, ..LIMITS }, "QUERY_NESTING_MAX"),
        ("{ item { items { name } } }", Limits { depth: 3, ..LIMITS }, "QUERY_DEPTH_MAX"),
        (fragment, Limits { fields: 3, ..LIMITS }, "QUERY_FIELDS_MAX"),
        (fragment, Limits { aliases: 2, ..LIMITS }, "QUERY_ALIASES_MAX"),
        (
            "{ ...R ...R } fragment R on Query { item { name } }",
            Limits { root_fields: 2, ..LIMITS },
            "QUERY_ROOT_FIELDS_MAX",
        ),
        (paged, Limits { complexity: 1 + 10 * (1 + 5), ..LIMITS }, "QUERY_COMPLEXITY_MAX"),
        (unsaid, Limits { complexity: 1 + 20 * (1 + 5), ..LIMITS }, "QUERY_COMPLEXITY_MAX"),
        ("{ items(first: 30) { name } }", Limits { page_size: 30, ..LIMITS }, "PAGE_SIZE_MAX"),
        ("{ items(last: 30) { name } }", Limits { page_size: 30, ..LIMITS }, "PAGE_SIZE_MAX"),
    ] {
        assert_eq!(limit_of(at, text), None, "{text}");
        let above = Limits {
            bytes: at.bytes - u64::from(limit == "QUERY_BYTES_MAX"),
            tokens: at.tokens - u64::from(limit == "QUERY_TOKENS_MAX"),
            nesting: at.nesting - u64::from(limit == "QUERY_NESTING_MAX"),
            depth: at.depth - u64::from(limit == "QUERY_DEPTH_MAX"),
            fields: at.fields - u64::from(limit == "QUERY_FIELDS_MAX"),
            aliases: at.aliases - u64::from(limit == "QUERY_ALIASES_MAX"),
            root_fields: at.root_fields - u64::from(limit == "QUERY_ROOT_FIELDS_MAX"),
            complexity: at.complexity - u64::from(limit == "QUERY_COMPLEXITY_MAX"),
            page_size: at.page_size - u64::from(limit == "PAGE_SIZE_MAX"),
        };
        assert_eq!(limit_of(above, text), Some(limit), "{text}");
    }
}

#[test]
fn page_asked_by_a_variable_is_weighed_with_its_value() {
    let gate = Gate::new(Limits { complexity: 200, ..LIMITS }, SDL).unwrap();
    let text = "query($n: Int = 30) { items(first: $n) { name items(first: 5) { name } } }";
    let admitted = gate.admit(text, None, &variables(json!({"n": 20}))).unwrap();
    assert!(gate.readmit(&admitted, &variables(json!({"n": 20}))).is_ok());
    assert!(matches!(gate.readmit(&admitted, &variables(json!({"n": 50}))), Err(Error::LimitExceeded { .. })));
    assert!(matches!(
        gate.readmit(&admitted, &variables(json!({"n": 101}))),
        Err(Error::LimitExceeded { limit: "PAGE_SIZE_MAX", .. })
    ));
    assert!(gate.readmit(&admitted, &variables(json!({}))).is_err(), "the default of 30 is too much");
    assert!(gate.readmit(&admitted, &variables(json!({"n": null}))).is_ok(), "20 entries when nothing is said");
}

#[test]
fn fragment_bomb_is_refused_in_no_time() {
    let mut text = "{ item { ...F0 } }".to_owned();
    for n in 0..28 {
        write!(text, " fragment F{n} on Item {{ ...F{m} ...F{m} }}", m = n + 1).unwrap();
    }
    text.push_str(" fragment F28 on Item { name }");
    let start = std::time::Instant::now();
    assert_eq!(limit_of(LIMITS, &text), Some("QUERY_FIELDS_MAX"));
    assert!(start.elapsed().as_millis() < 50);
}

#[test]
fn ten_thousand_spreads_cost_no_more_than_their_text() {
    let spreads = " ...F".repeat(10_000);
    let text = format!("{{ item {{ ...W }} }} fragment W on Item {{{spreads} }} fragment F on Item {{ name }}");
    let document = parse_query(&text).unwrap();
    let shapes = Shapes::of(SDL).unwrap();
    let DocumentOperations::Single(operation) = &document.operations else { panic!("one operation") };
    let start = std::time::Instant::now();
    let weight = walk::weigh(&document, &operation.node, &LIMITS, &shapes, &Variables::default());
    assert!(matches!(weight, Err(Error::LimitExceeded { limit: "QUERY_FIELDS_MAX", .. })));
    assert!(start.elapsed().as_millis() < 50);
}

#[test]
fn long_chain_of_fragments_is_refused_without_deep_recursion() {
    let mut text = "{ item { name } }".to_owned();
    for n in 0..400 {
        write!(text, " fragment F{n} on Item {{ ...F{m} }}", m = n + 1).unwrap();
    }
    text.push_str(" fragment F400 on Item { name }");
    assert_eq!(limit_of(LIMITS, &text), Some("QUERY_NESTING_MAX"));
}

#[test]
fn fragment_that_spreads_itself_or_is_missing_is_named() {
    let cycle = "{ item { ...A } } fragment A on Item { ...B } fragment B on Item { items { ...A } }";
    assert!(faults_of(cycle, json!({}))[0].1.contains("spreads itself"));
    assert_eq!(faults_of("{ item { ...A } }", json!({}))[0].1, "no fragment `A`");
}

#[test]
fn operations_not_chosen_count_too() {
    let gate = Gate::new(Limits { fields: 3, ..LIMITS }, SDL).unwrap();
    let text = "query A { item { name } } query B { item { name } }";
    assert!(matches!(gate.admit(text, Some("A"), &Variables::default()), Err(Error::LimitExceeded { .. })));
}

#[test]
fn one_operation_is_chosen_by_its_name() {
    let gate = Gate::new(LIMITS, SDL).unwrap();
    let kind = |text: &str, name| gate.admit(text, name, &Variables::default()).map(|admitted| admitted.kind).ok();
    let two = r#"query A { item { name } } mutation B { rename(input: {number: "1"}) { name } }"#;
    assert_eq!(kind(two, Some("A")), Some(OperationType::Query));
    assert_eq!(kind(two, Some("B")), Some(OperationType::Mutation));
    assert_eq!(kind(two, None), None);
    assert_eq!(kind(two, Some("C")), None);
    assert_eq!(kind("{ item { name } }", Some("")), Some(OperationType::Query));
    assert_eq!(kind("{ item { name } }", Some("A")), None);
    assert_eq!(kind("query A { item { name } }", None), Some(OperationType::Query));
}

#[test]
fn introspection_is_exempt_from_depth_but_not_from_lists_within_lists() {
    let limits = Limits { depth: 3, ..LIMITS };
    let usual = "{ __schema { types { fields { args { type { ofType { ofType { name } } } } } } } }";
    let admitted = admit(limits, usual, json!({})).unwrap();
    assert!(admitted.introspects);
    let bomb = "{ __type(name: \"Item\") { fields { type { fields { type { fields { name } } } } } } }";
    assert_eq!(limit_of(limits, bomb), Some("INTROSPECTION_LISTS_MAX"));
}

#[test]
fn introspection_of_the_usual_tools_passes() {
    let nested = "kind name ofType { ".repeat(10) + "name" + &" }".repeat(10);
    let text = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }}
            subscriptionType {{ name kind }} types {{ ...FullType }}
            directives {{ name description locations isRepeatable args(includeDeprecated: true) {{ ...InputValue }} }} }} }}
        fragment FullType on __Type {{ kind name description specifiedByURL isOneOf
            fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ ...InputValue }}
                type {{ ...TypeRef }} isDeprecated deprecationReason }}
            inputFields(includeDeprecated: true) {{ ...InputValue }} interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
            possibleTypes {{ ...TypeRef }} }}
        fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue isDeprecated
            deprecationReason }}
        fragment TypeRef on __Type {{ {nested} }}"
    );
    assert_eq!(limit_of(LIMITS, &text), None);
}

#[test]
fn personal_identity_code_in_a_document_is_refused_without_echo() {
    for text in [
        r#"{ item(id: "131052-308T") { name } }"#,
        r#"{ item(id: "\u0031\u00331052-308T") { name } }"#,
        r#"query($f: String = "131052-308t") { item { name } }"#,
        "# 131052-308T\n{ item { name } }",
        "{ a010594Y9032: item { name } }",
        r#"{ item(id: "131052-308T" "#,
    ] {
        let faults = faults_of(text, json!({}));
        assert_eq!(faults[0].1, "personal identity codes are accepted only as variables", "{text}");
    }
    assert_eq!(faults_of("query($c: ID) { item(id: $c) { name } }", json!({"c": "131052-308T"})), []);
}

#[test]
fn syntax_error_tells_its_place_and_not_the_line() {
    let (path, message) = faults_of("{ item(id: \"secret\" { name } }", json!({})).remove(0);
    assert_eq!(path, "query");
    assert!(message.starts_with("syntax error at line 1, column 21"), "{message}");
    assert!(!message.contains("secret"), "{message}");
}

#[test]
fn variables_must_have_the_shapes_their_operation_declares() {
    let text = "query($f: Filter!, $n: Int, $s: Subject, $c: [Channel!]) { item(filter: $f, subject: $s) { name } }";
    assert_eq!(faults_of(text, json!({"f": {"number": "1", "days": 3}, "s": {"count": 1}, "c": ["VIEWING"]})), []);
    for (given, path, message) in [
        (json!({}), "variables.f", "is required"),
        (json!({"f": null}), "variables.f", "must not be null"),
        (json!({"f": 1}), "variables.f", "is no `Filter`"),
        (json!({"f": {}}), "variables.f.number", "is required"),
        (json!({"f": {"number": "1", "chanel": "VIEWING"}}), "variables.f", "`Filter` has no member `chanel`"),
        (json!({"f": {"number": "1", "channel": "POST"}}), "variables.f.channel", "is no `Channel`"),
        (json!({"f": {"number": "1", "days": [1, "2"]}}), "variables.f.days.1", "is no `Int`"),
        (json!({"f": {"number": "1", "inner": {"number": 1}}}), "variables.f.inner.number", "is no `String`"),
        (json!({"f": {"number": "1"}, "n": 1.5}), "variables.n", "is no `Int`"),
        (
            json!({"f": {"number": "1"}, "s": {"code": "1", "count": 1}}),
            "variables.s",
            "`Subject` takes exactly one member",
        ),
        (json!({"f": {"number": "1"}, "c": ["VIEWING", null]}), "variables.c.1", "must not be null"),
    ] {
        assert_eq!(faults_of(text, given), [(path.to_owned(), message.to_owned())]);
    }
}

#[test]
fn unknown_member_of_a_literal_is_refused_even_beside_an_omitted_variable() {
    let text = "query($c: Channel) { item(filter: {number: \"1\", channel: $c, nubmer: 2}) { ...F } }
        fragment F on Item { name }";
    assert_eq!(faults_of(text, json!({})), [("filter".to_owned(), "`Filter` has no member `nubmer`".to_owned())]);
}

#[test]
fn document_of_things_that_are_not_there_is_refused_before_the_engine_looks_for_each() {
    let fields = |count: usize| format!("{{ item {{ {} __typename }} }}", "nothing ".repeat(count));
    assert_eq!(faults_of(&fields(20), json!({})), []);
    assert_eq!(faults_of(&fields(21), json!({})).remove(0).0, "query");
    let arguments = (0..21).map(|at| format!("a{at}: 1")).collect::<Vec<_>>().join(" ");
    assert_eq!(faults_of(&format!("{{ item({arguments}) {{ name }} }}"), json!({})).remove(0).0, "query");
}

#[test]
fn name_of_a_type_takes_nothing_but_a_condition() {
    for text in ["{ __typename }", "query($a: Boolean!) { item { name __typename @skip(if: $a) @include(if: true) } }"]
    {
        assert_eq!(faults_of(text, json!({ "a": true })), [], "{text}");
    }
    for text in [
        "{ __typename(first: 1) }",
        "{ item { t: __typename { name } } }",
        "{ __typename @nope }",
        "{ ... on Query { __typename @skip } }",
        "{ __typename @skip(if: 1) }",
        "{ item { ...F } } fragment F on Item { __typename @deprecated }",
    ] {
        assert_eq!(faults_of(text, json!({})).len(), 1, "{text}");
    }
}

#[test]
fn nul_is_no_character_of_a_document() {
    let faults = faults_of(r#"{ item(id: "\u0000") { name } }"#, json!({}));
    assert_eq!(faults, [("query".to_owned(), "holds a NUL character".to_owned())]);
}

#[test]
fn faults_of_a_thousand_values_are_told_a_hundred_times() {
    let days: Vec<_> = (0..1_000).map(|_| Value::String("x".to_owned())).collect();
    let given = json!({"f": {"number": "1", "days": days}});
    assert_eq!(faults_of("query($f: Filter!) { item(filter: $f) { name } }", given).len(), 100);
}
