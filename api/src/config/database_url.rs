//! Where the database is: a text that may hold a password and therefore cannot be shown whole.

use std::{fmt, path::Path};

/// Parameters that hold no secret; the values of all others are masked.
const PLAIN_PARAMETERS: [&str; 6] = ["mode", "sslmode", "sslrootcert", "application_name", "host", "port"];

/// Address of a database. Shows itself without the password; [`DatabaseUrl::expose`] is for the driver alone.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads the address of either engine.
    ///
    /// # Errors
    /// Says what is wrong, without the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let embedded = text.strip_prefix("sqlite://").is_some_and(|path| !path.is_empty() && !path.starts_with(':'));
        if embedded || is_postgres(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err("is neither an SQLite file nor a PostgreSQL database".to_owned())
        }
    }

    pub(super) fn parse_replica(text: &str) -> Result<Self, String> {
        if is_postgres(text) { Ok(Self(text.to_owned())) } else { Err("is not a PostgreSQL database".to_owned()) }
    }

    /// Whole text, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// File of the embedded engine; none for PostgreSQL.
    pub fn file(&self) -> Option<&Path> {
        let rest = self.0.strip_prefix("sqlite://")?;
        Some(Path::new(rest.split('?').next().unwrap_or(rest)))
    }

    /// Whether it is the embedded engine.
    pub fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }
}

fn is_postgres(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// Text with passwords masked, whatever its form.
pub(super) fn masked(text: &str) -> String {
    let text = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
        _ => text.to_owned(),
    };
    let (address, parameters) = text.split_once('?').unwrap_or((&text, ""));
    let mut shown = address.to_owned();
    for (index, parameter) in parameters.split('&').filter(|parameter| !parameter.is_empty()).enumerate() {
        let name = parameter.split('=').next().unwrap_or_default();
        shown.push(if index == 0 { '?' } else { '&' });
        if PLAIN_PARAMETERS.contains(&name) {
            shown.push_str(parameter);
        } else {
            shown.push_str("***");
        }
    }
    shown
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_engines_are_taken() {
        for text in ["sqlite://data/x.db", "sqlite:///abs/x.db?mode=rw", "postgres://h/d", "postgresql://u:p@h:1/d"] {
            assert!(DatabaseUrl::parse(text).is_ok(), "{text}");
        }
        for text in ["", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite://:memory:", "mysql://h/d", "postgres://"] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn user_and_password_are_masked_even_when_the_password_is_written_badly() {
        for text in [
            "postgres://u:secret@h/d",
            "postgres://u:se/cret@h/d",
            "postgres://u:a@secret@h/d",
            "postgres://h/d?password=secret",
        ] {
            let shown = masked(text);
            assert!(!shown.contains("secret") && !shown.contains("cret@") && shown.contains("h/d"), "{shown}");
        }
        assert_eq!(masked("postgres://h/d?sslmode=require&sslpassword=x"), "postgres://h/d?sslmode=require&***");
        assert_eq!(masked("postgres://u:pass?word@h/d"), "postgres://***@h/d");
        assert_eq!(masked("sqlite://data/x.db"), "sqlite://data/x.db");
    }
}
