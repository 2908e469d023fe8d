//! JSON that says everything once: text that names a member twice is refused, at any depth and however it is spelt.
//!
//! Readers differ in which of two they believe, and whoever signs, checks or configures may have read the other.

mod pointer;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

pub use pointer::{Blocked, Pointer};

/// Value of a JSON text without repeated members.
///
/// # Errors
/// Says what is wrong and where, as the parser does; of a member named twice, its name.
pub fn parse(text: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice::<Once>(text).map(|Once(value)| value)
}

/// Object of a JSON text without repeated members; none when it is something else.
pub fn object(text: &[u8]) -> Option<Map<String, Value>> {
    match parse(text) {
        Ok(Value::Object(members)) => Some(members),
        Ok(_) | Err(_) => None,
    }
}

/// Value in which nothing is named twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format_args!("member `{}` is there twice", name.escape_debug())));
            }
            let Once(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn value_is_read_as_it_stands() {
        let text = r#" {"a": [1, -2, 2.5, 18446744073709551615, true, null, "\u00e4\n"], "b": {"a": {}}} "#;
        let expected = json!({ "a": [1, -2, 2.5, u64::MAX, true, null, "ä\n"], "b": { "a": {} } });
        assert_eq!(parse(text.as_bytes()).expect("value"), expected);
    }

    #[test]
    fn member_named_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "b": 2, "\u0061": 3}"#,
            r#"{"A\/": 1, "A/": 1}"#,
            r#"{"x": [0, {"y": {"z": 1, "z": 2}}]}"#,
            r#"{"": 1, "": 1}"#,
            r#"[{"ä": 1, "\u00e4": 1}]"#,
        ] {
            let fault = parse(text.as_bytes()).expect_err(text).to_string();
            assert!(fault.contains("is there twice"), "{fault}");
        }
        parse(r#"{"a": {"a": 1}, "b": {"a": 1}, "A": 1}"#.as_bytes()).expect("once each");
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(10_000);
        for text in ["", "{", "{} {}", "{'a': 1}", "{\"a\": 01}", "NaN", "1e999", "\"\\ud800\"", "\u{feff}{}", &deep] {
            assert!(parse(text.as_bytes()).is_err(), "{text:.20}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        assert!(object(b"[]").is_none() && object(b"{}").is_some());
    }
}
