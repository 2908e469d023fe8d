//! Variables: how much they may hold, judged while they are read and before the engine sees them.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use async_graphql::{Name, Number, Value, Variables, indexmap::IndexMap};
use entity::vocabulary::contains_personal_identity_code;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::envelope::{malformed, unreadable};
use crate::Error;

/// Most that the variables of one operation may hold. Each has the name of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariablesLimits {
    /// `VARIABLES_BYTES_MAX`: bytes, as they are sent.
    pub bytes: u64,
    /// `VARIABLES_DEPTH_MAX`: lists and objects within one another.
    pub depth: u64,
    /// `VARIABLES_VALUES_MAX`: values, lists and objects included.
    pub values: u64,
}

/// Reads the text of an object.
///
/// # Errors
/// Limit exceeded, naming the limit; invalid, with the place, when it is no JSON or holds what nobody can keep.
pub(super) fn read(text: &str, path: &str, limits: &VariablesLimits) -> Result<Variables, Error> {
    value(text, path, limits).map(Variables::from_value)
}

/// Reads the text of any value.
///
/// # Errors
/// As [`read`].
pub(super) fn value(text: &str, path: &str, limits: &VariablesLimits) -> Result<Value, Error> {
    if text.len() as u64 > limits.bytes {
        return Err(exceeded("VARIABLES_BYTES_MAX", limits.bytes));
    }
    let count = Count { limits, values: Cell::new(0), refused: RefCell::new(None), path };
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Seed { count: &count, depth: 0 }.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match (read, count.refused.take()) {
        (Ok(value), _) => Ok(value),
        (Err(_), Some(refused)) => Err(refused),
        (Err(fault), None) => Err(unreadable(path, &fault)),
    }
}

/// Whether a personal identity code stands somewhere in a value.
pub(super) fn hold_code(value: &Value) -> bool {
    match value {
        Value::String(text) => contains_personal_identity_code(text),
        Value::Enum(name) => contains_personal_identity_code(name),
        Value::List(values) => values.iter().any(hold_code),
        Value::Object(members) => {
            members.iter().any(|(name, value)| contains_personal_identity_code(name) || hold_code(value))
        }
        Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) => false,
    }
}

fn exceeded(limit: &'static str, allowed: u64) -> Error {
    Error::LimitExceeded { limit, allowed, retry_after_seconds: None }
}

/// What has been read so far, and why reading stopped.
struct Count<'l> {
    limits: &'l VariablesLimits,
    values: Cell<u64>,
    refused: RefCell<Option<Error>>,
    path: &'l str,
}

impl Count<'_> {
    /// Stops the reader, whose own error says nothing.
    fn stop<E: serde::de::Error>(&self, why: Error) -> E {
        self.refused.replace(Some(why));
        E::custom("stopped")
    }
}

/// Reader of one value.
#[derive(Clone, Copy)]
struct Seed<'c, 'l> {
    count: &'c Count<'l>,
    /// Lists and objects it stands in.
    depth: u64,
}

impl Seed<'_, '_> {
    /// Reader of what stands in a list or an object. The outermost object is not counted.
    fn within<E: serde::de::Error>(self) -> Result<Self, E> {
        let allowed = self.count.limits.depth;
        if self.depth > allowed {
            return Err(self.count.stop(exceeded("VARIABLES_DEPTH_MAX", allowed)));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let (values, allowed) = (self.count.values.get() + 1, self.count.limits.values);
        self.count.values.set(values);
        // The object that holds the variables is none of their values.
        if values > allowed.saturating_add(1) {
            return Err(self.count.stop(exceeded("VARIABLES_VALUES_MAX", allowed)));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.within()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.within()?;
        let mut members = IndexMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.insert(Name::new(name), map.next_value_seed(inner)?).is_some() {
                let why = malformed(self.count.path, "hold a member twice");
                return Err(A::Error::custom(self.count.stop::<A::Error>(why)));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: VariablesLimits = VariablesLimits { bytes: 60, depth: 3, values: 6 };

    fn refused(text: &str) -> String {
        match read(text, "variables", &LIMITS).unwrap_err() {
            Error::LimitExceeded { limit, .. } => limit.to_owned(),
            Error::Invalid(faults) => faults[0].message.clone(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn each_limit_is_met_at_its_bound_and_named_above_it() {
        let long = |count: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(count));
        for (limit, at, above) in [
            ("VARIABLES_BYTES_MAX", long(52), long(53)),
            ("VARIABLES_DEPTH_MAX", r#"{"a":[[{"b":1}]]}"#.to_owned(), r#"{"a":[[{"b":[]}]]}"#.to_owned()),
            (
                "VARIABLES_VALUES_MAX",
                r#"{"a":[1,2,3,4],"b":5}"#.to_owned(),
                r#"{"a":[1,2,3,4],"b":5,"c":6}"#.to_owned(),
            ),
        ] {
            assert!(read(&at, "variables", &LIMITS).is_ok(), "{limit}");
            assert_eq!(refused(&above), limit);
        }
    }

    #[test]
    fn what_nobody_can_keep_is_refused() {
        for (text, why) in
            [(r#"{"a":1,"\u0061":2}"#, "hold a member twice"), (r#"{"a":[{"b":1,"b":1}]}"#, "hold a member twice")]
        {
            assert_eq!(refused(text), why, "{text}");
        }
        for text in
            [r#"{"a":"\ud83c"}"#, r#"{"a":1e999}"#, r#"{"a":-1e999}"#, r#"{"a":01}"#, r#"{"a":NaN}"#, r#"{"a":1}x"#]
        {
            assert!(refused(text).starts_with("is not well-formed: line 1"), "{text}");
        }
    }

    #[test]
    fn values_are_read_as_they_are() {
        let text = r#"{"a":null,"b":[true,-1.5],"c":"å\"","d":9007199254740993}"#;
        let read = read(text, "variables", &LIMITS).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let large = super::read(r#"{"a":123456789012345678901234567890}"#, "variables", &LIMITS).unwrap();
        assert!(matches!(&large[&Name::new("a")], Value::Number(number) if number.is_f64()));
    }
}
