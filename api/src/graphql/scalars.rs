//! Scalars of the law: days, instants and identifiers.
//!
//! As an answer a scalar holds the canonical text. As an input it holds what was given, whatever it is and however long:
//! the engine stops at the first malformed value, while rules name every fault, so the value is read there.

use std::{borrow::Cow, fmt};

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, OutputType, Positioned, ServerResult, Value,
    parser::types::Field, registry,
};
use entity::vocabulary::{self, Day, Instant, instant_text};
use zeroize::Zeroizing;

macro_rules! scalars {
    ($(#[doc = $doc:literal] $name:ident,)+) => {$(
        #[doc = $doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Text as given, or the canonical text of an answer.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl InputType for $name {
            type RawValueType = Self;

            fn type_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn create_type_info(registry: &mut registry::Registry) -> String {
                registry.create_input_type::<Self, _>(registry::MetaTypeId::Scalar, |_| scalar(stringify!($name), $doc))
            }

            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                text(value).map(Self).map_err(InputValueError::custom)
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
        }

        impl OutputType for $name {
            fn type_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn create_type_info(registry: &mut registry::Registry) -> String {
                registry.create_output_type::<Self, _>(registry::MetaTypeId::Scalar, |_| scalar(stringify!($name), $doc))
            }

            async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
                Ok(Value::String(self.0.clone()))
            }
        }
    )+};
}

scalars! {
    /// Civil day in Europe/Helsinki, `YYYY-MM-DD` (ISO 8601).
    Date,
    /// Instant in UTC, RFC 3339 with six decimals: `2026-03-01T00:00:00.000000Z`. As an input any offset is read, decimals beyond microseconds are cut, and a day `YYYY-MM-DD` means its midnight in Helsinki.
    DateTime,
    /// Finnish business id (Y-tunnus), `NNNNNNN-C` with its check digit.
    BusinessId,
    /// Code of a data item, `SEGMENT(.SEGMENT)*(@QUALIFIER)?` where segments are `[A-Z][A-Z0-9_]*`; at most 100 characters. A code covers what is below it by dots; a qualifier narrows.
    ItemCode,
    /// Provision of law as cited in Finnish, `906/2019 22 § 1 mom` or `(EU) 2016/679 6 art. 1 kohta e alakohta`; answers are in this canonical form, and as an input Swedish and the endings of prose are read too.
    Citation,
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        Self(day.to_string())
    }
}

impl From<Instant> for DateTime {
    fn from(instant: Instant) -> Self {
        Self(instant_text(instant))
    }
}

macro_rules! identifiers {
    ($($name:ident),+ $(,)?) => {$(
        impl From<&vocabulary::$name> for $name {
            fn from(value: &vocabulary::$name) -> Self {
                Self(value.to_string())
            }
        }

        impl From<vocabulary::$name> for $name {
            fn from(value: vocabulary::$name) -> Self {
                Self::from(&value)
            }
        }

        impl $name {
            /// Value as stored in a row, which was checked when written.
            pub fn stored(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

identifiers! { BusinessId, ItemCode, Citation }

/// Personal identity code, `DDMMYYSNNNC`. Given only in variables; never stored, logged or answered.
pub struct PersonalIdentityCode(Zeroizing<String>);

/// What is said of the scalar in the schema.
const PERSONAL_IDENTITY_CODE: &str = "Finnish personal identity code, `DDMMYYSNNNC` with the signs of 2023 and its \
    check character. Input only, and only in variables: it becomes a keyed pseudonym and is forgotten.";

impl PersonalIdentityCode {
    /// Text as given, still secret.
    pub fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

impl fmt::Debug for PersonalIdentityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalIdentityCode(…)")
    }
}

impl InputType for PersonalIdentityCode {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "PersonalIdentityCode".into()
    }

    fn create_type_info(registry: &mut registry::Registry) -> String {
        registry.create_input_type::<Self, _>(registry::MetaTypeId::Scalar, |_| {
            scalar("PersonalIdentityCode", PERSONAL_IDENTITY_CODE)
        })
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        text(value).map(|code| Self(Zeroizing::new(code))).map_err(InputValueError::custom)
    }

    /// Nothing of the code.
    fn to_value(&self) -> Value {
        Value::String("…".to_owned())
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// Text of a value; what else it was is not told, for it may be anything.
fn text(value: Option<Value>) -> Result<String, &'static str> {
    if let Some(Value::String(text)) = value { Ok(text) } else { Err("not a text") }
}

fn scalar(name: &str, description: &str) -> registry::MetaType {
    registry::MetaType::Scalar {
        name: name.to_owned(),
        description: Some(description.trim().to_owned()),
        is_valid: Some(std::sync::Arc::new(|value| matches!(value, Value::String(_)))),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        specified_by_url: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};

    use super::*;

    #[test]
    fn personal_identity_code_is_never_shown() {
        let code = PersonalIdentityCode::parse(Some(Value::String("131052-308T".to_owned()))).unwrap();
        assert!(!format!("{code:?} {}", code.to_value()).contains("308"));
    }

    struct Query;

    #[Object]
    impl Query {
        async fn same(&self, day: Option<Date>, at: Vec<DateTime>) -> Option<Date> {
            let _ = at;
            day
        }

        async fn count(&self, code: PersonalIdentityCode) -> usize {
            code.0.len()
        }
    }

    #[tokio::test]
    async fn scalar_is_one_type_in_both_directions_and_takes_any_text() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        assert_eq!(schema.sdl().matches("scalar Date\n").count(), 1);
        let response = schema.execute(r#"{ same(day: "soon", at: []) }"#).await;
        assert_eq!(response.data.to_string(), r#"{same: "soon"}"#);
        assert!(schema.execute("{ same(day: 1, at: []) }").await.is_err());
        let long = "x".repeat(100_000);
        let response = schema.execute(format!(r#"{{ same(day: "{long}", at: []) }}"#)).await;
        assert_eq!(response.data.to_string(), format!(r#"{{same: "{long}"}}"#), "rules name what is too long");
    }

    #[tokio::test]
    async fn code_of_another_type_is_refused_without_echo() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let response = schema.execute("{ count(code: 131052) }").await;
        assert!(response.errors.iter().all(|error| !error.message.contains("131052")));
        assert_eq!(response.errors.len(), 1);
    }
}
