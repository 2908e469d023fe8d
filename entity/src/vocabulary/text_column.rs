//! Columns of text that are read without a text of their own: a registry is read whole at each start, and most of its texts
//! are codes.

use std::sync::Arc;

use sea_orm::{
    ColIdx, DbErr, QueryResult, RuntimeErr, TryGetError,
    sqlx::{self, Row},
};

use super::Malformed;

/// Type a column of text is read as.
pub(crate) trait TextColumn: Sized {
    /// Value of a text.
    fn read(text: &str) -> Result<Self, Malformed>;

    /// Text of the value.
    fn said(&self) -> &str;
}

/// Value of a column, of its text where the driver holds it. What is null is said without the column: nearly all who ask of a
/// column that may be null take it for an answer.
pub(crate) fn read<T>(
    row: &QueryResult,
    index: impl ColIdx,
    value: impl FnOnce(&str) -> Result<T, Malformed>,
) -> Result<T, TryGetError> {
    let text: Result<Option<&str>, sqlx::Error> = if let Some(row) = row.try_as_pg_row() {
        row.try_get(index.as_sqlx_postgres_index())
    } else if let Some(row) = row.try_as_sqlite_row() {
        row.try_get(index.as_sqlx_sqlite_index())
    } else {
        return Err(DbErr::Type("a row of neither engine".to_owned()).into());
    };
    let text = text.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?;
    value(text.ok_or(TryGetError::Null(String::new()))?).map_err(|malformed| {
        let (from, into) = ("text", malformed.what);
        TryGetError::DbErr(DbErr::TryIntoErr { from, into, source: Arc::new(malformed) })
    })
}

/// Makes a type one that a column of text holds.
macro_rules! text_column {
    ($name:ident) => {
        impl From<$name> for sea_orm::Value {
            fn from(value: $name) -> Self {
                $crate::vocabulary::text_column::TextColumn::said(&value).into()
            }
        }

        impl sea_orm::TryGetable for $name {
            fn try_get_by<I: sea_orm::ColIdx>(
                row: &sea_orm::QueryResult,
                index: I,
            ) -> Result<Self, sea_orm::TryGetError> {
                $crate::vocabulary::text_column::read(row, index, $crate::vocabulary::text_column::TextColumn::read)
            }
        }

        impl $crate::placed::Placed for $name {
            fn of(value: sea_orm::sqlx::postgres::PgValueRef<'_>) -> Result<Self, sea_orm::sqlx::error::BoxDynError> {
                let text = <&str as sea_orm::sqlx::Decode<sea_orm::sqlx::Postgres>>::decode(value)?;
                Ok($crate::vocabulary::text_column::TextColumn::read(text)?)
            }
        }

        impl sea_orm::sea_query::ValueType for $name {
            fn try_from(value: sea_orm::Value) -> Result<Self, sea_orm::sea_query::ValueTypeErr> {
                let text = <String as sea_orm::sea_query::ValueType>::try_from(value)?;
                $crate::vocabulary::text_column::TextColumn::read(&text).map_err(|_| sea_orm::sea_query::ValueTypeErr)
            }

            fn type_name() -> String {
                stringify!($name).to_owned()
            }

            fn array_type() -> sea_orm::sea_query::ArrayType {
                sea_orm::sea_query::ArrayType::String
            }

            fn column_type() -> sea_orm::ColumnType {
                sea_orm::ColumnType::Text
            }
        }

        impl sea_orm::sea_query::Nullable for $name {
            fn null() -> sea_orm::Value {
                sea_orm::Value::String(None)
            }
        }

        impl sea_orm::IntoActiveValue<$name> for $name {
            fn into_active_value(self) -> sea_orm::ActiveValue<$name> {
                sea_orm::ActiveValue::Set(self)
            }
        }

        impl sea_orm::sea_query::postgres_array::NotU8 for $name {}
    };
}

pub(crate) use text_column;
