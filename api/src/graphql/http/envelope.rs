//! A request as it comes, in a body, a URL or a message: read whole and checked before anything is made of it.
//!
//! Of what a client sends, only places are told back, for the rest may be anything. Members nobody knows are passed
//! over, as the specification of GraphQL over HTTP says; a member that stands twice is refused, for each reader of such a
//! request would take another of the two.

use std::{collections::HashSet, fmt};

use async_graphql::{Name, Value, Variables, indexmap::IndexMap};
use entity::vocabulary::contains_personal_identity_code;
use percent_encoding::percent_decode;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    named::{named, persisted_query},
    variables::{self, VariablesLimits},
};
use crate::{Error, Fault, FaultCode, graphql::documents::Asking};

/// Most that a request may hold beside its document. Each has the name of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// `BATCH_OPERATIONS_MAX`: operations of one body; one means that no lists are taken.
    pub operations: u64,
    /// What its variables may hold.
    pub variables: VariablesLimits,
}

/// What a body asks.
#[derive(Debug)]
pub(super) enum Calls {
    /// One operation.
    One(Asking),
    /// A list of operations, answered as a list.
    Batch(Vec<Asking>),
}

/// Reads a body.
///
/// # Errors
/// Invalid, with the place, when it is no JSON or no request; limit exceeded, naming the limit.
pub(super) fn of_body(bytes: &[u8], limits: &RequestLimits) -> Result<Calls, Error> {
    let text = text_of(bytes)?;
    let most = usize::try_from(limits.operations).unwrap_or(usize::MAX);
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => Ok(Calls::One(one(members(text, "body")?, "", limits)?)),
        Some(b'[') if most <= 1 => {
            Err(malformed("body", "lists of operations are not taken here (`BATCH_OPERATIONS_MAX`)"))
        }
        Some(b'[') => {
            let List(listed) = List::read(text, most)?;
            if listed.is_empty() {
                return Err(malformed("body", "is an empty list"));
            }
            let calls = listed.iter().enumerate().map(|(index, members)| one(*members, &format!("{index}."), limits));
            Ok(Calls::Batch(calls.collect::<Result<_, _>>()?))
        }
        _ => Err(malformed("body", "is no JSON object")),
    }
}

/// Reads the object of a body at a door of another form, as variables are read and within their limits.
///
/// # Errors
/// Invalid, with the place, when it is no JSON object or holds a member twice; limit exceeded, naming the limit.
pub fn object(bytes: &[u8], limits: &VariablesLimits) -> Result<IndexMap<Name, Value>, Error> {
    match variables::value(text_of(bytes)?, "body", limits)? {
        Value::Object(members) => Ok(members),
        _ => Err(malformed("body", "is no JSON object")),
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| malformed("body", format!("is no UTF-8 from byte {} on", fault.valid_up_to())))?;
    if text.starts_with('\u{feff}') {
        return Err(malformed("body", "starts with a byte order mark"));
    }
    Ok(text)
}

/// Reads a request out of a message that holds it.
///
/// # Errors
/// As [`of_body`].
pub(super) fn of_message(payload: &RawValue, limits: &RequestLimits) -> Result<Asking, Error> {
    if !payload.get().starts_with('{') {
        return Err(malformed("payload", "is no JSON object"));
    }
    one(members(payload.get(), "payload")?, "", limits)
}

/// Whether the query of a URL names a document.
pub(super) fn asks(query: &str) -> bool {
    parameters(query).any(|(name, _)| matches!(decoded(name).as_deref(), Some("query" | "documentId" | "extensions")))
}

/// Reads a request out of the query of a URL.
///
/// # Errors
/// As [`of_body`]; invalid when a parameter stands twice, or a value holds a personal identity code.
pub(super) fn of_url(query: &str, limits: &RequestLimits) -> Result<Asking, Error> {
    let mut found: [Option<String>; 5] = [const { None }; 5];
    for (name, value) in parameters(query) {
        let name = decoded(name);
        let Some(place) = NAMES.iter().position(|known| name.as_deref() == Some(*known)) else { continue };
        let value = decoded(value).ok_or_else(|| malformed(NAMES[place], "is no UTF-8"))?;
        if found[place].replace(value).is_some() {
            return Err(malformed(NAMES[place], "is given twice"));
        }
    }
    let [query, operation_name, variables, extensions, document_id] = found;
    let json = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (variables, extensions) = (json(variables), json(extensions));
    let persisted = match &extensions {
        Some(extensions) => {
            let read =
                serde_json::from_str::<&RawValue>(extensions).map_err(|fault| unreadable("extensions", &fault))?;
            persisted_query(read, "")?
        }
        None => None,
    };
    let query = query.map(|query| document(query, "")).transpose()?;
    let document = named(query, document_id, persisted, "")?;
    let variables = match &variables {
        Some(text) => {
            let read = serde_json::from_str::<&RawValue>(text).map_err(|fault| unreadable("variables", &fault))?;
            variables_of(read, "", limits)?
        }
        None => Variables::default(),
    };
    if variables.iter().any(|(name, value)| contains_personal_identity_code(name) || variables::hold_code(value)) {
        return Err(code_in_url());
    }
    let operation_name = operation_name.filter(|name| !name.is_empty());
    Ok(Asking { document, operation_name, variables })
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    parameters.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
}

