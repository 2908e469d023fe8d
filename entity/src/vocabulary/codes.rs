//! Small sets of closed codes kept in one column, such as the channels of a register.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ClosedEnum, Malformed, text_column};

/// Set of codes; stored as the codes in order, separated by spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Codes<E: Ord>(pub BTreeSet<E>);

impl<E: Ord> Default for Codes<E> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<E: Ord> FromIterator<E> for Codes<E> {
    fn from_iter<I: IntoIterator<Item = E>>(codes: I) -> Self {
        Self(codes.into_iter().collect())
    }
}

impl<E: ClosedEnum> fmt::Display for Codes<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<_> = self.0.iter().map(|code| code.code()).collect();
        f.write_str(&codes.join(" "))
    }
}

impl<E: ClosedEnum> FromStr for Codes<E> {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.split_whitespace()
            .map(|code| E::from_code(code).ok_or(Malformed { what: E::NAME, why: "not one of its values" }))
            .collect()
    }
}

impl<E: ClosedEnum> From<Codes<E>> for sea_orm::Value {
    fn from(codes: Codes<E>) -> Self {
        codes.to_string().into()
    }
}

impl<E: ClosedEnum> sea_orm::TryGetable for Codes<E> {
    fn try_get_by<I: sea_orm::ColIdx>(row: &sea_orm::QueryResult, index: I) -> Result<Self, sea_orm::TryGetError> {
        text_column::read(row, index, str::parse)
    }
}

impl<E: ClosedEnum> sea_orm::sea_query::ValueType for Codes<E> {
    fn try_from(value: sea_orm::Value) -> Result<Self, sea_orm::sea_query::ValueTypeErr> {
        let text = <String as sea_orm::sea_query::ValueType>::try_from(value)?;
        text.parse().map_err(|_| sea_orm::sea_query::ValueTypeErr)
    }

    fn type_name() -> String {
        E::NAME.to_owned()
    }

    fn array_type() -> sea_orm::sea_query::ArrayType {
        sea_orm::sea_query::ArrayType::String
    }

    fn column_type() -> sea_orm::sea_query::ColumnType {
        sea_orm::sea_query::ColumnType::Text
    }
}

impl<E: ClosedEnum> sea_orm::sea_query::Nullable for Codes<E> {
    fn null() -> sea_orm::Value {
        sea_orm::Value::String(None)
    }
}

impl<E: ClosedEnum> sea_orm::IntoActiveValue<Codes<E>> for Codes<E> {
    fn into_active_value(self) -> sea_orm::ActiveValue<Codes<E>> {
        sea_orm::ActiveValue::Set(self)
    }
}
