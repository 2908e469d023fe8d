//! Business id (Y-tunnus, FO-nummer): how an organisation is named in the Finnish Business Information System.
//!
//! Seven digits, a hyphen and a check digit, kept as nine ASCII bytes and therefore `Copy`.

use super::malformed::{Malformed, checked_text};
use std::str::{self, FromStr};

const LENGTH: usize = 9;
const HYPHEN: usize = 7;
const WEIGHTS: [u32; HYPHEN] = [7, 9, 10, 5, 8, 4, 2];
const MODULUS: u32 = 11;

/// Business id of an organisation, `NNNNNNN-C`, its check digit verified.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "Text")]
pub struct BusinessId([u8; LENGTH]);

checked_text!(BusinessId);

impl BusinessId {
    /// Id as written, with its hyphen.
    pub fn as_str(&self) -> &str {
        // INVARIANT: the bytes are ASCII digits and a hyphen.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Eight digits without the hyphen, as in OVT codes and VAT numbers.
    pub fn digits(&self) -> String {
        self.as_str().replace('-', "")
    }

    /// Reads what people write: surrounding space, a missing hyphen, and old six-digit numbers without their zero.
    ///
    /// # Errors
    /// As the strict form, once the text is padded.
    pub fn normalised(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let hyphenated = text.split_once('-').or_else(|| {
            let last = text.len().checked_sub(1)?;
            text.split_at_checked(last)
        });
        let (number, check) = hyphenated.ok_or(malformed(FORM))?;
        if !matches!(number.len(), 6 | HYPHEN) {
            return Err(malformed(FORM));
        }
        format!("{number:0>HYPHEN$}-{check}").parse()
    }
}

impl FromStr for BusinessId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let id: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| malformed(FORM))?;
        let [number @ .., b'-', check] = id else {
            return Err(malformed(FORM));
        };
        if !number.iter().chain([&check]).all(u8::is_ascii_digit) {
            return Err(malformed(FORM));
        }
        match check_digit(number) {
            None => Err(malformed("number is never issued")),
            Some(digit) if digit == check => Ok(Self(id)),
            Some(_) => Err(malformed("wrong check digit")),
        }
    }
}

const FORM: &str = "form is not `NNNNNNN-C`";

const fn malformed(why: &'static str) -> Malformed {
    Malformed { what: "business id", why }
}

/// Check digit of seven ASCII digits; none when the remainder is 1, for such a number is never issued.
fn check_digit(number: [u8; HYPHEN]) -> Option<u8> {
    let sum: u32 = number.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let digit = match sum % MODULUS {
        0 => 0,
        1 => return None,
        remainder => MODULUS - remainder,
    };
    u8::try_from(digit).ok().map(|digit| b'0' + digit)
}

#[cfg(test)]
mod tests {
    use super::{BusinessId, Malformed, malformed};
    use proptest::prelude::*;

    const VALID: [&str; 28] = [
        "0246246-0",
        "0245437-2",
        "0245458-3",
        "2769790-1",
        "0245439-9",
        "0201256-6",
        "2274586-3",
        "2229500-6",
        "3221308-6",
        "0119343-0",
        "0244683-1",
        "1567535-0",
        "1234567-1",
        "9900001-8",
        "9900002-6",
        "9900003-4",
        "9900004-2",
        "9900005-0",
        "9900006-9",
        "9900007-7",
        "9900008-5",
        "9900009-3",
        "9900010-6",
        "9900011-4",
        "9900012-2",
        "9900013-0",
        "9900014-9",
        "0211675-2",
    ];

    fn parsed(text: &str) -> Result<BusinessId, Malformed> {
        text.parse()
    }

    #[test]
    fn real_and_synthetic_ids_are_accepted_and_shown_as_written() -> Result<(), Malformed> {
        for id in VALID {
            assert_eq!(parsed(id)?.to_string(), id);
            assert_eq!(parsed(id)?.digits(), id.replace('-', ""));
        }
        Ok(())
    }

    #[test]
    fn wrong_check_digit_is_refused() {
        assert_eq!(parsed("0246246-1"), Err(malformed("wrong check digit")));
    }

    #[test]
    fn number_that_leaves_remainder_one_is_refused_with_any_digit() {
        for number in ["1000008", "1000016", "1000024"] {
            for digit in 0..=9 {
                let id = format!("{number}-{digit}");
                assert_eq!(parsed(&id), Err(malformed("number is never issued")));
            }
        }
    }

    #[test]
    fn strict_form_admits_no_other_spelling() {
        for id in [
            "",
            "246246-0",
            "0246246–0",
            "02462460",
            " 0246246-0",
            "0246246-0 ",
            "FI02462460",
            "0246246--",
            "o246246-0",
            "٠٢٤٦-0",
        ] {
            assert_eq!(parsed(id), Err(malformed(super::FORM)), "{id}");
        }
    }

    #[test]
    fn normaliser_pads_six_digits_and_inserts_the_hyphen() {
        for id in ["246246-0", "02462460", "2462460", " 0246246-0\n", "0246246-0"] {
            assert_eq!(BusinessId::normalised(id), parsed("0246246-0"), "{id}");
        }
        for id in ["", "-", "0", "46246-0", "0246246–0", "0246246-00", "00246246-0", "0246246-1", "0246246-", "ö"] {
            assert!(BusinessId::normalised(id).is_err(), "{id}");
        }
    }

    #[test]
    fn debug_shows_the_id() {
        assert_eq!(format!("{:?}", parsed("0246246-0")), "Ok(BusinessId(0246246-0))");
    }

    #[test]
    fn document_holds_the_text_and_is_checked_when_read() {
        let json = "\"0246246-0\"";
        let id: BusinessId = serde_json::from_str(json).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(serde_json::to_string(&id).ok().as_deref(), Some(json));
        let fault = serde_json::from_str::<BusinessId>("\"0246246-1\"").err().map(|f| f.to_string());
        assert!(fault.is_some_and(|f| f.starts_with("malformed business id: wrong check digit at")));
    }

    proptest! {
        #[test]
        fn at_most_one_check_digit_fits_a_number(number in "[0-9]{7}") {
            let fitting = (0..=9).filter(|digit| parsed(&format!("{number}-{digit}")).is_ok()).count();
            prop_assert!(fitting <= 1);
        }

        #[test]
        fn no_text_makes_either_reader_panic(text in any::<String>()) {
            prop_assert!(parsed(&text).is_err() || text.len() == super::LENGTH);
            let _ = BusinessId::normalised(&text);
        }
    }
}