/// What is said of a URL with a personal identity code in it.
pub(super) fn code_in_url() -> Error {
    malformed("url", "personal identity codes are accepted only as variables of a POST")
}

/// Value of a parameter as WHATWG's URLSearchParams writes it; none when it is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Parameters of a request.
const NAMES: [&str; 5] = ["query", "operationName", "variables", "extensions", "documentId"];

/// Members of a request, not yet looked into.
#[derive(Default, Clone, Copy)]
struct Members<'a> {
    found: [Option<&'a RawValue>; 5],
    repeats: bool,
}

fn members<'a>(text: &'a str, path: &str) -> Result<Members<'a>, Error> {
    serde_json::from_str(text).map_err(|fault| unreadable(path, &fault))
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut members, mut seen) = (Members::default(), HashSet::new());
                while let Some(name) = map.next_key::<String>()? {
                    match NAMES.iter().position(|known| *known == name) {
                        Some(place) => members.found[place] = Some(map.next_value()?),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                    members.repeats |= !seen.insert(name);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// Requests of a list, one more at most than are taken.
struct List<'a>(Vec<Members<'a>>);

impl<'a> List<'a> {
    fn read(text: &'a str, most: usize) -> Result<Self, Error> {
        struct Reader(usize);

        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<Members<'de>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut listed = Vec::new();
                while let Some(members) = seq.next_element()? {
                    listed.push(members);
                    if listed.len() > self.0 {
                        while seq.next_element::<IgnoredAny>()?.is_some() {}
                        break;
                    }
                }
                Ok(listed)
            }
        }

        let mut reader = serde_json::Deserializer::from_str(text);
        let listed = reader.deserialize_seq(Reader(most)).and_then(|listed| reader.end().map(|()| listed));
        let listed = listed.map_err(|fault| unreadable("body", &fault))?;
        if listed.len() > most {
            return Err(Error::LimitExceeded {
                limit: "BATCH_OPERATIONS_MAX",
                allowed: most as u64,
                retry_after_seconds: None,
            });
        }
        Ok(Self(listed))
    }
}

/// The request of some members. `within` is the place they stand at, for what is said of them.
fn one(members: Members<'_>, within: &str, limits: &RequestLimits) -> Result<Asking, Error> {
    if members.repeats {
        return Err(malformed(&format!("{within}body"), "holds a member twice"));
    }
    let [query, operation_name, variables, extensions, document_id] = members.found;
    let at = |name: &str| format!("{within}{name}");
    let persisted = extensions.map(|given| persisted_query(given, within)).transpose()?.flatten();
    let query = query.map(|query| document(text(query, &at("query"))?, within)).transpose()?;
    let document_id = document_id.filter(|id| !is_null(id)).map(|id| text(id, &at("documentId"))).transpose()?;
    let document = named(query, document_id, persisted, within)?;
    let operation_name = match operation_name.filter(|name| !is_null(name)) {
        Some(name) => Some(text(name, &at("operationName"))?).filter(|name| !name.is_empty()),
        None => None,
    };
    let variables = variables.map(|given| variables_of(given, within, limits)).transpose()?.unwrap_or_default();
    Ok(Asking { document, operation_name, variables })
}

/// A text that may be a document: one with a NUL is none, and no engine keeps one.
fn document(text: String, within: &str) -> Result<String, Error> {
    if text.contains('\0') { Err(malformed(&format!("{within}query"), "holds a NUL character")) } else { Ok(text) }
}

fn variables_of(given: &RawValue, within: &str, limits: &RequestLimits) -> Result<Variables, Error> {
    let path = format!("{within}variables");
    if !object_or_null(given, &path)? {
        return Ok(Variables::default());
    }
    variables::read(given.get(), &path, &limits.variables)
}

/// Whether it is an object, where it must be one or null.
pub(super) fn object_or_null(given: &RawValue, path: &str) -> Result<bool, Error> {
    match given.get().as_bytes().first() {
        Some(b'{') => Ok(true),
        _ if is_null(given) => Ok(false),
        _ => Err(malformed(path, "must be an object")),
    }
}

