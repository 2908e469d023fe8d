//! SQL written once and said to each engine in its own words.
//!
//! A script holds placeholders in braces. Types: `{uuid}`, `{instant}`, `{day}`, `{bytes}`, `{bigint}`. Named CHECK
//! constraints, one for each column listed: `{free_text:table.column column}`, `{reference:…}`, `{business_id:…}`,
//! `{item_code:…}`, `{section:…}`. Other braces are left as they stand.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Shape of a personal identity code; no column may hold one (I11). The check character is not asked about: SQLite cannot
/// reckon it here, and a text refused in vain is a smaller harm than a code kept.
const IDENTITY_CODE_REGEX: &str = "[0-3][0-9][01][0-9]{3}[-+YXWVUABCDEFyxwvuabcdef][0-9]{3}[0-9A-FHJ-NPR-Ya-fhj-npr-y]";
/// The same shape as a GLOB.
const IDENTITY_CODE_GLOB: &str =
    "[0-3][0-9][01][0-9][0-9][0-9][-+YXWVUABCDEFyxwvuabcdef][0-9][0-9][0-9][0-9A-FHJ-NPR-Ya-fhj-npr-y]";
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzåäö";

/// Engine a script is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL 15 or newer.
    Postgres,
    /// The embedded default, bundled.
    Sqlite,
}

impl Engine {
    /// Engine behind a connection.
    ///
    /// # Errors
    ///
    /// On an engine the gateway does not support.
    pub fn of(backend: DbBackend) -> Result<Self, DbErr> {
        match backend {
            DbBackend::Postgres => Ok(Self::Postgres),
            DbBackend::Sqlite => Ok(Self::Sqlite),
            other => Err(DbErr::Migration(format!("engine {other:?} is not supported"))),
        }
    }
}

/// Runs a script of several statements; trigger bodies are left to the engine's own parser.
pub(crate) async fn run(manager: &SchemaManager<'_>, script: &str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let engine = Engine::of(db.get_database_backend())?;
    db.execute_unprepared(&expand(script, engine)).await.map(|_| ())
}

/// Runs the script of the engine at hand.
pub(crate) async fn run_own(manager: &SchemaManager<'_>, postgres: &str, sqlite: &str) -> Result<(), DbErr> {
    match Engine::of(manager.get_database_backend())? {
        Engine::Postgres => run(manager, postgres).await,
        Engine::Sqlite => run(manager, sqlite).await,
    }
}

/// Script with every placeholder replaced.
pub fn expand(script: &str, engine: Engine) -> String {
    let mut expanded = String::with_capacity(script.len() * 2);
    let mut rest = script;
    while let Some((before, from)) = rest.split_once('{') {
        expanded.push_str(before);
        let replaced = from.split_once('}').and_then(|(word, after)| Some((replacement(word, engine)?, after)));
        if let Some((text, after)) = replaced {
            expanded.push_str(&text);
            rest = after;
        } else {
            expanded.push('{');
            rest = from;
        }
    }
    expanded + rest
}

fn replacement(word: &str, engine: Engine) -> Option<String> {
    let Some((rule, columns)) = word.split_once(':') else {
        return data_type(word, engine).map(str::to_owned);
    };
    let (table, columns) = columns.split_once('.')?;
    let checks: Option<Vec<_>> = columns
        .split(' ')
        .map(|column| {
            let (suffix, condition) = condition(rule, column, engine)?;
            Some(format!("constraint {table}_{column}_{suffix}check check ({condition})"))
        })
        .collect();
    Some(checks?.join(",\n  "))
}

fn data_type(word: &str, engine: Engine) -> Option<&'static str> {
    let (postgres, sqlite) = match word {
        "uuid" => ("uuid", "blob"),
        "instant" => ("timestamptz", "text"),
        "day" => ("date", "text"),
        "bytes" => ("bytea", "blob"),
        "bigint" => ("bigint", "integer"),
        "partitioned" => (" partition by range (recorded_at)", ""),
        _ => return None,
    };
    Some(match engine {
        Engine::Postgres => postgres,
        Engine::Sqlite => sqlite,
    })
}

