//! Whole numbers beyond GraphQL's 32-bit `Int`: positions and counts.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// Whole number of at most 53 bits, as a JSON number: a position in the journal or the log, or a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Long(pub i64);

/// Whole number of at most 53 bits, as a JSON number: a position in the journal or the log, or a count.
#[Scalar]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => {
                number.as_i64().map(Self).ok_or_else(|| InputValueError::custom("not a whole number"))
            }
            _ => Err(InputValueError::custom("not a whole number")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

impl From<i64> for Long {
    fn from(number: i64) -> Self {
        Self(number)
    }
}
