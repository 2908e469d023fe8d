//! Personal identity code (henkilötunnus, personbeteckning): the one secret a request may carry.
//!
//! It is checked, turned into a keyed pseudonym and forgotten (1050/2018 29 §, GDPR 5(1)(c) and 25): the type cannot
//! be shown, written to a document or copied, and wipes its memory when dropped.

use super::malformed::Malformed;
use chrono::NaiveDate;
use std::fmt;
use zeroize::Zeroizing;

const LENGTH: usize = 11;
const CHECK_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
/// Smallest individual number ever issued; 900 to 999 are temporary.
const INDIVIDUAL_MIN: u32 = 2;
/// Hexadecimal digits of a UUID. Within a run as long, a likeness of a code is chance.
const HEXADECIMAL_RUN_DIGITS: usize = 32;

/// Personal identity code, `DDMMYYSNNNC` in upper case, of a real day and with its check character verified.
///
/// Two codes that differ only in the sign S are two persons.
pub struct PersonalIdentityCode(Zeroizing<String>);

impl PersonalIdentityCode {
    /// Reads a code, first trimmed and in upper case.
    ///
    /// # Errors
    /// When the form, the date, the individual number or the check character is wrong; the fault never echoes the
    /// text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        let bytes = text.as_bytes().try_into().map_err(|_| malformed(FORM))?;
        let form = Form::of(bytes).ok_or(malformed(FORM))?;
        if !form.is_of_real_day() {
            return Err(malformed("no such day"));
        }
        if form.individual() < INDIVIDUAL_MIN {
            return Err(malformed("individual number is never issued"));
        }
        if !form.is_check_right() {
            return Err(malformed("wrong check character"));
        }
        Ok(Self(Zeroizing::new(text.to_ascii_uppercase())))
    }

    /// Code itself, for the keyed hash alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PersonalIdentityCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalIdentityCode(…)")
    }
}

/// Whether a text holds anything of the shape of a personal identity code, in either case.
///
/// Of a code as it is officially written only the shape is asked about, as the database does too: a text refused in vain is
/// a smaller harm than a code kept. A code-like stretch of a UUID or a longer hexadecimal number is not a code.
///
/// It is found also where it is written in the digits or look-alike letters of another script, with a typographic dash, or
/// with characters between that nobody sees; and, if its day is real and its check character right, where spaces or
/// punctuation stand within it or in place of its sign.
pub fn contains_personal_identity_code(text: &str) -> bool {
    if text.is_ascii() { holds_code(text.as_bytes()) } else { holds_code(plain(text).as_bytes()) }
}

fn holds_code(bytes: &[u8]) -> bool {
    let is_spaced =
        |at: usize| begins_spaced(&bytes[at..]).is_some_and(|length| !is_within_hexadecimal(bytes, at, length));
    bytes.array_windows().enumerate().any(|(at, window)| is_shaped(window) && !is_within_hexadecimal(bytes, at, LENGTH))
        || starts_of_numbers(bytes).any(is_spaced)
}

/// Where a digit stands that a day may begin with, and none before it.
fn starts_of_numbers(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let is_first = |at: &usize| *at == 0 || !bytes[at - 1].is_ascii_digit();
    (0..bytes.len()).filter(move |at| matches!(bytes[*at], b'0'..=b'3') && is_first(at))
}

/// Text as it reads: digits, letters and dashes of other scripts as the plain ones they look like, space of any kind as a
/// space, and nothing that has no width.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !has_no_width(*character) && !COMBINING.contains(character)).map(read_as).collect()
}

/// Marks upon the character before.
const COMBINING: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// Whether nobody sees a character where it stands: soft hyphens, joiners, variations and marks of direction.
pub const fn has_no_width(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Zero of each script whose digits follow it in order (Unicode, general category Nd), in the basic plane.
const ZEROS: [u32; 37] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50,
    0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x2080,
];

/// Letters of a code, and what they look like in Cyrillic and Greek.
const LOOK_ALIKES: [(char, &str); 15] = [
    ('A', "АΑ"),
    ('B', "ВΒ"),
    ('C', "СϹ"),
    ('E', "ЕΕ"),
    ('H', "НΗ"),
    ('J', "ЈͿ"),
    ('K', "КΚ"),
    ('M', "МΜ"),
    ('N', "Ν"),
    ('P', "РΡ"),
    ('S', "Ѕ"),
    ('T', "ТΤ"),
    ('V', "Ѵ"),
    ('X', "ХΧ"),
    ('Y', "УΥҮ"),
];

