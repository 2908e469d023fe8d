//! What is said of a text that is not the identifier it should be.
//!
//! A fault names the kind of identifier and the rule it breaks, never the text itself: `why` is static, so no input
//! can be echoed into an answer or a log line.

use serde::{
    Deserializer,
    de::{Error, Visitor},
};
use std::{fmt, marker::PhantomData, str::FromStr};

/// Fault of a text that is not a well-formed identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed {what}: {why}")]
pub struct Malformed {
    /// Kind of identifier expected, in lower case: `business id`.
    pub what: &'static str,
    /// Rule the text breaks, in lower case: `wrong check digit`.
    pub why: &'static str,
}

/// Reads a checked text; an unchecked value of the type cannot come out of a document.
pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = Malformed>,
{
    struct Text<T>(PhantomData<T>);

    impl<T: FromStr<Err = Malformed>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}

/// Writes a type to documents as its `Display` and reads it back through its `FromStr`.
macro_rules! serde_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::vocabulary::malformed::deserialize(deserializer)
            }
        }
    };
}

/// Shows a type that keeps its own text (`as_str`), and takes it in and out of documents as that text.
macro_rules! checked_text {
    ($name:ident) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        $crate::vocabulary::malformed::serde_as_text!($name);
    };
}

pub(crate) use {checked_text, serde_as_text};

#[cfg(test)]
mod tests {
    use super::Malformed;

    #[test]
    fn fault_names_the_kind_and_the_rule() {
        let fault = Malformed { what: "business id", why: "wrong check digit" };
        assert_eq!(fault.to_string(), "malformed business id: wrong check digit");
    }
}
