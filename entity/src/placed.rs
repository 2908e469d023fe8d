//! Rows of the tables that hold most of a registry, read by the places of their columns: a start reads them all, and much
//! of what it takes to make a row is finding each of its columns by name and asking of which type it is.

use sea_orm::{
    DbErr, FromQueryResult, QueryResult, RuntimeErr,
    sqlx::{
        self, Decode, Postgres, Row, ValueRef,
        error::BoxDynError,
        postgres::{PgRow, PgValueRef},
    },
};
use uuid::Uuid;

use crate::vocabulary::{Day, Instant};

/// Value of a column whose type the migrations make sure of: of another type of the same form it would be read as this one.
pub(crate) trait Placed: Sized {
    /// Value as the driver holds it.
    fn of(value: PgValueRef<'_>) -> Result<Self, BoxDynError>;
}

impl<T: Placed> Placed for Option<T> {
    fn of(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.is_null() { Ok(None) } else { T::of(value).map(Some) }
    }
}

macro_rules! decoded {
    ($($kind:ty),+) => {$(
        impl Placed for $kind {
            fn of(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
                <Self as Decode<Postgres>>::decode(value)
            }
        }
    )+};
}

decoded!(Uuid, String, i32, bool, Instant, Day);

/// Row whose columns are at the places of its fields.
pub trait PlacedRow: FromQueryResult {
    /// Its columns in their order.
    const COLUMNS: &[&str];

    /// Row of the driver.
    #[doc(hidden)]
    fn placed(row: &PgRow) -> Result<Self, sqlx::Error>;

    /// Row of a query for all columns in their order, as [`FromQueryResult`] makes it.
    ///
    /// # Errors
    /// The engine's own when a column is not what it should be.
    fn of(row: &QueryResult) -> Result<Self, DbErr> {
        match row.try_as_pg_row() {
            Some(row) => Self::placed(row).map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into()))),
            None => Self::from_query_result(row, ""),
        }
    }
}

/// Columns of a row, one after another.
struct Columns<'a> {
    row: &'a PgRow,
    table: &'static str,
    names: &'static [&'static str],
    place: usize,
}

impl Columns<'_> {
    fn next<T: Placed>(&mut self) -> Result<T, sqlx::Error> {
        let place = self.place;
        self.place += 1;
        let unread = |source| {
            let column = self.names.get(place).unwrap_or(&"?");
            sqlx::Error::ColumnDecode { index: format!("{}.{column}", self.table), source }
        };
        T::of(self.row.try_get_raw(place)?).map_err(unread)
    }
}

macro_rules! placed_rows {
    ($($table:ident { $($column:ident),+ })+) => {$(
        impl PlacedRow for crate::$table::Model {
            const COLUMNS: &[&str] = &[$(stringify!($column)),+];

            fn placed(row: &PgRow) -> Result<Self, sqlx::Error> {
                let (table, names) = (stringify!($table), Self::COLUMNS);
                let mut columns = Columns { row, table, names, place: 0 };
                Ok(Self { $($column: columns.next()?),+ })
            }
        }
    )+

    #[cfg(test)]
    mod tests {
        use sea_orm::{EntityTrait, IdenStatic, Iterable};

        use super::PlacedRow;

        fn assert_in_order<E: EntityTrait<Model: PlacedRow>>() {
            let columns: Vec<&str> = E::Column::iter().map(|column| column.as_str()).collect();
            assert_eq!(E::Model::COLUMNS, columns, "{}", E::default().table_name());
        }

        #[test]
        fn columns_are_asked_for_in_the_order_they_are_read_in() {
            $(assert_in_order::<crate::$table::Entity>();)+
        }
    }};
}

placed_rows! {
    agreement_basis { id, agreement_id, legal_basis_id, role, adequacy, reviewed_by, reviewed_at, note }
    protection_statement {
        id, register_id, recipient_id, discloser_id, channel, required_by_id, version, status, dated_on, catalogue_version,
        recipient_collects_logs, discloser_log_confirmed, valid_until, next_review_on, publicity, decision_text
    }
    scope {
        id, agreement_id, channel, version, regularity, status, necessity_check, mode_justification, mode_justification_text,
        admission, structure_version, defined_on, planned_on, retention_days
    }
    scope_item { id, scope_id, item_code, operation, look_back_days, population }
    scope_item_basis { id, scope_item_id, agreement_basis_id }
    scope_item_mandate { id, scope_item_id, mandate_theme_id }
    scope_purpose { id, scope_id, purpose_id }
    signature { id, agreement_id, organisation_id, version, act, content_hash, evidence, jws, document_id, signed_at, actor }
    status_entry { id, subject_kind, subject_id, ordinal, status, from_at, actor, reason, document_id }
}
