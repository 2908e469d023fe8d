//! Object identifier (ISO/IEC 9834): how registers of health, social welfare and education name organisations.
//!
//! Finland's arc is `1.2.246`; any arc is accepted.

use super::malformed::{Malformed, checked_text};
use std::str::FromStr;

const LENGTH_MAX: usize = 128;
const ARCS_MIN: usize = 3;

/// Object identifier in dotted decimals, at least three arcs, at most 128 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct Oid(Box<str>);

checked_text!(Oid);

impl Oid {
    /// Identifier as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Oid {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.len() > LENGTH_MAX {
            return Err(malformed("longer than 128 characters"));
        }
        if !text.split('.').all(is_arc) {
            return Err(malformed("arcs are not decimals without leading zeros"));
        }
        if text.split('.').count() < ARCS_MIN {
            return Err(malformed("fewer than three arcs"));
        }
        if !matches!(text.split('.').next(), Some("0" | "1" | "2")) {
            return Err(malformed("first arc is not 0, 1 or 2"));
        }
        Ok(Self(text.into()))
    }
}

const fn malformed(why: &'static str) -> Malformed {
    Malformed { what: "OID", why }
}

fn is_arc(arc: &str) -> bool {
    let decimal = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
    decimal && (arc == "0" || !arc.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Oid, malformed};

    #[test]
    fn oid_of_a_finnish_register_is_accepted() -> Result<(), Malformed> {
        for oid in [
            "1.2.246.562.10.2013121014482686198719",
            "1.2.246.562.24.1",
            "1.2.246.10.2462460",
            "1.2.246.21",
            "1.2.246",
            "0.0.0",
            "2.16.840",
        ] {
            assert_eq!(oid.parse::<Oid>()?.to_string(), oid);
        }
        Ok(())
    }

    #[test]
    fn text_that_is_no_oid_is_refused() {
        for oid in [
            "",
            "1",
            "1.2",
            "3.2.246",
            "10.2.246",
            "1.2.",
            ".1.2",
            "1..2",
            "1.2.0246",
            "1.2.246.10.02462460",
            "1.2.a",
            "1.2.246 ",
            "1,2,246",
        ] {
            assert!(oid.parse::<Oid>().is_err(), "{oid}");
        }
    }

    #[test]
    fn oid_has_at_most_128_characters() {
        let longest = format!("1.2.{}", "3".repeat(124));
        assert!(longest.parse::<Oid>().is_ok());
        assert_eq!(format!("{longest}3").parse::<Oid>(), Err(malformed("longer than 128 characters")));
    }
}
