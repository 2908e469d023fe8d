//! Region codes: the number of a municipality and of a wellbeing services county, by Statistics Finland.
//!
//! Municipalities come and go every year, so their codes are checked by form; counties are few and checked by list.

use super::malformed::{Malformed, checked_text};
use std::str::{self, FromStr};

/// Municipality number, three digits, `091` for Helsinki; never `000`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct MunicipalityCode([u8; 3]);

checked_text!(MunicipalityCode);

/// Wellbeing services county, `01` to `21`, or `96` for Helsinki, which organises the services itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct CountyCode([u8; 2]);

checked_text!(CountyCode);

impl MunicipalityCode {
    /// Three digits as written.
    pub fn as_str(&self) -> &str {
        // INVARIANT: the bytes are ASCII digits.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl CountyCode {
    /// Two digits as written.
    pub fn as_str(&self) -> &str {
        // INVARIANT: the bytes are ASCII digits.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for MunicipalityCode {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match *text.as_bytes() {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] if text != "000" => Ok(Self([a, b, c])),
            _ => Err(Malformed { what: "municipality code", why: "not three digits from 001 to 999" }),
        }
    }
}

impl FromStr for CountyCode {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match *text.as_bytes() {
            [tens @ b'0', units @ b'1'..=b'9']
            | [tens @ b'1', units @ b'0'..=b'9']
            | [tens @ b'2', units @ (b'0' | b'1')]
            | [tens @ b'9', units @ b'6'] => Ok(Self([tens, units])),
            _ => Err(Malformed { what: "county code", why: "not one of 01 to 21 and 96" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CountyCode, MunicipalityCode};

    #[test]
    fn municipality_is_three_digits_but_never_all_zeros() {
        for code in ["091", "049", "092", "837", "853", "564", "478", "199", "200"] {
            let parsed = code.parse::<MunicipalityCode>();
            assert_eq!(parsed.map(|c| c.to_string()), Ok(code.to_owned()));
        }
        for code in ["", "000", "91", "0091", "9a1", " 91", "-91", "٠"] {
            assert!(code.parse::<MunicipalityCode>().is_err(), "{code}");
        }
    }

    #[test]
    fn county_is_one_of_the_known_twenty_two() {
        let known: Vec<String> = (0..=99)
            .map(|n| format!("{n:02}"))
            .filter(|code| code.parse::<CountyCode>().is_ok_and(|c| c.as_str() == code))
            .collect();
        let expected: Vec<String> = (1..=21).chain([96]).map(|n| format!("{n:02}")).collect();
        assert_eq!(known, expected);
        for code in ["", "1", "001", "8a"] {
            assert!(code.parse::<CountyCode>().is_err(), "{code}");
        }
    }
}