fn read_as(character: char) -> char {
    let code = u32::from(character);
    let digit = ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10));
    // Mathematical digits, five styles of ten.
    let digit = digit.or_else(|| (0x1d7ce..=0x1d7ff).contains(&code).then(|| (code - 0x1d7ce) % 10));
    match character {
        character if character.is_ascii() => character,
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xfee0).unwrap_or(character),
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        space if space.is_whitespace() => ' ',
        '\u{b7}' | '\u{2022}' | '\u{2024}' | '\u{2027}' | '\u{2044}' | '\u{2215}' | '\u{22c5}' => '.',
        other if !other.is_alphanumeric() => ' ',
        other => digit.and_then(|digit| char::from_digit(digit, 10)).unwrap_or_else(|| letter(other)),
    }
}

fn letter(character: char) -> char {
    let mut upper = character.to_uppercase();
    let (Some(upper), None) = (upper.next(), upper.next()) else { return character };
    LOOK_ALIKES.iter().find(|(_, alike)| alike.contains(upper)).map_or(character, |(letter, _)| *letter)
}

/// Characters of spacing or punctuation that may stand at one place within a code.
const GAP_CHARACTERS_MAX: usize = 3;

/// Length of a code that has gaps at the beginning of a text; null where none stands there.
fn begins_spaced(text: &[u8]) -> Option<usize> {
    let mut rest = Rest(text);
    let (mut date, mut is_date_parted) = ([0; 6], false);
    for digit in &mut date {
        is_date_parted |= !rest.gap().is_empty();
        *digit = rest.next(u8::is_ascii_digit)?;
    }
    let before = rest.gap();
    let letter = rest.next(u8::is_ascii_alphabetic);
    let after = rest.gap();
    let mut number = [0; 3];
    for digit in &mut number {
        *digit = rest.next(u8::is_ascii_digit)?;
    }
    rest.gap();
    let check = rest.next(u8::is_ascii_alphanumeric)?;
    if !rest.is_at_end_of_word() {
        return None;
    }
    let is_year = check.is_ascii_digit() && (number.starts_with(b"19") || number.starts_with(b"20"));
    let signs = match &letter {
        Some(letter) => std::slice::from_ref(letter),
        // A date and a year, as in the number of a case, or a date and a time: no code.
        None if is_date_parted && (is_year || check.is_ascii_digit() && !before.contains(&b'-')) => &[],
        None if before.is_empty() && after.is_empty() => &[],
        None => b"+-A",
    };
    let [d1, d2, m1, m2, y1, y2] = date;
    let [n1, n2, n3] = number;
    let is_code = |sign: &u8| {
        Form::of(&[d1, d2, m1, m2, y1, y2, *sign, n1, n2, n3, check])
            .is_some_and(|form| form.is_of_real_day() && form.is_check_right())
    };
    signs.iter().any(is_code).then_some(text.len() - rest.0.len())
}

/// What is still to be read of a text.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// Passes over spacing and punctuation, of which there may be a little.
    fn gap(&mut self) -> &'a [u8] {
        let is_gap = |byte: &&u8| byte.is_ascii() && !byte.is_ascii_alphanumeric();
        let length = self.0.iter().take(GAP_CHARACTERS_MAX).take_while(is_gap).count();
        let (gap, rest) = self.0.split_at(length);
        self.0 = rest;
        gap
    }

    fn next(&mut self, is_wanted: impl Fn(&u8) -> bool) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        is_wanted(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn is_at_end_of_word(&self) -> bool {
        self.0.first().is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric())
    }
}

const FORM: &str = "form is not `DDMMYYSNNNC`";

const fn malformed(why: &'static str) -> Malformed {
    Malformed { what: "personal identity code", why }
}

/// Parts of a text in the shape of a code.
struct Form {
    /// Day, month and year, two digits each.
    day_month_year: u32,
    /// First year of the century the sign stands for.
    century: i32,
    /// Day, month, year and individual number as one: what the check character is reckoned from.
    number: u32,
    /// Check character, in upper case.
    check: u8,
}

impl Form {
    fn of(bytes: &[u8; LENGTH]) -> Option<Self> {
        let [date @ .., sign, n1, n2, n3, check] = bytes;
        let day_month_year = decimal(date)?;
        let check = check.to_ascii_uppercase();
        CHECK_CHARACTERS.contains(&check).then_some(Self {
            day_month_year,
            century: century(sign.to_ascii_uppercase())?,
            number: day_month_year * 1000 + decimal(&[*n1, *n2, *n3])?,
            check,
        })
    }

    fn is_of_real_day(&self) -> bool {
        let (day, month) = (self.day_month_year / 10_000, self.day_month_year / 100 % 100);
        i32::try_from(self.day_month_year % 100)
            .ok()
            .and_then(|year| NaiveDate::from_ymd_opt(self.century + year, month, day))
            .is_some()
    }

