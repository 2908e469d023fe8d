//! OVT code: the address of an organisation, or of a part of it, in electronic data interchange.
//!
//! `0037`, the eight digits of the business id and at most five characters of the organisation's own choice.

use super::{
    business_id::BusinessId,
    malformed::{Malformed, checked_text},
};
use std::str::FromStr;

/// ISO 6523 identifier of the Finnish business id, with which every OVT code begins.
const PREFIX: &str = "0037";
const DIGITS: usize = 8;
const SUFFIX_CHARACTERS_MAX: usize = 5;

/// OVT code of an organisation or its unit, 12 to 17 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct OvtCode(Box<str>);

checked_text!(OvtCode);

impl OvtCode {
    /// Code as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OvtCode {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (digits, suffix) =
            text.strip_prefix(PREFIX).and_then(|rest| rest.split_at_checked(DIGITS)).ok_or(malformed(FORM))?;
        let suffix_fits = suffix.len() <= SUFFIX_CHARACTERS_MAX
            && suffix.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        if !suffix_fits || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed(FORM));
        }
        match BusinessId::normalised(digits) {
            Ok(_) => Ok(Self(text.into())),
            Err(_) => Err(malformed("digits are not a business id")),
        }
    }
}

const FORM: &str = "form is not 0037, eight digits and at most five of 0-9 and A-Z";

const fn malformed(why: &'static str) -> Malformed {
    Malformed { what: "OVT code", why }
}

#[cfg(test)]
mod tests {
    use super::{FORM, Malformed, OvtCode, malformed};

    #[test]
    fn code_of_an_organisation_and_of_its_unit_is_accepted() -> Result<(), Malformed> {
        for code in ["003702462460", "003702012566", "003702012566A", "00370201256612XYZ"] {
            assert_eq!(code.parse::<OvtCode>()?.to_string(), code);
        }
        Ok(())
    }

    #[test]
    fn other_spelling_is_refused() {
        for code in [
            "",
            "0037",
            "00370246246",
            "003802462460",
            "00370246246-0",
            "003702462460a",
            "003702462460ABCDEF",
            "003702462460Ö",
            " 003702462460",
        ] {
            assert_eq!(code.parse::<OvtCode>(), Err(malformed(FORM)), "{code}");
        }
    }

    #[test]
    fn digits_that_are_no_business_id_are_refused() {
        assert_eq!("003702462461".parse::<OvtCode>(), Err(malformed("digits are not a business id")));
    }
}
