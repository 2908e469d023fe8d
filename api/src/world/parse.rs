//! One text to one value: codes, days, instants, numbers, identifiers.

use std::str::FromStr;

use entity::vocabulary::{ClosedEnum, Day, Instant, Malformed, read_day, read_instant};

use super::fault::Parsed;
use crate::{
    FaultCode,
    checks::{CONTROL_CHARACTER, is_line, is_prose},
};

fn malformed<T>(message: impl Into<String>) -> Parsed<T> {
    Err((FaultCode::Malformed, message.into()))
}

/// Text of one line as written, such as a name or a number.
pub(super) fn text(text: &str) -> Parsed<String> {
    if is_line(text) { Ok(text.to_owned()) } else { malformed(CONTROL_CHARACTER) }
}

/// Note or description as written, in one or more lines.
pub(super) fn prose(text: &str) -> Parsed<String> {
    if is_prose(text) { Ok(text.to_owned()) } else { malformed(CONTROL_CHARACTER) }
}

/// Checked identifier.
pub(super) fn identifier<T: FromStr<Err = Malformed>>(text: &str) -> Parsed<T> {
    text.parse().or_else(|fault: T::Err| malformed(fault.to_string()))
}

/// Value of a closed vocabulary.
pub(super) fn choice<E: ClosedEnum>(text: &str) -> Parsed<E> {
    E::from_code(text)
        .map_or_else(|| malformed(format!("not one of {}", codes(E::ALL.iter().map(|value| value.1)))), Ok)
}

/// Codes separated by commas, for a message.
pub(super) fn codes(codes: impl IntoIterator<Item = &'static str>) -> String {
    codes.into_iter().collect::<Vec<_>>().join(", ")
}

/// Code of a purpose, theme, register, qualifier or question.
pub(super) fn code(text: &str) -> Parsed<String> {
    let is_code = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if is_code { Ok(text.to_owned()) } else { malformed("a code is capital letters, digits and underscores") }
}

/// ISO 3166-1 alpha-2 code.
pub(super) fn country(text: &str) -> Parsed<String> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(text.to_owned())
    } else {
        malformed("a country is two capital letters (ISO 3166-1 alpha-2)")
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(text: &str) -> Parsed<String> {
    if text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        Ok(text.to_owned())
    } else {
        malformed("not a SHA-256 in 64 lower-case hexadecimal digits")
    }
}

/// Whole number.
pub(super) fn number(text: &str) -> Parsed<i32> {
    text.parse().or_else(|_| malformed("not a whole number"))
}

/// Truth value.
pub(super) fn flag(text: &str) -> Parsed<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => malformed("not true or false"),
    }
}

/// Civil day.
pub(super) fn day(text: &str) -> Parsed<Day> {
    read_day(text).map_or_else(|| malformed("not a day `YYYY-MM-DD` of 1800 to 9998"), Ok)
}

/// Instant in RFC 3339, or a day, meaning its midnight in Helsinki.
pub(super) fn instant(text: &str) -> Parsed<Instant> {
    let message = "not an instant in RFC 3339 or a day `YYYY-MM-DD`, of 1800 to 9998 in UTC";
    read_instant(text).map_or_else(|| malformed(message), Ok)
}