/// What a column must satisfy, after the part of the constraint's name that says why.
fn condition(rule: &str, column: &str, engine: Engine) -> Option<(&'static str, String)> {
    let (suffix, postgres, sqlite) = match rule {
        "free_text" => (
            "identity_code_",
            format!("{column} !~ '{IDENTITY_CODE_REGEX}'"),
            format!("{column} not glob '*{IDENTITY_CODE_GLOB}*'"),
        ),
        // Identifiers made by machines may hold such a run of characters by chance (one UUID in five hundred does), so
        // here the code is looked for as a word of its own: the log may not refuse the truth.
        "reference" => (
            "identity_code_",
            format!("{column} !~ '(^|[^0-9A-Za-z]){IDENTITY_CODE_REGEX}([^0-9A-Za-z]|$)'"),
            format!("' ' || {column} || ' ' not glob '*[^0-9A-Za-z]{IDENTITY_CODE_GLOB}[^0-9A-Za-z]*'"),
        ),
        "business_id" => ("", format!("business_id_valid({column})"), business_id_in_sqlite(column)),
        "item_code" => (
            "",
            format!(
                "{column} ~ '^[A-Z][A-Z0-9_]*([.][A-Z][A-Z0-9_]*)*(@[A-Z][A-Z0-9_]*)?$' and length({column}) <= 100"
            ),
            format!(
                "{column} glob '[A-Z]*' and {column} not glob '*[^A-Z0-9_.@]*' and {column} not glob '*[.@][^A-Z]*' \
                 and {column} not glob '*[.@]' and {column} not glob '*@*[.@]*' and length({column}) <= 100"
            ),
        ),
        // Sections and chapters of Finnish acts: `22`, `18 a`, `18a`.
        "section" => {
            let number = format!("rtrim({column}, ' {LETTERS}')");
            let letter = format!("substr({column}, length({number}) + 1)");
            (
                "",
                format!("jurisdiction <> 'FI' or {column} ~ '^[1-9][0-9]{{0,3}}( ?[{LETTERS}])?$'"),
                format!(
                    "jurisdiction <> 'FI' or ({number} glob '[1-9]*' and {number} not glob '*[^0-9]*' \
                     and length({number}) <= 4 \
                     and ({letter} = '' or {letter} glob '[{LETTERS}]' or {letter} glob ' [{LETTERS}]'))"
                ),
            )
        }
        _ => return None,
    };
    Some((
        suffix,
        match engine {
            Engine::Postgres => postgres,
            Engine::Sqlite => sqlite,
        },
    ))
}

/// Seven digits weighted, the eighth as it stands; eleven divides the sum. Where the sum of the seven leaves one, no
/// digit can make it whole, so numbers that are never issued fail too.
fn business_id_in_sqlite(column: &str) -> String {
    let sum: Vec<_> = [7, 9, 10, 5, 8, 4, 2]
        .iter()
        .zip(1..)
        .map(|(weight, position)| format!("{weight} * substr({column}, {position}, 1)"))
        .collect();
    format!(
        "{column} glob '[0-9][0-9][0-9][0-9][0-9][0-9][0-9]-[0-9]' and ({} + substr({column}, 9, 1)) % 11 = 0",
        sum.join(" + ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_reads_its_own_words() {
        let script = "create table t (\n  id {uuid},\n  {free_text:t.name note}\n){partitioned};";
        let postgres = expand(script, Engine::Postgres);
        assert!(postgres.contains("id uuid,") && postgres.ends_with(") partition by range (recorded_at);"));
        assert!(postgres.contains("constraint t_note_identity_code_check check (note !~ '"));
        let sqlite = expand(script, Engine::Sqlite);
        assert!(sqlite.contains("id blob,") && sqlite.ends_with(");"));
        assert!(sqlite.contains("constraint t_name_identity_code_check check (name not glob '"));
    }

    #[test]
    fn braces_that_say_nothing_stay() {
        for script in ["'^[0-9]{7}-[0-9]$'", "{unknown:t.c}", "{uuid", "{}", "'{'"] {
            assert_eq!(expand(script, Engine::Postgres), script);
        }
    }
}