    fn individual(&self) -> u32 {
        self.number % 1000
    }

    fn is_check_right(&self) -> bool {
        CHECK_CHARACTERS[self.number as usize % CHECK_CHARACTERS.len()] == self.check
    }
}

fn decimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, byte| char::from(*byte).to_digit(10).map(|digit| number * 10 + digit))
}

const fn century(sign: u8) -> Option<i32> {
    match sign {
        b'+' => Some(1800),
        b'-' | b'Y' | b'X' | b'W' | b'V' | b'U' => Some(1900),
        b'A'..=b'F' => Some(2000),
        _ => None,
    }
}

fn is_shaped(window: &[u8; LENGTH]) -> bool {
    Form::of(window).is_some_and(|form| form.day_month_year < 400_000 && form.day_month_year / 100 % 100 < 20)
}

fn is_within_hexadecimal(text: &[u8], at: usize, length: usize) -> bool {
    let is_part = |byte: &&u8| byte.is_ascii_hexdigit() || **byte == b'-';
    let (before, from) = text.split_at(at);
    let (window, after) = from.split_at(length);
    let run = before.iter().rev().take_while(is_part);
    let run = run.chain(window).chain(after.iter().take_while(is_part));
    window.iter().all(|byte| is_part(&byte))
        && run.filter(|byte| byte.is_ascii_hexdigit()).count() >= HEXADECIMAL_RUN_DIGITS
}

#[cfg(test)]
mod tests {
    use super::{FORM, Malformed, PersonalIdentityCode, contains_personal_identity_code, malformed};
    use proptest::prelude::*;

    /// Fictitious persons the population register publishes for tests, and the example everybody knows.
    const VALID: [&str; 22] = [
        "010594Y9032",
        "010594Y9021",
        "020594X903P",
        "020594X902N",
        "030594W903B",
        "030694W9024",
        "040594V9030",
        "040594V902Y",
        "050594U903M",
        "050594U902L",
        "010516B903X",
        "010516B902W",
        "020516C903K",
        "020516C902J",
        "030516D9037",
        "030516D9026",
        "010501E9032",
        "020502E902X",
        "020503F9037",
        "020504A902E",
        "020504B904H",
        "131052-308T",
    ];

    fn fault(text: &str) -> Option<Malformed> {
        PersonalIdentityCode::parse(text).err()
    }

    #[test]
    fn published_fictitious_persons_are_accepted() -> Result<(), Malformed> {
        for code in VALID {
            assert_eq!(PersonalIdentityCode::parse(code)?.expose(), code);
        }
        Ok(())
    }

    #[test]
    fn code_is_trimmed_and_read_in_upper_case() -> Result<(), Malformed> {
        let code = PersonalIdentityCode::parse(" 010594y9032\n")?;
        assert_eq!(code.expose(), "010594Y9032");
        Ok(())
    }

    #[test]
    fn wrong_check_character_is_refused() {
        let wrong = malformed("wrong check character");
        assert_eq!(fault("010190-999K"), Some(wrong.clone()));
        assert_eq!(fault("010190-999W"), None);
        assert_eq!(fault("131052-308U"), Some(wrong));
    }

    #[test]
    fn day_is_judged_in_the_century_of_the_sign() {
        assert_eq!(fault("300200A902X"), Some(malformed("no such day")));
        // 29 February 2000 was a day; in 1800 and 1900 the month ended on the 28th.
        assert_eq!(fault("290200A902D"), None);
        assert_eq!(fault("290200-902D"), Some(malformed("no such day")));
        assert_eq!(fault("290200+902D"), Some(malformed("no such day")));
        assert_eq!(fault("000190-9024"), Some(malformed("no such day")));
        assert_eq!(fault("011390-902E"), Some(malformed("no such day")));
    }

