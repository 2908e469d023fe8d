//! Many rows in one statement: arrays unnested on PostgreSQL, rows of values on SQLite.

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait, Statement, Value,
    sea_query::ArrayType,
};

/// Variables one SQLite statement may bind.
const SQLITE_VARIABLES_MAX: usize = 32_766;

/// Inserts rows; `conflict` says what happens where one stands already. How many were written.
pub(super) async fn insert_all<E>(txn: &impl ConnectionTrait, rows: &[E::Model], conflict: &str) -> Result<u64, DbErr>
where
    E: EntityTrait<Column: Iterable>,
{
    let mut written = 0;
    let backend = txn.get_database_backend();
    let rows_max =
        if backend == DbBackend::Postgres { usize::MAX } else { SQLITE_VARIABLES_MAX / columns::<E>().len() };
    for rows in rows.chunks(rows_max) {
        let mut values = Vec::new();
        let sql = insertion::<E>(backend, rows, conflict, &mut values);
        written += txn.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?.rows_affected();
    }
    Ok(written)
}

/// Statement that inserts at least one row, and at most as many as [`insert_all`] at once; its values are numbered after
/// those given.
pub(super) fn insertion<E>(backend: DbBackend, rows: &[E::Model], conflict: &str, values: &mut Vec<Value>) -> String
where
    E: EntityTrait<Column: Iterable>,
{
    let columns = columns::<E>();
    let names: Vec<&str> = columns.iter().map(IdenStatic::as_str).collect();
    let into = format!("insert into {} ({})", E::default().table_name(), names.join(", "));
    if backend == DbBackend::Postgres {
        let mut given = Vec::with_capacity(columns.len());
        for column in &columns {
            let (kind, array) = array::<E>(rows, *column);
            values.push(array);
            given.push(format!("unnest(${}::{}[]) as {}", values.len(), kind.name(), column.as_str()));
        }
        let taken: Vec<String> =
            columns.iter().zip(&names).map(|(column, name)| taken(*column, name, &rows[0])).collect();
        let (taken, given) = (taken.join(", "), given.join(", "));
        // A function in `from` is read to its end into a store before its first row; in a select list arrays are read as they
        // go. All are of one length.
        return format!("{into} select {taken} from (select {given}) as given {conflict}");
    }
    let marks = vec![format!("({})", vec!["?"; columns.len()].join(", ")); rows.len()].join(", ");
    values.extend(rows.iter().flat_map(|row| columns.iter().map(|column| row.get(*column))));
    format!("{into} values {marks} {conflict}")
}

fn columns<E: EntityTrait<Column: Iterable>>() -> Vec<E::Column> {
    E::Column::iter().collect()
}

/// Values as one bound array.
pub(super) fn array_of<T: Into<Value>>(kind: ArrayType, values: impl IntoIterator<Item = T>) -> Value {
    Value::Array(kind, Some(Box::new(values.into_iter().map(Into::into).collect())))
}

fn array<E: EntityTrait>(rows: &[E::Model], column: E::Column) -> (Kind, Value) {
    let kind = Kind::of(&rows[0].get(column));
    let values = rows.iter().map(|row| present(row.get(column)));
    (kind, array_of(kind.array_type(), values))
}

/// Column as taken from the arrays; an array binds no nulls, so a value that no row can hold stands for null.
fn taken<C: ColumnTrait, M: ModelTrait<Entity: EntityTrait<Column = C>>>(column: C, name: &str, row: &M) -> String {
    if column.def().is_null() {
        let kind = Kind::of(&row.get(column));
        format!("nullif({name}, {})", kind.absent_text())
    } else {
        name.to_owned()
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Uuid,
    Text,
    Bytes,
    Integer,
    Bigint,
    Instant,
    Day,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value {
            Value::Uuid(_) => Self::Uuid,
            Value::Bytes(_) => Self::Bytes,
            Value::Int(_) => Self::Integer,
            Value::BigInt(_) => Self::Bigint,
            Value::ChronoDateTimeUtc(_) => Self::Instant,
            Value::ChronoDate(_) => Self::Day,
            _ => Self::Text,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "text",
            Self::Bytes => "bytea",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
            Self::Instant => "timestamptz",
            Self::Day => "date",
        }
    }

    fn array_type(self) -> ArrayType {
        match self {
            Self::Uuid => ArrayType::Uuid,
            Self::Text => ArrayType::String,
            Self::Bytes => ArrayType::Bytes,
            Self::Integer => ArrayType::Int,
            Self::Bigint => ArrayType::BigInt,
            Self::Instant => ArrayType::ChronoDateTimeUtc,
            Self::Day => ArrayType::ChronoDate,
        }
    }

    fn absent_text(self) -> &'static str {
        match self {
            Self::Uuid => "'00000000-0000-0000-0000-000000000000'::uuid",
            Self::Text => "''",
            Self::Bytes => "''::bytea",
            Self::Integer => "'-2147483648'::integer",
            Self::Bigint => "'-9223372036854775808'::bigint",
            Self::Instant => "'0002-01-01 00:00:00+00 BC'::timestamptz",
            Self::Day => "'0002-01-01 BC'::date",
        }
    }
}

/// The value, or what stands for null: nil, nothing, the smallest number, the year before the calendar's first.
fn present(value: Value) -> Value {
    match value {
        Value::Uuid(None) => uuid::Uuid::nil().into(),
        Value::String(None) => String::new().into(),
        Value::Bytes(None) => Vec::<u8>::new().into(),
        Value::Int(None) => i32::MIN.into(),
        Value::BigInt(None) => i64::MIN.into(),
        Value::ChronoDateTimeUtc(None) => before_time().and_time(chrono::NaiveTime::MIN).and_utc().into(),
        Value::ChronoDate(None) => before_time().into(),
        present => present,
    }
}

fn before_time() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(-1, 1, 1).unwrap_or_default()
}
