//! Tokens of a text, counted without reading it: the parser's work and memory follow their number.

use super::{Limits, exceeded, invalid};
use crate::Error;

/// Bytes of one name. The engine compares a name it does not know with every name it knows, letter by letter; the longest of
/// the schema has under 40.
const NAME_BYTES_MAX: usize = 200;

/// Whether tokens and brackets stay within their limits; stops at the first token above.
pub(super) fn within(text: &str, limits: &Limits) -> Result<(), Error> {
    let mut rest = text.as_bytes();
    let (mut tokens, mut nesting) = (0_u64, 0_u64);
    while let Some((first, after)) = rest.split_first() {
        let length = match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                rest = after;
                continue;
            }
            b'#' => {
                rest = &rest[comment(rest)..];
                continue;
            }
            b'"' => string(rest),
            b'.' if rest.starts_with(b"...") => 3,
            b'-' | b'0'..=b'9' => number(rest),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => name(rest),
            _ => 1,
        };
        tokens += 1;
        if matches!(first, b'_' | b'a'..=b'z' | b'A'..=b'Z') && length > NAME_BYTES_MAX {
            return Err(invalid("query", format!("holds a name of more than {NAME_BYTES_MAX} characters")));
        }
        match first {
            b'(' | b'[' | b'{' => nesting += 1,
            b')' | b']' | b'}' => nesting = nesting.saturating_sub(1),
            _ => {}
        }
        if tokens > limits.tokens {
            return Err(exceeded("QUERY_TOKENS_MAX", limits.tokens));
        }
        if nesting > limits.nesting {
            return Err(exceeded("QUERY_NESTING_MAX", limits.nesting));
        }
        rest = &rest[length..];
    }
    Ok(())
}

fn comment(text: &[u8]) -> usize {
    text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len())
}

fn name(text: &[u8]) -> usize {
    text.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(text.len())
}

/// A sign belongs to a number only at its start and after its exponent's letter: `1-1` is two numbers.
fn number(text: &[u8]) -> usize {
    let part = |(before, byte): (&u8, &u8)| match byte {
        b'0'..=b'9' | b'e' | b'E' => true,
        b'.' => before.is_ascii_digit(),
        b'+' | b'-' => matches!(before, b'e' | b'E'),
        _ => false,
    };
    1 + text.iter().zip(text.iter().skip(1)).take_while(|pair| part(*pair)).count()
}

fn string(text: &[u8]) -> usize {
    if text.starts_with(b"\"\"\"") {
        let mut at = 3;
        while at < text.len() {
            match &text[at..] {
                [b'"', b'"', b'"', ..] => return at + 3,
                [b'\\', b'"', b'"', b'"', ..] => at += 4,
                _ => at += 1,
            }
        }
        return text.len();
    }
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\n' | b'\r' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::gate::tests::LIMITS;

    fn count(text: &str) -> u64 {
        (0..1_000).find(|&tokens| within(text, &Limits { tokens, ..LIMITS }).is_ok()).unwrap_or(u64::MAX)
    }

    #[test]
    fn tokens_are_counted_as_the_grammar_has_them() {
        for (text, tokens) in [
            ("", 0),
            ("{ a, b }", 4),
            ("{a(x:-1.5e-3)}", 8),
            ("# { a b c\n{a}", 3),
            ("{...F ... on T{a}}", 10),
            (r#"{a(x:"} \" {")}"#, 8),
            ("{a(x:\"\"\"\" \\\"\"\" b c\"\"\")}", 8),
            ("[1-1-1]", 5),
            ("query Q($a:Int!=1)@x{a}", 16),
            ("\"open", 1),
            ("\"open\\", 1),
            ("åäö", 6),
        ] {
            assert_eq!(count(text), tokens, "{text}");
        }
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        let limits = Limits { nesting: 2, ..LIMITS };
        assert!(within(r#"{a(x:"[[[[")}"#, &limits).is_ok());
        assert!(within("{a(x:[1])}", &limits).is_err());
    }

    #[test]
    fn name_is_no_longer_than_any_of_a_schema() {
        assert!(within(&format!("{{ {} }}", "a".repeat(NAME_BYTES_MAX)), &LIMITS).is_ok());
        assert!(within(&format!("{{ {} }}", "a".repeat(NAME_BYTES_MAX + 1)), &LIMITS).is_err());
        assert!(within(&format!("{{ a(x: \"{}\") }}", "a".repeat(9_000)), &LIMITS).is_ok());
    }

    #[test]
    fn deep_brackets_are_refused_before_they_are_parsed() {
        assert!(within(&"[".repeat(100_000), &LIMITS).is_err());
    }
}