    #[test]
    fn sign_never_issued_is_refused() {
        for code in ["010594Z9032", "010594G9032", "010594 9032", "010594*9032"] {
            assert_eq!(fault(code), Some(malformed(FORM)), "{code}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for code in ["", "010594Y903", "010594Y90322", "010594Y903G", "0105 4Y9032", "01059٤9032", "010594Y903Ä"] {
            assert_eq!(fault(code), Some(malformed(FORM)), "{code}");
        }
    }

    #[test]
    fn individual_number_begins_at_two() {
        let never = malformed("individual number is never issued");
        assert_eq!(fault("010190-000N"), Some(never.clone()));
        assert_eq!(fault("010190-001P"), Some(never));
        assert_eq!(fault("010190-002R"), None);
    }

    #[test]
    fn debug_shows_nothing_of_the_code() -> Result<(), Malformed> {
        let code = PersonalIdentityCode::parse("010594Y9032")?;
        assert_eq!(format!("{code:?}"), "PersonalIdentityCode(…)");
        Ok(())
    }

    #[test]
    fn fault_shows_nothing_of_the_code() {
        let fault = fault("010190-999K").map(|fault| format!("{fault} {fault:?}"));
        assert!(fault.is_some_and(|text| !text.contains("010190")));
    }

    #[test]
    fn code_is_found_anywhere_in_a_text_and_in_either_case() {
        for text in [
            "131052-308T",
            "asiakas 131052-308t, ks. liite",
            "hetu:010594y9032.",
            "ID020504A902E",
            "ääkkösiä010594Y9032ssä",
            "1010594Y90321",
            "\u{ff10}10594Y903\u{ff12}",
            "\u{ff11}\u{ff13}\u{ff11}\u{ff10}\u{ff15}\u{ff12}\u{ff0d}\u{ff13}\u{ff10}\u{ff18}\u{ff34}",
            "131052\u{2013}308T",
            "131052\u{2212}308T",
            "13\u{200b}1052-\u{ad}308T",
            "\u{661}\u{663}\u{661}\u{660}\u{665}\u{662}-\u{663}\u{660}\u{668}T",
            "131052-308\u{422}",
            "131052-308\u{3a4}",
            "010594\u{443}9032",
        ] {
            assert!(contains_personal_identity_code(text), "{text}");
        }
    }

    #[test]
    fn code_with_gaps_is_found_if_it_is_a_right_one() {
        for text in [
            "131052 308T",
            "131052 -308T",
            "131052- 308t",
            "131052 - 308T",
            "131052--308T",
            "131052.308T",
            "131052/308T",
            "131052_308T",
            "131052:308T",
            "131052\n308T",
            "131052\r\n308T",
            "131052\u{a0}308T",
            "131052\u{b7}308T",
            "131052 308 T",
            "13 1052-308T",
            "13.10.52-308T",
            "13.10.52 308T, ja muuta",
            "010594 Y 9032",
            "010594.y9032",
            "01.05.94 Y9032",
            "010190 999W",
            "020504 902E",
            "01.01.90-0100",
            "\u{201d}131052 308T\u{201d}",
            "131052 308T\u{2026}",
        ] {
            assert!(contains_personal_identity_code(text), "{text}");
        }
    }

    #[test]
    fn text_without_a_code_is_left_alone() {
        for text in [
            "",
            "Kela 0246246-0",
            "131052_308U",
            "131052 308U",
            "131052 308Tuki",
            "131352 308T",
            "131052        308T",
            "131052308T",
            "132052-2024",
            "12/02.05.00/2024",
            "12-02.05.00-2024",
            "HEL 2024-001234 T 00 01 02",
            "01.01.25 - 31.12.26",
            "29.11.26 10:35",
            "010 203 4567",
            "10.10.10.1234",
            "906/2019 22 § 1 mom",
            "2026-03-29T00:00:00.000000Z",
        ] {
            assert!(!contains_personal_identity_code(text), "{text}");
        }
    }

    #[test]
    fn likeness_within_a_uuid_or_a_hash_is_no_code() {
        // `020504A902E` is itself hexadecimal.
        assert!(!contains_personal_identity_code("01980000-0000-7000-8000-0020504a902e"));
        assert!(!contains_personal_identity_code(&"020504a902e0".repeat(5)));
        assert!(contains_personal_identity_code("0198-020504a902e"));
        for uuid in ["b1e95750-c634-4f97-998a-c310741e532c", "01980000-0000-7000-8000-a020504a902e"] {
            assert!(!contains_personal_identity_code(uuid), "{uuid}");
        }
    }

    proptest! {
        #[test]
        fn no_uuid_and_no_hash_holds_a_code(hex in "[0-9a-f]{64}") {
            let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..32]].join("-");
            prop_assert!(!contains_personal_identity_code(&hex), "{}", hex);
            prop_assert!(!contains_personal_identity_code(&uuid), "{}", uuid);
        }

        #[test]
        fn code_is_found_between_any_words(before in "[ \\PC]{0,20}", after in "[ \\PC]{0,20}", at in 0..VALID.len()) {
            let text = format!("{before} {} {after}", VALID[at]);
            prop_assert!(contains_personal_identity_code(&text));
        }

        #[test]
        fn every_code_accepted_is_one_that_would_be_found(
            text in "[0-3][0-9][01][0-9]{3}[-+YXWVUA-F][0-9]{3}[0-9A-Y]",
        ) {
            prop_assert!(PersonalIdentityCode::parse(&text).is_err() || contains_personal_identity_code(&text));
        }
    }
}