fn is_null(given: &RawValue) -> bool {
    given.get() == "null"
}

fn text(given: &RawValue, path: &str) -> Result<String, Error> {
    if !given.get().starts_with('"') {
        return Err(malformed(path, "must be a text"));
    }
    // What is left to go wrong is half a pair of UTF-16, which stands for no character.
    serde_json::from_str(given.get()).map_err(|_| malformed(path, "holds an escape that is no character"))
}

/// Fault of a text that is no JSON.
pub(super) fn unreadable(path: &str, fault: &serde_json::Error) -> Error {
    malformed(path, format!("is not well-formed: line {}, column {}", fault.line(), fault.column()))
}

pub(super) fn missing(path: &str) -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Blank, path, "is required")])
}

/// Fault of the request itself.
pub(super) fn malformed(path: &str, message: impl Into<String>) -> Error {
    Error::Invalid(vec![Fault::new(FaultCode::Malformed, path, message)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::documents::Named;

    const LIMITS: RequestLimits =
        RequestLimits { operations: 2, variables: VariablesLimits { bytes: 200, depth: 4, values: 20 } };

    /// Place and sentence of the first fault, or the limit.
    fn fault(read: Result<impl fmt::Debug, Error>) -> (String, String) {
        match read.unwrap_err() {
            Error::Invalid(faults) => (faults[0].path.join("."), faults[0].message.clone()),
            Error::LimitExceeded { limit, .. } => (limit.to_owned(), String::new()),
            other => panic!("{other}"),
        }
    }

    fn body_fault(body: impl AsRef<[u8]>) -> (String, String) {
        fault(of_body(body.as_ref(), &LIMITS))
    }

    fn one_of(body: &str) -> Asking {
        match of_body(body.as_bytes(), &LIMITS).unwrap() {
            Calls::One(call) => call,
            Calls::Batch(_) => panic!("a list"),
        }
    }

    fn query_of(asking: &Asking) -> &str {
        match &asking.document {
            Named::Text(text) => text,
            Named::Hash(_) | Named::Unknown => panic!("no text"),
        }
    }

    #[test]
    fn request_is_read_whatever_else_it_holds() {
        let call = one_of(
            r#" {"operationName":"A","query":"query A{a}","variables":{"x":[1,{"y":null}]},"extensions":{"z":[[]]},"id":7}"#,
        );
        assert_eq!((query_of(&call), call.operation_name.as_deref()), ("query A{a}", Some("A")));
        assert_eq!(call.variables.to_string(), "{x: [1, {y: null}]}");
        for absent in
            ["", r#","operationName":null"#, r#","operationName":"""#, r#","variables":null,"extensions":null"#]
        {
            let call = one_of(&format!(r#"{{"query":"{{a}}"{absent}}}"#));
            assert!(call.operation_name.is_none() && call.variables.is_empty());
        }
        assert_eq!(query_of(&one_of(r#"{"qu\u0065ry":"{\u0061}"}"#)), "{a}");
    }

    #[test]
    fn parameters_of_another_type_are_refused_by_name() {
        for (member, values) in [
            ("query", &["1", "null", "{}", "[]", "false"][..]),
            ("operationName", &["1", "{}", "[]", "true"]),
            ("variables", &["1", "\"{}\"", "[]", "false"]),
            ("extensions", &["1", "\"\"", "[]", "false"]),
        ] {
            for value in values {
                let others = if member == "query" { "" } else { r#""query":"{a}","# };
                assert_eq!(body_fault(format!("{{{others}\"{member}\":{value}}}")).0, member, "{value}");
            }
        }
        assert_eq!(body_fault("{}"), ("query".to_owned(), "is required".to_owned()));
        assert_eq!(body_fault(r#"{"qeury":"{a}"}"#).0, "query");
    }

    #[test]
    fn what_is_no_json_is_refused_by_its_place() {
        for body in [
            &b""[..],
            b" ",
            b"{",
            b"1",
            b"null",
            b"\"{a}\"",
            b"{}{}",
            b"{\"query\":\"{a}\"} x",
            b"{\"query\":\"a\nb\"}",
        ] {
            assert_eq!(body_fault(body).0, "body", "{body:?}");
        }
        assert_eq!(body_fault(b"{\"query\":\"\xff\"}").1, "is no UTF-8 from byte 10 on");
        assert_eq!(body_fault("\u{feff}{\"query\":\"{a}\"}").1, "starts with a byte order mark");
        assert_eq!(
            body_fault(r#"{"query":"\ud800"}"#),
            ("query".into(), "holds an escape that is no character".into())
        );
        assert_eq!(body_fault(r#"{"query":"{a}\u0000"}"#), ("query".into(), "holds a NUL character".into()));
        assert_eq!(body_fault(r#"{"query":"{a}","id":1e}"#).0, "body");
    }

    #[test]
    fn member_that_stands_twice_is_refused() {
        for body in [
            r#"{"query":"{a}","query":"{b}"}"#,
            r#"{"query":"{a}","qu\u0065ry":"{b}"}"#,
            r#"{"query":"{a}","id":1,"id":1}"#,
            r#"{"query":"{a}","variables":{},"variables":null}"#,
        ] {
            assert_eq!(body_fault(body), ("body".into(), "holds a member twice".into()), "{body}");
        }
    }

    #[test]
    fn list_holds_as_many_as_are_taken_and_none_by_default() {
        let list = |count: usize| format!("[{}]", vec![r#"{"query":"{a}"}"#; count].join(","));
        assert!(matches!(of_body(list(2).as_bytes(), &LIMITS), Ok(Calls::Batch(calls)) if calls.len() == 2));
        assert_eq!(body_fault(list(3)).0, "BATCH_OPERATIONS_MAX");
        assert_eq!(body_fault(list(10_000)).0, "BATCH_OPERATIONS_MAX");
        assert_eq!(body_fault("[]").0, "body");
        assert_eq!(body_fault("[1]").0, "body");
        assert_eq!(body_fault(r#"[{"query":"{a}"},{"query":1}]"#).0, "1.query");
        let alone = RequestLimits { operations: 1, ..LIMITS };
        assert!(fault(of_body(list(1).as_bytes(), &alone)).1.contains("BATCH_OPERATIONS_MAX"));
    }

    #[test]
    fn deep_json_is_refused_wherever_it_stands() {
        let deep = |opened: &str, closed: &str| opened.repeat(100_000) + &closed.repeat(100_000);
        assert_eq!(body_fault(deep("[", "]")).0, "body");
        assert_eq!(body_fault(deep("{\"a\":", "}")).0, "body");
        let member = |name: &str, value: &str| format!(r#"{{"query":"{{a}}","{name}":{value}}}"#);
        assert_eq!(body_fault(member("variables", &deep("[", "]"))).0, "variables");
        assert_eq!(body_fault(member("variables", &format!("{{\"a\":{}}}", deep("[", "]")))).0, "VARIABLES_BYTES_MAX");
        assert!(of_body(member("id", &deep("[", "]")).as_bytes(), &LIMITS).is_ok());
    }

    #[test]
    fn url_is_read_as_a_form_writes_it() {
        let read = |query| of_url(query, &LIMITS).unwrap();
        let call = read("query=query+A%28%24x%3A+Int%29%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D&x=1&x=2");
        assert_eq!((query_of(&call), call.operation_name.as_deref()), ("query A($x: Int){a}", Some("A")));
        assert_eq!(call.variables.to_string(), "{x: 1}");
        let call = read("query=%7Ba%7D&operationName=&variables=&extensions=");
        assert!(call.operation_name.is_none() && call.variables.is_empty());
        let null = read("query=null&operationName=null&variables=null");
        assert_eq!(null.operation_name.as_deref(), Some("null"));
        for (query, is_asking) in [("", false), ("variables=%7B%7D", false), ("query", true), ("a&qu%65ry=", true)] {
            assert_eq!(asks(query), is_asking, "{query}");
        }
    }

    #[test]
    fn url_that_is_no_request_is_refused_by_its_parameter() {
        for (query, path) in [
            ("", "query"),
            ("query=%7Ba%7D&query=%7Bb%7D", "query"),
            ("query=%7Ba%7D&qu%65ry=%7Bb%7D", "query"),
            ("query=%ff", "query"),
            ("query=%00", "query"),
            ("query=%7Ba%7D&variables=x", "variables"),
            ("query=%7Ba%7D&variables=%5B%5D", "variables"),
            ("query=%7Ba%7D&variables=%7B%7D%7B%7D", "variables"),
            ("query=%7Ba%7D&extensions=1", "extensions"),
            ("query=%7Ba%7D&operationName=A&operationName=A", "operationName"),
            ("query=%7Ba%7D&variables=%7B%22c%22%3A%221%5Cu00331052-308T%22%7D", "url"),
            ("query=%7Ba%7D&variables=%7B%22c%22%3A%5B%7B%221%5Cu00331052-308T%22%3A1%7D%5D%7D", "url"),
        ] {
            assert_eq!(fault(of_url(query, &LIMITS)).0, path, "{query}");
        }
    }
}
