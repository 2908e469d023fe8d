//! Scalars of the law: days, instants and identifiers.
//!
//! As an answer a scalar holds the canonical text. As an input it holds what was given, whatever it is: the engine stops
//! at the first malformed value, while rules name every fault, so the value is read there.

use std::{borrow::Cow, fmt};

use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, OutputType, Positioned, ServerResult, Value,
    parser::types::Field, registry,
};
use entity::vocabulary::{self, Day, Instant, Malformed, instant_text, read_day, read_instant};
use zeroize::Zeroizing;

use crate::{Fault, FaultCode, Violations};

/// Characters of a scalar given as an input.
const TEXT_CHARACTERS_MAX: usize = 200;

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

impl Date {
    /// Day of the text; a fault when it is none.
    pub fn day(&self, path: &str, violations: &mut Violations) -> Option<Day> {
        read_day(&self.0).or_else(|| malformed(path, "form is not `YYYY-MM-DD`, or no such day", violations))
    }
}

impl From<Instant> for DateTime {
    fn from(instant: Instant) -> Self {
        Self(instant_text(instant))
    }
}

impl DateTime {
    /// Instant of the text, in whole microseconds; a fault when it is none. A day means its midnight in Helsinki.
    pub fn instant(&self, path: &str, violations: &mut Violations) -> Option<Instant> {
        read_instant(&self.0)
            .or_else(|| malformed(path, "form is not `YYYY-MM-DDThh:mm:ssZ`, or no such instant", violations))
    }
}

macro_rules! identifiers {
    ($($name:ident: $read:ident),+ $(,)?) => {$(
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
            /// Checked value of the text; a fault when it is malformed.
            pub fn $read(&self, path: &str, violations: &mut Violations) -> Option<vocabulary::$name> {
                checked(self.0.parse(), path, violations)
            }

            /// Value as stored in a row, which was checked when written.
            pub fn stored(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

identifiers! { BusinessId: business_id, ItemCode: item_code, Citation: citation }

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

    /// Checked code; a fault, which does not show it, when it is malformed.
    pub fn code(&self, path: &str, violations: &mut Violations) -> Option<vocabulary::PersonalIdentityCode> {
        checked(vocabulary::PersonalIdentityCode::parse(&self.0), path, violations)
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

fn checked<T>(value: Result<T, Malformed>, path: &str, violations: &mut Violations) -> Option<T> {
    value.map_err(|fault| violations.push(Fault::malformed(path, &fault))).ok()
}

fn malformed<T>(path: &str, message: &str, violations: &mut Violations) -> Option<T> {
    violations.push(Fault::new(FaultCode::Malformed, path, message));
    None
}

/// Text of a value; what else it was is not told, for it may be anything.
fn text(value: Option<Value>) -> Result<String, &'static str> {
    match value {
        Some(Value::String(text)) if text.chars().count() <= TEXT_CHARACTERS_MAX => Ok(text),
        Some(Value::String(_)) => Err("longer than 200 characters"),
        _ => Err("not a text"),
    }
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

    fn read<T>(read: impl Fn(&mut Violations) -> Option<T>) -> Result<T, Violations> {
        let mut violations = Violations::new();
        read(&mut violations).ok_or(violations)
    }

    #[test]
    fn day_is_read_in_its_one_form() {
        let day = |text: &str| read(|violations| Date(text.to_owned()).day("input.signedOn", violations));
        assert_eq!(day("2024-02-29"), Ok("2024-02-29".parse().unwrap()));
        for text in ["2023-02-29", "2024-2-29", "+024-02-29", "2024-02-29T00:00:00Z", "", "٢٠٢٤-٠٢-٢٩"] {
            assert_eq!(day(text).unwrap_err()[0].code, FaultCode::Malformed, "{text}");
        }
    }

    #[test]
    fn instant_is_read_in_utc_cut_to_microseconds_and_a_day_is_its_helsinki_midnight() {
        for (given, canonical) in [
            ("2026-03-01T02:00:00.1234567+02:00", "2026-03-01T00:00:00.123456Z"),
            ("2026-03-01", "2026-02-28T22:00:00.000000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ] {
            let instant = read(|violations| DateTime(given.to_owned()).instant("at", violations)).unwrap();
            assert_eq!(DateTime::from(instant).0, canonical);
        }
        assert!(read(|violations| DateTime("2026-03-01 00:00".to_owned()).instant("at", violations)).is_err());
    }

    #[test]
    fn identifiers_are_read_with_their_check_digits() {
        let id = |text: &str| read(|violations| BusinessId(text.to_owned()).business_id("id", violations));
        assert_eq!(id("0246246-0").map(|id| BusinessId::from(id).0), Ok("0246246-0".to_owned()));
        assert_eq!(id("0246246-1").unwrap_err()[0].path, ["id"]);
        let code = read(|violations| ItemCode("kel".to_owned()).item_code("items.0", violations));
        assert_eq!(code.unwrap_err()[0].path, ["items", "0"]);
        let citation = read(|violations| Citation("906/2019 22 § 1 momentti".to_owned()).citation("c", violations));
        assert_eq!(citation.map(|citation| Citation::from(citation).0), Ok("906/2019 22 § 1 mom".to_owned()));
    }

    #[test]
    fn personal_identity_code_is_never_shown() {
        let code = PersonalIdentityCode::parse(Some(Value::String("131052-308T".to_owned()))).unwrap();
        assert!(!format!("{code:?} {}", code.to_value()).contains("308"));
        assert!(read(|violations| code.code("subject", violations)).is_ok());
        let wrong = PersonalIdentityCode::parse(Some(Value::String("131052-308U".to_owned()))).unwrap();
        let faults = read(|violations| wrong.code("subject", violations)).map(|_| ()).unwrap_err();
        assert!(!faults[0].message.contains("131052"));
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
        let response = schema.execute(format!(r#"{{ same(day: "{}", at: []) }}"#, "x".repeat(201))).await;
        assert!(response.is_err());
    }

    #[tokio::test]
    async fn code_of_another_type_is_refused_without_echo() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let response = schema.execute("{ count(code: 131052) }").await;
        assert!(response.errors.iter().all(|error| !error.message.contains("131052")));
        assert_eq!(response.errors.len(), 1);
    }
}
